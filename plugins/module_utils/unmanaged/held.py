# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the states of an environment hold, by type of resource."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Thing:
    """An instance of a resource in the state of a stack."""

    stack: str
    type: str
    attributes: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.attributes.get(name)

    @property
    def region(self) -> str:
        """Where it is: AWS says so in its ARN, but for buckets."""
        return self["region"] or (self["arn"] or "arn::::").split(":")[3]


class Held:
    """All instances of all states."""

    def __init__(self, things: list[Thing]) -> None:
        self._by_type: dict[str, list[Thing]] = {}
        for thing in things:
            self._by_type.setdefault(thing.type, []).append(thing)

    def of(self, type_: str) -> list[Thing]:
        """The instances of this type."""
        return self._by_type.get(type_, [])

    def all(self, type_: str, *names: str) -> set[tuple[Any, ...]]:
        """Of each instance of this type the values of these attributes."""
        return {tuple(thing[name] for name in names) for thing in self.of(type_)}

    def one(self, type_: str, name: str) -> set[Any]:
        """Of each instance of this type the value of this attribute."""
        return {thing[name] for thing in self.of(type_)}


def things(stack: str, text: bytes | str) -> Iterator[Thing]:
    """The instances of a state document (format version 4), those included that Terraform is about to delete."""
    for resource in json.loads(text).get("resources", []):
        if resource.get("mode") == "managed":
            for instance in resource.get("instances", []):
                yield Thing(stack, resource["type"], instance.get("attributes") or {})
