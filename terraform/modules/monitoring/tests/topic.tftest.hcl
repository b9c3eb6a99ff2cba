mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws-cn" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws-cn:sns:cn-north-1:111122223333:alarms" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws-cn:kms:cn-north-1:111122223333:key/made", key_id = "made" }
  }
}

variables {
  region = "cn-north-1"
  tags   = { Environment = "prod" }
  monitoring = {
    topic_name = "alarms-prod"
  }
}

run "own_key" {
  command = plan

  variables {
    functions = { generation = { name = "generation-prod", timeout = 29 } }
    monitoring = merge(var.monitoring, {
      topic_kms_alias = "alias/alarms-prod"
      emails          = ["on-call@example.com", "team@example.com"]
    })
  }

  assert {
    condition     = aws_sns_topic.this[0].name == "alarms-prod" && aws_sns_topic.this[0].tags == tomap({ Environment = "prod" }) && output.topic_arn == aws_sns_topic.this[0].arn
    error_message = "The topic has the name that was given, and the tags."
  }

  assert {
    condition = (
      aws_sns_topic.this[0].kms_master_key_id == aws_kms_key.this[0].arn && output.kms_key_arn == aws_kms_key.this[0].arn &&
      aws_kms_key.this[0].enable_key_rotation && aws_kms_key.this[0].deletion_window_in_days == 30 &&
      aws_kms_key.this[0].tags == tomap({ Environment = "prod" })
    )
    error_message = "A key of its own, rotated: CloudWatch cannot use alias/aws/sns."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.this[0].policy).Statement : jsonencode(statement) if try(statement.Principal.Service, null) != null
      ] == [jsonencode({
        Sid       = "CloudWatchAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    })]
    error_message = "Without this grant alarms vanish: KMS refuses CloudWatch, and only the alarm's history says so."
  }

  assert {
    condition     = jsondecode(aws_kms_key.this[0].policy).Statement[0].Principal.AWS == "arn:aws-cn:iam::111122223333:root"
    error_message = "The account keeps control of its key, in whatever partition."
  }

  assert {
    condition     = aws_kms_alias.this[0].name == "alias/alarms-prod" && aws_kms_alias.this[0].target_key_id == "made"
    error_message = "The alias points to the key."
  }

  assert {
    condition = jsonencode(jsondecode(aws_sns_topic_policy.this[0].policy).Statement) == jsonencode([
      {
        Sid       = "CloudWatchAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = "arn:aws-cn:sns:cn-north-1:111122223333:alarms"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sns:Publish"
        Resource  = "arn:aws-cn:sns:cn-north-1:111122223333:alarms"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ])
    error_message = "Alarms of this account may publish, and nobody without TLS."
  }

  assert {
    condition = (
      toset([for subscription in aws_sns_topic_subscription.email : "${subscription.protocol} ${subscription.endpoint}"])
      == toset(["email on-call@example.com", "email team@example.com"])
    )
    error_message = "Every address is subscribed."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["generation-prod-errors"].alarm_actions == toset([aws_sns_topic.this[0].arn])
    error_message = "The alarms notify the topic that is made."
  }
}

run "given_key_and_dashboard" {
  command = plan

  variables {
    functions = { generation = { name = "generation-prod", timeout = 29 } }
    tables    = { sites = { name = "sites-prod", global_index_names = ["by-tenant"], replica_regions = ["cn-northwest-1"] } }
    buckets   = { assets = { name = "assets-prod", replica_name = "assets-prod-dr", replica_region = "cn-northwest-1", replication_rule_id = "mine" } }
    apis      = { api = { name = "api-prod", stage = "v1" } }
    monitoring = merge(var.monitoring, {
      topic_kms_key_arn = "arn:aws-cn:kms:cn-north-1:111122223333:key/given"
      dashboard_name    = "site-builder-prod-cn-north-1"
    })
  }

  assert {
    condition = (
      length(aws_kms_key.this) + length(aws_kms_alias.this) + length(aws_sns_topic_subscription.email) == 0 &&
      aws_sns_topic.this[0].kms_master_key_id == var.monitoring.topic_kms_key_arn && output.kms_key_arn == var.monitoring.topic_kms_key_arn
    )
    error_message = "A key that is given takes the place of the own one."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["assets-prod-replication-failures"].dimensions.RuleId == "mine"
    error_message = "The rule can have another id."
  }

  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets :
      length(widget.properties.metrics) > 0 && widget.properties.region == "cn-north-1" && widget.properties.period == 300 &&
      length(widget.properties.stat) > 0 && length(widget.properties.title) > 0 && widget.x + widget.width <= 24
    ])
    error_message = "No chart is empty, and each has a region, a statistic and a period."
  }

  assert {
    condition = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 12 && length(distinct([
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : "${widget.x} ${widget.y}"
    ])) == 12
    error_message = "Twelve charts, each with a place of its own."
  }

  assert {
    condition = length(setsubtract(
      [
        jsonencode(["AWS/Lambda", "Duration", "FunctionName", "generation-prod"]),
        jsonencode(["AWS/DynamoDB", "WriteThrottleEvents", "GlobalSecondaryIndexName", "by-tenant", "TableName", "sites-prod"]),
        jsonencode(["AWS/DynamoDB", "SystemErrors", "TableName", "sites-prod", "Operation", "Query"]),
        jsonencode(["AWS/DynamoDB", "ReplicationLatency", "TableName", "sites-prod", "ReceivingRegion", "cn-northwest-1"]),
        jsonencode(["AWS/S3", "ReplicationLatency", "DestinationBucket", "assets-prod-dr", "RuleId", "mine", "SourceBucket", "assets-prod", { region = "cn-northwest-1" }]),
        jsonencode(["AWS/ApiGateway", "5XXError", "ApiName", "api-prod", "Stage", "v1"]),
      ],
      flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [for metric in widget.properties.metrics : jsonencode(metric)]]),
    )) == 0
    error_message = "Functions, tables, replication and APIs are on the dashboard."
  }

  assert {
    condition     = output.dashboard_name == "site-builder-prod-cn-north-1"
    error_message = "The dashboard has the name that was given."
  }
}
