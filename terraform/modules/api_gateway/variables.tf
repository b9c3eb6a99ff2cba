variable "api" {
  description = <<-EOT
    One REST API.
    - `name` - Complete name of the REST API, 1 to 80 letters, digits, hyphens or underscores; also its ApiName
      dimension in CloudWatch.
    - `stage` - Name of the stage, 1 to 128 letters, digits, hyphens or underscores; the first path segment of the
      invoke URL.
    - `description` - What the API is for, shown in the console; 1024 characters at most.
    - `stage_variables` - Stage variables.
    - `endpoint_type` - REGIONAL, EDGE or PRIVATE.
    - `vpc_endpoint_ids` - Interface endpoints through which a PRIVATE API is reached.
    - `resource_policy` - Resource policy as JSON with a Statement, or null; a PRIVATE API needs one. Write resources
      in the short form execute-api:/stage/METHOD/path.
    - `binary_media_types` - Media types passed through as binary.
    - `minimum_compression_size` - Smallest response in bytes that is compressed, 0 to 10485760, or null for no
      compression.
    - `disable_execute_api_endpoint` - Whether clients can only come through the custom domain.
    - `cognito_user_pool_arns` - User pools whose tokens the COGNITO_USER_POOLS routes accept.
    - `authorizer` - The Cognito authorizer.
    - `authorizer.id` - Id of an authorizer that exists, in place of `cognito_user_pool_arns`.
    - `authorizer.ttl_seconds` - Seconds that its answer is kept, 0 to 3600.
    - `authorizer.identity_source` - The header that holds the token.
    - `models` - JSON schemas (draft 4) of request bodies, by name of letters and digits.
    - `models.schema` - The schema, as JSON.
    - `models.description` - What the model is, or null.
    - `routes` - Operations, by an id of your choice.
    - `routes.path` - Path from /, of any depth; parameters as {id}, or {proxy+} at the end.
    - `routes.method` - GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or ANY.
    - `routes.authorization` - COGNITO_USER_POOLS, AWS_IAM or NONE.
    - `routes.scopes` - OAuth scopes of which the token needs one, with COGNITO_USER_POOLS.
    - `routes.api_key_required` - Whether callers need an API key of the usage plan.
    - `routes.type` - Integration, AWS_PROXY, AWS, HTTP, HTTP_PROXY or MOCK.
    - `routes.function` - Key of the function that answers, for AWS_PROXY and AWS.
    - `routes.uri` - Target of AWS, HTTP and HTTP_PROXY in place of a function.
    - `routes.integration_method` - Verb to `routes.uri`, that of the route when null.
    - `routes.credentials` - ARN of the role with which API Gateway calls, or null for a permission of the function's.
    - `routes.timeout_milliseconds` - How long API Gateway waits, 50 to 300000 milliseconds; more than 29000 needs a higher
      quota of the account, and is not for EDGE.
    - `routes.request_parameters` - method.request.<path|querystring|header>.<name> => whether it is required.
    - `routes.request_model` - Name in `models` of the body's schema, or null.
    - `routes.request_mappings` - integration.request.<...> => value.
    - `routes.request_templates` - Media type => mapping template; not for AWS_PROXY and HTTP_PROXY.
    - `routes.passthrough_behavior` - What happens to bodies without a template, WHEN_NO_MATCH, WHEN_NO_TEMPLATES or
      NEVER; AWS's default when null.
    - `routes.responses` - Replies by HTTP status, needed with AWS, HTTP and MOCK, and only there.
    - `routes.responses.selection_pattern` - Pattern of the error message, or HTTP status, that leads to this reply;
      null for the default reply.
    - `routes.responses.headers` - Header => value or mapping expression.
    - `routes.responses.templates` - Media type => mapping template.
    - `routes.responses.content_handling` - CONVERT_TO_BINARY, CONVERT_TO_TEXT or null.
    - `routes.settings` - Settings of this route in place of the stage's, or null.
    - `routes.settings.throttling_burst_limit`, `routes.settings.throttling_rate_limit` - As in `throttling`.
    - `routes.settings.logging_level` - As `logs.level`.
    - `routes.settings.metrics_enabled` - As `metrics_enabled`.
    - `routes.settings.caching_enabled` - Whether answers come from `cache`; for GET, with COGNITO_USER_POOLS or NONE.
    - `cors` - Cross-origin access, or null for none.
    - `cors.origins` - * or origins such as https://app.example.com, without a path.
    - `cors.methods` - Methods that preflight allows, each path's own when null.
    - `cors.headers` - Request headers that preflight allows.
    - `cors.credentials` - Whether browsers may send credentials; name exactly one origin then.
    - `cors.max_age` - Seconds that a browser keeps the answer, 0 to 86400.
    - `logs` - Logs of the stage.
    - `logs.group_name` - Name of the access log group, /aws/apigateway/<name> when null.
    - `logs.retention_in_days` - Days that logs are kept, one of the periods of CloudWatch Logs (1 to 3653).
    - `logs.kms_key_arn` - Key that encrypts the logs, or null for the key of that service.
    - `logs.level` - Level of the execution log, INFO, ERROR or OFF.
    - `xray_tracing_enabled` - Whether the stage sends traces to X-Ray.
    - `metrics_enabled` - Whether each method has its own CloudWatch metrics.
    - `throttling` - Limits of the whole stage.
    - `throttling.burst_limit` - Requests at once, from 0.
    - `throttling.rate_limit` - Requests per second, from 0.
    - `cache` - Response cache of the routes whose settings have caching_enabled, always encrypted, or null for none.
    - `cache.size` - Size in GB as text, 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237.
    - `cache.ttl_seconds` - Seconds that an answer is kept, 0 to 3600.
    - `waf_web_acl_arn` - WAFv2 web ACL (regional) in front of the stage, or null.
    - `domain` - Custom domain, TLS 1.2 only, or null.
    - `domain.name` - Host name.
    - `domain.certificate_arn` - ACM certificate of the API's region (us-east-1 for EDGE).
    - `domain.base_path` - First path segment under the domain, or null for none.
    - `domain.zone_id` - Route 53 zone that gets the alias, or null.
    - `domain.truststore_uri` - s3:// URI of a CA bundle, which turns mutual TLS on, for REGIONAL only; or null.
    - `usage_plan` - Usage plan of the stage with its API keys, or null.
    - `usage_plan.name` - Name of the plan.
    - `usage_plan.description` - What the plan is for, or null.
    - `usage_plan.burst_limit`, `usage_plan.rate_limit` - As in `throttling`, of each key; both or neither.
    - `usage_plan.quota_limit` - Requests of each key per period, or null for no quota.
    - `usage_plan.quota_period` - The period, DAY, WEEK or MONTH.
    - `usage_plan.api_key_names` - Names of API keys, one is made for each.
    - `manage_account_logging_role` - Whether this API owns the role through which API Gateway writes logs, a setting
      shared by the whole account and region.
    - `account_logging_role_name` - Name of that role; null without it.
    - `permissions_boundary_arn` - ARN of the managed policy that bounds that role, or null.
  EOT
  type = object({
    name                         = string
    stage                        = string
    description                  = optional(string, "Managed by Terraform.")
    stage_variables              = optional(map(string), {})
    endpoint_type                = optional(string, "REGIONAL")
    vpc_endpoint_ids             = optional(set(string), [])
    resource_policy              = optional(string)
    binary_media_types           = optional(list(string), [])
    minimum_compression_size     = optional(number)
    disable_execute_api_endpoint = optional(bool, false)
    cognito_user_pool_arns       = optional(set(string), [])
    authorizer = optional(object({
      id              = optional(string)
      ttl_seconds     = optional(number, 300)
      identity_source = optional(string, "method.request.header.Authorization")
    }), {})
    models = optional(map(object({
      schema      = string
      description = optional(string)
    })), {})
    routes = map(object({
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
    cors = optional(object({
      origins     = list(string)
      methods     = optional(list(string))
      headers     = optional(list(string), ["Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"])
      credentials = optional(bool, false)
      max_age     = optional(number, 7200)
    }))
    logs = optional(object({
      group_name        = optional(string)
      retention_in_days = optional(number, 365)
      kms_key_arn       = optional(string)
      level             = optional(string, "ERROR")
    }), {})
    xray_tracing_enabled = optional(bool, true)
    metrics_enabled      = optional(bool, true)
    throttling = optional(object({
      burst_limit = optional(number, 200)
      rate_limit  = optional(number, 100)
    }), {})
    cache = optional(object({
      size        = optional(string, "0.5")
      ttl_seconds = optional(number, 300)
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
      quota_period  = optional(string, "MONTH")
      api_key_names = optional(set(string), [])
    }))
    manage_account_logging_role = optional(bool, false)
    account_logging_role_name   = optional(string)
    permissions_boundary_arn    = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,80}$", var.api.name))
    error_message = "name \"${var.api.name}\" must be 1 to 80 letters, digits, hyphens or underscores: it is also part of the Lambda permission's statement id."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.api.stage))
    error_message = "stage \"${var.api.stage}\" must be 1 to 128 letters, digits, hyphens or underscores."
  }

  validation {
    condition     = contains(["REGIONAL", "EDGE", "PRIVATE"], var.api.endpoint_type)
    error_message = "endpoint_type \"${var.api.endpoint_type}\" must be REGIONAL, EDGE or PRIVATE."
  }

  validation {
    condition     = var.api.endpoint_type != "PRIVATE" || var.api.resource_policy != null
    error_message = "endpoint_type ${jsonencode(var.api.endpoint_type)}, resource_policy ${jsonencode(var.api.resource_policy)}: give a policy, without one AWS refuses to deploy a PRIVATE API."
  }

  validation {
    condition     = length(var.api.vpc_endpoint_ids) == 0 || var.api.endpoint_type == "PRIVATE"
    error_message = "vpc_endpoint_ids ${jsonencode(var.api.vpc_endpoint_ids)}, endpoint_type ${jsonencode(var.api.endpoint_type)}: endpoints are for PRIVATE only, remove them or change the type."
  }

  validation {
    condition     = var.api.resource_policy == null || can(jsondecode(var.api.resource_policy).Statement)
    error_message = "resource_policy ${jsonencode(var.api.resource_policy)}: give a JSON policy document with a Statement."
  }

  validation {
    condition     = var.api.minimum_compression_size == null ? true : var.api.minimum_compression_size >= 0 && var.api.minimum_compression_size <= 10485760
    error_message = "minimum_compression_size ${jsonencode(var.api.minimum_compression_size)}: give 0 to 10485760 bytes, or null for no compression."
  }

  validation {
    condition     = !var.api.disable_execute_api_endpoint || var.api.domain != null
    error_message = "disable_execute_api_endpoint ${var.api.disable_execute_api_endpoint}, domain ${jsonencode(var.api.domain)}: there is no way in, set domain or leave the endpoint on."
  }

  validation {
    condition     = alltrue([for arn in var.api.cognito_user_pool_arns : can(regex("^arn:[^:]+:cognito-idp:[^:]+:[0-9]{12}:userpool/.+$", arn))])
    error_message = "cognito_user_pool_arns must hold user pool ARNs (arn:<partition>:cognito-idp:<region>:<account>:userpool/<id>), not ids: ${join(", ", [for arn in var.api.cognito_user_pool_arns : arn if !can(regex("^arn:[^:]+:cognito-idp:[^:]+:[0-9]{12}:userpool/.+$", arn))])}."
  }

  validation {
    condition     = var.api.authorizer.ttl_seconds >= 0 && var.api.authorizer.ttl_seconds <= 3600
    error_message = "authorizer.ttl_seconds ${var.api.authorizer.ttl_seconds} must be 0 to 3600."
  }

  validation {
    condition     = var.api.authorizer.id == null || length(var.api.cognito_user_pool_arns) == 0
    error_message = "authorizer.id ${jsonencode(var.api.authorizer.id)}, cognito_user_pool_arns ${jsonencode(var.api.cognito_user_pool_arns)}: an existing authorizer has pools of its own, remove one of the two."
  }

  validation {
    condition     = alltrue([for name in keys(var.api.models) : can(regex("^[A-Za-z0-9]+$", name))])
    error_message = "Model names are letters and digits only; rename: ${join(", ", [for name in keys(var.api.models) : name if !can(regex("^[A-Za-z0-9]+$", name))])}."
  }

  validation {
    condition     = alltrue([for model in var.api.models : can(keys(jsondecode(model.schema)))])
    error_message = "models ${jsonencode({ for name, model in var.api.models : name => model.schema if !can(keys(jsondecode(model.schema))) })}: each schema must be a JSON object as text, for example jsonencode({type = \"object\"})."
  }

  validation {
    condition     = length(var.api.routes) > 0
    error_message = "routes ${jsonencode(var.api.routes)}: give at least one, AWS refuses to deploy an API without methods."
  }

  validation {
    condition = alltrue([
      for route in var.api.routes :
      can(regex("^/$|^(/([A-Za-z0-9._:-]+|\\{[A-Za-z0-9._-]+\\}))*(/[A-Za-z0-9._:-]+|/\\{[A-Za-z0-9._-]+\\+?\\})$", route.path))
    ])
    error_message = "Route paths start with a slash, have no empty or trailing segment, and {name+} only comes last; change: ${join(", ", [
      for id, route in var.api.routes : "${id} (${route.path})"
      if !can(regex("^/$|^(/([A-Za-z0-9._:-]+|\\{[A-Za-z0-9._-]+\\}))*(/[A-Za-z0-9._:-]+|/\\{[A-Za-z0-9._-]+\\+?\\})$", route.path))
    ])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : length(split("/", route.path)) <= local.deepest_path + 1])
    error_message = "Route paths have at most ${local.deepest_path} segments here; playbooks/render.yml writes main.levels.tf deeper, or shorten: ${join(", ", [for id, route in var.api.routes : "${id} (${route.path})" if length(split("/", route.path)) > local.deepest_path + 1])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : contains(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"], route.method)])
    error_message = "Route methods are GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or ANY, in capitals; change: ${join(", ", [for id, route in var.api.routes : "${id} (${route.method})" if !contains(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"], route.method)])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : contains(["COGNITO_USER_POOLS", "AWS_IAM", "NONE"], route.authorization)])
    error_message = "Route authorization is COGNITO_USER_POOLS, AWS_IAM or NONE; change: ${join(", ", [for id, route in var.api.routes : "${id} (${route.authorization})" if !contains(["COGNITO_USER_POOLS", "AWS_IAM", "NONE"], route.authorization)])}."
  }

  validation {
    condition = (
      length(var.api.cognito_user_pool_arns) > 0 || var.api.authorizer.id != null ||
      alltrue([for route in var.api.routes : route.authorization != "COGNITO_USER_POOLS"])
    )
    error_message = "Routes with authorization COGNITO_USER_POOLS need cognito_user_pool_arns or authorizer.id: ${join(", ", [for id, route in var.api.routes : id if route.authorization == "COGNITO_USER_POOLS"])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : length(route.scopes) == 0 || route.authorization == "COGNITO_USER_POOLS"])
    error_message = "Only COGNITO_USER_POOLS routes have scopes; remove them from: ${join(", ", [for id, route in var.api.routes : id if length(route.scopes) > 0 && route.authorization != "COGNITO_USER_POOLS"])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : contains(["AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK"], route.type)])
    error_message = "Route type is AWS_PROXY, AWS, HTTP, HTTP_PROXY or MOCK; change: ${join(", ", [for id, route in var.api.routes : "${id} (${route.type})" if !contains(["AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK"], route.type)])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : route.function == null ? true : contains(keys(var.functions), route.function)])
    error_message = "Routes name functions that are not among ${join(", ", keys(var.functions))}: ${join(", ", [for id, route in var.api.routes : "${id} -> ${route.function}" if route.function == null ? false : !contains(keys(var.functions), route.function)])}."
  }

  validation {
    condition = alltrue([
      for route in var.api.routes :
      (route.function != null ? 1 : 0) + (route.uri != null ? 1 : 0) == (route.type == "MOCK" ? 0 : 1) &&
      (route.function == null || startswith(route.type, "AWS"))
    ])
    error_message = "A route has a function (AWS_PROXY, AWS) or a uri (AWS, HTTP, HTTP_PROXY), never both; a MOCK route has neither; change: ${join(", ", [
      for id, route in var.api.routes : "${id} (type ${route.type}, function ${jsonencode(route.function)}, uri ${jsonencode(route.uri)})"
      if(route.function != null ? 1 : 0) + (route.uri != null ? 1 : 0) != (route.type == "MOCK" ? 0 : 1) ||
      (route.function != null && !startswith(route.type, "AWS"))
    ])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : route.timeout_milliseconds >= 50 && route.timeout_milliseconds <= (var.api.endpoint_type == "EDGE" ? 29000 : 300000)])
    error_message = "timeout_milliseconds is 50 to 300000, or 29000 for EDGE; change: ${join(", ", [for id, route in var.api.routes : "${id} (${route.timeout_milliseconds})" if route.timeout_milliseconds < 50 || route.timeout_milliseconds > (var.api.endpoint_type == "EDGE" ? 29000 : 300000)])}."
  }

  validation {
    condition = alltrue(flatten([
      for route in var.api.routes : [
        for key in keys(route.request_parameters) :
        can(regex("^method\\.request\\.(path|querystring|header)\\.[A-Za-z0-9:._$-]+$", key)) &&
        (!startswith(key, "method.request.path.") || length(setintersection(
          split("/", route.path),
          [for form in ["{%s}", "{%s+}"] : format(form, trimprefix(key, "method.request.path."))],
        )) == 1)
      ]
    ]))
    error_message = "request_parameters keys are method.request.<path|querystring|header>.<name>, and a path parameter must occur in the route's path; change: ${join(", ", flatten([
      for id, route in var.api.routes : [
        for key in keys(route.request_parameters) : "${id} (${key})"
        if !can(regex("^method\\.request\\.(path|querystring|header)\\.[A-Za-z0-9:._$-]+$", key)) ||
        (startswith(key, "method.request.path.") && length(setintersection(
          split("/", route.path),
          [for form in ["{%s}", "{%s+}"] : format(form, trimprefix(key, "method.request.path."))],
        )) != 1)
      ]
    ]))}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : route.request_model == null ? true : contains(keys(var.api.models), route.request_model)])
    error_message = "Routes name request models that are not in models: ${join(", ", [for id, route in var.api.routes : "${id} -> ${route.request_model}" if route.request_model == null ? false : !contains(keys(var.api.models), route.request_model)])}."
  }

  validation {
    condition = alltrue([
      for route in var.api.routes :
      !endswith(route.type, "_PROXY") || (length(route.request_templates) == 0 && length(route.responses) == 0)
    ])
    error_message = "AWS_PROXY and HTTP_PROXY ignore request_templates and responses; remove them or change the type of: ${join(", ", [for id, route in var.api.routes : id if endswith(route.type, "_PROXY") && length(route.request_templates) + length(route.responses) > 0])}."
  }

  validation {
    condition     = alltrue([for route in var.api.routes : endswith(route.type, "_PROXY") || length(route.responses) > 0])
    error_message = "AWS, HTTP and MOCK routes need at least one entry in responses, or every call ends in 500: ${join(", ", [for id, route in var.api.routes : id if !endswith(route.type, "_PROXY") && length(route.responses) == 0])}."
  }

  # A signature may be in the query string, which is not part of the key.
  validation {
    condition = alltrue([
      for route in var.api.routes : !try(route.settings.caching_enabled, false) || (route.method == "GET" && route.authorization != "AWS_IAM")
    ])
    error_message = "settings.caching_enabled is for GET, with COGNITO_USER_POOLS or NONE; remove it from: ${join(", ", [for id, route in var.api.routes : id if try(route.settings.caching_enabled, false) && (route.method != "GET" || route.authorization == "AWS_IAM")])}."
  }

  validation {
    condition     = var.api.usage_plan != null || alltrue([for route in var.api.routes : !route.api_key_required])
    error_message = "Routes with api_key_required need a usage_plan, or no key would ever be accepted; add one or change: ${join(", ", [for id, route in var.api.routes : id if route.api_key_required])}."
  }

  validation {
    condition = var.api.cors == null ? true : length(var.api.cors.origins) > 0 && alltrue([
      for origin in var.api.cors.origins : can(regex("^\\*$|^[a-z][a-z0-9+.-]*://[^/'\"\\s]+$", origin))
    ])
    error_message = "cors.origins ${jsonencode(try(var.api.cors.origins, null))}: each is \"*\" or an origin like https://app.example.com, without a path or a trailing slash."
  }

  validation {
    condition     = var.api.cors == null ? true : length(var.api.cors.origins) == 1 || !contains(var.api.cors.origins, "*")
    error_message = "cors.origins ${jsonencode(try(var.api.cors.origins, null))}: \"*\" admits the named origins too, keep one or the other."
  }

  validation {
    condition     = var.api.cors == null ? true : !var.api.cors.credentials || (length(var.api.cors.origins) == 1 && !contains(var.api.cors.origins, "*"))
    error_message = "cors.credentials ${jsonencode(try(var.api.cors.credentials, null))}, cors.origins ${jsonencode(try(var.api.cors.origins, null))}: name exactly one origin, as browsers refuse \"*\", and API Gateway's own error replies carry only one."
  }

  validation {
    condition     = var.api.cors == null ? true : var.api.cors.max_age >= 0 && var.api.cors.max_age <= 86400
    error_message = "cors.max_age ${jsonencode(try(var.api.cors.max_age, null))}: give 0 to 86400 seconds."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.api.logs.retention_in_days)
    error_message = "logs.retention_in_days ${var.api.logs.retention_in_days} is not a period CloudWatch Logs knows; use 30, 90, 365, 731 or another of its list."
  }

  validation {
    condition     = contains(["INFO", "ERROR", "OFF"], var.api.logs.level)
    error_message = "logs.level \"${var.api.logs.level}\" must be INFO, ERROR or OFF."
  }

  validation {
    condition     = var.api.throttling.burst_limit >= 0 && var.api.throttling.rate_limit >= 0
    error_message = "throttling ${jsonencode(var.api.throttling)}: give limits from 0, AWS reads -1 as no limit at all."
  }

  validation {
    condition     = var.api.cache == null ? true : contains(["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"], var.api.cache.size)
    error_message = "cache.size ${jsonencode(try(var.api.cache.size, null))}: give 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118 or 237."
  }

  validation {
    condition     = var.api.waf_web_acl_arn == null ? true : can(regex("^arn:[^:]+:wafv2:[^:]+:[0-9]{12}:regional/webacl/", var.api.waf_web_acl_arn))
    error_message = "waf_web_acl_arn ${jsonencode(var.api.waf_web_acl_arn)}: give a regional WAFv2 web ACL (arn:<partition>:wafv2:<region>:<account>:regional/webacl/...)."
  }

  validation {
    condition     = var.api.domain == null ? true : can(regex("^arn:[^:]+:acm:", var.api.domain.certificate_arn))
    error_message = "domain.certificate_arn ${jsonencode(try(var.api.domain.certificate_arn, null))}: give the ARN of an ACM certificate, in the API's region (us-east-1 for EDGE)."
  }

  validation {
    condition     = var.api.domain == null || var.api.endpoint_type != "PRIVATE"
    error_message = "domain ${jsonencode(try(var.api.domain.name, null))}, endpoint_type ${jsonencode(var.api.endpoint_type)}: a PRIVATE API cannot have a public domain, remove it or change the type."
  }

  validation {
    condition     = var.api.domain == null ? true : var.api.domain.truststore_uri == null ? true : startswith(var.api.domain.truststore_uri, "s3://") && var.api.endpoint_type == "REGIONAL"
    error_message = "domain.truststore_uri ${jsonencode(try(var.api.domain.truststore_uri, null))}, endpoint_type ${jsonencode(var.api.endpoint_type)}: give an s3:// URI, and REGIONAL, which mutual TLS needs."
  }

  validation {
    condition     = var.api.usage_plan == null ? true : contains(["DAY", "WEEK", "MONTH"], var.api.usage_plan.quota_period)
    error_message = "usage_plan.quota_period ${jsonencode(try(var.api.usage_plan.quota_period, null))}: use DAY, WEEK or MONTH."
  }

  validation {
    condition     = var.api.usage_plan == null ? true : (var.api.usage_plan.burst_limit == null) == (var.api.usage_plan.rate_limit == null)
    error_message = "usage_plan.burst_limit ${jsonencode(try(var.api.usage_plan.burst_limit, null))}, usage_plan.rate_limit ${jsonencode(try(var.api.usage_plan.rate_limit, null))}: give both or neither."
  }

  validation {
    condition     = var.api.manage_account_logging_role == (var.api.account_logging_role_name != null)
    error_message = "account_logging_role_name ${jsonencode(var.api.account_logging_role_name)}, manage_account_logging_role ${var.api.manage_account_logging_role}: a name goes with true and null with false."
  }
}

variable "release" {
  description = <<-EOT
    Which deployment the stage serves; null for the latest, as soon as there is one.
    - `live` - Id of the deployment that it serves instead. While it is the one that this module has made, it must not be
      replaced: AWS keeps a deployment that a stage serves.
    - `held` - Id of the latest deployment to which that applies: a later one is served. Null for any, so that only whoever
      moves the stage decides.
  EOT
  type = object({
    live = string
    held = optional(string)
  })
  default = null
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

variable "tags" {
  description = "Tags of every resource that takes them."
  type        = map(string)
  nullable    = false
}
