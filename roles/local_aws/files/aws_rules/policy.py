"""A policy document, as far as the rules read it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

STATEMENT_KEYS = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}


def load(document: str) -> dict[str, Any] | None:
    """Return the document, or None for what is no JSON object."""
    try:
        read = json.loads(document)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def statements(document: str) -> list[dict[str, Any]]:
    """Return the statements; none of what cannot be read, which other checks refuse."""
    found = (load(document) or {}).get("Statement") or []
    return [one for one in ([found] if isinstance(found, dict) else found) if isinstance(one, dict)]


def texts(value: Any) -> Iterable[str]:
    """A string or a list of them, as policies have both."""
    return [value] if isinstance(value, str) else value or []
