resource "aws_iam_role" "replication" {
  count = var.bucket.replication == null ? 0 : 1

  name                 = var.bucket.replication.role_name
  description          = "Replicates bucket ${var.bucket.name}"
  permissions_boundary = var.bucket.replication.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # AWS does not say that replication sends it. Demanded, it could stop replication, of which nobody would be told.
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  count = var.bucket.replication == null ? 0 : 1

  name = "replication"
  role = aws_iam_role.replication[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
          Resource = local.arn
        },
        {
          Effect   = "Allow"
          Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
          Resource = "${local.arn}/${var.bucket.replication.prefix}*"
        },
        {
          Effect = "Allow"
          Action = concat(
            ["s3:ReplicateObject", "s3:ReplicateTags"],
            var.bucket.replication.delete_markers ? ["s3:ReplicateDelete"] : [],
          )
          Resource = "${local.replica_arn}/${var.bucket.replication.prefix}*"
        },
      ],
      # With a bucket key the encryption context is the bucket's ARN, without one the object's. Both
      # are allowed: objects from before a change of bucket_key keep the other form.
      [
        for grant in [
          { key = var.bucket.kms_key_arn, actions = ["kms:Decrypt"], bucket = local.arn },
          { key = var.bucket.replication.kms_key_arn, actions = ["kms:Encrypt", "kms:GenerateDataKey"], bucket = local.replica_arn },
          ] : {
          Effect   = "Allow"
          Action   = grant.actions
          Resource = grant.key
          Condition = {
            StringEquals = { "kms:ViaService" = "s3.${split(":", grant.key)[3]}.${data.aws_partition.current.dns_suffix}" }
            StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [grant.bucket, "${grant.bucket}/${var.bucket.replication.prefix}*"] }
          }
        } if grant.key != null
      ],
    )
  })
}

# What was added to the role by hand shows as drift, and goes with the next apply.
resource "aws_iam_role_policies_exclusive" "replication" {
  count = var.bucket.replication == null ? 0 : 1

  role_name    = aws_iam_role.replication[0].name
  policy_names = [aws_iam_role_policy.replication[0].name]
}

resource "aws_iam_role_policy_attachments_exclusive" "replication" {
  count = var.bucket.replication == null ? 0 : 1

  role_name   = aws_iam_role.replication[0].name
  policy_arns = []
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.bucket.replication == null ? 0 : 1

  bucket = aws_s3_bucket.this.bucket
  role   = aws_iam_role.replication[0].arn

  rule {
    id       = "disaster-recovery"
    status   = "Enabled"
    priority = 1

    filter {
      prefix = var.bucket.replication.prefix
    }

    delete_marker_replication {
      status = var.bucket.replication.delete_markers ? "Enabled" : "Disabled"
    }

    # Without this S3 skips objects under a KMS key, and says nothing.
    dynamic "source_selection_criteria" {
      for_each = var.bucket.kms_key_arn[*]

      content {
        sse_kms_encrypted_objects {
          status = "Enabled"
        }
      }
    }

    destination {
      bucket        = local.replica_arn
      storage_class = var.bucket.replication.storage_class

      dynamic "encryption_configuration" {
        for_each = var.bucket.replication.kms_key_arn[*]

        content {
          replica_kms_key_id = encryption_configuration.value
        }
      }

      # Replication time control does not go without metrics, at the same threshold.
      dynamic "metrics" {
        for_each = var.bucket.replication.metrics || var.bucket.replication.time_control ? [true] : []

        content {
          status = "Enabled"

          dynamic "event_threshold" {
            for_each = var.bucket.replication.time_control ? [15] : []

            content {
              minutes = event_threshold.value
            }
          }
        }
      }

      dynamic "replication_time" {
        for_each = var.bucket.replication.time_control ? [15] : []

        content {
          status = "Enabled"

          time {
            minutes = replication_time.value
          }
        }
      }
    }
  }

  # S3 checks versioning on both sides, and that the role may write.
  depends_on = [
    aws_iam_role_policy.replication,
    aws_s3_bucket_versioning.this,
    aws_s3_bucket_versioning.replica,
  ]
}
