# Plans only, without AWS. tests/ of the collection apply the stacks to an emulator.
mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:abc" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:access" }
  }
}

variables {
  tags = { Environment = "dev" }
  functions = {
    generation = {
      name       = "site-builder-generation-dev"
      alias      = "live"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/generation:live/invocations"
      timeout    = 29
    }
  }
  api = {
    name                   = "site-builder-api-dev"
    stage                  = "v1"
    cognito_user_pool_arns = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"]
    routes = {
      list = { path = "/sites", method = "GET", function = "generation" }
      save = { path = "/sites", method = "POST", function = "generation", request_model = "Site", scopes = ["write"] }
    }
    models = { Site = { schema = "{\"type\":\"object\"}" } }
  }
}

run "defaults" {
  command = plan

  assert {
    condition = (
      toset(keys(aws_api_gateway_method.this)) == toset(["GET /sites", "POST /sites"]) &&
      keys(aws_api_gateway_resource.level_1) == ["/sites"] && length(aws_api_gateway_resource.level_2) == 0
    )
    error_message = "Two verbs share one resource."
  }

  assert {
    condition = alltrue([
      for method in aws_api_gateway_method.this :
      method.authorization == "COGNITO_USER_POOLS" && !method.api_key_required
    ]) && aws_api_gateway_method.this["POST /sites"].authorization_scopes == toset(["write"])
    error_message = "Cognito is the default authorization."
  }

  assert {
    condition = alltrue([
      for integration in aws_api_gateway_integration.this :
      integration.type == "AWS_PROXY" && integration.integration_http_method == "POST" &&
      integration.uri == var.functions.generation.invoke_arn && integration.timeout_milliseconds == 29000
    ])
    error_message = "Lambda is invoked with POST at the alias's invoke ARN, whatever the verb."
  }

  assert {
    condition = (
      aws_lambda_permission.this["generation"].qualifier == "live" &&
      aws_lambda_permission.this["generation"].function_name == "site-builder-generation-dev" &&
      aws_lambda_permission.this["generation"].principal == "apigateway.amazonaws.com"
    )
    error_message = "One permission per function, on the alias."
  }

  assert {
    condition = (
      aws_api_gateway_method.this["POST /sites"].request_models == tomap({ "application/json" = "Site" }) &&
      aws_api_gateway_request_validator.this.validate_request_body && aws_api_gateway_request_validator.this.validate_request_parameters
    )
    error_message = "Bodies and parameters are validated."
  }

  assert {
    condition = (
      aws_api_gateway_rest_api.this.endpoint_configuration[0].types == tolist(["REGIONAL"]) &&
      aws_api_gateway_stage.this.xray_tracing_enabled && !aws_api_gateway_stage.this.cache_cluster_enabled &&
      jsondecode(aws_api_gateway_stage.this.access_log_settings[0].format).requestId == "$context.requestId" &&
      aws_cloudwatch_log_group.access.name == "/aws/apigateway/site-builder-api-dev" &&
      aws_cloudwatch_log_group.access.retention_in_days == 365 && aws_cloudwatch_log_group.execution.retention_in_days == 365
    )
    error_message = "Regional, traced, with an access log that is kept for a year."
  }

  assert {
    condition = (
      aws_api_gateway_method_settings.this.method_path == "*/*" &&
      aws_api_gateway_method_settings.this.settings[0].logging_level == "ERROR" &&
      aws_api_gateway_method_settings.this.settings[0].metrics_enabled && !aws_api_gateway_method_settings.this.settings[0].data_trace_enabled &&
      aws_api_gateway_method_settings.this.settings[0].throttling_rate_limit == 100 && length(aws_api_gateway_method_settings.route) == 0
    )
    error_message = "All methods are logged, measured and throttled, without their bodies."
  }

  assert {
    condition = (
      length(aws_api_gateway_method.options) == 0 && length(aws_api_gateway_gateway_response.this) == 0 &&
      length(aws_api_gateway_rest_api_policy.this) == 0 && length(aws_wafv2_web_acl_association.this) == 0 &&
      length(aws_api_gateway_domain_name.this) == 0 && length(aws_api_gateway_usage_plan.this) == 0 &&
      length(aws_api_gateway_account.this) == 0
    )
    error_message = "What is not asked for is not made."
  }

  assert {
    condition     = alltrue([for tags in [aws_api_gateway_rest_api.this.tags, aws_api_gateway_stage.this.tags, aws_cloudwatch_log_group.access.tags, aws_cloudwatch_log_group.execution.tags] : tags == tomap(var.tags)])
    error_message = "Everything is tagged."
  }
}

run "deep_paths" {
  command = plan

  variables {
    api = merge(var.api, {
      routes = {
        root  = { path = "/", method = "GET", function = "generation", authorization = "NONE" }
        deep  = { path = "/a/{b}/c/d/e/f/g/h/i/j/k/{proxy+}", method = "ANY", function = "generation", request_parameters = { "method.request.path.b" = true, "method.request.path.proxy" = true } }
        below = { path = "/a/{b}", method = "DELETE", function = "generation", request_parameters = { "method.request.querystring.force" = true } }
      }
      cors = { origins = ["*"] }
    })
  }

  assert {
    condition = (
      keys(aws_api_gateway_resource.level_1) == ["/a"] && aws_api_gateway_resource.level_2["/a/{}"].path_part == "{b}" &&
      keys(aws_api_gateway_resource.level_5) == ["/a/{}/c/d/e"] && aws_api_gateway_resource.level_12["/a/{}/c/d/e/f/g/h/i/j/k/{}"].path_part == "{proxy+}"
    )
    error_message = "Every level of the tree is there once, keyed without the names of its parameters."
  }

  assert {
    condition = (
      aws_api_gateway_method.this["ANY /a/{}/c/d/e/f/g/h/i/j/k/{}"].request_parameters == tomap({ "method.request.path.b" = true, "method.request.path.proxy" = true }) &&
      aws_api_gateway_method.this["DELETE /a/{}"].request_parameters["method.request.querystring.force"]
    )
    error_message = "Path parameters are required without being listed."
  }

  assert {
    condition     = toset(keys(aws_api_gateway_method.options)) == toset(["/", "/a/{}", "/a/{}/c/d/e/f/g/h/i/j/k/{}"])
    error_message = "Each path with a method answers preflight, the ones in between do not."
  }

  assert {
    condition = (
      local.preflight_paths["/a/{}"] == "DELETE,OPTIONS" &&
      local.preflight_paths["/a/{}/c/d/e/f/g/h/i/j/k/{}"] == "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
    )
    error_message = "Preflight allows the path's own methods."
  }
}

run "cors_with_credentials" {
  command = plan

  variables {
    api = merge(var.api, {
      cors = { origins = ["https://app.example.com"], credentials = true }
    })
  }

  assert {
    condition = (
      aws_api_gateway_method.options["/sites"].authorization == "NONE" &&
      aws_api_gateway_integration.options["/sites"].type == "MOCK" &&
      aws_api_gateway_method_response.options["/sites"].status_code == "204" &&
      aws_api_gateway_integration_response.options["/sites"].response_parameters == tomap({
        "method.response.header.Access-Control-Allow-Credentials" = "'true'"
        "method.response.header.Access-Control-Allow-Headers"     = "'Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key'"
        "method.response.header.Access-Control-Allow-Methods"     = "'GET,OPTIONS,POST'"
        "method.response.header.Access-Control-Allow-Origin"      = "'https://app.example.com'"
        "method.response.header.Access-Control-Max-Age"           = "'7200'"
        "method.response.header.Vary"                             = "'Origin'"
      }) &&
      keys(aws_api_gateway_method_response.options["/sites"].response_parameters) == keys(aws_api_gateway_integration_response.options["/sites"].response_parameters)
    )
    error_message = "One preflight chain for the two verbs of a path, complete."
  }

  assert {
    condition = alltrue([
      for type in ["DEFAULT_4XX", "DEFAULT_5XX"] :
      aws_api_gateway_gateway_response.this[type].response_parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://app.example.com'"
    ])
    error_message = "API Gateway's own errors carry the headers."
  }
}

run "cors_with_several_origins" {
  command = plan

  variables {
    api = merge(var.api, {
      cors = { origins = ["https://a.example.com", "https://b.example.com"], methods = ["GET"] }
    })
  }

  assert {
    condition = (
      strcontains(aws_api_gateway_integration_response.options["/sites"].response_templates["application/json"], "$origin == \"https://b.example.com\"") &&
      local.preflight_paths["/sites"] == "GET,OPTIONS" &&
      aws_api_gateway_gateway_response.this["DEFAULT_4XX"].response_parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    )
    error_message = "The template picks the caller's origin from the list."
  }
}

run "every_integration" {
  command = plan

  variables {
    api = merge(var.api, {
      cors = { origins = ["*"] }
      routes = {
        health    = { path = "/health", method = "GET", authorization = "NONE", type = "MOCK", request_templates = { "application/json" = "{\"statusCode\":200}" }, responses = { "200" = { headers = { Cache-Control = "'no-store'" } } } }
        async     = { path = "/async", method = "POST", function = "generation", type = "AWS", request_mappings = { "integration.request.header.X-Amz-Invocation-Type" = "'Event'" }, responses = { "202" = {} } }
        proxy     = { path = "/proxy", method = "PUT", type = "HTTP_PROXY", uri = "https://example.com/", authorization = "AWS_IAM" }
        preflight = { path = "/proxy", method = "OPTIONS", type = "HTTP_PROXY", uri = "https://example.com/", authorization = "NONE" }
        queue     = { path = "/queue/{id}", method = "POST", type = "AWS", uri = "arn:aws:apigateway:eu-west-1:sqs:path/1/q", credentials = "arn:aws:iam::123456789012:role/q", responses = { "200" = {}, "500" = { selection_pattern = "5.." } }, settings = { throttling_rate_limit = 5, logging_level = "INFO" } }
        direct    = { path = "/direct", method = "GET", function = "generation", credentials = "arn:aws:iam::123456789012:role/x" }
      }
    })
  }

  assert {
    condition = (
      aws_api_gateway_integration.this["GET /health"].integration_http_method == null &&
      aws_api_gateway_integration.this["PUT /proxy"].integration_http_method == "PUT" &&
      aws_api_gateway_integration.this["PUT /proxy"].uri == "https://example.com/" &&
      aws_api_gateway_integration.this["POST /async"].request_parameters["integration.request.header.X-Amz-Invocation-Type"] == "'Event'"
    )
    error_message = "Each type reaches its target."
  }

  assert {
    condition = (
      toset(keys(aws_api_gateway_integration_response.this)) == toset(["GET /health 200", "POST /async 202", "POST /queue/{} 200", "POST /queue/{} 500"]) &&
      aws_api_gateway_method_response.this["GET /health 200"].response_parameters == tomap({ "method.response.header.Cache-Control" = true })
    )
    error_message = "Mapped responses have both halves."
  }

  assert {
    condition     = !contains(keys(aws_api_gateway_method.options), "/proxy") && contains(keys(aws_api_gateway_method.options), "/health")
    error_message = "A path's own OPTIONS route takes the place of ours."
  }

  assert {
    condition     = aws_api_gateway_method.this["PUT /proxy"].authorizer_id == null
    error_message = "The authorizer goes with COGNITO_USER_POOLS only."
  }

  assert {
    condition = (
      aws_api_gateway_method_settings.route["POST /queue/{}"].method_path == "~1queue~1{id}/POST" &&
      aws_api_gateway_method_settings.route["POST /queue/{}"].settings[0].throttling_rate_limit == 5 &&
      aws_api_gateway_method_settings.route["POST /queue/{}"].settings[0].throttling_burst_limit == 200
    )
    error_message = "A route's own settings fall back to the stage's."
  }
}

run "cache" {
  command = plan

  variables {
    api = merge(var.api, {
      cache      = { ttl_seconds = 60 }
      usage_plan = { name = "plan" }
      authorizer = { identity_source = "method.request.header.X-Token" }
      routes = {
        mine   = { path = "/sites/{id}", method = "GET", function = "generation", request_parameters = { "method.request.querystring.page" = false }, settings = { caching_enabled = true, throttling_rate_limit = 5 } }
        public = { path = "/themes", method = "GET", function = "generation", authorization = "NONE", api_key_required = true, settings = { caching_enabled = true } }
        open   = { path = "/open", method = "GET", function = "generation", authorization = "NONE", settings = { caching_enabled = true } }
        never  = { path = "/never/{id}", method = "GET", function = "generation", settings = { throttling_rate_limit = 5 } }
        save   = { path = "/sites", method = "POST", function = "generation", settings = { logging_level = "INFO" } }
      }
    })
  }

  assert {
    condition = (
      !aws_api_gateway_method_settings.this.settings[0].caching_enabled &&
      { for key, route in aws_api_gateway_method_settings.route : key => route.settings[0].caching_enabled } == {
        "GET /sites/{}" = true, "GET /themes" = true, "GET /open" = true, "GET /never/{}" = false, "POST /sites" = false
      } &&
      aws_api_gateway_method_settings.route["GET /sites/{}"].settings[0].cache_ttl_in_seconds == 60
    )
    error_message = "Only the routes that ask for it are cached, whatever else is in their settings."
  }

  assert {
    condition = { for key, integration in aws_api_gateway_integration.this : key => join(" ", coalesce(integration.cache_key_parameters, [])) } == {
      "GET /sites/{}" = "method.request.header.X-Token method.request.path.id method.request.querystring.page"
      "GET /themes"   = "method.request.header.X-Api-Key"
      "GET /open"     = ""
      "GET /never/{}" = ""
      "POST /sites"   = ""
    }
    error_message = "Parameters and caller are in the key, or one caller gets another's answer."
  }

  assert {
    condition = aws_api_gateway_method.this["GET /sites/{}"].request_parameters == tomap({
      "method.request.header.X-Token" = false, "method.request.path.id" = true, "method.request.querystring.page" = false
    }) && aws_api_gateway_method.this["GET /never/{}"].request_parameters == tomap({ "method.request.path.id" = true })
    error_message = "The key takes parameters of the method only; a missing token stays the authorizer's business."
  }
}

run "cache_wanted_where_there_is_none" {
  command = plan

  variables {
    api = merge(var.api, {
      routes = { list = { path = "/sites", method = "GET", function = "generation", settings = { caching_enabled = true } } }
    })
  }

  assert {
    condition = (
      !aws_api_gateway_method_settings.route["GET /sites"].settings[0].caching_enabled &&
      aws_api_gateway_integration.this["GET /sites"].cache_key_parameters == null
    )
    error_message = "An environment without a cache takes the same routes."
  }
}

run "everything_else" {
  command = plan

  variables {
    api = merge(var.api, {
      endpoint_type                = "REGIONAL"
      disable_execute_api_endpoint = true
      binary_media_types           = ["application/pdf"]
      minimum_compression_size     = 1024
      resource_policy              = "{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"
      waf_web_acl_arn              = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/x/1"
      cache                        = { ttl_seconds = 60 }
      logs                         = { level = "INFO", group_name = "api", retention_in_days = 400, kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1" }
      domain                       = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1", base_path = "v1", zone_id = "Z1", truststore_uri = "s3://trust/ca.pem" }
      usage_plan                   = { name = "plan", burst_limit = 1, rate_limit = 2, quota_limit = 3, api_key_names = ["ci"] }
      manage_account_logging_role  = true
      account_logging_role_name    = "api-logs"
      permissions_boundary_arn     = "arn:aws:iam::123456789012:policy/boundary"
    })
  }

  assert {
    condition = (
      aws_api_gateway_stage.this.cache_cluster_size == "0.5" && !aws_api_gateway_method_settings.this.settings[0].caching_enabled &&
      aws_api_gateway_method_settings.this.settings[0].cache_data_encrypted && aws_wafv2_web_acl_association.this[0].web_acl_arn == var.api.waf_web_acl_arn
    )
    error_message = "The cache is encrypted and answers nothing by itself, the web ACL in place."
  }

  assert {
    condition = (
      aws_api_gateway_domain_name.this[0].security_policy == "TLS_1_2" && aws_api_gateway_domain_name.this[0].certificate_arn == null &&
      aws_api_gateway_domain_name.this[0].regional_certificate_arn == var.api.domain.certificate_arn &&
      aws_api_gateway_domain_name.this[0].mutual_tls_authentication[0].truststore_uri == "s3://trust/ca.pem" &&
      aws_api_gateway_base_path_mapping.this[0].base_path == "v1" && aws_route53_record.this[0].type == "A" &&
      output.url == "https://api.example.com/v1"
    )
    error_message = "The domain is regional, TLS 1.2, mapped and in DNS."
  }

  assert {
    condition = (
      aws_api_gateway_usage_plan.this[0].throttle_settings[0].rate_limit == 2 && aws_api_gateway_usage_plan.this[0].quota_settings[0].limit == 3 &&
      keys(aws_api_gateway_usage_plan_key.this) == ["ci"]
    )
    error_message = "The plan has its limits and its key."
  }

  assert {
    condition = (
      aws_iam_role.account_logging[0].permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" &&
      aws_iam_role_policy_attachment.account_logging[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" &&
      length(aws_api_gateway_account.this) == 1 && aws_cloudwatch_log_group.access.kms_key_id == var.api.logs.kms_key_arn
    )
    error_message = "The logging role is the API's when it is asked for, and bounded."
  }

  assert {
    condition = (
      length(aws_iam_role_policies_exclusive.account_logging[0].policy_names) == 0 &&
      aws_iam_role_policy_attachments_exclusive.account_logging[0].policy_arns == toset([
        "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
      ])
    )
    error_message = "What was added to the logging role by hand goes."
  }
}

# Applied to the mock, where what AWS makes up is known.
run "known_after_apply" {
  variables {
    api = merge(var.api, {
      resource_policy = "{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"
    })
  }

  assert {
    condition = (
      strcontains(aws_api_gateway_rest_api_policy.this[0].policy, "arn:aws:execute-api:eu-west-1:123456789012:abc/*") &&
      aws_lambda_permission.this["generation"].source_arn == "arn:aws:execute-api:eu-west-1:123456789012:abc/v1/*" &&
      aws_cloudwatch_log_group.execution.name == "API-Gateway-Execution-Logs_${output.id}/v1" &&
      aws_api_gateway_method.this["GET /sites"].authorizer_id == output.authorizer_id && output.authorizer_id != null
    )
    error_message = "ARNs follow the API's, the authorizer is attached."
  }
}

run "tags_keep_the_deployment" {
  command = plan

  variables {
    tags = { Environment = "sit" }
  }

  assert {
    condition     = output.definition_sha256 == run.defaults.definition_sha256
    error_message = "Tags are no part of a deployment."
  }
}

run "policy_redeploys" {
  command = plan

  variables {
    api = merge(var.api, {
      resource_policy = "{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"
    })
  }

  assert {
    condition     = output.definition_sha256 != run.defaults.definition_sha256
    error_message = "A change of the policy alone needs a new deployment."
  }
}

run "function_with_credentials" {
  command = plan

  variables {
    api = merge(var.api, {
      routes = { direct = { path = "/direct", method = "GET", function = "generation", credentials = "arn:aws:iam::123456789012:role/x" } }
    })
  }

  assert {
    condition     = length(aws_lambda_permission.this) == 0
    error_message = "The role of the route calls the function, so API Gateway itself needs no permission."
  }
}

run "function_with_credentials_redeploys" {
  command = plan

  variables {
    functions = { generation = { name = "moved", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/moved/invocations" } }
    api = merge(var.api, {
      routes = { direct = { path = "/direct", method = "GET", function = "generation", credentials = "arn:aws:iam::123456789012:role/x" } }
    })
  }

  assert {
    condition     = output.definition_sha256 != run.function_with_credentials.definition_sha256
    error_message = "Another function behind a route needs a new deployment, whoever calls it."
  }
}

run "model_redeploys" {
  command = plan

  variables {
    api = merge(var.api, {
      models = { Site = { schema = "{\"type\":\"array\"}" } }
    })
  }

  assert {
    condition     = output.definition_sha256 != run.defaults.definition_sha256
    error_message = "A change of a model alone needs a new deployment."
  }
}

run "cors_redeploys" {
  command = plan

  variables {
    api = merge(var.api, {
      cors = { origins = ["*"] }
    })
  }

  assert {
    condition     = output.definition_sha256 != run.defaults.definition_sha256
    error_message = "CORS needs a new deployment."
  }
}

run "authorizer_redeploys" {
  command = plan

  variables {
    api = merge(var.api, {
      authorizer = { ttl_seconds = 0 }
    })
  }

  assert {
    condition     = output.definition_sha256 != run.defaults.definition_sha256
    error_message = "A change of the authorizer alone needs a new deployment."
  }
}

run "duplicate_routes" {
  command = plan

  variables {
    api = merge(var.api, {
      routes = { a = { path = "/x", method = "GET", function = "generation" }, b = { path = "/x", method = "GET", function = "generation" } }
    })
  }

  expect_failures = [aws_api_gateway_rest_api.this]
}

run "rival_parameters" {
  command = plan

  variables {
    api = merge(var.api, {
      routes = { a = { path = "/x/{a}", method = "GET", function = "generation" }, b = { path = "/x/{b}/y", method = "GET", function = "generation" } }
    })
  }

  expect_failures = [aws_api_gateway_rest_api.this]
}

run "slow_function" {
  command = plan

  variables {
    functions = { generation = { name = "f", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/f", timeout = 60 } }
  }

  expect_failures = [check.function_timeouts]
}

run "an_unknown_deployment_moves_nothing" {
  command = plan

  variables {
    release = { live = "first" }
  }

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == "first"
    error_message = "Who moves the stage needs no plan that might."
  }
}

run "applied" {
  command = apply

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == aws_api_gateway_deployment.this.id && output.deployment_id == aws_api_gateway_deployment.this.id
    error_message = "Without a release the stage serves the latest deployment."
  }
}

run "whoever_moves_the_stage_decides" {
  command = plan

  variables {
    release = { live = "first" }
  }

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == "first" && output.deployment_id == run.applied.deployment_id
    error_message = "The stage stays where it is, and the latest deployment is told."
  }
}

run "a_release_gone_back_from_is_held" {
  command = plan

  variables {
    release = { live = "first", held = run.applied.deployment_id }
  }

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == "first"
    error_message = "As long as the latest deployment is the one that was gone back from, the stage stays."
  }
}

run "a_later_deployment_moves_forward_by_itself" {
  command = plan

  variables {
    release = { live = "nought", held = "first" }
  }

  assert {
    condition     = aws_api_gateway_stage.this.deployment_id == run.applied.deployment_id
    error_message = "What is held is one deployment, not the API."
  }
}
