resource "aws_lambda_layer_version" "this" {
  for_each = var.layers

  layer_name               = each.value.name
  description              = each.value.description
  s3_bucket                = var.buckets[each.value.artifact_bucket].name
  s3_key                   = var.packages["layers/${each.key}"].s3_key
  source_code_hash         = var.packages["layers/${each.key}"].source_code_hash
  compatible_runtimes      = each.value.compatible_runtimes
  compatible_architectures = each.value.compatible_architectures

  lifecycle {
    # Versions of a layer live side by side: the functions move to the new one before the old one goes.
    create_before_destroy = true
  }
}

module "lambda" {
  source   = "../../modules/lambda"
  for_each = var.functions

  function    = each.value
  package     = var.packages["functions/${each.key}"]
  release     = lookup(var.releases, each.key, null)
  role_arn    = var.roles[each.key].arn
  buckets     = var.buckets
  layer_arns  = { for key, layer in aws_lambda_layer_version.this : key => layer.arn }
  environment = var.environment
  tags        = var.tags
}
