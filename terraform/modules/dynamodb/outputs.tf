locals {
  # Sorted, so that reordering an input changes nothing for those who use the output.
  global_index_names = sort(var.table.global_secondary_indexes[*].name)
  index_names        = sort(concat(local.global_index_names, var.table.local_secondary_indexes[*].name))
  replica_regions    = sort(var.table.replicas[*].region)
}

output "name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "ARN of the table."
  value       = aws_dynamodb_table.this.arn
}

output "id" {
  description = "Id of the table, as AWS returns it."
  value       = aws_dynamodb_table.this.id
}

output "hash_key" {
  description = "Name of the partition key."
  value       = aws_dynamodb_table.this.hash_key
}

output "range_key" {
  description = "Name of the sort key, or null."
  value       = aws_dynamodb_table.this.range_key
}

output "global_index_names" {
  description = "Names of the global secondary indexes, sorted: those with capacity, and so metrics, of their own."
  value       = local.global_index_names
}

output "index_names" {
  description = "Names of all secondary indexes, sorted."
  value       = local.index_names
}

output "index_arns" {
  description = "ARNs of all secondary indexes, in the order of index_names."
  value       = [for name in local.index_names : "${aws_dynamodb_table.this.arn}/index/${name}"]
}

output "replica_regions" {
  description = "Regions of the replicas, sorted."
  value       = local.replica_regions
}

output "replica_arns" {
  description = "ARNs of the replicas, in the order of replica_regions."
  value       = [for region in local.replica_regions : replace(aws_dynamodb_table.this.arn, ":${var.region}:", ":${region}:")]
}

output "stream_arn" {
  description = "ARN of the stream, or null."
  value       = local.stream_view_type == null ? null : aws_dynamodb_table.this.stream_arn
}

output "stream_label" {
  description = "Timestamp that tells this stream from earlier ones of the table, or null."
  value       = local.stream_view_type == null ? null : aws_dynamodb_table.this.stream_label
}

output "kms_key_arn" {
  description = "ARN of the customer managed key, or null when the key is AWS managed."
  value       = var.table.kms_key_arn
}
