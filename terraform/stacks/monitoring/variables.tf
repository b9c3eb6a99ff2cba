variable "monitoring" {
  description = "Alarms, topic and dashboard. The fields are the variables of modules/monitoring, which documents and checks them; a field that is left out takes the default of that module."
  type = object({
    thresholds = optional(object({
      api_5xx                 = optional(number)
      api_latency_p99_ms      = optional(number)
      bedrock_throttles       = optional(number)
      dynamodb_system_errors  = optional(number)
      dynamodb_throttles      = optional(number)
      lambda_duration_percent = optional(number)
      lambda_error_percent    = optional(number)
      lambda_errors           = optional(number)
      lambda_throttles        = optional(number)
      replication_latency_ms  = optional(number)
      s3_replication_failures = optional(number)
    }))
    threshold_overrides = optional(map(object({
      api_5xx                 = optional(number)
      api_latency_p99_ms      = optional(number)
      bedrock_throttles       = optional(number)
      dynamodb_system_errors  = optional(number)
      dynamodb_throttles      = optional(number)
      lambda_duration_percent = optional(number)
      lambda_error_percent    = optional(number)
      lambda_errors           = optional(number)
      lambda_throttles        = optional(number)
      replication_latency_ms  = optional(number)
      s3_replication_failures = optional(number)
    })))
    disabled_alarms                = optional(set(string))
    evaluation_periods             = optional(number)
    datapoints_to_alarm            = optional(number)
    actions_enabled                = optional(bool)
    notify                         = optional(set(string))
    log_metric_namespace           = optional(string)
    bedrock_throttle_pattern       = optional(string)
    topic_name                     = optional(string)
    topic_arn                      = optional(string)
    topic_kms_key_arn              = optional(string)
    topic_kms_alias                = optional(string)
    topic_kms_deletion_window_days = optional(number)
    emails                         = optional(set(string))
    dashboard_name                 = optional(string)
  })
  nullable = false
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
