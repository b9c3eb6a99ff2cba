resource "aws_lambda_layer_version" "this" {
  for_each = var.layers

  layer_name               = each.value.name
  description              = each.value.description
  s3_bucket                = var.buckets[each.value.artifact_bucket].name
  s3_key                   = each.value.s3_key
  source_code_hash         = each.value.source_code_hash
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

  name        = each.value.name
  description = each.value.description
  environment = var.environment
  role_arn    = var.roles[each.key].arn

  package = {
    bucket           = var.buckets[each.value.artifact_bucket].name
    key              = each.value.s3_key
    source_code_hash = each.value.source_code_hash
  }

  handler                 = each.value.handler
  runtime                 = each.value.runtime
  architecture            = each.value.architecture
  memory_size             = each.value.memory_size
  timeout                 = each.value.timeout
  ephemeral_storage_size  = each.value.ephemeral_storage_size
  environment_variables   = each.value.environment
  kms_key_arn             = each.value.kms_key_arn
  layer_arns              = concat([for key in each.value.layers : aws_lambda_layer_version.this[key].arn], each.value.extra_layer_arns)
  vpc                     = each.value.vpc
  tracing_mode            = each.value.tracing_mode
  log_retention_days      = each.value.log_retention_days
  log_kms_key_arn         = each.value.log_kms_key_arn
  log_level               = each.value.log_level
  system_log_level        = each.value.system_log_level
  dead_letter_target_arn  = each.value.dead_letter_target_arn
  async                   = each.value.async
  reserved_concurrency    = each.value.reserved_concurrency
  publish                 = each.value.publish
  provisioned_concurrency = each.value.provisioned_concurrency
  code_signing_config_arn = each.value.code_signing_config_arn
  allowed_triggers        = each.value.allowed_triggers

  tags = var.tags
}
