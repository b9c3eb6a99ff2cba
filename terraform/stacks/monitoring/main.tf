module "monitoring" {
  source = "../../modules/monitoring"

  region                         = var.region
  functions                      = var.functions
  tables                         = var.tables
  buckets                        = { for key, bucket in var.buckets : key => merge(bucket, { replica_region = var.replica_region }) }
  apis                           = var.apis
  thresholds                     = var.monitoring.thresholds
  threshold_overrides            = var.monitoring.threshold_overrides
  disabled_alarms                = var.monitoring.disabled_alarms
  evaluation_periods             = var.monitoring.evaluation_periods
  datapoints_to_alarm            = var.monitoring.datapoints_to_alarm
  actions_enabled                = var.monitoring.actions_enabled
  notify                         = var.monitoring.notify
  log_metric_namespace           = var.monitoring.log_metric_namespace
  bedrock_throttle_pattern       = var.monitoring.bedrock_throttle_pattern
  topic_name                     = var.monitoring.topic_name
  topic_arn                      = var.monitoring.topic_arn
  topic_kms_key_arn              = var.monitoring.topic_kms_key_arn
  topic_kms_alias                = var.monitoring.topic_kms_alias
  topic_kms_deletion_window_days = var.monitoring.topic_kms_deletion_window_days
  emails                         = var.monitoring.emails
  dashboard_name                 = var.monitoring.dashboard_name
  tags                           = var.tags
}
