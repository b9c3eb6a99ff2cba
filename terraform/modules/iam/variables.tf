variable "role" {
  description = <<-EOT
    The execution role of one function.
    - `name` - Complete name of the role, 1 to 64 letters, digits and _+=,.@-; nothing is added to it.
    - `log_group_arn` - ARN of the function's log group, without a trailing :*. The group must exist before the
      function runs, as the role may not create one.
    - `description` - What the role is for, 1000 characters at most.
    - `path` - IAM path of the role, beginning and ending with a slash. It becomes part of the ARN.
    - `permissions_boundary_arn` - ARN of the managed policy that bounds the role, or null.
    - `max_session_duration` - Longest session of the role in seconds, 3600 to 43200.
    - `bedrock` - Models the function may invoke.
    - `bedrock.region` - Region where it calls Bedrock; needed with any model.
    - `bedrock.model_ids` - Foundation models called by their own id, <provider>.<model>, in that region.
    - `bedrock.inference_profiles` - System-defined inference profiles, <geography>.<provider>.<model>.
    - `bedrock.routed_regions` - Further regions that the profiles send requests to.
    - `bedrock.account_id` - Owner of the profiles, the account of the role when null.
    - `bedrock.streaming` - Whether the function may stream the answers.
    - `dynamodb` - Tables the function may use; read and write are independent of each other.
    - `dynamodb.read` - Keys of the tables it reads, their indexes and replicas included.
    - `dynamodb.write` - Keys of the tables it writes, replicas included.
    - `dynamodb.streams` - Keys of the tables whose change streams it reads.
    - `dynamodb.scan` - Whether it may scan the tables of `dynamodb.read` as well.
    - `s3` - Buckets the function may use, by key prefix.
    - `s3.read` - Buckets it reads from, listing under the prefixes included.
    - `s3.write` - Buckets it writes to and deletes from.
    - `s3.read.bucket`, `s3.write.bucket` - Key of the bucket.
    - `s3.read.prefixes`, `s3.write.prefixes` - How the object keys begin, without a leading slash and *, ? or $; the
      empty prefix means the whole bucket.
    - `xray` - Whether the function may send traces.
    - `kms` - Customer managed keys the function may use.
    - `kms.key_arns` - ARNs of the keys, not of aliases.
    - `kms.via_services` - Services through which it may, such as dynamodb, s3, lambda (its own environment
      variables), sqs and sns; needed with any key.
    - `vpc` - Whether Lambda may manage the network interfaces of a function in a VPC.
    - `failure_target_arns` - SQS queues and SNS topics that receive failed events, the dead-letter target of the
      function and its on_failure destination.
    - `invoked_function_arns` - ARNs of the aliases of functions that the function calls, or that learn of its failed
      asynchronous calls (its on_failure destination).
    - `secrets` - What the function may read of its secrets, and decrypt through the service that keeps them.
    - `secrets.parameter_arns` - ARNs of parameters of Systems Manager.
    - `secrets.secret_arns` - ARNs of secrets of Secrets Manager; -?????? may stand for the six characters that AWS adds
      to a name.
    - `secrets.kms_key_arns` - The customer managed keys that encrypt them; when empty, any key of the secret's account,
      in its region and for this secret alone.
    - `extra_statements` - Further policy statements, a JSON list. For what the other fields do not cover, conditions
      on tags or leading keys among them; too wide actions are refused.
    - `managed_policy_arns` - Managed policies to attach, a fixed name of your choice => ARN; those for administrators
      are refused. The names, not the ARNs, identify the attachments, so an ARN may be unknown at plan.
  EOT
  type = object({
    name                     = string
    log_group_arn            = string
    description              = optional(string, "Execution role of a Lambda function")
    path                     = optional(string, "/")
    permissions_boundary_arn = optional(string)
    max_session_duration     = optional(number, 3600)
    bedrock = optional(object({
      region             = optional(string)
      model_ids          = optional(list(string), [])
      inference_profiles = optional(list(string), [])
      routed_regions     = optional(list(string), [])
      account_id         = optional(string)
      streaming          = optional(bool, false)
    }), {})
    dynamodb = optional(object({
      read    = optional(list(string), [])
      write   = optional(list(string), [])
      streams = optional(list(string), [])
      scan    = optional(bool, false)
    }), {})
    s3 = optional(object({
      read = optional(list(object({
        bucket   = string
        prefixes = optional(list(string), [""])
      })), [])
      write = optional(list(object({
        bucket   = string
        prefixes = optional(list(string), [""])
      })), [])
    }), {})
    xray = optional(bool, true)
    kms = optional(object({
      key_arns     = optional(list(string), [])
      via_services = optional(list(string), [])
    }), {})
    vpc                   = optional(bool, false)
    failure_target_arns   = optional(list(string), [])
    invoked_function_arns = optional(list(string), [])
    secrets = optional(object({
      parameter_arns = optional(list(string), [])
      secret_arns    = optional(list(string), [])
      kms_key_arns   = optional(list(string), [])
    }), {})
    extra_statements    = optional(string, "[]")
    managed_policy_arns = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.role.name))
    error_message = "Role name \"${var.role.name}\" has ${length(var.role.name)} characters; give 1 to 64 of letters, digits and _+=,.@- only."
  }

  validation {
    condition     = can(regex("^arn:[a-z-]+:logs:${var.region}:${var.account_id}:log-group:[^:*]+$", var.role.log_group_arn))
    error_message = "log_group_arn \"${var.role.log_group_arn}\" must be a log group ARN of region ${var.region} and account ${var.account_id}, without a trailing :*."
  }

  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role.path))
    error_message = "Path \"${var.role.path}\" must begin and end with a slash, such as / or /service/."
  }

  validation {
    condition     = var.role.max_session_duration >= 3600 && var.role.max_session_duration <= 43200
    error_message = "max_session_duration is ${var.role.max_session_duration}; give 3600 to 43200 seconds."
  }

  validation {
    condition     = var.role.bedrock.region != null || length(concat(var.role.bedrock.model_ids, var.role.bedrock.inference_profiles)) == 0
    error_message = "bedrock.region ${jsonencode(var.role.bedrock.region)}: name the region of ${jsonencode(concat(var.role.bedrock.model_ids, var.role.bedrock.inference_profiles))}, that of the function is no safe guess."
  }

  validation {
    condition = alltrue([
      for id in var.role.bedrock.model_ids :
      can(regex("^[a-z0-9-]+\\.[a-z0-9][A-Za-z0-9._:-]*$", id)) && !contains(local.bedrock_geographies, split(".", id)[0])
    ])
    error_message = "bedrock.model_ids has ${jsonencode(var.role.bedrock.model_ids)}: each must be <provider>.<model>, without wildcard or ARN; ids that begin with ${join(", ", local.bedrock_geographies)} are inference profiles."
  }

  validation {
    condition = alltrue([
      for id in var.role.bedrock.inference_profiles :
      can(regex("^[a-z-]+\\.[a-z0-9-]+\\.[a-z0-9][A-Za-z0-9._:-]*$", id)) && contains(local.bedrock_geographies, split(".", id)[0])
    ])
    error_message = "bedrock.inference_profiles has ${jsonencode(var.role.bedrock.inference_profiles)}: each must be <geography>.<provider>.<model> with a geography of ${join(", ", local.bedrock_geographies)}."
  }

  validation {
    condition     = alltrue([for r in compact(concat([var.role.bedrock.region], var.role.bedrock.routed_regions)) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r))])
    error_message = "bedrock regions ${jsonencode(compact(concat([var.role.bedrock.region], var.role.bedrock.routed_regions)))} must be region names such as eu-west-1."
  }

  validation {
    condition     = !var.role.dynamodb.scan || length(var.role.dynamodb.read) > 0
    error_message = "dynamodb.scan ${var.role.dynamodb.scan}, dynamodb.read ${jsonencode(var.role.dynamodb.read)}: name the tables to scan in read."
  }

  validation {
    condition     = alltrue([for grant in concat(var.role.s3.read, var.role.s3.write) : length(grant.prefixes) > 0])
    error_message = "s3 ${jsonencode({ for kind, grants in var.role.s3 : kind => grants[*].prefixes })}: a grant has no prefix, omit prefixes for the whole bucket."
  }

  validation {
    condition     = alltrue(flatten([for grant in concat(var.role.s3.read, var.role.s3.write) : [for p in grant.prefixes : can(regex("^([^/*?$][^*?$]*)?$", p))]]))
    error_message = "s3 prefixes ${jsonencode(concat(var.role.s3.read, var.role.s3.write)[*].prefixes)}: a prefix has no leading slash and no *, ? or $."
  }

  validation {
    condition     = alltrue([for arn in var.role.kms.key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[^*]+$", arn))])
    error_message = "kms.key_arns ${jsonencode(var.role.kms.key_arns)} must be key ARNs (arn:<partition>:kms:<region>:<account>:key/<id>), not aliases or wildcards."
  }

  validation {
    condition     = length(var.role.kms.key_arns) == 0 || length(var.role.kms.via_services) > 0
    error_message = "kms.via_services ${jsonencode(var.role.kms.via_services)}: name the services through which the keys are used, such as [\"dynamodb\", \"s3\"]."
  }

  validation {
    condition     = alltrue([for service in var.role.kms.via_services : can(regex("^[a-z0-9-]+$", service))])
    error_message = "kms.via_services ${jsonencode(var.role.kms.via_services)} must be bare service names; the region and domain are added."
  }

  validation {
    condition     = alltrue([for arn in var.role.failure_target_arns : can(regex("^arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:[0-9]{12}:[^*:]+$", arn))])
    error_message = "failure_target_arns ${jsonencode(var.role.failure_target_arns)} must be ARNs of SQS queues or SNS topics."
  }

  validation {
    condition     = alltrue([for arn in var.role.invoked_function_arns : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$", arn))])
    error_message = "invoked_function_arns ${jsonencode(var.role.invoked_function_arns)} must be ARNs of aliases of functions, as callers use them."
  }

  validation {
    condition     = alltrue([for arn in var.role.secrets.parameter_arns : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter(/[A-Za-z0-9_.-]+){1,15}$", arn))])
    error_message = "secrets.parameter_arns ${jsonencode(var.role.secrets.parameter_arns)} must be ARNs of parameters, without wildcards."
  }

  validation {
    condition     = alltrue([for arn in var.role.secrets.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-([A-Za-z0-9]{6}|[?]{6})$", arn))])
    error_message = "secrets.secret_arns ${jsonencode(var.role.secrets.secret_arns)} must be ARNs of secrets, which end in a hyphen and six characters or six question marks."
  }

  validation {
    condition     = alltrue([for arn in var.role.secrets.kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[^*]+$", arn))])
    error_message = "secrets.kms_key_arns ${jsonencode(var.role.secrets.kms_key_arns)} must be key ARNs (arn:<partition>:kms:<region>:<account>:key/<id>), not aliases or wildcards."
  }

  validation {
    condition     = startswith(trimspace(var.role.extra_statements), "[") && can([for s in jsondecode(var.role.extra_statements) : [s.Effect, try(s.Action, s.NotAction), try(s.Resource, s.NotResource)]])
    error_message = "extra_statements ${var.role.extra_statements}: give a JSON list of objects that each have Effect, Action and Resource."
  }

  validation {
    condition = alltrue(flatten([
      for s in try(flatten([jsondecode(var.role.extra_statements)]), []) :
      [for action in flatten([try(s.Action, can(s.NotAction) ? ["*"] : [])]) : try(s.Effect == "Deny", false) || !can(regex(local.too_wide, lower(action)))]
    ]))
    error_message = "extra_statements allows ${jsonencode(flatten([
      for s in try(flatten([jsondecode(var.role.extra_statements)]), []) :
      [for action in flatten([try(s.Action, can(s.NotAction) ? ["*"] : [])]) : action if !try(s.Effect == "Deny", false) && can(regex(local.too_wide, lower(action)))]
    ]))}, which is too wide: name the actions."
  }

  validation {
    condition     = alltrue([for arn in values(var.role.managed_policy_arns) : !can(regex(local.administrator, arn))])
    error_message = "managed_policy_arns has ${jsonencode([for arn in values(var.role.managed_policy_arns) : arn if can(regex(local.administrator, arn))])}, far more than a function needs: name other policies."
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

variable "tables" {
  description = "Tables by key, those that the role names: ARN, names of the secondary indexes, ARNs of the copies in other regions."
  type = map(object({
    arn          = string
    index_names  = optional(list(string), [])
    replica_arns = optional(list(string), [])
  }))
  default  = {}
  nullable = false
}

variable "buckets" {
  description = "Buckets by key, those that the role names."
  type        = map(object({ arn = string }))
  default     = {}
  nullable    = false
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  nullable    = false
}
