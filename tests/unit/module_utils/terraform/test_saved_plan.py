"""What a saved plan may be trusted with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import (
    plan_facts,
    unreviewed,
    untrusted,
    variables_sha256,
)


def test_what_follows_a_saved_plan_and_was_not_reviewed() -> None:
    def of(api: str, resource: str) -> dict[str, str]:
        return {"address": f'module.apis["{api}"].{resource}', "type": resource.partition(".")[0], "action": "update"}

    reviewed = [
        of("a", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_method.this["GET /gone"]'),
        of("a", "aws_api_gateway_usage_plan.this[0]"),
    ]
    follows = [
        of("a", "aws_api_gateway_deployment.this"),
        of("a", "aws_api_gateway_stage.this"),
        of("a", "aws_api_gateway_usage_plan.this[0]"),
        of("a", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_integration_response.this["GET /x/{} 200"]'),
    ]
    more = [
        of("b", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_integration.options["/x/{}"]'),
        of("a", 'aws_api_gateway_integration.this["GET /x/{}/y"]'),
        of("a", "aws_api_gateway_method_settings.this"),
        of("a", "aws_api_gateway_rest_api.this"),
    ]
    assert unreviewed({"actions": follows}, reviewed) == []
    assert unreviewed({"actions": [*follows, *more]}, reviewed) == [action["address"] for action in more]


TABLE = 'module.tables["jobs"].aws_dynamodb_table.this'


def shown(*changes: tuple[str, list[str]], **more: Any) -> dict[str, Any]:
    """`terraform show -json` of a plan, as much of it as is read."""
    return {
        "resource_changes": [
            {
                "address": address,
                "type": re.sub(r'\["[^"]*"\]', "", address).split(".")[-2],
                "change": {"actions": actions, "before": {}, "after": {}},
            }
            for address, actions in changes
        ],
        "variables": {"tables": {"value": {"jobs": {"size": 1}}}, "level": {"value": 0.5}},
        "configuration": {"root_module": {"variables": {"tables": {}, "level": {"default": 0.5}}}},
        **more,
    }


SHOWN = shown(
    (TABLE, ["delete", "create"]), ("aws_s3_bucket.a", ["update"]), ("data.aws_x.b", ["read"]), ("aws_y.c", ["no-op"])
)
TFVARS = {"tables": {"jobs": {"size": 1}}}


class TestFacts:
    def test_what_happens(self) -> None:
        facts = plan_facts(SHOWN)
        assert facts["actions"] == [
            {"address": TABLE, "type": "aws_dynamodb_table", "action": "replace"},
            {"address": "aws_s3_bucket.a", "type": "aws_s3_bucket", "action": "update"},
        ]
        assert facts["counts"] == {"created": 0, "updated": 1, "replaced": 1, "deleted": 0}
        assert (facts["stateful"], facts["has_changes"], facts["provisioners"]) == ([TABLE], True, [])

    @pytest.mark.parametrize(("actions", "has_changes"), [(["no-op"], False), (["create"], True)])
    def test_outputs_are_changes(self, actions: list[str], has_changes: bool) -> None:
        assert plan_facts({"output_changes": {"o": {"actions": actions}}})["has_changes"] is has_changes

    def test_what_is_moved_and_what_is_taken_over(self) -> None:
        plan = shown(("aws_x.a", ["no-op"]), ("aws_x.b", ["no-op"]))
        plan["resource_changes"][0]["previous_address"] = "aws_x.old"
        plan["resource_changes"][1]["change"]["importing"] = {"id": "i"}
        assert [action["action"] for action in plan_facts(plan)["actions"]] == ["move", "import"]

    def test_programs_at_any_depth(self) -> None:
        program = {"resources": [{"address": "terraform_data.x", "provisioners": [{"type": "local-exec"}]}]}
        calls = {"a": {"module": {"module_calls": {"b": {"module": program}}}}}
        assert plan_facts({"configuration": {"root_module": {"module_calls": calls}}})["provisioners"] == [
            {"address": "module.a.module.b.terraform_data.x", "type": "local-exec"}
        ]

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ({"a": 1}, {"a": 1.0}, True),
            ({"a": "e\u0301"}, {"a": "é"}, True),
            ({"a": [True]}, {"a": [1]}, False),
            ({"a": "1"}, {"a": 1}, False),
            ({"a": None}, {}, False),
            ({"a": 1, "d": {"x": 5}}, {"a": 1}, True),
            ({"a": 1, "d": {"x": 6}}, {"a": 1}, False),
        ],
    )
    def test_variables_that_are_the_same_for_terraform(self, one: dict, other: dict, same: bool) -> None:
        assert (variables_sha256(one, {"d": {"x": 5.0}}) == variables_sha256(other, {"d": {"x": 5.0}})) is same


class TestUntrusted:
    """Each is a way to have somebody else's plan applied."""

    @staticmethod
    def said(manifest: dict[str, Any] | None = None, plan: dict[str, Any] = SHOWN, **more: Any) -> list[str]:
        entry = {"plan": {**plan_facts(SHOWN), **(manifest or {})}}
        facts = {**plan_facts(plan), "foreign": [], "serial": 3, "lineage": "l", **more.pop("facts", {})}
        expected = {"stack": "dynamodb", "tfvars": TFVARS, "serial": 3, "lineage": "l", **more}
        found = untrusted(entry, facts, expected)
        assert all(
            sentence.endswith(": run playbooks/plan.yml again, and have that plan reviewed") for sentence in found
        )
        return [sentence.rpartition(": ")[0] for sentence in found]

    def test_what_is_as_it_was_saved(self) -> None:
        assert self.said() == []
        turned = {**SHOWN, "resource_changes": SHOWN["resource_changes"][::-1]}
        assert self.said(plan=turned) == []

    def test_a_manifest_that_hides_what_is_lost(self) -> None:
        (sentence,) = self.said({"stateful": []})
        assert (
            sentence
            == f"the plan file of dynamodb does not do what the manifest says (stateful: {TABLE} in fact, nothing there)"
        )

    @pytest.mark.parametrize(
        ("manifest", "told"),
        [
            ({"actions": []}, f"actions: replace {TABLE}, update aws_s3_bucket.a in fact, nothing there"),
            ({"counts": {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}}, "counts: "),
            ({"has_changes": False}, "has_changes: False there, True in fact"),
        ],
    )
    def test_a_manifest_that_says_something_else(self, manifest: dict[str, Any], told: str) -> None:
        (sentence,) = self.said(manifest)
        assert told in sentence

    def test_a_plan_file_that_runs_a_program(self) -> None:
        program = {"address": "terraform_data.x", "provisioners": [{"type": "local-exec", "expressions": {}}]}
        root = {**SHOWN["configuration"]["root_module"], "resources": [program]}
        (sentence,) = self.said(plan={**SHOWN, "configuration": {"root_module": root}})
        assert (
            sentence == "the plan file of dynamodb would run programs on this machine (terraform_data.x by local-exec)"
        )

    def test_the_plan_file_of_another_stack(self) -> None:
        other = shown(("aws_iam_role.a", ["create"]), variables={"roles": {"value": {}}})
        facts = {"foreign": ["main.tf of the root module", "the backend"], "serial": 9, "lineage": "m"}
        actions, foreign, variables, state = self.said(plan=other, facts=facts)
        assert f"create aws_iam_role.a in fact, replace {TABLE}, update aws_s3_bucket.a there" in actions
        assert "was not made from what is here (it differs in main.tf of the root module, the backend)" in foreign
        assert "was made with other variables than those that are defined here" in variables
        assert "was made from another state (serial 9 there, 3 here)" in state

    def test_changed_variables(self) -> None:
        secret = {**SHOWN, "variables": {"tables": {"value": {"jobs": {"size": 2, "password": "correct-horse"}}}}}
        (sentence,) = self.said(plan=secret)
        assert sentence == "the plan file of dynamodb was made with other variables than those that are defined here"
        assert self.said(tfvars={**TFVARS, "more": 1}) == [sentence]

    def test_a_stack_that_is_not_deployed(self) -> None:
        assert self.said(facts={"serial": 0, "lineage": ""}, serial=None, lineage=None) == []
        assert self.said(serial=None, lineage=None) == [
            "the plan file of dynamodb was made from another state (serial 3 there, 0 here)"
        ]
