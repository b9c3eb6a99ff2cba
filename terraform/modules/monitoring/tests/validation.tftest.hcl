# Every validation must refuse its input.
mock_provider "aws" {}

variables {
  region     = "eu-west-1"
  topic_name = "alarms"
  tags       = {}
  functions  = { generation = { name = "generation-dev", timeout = 29 } }
}

# A validation that reads another variable is skipped when that one fails: several rounds.
run "values" {
  command = plan

  variables {
    thresholds                     = { lambda_errors = 0 }
    evaluation_periods             = 0
    notify                         = ["FIRE"]
    log_metric_namespace           = "AWS/Lambda"
    bedrock_throttle_pattern       = ""
    topic_name                     = "alarms.fifo"
    topic_kms_alias                = "alarms"
    topic_kms_deletion_window_days = 6
    emails                         = ["nobody"]
    dashboard_name                 = "a b"
  }

  expect_failures = [
    var.thresholds, var.evaluation_periods, var.notify, var.log_metric_namespace, var.bedrock_throttle_pattern,
    var.topic_name, var.topic_kms_alias, var.topic_kms_deletion_window_days, var.emails, var.dashboard_name,
  ]
}

run "values_that_depend_on_others" {
  command = plan

  variables {
    thresholds          = { lambda_duration_percent = 101 }
    threshold_overrides = { generation = { lambda_duration_percent = 101 } }
    datapoints_to_alarm = 2
    topic_kms_key_arn   = "arn:aws:kms:eu-west-1:111122223333:alias/not-a-key"
  }

  expect_failures = [var.thresholds, var.threshold_overrides, var.datapoints_to_alarm, var.topic_kms_key_arn]
}

run "region_and_an_override_of_zero" {
  command = plan

  variables {
    region              = "Ireland"
    threshold_overrides = { generation = { lambda_errors = 0 } }
  }

  expect_failures = [var.region, var.threshold_overrides]
}

run "names_that_match_nothing_or_are_reserved" {
  command = plan

  variables {
    threshold_overrides = { generation = { dynamodb_throttles = 5 } }
    disabled_alarms     = ["lambda_error"]
    topic_kms_alias     = "alias/aws/sns"
  }

  expect_failures = [var.threshold_overrides, var.disabled_alarms, var.topic_kms_alias]
}

run "two_topics" {
  command = plan

  variables {
    topic_arn       = "arn:aws:sns:eu-west-1:111122223333:alarms"
    topic_kms_alias = "alias/alarms"
    emails          = ["team@example.com"]
  }

  expect_failures = [var.topic_name, var.topic_kms_alias, var.emails]
}

run "key_for_a_given_topic" {
  command = plan

  variables {
    topic_name        = null
    topic_arn         = "arn:aws:sns:eu-west-1:111122223333:alarms"
    topic_kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/given"
  }

  expect_failures = [var.topic_kms_key_arn]
}

run "no_topic" {
  command = plan

  variables {
    topic_name = null
  }

  expect_failures = [var.topic_name]
}

run "topic_of_another_region" {
  command = plan

  variables {
    topic_name = null
    topic_arn  = "arn:aws:sns:us-east-1:111122223333:alarms"
  }

  expect_failures = [var.topic_arn]
}

run "key_and_alias" {
  command = plan

  variables {
    topic_kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/given"
    topic_kms_alias   = "alias/alarms"
  }

  expect_failures = [var.topic_kms_alias]
}
