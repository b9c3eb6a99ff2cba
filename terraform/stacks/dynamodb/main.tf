module "tables" {
  source   = "../../modules/dynamodb"
  for_each = var.tables

  table  = each.value
  region = var.region
  tags   = var.tags
}
