# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a plan allows more than AWS allows now: policies compared by what they grant, not by how they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

# Whose a policy is: the attribute that names its holder, and the holder's type and the attribute that is its name.
_HOLDERS = {
    "aws_iam_role_policy": ("role", "aws_iam_role", "name"),
    "aws_iam_role_policy_attachment": ("role", "aws_iam_role", "name"),
    "aws_iam_user_policy": ("user", "aws_iam_user", "name"),
    "aws_iam_user_policy_attachment": ("user", "aws_iam_user", "name"),
    "aws_iam_group_policy": ("group", "aws_iam_group", "name"),
    "aws_iam_group_policy_attachment": ("group", "aws_iam_group", "name"),
    "aws_s3_bucket_policy": ("bucket", "aws_s3_bucket", "bucket"),
}
# Policies of AWS that leave little out.
_BROAD = re.compile(r"Administrator|FullAccess|PowerUser")
_POLICIES = re.compile(r"polic(y|ies)")
# What stands for NotAction and NotResource.
_BUT = "everything but"
# As many grants are told of one resource.
SHOWN = 6


class Grant(NamedTuple):
    """What one statement says of one principal, one action and one resource; the principal is empty in a policy of a role."""

    principal: str
    action: str
    resource: str
    condition: str

    def covers(self, other: Grant) -> bool:
        """Whether who has this has the other too."""
        return (
            self.principal in ("*", other.principal)
            and fnmatchcase(other.action.lower(), self.action.lower())
            and fnmatchcase(other.resource, _literal(self.resource))
            and self.condition in ("", other.condition)
        )

    def is_wide(self) -> bool:
        """Whether nobody has said to whom, what or on what. In a policy of a resource, * is that resource."""
        if self.principal:
            return self.principal == "*" and not self.condition
        return (
            self.action.endswith(":*")
            or self.action == "*"
            or self.resource == "*"
            or _BUT in self.action + self.resource
        )


class Widening:
    """Finds it in the resources of one plan."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        """Learn who is new: whatever is granted to somebody who does not exist yet is no more than before."""
        self._new: set[tuple[str, str]] = set()
        for entry in plan.get("resource_changes", []):
            if entry["change"]["actions"] == ["create"]:
                after = entry["change"]["after"] or {}
                self._new |= {(kind, after.get(name)) for _, kind, name in _HOLDERS.values() if entry["type"] == kind}

    def sentences(self, entry: Mapping[str, Any]) -> list[str]:
        """Return what one of resource_changes allows that is not allowed now, each as the end of a sentence.

        Of what is created for somebody new, only what is allowed without bounds.
        """
        change = entry["change"]
        if change["actions"] in (["no-op"], ["read"]):
            return []
        before, after = change["before"] or {}, change["after"] or {}
        created = not before and self._is_new(entry["type"], after)
        found = [*_attached(entry["type"], before, after, created), *_bounded(entry["type"], before, after)]
        for path in sorted(filter(_POLICIES.search, before.keys() | after.keys())):
            late = (change.get("after_unknown") or {}).get(path) is True
            if late and _documents(before.get(path)):
                found.append(f"{path} is only known after apply")
            elif not late:
                found += _compared(_documents(before.get(path)), _documents(after.get(path)), created)
        return found

    def _is_new(self, kind: str, after: Mapping[str, Any]) -> bool:
        if kind not in _HOLDERS:
            return True
        attribute, holder, _ = _HOLDERS[kind]
        return after.get(attribute) is None or (holder, after[attribute]) in self._new


def _attached(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], created: bool) -> Iterator[str]:
    if kind.endswith("_policy_attachment") and after.get("policy_arn") not in (None, before.get("policy_arn")):
        if not created or _BROAD.search(after["policy_arn"]):
            yield f"gets the policy {after['policy_arn']}"
    elif kind == "aws_lambda_permission" and after.get("principal") == "*" != before.get("principal"):
        yield "may be called by anybody"


def _bounded(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    boundary = before.get("permissions_boundary")
    if after and boundary and after.get("permissions_boundary") != boundary:
        yield f"is no longer bounded by {boundary}"


def _compared(before: list[Any], after: list[Any], created: bool) -> Iterator[str]:
    allowed, still = _grants(before, "Allow"), _grants(after, "Allow")
    more = [grant for grant in still if not any(old.covers(grant) for old in allowed)]
    yield from _told("allows", [grant for grant in more if grant.is_wide()] if created else more)
    denied, denies = _grants(before, "Deny"), _grants(after, "Deny")
    yield from _told("no longer denies", [old for old in denied if not any(new.covers(old) for new in denies)])


def _told(verb: str, grants: Iterable[Grant]) -> Iterator[str]:
    """One sentence for all grants that differ in the action only."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for grant in grants:
        together.setdefault((grant.principal, grant.resource, grant.condition), []).append(grant.action)
    for (principal, resource, condition), actions in together.items():
        more = f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else ""
        whom = f" to {'anybody' if principal == '*' else principal}" if principal else ""
        when = " under a condition" if condition else ""
        yield f"{verb} {', '.join(actions[:SHOWN])}{more}{f' on {resource}' if resource else ''}{whom}{when}"


def _documents(value: Any) -> list[Any]:
    """Return the policies that an attribute holds, in itself or inside of blocks."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            document = json.loads(value)
        except (ValueError, RecursionError):
            return []
        return [document] if isinstance(document, dict) and "Statement" in document else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [document for item in inside for document in _documents(item)]


def _grants(documents: list[Any], effect: str) -> list[Grant]:
    found: dict[Grant, None] = {}
    for document in documents:
        for statement in _list(document["Statement"]):
            if not isinstance(statement, dict) or statement.get("Effect") != effect:
                continue
            condition = json.dumps(statement["Condition"], sort_keys=True) if statement.get("Condition") else ""
            for principal in _principals(statement):
                for action in _either(statement, "Action"):
                    for resource in _either(statement, "Resource"):
                        found[Grant(principal, action, resource, condition)] = None
    return list(found)


def _either(statement: Mapping[str, Any], name: str) -> list[str]:
    if f"Not{name}" in statement:
        return [f"{_BUT} {', '.join(map(str, _list(statement[f'Not{name}'])))}"]
    return [str(item) for item in _list(statement.get(name, ""))]


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return ["*"]
    principal = statement.get("Principal", "")
    if not isinstance(principal, dict):
        return [str(principal)]
    return [str(item) for items in principal.values() for item in _list(items)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _literal(pattern: str) -> str:
    """fnmatch knows [ as a set; IAM does not."""
    return pattern.replace("[", "[[]")
