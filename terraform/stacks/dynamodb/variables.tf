variable "region" {
  description = "Region of the provider, which is where the tables live."
  type        = string
  nullable    = false
}

variable "tables" {
  description = <<-EOT
    Tables by key. The fields are the variables of modules/dynamodb, which documents
    and checks them; a field that is left out takes the default of that module.
  EOT
  type = map(object({
    name = string
    hash_key = object({
      name = string
      type = optional(string)
    })
    range_key = optional(object({
      name = string
      type = optional(string)
    }))
    global_secondary_indexes = optional(list(object({
      name = string
      hash_key = object({
        name = string
        type = optional(string)
      })
      range_key = optional(object({
        name = string
        type = optional(string)
      }))
      projection_type    = optional(string)
      non_key_attributes = optional(list(string))
    })))
    local_secondary_indexes = optional(list(object({
      name = string
      range_key = object({
        name = string
        type = optional(string)
      })
      projection_type    = optional(string)
      non_key_attributes = optional(list(string))
    })))
    ttl_attribute       = optional(string)
    ttl_enabled         = optional(bool)
    stream_view_type    = optional(string)
    table_class         = optional(string)
    deletion_protection = optional(bool)
    kms_key_arn         = optional(string)
    replicas = optional(list(object({
      region         = string
      kms_key_arn    = optional(string)
      propagate_tags = optional(bool)
    })))
    resource_policy_json = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(distinct(values(var.tables)[*].name)) == length(var.tables)
    error_message = "tables ${jsonencode({ for key, table in var.tables : key => table.name })}: two keys share a name, give each table its own."
  }
}

variable "tags" {
  description = "Tags of every table."
  type        = map(string)
  nullable    = false
}
