# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The document that Terraform calls a state."""

from __future__ import annotations

import json
from typing import Any


def read_state(text: bytes | str) -> dict[str, Any]:
    """The state of a text. Raises ValueError for what is none of format version 4."""
    state = json.loads(text)
    version = state.get("version") if isinstance(state, dict) else None
    if version != 4:
        raise ValueError(f"no Terraform state of format version 4 (version: {version})")
    if not isinstance(state.get("serial"), int) or not isinstance(state.get("lineage"), str):
        raise ValueError("no Terraform state, for it has no serial or no lineage")
    return state


def address(resource: dict[str, Any], instance: dict[str, Any]) -> str:
    """The address of an instance, as Terraform prints it."""
    parts = [resource["module"]] if resource.get("module") else []
    index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
    return ".".join([*parts, resource["type"], resource["name"]]) + index


def addresses(state: dict[str, Any]) -> set[str]:
    """Of what the state manages."""
    return {
        address(resource, instance)
        for resource in state.get("resources", [])
        if resource.get("mode") == "managed"
        for instance in resource["instances"]
    }
