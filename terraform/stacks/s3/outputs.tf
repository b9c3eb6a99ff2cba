output "buckets" {
  description = "What other stacks need of each bucket, by key; all of it follows from names."
  value = {
    for key, bucket in module.buckets : key => {
      name         = bucket.name
      arn          = bucket.arn
      replica_name = bucket.replica_name
      replica_arn  = bucket.replica_arn
    }
  }
}

output "details" {
  description = "The rest of each bucket, by key, including what AWS invents."
  value = {
    for key, bucket in module.buckets : key => {
      domain_name                  = bucket.domain_name
      regional_domain_name         = bucket.regional_domain_name
      hosted_zone_id               = bucket.hosted_zone_id
      versioning                   = bucket.versioning
      kms_key_arn                  = bucket.kms_key_arn
      replica_regional_domain_name = bucket.replica_regional_domain_name
      replication_role_arn         = bucket.replication_role_arn
      oac_id                       = bucket.oac_id
    }
  }
}
