variable "table" {
  description = <<-EOT
    One table.
    - `name` - Complete name of the table, 3 to 255 letters, digits, dots, hyphens or underscores.
    - `hash_key` - The partition key.
    - `hash_key.name` - Name of the attribute.
    - `hash_key.type` - Type of the attribute, S, N or B.
    - `range_key` - The sort key, another attribute than `hash_key`; null for a table without one.
    - `range_key.name` - Name of the attribute.
    - `range_key.type` - Type of the attribute, S, N or B.
    - `global_secondary_indexes` - Global secondary indexes, 20 at most.
    - `global_secondary_indexes.name` - Name of the index, 3 to 255 letters, digits, dots, hyphens or underscores,
      unique within the table.
    - `global_secondary_indexes.hash_key` - Partition key of the index.
    - `global_secondary_indexes.hash_key.name` - Name of the attribute.
    - `global_secondary_indexes.hash_key.type` - Type of the attribute, S, N or B, the same wherever it is a key.
    - `global_secondary_indexes.range_key` - Sort key of the index, or null.
    - `global_secondary_indexes.range_key.name` - Name of the attribute.
    - `global_secondary_indexes.range_key.type` - Type of the attribute, S, N or B, the same wherever it is a key.
    - `global_secondary_indexes.projection_type` - What the index holds, ALL, KEYS_ONLY or INCLUDE.
    - `global_secondary_indexes.non_key_attributes` - The projected attributes, for INCLUDE, and only then.
    - `local_secondary_indexes` - Local secondary indexes, 5 at most, for a table with a `range_key`. AWS cannot add
      or remove one later without replacing the table.
    - `local_secondary_indexes.name` - Name of the index, 3 to 255 letters, digits, dots, hyphens or underscores,
      unique within the table.
    - `local_secondary_indexes.range_key` - Sort key of the index.
    - `local_secondary_indexes.range_key.name` - Name of the attribute.
    - `local_secondary_indexes.range_key.type` - Type of the attribute, S, N or B, the same wherever it is a key.
    - `local_secondary_indexes.projection_type` - What the index holds, ALL, KEYS_ONLY or INCLUDE.
    - `local_secondary_indexes.non_key_attributes` - The projected attributes, for INCLUDE, and only then.
    - `ttl_attribute` - Attribute that holds the expiry time (seconds since 1970), or null for no TTL. To turn TTL off
      on a table that has it, keep this and set `ttl_enabled` to false.
    - `ttl_enabled` - Whether items expire by `ttl_attribute`.
    - `stream_view_type` - What the stream holds, KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES; null for no
      stream. With replicas it is always NEW_AND_OLD_IMAGES.
    - `table_class` - STANDARD or STANDARD_INFREQUENT_ACCESS.
    - `deletion_protection` - Whether AWS refuses to delete the table. It covers the primary table, not its replicas.
    - `kms_key_arn` - ARN of a customer managed key in the table's region; null for the AWS managed key aws/dynamodb.
    - `replicas` - Replicas of a global table, all with point-in-time recovery.
    - `replicas.region` - Where the replica lives, another region than the table's, each once.
    - `replicas.kms_key_arn` - Customer managed key in that region; required if, and only if, the table has one.
    - `replicas.propagate_tags` - Whether the replica gets the table's tags.
    - `resource_policy_json` - Resource-based policy of the table, as JSON with a Statement, or null. It is not copied
      to the replicas.
  EOT
  type = object({
    name = string
    hash_key = object({
      name = string
      type = optional(string, "S")
    })
    range_key = optional(object({
      name = string
      type = optional(string, "S")
    }))
    global_secondary_indexes = optional(list(object({
      name = string
      hash_key = object({
        name = string
        type = optional(string, "S")
      })
      range_key = optional(object({
        name = string
        type = optional(string, "S")
      }))
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(list(string))
    })), [])
    local_secondary_indexes = optional(list(object({
      name = string
      range_key = object({
        name = string
        type = optional(string, "S")
      })
      projection_type    = optional(string, "ALL")
      non_key_attributes = optional(list(string))
    })), [])
    ttl_attribute       = optional(string)
    ttl_enabled         = optional(bool, true)
    stream_view_type    = optional(string)
    table_class         = optional(string, "STANDARD")
    deletion_protection = optional(bool, true)
    kms_key_arn         = optional(string)
    replicas = optional(list(object({
      region         = string
      kms_key_arn    = optional(string)
      propagate_tags = optional(bool, true)
    })), [])
    resource_policy_json = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.table.name))
    error_message = "name ${jsonencode(var.table.name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition     = contains(["S", "N", "B"], var.table.hash_key.type)
    error_message = "hash_key.type ${jsonencode(var.table.hash_key.type)}: use S, N or B."
  }

  validation {
    condition     = alltrue([for key in var.table.range_key[*] : contains(["S", "N", "B"], key.type)])
    error_message = "range_key ${jsonencode(var.table.range_key)}: type must be S, N or B."
  }

  validation {
    condition     = alltrue([for key in var.table.range_key[*] : key.name != var.table.hash_key.name])
    error_message = "range_key ${jsonencode(var.table.range_key)}: it must be another attribute than the hash_key."
  }

  validation {
    condition     = alltrue([for index in var.table.global_secondary_indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index.name))])
    error_message = "global_secondary_indexes names ${jsonencode(var.table.global_secondary_indexes[*].name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition = alltrue(flatten([
      for index in var.table.global_secondary_indexes : [
        for key in concat([index.hash_key], index.range_key[*]) : contains(["S", "N", "B"], key.type)
      ]
    ]))
    error_message = "global_secondary_indexes ${jsonencode(var.table.global_secondary_indexes)}: every key type must be S, N or B."
  }

  validation {
    condition = alltrue([
      for index in var.table.global_secondary_indexes : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)
    ])
    error_message = "global_secondary_indexes projection_type ${jsonencode(var.table.global_secondary_indexes[*].projection_type)}: use ALL, KEYS_ONLY or INCLUDE."
  }

  validation {
    condition = alltrue([
      for index in var.table.global_secondary_indexes :
      (index.projection_type == "INCLUDE") == (length(coalesce(index.non_key_attributes, [])) > 0)
    ])
    error_message = "global_secondary_indexes ${jsonencode(var.table.global_secondary_indexes)}: give non_key_attributes with projection_type INCLUDE, and only then."
  }

  validation {
    condition     = length(var.table.local_secondary_indexes) == 0 || var.table.range_key != null
    error_message = "local_secondary_indexes ${jsonencode(var.table.local_secondary_indexes[*].name)}: the table needs a range_key to have any."
  }

  validation {
    condition     = length(var.table.local_secondary_indexes) <= 5
    error_message = "local_secondary_indexes has ${length(var.table.local_secondary_indexes)} entries: AWS allows 5, use global_secondary_indexes for the rest."
  }

  validation {
    condition     = alltrue([for index in var.table.local_secondary_indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index.name))])
    error_message = "local_secondary_indexes names ${jsonencode(var.table.local_secondary_indexes[*].name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition     = alltrue([for index in var.table.local_secondary_indexes : contains(["S", "N", "B"], index.range_key.type)])
    error_message = "local_secondary_indexes ${jsonencode(var.table.local_secondary_indexes)}: every key type must be S, N or B."
  }

  validation {
    condition = alltrue([
      for index in var.table.local_secondary_indexes : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)
    ])
    error_message = "local_secondary_indexes projection_type ${jsonencode(var.table.local_secondary_indexes[*].projection_type)}: use ALL, KEYS_ONLY or INCLUDE."
  }

  validation {
    condition = alltrue([
      for index in var.table.local_secondary_indexes :
      (index.projection_type == "INCLUDE") == (length(coalesce(index.non_key_attributes, [])) > 0)
    ])
    error_message = "local_secondary_indexes ${jsonencode(var.table.local_secondary_indexes)}: give non_key_attributes with projection_type INCLUDE, and only then."
  }

  validation {
    condition = length(distinct(concat(var.table.local_secondary_indexes[*].name, var.table.global_secondary_indexes[*].name))) == (
      length(var.table.local_secondary_indexes) + length(var.table.global_secondary_indexes)
    )
    error_message = "index names ${jsonencode(concat(var.table.local_secondary_indexes[*].name, var.table.global_secondary_indexes[*].name))}: each must be unique within the table."
  }

  validation {
    condition     = var.table.ttl_attribute != ""
    error_message = "ttl_attribute ${jsonencode(var.table.ttl_attribute)}: give an attribute name, or null for no TTL."
  }

  validation {
    condition     = var.table.stream_view_type == null || can(regex("^(KEYS_ONLY|NEW_IMAGE|OLD_IMAGE|NEW_AND_OLD_IMAGES)$", var.table.stream_view_type))
    error_message = "stream_view_type ${jsonencode(var.table.stream_view_type)}: use KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES."
  }

  validation {
    condition = length(var.table.replicas) == 0 || (
      var.table.stream_view_type == null || can(regex("^NEW_AND_OLD_IMAGES$", var.table.stream_view_type))
    )
    error_message = "stream_view_type ${jsonencode(var.table.stream_view_type)}: a table with replicas needs NEW_AND_OLD_IMAGES, or null."
  }

  validation {
    condition     = contains(["STANDARD", "STANDARD_INFREQUENT_ACCESS"], var.table.table_class)
    error_message = "table_class ${jsonencode(var.table.table_class)}: use STANDARD or STANDARD_INFREQUENT_ACCESS."
  }

  validation {
    condition     = var.table.kms_key_arn == null || can(regex("^arn:[^:]+:kms:${var.region}:[0-9]{12}:key/.+$", var.table.kms_key_arn))
    error_message = "kms_key_arn ${jsonencode(var.table.kms_key_arn)}: give the ARN of a key (not of an alias) in ${var.region}."
  }

  validation {
    condition     = !contains(var.table.replicas[*].region, var.region)
    error_message = "replicas ${jsonencode(var.table.replicas[*].region)}: ${var.region} is the region of the table itself, choose another one."
  }

  validation {
    condition     = length(distinct(var.table.replicas[*].region)) == length(var.table.replicas)
    error_message = "replicas ${jsonencode(var.table.replicas[*].region)}: name each region once."
  }

  validation {
    condition     = alltrue([for replica in var.table.replicas : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", replica.region))])
    error_message = "replicas ${jsonencode(var.table.replicas[*].region)}: give AWS regions such as eu-west-1."
  }

  validation {
    condition     = alltrue([for replica in var.table.replicas : (replica.kms_key_arn == null) == (var.table.kms_key_arn == null)])
    error_message = "replicas ${jsonencode(var.table.replicas)}: with kms_key_arn on the table every replica needs its own, without it none may have one."
  }

  validation {
    condition = alltrue([
      for replica in var.table.replicas : replica.kms_key_arn == null || can(
        regex("^arn:[^:]+:kms:${replica.region}:[0-9]{12}:key/.+$", replica.kms_key_arn)
      )
    ])
    error_message = "replicas ${jsonencode(var.table.replicas)}: kms_key_arn must be the ARN of a key (not of an alias) in the replica's own region."
  }

  validation {
    condition     = var.table.resource_policy_json == null || can(jsondecode(var.table.resource_policy_json).Statement)
    error_message = "resource_policy_json ${jsonencode(var.table.resource_policy_json)}: give a policy document as JSON, with a Statement."
  }
}

variable "region" {
  description = "Region of the provider, which is where the table lives; replicas must be elsewhere."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "region ${jsonencode(var.region)}: give an AWS region such as eu-west-1."
  }
}

variable "tags" {
  description = "Tags of the table."
  type        = map(string)
  nullable    = false
}
