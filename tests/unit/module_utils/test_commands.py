"""Commands that a person can paste."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import engine
from ansible_collections.bbws.site_builder.plugins.module_utils.commands import after, command, told, way_out

CLI = {"args": ("playbooks/deploy.yml",), "inventory": (str(Path.cwd() / "inventories/dev"),), "subset": None}
BASE = "ansible-playbook playbooks/deploy.yml -i inventories/dev"


def given(*extra_vars: str, **more: object) -> dict:
    return {**CLI, "extra_vars": extra_vars, **more}


def test_the_same_again() -> None:
    assert command(given()) == BASE
    assert command(given(subset="s3,iam")) == f"{BASE} --limit s3,iam"
    assert (
        command(given("site_builder_target=local", "@more.yml")) == f"{BASE} -e site_builder_target=local -e @more.yml"
    )


def test_another_playbook_is_named_as_the_first_was() -> None:
    assert command(given(), "plan").startswith("ansible-playbook playbooks/plan.yml ")
    assert command(given(args=("bbws.site_builder.deploy",)), "plan").startswith(
        "ansible-playbook bbws.site_builder.plan "
    )
    # A switch of the one is none of the other.
    assert "allow" not in command(given('{"site_builder_allow_destroy": ["a.b"]}'), "plan")


def test_from_the_folder_above(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    said = command(given(args=(str(tmp_path / "deploy.yml"),)), "plan")
    assert said.split()[1] == str(tmp_path / "playbooks/plan.yml")


@pytest.mark.parametrize(
    "text", ["lambda_password=hunter22", '{"lambda_password": "hunter22"}', "{lambda_password: hunter22}"]
)
def test_no_secret_of_the_command_line_is_repeated(text: str) -> None:
    assert command(given(text)) == f"{BASE} -e lambda_password=..."


def test_a_list_that_was_allowed_stays_allowed() -> None:
    said = command(given('{"site_builder_allow_destroy": ["a.b"]}'), extra={"site_builder_allow_destroy": ["c.d"]})
    assert json.loads(shlex.split(said)[-1]) == {"site_builder_allow_destroy": ["a.b", "c.d"]}


TABLE = 'module.tables["generations"].aws_dynamodb_table.this'
PLAN = {"stateful": [TABLE], "actions": [{"address": TABLE, "action": "delete", "type": "aws_dynamodb_table"}]}


def sentences(stack: engine.Stack) -> Iterable[str]:
    return engine.gates(stack, PLAN, [], [])


def test_what_the_gates_ask_for() -> None:
    """The sentences are the engine's own, so that a new wording is noticed here."""
    problems = list(sentences(engine.Stack("dynamodb", "deploy"))) + list(sentences(engine.Stack("s3", "deploy")))
    words = shlex.split(way_out(problems, given()))
    assert words[:4] == shlex.split(BASE)
    assert json.loads(words[-1]) == {"site_builder_allow_destroy": [TABLE]}
    protected = list(sentences(engine.Stack("dynamodb", "deploy", protected=[TABLE], allow_destroy=[TABLE])))
    assert way_out(protected, given()) == f"{BASE} --limit dynamodb -e site_builder_lift_protection=true"


def test_what_is_half_made_is_mended_first() -> None:
    anew = {**PLAN, "actions": [{**PLAN["actions"][0], "action": "replace"}]}
    tainted = list(engine.gates(engine.Stack("dynamodb", "plan", tainted=[TABLE]), anew, [], []))
    assert way_out(tainted, given()) == "ansible-playbook playbooks/untaint.yml -i inventories/dev --limit dynamodb"


def test_a_replica_out_of_reach_is_forgotten_first() -> None:
    bucket = 'module.buckets["a"].aws_s3_bucket.replica[0]'
    one = engine.Stack("s3", "plan", stranded={bucket: {"region": "eu-west-1", "addresses": [bucket]}})
    reason = engine.next_step(one, [], engine.Around())["result"]["reason"]
    assert way_out([reason], given()) == "ansible-playbook playbooks/forget_replicas.yml -i inventories/dev --limit s3"


RULES = {
    "environment": "dev",
    "production": False,
    "confirm_destroy": "",
    "destroy_prod": False,
    "require_plan": True,
}


def refusals(mode: str, **state: object) -> list[str]:
    run = engine.Run(stacks={"s3": engine.Stack("s3", mode)}, order=["s3"], first={"s3": []})
    states = {"s3": {"protected": [], "filled": [], "deployed": True, **state}, "iam": {"deployed": False}}
    depends_on = ["iam"] if mode == "apply" else []
    return list(engine.refusals(run, RULES, {"s3": {"depends_on": depends_on}}, states))


def test_what_the_refusals_ask_for() -> None:
    assert way_out(refusals("destroy"), given()) == f"{BASE} -e site_builder_confirm_destroy=dev"
    filled = refusals("destroy", filled=["sites-dev"])
    assert way_out(filled, given()) == (
        f"{BASE} -e site_builder_confirm_destroy=dev -e site_builder_empty_buckets=true"
    )
    assert way_out(refusals("deploy"), given()) == "ansible-playbook playbooks/plan.yml -i inventories/dev"
    assert way_out(refusals("apply"), given(subset="s3")) == f"{BASE} --limit s3,iam"


def test_a_command_that_loses_data_says_so() -> None:
    assert told("") == []
    assert told(way_out(refusals("destroy"), given()))[0] == "the command for that:"
    assert told(way_out(refusals("destroy", filled=["sites-dev"]), given()))[0].endswith("which deletes data:")


def test_no_command_where_the_fix_is_none() -> None:
    assert way_out(["site_builder_region is 'nowhere'; correct it"], given()) == ""


ROW = {"result": "succeeded", "reason": ""}


def test_what_comes_after() -> None:
    saved = {"plan_id": "p", "sha256": "5e1f"}
    assert after("plan", [ROW], saved, given()) == [
        "next:   ansible-playbook playbooks/apply.yml -i inventories/dev -e site_builder_plan=p -e site_builder_plan_sha256=5e1f"
    ]
    assert after("plan", [{**ROW, "result": "unchanged"}], saved, given()) == []
    assert after("plan", [ROW], {}, given()) == []
    assert after("deploy", [ROW], {}, given()) == ["next:   ansible-playbook playbooks/outputs.yml -i inventories/dev"]
    assert after("deploy", [{**ROW, "result": "unchanged"}], {}, given()) == []
    assert after("deploy", [ROW], {}, given(), "serve") == [
        "next:   ansible-playbook playbooks/serve.yml -i inventories/dev"
    ]
    assert after("deploy", [{**ROW, "result": "planned"}], {}, given()) == [f"next:   {BASE}"]
    assert after("drift", [{**ROW, "result": "drifted"}], {}, given())[0].startswith(
        "next:   ansible-playbook playbooks/plan"
    )
    assert after("destroy", [ROW], {}, given()) == []
    failed = {"result": "failed", "reason": refusals("destroy")[0]}
    assert after("destroy", [failed], {}, given()) == [
        "the command for that:",
        f"  {BASE} -e site_builder_confirm_destroy=dev",
    ]
    assert after("deploy", [{**ROW, "result": "failed"}], {}, given()) == []
