# Every validation must refuse its input.
mock_provider "aws" {}

variables {
  name     = "site-builder-sites-dev"
  region   = "eu-west-1"
  hash_key = { name = "pk" }
  tags     = {}
}

# One violation for each variable: of two, the second would hide that the check of the first is gone. And a validation that
# reads another variable is skipped when that one fails, hence two rounds.
run "names_and_enums" {
  command = plan

  variables {
    name                 = "a b"
    hash_key             = { name = "pk", type = "X" }
    ttl_attribute        = ""
    table_class          = "COLD"
    kms_key_arn          = "arn:aws:kms:eu-west-1:111122223333:alias/not-a-key"
    resource_policy_json = "{"
  }

  expect_failures = [var.name, var.hash_key, var.ttl_attribute, var.table_class, var.kms_key_arn, var.resource_policy_json]
}

run "names_and_enums_of_dependent_variables" {
  command = plan

  variables {
    range_key = { name = "sk", type = "X" }
    replicas  = [{ region = "ireland" }]
  }

  expect_failures = [var.range_key, var.replicas]
}

run "stream" {
  command = plan

  variables {
    stream_view_type = "ALL"
  }

  expect_failures = [var.stream_view_type]
}

run "global_index_name" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "x", hash_key = { name = "tenant" } }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "global_index_hash_key_type" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant", type = "X" } }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "global_index_range_key_type" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant" }, range_key = { name = "created", type = "X" } }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "global_index_projection" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant" }, projection_type = "SOME" }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "local_index_name" {
  command = plan

  variables {
    range_key               = { name = "sk" }
    local_secondary_indexes = [{ name = "x", range_key = { name = "created" } }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "local_index_range_key_type" {
  command = plan

  variables {
    range_key               = { name = "sk" }
    local_secondary_indexes = [{ name = "by-date", range_key = { name = "created", type = "X" } }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "local_index_projection" {
  command = plan

  variables {
    range_key               = { name = "sk" }
    local_secondary_indexes = [{ name = "by-date", range_key = { name = "created" }, projection_type = "SOME" }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "local_index_include_without_attributes" {
  command = plan

  variables {
    range_key               = { name = "sk" }
    local_secondary_indexes = [{ name = "by-date", range_key = { name = "created" }, projection_type = "INCLUDE" }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}

run "range_key_is_hash_key" {
  command = plan

  variables {
    range_key = { name = "pk" }
  }

  expect_failures = [var.range_key]
}

run "replica_in_the_primary_region" {
  command = plan

  variables {
    replicas = [{ region = "eu-west-1" }]
  }

  expect_failures = [var.replicas]
}

run "replica_region_twice" {
  command = plan

  variables {
    replicas = [{ region = "af-south-1" }, { region = "af-south-1" }]
  }

  expect_failures = [var.replicas]
}

run "replica_without_its_own_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/primary"
    replicas    = [{ region = "af-south-1" }]
  }

  expect_failures = [var.replicas]
}

run "replica_key_of_another_region" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/primary"
    replicas    = [{ region = "af-south-1", kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/primary" }]
  }

  expect_failures = [var.replicas]
}

run "stream_too_narrow_for_a_replica" {
  command = plan

  variables {
    stream_view_type = "KEYS_ONLY"
    replicas         = [{ region = "af-south-1" }]
  }

  expect_failures = [var.stream_view_type]
}

run "include_without_attributes" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant" }, projection_type = "INCLUDE" }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "local_index_without_sort_key" {
  command = plan

  variables {
    local_secondary_indexes = [{ name = "by-date", range_key = { name = "created" } }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "attributes_without_include" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-date", hash_key = { name = "tenant" }, non_key_attributes = ["title"] }]
  }

  expect_failures = [var.global_secondary_indexes]
}

run "index_name_twice" {
  command = plan

  variables {
    range_key                = { name = "sk" }
    global_secondary_indexes = [{ name = "by-date", hash_key = { name = "tenant" } }]
    local_secondary_indexes  = [{ name = "by-date", range_key = { name = "created" } }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "too_many_local_indexes" {
  command = plan

  variables {
    range_key               = { name = "sk" }
    local_secondary_indexes = [for n in range(6) : { name = "by-${n}-date", range_key = { name = "created_${n}" } }]
  }

  expect_failures = [var.local_secondary_indexes]
}

run "attribute_with_two_types" {
  command = plan

  variables {
    global_secondary_indexes = [{ name = "by-pk", hash_key = { name = "pk", type = "N" } }]
  }

  expect_failures = [aws_dynamodb_table.this]
}
