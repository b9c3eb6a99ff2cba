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

variable "dynamodb" {
  description = "Definition of the stack dynamodb."
  type        = any
  nullable    = false
}

variable "s3" {
  description = "Definition of the stack s3."
  type        = any
  nullable    = false
}

variable "iam" {
  description = "Definition of the stack iam."
  type        = any
  nullable    = false
}

variable "lambda" {
  description = "Definition of the stack lambda."
  type        = any
  nullable    = false
}

variable "api_gateway" {
  description = "Definition of the stack api_gateway."
  type        = any
  nullable    = false
}

variable "monitoring" {
  description = "Definition of the stack monitoring."
  type        = any
  nullable    = false
}
