output "id" {
  description = "Id of the REST API."
  value       = aws_api_gateway_rest_api.this.id
}

output "name" {
  description = "Name of the REST API: the ApiName dimension in CloudWatch."
  value       = aws_api_gateway_rest_api.this.name
}

output "stage_name" {
  description = "Name of the stage: the Stage dimension in CloudWatch."
  value       = aws_api_gateway_stage.this.stage_name
}

output "root_resource_id" {
  description = "Id of the resource at /."
  value       = aws_api_gateway_rest_api.this.root_resource_id
}

output "execution_arn" {
  description = "ARN prefix for policies on calls of the API."
  value       = aws_api_gateway_rest_api.this.execution_arn
}

output "stage_arn" {
  description = "ARN of the stage."
  value       = aws_api_gateway_stage.this.arn
}

output "invoke_url" {
  description = "URL of the stage at API Gateway's own host name."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "url" {
  description = "URL for clients: on the custom domain where there is one."
  value = var.api.domain == null ? aws_api_gateway_stage.this.invoke_url : join("/", compact([
    "https://${aws_api_gateway_domain_name.this[0].domain_name}", var.api.domain.base_path,
  ]))
}

output "authorizer_id" {
  description = "Id of the Cognito authorizer, or null."
  value       = local.authorizer_id
}

output "access_log_group_name" {
  description = "Log group of the access log."
  value       = aws_cloudwatch_log_group.access.name
}

output "domain_target" {
  description = "Host name the custom domain's DNS record points to, or null."
  value       = local.domain_target
}

output "domain_zone_id" {
  description = "Hosted zone of domain_target, for an alias record, or null."
  value       = local.domain_zone_id
}

output "api_key_ids" {
  description = "Ids of the API keys by name; read the values with `aws apigateway get-api-key --include-value`."
  value       = { for name, key in aws_api_gateway_api_key.this : name => key.id }
}

output "deployment_id" {
  description = "Id of the latest deployment; the stage may serve an earlier one."
  value       = local.latest_deployment_id
}

output "definition_sha256" {
  description = "Fingerprint of what is deployed: when it changes, the stage gets a new deployment."
  value       = aws_api_gateway_deployment.this.triggers.definition
}
