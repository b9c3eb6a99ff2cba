"""What is told of a plan, and what must not be. The dicts are cut from what Terraform 1.11 prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.changes import plan_details, taken_back
from ansible_collections.bbws.site_builder.plugins.modules import plan_details as module

SECRET = "correct-horse-battery"


def entry(
    before: Any, after: Any, actions: tuple[str, ...] = ("update",), kind: str = "aws_thing", **more: Any
) -> dict[str, Any]:
    """One of resource_changes or resource_drift; what starts with change_ goes into its change."""
    change = {name.removeprefix("change_"): more.pop(name) for name in list(more) if name.startswith("change_")}
    return {
        "address": f"module.a.{kind}.this",
        "module_address": "module.a",
        "mode": "managed",
        "type": kind,
        "name": "this",
        "change": {
            "actions": list(actions),
            "before": before,
            "after": after,
            "after_unknown": {},
            "before_sensitive": {} if before else False,
            "after_sensitive": {} if after else False,
            **change,
        },
        **more,
    }


def only(*entries: dict[str, Any], **plan: Any) -> dict[str, Any]:
    return plan_details({"resource_changes": list(entries), **plan})["resources"][0]


def changes(
    before: Any, after: Any, actions: tuple[str, ...] = ("update",), kind: str = "aws_thing", **more: Any
) -> dict[str, tuple]:
    """{path: (before, after)} of one resource."""
    told = only(entry(before, after, actions, kind, **more))["changes"]
    return {change["path"]: (change["before"], change["after"]) for change in told}


@pytest.mark.parametrize(
    ("actions", "more", "action"),
    [
        (["create"], {}, "create"),
        (["update"], {}, "update"),
        (["delete"], {}, "delete"),
        (["delete", "create"], {}, "replace"),
        (["create", "delete"], {}, "replace"),
        (["read"], {}, "read"),
        (["forget"], {}, "remove"),
        (["no-op"], {"change_importing": {"id": "x"}}, "import"),
        (["no-op"], {"previous_address": "aws_thing.that"}, "move"),
        (["update"], {"change_importing": {"id": "x"}}, "update"),
        (["create", "forget"], {}, "create+forget"),
    ],
)
def test_actions(actions: list[str], more: dict[str, Any], action: str) -> None:
    told = only(entry({"a": 1}, {"a": 2}, tuple(actions), **more))
    assert (told["address"], told["module"], told["type"], told["action"]) == (
        "module.a.aws_thing.this",
        "module.a",
        "aws_thing",
        action,
    )


def test_what_stays_as_it_is_is_left_out() -> None:
    assert plan_details({"resource_changes": [entry({"a": 1}, {"a": 1}, ("no-op",))]}) == {
        "resources": [],
        "drift": [],
        "outputs": [],
    }
    assert plan_details({}) == {"resources": [], "drift": [], "outputs": []}


@pytest.mark.parametrize(
    ("actions", "more", "reason"),
    [
        (
            ["delete", "create"],
            {"action_reason": "replace_because_cannot_update"},
            "it cannot be changed in place; the old one is deleted first",
        ),
        (
            ["create", "delete"],
            {"action_reason": "replace_because_tainted"},
            "an earlier apply has left it unfinished; the new one is created first",
        ),
        (["delete"], {"action_reason": "delete_because_each_key"}, "its key is no longer in the definition"),
        (["update"], {"change_importing": {"id": "AB12"}}, "AWS has it already, as AB12"),
        (["update"], {"change_importing": {"unknown": True}}, "AWS has it already, as (known after apply)"),
        (["no-op"], {"previous_address": "aws_thing.that"}, "it was aws_thing.that"),
        (["delete"], {"deposed": "c0ffee"}, "a replacement has left it over (c0ffee)"),
        (["update"], {}, ""),
        (["update"], {"action_reason": "because_of_something_new"}, ""),
    ],
)
def test_reasons(actions: list[str], more: dict[str, Any], reason: str) -> None:
    assert only(entry({"a": 1}, {"a": 2}, tuple(actions), **more))["reason"] == reason


class TestDifferences:
    def test_only_what_differs_as_deep_as_both_have_it(self) -> None:
        before = {"a": 1, "same": [1], "tags": {"A": "x", "B": "y"}, "block": [{"size": 1, "kind": "k"}]}
        after = {"a": 2, "same": [1], "tags": {"A": "z", "B": "y", "C": "new"}, "block": [{"size": 2, "kind": "k"}]}
        assert changes(before, after) == {
            "a": (1, 2),
            "block[0].size": (1, 2),
            "tags.A": ("x", "z"),
            "tags.C": (None, "new"),
        }

    def test_a_created_resource_has_all_that_it_has(self) -> None:
        after = {
            "name": "n",
            "count": 0,
            "on": False,
            "none": None,
            "empty": [],
            "text": "",
            "rule": [{"id": "r", "filter": []}],
        }
        unknown = {"arn": True, "rule": [{}], "tags": {}}
        assert changes(None, after, ("create",), change_after_unknown=unknown) == {
            "arn": (None, "(known after apply)"),
            "count": (None, 0),
            "name": (None, "n"),
            "on": (None, False),
            "rule": (None, [{"id": "r"}]),
        }

    def test_a_deleted_resource_has_what_goes(self) -> None:
        assert changes({"name": "n", "none": None}, None, ("delete",)) == {"name": ("n", None)}

    def test_unknown_inside(self) -> None:
        told = changes(
            {"set": [{"name": "a", "v": 1}], "m": {"k": "old"}, "list": ["x", "y"]},
            {"set": [{"name": "a"}], "m": {}, "list": ["x", None]},
            change_after_unknown={"set": [{"v": True}], "m": {"k": True}, "list": [False, True]},
        )
        assert told == {
            "list": (["x", "y"], ["x", "(known after apply)"]),
            "m.k": ("old", "(known after apply)"),
            "set[name=a].v": (1, "(known after apply)"),
        }

    def test_a_read_has_none(self) -> None:
        assert changes({"a": 1}, {"a": 2}, ("read",)) == {}

    def test_elements_are_known_by_their_name_wherever_they_are(self) -> None:
        before = {"attribute": [{"name": "a", "type": "S"}, {"name": "b", "type": "S"}]}
        after = {"attribute": [{"name": "b", "type": "N"}, {"name": "c", "type": "S"}, {"name": "a", "type": "S"}]}
        assert changes(before, after) == {
            "attribute[name=b].type": ("S", "N"),
            "attribute[name=c]": (None, {"name": "c", "type": "S"}),
        }

    def test_elements_without_name(self) -> None:
        before = {"rule": [{"v": 1}, {"v": 2}, {"v": 3}]}
        assert changes(before, {"rule": [{"v": 0}, {"v": 1}, {"v": 3}]}) == {"rule[0].v": (2, 0)}
        assert changes(before, {"rule": [{"v": 1}, {"v": 3}]}) == {"rule[1]": ({"v": 2}, None)}
        assert changes(before, {"rule": [{"v": 1}, {"v": 2}, {"v": 3}, {"v": 4}]}) == {"rule[3]": (None, {"v": 4})}
        assert changes(before, {"rule": [{"v": 3}, {"v": 2}, {"v": 1}]}) == {
            "rule": (before["rule"], before["rule"][::-1])
        }

    def test_a_name_given_twice_tells_nothing_apart(self) -> None:
        twice = [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
        assert changes({"l": twice}, {"l": [{"name": "a", "v": 1}, {"name": "a", "v": 3}]}) == {"l[1].v": (2, 3)}

    def test_what_forces_a_replacement(self) -> None:
        told = only(
            entry(
                {"hash_key": "a", "rule": [{"x": 1}, {"x": 2}], "other": 1, "deep": [{"name": "n", "v": 1, "w": 1}]},
                {"hash_key": "b", "rule": [{"x": 1}, {"x": 3}], "other": 2, "deep": [{"name": "n", "v": 2, "w": 2}]},
                ("delete", "create"),
                change_replace_paths=[["hash_key"], ["rule"], ["deep", 0, "v"]],
            )
        )["changes"]
        forcing = {change["path"] for change in told if change["forces_replacement"]}
        assert forcing == {"hash_key", "rule[1].x", "deep[name=n].v"}
        assert {change["path"] for change in told} - forcing == {"other", "deep[name=n].w"}

    def test_tags_are_told_once(self) -> None:
        one, other = {"tags": {"A": "1"}, "tags_all": {"A": "1"}}, {"tags": {"A": "2"}, "tags_all": {"A": "2"}}
        assert changes(one, other) == {"tags.A": ("1", "2")}
        assert changes(one, {"tags": {"A": "1"}, "tags_all": {"A": "1", "B": "1"}}) == {"tags_all.B": (None, "1")}

    def test_paths_of_odd_keys(self) -> None:
        told = changes({"tags": {"k": "1"}}, {"tags": {"k": "1", "a.b": "1", 'q"': "2", "aws:c": "3"}})
        assert told.keys() == {'tags["a.b"]', 'tags["q\\""]', "tags.aws:c"}


class TestDocuments:
    @staticmethod
    def policy(**effects: str) -> str:
        return json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": effect} for sid, effect in effects.items()]}
        )

    def test_a_policy_says_which_statement_changed(self) -> None:
        assert changes(
            {"policy": self.policy(Read="Allow", Write="Deny")},
            {"policy": self.policy(Write="Allow", Read="Allow", New="Deny")},
        ) == {
            "policy.Statement[Sid=New]": (None, {"Sid": "New", "Effect": "Deny"}),
            "policy.Statement[Sid=Write].Effect": ("Deny", "Allow"),
        }

    def test_a_new_policy_is_shown_as_json(self) -> None:
        assert changes(None, {"policy": self.policy(Read="Allow")}, ("create",))["policy"] == (
            None,
            json.loads(self.policy(Read="Allow")),
        )

    def test_its_layout_is_no_difference(self) -> None:
        assert changes({"policy": '{"a": [1]}', "x": 1}, {"policy": '{ "a":[1] }', "x": 2}) == {"x": (1, 2)}

    @pytest.mark.parametrize(
        "text",
        ["{", "{not json}", "[" * 3000 + "]" * 3000, "[" * 3000, "]" * 3000 + "[", '{"a": ' * 100 + "1" + "}" * 100],
    )
    def test_what_is_no_json_is_text(self, text: str) -> None:
        (told,) = changes({"body": ""}, {"body": text}).values()
        assert told[1].startswith(text[:100])

    def test_numbers_that_json_does_not_have(self) -> None:
        assert changes({"body": "[NaN]"}, {"body": "[Infinity]"}) == {"body": (["NaN"], ["Infinity"])}


class TestMasking:
    @staticmethod
    def told(*entries: dict[str, Any], **plan: Any) -> str:
        return json.dumps(plan_details({"resource_changes": list(entries), "resource_drift": list(entries), **plan}))

    @pytest.mark.parametrize("side", ["before", "after"])
    def test_what_terraform_calls_sensitive(self, side: str) -> None:
        """On one side only: the other may hold the same."""
        sensitive = {f"change_{side}_sensitive": {"a": True, "deep": [{"b": True}], "map": True}}
        before = {"a": SECRET, "deep": [{"b": f"x{SECRET}", "c": 1}], "map": {"name-of-it": SECRET}, "id": 1}
        after = {"a": f"{SECRET}2", "deep": [{"b": SECRET, "c": 2}], "map": {"name-of-it": "y"}, "id": 1}
        assert changes(before, after, **sensitive) == {
            "a": ("(masked)", "(masked)"),
            "deep[0].b": ("(masked)", "(masked)"),
            "deep[0].c": (1, 2),
            "map": ("(masked)", "(masked)"),
        }

    def test_a_secret_that_stays_is_not_told(self) -> None:
        assert changes({"a": SECRET, "b": 1}, {"a": SECRET, "b": 2}, change_after_sensitive={"a": True}) == {
            "b": (1, 2)
        }

    def test_all_of_a_resource(self) -> None:
        assert SECRET not in self.told(entry({"a": "x"}, {"a": SECRET}, change_after_sensitive=True))

    def test_what_a_provider_repeats_elsewhere(self) -> None:
        """terraform_data gives its input back as an output that nothing marks."""
        first = entry({"input": "x"}, {"input": SECRET}, change_after_sensitive={"input": True})
        second = entry(
            {"output": f"a {SECRET} z", "pair": {"a": 1}},
            {
                "output": SECRET,
                "key": {SECRET: 1},
                "map": [{SECRET: 1}],
                "pair": {SECRET: 1},
                "list": [{"name": SECRET, "v": 1}],
            },
        )
        moved = entry(None, {"a": 1}, ("create",), change_importing={"id": SECRET})
        text = self.told(first, second, moved)
        assert SECRET not in text
        assert "AWS has it already, as (masked)" in text

    def test_what_only_drift_calls_sensitive(self) -> None:
        drift = entry({"input": SECRET}, {"input": "x"}, change_before_sensitive={"input": True})
        plan = {"resource_changes": [entry({"output": SECRET}, {"output": "x"})], "resource_drift": [drift]}
        assert SECRET not in json.dumps(plan_details(plan))

    def test_a_sensitive_document_that_is_repeated(self) -> None:
        document = json.dumps({"user": "somebody", "pin": 987654})
        first = entry({"input": "x"}, {"input": document}, change_after_sensitive={"input": True})
        text = self.told(first, entry({"output": "x"}, {"output": document}))
        assert "somebody" not in text
        assert "987654" not in text

    @pytest.mark.parametrize(
        "plan",
        [
            {
                "output_changes": {
                    "o": {"actions": ["create"], "after": {"k": [SECRET]}, "after_sensitive": {"k": [True]}}
                }
            },
            {
                "variables": {"v": {"value": SECRET}},
                "configuration": {"root_module": {"variables": {"v": {"sensitive": True}}}},
            },
        ],
    )
    def test_sensitive_outputs_and_variables(self, plan: dict[str, Any]) -> None:
        assert SECRET not in self.told(entry({"a": "x"}, {"a": f"-{SECRET}-"}), **plan)

    def test_short_values_do_not_black_out_the_rest(self) -> None:
        marked = entry({"a": ""}, {"a": "dev"}, change_after_sensitive={"a": True})
        assert "site-builder-dev" in self.told(marked, entry({"a": ""}, {"a": "site-builder-dev"}))

    @pytest.mark.parametrize(
        ("kind", "value", "path"),
        [
            (
                "aws_lambda_function",
                {"environment": [{"variables": {"PLAIN": SECRET}}]},
                "environment[0].variables.PLAIN",
            ),
            ("aws_api_gateway_stage", {"variables": {"plain": SECRET}}, "variables.plain"),
            ("aws_api_gateway_api_key", {"value": SECRET}, "value"),
            ("aws_api_gateway_usage_plan_key", {"value": SECRET}, "value"),
            (
                "aws_cloudfront_distribution",
                {"origin": [{"custom_header": [{"name": "X-From", "value": SECRET}]}]},
                "origin[0].custom_header[name=X-From].value",
            ),
        ],
    )
    def test_kinds_whose_attributes_are_secret(self, kind: str, value: dict[str, Any], path: str) -> None:
        before = json.loads(json.dumps(value).replace(SECRET, "before"))
        assert changes(before, value, kind=kind) == {path: ("(masked)", "(masked)")}
        assert SECRET not in self.told(entry(None, value, ("create",), kind))
        assert SECRET not in self.told(entry(value, None, ("delete",), kind))

    def test_names_of_variables_are_shown(self) -> None:
        told = changes(None, {"environment": [{"variables": {"PLAIN": SECRET}}]}, ("create",), "aws_lambda_function")
        assert told == {"environment": (None, [{"variables": {"PLAIN": "(masked)"}}])}

    @pytest.mark.parametrize(
        "name",
        ["password", "db_password", "dbPassword", "PASSWD", "pwd", "passphrase", "secret", "client-secret", "secret_string", "token", "authToken",
         "credentials", "private_key", "privateKeyPem", "api_key", "x-api-key", "apikey", "access_key", "AWS_SECRET_ACCESS_KEY", "signing key"],
    )  # fmt: skip
    def test_names_that_sound_like_a_secret(self, name: str) -> None:
        for value in (SECRET, [SECRET], {"k": SECRET}, json.dumps({"k": SECRET})):
            assert SECRET not in self.told(
                entry({}, {"x": 1, name: value}), entry(None, {"nested": [{name: value}]}, ("create",))
            )
            assert SECRET not in self.told(entry({"body": "{}"}, {"body": json.dumps({"deep": [{name: value}]})}))
        assert "31337" not in self.told(entry({"pin": 1}, {name: 31337}))

    def test_settings_that_only_sound_like_it(self) -> None:
        role = "arn:aws:iam::123456789012:role/invoke"
        after = {
            "api_key_required": True,
            "api_key_source": "HEADER",
            "credentials": role,
            "kms_key_id": "k",
            "hash_key": "h",
        }
        assert changes(None, after, ("create",)) == {key: (None, value) for key, value in after.items()}
        assert SECRET not in self.told(entry({}, {"credentials": SECRET, "api_key_source": SECRET}))

    def test_outputs_have_names_only(self) -> None:
        outputs = {
            "same": {"actions": ["no-op"], "before": SECRET, "after": SECRET},
            "new": {"actions": ["create"], "before": None, "after": SECRET},
            "gone": {"actions": ["delete"], "before": SECRET, "after": None},
        }
        assert plan_details({"output_changes": outputs})["outputs"] == [
            {"name": "new", "action": "create"},
            {"name": "gone", "action": "delete"},
        ]


class TestLongStrings:
    def test_are_cut(self) -> None:
        assert changes(None, {"s": "a" * 200, "t": "b" * 201}, ("create",)) == {
            "s": (None, "a" * 200),
            "t": (None, f"{'b' * 200}… (201 characters)"),
        }

    def test_around_what_differs(self) -> None:
        before, after = "a" * 1000 + "x" + "b" * 1000, "a" * 1000 + "y" + "b" * 1000
        ((one, other),) = changes({"s": before}, {"s": after}).values()
        assert one == f"…{'a' * 50}x{'b' * 149}… (2001 characters)"
        assert other == one.replace("x", "y")

    def test_at_their_end(self) -> None:
        ((one, other),) = changes({"s": "a" * 300}, {"s": "a" * 300 + "!"}).values()
        assert (one, other) == (f"…{'a' * 200} (300 characters)", f"…{'a' * 199}! (301 characters)")

    def test_a_secret_is_masked_before_the_cut(self) -> None:
        """A half of it would be found by nobody."""
        text = "a" * 190 + SECRET + "b" * 100
        told = plan_details(
            {
                "resource_changes": [
                    entry({"p": "x"}, {"p": SECRET}, change_after_sensitive={"p": True}),
                    entry(None, {"s": text}, ("create",)),
                ]
            }
        )
        assert SECRET[:6] not in json.dumps(told)


class TestDrift:
    @staticmethod
    def drift(*entries: dict[str, Any]) -> list[dict[str, Any]]:
        return plan_details({"resource_drift": list(entries)})["drift"]

    def test_updated_and_deleted(self) -> None:
        assert self.drift(entry({"tags": None}, {"tags": {"by": "hand"}}), entry({"a": 1}, None, ("delete",))) == [
            {
                "address": "module.a.aws_thing.this",
                "type": "aws_thing",
                "action": "updated",
                "changes": [{"path": "tags", "before": None, "after": {"by": "hand"}, "forces_replacement": False}],
            },
            {"address": "module.a.aws_thing.this", "type": "aws_thing", "action": "deleted", "changes": []},
        ]

    def test_what_does_not_really_differ(self) -> None:
        before = {"a": None, "b": [], "c": {}, "d": "", "policy": '{"a":1}'}
        assert self.drift(entry(before, {"a": [], "b": None, "c": None, "d": None, "policy": '{ "a": 1 }'})) == []


class TestModule:
    @pytest.fixture
    def show(self, tmp_path: Path, run_module: Callable[..., dict]) -> Callable[..., dict]:
        """Return what runs the module with a Terraform that prints `out` and `err` and ends with `code`."""

        def run(out: str = "", err: str = "", code: int = 0, **options: Any) -> dict:
            (tmp_path / "out").write_text(out)
            (tmp_path / "err").write_text(err)
            binary = tmp_path / "terraform"
            binary.write_text(
                f'#!/bin/sh\necho "$PWD $*" >args\ncat {tmp_path}/out\ncat {tmp_path}/err >&2\nexit {code}\n'
            )
            binary.chmod(0o755)
            return run_module(
                module, binary=str(binary), project_path=str(tmp_path), plan_file="/p/plan.tfplan", **options
            )

        return run

    @pytest.mark.parametrize("check", [False, True])
    def test_reads_the_plan(self, show: Callable[..., dict], tmp_path: Path, check: bool) -> None:
        plan = {"format_version": "1.2", "resource_changes": [entry({"password": "a"}, {"password": SECRET})]}
        result = show(json.dumps(plan), _ansible_check_mode=check)
        assert result["resources"][0]["changes"] == [
            {"path": "password", "before": "(masked)", "after": "(masked)", "forces_replacement": False}
        ]
        assert (result["changed"], result["drift"], result["outputs"]) == (False, [], [])
        assert SECRET not in json.dumps(result)
        assert (tmp_path / "args").read_text() == f"{tmp_path} show -json -no-color /p/plan.tfplan\n"

    def test_terraform_fails(self, show: Callable[..., dict]) -> None:
        err = "╷\n│ Error: Failed to read the given file as a state or plan file\n│ \n│ State read error: no such file\n╵\n"
        assert show(SECRET, err, 1)["msg"] == (
            "the plan /p/plan.tfplan cannot be read: Failed to read the given file as a state or plan file. State read error: no such file; "
            "run playbooks/plan.yml again"
        )

    @pytest.mark.parametrize("out", ["", SECRET, f'{{"a": "{SECRET}"}}', f'["{SECRET}"]'])
    def test_what_is_no_plan_is_not_quoted(self, show: Callable[..., dict], out: str) -> None:
        result = show(out)
        assert "/p/plan.tfplan is no plan" in result["msg"]
        assert SECRET not in json.dumps(result)

    def test_a_format_to_come(self, show: Callable[..., dict]) -> None:
        assert "has the format version 2.0, and only 1.x is known here" in show('{"format_version": "2.0"}')["msg"]


def test_drift_is_what_the_plan_takes_back() -> None:
    def change(path: str) -> dict:
        return {"path": path, "before": "a", "after": "b", "forces_replacement": False}

    def entry(address: str, action: str, *paths: str) -> dict:
        return {"address": address, "type": "x", "action": action, "changes": [change(path) for path in paths]}

    drift = [
        entry("x.tagged", "updated", "tags.Owner", "policy"),
        entry("x.noise", "updated", "policy"),
        entry("x.other", "updated", "policy"),
        entry("x.gone", "deleted"),
        entry("x.given_up", "deleted"),
    ]
    resources = [
        entry("x.tagged", "update", "tags.Owner"),
        entry("x.other", "update", "name"),
        entry("x.gone", "create", "name"),
    ]
    assert taken_back(drift, resources) == [entry("x.tagged", "updated", "tags.Owner"), entry("x.gone", "deleted")]


def test_drift_that_has_moved_the_elements_of_a_list() -> None:
    """Somebody has put a statement without a Sid in the place of another one, and AWS gives them in another order."""
    ours = {"Sid": "A", "Effect": "Deny"}, {"Sid": "B", "Effect": "Deny"}
    state, aws = (
        {"policy": json.dumps({"Statement": statements}), "tags": {}}
        for statements in (ours, ({"Effect": "Allow"}, ours[0]))
    )
    told = plan_details({"resource_changes": [entry(aws, state)], "resource_drift": [entry(state, aws)]})
    (drifted,) = taken_back(told["drift"], told["resources"])
    assert drifted["changes"] == told["drift"][0]["changes"]
    assert not {change["path"] for change in drifted["changes"]} <= {
        change["path"] for change in told["resources"][0]["changes"]
    }
