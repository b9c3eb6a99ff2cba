module "buckets" {
  source   = "../../modules/s3"
  for_each = var.buckets

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  name                  = each.value.name
  force_destroy         = each.value.force_destroy
  versioning            = each.value.versioning
  kms_key_arn           = each.value.kms_key_arn
  bucket_key            = each.value.bucket_key
  policy_statements     = each.value.policy_statements
  cors_rules            = each.value.cors_rules
  abort_multipart_days  = each.value.abort_multipart_days
  lifecycle_rules       = each.value.lifecycle_rules
  replication           = each.value.replication
  oac                   = each.value.oac
  oac_distribution_arns = try(each.value.oac.distribution_arns, null)
  eventbridge           = each.value.eventbridge
  tags                  = var.tags

  # From the definitions, not from the modules: a bucket of this map may log to another one.
  access_log_sources = concat(each.value.access_log_sources, [
    for bucket in values(var.buckets) : bucket.name if try(bucket.access_logging.bucket, null) == each.key
  ])
}

# Here and not in the module: it joins two buckets, and needs the policy of the other one.
resource "aws_s3_bucket_logging" "this" {
  for_each = { for key, bucket in var.buckets : key => bucket.access_logging if bucket.access_logging != null }

  bucket        = module.buckets[each.key].name
  target_bucket = each.value.bucket == null ? each.value.bucket_name : module.buckets[each.value.bucket].name
  target_prefix = each.value.prefix == null ? "${module.buckets[each.key].name}/" : each.value.prefix

  depends_on = [module.buckets]
}
