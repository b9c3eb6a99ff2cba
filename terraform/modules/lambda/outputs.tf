output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function, unqualified."
  value       = aws_lambda_function.this.arn
}

output "qualified_arn" {
  description = "ARN with the version: the published one, or $LATEST."
  value       = aws_lambda_function.this.qualified_arn
}

output "version" {
  description = "The latest version, or $LATEST; the alias may serve an earlier one."
  value       = local.latest
}

output "invoke_arn" {
  description = "Integration URI of the unqualified function."
  value       = aws_lambda_function.this.invoke_arn
}

output "alias" {
  description = "Name of the alias that callers use."
  value       = aws_lambda_alias.this.name
}

output "alias_arn" {
  description = "ARN of the alias."
  value       = aws_lambda_alias.this.arn
}

output "alias_invoke_arn" {
  description = "Integration URI of the alias, for API Gateway."
  value       = aws_lambda_alias.this.invoke_arn
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "log_group_arn" {
  description = "ARN of the log group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "timeout" {
  description = "Timeout of the function in seconds."
  value       = aws_lambda_function.this.timeout
}

output "source_code_hash" {
  description = "Base64 SHA-256 of the deployed package."
  value       = aws_lambda_function.this.source_code_hash
}

output "layer_arns" {
  description = "Layer versions of the function."
  value       = aws_lambda_function.this.layers
}
