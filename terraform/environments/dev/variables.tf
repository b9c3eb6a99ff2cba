# terraform.tfvars sets them; ../../modules/environment declares what a definition holds and checks it.

variable "environment" {
  description = "The environment, such as dev."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The primary region."
  type        = string
  nullable    = false
}

variable "replica_region" {
  description = "The disaster recovery region; null: none."
  type        = string
  default     = null
}

variable "account_id" {
  description = "The AWS account of the environment; any other is refused."
  type        = string
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}

variable "stacks" {
  description = "The definitions, by stack."
  type        = any
  nullable    = false
}
