"""What the Terraform variables say when they refuse a value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TERRAFORM = Path(__file__).parents[2] / "terraform"
MESSAGES = [
    pytest.param(
        found[1], id=f"{path.relative_to(TERRAFORM).parent}:{path.read_text().count(chr(10), 0, found.start()) + 1}"
    )
    for path in sorted(TERRAFORM.glob("*/*/variables.tf"))
    for found in re.finditer(r'error_message += "(.*)', path.read_text())
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_refusal_names_the_value(message: str) -> None:
    assert "${" in message
