# Read from the bucket itself, never through its policy: a distribution that the
# policy names may then use them without a cycle.

output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "domain_name" {
  description = "Global domain name of the bucket."
  value       = aws_s3_bucket.this.bucket_domain_name
}

output "regional_domain_name" {
  description = "Regional domain name, the one for a CloudFront origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}

output "hosted_zone_id" {
  description = "Route 53 hosted zone id of S3 in the bucket's region."
  value       = aws_s3_bucket.this.hosted_zone_id
}

output "versioning" {
  description = "Enabled or Suspended."
  value       = var.bucket.versioning
}

output "kms_key_arn" {
  description = "ARN of the customer managed key, or null for SSE-S3."
  value       = var.bucket.kms_key_arn
}

output "replica_name" {
  description = "Name of the bucket that the objects are replicated to, or null."
  value       = local.create_replica ? aws_s3_bucket.replica[0].bucket : try(split(":::", local.replica_arn)[1], null)
}

output "replica_arn" {
  description = "ARN of the bucket that the objects are replicated to, or null."
  value       = local.create_replica ? aws_s3_bucket.replica[0].arn : local.replica_arn
}

output "replica_regional_domain_name" {
  description = "Regional domain name of a replica made here, or null."
  value       = one(aws_s3_bucket.replica[*].bucket_regional_domain_name)
}

output "replication_role_arn" {
  description = "ARN of the role that S3 replicates with, or null."
  value       = one(aws_iam_role.replication[*].arn)
}

output "oac_id" {
  description = "Id of the origin access control, or null."
  value       = one(aws_cloudfront_origin_access_control.this[*].id)
}

# Here, where the defaults of the definition are; the resource is in stacks/s3, since it joins two buckets.
output "access_logging" {
  description = "Where the access logs go: bucket (a key), bucket_name (any other) and prefix; null for nowhere."
  value = one([
    for logging in var.bucket.access_logging[*] : {
      bucket      = logging.bucket
      bucket_name = logging.bucket_name
      prefix      = logging.prefix == null ? "${var.bucket.name}/" : logging.prefix
    }
  ])
}
