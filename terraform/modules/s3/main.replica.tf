# The disaster recovery bucket, in the region of aws.replica: the same guardrails as the bucket itself.

locals {
  create_replica = try(var.bucket.replication.bucket_name, null) != null

  # Null without replication.
  replica_arn = (
    local.create_replica
    ? "arn:${data.aws_partition.current.partition}:s3:::${var.bucket.replication.bucket_name}"
    : try(var.bucket.replication.bucket_arn, null)
  )

  kept_versions = max(0, [for rule in var.bucket.lifecycle_rules : coalesce(rule.newer_noncurrent_versions, 0)]...)
}

resource "aws_s3_bucket" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket        = var.bucket.replication.bucket_name
  force_destroy = var.bucket.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  depends_on = [aws_s3_bucket_public_access_block.replica]
}

resource "aws_s3_bucket_policy" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket
  policy = jsonencode({ Version = "2012-10-17", Statement = local.tls_statements[local.replica_arn] })

  depends_on = [aws_s3_bucket_ownership_controls.replica]
}

resource "aws_s3_bucket_versioning" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket

  versioning_configuration {
    status = "Enabled"
  }

  depends_on = [aws_s3_bucket_policy.replica]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket

  rule {
    bucket_key_enabled = local.bucket_key

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.bucket.replication.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.bucket.replication.kms_key_arn
    }
  }

  depends_on = [aws_s3_bucket_policy.replica]
}

# S3 does not replicate what lifecycle rules delete, so the replica cleans up by itself.
resource "aws_s3_bucket_lifecycle_configuration" "replica" {
  count    = local.create_replica ? 1 : 0
  provider = aws.replica

  bucket = aws_s3_bucket.replica[0].bucket

  rule {
    id     = "abort-incomplete-multipart-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = var.bucket.abort_multipart_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  rule {
    id     = "expire-noncurrent-versions"
    status = "Enabled"

    filter {
      prefix = ""
    }

    # One rule for all objects: as long, and as many, as the source keeps of any of them.
    noncurrent_version_expiration {
      noncurrent_days = coalesce(
        var.bucket.replication.noncurrent_version_expiration_days,
        max(90, [for rule in var.bucket.lifecycle_rules : coalesce(rule.noncurrent_version_expiration_days, 0)]...),
      )
      newer_noncurrent_versions = local.kept_versions > 0 ? local.kept_versions : null
    }
  }

  depends_on = [aws_s3_bucket_versioning.replica]
}
