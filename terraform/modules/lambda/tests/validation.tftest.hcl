mock_provider "aws" {}

variables {
  name        = "f"
  environment = "dev"
  role_arn    = "arn:aws:iam::123456789012:role/f"
  handler     = "app.handler"
  package = {
    bucket           = "artifacts"
    key              = "f.zip"
    source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  tags = {}
}

run "one_wrong_value_each" {
  command = plan
  variables {
    name                   = "not a name"
    description            = join("", [for i in range(257) : "x"])
    environment            = ""
    handler                = "app handler"
    runtime                = "python3.8"
    architecture           = "arm"
    memory_size            = 64
    timeout                = 901
    ephemeral_storage_size = 100
    environment_variables  = { AWS_REGION = "eu-west-1" }
    log_retention_days     = 45
    log_level              = "VERBOSE"
    system_log_level       = "ERROR"
    vpc                    = { subnet_ids = ["subnet-1"], security_group_ids = [] }
    tracing_mode           = "On"
    layer_arns             = ["a", "b", "c", "d", "e", "f"]
    dead_letter_target_arn = "arn:aws:lambda:eu-west-1:123456789012:function:x"
    async                  = { maximum_retry_attempts = 3 }
    reserved_concurrency   = -2
    allowed_triggers       = { any = { principal = "*", source_account = "123456789012" } }
    package                = { bucket = "artifacts", key = "f.zip", source_code_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
  }
  expect_failures = [
    var.name, var.description, var.environment, var.handler, var.runtime, var.architecture, var.memory_size, var.timeout,
    var.ephemeral_storage_size, var.environment_variables, var.log_retention_days, var.log_level, var.system_log_level, var.vpc,
    var.tracing_mode, var.layer_arns, var.dead_letter_target_arn, var.async, var.reserved_concurrency, var.allowed_triggers, var.package,
  ]
}

run "another_wrong_value" {
  command = plan
  variables {
    timeout                 = 0
    environment_variables   = { "1ST" = "x" }
    log_retention_days      = 0
    async                   = { on_failure_arn = "arn:aws:s3:::x" }
    allowed_triggers        = { anyone = { principal = "events.amazonaws.com" } }
    publish                 = false
    provisioned_concurrency = 1
  }
  expect_failures = [var.timeout, var.environment_variables, var.log_retention_days, var.async, var.allowed_triggers, var.provisioned_concurrency]
}

run "third_wrong_value" {
  command = plan
  variables {
    environment_variables   = { ENVIRONMENT = "prod" }
    async                   = { maximum_event_age = 30 }
    allowed_triggers        = { "a b" = { principal = "events.amazonaws.com", source_account = "123456789012" } }
    reserved_concurrency    = 1
    provisioned_concurrency = 2
  }
  expect_failures = [var.environment_variables, var.async, var.allowed_triggers, var.provisioned_concurrency]
}

run "fewer_than_no_warm_runs" {
  command = plan
  variables {
    provisioned_concurrency = -1
  }
  expect_failures = [var.provisioned_concurrency]
}

run "half_a_warm_run" {
  command = plan
  variables {
    provisioned_concurrency = 1.5
  }
  expect_failures = [var.provisioned_concurrency]
}

run "half_a_reserved_run" {
  command = plan
  variables {
    reserved_concurrency = 1.5
  }
  expect_failures = [var.reserved_concurrency]
}

run "bucket_of_anyone" {
  command = plan
  variables {
    allowed_triggers = { bucket = { principal = "s3.amazonaws.com", source_arn = "arn:aws:s3:::sites" } }
  }
  expect_failures = [var.allowed_triggers]
}

run "variables_of_more_than_4_kb" {
  command = plan
  variables {
    environment_variables = { BIG = join("", [for i in range(512) : "12345678"]) }
  }
  expect_failures = [aws_lambda_function.this]
}
