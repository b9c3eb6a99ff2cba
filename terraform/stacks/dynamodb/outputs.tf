output "tables" {
  description = "What other stacks need of each table, by key; all of it follows from names."
  value = {
    for key, table in module.tables : key => {
      name               = table.name
      arn                = table.arn
      index_names        = table.index_names
      global_index_names = table.global_index_names
      index_arns         = table.index_arns
      replica_arns       = table.replica_arns
      replica_regions    = table.replica_regions
    }
  }
}

output "details" {
  description = "The rest of each table, by key, including what AWS invents."
  value = {
    for key, table in module.tables : key => {
      id           = table.id
      hash_key     = table.hash_key
      range_key    = table.range_key
      stream_arn   = table.stream_arn
      stream_label = table.stream_label
      kms_key_arn  = table.kms_key_arn
    }
  }
}
