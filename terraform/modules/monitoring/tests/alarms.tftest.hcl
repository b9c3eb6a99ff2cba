# Plans only, without AWS. tests/ of the collection apply the stacks to an emulator.
mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  region = "af-south-1"
  tags   = { Environment = "prod" }
  functions = {
    generation = { name = "generation-prod", timeout = 29, log_group_name = "/aws/lambda/generation-prod" }
    quiet      = { name = "quiet-prod", timeout = 300 }
  }
  tables = {
    sites  = { name = "sites-prod", global_index_names = ["by-tenant"], replica_regions = ["eu-west-1"] }
    events = { name = "events-prod" }
  }
  buckets = {
    assets = { name = "assets-prod", replica_name = "assets-prod-dr", replica_region = "eu-west-1" }
    copied = { name = "copied-prod", replica_name = "somewhere" }
    logs   = { name = "logs-prod" }
  }
  apis = {
    generation = { name = "site-builder-prod", stage = "v1" }
  }
  monitoring = {
    topic_arn = "arn:aws:sns:af-south-1:111122223333:alarms"
  }
}

run "what_there_is" {
  command = plan

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "generation-prod-errors", "generation-prod-throttles", "generation-prod-duration", "generation-prod-bedrock-throttles",
      "quiet-prod-errors", "quiet-prod-throttles", "quiet-prod-duration",
      "sites-prod-read-throttles", "sites-prod-write-throttles", "sites-prod-system-errors",
      "sites-prod-by-tenant-read-throttles", "sites-prod-by-tenant-write-throttles", "sites-prod-replication-latency-eu-west-1",
      "events-prod-read-throttles", "events-prod-write-throttles", "events-prod-system-errors",
      "assets-prod-replication-failures", "copied-prod-replication-failures", "site-builder-prod-5xx", "site-builder-prod-latency",
    ])
    error_message = "The alarms of each resource, named after it."
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_name == name && length(alarm.alarm_description) > 0 && alarm.actions_enabled &&
      alarm.treat_missing_data == "notBreaching" &&
      alarm.comparison_operator == "GreaterThanOrEqualToThreshold" && alarm.tags == tomap({ Environment = "prod" })
    ])
    error_message = "Idle services must be OK, and an alarm goes off at its threshold."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset([var.monitoring.topic_arn]) && alarm.ok_actions == toset([var.monitoring.topic_arn]) && length(alarm.insufficient_data_actions) == 0
    ])
    error_message = "The topic hears of an alarm and of its end."
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name =>
      "${alarm.namespace} ${alarm.metric_name} ${join(" ", [for key, value in alarm.dimensions : "${key}=${value}"])} ${alarm.extended_statistic == null ? alarm.statistic : alarm.extended_statistic} ${alarm.threshold}"
      if length(alarm.metric_query) == 0 && !startswith(name, "quiet") && !startswith(name, "events")
      } == {
      "generation-prod-errors"                   = "AWS/Lambda Errors FunctionName=generation-prod Sum 1"
      "generation-prod-throttles"                = "AWS/Lambda Throttles FunctionName=generation-prod Sum 1"
      "generation-prod-duration"                 = "AWS/Lambda Duration FunctionName=generation-prod Maximum 26100"
      "generation-prod-bedrock-throttles"        = "SiteBuilder generation-prod-bedrock-throttles  Sum 5"
      "sites-prod-read-throttles"                = "AWS/DynamoDB ReadThrottleEvents TableName=sites-prod Sum 1"
      "sites-prod-write-throttles"               = "AWS/DynamoDB WriteThrottleEvents TableName=sites-prod Sum 1"
      "sites-prod-by-tenant-read-throttles"      = "AWS/DynamoDB ReadThrottleEvents GlobalSecondaryIndexName=by-tenant TableName=sites-prod Sum 1"
      "sites-prod-by-tenant-write-throttles"     = "AWS/DynamoDB WriteThrottleEvents GlobalSecondaryIndexName=by-tenant TableName=sites-prod Sum 1"
      "sites-prod-replication-latency-eu-west-1" = "AWS/DynamoDB ReplicationLatency ReceivingRegion=eu-west-1 TableName=sites-prod Average 60000"
      "assets-prod-replication-failures"         = "AWS/S3 OperationsFailedReplication DestinationBucket=assets-prod-dr RuleId=disaster-recovery SourceBucket=assets-prod Sum 1"
      "site-builder-prod-5xx"                    = "AWS/ApiGateway 5XXError ApiName=site-builder-prod Stage=v1 Sum 1"
      "copied-prod-replication-failures"         = "AWS/S3 OperationsFailedReplication DestinationBucket=somewhere RuleId=disaster-recovery SourceBucket=copied-prod Sum 1"
      "site-builder-prod-latency"                = "AWS/ApiGateway Latency ApiName=site-builder-prod Stage=v1 p99 28000"
    }
    error_message = "Every metric needs exactly the dimensions that AWS publishes it with; a duration follows the function's own timeout."
  }

  assert {
    condition     = strcontains(file("${path.module}/../s3/main.replication.tf"), "\"${aws_cloudwatch_metric_alarm.this["assets-prod-replication-failures"].dimensions.RuleId}\"")
    error_message = "The rule must be the one that modules/s3 makes."
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      "${alarm.datapoints_to_alarm} of ${alarm.evaluation_periods}" == (name == "site-builder-prod-latency" ? "2 of 3" : "1 of 1")
    ])
    error_message = "The p99 of a handful of requests is the slowest of them: a single one is no reason to call anyone."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["site-builder-prod-latency"].evaluate_low_sample_count_percentiles == "evaluate"
    error_message = "With \"ignore\" a p99 needs 1000 requests in a period: the alarm would never go off, or never end."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["quiet-prod-duration"].threshold == 270000
    error_message = "90 percent of 300 s is 270000 ms."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this : alarm.period == 300 && (alarm.statistic == null) != (alarm.extended_statistic == null)
      if length(alarm.metric_query) == 0
    ])
    error_message = "Five minutes, and one kind of statistic."
  }

  assert {
    condition = alltrue([
      for name in ["sites-prod-system-errors", "events-prod-system-errors"] :
      length([for query in aws_cloudwatch_metric_alarm.this[name].metric_query : query if length(query.metric) == 1]) == 10 &&
      alltrue([
        for query in aws_cloudwatch_metric_alarm.this[name].metric_query : length(query.metric) == 0 ? query.expression == "SUM(METRICS())" && query.return_data : (
          query.metric[0].metric_name == "SystemErrors" && query.metric[0].period == 300 && query.metric[0].stat == "Sum" &&
          toset(keys(query.metric[0].dimensions)) == toset(["TableName", "Operation"])
        )
      ]) &&
      aws_cloudwatch_metric_alarm.this[name].metric_name == null && aws_cloudwatch_metric_alarm.this[name].period == null
    ])
    error_message = "System errors are the sum over at most ten operations: with the table alone as dimension there is no data."
  }

  assert {
    condition = (
      keys(aws_cloudwatch_log_metric_filter.bedrock) == ["generation"] &&
      aws_cloudwatch_log_metric_filter.bedrock["generation"].log_group_name == "/aws/lambda/generation-prod" &&
      aws_cloudwatch_log_metric_filter.bedrock["generation"].metric_transformation[0].name == aws_cloudwatch_metric_alarm.this["generation-prod-bedrock-throttles"].metric_name &&
      aws_cloudwatch_log_metric_filter.bedrock["generation"].metric_transformation[0].namespace == aws_cloudwatch_metric_alarm.this["generation-prod-bedrock-throttles"].namespace
    )
    error_message = "The metric that the filter writes is the one that the alarm reads."
  }

  assert {
    condition     = length(aws_sns_topic.this) + length(aws_sns_topic_policy.this) + length(aws_kms_key.this) + length(aws_kms_alias.this) + length(aws_cloudwatch_dashboard.this) == 0
    error_message = "With a topic given none is made, and no dashboard without a name."
  }

  assert {
    condition     = output.topic_arn == var.monitoring.topic_arn && output.kms_key_arn == null && output.dashboard_name == null && toset(keys(output.alarms)) == toset(keys(aws_cloudwatch_metric_alarm.this))
    error_message = "The outputs say what there is."
  }
}

run "settings" {
  command = plan

  variables {
    monitoring = merge(var.monitoring, {
      thresholds = { lambda_errors = 4, lambda_duration_percent = 50, dynamodb_throttles = 7 }
      threshold_overrides = {
        generation = { lambda_errors = 2, lambda_error_percent = 10, api_5xx = 3, bedrock_throttles = 9 }
        events     = { dynamodb_throttles = 100 }
      }
      disabled_alarms          = ["lambda_throttles", "replication_latency_ms"]
      evaluation_periods       = 3
      datapoints_to_alarm      = 2
      actions_enabled          = false
      notify                   = ["INSUFFICIENT_DATA"]
      log_metric_namespace     = "Acme/Logs"
      bedrock_throttle_pattern = "throttled"
    })
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.threshold } == {
      "generation-prod-errors"               = 2
      "generation-prod-error-rate"           = 10
      "generation-prod-duration"             = 14500
      "generation-prod-bedrock-throttles"    = 9
      "quiet-prod-errors"                    = 4
      "quiet-prod-duration"                  = 150000
      "sites-prod-read-throttles"            = 7
      "sites-prod-write-throttles"           = 7
      "sites-prod-system-errors"             = 1
      "sites-prod-by-tenant-read-throttles"  = 7
      "sites-prod-by-tenant-write-throttles" = 7
      "events-prod-read-throttles"           = 100
      "events-prod-write-throttles"          = 100
      "events-prod-system-errors"            = 1
      "assets-prod-replication-failures"     = 1
      "site-builder-prod-5xx"                = 3
      "copied-prod-replication-failures"     = 1
      "site-builder-prod-latency"            = 28000
    }
    error_message = "A threshold of one resource wins over the common one; disabled alarms are not there."
  }

  assert {
    condition = {
      for query in aws_cloudwatch_metric_alarm.this["generation-prod-error-rate"].metric_query :
      query.id => length(query.metric) == 0 ? query.expression : query.metric[0].metric_name
    } == { errors = "Errors", invocations = "Invocations", result = "100 * errors / invocations" }
    error_message = "The error rate is errors by invocations."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.evaluation_periods == 3 && alarm.datapoints_to_alarm == 2 && !alarm.actions_enabled &&
      length(alarm.alarm_actions) + length(alarm.ok_actions) == 0 && alarm.insufficient_data_actions == toset([var.monitoring.topic_arn])
    ])
    error_message = "Evaluation and notification must reach every alarm."
  }

  assert {
    condition = (
      aws_cloudwatch_log_metric_filter.bedrock["generation"].pattern == "throttled" &&
      aws_cloudwatch_log_metric_filter.bedrock["generation"].metric_transformation[0].namespace == "Acme/Logs" &&
      aws_cloudwatch_metric_alarm.this["generation-prod-bedrock-throttles"].namespace == "Acme/Logs"
    )
    error_message = "Filter and alarm use the namespace and the pattern that were given."
  }
}

run "replication_in_two_regions" {
  command = plan

  variables {
    monitoring = merge(var.monitoring, {
      dashboard_name = "replication"
    })
  }

  assert {
    condition = jsonencode([
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.metrics
      if widget.properties.title == "Bucket replication latency (s)"
      ]) == jsonencode([[
        ["AWS/S3", "ReplicationLatency", "DestinationBucket", "assets-prod-dr", "RuleId", "disaster-recovery", "SourceBucket", "assets-prod", { region = "eu-west-1" }],
    ]])
    error_message = "S3 publishes the latency in the replica's region; where that is not known the chart would stay empty."
  }

  assert {
    condition = jsonencode([
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.metrics
      if widget.properties.title == "Bucket replication failures"
      ]) == jsonencode([[
        ["AWS/S3", "OperationsFailedReplication", "DestinationBucket", "assets-prod-dr", "RuleId", "disaster-recovery", "SourceBucket", "assets-prod"],
        ["AWS/S3", "OperationsFailedReplication", "DestinationBucket", "somewhere", "RuleId", "disaster-recovery", "SourceBucket", "copied-prod"],
    ]])
    error_message = "Failures are published in the source's region, that of the dashboard."
  }
}

run "long_names" {
  command = plan

  variables {
    functions = {}
    tables    = { long = { name = join("", [for n in range(250) : "t"]), global_index_names = [join("", [for n in range(250) : "a"]), join("", [for n in range(250) : "b"])] } }
    buckets   = {}
    apis      = {}
    monitoring = merge(var.monitoring, {
      disabled_alarms = ["bedrock_throttles"]
      dashboard_name  = "tables"
    })
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 7 && alltrue([for name in keys(aws_cloudwatch_metric_alarm.this) : length(name) <= 255])
    error_message = "Names are cut to 255 characters and stay different."
  }

  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title] == ["Table capacity used", "Table throttles", "Table system errors"]
    error_message = "A chart without metrics is left out."
  }
}

run "nothing_to_watch" {
  command = plan

  variables {
    functions = {}
    tables    = {}
    buckets   = {}
    apis      = {}
    monitoring = merge(var.monitoring, {
      dashboard_name = "empty"
    })
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) + length(aws_cloudwatch_log_metric_filter.bedrock) + length(aws_cloudwatch_dashboard.this) == 0
    error_message = "No alarm, and no dashboard without charts, which CloudWatch refuses."
  }
}

run "latency_in_more_periods" {
  command = plan

  variables {
    monitoring = merge(var.monitoring, {
      evaluation_periods = 4
    })
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.evaluation_periods == 4 && alarm.datapoints_to_alarm == 4])
    error_message = "All of them, as nothing else was said, and written out: AWS would keep the number it had."
  }
}

run "latency_in_one_of_more_periods" {
  command = plan

  variables {
    monitoring = merge(var.monitoring, {
      evaluation_periods  = 4
      datapoints_to_alarm = 1
    })
  }

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      "${alarm.datapoints_to_alarm} of ${alarm.evaluation_periods}" == (name == "site-builder-prod-latency" ? "2 of 4" : "1 of 4")
    ])
    error_message = "One slow period is not enough for a percentile, whatever the others do."
  }
}
