locals {
  secrets = {
    ssm            = var.role.secrets.parameter_arns
    secretsmanager = var.role.secrets.secret_arns
  }

  # Which key encrypts a secret nobody need say: the context of the decryption, which the services set, names the secret.
  # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html#parameter-store-encryption-context
  # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-encryption-context
  secrets_keys = {
    for service, arns in local.secrets : service => distinct(flatten([
      for arn in arns : length(var.role.secrets.kms_key_arns) > 0 ? var.role.secrets.kms_key_arns : [
        join(":", ["arn", local.partition, "kms", split(":", arn)[3], split(":", arn)[4], "key/*"])
      ]
    ]))
  }
  secrets_via = {
    for service, arns in local.secrets : service => distinct([
      for arn in arns : "${service}.${split(":", arn)[3]}.${data.aws_partition.current.dns_suffix}"
    ])
  }

  secrets_statements = [
    {
      Sid      = "ReadParameters"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = local.secrets.ssm
    },
    {
      Sid      = "DecryptParameters"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = local.secrets_keys.ssm
      Condition = {
        StringEquals = {
          "kms:ViaService"                      = local.secrets_via.ssm
          "kms:EncryptionContext:PARAMETER_ARN" = local.secrets.ssm
        }
      }
    },
    {
      Sid    = "ReadSecrets"
      Effect = "Allow"
      Action = ["secretsmanager:GetSecretValue"]
      # Six question marks stand for the characters that AWS adds to the name of a secret.
      Resource = local.secrets.secretsmanager
    },
    {
      Sid      = "DecryptSecrets"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = local.secrets_keys.secretsmanager
      Condition = {
        StringEquals = { "kms:ViaService" = local.secrets_via.secretsmanager }
        StringLike   = { "kms:EncryptionContext:SecretARN" = local.secrets.secretsmanager }
      }
    },
  ]
}
