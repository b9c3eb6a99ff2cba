# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a saved plan may be trusted with, and every reason not to apply it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.changes import action_of
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS, STATEFUL_TYPES
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json

# The same in plan and apply, or it is another environment.
IDENTITY = ("service", "environment", "target", "account_id", "region")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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


def plan_facts(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan file itself says it does, from `terraform show -json` of it; nothing of it is a secret.

    `actions`, `counts`, `has_changes` and `stateful` as plan_summary has them; `provisioners` (dicts with address and type),
    which would run programs; `variables_sha256` over the values of its variables, those left out that are the `defaults` of
    the configuration, which are beside it.
    """
    entries = [(entry, action_of(entry)) for entry in plan.get("resource_changes", [])]
    actions = [
        {"address": entry["address"], "type": entry["type"], "action": action}
        for entry, action in entries
        if action not in ("", "read")
    ]
    counts = dict.fromkeys(COLUMNS.values(), 0)
    for action in actions:
        if action["action"] in COLUMNS:
            counts[COLUMNS[action["action"]]] += 1
    outputs = [change["actions"] for change in plan.get("output_changes", {}).values()]
    root = plan.get("configuration", {}).get("root_module", {})
    defaults = {name: item["default"] for name, item in root.get("variables", {}).items() if "default" in item}
    values = {name: variable.get("value") for name, variable in plan.get("variables", {}).items()}
    return {
        "actions": actions,
        "counts": counts,
        "has_changes": bool(actions) or any(action != ["no-op"] for action in outputs),
        "stateful": [
            a["address"] for a in actions if a["type"] in STATEFUL_TYPES and a["action"] in ("delete", "replace")
        ],
        "provisioners": list(_provisioners(root, "")),
        "variables_sha256": variables_sha256(values, defaults),
        "defaults": defaults,
    }


def _provisioners(module: Mapping[str, Any], path: str) -> Iterator[dict[str, str]]:
    for resource in module.get("resources", []):
        for provisioner in resource.get("provisioners", []):
            yield {"address": path + resource["address"], "type": provisioner["type"]}
    for name, call in module.get("module_calls", {}).items():
        yield from _provisioners(call.get("module", {}), f"{path}module.{name}.")


def variables_sha256(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the hex SHA-256 over variables, those left out that are their defaults. Equal for Terraform is equal here."""
    told = {name: _as_terraform(value) for name, value in values.items()}
    kept = {
        name: value for name, value in told.items() if name not in defaults or value != _as_terraform(defaults[name])
    }
    return sha256(to_json(kept).encode())


def _as_terraform(value: Any) -> Any:
    """Terraform has one kind of number, and composes the characters of a string."""
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", name): _as_terraform(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_terraform(item) for item in value]
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    # What is true is a number for Python, and for nobody else.
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def untrusted(manifest_entry: Mapping[str, Any], facts: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return why the plan file of one stack must not be applied, a sentence each; none when it is what the manifest says.

    manifest_entry: what the manifest says of the stack. facts: plan_facts of the plan file, and what plan_file_facts found in it:
    what is `foreign`, the `serial` and the `lineage` of the state that it was made from. expected: the name of the `stack`, its
    `tfvars`, and the `serial` and `lineage` of its state (None: not deployed), as they are here and now.
    """
    stack, planned = expected["stack"], manifest_entry["plan"]
    way_out = "run playbooks/plan.yml again, and have that plan reviewed"
    found = []
    for name in ("actions", "counts", "stateful", "has_changes"):
        said, does = _comparable(planned[name]), _comparable(facts[name])
        if said != does:
            found.append(
                f"the plan file of {stack} does not do what the manifest says ({_difference(name, said, does)})"
            )
            break
    if facts["provisioners"]:
        programs = ", ".join(f"{item['address']} by {item['type']}" for item in facts["provisioners"])
        found.append(f"the plan file of {stack} would run programs on this machine ({programs})")
    if facts["foreign"]:
        found.append(
            f"the plan file of {stack} was not made from what is here (it differs in {', '.join(facts['foreign'])})"
        )
    if facts["variables_sha256"] != variables_sha256(expected["tfvars"], facts["defaults"]):
        found.append(f"the plan file of {stack} was made with other variables than those that are defined here")
    if (facts["serial"] or 0, facts["lineage"] or "") != (expected["serial"] or 0, expected["lineage"] or ""):
        found.append(
            f"the plan file of {stack} was made from another state (serial {facts['serial']} there, "
            f"{expected['serial'] or 0} here)"
        )
    return [f"{sentence}: {way_out}" for sentence in found]


def _comparable(value: Any) -> Any:
    """The order in which a plan is told is not a part of it."""
    if not isinstance(value, list):
        return value
    texts = [f"{item['action']} {item['address']}" if isinstance(item, Mapping) else item for item in value]
    return sorted(texts)


def _difference(name: str, said: Any, does: Any) -> str:
    if not isinstance(said, list):
        return f"{name}: {said} there, {does} in fact"
    hidden, missing = ([item for item in one if item not in other] for one, other in ((does, said), (said, does)))
    return f"{name}: {', '.join(hidden[:3]) or 'nothing'} in fact, {', '.join(missing[:3]) or 'nothing'} there"


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
