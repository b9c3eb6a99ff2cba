variable "region" {
  description = "Region of the provider, which is where the tables live."
  type        = string
  nullable    = false
}

variable "tables" {
  description = "Tables by key, each the object `table` of modules/dynamodb, which documents and checks it."
  type        = any
  nullable    = false

  validation {
    condition     = length(distinct([for table in var.tables : table.name])) == length(var.tables)
    error_message = "tables ${jsonencode({ for key, table in var.tables : key => table.name })}: two keys share a name, give each table its own."
  }
}

variable "tags" {
  description = "Tags of every table."
  type        = map(string)
  nullable    = false
}
