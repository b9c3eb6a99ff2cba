output "apis" {
  description = "Name and stage of each API, by key: what other stacks need."
  value = {
    for key, api in module.api : key => {
      name  = api.name
      stage = api.stage_name
    }
  }
}

output "endpoints" {
  description = "What AWS made up for each API, by key: ids, ARNs and URLs."
  value = {
    for key, api in module.api : key => {
      id                    = api.id
      url                   = api.url
      invoke_url            = api.invoke_url
      execution_arn         = api.execution_arn
      root_resource_id      = api.root_resource_id
      stage_arn             = api.stage_arn
      deployment_id         = api.deployment_id
      authorizer_id         = api.authorizer_id
      access_log_group_name = api.access_log_group_name
      domain_target         = api.domain_target
      domain_zone_id        = api.domain_zone_id
      api_key_ids           = api.api_key_ids
    }
  }
}
