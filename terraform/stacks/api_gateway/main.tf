module "api" {
  source   = "../../modules/api_gateway"
  for_each = var.apis

  api       = each.value
  functions = var.functions
  tags      = var.tags
}
