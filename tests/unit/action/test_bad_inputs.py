"""Each mistake in bad_inputs.yml ends with its one sentence, and nothing else is said.

A case says what is changed in the inventory (`change`: a value by its path, from the role's default on where the inventory
has none; `text`: lines as they are; `files`) or given on the command line (`extra`), and the whole sentence that must come.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs import CASES, inventory, name_of

Act = Any


def test_there_are_enough() -> None:
    assert len(CASES) >= 120
    assert len({name_of(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[name_of(case) for case in CASES])
def test_bad_input(act: Act, case: dict[str, Any]) -> None:
    # A short name: a sentence cuts a long value.
    with tempfile.TemporaryDirectory(prefix="i") as short:
        folder = inventory(case, Path(short))
        result = act(folder, "site_builder_target=local", *case.get("extra", [])[1::2])
    assert result.get("failed"), result
    assert result["msg"].replace(str(folder), "@INVENTORY@") == case["says"]
    assert "_ansible_no_log" not in result
