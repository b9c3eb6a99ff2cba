output "roles" {
  description = "The roles for the stacks that depend on this one. Every value follows from the inputs."
  value = {
    for key, role in module.iam : key => {
      name = role.name
      arn  = role.arn
    }
  }
}

output "details" {
  description = "What only AWS or a reviewer cares about: ids and policy documents."
  value = {
    for key, role in module.iam : key => {
      unique_id          = role.unique_id
      assume_role_policy = role.assume_role_policy
      policies           = role.policies
    }
  }
}
