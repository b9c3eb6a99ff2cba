"""What the documents of the repository hold as code, and which playbooks it calls."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from tests.conftest import ROOT

DOCUMENTS = sorted(
    {
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("examples/*.md"),
        *ROOT.glob("roles/*/README.md"),
        *ROOT.glob("terraform/*/*/README.md"),
    }
)


def code(text: str) -> Iterator[str]:
    """Every piece of code: fenced or indented lines, continued ones joined, and spans in a line."""
    fenced = False
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def playbook_calls(text: str) -> Iterator[list[str]]:
    for piece in code(text):
        if (at := piece.find("ansible-playbook ")) >= 0:
            yield shlex.split(piece[at:], comments=True)[1:]
