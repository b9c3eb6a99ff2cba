# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The manifest of a saved plan, which ties its files to what they were made from."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import IDENTITY

MANIFEST = "manifest.json"
FORMAT = 2
# For reviewers; beside one plan file for each stack with changes.
DOCUMENTS = ("plan.html", "plan.json", "plan.md")
_TEXTS = (*IDENTITY, "created", "commit", "terraform_version")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_manifest(text: bytes, plan_id: str) -> dict[str, Any]:
    """Return the manifest of the plan `plan_id`. Anybody may have written it, so nothing of its shape is taken for granted.

    Raises SiteBuilderError when it is not what this release writes.
    """
    try:
        manifest = json.loads(text)
        problem = _malformed(manifest, plan_id)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        problem = "cannot be read"
    if problem:
        raise SiteBuilderError(f"the manifest of the plan {plan_id} {problem}: run playbooks/plan.yml again")
    return manifest


def _malformed(manifest: Any, plan_id: str) -> str:
    """Say what is wrong with a manifest; empty when nothing is. Other errors than that are the caller's."""
    if manifest["format"] != FORMAT:
        return f"has the format {manifest['format']!r:.20}, and this release writes {FORMAT}"
    if manifest["id"] != plan_id:
        return "is that of another plan"
    if not all(isinstance(manifest[name], str) for name in _TEXTS) or not all(
        _is_entry(entry) for entry in manifest["stacks"].values()
    ):
        return "cannot be read"
    datetime.fromisoformat(manifest["created"])
    plans = {f"{name}.tfplan" for name, entry in manifest["stacks"].items() if entry["plan"]["has_changes"]}
    if manifest["files"].keys() != plans | set(DOCUMENTS):
        return "does not list the files of the plan"
    return "" if all(_SHA256.fullmatch(digest) for digest in manifest["files"].values()) else "cannot be read"


def _is_entry(entry: Any) -> bool:
    plan = entry["plan"]
    return (
        all(name in entry for name in ("tfvars_sha256", "serial", "lineage"))
        and isinstance(plan["has_changes"], bool)
        and all(isinstance(action[name], str) for action in plan["actions"] for name in ("address", "type", "action"))
        and all(isinstance(address, str) for address in plan["stateful"])
        and all(isinstance(plan["counts"][column], int) for column in COLUMNS.values())
    )
