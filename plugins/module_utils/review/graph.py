# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stacks of a plan as a drawing: waves from top to bottom, an arrow from a stack to each that needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.review.markup import Content, Html, element

SIGNS = {"created": "+", "updated": "~", "replaced": "±", "deleted": "\u2212"}
# Result of a stack: what stands for it in the drawing.
_RESULTS = {"unchanged": "= no changes", "failed": "! failed", "skipped": "… skipped"}

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 156, 54, 20, 34
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


def graph(stacks: Sequence[Mapping[str, Any]]) -> Html:
    """Return the drawing."""
    waves = [list(wave) for _, wave in groupby(sorted(stacks, key=lambda s: s["wave"]), key=lambda s: s["wave"])]
    columns = max(len(wave) for wave in waves)
    width = columns * (_WIDTH + _GAP_X) - _GAP_X
    height = len(waves) * (_HEIGHT + _GAP_Y) - _GAP_Y
    places = {}
    for row, wave in enumerate(waves):
        left = (width - len(wave) * (_WIDTH + _GAP_X) + _GAP_X) / 2
        for column, stack in enumerate(wave):
            places[stack["name"]] = (left + column * (_WIDTH + _GAP_X), row * (_HEIGHT + _GAP_Y))
    return element(
        "svg",
        element("title", "The stacks, each below what it needs"),
        element("desc", "; ".join(f"{stack['name']}: {what(stack)}" for stack in stacks)),
        [_arrow(places[source], places[target]) for source, target in _edges(stacks)],
        [_box(stack, *places[stack["name"]]) for stack in stacks],
        viewBox=f"-2 -2 {width + 4} {height + 4}",
        width=width + 4,
        role="img",
    )


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


def _arrow(source: tuple[float, float], target: tuple[float, float]) -> Content:
    x1, y1 = source[0] + _WIDTH / 2, source[1] + _HEIGHT
    x2, y2 = target[0] + _WIDTH / 2, target[1] - 7
    half = (y2 - y1) / 2
    line = f"M{x1:g} {y1:g}C{x1:g} {y1 + half:g} {x2:g} {y2 - half:g} {x2:g} {y2:g}"
    return element("path", d=line, class_="line"), element("path", d=f"M{x2 - 5:g} {y2:g}h10l-5 7z", class_="head")


def _box(stack: Mapping[str, Any], x: float, y: float) -> Html:
    name = stack["name"]
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return element(
        "g",
        element("title", f"{name}: {what(stack)}"),
        element("rect", x=f"{x:g}", y=f"{y:g}", width=_WIDTH, height=_HEIGHT, rx=6),
        element("text", short, x=f"{x + _WIDTH / 2:g}", y=f"{y + 22:g}", class_="name"),
        element("text", what(stack), x=f"{x + _WIDTH / 2:g}", y=f"{y + 42:g}"),
        class_=weight(stack),
    )
