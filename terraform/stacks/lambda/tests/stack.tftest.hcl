mock_provider "aws" {
  mock_resource "aws_lambda_layer_version" {
    defaults = {
      arn = "arn:aws:lambda:eu-west-1:123456789012:layer:common:1"
    }
  }
}

variables {
  environment = "dev"
  tags        = { Environment = "dev" }
  roles       = { for key in ["generation", "validation"] : key => { arn = "arn:aws:iam::123456789012:role/${key}" } }
  buckets     = { artifacts = { name = "site-builder-artifacts" } }
  layers = {
    common = { name = "common", artifact_bucket = "artifacts" }
  }
  # The two differ in one field, deep inside.
  functions = {
    generation = {
      name            = "generation-dev"
      handler         = "app.handler"
      artifact_bucket = "artifacts"
      layers          = ["common"]
      async           = { maximum_retry_attempts = 0 }
    }
    validation = {
      name            = "validation-dev"
      handler         = "app.handler"
      artifact_bucket = "artifacts"
      timeout         = null
      async           = {}
    }
  }
  packages = {
    "functions/generation" = { s3_key = "f.zip", source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    "functions/validation" = { s3_key = "v.zip", source_code_hash = "57DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    "layers/common"        = { s3_key = "l.zip", source_code_hash = "67DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "wires_by_key_and_leaves_defaults_to_the_module" {
  command = apply

  assert {
    condition     = toset(keys(output.functions["generation"])) == toset(["alias", "alias_arn", "arn", "invoke_arn", "log_group_name", "name", "timeout"])
    error_message = "The wired output has exactly the agreed attributes."
  }
  assert {
    condition     = output.functions["generation"].timeout == 60 && output.functions["generation"].alias == "live" && output.functions["generation"].log_group_name == "/aws/lambda/generation-dev"
    error_message = "Omitted settings take the module's defaults."
  }
  assert {
    condition     = aws_lambda_layer_version.this["common"].s3_bucket == "site-builder-artifacts" && output.details["generation"].layer_arns == tolist([output.layers["common"]])
    error_message = "The layer comes from the bucket of that key and reaches the function."
  }
  assert {
    condition     = aws_lambda_layer_version.this["common"].s3_key == "l.zip" && output.details["validation"].source_code_hash == var.packages["functions/validation"].source_code_hash
    error_message = "Each function and layer has the package of its key."
  }
  assert {
    condition     = output.functions["validation"].timeout == 60
    error_message = "Null is the module's default."
  }
}
