# What the policies say. Documents are compared as data, so that a change of order or of a key shows.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = {
      partition  = "aws"
      dns_suffix = "amazonaws.com"
    }
  }
}

variables {
  account_id = "123456789012"
  region     = "eu-west-1"
  tags       = { Environment = "dev" }
  # As the stacks dynamodb and s3 give them, with more than the role names.
  tables = {
    agents = {
      arn          = "arn:aws:dynamodb:eu-west-1:123456789012:table/agents"
      index_names  = ["by-status"]
      replica_arns = ["arn:aws:dynamodb:af-south-1:123456789012:table/agents"]
    }
    sites = {
      arn          = "arn:aws:dynamodb:eu-west-1:123456789012:table/sites"
      replica_arns = ["arn:aws:dynamodb:af-south-1:123456789012:table/sites"]
    }
    jobs = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/jobs" }
  }
  buckets = { assets = { arn = "arn:aws:s3:::assets" }, sites = { arn = "arn:aws:s3:::sites" }, logs = { arn = "arn:aws:s3:::logs" } }
  role = {
    name          = "site-builder-generation-dev-eu-west-1"
    log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/site-builder-generation-dev"
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_iam_role.this.name == var.role.name && aws_iam_role.this.path == "/" && aws_iam_role.this.max_session_duration == 3600 && aws_iam_role.this.tags == tomap({ Environment = "dev" })
    error_message = "The role must carry the given name and tags, the root path and one-hour sessions."
  }
  assert {
    condition     = jsondecode(output.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }, Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" } }]
    error_message = "Only Lambda, and only for this account, may assume the role."
  }
  assert {
    condition     = keys(output.policies) == ["logs", "xray"] && length(aws_iam_role_policy_attachment.this) == 0
    error_message = "By default there are logs and traces, and no empty policy."
  }
  assert {
    condition     = jsondecode(output.policies.logs).Statement == [{ Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Effect = "Allow", Resource = ["${var.role.log_group_arn}:*"], Sid = "WriteLogs" }]
    error_message = "Logs are written to the one group; creating groups is Terraform's."
  }
  assert {
    condition     = jsondecode(output.policies.xray).Statement[0].Action == ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    error_message = "Traces need two actions."
  }
  assert {
    condition     = length(aws_iam_role_policy_attachments_exclusive.this.policy_arns) == 0
    error_message = "Where nothing is to be attached, whatever is attached must show."
  }
}

run "everything" {
  command = plan

  variables {
    role = merge(var.role, {
      path                     = "/service/"
      permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
      max_session_duration     = 7200
      bedrock = {
        region             = "eu-west-1"
        model_ids          = ["amazon.nova-lite-v1:0"]
        inference_profiles = ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0"]
        routed_regions     = ["eu-north-1"]
        streaming          = true
      }
      dynamodb = {
        read    = ["agents"]
        write   = ["sites"]
        streams = ["sites"]
        scan    = true
      }
      s3 = {
        read  = [{ bucket = "assets" }, { bucket = "sites", prefixes = ["drafts/", "final/"] }]
        write = [{ bucket = "sites", prefixes = ["drafts/"] }]
      }
      kms = {
        key_arns     = ["arn:aws:kms:eu-west-1:123456789012:key/a", "arn:aws:kms:af-south-1:123456789012:key/b"]
        via_services = ["dynamodb", "s3"]
      }
      vpc                 = true
      xray                = false
      failure_target_arns = ["arn:aws:sqs:eu-west-1:123456789012:failed", "arn:aws:sns:eu-west-1:123456789012:failed"]
      extra_statements    = "[{\"Effect\":\"Allow\",\"Action\":\"ssm:GetParameter\",\"Resource\":\"arn:aws:ssm:eu-west-1:123456789012:parameter/x\"}]"
      managed_policy_arns = { team = "arn:aws:iam::123456789012:policy/team" }
    })
  }

  assert {
    condition     = aws_iam_role.this.path == "/service/" && aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary" && aws_iam_role.this.max_session_duration == 7200
    error_message = "Path, boundary and session length must reach the role."
  }
  assert {
    condition     = keys(output.policies) == ["bedrock", "dynamodb", "extra", "failure_targets", "kms", "logs", "s3", "vpc"] && toset(keys(aws_iam_role_policy.this)) == toset(keys(output.policies))
    error_message = "Each grant is a policy of its own, and one that is switched off is absent."
  }
  assert {
    condition     = alltrue([for name, policy in aws_iam_role_policy.this : policy.name == name && policy.policy == output.policies[name]])
    error_message = "The outputs must be what is attached."
  }
  assert {
    condition     = aws_iam_role_policies_exclusive.this.role_name == var.role.name && toset(aws_iam_role_policies_exclusive.this.policy_names) == toset(keys(output.policies))
    error_message = "An inline policy that somebody adds by hand must show: exactly the policies of the module are the role's."
  }
  assert {
    condition     = aws_iam_role_policy_attachments_exclusive.this.role_name == var.role.name && toset(aws_iam_role_policy_attachments_exclusive.this.policy_arns) == toset(["arn:aws:iam::123456789012:policy/team"])
    error_message = "A policy that somebody attaches by hand must show: exactly the ones that were asked for are attached."
  }
  assert {
    condition = jsondecode(output.policies.bedrock).Statement == [
      {
        Action   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        Effect   = "Allow"
        Resource = ["arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"]
        Sid      = "InvokeModels"
      },
      {
        Action   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        Effect   = "Allow"
        Resource = ["arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"]
        Sid      = "InvokeProfiles"
      },
      {
        Action    = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        Condition = { StringEquals = { "bedrock:InferenceProfileArn" = ["arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"] } }
        Effect    = "Allow"
        Resource = [
          "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
          "arn:aws:bedrock:eu-north-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        ]
        Sid = "InvokeModelsThroughProfiles"
      },
    ]
    error_message = "Bedrock: the model by its id, the profile, and the model behind it in every routed region through the profile only."
  }
  assert {
    condition = { for s in jsondecode(output.policies.dynamodb).Statement : s.Sid => s.Resource } == {
      ReadTables  = ["arn:aws:dynamodb:eu-west-1:123456789012:table/agents", "arn:aws:dynamodb:af-south-1:123456789012:table/agents"]
      ReadIndexes = ["arn:aws:dynamodb:eu-west-1:123456789012:table/agents/index/by-status", "arn:aws:dynamodb:af-south-1:123456789012:table/agents/index/by-status"]
      WriteTables = ["arn:aws:dynamodb:eu-west-1:123456789012:table/sites", "arn:aws:dynamodb:af-south-1:123456789012:table/sites"]
      ReadStreams = ["arn:aws:dynamodb:eu-west-1:123456789012:table/sites/stream/*"]
    }
    error_message = "DynamoDB: tables, indexes, replicas and streams, each where it belongs."
  }
  assert {
    condition     = alltrue([for s in jsondecode(output.policies.dynamodb).Statement : contains(s.Action, "dynamodb:Scan") == contains(["ReadTables", "ReadIndexes"], s.Sid)])
    error_message = "Scan is added to reads only."
  }
  assert {
    condition = jsondecode(output.policies.s3).Statement == [
      { Action = ["s3:ListBucket"], Effect = "Allow", Resource = ["arn:aws:s3:::assets"], Sid = "ListBucket0" },
      { Action = ["s3:ListBucket"], Condition = { StringLike = { "s3:prefix" = ["drafts/*", "final/*"] } }, Effect = "Allow", Resource = ["arn:aws:s3:::sites"], Sid = "ListBucket1" },
      { Action = ["s3:GetObject"], Effect = "Allow", Resource = ["arn:aws:s3:::assets/*", "arn:aws:s3:::sites/drafts/*", "arn:aws:s3:::sites/final/*"], Sid = "ReadObjects" },
      { Action = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"], Effect = "Allow", Resource = ["arn:aws:s3:::sites/drafts/*"], Sid = "WriteObjects" },
    ]
    error_message = "S3: lists only under the prefixes, whole bucket only when asked, aborted uploads."
  }
  assert {
    condition = jsondecode(output.policies.kms).Statement[0].Condition.StringEquals["kms:ViaService"] == [
      "dynamodb.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "dynamodb.af-south-1.amazonaws.com", "s3.af-south-1.amazonaws.com"
    ] && jsondecode(output.policies.kms).Statement[0].Resource == ["arn:aws:kms:eu-west-1:123456789012:key/a", "arn:aws:kms:af-south-1:123456789012:key/b"]
    error_message = "KMS: only these keys, only through the services, in the regions of the keys."
  }
  assert {
    condition     = [for s in jsondecode(output.policies.vpc).Statement : s.Effect] == ["Allow", "Deny"] && jsondecode(output.policies.vpc).Statement[1].Condition.ArnLike["lambda:SourceFunctionArn"] == "arn:aws:lambda:eu-west-1:123456789012:function:*"
    error_message = "VPC: the service manages interfaces, the code of the function does not."
  }
  assert {
    condition = jsondecode(output.policies.failure_targets).Statement == [
      { Action = ["sns:Publish"], Effect = "Allow", Resource = ["arn:aws:sns:eu-west-1:123456789012:failed"], Sid = "SendFailuresToSns" },
      { Action = ["sqs:SendMessage"], Effect = "Allow", Resource = ["arn:aws:sqs:eu-west-1:123456789012:failed"], Sid = "SendFailuresToSqs" },
    ]
    error_message = "Failed events go to the queue and the topic."
  }
  assert {
    condition     = jsondecode(output.policies.extra).Statement == jsondecode(var.role.extra_statements) && aws_iam_role_policy_attachment.this["team"].policy_arn == "arn:aws:iam::123456789012:policy/team"
    error_message = "Extra statements and managed policies must arrive unchanged."
  }
  assert {
    condition     = alltrue(flatten([for policy in values(output.policies) : [for s in jsondecode(policy).Statement : length(flatten([s.Resource])) > 0 && !anytrue([for action in flatten([s.Action]) : strcontains(action, "*")])]]))
    error_message = "No statement without resources, no wildcard in an action."
  }
}

run "global_profile_in_another_partition" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" }
  }

  variables {
    region  = "us-gov-west-1"
    tables  = { t = { arn = "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/t" } }
    buckets = { sites = { arn = "arn:aws-us-gov:s3:::sites" } }
    role = merge(var.role, {
      log_group_arn = "arn:aws-us-gov:logs:us-gov-west-1:123456789012:log-group:/aws/lambda/x"
      bedrock = {
        region             = "us-gov-west-1"
        inference_profiles = ["global.anthropic.claude-sonnet-4-5-20250929-v1:0"]
        account_id         = "210987654321"
      }
      dynamodb = { read = ["t"] }
      s3       = { write = [{ bucket = "sites" }] }
      vpc      = true
    })
  }

  assert {
    condition = [for s in jsondecode(output.policies.bedrock).Statement : s.Resource] == [
      ["arn:aws-us-gov:bedrock:us-gov-west-1:210987654321:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0"],
      [
        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws-us-gov:bedrock:::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
      ],
    ]
    error_message = "A global profile also needs the model without a region; no statement for models that were not given."
  }
  assert {
    condition     = alltrue(flatten([for s in jsondecode(output.policies.bedrock).Statement : s.Action == ["bedrock:InvokeModel"]]))
    error_message = "Streaming only on demand."
  }
  assert {
    condition     = [for s in jsondecode(output.policies.dynamodb).Statement : s.Sid] == ["ReadTables"] && !contains(jsondecode(output.policies.dynamodb).Statement[0].Action, "dynamodb:Scan")
    error_message = "A table without indexes yields no index statement; Scan is off by default."
  }
  assert {
    condition     = [for s in jsondecode(output.policies.s3).Statement : s.Sid] == ["WriteObjects"]
    error_message = "Write does not bring read."
  }
  assert {
    condition     = !strcontains(join("", values(output.policies)), "arn:aws:")
    error_message = "No ARN of the commercial partition may be left."
  }
}

run "narrow_wildcards_and_denials_are_taken" {
  command = plan
  variables {
    role = merge(var.role, {
      extra_statements = jsonencode([
        { Effect = "Allow", Action = ["s3:Get*", "iam:PassRole"], Resource = "*" },
        { Effect = "Deny", Action = "*", Resource = "*" },
      ])
      managed_policy_arns = {
        insights = "arn:aws:iam::aws:policy/CloudWatchLambdaInsightsExecutionRolePolicy"
        own      = "arn:aws:iam::123456789012:policy/AdministratorAccess"
      }
    })
  }

  assert {
    condition     = length(jsondecode(aws_iam_role_policy.this["extra"].policy).Statement) == 2
    error_message = "Both statements must reach the role."
  }
}

run "other_functions" {
  command = plan
  variables {
    role = merge(var.role, { invoked_function_arns = ["arn:aws:lambda:eu-west-1:123456789012:function:worker:live"] })
  }

  assert {
    condition = jsondecode(output.policies.invoke).Statement == [{
      Action   = ["lambda:InvokeFunction"]
      Effect   = "Allow"
      Resource = ["arn:aws:lambda:eu-west-1:123456789012:function:worker:live"]
      Sid      = "InvokeFunctions"
    }]
    error_message = "The alias of that function, and no other version of it."
  }
}

run "secrets" {
  command = plan
  variables {
    role = merge(var.role, {
      secrets = {
        parameter_arns = ["arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key", "arn:aws:ssm:eu-north-1:123456789012:parameter/key"]
        secret_arns    = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-??????", "arn:aws:secretsmanager:eu-west-1:210987654321:secret:key-Ab12cD"]
      }
    })
  }

  assert {
    condition = jsondecode(output.policies.secrets).Statement == [
      {
        Action   = ["ssm:GetParameter"]
        Effect   = "Allow"
        Resource = ["arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key", "arn:aws:ssm:eu-north-1:123456789012:parameter/key"]
        Sid      = "ReadParameters"
      },
      {
        Action = ["kms:Decrypt"]
        Condition = {
          StringEquals = {
            "kms:EncryptionContext:PARAMETER_ARN" = ["arn:aws:ssm:eu-west-1:123456789012:parameter/shop/key", "arn:aws:ssm:eu-north-1:123456789012:parameter/key"]
            "kms:ViaService"                      = ["ssm.eu-west-1.amazonaws.com", "ssm.eu-north-1.amazonaws.com"]
          }
        }
        Effect   = "Allow"
        Resource = ["arn:aws:kms:eu-west-1:123456789012:key/*", "arn:aws:kms:eu-north-1:123456789012:key/*"]
        Sid      = "DecryptParameters"
      },
      {
        Action   = ["secretsmanager:GetSecretValue"]
        Effect   = "Allow"
        Resource = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-??????", "arn:aws:secretsmanager:eu-west-1:210987654321:secret:key-Ab12cD"]
        Sid      = "ReadSecrets"
      },
      {
        Action = ["kms:Decrypt"]
        Condition = {
          StringEquals = { "kms:ViaService" = ["secretsmanager.eu-west-1.amazonaws.com"] }
          StringLike   = { "kms:EncryptionContext:SecretARN" = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-??????", "arn:aws:secretsmanager:eu-west-1:210987654321:secret:key-Ab12cD"] }
        }
        Effect   = "Allow"
        Resource = ["arn:aws:kms:eu-west-1:123456789012:key/*", "arn:aws:kms:eu-west-1:210987654321:key/*"]
        Sid      = "DecryptSecrets"
      },
    ]
    error_message = "Exactly these secrets are read, and decrypted only for them, through the service that keeps them."
  }
}

run "secrets_of_known_keys" {
  command = plan
  variables {
    role = merge(var.role, {
      secrets = {
        secret_arns  = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-??????"]
        kms_key_arns = ["arn:aws:kms:eu-west-1:123456789012:key/a"]
      }
    })
  }

  assert {
    condition = { for s in jsondecode(output.policies.secrets).Statement : s.Sid => s.Resource } == {
      ReadSecrets    = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-??????"]
      DecryptSecrets = ["arn:aws:kms:eu-west-1:123456789012:key/a"]
    }
    error_message = "With its keys given, only these decrypt; what is not used has no statement."
  }
}

run "too_much_for_inline_policies" {
  command = plan
  variables {
    role = merge(var.role, {
      s3 = { write = [{ bucket = "assets", prefixes = [for i in range(500) : "a-rather-long-prefix-${i}/"] }] }
    })
  }
  expect_failures = [aws_iam_role.this]
}
