mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
}

mock_provider "aws" {
  alias = "replica"
}

variables {
  tags = { Environment = "prod" }
  buckets = {
    assets = {
      name           = "site-builder-assets-prod"
      access_logging = { bucket = "logs" }
      replication    = { bucket_name = "site-builder-assets-prod-dr", role_name = "site-builder-assets-replication" }
    }
    uploads = { name = "site-builder-uploads-prod", access_logging = { bucket_name = "central-logs", prefix = "uploads/" } }
    logs    = { name = "site-builder-logs-prod" }
  }
}

run "buckets" {
  command = plan

  assert {
    condition     = keys(output.buckets.assets) == ["arn", "name", "replica_arn", "replica_name"]
    error_message = "The wired output has these four attributes."
  }

  assert {
    condition = { for key, bucket in output.buckets : key => [bucket.name, bucket.replica_name] } == {
      assets  = ["site-builder-assets-prod", "site-builder-assets-prod-dr"]
      uploads = ["site-builder-uploads-prod", null]
      logs    = ["site-builder-logs-prod", null]
    }
    error_message = "The names must be those of the definitions."
  }

  assert {
    condition = { for key, logging in aws_s3_bucket_logging.this : key => "${logging.bucket} ${logging.target_bucket} ${logging.target_prefix}" } == {
      assets  = "site-builder-assets-prod site-builder-logs-prod site-builder-assets-prod/"
      uploads = "site-builder-uploads-prod central-logs uploads/"
    }
    error_message = "A bucket logs to another one of the map, or to any by name."
  }
}
