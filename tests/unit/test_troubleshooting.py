"""docs/troubleshooting.md: each message is one that the source can say."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "docs/troubleshooting.md").read_text()
MESSAGES = re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)


def source() -> str:
    """All that can be said, as one text: pieces of one Python string joined, lines of YAML folded."""
    files = sorted([*ROOT.glob("plugins/**/*.py"), *ROOT.glob("roles/**/*.yml")])
    text = "\n".join(path.read_text() for path in files)
    joined = re.sub(r"\"\s*\n\s*f?\"", "", text)
    return re.sub(r"\s+", " ", joined)


SOURCE = source()


def pieces(message: str) -> list[str]:
    return [piece for piece in (part.strip() for part in re.split(r"<[^>]*>", message)) if piece]


@pytest.mark.parametrize("message", MESSAGES)
def test_the_source_says_it(message: str) -> None:
    assert max(map(len, pieces(message))) > 10
    assert [piece for piece in pieces(message) if piece not in SOURCE] == []


def test_there_are_messages_and_others_are_found() -> None:
    assert len(MESSAGES) > 30
    assert "this is said by nobody at all" not in SOURCE


def test_every_table_is_one_of_messages() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and not line.startswith(("|---", "| message |"))]
    assert len(rows) == len(MESSAGES)
