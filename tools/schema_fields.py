"""What people may write of a definition: the fields of the collection's own schemas, by dotted path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[..., Any]


def _inner(check: Check) -> Iterator[Check]:
    """Yield the checks that a check is made of: a list or mapping has that of its items in its closure. JSON is one text."""
    if inspect.isfunction(check) and kind(check) != "json_text":
        yield from (value for value in inspect.getclosurevars(check).nonlocals.values() if callable(value))


def fields(check: Check, prefix: str = "") -> dict[str, Check]:
    """Return the check of each field by path; an item of a list or mapping has the path of the list or mapping."""
    found: dict[str, Check] = {}
    for name, inner in getattr(check, "known", {}).items():
        found |= {f"{prefix}{name}": inner, **fields(inner, f"{prefix}{name}.")}
    for inner in _inner(check):
        found |= fields(inner, prefix)
    return found


def required(check: Check, prefix: str = "") -> set[str]:
    """Return the paths of the fields that must be there wherever their object is."""
    found = {f"{prefix}{name}" for name in getattr(check, "required", ())}
    for name, inner in getattr(check, "known", {}).items():
        found |= required(inner, f"{prefix}{name}.")
    for inner in _inner(check):
        found |= required(inner, prefix)
    return found


def kind(check: Check) -> str:
    """Return which sort of check it is: `fields` of a mapping that is known, else the name of the function that made it."""
    return "fields" if hasattr(check, "known") else check.__qualname__.split(".")[0]
