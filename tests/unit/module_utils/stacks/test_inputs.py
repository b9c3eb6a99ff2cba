"""Where a stack's inputs come from."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs

STACKS = {
    "s3": {"output": "buckets", "depends_on": []},
    "iam": {"output": "roles", "depends_on": ["s3"]},
    "lambda": {"output": "functions", "depends_on": ["s3", "iam"]},
}
OUTPUT = {"s3": {"buckets": "of this run", "details": "not wired"}}
PREDICTED = {"s3": {"buckets": "as defined"}, "iam": {"roles": {}}}
DEPLOYED = {"s3": {"deployed": True, "outputs": {"buckets": "of the state", "details": "not wired"}}}
EMPTY = {"s3": {"deployed": False, "outputs": {}}}


@pytest.mark.parametrize(
    ("states", "outputs", "in_run", "source"),
    [
        (DEPLOYED, OUTPUT, ["s3", "iam"], "of this run"),
        (EMPTY, OUTPUT, ["s3", "iam"], "of this run"),
        (DEPLOYED, {}, ["s3", "iam"], "as defined"),
        (EMPTY, {}, ["s3", "iam"], "as defined"),
        (DEPLOYED, {}, ["iam"], "of the state"),
        (EMPTY, {}, ["iam"], "as defined"),
    ],
)
def test_source_of_an_input(states: dict, outputs: dict, in_run: list[str], source: str) -> None:
    assert stack_inputs("iam", STACKS, states, outputs, PREDICTED, in_run) == {"buckets": source}


@pytest.mark.parametrize(
    ("states", "outputs", "predicted"),
    [
        (EMPTY, {}, {}),
        ({"s3": {"deployed": True, "outputs": {"details": 1}}}, {}, PREDICTED),
        (DEPLOYED, {"s3": {}}, PREDICTED),
    ],
)
def test_unknown_input_is_refused(states: dict, outputs: dict, predicted: dict) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        stack_inputs("iam", STACKS, states, outputs, predicted, ["iam"])
    assert str(refused.value) == "stack iam needs the output 'buckets' of s3, whose state has none; deploy s3 again"


def test_all_unknown_inputs_are_told() -> None:
    with pytest.raises(SiteBuilderError) as refused:
        stack_inputs("lambda", STACKS, {**EMPTY, "iam": EMPTY["s3"]}, {}, {}, ["lambda"])
    assert [problem.split(" of ")[1].split(",")[0] for problem in refused.value.problems] == ["s3", "iam"]


def test_one_input_per_upstream_stack() -> None:
    assert stack_inputs("lambda", STACKS, {}, OUTPUT, PREDICTED, STACKS) == {"buckets": "of this run", "roles": {}}
    assert stack_inputs("s3", STACKS, {}, {}, {}, []) == {}
