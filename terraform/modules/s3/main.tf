# AWS answers 409 OperationAborted to concurrent changes of one bucket's access settings.
# Hence the chain: public access block, ownership, policy, then everything else.

resource "aws_s3_bucket" "this" {
  bucket        = var.bucket.name
  force_destroy = var.bucket.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.bucket

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.bucket
  policy = jsonencode({ Version = "2012-10-17", Statement = local.policy_statements })

  depends_on = [aws_s3_bucket_ownership_controls.this]
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.bucket

  versioning_configuration {
    status = var.bucket.versioning
  }

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    bucket_key_enabled = local.bucket_key

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.bucket.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.bucket.kms_key_arn
    }
  }

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_cors_configuration" "this" {
  count = length(var.bucket.cors_rules) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this.bucket

  dynamic "cors_rule" {
    for_each = var.bucket.cors_rules

    content {
      allowed_origins = cors_rule.value.allowed_origins
      allowed_methods = cors_rule.value.allowed_methods
      allowed_headers = cors_rule.value.allowed_headers
      expose_headers  = cors_rule.value.expose_headers
      max_age_seconds = cors_rule.value.max_age_seconds
    }
  }

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_notification" "this" {
  count = var.bucket.eventbridge ? 1 : 0

  bucket      = aws_s3_bucket.this.bucket
  eventbridge = true

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_cloudfront_origin_access_control" "this" {
  count = var.bucket.oac == null ? 0 : 1

  name                              = var.bucket.oac.name
  description                       = "Access to bucket ${var.bucket.name}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
