# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The levels of an API's path tree.

A block of Terraform cannot refer to itself, so that each level needs its own. API Gateway has no limit, so that a run writes as
many as its deepest path needs. More levels change no address of the others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

FILE = "modules/api_gateway/main.levels.tf"
_DEEPEST = re.compile(r"^  deepest_path = ([0-9]+)$", re.MULTILINE)
_HEAD = """\
# Written by plugins/module_utils/terraform/levels.py. A block cannot refer to itself, so each level of the path tree has its
# own. A run with a deeper path writes this file anew into its working directory, and playbooks/render.yml writes it here.

locals {
  deepest_path = %d
  path_resources = merge(
%s
  )
}
"""
_LEVEL = """
resource "aws_api_gateway_resource" "level_%(level)d" {
  for_each = { for key, path in local.paths : key => path if path.depth == %(level)d }

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = %(parent)s
  path_part   = each.value.part
}
"""


def text(levels: int) -> str:
    """The file with so many levels."""
    merged = "\n".join(f"    aws_api_gateway_resource.level_{level}," for level in range(1, levels + 1))
    blocks = (_LEVEL % {"level": level, "parent": _parent(level)} for level in range(1, levels + 1))
    return _HEAD % (levels, merged) + "".join(blocks)


def _parent(level: int) -> str:
    if level == 1:
        return "aws_api_gateway_rest_api.this.root_resource_id"
    return f"aws_api_gateway_resource.level_{level - 1}[each.value.parent].id"


def needed(tfvars: Mapping[str, Any]) -> int:
    """The segments of the longest path in a stack's variables; 0 where it has no APIs."""
    apis = tfvars.get("apis")
    routes = [
        route
        for api in (apis if isinstance(apis, Mapping) else {}).values()
        for route in api.get("routes", {}).values()
    ]
    return max((len([part for part in route["path"].split("/") if part]) for route in routes), default=0)


def deepened(content: str, tfvars: Mapping[str, Any]) -> str:
    """The file as a run with these variables needs it: as it is, or with more levels."""
    found = _DEEPEST.search(content)
    wanted = needed(tfvars)
    return text(wanted) if found and wanted > int(found[1]) else content


def with_levels(files: Mapping[str, bytes], tfvars: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a working directory, by relative path."""
    return {
        name: deepened(content.decode(), tfvars).encode() if f"{os.sep}{name}".endswith(f"{os.sep}{FILE}") else content
        for name, content in files.items()
    }
