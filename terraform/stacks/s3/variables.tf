variable "buckets" {
  description = <<-EOT
    Buckets by key. The fields are the variables of modules/s3, which documents and
    checks them; a field that is left out takes the default of that module. Except:
    - oac: it also has distribution_arns, the module's oac_distribution_arns.
    - access_logging: where the access logs go, either {bucket = key of another bucket
      here} or {bucket_name = name of any other}; prefix is "<bucket name>/" by default.
  EOT
  type = map(object({
    name              = string
    force_destroy     = optional(bool)
    versioning        = optional(string)
    kms_key_arn       = optional(string)
    bucket_key        = optional(bool)
    policy_statements = optional(list(string))
    cors_rules = optional(list(object({
      allowed_origins = list(string)
      allowed_methods = list(string)
      allowed_headers = optional(list(string))
      expose_headers  = optional(list(string))
      max_age_seconds = optional(number)
    })))
    abort_multipart_days = optional(number)
    lifecycle_rules = optional(list(object({
      id                       = string
      enabled                  = optional(bool)
      prefix                   = optional(string)
      tags                     = optional(map(string))
      object_size_greater_than = optional(number)
      object_size_less_than    = optional(number)
      transitions = optional(list(object({
        days          = number
        storage_class = string
      })))
      expiration_days              = optional(number)
      expired_object_delete_marker = optional(bool)
      noncurrent_version_transitions = optional(list(object({
        days          = number
        storage_class = string
      })))
      noncurrent_version_expiration_days = optional(number)
      newer_noncurrent_versions          = optional(number)
    })))
    replication = optional(object({
      bucket_name                        = optional(string)
      bucket_arn                         = optional(string)
      role_name                          = string
      permissions_boundary_arn           = optional(string)
      kms_key_arn                        = optional(string)
      prefix                             = optional(string)
      delete_markers                     = optional(bool)
      metrics                            = optional(bool)
      time_control                       = optional(bool)
      storage_class                      = optional(string)
      noncurrent_version_expiration_days = optional(number)
    }))
    oac = optional(object({
      name              = string
      distribution_arns = optional(list(string))
      list_bucket       = optional(bool)
    }))
    access_log_sources = optional(list(string), [])
    access_logging = optional(object({
      bucket      = optional(string)
      bucket_name = optional(string)
      prefix      = optional(string)
    }))
    eventbridge = optional(bool)
  }))
  nullable = false

  validation {
    condition = alltrue([
      for names in [concat(
        values(var.buckets)[*].name,
        compact([for bucket in values(var.buckets) : try(bucket.replication.bucket_name, null)]),
      )] : length(distinct(names)) == length(names)
    ])
    error_message = "buckets ${jsonencode({ for key, bucket in var.buckets : key => [bucket.name, try(bucket.replication.bucket_name, null)] })}: a name is used twice, give every bucket and replica its own."
  }

  validation {
    condition = alltrue([
      for bucket in values(var.buckets) : bucket.access_logging == null || (
        (try(bucket.access_logging.bucket, null) == null) != (try(bucket.access_logging.bucket_name, null) == null)
      )
    ])
    error_message = "buckets ${jsonencode({ for key, bucket in var.buckets : key => bucket.access_logging })}: access_logging takes either bucket, a key of this map, or bucket_name."
  }

  validation {
    condition = length(setsubtract(
      compact([for bucket in values(var.buckets) : try(bucket.access_logging.bucket, null)]),
      keys(var.buckets),
    )) == 0
    error_message = "buckets ${jsonencode({ for key, bucket in var.buckets : key => try(bucket.access_logging.bucket, null) })}: access_logging.bucket must be a key of this map, of which there are ${jsonencode(keys(var.buckets))}."
  }
}

variable "tags" {
  description = "Tags of every bucket and replication role."
  type        = map(string)
  nullable    = false
}
