# Written by plugins/module_utils/terraform/levels.py. A block cannot refer to itself, so each level of the path tree has its
# own. A run with a deeper path writes this file anew into its working directory, and playbooks/render.yml writes it here.

locals {
  deepest_path = 12
  path_resources = merge(
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
