# Every validation must refuse its input.
mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
}

mock_provider "aws" {
  alias = "replica"
}

variables {
  name = "site-builder-assets-prod"
  tags = {}
}

run "names_and_enums" {
  command = plan

  variables {
    name                 = "Has.Dots"
    kms_key_arn          = "arn:aws:kms:af-south-1:111122223333:alias/not-a-key"
    policy_statements    = ["{"]
    cors_rules           = [{ allowed_origins = ["https://a.example.com"], allowed_methods = ["PATCH"] }]
    abort_multipart_days = 0
    lifecycle_rules      = [{ id = "nothing-to-do" }]
    oac                  = { name = "" }
  }

  expect_failures = [
    var.name, var.kms_key_arn, var.policy_statements, var.cors_rules,
    var.abort_multipart_days, var.lifecycle_rules, var.oac,
  ]
}

# On its own: a validation that reads another variable is skipped when that one fails.
run "versioning_cannot_be_disabled" {
  command = plan

  variables {
    versioning = "Disabled"
  }

  expect_failures = [var.versioning]
}

run "bad_elements" {
  command = plan

  variables {
    cors_rules            = [{ allowed_origins = ["app.example.com"], allowed_methods = ["GET"] }]
    lifecycle_rules       = [{ id = "a", expiration_days = 1 }, { id = "a", expiration_days = 2 }]
    oac_distribution_arns = ["arn:aws:cloudfront::111122223333:distribution/*"]
    access_log_sources    = ["site-builder-assets-prod"]
    replication           = { bucket_name = "site-builder-assets-prod", role_name = "r" }
  }

  expect_failures = [var.cors_rules, var.lifecycle_rules, var.oac_distribution_arns, var.access_log_sources, var.replication]
}

run "any_origin_writes_and_id_taken" {
  command = plan

  variables {
    cors_rules         = [{ allowed_origins = ["*"], allowed_methods = ["PUT"] }]
    lifecycle_rules    = [{ id = "abort-incomplete-multipart-uploads", expiration_days = 1 }]
    access_log_sources = ["arn:aws:s3:::a"]
    replication        = { role_name = "r" }
  }

  expect_failures = [var.cors_rules, var.lifecycle_rules, var.access_log_sources, var.replication]
}

run "empty_cors_and_marker_with_tags" {
  command = plan

  variables {
    cors_rules      = [{ allowed_origins = [], allowed_methods = [] }]
    lifecycle_rules = [{ id = "a", expired_object_delete_marker = true, tags = { a = "b" } }]
    replication     = { role_name = "r", bucket_name = "abc", bucket_arn = "arn:aws:s3:::def" }
  }

  expect_failures = [var.cors_rules, var.lifecycle_rules, var.replication]
}

run "newer_versions_alone_and_bad_replica_name" {
  command = plan

  variables {
    lifecycle_rules = [{ id = "a", expiration_days = 1, newer_noncurrent_versions = 3 }]
    replication     = { role_name = "r", bucket_name = "A" }
  }

  expect_failures = [var.lifecycle_rules, var.replication]
}

run "unknown_class_and_bad_replica_arn" {
  command = plan

  variables {
    lifecycle_rules = [{ id = "a", transitions = [{ days = 30, storage_class = "COLD" }] }]
    replication     = { role_name = "r", bucket_arn = "arn:aws:s3:::a/*" }
  }

  expect_failures = [var.lifecycle_rules, var.replication]
}

run "infrequent_access_too_early_and_replica_of_itself" {
  command = plan

  variables {
    lifecycle_rules = [{ id = "a", transitions = [{ days = 7, storage_class = "STANDARD_IA" }] }]
    replication     = { role_name = "r", bucket_arn = "arn:aws:s3:::site-builder-assets-prod" }
  }

  expect_failures = [var.lifecycle_rules, var.replication]
}

run "expiry_before_transition_and_bad_role_name" {
  command = plan

  variables {
    lifecycle_rules = [{ id = "a", transitions = [{ days = 90, storage_class = "GLACIER" }], expiration_days = 90 }]
    replication     = { role_name = "r/r", bucket_name = "abc" }
  }

  expect_failures = [var.lifecycle_rules, var.replication]
}

run "expiry_of_no_days_and_unknown_replica_class" {
  command = plan

  variables {
    lifecycle_rules = [{ id = "a", noncurrent_version_expiration_days = 0 }]
    replication     = { role_name = "r", bucket_name = "abc", storage_class = "COLD" }
  }

  expect_failures = [var.lifecycle_rules, var.replication]
}

run "origin_without_a_host" {
  command = plan

  variables {
    cors_rules = [{ allowed_origins = ["https://"], allowed_methods = ["GET"] }]
  }

  expect_failures = [var.cors_rules]
}

run "any_host_writes" {
  command = plan

  variables {
    cors_rules = [{ allowed_origins = ["https://*"], allowed_methods = ["PUT"] }]
  }

  expect_failures = [var.cors_rules]
}

run "replica_without_its_own_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:af-south-1:111122223333:key/a"
    replication = { role_name = "r", bucket_name = "abc" }
  }

  expect_failures = [var.replication]
}

run "replica_key_is_an_alias" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:af-south-1:111122223333:key/a"
    replication = { role_name = "r", bucket_name = "abc", kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:alias/x" }
  }

  expect_failures = [var.replication]
}

run "replication_of_a_suspended_bucket" {
  command = plan

  variables {
    versioning  = "Suspended"
    replication = { role_name = "r", bucket_name = "abc" }
  }

  expect_failures = [var.versioning]
}

run "replica_keeps_versions_for_no_days" {
  command = plan

  variables {
    replication = { role_name = "r", bucket_name = "abc", noncurrent_version_expiration_days = 0 }
  }

  expect_failures = [var.replication]
}
