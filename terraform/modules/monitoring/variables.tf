variable "monitoring" {
  description = <<-EOT
    Alarms, topic and dashboard of one service in one region.
    - `thresholds` - An alarm goes off at or above its threshold, which is above 0.
    - `threshold_overrides` - Thresholds of single functions, tables, buckets and APIs, by their key, such as
      {generation = {lambda_errors = 3}}.
    - `thresholds.api_5xx`, `threshold_overrides.api_5xx` - Requests that end in a 5XX error, per five minutes.
    - `thresholds.api_latency_p99_ms`, `threshold_overrides.api_latency_p99_ms` - Milliseconds of the slowest request
      in a hundred.
    - `thresholds.bedrock_throttles`, `threshold_overrides.bedrock_throttles` - Throttled calls of Bedrock, per five
      minutes.
    - `thresholds.dynamodb_system_errors`, `threshold_overrides.dynamodb_system_errors` - Requests that DynamoDB
      answers with HTTP 500, per five minutes.
    - `thresholds.dynamodb_throttles`, `threshold_overrides.dynamodb_throttles` - Throttled reads or writes, per five
      minutes.
    - `thresholds.lambda_duration_percent`, `threshold_overrides.lambda_duration_percent` - Percent of the function's
      timeout, 100 at most.
    - `thresholds.lambda_error_percent`, `threshold_overrides.lambda_error_percent` - Percent of the invocations that
      fail, 100 at most; null for no such alarm.
    - `thresholds.lambda_errors`, `threshold_overrides.lambda_errors` - Failed invocations, per five minutes.
    - `thresholds.lambda_throttles`, `threshold_overrides.lambda_throttles` - Invocations refused for want of
      concurrency, per five minutes.
    - `thresholds.replication_latency_ms`, `threshold_overrides.replication_latency_ms` - Milliseconds that the
      replica of a table lags behind.
    - `thresholds.s3_replication_failures`, `threshold_overrides.s3_replication_failures` - Objects that do not reach
      the replica, per five minutes.
    - `disabled_alarms` - Names of thresholds, whose alarms are not made at all.
    - `evaluation_periods` - How many periods of five minutes an alarm looks at, 1 to 288; the one on latency looks at
      3 or more.
    - `datapoints_to_alarm` - How many of these periods must reach the threshold, 2 or more for the alarm on latency;
      null for all of them.
    - `actions_enabled` - Whether the alarms notify anyone. Turn it off for the time of a planned disturbance.
    - `notify` - The changes of state that are notified, of ALARM, OK and INSUFFICIENT_DATA.
    - `log_metric_namespace` - CloudWatch namespace of the metrics that are read from logs, 1 to 255 letters, digits
      and . _ / # -, not beginning with AWS/.
    - `bedrock_throttle_pattern` - CloudWatch Logs filter pattern of a throttled call of Bedrock, 1 to 1024
      characters. The default is how botocore words it, for InvokeModel and Converse, streamed or not.
    - `topic_name` - Name of the topic to make, 1 to 256 letters, digits, hyphens or underscores; null when
      `topic_arn` is given.
    - `topic_arn` - ARN of an existing topic of this region, which must let CloudWatch publish; null to make one.
    - `topic_kms_key_arn` - ARN of an existing key for the topic, whose policy must let cloudwatch.amazonaws.com use
      kms:Decrypt and kms:GenerateDataKey*; null to make one.
    - `topic_kms_alias` - Alias of the key that is made for the topic, with the prefix alias/; null for none.
    - `topic_kms_deletion_window_days` - Days for which the key can be restored after it was deleted, 7 to 30.
    - `emails` - Addresses that receive the notifications. Each must confirm the message that AWS sends it.
    - `dashboard_name` - Name of the dashboard, 1 to 255 letters, digits, hyphens or underscores, unique in the
      account over all regions; null for none.
  EOT
  type = object({
    thresholds = optional(object({
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
    }), {})
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
    })), {})
    disabled_alarms                = optional(set(string), [])
    evaluation_periods             = optional(number, 1)
    datapoints_to_alarm            = optional(number)
    actions_enabled                = optional(bool, true)
    notify                         = optional(set(string), ["ALARM", "OK"])
    log_metric_namespace           = optional(string, "SiteBuilder")
    bedrock_throttle_pattern       = optional(string, "%ThrottlingException.*InvokeModel|ThrottlingException.*Converse%")
    topic_name                     = optional(string)
    topic_arn                      = optional(string)
    topic_kms_key_arn              = optional(string)
    topic_kms_alias                = optional(string)
    topic_kms_deletion_window_days = optional(number, 30)
    emails                         = optional(set(string), [])
    dashboard_name                 = optional(string)
  })
  nullable = false

  validation {
    condition = alltrue([
      for name, value in var.monitoring.thresholds : coalesce(value, 1) > 0 && coalesce(value, 1) <= (endswith(name, "_percent") ? 100 : 1000000)
    ])
    error_message = "thresholds ${jsonencode(var.monitoring.thresholds)}: each must be above 0, and a percentage at most 100."
  }

  validation {
    condition = alltrue(flatten([
      for thresholds in values(var.monitoring.threshold_overrides) : [
        for name, value in thresholds : coalesce(value, 1) > 0 && coalesce(value, 1) <= (endswith(name, "_percent") ? 100 : 1000000)
      ]
    ]))
    error_message = "threshold_overrides ${jsonencode(var.monitoring.threshold_overrides)}: each must be above 0, and a percentage at most 100."
  }

  validation {
    condition = length(setsubtract(
      flatten([
        for key, thresholds in var.monitoring.threshold_overrides : [for name, value in thresholds : "${key}.${name}" if value != null]
      ]),
      [for alarm in local.definitions : "${alarm.key}.${alarm.threshold}"],
    )) == 0
    error_message = "threshold_overrides ${jsonencode({ for key, thresholds in var.monitoring.threshold_overrides : key => [for name, value in thresholds : name if value != null] })}: some match no alarm; the keys are those of functions, tables, buckets and apis, and lambda_* goes with a function and so on."
  }

  validation {
    condition     = length(setsubtract(var.monitoring.disabled_alarms, keys(var.monitoring.thresholds))) == 0
    error_message = "disabled_alarms ${jsonencode(var.monitoring.disabled_alarms)}: use names of ${join(", ", keys(var.monitoring.thresholds))}."
  }

  validation {
    condition     = contains(range(1, 289), var.monitoring.evaluation_periods)
    error_message = "evaluation_periods ${var.monitoring.evaluation_periods}: CloudWatch looks back a day at most, so give 1 to 288."
  }

  validation {
    condition     = contains(range(1, max(var.monitoring.evaluation_periods, 1) + 1), coalesce(var.monitoring.datapoints_to_alarm, 1))
    error_message = "datapoints_to_alarm ${jsonencode(var.monitoring.datapoints_to_alarm)}: give 1 to evaluation_periods, which is ${var.monitoring.evaluation_periods}."
  }

  validation {
    condition     = length(setsubtract(var.monitoring.notify, ["ALARM", "OK", "INSUFFICIENT_DATA"])) == 0
    error_message = "notify ${jsonencode(var.monitoring.notify)}: use ALARM, OK and INSUFFICIENT_DATA."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#-]{1,255}$", var.monitoring.log_metric_namespace)) && !startswith(var.monitoring.log_metric_namespace, "AWS/")
    error_message = "log_metric_namespace ${jsonencode(var.monitoring.log_metric_namespace)}: use 1 to 255 letters, digits and . _ / # -, and not AWS/, which is reserved."
  }

  validation {
    condition     = length(var.monitoring.bedrock_throttle_pattern) >= 1 && length(var.monitoring.bedrock_throttle_pattern) <= 1024
    error_message = "bedrock_throttle_pattern has ${length(var.monitoring.bedrock_throttle_pattern)} characters: CloudWatch Logs takes 1024, and none would match every record."
  }

  validation {
    condition     = (var.monitoring.topic_name == null) != (var.monitoring.topic_arn == null)
    error_message = "topic_name ${jsonencode(var.monitoring.topic_name)}, topic_arn ${jsonencode(var.monitoring.topic_arn)}: give either the name of a new topic or the ARN of an existing one."
  }

  validation {
    condition     = var.monitoring.topic_name == null || can(regex("^[A-Za-z0-9_-]{1,256}$", var.monitoring.topic_name))
    error_message = "topic_name ${jsonencode(var.monitoring.topic_name)}: use 1 to 256 letters, digits, hyphens or underscores; the topic is not a FIFO one, which alarms would not need."
  }

  validation {
    condition     = var.monitoring.topic_arn == null || can(regex("^arn:[^:]+:sns:${var.region}:[0-9]{12}:[A-Za-z0-9_-]+$", var.monitoring.topic_arn))
    error_message = "topic_arn ${jsonencode(var.monitoring.topic_arn)}: give the ARN of a topic in ${var.region}; an alarm cannot notify another region."
  }

  validation {
    condition     = var.monitoring.topic_kms_key_arn == null || can(regex("^arn:[^:]+:kms:${var.region}:[0-9]{12}:key/.+$", var.monitoring.topic_kms_key_arn))
    error_message = "topic_kms_key_arn ${jsonencode(var.monitoring.topic_kms_key_arn)}: give the ARN of a key (not of an alias) in ${var.region}."
  }

  validation {
    condition     = var.monitoring.topic_kms_key_arn == null || var.monitoring.topic_arn == null
    error_message = "topic_kms_key_arn ${jsonencode(var.monitoring.topic_kms_key_arn)}: the topic of topic_arn has its own key, leave one of the two out."
  }

  validation {
    condition     = var.monitoring.topic_kms_alias == null || can(regex("^alias/[A-Za-z0-9_/-]{1,250}$", var.monitoring.topic_kms_alias))
    error_message = "topic_kms_alias ${jsonencode(var.monitoring.topic_kms_alias)}: give alias/ and 1 to 250 letters, digits, hyphens, underscores or slashes."
  }

  validation {
    condition     = var.monitoring.topic_kms_alias == null || !startswith(coalesce(var.monitoring.topic_kms_alias, "-"), "alias/aws/")
    error_message = "topic_kms_alias ${jsonencode(var.monitoring.topic_kms_alias)}: alias/aws/ is reserved for AWS, use another name."
  }

  validation {
    condition     = var.monitoring.topic_kms_alias == null || (var.monitoring.topic_arn == null && var.monitoring.topic_kms_key_arn == null)
    error_message = "topic_kms_alias ${jsonencode(var.monitoring.topic_kms_alias)}: with topic_arn or topic_kms_key_arn no key is made here, leave the alias out."
  }

  validation {
    condition     = contains(range(7, 31), var.monitoring.topic_kms_deletion_window_days)
    error_message = "topic_kms_deletion_window_days ${var.monitoring.topic_kms_deletion_window_days}: KMS takes 7 to 30."
  }

  validation {
    condition     = alltrue([for email in var.monitoring.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "emails ${jsonencode(var.monitoring.emails)}: each must be an e-mail address."
  }

  validation {
    condition     = length(var.monitoring.emails) == 0 || var.monitoring.topic_arn == null
    error_message = "emails ${jsonencode(var.monitoring.emails)}: the subscriptions of topic_arn belong to whoever manages it, leave one of the two out."
  }

  validation {
    condition     = var.monitoring.dashboard_name == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.monitoring.dashboard_name))
    error_message = "dashboard_name ${jsonencode(var.monitoring.dashboard_name)}: use 1 to 255 letters, digits, hyphens or underscores."
  }
}

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

variable "tags" {
  description = "Tags of the alarms, the topic and its key; AWS has none for dashboards, metric filters and aliases."
  type        = map(string)
  nullable    = false
}
