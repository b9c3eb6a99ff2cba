# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a value may look like, put together from small checks.

A check takes a value and its place, and yields a sentence for each thing that is wrong: place, value, fix. None stands for
"take the default" wherever a field is optional.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import shown

Check = Callable[[Any, str], Iterator[str]]


def told(value: Any) -> str:
    """The value as a sentence shows it. What is inside a mapping may be a secret, and stays there."""
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(map(str, value))}"[:80].replace("\n", " ") if value else "{}"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in value):
        return f"a list of {len(value)}"
    return shown(value)


def wrong(where: str, value: Any, what: str, fix: str) -> str:
    """The one form that all sentences have."""
    return f"{where} is {told(value)}, which is {what}; {fix}"


def is_whole(value: Any) -> bool:
    """Whether it is an int; to Python a bool is one."""
    return isinstance(value, int) and not isinstance(value, bool)


def _untext(value: Any) -> str:
    if isinstance(value, bool):
        return "quote it, or YAML takes on, off, yes and no for true and false"
    return "write one text" if isinstance(value, (list, tuple, Mapping)) or value is None else "quote it"


def text(what: str = "text", pattern: str = r"(?s:.*)", fix: str = "correct it", longest: int | None = None) -> Check:
    """Text that matches the pattern from end to end. longest: in bytes of UTF-8."""
    compiled = re.compile(pattern)

    def right(value: str) -> bool:
        return bool(compiled.fullmatch(value)) and (longest is None or len(value.encode()) <= longest)

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield wrong(where, value, "no text", _untext(value))
        elif not right(value):
            yield wrong(where, value, f"no {what}", fix)

    return check


def secrets(check_key: Check) -> Check:
    """A mapping of texts that may be secrets: what a value is instead of text is told, the value itself is not."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{where} is a {_kind(value)}, which is no mapping; write it as name: value"
            return
        for key, entry in value.items():
            yield from check_key(key, f"{where}: the name")
            if not isinstance(entry, str):
                yield f"{where}.{key} is a {_kind(entry)}, which is no text; {_untext(entry)}"

    return check


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", Mapping: "mapping", list: "list"}
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), "null")


def from_command_line(value: Any, where: str) -> Any:
    """Return the number that `-e name=5` means, which arrives as text; anything else as it is."""
    plain = isinstance(value, str) and value.isascii() and value.isdigit() and "." not in where
    return int(value) if plain else value


def number(low: float, high: float, whole: bool = True) -> Check:
    """A number from low to high."""
    kind = "whole number" if whole else "number"

    def check(value: Any, where: str) -> Iterator[str]:
        value = from_command_line(value, where)
        right = is_whole(value) or (not whole and isinstance(value, float))
        if not right or not low <= value <= high:
            yield wrong(where, value, f"no {kind} from {low} to {high}", "write one, without quotes")

    return check


def switch(value: Any, where: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(value, bool):
        yield wrong(where, value, "no boolean", "write true or false, without quotes")


def choice(*words: str) -> Check:
    """One of some words."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str) or value not in words:
            near = difflib.get_close_matches(str(value), words, n=1)
            yield wrong(where, value, f"none of {', '.join(words)}", f"write {near[0] if near else 'one of them'}")

    return check


def number_choice(*numbers: int) -> Check:
    """One of some whole numbers."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not is_whole(value) or value not in numbers:
            yield wrong(where, value, f"none of {', '.join(map(str, numbers))}", "write one of them, without quotes")

    return check


def items(check_item: Check, longest: int | None = None, some: bool = False, unique: bool = True) -> Check:
    """A list: of at most so many items, of at least one, none of them twice."""

    def check(value: Any, where: str) -> Iterator[str]:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            yield wrong(where, value, "no list", "put it in brackets")
            return
        if some and not value:
            yield wrong(where, value, "empty", "name at least one")
        if longest is not None and len(value) > longest:
            yield wrong(where, value, f"a list of {len(value)}", f"name {longest} at most")
        for position, item in enumerate(value):
            yield from check_item(item, f"{where}[{position}]")
            if unique and item in value[:position]:
                yield wrong(f"{where}[{position}]", item, "in the list twice", "remove one of them")

    return check


def entries(check_entry: Check, check_key: Check | None = None) -> Check:
    """A mapping whose keys are the user's."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield wrong(where, value, "no mapping", "write it as name: value")
            return
        for key, entry in value.items():
            if not isinstance(key, str):
                yield wrong(f"{where}: the key", key, "no text", _untext(key))
            else:
                if check_key:
                    yield from check_key(key, f"{where}: the key")
                yield from check_entry(entry, f"{where}.{key}")

    return check


@dataclass(frozen=True)
class Fields:
    """A mapping with the fields that are known. The rules, about several fields, come when each is right for itself."""

    known: Mapping[str, Check]
    required: Collection[str] = ()
    rules: Collection[Check] = ()

    def __call__(self, value: Any, where: str) -> Iterator[str]:
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            yield wrong(where, value, "no mapping", "write it as name: value")
            return
        problems = [*self._unknown(value, where), *self._each(value, where)]
        for rule in () if problems else self.rules:
            problems += rule(value, where)
        yield from problems

    def _unknown(self, value: Mapping[Any, Any], where: str) -> Iterator[str]:
        for name in value:
            if name not in self.known:
                near = difflib.get_close_matches(str(name), self.known, n=1)
                fix = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(sorted(self.known))}"
                yield f"{where} has the field {shown(name)}, which there is not; {fix}"

    def _each(self, value: Mapping[Any, Any], where: str) -> Iterator[str]:
        for name, check in self.known.items():
            if value.get(name) is not None:
                yield from check(value[name], f"{where}.{name}")
            elif name in self.required:
                yield f"{where}.{name} is missing; say what it is"


def json_text(
    what: str, right: Callable[[Any], bool], check_parsed: Check | None = None, longest: int | None = None
) -> Check:
    """JSON as text, such as policies are. longest: in bytes of UTF-8, spaces between values not counted."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield wrong(where, value, "no text", "write JSON as text, for instance with the filter to_json")
            return
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not right(parsed):
            yield wrong(where, value, f"no {what} as JSON", "correct it")
            return
        yield from check_parsed(parsed, where) if check_parsed else ()
        size = len(json.dumps(parsed, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
        if longest is not None and size > longest:
            yield wrong(where, value, f"{size} bytes of JSON, and AWS takes {longest}", "shorten it")

    return check
