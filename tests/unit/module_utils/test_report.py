"""What the report says of a stack."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.report import stack_result

PLAN = {
    "counts": {"created": 2, "updated": 0, "replaced": 0, "deleted": 0},
    "actions": [{"address": "a.b", "type": "a", "action": "create"}],
    "started": "t0",
    "ended": "t1",
    "seconds": 1.26,
}
APPLIED = {"counts": {**PLAN["counts"], "created": 1}, "started": "t2", "ended": "t4", "seconds": 2.0}
NONE_DONE = dict.fromkeys(PLAN["counts"], 0)


@pytest.mark.parametrize(
    ("result", "plan", "applied", "counts", "span"),
    [
        ("succeeded", PLAN, APPLIED, APPLIED["counts"], ("t0", "t4", 3.3)),
        # Applied, and planned again.
        ("succeeded", PLAN | {"started": "t3"}, APPLIED | {"started": "t2"}, APPLIED["counts"], ("t2", "t4", 3.3)),
        # A saved plan.
        (
            "succeeded",
            PLAN | {"started": None, "ended": None, "seconds": 0.0},
            APPLIED,
            APPLIED["counts"],
            ("t2", "t4", 2.0),
        ),
        ("failed", PLAN, APPLIED, APPLIED["counts"], ("t0", "t4", 3.3)),
        ("failed", PLAN, None, NONE_DONE, ("t0", "t1", 1.3)),
        ("planned", PLAN, None, PLAN["counts"], ("t0", "t1", 1.3)),
        (
            "unchanged",
            PLAN,
            {"counts": NONE_DONE, "started": None, "ended": None, "seconds": 0.0},
            NONE_DONE,
            ("t0", "t1", 1.3),
        ),
        ("skipped", {}, None, NONE_DONE, (None, None, 0.0)),
    ],
)
def test_result(result: str, plan: dict, applied: dict | None, counts: dict, span: tuple) -> None:
    entry = stack_result("iam", result, plan, "why", applied)
    assert entry == {
        "name": "iam",
        "result": result,
        "counts": counts,
        "actions": plan.get("actions", []),
        "reason": "why",
        **dict(zip(("started", "ended", "seconds"), span, strict=True)),
    }
