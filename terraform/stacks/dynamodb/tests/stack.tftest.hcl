mock_provider "aws" {}

variables {
  region = "af-south-1"
  tags   = { Environment = "prod" }
  tables = {
    sites = {
      name                     = "site-builder-sites-prod"
      hash_key                 = { name = "pk" }
      range_key                = { name = "sk" }
      global_secondary_indexes = [{ name = "by-tenant", hash_key = { name = "tenant" } }]
      local_secondary_indexes  = [{ name = "by-date", range_key = { name = "created" } }]
      replicas                 = [{ region = "eu-west-1" }]
    }
    jobs = { name = "site-builder-jobs-prod", hash_key = { name = "id", type = "N" } }
  }
}

run "tables" {
  command = plan

  assert {
    condition     = keys(output.tables.sites) == ["arn", "global_index_names", "index_arns", "index_names", "name", "replica_arns", "replica_regions"]
    error_message = "The wired output has these seven attributes."
  }

  assert {
    condition = { for key, table in output.tables : key => jsonencode([table.name, table.index_names, table.global_index_names, table.replica_regions]) } == {
      sites = jsonencode(["site-builder-sites-prod", ["by-date", "by-tenant"], ["by-tenant"], ["eu-west-1"]])
      jobs  = jsonencode(["site-builder-jobs-prod", [], [], []])
    }
    error_message = "The names must be those of the definitions."
  }
}
