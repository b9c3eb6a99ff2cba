resource "aws_iam_role" "account_logging" {
  count = var.api.manage_account_logging_role ? 1 : 0

  name                 = var.api.account_logging_role_name
  permissions_boundary = var.api.permissions_boundary_arn
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "account_logging" {
  count = var.api.manage_account_logging_role ? 1 : 0

  role       = aws_iam_role.account_logging[0].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

# What was added to the role by hand shows as drift, and goes with the next apply.
resource "aws_iam_role_policies_exclusive" "account_logging" {
  count = var.api.manage_account_logging_role ? 1 : 0

  role_name    = aws_iam_role.account_logging[0].name
  policy_names = []
}

resource "aws_iam_role_policy_attachments_exclusive" "account_logging" {
  count = var.api.manage_account_logging_role ? 1 : 0

  role_name   = aws_iam_role.account_logging[0].name
  policy_arns = [aws_iam_role_policy_attachment.account_logging[0].policy_arn]
}

resource "aws_api_gateway_account" "this" {
  count = var.api.manage_account_logging_role ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.account_logging[0].arn

  depends_on = [aws_iam_role_policy_attachment.account_logging]
}
