locals {
  # "GET /sites/{}" is what API Gateway tells routes apart by, so it is their key; the caller's ids are labels.
  claims = {
    for id, route in var.api.routes :
    "${route.method} ${replace(route.path, "/\\{[^}]*\\}/", "{}")}" => merge(route, {
      id       = id
      resource = replace(route.path, "/\\{[^}]*\\}/", "{}")
      cached   = var.api.cache != null && try(route.settings.caching_enabled, false)
    })...
  }
  duplicate_routes = [for key, routes in local.claims : "${key} is ${join(" and ", routes[*].id)}" if length(routes) > 1]
  routes           = { for key, routes in local.claims : key => routes[0] }

  # What tells callers apart: without it in the key of the cache, one would get another's answer.
  caller_parameters = {
    for key, route in local.routes : key => concat(
      route.authorization == "NONE" ? [] : [var.api.authorizer.identity_source],
      route.api_key_required ? ["method.request.header.X-Api-Key"] : [],
    )
  }

  # Of the method, and of the key of the cache, which takes no others.
  request_parameters = {
    for key, route in local.routes : key => merge(
      { for name in regexall("\\{([^}+]+)\\+?\\}", route.path) : "method.request.path.${name[0]}" => true },
      # Not required: who sends none is told so by the authorizer, with 401.
      route.cached ? { for name in local.caller_parameters[key] : name => false } : {},
      route.request_parameters,
    )
  }

  responses = merge([
    for key, route in local.routes : {
      for status, response in route.responses : "${key} ${status}" => merge(response, { route = key, status = status })
    }
  ]...)

  authorizer_id = length(var.api.cognito_user_pool_arns) > 0 ? aws_api_gateway_authorizer.this[0].id : var.api.authorizer.id

  invoked_functions = toset([for route in var.api.routes : route.function if route.function != null && route.credentials == null])
}

resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.value.resource]
  http_method          = each.value.method
  authorization        = each.value.authorization
  authorizer_id        = each.value.authorization == "COGNITO_USER_POOLS" ? local.authorizer_id : null
  authorization_scopes = length(each.value.scopes) > 0 ? each.value.scopes : null
  api_key_required     = each.value.api_key_required
  request_validator_id = aws_api_gateway_request_validator.this.id
  request_models       = each.value.request_model == null ? null : { "application/json" = aws_api_gateway_model.this[each.value.request_model].name }
  request_parameters   = local.request_parameters[each.key]
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = aws_api_gateway_method.this[each.key].resource_id
  http_method          = aws_api_gateway_method.this[each.key].http_method
  type                 = each.value.type
  uri                  = each.value.function == null ? each.value.uri : var.functions[each.value.function].invoke_arn
  credentials          = each.value.credentials
  timeout_milliseconds = each.value.timeout_milliseconds
  request_parameters   = each.value.request_mappings
  cache_key_parameters = each.value.cached ? keys(local.request_parameters[each.key]) : null
  request_templates    = each.value.request_templates
  passthrough_behavior = each.value.passthrough_behavior
  # Lambda is always invoked with POST, whatever the client's verb is.
  integration_http_method = (
    each.value.type == "MOCK" ? null :
    each.value.function != null ? "POST" :
    coalesce(each.value.integration_method, each.value.method)
  )
}

resource "aws_api_gateway_method_response" "this" {
  for_each = local.responses

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = aws_api_gateway_method.this[each.value.route].resource_id
  http_method         = aws_api_gateway_method.this[each.value.route].http_method
  status_code         = each.value.status
  response_parameters = { for name in keys(each.value.headers) : "method.response.header.${name}" => true }
}

resource "aws_api_gateway_integration_response" "this" {
  for_each = local.responses

  rest_api_id         = aws_api_gateway_rest_api.this.id
  resource_id         = aws_api_gateway_integration.this[each.value.route].resource_id
  http_method         = aws_api_gateway_integration.this[each.value.route].http_method
  status_code         = aws_api_gateway_method_response.this[each.key].status_code
  selection_pattern   = each.value.selection_pattern
  response_templates  = each.value.templates
  response_parameters = { for name, value in each.value.headers : "method.response.header.${name}" => value }
  content_handling    = each.value.content_handling
}

# One statement per function: one per route overflows the function's 20 KB policy on a large API.
resource "aws_lambda_permission" "this" {
  for_each = local.invoked_functions

  statement_id  = "api-gateway-${var.api.name}"
  action        = "lambda:InvokeFunction"
  function_name = var.functions[each.key].name
  qualifier     = var.functions[each.key].alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/${var.api.stage}/*"
}

check "function_timeouts" {
  assert {
    condition = alltrue([
      for route in var.api.routes :
      try(var.functions[route.function].timeout * 1000, 0) <= route.timeout_milliseconds || route.type != "AWS_PROXY"
    ])
    error_message = "These functions may run on after API Gateway has answered 504; shorten them or invoke them asynchronously: ${join(", ", [for id, route in var.api.routes : id if try(var.functions[route.function].timeout * 1000, 0) > route.timeout_milliseconds && route.type == "AWS_PROXY"])}."
  }
}
