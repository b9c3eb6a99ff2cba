module "buckets" {
  source   = "../../modules/s3"
  for_each = var.buckets

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  bucket = each.value
  tags   = var.tags

  # From the definitions, not from the modules: a bucket of this map may log to another one.
  access_log_sources = [for bucket in var.buckets : bucket.name if try(bucket.access_logging.bucket, null) == each.key]
}

# Here and not in the module: it joins two buckets, and needs the policy of the other one.
resource "aws_s3_bucket_logging" "this" {
  for_each = { for key, bucket in module.buckets : key => bucket.access_logging if bucket.access_logging != null }

  bucket        = module.buckets[each.key].name
  target_bucket = each.value.bucket == null ? each.value.bucket_name : module.buckets[each.value.bucket].name
  target_prefix = each.value.prefix

  depends_on = [module.buckets]
}
