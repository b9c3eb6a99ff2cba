"""What an approver reads first."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.summary import (
    FIRST,
    LONGEST,
    plan_summary,
    run_line,
    summary_lines,
)

from .reports import report, resource, stack

NONE = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}


def summed(*stacks: dict[str, Any]) -> dict[str, Any]:
    return plan_summary(report(*stacks, expires="2026-11-26T10:00:00+00:00"))


def test_counts_of_all_stacks_and_that_nothing_is_lost() -> None:
    told = summed(stack("s3", counts={**NONE, "created": 2}), stack("iam", counts={**NONE, "created": 1, "updated": 3}))
    assert told["line"] == "plan of dev: 3 to create, 3 to update; no data is lost"
    assert told["counts"] == {**NONE, "created": 3, "updated": 3}
    assert (told["data_loss"], told["first"], told["more"], told["expires"]) == ([], [], 0, "2026-11-26T10:00:00+00:00")
    assert summary_lines(told) == [told["line"]]


def test_lost_data_is_in_the_line_and_first_below_it() -> None:
    told = summed(
        stack(stateful=["a.b"], counts={**NONE, "deleted": 1}, resources=[resource("delete", address="a.b")]),
        stack("iam", result="failed", reason="denied"),
    )
    assert told["line"] == "plan of dev: 1 to delete; not planned: iam; DATA IS LOST: s3: a.b"
    assert told["data_loss"] == ["s3: a.b"]
    assert told["first"] == ["Data is lost: s3 deletes a.b.", "iam (failed): denied"]
    assert summary_lines(told)[1:] == ["  - Data is lost: s3 deletes a.b.", "  - iam (failed): denied"]


@pytest.mark.parametrize(("result", "words"), [("planned", "state or outputs only"), ("unchanged", "no changes")])
def test_a_plan_without_resources(result: str, words: str) -> None:
    assert summed(stack(result=result))["line"] == f"plan of dev: {words}; no data is lost"


def test_many_are_counted_and_a_long_one_is_cut() -> None:
    lost = [f"a.b{number}" for number in range(FIRST + 2)]
    told = summed(stack(stateful=lost), stack("iam", result="failed", reason="x" * 500))
    assert told["line"].endswith("s3: a.b4 and 2 more")
    assert (len(told["first"]), told["more"]) == (FIRST, 3)
    assert summary_lines(told)[-1] == "  - and 3 more, which the page shows"
    (long,) = summed(stack("iam", result="failed", reason="x\n" * 500))["first"]
    assert len(long) == LONGEST
    assert "\n" not in long


def row(name: str, result: str, reason: str = "", **counts: int) -> dict[str, Any]:
    return {"name": name, "result": result, "reason": reason, "counts": {**NONE, **counts}}


@pytest.mark.parametrize(
    ("mode", "rows", "line"),
    [
        ("deploy", [row("s3", "succeeded", created=2), row("iam", "unchanged")], "deployment of dev: 2 created"),
        ("apply", [row("s3", "unchanged")], "apply of dev: nothing has changed"),
        (
            "apply",
            [row("s3", "failed", "AccessDenied"), row("iam", "skipped", "s3 failed")],
            "apply of dev: nothing has changed; FAILED: s3 (AccessDenied); skipped: iam",
        ),
        ("drift", [row("s3", "none"), row("iam", "drifted")], "drift of dev: drift found in iam"),
        ("drift", [row("s3", "none")], "drift of dev: no drift"),
        ("destroy", [row("s3", "succeeded", deleted=4)], "destruction of dev: 4 deleted"),
    ],
)
def test_the_line_of_a_run(mode: str, rows: list[dict[str, Any]], line: str) -> None:
    assert run_line(mode, "dev", rows) == line


def test_a_plan_that_was_not_taken_is_refused() -> None:
    """Of everything that an approver's message has room for, that first."""
    rows = [
        {"name": name, "result": "failed", "reason": "plan: it is 90000 s old", "counts": NONE}
        for name in ("s3", "iam")
    ]
    assert run_line("apply", "dev", rows) == "apply of dev: REFUSED: it is 90000 s old"
    broken = [{**rows[0], "reason": "apply: AWS said no"}]
    assert run_line("apply", "dev", broken) == "apply of dev: nothing has changed; FAILED: s3 (apply: AWS said no)"
