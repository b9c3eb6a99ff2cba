locals {
  methods_by_path = { for route in values(local.routes) : route.resource => route.method... }
  # A path that brings its own OPTIONS route answers preflight itself.
  preflight_paths = var.api.cors == null ? {} : {
    for path, methods in local.methods_by_path : path => join(",", sort(concat(["OPTIONS"], (
      var.api.cors.methods != null ? var.api.cors.methods :
      contains(methods, "ANY") ? local.verbs : methods
    )))) if !contains(methods, "OPTIONS")
  }
  verbs = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]

  cors_headers = var.api.cors == null ? {} : merge(
    {
      Access-Control-Allow-Headers = "'${join(",", var.api.cors.headers)}'"
      Access-Control-Max-Age       = "'${var.api.cors.max_age}'"
      Access-Control-Allow-Origin  = "'${var.api.cors.origins[0]}'"
    },
    var.api.cors.credentials ? { Access-Control-Allow-Credentials = "'true'" } : {},
    contains(var.api.cors.origins, "*") ? {} : { Vary = "'Origin'" },
  )

  # A header is one fixed value; with several origins the template swaps in the caller's when it is allowed.
  origin_template = var.api.cors == null ? null : length(var.api.cors.origins) == 1 ? null : join("", [
    "#set($origin = $input.params(\"Origin\"))",
    "#if($origin == \"\")#set($origin = $input.params(\"origin\"))#end",
    "#if(${join(" || ", [for origin in var.api.cors.origins : "$origin == \"${origin}\""])})",
    "#set($context.responseOverride.header.Access-Control-Allow-Origin = \"$origin\")",
    "#end",
  ])
}

resource "aws_api_gateway_method" "options" {
  for_each = local.preflight_paths

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = local.resource_ids[each.key]
  http_method   = "OPTIONS"
  authorization = "NONE" # browsers send no credentials with a preflight request
}

resource "aws_api_gateway_integration" "options" {
  for_each = local.preflight_paths

  rest_api_id       = aws_api_gateway_rest_api.this.id
  resource_id       = aws_api_gateway_method.options[each.key].resource_id
  http_method       = aws_api_gateway_method.options[each.key].http_method
  type              = "MOCK"
  content_handling  = "CONVERT_TO_TEXT" # else binary_media_types */* breaks the template
  request_templates = { "application/json" = jsonencode({ statusCode = 204 }) }
}

resource "aws_api_gateway_method_response" "options" {
  for_each = local.preflight_paths

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_method.options[each.key].resource_id
  http_method = aws_api_gateway_method.options[each.key].http_method
  status_code = "204"
  response_parameters = {
    for name in concat(keys(local.cors_headers), ["Access-Control-Allow-Methods"]) : "method.response.header.${name}" => true
  }
}

resource "aws_api_gateway_integration_response" "options" {
  for_each = local.preflight_paths

  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_integration.options[each.key].resource_id
  http_method        = aws_api_gateway_integration.options[each.key].http_method
  status_code        = aws_api_gateway_method_response.options[each.key].status_code
  response_templates = local.origin_template == null ? null : { "application/json" = local.origin_template }
  response_parameters = {
    for name, value in merge(local.cors_headers, { Access-Control-Allow-Methods = "'${each.value}'" }) :
    "method.response.header.${name}" => value
  }
}

# Replies that API Gateway makes itself (401, 403, 429, 504, ...) need the headers too, or browsers hide the cause.
resource "aws_api_gateway_gateway_response" "this" {
  for_each = var.api.cors == null ? toset([]) : toset(["DEFAULT_4XX", "DEFAULT_5XX"])

  rest_api_id        = aws_api_gateway_rest_api.this.id
  response_type      = each.key
  response_templates = { "application/json" = "{\"message\":$context.error.messageString}" }
  response_parameters = {
    for name, value in merge(
      local.cors_headers,
      # These replies hold no data and cannot choose an origin.
      length(var.api.cors.origins) > 1 ? { Access-Control-Allow-Origin = "'*'" } : {},
    ) : "gatewayresponse.header.${name}" => value
  }
}
