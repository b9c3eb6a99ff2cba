locals {
  # SystemErrors exists per operation only. An alarm takes ten metrics, which these are.
  dynamodb_operations = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
  ]

  # The table and each of its global indexes: what has capacity of its own. A local index shares the table's.
  dynamodb_throttle_targets = flatten([
    for key, table in var.tables : concat(
      [{ key = key, label = table.name, name = table.name, dimensions = { TableName = table.name } }],
      [
        for index in table.global_index_names : {
          key        = key
          label      = "index ${index} of ${table.name}"
          name       = "${table.name}-${index}"
          dimensions = { TableName = table.name, GlobalSecondaryIndexName = index }
        }
      ],
    )
  ])

  dynamodb_replicas = flatten([
    for key, table in var.tables : [
      for region in table.replica_regions : { key = key, table = table.name, region = region }
    ]
  ])

  # ReadThrottleEvents and WriteThrottleEvents, not ThrottledRequests, which exists per operation only.
  dynamodb_alarms = [
    for alarm in concat(
      flatten([
        for target in local.dynamodb_throttle_targets : [
          for kind in ["Read", "Write"] : {
            key         = target.key
            name        = "${target.name}-${lower(kind)}-throttles"
            threshold   = "dynamodb_throttles"
            metric      = "${kind}ThrottleEvents"
            dimensions  = target.dimensions
            stat        = "Sum"
            description = "${kind}s of ${target.label} are throttled."
          }
        ]
      ]),
      [
        for key, table in var.tables : {
          key         = key
          name        = "${table.name}-system-errors"
          threshold   = "dynamodb_system_errors"
          expression  = "SUM(METRICS())"
          label       = "System errors of all operations"
          stat        = "Sum"
          description = "DynamoDB answers requests to ${table.name} with HTTP 500."
          queries = {
            for operation in local.dynamodb_operations :
            lower(operation) => { metric = "SystemErrors", dimensions = { TableName = table.name, Operation = operation } }
          }
        }
      ],
      [
        for replica in local.dynamodb_replicas : {
          key         = replica.key
          name        = "${replica.table}-replication-latency-${replica.region}"
          threshold   = "replication_latency_ms"
          metric      = "ReplicationLatency"
          dimensions  = { TableName = replica.table, ReceivingRegion = replica.region }
          stat        = "Average"
          description = "The replica of ${replica.table} in ${replica.region} lags behind."
        }
      ],
    ) : merge(alarm, { namespace = "AWS/DynamoDB" })
  ]
}
