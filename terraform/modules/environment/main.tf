# The environment in one graph: each stack as a module, its upstream stacks' outputs as inputs. The engine hands
# the same outputs from state to state, see plugins/module_utils/stacks/inputs.py.

module "dynamodb" {
  source = "../../stacks/dynamodb"

  tables = var.stacks.dynamodb.tables
  region = var.region
  tags   = var.tags
}

module "s3" {
  source = "../../stacks/s3"

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  buckets = var.stacks.s3.buckets
  tags    = var.tags
}

module "iam" {
  source = "../../stacks/iam"

  roles      = var.stacks.iam.roles
  tables     = module.dynamodb.tables
  buckets    = module.s3.buckets
  region     = var.region
  account_id = var.account_id
  tags       = var.tags
}

module "lambda" {
  source = "../../stacks/lambda"

  functions   = var.stacks.lambda.functions
  layers      = var.stacks.lambda.layers
  packages    = var.stacks.lambda.packages
  roles       = module.iam.roles
  buckets     = module.s3.buckets
  environment = var.environment
  tags        = var.tags
}

module "api_gateway" {
  source = "../../stacks/api_gateway"

  apis      = var.stacks.api_gateway.apis
  functions = module.lambda.functions
  tags      = var.tags
}

module "monitoring" {
  source = "../../stacks/monitoring"

  monitoring     = var.stacks.monitoring.monitoring
  tables         = module.dynamodb.tables
  buckets        = module.s3.buckets
  functions      = module.lambda.functions
  apis           = module.api_gateway.apis
  region         = var.region
  replica_region = var.replica_region
  tags           = var.tags
}
