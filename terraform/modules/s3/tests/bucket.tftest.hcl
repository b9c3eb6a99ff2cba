# Plans only, without AWS. tests/ of the collection apply the stacks to an emulator.
mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

mock_provider "aws" {
  alias = "replica"
}

variables {
  tags = { Environment = "dev" }
  bucket = {
    name = "site-builder-assets-dev"
  }
}

run "defaults" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced",
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled",
      !aws_s3_bucket.this.force_destroy,
    ])
    error_message = "The guardrails must hold without any input."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Without a key the bucket uses SSE-S3."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : "${s.Effect} ${s.Principal.AWS} ${s.Action} ${jsonencode(s.Condition)}"] == [
      "Deny * s3:* {\"Bool\":{\"aws:SecureTransport\":\"false\"}}",
      "Deny * s3:* {\"NumericLessThan\":{\"s3:TlsVersion\":\"1.2\"}}",
    ]
    error_message = "The policy denies plain HTTP and old TLS, and says nothing else."
  }

  assert {
    condition = alltrue([
      for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      s.Resource == ["arn:aws:s3:::site-builder-assets-dev", "arn:aws:s3:::site-builder-assets-dev/*"]
    ])
    error_message = "The denials cover the bucket and its objects."
  }

  assert {
    condition = (
      [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["abort-incomplete-multipart-uploads"] &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].filter[0].prefix == "" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].expiration[0].expired_object_delete_marker
    )
    error_message = "Unfinished uploads are aborted after 7 days, and delete markers go with the last version, by a rule with a filter."
  }

  assert {
    condition = (
      length(aws_s3_bucket_cors_configuration.this) == 0 && length(aws_s3_bucket_notification.this) == 0 &&
      length(aws_cloudfront_origin_access_control.this) == 0 && length(aws_s3_bucket_replication_configuration.this) == 0 &&
      length(aws_s3_bucket.replica) == 0 && length(aws_iam_role.replication) == 0
    )
    error_message = "Everything optional must be absent by default."
  }

  assert {
    condition = (
      output.name == "site-builder-assets-dev" && output.versioning == "Enabled" && output.kms_key_arn == null && output.oac_id == null &&
      output.replica_name == null && output.replica_arn == null && output.replication_role_arn == null
    )
    error_message = "The outputs of what is absent are null."
  }

  assert {
    condition     = aws_s3_bucket.this.tags == tomap({ Environment = "dev" })
    error_message = "The tags must be the variable, unchanged."
  }
}

run "every_flag" {
  command = plan

  variables {
    oac_distribution_arns = ["arn:aws:cloudfront::111122223333:distribution/E2"]
    access_log_sources    = ["site-builder-api-dev"]
    bucket = merge(var.bucket, {
      force_destroy        = true
      versioning           = "Suspended"
      kms_key_arn          = "arn:aws:kms:eu-west-1:111122223333:key/primary"
      eventbridge          = true
      abort_multipart_days = 3
      access_log_sources   = ["site-builder-web-dev"]
      policy_statements = [jsonencode({
        Sid       = "Extra"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::111122223333:root" }
        Action    = "s3:GetObject"
        Resource  = "arn:aws:s3:::site-builder-assets-dev/*"
      })]
      cors_rules = [{ allowed_origins = ["https://app.example.com", "https://*.example.org"], allowed_methods = ["GET", "PUT"] }]
      oac        = { name = "site-builder-assets-dev-eu-west-1", list_bucket = true, distribution_arns = ["arn:aws:cloudfront::111122223333:distribution/E1"] }
    })
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled &&
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0] == {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = "arn:aws:kms:eu-west-1:111122223333:key/primary"
      }
    )
    error_message = "With a key the bucket uses SSE-KMS and a bucket key."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid] == [
      "DenyInsecureTransport", "DenyOldTls", "CloudFrontRead", "CloudFrontList", "AccessLogDelivery", "Extra",
    ]
    error_message = "Every statement is there, the denials first."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : "${s.Action} ${s.Resource} ${jsonencode(s.Condition)}" if startswith(s.Sid, "CloudFront")] == [
      "s3:GetObject arn:aws:s3:::site-builder-assets-dev/* {\"StringEquals\":{\"aws:SourceArn\":[\"arn:aws:cloudfront::111122223333:distribution/E1\",\"arn:aws:cloudfront::111122223333:distribution/E2\"]}}",
      "s3:ListBucket arn:aws:s3:::site-builder-assets-dev {\"StringEquals\":{\"aws:SourceArn\":[\"arn:aws:cloudfront::111122223333:distribution/E1\",\"arn:aws:cloudfront::111122223333:distribution/E2\"]}}",
    ]
    error_message = "CloudFront reads for the named distributions only."
  }

  assert {
    condition = one([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Condition if s.Sid == "AccessLogDelivery"]) == {
      StringEquals = { "aws:SourceAccount" = "111122223333" }
      ArnLike      = { "aws:SourceArn" = ["arn:aws:s3:::site-builder-web-dev", "arn:aws:s3:::site-builder-api-dev"] }
    }
    error_message = "Logs come from the named buckets of this account only."
  }

  assert {
    condition = (
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).expose_headers == toset(["ETag"]) &&
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).max_age_seconds == 3600
    )
    error_message = "A script that uploads in parts needs the ETag."
  }

  assert {
    condition = (
      aws_s3_bucket_notification.this[0].eventbridge && aws_s3_bucket.this.force_destroy &&
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Suspended" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 3
    )
    error_message = "Every flag must reach its resource."
  }

  assert {
    condition = (
      aws_cloudfront_origin_access_control.this[0].name == "site-builder-assets-dev-eu-west-1" &&
      aws_cloudfront_origin_access_control.this[0].signing_behavior == "always"
    )
    error_message = "The origin access control always signs."
  }
}

run "oac_before_its_distribution" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      bucket_key  = false
      kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/primary"
      oac         = { name = "site-builder-assets-dev-eu-west-1", list_bucket = true }
    })
  }

  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.this.policy).Statement) == 2
    error_message = "Without a distribution there is nobody to allow."
  }

  assert {
    condition     = !one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    error_message = "The bucket key can be turned off."
  }
}

run "lifecycle" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      lifecycle_rules = [
        { id = "all", noncurrent_version_expiration_days = 30, newer_noncurrent_versions = 2, noncurrent_version_transitions = [{ days = 7, storage_class = "GLACIER_IR" }] },
        { id = "prefix", prefix = "tmp/", expiration_days = 5 },
        { id = "tag", tags = { a = "b" }, expiration_days = 5 },
        { id = "size", object_size_greater_than = 1000, transitions = [{ days = 30, storage_class = "STANDARD_IA" }, { days = 90, storage_class = "GLACIER" }] },
        { id = "both", prefix = "x/", tags = { a = "b", c = "d" }, object_size_less_than = 5000, expiration_days = 400, enabled = false },
        { id = "markers", expired_object_delete_marker = true },
        { id = "large", prefix = "y/", object_size_greater_than = 1000, expiration_days = 5 },
        { id = "between", object_size_greater_than = 1000, object_size_less_than = 5000, expiration_days = 5 },
      ]
    })
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : length(rule.filter) == 1])
    error_message = "Every rule has a filter."
  }

  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id => length(rule.filter[0].and) if length(rule.filter[0].and) > 0 } == {
      both = 1, large = 1, between = 1
    }
    error_message = "Only several criteria go into \"and\"."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[5].filter[0].and[0].prefix == "x/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[5].filter[0].and[0].tags == tomap({ a = "b", c = "d" }) &&
      aws_s3_bucket_lifecycle_configuration.this.rule[5].filter[0].and[0].object_size_less_than == 5000 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[5].status == "Disabled"
    )
    error_message = "Prefix, tags and size are all there, and the rule is off."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[7].filter[0].and[0].prefix == "y/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[7].filter[0].and[0].tags == null &&
      aws_s3_bucket_lifecycle_configuration.this.rule[8].filter[0].and[0].object_size_greater_than == 1000
    )
    error_message = "Criteria without a tag: the provider refuses an empty map of tags."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.this.rule[1].filter[0].prefix == "" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[2].filter[0].prefix == "tmp/" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[3].filter[0].tag[0].key == "a" &&
      aws_s3_bucket_lifecycle_configuration.this.rule[4].filter[0].object_size_greater_than == 1000
    )
    error_message = "A single criterion stands alone; none is the empty prefix."
  }

  assert {
    condition = (
      one(aws_s3_bucket_lifecycle_configuration.this.rule[1].noncurrent_version_expiration).newer_noncurrent_versions == 2 &&
      one(aws_s3_bucket_lifecycle_configuration.this.rule[1].noncurrent_version_transition).storage_class == "GLACIER_IR" &&
      length(aws_s3_bucket_lifecycle_configuration.this.rule[4].transition) == 2 &&
      aws_s3_bucket_lifecycle_configuration.this.rule[6].expiration[0].expired_object_delete_marker
    )
    error_message = "Every action must reach its rule."
  }
}

run "oac_and_its_distribution_in_one_root" {
  command = plan

  module {
    source = "./tests/distribution"
  }

  assert {
    condition     = output.name == "site-builder-assets-dev"
    error_message = "Bucket, control and distribution must plan together, without a cycle."
  }
}
