# Defaults live in the module: what is left out here arrives there as null, which takes them.
variable "apis" {
  description = "REST APIs by key. The module's README describes each attribute; stage is the stage's name."
  type = map(object({
    name                         = string
    stage                        = string
    description                  = optional(string)
    stage_variables              = optional(map(string))
    endpoint_type                = optional(string)
    vpc_endpoint_ids             = optional(set(string))
    resource_policy              = optional(string)
    binary_media_types           = optional(list(string))
    minimum_compression_size     = optional(number)
    disable_execute_api_endpoint = optional(bool)
    cognito_user_pool_arns       = optional(set(string))
    authorizer = optional(object({
      id              = optional(string)
      ttl_seconds     = optional(number)
      identity_source = optional(string)
    }))
    models = optional(map(object({
      schema      = string
      description = optional(string)
    })))
    routes = map(object({
      path                 = string
      method               = string
      authorization        = optional(string)
      scopes               = optional(set(string))
      api_key_required     = optional(bool)
      type                 = optional(string)
      function             = optional(string)
      uri                  = optional(string)
      integration_method   = optional(string)
      credentials          = optional(string)
      timeout_milliseconds = optional(number)
      request_parameters   = optional(map(bool))
      request_model        = optional(string)
      request_mappings     = optional(map(string))
      request_templates    = optional(map(string))
      passthrough_behavior = optional(string)
      responses = optional(map(object({
        selection_pattern = optional(string)
        headers           = optional(map(string))
        templates         = optional(map(string))
        content_handling  = optional(string)
      })))
      settings = optional(object({
        throttling_burst_limit = optional(number)
        throttling_rate_limit  = optional(number)
        logging_level          = optional(string)
        metrics_enabled        = optional(bool)
        caching_enabled        = optional(bool)
      }))
    }))
    cors = optional(object({
      origins     = list(string)
      methods     = optional(list(string))
      headers     = optional(list(string))
      credentials = optional(bool)
      max_age     = optional(number)
    }))
    logs = optional(object({
      group_name        = optional(string)
      retention_in_days = optional(number)
      kms_key_arn       = optional(string)
      level             = optional(string)
    }))
    xray_tracing_enabled = optional(bool)
    metrics_enabled      = optional(bool)
    throttling = optional(object({
      burst_limit = optional(number)
      rate_limit  = optional(number)
    }))
    cache = optional(object({
      size        = optional(string)
      ttl_seconds = optional(number)
    }))
    waf_web_acl_arn = optional(string)
    domain = optional(object({
      name            = string
      certificate_arn = string
      base_path       = optional(string)
      zone_id         = optional(string)
      truststore_uri  = optional(string)
    }))
    usage_plan = optional(object({
      name          = string
      description   = optional(string)
      burst_limit   = optional(number)
      rate_limit    = optional(number)
      quota_limit   = optional(number)
      quota_period  = optional(string)
      api_key_names = optional(set(string))
    }))
    manage_account_logging_role = optional(bool)
    account_logging_role_name   = optional(string)
    permissions_boundary_arn    = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(distinct([for api in var.apis : api.name])) == length(var.apis)
    error_message = "API names must differ, as CloudWatch tells APIs apart by them: ${join(", ", [for api in var.apis : api.name])}."
  }

  validation {
    condition     = length([for api in var.apis : true if coalesce(api.manage_account_logging_role, false)]) <= 1
    error_message = "manage_account_logging_role of ${join(", ", [for key, api in var.apis : key if coalesce(api.manage_account_logging_role, false)])}: it sets the one role of the account and region, turn it on for one API only."
  }
}

variable "functions" {
  description = "Output functions of the lambda stack: what routes may name. invoke_arn is the alias's."
  type = map(object({
    name       = string
    alias      = optional(string)
    invoke_arn = string
    timeout    = optional(number)
  }))
  default  = {}
  nullable = false
}

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}
