locals {
  lambda_alarms = flatten([
    for key, function in var.functions : [
      for alarm in [
        {
          threshold   = "lambda_errors"
          suffix      = "errors"
          metric      = "Errors"
          stat        = "Sum"
          description = "Invocations of ${function.name} fail."
        },
        {
          threshold   = "lambda_error_percent"
          suffix      = "error-rate"
          expression  = "100 * errors / invocations"
          label       = "Failed invocations in percent"
          stat        = "Sum"
          description = "Too large a part of the invocations of ${function.name} fails."
          queries = {
            for metric in ["Errors", "Invocations"] : lower(metric) => { metric = metric, dimensions = { FunctionName = function.name } }
          }
        },
        {
          threshold   = "lambda_throttles"
          suffix      = "throttles"
          metric      = "Throttles"
          stat        = "Sum"
          description = "Invocations of ${function.name} are refused for want of concurrency."
        },
        {
          # Maximum: an average hides the one run that is about to be cut off. Percent of seconds, in milliseconds.
          threshold   = "lambda_duration_percent"
          suffix      = "duration"
          metric      = "Duration"
          stat        = "Maximum"
          scale       = function.timeout * 10
          description = "Runs of ${function.name} come close to its timeout of ${function.timeout} s."
        },
        ] : merge(alarm, {
          key        = key
          name       = "${function.name}-${alarm.suffix}"
          namespace  = "AWS/Lambda"
          dimensions = { FunctionName = function.name }
      })
    ]
  ])

  # The metric has no dimensions (a filter takes them only from fields of the log record), so its name tells whose it is.
  bedrock_alarms = [
    for key, function in var.functions : {
      key         = key
      name        = "${function.name}-bedrock-throttles"
      threshold   = "bedrock_throttles"
      metric      = "${function.name}-bedrock-throttles"
      dimensions  = {}
      stat        = "Sum"
      description = "Bedrock throttles the calls of ${function.name}."
    } if function.log_group_name != null
  ]
}

# The logs and not AWS/Bedrock: that metric is per model, and in Bedrock's region, where an alarm of this one cannot see it.
resource "aws_cloudwatch_log_metric_filter" "bedrock" {
  for_each = {
    for alarm in local.bedrock_alarms : alarm.key => alarm.metric if !contains(var.monitoring.disabled_alarms, alarm.threshold)
  }

  name           = each.value
  log_group_name = var.functions[each.key].log_group_name
  pattern        = var.monitoring.bedrock_throttle_pattern

  metric_transformation {
    namespace     = var.monitoring.log_metric_namespace
    name          = each.value
    value         = "1"
    default_value = "0"
  }
}
