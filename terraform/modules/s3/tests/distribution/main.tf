# A bucket and its distribution in one root, each naming the other.

terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.100, < 7.0"
      configuration_aliases = [aws.replica]
    }
  }
}

variable "bucket" {
  description = "Name of the bucket."
  type        = object({ name = string })
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
}

module "bucket" {
  source = "../.."

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  bucket                = { name = var.bucket.name, oac = { name = var.bucket.name } }
  tags                  = var.tags
  oac_distribution_arns = [aws_cloudfront_distribution.this.arn]
}

resource "aws_cloudfront_distribution" "this" {
  enabled = true

  origin {
    origin_id                = "bucket"
    domain_name              = module.bucket.regional_domain_name
    origin_access_control_id = module.bucket.oac_id
  }

  default_cache_behavior {
    target_origin_id       = "bucket"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    viewer_protocol_policy = "https-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

output "name" {
  description = "Name of the bucket."
  value       = module.bucket.name
}
