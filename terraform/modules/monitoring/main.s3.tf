locals {
  s3_replications = [
    for key, bucket in var.buckets : {
      key            = key
      name           = bucket.name
      replica_region = bucket.replica_region
      dimensions     = { SourceBucket = bucket.name, DestinationBucket = bucket.replica_name, RuleId = bucket.replication_rule_id }
    } if bucket.replica_name != null
  ]

  s3_alarms = [
    for replication in local.s3_replications : {
      key         = replication.key
      name        = "${replication.name}-replication-failures"
      threshold   = "s3_replication_failures"
      namespace   = "AWS/S3"
      metric      = "OperationsFailedReplication"
      dimensions  = replication.dimensions
      stat        = "Sum"
      description = "Objects of ${replication.name} do not reach its replica ${replication.dimensions.DestinationBucket}."
    }
  ]
}
