variable "functions" {
  description = "Functions by key, each the object `function` of modules/lambda, which documents and checks it. The role of function k is roles[k], its package packages[\"functions/k\"]."
  type        = any
  nullable    = false

  validation {
    condition     = length(distinct([for function in var.functions : function.name])) == length(var.functions)
    error_message = "functions ${jsonencode({ for key, function in var.functions : key => function.name })}: two keys share a name, give each function its own."
  }

  validation {
    condition     = length(setsubtract(keys(var.functions), keys(var.roles))) == 0
    error_message = "Functions ${join(", ", setsubtract(keys(var.functions), keys(var.roles)))} have no role: add them to the stack iam under the same key."
  }

  validation {
    condition     = length(setsubtract([for function in var.functions : function.artifact_bucket], keys(var.buckets))) == 0
    error_message = "functions ${jsonencode({ for key, function in var.functions : key => function.artifact_bucket if !contains(keys(var.buckets), function.artifact_bucket) })}: artifact_bucket must be a key of buckets, which are ${jsonencode(keys(var.buckets))}."
  }

  validation {
    condition = length(setsubtract(flatten([for function in var.functions : try(coalesce(function.layers), [])]), keys(var.layers))) == 0
    error_message = "functions ${jsonencode({
      for key, function in var.functions : key => setsubtract(try(coalesce(function.layers), []), keys(var.layers))
      if length(setsubtract(try(coalesce(function.layers), []), keys(var.layers))) > 0
    })}: there are no such layers, use keys of layers, which are ${jsonencode(keys(var.layers))}."
  }
}

variable "layers" {
  description = <<-EOT
    Layers by key. The package of layer k is packages["layers/k"].
    - `name` - Complete name of the layer, 1 to 140 letters, digits, _ and -.
    - `artifact_bucket` - Key of the bucket that holds the package.
    - `description` - What is in the layer, 256 characters at most.
    - `compatible_runtimes` - Runtimes of the functions that may use the layer, 15 at most.
    - `compatible_architectures` - Processors of the functions that may use the layer, of arm64 and x86_64.
  EOT
  type = map(object({
    name                     = string
    artifact_bucket          = string
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

variable "packages" {
  description = "What was built, by functions/<key> and layers/<key>: the key of a zip in the artifact bucket, which names its content, and the base64 SHA-256 of the zip."
  type = map(object({
    s3_key           = string
    source_code_hash = string
  }))
  nullable = false

  validation {
    condition = length(setsubtract(
      concat([for key in keys(var.functions) : "functions/${key}"], [for key in keys(var.layers) : "layers/${key}"]),
      keys(var.packages),
    )) == 0
    error_message = "packages ${jsonencode(keys(var.packages))}: there is none for ${join(", ", setsubtract(
      concat([for key in keys(var.functions) : "functions/${key}"], [for key in keys(var.layers) : "layers/${key}"]),
      keys(var.packages),
    ))}, build and add it."
  }
}

variable "releases" {
  description = "The variable `release` of modules/lambda, by function; none where the latest version is live."
  type = map(object({
    live = string
    held = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "environment" {
  description = "The environment, such as dev. Every function sees it as ENVIRONMENT."
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
