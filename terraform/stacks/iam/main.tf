data "aws_caller_identity" "current" {
  count = var.account_id == null ? 1 : 0
}

module "iam" {
  source   = "../../modules/iam"
  for_each = var.roles

  role       = each.value
  tables     = var.tables
  buckets    = var.buckets
  region     = var.region
  account_id = coalesce(var.account_id, one(data.aws_caller_identity.current[*].account_id))
  tags       = var.tags
}
