mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "123456789012"
    }
  }
}

variables {
  region = "eu-west-1"
  tags   = { Environment = "dev" }
  tables = {
    sites = {
      arn          = "arn:aws:dynamodb:eu-west-1:123456789012:table/sites"
      index_names  = ["by-status"]
      replica_arns = []
    }
  }
  buckets = { sites = { arn = "arn:aws:s3:::sites" } }
  roles = {
    generation = {
      name          = "generation-dev"
      log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/generation-dev"
      dynamodb      = { read = ["sites"], write = ["sites"], streams = ["sites"] }
      s3            = { read = [{ bucket = "sites" }], write = [{ bucket = "sites", prefixes = ["drafts/"] }] }
    }
    validation = {
      name          = "validation-dev"
      log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/validation-dev"
      xray          = false
    }
  }
}

run "resolves_keys" {
  command = plan

  assert {
    condition     = { for key, role in output.details : key => keys(role.policies) } == { generation = ["dynamodb", "logs", "s3", "xray"], validation = ["logs"] }
    error_message = "Each role has the policies of what it was given, and defaults come from the module."
  }
  assert {
    condition     = jsondecode(output.details["generation"].policies["dynamodb"]).Statement[1].Resource == ["arn:aws:dynamodb:eu-west-1:123456789012:table/sites/index/by-status"]
    error_message = "A table key brings its indexes."
  }
  assert {
    condition     = [for s in jsondecode(output.details["generation"].policies["s3"]).Statement : s.Resource] == [["arn:aws:s3:::sites"], ["arn:aws:s3:::sites/*"], ["arn:aws:s3:::sites/drafts/*"]]
    error_message = "A bucket key brings its ARN; no prefix means the whole bucket."
  }
  assert {
    condition     = jsondecode(output.details["validation"].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Without an account the one of the credentials counts."
  }
}
