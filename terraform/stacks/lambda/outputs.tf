output "functions" {
  description = "The functions for the stacks that depend on this one. Every value follows from the inputs."
  value = {
    for key, function in module.lambda : key => {
      name           = function.name
      arn            = function.arn
      alias          = function.alias
      alias_arn      = function.alias_arn
      invoke_arn     = function.alias_invoke_arn
      timeout        = function.timeout
      log_group_name = function.log_group_name
    }
  }
}

output "details" {
  description = "What changes with each deployment."
  value = {
    for key, function in module.lambda : key => {
      version          = function.version
      qualified_arn    = function.qualified_arn
      source_code_hash = function.source_code_hash
      layer_arns       = function.layer_arns
      log_group_arn    = function.log_group_arn
    }
  }
}

output "layers" {
  description = "The layers: key => ARN of the current version."
  value       = { for key, layer in aws_lambda_layer_version.this : key => layer.arn }
}
