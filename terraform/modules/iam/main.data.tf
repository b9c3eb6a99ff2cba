locals {
  dynamodb_read = [for key in var.role.dynamodb.read : var.tables[key]]

  # A copy of a table in another region is the same table: one list of ARNs per grant, and the same for the indexes.
  dynamodb_read_arns   = flatten([for t in local.dynamodb_read : concat([t.arn], t.replica_arns)])
  dynamodb_write_arns  = flatten([for t in [for key in var.role.dynamodb.write : var.tables[key]] : concat([t.arn], t.replica_arns)])
  dynamodb_index_arns  = flatten([for t in local.dynamodb_read : [for arn in concat([t.arn], t.replica_arns) : [for index in t.index_names : "${arn}/index/${index}"]]])
  dynamodb_scan_action = var.role.dynamodb.scan ? ["dynamodb:Scan"] : []

  dynamodb_statements = [
    {
      Sid      = "ReadTables"
      Effect   = "Allow"
      Action   = concat(["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], local.dynamodb_scan_action)
      Resource = local.dynamodb_read_arns
    },
    {
      Sid      = "ReadIndexes"
      Effect   = "Allow"
      Action   = concat(["dynamodb:Query"], local.dynamodb_scan_action)
      Resource = local.dynamodb_index_arns
    },
    {
      Sid    = "WriteTables"
      Effect = "Allow"
      Action = [
        "dynamodb:BatchWriteItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
      ]
      Resource = local.dynamodb_write_arns
    },
    {
      Sid    = "ReadStreams"
      Effect = "Allow"
      Action = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
      # The wildcard stands for the stream's label, a time stamp that AWS chooses.
      Resource = [for key in var.role.dynamodb.streams : "${var.tables[key].arn}/stream/*"]
    },
  ]

  # Every wildcard below stands for the keys under a prefix.
  s3_statements = concat(
    [
      for index, grant in var.role.s3.read : merge(
        {
          Sid      = "ListBucket${index}"
          Effect   = "Allow"
          Action   = ["s3:ListBucket"]
          Resource = [var.buckets[grant.bucket].arn]
        },
        # A list of the whole bucket carries no prefix, which no condition on the prefix would match.
        contains(grant.prefixes, "") ? {} : { Condition = { StringLike = { "s3:prefix" = [for p in grant.prefixes : "${p}*"] } } },
      )
    ],
    [
      {
        Sid      = "ReadObjects"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = flatten([for grant in var.role.s3.read : [for p in grant.prefixes : "${var.buckets[grant.bucket].arn}/${p}*"]])
      },
      {
        Sid      = "WriteObjects"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = flatten([for grant in var.role.s3.write : [for p in grant.prefixes : "${var.buckets[grant.bucket].arn}/${p}*"]])
      },
    ],
  )
}
