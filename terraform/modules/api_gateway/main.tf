data "aws_partition" "current" {}

resource "aws_api_gateway_rest_api" "this" {
  name                         = var.api.name
  description                  = var.api.description
  api_key_source               = "HEADER"
  binary_media_types           = var.api.binary_media_types
  minimum_compression_size     = var.api.minimum_compression_size
  disable_execute_api_endpoint = var.api.disable_execute_api_endpoint
  tags                         = var.tags

  endpoint_configuration {
    types            = [var.api.endpoint_type]
    vpc_endpoint_ids = length(var.api.vpc_endpoint_ids) > 0 ? var.api.vpc_endpoint_ids : null
  }

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(local.duplicate_routes) == 0
      error_message = "Several routes answer the same request; keep one of each: ${join("; ", local.duplicate_routes)}."
    }

    precondition {
      condition     = length(local.rival_parameters) == 0
      error_message = "API Gateway allows one path parameter per place in the tree; use one name: ${join("; ", local.rival_parameters)}."
    }
  }
}

# API Gateway expands the short form itself; doing it here keeps the next plan empty.
resource "aws_api_gateway_rest_api_policy" "this" {
  count = var.api.resource_policy == null ? 0 : 1

  rest_api_id = aws_api_gateway_rest_api.this.id
  policy      = replace(var.api.resource_policy, "\"execute-api:/", "\"${aws_api_gateway_rest_api.this.execution_arn}/")
}

resource "aws_api_gateway_authorizer" "this" {
  count = length(var.api.cognito_user_pool_arns) > 0 ? 1 : 0

  name                             = var.api.name
  rest_api_id                      = aws_api_gateway_rest_api.this.id
  type                             = "COGNITO_USER_POOLS"
  provider_arns                    = var.api.cognito_user_pool_arns
  identity_source                  = var.api.authorizer.identity_source
  authorizer_result_ttl_in_seconds = var.api.authorizer.ttl_seconds
}

resource "aws_api_gateway_request_validator" "this" {
  name                        = "body-and-parameters"
  rest_api_id                 = aws_api_gateway_rest_api.this.id
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_model" "this" {
  for_each = var.api.models

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = each.key
  description  = each.value.description
  content_type = "application/json"
  schema       = each.value.schema

  # A model in use cannot be deleted: let the methods go to the new one first.
  lifecycle {
    create_before_destroy = true
  }
}
