variable "roles" {
  description = "Execution roles, keyed like the functions that use them. Tables and buckets are referred to by their key; everything else is as in the module iam."
  type = map(object({
    name                     = string
    log_group_arn            = string
    description              = optional(string)
    path                     = optional(string)
    permissions_boundary_arn = optional(string)
    max_session_duration     = optional(number)
    bedrock = optional(object({
      region             = optional(string)
      model_ids          = optional(list(string))
      inference_profiles = optional(list(string))
      routed_regions     = optional(list(string))
      account_id         = optional(string)
      streaming          = optional(bool)
    }))
    dynamodb = optional(object({
      read    = optional(list(string), [])
      write   = optional(list(string), [])
      streams = optional(list(string), [])
      scan    = optional(bool, false)
    }), {})
    s3 = optional(object({
      read  = optional(list(object({ bucket = string, prefixes = optional(list(string)) })), [])
      write = optional(list(object({ bucket = string, prefixes = optional(list(string)) })), [])
    }), {})
    xray = optional(bool)
    kms = optional(object({
      key_arns     = optional(list(string))
      via_services = optional(list(string))
    }))
    vpc                 = optional(bool)
    failure_target_arns = optional(list(string))
    extra_statements    = optional(string)
    managed_policy_arns = optional(map(string))
  }))
  nullable = false

  validation {
    condition     = length(distinct(values(var.roles)[*].name)) == length(var.roles)
    error_message = "roles ${jsonencode({ for key, role in var.roles : key => role.name })}: two keys share a name, give each role its own."
  }

  validation {
    condition = alltrue(flatten([
      for role in var.roles : [for key in concat(role.dynamodb.read, role.dynamodb.write, role.dynamodb.streams) : contains(keys(var.tables), key)]
    ]))
    error_message = "roles ${jsonencode({
      for key, role in var.roles : key => setsubtract(concat(role.dynamodb.read, role.dynamodb.write, role.dynamodb.streams), keys(var.tables))
      if length(setsubtract(concat(role.dynamodb.read, role.dynamodb.write, role.dynamodb.streams), keys(var.tables))) > 0
    })}: there are no such tables, use keys of tables, which are ${jsonencode(keys(var.tables))}."
  }

  validation {
    condition = alltrue(flatten([
      for role in var.roles : [for grant in concat(role.s3.read, role.s3.write) : contains(keys(var.buckets), grant.bucket)]
    ]))
    error_message = "roles ${jsonencode({
      for key, role in var.roles : key => setsubtract(concat(role.s3.read, role.s3.write)[*].bucket, keys(var.buckets))
      if length(setsubtract(concat(role.s3.read, role.s3.write)[*].bucket, keys(var.buckets))) > 0
    })}: there are no such buckets, use keys of buckets, which are ${jsonencode(keys(var.buckets))}."
  }
}

variable "tables" {
  description = "Output `tables` of the stack dynamodb."
  type = map(object({
    arn          = string
    index_names  = list(string)
    replica_arns = list(string)
  }))
  default  = {}
  nullable = false
}

variable "buckets" {
  description = "Output `buckets` of the stack s3."
  type        = map(object({ arn = string }))
  default     = {}
  nullable    = false
}

variable "region" {
  description = "The region of the functions."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The account of the roles; the account of the credentials when null."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every role."
  type        = map(string)
  nullable    = false
}
