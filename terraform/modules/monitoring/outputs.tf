output "alarms" {
  description = "ARN of each alarm, by name."
  value       = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.arn }
}

output "topic_arn" {
  description = "ARN of the topic that the alarms notify."
  value       = local.topic_arn
}

output "kms_key_arn" {
  description = "ARN of the key of the topic, or null when the topic was given."
  value       = local.kms_key_arn
}

output "dashboard_name" {
  description = "Name of the dashboard, or null."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}

output "dashboard_body" {
  description = "What the dashboard shows, as JSON, or null."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_body)
}

output "dashboard_arn" {
  description = "ARN of the dashboard, or null."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_arn)
}
