variable "roles" {
  description = "Execution roles, keyed like the functions that use them, each the object `role` of modules/iam, which documents and checks it."
  type        = any
  nullable    = false

  validation {
    condition     = length(distinct([for role in var.roles : role.name])) == length(var.roles)
    error_message = "roles ${jsonencode({ for key, role in var.roles : key => role.name })}: two keys share a name, give each role its own."
  }

  validation {
    condition = length(setsubtract(
      flatten([for role in var.roles : [for grant in ["read", "write", "streams"] : try(coalesce(role.dynamodb[grant]), [])]]),
      keys(var.tables),
    )) == 0
    error_message = "roles ${jsonencode({
      for key, role in var.roles : key => {
        for grant in ["read", "write", "streams"] : grant => setsubtract(try(coalesce(role.dynamodb[grant]), []), keys(var.tables))
        if length(setsubtract(try(coalesce(role.dynamodb[grant]), []), keys(var.tables))) > 0
      }
    })}: there are no such tables, use keys of tables, which are ${jsonencode(keys(var.tables))}."
  }

  validation {
    condition = length(setsubtract(
      flatten([for role in var.roles : [for grant in ["read", "write"] : try(role.s3[grant][*].bucket, [])]]),
      keys(var.buckets),
    )) == 0
    error_message = "roles ${jsonencode({
      for key, role in var.roles : key => {
        for grant in ["read", "write"] : grant => setsubtract(try(role.s3[grant][*].bucket, []), keys(var.buckets))
        if length(setsubtract(try(role.s3[grant][*].bucket, []), keys(var.buckets))) > 0
      }
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
