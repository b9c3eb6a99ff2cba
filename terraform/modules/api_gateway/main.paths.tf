# A Terraform block cannot refer to itself, so each level of the path tree has its own.
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
    {
      for key, resource in merge(
        aws_api_gateway_resource.level_1,
        aws_api_gateway_resource.level_2,
        aws_api_gateway_resource.level_3,
        aws_api_gateway_resource.level_4,
        aws_api_gateway_resource.level_5,
        aws_api_gateway_resource.level_6,
        aws_api_gateway_resource.level_7,
        aws_api_gateway_resource.level_8,
        aws_api_gateway_resource.level_9,
        aws_api_gateway_resource.level_10,
        aws_api_gateway_resource.level_11,
        aws_api_gateway_resource.level_12,
      ) : key => resource.id
    },
  )
}

resource "aws_api_gateway_resource" "level_1" {
  for_each = { for key, path in local.paths : key => path if path.depth == 1 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_2" {
  for_each = { for key, path in local.paths : key => path if path.depth == 2 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_1[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_3" {
  for_each = { for key, path in local.paths : key => path if path.depth == 3 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_2[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_4" {
  for_each = { for key, path in local.paths : key => path if path.depth == 4 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_3[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_5" {
  for_each = { for key, path in local.paths : key => path if path.depth == 5 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_4[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_6" {
  for_each = { for key, path in local.paths : key => path if path.depth == 6 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_5[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_7" {
  for_each = { for key, path in local.paths : key => path if path.depth == 7 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_6[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_8" {
  for_each = { for key, path in local.paths : key => path if path.depth == 8 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_7[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_9" {
  for_each = { for key, path in local.paths : key => path if path.depth == 9 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_8[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_10" {
  for_each = { for key, path in local.paths : key => path if path.depth == 10 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_9[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_11" {
  for_each = { for key, path in local.paths : key => path if path.depth == 11 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_10[each.value.parent].id
  path_part   = each.value.part
}

resource "aws_api_gateway_resource" "level_12" {
  for_each = { for key, path in local.paths : key => path if path.depth == 12 }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.level_11[each.value.parent].id
  path_part   = each.value.part
}
