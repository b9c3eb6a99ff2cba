data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  # Spelled out rather than read from the bucket, so that a plan shows the whole policy.
  arn = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket.name}"

  # Those of the definition, and those that come from outside.
  access_log_sources    = concat(var.bucket.access_log_sources, var.access_log_sources)
  oac_distribution_arns = concat(try(var.bucket.oac.distribution_arns, []), var.oac_distribution_arns)

  bucket_key = var.bucket.kms_key_arn == null ? null : var.bucket.bucket_key

  # bucket ARN => the denials that every bucket has.
  tls_statements = {
    for arn in compact([local.arn, local.replica_arn]) : arn => [
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DenyOldTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [arn, "${arn}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
    ]
  }

  cloudfront_statements = [
    for grant in [
      { sid = "CloudFrontRead", action = "s3:GetObject", resource = "${local.arn}/*", wanted = true },
      { sid = "CloudFrontList", action = "s3:ListBucket", resource = local.arn, wanted = try(var.bucket.oac.list_bucket, false) },
      ] : {
      Sid       = grant.sid
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = grant.action
      Resource  = grant.resource
      Condition = { StringEquals = { "aws:SourceArn" = local.oac_distribution_arns } }
    } if grant.wanted && length(local.oac_distribution_arns) > 0
  ]

  log_delivery_statements = length(local.access_log_sources) == 0 ? [] : [
    {
      Sid       = "AccessLogDelivery"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${local.arn}/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike = {
          "aws:SourceArn" = [for name in local.access_log_sources : "arn:${data.aws_partition.current.partition}:s3:::${name}"]
        }
      }
    },
  ]

  policy_statements = concat(
    local.tls_statements[local.arn],
    local.cloudfront_statements,
    local.log_delivery_statements,
    [for statement in var.bucket.policy_statements : jsondecode(statement)],
  )
}
