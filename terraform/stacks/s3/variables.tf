variable "buckets" {
  description = "Buckets by key, each the object `bucket` of modules/s3, which documents and checks it; access_logging.bucket is a key of this map."
  type        = any
  nullable    = false

  validation {
    condition = alltrue([
      for names in [concat(
        [for bucket in var.buckets : bucket.name],
        compact([for bucket in var.buckets : try(bucket.replication.bucket_name, null)]),
      )] : length(distinct(names)) == length(names)
    ])
    error_message = "buckets ${jsonencode({ for key, bucket in var.buckets : key => [bucket.name, try(bucket.replication.bucket_name, null)] })}: a name is used twice, give every bucket and replica its own."
  }

  validation {
    condition = length(setsubtract(
      compact([for bucket in var.buckets : try(bucket.access_logging.bucket, null)]),
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
