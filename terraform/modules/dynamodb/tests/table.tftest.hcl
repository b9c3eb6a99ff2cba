# Plans only, without AWS. tests/ of the collection apply the stacks to an emulator.
mock_provider "aws" {}

variables {
  region = "eu-west-1"
  tags   = { Environment = "dev" }
  table = {
    name     = "site-builder-sites-dev"
    hash_key = { name = "pk" }
  }
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" &&
      aws_dynamodb_table.this.point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.this.server_side_encryption[0].enabled &&
      output.kms_key_arn == null &&
      aws_dynamodb_table.this.deletion_protection_enabled
    )
    error_message = "The guardrails must hold without any input."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.hash_key == "pk" && aws_dynamodb_table.this.range_key == null &&
      [for attribute in aws_dynamodb_table.this.attribute : "${attribute.name}:${attribute.type}"] == ["pk:S"]
    )
    error_message = "A hash-only table declares its one key, as a string by default."
  }

  assert {
    condition     = !aws_dynamodb_table.this.stream_enabled && output.stream_arn == null && output.stream_label == null
    error_message = "There is no stream without a view type or a replica."
  }

  assert {
    condition = (
      length(aws_dynamodb_table.this.ttl) == 0 && length(aws_dynamodb_table.this.replica) == 0 &&
      length(aws_dynamodb_resource_policy.this) == 0 && aws_dynamodb_table.this.table_class == "STANDARD"
    )
    error_message = "Everything optional must be absent by default."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.timeouts.create == "2h" && aws_dynamodb_table.this.timeouts.update == "6h" &&
      aws_dynamodb_table.this.timeouts.delete == "2h"
    )
    error_message = "A replica of a large table takes hours to fill, which is no reason to give up on it."
  }

  assert {
    condition     = aws_dynamodb_table.this.tags == tomap({ Environment = "dev" })
    error_message = "The tags must be the variable, unchanged."
  }

  assert {
    condition     = length(output.index_names) + length(output.global_index_names) + length(output.replica_regions) == 0
    error_message = "No index and no replica in the outputs."
  }
}

run "everything" {
  command = plan

  variables {
    table = merge(var.table, {
      hash_key  = { name = "pk" }
      range_key = { name = "sk", type = "N" }
      global_secondary_indexes = [
        { name = "by-tenant", hash_key = { name = "tenant" }, range_key = { name = "sk", type = "N" } },
        { name = "by-status", hash_key = { name = "status" }, projection_type = "INCLUDE", non_key_attributes = ["title"] },
        { name = "by-blob", hash_key = { name = "blob", type = "B" }, projection_type = "KEYS_ONLY" },
      ]
      local_secondary_indexes = [
        { name = "by-date", range_key = { name = "created" }, projection_type = "INCLUDE", non_key_attributes = ["title"] },
      ]
      ttl_attribute        = "expires_at"
      ttl_enabled          = false
      table_class          = "STANDARD_INFREQUENT_ACCESS"
      deletion_protection  = false
      kms_key_arn          = "arn:aws:kms:eu-west-1:111122223333:key/primary"
      resource_policy_json = jsonencode({ Version = "2012-10-17", Statement = [] })
      replicas = [
        { region = "eu-central-1", kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/b", propagate_tags = false },
        { region = "af-south-1", kms_key_arn = "arn:aws:kms:af-south-1:111122223333:key/a" },
      ]
    })
  }

  assert {
    condition = (
      toset([for attribute in aws_dynamodb_table.this.attribute : "${attribute.name}:${attribute.type}"])
      == toset(["pk:S", "sk:N", "tenant:S", "status:S", "blob:B", "created:S"])
    )
    error_message = "Every key of table, GSI and LSI is declared once, and the TTL attribute is not."
  }

  assert {
    condition = alltrue([
      for index in aws_dynamodb_table.this.global_secondary_index :
      index.range_key == (index.name == "by-tenant" ? "sk" : null)
    ])
    error_message = "A hash-only GSI has a null range key, never an empty string."
  }

  assert {
    condition = alltrue([
      for index in aws_dynamodb_table.this.global_secondary_index :
      index.name == "by-status" ? index.non_key_attributes == toset(["title"]) : index.non_key_attributes == null
    ])
    error_message = "non_key_attributes goes with INCLUDE and is null otherwise."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.local_secondary_index).non_key_attributes == tolist(["title"])
    error_message = "The LSI projects the attribute that was asked for."
  }

  assert {
    condition     = aws_dynamodb_table.this.ttl[0].attribute_name == "expires_at" && !aws_dynamodb_table.this.ttl[0].enabled
    error_message = "Turning TTL off keeps the attribute name."
  }

  assert {
    condition     = aws_dynamodb_table.this.stream_enabled && aws_dynamodb_table.this.stream_view_type == "NEW_AND_OLD_IMAGES"
    error_message = "A replica turns the stream on."
  }

  assert {
    condition     = alltrue([for replica in aws_dynamodb_table.this.replica : replica.point_in_time_recovery])
    error_message = "Every replica has point-in-time recovery."
  }

  assert {
    condition = {
      for replica in aws_dynamodb_table.this.replica : replica.region_name => "${replica.kms_key_arn} ${replica.propagate_tags}"
      } == {
      af-south-1   = "arn:aws:kms:af-south-1:111122223333:key/a true"
      eu-central-1 = "arn:aws:kms:eu-central-1:111122223333:key/b false"
    }
    error_message = "Each replica has its own key, and the tags unless told otherwise."
  }

  assert {
    condition = (
      aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == "arn:aws:kms:eu-west-1:111122223333:key/primary" &&
      aws_dynamodb_table.this.table_class == "STANDARD_INFREQUENT_ACCESS" &&
      !aws_dynamodb_table.this.deletion_protection_enabled && length(aws_dynamodb_resource_policy.this) == 1
    )
    error_message = "Key, class, deletion protection and resource policy must reach the table."
  }

  assert {
    condition = (
      output.index_names == tolist(["by-blob", "by-date", "by-status", "by-tenant"]) &&
      output.global_index_names == tolist(["by-blob", "by-status", "by-tenant"]) &&
      output.replica_regions == tolist(["af-south-1", "eu-central-1"])
    )
    error_message = "The name lists must be sorted."
  }
}

# The ARN is known only after an apply, which the mock can do.
run "arns" {
  command = apply

  variables {
    table = merge(var.table, {
      global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant" } }]
      replicas                 = [{ region = "af-south-1" }]
    })
  }

  override_resource {
    target = aws_dynamodb_table.this
    values = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/site-builder-sites-dev" }
  }

  assert {
    condition     = output.index_arns == ["arn:aws:dynamodb:eu-west-1:111122223333:table/site-builder-sites-dev/index/by-tenant"]
    error_message = "An index ARN is the table's plus /index/name."
  }

  assert {
    condition     = output.replica_arns == ["arn:aws:dynamodb:af-south-1:111122223333:table/site-builder-sites-dev"]
    error_message = "A replica ARN differs from the table's by the region only."
  }
}

run "stream_without_replica" {
  command = plan

  variables {
    table = merge(var.table, {
      stream_view_type = "KEYS_ONLY"
    })
  }

  assert {
    condition     = aws_dynamodb_table.this.stream_enabled && aws_dynamodb_table.this.stream_view_type == "KEYS_ONLY"
    error_message = "The view type alone turns the stream on."
  }
}

run "attribute_with_two_types" {
  command = plan

  variables {
    table = merge(var.table, {
      global_secondary_indexes = [{ name = "by-pk", hash_key = { name = "pk", type = "N" } }]
    })
  }

  expect_failures = [aws_dynamodb_table.this]
}
