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
  roles       = { generation = { arn = "arn:aws:iam::123456789012:role/generation" } }
  buckets     = { artifacts = { name = "site-builder-artifacts" } }
  layers = {
    common = { name = "common", artifact_bucket = "artifacts", s3_key = "l.zip", source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
  functions = {
    generation = {
      name             = "generation-dev"
      handler          = "app.handler"
      artifact_bucket  = "artifacts"
      s3_key           = "f.zip"
      source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
      layers           = ["common"]
    }
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
}

run "name_used_twice" {
  command = plan

  variables {
    roles = { a = { arn = "arn:aws:iam::123456789012:role/a" }, b = { arn = "arn:aws:iam::123456789012:role/b" } }
    functions = {
      a = { name = "f", handler = "app.handler", artifact_bucket = "artifacts", s3_key = "a.zip", source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
      b = { name = "f", handler = "app.handler", artifact_bucket = "artifacts", s3_key = "b.zip", source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }

  expect_failures = [var.functions]
}

run "function_without_role" {
  command = plan

  variables {
    roles = {}
  }

  expect_failures = [var.functions]
}

run "function_of_an_unknown_bucket" {
  command = plan

  variables {
    functions = {
      generation = { name = "f", handler = "app.handler", artifact_bucket = "none", s3_key = "f.zip", source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }

  expect_failures = [var.functions]
}

run "unknown_layer" {
  command = plan

  variables {
    layers = {}
  }

  expect_failures = [var.functions]
}

run "layer_name" {
  command = plan

  variables {
    layers = { common = { name = "not a name", artifact_bucket = "artifacts", s3_key = "l.zip", source_code_hash = "x" } }
  }

  expect_failures = [var.layers]
}

run "layer_of_an_unknown_bucket" {
  command = plan

  variables {
    layers = { common = { name = "common", artifact_bucket = "none", s3_key = "l.zip", source_code_hash = "x" } }
  }

  expect_failures = [var.layers]
}
