mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }
}

variables {
  name          = "role"
  account_id    = "123456789012"
  region        = "eu-west-1"
  log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/x"
  tags          = {}
}

run "identity" {
  command = plan
  variables {
    name                 = "a-name-of-more-than-sixty-four-characters-is-refused-before-aws-sees"
    path                 = "service"
    max_session_duration = 60
  }
  expect_failures = [var.name, var.path, var.max_session_duration]
}

run "account" {
  command = plan
  variables {
    account_id = "12345"
  }
  expect_failures = [var.account_id]
}

run "log_group_with_trailing_wildcard_and_wrong_shapes" {
  command = plan
  variables {
    log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/x:*"
    bedrock       = { model_ids = ["amazon.nova-lite-v1:0"] }
    dynamodb      = { scan = true }
    s3            = { read = [{ arn = "arn:aws:s3:::b", prefixes = ["/drafts"] }] }
    kms           = { key_arns = ["arn:aws:kms:eu-west-1:123456789012:alias/x"] }
    failure_target_arns = [
      "arn:aws:lambda:eu-west-1:123456789012:function:x"
    ]
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":[\"*\"],\"Resource\":\"*\"}]"
  }
  expect_failures = [var.log_group_arn, var.bedrock, var.dynamodb, var.s3, var.kms, var.failure_target_arns, var.extra_statements]
}

run "log_group_of_another_region_and_more" {
  command = plan
  variables {
    log_group_arn    = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/x"
    bedrock          = { region = "eu-west-1", model_ids = ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0"] }
    s3               = { write = [{ arn = "arn:aws:s3:::b", prefixes = [] }] }
    kms              = { key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/x"] }
    extra_statements = "{}"
  }
  expect_failures = [var.log_group_arn, var.bedrock, var.s3, var.kms, var.extra_statements]
}

run "profile_without_geography_and_more" {
  command = plan
  variables {
    bedrock          = { region = "eu-west-1", inference_profiles = ["anthropic.claude-sonnet-4-5-20250929-v1:0"] }
    s3               = { write = [{ arn = "arn:aws:s3:::b", prefixes = ["a*"] }] }
    kms              = { key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/x"], via_services = ["s3.eu-west-1.amazonaws.com"] }
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":\"ssm:GetParameter\"}]"
  }
  expect_failures = [var.bedrock, var.s3, var.kms, var.extra_statements]
}

run "model_with_wildcard" {
  command = plan
  variables {
    bedrock          = { region = "eu-west-1", model_ids = ["anthropic.*"] }
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":\"iam:*\",\"Resource\":\"*\"}]"
  }
  expect_failures = [var.bedrock, var.extra_statements]
}

run "services_by_question_mark" {
  command = plan
  variables {
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":[\"sqs:SendMessage\",\"ia?:PutRolePolicy\"],\"Resource\":\"*\"}]"
  }
  expect_failures = [var.extra_statements]
}

run "all_of_a_service" {
  command = plan
  variables {
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":[\"sqs:SendMessage\",\"s3:*\"],\"Resource\":\"*\"}]"
  }
  expect_failures = [var.extra_statements]
}

run "rights_by_wildcard" {
  command = plan
  variables {
    extra_statements = "[{\"Effect\":\"Allow\",\"Action\":[\"sqs:SendMessage\",\"IAM:Put?olePolicy\"],\"Resource\":\"*\"}]"
  }
  expect_failures = [var.extra_statements]
}

run "policy_AdministratorAccess" {
  command = plan
  variables {
    managed_policy_arns = { more = "arn:aws-us-gov:iam::aws:policy/AdministratorAccess" }
  }
  expect_failures = [var.managed_policy_arns]
}

run "policy_IAMFullAccess" {
  command = plan
  variables {
    managed_policy_arns = { more = "arn:aws-us-gov:iam::aws:policy/IAMFullAccess" }
  }
  expect_failures = [var.managed_policy_arns]
}

run "policy_PowerUserAccess" {
  command = plan
  variables {
    managed_policy_arns = { more = "arn:aws-us-gov:iam::aws:policy/PowerUserAccess" }
  }
  expect_failures = [var.managed_policy_arns]
}

run "narrow_wildcards_and_denials_are_taken" {
  command = plan
  variables {
    extra_statements = jsonencode([
      { Effect = "Allow", Action = ["s3:Get*", "iam:PassRole"], Resource = "*" },
      { Effect = "Deny", Action = "*", Resource = "*" },
    ])
    managed_policy_arns = {
      insights = "arn:aws:iam::aws:policy/CloudWatchLambdaInsightsExecutionRolePolicy"
      own      = "arn:aws:iam::123456789012:policy/AdministratorAccess"
    }
  }

  assert {
    condition     = length(jsondecode(aws_iam_role_policy.this["extra"].policy).Statement) == 2
    error_message = "Both statements must reach the role."
  }
}

run "bedrock_regions" {
  command = plan
  variables {
    bedrock = { region = "eu-west-1", model_ids = ["amazon.nova-lite-v1:0"], routed_regions = ["*"] }
  }
  expect_failures = [var.bedrock]
}

run "too_much_for_inline_policies" {
  command = plan
  variables {
    s3 = { write = [{ arn = "arn:aws:s3:::b", prefixes = [for i in range(500) : "a-rather-long-prefix-${i}/"] }] }
  }
  expect_failures = [aws_iam_role.this]
}
