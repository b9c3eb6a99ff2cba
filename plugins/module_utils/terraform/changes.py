# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan changes, attribute by attribute, without any secret: made from `terraform show -json` of a saved plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import UNKNOWN, Mask
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.permissions import Widening

_ACTIONS = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("read",): "read",
    ("forget",): "remove",
}
_REASONS = {
    "delete_because_count_index": "its number is above the count now",
    "delete_because_each_key": "its key is no longer in the definition",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_no_move_target": "it was moved to an address that is not in the configuration",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_wrong_repetition": "the configuration repeats it in another way now",
    "read_because_check_nested": "a check reads it",
    "read_because_config_unknown": "what to read is only known after apply",
    "read_because_dependency_pending": "what it reads changes first",
    "replace_because_cannot_update": "it cannot be changed in place",
    "replace_because_tainted": "an earlier apply has left it unfinished",
    "replace_by_request": "its replacement was asked for",
    "replace_by_triggers": "what it is tied to changes",
}
# By which the elements of a list are told from each other, if all of them have it.
_IDENTITIES = ("Sid", "name", "id", "region_name", "key")


class Element(NamedTuple):
    """A step to the one element of a list whose `key` is `value`."""

    key: str
    value: str


type Path = tuple[str | int | Element, ...]


def plan_details(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `plan` does: `resources` and `drift` with the attributes that differ, and `outputs` by name only."""
    mask, widening = Mask(plan), Widening(plan)
    resources = (_resource(entry, mask, widening) for entry in plan.get("resource_changes", []))
    drift = (_drifted(entry, mask) for entry in plan.get("resource_drift", []))
    return {
        "resources": [resource for resource in resources if resource["action"]],
        "drift": [entry for entry in drift if entry["action"] == "deleted" or entry["changes"]],
        "outputs": [
            {"name": name, "action": action}
            for name, change in plan.get("output_changes", {}).items()
            if (action := _action(change))
        ],
    }


def taken_back(drift: list[dict[str, Any]], resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the part of `drift` that the plan takes back: what differs in the attributes that it changes.

    Terraform also calls drift what AWS has added to one resource when another one was created, such as a bucket's policy in
    the attributes of the bucket. No plan changes that, and nobody has done it by hand.
    """
    planned = {resource["address"]: resource for resource in resources}
    found = []
    for entry in drift:
        resource = planned.get(entry["address"])
        if resource is None:
            continue
        # Not by whole paths: an element of a list has another place when it is looked at from the other side.
        attributes = {_attribute(change) for change in resource["changes"]}
        changes = [change for change in entry["changes"] if _attribute(change) in attributes]
        if changes or (entry["action"] == "deleted" and resource["action"] in ("create", "replace")):
            found.append({**entry, "changes": changes})
    return found


def _attribute(change: Mapping[str, Any]) -> str:
    return re.split(r"[.\[]", change["path"], maxsplit=1)[0]


def _action(change: Mapping[str, Any]) -> str:
    actions = tuple(change["actions"])
    return "" if actions == ("no-op",) else _ACTIONS.get(actions, "+".join(actions))


def action_of(entry: Mapping[str, Any]) -> str:
    """Return what happens to one of resource_changes, empty where nothing does."""
    change = entry["change"]
    return _action(change) or ("import" if change.get("importing") else "move" if entry.get("previous_address") else "")


def _resource(entry: Mapping[str, Any], mask: Mask, widening: Widening) -> dict[str, Any]:
    """Return one resource of the plan."""
    change = entry["change"]
    importing, moved_from = change.get("importing"), entry.get("previous_address")
    action = action_of(entry)
    reasons = [
        _REASONS.get(entry.get("action_reason", ""), ""),
        "the old one is deleted first" if change["actions"] == ["delete", "create"] else "",
        "the new one is created first" if change["actions"] == ["create", "delete"] else "",
        f"AWS has it already, as {importing.get('id', UNKNOWN)}" if importing else "",
        f"it was {moved_from}" if moved_from else "",
        f"a replacement has left it over ({entry['deposed']})" if "deposed" in entry else "",
    ]
    return {
        "address": entry["address"],
        "module": entry.get("module_address", ""),
        "type": entry["type"],
        "action": action,
        "reason": mask.text("; ".join(reason for reason in reasons if reason)),
        "changes": _attributes(entry, mask) if action and action != "read" else [],
        "widening": [mask.text(sentence) for sentence in widening.sentences(entry)],
    }


def _drifted(entry: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Return one resource as it was changed outside Terraform."""
    deleted = entry["change"]["actions"] == ["delete"]
    return {
        "address": entry["address"],
        "type": entry["type"],
        "action": "deleted" if deleted else "updated",
        "changes": [] if deleted else _attributes(entry, mask),
    }


def _attributes(entry: Mapping[str, Any], mask: Mask) -> list[dict[str, Any]]:
    """Return the attributes that differ, in alphabetical order."""
    change = entry["change"]
    sensitive = [change.get("before_sensitive"), change.get("after_sensitive")]
    before = mask.mark(change["before"] or {}, entry["type"], None, sensitive)
    after = mask.mark(change["after"] or {}, entry["type"], change.get("after_unknown"), sensitive)
    repeats = _repeats_tags(before) and _repeats_tags(after)
    return [
        {
            "path": mask.text(_path_text(path)),
            "before": mask.show(old, new),
            "after": mask.show(new, old),
            "forces_replacement": _forces(path, change.get("replace_paths", [])),
        }
        for path, old, new in _differences(before, after, ())
        if not (repeats and path[0] == "tags_all")
    ]


def _repeats_tags(attributes: Mapping[str, Any]) -> bool:
    """Whether tags_all, to which a provider's default tags are added, says nothing that tags does not."""
    return _same(attributes.get("tags_all"), attributes.get("tags"))


def _differences(before: Any, after: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield (path, before, after) for each part that differs, as deep down as both sides have the same shape."""
    if _same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(key), after.get(key), (*path, key))
        return
    inside = []
    if _are_objects(before) and _are_objects(after):
        for step, old, new in _pairs(before, after):
            inside += _differences(old, new, (*path, step))
    # Where all elements are the same, their order or their number differs.
    yield from inside or [(path, before, after)]


def _same(one: Any, other: Any) -> bool:
    """Nothing is nothing, whichever of its forms a provider gives it."""
    return one == other or (one in (None, "", [], {}) and other in (None, "", [], {}))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _pairs(before: list[dict], after: list[dict]) -> Iterator[tuple[Element | int, Any, Any]]:
    """Pair the elements of two lists by what identifies them, else those that differ, in their order.

    Terraform's JSON shows a set as a list, in which a changed element may have another place.
    """
    for key in _IDENTITIES:
        old, new = (
            {item.get(key): item for item in side if isinstance(item.get(key), str)} for side in (before, after)
        )
        if (len(old), len(new)) == (len(before), len(after)):
            for value in old | new:
                yield Element(key, value), old.get(value), new.get(value)
            return
    gone = [pair for pair in enumerate(before) if pair[1] not in after]
    come = [pair for pair in enumerate(after) if pair[1] not in before]
    for one, other in zip_longest(gone, come):
        yield (other or one)[0], one and one[1], other and other[1]


def _forces(path: Path, replace_paths: Iterable[Sequence[Any]]) -> bool:
    """Whether one of the paths that force a replacement leads through `path`. Elements may have changed their places."""
    return any(
        all(a == b for a, b in zip(path, forcing, strict=False) if isinstance(a, str) and isinstance(b, str))
        for forcing in replace_paths
    )


def _path_text(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, Element):
            text += f"[{step.key}={step.value}]"
        elif isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[\w:-]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text
