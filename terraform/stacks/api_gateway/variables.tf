variable "apis" {
  description = "REST APIs by key, each the object `api` of modules/api_gateway, which documents and checks it."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(distinct([for api in var.apis : api.name])) == length(var.apis)
    error_message = "API names must differ, as CloudWatch tells APIs apart by them: ${join(", ", [for api in var.apis : api.name])}."
  }

  validation {
    condition     = length([for api in var.apis : true if try(coalesce(api.manage_account_logging_role), false)]) <= 1
    error_message = "manage_account_logging_role of ${join(", ", [for key, api in var.apis : key if try(coalesce(api.manage_account_logging_role), false)])}: it sets the one role of the account and region, turn it on for one API only."
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

variable "releases" {
  description = "The variable `release` of modules/api_gateway, by API; none where the latest deployment is live."
  type = map(object({
    live = string
    held = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}
