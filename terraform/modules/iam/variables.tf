variable "name" {
  description = "Name of the role, complete: nothing is added to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.name))
    error_message = "Role name \"${var.name}\" has ${length(var.name)} characters; give 1 to 64 of letters, digits and _+=,.@- only."
  }
}

variable "description" {
  description = "What the role is for."
  type        = string
  default     = "Execution role of a Lambda function"
  nullable    = false
}

variable "path" {
  description = "IAM path of the role. It becomes part of the ARN."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.path))
    error_message = "Path \"${var.path}\" must begin and end with a slash, such as / or /service/."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the role, or null."
  type        = string
  default     = null
}

variable "max_session_duration" {
  description = "Longest session of the role, in seconds."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.max_session_duration >= 3600 && var.max_session_duration <= 43200
    error_message = "max_session_duration is ${var.max_session_duration}; give 3600 to 43200 seconds."
  }
}

variable "account_id" {
  description = "The account of the role: only Lambda functions of this account may assume it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Account \"${var.account_id}\" must be 12 digits, quoted so that leading zeros survive."
  }
}

variable "region" {
  description = "The region of the function that uses the role."
  type        = string
  nullable    = false
}

variable "log_group_arn" {
  description = "ARN of the function's log group, without a trailing :*. The group must exist before the function runs: the role may not create one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:logs:${var.region}:${var.account_id}:log-group:[^:*]+$", var.log_group_arn))
    error_message = "log_group_arn \"${var.log_group_arn}\" must be a log group ARN of region ${var.region} and account ${var.account_id}, without a trailing :*."
  }
}

variable "bedrock" {
  description = "Models the function may invoke. region: where it calls Bedrock. model_ids: foundation models called by their own id, there. inference_profiles: system-defined profiles, with routed_regions: the further regions they route to. account_id: owner of the profiles, this account when null. streaming: allow response streams."
  type = object({
    region             = optional(string)
    model_ids          = optional(list(string), [])
    inference_profiles = optional(list(string), [])
    routed_regions     = optional(list(string), [])
    account_id         = optional(string)
    streaming          = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.bedrock.region != null || length(concat(var.bedrock.model_ids, var.bedrock.inference_profiles)) == 0
    error_message = "bedrock.region ${jsonencode(var.bedrock.region)}: name the region of ${jsonencode(concat(var.bedrock.model_ids, var.bedrock.inference_profiles))}, that of the function is no safe guess."
  }

  validation {
    condition = alltrue([
      for id in var.bedrock.model_ids :
      can(regex("^[a-z0-9-]+\\.[a-z0-9][A-Za-z0-9._:-]*$", id)) && !contains(local.bedrock_geographies, split(".", id)[0])
    ])
    error_message = "bedrock.model_ids has ${jsonencode(var.bedrock.model_ids)}: each must be <provider>.<model>, without wildcard or ARN; ids that begin with ${join(", ", local.bedrock_geographies)} are inference profiles."
  }

  validation {
    condition = alltrue([
      for id in var.bedrock.inference_profiles :
      can(regex("^[a-z-]+\\.[a-z0-9-]+\\.[a-z0-9][A-Za-z0-9._:-]*$", id)) && contains(local.bedrock_geographies, split(".", id)[0])
    ])
    error_message = "bedrock.inference_profiles has ${jsonencode(var.bedrock.inference_profiles)}: each must be <geography>.<provider>.<model> with a geography of ${join(", ", local.bedrock_geographies)}."
  }

  validation {
    condition     = alltrue([for r in compact(concat([var.bedrock.region], var.bedrock.routed_regions)) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r))])
    error_message = "bedrock regions ${jsonencode(compact(concat([var.bedrock.region], var.bedrock.routed_regions)))} must be region names such as eu-west-1."
  }
}

variable "dynamodb" {
  description = "Tables the function may use. read and write are independent; scan adds Scan to the tables of read; streams lets it read the change streams. index_names: the table's secondary indexes; replica_arns: its copies in other regions."
  type = object({
    read    = optional(list(object({ arn = string, index_names = optional(list(string), []), replica_arns = optional(list(string), []) })), [])
    write   = optional(list(object({ arn = string, replica_arns = optional(list(string), []) })), [])
    streams = optional(list(object({ arn = string })), [])
    scan    = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = !var.dynamodb.scan || length(var.dynamodb.read) > 0
    error_message = "dynamodb.scan ${var.dynamodb.scan}, dynamodb.read ${jsonencode(var.dynamodb.read)}: name the tables to scan in read."
  }
}

variable "s3" {
  description = "Buckets the function may use, by key prefix; the prefix \"\" means the whole bucket. read includes listing under the prefixes."
  type = object({
    read  = optional(list(object({ arn = string, prefixes = optional(list(string), [""]) })), [])
    write = optional(list(object({ arn = string, prefixes = optional(list(string), [""]) })), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for grant in concat(var.s3.read, var.s3.write) : length(grant.prefixes) > 0])
    error_message = "s3 ${jsonencode({ for kind, grants in var.s3 : kind => grants[*].prefixes })}: a grant has no prefix, omit prefixes for the whole bucket."
  }

  validation {
    condition     = alltrue(flatten([for grant in concat(var.s3.read, var.s3.write) : [for p in grant.prefixes : can(regex("^([^/*?$][^*?$]*)?$", p))]]))
    error_message = "s3 prefixes ${jsonencode(concat(var.s3.read, var.s3.write)[*].prefixes)}: a prefix has no leading slash and no *, ? or $."
  }
}

variable "xray" {
  description = "Let the function send traces."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms" {
  description = "Customer managed keys the function may use, and the services through which it may: dynamodb, s3, lambda (its own environment variables), sqs, sns."
  type = object({
    key_arns     = optional(list(string), [])
    via_services = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in var.kms.key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[^*]+$", arn))])
    error_message = "kms.key_arns ${jsonencode(var.kms.key_arns)} must be key ARNs (arn:<partition>:kms:<region>:<account>:key/<id>), not aliases or wildcards."
  }

  validation {
    condition     = length(var.kms.key_arns) == 0 || length(var.kms.via_services) > 0
    error_message = "kms.via_services ${jsonencode(var.kms.via_services)}: name the services through which the keys are used, such as [\"dynamodb\", \"s3\"]."
  }

  validation {
    condition     = alltrue([for service in var.kms.via_services : can(regex("^[a-z0-9-]+$", service))])
    error_message = "kms.via_services ${jsonencode(var.kms.via_services)} must be bare service names; the region and domain are added."
  }
}

variable "vpc" {
  description = "Let Lambda manage the network interfaces of a function in a VPC."
  type        = bool
  default     = false
  nullable    = false
}

variable "failure_target_arns" {
  description = "SQS queues and SNS topics that receive failed events: the function's dead-letter target and its on_failure destination."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.failure_target_arns : can(regex("^arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:[0-9]{12}:[^*:]+$", arn))])
    error_message = "failure_target_arns ${jsonencode(var.failure_target_arns)} must be ARNs of SQS queues or SNS topics."
  }
}

variable "extra_statements" {
  description = "Further policy statements, a JSON list. For what the other variables do not cover, conditions on tags or leading keys among them."
  type        = string
  default     = "[]"
  nullable    = false

  validation {
    condition     = startswith(trimspace(var.extra_statements), "[") && can([for s in jsondecode(var.extra_statements) : [s.Effect, s.Action, s.Resource]])
    error_message = "extra_statements ${var.extra_statements}: give a JSON list of objects that each have Effect, Action and Resource."
  }

  validation {
    condition = alltrue(flatten([
      for s in try(flatten([jsondecode(var.extra_statements)]), []) :
      [for action in flatten([try(s.Action, [])]) : try(s.Effect == "Deny", false) || !can(regex(local.too_wide, lower(action)))]
    ]))
    error_message = "extra_statements allows ${jsonencode(flatten([
      for s in try(flatten([jsondecode(var.extra_statements)]), []) :
      [for action in flatten([try(s.Action, [])]) : action if !try(s.Effect == "Deny", false) && can(regex(local.too_wide, lower(action)))]
    ]))}, which is too wide: name the actions."
  }
}

variable "managed_policy_arns" {
  description = "Managed policies to attach: a fixed name of your choice => ARN. The names, not the ARNs, identify the attachments, so an ARN may be unknown at plan."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.managed_policy_arns) : !can(regex(local.administrator, arn))])
    error_message = "managed_policy_arns has ${jsonencode([for arn in values(var.managed_policy_arns) : arn if can(regex(local.administrator, arn))])}, far more than a function needs: name other policies."
  }
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  nullable    = false
}
