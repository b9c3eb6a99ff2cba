# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One attribute of a plan as it is shown: what is long is folded, and of lists what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED, UNKNOWN

# A value of more lines is folded.
LINES = 15


def row(change: Mapping[str, Any], sides: Mapping[str, str]) -> dict[str, Any]:
    """Return one attribute: `path`, `forces`, `height` (lines when nothing is opened), and `cells` or `elements`.

    sides: by label, which side of the change is shown. Where there is a list on both, elements are compared: `elements`, with
    `folded` and `size` beside it.
    """
    told = {"path": change["path"], "forces": change["forces_replacement"], "cells": [], "elements": []}
    before, after = _elements(change["before"]), _elements(change["after"])
    if len(sides) > 1 and before and after and list in (type(change["before"]), type(change["after"])):
        elements = compared(before, after)
        lines = sum(1 if item["same"] else item["text"].count("\n") + 1 for item in elements)
        changed = [item["sign"] for item in elements if not item["same"]]
        size = f"{changed.count('+')} elements more, {changed.count('-')} less"
        return told | {"elements": elements, "folded": lines > LINES, "size": size, "height": _height(lines)}
    cells = [{"label": label, **shown(change[side])} for label, side in sides.items()]
    return told | {"cells": cells, "height": max(cell["height"] for cell in cells)}


def shown(value: Any) -> dict[str, Any]:
    """Return a value's `text`, its `form` (quiet, code or block), whether it is `folded`, its `size` and `height` (lines)."""
    form, text = _written(value)
    lines = text.count("\n") + 1
    return {
        "form": form,
        "text": text,
        "folded": lines > LINES,
        "size": f"{lines} lines, {len(text)} characters",
        "height": _height(lines),
    }


def compared(before: Sequence[Any], after: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the elements of two lists in order, each with its `text` and its `sign` (+ or -), or runs of the `same` ones."""
    old, new = ([_written(item)[1] for item in side] for side in (before, after))
    found: list[dict[str, Any]] = []
    for kind, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append({"same": old[i:j], "sign": "", "text": ""})
            continue
        found += [{"same": [], "sign": "-", "text": text} for text in old[i:j]]
        found += [{"same": [], "sign": "+", "text": text} for text in new[k:m]]
    return found


def _elements(value: Any) -> list[Any]:
    """Return the elements of a list; in a policy, what stands alone is a list of one."""
    if isinstance(value, str):
        return [] if value in (MASKED, UNKNOWN, "") else [value]
    return value if isinstance(value, list) else []


def _height(lines: int) -> int:
    return 1 if lines > LINES else lines


def _written(value: Any) -> tuple[str, str]:
    if value is None:
        return "quiet", "none"
    if value in (MASKED, UNKNOWN):
        return "quiet", value
    if isinstance(value, str):
        return ("block" if "\n" in value else "code"), value or '""'
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return ("block" if "\n" in text else "code"), text
