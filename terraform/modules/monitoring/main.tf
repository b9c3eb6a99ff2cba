locals {
  # The thresholds that are counts are counts per this many seconds.
  period = 300

  datapoints_to_alarm = coalesce(var.monitoring.datapoints_to_alarm, var.monitoring.evaluation_periods)

  # One object per alarm: key of the resource, name of its threshold, and what to measure, either one metric or
  # an expression over queries. A metric's threshold is in the metric's unit times scale; without a namespace it is read from logs.
  # Nothing here follows from var.monitoring, whose validation looks at the keys and thresholds.
  definitions = [
    for alarm in concat(
      local.lambda_alarms,
      local.bedrock_alarms,
      local.dynamodb_alarms,
      local.s3_alarms,
      local.api_alarms,
    ) : merge({ scale = 1, namespace = null, metric = null, expression = null, queries = {} }, alarm)
  ]

  # coalesce() fails on null, so that try() goes on to the common threshold.
  limits = [
    for alarm in local.definitions :
    try(coalesce(var.monitoring.threshold_overrides[alarm.key][alarm.threshold]), var.monitoring.thresholds[alarm.threshold])
  ]

  # A name over 255 characters keeps its beginning, and a hash in place of the rest.
  alarms = {
    for index, alarm in local.definitions :
    length(alarm.name) <= 255 ? alarm.name : "${substr(alarm.name, 0, 246)}-${substr(sha256(alarm.name), 0, 8)}" => merge(
      alarm, { limit = local.limits[index] * alarm.scale }
    )
    if local.limits[index] != null && !contains(var.monitoring.disabled_alarms, alarm.threshold)
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = each.key
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.limit

  # The p99 of a few requests is the slowest of them: one slow request is a datapoint, two periods with one are an alarm.
  # Written out even where it is all periods: left out, an earlier number would stay.
  evaluation_periods  = startswith(each.value.stat, "p") ? max(3, var.monitoring.evaluation_periods) : var.monitoring.evaluation_periods
  datapoints_to_alarm = startswith(each.value.stat, "p") ? max(2, local.datapoints_to_alarm) : local.datapoints_to_alarm

  # No traffic, no data: an idle service is a healthy one.
  treat_missing_data = "notBreaching"

  actions_enabled           = var.monitoring.actions_enabled
  alarm_actions             = contains(var.monitoring.notify, "ALARM") ? [local.topic_arn] : []
  ok_actions                = contains(var.monitoring.notify, "OK") ? [local.topic_arn] : []
  insufficient_data_actions = contains(var.monitoring.notify, "INSUFFICIENT_DATA") ? [local.topic_arn] : []

  namespace          = each.value.metric == null ? null : coalesce(each.value.namespace, var.monitoring.log_metric_namespace)
  metric_name        = each.value.metric
  dimensions         = each.value.metric == null ? null : each.value.dimensions
  period             = each.value.metric == null ? null : local.period
  statistic          = each.value.metric == null || startswith(each.value.stat, "p") ? null : each.value.stat
  extended_statistic = startswith(each.value.stat, "p") ? each.value.stat : null

  # "ignore" would leave the state alone below 1000 requests in a period, which this service never has. Written out, as null
  # would keep an earlier "ignore".
  evaluate_low_sample_count_percentiles = startswith(each.value.stat, "p") ? "evaluate" : null

  dynamic "metric_query" {
    for_each = each.value.expression[*]

    content {
      id          = "result"
      expression  = metric_query.value
      label       = each.value.label
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.queries

    content {
      id = metric_query.key

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        period      = local.period
        stat        = each.value.stat
      }
    }
  }

  tags = var.tags
}
