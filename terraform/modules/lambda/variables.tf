variable "name" {
  description = "Name of the function, complete: nothing is added to it. Its log group is /aws/lambda/<name>, as AWS dictates."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "Function name \"${var.name}\" has ${length(var.name)} characters; give 1 to 64 of letters, digits, _ and - only."
  }
}

variable "description" {
  description = "What the function does."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = length(var.description) <= 256
    error_message = "The description has ${length(var.description)} characters; Lambda allows 256."
  }
}

variable "environment" {
  description = "The environment (dev, sit, prod). The function sees it as ENVIRONMENT."
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
  description = "The code: a zip in S3, under a key that names its content, and the base64 SHA-256 of the zip."
  type = object({
    bucket           = string
    key              = string
    source_code_hash = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.package.source_code_hash))
    error_message = "source_code_hash \"${var.package.source_code_hash}\" is not a base64 SHA-256: use filebase64sha256() or openssl dgst -sha256 -binary | base64, not the hexadecimal digest."
  }
}

variable "handler" {
  description = "Entry point, as <module>.<function>."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s]{1,128}$", var.handler))
    error_message = "Handler \"${var.handler}\" must be 1 to 128 characters without white space, such as app.handler."
  }
}

variable "runtime" {
  description = "Managed runtime of the function."
  type        = string
  default     = "python3.12"
  nullable    = false

  validation {
    condition     = can(regex("^(python3\\.1[1-9]|nodejs2[2-9]\\.x|java(17|2[1-9])|dotnet(8|1[0-9])|ruby3\\.[3-9]|provided\\.al2023)$", var.runtime))
    error_message = "Runtime \"${var.runtime}\" is unknown or deprecated; use a supported one such as python3.12."
  }
}

variable "architecture" {
  description = "Processor of the function. arm64 costs a fifth less per GB-second than x86_64; packages with compiled parts must be built for it."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Architecture \"${var.architecture}\" must be arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "Memory in MB; the share of the processor grows with it."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size is ${var.memory_size}; give 128 to 10240 MB."
  }
}

variable "timeout" {
  description = "Longest run in seconds. Behind a REST API nobody waits longer than 29."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "timeout is ${var.timeout}; give 1 to 900 seconds."
  }
}

variable "ephemeral_storage_size" {
  description = "Size of /tmp in MB."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.ephemeral_storage_size >= 512 && var.ephemeral_storage_size <= 10240
    error_message = "ephemeral_storage_size is ${var.ephemeral_storage_size}; give 512 to 10240 MB."
  }
}

variable "environment_variables" {
  description = "Environment variables of the function; ENVIRONMENT is added. No secrets: they are readable in the console and in the state."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.environment_variables), local.reserved_environment_variables)) == 0
    error_message = "Environment variables ${join(", ", setintersection(keys(var.environment_variables), local.reserved_environment_variables))} are reserved: Lambda or this module sets them. Choose other names."
  }

  validation {
    condition     = alltrue([for name in keys(var.environment_variables) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))])
    error_message = "Environment variables ${join(", ", keys(var.environment_variables))}: each name has at least two letters, digits or _ and begins with a letter."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the environment variables; the key of the Lambda service when null."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains(local.log_retention_days, var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch Logs accepts ${join(", ", local.log_retention_days)}."
  }
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the logs; its policy must admit the CloudWatch Logs service. The key of that service when null."
  type        = string
  default     = null
}

variable "log_level" {
  description = "Lowest level of the function's own log records."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level \"${var.log_level}\" must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "system_log_level" {
  description = "Lowest level of the records that Lambda writes; WARN leaves out the report of each run."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN"], var.system_log_level)
    error_message = "system_log_level \"${var.system_log_level}\" must be DEBUG, INFO or WARN."
  }
}

variable "vpc" {
  description = "Subnets and security groups of the function, or null for no VPC. The role then needs the network interface permissions."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition     = var.vpc == null || try(length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0, false)
    error_message = "vpc ${jsonencode(var.vpc)}: give both subnet_ids and security_group_ids, or leave vpc out for a function without a VPC."
  }
}

variable "tracing_mode" {
  description = "X-Ray: Active samples every call, PassThrough only traces what the caller traces."
  type        = string
  default     = "Active"
  nullable    = false

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing_mode)
    error_message = "tracing_mode \"${var.tracing_mode}\" must be Active or PassThrough."
  }
}

variable "layer_arns" {
  description = "Layer versions in the order in which they are laid over each other."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.layer_arns) <= 5
    error_message = "${length(var.layer_arns)} layers given; Lambda allows 5. Merge some."
  }
}

variable "dead_letter_target_arn" {
  description = "SQS queue or SNS topic for the events of failed asynchronous calls, or null. on_failure of async tells more and is the better choice for new functions."
  type        = string
  default     = null

  validation {
    condition     = var.dead_letter_target_arn == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.dead_letter_target_arn))
    error_message = "dead_letter_target_arn \"${coalesce(var.dead_letter_target_arn, "null")}\" must be the ARN of an SQS queue or an SNS topic."
  }
}

variable "async" {
  description = "How asynchronous calls of the alias are retried, and the SQS queue or SNS topic (on_failure_arn) that learns of the failed ones. Lambda's own defaults when null."
  type = object({
    maximum_retry_attempts = optional(number, 2)
    maximum_event_age      = optional(number, 21600)
    on_failure_arn         = optional(string)
  })
  default = null

  validation {
    condition     = try(contains([0, 1, 2], var.async.maximum_retry_attempts) && var.async.maximum_event_age >= 60 && var.async.maximum_event_age <= 21600, var.async == null)
    error_message = "async is ${jsonencode(var.async)}: maximum_retry_attempts must be 0 to 2 and maximum_event_age 60 to 21600 seconds."
  }

  validation {
    condition     = try(var.async.on_failure_arn, null) == null || can(regex("^arn:[a-z-]+:(sqs|sns):", var.async.on_failure_arn))
    error_message = "async is ${jsonencode(var.async)}: on_failure_arn must be the ARN of an SQS queue or an SNS topic."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent runs set aside for, and the limit of, the function; -1 shares the account's pool, 0 stops the function."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= -1 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency is ${var.reserved_concurrency}; give -1 or a whole number from 0."
  }
}

variable "publish" {
  description = "Publish a version with each change and point the alias `live` at it; when false the alias follows $LATEST."
  type        = bool
  default     = true
  nullable    = false
}

variable "provisioned_concurrency" {
  description = "Runs that the alias keeps warm; 0 for none."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.provisioned_concurrency >= 0 && floor(var.provisioned_concurrency) == var.provisioned_concurrency
    error_message = "provisioned_concurrency is ${var.provisioned_concurrency}; give a whole number from 0."
  }

  validation {
    condition     = var.provisioned_concurrency == 0 || var.publish
    error_message = "provisioned_concurrency is ${var.provisioned_concurrency} but publish is false: $LATEST cannot be kept warm, set publish to true."
  }

  validation {
    condition     = var.reserved_concurrency == -1 || var.provisioned_concurrency <= var.reserved_concurrency
    error_message = "provisioned_concurrency ${var.provisioned_concurrency} exceeds reserved_concurrency ${var.reserved_concurrency}; raise the reservation or lower the other."
  }
}

variable "code_signing_config_arn" {
  description = "Code signing configuration that packages must satisfy, or null."
  type        = string
  default     = null
}

variable "allowed_triggers" {
  description = "Who else may invoke the alias: statement id => service principal, and the resource or account on whose behalf. API Gateway is not among them: the module api_gateway brings its own permission."
  type = map(object({
    principal      = string
    source_arn     = optional(string)
    source_account = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for trigger in var.allowed_triggers : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", trigger.principal))])
    error_message = "allowed_triggers: principals ${join(", ", values(var.allowed_triggers)[*].principal)} must be service principals such as events.amazonaws.com."
  }

  validation {
    condition     = alltrue([for trigger in var.allowed_triggers : trigger.source_arn != null || trigger.source_account != null])
    error_message = "allowed_triggers ${join(", ", keys(var.allowed_triggers))}: each needs source_arn or source_account, or any account could invoke the function."
  }

  # The name of a deleted bucket is free for any account, and its ARN names none.
  validation {
    condition     = alltrue([for trigger in var.allowed_triggers : trigger.principal != "s3.amazonaws.com" || trigger.source_account != null])
    error_message = "allowed_triggers ${join(", ", [for id, trigger in var.allowed_triggers : id if trigger.principal == "s3.amazonaws.com"])}: s3.amazonaws.com needs source_account, because the ARN of a bucket does not name its owner."
  }

  validation {
    condition     = alltrue([for id in keys(var.allowed_triggers) : can(regex("^[A-Za-z0-9_-]{1,100}$", id))])
    error_message = "allowed_triggers ${join(", ", keys(var.allowed_triggers))}: each key becomes a statement id of letters, digits, _ and - only."
  }
}

variable "tags" {
  description = "Tags of the function and its log group."
  type        = map(string)
  nullable    = false
}
