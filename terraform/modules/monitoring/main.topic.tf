locals {
  topic_arn   = var.monitoring.topic_arn == null ? aws_sns_topic.this[0].arn : var.monitoring.topic_arn
  kms_key_arn = var.monitoring.topic_kms_key_arn == null ? one(aws_kms_key.this[*].arn) : var.monitoring.topic_kms_key_arn

  # CloudWatch acts for this account only: nobody else's alarm can use the topic or the key.
  from_this_account = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
}

# A key of our own: with alias/aws/sns CloudWatch may not encrypt, and drops every message without a word.
resource "aws_kms_key" "this" {
  count = var.monitoring.topic_arn == null && var.monitoring.topic_kms_key_arn == null ? 1 : 0

  description             = "Encrypts SNS topic ${var.monitoring.topic_name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.monitoring.topic_kms_deletion_window_days
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountPolicies"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "CloudWatchAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = local.from_this_account
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  count = var.monitoring.topic_kms_alias == null ? 0 : 1

  name          = var.monitoring.topic_kms_alias
  target_key_id = aws_kms_key.this[0].key_id
}

resource "aws_sns_topic" "this" {
  count = var.monitoring.topic_arn == null ? 1 : 0

  name              = var.monitoring.topic_name
  kms_master_key_id = local.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "this" {
  count = var.monitoring.topic_arn == null ? 1 : 0

  arn = aws_sns_topic.this[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "CloudWatchAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this[0].arn
        Condition = local.from_this_account
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.monitoring.emails

  topic_arn = aws_sns_topic.this[0].arn
  protocol  = "email"
  endpoint  = each.value
}
