# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documents on which a person reviews a plan say, as data. plan.html.j2 and plan.md.j2 say how."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.review.findings import findings
from ansible_collections.bbws.site_builder.plugins.module_utils.review.graph import SIGNS, graph, weight, what
from ansible_collections.bbws.site_builder.plugins.module_utils.review.values import row
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS, sum_counts
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED, UNKNOWN

# What may be told in the header, in order. The SHA-256 of the plan is over this page too, so it cannot stand here.
_FACTS = {
    "account_id": "Account",
    "region": "Region",
    "replica_region": "Replica region",
    "target": "Target",
    "id": "Plan",
    "commit": "Commit",
    "created": "Created",
    "expires": "Valid until",
    "created_by": "Created by",
    "terraform_version": "Terraform",
}
# Action: its heading. The gravest first.
_ACTIONS = {
    "delete": "Delete",
    "replace": "Replace",
    "update": "Update",
    "create": "Create",
    "import": "Import into the state",
    "move": "Move within the state",
    "remove": "Remove from the state, and leave in AWS",
    "read": "Read during the apply",
}
_FOLDED = ("create", "read")
# Replaced whenever something else changes; nothing is lost by it.
_ROUTINE = {"aws_api_gateway_deployment": "routine: the API is published anew"}
# How many findings of a kind are shown before the rest is folded.
SHOWN = 5
# A plan with so many resources lies open as far as so many lines suffice; of a larger one, less does.
SMALL, ROWS, ROWS_OF_LARGE = 40, 200, 60
# With so many attributes a page still opens at once. Beyond them, what lies folded is told by its address alone.
ATTRIBUTES = 20_000
FOOTER = (
    f"{MASKED}: a secret, or what may be one; where a line shows it, it differs. {UNKNOWN}: AWS decides it. Resources in which "
    "nothing changes are left out."
)


def page_view(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is to be said of the plan that `report` (what is saved as plan.json) tells of."""
    imports = any(stack["imported"] for stack in report["stacks"])
    bare = _without_attributes(report["stacks"])
    stacks = [_stack(stack, number, imports, bare) for number, stack in enumerate(report["stacks"])]
    anchors = {(s["name"], r["address"]): r["anchor"] for s in stacks for g in s["groups"] for r in g["resources"]}
    _open([group for stack in stacks for group in stack["groups"]])
    return {
        "title": f"Plan for {report['service']} in {report['environment']}",
        "sums": _sums(report["stacks"]),
        "facts": [
            {"label": label, "text": _fact(name, report[name]), "code": name in ("id", "commit", "created_by")}
            for name, label in _FACTS.items()
            if report.get(name)
        ],
        "graph": graph(report["stacks"]) if report["stacks"] else None,
        "findings": [_finding(kind, anchors) for kind in findings(report)],
        "columns": [*COLUMNS, *(["import"] if imports else [])],
        "actions": [action for action in _ACTIONS if any(g["action"] == action for s in stacks for g in s["groups"])],
        "stacks": stacks,
        "footer": FOOTER,
    }


def _without_attributes(stacks: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """The resources, by stack and address, for whose attributes the page has no room."""
    left, bare = ATTRIBUTES, set()
    for stack in stacks:
        for resource in stack["resources"]:
            left -= len(resource["changes"])
            if left < 0 and _is_folded(resource, stack):
                bare.add((stack["name"], resource["address"]))
    return bare


def _is_folded(resource: Mapping[str, Any], stack: Mapping[str, Any]) -> bool:
    action = resource["action"]
    harmless_delete = action == "delete" and resource["address"] not in stack["stateful"]
    routine = action == "replace" and resource["type"] in _ROUTINE
    return action in _FOLDED or routine or harmless_delete


def _sums(stacks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = sum_counts(stack["counts"] for stack in stacks)
    return [
        {"column": column, "text": f"{SIGNS[column]} {counts[column]} to {action}"}
        for action, column in COLUMNS.items()
        if counts[column]
    ]


def _fact(name: str, value: Any) -> str:
    text = str(value)
    if name in ("created", "expires"):
        return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)$", r"\1 \2 UTC", text)
    if name == "target" and value == "local":
        return "local (an AWS embedded in the machine, not a real account)"
    return text


def _finding(kind: Mapping[str, Any], anchors: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    items = [
        [
            {**part, "anchor": anchors.get((part["stack"], part["address"]), "") if "address" in part else ""}
            for part in item
        ]
        for item in kind["items"]
    ]
    return {"tone": kind["tone"], "shown": items[:SHOWN], "folded": items[SHOWN:]}


def _stack(stack: Mapping[str, Any], number: int, imports: bool, bare: set[tuple[str, str]]) -> dict[str, Any]:
    resources = [
        _resource(resource, f"r{number}-{i}", stack, (stack["name"], resource["address"]) in bare)
        for i, resource in enumerate(stack["resources"])
    ]
    actions = [*_ACTIONS, *sorted({resource["action"] for resource in resources} - _ACTIONS.keys())]
    groups = [
        {
            "action": action if action in _ACTIONS else "other",
            "heading": f"{_ACTIONS.get(action, action)} ({len(found)})",
            "gravity": gravity,
            "resources": found,
            "bare": sum(resource["bare"] for resource in found),
        }
        for gravity, action in enumerate(actions)
        if (found := [resource for resource in resources if resource["action"] == action])
    ]
    return {
        "name": stack["name"],
        "number": number,
        "anchor": f"stack-{stack['name']}",
        "result": stack["result"],
        "counts": [*(stack["counts"][c] for c in COLUMNS.values()), *([len(stack["imported"])] if imports else [])],
        "what": what(stack),
        "weight": weight(stack),
        "needs": stack["depends_on"],
        "reason": stack["reason"],
        "groups": groups,
        "outputs": stack["outputs"],
    }


def _resource(resource: Mapping[str, Any], anchor: str, stack: Mapping[str, Any], bare: bool) -> dict[str, Any]:
    action, changes = resource["action"], [] if bare else resource["changes"]
    column = COLUMNS.get(action, "")
    routine = _ROUTINE.get(resource["type"], "") if action == "replace" else ""
    late = [c["path"] for c in changes if c["after"] == UNKNOWN and c["before"] is None]
    sides = {"create": {"Value": "after"}, "delete": {"Value": "before"}}.get(
        action, {"Before": "before", "After": "after"}
    )
    rows = [row(change, sides) for change in changes if change["path"] not in late]
    return {
        "anchor": anchor,
        "address": resource["address"],
        "action": action,
        "sign": SIGNS.get(column, "·"),
        "column": column,
        "reason": "; ".join(text for text in (resource["reason"], routine) if text),
        "labels": list(sides),
        "rows": rows,
        "late": late,
        "fold": _is_folded(resource, stack),
        "bare": bare,
        "height": 1 + sum(item["height"] for item in rows) + bool(late),
    }


def _open(groups: Sequence[dict[str, Any]]) -> None:
    """Say of groups and of resources whether they lie `open`: the gravest first, as long as the page stays short."""
    left = ROWS if sum(len(group["resources"]) for group in groups) <= SMALL else ROWS_OF_LARGE
    by_gravity = sorted(groups, key=lambda group: group["gravity"])
    for group in by_gravity:
        group["open"] = len(group["resources"]) <= left
        left -= len(group["resources"]) if group["open"] else 0
    for group in by_gravity:
        for resource in group["resources"]:
            resource["open"] = group["open"] and not resource["fold"] and resource["height"] <= left
            left -= resource["height"] if resource["open"] else 0
