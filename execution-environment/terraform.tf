# The provider that the image mirrors; terraform.lock.hcl says which bytes it must be.
terraform {
  required_version = "1.11.4"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
