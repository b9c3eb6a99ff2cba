# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Data as the text of a .tfvars file, laid out as `terraform fmt` would."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
# As the key of an object, `for` would begin an expression and the others would be values.
_KEYWORDS = {"false", "for", "null", "true"}
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in range(32)}
    | {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}
)


def to_hcl(variables: Any) -> str:
    """Return `variables` as assignments, sorted by name.

    Raises SiteBuilderError, naming the place, for what Terraform cannot hold.
    """
    if not isinstance(variables, Mapping):
        raise SiteBuilderError(f"{shown(variables)} is no mapping of Terraform variables: give one.")
    for name in variables:
        if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
            raise SiteBuilderError(
                f"variable {shown(name)} has no name that Terraform accepts: use letters, digits and _."
            )
    return "".join(f"{line}\n" for line in _assignments(variables, ""))


def _assignments(entries: Mapping[Any, Any], where: str) -> list[str]:
    """One or more lines per entry; the = of one-line entries that follow one another are aligned."""
    lines: list[str] = []
    run: list[tuple[str, str]] = []

    def flush() -> None:
        width = max((len(key) for key, _value in run), default=0)
        lines.extend(f"{key:{width}} = {value}" for key, value in run)
        run.clear()

    for key in entries:
        if not isinstance(key, str):
            raise SiteBuilderError(f"{where or 'variables'} has the key {shown(key)}, which is no text: quote it.")
    for key in sorted(entries):
        place = f"{where}.{key}" if where else key
        first, *rest = _value(entries[key], place)
        if not rest:
            run.append((_key(key, place), first))
            continue
        flush()
        lines += [f"{_key(key, place)} = {first}", *rest]
    flush()
    return lines


def _value(value: Any, where: str) -> list[str]:
    """The lines of one value."""
    if isinstance(value, Mapping):
        return ["{", *_indented(_assignments(value, where)), "}"] if value else ["{}"]
    if isinstance(value, (list, tuple)):
        items = [_value(item, f"{where}[{index}]") for index, item in enumerate(value)]
        if all(len(item) == 1 for item in items):
            return [f"[{', '.join(line for (line,) in items)}]"]
        return ["[", *_indented([line for item in items for line in [*item[:-1], f"{item[-1]},"]]), "]"]
    return [_scalar(value, where)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _key(key: str, where: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) and key not in _KEYWORDS else _quoted(key, where)


def _scalar(value: Any, where: str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value, where)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise SiteBuilderError(
        f"{where} is {shown(value)} ({type(value).__name__}), which Terraform cannot hold: use text or a number."
    )


def _quoted(text: str, where: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise SiteBuilderError(f"{where} is {shown(text)}, which holds half a character: remove it.")
    # Doubled, `${` and `%{` begin no template.
    return f'"{text.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{")}"'
