# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Definition files: what they may hold, how they go together, and which of them a sentence is about.

Each is a JSON merge patch (RFC 7396) on the definitions: mappings are merged, null removes, anything else replaces. Two things
are our own. The documents of an API are added to those that it has, since each brings routes of its own. And no two files
may say the same thing, so that their order means nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Fields

ENDINGS = (".yml", ".yaml")
# Lists that a file adds to.
_ADDED = re.compile(r"api_gateway_apis\.[^.]+\.documents")
# By place, such as lambda_functions.report.source: the files that say it.
Origins = dict[str, list[str]]


def files(places: Iterable[str]) -> list[Path]:
    """The definition files of these folders and files, each once."""
    found: dict[Path, None] = {}
    problems = []
    for place in map(Path, places):
        if place.is_dir():
            found |= dict.fromkeys(
                path.resolve()
                for path in sorted(place.iterdir())
                if path.suffix in ENDINGS and path.is_file() and not path.name.startswith(".")
            )
        elif place.is_file():
            found[place.resolve()] = None
        else:
            problems.append(
                f"site_builder_definitions names {str(place)!r}, which is no folder and no file; correct the path or remove it"
            )
    if problems:
        raise SiteBuilderError(*problems)
    return list(found)


def called(path: Path) -> str:
    """How a sentence calls a file: from where the user stands, where it is below that."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def malformed(name: str, text: str, content: Any, known: Collection[str]) -> Iterator[str]:
    """What is wrong with a file before its definitions are looked at. text: as it is written; content: as it was read."""
    yield from Fields(dict.fromkeys(known, lambda value, where: iter(())))(content, name)
    for line, key, first in _doubles(yaml.compose(text, Loader=yaml.SafeLoader)):
        yield f"{name} has the key {key!r} in line {first} and again in line {line}; write them as one"


def _doubles(node: yaml.Node | None) -> Iterator[tuple[int, str, int]]:
    """Keys of which YAML would keep the last one without a word."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubles(item)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                yield line, key.value, lines[key.value]
            lines.setdefault(str(key.value), line)
            yield from _doubles(value)


def together(variable: str, parts: Iterable[tuple[str, Any]]) -> tuple[Any, Origins, list[str]]:
    """The patch that the files' parts are together, who says what of it, and where two files say the same."""
    patch: Any = {}
    origins: Origins = {}
    problems: list[str] = []
    for file, part in parts:
        if not isinstance(part, Mapping):
            problems.append(f"{file} has {variable} as no mapping; write it as key: definition")
        else:
            patch = _both(patch, part, variable, file, origins, problems)
    return patch, origins, problems


def _both(old: Any, new: Any, where: str, file: str, origins: Origins, problems: list[str]) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return dict(old) | {
            key: _both(old[key], value, f"{where}.{key}", file, origins, problems)
            if key in old
            else _noted(value, f"{where}.{key}", file, origins)
            for key, value in new.items()
        }
    if _ADDED.fullmatch(where) and isinstance(old, list) and isinstance(new, list):
        return [*old, *_noted(new, where, file, origins)]
    others = [name for name in origins[where] if name != file]
    problems.append(f"{where} is in {' and '.join(others)} and in {file}; say it in one of them")
    return old


def _noted(value: Any, where: str, file: str, origins: Origins) -> Any:
    """The value; that, and all that is inside, is of this file. Its parents are of all files that say something about them."""
    parts = where.split(".")
    for place in (".".join(parts[:end]) for end in range(2, len(parts) + 1)):
        if file not in origins.setdefault(place, []):
            origins[place].append(file)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _noted(inner, f"{where}.{key}", file, origins)
    return value


def merged(variable: str, base: Any, patch: Any) -> tuple[Any, list[str]]:
    """The definitions with the patch, and what it would remove that there is not."""
    if not isinstance(base, Mapping):
        # That is told elsewhere.
        return base, []
    there = ", ".join(map(str, base)) or "nothing"
    problems = [
        f"{variable}.{key} is null, which removes it, and {variable} has no {key!r}, only: {there}; "
        "correct the key, or write {} for one that takes every default"
        for key, value in patch.items()
        if value is None and key not in base
    ]
    return _patched(base, patch, variable), problems


def _patched(base: Any, patch: Any, where: str) -> Any:
    if isinstance(patch, Mapping):
        base = base if isinstance(base, Mapping) else {}
        kept = {key: value for key, value in base.items() if not (key in patch and patch[key] is None)}
        changed = {
            key: _patched(base.get(key), value, f"{where}.{key}") for key, value in patch.items() if value is not None
        }
        return kept | changed
    if _ADDED.fullmatch(where) and isinstance(base, (list, tuple)) and isinstance(patch, list):
        return [*base, *(document for document in patch if document not in base)]
    return patch


def named(problems: Iterable[str], origins: Origins) -> list[str]:
    """The sentences, each with the files that it is about in front: those of the most exact place that it names."""
    return [_named(problem, origins) for problem in problems]


def _named(problem: str, origins: Origins) -> str:
    places = [place for place in origins if place in problem and re.search(rf"{re.escape(place)}(?![\w-])", problem)]
    # The first place is what the sentence is about; others may be in its way out.
    place = min(places, key=lambda place: (problem.find(place), -len(place)), default=None)
    if place is None or any(file in problem for file in origins[place]):
        return problem
    return f"{', '.join(origins[place])}: {problem}"
