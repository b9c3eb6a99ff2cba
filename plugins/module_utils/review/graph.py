# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stacks of a plan as a drawing: waves from top to bottom, an arrow from a stack to each that needs it. Only the layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

SIGNS = {"created": "+", "updated": "~", "replaced": "±", "deleted": "\u2212"}
# Result of a stack: what stands for it in the drawing.
_RESULTS = {"unchanged": "= no changes", "failed": "! failed", "skipped": "… skipped"}

WIDTH, HEIGHT, _GAP_X, _GAP_Y = 156, 54, 20, 34
# What fits into a box.
_LONGEST = 19


def weight(stack: Mapping[str, Any]) -> str:
    """Return the class of a stack: the gravest thing that happens to it."""
    if stack["result"] in _RESULTS:
        return stack["result"]
    counts = stack["counts"]
    return next((column for column in ("deleted", "replaced", "updated", "created") if counts[column]), "other")


def what(stack: Mapping[str, Any]) -> str:
    """Say in a few characters what happens to a stack."""
    if stack["result"] in _RESULTS:
        return _RESULTS[stack["result"]]
    counts = [f"{sign}{stack['counts'][column]}" for column, sign in SIGNS.items() if stack["counts"][column]]
    return " ".join(counts) or "state or outputs"


def graph(stacks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the drawing of one stack or more, lengths in pixels.

    `width` and `height` of all; `boxes`, each with `x`, `y`, `name`, `short` (the name, or as much as fits), `what` and `weight`;
    `arrows`, each with the path of its `line` and of its `head`.
    """
    waves = [list(wave) for _, wave in groupby(sorted(stacks, key=lambda s: s["wave"]), key=lambda s: s["wave"])]
    columns = max(len(wave) for wave in waves)
    width = columns * (WIDTH + _GAP_X) - _GAP_X
    places = {}
    for row, wave in enumerate(waves):
        left = (width - len(wave) * (WIDTH + _GAP_X) + _GAP_X) / 2
        for column, stack in enumerate(wave):
            places[stack["name"]] = (left + column * (WIDTH + _GAP_X), row * (HEIGHT + _GAP_Y))
    return {
        "width": width,
        "height": len(waves) * (HEIGHT + _GAP_Y) - _GAP_Y,
        "boxes": [_box(stack, *places[stack["name"]]) for stack in stacks],
        "arrows": [_arrow(places[source], places[target]) for source, target in _edges(stacks)],
    }


def _edges(stacks: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return (needed, needing), without those that a longer way says already: they would run through other boxes."""
    names = {stack["name"] for stack in stacks}
    needs = {stack["name"]: [name for name in stack["depends_on"] if name in names] for stack in stacks}
    above: dict[str, set[str]] = {}
    for stack in sorted(stacks, key=lambda s: s["wave"]):
        direct = needs[stack["name"]]
        above[stack["name"]] = {*direct, *(further for name in direct for further in above[name])}
    return [
        (source, target)
        for target, sources in needs.items()
        for source in sources
        if not any(source in above[other] for other in sources)
    ]


def _arrow(source: tuple[float, float], target: tuple[float, float]) -> dict[str, str]:
    x1, y1 = source[0] + WIDTH / 2, source[1] + HEIGHT
    x2, y2 = target[0] + WIDTH / 2, target[1] - 7
    half = (y2 - y1) / 2
    return {
        "line": f"M{x1:g} {y1:g}C{x1:g} {y1 + half:g} {x2:g} {y2 - half:g} {x2:g} {y2:g}",
        "head": f"M{x2 - 5:g} {y2:g}h10l-5 7z",
    }


def _box(stack: Mapping[str, Any], x: float, y: float) -> dict[str, Any]:
    name = stack["name"]
    return {
        "x": x,
        "y": y,
        "name": name,
        "short": name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…",
        "what": what(stack),
        "weight": weight(stack),
    }
