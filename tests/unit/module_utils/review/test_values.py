"""How one attribute is shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.values import LINES, compared, row, shown

BOTH = {"Before": "before", "After": "after"}


def change(before: Any, after: Any) -> dict[str, Any]:
    return {"path": "p", "before": before, "after": after, "forces_replacement": False}


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (None, "quiet", "none"),
        ("(masked)", "quiet", "(masked)"),
        ("", "code", '""'),
        ("a\nb", "block", "a\nb"),
        (False, "code", "false"),
        ({"k": "ü"}, "block", '{\n  "k": "ü"\n}'),
    ],
)
def test_forms(value: Any, form: str, text: str) -> None:
    told = shown(value)
    assert (told["form"], told["text"], told["folded"]) == (form, text, False)


def test_more_lines_than_a_screen_takes_are_folded() -> None:
    assert shown("\n".join("x" * LINES))["folded"] is False
    told = shown("\n".join("x" * (LINES + 1)))
    assert (told["folded"], told["size"], told["height"]) == (True, "16 lines, 31 characters", 1)


def test_lists_are_compared_by_element() -> None:
    assert compared(["a", "b", "c"], ["a", "x", "c", {"k": 1}]) == [
        {"same": ["a"], "sign": "", "text": ""},
        {"same": [], "sign": "-", "text": "b"},
        {"same": [], "sign": "+", "text": "x"},
        {"same": ["c"], "sign": "", "text": ""},
        {"same": [], "sign": "+", "text": '{\n  "k": 1\n}'},
    ]
    told = row(change(["a"], ["a", "b"]), BOTH)
    assert (len(told["elements"]), told["cells"], told["folded"], told["height"]) == (2, [], False, 2)


def test_a_policy_may_say_one_action_without_a_list() -> None:
    told = row(change("s3:GetObject", ["s3:GetObject", "s3:PutObject"]), BOTH)
    assert [(item["sign"], item["same"] or item["text"]) for item in told["elements"]] == [
        ("", ["s3:GetObject"]),
        ("+", "s3:PutObject"),
    ]


def test_a_list_in_which_much_differs_is_folded() -> None:
    told = row(change(["x"], [f"n{n}" for n in range(40)]), BOTH)
    assert (told["folded"], told["size"], told["height"]) == (True, "40 elements more, 1 less", 1)


@pytest.mark.parametrize(("before", "after"), [(None, ["a"]), ([], ["a"]), ("(masked)", ["a"]), ("a", "b"), (1, ["a"])])
def test_what_is_no_list_on_both_sides_stands_side_by_side(before: Any, after: Any) -> None:
    told = row(change(before, after), BOTH)
    assert [cell["label"] for cell in told["cells"]] == ["Before", "After"]
    assert told["elements"] == []
