output "alarms" {
  description = "ARN of each alarm, by name; all of it follows from names."
  value       = module.monitoring.alarms
}

output "details" {
  description = "Topic, key and dashboard; null for what is not made here."
  value = {
    topic_arn      = module.monitoring.topic_arn
    kms_key_arn    = module.monitoring.kms_key_arn
    dashboard_name = module.monitoring.dashboard_name
    dashboard_arn  = module.monitoring.dashboard_arn
  }
}
