module "monitoring" {
  source = "../../modules/monitoring"

  monitoring = var.monitoring
  functions  = var.functions
  tables     = var.tables
  buckets    = { for key, bucket in var.buckets : key => merge(bucket, { replica_region = var.replica_region }) }
  apis       = var.apis
  region     = var.region
  tags       = var.tags
}
