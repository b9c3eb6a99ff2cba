variable "region" {
  description = "Region of the provider, where the metrics are; the charts and the topic's key refer to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region ${jsonencode(var.region)}: give an AWS region such as eu-west-1."
  }
}

variable "functions" {
  description = "Functions by key: name, timeout in seconds, and log_group_name, without which Bedrock's throttling is not watched."
  type = map(object({
    name           = string
    timeout        = number
    log_group_name = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "tables" {
  description = "Tables by key: name, global_index_names of the global secondary indexes, replica_regions. A local index has no metrics of its own."
  type = map(object({
    name               = string
    global_index_names = optional(list(string), [])
    replica_regions    = optional(list(string), [])
  }))
  default  = {}
  nullable = false
}

variable "buckets" {
  description = "Buckets by key: name, replica_name (null for none), replica_region (without it there is no chart of the latency), replication_rule_id (default: the one of modules/s3)."
  type = map(object({
    name                = string
    replica_name        = optional(string)
    replica_region      = optional(string)
    replication_rule_id = optional(string, "disaster-recovery")
  }))
  default  = {}
  nullable = false
}

variable "apis" {
  description = "REST APIs by key: name and stage."
  type = map(object({
    name  = string
    stage = string
  }))
  default  = {}
  nullable = false
}

variable "thresholds" {
  description = <<-EOT
    An alarm goes off at or above its threshold. Counts are per five minutes:
    - api_5xx, bedrock_throttles, dynamodb_system_errors, dynamodb_throttles, lambda_errors, lambda_throttles and
      s3_replication_failures: counts.
    - api_latency_p99_ms, replication_latency_ms: milliseconds.
    - lambda_duration_percent: percent of the function's timeout.
    - lambda_error_percent: percent of the invocations; null (default) for no such alarm.
  EOT
  type = object({
    api_5xx                 = optional(number, 1)
    api_latency_p99_ms      = optional(number, 28000)
    bedrock_throttles       = optional(number, 5)
    dynamodb_system_errors  = optional(number, 1)
    dynamodb_throttles      = optional(number, 1)
    lambda_duration_percent = optional(number, 90)
    lambda_error_percent    = optional(number)
    lambda_errors           = optional(number, 1)
    lambda_throttles        = optional(number, 1)
    replication_latency_ms  = optional(number, 60000)
    s3_replication_failures = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, value in var.thresholds : coalesce(value, 1) > 0 && coalesce(value, 1) <= (endswith(name, "_percent") ? 100 : 1000000)
    ])
    error_message = "thresholds ${jsonencode(var.thresholds)}: each must be above 0, and a percentage at most 100."
  }
}

variable "threshold_overrides" {
  description = "Thresholds of single functions, tables, buckets and APIs, by their key: {generation = {lambda_errors = 3}}. The names are those of thresholds."
  type = map(object({
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
  default  = {}
  nullable = false

  validation {
    condition = alltrue(flatten([
      for thresholds in values(var.threshold_overrides) : [
        for name, value in thresholds : coalesce(value, 1) > 0 && coalesce(value, 1) <= (endswith(name, "_percent") ? 100 : 1000000)
      ]
    ]))
    error_message = "threshold_overrides ${jsonencode(var.threshold_overrides)}: each must be above 0, and a percentage at most 100."
  }

  validation {
    condition = length(setsubtract(
      flatten([
        for key, thresholds in var.threshold_overrides : [for name, value in thresholds : "${key}.${name}" if value != null]
      ]),
      [for alarm in local.definitions : "${alarm.key}.${alarm.threshold}"],
    )) == 0
    error_message = "threshold_overrides ${jsonencode({ for key, thresholds in var.threshold_overrides : key => [for name, value in thresholds : name if value != null] })}: some match no alarm; the keys are those of functions, tables, buckets and apis, and lambda_* goes with a function and so on."
  }
}

variable "disabled_alarms" {
  description = "Names of thresholds, see there, whose alarms are not made at all."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.disabled_alarms, keys(var.thresholds))) == 0
    error_message = "disabled_alarms ${jsonencode(var.disabled_alarms)}: use names of ${join(", ", keys(var.thresholds))}."
  }
}

variable "evaluation_periods" {
  description = "How many periods of five minutes an alarm looks at; the one on latency looks at 3 or more."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = contains(range(1, 289), var.evaluation_periods)
    error_message = "evaluation_periods ${var.evaluation_periods}: CloudWatch looks back a day at most, so give 1 to 288."
  }
}

variable "datapoints_to_alarm" {
  description = "How many of these periods must reach the threshold; for the alarm on latency 2 or more. Null for all of them."
  type        = number
  default     = null

  validation {
    condition     = contains(range(1, var.evaluation_periods + 1), coalesce(var.datapoints_to_alarm, 1))
    error_message = "datapoints_to_alarm ${jsonencode(var.datapoints_to_alarm)}: give 1 to evaluation_periods, which is ${var.evaluation_periods}."
  }
}

variable "actions_enabled" {
  description = "Whether the alarms notify anyone. Turn it off for the time of a planned disturbance."
  type        = bool
  default     = true
  nullable    = false
}

variable "notify" {
  description = "The changes of state that are notified: ALARM, OK, INSUFFICIENT_DATA."
  type        = set(string)
  default     = ["ALARM", "OK"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.notify, ["ALARM", "OK", "INSUFFICIENT_DATA"])) == 0
    error_message = "notify ${jsonencode(var.notify)}: use ALARM, OK and INSUFFICIENT_DATA."
  }
}

variable "log_metric_namespace" {
  description = "CloudWatch namespace of the metrics that are read from logs."
  type        = string
  default     = "SiteBuilder"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#-]{1,255}$", var.log_metric_namespace)) && !startswith(var.log_metric_namespace, "AWS/")
    error_message = "log_metric_namespace ${jsonencode(var.log_metric_namespace)}: use 1 to 255 letters, digits and . _ / # -, and not AWS/, which is reserved."
  }
}

variable "bedrock_throttle_pattern" {
  description = "CloudWatch Logs filter pattern of a throttled call of Bedrock. The default is how botocore words it, for InvokeModel and Converse, streamed or not."
  type        = string
  default     = "%ThrottlingException.*InvokeModel|ThrottlingException.*Converse%"
  nullable    = false

  validation {
    condition     = length(var.bedrock_throttle_pattern) >= 1 && length(var.bedrock_throttle_pattern) <= 1024
    error_message = "bedrock_throttle_pattern has ${length(var.bedrock_throttle_pattern)} characters: CloudWatch Logs takes 1024, and none would match every record."
  }
}

variable "topic_name" {
  description = "Name of the topic to make. Null when topic_arn is given."
  type        = string
  default     = null

  validation {
    condition     = (var.topic_name == null) != (var.topic_arn == null)
    error_message = "topic_name ${jsonencode(var.topic_name)}, topic_arn ${jsonencode(var.topic_arn)}: give either the name of a new topic or the ARN of an existing one."
  }

  validation {
    condition     = var.topic_name == null || can(regex("^[A-Za-z0-9_-]{1,256}$", var.topic_name))
    error_message = "topic_name ${jsonencode(var.topic_name)}: use 1 to 256 letters, digits, hyphens or underscores; the topic is not a FIFO one, which alarms would not need."
  }
}

variable "topic_arn" {
  description = "ARN of an existing topic of this region, which must let CloudWatch publish. Null to make one."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arn == null || can(regex("^arn:[^:]+:sns:${var.region}:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "topic_arn ${jsonencode(var.topic_arn)}: give the ARN of a topic in ${var.region}; an alarm cannot notify another region."
  }
}

variable "topic_kms_key_arn" {
  description = "ARN of an existing key for the topic, whose policy must let cloudwatch.amazonaws.com use kms:Decrypt and kms:GenerateDataKey*. Null to make one."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_key_arn == null || can(regex("^arn:[^:]+:kms:${var.region}:[0-9]{12}:key/.+$", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn ${jsonencode(var.topic_kms_key_arn)}: give the ARN of a key (not of an alias) in ${var.region}."
  }

  validation {
    condition     = var.topic_kms_key_arn == null || var.topic_arn == null
    error_message = "topic_kms_key_arn ${jsonencode(var.topic_kms_key_arn)}: the topic of topic_arn has its own key, leave one of the two out."
  }
}

variable "topic_kms_alias" {
  description = "Alias of the key that is made for the topic, with the prefix alias/. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_alias == null || can(regex("^alias/[A-Za-z0-9_/-]{1,250}$", var.topic_kms_alias))
    error_message = "topic_kms_alias ${jsonencode(var.topic_kms_alias)}: give alias/ and 1 to 250 letters, digits, hyphens, underscores or slashes."
  }

  validation {
    condition     = var.topic_kms_alias == null || !startswith(coalesce(var.topic_kms_alias, "-"), "alias/aws/")
    error_message = "topic_kms_alias ${jsonencode(var.topic_kms_alias)}: alias/aws/ is reserved for AWS, use another name."
  }

  validation {
    condition     = var.topic_kms_alias == null || (var.topic_arn == null && var.topic_kms_key_arn == null)
    error_message = "topic_kms_alias ${jsonencode(var.topic_kms_alias)}: with topic_arn or topic_kms_key_arn no key is made here, leave the alias out."
  }
}

variable "topic_kms_deletion_window_days" {
  description = "Days for which the key can be restored after it was deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains(range(7, 31), var.topic_kms_deletion_window_days)
    error_message = "topic_kms_deletion_window_days ${var.topic_kms_deletion_window_days}: KMS takes 7 to 30."
  }
}

variable "emails" {
  description = "Addresses that receive the notifications. Each must confirm the message that AWS sends it."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails ${jsonencode(var.emails)}: each must be an e-mail address."
  }

  validation {
    condition     = length(var.emails) == 0 || var.topic_arn == null
    error_message = "emails ${jsonencode(var.emails)}: the subscriptions of topic_arn belong to whoever manages it, leave one of the two out."
  }
}

variable "dashboard_name" {
  description = "Name of the dashboard, unique in the account over all regions. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_name == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.dashboard_name))
    error_message = "dashboard_name ${jsonencode(var.dashboard_name)}: use 1 to 255 letters, digits, hyphens or underscores."
  }
}

variable "tags" {
  description = "Tags of the alarms, the topic and its key; AWS has none for dashboards, metric filters and aliases."
  type        = map(string)
  nullable    = false
}
