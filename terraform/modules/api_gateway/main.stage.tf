resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # Everything a deployment takes a copy of. Inputs, not resources: their attributes may be unknown or change on reading.
  triggers = {
    definition = sha256(jsonencode({
      # Raise it when this module deploys something else for the same inputs (templates, status codes, headers).
      revision                     = 1
      routes                       = local.routes
      paths                        = local.paths
      uris                         = { for key in toset(compact([for route in local.routes : route.function])) : key => var.functions[key].invoke_arn }
      models                       = var.api.models
      cors                         = var.api.cors
      cognito_user_pool_arns       = var.api.cognito_user_pool_arns
      authorizer                   = var.api.authorizer
      resource_policy              = var.api.resource_policy
      endpoint                     = [var.api.endpoint_type, var.api.vpc_endpoint_ids]
      binary_media_types           = var.api.binary_media_types
      minimum_compression_size     = var.api.minimum_compression_size
      disable_execute_api_endpoint = var.api.disable_execute_api_endpoint
    }))
  }

  depends_on = [
    aws_api_gateway_rest_api_policy.this,
    aws_api_gateway_integration.this,
    aws_api_gateway_integration.options,
    aws_api_gateway_integration_response.this,
    aws_api_gateway_integration_response.options,
    aws_api_gateway_gateway_response.this,
  ]

  # AWS keeps a deployment that a stage points to, so the stage has to move first.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  latest_deployment_id = aws_api_gateway_deployment.this.id
  # One after the other: `a || b` is unknown before the apply while b is.
  served_deployment_id = (
    var.release == null ? local.latest_deployment_id :
    var.release.held == null ? var.release.live :
    var.release.held == local.latest_deployment_id ? var.release.live : local.latest_deployment_id
  )
}

resource "aws_cloudwatch_log_group" "access" {
  name              = coalesce(var.api.logs.group_name, "/aws/apigateway/${var.api.name}")
  retention_in_days = var.api.logs.retention_in_days
  kms_key_id        = var.api.logs.kms_key_arn
  tags              = var.tags
}

# API Gateway would create this group itself at the first request, without retention, and then it is in the way.
resource "aws_cloudwatch_log_group" "execution" {
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.this.id}/${var.api.stage}"
  retention_in_days = var.api.logs.retention_in_days
  kms_key_id        = var.api.logs.kms_key_arn
  tags              = var.tags
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id           = aws_api_gateway_rest_api.this.id
  deployment_id         = local.served_deployment_id
  stage_name            = var.api.stage
  description           = var.api.description
  variables             = var.api.stage_variables
  xray_tracing_enabled  = var.api.xray_tracing_enabled
  cache_cluster_enabled = var.api.cache != null
  cache_cluster_size    = var.api.cache == null ? null : var.api.cache.size
  tags                  = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId          = "$context.requestId"
      extendedRequestId  = "$context.extendedRequestId"
      requestTime        = "$context.requestTime"
      sourceIp           = "$context.identity.sourceIp"
      userAgent          = "$context.identity.userAgent"
      subject            = "$context.authorizer.claims.sub"
      httpMethod         = "$context.httpMethod"
      resourcePath       = "$context.resourcePath"
      status             = "$context.status"
      responseLength     = "$context.responseLength"
      responseLatency    = "$context.responseLatency"
      integrationLatency = "$context.integrationLatency"
      integrationStatus  = "$context.integrationStatus"
      errorMessage       = "$context.error.message"
      xrayTraceId        = "$context.xrayTraceId"
    })
  }

  depends_on = [
    aws_cloudwatch_log_group.execution,
    aws_api_gateway_account.this,
  ]

  # AWS keeps a stage that a custom domain leads to, so under another name the mapping has to move first.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_method_settings" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    logging_level          = var.api.logs.level
    metrics_enabled        = var.api.metrics_enabled
    data_trace_enabled     = false # would write whole requests, tokens included, to the log
    throttling_burst_limit = var.api.throttling.burst_limit
    throttling_rate_limit  = var.api.throttling.rate_limit
    caching_enabled        = false # for every GET: who asks would not be part of the key
    cache_data_encrypted   = true
  }
}

resource "aws_api_gateway_method_settings" "route" {
  for_each = { for key, route in local.routes : key => route if route.settings != null }

  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "${replace(each.value.path, "/", "~1")}/${each.value.method}" # the leading slash is escaped too

  settings {
    logging_level          = coalesce(each.value.settings.logging_level, var.api.logs.level)
    metrics_enabled        = coalesce(each.value.settings.metrics_enabled, var.api.metrics_enabled)
    data_trace_enabled     = false
    throttling_burst_limit = coalesce(each.value.settings.throttling_burst_limit, var.api.throttling.burst_limit)
    throttling_rate_limit  = coalesce(each.value.settings.throttling_rate_limit, var.api.throttling.rate_limit)
    caching_enabled        = each.value.cached
    cache_ttl_in_seconds   = each.value.cached ? var.api.cache.ttl_seconds : null
    cache_data_encrypted   = true
  }

  depends_on = [aws_api_gateway_method_settings.this]
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.api.waf_web_acl_arn == null ? 0 : 1

  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = var.api.waf_web_acl_arn
}
