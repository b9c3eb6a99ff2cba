locals {
  # S3 takes a single criterion bare and several only inside "and", so count them.
  lifecycle_rules = [
    for rule in var.bucket.lifecycle_rules : merge(rule, {
      criteria = length(rule.tags) + length(compact([
        rule.prefix, rule.object_size_greater_than, rule.object_size_less_than,
      ]))
    })
  ]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.bucket

  rule {
    id     = "abort-incomplete-multipart-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = var.bucket.abort_multipart_days
    }

    # A delete marker whose versions are all gone hides nothing, and slows listing down.
    expiration {
      expired_object_delete_marker = true
    }
  }

  dynamic "rule" {
    for_each = local.lifecycle_rules

    content {
      id     = rule.value.id
      status = rule.value.enabled ? "Enabled" : "Disabled"

      filter {
        prefix                   = rule.value.criteria == 0 || (rule.value.criteria == 1 && rule.value.prefix != "") ? rule.value.prefix : null
        object_size_greater_than = rule.value.criteria > 1 ? null : rule.value.object_size_greater_than
        object_size_less_than    = rule.value.criteria > 1 ? null : rule.value.object_size_less_than

        dynamic "tag" {
          for_each = rule.value.criteria > 1 ? {} : rule.value.tags

          content {
            key   = tag.key
            value = tag.value
          }
        }

        dynamic "and" {
          for_each = rule.value.criteria > 1 ? [rule.value] : []

          content {
            prefix                   = and.value.prefix
            tags                     = length(and.value.tags) > 0 ? and.value.tags : null # the provider refuses an empty map
            object_size_greater_than = and.value.object_size_greater_than
            object_size_less_than    = and.value.object_size_less_than
          }
        }
      }

      dynamic "transition" {
        for_each = rule.value.transitions

        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }

      dynamic "expiration" {
        for_each = rule.value.expiration_days[*]

        content {
          days = expiration.value
        }
      }

      dynamic "expiration" {
        for_each = rule.value.expired_object_delete_marker ? [true] : []

        content {
          expired_object_delete_marker = true
        }
      }

      dynamic "noncurrent_version_transition" {
        for_each = rule.value.noncurrent_version_transitions

        content {
          noncurrent_days = noncurrent_version_transition.value.days
          storage_class   = noncurrent_version_transition.value.storage_class
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent_version_expiration_days[*]

        content {
          noncurrent_days           = noncurrent_version_expiration.value
          newer_noncurrent_versions = rule.value.newer_noncurrent_versions
        }
      }
    }
  }

  # Rules on noncurrent versions make sense only once versioning is on.
  depends_on = [aws_s3_bucket_versioning.this]
}
