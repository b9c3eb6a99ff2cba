resource "aws_api_gateway_usage_plan" "this" {
  count = var.api.usage_plan == null ? 0 : 1

  name        = var.api.usage_plan.name
  description = var.api.usage_plan.description
  tags        = var.tags

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.this.stage_name
  }

  dynamic "throttle_settings" {
    for_each = var.api.usage_plan.burst_limit == null ? [] : [var.api.usage_plan]

    content {
      burst_limit = throttle_settings.value.burst_limit
      rate_limit  = throttle_settings.value.rate_limit
    }
  }

  dynamic "quota_settings" {
    for_each = var.api.usage_plan.quota_limit == null ? [] : [var.api.usage_plan]

    content {
      limit  = quota_settings.value.quota_limit
      period = quota_settings.value.quota_period
    }
  }
}

resource "aws_api_gateway_api_key" "this" {
  for_each = var.api.usage_plan == null ? toset([]) : var.api.usage_plan.api_key_names

  name = each.key
  tags = var.tags
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = aws_api_gateway_api_key.this

  key_id        = each.value.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this[0].id
}
