data "aws_caller_identity" "current" {
  count = var.account_id == null ? 1 : 0
}

module "iam" {
  source   = "../../modules/iam"
  for_each = var.roles

  name                     = each.value.name
  description              = each.value.description
  path                     = each.value.path
  permissions_boundary_arn = each.value.permissions_boundary_arn
  max_session_duration     = each.value.max_session_duration
  account_id               = coalesce(var.account_id, one(data.aws_caller_identity.current[*].account_id))
  region                   = var.region

  log_group_arn = each.value.log_group_arn
  bedrock       = each.value.bedrock
  dynamodb = {
    read    = [for key in each.value.dynamodb.read : var.tables[key]]
    write   = [for key in each.value.dynamodb.write : var.tables[key]]
    streams = [for key in each.value.dynamodb.streams : var.tables[key]]
    scan    = each.value.dynamodb.scan
  }
  s3 = {
    read  = [for grant in each.value.s3.read : { arn = var.buckets[grant.bucket].arn, prefixes = grant.prefixes }]
    write = [for grant in each.value.s3.write : { arn = var.buckets[grant.bucket].arn, prefixes = grant.prefixes }]
  }
  xray                = each.value.xray
  kms                 = each.value.kms
  vpc                 = each.value.vpc
  failure_target_arns = each.value.failure_target_arns
  extra_statements    = each.value.extra_statements
  managed_policy_arns = each.value.managed_policy_arns

  tags = var.tags
}
