# Every validation must refuse its input. One that reads another variable is skipped when that one fails: several rounds.
mock_provider "aws" {}

variables {
  name                   = "site-builder-api-dev"
  stage_name             = "v1"
  tags                   = {}
  functions              = { f = { name = "f", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/f" } }
  cognito_user_pool_arns = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"]
  routes                 = { ok = { path = "/ok", method = "GET", function = "f" } }
}

run "plain_values" {
  command = plan

  variables {
    name                        = "a b"
    stage_name                  = "v/1"
    resource_policy             = "{}"
    minimum_compression_size    = -1
    cognito_user_pool_arns      = ["eu-west-1_abc"]
    models                      = { "a-b" = { schema = "{}" } }
    cors                        = { origins = ["https://a.example.com/"] }
    logs                        = { retention_in_days = 45 }
    throttling                  = { rate_limit = -1 }
    cache                       = { size = "2" }
    waf_web_acl_arn             = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/1"
    usage_plan                  = { name = "p", quota_period = "YEAR" }
    manage_account_logging_role = true
  }

  expect_failures = [var.name, var.stage_name, var.resource_policy, var.minimum_compression_size, var.cognito_user_pool_arns, var.models, var.cors, var.logs, var.throttling, var.cache, var.waf_web_acl_arn, var.usage_plan, var.account_logging_role_name]
}

run "endpoint_type" {
  command = plan

  variables {
    endpoint_type = "LOCAL"
  }

  expect_failures = [var.endpoint_type]
}

run "certificate" {
  command = plan

  variables {
    domain = { name = "a", certificate_arn = "x" }
  }

  expect_failures = [var.domain]
}

run "more_values" {
  command = plan

  variables {
    disable_execute_api_endpoint = true
    vpc_endpoint_ids             = ["vpce-1"]
    authorizer                   = { ttl_seconds = 3601 }
    models                       = { A = { schema = "text" } }
    cors                         = { origins = ["*"], credentials = true }
    logs                         = { level = "DEBUG" }
    usage_plan                   = { name = "p", burst_limit = 1 }
    account_logging_role_name    = "x"
  }

  expect_failures = [var.disable_execute_api_endpoint, var.vpc_endpoint_ids, var.authorizer, var.models, var.cors, var.logs, var.usage_plan, var.account_logging_role_name]
}

run "third_round" {
  command = plan

  variables {
    endpoint_type = "PRIVATE"
    authorizer    = { id = "abc" }
    cors          = { origins = ["*", "https://a.example.com"] }
  }

  expect_failures = [var.endpoint_type, var.authorizer, var.cors]
}

run "private_domain" {
  command = plan

  variables {
    endpoint_type   = "PRIVATE"
    resource_policy = "{\"Statement\":[]}"
    domain          = { name = "a", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1" }
    cors            = { origins = ["https://a.example.com"], max_age = 90000 }
  }

  expect_failures = [var.domain, var.cors]
}

run "truststore" {
  command = plan

  variables {
    domain = { name = "a", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1", truststore_uri = "https://x" }
  }

  expect_failures = [var.domain]
}

run "route_none" {
  command = plan

  variables {
    routes = {}
  }

  expect_failures = [var.routes]
}

run "route_path_without_slash" {
  command = plan

  variables {
    routes = { x = { path = "x", method = "GET", function = "f" } }
  }

  expect_failures = [var.routes]
}

run "route_path_with_empty_segment" {
  command = plan

  variables {
    routes = { x = { path = "/x//y", method = "GET", function = "f" } }
  }

  expect_failures = [var.routes]
}

run "route_greedy_parameter_not_last" {
  command = plan

  variables {
    routes = { x = { path = "/{x+}/y", method = "GET", function = "f" } }
  }

  expect_failures = [var.routes]
}

run "route_seven_levels" {
  command = plan

  variables {
    routes = { x = { path = "/1/2/3/4/5/6/7", method = "GET", function = "f" } }
  }

  expect_failures = [var.routes]
}

run "route_method" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "get", function = "f" } }
  }

  expect_failures = [var.routes]
}

run "route_authorization" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", authorization = "CUSTOM" } }
  }

  expect_failures = [var.routes]
}

run "route_scopes_without_cognito" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", authorization = "NONE", scopes = ["a"] } }
  }

  expect_failures = [var.routes]
}

run "route_type" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", type = "AWS_LAMBDA_PROXY" } }
  }

  expect_failures = [var.routes]
}

run "route_unknown_function" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "nobody" } }
  }

  expect_failures = [var.routes]
}

run "route_function_and_uri" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", uri = "arn:x" } }
  }

  expect_failures = [var.routes]
}

run "route_timeout" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", timeout_milliseconds = 30000 } }
  }

  expect_failures = [var.routes]
}

run "route_parameter_key" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", request_parameters = { limit = true } } }
  }

  expect_failures = [var.routes]
}

run "route_parameter_not_in_path" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", request_parameters = { "method.request.path.id" = true } } }
  }

  expect_failures = [var.routes]
}

run "route_parameter_begins_like_one_of_the_path" {
  command = plan

  variables {
    routes = { x = { path = "/{idea}", method = "GET", function = "f", request_parameters = { "method.request.path.id" = true } } }
  }

  expect_failures = [var.routes]
}

run "route_unknown_model" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", request_model = "Nothing" } }
  }

  expect_failures = [var.routes]
}

run "route_proxy_with_mapping" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", responses = { "200" = {} } } }
  }

  expect_failures = [var.routes]
}

run "route_mock_without_response" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", type = "MOCK" } }
  }

  expect_failures = [var.routes]
}

run "route_key_without_plan" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", api_key_required = true } }
  }

  expect_failures = [var.routes]
}

run "route_cached_post" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "POST", function = "f", settings = { caching_enabled = true } } }
  }

  expect_failures = [var.routes]
}

run "route_cached_signature" {
  command = plan

  variables {
    routes = { x = { path = "/x", method = "GET", function = "f", authorization = "AWS_IAM", settings = { caching_enabled = true } } }
  }

  expect_failures = [var.routes]
}

run "route_cognito_without_pool" {
  command = plan

  variables {
    cognito_user_pool_arns = []
  }

  expect_failures = [var.routes]
}

run "duplicate_routes" {
  command = plan

  variables {
    routes = { a = { path = "/x", method = "GET", function = "f" }, b = { path = "/x", method = "GET", function = "f" } }
  }

  expect_failures = [aws_api_gateway_rest_api.this]
}

run "rival_parameters" {
  command = plan

  variables {
    routes = { a = { path = "/x/{a}", method = "GET", function = "f" }, b = { path = "/x/{b}/y", method = "GET", function = "f" } }
  }

  expect_failures = [aws_api_gateway_rest_api.this]
}

run "slow_function" {
  command = plan

  variables {
    functions = { f = { name = "f", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/f", timeout = 60 } }
  }

  expect_failures = [check.function_timeouts]
}
