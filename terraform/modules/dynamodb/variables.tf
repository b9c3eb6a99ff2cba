variable "name" {
  description = "Name of the table."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "name ${jsonencode(var.name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
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

variable "hash_key" {
  description = "Partition key: name, and type S (default), N or B."
  type = object({
    name = string
    type = optional(string, "S")
  })
  nullable = false

  validation {
    condition     = contains(["S", "N", "B"], var.hash_key.type)
    error_message = "hash_key.type ${jsonencode(var.hash_key.type)}: use S, N or B."
  }
}

variable "range_key" {
  description = "Sort key: name, and type S (default), N or B. Null for a table without one."
  type = object({
    name = string
    type = optional(string, "S")
  })
  default = null

  validation {
    condition     = alltrue([for key in var.range_key[*] : contains(["S", "N", "B"], key.type)])
    error_message = "range_key ${jsonencode(var.range_key)}: type must be S, N or B."
  }

  validation {
    condition     = alltrue([for key in var.range_key[*] : key.name != var.hash_key.name])
    error_message = "range_key ${jsonencode(var.range_key)}: it must be another attribute than the hash_key."
  }
}

variable "global_secondary_indexes" {
  description = <<-EOT
    Global secondary indexes:
    - name: name of the index.
    - hash_key, range_key (optional): {name, type}, as for the table.
    - projection_type: ALL (default), KEYS_ONLY or INCLUDE.
    - non_key_attributes: the projected attributes, for INCLUDE only.
  EOT
  type = list(object({
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
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for index in var.global_secondary_indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index.name))])
    error_message = "global_secondary_indexes names ${jsonencode(var.global_secondary_indexes[*].name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition = alltrue(flatten([
      for index in var.global_secondary_indexes : [
        for key in concat([index.hash_key], index.range_key[*]) : contains(["S", "N", "B"], key.type)
      ]
    ]))
    error_message = "global_secondary_indexes ${jsonencode(var.global_secondary_indexes)}: every key type must be S, N or B."
  }

  validation {
    condition = alltrue([
      for index in var.global_secondary_indexes : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)
    ])
    error_message = "global_secondary_indexes projection_type ${jsonencode(var.global_secondary_indexes[*].projection_type)}: use ALL, KEYS_ONLY or INCLUDE."
  }

  validation {
    condition = alltrue([
      for index in var.global_secondary_indexes :
      (index.projection_type == "INCLUDE") == (length(coalesce(index.non_key_attributes, [])) > 0)
    ])
    error_message = "global_secondary_indexes ${jsonencode(var.global_secondary_indexes)}: give non_key_attributes with projection_type INCLUDE, and only then."
  }
}

variable "local_secondary_indexes" {
  description = <<-EOT
    Local secondary indexes; AWS cannot add or remove one later without replacing the table:
    - name: name of the index.
    - range_key: {name, type}, as for the table.
    - projection_type: ALL (default), KEYS_ONLY or INCLUDE.
    - non_key_attributes: the projected attributes, for INCLUDE only.
  EOT
  type = list(object({
    name = string
    range_key = object({
      name = string
      type = optional(string, "S")
    })
    projection_type    = optional(string, "ALL")
    non_key_attributes = optional(list(string))
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(var.local_secondary_indexes) == 0 || var.range_key != null
    error_message = "local_secondary_indexes ${jsonencode(var.local_secondary_indexes[*].name)}: the table needs a range_key to have any."
  }

  validation {
    condition     = length(var.local_secondary_indexes) <= 5
    error_message = "local_secondary_indexes has ${length(var.local_secondary_indexes)} entries: AWS allows 5, use global_secondary_indexes for the rest."
  }

  validation {
    condition     = alltrue([for index in var.local_secondary_indexes : can(regex("^[A-Za-z0-9_.-]{3,255}$", index.name))])
    error_message = "local_secondary_indexes names ${jsonencode(var.local_secondary_indexes[*].name)}: use 3 to 255 letters, digits, dots, hyphens or underscores."
  }

  validation {
    condition     = alltrue([for index in var.local_secondary_indexes : contains(["S", "N", "B"], index.range_key.type)])
    error_message = "local_secondary_indexes ${jsonencode(var.local_secondary_indexes)}: every key type must be S, N or B."
  }

  validation {
    condition = alltrue([
      for index in var.local_secondary_indexes : contains(["ALL", "KEYS_ONLY", "INCLUDE"], index.projection_type)
    ])
    error_message = "local_secondary_indexes projection_type ${jsonencode(var.local_secondary_indexes[*].projection_type)}: use ALL, KEYS_ONLY or INCLUDE."
  }

  validation {
    condition = alltrue([
      for index in var.local_secondary_indexes :
      (index.projection_type == "INCLUDE") == (length(coalesce(index.non_key_attributes, [])) > 0)
    ])
    error_message = "local_secondary_indexes ${jsonencode(var.local_secondary_indexes)}: give non_key_attributes with projection_type INCLUDE, and only then."
  }

  validation {
    condition = length(distinct(concat(var.local_secondary_indexes[*].name, var.global_secondary_indexes[*].name))) == (
      length(var.local_secondary_indexes) + length(var.global_secondary_indexes)
    )
    error_message = "index names ${jsonencode(concat(var.local_secondary_indexes[*].name, var.global_secondary_indexes[*].name))}: each must be unique within the table."
  }
}

variable "ttl_attribute" {
  description = "Attribute that holds the expiry time. To turn TTL off on a table that has it, keep this and set ttl_enabled to false."
  type        = string
  default     = null

  validation {
    condition     = var.ttl_attribute != ""
    error_message = "ttl_attribute ${jsonencode(var.ttl_attribute)}: give an attribute name, or null for no TTL."
  }
}

variable "ttl_enabled" {
  description = "Whether items expire by ttl_attribute."
  type        = bool
  default     = true
  nullable    = false
}

variable "stream_view_type" {
  description = "What the stream holds: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES. Null for no stream; with replicas it is always NEW_AND_OLD_IMAGES."
  type        = string
  default     = null

  validation {
    condition     = var.stream_view_type == null || can(regex("^(KEYS_ONLY|NEW_IMAGE|OLD_IMAGE|NEW_AND_OLD_IMAGES)$", var.stream_view_type))
    error_message = "stream_view_type ${jsonencode(var.stream_view_type)}: use KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES."
  }

  validation {
    condition = length(var.replicas) == 0 || (
      var.stream_view_type == null || can(regex("^NEW_AND_OLD_IMAGES$", var.stream_view_type))
    )
    error_message = "stream_view_type ${jsonencode(var.stream_view_type)}: a table with replicas needs NEW_AND_OLD_IMAGES, or null."
  }
}

variable "table_class" {
  description = "STANDARD or STANDARD_INFREQUENT_ACCESS."
  type        = string
  default     = "STANDARD"
  nullable    = false

  validation {
    condition     = contains(["STANDARD", "STANDARD_INFREQUENT_ACCESS"], var.table_class)
    error_message = "table_class ${jsonencode(var.table_class)}: use STANDARD or STANDARD_INFREQUENT_ACCESS."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the table. It covers the primary table, not its replicas."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of a customer managed key. Null for the AWS managed key aws/dynamodb."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:${var.region}:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn ${jsonencode(var.kms_key_arn)}: give the ARN of a key (not of an alias) in ${var.region}."
  }
}

variable "replicas" {
  description = <<-EOT
    Replicas of a global table, all with point-in-time recovery:
    - region: where the replica lives; another region than the table's.
    - kms_key_arn: customer managed key in that region; required if, and only if, the table has one.
    - propagate_tags: whether the replica gets the table's tags (default true).
  EOT
  type = list(object({
    region         = string
    kms_key_arn    = optional(string)
    propagate_tags = optional(bool, true)
  }))
  default  = []
  nullable = false

  validation {
    condition     = !contains(var.replicas[*].region, var.region)
    error_message = "replicas ${jsonencode(var.replicas[*].region)}: ${var.region} is the region of the table itself, choose another one."
  }

  validation {
    condition     = length(distinct(var.replicas[*].region)) == length(var.replicas)
    error_message = "replicas ${jsonencode(var.replicas[*].region)}: name each region once."
  }

  validation {
    condition     = alltrue([for replica in var.replicas : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", replica.region))])
    error_message = "replicas ${jsonencode(var.replicas[*].region)}: give AWS regions such as eu-west-1."
  }

  validation {
    condition     = alltrue([for replica in var.replicas : (replica.kms_key_arn == null) == (var.kms_key_arn == null)])
    error_message = "replicas ${jsonencode(var.replicas)}: with kms_key_arn on the table every replica needs its own, without it none may have one."
  }

  validation {
    condition = alltrue([
      for replica in var.replicas : replica.kms_key_arn == null || can(
        regex("^arn:[^:]+:kms:${replica.region}:[0-9]{12}:key/.+$", replica.kms_key_arn)
      )
    ])
    error_message = "replicas ${jsonencode(var.replicas)}: kms_key_arn must be the ARN of a key (not of an alias) in the replica's own region."
  }
}

variable "resource_policy_json" {
  description = "Resource-based policy of the table, as JSON. It is not copied to the replicas."
  type        = string
  default     = null

  validation {
    condition     = var.resource_policy_json == null || can(jsondecode(var.resource_policy_json).Statement)
    error_message = "resource_policy_json ${jsonencode(var.resource_policy_json)}: give a policy document as JSON, with a Statement."
  }
}

variable "tags" {
  description = "Tags of the table."
  type        = map(string)
  nullable    = false
}
