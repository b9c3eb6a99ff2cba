locals {
  # DynamoDB wants every key attribute declared exactly once, and nothing else
  # declared (so never the TTL attribute): name => list of the types given to it.
  key_types = {
    for key in concat(
      [var.table.hash_key],
      var.table.range_key[*],
      var.table.global_secondary_indexes[*].hash_key,
      flatten([for index in var.table.global_secondary_indexes : index.range_key[*]]),
      var.table.local_secondary_indexes[*].range_key,
    ) : key.name => key.type...
  }

  # A replica makes AWS turn the stream on; leaving it unset would make the next
  # plan try, and fail, to turn it off again.
  stream_view_type = length(var.table.replicas) > 0 ? "NEW_AND_OLD_IMAGES" : var.table.stream_view_type
}

# One address for every combination of inputs: no input can move, and so destroy, the table.
resource "aws_dynamodb_table" "this" {
  name                        = var.table.name
  billing_mode                = "PAY_PER_REQUEST"
  table_class                 = var.table.table_class
  hash_key                    = var.table.hash_key.name
  range_key                   = one(var.table.range_key[*].name)
  stream_enabled              = local.stream_view_type != null
  stream_view_type            = local.stream_view_type
  deletion_protection_enabled = var.table.deletion_protection
  tags                        = var.tags

  dynamic "attribute" {
    for_each = local.key_types

    content {
      name = attribute.key
      type = attribute.value[0]
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.table.global_secondary_indexes

    content {
      name               = global_secondary_index.value.name
      hash_key           = global_secondary_index.value.hash_key.name
      range_key          = one(global_secondary_index.value.range_key[*].name)
      projection_type    = global_secondary_index.value.projection_type
      non_key_attributes = global_secondary_index.value.non_key_attributes
    }
  }

  dynamic "local_secondary_index" {
    for_each = var.table.local_secondary_indexes

    content {
      name               = local_secondary_index.value.name
      range_key          = local_secondary_index.value.range_key.name
      projection_type    = local_secondary_index.value.projection_type
      non_key_attributes = local_secondary_index.value.non_key_attributes
    }
  }

  dynamic "ttl" {
    for_each = var.table.ttl_attribute[*]

    content {
      attribute_name = ttl.value
      enabled        = var.table.ttl_enabled
    }
  }

  dynamic "replica" {
    for_each = var.table.replicas

    content {
      region_name            = replica.value.region
      kms_key_arn            = replica.value.kms_key_arn
      point_in_time_recovery = true
      propagate_tags         = replica.value.propagate_tags
    }
  }

  point_in_time_recovery {
    enabled = true
  }

  # Without a key this is the AWS managed key aws/dynamodb; with one, a customer managed key.
  server_side_encryption {
    enabled     = true
    kms_key_arn = var.table.kms_key_arn
  }

  # A replica of a large table takes AWS hours to fill; the provider would give up after one, and the table be tainted.
  timeouts {
    create = "2h"
    update = "6h"
    delete = "2h"
  }

  lifecycle {
    precondition {
      condition     = alltrue([for types in local.key_types : length(distinct(types)) == 1])
      error_message = "Key attributes of table ${var.table.name}: ${jsonencode(local.key_types)} gives one attribute two types, use the same type wherever it is a key."
    }
  }
}

resource "aws_dynamodb_resource_policy" "this" {
  count = var.table.resource_policy_json == null ? 0 : 1

  resource_arn = aws_dynamodb_table.this.arn
  policy       = var.table.resource_policy_json
}
