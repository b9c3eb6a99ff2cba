# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes the documents for reviewers. Only for the controller: Jinja2 and the templates do not travel with modules."""

from __future__ import annotations

import hashlib
import re
import string
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.review.graph import HEIGHT, WIDTH
from ansible_collections.bbws.site_builder.plugins.module_utils.review.page import page_view
from ansible_collections.bbws.site_builder.plugins.module_utils.review.shorten import LEVELS, shortened
from ansible_collections.bbws.site_builder.plugins.module_utils.review.text import visible
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent
# What a comment on GitHub takes is 65,536.
LONGEST_MARKDOWN = 65_000
# An entity is never a part of Markdown's own signs. Within a line and within <code>, not every sign is one.
_ANY = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation}
_IN_CODE = {sign: entity for sign, entity in _ANY.items() if chr(sign) not in "\"'(),-./;="}


def _environment(finalize: Any) -> Environment:
    return Environment(
        autoescape=True,
        finalize=finalize,
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _html_text(value: Any) -> Any:
    """What every value goes through before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_PAGE = _environment(_html_text)


def plan_page(report: Mapping[str, Any]) -> str:
    """Return the page for what is saved as plan.json: one file that asks nothing of any network; its script is a search."""
    view = page_view(report)
    # Ours, and as they are in the page they are what the browser hashes.
    ours = {"style": _css(len(view["stacks"])), "script": (_HERE / "plan.js").read_text(encoding="utf-8")}
    view |= {name: Markup(text) for name, text in ours.items()}  # noqa: S704
    view |= {
        f"{name}_sha256": b64encode(hashlib.sha256(text.encode()).digest()).decode() for name, text in ours.items()
    }
    return _PAGE.get_template("plan.html.j2").render(view, box={"width": WIDTH, "height": HEIGHT})


def _css(stacks: int) -> str:
    """The styles, and for each stack the rule that leaves only it on the page when it is chosen."""
    rules = [
        f"body:has(#{n}:checked) article:not(.{n}) {{ display: none; }}\n" for n in map("only-{}".format, range(stacks))
    ]
    return (_HERE / "plan.css").read_text(encoding="utf-8") + "".join(rules)


def plan_markdown(report: Mapping[str, Any]) -> str:
    """Return the same for a comment on a pull request, in Markdown, below 65,000 characters: what does not fit is counted."""
    view = page_view(report)
    for level in LEVELS:
        environment = _environment(partial(_markdown_text, level.width))
        environment.filters["prose"] = partial(_prose, level.width)
        text = environment.get_template("plan.md.j2").render(shortened(view, level))
        if len(text) < LONGEST_MARKDOWN:
            return text
    raise AssertionError("the last level leaves room for nothing that could be as long")


def _markdown_text(width: int, value: Any, signs: Mapping[int, str] = _IN_CODE) -> Any:
    """Write a value so that it is text for Markdown and for HTML, and on one line; the template has it in <code>."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    line = re.sub(r"\s+", " ", visible(value))
    cut = line if len(line) <= width else f"{line[: width - 1]}…"
    # Of www. alone a link would be made.
    return Markup(re.sub(r"(?i)(www)\.", r"\1&#46;", cut.translate(signs)))  # noqa: S704


def _prose(width: int, value: Any) -> Any:
    """Write a value that stands outside of <code>, where a forge looks for people, issues and commits to link to."""
    return Markup(re.sub(r"(&#(?:64|35|33);)", "\\1\u200b", _markdown_text(width, str(value), _ANY)))  # noqa: S704
