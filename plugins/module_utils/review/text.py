# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a text of a plan is written down, so that a reviewer sees what is there."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """Spell out what cannot be seen, or would turn the text around it."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return f"\\u{ord(character):04x}"
    return character
