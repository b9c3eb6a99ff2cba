variable "monitoring" {
  description = "Alarms, topic and dashboard: the object `monitoring` of modules/monitoring, which documents and checks it."
  type        = any
  nullable    = false
}

variable "region" {
  description = "Region of the provider."
  type        = string
  nullable    = false
}

variable "replica_region" {
  description = "Region of the replicas of the buckets, where S3 publishes how far behind they are. Null: none."
  type        = string
  default     = null
}

variable "tables" {
  description = "Output `tables` of the stack dynamodb."
  type = map(object({
    name               = string
    global_index_names = list(string)
    replica_regions    = list(string)
  }))
  default  = {}
  nullable = false
}

variable "buckets" {
  description = "Output `buckets` of the stack s3."
  type = map(object({
    name         = string
    replica_name = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "functions" {
  description = "Output `functions` of the stack lambda."
  type = map(object({
    name           = string
    timeout        = number
    log_group_name = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "apis" {
  description = "Output `apis` of the stack api_gateway."
  type = map(object({
    name  = string
    stage = string
  }))
  default  = {}
  nullable = false
}

variable "tags" {
  description = "Tags of the alarms, the topic and its key."
  type        = map(string)
  nullable    = false
}
