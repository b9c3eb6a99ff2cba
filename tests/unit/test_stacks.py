"""Where a stack's inputs come from, and what the report says of it."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs, stack_result
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import tfvars_sha256, to_json

STACKS = {
    "s3": {"output": "buckets", "depends_on": []},
    "iam": {"output": "roles", "depends_on": ["s3"]},
    "lambda": {"output": "functions", "depends_on": ["s3", "iam"]},
}
OUTPUT = {"terraform_stack_outputs": {"buckets": "of this run", "details": "not wired"}}
DEFINED = {"s3_stack": {"expected": {"buckets": "as defined"}}}
OWN = {"s3_stack": {"expected": {"buckets": "as iam worked out"}}}
STATE = {"s3": {"deployed": True, "outputs": {"buckets": "of the state", "details": "not wired"}}}
EMPTY = {"s3": {"deployed": False, "outputs": {}}}


@pytest.mark.parametrize(
    ("hosts", "states", "source"),
    [
        ({"s3": {**OUTPUT, **DEFINED}, "iam": OWN}, STATE, "of this run"),
        ({"s3": DEFINED, "iam": OWN}, STATE, "as defined"),
        ({"s3": {}, "iam": OWN}, STATE, "of the state"),
        ({"iam": OWN}, STATE, "of the state"),
        ({"iam": OWN}, EMPTY, "as iam worked out"),
    ],
)
def test_source_of_an_input(hosts: dict, states: dict, source: str) -> None:
    assert stack_inputs("iam", STACKS, states, hosts) == {"buckets": source}


@pytest.mark.parametrize(
    ("hosts", "states"),
    [
        ({"iam": {}}, EMPTY),
        ({"iam": OWN}, {"s3": {"deployed": True, "outputs": {"details": 1}}}),
        ({"s3": {"terraform_stack_outputs": {}}, "iam": OWN}, STATE),
    ],
)
def test_unknown_input_is_refused(hosts: dict, states: dict) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        stack_inputs("iam", STACKS, states, hosts)
    assert str(refused.value) == "stack iam needs the output 'buckets' of s3, whose state has none: deploy s3 again."


def test_one_input_per_upstream_stack() -> None:
    hosts = {"s3": OUTPUT, "iam": {"iam_stack": {"expected": {"roles": {}}}}, "lambda": {}}
    assert stack_inputs("lambda", STACKS, {}, hosts) == {"buckets": "of this run", "roles": {}}
    assert stack_inputs("s3", STACKS, {}, hosts) == {}


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


def test_equal_data_are_equal_bytes() -> None:
    assert to_json({"b": 1, "a": {"d": None, "c": [2]}}) == (
        '{\n  "a": {\n    "c": [\n      2\n    ],\n    "d": null\n  },\n  "b": 1\n}\n'
    )
    assert tfvars_sha256({"a": 1, "b": 2}) == tfvars_sha256({"b": 2, "a": 1})
    assert tfvars_sha256({"a": [1, 2]}) != tfvars_sha256({"a": [2, 1]})
