"""tools/terraform_types.py reads a type and its bullets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.terraform_types import Field, bullets, variable

TEXT = """
variable "other" {
  type = any
}

variable "thing" {
  description = <<-EOT
    A thing.
    - `name` - What it is called: 1 to 8 letters,
      no digits.
    - `parts`, `parts.sizes` - Its parts, of $${unit}
    - not one of a field
  EOT
  type = object({
    name = string # a comment
    size = optional(number, -1)
    note = optional(string)
    # Another comment.
    parts = optional(list(object({
      sizes = optional(map(bool), {})
      kinds = set(string)
    })), [])
    words = optional(list(string), ["a,b", "c"])
    where = object({ "at" = map(object({ x = any })) })
  })
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "variables.tf").write_text(TEXT)
    return tmp_path


def test_fields(folder: Path) -> None:
    assert list(variable(folder, "thing").fields.values()) == [
        Field("name", "string", None),
        Field("size", "number", "-1"),
        Field("note", "string", "null"),
        Field("parts", "list(object)", "[]"),
        Field("parts.sizes", "map(bool)", "{}"),
        Field("parts.kinds", "set(string)", None),
        Field("words", "list(string)", '["a,b", "c"]'),
        Field("where", "object", None),
        Field("where.at", "map(object)", None),
        Field("where.at.x", "any", None),
    ]


def test_bullets(folder: Path) -> None:
    assert variable(folder, "thing").bullets == {
        "name": "What it is called: 1 to 8 letters, no digits.",
        "parts": "Its parts, of ${unit}",
        "parts.sizes": "Its parts, of ${unit}",
    }


def test_a_bullet_without_a_path_is_none() -> None:
    assert bullets("Text - `a` - b\n- `a`: b\n- a - b") == {}
