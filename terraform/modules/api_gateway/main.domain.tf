resource "aws_api_gateway_domain_name" "this" {
  count = var.api.domain == null ? 0 : 1

  domain_name              = var.api.domain.name
  certificate_arn          = var.api.endpoint_type == "EDGE" ? var.api.domain.certificate_arn : null
  regional_certificate_arn = var.api.endpoint_type == "EDGE" ? null : var.api.domain.certificate_arn
  security_policy          = "TLS_1_2"
  tags                     = var.tags

  endpoint_configuration {
    types = [var.api.endpoint_type]
  }

  dynamic "mutual_tls_authentication" {
    for_each = var.api.domain.truststore_uri == null ? [] : [var.api.domain.truststore_uri]

    content {
      truststore_uri = mutual_tls_authentication.value
    }
  }
}

resource "aws_api_gateway_base_path_mapping" "this" {
  count = var.api.domain == null ? 0 : 1

  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  domain_name = aws_api_gateway_domain_name.this[0].domain_name
  base_path   = var.api.domain.base_path
}

locals {
  domain_target = var.api.domain == null ? null : (
    var.api.endpoint_type == "EDGE"
    ? aws_api_gateway_domain_name.this[0].cloudfront_domain_name
    : aws_api_gateway_domain_name.this[0].regional_domain_name
  )
  domain_zone_id = var.api.domain == null ? null : (
    var.api.endpoint_type == "EDGE"
    ? aws_api_gateway_domain_name.this[0].cloudfront_zone_id
    : aws_api_gateway_domain_name.this[0].regional_zone_id
  )
}

resource "aws_route53_record" "this" {
  count = try(var.api.domain.zone_id, null) == null ? 0 : 1

  zone_id = var.api.domain.zone_id
  name    = var.api.domain.name
  type    = "A"

  alias {
    name                   = local.domain_target
    zone_id                = local.domain_zone_id
    evaluate_target_health = false
  }
}
