"""The levels of an API's path tree: what is shipped is what is written, and a deeper path gets more of the same."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import levels

from tests.conftest import ROOT

SHIPPED = (ROOT / "terraform" / levels.FILE).read_text()


def tfvars(*paths: str) -> dict[str, Any]:
    return {"apis": {"a": {"routes": {str(at): {"path": path} for at, path in enumerate(paths)}}, "b": {}}}


def test_the_shipped_file_is_written_by_this() -> None:
    assert levels.text(12) == SHIPPED


def test_more_levels_leave_the_others_as_they_are() -> None:
    """So that no address changes, and no argument of what exists."""
    shipped, deeper = (text.partition("\nresource ")[2] for text in (SHIPPED, levels.text(20)))
    assert deeper.startswith(shipped)
    assert deeper.count("resource ") == 19


@pytest.mark.parametrize(
    ("variables", "depth"),
    [
        (tfvars("/", "/a/{b}"), 2),
        (tfvars("/a/b/c/"), 3),
        (tfvars(), 0),
        ({"apis": {}}, 0),
        ({"tables": {}}, 0),
        ({"apis": None}, 0),
    ],
)
def test_needed(variables: dict[str, Any], depth: int) -> None:
    assert levels.needed(variables) == depth


def test_deepened_and_never_shortened() -> None:
    assert levels.deepened(SHIPPED, tfvars("/a" * 12)) == SHIPPED
    assert levels.deepened(SHIPPED, tfvars("/a" * 13)) == levels.text(13)
    assert levels.deepened(levels.text(20), tfvars("/a" * 13)) == levels.text(20)
    assert levels.deepened("# of somebody else", tfvars("/a" * 13)) == "# of somebody else"


def test_only_that_file_of_a_working_directory() -> None:
    files = {
        levels.FILE: SHIPPED.encode(),
        "main.tf": SHIPPED.encode(),
        "modules/other/main.levels.tf": SHIPPED.encode(),
    }
    made = levels.with_levels(files, tfvars("/a" * 15))
    assert made == {**files, levels.FILE: levels.text(15).encode()}
    assert levels.with_levels({f"terraform/{levels.FILE}": b"x"}, tfvars("/a" * 15)) == {
        f"terraform/{levels.FILE}": b"x"
    }
