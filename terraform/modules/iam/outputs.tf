# A consumer must never see the role before its policies: a function in a VPC, for one, fails to create without them.

output "name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "unique_id" {
  description = "Stable id of the role, as it appears in logs."
  value       = aws_iam_role.this.unique_id
}

output "assume_role_policy" {
  description = "The trust policy, as JSON."
  value       = local.assume_role_policy
}

output "policies" {
  description = "The inline policies: name => JSON."
  value       = { for name in local.enabled : name => local.documents[name] }
}
