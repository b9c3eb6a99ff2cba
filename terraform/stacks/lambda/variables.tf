variable "functions" {
  description = "Functions by key. artifact_bucket and layers refer to buckets and layers by key; the role of function k is roles[k]; environment holds further environment variables; everything else is as in the module lambda."
  type = map(object({
    name                    = string
    handler                 = string
    artifact_bucket         = string
    s3_key                  = string
    source_code_hash        = string
    description             = optional(string)
    runtime                 = optional(string)
    architecture            = optional(string)
    memory_size             = optional(number)
    timeout                 = optional(number)
    ephemeral_storage_size  = optional(number)
    environment             = optional(map(string))
    kms_key_arn             = optional(string)
    log_retention_days      = optional(number)
    log_kms_key_arn         = optional(string)
    log_level               = optional(string)
    system_log_level        = optional(string)
    vpc                     = optional(object({ subnet_ids = list(string), security_group_ids = list(string) }))
    tracing_mode            = optional(string)
    layers                  = optional(list(string), [])
    extra_layer_arns        = optional(list(string), [])
    dead_letter_target_arn  = optional(string)
    async                   = optional(object({ maximum_retry_attempts = optional(number), maximum_event_age = optional(number), on_failure_arn = optional(string) }))
    reserved_concurrency    = optional(number)
    publish                 = optional(bool)
    provisioned_concurrency = optional(number)
    code_signing_config_arn = optional(string)
    allowed_triggers        = optional(map(object({ principal = string, source_arn = optional(string), source_account = optional(string) })))
  }))
  nullable = false

  validation {
    condition     = length(distinct(values(var.functions)[*].name)) == length(var.functions)
    error_message = "functions ${jsonencode({ for key, function in var.functions : key => function.name })}: two keys share a name, give each function its own."
  }

  validation {
    condition     = length(setsubtract(keys(var.functions), keys(var.roles))) == 0
    error_message = "Functions ${join(", ", setsubtract(keys(var.functions), keys(var.roles)))} have no role: add them to the stack iam under the same key."
  }

  validation {
    condition     = length(setsubtract(values(var.functions)[*].artifact_bucket, keys(var.buckets))) == 0
    error_message = "functions ${jsonencode({ for key, function in var.functions : key => function.artifact_bucket if !contains(keys(var.buckets), function.artifact_bucket) })}: artifact_bucket must be a key of buckets, which are ${jsonencode(keys(var.buckets))}."
  }

  validation {
    condition = length(setsubtract(flatten(values(var.functions)[*].layers), keys(var.layers))) == 0
    error_message = "functions ${jsonencode({
      for key, function in var.functions : key => setsubtract(function.layers, keys(var.layers))
      if length(setsubtract(function.layers, keys(var.layers))) > 0
    })}: there are no such layers, use keys of layers, which are ${jsonencode(keys(var.layers))}."
  }
}

variable "layers" {
  description = "Layers by key: a zip in S3, under a key that names its content, and the base64 SHA-256 of the zip."
  type = map(object({
    name                     = string
    artifact_bucket          = string
    s3_key                   = string
    source_code_hash         = string
    description              = optional(string)
    compatible_runtimes      = optional(list(string), ["python3.12"])
    compatible_architectures = optional(list(string), ["arm64"])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for layer in var.layers : can(regex("^[A-Za-z0-9_-]{1,140}$", layer.name))])
    error_message = "Layer names ${join(", ", [for layer in var.layers : layer.name if !can(regex("^[A-Za-z0-9_-]{1,140}$", layer.name))])}: each is 1 to 140 letters, digits, _ and - only."
  }

  validation {
    condition     = length(setsubtract(values(var.layers)[*].artifact_bucket, keys(var.buckets))) == 0
    error_message = "layers ${jsonencode({ for key, layer in var.layers : key => layer.artifact_bucket if !contains(keys(var.buckets), layer.artifact_bucket) })}: artifact_bucket must be a key of buckets, which are ${jsonencode(keys(var.buckets))}."
  }
}

variable "environment" {
  description = "The environment (dev, sit, prod). Every function sees it as ENVIRONMENT."
  type        = string
  nullable    = false
}

variable "roles" {
  description = "Output `roles` of the stack iam."
  type        = map(object({ arn = string }))
  nullable    = false
}

variable "buckets" {
  description = "Output `buckets` of the stack s3."
  type        = map(object({ name = string }))
  nullable    = false
}

variable "tags" {
  description = "Tags of every function and log group."
  type        = map(string)
  nullable    = false
}
