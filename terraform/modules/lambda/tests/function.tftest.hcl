mock_provider "aws" {}

variables {
  environment = "dev"
  buckets     = { artifacts = { name = "site-builder-artifacts-dev" }, other = { name = "other" } }
  role_arn    = "arn:aws:iam::123456789012:role/generation"
  package = {
    s3_key           = "lambda/generation/abc.zip"
    source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
  tags = { Environment = "dev" }
  function = {
    name            = "site-builder-generation-dev"
    handler         = "app.handler"
    artifact_bucket = "artifacts"
  }
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_lambda_function.this.runtime == "python3.12" && aws_lambda_function.this.architectures == tolist(["arm64"]) &&
      aws_lambda_function.this.memory_size == 512 && aws_lambda_function.this.timeout == 60 &&
      aws_lambda_function.this.ephemeral_storage[0].size == 512 && aws_lambda_function.this.reserved_concurrent_executions == -1
    )
    error_message = "Runtime python3.12 on arm64 with 512 MB, 60 s, 512 MB of /tmp and the shared pool."
  }
  assert {
    condition     = aws_lambda_function.this.s3_bucket == "site-builder-artifacts-dev" && aws_lambda_function.this.s3_key == "lambda/generation/abc.zip" && aws_lambda_function.this.source_code_hash == var.package.source_code_hash
    error_message = "The package must be the given object with the given hash."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ ENVIRONMENT = "dev" }) && aws_lambda_function.this.tags == tomap({ Environment = "dev" })
    error_message = "The function must know its environment and carry the tags."
  }
  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active" && length(aws_lambda_function.this.vpc_config) == 0 && length(aws_lambda_function.this.dead_letter_config) == 0
    error_message = "Traced, outside any VPC, without a dead-letter target."
  }
  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/site-builder-generation-dev" &&
      aws_lambda_function.this.logging_config[0].application_log_level == "INFO" && aws_lambda_function.this.logging_config[0].system_log_level == "INFO"
    )
    error_message = "JSON logs of level INFO into the group made here."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/site-builder-generation-dev" && aws_cloudwatch_log_group.this.retention_in_days == 365 && aws_cloudwatch_log_group.this.tags == tomap({ Environment = "dev" })
    error_message = "The log group is kept for a year and tagged."
  }
  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.this.name == "live" && output.alias == "live"
    error_message = "A version is published and served as live."
  }
  assert {
    condition     = length(aws_lambda_provisioned_concurrency_config.this) + length(aws_lambda_function_event_invoke_config.this) + length(aws_lambda_permission.this) == 0
    error_message = "Nothing optional unless asked for."
  }
  assert {
    condition     = output.name == var.function.name && output.timeout == 60 && output.log_group_name == "/aws/lambda/site-builder-generation-dev" && output.source_code_hash == var.package.source_code_hash
    error_message = "Outputs that follow from the inputs must be known at plan."
  }
}

run "everything" {
  command = plan

  variables {
    layer_arns = { common = "arn:aws:lambda:eu-west-1:123456789012:layer:common:3", unused = "arn:aws:lambda:eu-west-1:123456789012:layer:unused:1" }
    function = merge(var.function, {
      description             = "Generates sites"
      runtime                 = "python3.13"
      architecture            = "x86_64"
      memory_size             = 1024
      timeout                 = 29
      ephemeral_storage_size  = 1024
      environment             = { TABLE_NAME = "sites" }
      kms_key_arn             = "arn:aws:kms:eu-west-1:123456789012:key/a"
      log_retention_days      = 30
      log_kms_key_arn         = "arn:aws:kms:eu-west-1:123456789012:key/b"
      log_level               = "DEBUG"
      system_log_level        = "WARN"
      vpc                     = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      tracing_mode            = "PassThrough"
      layers                  = ["common"]
      extra_layer_arns        = ["arn:aws:lambda:eu-west-1:123456789012:layer:extra:1"]
      dead_letter_target_arn  = "arn:aws:sns:eu-west-1:123456789012:failed"
      async                   = { maximum_retry_attempts = 0, on_failure_arn = "arn:aws:sqs:eu-west-1:123456789012:failed" }
      reserved_concurrency    = 10
      provisioned_concurrency = 2
      code_signing_config_arn = "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0"
      allowed_triggers = {
        nightly = { principal = "events.amazonaws.com", source_arn = "arn:aws:events:eu-west-1:123456789012:rule/nightly" }
        bucket  = { principal = "s3.amazonaws.com", source_arn = "arn:aws:s3:::sites", source_account = "123456789012" }
      }
    })
  }

  assert {
    condition = (
      aws_lambda_function.this.description == "Generates sites" && aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.architectures == tolist(["x86_64"]) &&
      aws_lambda_function.this.memory_size == 1024 && aws_lambda_function.this.timeout == 29 && aws_lambda_function.this.ephemeral_storage[0].size == 1024 &&
      aws_lambda_function.this.reserved_concurrent_executions == 10 && aws_lambda_function.this.code_signing_config_arn == var.function.code_signing_config_arn
    )
    error_message = "Given settings must reach the function."
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ ENVIRONMENT = "dev", TABLE_NAME = "sites" }) && aws_lambda_function.this.kms_key_arn == var.function.kms_key_arn
    error_message = "Given variables come beside ENVIRONMENT, encrypted with the given key."
  }
  assert {
    condition = (
      aws_cloudwatch_log_group.this.retention_in_days == 30 && aws_cloudwatch_log_group.this.kms_key_id == var.function.log_kms_key_arn && aws_lambda_function.this.logging_config[0].application_log_level == "DEBUG" &&
      aws_lambda_function.this.logging_config[0].system_log_level == "WARN" && aws_lambda_function.this.tracing_config[0].mode == "PassThrough"
    )
    error_message = "Log and trace settings must arrive."
  }
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]) && aws_lambda_function.this.vpc_config[0].security_group_ids == toset(["sg-1"]) && aws_lambda_function.this.layers == tolist(["arn:aws:lambda:eu-west-1:123456789012:layer:common:3", "arn:aws:lambda:eu-west-1:123456789012:layer:extra:1"])
    error_message = "Network and layers must arrive."
  }
  assert {
    condition     = aws_lambda_function.this.dead_letter_config[0].target_arn == var.function.dead_letter_target_arn
    error_message = "The dead-letter target must arrive."
  }
  assert {
    condition = (
      length(aws_lambda_function_event_invoke_config.this) == 1 && aws_lambda_function_event_invoke_config.this[0].qualifier == "live" &&
      aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.this[0].maximum_event_age_in_seconds == 21600 &&
      aws_lambda_function_event_invoke_config.this[0].destination_config[0].on_failure[0].destination == "arn:aws:sqs:eu-west-1:123456789012:failed"
    )
    error_message = "One asynchronous configuration, on the alias."
  }
  assert {
    condition     = aws_lambda_provisioned_concurrency_config.this[0].qualifier == "live" && aws_lambda_provisioned_concurrency_config.this[0].provisioned_concurrent_executions == 2
    error_message = "Warm runs belong to the alias."
  }
  assert {
    condition     = aws_lambda_alias.this.name == "live" && strcontains(file("${path.module}/main.tf"), "ignore_changes = [routing_config]")
    error_message = "The weights that AWS gives the alias while warm runs come up are no drift; a mock has none to show it with."
  }
  assert {
    condition     = toset(keys(aws_lambda_permission.this)) == toset(["bucket", "nightly"]) && alltrue([for p in aws_lambda_permission.this : p.qualifier == "live"]) && aws_lambda_permission.this["bucket"].source_account == "123456789012" && aws_lambda_permission.this["nightly"].principal == "events.amazonaws.com"
    error_message = "Each trigger may invoke the alias, and only that."
  }
}

run "unpublished" {
  command = plan

  variables {
    function = merge(var.function, {
      publish = false
    })
  }

  assert {
    condition     = !aws_lambda_function.this.publish && aws_lambda_alias.this.function_version == "$LATEST" && output.version == "$LATEST" && output.alias == "live"
    error_message = "Without versions the alias follows $LATEST, so that callers need not know."
  }
}

run "changed_code" {
  command = plan

  variables {
    package = {
      s3_key           = "lambda/generation/abd.zip"
      source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFA="
    }
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFA=" && aws_lambda_function.this.s3_key == "lambda/generation/abd.zip"
    error_message = "The hash that is given drives the update."
  }
}

run "variables_of_more_than_4_kb" {
  command = plan
  variables {
    function = merge(var.function, {
      environment = { BIG = join("", [for i in range(512) : "12345678"]) }
    })
  }
  expect_failures = [aws_lambda_function.this]
}

run "an_unknown_version_moves_nothing" {
  command = plan

  variables {
    release = { live = "6" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "6"
    error_message = "Who moves the alias needs no plan that might."
  }
}

# What a mock makes up is known after the apply, and a plan is where it counts.
run "applied" {
  command = apply

  override_resource {
    target = aws_lambda_function.this
    values = { version = "7" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "7" && output.version == "7"
    error_message = "Without a release the alias serves the latest version."
  }
}

run "whoever_moves_the_alias_decides" {
  command = plan

  variables {
    release = { live = "6" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "6" && output.version == "7"
    error_message = "The alias stays where it is, and the latest version is told."
  }
}

run "a_release_gone_back_from_is_held" {
  command = plan

  variables {
    release = { live = "6", held = "7" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "6" && output.version == "7"
    error_message = "As long as the latest version is the one that was gone back from, the alias stays."
  }
}

run "a_later_version_moves_forward_by_itself" {
  command = plan

  variables {
    release = { live = "5", held = "6" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "7"
    error_message = "What is held is one version, not the function."
  }
}

run "a_release_without_versions_holds_what_it_says" {
  command = plan

  variables {
    function = merge(var.function, { publish = false })
    release  = { live = "6", held = "7" }
  }

  assert {
    condition     = aws_lambda_alias.this.function_version == "$LATEST"
    error_message = "Where no version is published, none is held."
  }
}
