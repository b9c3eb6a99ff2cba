locals {
  lambda_metrics = {
    for metric in ["Duration", "Errors", "Invocations", "Throttles"] :
    metric => [for function in var.functions : ["AWS/Lambda", metric, "FunctionName", function.name]]
  }

  dynamodb_metrics = {
    for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"] :
    metric => [
      for target in local.dynamodb_throttle_targets : concat(["AWS/DynamoDB", metric], flatten([for name, value in target.dimensions : [name, value]]))
    ]
  }

  dynamodb_system_errors = [
    for pair in setproduct(values(var.tables)[*].name, local.dynamodb_operations) :
    ["AWS/DynamoDB", "SystemErrors", "TableName", pair[0], "Operation", pair[1]]
  ]

  dynamodb_replication = [
    for replica in local.dynamodb_replicas : ["AWS/DynamoDB", "ReplicationLatency", "TableName", replica.table, "ReceivingRegion", replica.region]
  ]

  api_metrics = {
    for metric in ["4XXError", "5XXError", "Count", "Latency"] :
    metric => [for api in var.apis : ["AWS/ApiGateway", metric, "ApiName", api.name, "Stage", api.stage]]
  }

  # S3 counts failures in the bucket's region and measures latency in the replica's.
  s3_metrics = {
    for metric in ["OperationsFailedReplication", "ReplicationLatency"] :
    metric => [
      for replication in local.s3_replications : concat(
        ["AWS/S3", metric],
        flatten([for name, value in replication.dimensions : [name, value]]),
        metric == "ReplicationLatency" ? [{ region = replication.replica_region }] : [],
      ) if metric != "ReplicationLatency" || replication.replica_region != null
    ]
  }

  # CloudWatch refuses a chart without metrics.
  charts = [
    for chart in [
      { title = "API requests", stat = "Sum", metrics = local.api_metrics["Count"] },
      { title = "API errors", stat = "Sum", metrics = concat(local.api_metrics["4XXError"], local.api_metrics["5XXError"]) },
      { title = "API latency (ms, p99)", stat = "p99", metrics = local.api_metrics["Latency"] },
      { title = "Function invocations", stat = "Sum", metrics = local.lambda_metrics["Invocations"] },
      { title = "Function errors and throttles", stat = "Sum", metrics = concat(local.lambda_metrics["Errors"], local.lambda_metrics["Throttles"]) },
      { title = "Function duration (ms, longest)", stat = "Maximum", metrics = local.lambda_metrics["Duration"] },
      {
        title   = "Table capacity used"
        stat    = "Sum"
        metrics = concat(local.dynamodb_metrics["ConsumedReadCapacityUnits"], local.dynamodb_metrics["ConsumedWriteCapacityUnits"])
      },
      { title = "Table throttles", stat = "Sum", metrics = concat(local.dynamodb_metrics["ReadThrottleEvents"], local.dynamodb_metrics["WriteThrottleEvents"]) },
      { title = "Table system errors", stat = "Sum", metrics = local.dynamodb_system_errors },
      { title = "Table replication latency (ms)", stat = "Average", metrics = local.dynamodb_replication },
      { title = "Bucket replication failures", stat = "Sum", metrics = local.s3_metrics["OperationsFailedReplication"] },
      { title = "Bucket replication latency (s)", stat = "Maximum", metrics = local.s3_metrics["ReplicationLatency"] },
    ] : chart if length(chart.metrics) > 0
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.monitoring.dashboard_name != null && length(local.charts) > 0 ? 1 : 0

  dashboard_name = var.monitoring.dashboard_name

  # Three charts side by side on the grid of 24 columns.
  dashboard_body = jsonencode({
    widgets = [
      for index, chart in local.charts : {
        type       = "metric"
        x          = index % 3 * 8
        y          = floor(index / 3) * 6
        width      = 8
        height     = 6
        properties = merge(chart, { region = var.region, period = local.period, view = "timeSeries", stacked = false })
      }
    ]
  })
}
