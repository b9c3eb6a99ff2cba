mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  region         = "eu-west-1"
  replica_region = "af-south-1"
  tags           = { Environment = "dev" }
  monitoring     = { topic_name = "alarms-dev", dashboard_name = "site-builder-dev-eu-west-1", thresholds = { lambda_errors = 5 } }

  # As the other stacks give it, with what this one does not use.
  functions = { generation = { name = "generation-dev", arn = "arn", timeout = 10, log_group_name = "/aws/lambda/generation-dev" } }
  tables    = { sites = { name = "sites-dev", arn = "arn", index_names = ["by-date", "by-tenant"], global_index_names = ["by-tenant"], replica_regions = [] } }
  buckets   = { assets = { name = "assets-dev", arn = "arn", replica_name = "assets-dev-dr", replica_arn = "arn" }, logs = { name = "logs-dev", replica_name = null } }
  apis      = { api = { name = "api-dev", stage = "live" } }
}

run "passes_everything_on_and_leaves_defaults_to_the_module" {
  command = plan

  assert {
    condition = keys(output.alarms) == [
      "api-dev-5xx", "api-dev-latency", "assets-dev-replication-failures", "generation-dev-bedrock-throttles", "generation-dev-duration",
      "generation-dev-errors", "generation-dev-throttles",
      "sites-dev-by-tenant-read-throttles", "sites-dev-by-tenant-write-throttles", "sites-dev-read-throttles", "sites-dev-system-errors", "sites-dev-write-throttles",
    ]
    error_message = "The alarms of all four stacks, by name; a local index has no metrics of its own."
  }

  assert {
    condition = anytrue([
      for widget in jsondecode(module.monitoring.dashboard_body).widgets : strcontains(jsonencode(widget.properties.metrics), "{\"region\":\"af-south-1\"}")
    ])
    error_message = "Where the replicas are comes from the environment."
  }

  assert {
    condition     = keys(output.details) == ["dashboard_arn", "dashboard_name", "kms_key_arn", "topic_arn"] && output.details.dashboard_name == "site-builder-dev-eu-west-1"
    error_message = "Topic, key and dashboard are in the details."
  }
}
