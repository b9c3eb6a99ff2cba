# The policies, as plain data. Which ones exist depends only on what the caller wrote down (lengths and flags), never on
# the ARNs, which may be unknown at plan.

locals {
  partition = data.aws_partition.current.partition

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })

  enabled = toset([for name, wanted in {
    logs            = true
    bedrock         = length(concat(var.role.bedrock.model_ids, var.role.bedrock.inference_profiles)) > 0
    dynamodb        = length(var.role.dynamodb.read) + length(var.role.dynamodb.write) + length(var.role.dynamodb.streams) > 0
    s3              = length(var.role.s3.read) + length(var.role.s3.write) > 0
    xray            = var.role.xray
    kms             = length(var.role.kms.key_arns) > 0
    vpc             = var.role.vpc
    failure_targets = length(var.role.failure_target_arns) > 0
    invoke          = length(var.role.invoked_function_arns) > 0
    secrets         = length(var.role.secrets.parameter_arns) + length(var.role.secrets.secret_arns) > 0
    extra           = length(jsondecode(var.role.extra_statements)) > 0
  } : name if wanted])

  # An admin grant, or a role that can change its own policies, is never what a function needs: in actions no wildcard in the
  # service, not only wildcards after it, and none at all in iam. plugins/module_utils/stacks knows the same.
  too_wide      = "^(?s:[^:]*[*?].*|[^:]*:[*?]+|iam:.*[*?].*)$"
  administrator = "^arn:[^:]+:iam::aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$"

  # IAM rejects a statement without resources, so each list is filtered here, once.
  documents = {
    for name, statements in local.statements : name => jsonencode({
      Version   = "2012-10-17"
      Statement = [for s in statements : s if length(flatten([try(s.Resource, s.NotResource)])) > 0]
    })
  }

  statements = {
    logs            = local.logs_statements
    bedrock         = local.bedrock_statements
    dynamodb        = local.dynamodb_statements
    s3              = local.s3_statements
    xray            = local.xray_statements
    kms             = local.kms_statements
    vpc             = local.vpc_statements
    failure_targets = local.failure_target_statements
    invoke          = local.invoke_statements
    secrets         = local.secrets_statements
    extra           = jsondecode(var.role.extra_statements)
  }

  logs_statements = [{
    Sid    = "WriteLogs"
    Effect = "Allow"
    Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
    # The wildcard stands for the streams of this one group; Lambda names them.
    Resource = ["${var.role.log_group_arn}:*"]
  }]

  xray_statements = [{
    Sid    = "SendTraces"
    Effect = "Allow"
    Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    # X-Ray has no resource-level permissions for these two.
    Resource = ["*"]
  }]

  kms_statements = [{
    Sid    = "UseKeys"
    Effect = "Allow"
    Action = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    Resource = var.role.kms.key_arns
    Condition = {
      StringEquals = {
        "kms:ViaService" = distinct(flatten([
          for arn in var.role.kms.key_arns : [
            for service in var.role.kms.via_services : "${service}.${split(":", arn)[3]}.${data.aws_partition.current.dns_suffix}"
          ]
        ]))
      }
    }
  }]

  vpc_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]

  vpc_statements = [
    {
      Sid    = "ManageInterfaces"
      Effect = "Allow"
      Action = local.vpc_actions
      # Lambda refuses a role whose interface permissions are scoped to resources, and Describe* has no resource level.
      Resource = ["*"]
    },
    {
      # The service needs these permissions, the code of the function does not. The key is present only in calls that
      # come from inside a function.
      Sid    = "DenyInterfacesToCode"
      Effect = "Deny"
      Action = local.vpc_actions
      # A denial of the grant above, so as wide as it.
      Resource = ["*"]
      Condition = {
        # Any function of this account and region that runs with this role.
        ArnLike = { "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${var.region}:${var.account_id}:function:*" }
      }
    },
  ]

  failure_target_statements = [
    for service, action in { sqs = "sqs:SendMessage", sns = "sns:Publish" } : {
      Sid                        = "SendFailuresTo${title(service)}"
      Effect                     = "Allow"
      Action                     = [action]
      Resource                   = [for arn in var.role.failure_target_arns : arn if split(":", arn)[2] == service]
    }
  ]

  invoke_statements = [{
    Sid      = "InvokeFunctions"
    Effect   = "Allow"
    Action   = ["lambda:InvokeFunction"]
    Resource = var.role.invoked_function_arns
  }]
}
