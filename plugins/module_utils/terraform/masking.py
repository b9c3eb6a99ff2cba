# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be seen of the values in a plan, and what must not. All masking of plans is here.

A value is marked first, then compared, then shown: so it is known that a secret changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any

MASKED = "(masked)"
UNKNOWN = "(known after apply)"
# A longer string is cut, around the first character that differs.
LONGEST = 200
# AWS' own documents are a quarter as deep. What is deeper is shown as the text that it is.
DEEPEST = 64
# A sensitive string that is shorter would be found in every other name.
SHORTEST = 4

# Attributes that carry secrets though the provider does not say so: below these, values are masked and names are shown.
_SECRET_ATTRIBUTES = {
    "aws_api_gateway_api_key": ("value",),
    "aws_api_gateway_stage": ("variables",),
    "aws_api_gateway_usage_plan_key": ("value",),
    "aws_cloudfront_distribution": ("origin", "custom_header", "value"),
    "aws_lambda_function": ("environment", "variables"),
}
_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|(private|api|access|client|signing|encryption)[-_. ]?key",
    re.IGNORECASE,
)
# Settings of AWS whose names sound like a secret, and the values that are none.
_PUBLIC_NAMES = frozenset({"api_key_source", "authorizer_credentials", "credentials"})
_PUBLIC_VALUE = re.compile(r"HEADER|AUTHORIZER|arn:aws[a-z-]*:iam::\S+")


@dataclass(frozen=True)
class Masked:
    """A value that must not be shown. It can be compared."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """A value that only AWS will say."""


class Mask:
    """Marks and shows the values of one plan."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        """Learn the strings that Terraform calls sensitive.

        A provider may give back what it was told under another name, where Terraform knows nothing of it any more.
        """
        found: set[str] = set()
        changes = [entry["change"] for part in ("resource_changes", "resource_drift") for entry in plan.get(part, [])]
        for change in [*changes, *plan.get("output_changes", {}).values()]:
            for side in ("before", "after"):
                found.update(_sensitive_strings(change.get(side), change.get(f"{side}_sensitive")))
        declared = plan.get("configuration", {}).get("root_module", {}).get("variables", {})
        for name, variable in plan.get("variables", {}).items():
            found.update(_sensitive_strings(variable.get("value"), declared.get(name, {}).get("sensitive")))
        # The longest first: one may be a part of another.
        self._secrets = sorted((text for text in found if len(text) >= SHORTEST), key=len, reverse=True)

    def mark(
        self, value: Any, kind: str, unknown: Any = None, sensitive: Iterable[Any] = (), names: tuple[str, ...] = ()
    ) -> Any:
        """Return `value` with its unknown and secret parts marked as such, and JSON in strings taken apart.

        kind: the resource's type. unknown and sensitive are Terraform's: of the value's shape, with true where it applies.
        names: the keys on the way to the value.
        """
        if unknown is True:
            return Unknown()
        # The resource itself has no name; where all of it is sensitive, each of its attributes is.
        if names and True in sensitive:
            return Masked(value)
        if isinstance(value, dict):
            late = {key for key, mark in unknown.items() if mark is True} if isinstance(unknown, dict) else set()
            return {
                key: self.mark(
                    value.get(key), kind, _at(unknown, key), [_at(marks, key) for marks in sensitive], (*names, key)
                )
                for key in [*value, *sorted(late - value.keys())]
            }
        if isinstance(value, list):
            return [
                self.mark(item, kind, _at(unknown, i), [_at(marks, i) for marks in sensitive], names)
                for i, item in enumerate(value)
            ]
        if value is None or isinstance(value, bool):
            return value
        if value in self._secrets or _is_secret(kind, names, value):
            return Masked(value)
        document = _document(value)
        return value if document is None else self.mark(document, kind, names=names)

    def show(self, value: Any, other: Any = None) -> Any:
        """Return what a person may see of a marked value; `other` is what it is compared with."""
        if isinstance(value, Masked):
            return MASKED
        if isinstance(value, Unknown):
            return UNKNOWN
        if isinstance(value, dict):
            return {self.text(key): self.show(item) for key, item in value.items() if item not in (None, [], {})}
        if isinstance(value, list):
            return [self.show(item) for item in value]
        if isinstance(value, str):
            return _cut(self.text(value), self.text(other) if isinstance(other, str) else "")
        return value

    def text(self, text: str) -> str:
        """Return a text without the strings that Terraform calls sensitive."""
        for secret in self._secrets:
            text = text.replace(secret, MASKED)
        return text


def _sensitive_strings(value: Any, sensitive: Any) -> Iterator[str]:
    if isinstance(value, str) and sensitive is True:
        yield value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _sensitive_strings(item, _at(sensitive, key))


def _at(marks: Any, step: str | int) -> Any:
    """Return the part of Terraform's marks that is about one key or one element."""
    if marks is True:
        return True
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list) and isinstance(step, int) and step < len(marks):
        return marks[step]
    return None


def _is_secret(kind: str, names: tuple[str, ...], value: Any) -> bool:
    carrier = _SECRET_ATTRIBUTES.get(kind)
    if carrier and names[: len(carrier)] == carrier:
        return True
    if names and names[-1] in _PUBLIC_NAMES and _PUBLIC_VALUE.fullmatch(str(value)):
        return False
    return any(_SECRET_NAME.search(name) for name in names)


def _document(value: Any) -> Any:
    """Return the JSON object or list that a string holds; None when it holds none."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    if max(accumulate((c in "{[") - (c in "}]") for c in value)) > DEEPEST:
        return None
    try:
        return json.loads(value, parse_constant=str)
    except ValueError:
        return None


def _cut(text: str, other: str) -> str:
    if len(text) <= LONGEST:
        return text
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))
    start = min(max(0, same - LONGEST // 4), len(text) - LONGEST)
    before, after = "…" if start else "", "…" if start + LONGEST < len(text) else ""
    return f"{before}{text[start : start + LONGEST]}{after} ({len(text)} characters)"
