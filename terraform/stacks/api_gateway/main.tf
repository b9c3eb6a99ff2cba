module "api" {
  source   = "../../modules/api_gateway"
  for_each = var.apis

  api       = each.value
  release   = lookup(var.releases, each.key, null)
  functions = var.functions
  tags      = var.tags
}
