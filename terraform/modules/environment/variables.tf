variable "environment" {
  description = "The environment, such as dev; prod has a disaster recovery region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment)) && length(var.environment) <= 16
    error_message = "environment is \"${var.environment}\"; use 1 to 16 lower-case letters and digits, a letter first, with single hyphens between words, such as qa or dev-2."
  }
}

variable "region" {
  description = "Region of the provider aws."
  type        = string
  nullable    = false
}

variable "replica_region" {
  description = "Region of the provider aws.replica, where tables and buckets are replicated to; null: nowhere."
  type        = string
  default     = null

  validation {
    condition     = var.replica_region == null ? var.environment != "prod" : var.replica_region != var.region
    error_message = "replica_region is ${var.replica_region == null ? "null" : "\"${var.replica_region}\""}; prod needs one, and it must not be region (\"${var.region}\")."
  }
}

variable "account_id" {
  description = "The AWS account of the environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is \"${var.account_id}\"; use the 12 digits of an AWS account, quoted."
  }
}

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}

variable "stacks" {
  description = "By stack, the variables that define it, see stacks/<name>; what an instance holds is declared once, in its module."
  type        = any
  nullable    = false
}
