locals {
  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html; the API refuses them, but only at apply.
  reserved_environment_variables = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ENVIRONMENT",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
  ]

  # CloudWatch's list without 0, which means for ever.
  log_retention_days = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

  latest = var.function.publish ? aws_lambda_function.this.version : "$LATEST"
  # One after the other: `a || b` is unknown before the apply while b is.
  served = (
    var.release == null ? local.latest :
    var.release.held == null ? var.release.live :
    var.release.held == local.latest ? var.release.live : local.latest
  )
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.function.name}"
  retention_in_days = var.function.log_retention_days
  kms_key_id        = var.function.log_kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  function_name = var.function.name
  description   = var.function.description
  role          = var.role_arn
  handler       = var.function.handler
  runtime       = var.function.runtime
  architectures = [var.function.architecture]
  memory_size   = var.function.memory_size
  timeout       = var.function.timeout
  layers        = concat([for key in var.function.layers : var.layer_arns[key]], var.function.extra_layer_arns)
  publish       = var.function.publish
  kms_key_arn   = var.function.kms_key_arn

  s3_bucket               = var.buckets[var.function.artifact_bucket].name
  s3_key                  = var.package.s3_key
  source_code_hash        = var.package.source_code_hash
  code_signing_config_arn = var.function.code_signing_config_arn

  reserved_concurrent_executions = var.function.reserved_concurrency

  ephemeral_storage {
    size = var.function.ephemeral_storage_size
  }

  environment {
    variables = merge(var.function.environment, { ENVIRONMENT = var.environment })
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.function.log_level
    system_log_level      = var.function.system_log_level
  }

  tracing_config {
    mode = var.function.tracing_mode
  }

  dynamic "vpc_config" {
    for_each = var.function.vpc[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  dynamic "dead_letter_config" {
    for_each = var.function.dead_letter_target_arn[*]
    content {
      target_arn = dead_letter_config.value
    }
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = sum([for name, value in merge(var.function.environment, { ENVIRONMENT = var.environment }) : length(name) + length(value)]) <= 4096
      error_message = "The environment variables of ${var.function.name} exceed Lambda's 4 KB: move data to a table or a parameter."
    }
  }

  # A function that runs before its group exists makes one of its own, untagged and kept for ever.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_lambda_alias" "this" {
  name             = "live"
  description      = "What callers use"
  function_name    = aws_lambda_function.this.function_name
  function_version = local.served

  # With provisioned concurrency AWS moves an alias to a new version by weights of its own, which a read in between finds.
  lifecycle {
    ignore_changes = [routing_config]
  }
}

resource "aws_lambda_provisioned_concurrency_config" "this" {
  count = var.function.provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.this.name
  provisioned_concurrent_executions = var.function.provisioned_concurrency
}

# One configuration only, on the alias: a second one for $LATEST conflicts with it.
resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.function.async == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  qualifier                    = aws_lambda_alias.this.name
  maximum_retry_attempts       = var.function.async.maximum_retry_attempts
  maximum_event_age_in_seconds = var.function.async.maximum_event_age

  dynamic "destination_config" {
    for_each = var.function.async.on_failure_arn[*]
    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}

resource "aws_lambda_permission" "this" {
  for_each = var.function.allowed_triggers

  statement_id   = each.key
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  qualifier      = aws_lambda_alias.this.name
  principal      = each.value.principal
  source_arn     = each.value.source_arn
  source_account = each.value.source_account
}
