# Each level of the path tree is a block of main.levels.tf.
# Keys have the parameter names erased ("/sites/{}"): a renamed parameter is an update, not a second resource.

locals {
  segments = distinct(flatten([
    for route in var.api.routes : [
      for index, part in split("/", trimprefix(route.path, "/")) : {
        depth  = index + 1
        part   = part
        key    = replace("/${join("/", slice(split("/", trimprefix(route.path, "/")), 0, index + 1))}", "/\\{[^}]*\\}/", "{}")
        parent = replace("/${join("/", slice(split("/", trimprefix(route.path, "/")), 0, index))}", "/\\{[^}]*\\}/", "{}")
      } if part != ""
    ]
  ]))
  rivals           = { for segment in local.segments : segment.key => segment... }
  rival_parameters = [for key, segments in local.rivals : "${key} has ${join(" and ", segments[*].part)}" if length(distinct(segments[*].part)) > 1]
  paths            = { for key, segments in local.rivals : key => segments[0] }

  resource_ids = merge(
    { "/" = aws_api_gateway_rest_api.this.root_resource_id },
    { for key, resource in local.path_resources : key => resource.id },
  )
}
