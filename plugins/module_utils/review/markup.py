# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTML and SVG elements whose text is always escaped."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

_VOID = frozenset({"meta", "br"})


class Html(str):
    """Text that is markup already. Only this module makes it."""

    __slots__ = ()


type Content = str | Iterable[Content]


def element(name: str, /, *content: Content, **attributes: str | float | bool) -> Html:
    """Return an element.

    Of an attribute's name, a trailing _ is dropped and another _ becomes -. True makes an attribute without value, false none.
    """
    start = name
    for key, value in attributes.items():
        if value is True:
            start += f" {_attribute(key)}"
        elif value is not False:
            start += f' {_attribute(key)}="{_escaped(str(value))}"'
    return Html(f"<{start}>") if name in _VOID else Html(f"<{start}>{markup(content)}</{name}>")


def markup(content: Content) -> Html:
    """Return texts and elements, however nested, as one piece of markup."""
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return Html(_escaped(content))
    return Html("".join(markup(item) for item in content))


def style(css: str) -> Html:
    """Return a style element; its text cannot be escaped, so it must be ours."""
    return Html(f"<style>{css}</style>")


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _escaped(text: str) -> str:
    return html.escape("".join(map(_visible, text)))


def _visible(character: str) -> str:
    """Spell out what cannot be seen, or would turn the text around it: a reviewer must see what is there."""
    if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return f"\\u{ord(character):04x}"
    return character
