"""What a run says of itself."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.awx import PUBLISHED
from ansible_collections.bbws.site_builder.plugins.module_utils.report import (
    applied_text,
    outputs_lines,
    places,
    run_table,
    stack_result,
    stats,
    url_lines,
    warning_text,
    with_added,
)

NOTHING = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}


def counts(*numbers: int) -> dict[str, int]:
    return dict(zip(NOTHING, numbers, strict=True))


def test_run_table() -> None:
    rows = [
        {"name": "s3", "result": "succeeded", "counts": counts(12, 0, 0, 0), "seconds": 8.26, "reason": ""},
        {"name": "iam", "result": "failed", "counts": counts(0, 1, 0, 0), "seconds": 10, "reason": "apply: denied"},
    ]
    assert run_table(rows) == [
        "stack  result     created  updated  replaced  deleted  seconds",
        "s3     succeeded       12        0         0        0      8.3",
        "iam    failed           0        1         0        0     10.0",
    ]
    rows[0]["imported"], rows[1]["imported"] = ["a.b"], ["c.d", "e.f"]
    assert run_table(rows) == [
        "stack  result     created  updated  replaced  deleted  imported  seconds",
        "s3     succeeded       12        0         0        0         1      8.3",
        "iam    failed           0        1         0        0       (2)     10.0",
        "(n): planned, and not applied",
    ]
    assert run_table([]) == ["stack  result  created  updated  replaced  deleted  seconds"]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        # A gate has stopped it.
        ({"result": "failed", "counts": counts(0, 0, 0, 0), "planned": counts(1, 0, 2, 0)}, ["(1)", "0", "(2)", "0"]),
        # It has failed on the way: what is done counts.
        ({"result": "failed", "counts": counts(1, 0, 0, 0), "planned": counts(3, 1, 0, 0)}, ["1", "0", "0", "0"]),
        ({"result": "planned", "counts": counts(3, 0, 0, 0), "planned": counts(3, 0, 0, 0)}, ["3", "0", "0", "0"]),
        (
            {
                "result": "drifted",
                "counts": counts(0, 0, 0, 0),
                "planned": counts(1, 1, 0, 0),
                "drift": [{"action": "deleted"}, {"action": "updated"}, {"action": "updated"}],
            },
            ["0", "2", "0", "1"],
        ),
    ],
)
def test_the_table_shows_what_was_planned_or_has_drifted(row: dict, cells: list[str]) -> None:
    _, line, *more = run_table([{"name": "s3", "seconds": 1, **row}])
    assert line.split()[2:-1] == cells
    assert more == (["(n): planned, and not applied"] if "(1)" in cells else [])


NONE = {"name": "lambda", "result": "none", "reason": ""}
STATEMENT = {"stack": "lambda", "kind": "function policy statement", "name": "eve of agents-dev"}
SAID = "added by hand: function policy statement eve of agents-dev"
REFUSED = "looking for what was added by hand (ListRoles) failed: no"


@pytest.mark.parametrize(
    ("row", "looked", "result", "reason"),
    [
        (NONE, {"found": [], "problems": {}}, "none", ""),
        (NONE, {"found": [STATEMENT | {"stack": "iam"}], "problems": {"iam": [REFUSED]}}, "none", ""),
        (NONE, {"found": [STATEMENT], "problems": {}}, "drifted", SAID),
        (NONE | {"result": "not deployed"}, {"found": [STATEMENT], "problems": {}}, "drifted", SAID),
        (NONE | {"result": "drifted", "reason": "x was updated"}, {"found": [STATEMENT], "problems": {}}, "drifted", f"x was updated; {SAID}"),
        (NONE | {"result": "failed", "reason": "plan: no"}, {"found": [STATEMENT], "problems": {}}, "failed", f"plan: no; {SAID}"),
        # Who could not look does not know that there is nothing.
        (NONE, {"found": [], "problems": {"lambda": [REFUSED]}}, "failed", REFUSED),
        (NONE, {"found": [STATEMENT], "problems": {"lambda": [REFUSED]}}, "failed", f"{SAID}; {REFUSED}"),
        (NONE, {"msg": "no credentials", "failed": True}, "failed", "no credentials"),
    ],
)  # fmt: skip
def test_what_was_added_by_hand_is_drift(row: dict, looked: dict, result: str, reason: str) -> None:
    rows, lines = with_added([row], looked)
    assert (rows[0]["result"], rows[0]["reason"]) == (result, reason)
    new = [line for line in reason.split("; ") if line not in row["reason"]]
    assert lines[: len(new)] == [f"lambda: {line}" for line in new]
    # How to be rid of it, once.
    assert [line for line in lines if "site_builder_imports" in line] == lines[len(new) :]
    assert bool(lines[len(new) :]) == (SAID in reason)


def test_where_nobody_has_looked_nothing_is_added() -> None:
    assert with_added([NONE], {}) == ([NONE], [])


def test_what_was_added_is_counted_and_kept() -> None:
    row = stack_result("lambda", "none", [], [])
    rows, _ = with_added([row | {"drift": [{"action": "updated"}]}], {"found": [STATEMENT, STATEMENT], "problems": {}})
    assert run_table(rows)[1].split() == ["lambda", "drifted", "2", "1", "0", "0", "0.0"]
    assert rows[0]["added"] == [{"kind": STATEMENT["kind"], "name": STATEMENT["name"]}] * 2


def test_what_an_apply_has_done() -> None:
    assert applied_text({"counts": counts(2, 0, 1, 0), "seconds": 37.6}) == "2 created, 1 replaced, 38 s"
    assert applied_text({"counts": counts(0, 0, 0, 0), "seconds": 1}) == "state or outputs only, 1 s"


def test_where_the_apis_answer() -> None:
    endpoints = {"b": {"url": "https://b", "id": "2"}, "a": {"url": "https://a"}, "c": {"url": None}}
    assert url_lines({"endpoints": endpoints}) == ["api:    https://a (a)", "api:    https://b (b)"]
    assert url_lines({}) == []
    # Of the embedded AWS no such URL answers.
    outputs = {"endpoints": {"a": {"url": "https://a"}}, "apis": {"a": {"name": "a-dev", "stage": "dev"}}}
    assert url_lines(outputs, "") == []
    assert url_lines(outputs, "http://127.0.0.1:1") == ["api:    http://127.0.0.1:1/a-dev/dev (a)"]


SAVED = {"plan_id": "p", "folder": "/w/p", "path": "/w/p", "sha256": "5e1f", "manifest": {}}
SUMMARY = {"line": "plan of dev: 1 to create", "data_loss": [], "first": ["Look."], "more": 0, "expires": "2026-11-26"}


def test_where_to_read_on() -> None:
    assert places("/w/r", {}) == ["report: /w/r/report.json"]
    assert places("/w/r", SAVED) == [
        "report: /w/r/report.json",
        "page:   /w/p/plan.html",
        "plan:   p in /w/p, SHA-256 5e1f",
    ]
    saved = SAVED | {"page": "https://page", "stale": "the plan o is 90 s old", "summary": SUMMARY}
    assert places("/w/r", saved, "s3://b/r.json") == [
        "report: s3://b/r.json",
        "page:   https://page",
        "plan:   p in /w/p, SHA-256 5e1f",
        "valid:  until 2026-11-26, and while branch, variables and states stay as they are",
        "before: the plan o is 90 s old",
    ]


def test_what_the_next_job_gets() -> None:
    rows = [{"name": "s3", "result": "planned", "counts": counts(1, 0, 0, 0)}]
    data = stats(rows, "/w/r", SAVED, "done")
    assert data["site_builder_summary"] == "done"
    assert "site_builder_review" not in data
    assert (data["site_builder_plan"], data["site_builder_plan_sha256"]) == ("p", "5e1f")
    assert data["site_builder_counts"] == counts(1, 0, 0, 0)
    assert "site_builder_plan" not in stats(rows, "/w/r", {}, "")
    # A plan that was refused has no id, and a summary all the same.
    shown = stats(rows, "/w/r", {"folder": "/w/r", "summary": SUMMARY}, "x", "s3://b/r.json")
    assert "site_builder_plan" not in shown
    assert shown["site_builder_review"] == {
        **{key: SUMMARY[key] for key in ("data_loss", "first", "more", "expires")},
        "page": "/w/r/plan.html",
        "stale": "",
    }
    assert shown["site_builder_report_file"] == "s3://b/r.json"
    # Whoever takes them over in a workflow knows them.
    assert {*data, *shown} - {"site_builder_plan", "site_builder_plan_sha256"} == PUBLISHED


def test_a_warning_shows_no_secret() -> None:
    warning = {"address": "a.b", "summary": "Odd", "detail": "the value\n hunter22"}
    assert warning_text(warning, ["hunter22"]) == "a.b: Odd. the value (masked)"


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
    entry = stack_result("iam", result, [plan] if plan else [], [applied] if applied else [], "why")
    assert entry == {
        "name": "iam",
        "result": result,
        "counts": counts,
        "planned": plan.get("counts", NONE_DONE),
        "actions": plan.get("actions", []),
        "stateful": plan.get("stateful", []),
        "imported": plan.get("imported", []),
        "warnings": [],
        "reason": "why",
        **dict(zip(("started", "ended", "seconds"), span, strict=True)),
    }


def deployed(*sensitive: str, **outputs: object) -> dict:
    return {"deployed": True, "outputs": outputs, "sensitive": list(sensitive)}


def test_outputs_that_a_person_looks_for() -> None:
    states = {
        "api_gateway": deployed(
            apis={"agents": {"name": "agents-dev", "stage": "v1"}},
            endpoints={"agents": {"id": "x1", "url": "https://a", "execution_arn": "arn:e", "domain_target": None}},
        ),
        "iam": deployed(
            roles={"a": {"name": "role-a", "arn": "arn:a"}},
            details={"a": {"policies": {"Statement": []}, "unique_id": "I"}},
        ),
        "lambda": deployed("secret", layers={"common": "arn:l"}, secret={"a": {"name": "hidden"}}, count=3),
        "monitoring": deployed(
            alarms={f"alarm-{n}": "arn" for n in range(6)}, details={"topic_arn": "arn:t", "none": None}
        ),
        "s3": {"deployed": False, "outputs": {}, "sensitive": []},
    }
    assert outputs_lines(states) == [
        "api_gateway:",
        "  agents  https://a  agents-dev  arn:e",
        "iam:",
        "  a  role-a  arn:a",
        "lambda:",
        "  common  arn:l",
        "monitoring:",
        "  alarms     6, which -v lists",
        "  topic_arn  arn:t",
        "s3: not deployed",
    ]
    # At those of the embedded AWS nobody answers.
    assert outputs_lines(states, urls=False)[1] == "  agents  agents-dev  arn:e"
