variable "function" {
  description = <<-EOT
    One Lambda function.
    - `name` - Complete name of the function, 1 to 64 letters, digits, _ and -; nothing is added to it. Its log group
      is /aws/lambda/<name>, as AWS dictates.
    - `handler` - Entry point, as <module>.<function>; 1 to 128 characters without white space.
    - `artifact_bucket` - Key of the bucket that holds the package.
    - `description` - What the function does, 256 characters at most.
    - `runtime` - Managed runtime of the function, one that Lambda supports, such as python3.12.
    - `architecture` - Processor, arm64 or x86_64. arm64 costs a fifth less per GB-second; packages with compiled
      parts must be built for it.
    - `memory_size` - Memory in MB, 128 to 10240; the share of the processor grows with it.
    - `timeout` - Longest run in seconds, 1 to 900. Behind a REST API nobody waits longer than 29.
    - `ephemeral_storage_size` - Size of /tmp in MB, 512 to 10240.
    - `environment` - Environment variables; ENVIRONMENT is added, 4096 bytes in all. No secrets, as they are readable
      in the console and in the state.
    - `kms_key_arn` - Key that encrypts the environment variables; the key of the Lambda service when null.
    - `log_retention_days` - Days that logs are kept, one of the periods of CloudWatch Logs (1 to 3653).
    - `log_kms_key_arn` - Key that encrypts the logs, whose policy must admit the CloudWatch Logs service; the key of
      that service when null.
    - `log_level` - Lowest level of the function's own log records, one of TRACE, DEBUG, INFO, WARN, ERROR and FATAL.
    - `system_log_level` - Lowest level of the records that Lambda writes, DEBUG, INFO or WARN; WARN leaves out the
      report of each run.
    - `vpc` - The network of the function, or null for no VPC. Its role then needs `vpc`, too.
    - `vpc.subnet_ids` - Ids of the subnets, one at least.
    - `vpc.security_group_ids` - Ids of the security groups, one at least.
    - `tracing_mode` - X-Ray, where Active samples every call and PassThrough only traces what the caller traces.
    - `layers` - Keys of layers, in the order in which they are laid over each other. With `extra_layer_arns` 5 at
      most.
    - `extra_layer_arns` - ARNs of further layer versions, laid over those of `layers`.
    - `dead_letter_target_arn` - SQS queue or SNS topic for the events of failed asynchronous calls, or null.
      `async.on_failure_arn` tells more and is the better choice for new functions.
    - `async` - How asynchronous calls of the alias are retried; Lambda's own defaults when null.
    - `async.maximum_retry_attempts` - Retries, 0 to 2.
    - `async.maximum_event_age` - Seconds after which an event is given up, 60 to 21600.
    - `async.on_failure_arn` - SQS queue, SNS topic or alias of another function that learns of the failed calls, or null.
    - `reserved_concurrency` - Concurrent runs set aside for, and the limit of, the function; -1 shares the account's
      pool, 0 stops the function.
    - `publish` - Whether a version is published with each change and the alias `live` points at it; when false the
      alias follows $LATEST.
    - `provisioned_concurrency` - Runs that the alias keeps warm, 0 for none; no more than `reserved_concurrency`, and
      only with `publish`.
    - `code_signing_config_arn` - Code signing configuration that packages must satisfy, or null.
    - `allowed_triggers` - Who else may invoke the alias, by statement id of 1 to 100 letters, digits, _ and -. API
      Gateway is not among them, as the module api_gateway brings its own permission.
    - `allowed_triggers.principal` - The service, such as events.amazonaws.com.
    - `allowed_triggers.source_arn` - ARN of the resource on whose behalf it invokes; this or
      `allowed_triggers.source_account` is needed.
    - `allowed_triggers.source_account` - Account on whose behalf it invokes; needed for s3.amazonaws.com, because the
      ARN of a bucket does not name its owner.
  EOT
  type = object({
    name                   = string
    handler                = string
    artifact_bucket        = string
    description            = optional(string, "")
    runtime                = optional(string, "python3.12")
    architecture           = optional(string, "arm64")
    memory_size            = optional(number, 512)
    timeout                = optional(number, 60)
    ephemeral_storage_size = optional(number, 512)
    environment            = optional(map(string), {})
    kms_key_arn            = optional(string)
    log_retention_days     = optional(number, 365)
    log_kms_key_arn        = optional(string)
    log_level              = optional(string, "INFO")
    system_log_level       = optional(string, "INFO")
    vpc = optional(object({
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
    tracing_mode           = optional(string, "Active")
    layers                 = optional(list(string), [])
    extra_layer_arns       = optional(list(string), [])
    dead_letter_target_arn = optional(string)
    async = optional(object({
      maximum_retry_attempts = optional(number, 2)
      maximum_event_age      = optional(number, 21600)
      on_failure_arn         = optional(string)
    }))
    reserved_concurrency    = optional(number, -1)
    publish                 = optional(bool, true)
    provisioned_concurrency = optional(number, 0)
    code_signing_config_arn = optional(string)
    allowed_triggers = optional(map(object({
      principal      = string
      source_arn     = optional(string)
      source_account = optional(string)
    })), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.function.name))
    error_message = "Function name \"${var.function.name}\" has ${length(var.function.name)} characters; give 1 to 64 of letters, digits, _ and - only."
  }

  validation {
    condition     = can(regex("^[^\\s]{1,128}$", var.function.handler))
    error_message = "Handler \"${var.function.handler}\" must be 1 to 128 characters without white space, such as app.handler."
  }

  validation {
    condition     = length(var.function.description) <= 256
    error_message = "The description has ${length(var.function.description)} characters; Lambda allows 256."
  }

  validation {
    condition     = can(regex("^(python3\\.1[1-9]|nodejs2[2-9]\\.x|java(17|2[1-9])|dotnet(8|1[0-9])|ruby3\\.[3-9]|provided\\.al2023)$", var.function.runtime))
    error_message = "Runtime \"${var.function.runtime}\" is unknown or deprecated; use a supported one such as python3.12."
  }

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "Architecture \"${var.function.architecture}\" must be arm64 or x86_64."
  }

  validation {
    condition     = var.function.memory_size >= 128 && var.function.memory_size <= 10240
    error_message = "memory_size is ${var.function.memory_size}; give 128 to 10240 MB."
  }

  validation {
    condition     = var.function.timeout >= 1 && var.function.timeout <= 900
    error_message = "timeout is ${var.function.timeout}; give 1 to 900 seconds."
  }

  validation {
    condition     = var.function.ephemeral_storage_size >= 512 && var.function.ephemeral_storage_size <= 10240
    error_message = "ephemeral_storage_size is ${var.function.ephemeral_storage_size}; give 512 to 10240 MB."
  }

  validation {
    condition     = length(setintersection(keys(var.function.environment), local.reserved_environment_variables)) == 0
    error_message = "Environment variables ${join(", ", setintersection(keys(var.function.environment), local.reserved_environment_variables))} are reserved: Lambda or this module sets them. Choose other names."
  }

  validation {
    condition     = alltrue([for name in keys(var.function.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))])
    error_message = "Environment variables ${join(", ", keys(var.function.environment))}: each name has at least two letters, digits or _ and begins with a letter."
  }

  validation {
    condition     = contains(local.log_retention_days, var.function.log_retention_days)
    error_message = "log_retention_days is ${var.function.log_retention_days}; CloudWatch Logs accepts ${join(", ", local.log_retention_days)}."
  }

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.function.log_level)
    error_message = "log_level \"${var.function.log_level}\" must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN"], var.function.system_log_level)
    error_message = "system_log_level \"${var.function.system_log_level}\" must be DEBUG, INFO or WARN."
  }

  validation {
    condition     = var.function.vpc == null || try(length(var.function.vpc.subnet_ids) > 0 && length(var.function.vpc.security_group_ids) > 0, false)
    error_message = "vpc ${jsonencode(var.function.vpc)}: give both subnet_ids and security_group_ids, or leave vpc out for a function without a VPC."
  }

  validation {
    condition     = contains(["Active", "PassThrough"], var.function.tracing_mode)
    error_message = "tracing_mode \"${var.function.tracing_mode}\" must be Active or PassThrough."
  }

  validation {
    condition     = length(concat(var.function.layers, var.function.extra_layer_arns)) <= 5
    error_message = "layers ${jsonencode(var.function.layers)}, extra_layer_arns ${jsonencode(var.function.extra_layer_arns)}: Lambda allows 5 together, merge some."
  }

  validation {
    condition     = var.function.dead_letter_target_arn == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.function.dead_letter_target_arn))
    error_message = "dead_letter_target_arn \"${coalesce(var.function.dead_letter_target_arn, "null")}\" must be the ARN of an SQS queue or an SNS topic."
  }

  validation {
    condition     = try(contains([0, 1, 2], var.function.async.maximum_retry_attempts) && var.function.async.maximum_event_age >= 60 && var.function.async.maximum_event_age <= 21600, var.function.async == null)
    error_message = "async is ${jsonencode(var.function.async)}: maximum_retry_attempts must be 0 to 2 and maximum_event_age 60 to 21600 seconds."
  }

  validation {
    condition     = try(var.function.async.on_failure_arn, null) == null || can(regex("^arn:[a-z-]+:((sqs|sns):|lambda:[a-z0-9-]+:[0-9]{12}:function:[^:]+:[^:]+$)", var.function.async.on_failure_arn))
    error_message = "async is ${jsonencode(var.function.async)}: on_failure_arn must be the ARN of an SQS queue, an SNS topic or the alias of a function."
  }

  validation {
    condition     = var.function.reserved_concurrency >= -1 && floor(var.function.reserved_concurrency) == var.function.reserved_concurrency
    error_message = "reserved_concurrency is ${var.function.reserved_concurrency}; give -1 or a whole number from 0."
  }

  validation {
    condition     = var.function.provisioned_concurrency >= 0 && floor(var.function.provisioned_concurrency) == var.function.provisioned_concurrency
    error_message = "provisioned_concurrency is ${var.function.provisioned_concurrency}; give a whole number from 0."
  }

  validation {
    condition     = var.function.provisioned_concurrency == 0 || var.function.publish
    error_message = "provisioned_concurrency is ${var.function.provisioned_concurrency} but publish is false: $LATEST cannot be kept warm, set publish to true."
  }

  validation {
    condition     = var.function.reserved_concurrency < 0 || var.function.provisioned_concurrency <= var.function.reserved_concurrency
    error_message = "provisioned_concurrency ${var.function.provisioned_concurrency} exceeds reserved_concurrency ${var.function.reserved_concurrency}; raise the reservation or lower the other."
  }

  validation {
    condition     = alltrue([for trigger in var.function.allowed_triggers : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", trigger.principal))])
    error_message = "allowed_triggers: principals ${join(", ", values(var.function.allowed_triggers)[*].principal)} must be service principals such as events.amazonaws.com."
  }

  validation {
    condition     = alltrue([for trigger in var.function.allowed_triggers : trigger.source_arn != null || trigger.source_account != null])
    error_message = "allowed_triggers ${join(", ", keys(var.function.allowed_triggers))}: each needs source_arn or source_account, or any account could invoke the function."
  }

  # The name of a deleted bucket is free for any account, and its ARN names none.
  validation {
    condition     = alltrue([for trigger in var.function.allowed_triggers : trigger.principal != "s3.amazonaws.com" || trigger.source_account != null])
    error_message = "allowed_triggers ${join(", ", [for id, trigger in var.function.allowed_triggers : id if trigger.principal == "s3.amazonaws.com"])}: s3.amazonaws.com needs source_account, because the ARN of a bucket does not name its owner."
  }

  validation {
    condition     = alltrue([for id in keys(var.function.allowed_triggers) : can(regex("^[A-Za-z0-9_-]{1,100}$", id))])
    error_message = "allowed_triggers ${join(", ", keys(var.function.allowed_triggers))}: each key becomes a statement id of letters, digits, _ and - only."
  }
}

variable "environment" {
  description = "The environment, such as dev. The function sees it as ENVIRONMENT."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.environment) > 0
    error_message = "environment ${jsonencode(var.environment)}: give its name, such as dev."
  }
}

variable "role_arn" {
  description = "ARN of the execution role, which needs no right to create log groups."
  type        = string
  nullable    = false
}

variable "package" {
  description = "The code: the key of a zip in the artifact bucket, which names its content, and the base64 SHA-256 of the zip."
  type = object({
    s3_key           = string
    source_code_hash = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.source_code_hash))
    error_message = "source_code_hash \"${var.package.source_code_hash}\" is not a base64 SHA-256: use filebase64sha256() or openssl dgst -sha256 -binary | base64, not the hexadecimal digest."
  }
}

variable "release" {
  description = <<-EOT
    Which version the alias serves; null for the latest, as soon as there is one.
    - `live` - The version that it serves instead.
    - `held` - The latest version to which that applies: a later one is served. Null for any, so that only whoever moves
      the alias decides.
  EOT
  type = object({
    live = string
    held = optional(string)
  })
  default = null
}

variable "buckets" {
  description = "Buckets by key, among them the artifact bucket of the function."
  type        = map(object({ name = string }))
  nullable    = false
}

variable "layer_arns" {
  description = "ARNs of the layer versions that the function may name, by key."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of the function and its log group."
  type        = map(string)
  nullable    = false
}
