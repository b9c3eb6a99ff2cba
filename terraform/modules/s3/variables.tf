variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string
  nullable    = false

  # No dots: they break the certificate of https://<bucket>.s3.<region>.amazonaws.com.
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name ${jsonencode(var.name)}: use 3 to 63 lower-case letters, digits or hyphens, no dots, beginning and ending with a letter or digit."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket, and a replica made here, also deletes the objects in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "versioning" {
  description = "Enabled or Suspended; S3 has no way back to never-versioned."
  type        = string
  default     = "Enabled"
  nullable    = false

  validation {
    condition     = contains(["Enabled", "Suspended"], var.versioning)
    error_message = "versioning ${jsonencode(var.versioning)}: use Enabled or Suspended."
  }

  validation {
    condition     = var.versioning == "Enabled" || var.replication == null
    error_message = "versioning ${jsonencode(var.versioning)}: replication needs Enabled."
  }
}

variable "kms_key_arn" {
  description = "ARN of a customer managed key in the bucket's region. Null for SSE-S3 (AES256)."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn ${jsonencode(var.kms_key_arn)}: give the ARN of a key, not of an alias."
  }
}

variable "bucket_key" {
  description = "Whether S3 uses a bucket key, which makes far fewer calls to KMS. Without kms_key_arn it means nothing."
  type        = bool
  default     = true
  nullable    = false
}

variable "policy_statements" {
  description = "Further statements of the bucket policy, each one as JSON. The TLS denials stay, whatever is added."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for statement in var.policy_statements : can(jsondecode(statement).Effect)])
    error_message = "policy_statements ${jsonencode(var.policy_statements)}: each must be one policy statement as JSON, with an Effect."
  }
}

variable "cors_rules" {
  description = <<-EOT
    CORS rules; none by default:
    - allowed_origins: origins with their scheme, such as https://app.example.com; "*" for reading only.
    - allowed_methods: of GET, HEAD, PUT, POST and DELETE.
    - allowed_headers: request headers (default none).
    - expose_headers: response headers that a script may read (default ETag, which multipart uploads need).
    - max_age_seconds: how long a browser keeps the answer (default 3600).
  EOT
  type = list(object({
    allowed_origins = list(string)
    allowed_methods = list(string)
    allowed_headers = optional(list(string), [])
    expose_headers  = optional(list(string), ["ETag"])
    max_age_seconds = optional(number, 3600)
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue(flatten([
      for rule in var.cors_rules : [
        for method in rule.allowed_methods : contains(["GET", "HEAD", "PUT", "POST", "DELETE"], method)
      ]
    ]))
    error_message = "cors_rules methods ${jsonencode(var.cors_rules[*].allowed_methods)}: use GET, HEAD, PUT, POST or DELETE."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.cors_rules : [
        for origin in rule.allowed_origins : can(regex("^(\\*|https?://[^/*\\s]*\\*?[^/*\\s]+)$", origin))
      ]
    ]))
    error_message = "cors_rules origins ${jsonencode(var.cors_rules[*].allowed_origins)}: give scheme and host, with one * at most and no path, such as https://app.example.com."
  }

  validation {
    condition = alltrue([
      for rule in var.cors_rules :
      !contains(rule.allowed_origins, "*") || length(setsubtract(rule.allowed_methods, ["GET", "HEAD"])) == 0
    ])
    error_message = "cors_rules ${jsonencode(var.cors_rules)}: origin \"*\" may only GET and HEAD, name the origins that write."
  }

  validation {
    condition     = alltrue([for rule in var.cors_rules : length(rule.allowed_origins) > 0 && length(rule.allowed_methods) > 0])
    error_message = "cors_rules ${jsonencode(var.cors_rules)}: each needs an origin and a method."
  }
}

variable "abort_multipart_days" {
  description = "Days after which an unfinished multipart upload is thrown away, in the bucket and in a replica made here."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.abort_multipart_days >= 1
    error_message = "abort_multipart_days ${var.abort_multipart_days}: use 1 or more."
  }
}

variable "lifecycle_rules" {
  description = <<-EOT
    Lifecycle rules, beside the one that aborts unfinished multipart uploads:
    - id: name of the rule.
    - enabled: default true.
    - prefix, tags, object_size_greater_than, object_size_less_than (bytes): what the rule applies to; all
      that are given must match, none means every object.
    - transitions: list of {days, storage_class}.
    - expiration_days, or expired_object_delete_marker: true.
    - noncurrent_version_transitions: list of {days, storage_class}.
    - noncurrent_version_expiration_days, and newer_noncurrent_versions to keep that many all the same.
  EOT
  type = list(object({
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
  }))
  default  = []
  nullable = false

  validation {
    condition = (
      length(distinct(var.lifecycle_rules[*].id)) == length(var.lifecycle_rules) &&
      !contains(var.lifecycle_rules[*].id, "abort-incomplete-multipart-uploads")
    )
    error_message = "lifecycle_rules ids ${jsonencode(var.lifecycle_rules[*].id)}: each must be unique, and abort-incomplete-multipart-uploads is taken."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules : (
        length(rule.transitions) > 0 || rule.expiration_days != null || rule.expired_object_delete_marker ||
        length(rule.noncurrent_version_transitions) > 0 || rule.noncurrent_version_expiration_days != null
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules[*].id)}: each needs a transition or an expiration."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules : !rule.expired_object_delete_marker || (
        rule.expiration_days == null && length(rule.tags) == 0 &&
        rule.object_size_greater_than == null && rule.object_size_less_than == null
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules[*].id)}: expired_object_delete_marker goes neither with expiration_days nor with tags or sizes."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules :
      rule.newer_noncurrent_versions == null || rule.noncurrent_version_expiration_days != null
    ])
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules[*].id)}: newer_noncurrent_versions needs noncurrent_version_expiration_days."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.lifecycle_rules : [
        for transition in concat(rule.transitions, rule.noncurrent_version_transitions) : contains(
          ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
          transition.storage_class,
        )
      ]
    ]))
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules)}: storage_class must be STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  validation {
    condition = alltrue(flatten([
      for rule in var.lifecycle_rules : [
        for transition in concat(rule.transitions, rule.noncurrent_version_transitions) :
        transition.days >= (endswith(transition.storage_class, "_IA") ? 30 : 0)
      ]
    ]))
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules)}: a transition to STANDARD_IA or ONEZONE_IA needs 30 days or more."
  }

  validation {
    condition = alltrue([
      for rule in var.lifecycle_rules : (
        alltrue([for transition in rule.transitions : transition.days < coalesce(rule.expiration_days, 1e9)]) &&
        alltrue([
          for transition in rule.noncurrent_version_transitions :
          transition.days < coalesce(rule.noncurrent_version_expiration_days, 1e9)
        ]) &&
        coalesce(rule.expiration_days, 1) >= 1 && coalesce(rule.noncurrent_version_expiration_days, 1) >= 1
      )
    ])
    error_message = "lifecycle_rules ${jsonencode(var.lifecycle_rules)}: an expiration needs 1 day or more, and must come after the transitions."
  }
}

variable "replication" {
  description = <<-EOT
    Replication to a bucket in the same account, in another region:
    - bucket_name: name of the bucket to make there, with the guardrails of this one; or
    - bucket_arn: ARN of a bucket that exists, is versioned and belongs to the same account.
    - role_name: name of the IAM role to make for S3; IAM is global, so put the region in it.
    - permissions_boundary_arn: ARN of the managed policy that bounds that role (default none).
    - kms_key_arn: customer managed key in the other region; required if, and only if, the bucket has one.
    - prefix: replicate only what begins with it (default everything).
    - delete_markers: whether deletions are replicated too (default true).
    - metrics: whether S3 publishes replication metrics (default false).
    - time_control: 15-minute replication time control, which brings the metrics (default false).
    - storage_class: of the replicas (default that of the object).
    - noncurrent_version_expiration_days: how long a bucket made here keeps old versions (default: as long as
      the longest of lifecycle_rules, and 90 at least).
  EOT
  type = object({
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
  })
  default = null

  validation {
    condition     = alltrue([for r in var.replication[*] : (r.bucket_name == null) != (r.bucket_arn == null)])
    error_message = "replication ${jsonencode(var.replication)}: give either bucket_name or bucket_arn."
  }

  validation {
    condition = alltrue([
      for r in var.replication[*] : r.bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", r.bucket_name))
    ])
    error_message = "replication ${jsonencode(var.replication)}: bucket_name needs 3 to 63 lower-case letters, digits or hyphens, no dots, beginning and ending with a letter or digit."
  }

  validation {
    condition     = alltrue([for r in var.replication[*] : r.bucket_arn == null || can(regex("^arn:[^:]+:s3:::[^/*]+$", r.bucket_arn))])
    error_message = "replication ${jsonencode(var.replication)}: bucket_arn must look like arn:aws:s3:::name."
  }

  validation {
    condition = alltrue([
      for r in var.replication[*] : !contains(compact([r.bucket_name, try(split(":::", r.bucket_arn)[1], null)]), var.name)
    ])
    error_message = "replication ${jsonencode(var.replication)}: a bucket cannot be replicated to itself."
  }

  validation {
    condition     = alltrue([for r in var.replication[*] : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", r.role_name))])
    error_message = "replication ${jsonencode(var.replication)}: role_name needs 1 to 64 letters, digits or + = , . @ _ -."
  }

  validation {
    condition     = alltrue([for r in var.replication[*] : (r.kms_key_arn == null) == (var.kms_key_arn == null)])
    error_message = "replication ${jsonencode(var.replication)}: with kms_key_arn on the bucket the replica needs its own, without it it may have none."
  }

  validation {
    condition = alltrue([
      for r in var.replication[*] : r.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", r.kms_key_arn))
    ])
    error_message = "replication ${jsonencode(var.replication)}: kms_key_arn must be the ARN of a key, not of an alias."
  }

  validation {
    condition = alltrue([
      for r in var.replication[*] : contains(
        ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
        coalesce(r.storage_class, "STANDARD"),
      )
    ])
    error_message = "replication ${jsonencode(var.replication)}: storage_class must be STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  validation {
    condition     = alltrue([for r in var.replication[*] : coalesce(r.noncurrent_version_expiration_days, 1) >= 1])
    error_message = "replication ${jsonencode(var.replication)}: noncurrent_version_expiration_days needs 1 or more."
  }
}

variable "oac" {
  description = <<-EOT
    CloudFront origin access control for the bucket:
    - name: name of the origin access control; CloudFront is global, so put the region in it.
    - list_bucket: also allow ListBucket, so that a missing key is a 404 instead of a 403 (default false).
  EOT
  type = object({
    name        = string
    list_bucket = optional(bool, false)
  })
  default = null

  validation {
    condition     = alltrue([for oac in var.oac[*] : can(regex("^.{1,64}$", oac.name))])
    error_message = "oac ${jsonencode(var.oac)}: name needs 1 to 64 characters."
  }
}

# Not a field of oac: the control would then depend on the distributions, which depend on the control.
variable "oac_distribution_arns" {
  description = "ARNs of the CloudFront distributions that may read the bucket."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for arn in var.oac_distribution_arns : can(regex("^arn:[^:]+:cloudfront::[0-9]{12}:distribution/[A-Z0-9]+$", arn))
    ])
    error_message = "oac_distribution_arns ${jsonencode(var.oac_distribution_arns)}: each must look like arn:aws:cloudfront::111122223333:distribution/EXAMPLE, without a *."
  }
}

variable "access_log_sources" {
  description = "Names of the buckets, of the same account and region, that may deliver their access logs into this one."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.access_log_sources : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "access_log_sources ${jsonencode(var.access_log_sources)}: give names of buckets."
  }

  validation {
    condition     = !contains(var.access_log_sources, var.name)
    error_message = "access_log_sources ${jsonencode(var.access_log_sources)}: a bucket that logs into itself fills itself up, use another one."
  }
}

variable "eventbridge" {
  description = "Whether the bucket sends its events to EventBridge."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags of the buckets and of the replication role."
  type        = map(string)
  nullable    = false
}
