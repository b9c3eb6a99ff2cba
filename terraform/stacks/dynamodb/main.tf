module "tables" {
  source   = "../../modules/dynamodb"
  for_each = var.tables

  name                     = each.value.name
  region                   = var.region
  hash_key                 = each.value.hash_key
  range_key                = each.value.range_key
  global_secondary_indexes = each.value.global_secondary_indexes
  local_secondary_indexes  = each.value.local_secondary_indexes
  ttl_attribute            = each.value.ttl_attribute
  ttl_enabled              = each.value.ttl_enabled
  stream_view_type         = each.value.stream_view_type
  table_class              = each.value.table_class
  deletion_protection      = each.value.deletion_protection
  kms_key_arn              = each.value.kms_key_arn
  replicas                 = each.value.replicas
  resource_policy_json     = each.value.resource_policy_json
  tags                     = var.tags
}
