# The other environments link to the .tf files here: environments differ in terraform.tfvars alone.
terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket and key come from -backend-config; without them no state can be mistaken for another environment's.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

provider "aws" {
  alias = "replica"

  # Where nothing is replicated, nothing uses it.
  region              = coalesce(var.replica_region, var.region)
  allowed_account_ids = [var.account_id]
}

module "environment" {
  source = "../../modules/environment"

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  environment    = var.environment
  region         = var.region
  replica_region = var.replica_region
  account_id     = var.account_id
  tags           = var.tags
  stacks         = var.stacks
}
