variable "bucket" {
  description = <<-EOT
    One bucket.
    - `name` - Complete name of the bucket, unique in the world; 3 to 63 lower-case letters, digits or hyphens,
      beginning and ending with a letter or digit.
    - `force_destroy` - Whether destroying the bucket, and a replica made here, also deletes the objects in it.
    - `versioning` - Enabled or Suspended; S3 has no way back to never-versioned, and replication needs Enabled.
    - `kms_key_arn` - ARN of a customer managed key in the bucket's region; null for SSE-S3 (AES256).
    - `bucket_key` - Whether S3 uses a bucket key, which makes far fewer calls to KMS. Without a customer managed key
      it means nothing.
    - `policy_statements` - Further statements of the bucket policy, each one as JSON with an Effect. The TLS denials
      stay, whatever is added.
    - `cors_rules` - CORS rules, 100 at most.
    - `cors_rules.allowed_origins` - Origins with their scheme, such as https://app.example.com; * for reading only.
    - `cors_rules.allowed_methods` - Methods, of GET, HEAD, PUT, POST and DELETE.
    - `cors_rules.allowed_headers` - Request headers.
    - `cors_rules.expose_headers` - Response headers that a script may read; multipart uploads need ETag.
    - `cors_rules.max_age_seconds` - Seconds that a browser keeps the answer, 0 to 86400.
    - `abort_multipart_days` - Days after which an unfinished multipart upload is thrown away, in the bucket and in a
      replica made here; 1 or more.
    - `lifecycle_rules` - Lifecycle rules, beside the one that aborts unfinished multipart uploads; each needs a
      transition or an expiration. The criteria that are given must all match, none means every object.
    - `lifecycle_rules.id` - Name of the rule, unique in the bucket, 1 to 255 characters.
    - `lifecycle_rules.enabled` - Whether the rule is in force.
    - `lifecycle_rules.prefix` - Criterion, how the keys begin.
    - `lifecycle_rules.tags` - Criterion, tags of the objects.
    - `lifecycle_rules.object_size_greater_than` - Criterion, size in bytes.
    - `lifecycle_rules.object_size_less_than` - Criterion, size in bytes.
    - `lifecycle_rules.transitions` - Moves of the current version to another storage class.
    - `lifecycle_rules.transitions.days`, `lifecycle_rules.noncurrent_version_transitions.days` - Days after which it
      moves, 30 or more for STANDARD_IA and ONEZONE_IA, before the expiration.
    - `lifecycle_rules.transitions.storage_class`, `lifecycle_rules.noncurrent_version_transitions.storage_class` -
      STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE.
    - `lifecycle_rules.expiration_days` - Days after which the current version expires, 1 or more, or null.
    - `lifecycle_rules.expired_object_delete_marker` - Whether delete markers without versions are removed; goes
      neither with `lifecycle_rules.expiration_days` nor with tags or sizes.
    - `lifecycle_rules.noncurrent_version_transitions` - Moves of old versions to another storage class.
    - `lifecycle_rules.noncurrent_version_expiration_days` - Days after which old versions are deleted, 1 or more, or
      null.
    - `lifecycle_rules.newer_noncurrent_versions` - How many old versions are kept all the same, 1 to 100; needs
      `lifecycle_rules.noncurrent_version_expiration_days`.
    - `replication` - Replication to a bucket of the same account in another region, or null.
    - `replication.bucket_name` - Name of the bucket to make there, with the guardrails of this one; this or
      `replication.bucket_arn`.
    - `replication.bucket_arn` - ARN of a bucket that exists, is versioned and belongs to the same account.
    - `replication.role_name` - Name of the IAM role to make for S3, 64 characters at most; IAM is global, so put the
      region in it.
    - `replication.permissions_boundary_arn` - ARN of the managed policy that bounds that role, or null.
    - `replication.kms_key_arn` - Customer managed key in the other region; required if, and only if, the bucket has
      one.
    - `replication.prefix` - Replicate only what begins with it; empty for everything.
    - `replication.delete_markers` - Whether deletions are replicated, too.
    - `replication.metrics` - Whether S3 publishes replication metrics.
    - `replication.time_control` - Whether S3 commits itself to 15 minutes (replication time control), which brings
      the metrics.
    - `replication.storage_class` - Storage class of the replicas, that of the object when null.
    - `replication.noncurrent_version_expiration_days` - Days for which a bucket made here keeps old versions, 1 or
      more; when null as long as the longest of `lifecycle_rules`, and 90 at least.
    - `oac` - CloudFront origin access control for the bucket, or null.
    - `oac.name` - Name of the origin access control, 1 to 64 characters; CloudFront is global, so put the region in
      it.
    - `oac.distribution_arns` - ARNs of the CloudFront distributions that may read the bucket.
    - `oac.list_bucket` - Whether they may list it as well, so that a missing key is a 404 instead of a 403.
    - `access_log_sources` - Names of buckets, of the same account and region, that may deliver their access logs into
      this one.
    - `access_logging` - Where the access logs go, or null for none.
    - `access_logging.bucket` - Key of another bucket; this or `access_logging.bucket_name`.
    - `access_logging.bucket_name` - Name of any other bucket.
    - `access_logging.prefix` - How the keys of the logs begin, <name of the bucket>/ when null; 1024 characters at
      most.
    - `eventbridge` - Whether the bucket sends its events to EventBridge.
  EOT
  type = object({
    name              = string
    force_destroy     = optional(bool, false)
    versioning        = optional(string, "Enabled")
    kms_key_arn       = optional(string)
    bucket_key        = optional(bool, true)
    policy_statements = optional(list(string), [])
    cors_rules = optional(list(object({
      allowed_origins = list(string)
      allowed_methods = list(string)
      allowed_headers = optional(list(string), [])
      expose_headers  = optional(list(string), ["ETag"])
      max_age_seconds = optional(number, 3600)
    })), [])
    abort_multipart_days = optional(number, 7)
    lifecycle_rules = optional(list(object({
      id                       = string
      enabled                  = optional(bool, true)
      prefix                   = optional(string, "")
      tags                     = optional(map(string), {})
      object_size_greater_than = optional(number)
      object_size_less_than    = optional(number)
      transitions = optional(list(object({
        days          = number
        storage_class = string
      })), [])
      expiration_days              = optional(number)
      expired_object_delete_marker = optional(bool, false)
      noncurrent_version_transitions = optional(list(object({
        days          = number
        storage_class = string
      })), [])
      noncurrent_version_expiration_days = optional(number)
      newer_noncurrent_versions          = optional(number)
    })), [])
    replication = optional(object({
      bucket_name                        = optional(string)
      bucket_arn                         = optional(string)
      role_name                          = string
      permissions_boundary_arn           = optional(string)
      kms_key_arn                        = optional(string)
      prefix                             = optional(string, "")
      delete_markers                     = optional(bool, true)
      metrics                            = optional(bool, false)
      time_control                       = optional(bool, false)
      storage_class                      = optional(string)
      noncurrent_version_expiration_days = optional(number)
    }))
    oac = optional(object({
      name              = string
      distribution_arns = optional(list(string), [])
      list_bucket       = optional(bool, false)
    }))
    access_log_sources = optional(list(string), [])
    access_logging = optional(object({
      bucket      = optional(string)
      bucket_name = optional(string)
      prefix      = optional(string)
    }))
    eventbridge = optional(bool, false)
  })
  nullable = false

  # No dots: they break the certificate of https://<bucket>.s3.<region>.amazonaws.com.
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket.name))
    error_message = "name ${jsonencode(var.bucket.name)}: use 3 to 63 lower-case letters, digits or hyphens, no dots, beginning and ending with a letter or digit."
  }

  validation {
    condition     = contains(["Enabled", "Suspended"], var.bucket.versioning)
    error_message = "versioning ${jsonencode(var.bucket.versioning)}: use Enabled or Suspended."
  }

  validation {
    condition     = var.bucket.versioning == "Enabled" || var.bucket.replication == null
    error_message = "versioning ${jsonencode(var.bucket.versioning)}: replication needs Enabled."
  }

  validation {
    condition     = var.bucket.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.bucket.kms_key_arn))
    error_message = "kms_key_arn ${jsonencode(var.bucket.kms_key_arn)}: give the ARN of a key, not of an alias."
  }

  validation {
    condition     = alltrue([for statement in var.bucket.policy_statements : can(jsondecode(statement).Effect)])
    error_message = "policy_statements ${jsonencode(var.bucket.policy_statements)}: each must be one policy statement as JSON, with an Effect."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.bucket.cors_rules : [
        for method in rule.allowed_methods : contains(["GET", "HEAD", "PUT", "POST", "DELETE"], method)
      ]
    ]))
    error_message = "cors_rules methods ${jsonencode(var.bucket.cors_rules[*].allowed_methods)}: use GET, HEAD, PUT, POST or DELETE."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.bucket.cors_rules : [
        for origin in rule.allowed_origins : can(regex("^(\\*|[a-z][a-z0-9+.-]*://[^/*\\s]*\\*?[^/*\\s]+)$", origin))
      ]
    ]))
    error_message = "cors_rules origins ${jsonencode(var.bucket.cors_rules[*].allowed_origins)}: give scheme and host, with one * at most and no path, such as https://app.example.com."
  }

  validation {
    condition = alltrue([
      for rule in var.bucket.cors_rules :
      !contains(rule.allowed_origins, "*") || length(setsubtract(rule.allowed_methods, ["GET", "HEAD"])) == 0
    ])
    error_message = "cors_rules ${jsonencode(var.bucket.cors_rules)}: origin \"*\" may only GET and HEAD, name the origins that write."
  }

  validation {
    condition     = alltrue([for rule in var.bucket.cors_rules : length(rule.allowed_origins) > 0 && length(rule.allowed_methods) > 0])
    error_message = "cors_rules ${jsonencode(var.bucket.cors_rules)}: each needs an origin and a method."
  }

  validation {
    condition     = var.bucket.abort_multipart_days >= 1
    error_message = "abort_multipart_days ${var.bucket.abort_multipart_days}: use 1 or more."
  }

  validation {
    condition = (
      length(distinct(var.bucket.lifecycle_rules[*].id)) == length(var.bucket.lifecycle_rules) &&
      !contains(var.bucket.lifecycle_rules[*].id, "abort-incomplete-multipart-uploads")
    )
    error_message = "lifecycle_rules ids ${jsonencode(var.bucket.lifecycle_rules[*].id)}: each must be unique, and abort-incomplete-multipart-uploads is taken."
  }

  validation {
    condition = alltrue([
      for rule in var.bucket.lifecycle_rules : (
        length(rule.transitions) > 0 || rule.expiration_days != null || rule.expired_object_delete_marker ||
        length(rule.noncurrent_version_transitions) > 0 || rule.noncurrent_version_expiration_days != null
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules[*].id)}: each needs a transition or an expiration."
  }

  validation {
    condition = alltrue([
      for rule in var.bucket.lifecycle_rules : !rule.expired_object_delete_marker || (
        rule.expiration_days == null && length(rule.tags) == 0 &&
        rule.object_size_greater_than == null && rule.object_size_less_than == null
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules[*].id)}: expired_object_delete_marker goes neither with expiration_days nor with tags or sizes."
  }

  validation {
    condition = alltrue([
      for rule in var.bucket.lifecycle_rules :
      rule.newer_noncurrent_versions == null || rule.noncurrent_version_expiration_days != null
    ])
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules[*].id)}: newer_noncurrent_versions needs noncurrent_version_expiration_days."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.bucket.lifecycle_rules : [
        for transition in concat(rule.transitions, rule.noncurrent_version_transitions) : contains(
          ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
          transition.storage_class,
        )
      ]
    ]))
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules)}: storage_class must be STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.bucket.lifecycle_rules : [
        for transition in concat(rule.transitions, rule.noncurrent_version_transitions) :
        transition.days >= (endswith(transition.storage_class, "_IA") ? 30 : 0)
      ]
    ]))
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules)}: a transition to STANDARD_IA or ONEZONE_IA needs 30 days or more."
  }

  validation {
    condition = alltrue([
      for rule in var.bucket.lifecycle_rules : (
        alltrue([for transition in rule.transitions : transition.days < coalesce(rule.expiration_days, 1e9)]) &&
        alltrue([
          for transition in rule.noncurrent_version_transitions :
          transition.days < coalesce(rule.noncurrent_version_expiration_days, 1e9)
        ]) &&
        coalesce(rule.expiration_days, 1) >= 1 && coalesce(rule.noncurrent_version_expiration_days, 1) >= 1
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.bucket.lifecycle_rules)}: an expiration needs 1 day or more, and must come after the transitions."
  }

  validation {
    condition     = alltrue([for r in var.bucket.replication[*] : (r.bucket_name == null) != (r.bucket_arn == null)])
    error_message = "replication ${jsonencode(var.bucket.replication)}: give either bucket_name or bucket_arn."
  }

  validation {
    condition = alltrue([
      for r in var.bucket.replication[*] : r.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", r.bucket_name))
    ])
    error_message = "replication ${jsonencode(var.bucket.replication)}: bucket_name needs 3 to 63 lower-case letters, digits or hyphens, no dots, beginning and ending with a letter or digit."
  }

  validation {
    condition     = alltrue([for r in var.bucket.replication[*] : r.bucket_arn == null || can(regex("^arn:[^:]+:s3:::[^/*]+$", r.bucket_arn))])
    error_message = "replication ${jsonencode(var.bucket.replication)}: bucket_arn must look like arn:aws:s3:::name."
  }

  validation {
    condition = alltrue([
      for r in var.bucket.replication[*] : !contains(compact([r.bucket_name, try(split(":::", r.bucket_arn)[1], null)]), var.bucket.name)
    ])
    error_message = "replication ${jsonencode(var.bucket.replication)}: a bucket cannot be replicated to itself."
  }

  validation {
    condition     = alltrue([for r in var.bucket.replication[*] : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", r.role_name))])
    error_message = "replication ${jsonencode(var.bucket.replication)}: role_name needs 1 to 64 letters, digits or + = , . @ _ -."
  }

  validation {
    condition     = alltrue([for r in var.bucket.replication[*] : (r.kms_key_arn == null) == (var.bucket.kms_key_arn == null)])
    error_message = "replication ${jsonencode(var.bucket.replication)}: with kms_key_arn on the bucket the replica needs its own, without it it may have none."
  }

  validation {
    condition = alltrue([
      for r in var.bucket.replication[*] : r.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", r.kms_key_arn))
    ])
    error_message = "replication ${jsonencode(var.bucket.replication)}: kms_key_arn must be the ARN of a key, not of an alias."
  }

  validation {
    condition = alltrue([
      for r in var.bucket.replication[*] : contains(
        ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
        coalesce(r.storage_class, "STANDARD"),
      )
    ])
    error_message = "replication ${jsonencode(var.bucket.replication)}: storage_class must be STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  validation {
    condition     = alltrue([for r in var.bucket.replication[*] : coalesce(r.noncurrent_version_expiration_days, 1) >= 1])
    error_message = "replication ${jsonencode(var.bucket.replication)}: noncurrent_version_expiration_days needs 1 or more."
  }

  validation {
    condition     = alltrue([for logging in var.bucket.access_logging[*] : (logging.bucket == null) != (logging.bucket_name == null)])
    error_message = "access_logging ${jsonencode(var.bucket.access_logging)}: give either bucket, the key of another bucket, or bucket_name."
  }

  validation {
    condition     = alltrue([for oac in var.bucket.oac[*] : can(regex("^.{1,64}$", oac.name))])
    error_message = "oac ${jsonencode(var.bucket.oac)}: name needs 1 to 64 characters."
  }
}

# Beside oac.distribution_arns, for distributions of the same root: in the object they would make the control, which they depend
# on, depend on them.
variable "oac_distribution_arns" {
  description = "ARNs of further CloudFront distributions that may read the bucket."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for arn in concat(var.oac_distribution_arns, [for oac in var.bucket.oac[*] : oac.distribution_arns]...) : can(regex("^arn:[^:]+:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+$", arn))
    ])
    error_message = "oac_distribution_arns ${jsonencode(concat(var.oac_distribution_arns, [for oac in var.bucket.oac[*] : oac.distribution_arns]...))}: each must look like arn:aws:cloudfront::111122223333:distribution/EXAMPLE, without a *."
  }
}

variable "access_log_sources" {
  description = "Names of further buckets that may deliver their access logs into this one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in concat(var.bucket.access_log_sources, var.access_log_sources) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "access_log_sources ${jsonencode(concat(var.bucket.access_log_sources, var.access_log_sources))}: give names of buckets."
  }

  validation {
    condition     = !contains(concat(var.bucket.access_log_sources, var.access_log_sources), var.bucket.name)
    error_message = "access_log_sources ${jsonencode(concat(var.bucket.access_log_sources, var.access_log_sources))}: a bucket that logs into itself fills itself up, use another one."
  }
}

variable "tags" {
  description = "Tags of the buckets and of the replication role."
  type        = map(string)
  nullable    = false
}
