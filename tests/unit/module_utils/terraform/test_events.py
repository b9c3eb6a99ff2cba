"""What Terraform 1.11.4 really printed (recorded/, made with terraform_data alone), and what a run makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.report import plan_text
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import (
    STATEFUL_TYPES,
    added,
    apply_summary,
    events,
    forbidden,
    outdated_deployments,
    plan_summary,
)

RECORDED = Path(__file__).parent / "recorded"
NOTHING = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def counts(*numbers: int) -> dict[str, int]:
    return dict(zip(NOTHING, numbers, strict=True))


def planned_change(resource_type: str, action: str) -> str:
    resource = {"addr": f"{resource_type}.this", "resource_type": resource_type}
    change = {"resource": resource, "action": action}
    return json.dumps({"@level": "info", "type": "planned_change", "change": change}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("name", "expected", "has_changes", "text"),
    [
        ("plan_mixed", counts(1, 1, 2, 1), True, "1 to create, 1 to update, 2 to replace, 1 to delete"),
        ("plan_move_only", NOTHING, True, "state or outputs only"),
        ("plan_output_only", NOTHING, True, "state or outputs only"),
        ("plan_noop", NOTHING, False, "no changes"),
        ("plan_destroy", counts(0, 0, 0, 5), True, "5 to delete"),
    ],
)
def test_plan(name: str, expected: dict, has_changes: bool, text: str) -> None:
    plan = plan_summary(recorded(f"{name}.jsonl"))
    assert plan["counts"] == expected
    assert plan["has_changes"] is has_changes
    assert plan_text(plan) == text


def test_plan_names_each_action_once() -> None:
    actions = {
        a["address"].partition(".")[2]: a["action"] for a in plan_summary(recorded("plan_mixed.jsonl"))["actions"]
    }
    assert actions == {
        "added": "create",
        "forgotten": "remove",
        "gone": "delete",
        "kept": "update",
        "new_name": "move",
        "replaced": "replace",
        "replaced_create_first": "replace",
    }


def test_times_are_those_of_the_lines() -> None:
    text = recorded("apply_mixed.jsonl")
    times = [json.loads(line)["@timestamp"] for line in text.splitlines()]
    summary = apply_summary(text)
    assert (summary["started"], summary["ended"]) == (times[0], times[-1])
    assert 0 < summary["seconds"] < 60


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # A replacement is a delete and a create, in either order.
        ("apply_mixed", counts(1, 1, 2, 1)),
        # "fails" was announced and not finished.
        ("apply_failed", counts(1, 0, 0, 1)),
        ("lock", NOTHING),
    ],
)
def test_apply_counts_what_was_finished(name: str, expected: dict) -> None:
    assert apply_summary(recorded(f"{name}.jsonl"))["counts"] == expected


@pytest.mark.parametrize("text", [None, "", "Terraform will perform\n{}"])
def test_without_lines(text: str | None) -> None:
    nothing = {"counts": NOTHING, "halfway": [], "started": None, "ended": None, "seconds": 0.0}
    assert apply_summary(text) == nothing
    with pytest.raises(ValueError, match="not the output of `terraform plan -json`"):
        plan_summary(text)


def test_other_text_among_the_lines_is_passed_over() -> None:
    text = 'Warning: x\nSTDOUT: {"@level":"info","type":"a"}\n{"@level":"info", cut off\n  {"@level":"info","type":"b"}'
    assert [event["type"] for event in events(text)] == ["a", "b"]


@pytest.mark.parametrize("resource_type", sorted(STATEFUL_TYPES))
@pytest.mark.parametrize(
    ("action", "lost"), [("delete", True), ("replace", True), ("update", False), ("create", False)]
)
def test_stateful(resource_type: str, action: str, lost: bool) -> None:
    stateful = plan_summary(planned_change(resource_type, action))["stateful"]
    assert stateful == ([f"{resource_type}.this"] if lost else [])


def test_other_types_hold_no_data() -> None:
    assert plan_summary(planned_change("aws_iam_role", "delete"))["stateful"] == []


@pytest.mark.parametrize(
    ("allowed", "left"),
    [
        ([], ["a.x", 'm["k"].b.y']),
        (["a.x"], ['m["k"].b.y']),
        (["s3:a.x", 's3:m["k"].b.y'], []),
        (["iam:a.x", "a", "a.x.y", "b.y"], ["a.x", 'm["k"].b.y']),
    ],
)
def test_forbidden(allowed: list[str], left: list[str]) -> None:
    assert forbidden({"stateful": ["a.x", 'm["k"].b.y']}, allowed, "s3") == left


def test_deployments_that_a_plan_leaves_outdated() -> None:
    def action(address: str, what: str) -> dict[str, str]:
        return {"address": address, "type": address.rpartition(".")[0].rpartition(".")[2], "action": what}

    actions = [
        action('module.api["a"].aws_api_gateway_method.this["GET /x"]', "delete"),
        action('module.api["a"].aws_api_gateway_resource.depth_1["x"]', "delete"),
        action('module.api["b"].aws_api_gateway_integration.this["GET /y"]', "replace"),
        action('module.api["c"].aws_api_gateway_method.this["GET /z"]', "create"),
        action('module.api["d"].aws_api_gateway_method.this["GET /z"]', "update"),
        action('module.api["e"].aws_api_gateway_method_settings.this', "delete"),
        action('module.api["e"].aws_api_gateway_deployment.this', "replace"),
    ]
    outdated = ['module.api["a"].aws_api_gateway_deployment.this', 'module.api["b"].aws_api_gateway_deployment.this']
    assert outdated_deployments({"actions": actions}) == outdated


def test_several_applies_are_one() -> None:
    first, second = apply_summary(recorded("apply_mixed.jsonl")), apply_summary(recorded("apply_failed.jsonl"))
    both = added([first, second])
    assert both["counts"] == counts(2, 1, 2, 2)
    assert (both["started"], both["ended"]) == (first["started"], second["ended"])
    assert both["seconds"] == pytest.approx(first["seconds"] + second["seconds"])


def test_a_warning_is_kept() -> None:
    """Shaped as the lines of a failed `check` block; `terraform show` does not have it."""
    diagnostic = {
        "severity": "warning",
        "summary": "Check block assertion failed",
        "detail": "no cache",
        "address": "x.y",
    }
    line = json.dumps({"@level": "warn", "type": "diagnostic", "diagnostic": diagnostic}, separators=(",", ":"))
    assert plan_summary(line)["warnings"] == [
        {"address": "x.y", "summary": "Check block assertion failed", "detail": "no cache"}
    ]
    assert plan_summary(recorded("plan_noop.jsonl"))["warnings"] == []


def test_what_is_completed_where_its_creation_failed() -> None:
    def errored(resource_type: str, action: str) -> str:
        hook = {"resource": {"addr": f"{resource_type}.this", "resource_type": resource_type}, "action": action}
        return json.dumps({"@level": "error", "type": "apply_errored", "hook": hook}, separators=(",", ":"))

    lines = [
        errored("aws_dynamodb_table", "create"),
        errored("aws_s3_bucket", "update"),
        errored("aws_iam_role", "create"),
        errored("aws_lambda_function", "create"),
        errored("aws_cloudwatch_log_group", "create"),
    ]
    halfway = ["aws_dynamodb_table.this", "aws_cloudwatch_log_group.this"]
    assert apply_summary("\n".join(lines))["halfway"] == halfway
    # terraform_data holds no data of ours; the line is Terraform's own.
    assert apply_summary(recorded("apply_failed.jsonl"))["halfway"] == []
