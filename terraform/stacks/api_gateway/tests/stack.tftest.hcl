mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:access" }
  }
}

variables {
  tags      = { Environment = "dev" }
  functions = { generation = { name = "generation-dev", arn = "arn", alias = "live", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/f", timeout = 29 } }

  # The two differ in one field, deep inside.
  apis = {
    plain = {
      name   = "plain-dev"
      stage  = "dev"
      cache  = { ttl_seconds = 60 }
      routes = { list = { path = "/sites", method = "GET", function = "generation", authorization = "NONE", settings = {} } }
    }
    cached = {
      name   = "cached-dev"
      stage  = "v1"
      cache  = { ttl_seconds = 60 }
      routes = { list = { path = "/sites", method = "GET", function = "generation", authorization = "NONE", settings = { caching_enabled = true } } }
    }
  }
}

run "passes_everything_on_and_leaves_defaults_to_the_module" {
  command = plan

  assert {
    condition = jsonencode(output.apis) == jsonencode({
      cached = { name = "cached-dev", stage = "v1" }
      plain  = { name = "plain-dev", stage = "dev" }
    })
    error_message = "Name and stage are known from the definition."
  }

  assert {
    condition     = output.endpoints["plain"].access_log_group_name == "/aws/apigateway/plain-dev" && output.endpoints["plain"].authorizer_id == null
    error_message = "What is left out takes the module's default."
  }

  assert {
    condition     = module.api["plain"].definition_sha256 != module.api["cached"].definition_sha256
    error_message = "Terraform drops a field that the type of a variable lacks, without a word: caching_enabled did not arrive."
  }
}
