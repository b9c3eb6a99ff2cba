variable "name" {
  description = "Name of the REST API; also its ApiName dimension in CloudWatch."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.name))
    error_message = "name \"${var.name}\" must be 1 to 80 letters, digits, hyphens or underscores: it is also part of the Lambda permission's statement id."
  }
}

variable "description" {
  description = "What the API is for, shown in the console."
  type        = string
  default     = "Managed by Terraform."
  nullable    = false
}

variable "stage_name" {
  description = "Name of the stage, which is the first path segment of the invoke URL."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.stage_name))
    error_message = "stage_name \"${var.stage_name}\" must be 1 to 128 letters, digits, hyphens or underscores."
  }
}

variable "stage_variables" {
  description = "Stage variables."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "endpoint_type" {
  description = "REGIONAL, EDGE or PRIVATE."
  type        = string
  default     = "REGIONAL"
  nullable    = false

  validation {
    condition     = contains(["REGIONAL", "EDGE", "PRIVATE"], var.endpoint_type)
    error_message = "endpoint_type \"${var.endpoint_type}\" must be REGIONAL, EDGE or PRIVATE."
  }

  validation {
    condition     = var.endpoint_type != "PRIVATE" || var.resource_policy != null
    error_message = "endpoint_type ${jsonencode(var.endpoint_type)}, resource_policy ${jsonencode(var.resource_policy)}: give a policy, without one AWS refuses to deploy a PRIVATE API."
  }
}

variable "vpc_endpoint_ids" {
  description = "Interface endpoints a PRIVATE API is reached through."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.vpc_endpoint_ids) == 0 || var.endpoint_type == "PRIVATE"
    error_message = "vpc_endpoint_ids ${jsonencode(var.vpc_endpoint_ids)}, endpoint_type ${jsonencode(var.endpoint_type)}: endpoints are for PRIVATE only, remove them or change the type."
  }
}

variable "resource_policy" {
  description = "Resource policy as JSON, or null. Write resources in the short form execute-api:/stage/METHOD/path."
  type        = string
  default     = null

  validation {
    condition     = var.resource_policy == null || can(jsondecode(var.resource_policy).Statement)
    error_message = "resource_policy ${jsonencode(var.resource_policy)}: give a JSON policy document with a Statement."
  }
}

variable "binary_media_types" {
  description = "Media types passed through as binary."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "minimum_compression_size" {
  description = "Smallest response in bytes that is compressed, or null for no compression."
  type        = number
  default     = null

  validation {
    condition     = var.minimum_compression_size == null ? true : var.minimum_compression_size >= 0 && var.minimum_compression_size <= 10485760
    error_message = "minimum_compression_size ${jsonencode(var.minimum_compression_size)}: give 0 to 10485760 bytes, or null for no compression."
  }
}

variable "disable_execute_api_endpoint" {
  description = "Whether clients can only come through the custom domain."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.disable_execute_api_endpoint || var.domain != null
    error_message = "disable_execute_api_endpoint ${var.disable_execute_api_endpoint}, domain ${jsonencode(var.domain)}: there is no way in, set domain or leave the endpoint on."
  }
}

variable "functions" {
  description = "Lambda functions the routes may name, by key. timeout is in seconds."
  type = map(object({
    name       = string
    alias      = optional(string)
    invoke_arn = string
    timeout    = optional(number)
  }))
  default  = {}
  nullable = false
}

variable "cognito_user_pool_arns" {
  description = "User pools whose tokens the COGNITO_USER_POOLS routes accept."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.cognito_user_pool_arns : can(regex("^arn:[^:]+:cognito-idp:[^:]+:[0-9]{12}:userpool/.+$", arn))])
    error_message = "cognito_user_pool_arns must hold user pool ARNs (arn:<partition>:cognito-idp:<region>:<account>:userpool/<id>), not ids: ${join(", ", [for arn in var.cognito_user_pool_arns : arn if !can(regex("^arn:[^:]+:cognito-idp:[^:]+:[0-9]{12}:userpool/.+$", arn))])}."
  }
}

variable "authorizer" {
  description = "Authorizer settings. id: a Cognito authorizer that already exists on this API, instead of one made from cognito_user_pool_arns; ttl_seconds: how long a result is cached; identity_source: where the token is."
  type = object({
    id              = optional(string)
    ttl_seconds     = optional(number, 300)
    identity_source = optional(string, "method.request.header.Authorization")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.authorizer.ttl_seconds >= 0 && var.authorizer.ttl_seconds <= 3600
    error_message = "authorizer.ttl_seconds ${var.authorizer.ttl_seconds} must be 0 to 3600."
  }

  validation {
    condition     = var.authorizer.id == null || length(var.cognito_user_pool_arns) == 0
    error_message = "authorizer.id ${jsonencode(var.authorizer.id)}, cognito_user_pool_arns ${jsonencode(var.cognito_user_pool_arns)}: an existing authorizer has pools of its own, remove one of the two."
  }
}

variable "models" {
  description = "Request models by name. schema: JSON schema draft-04, as JSON text."
  type = map(object({
    schema      = string
    description = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.models) : can(regex("^[A-Za-z0-9]+$", name))])
    error_message = "Model names are letters and digits only; rename: ${join(", ", [for name in keys(var.models) : name if !can(regex("^[A-Za-z0-9]+$", name))])}."
  }

  validation {
    condition     = alltrue([for model in var.models : can(keys(jsondecode(model.schema)))])
    error_message = "models ${jsonencode({ for name, model in var.models : name => model.schema if !can(keys(jsondecode(model.schema))) })}: each schema must be a JSON object as text, for example jsonencode({type = \"object\"})."
  }
}

variable "routes" {
  description = <<-EOT
    Routes by a stable id.
    - path: "/", or segments such as /sites/{id}/{proxy+}, at most six deep.
    - method: an HTTP verb or ANY.
    - authorization: COGNITO_USER_POOLS (the default), AWS_IAM or NONE; scopes: any of these in the access token admits.
    - api_key_required: also ask for an API key (usage_plan).
    - type: AWS_PROXY (the default), AWS, HTTP, HTTP_PROXY or MOCK.
    - function: key of var.functions, for AWS_PROXY and AWS; uri: the target otherwise.
    - integration_method: verb towards an HTTP uri or an AWS service (default: the route's own); credentials: role ARN.
    - timeout_milliseconds: 50 to 29000.
    - request_parameters: method.request.<path|querystring|header>.<name> => required. Path parameters are added by themselves.
    - request_model: key of var.models that application/json bodies must match.
    - request_mappings: integration.request.* => method.request.* or a 'literal'.
    - request_templates, passthrough_behavior: for types with mapping (AWS, HTTP, MOCK).
    - responses: status => mapping from the integration's reply, for the same types.
    - settings: this route's own throttling, logging and metrics. caching_enabled: answer from var.cache (default false; GET only);
      the key is the path with its parameters, request_parameters, and the caller's token or API key.
  EOT
  type = map(object({
    path                 = string
    method               = string
    authorization        = optional(string, "COGNITO_USER_POOLS")
    scopes               = optional(set(string), [])
    api_key_required     = optional(bool, false)
    type                 = optional(string, "AWS_PROXY")
    function             = optional(string)
    uri                  = optional(string)
    integration_method   = optional(string)
    credentials          = optional(string)
    timeout_milliseconds = optional(number, 29000)
    request_parameters   = optional(map(bool), {})
    request_model        = optional(string)
    request_mappings     = optional(map(string), {})
    request_templates    = optional(map(string), {})
    passthrough_behavior = optional(string)
    responses = optional(map(object({
      selection_pattern = optional(string)
      headers           = optional(map(string), {})
      templates         = optional(map(string), {})
      content_handling  = optional(string)
    })), {})
    settings = optional(object({
      throttling_burst_limit = optional(number)
      throttling_rate_limit  = optional(number)
      logging_level          = optional(string)
      metrics_enabled        = optional(bool)
      caching_enabled        = optional(bool, false)
    }))
  }))
  nullable = false

  validation {
    condition     = length(var.routes) > 0
    error_message = "routes ${jsonencode(var.routes)}: give at least one, AWS refuses to deploy an API without methods."
  }

  validation {
    condition = alltrue([
      for route in var.routes :
      can(regex("^/$|^(/([A-Za-z0-9._:-]+|\\{[A-Za-z0-9._-]+\\}))*(/[A-Za-z0-9._:-]+|/\\{[A-Za-z0-9._-]+\\+?\\})$", route.path))
    ])
    error_message = "Route paths start with a slash, have no empty or trailing segment, and {name+} only comes last; change: ${join(", ", [
      for id, route in var.routes : "${id} (${route.path})"
      if !can(regex("^/$|^(/([A-Za-z0-9._:-]+|\\{[A-Za-z0-9._-]+\\}))*(/[A-Za-z0-9._:-]+|/\\{[A-Za-z0-9._-]+\\+?\\})$", route.path))
    ])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : length(split("/", route.path)) <= 7])
    error_message = "Route paths have at most six segments; shorten: ${join(", ", [for id, route in var.routes : "${id} (${route.path})" if length(split("/", route.path)) > 7])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : contains(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"], route.method)])
    error_message = "Route methods are GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or ANY, in capitals; change: ${join(", ", [for id, route in var.routes : "${id} (${route.method})" if !contains(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"], route.method)])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : contains(["COGNITO_USER_POOLS", "AWS_IAM", "NONE"], route.authorization)])
    error_message = "Route authorization is COGNITO_USER_POOLS, AWS_IAM or NONE; change: ${join(", ", [for id, route in var.routes : "${id} (${route.authorization})" if !contains(["COGNITO_USER_POOLS", "AWS_IAM", "NONE"], route.authorization)])}."
  }

  validation {
    condition = (
      length(var.cognito_user_pool_arns) > 0 || var.authorizer.id != null ||
      alltrue([for route in var.routes : route.authorization != "COGNITO_USER_POOLS"])
    )
    error_message = "Routes with authorization COGNITO_USER_POOLS need cognito_user_pool_arns or authorizer.id: ${join(", ", [for id, route in var.routes : id if route.authorization == "COGNITO_USER_POOLS"])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : length(route.scopes) == 0 || route.authorization == "COGNITO_USER_POOLS"])
    error_message = "Only COGNITO_USER_POOLS routes have scopes; remove them from: ${join(", ", [for id, route in var.routes : id if length(route.scopes) > 0 && route.authorization != "COGNITO_USER_POOLS"])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : contains(["AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK"], route.type)])
    error_message = "Route type is AWS_PROXY, AWS, HTTP, HTTP_PROXY or MOCK; change: ${join(", ", [for id, route in var.routes : "${id} (${route.type})" if !contains(["AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK"], route.type)])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : route.function == null ? true : contains(keys(var.functions), route.function)])
    error_message = "Routes name functions that are not among ${join(", ", keys(var.functions))}: ${join(", ", [for id, route in var.routes : "${id} -> ${route.function}" if route.function == null ? false : !contains(keys(var.functions), route.function)])}."
  }

  validation {
    condition = alltrue([
      for route in var.routes :
      (route.function != null ? 1 : 0) + (route.uri != null ? 1 : 0) == (route.type == "MOCK" ? 0 : 1) &&
      (route.function == null || startswith(route.type, "AWS"))
    ])
    error_message = "A route has a function (AWS_PROXY, AWS) or a uri (AWS, HTTP, HTTP_PROXY), never both; a MOCK route has neither; change: ${join(", ", [
      for id, route in var.routes : "${id} (type ${route.type}, function ${jsonencode(route.function)}, uri ${jsonencode(route.uri)})"
      if(route.function != null ? 1 : 0) + (route.uri != null ? 1 : 0) != (route.type == "MOCK" ? 0 : 1) ||
      (route.function != null && !startswith(route.type, "AWS"))
    ])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : route.timeout_milliseconds >= 50 && route.timeout_milliseconds <= 29000])
    error_message = "timeout_milliseconds is 50 to 29000; change: ${join(", ", [for id, route in var.routes : "${id} (${route.timeout_milliseconds})" if route.timeout_milliseconds < 50 || route.timeout_milliseconds > 29000])}."
  }

  validation {
    condition = alltrue(flatten([
      for route in var.routes : [
        for key in keys(route.request_parameters) :
        can(regex("^method\\.request\\.(path|querystring|header)\\.[A-Za-z0-9._$-]+$", key)) &&
        (!startswith(key, "method.request.path.") || length(setintersection(
          split("/", route.path),
          [for form in ["{%s}", "{%s+}"] : format(form, trimprefix(key, "method.request.path."))],
        )) == 1)
      ]
    ]))
    error_message = "request_parameters keys are method.request.<path|querystring|header>.<name>, and a path parameter must occur in the route's path; change: ${join(", ", flatten([
      for id, route in var.routes : [
        for key in keys(route.request_parameters) : "${id} (${key})"
        if !can(regex("^method\\.request\\.(path|querystring|header)\\.[A-Za-z0-9._$-]+$", key)) ||
        (startswith(key, "method.request.path.") && length(setintersection(
          split("/", route.path),
          [for form in ["{%s}", "{%s+}"] : format(form, trimprefix(key, "method.request.path."))],
        )) != 1)
      ]
    ]))}."
  }

  validation {
    condition     = alltrue([for route in var.routes : route.request_model == null ? true : contains(keys(var.models), route.request_model)])
    error_message = "Routes name request models that are not in models: ${join(", ", [for id, route in var.routes : "${id} -> ${route.request_model}" if route.request_model == null ? false : !contains(keys(var.models), route.request_model)])}."
  }

  validation {
    condition = alltrue([
      for route in var.routes :
      !endswith(route.type, "_PROXY") || (length(route.request_templates) == 0 && length(route.responses) == 0)
    ])
    error_message = "AWS_PROXY and HTTP_PROXY ignore request_templates and responses; remove them or change the type of: ${join(", ", [for id, route in var.routes : id if endswith(route.type, "_PROXY") && length(route.request_templates) + length(route.responses) > 0])}."
  }

  validation {
    condition     = alltrue([for route in var.routes : endswith(route.type, "_PROXY") || length(route.responses) > 0])
    error_message = "AWS, HTTP and MOCK routes need at least one entry in responses, or every call ends in 500: ${join(", ", [for id, route in var.routes : id if !endswith(route.type, "_PROXY") && length(route.responses) == 0])}."
  }

  # A signature may be in the query string, which is not part of the key.
  validation {
    condition = alltrue([
      for route in var.routes : !try(route.settings.caching_enabled, false) || (route.method == "GET" && route.authorization != "AWS_IAM")
    ])
    error_message = "settings.caching_enabled is for GET, with COGNITO_USER_POOLS or NONE; remove it from: ${join(", ", [for id, route in var.routes : id if try(route.settings.caching_enabled, false) && (route.method != "GET" || route.authorization == "AWS_IAM")])}."
  }

  validation {
    condition     = var.usage_plan != null || alltrue([for route in var.routes : !route.api_key_required])
    error_message = "Routes with api_key_required need a usage_plan, or no key would ever be accepted; add one or change: ${join(", ", [for id, route in var.routes : id if route.api_key_required])}."
  }
}

variable "cors" {
  description = "Cross-origin access, or null for none. methods: default is each path's own; with credentials name exactly one origin."
  type = object({
    origins     = list(string)
    methods     = optional(list(string))
    headers     = optional(list(string), ["Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"])
    credentials = optional(bool, false)
    max_age     = optional(number, 7200)
  })
  default = null

  validation {
    condition = var.cors == null ? true : length(var.cors.origins) > 0 && alltrue([
      for origin in var.cors.origins : can(regex("^\\*$|^https?://[^/'\"\\s]+$", origin))
    ])
    error_message = "cors.origins ${jsonencode(try(var.cors.origins, null))}: each is \"*\" or an origin like https://app.example.com, without a path or a trailing slash."
  }

  validation {
    condition     = var.cors == null ? true : length(var.cors.origins) == 1 || !contains(var.cors.origins, "*")
    error_message = "cors.origins ${jsonencode(try(var.cors.origins, null))}: \"*\" admits the named origins too, keep one or the other."
  }

  validation {
    condition     = var.cors == null ? true : !var.cors.credentials || (length(var.cors.origins) == 1 && !contains(var.cors.origins, "*"))
    error_message = "cors.credentials ${jsonencode(try(var.cors.credentials, null))}, cors.origins ${jsonencode(try(var.cors.origins, null))}: name exactly one origin, as browsers refuse \"*\", and API Gateway's own error replies carry only one."
  }

  validation {
    condition     = var.cors == null ? true : var.cors.max_age >= 0 && var.cors.max_age <= 86400
    error_message = "cors.max_age ${jsonencode(try(var.cors.max_age, null))}: give 0 to 86400 seconds."
  }
}

variable "logs" {
  description = "Stage logs. group_name: access log group (default /aws/apigateway/<name>); level: execution log level INFO, ERROR or OFF."
  type = object({
    group_name        = optional(string)
    retention_in_days = optional(number, 365)
    kms_key_arn       = optional(string)
    level             = optional(string, "ERROR")
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.logs.retention_in_days)
    error_message = "logs.retention_in_days ${var.logs.retention_in_days} is not a period CloudWatch Logs knows; use 30, 90, 365, 731 or another of its list."
  }

  validation {
    condition     = contains(["INFO", "ERROR", "OFF"], var.logs.level)
    error_message = "logs.level \"${var.logs.level}\" must be INFO, ERROR or OFF."
  }
}

variable "xray_tracing_enabled" {
  description = "Whether the stage sends traces to X-Ray."
  type        = bool
  default     = true
  nullable    = false
}

variable "metrics_enabled" {
  description = "Whether each method has its own CloudWatch metrics."
  type        = bool
  default     = true
  nullable    = false
}

variable "throttling" {
  description = "Stage-wide limits: bucket size and steady requests per second."
  type = object({
    burst_limit = optional(number, 200)
    rate_limit  = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttling.burst_limit >= 0 && var.throttling.rate_limit >= 0
    error_message = "throttling ${jsonencode(var.throttling)}: give limits from 0, AWS reads -1 as no limit at all."
  }
}

variable "cache" {
  description = "Response cache of the routes whose settings have caching_enabled, always encrypted, or null for none. size: cluster size in GB as text; ttl_seconds: 0 to 3600."
  type = object({
    size        = optional(string, "0.5")
    ttl_seconds = optional(number, 300)
  })
  default = null

  validation {
    condition     = var.cache == null ? true : contains(["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"], var.cache.size)
    error_message = "cache.size ${jsonencode(try(var.cache.size, null))}: give 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237."
  }
}

variable "waf_web_acl_arn" {
  description = "WAFv2 web ACL (regional) in front of the stage, or null."
  type        = string
  default     = null

  validation {
    condition     = var.waf_web_acl_arn == null ? true : can(regex("^arn:[^:]+:wafv2:[^:]+:[0-9]{12}:regional/webacl/", var.waf_web_acl_arn))
    error_message = "waf_web_acl_arn ${jsonencode(var.waf_web_acl_arn)}: give a regional WAFv2 web ACL (arn:<partition>:wafv2:<region>:<account>:regional/webacl/...)."
  }
}

variable "domain" {
  description = "Custom domain, TLS 1.2 only, or null. zone_id: Route 53 zone that gets the alias; truststore_uri: s3:// CA bundle, which turns mutual TLS on."
  type = object({
    name            = string
    certificate_arn = string
    base_path       = optional(string)
    zone_id         = optional(string)
    truststore_uri  = optional(string)
  })
  default = null

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[^:]+:acm:", var.domain.certificate_arn))
    error_message = "domain.certificate_arn ${jsonencode(try(var.domain.certificate_arn, null))}: give the ARN of an ACM certificate, in the API's region (us-east-1 for EDGE)."
  }

  validation {
    condition     = var.domain == null || var.endpoint_type != "PRIVATE"
    error_message = "domain ${jsonencode(try(var.domain.name, null))}, endpoint_type ${jsonencode(var.endpoint_type)}: a PRIVATE API cannot have a public domain, remove it or change the type."
  }

  validation {
    condition     = var.domain == null ? true : var.domain.truststore_uri == null ? true : startswith(var.domain.truststore_uri, "s3://") && var.endpoint_type == "REGIONAL"
    error_message = "domain.truststore_uri ${jsonencode(try(var.domain.truststore_uri, null))}, endpoint_type ${jsonencode(var.endpoint_type)}: give an s3:// URI, and REGIONAL, which mutual TLS needs."
  }
}

variable "usage_plan" {
  description = "Usage plan of the stage with its API keys, or null. period: DAY, WEEK or MONTH; api_key_names: one key is made for each name."
  type = object({
    name          = string
    description   = optional(string)
    burst_limit   = optional(number)
    rate_limit    = optional(number)
    quota_limit   = optional(number)
    quota_period  = optional(string, "MONTH")
    api_key_names = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.usage_plan == null ? true : contains(["DAY", "WEEK", "MONTH"], var.usage_plan.quota_period)
    error_message = "usage_plan.quota_period ${jsonencode(try(var.usage_plan.quota_period, null))}: use DAY, WEEK or MONTH."
  }

  validation {
    condition     = var.usage_plan == null ? true : (var.usage_plan.burst_limit == null) == (var.usage_plan.rate_limit == null)
    error_message = "usage_plan.burst_limit ${jsonencode(try(var.usage_plan.burst_limit, null))}, usage_plan.rate_limit ${jsonencode(try(var.usage_plan.rate_limit, null))}: give both or neither."
  }
}

variable "manage_account_logging_role" {
  description = "Whether this API owns the role through which API Gateway writes logs, a setting shared by the whole account and region."
  type        = bool
  default     = false
  nullable    = false
}

variable "account_logging_role_name" {
  description = "Name of that role."
  type        = string
  default     = null

  validation {
    condition     = var.manage_account_logging_role == (var.account_logging_role_name != null)
    error_message = "account_logging_role_name ${jsonencode(var.account_logging_role_name)}, manage_account_logging_role ${var.manage_account_logging_role}: a name goes with true and null with false."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of the managed policy that bounds the logging role, or null."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}
