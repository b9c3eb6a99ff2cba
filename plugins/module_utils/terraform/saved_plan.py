# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The manifest of a saved plan, and every reason not to apply it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS

MANIFEST = "manifest.json"
# The same in plan and apply, or it is another environment.
IDENTITY = ("service", "environment", "target", "account_id", "region")
FORMAT = 2
# For reviewers; beside one plan file for each stack with changes.
DOCUMENTS = ("plan.html", "plan.json", "plan.md")
_TEXTS = (*IDENTITY, "created", "commit", "terraform_version")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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


def refusal(
    manifest: Mapping[str, Any],
    now: Mapping[str, Any],
    stacks: Mapping[str, Mapping[str, Any]],
    max_age: int,
) -> str | None:
    """Return why `manifest` must not be applied, in one sentence, or None.

    now: what is true at this moment of the facts that the manifest carries, `created` (ISO 8601) being the time. stacks: for
    each stack of this run its `tfvars_sha256`, the `serial` and `lineage` of its state (None: not deployed), and by
    `interrupted` what tells the mark of a run that has lost track of what it created (empty: none).
    max_age is in seconds.
    """
    plan = f"the plan {manifest['id']}"
    for fact in IDENTITY:
        if manifest[fact] != now[fact]:
            return (
                f"{plan} is for the {fact} {manifest[fact]!r}, and this run is for {now[fact]!r}: use its own inventory"
            )
    age = (datetime.fromisoformat(now["created"]) - datetime.fromisoformat(manifest["created"])).total_seconds()
    if age > max_age:
        return (
            f"{plan} is {age:.0f} s old, and site_builder_plan_max_age is {max_age} s: run playbooks/plan.yml again and have "
            "that plan reviewed"
        )
    if manifest["commit"] != now["commit"]:
        return (
            f"{plan} was made from commit {manifest['commit'] or 'unknown'}, and this checkout is at "
            f"{now['commit'] or 'unknown'}: check out the former, or run playbooks/plan.yml again"
        )
    if manifest["terraform_version"] != now["terraform_version"]:
        return (
            f"{plan} was made by Terraform {manifest['terraform_version']}, and this is {now['terraform_version']}: a plan is "
            "for the version that made it; use that version, or run playbooks/plan.yml again"
        )
    missing = [name for name in stacks if name not in manifest["stacks"]]
    if missing:
        return f"{plan} does not hold {', '.join(missing)}: leave it out with --limit, or run playbooks/plan.yml again with it"
    planned = manifest["stacks"]
    other = [name for name, stack in stacks.items() if stack["tfvars_sha256"] != planned[name]["tfvars_sha256"]]
    if other:
        names = ", ".join(other)
        return (
            f"the variables of {names} are not those of {plan}: take the change back, or run playbooks/plan.yml again"
        )
    for name, stack in stacks.items():
        if (stack["serial"], stack["lineage"]) != (planned[name]["serial"], planned[name]["lineage"]):
            return (
                f"the state of {name} has changed since {plan} was made (serial {planned[name]['serial']} then, "
                f"{stack['serial']} now): run playbooks/plan.yml again"
            )
        # The state may be the same: Terraform writes it for the first time when an apply is 20 seconds old.
        if stack["interrupted"] not in ("", planned[name].get("interrupted", "")):
            return (
                f"an apply of {name} was interrupted since {plan} was made, so that AWS may hold what its state does not: run "
                "playbooks/plan.yml again, which looks for it"
            )
    return None


# A route's method and integration, and their responses, by the key of the route: "GET /sites/{}", for OPTIONS "/sites/{}".
_ROUTE = re.compile(
    r'(?P<api>.*)\baws_api_gateway_(?:method|integration)(?:_response)?\.(?P<name>\w+)\["(?P<route>.*?)(?: \d{3})?"\]'
)


def unreviewed(plan: Mapping[str, Any], reviewed: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the addresses that `plan` changes and the `reviewed` actions of a saved plan do not stand for.

    plan: what is to follow a saved plan that took routes out of an API, that is, its deployment and its stage. A route that the
    saved plan has replaced may have lost parts of itself, which this plan brings back.
    """
    reviewed = list(reviewed)
    addresses = {action["address"] for action in reviewed}
    routes = {_ROUTE.fullmatch(address) for address in addresses} - {None}
    known = {route.groups() for route in routes}
    return [
        action["address"]
        for action in plan["actions"]
        if action["address"] not in addresses
        and action["type"] not in ("aws_api_gateway_deployment", "aws_api_gateway_stage")
        and not ((route := _ROUTE.fullmatch(action["address"])) and route.groups() in known)
    ]
