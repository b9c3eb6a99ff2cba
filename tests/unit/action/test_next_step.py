"""What Terraform's module has returned becomes an event: what is not known is not taken for nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.action.next_step import ActionModule

RECORDED = Path(__file__).parents[1] / "module_utils/terraform/recorded"
HELD = {"tables": {"orders": {"name": "orders-dev"}}}
LINE = '{"@level":"info","type":"version"}'
STEP = {"inputs_sha256": "1", "imports": {}, "look": False, "replace": [], "refresh": True, "half": False}
WORKDIR = {"tfvars_sha256": "t", "source_sha256": "s"}


def action(mode: str = "deploy") -> ActionModule:
    """With what run() takes from Ansible, before anything has happened."""
    made = ActionModule.__new__(ActionModule)
    made._mode, made._outputs = mode, {}
    made._states = {"dynamodb": {"outputs": HELD}}
    made._defined = {"stacks": {"dynamodb": {"sensitive": [], "output": "tables"}}}
    return made


def made(**returned: Any) -> dict[str, Any]:
    return {"terraform_stack_planned": returned, "terraform_stack_workdir": WORKDIR}


@pytest.mark.parametrize(
    ("outputs", "known"),
    [
        ({"tables": {"value": {"orders": {"name": "new"}}}}, {"tables": {"orders": {"name": "new"}}}),
        # `terraform output` has failed, of which its module only warns: the state has them.
        ({}, HELD),
    ],
)
def test_an_unchanged_stack_has_outputs_all_the_same(outputs: dict[str, Any], known: dict[str, Any]) -> None:
    one = action()
    event = one._after_plan("dynamodb", STEP, made(outputs=outputs, stdout=LINE))
    assert (event["event"], event["has_changes"]) == ("planned", False)
    assert one._outputs == {"dynamodb": known}


def test_a_plan_without_outputs_has_failed() -> None:
    event = action()._after_plan(
        "dynamodb", STEP, made(failed=True, msg=f"Terraform plan could not be created\nSTDOUT: {LINE}")
    )
    assert (event["event"], event["do"], event["again"]) == ("failed", "plan", None)


def test_a_plan_that_met_a_lock_that_has_gone_may_be_tried_again() -> None:
    lock = (RECORDED / "lock_gone.jsonl").read_text()
    event = action()._after_plan("dynamodb", STEP, made(failed=True, msg=lock))
    assert event["again"] == {key: STEP[key] for key in ("imports", "replace", "refresh", "look")}


@pytest.mark.parametrize(("mode", "verdict"), [("deploy", "failed"), ("apply", "failed"), ("destroy", "done")])
def test_an_apply_whose_outputs_cannot_be_read_is_no_success(mode: str, verdict: str) -> None:
    """Stacks that need them would be planned with nothing; after a destruction there are none."""
    event = action(mode)._after_apply("dynamodb", {}, {"terraform_stack_applied": {"outputs": {}, "stdout": LINE}})
    assert event["verdict"] == verdict
    assert ("terraform output says nothing" in event["reason"]) is (verdict == "failed")


def test_what_was_created_before_a_failure_is_kept() -> None:
    hook = {"resource": {"addr": "a.b", "resource_type": "a"}, "action": "create"}
    done = json.dumps({"@level": "info", "type": "apply_complete", "hook": hook})
    event = action()._after_apply(
        "dynamodb", {}, {"terraform_stack_applied": {"rc": 1, "stdout": done, "msg": "Error: no"}}
    )
    assert (event["verdict"], event["counts"]["created"], event["reason"]) == ("failed", 1, "no")
