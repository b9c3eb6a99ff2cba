# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a reviewer of a plan must not overlook, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# A piece of a sentence: {"as": "text", "stack" or "code", "text": str, "stack" and "address" where it is a resource}.
type Part = dict[str, str]
type Finding = tuple[Part, ...]

_METHOD = "aws_api_gateway_method"


def findings(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the kinds of findings that a plan has, each with its `tone` (a class of the page) and `items`, lists of parts."""
    stacks = report["stacks"]
    kinds = [
        ("deleted", [item for stack in stacks for item in _lost(stack)]),
        ("failed", [item for stack in stacks for item in _stopped(stack)]),
        ("replaced", [item for stack in stacks for item in _drifted(stack)]),
        ("replaced", [item for stack in stacks for item in _widened(stack)]),
        ("updated", [item for stack in stacks for item in _open_routes(stack)]),
        ("updated", [item for stack in stacks for item in _warned(stack)]),
        ("updated", list(_dirty(report))),
        ("", [item for stack in stacks for item in _assumed(stack)]),
    ]
    return [{"tone": tone, "items": items} for tone, items in kinds if items]


def _text(text: str) -> Part:
    return {"as": "text", "text": text}


def _stack(stack: Mapping[str, Any]) -> Part:
    return {"as": "stack", "text": stack["name"]}


def _resource(stack: Mapping[str, Any], address: str) -> Part:
    return {"as": "code", "text": address, "stack": stack["name"], "address": address}


def _lost(stack: Mapping[str, Any]) -> Iterator[Finding]:
    actions = {resource["address"]: resource["action"] for resource in stack["resources"]}
    for address in stack["stateful"]:
        verb = {"delete": "deletes", "replace": "replaces"}.get(actions.get(address, ""), "deletes or replaces")
        yield _text("Data is lost: "), _stack(stack), _text(f" {verb} "), _resource(stack, address), _text(".")


def _stopped(stack: Mapping[str, Any]) -> Iterator[Finding]:
    if stack["result"] in ("failed", "skipped"):
        yield _stack(stack), _text(f" ({stack['result']}): {stack['reason']}")


def _drifted(stack: Mapping[str, Any]) -> Iterator[Finding]:
    for entry in stack.get("drift", []):
        paths = ", ".join(change["path"] for change in entry["changes"])
        yield (
            _text("Changed outside Terraform: in "),
            _stack(stack),
            _text(", "),
            _resource(stack, entry["address"]),
            _text(f" was {entry['action']}" + (f" ({paths})" if paths else "") + ", and the plan takes that back."),
        )


def _widened(stack: Mapping[str, Any]) -> Iterator[Finding]:
    for resource in stack["resources"]:
        for sentence in resource.get("widening", []):
            yield (
                _text("More is allowed: in "),
                _stack(stack),
                _text(", "),
                _resource(stack, resource["address"]),
                _text(f" {sentence}."),
            )


def _open_routes(stack: Mapping[str, Any]) -> Iterator[Finding]:
    for resource in stack["resources"]:
        after = {change["path"]: change["after"] for change in resource["changes"]}
        if (
            resource["type"] == _METHOD
            and after.get("authorization") == "NONE"
            and after.get("http_method") != "OPTIONS"
        ):
            key = " (an API key is required)" if after.get("api_key_required") is True else ""
            yield (
                _text("Anybody may call it: in "),
                _stack(stack),
                _text(", "),
                _resource(stack, resource["address"]),
                _text(f" has no authorization{key}."),
            )


def _warned(stack: Mapping[str, Any]) -> Iterator[Finding]:
    for warning in stack.get("warnings", []):
        said = [warning.get(name, "").strip().rstrip(".") for name in ("summary", "detail")]
        place = (_text(" for "), _resource(stack, warning["address"])) if warning.get("address") else ()
        yield (
            _text("Terraform warns in "),
            _stack(stack),
            *place,
            _text(f": {'. '.join(text for text in said if text)}."),
        )


def _dirty(report: Mapping[str, Any]) -> Iterator[Finding]:
    if report.get("dirty"):
        yield (
            _text(
                "The checkout had changes that were not committed, so the commit alone does not say what was planned."
            ),
        )


def _assumed(stack: Mapping[str, Any]) -> Iterator[Finding]:
    if stack["upstream_assumed"]:
        upstream = " and ".join(stack["upstream_assumed"])
        yield (
            _stack(stack),
            _text(f" was planned with the names and ARNs that {upstream} will have (not deployed yet)."),
        )
