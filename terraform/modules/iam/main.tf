data "aws_partition" "current" {}

resource "aws_iam_role" "this" {
  name                 = var.role.name
  description          = var.role.description
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary_arn
  max_session_duration = var.role.max_session_duration
  assume_role_policy   = local.assume_role_policy
  tags                 = var.tags

  lifecycle {
    precondition {
      # AWS counts all inline policies of a role together, white space left out.
      condition     = sum([for name in local.enabled : length(local.documents[name])]) <= 10240
      error_message = "The inline policies of role ${var.role.name} exceed the 10240 characters that IAM allows: grant prefixes of fewer buckets or tables, or attach a managed policy."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = local.enabled

  name   = each.key
  role   = aws_iam_role.this.name
  policy = local.documents[each.key]
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.role.managed_policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

# What was added to the role by hand shows as drift, and goes with the next apply: that no policy of ours has changed says little
# about what the role may do.
resource "aws_iam_role_policies_exclusive" "this" {
  role_name    = aws_iam_role.this.name
  policy_names = [for policy in aws_iam_role_policy.this : policy.name]
}

resource "aws_iam_role_policy_attachments_exclusive" "this" {
  role_name   = aws_iam_role.this.name
  policy_arns = [for attachment in aws_iam_role_policy_attachment.this : attachment.policy_arn]
}
