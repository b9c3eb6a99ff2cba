# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Leaves out of a plan what a comment has no room for, and counts it. The gravest stays longest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Level(NamedTuple):
    """How much is told: stacks, resources of each, attributes of each, findings of each kind; and characters of a value."""

    stacks: int
    resources: int
    changes: int
    findings: int
    width: int


LEVELS = (
    Level(100, 1000, 20, 20, 200),
    Level(100, 1000, 5, 10, 120),
    Level(100, 1000, 0, 10, 120),
    Level(50, 50, 0, 10, 120),
    Level(20, 20, 0, 5, 100),
    Level(10, 5, 0, 3, 80),
    Level(3, 1, 0, 1, 40),
)
# Of a created or deleted resource every attribute differs.
_WITH_CHANGES = ("update", "replace")


def shortened(view: Mapping[str, Any], level: Level) -> dict[str, Any]:
    """Return the view of a plan with as much as `level` allows, and beside it how much is `left_out`."""
    stacks = view["stacks"][: level.stacks]
    return {
        **view,
        "findings": [_findings(kind, level) for kind in view["findings"]],
        "stacks": [_stack(stack, level) for stack in stacks],
        "stacks_left_out": len(view["stacks"]) - len(stacks),
    }


def _findings(kind: Mapping[str, Any], level: Level) -> dict[str, Any]:
    items = [*kind["shown"], *kind["folded"]]
    return {**kind, "shown": items[: level.findings], "left_out": len(items[level.findings :])}


def _stack(stack: Mapping[str, Any], level: Level) -> dict[str, Any]:
    left, groups = level.resources, []
    for group in stack["groups"]:
        taken = group["resources"][:left]
        left -= len(taken)
        groups.append({**group, "resources": [_resource(resource, level) for resource in taken]})
    told = sum(len(group["resources"]) for group in groups)
    return {
        **stack,
        "groups": groups,
        "outputs": stack["outputs"][: level.resources],
        "left_out": sum(len(group["resources"]) for group in stack["groups"]) - told,
    }


def _resource(resource: Mapping[str, Any], level: Level) -> dict[str, Any]:
    rows = resource["rows"] if resource["action"] in _WITH_CHANGES else []
    return {**resource, "rows": rows[: level.changes], "rows_left_out": len(rows[level.changes :])}
