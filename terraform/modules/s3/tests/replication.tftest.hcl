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
  tags = { Environment = "prod" }
  bucket = {
    name = "site-builder-assets-prod"
  }
}

run "new_bucket" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      replication = { bucket_name = "site-builder-assets-prod-dr", role_name = "site-builder-assets-replication" }
    })
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.replica[0].block_public_acls,
      aws_s3_bucket_public_access_block.replica[0].block_public_policy,
      aws_s3_bucket_public_access_block.replica[0].ignore_public_acls,
      aws_s3_bucket_public_access_block.replica[0].restrict_public_buckets,
      aws_s3_bucket_ownership_controls.replica[0].rule[0].object_ownership == "BucketOwnerEnforced",
      aws_s3_bucket_versioning.replica[0].versioning_configuration[0].status == "Enabled",
      one(aws_s3_bucket_server_side_encryption_configuration.replica[0].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256",
      aws_s3_bucket.replica[0].tags == tomap({ Environment = "prod" }),
    ])
    error_message = "The replica has the guardrails of the bucket."
  }

  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.replica[0].policy).Statement : "${s.Sid} ${s.Resource[0]}"] == [
      "DenyInsecureTransport arn:aws:s3:::site-builder-assets-prod-dr",
      "DenyOldTls arn:aws:s3:::site-builder-assets-prod-dr",
    ]
    error_message = "The replica's policy names the replica."
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.replica[0].rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 7 &&
      aws_s3_bucket_lifecycle_configuration.replica[0].rule[0].expiration[0].expired_object_delete_marker &&
      aws_s3_bucket_lifecycle_configuration.replica[0].rule[1].noncurrent_version_expiration[0].noncurrent_days == 90
    )
    error_message = "The replica cleans up by itself."
  }

  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this[0].rule[0].filter[0].prefix == "" &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].priority == 1 &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].delete_marker_replication[0].status == "Enabled" &&
      length(aws_s3_bucket_replication_configuration.this[0].rule[0].source_selection_criteria) == 0 &&
      length(aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].encryption_configuration) == 0 &&
      length(aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].metrics) == 0 &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].bucket == "arn:aws:s3:::site-builder-assets-prod-dr"
    )
    error_message = "A V2 rule, for everything, delete markers included."
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : "${join(",", s.Action)} ${s.Resource}"] == [
      "s3:GetReplicationConfiguration,s3:ListBucket arn:aws:s3:::site-builder-assets-prod",
      "s3:GetObjectVersionForReplication,s3:GetObjectVersionAcl,s3:GetObjectVersionTagging arn:aws:s3:::site-builder-assets-prod/*",
      "s3:ReplicateObject,s3:ReplicateTags,s3:ReplicateDelete arn:aws:s3:::site-builder-assets-prod-dr/*",
    ]
    error_message = "The role may replicate from here to there, and nothing else."
  }

  assert {
    condition = (
      aws_iam_role_policies_exclusive.replication[0].policy_names == toset(["replication"]) &&
      length(aws_iam_role_policy_attachments_exclusive.replication[0].policy_arns) == 0
    )
    error_message = "What was added to the role by hand goes."
  }

  assert {
    condition = jsondecode(aws_iam_role.replication[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = "111122223333" } }
    }]
    error_message = "Only S3 may assume the role, and for no other account."
  }

  assert {
    condition     = aws_iam_role.replication[0].permissions_boundary == null
    error_message = "A boundary only where it is asked for."
  }

  assert {
    condition     = output.replica_name == "site-builder-assets-prod-dr"
    error_message = "The output names the replica."
  }
}

run "old_versions_stay_as_long_as_those_of_the_source" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      lifecycle_rules = [
        { id = "drafts", prefix = "drafts/", noncurrent_version_expiration_days = 30 },
        { id = "contracts", prefix = "contracts/", noncurrent_version_expiration_days = 365, newer_noncurrent_versions = 3 },
        { id = "tmp", prefix = "tmp/", expiration_days = 1 },
      ]
      replication = { bucket_name = "site-builder-assets-prod-dr", role_name = "site-builder-assets-replication" }
    })
  }

  assert {
    condition = (
      aws_s3_bucket_lifecycle_configuration.replica[0].rule[1].noncurrent_version_expiration[0].noncurrent_days == 365 &&
      aws_s3_bucket_lifecycle_configuration.replica[0].rule[1].noncurrent_version_expiration[0].newer_noncurrent_versions == 3
    )
    error_message = "The longest of the source's rules, since the replica has one for all."
  }
}

run "bounded_role" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      replication = {
        bucket_name              = "site-builder-assets-prod-dr"
        role_name                = "site-builder-assets-replication"
        permissions_boundary_arn = "arn:aws:iam::111122223333:policy/boundary"
      }
    })
  }

  assert {
    condition     = aws_iam_role.replication[0].permissions_boundary == "arn:aws:iam::111122223333:policy/boundary"
    error_message = "The boundary must reach the role."
  }
}

run "old_versions_by_choice" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      lifecycle_rules = [{ id = "contracts", noncurrent_version_expiration_days = 365 }]
      replication     = { bucket_name = "site-builder-assets-prod-dr", role_name = "site-builder-assets-replication", noncurrent_version_expiration_days = 400 }
    })
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.replica[0].rule[1].noncurrent_version_expiration[0].noncurrent_days == 400
    error_message = "What is given counts."
  }
}

run "existing_bucket_with_keys" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      kms_key_arn = "arn:aws:kms:af-south-1:111122223333:key/a"
      replication = {
        bucket_arn     = "arn:aws:s3:::elsewhere"
        role_name      = "site-builder-assets-replication"
        kms_key_arn    = "arn:aws:kms:eu-west-1:111122223333:key/b"
        prefix         = "keep/"
        delete_markers = false
        time_control   = true
        storage_class  = "STANDARD_IA"
      }
    })
  }

  assert {
    condition     = length(aws_s3_bucket.replica) == 0 && output.replica_name == "elsewhere" && output.replica_arn == "arn:aws:s3:::elsewhere"
    error_message = "An existing bucket is used, not made."
  }

  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this[0].rule[0].filter[0].prefix == "keep/" &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].delete_marker_replication[0].status == "Disabled" &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].source_selection_criteria[0].sse_kms_encrypted_objects[0].status == "Enabled" &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].encryption_configuration[0].replica_kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/b" &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].storage_class == "STANDARD_IA"
    )
    error_message = "Objects under a KMS key are replicated, and take the other region's key."
  }

  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].replication_time[0].time[0].minutes == 15 &&
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].metrics[0].event_threshold[0].minutes == 15
    )
    error_message = "Time control brings the metrics."
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : "${join(",", s.Action)} ${s.Resource}"] == [
      "s3:GetReplicationConfiguration,s3:ListBucket arn:aws:s3:::site-builder-assets-prod",
      "s3:GetObjectVersionForReplication,s3:GetObjectVersionAcl,s3:GetObjectVersionTagging arn:aws:s3:::site-builder-assets-prod/keep/*",
      "s3:ReplicateObject,s3:ReplicateTags arn:aws:s3:::elsewhere/keep/*",
      "kms:Decrypt arn:aws:kms:af-south-1:111122223333:key/a",
      "kms:Encrypt,kms:GenerateDataKey arn:aws:kms:eu-west-1:111122223333:key/b",
    ]
    error_message = "The role follows the prefix, and has both keys."
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : s.Condition if startswith(s.Action[0], "kms:")] == [
      {
        StringEquals = { "kms:ViaService" = "s3.af-south-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::site-builder-assets-prod", "arn:aws:s3:::site-builder-assets-prod/keep/*"] }
      },
      {
        StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::elsewhere", "arn:aws:s3:::elsewhere/keep/*"] }
      },
    ]
    error_message = "The keys serve S3 for these buckets only, with a bucket key or without."
  }
}

run "metrics_alone" {
  command = plan

  variables {
    bucket = merge(var.bucket, {
      kms_key_arn = "arn:aws:kms:af-south-1:111122223333:key/a"
      replication = {
        bucket_name = "site-builder-assets-prod-dr"
        role_name   = "site-builder-assets-replication"
        kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/b"
        metrics     = true
      }
    })
  }

  assert {
    condition = (
      aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].metrics[0].status == "Enabled" &&
      length(aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].metrics[0].event_threshold) == 0 &&
      length(aws_s3_bucket_replication_configuration.this[0].rule[0].destination[0].replication_time) == 0
    )
    error_message = "Metrics do not bring time control."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.replica[0].rule).apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:eu-west-1:111122223333:key/b"
    error_message = "The replica is encrypted with the key of its own region."
  }
}
