"""What a run says of itself."""

from __future__ import annotations

from ansible_collections.bbws.site_builder.plugins.module_utils.report import places, run_table, stats, warning_text

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
        "",
        "iam: apply: denied",
    ]
    assert run_table([]) == ["stack  result  created  updated  replaced  deleted  seconds"]


SAVED = {"plan_id": "p", "folder": "/w/p", "path": "/w/p", "sha256": "5e1f", "manifest": {}}


def test_where_to_read_on() -> None:
    assert places("/w/r", {}) == ["report: /w/r/report.json"]
    assert places("/w/r", SAVED) == [
        "report: /w/r/report.json",
        "page:   /w/p/plan.html",
        "plan:   p in /w/p, SHA-256 5e1f",
    ]


def test_what_the_next_job_gets() -> None:
    rows = [{"name": "s3", "result": "planned", "counts": counts(1, 0, 0, 0)}]
    data = stats(rows, "/w/r", SAVED)
    assert (data["site_builder_plan"], data["site_builder_plan_sha256"]) == ("p", "5e1f")
    assert data["site_builder_counts"] == counts(1, 0, 0, 0)
    assert "site_builder_plan" not in stats(rows, "/w/r", {})


def test_a_warning_shows_no_secret() -> None:
    warning = {"address": "a.b", "summary": "Odd", "detail": "the value\n hunter22"}
    assert warning_text(warning, ["hunter22"]) == "a.b: Odd. the value (masked)"
