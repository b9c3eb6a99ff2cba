"""Which policies allow more than before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.permissions import Widening

TABLE, OTHER = "arn:aws:dynamodb:eu-west-1:1:table/a", "arn:aws:dynamodb:eu-west-1:1:table/b"


def statement(action: Any = "dynamodb:GetItem", resource: Any = TABLE, effect: str = "Allow", **more: Any) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: dict) -> dict[str, str]:
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}


def entry(before: Any, after: Any, kind: str = "aws_iam_policy", actions: Any = None, **more: Any) -> dict:
    actions = actions or (["create"] if before is None else ["delete"] if after is None else ["update"])
    return {"type": kind, "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}, **more}}


def told(*entries: dict) -> list[str]:
    return Widening({"resource_changes": list(entries)}).sentences(entries[0])


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        # a new action, a wider one, a new resource, a wider one
        (statement(), statement(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"]), [f"allows dynamodb:PutItem, dynamodb:Scan on {TABLE}"]),
        (statement(), statement("dynamodb:*"), [f"allows dynamodb:* on {TABLE}"]),
        (statement(), statement(resource=[TABLE, OTHER]), [f"allows dynamodb:GetItem on {OTHER}"]),
        (statement(), statement(resource="*"), ["allows dynamodb:GetItem on *"]),
        (statement(), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ["allows everything but iam:* on *"]),
        (statement(), {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "x"}, ["allows s3:GetObject on everything but x"]),
        # nothing more
        (statement(), statement(["dynamodb:GetItem"], [TABLE]), []),
        (statement("dynamodb:*"), statement("dynamodb:getitem"), []),
        (statement(resource="arn:*:table/*"), statement(), []),
        (statement(["a:A", "a:B"]), statement("a:B"), []),
        (statement(resource="x[y]"), statement(resource="x[y]"), []),
        # conditions
        (statement(), statement(Condition={"Bool": {"aws:SecureTransport": "true"}}), []),
        (statement(Condition={"Bool": {"aws:SecureTransport": "true"}}), statement(), [f"allows dynamodb:GetItem on {TABLE}"]),
        (statement(Condition={"a": 1}), statement(Condition={"a": 2}), [f"allows dynamodb:GetItem on {TABLE} under a condition"]),
        # denials
        (statement(effect="Deny"), statement(effect="Allow"), [f"allows dynamodb:GetItem on {TABLE}", f"no longer denies dynamodb:GetItem on {TABLE}"]),
        (statement("dynamodb:*", effect="Deny"), statement(effect="Deny"), [f"no longer denies dynamodb:* on {TABLE}"]),
        (statement(effect="Deny"), statement("dynamodb:*", effect="Deny"), []),
        # principals
        (statement(Principal={"AWS": "arn:1"}), statement(Principal={"AWS": ["arn:1", "arn:2"]}), [f"allows dynamodb:GetItem on {TABLE} to arn:2"]),
        (statement(Principal={"AWS": "arn:1"}), statement(Principal="*"), [f"allows dynamodb:GetItem on {TABLE} to anybody"]),
        (statement(Principal={"AWS": "arn:1"}), {**statement(), "NotPrincipal": {"AWS": "arn:1"}}, [f"allows dynamodb:GetItem on {TABLE} to anybody"]),
        (statement(Principal="*"), statement(Principal={"Service": "s"}), []),
    ],
)  # fmt: skip
def test_what_changes(before: dict, after: dict, sentences: list[str]) -> None:
    assert told(entry(policy(before), policy(after))) == sentences


def test_many_actions_are_counted() -> None:
    (sentence,) = told(entry(policy(), policy(statement([f"s3:A{n}" for n in range(9)]))))
    assert sentence == f"allows s3:A0, s3:A1, s3:A2, s3:A3, s3:A4, s3:A5 and 3 more on {TABLE}"


def test_a_statement_that_is_no_list_and_a_document_in_a_block() -> None:
    one = json.dumps({"Statement": statement("s3:*")})
    before = {"inline_policy": [{"name": "n", "policy": json.dumps({"Statement": statement()})}]}
    assert told(entry(before, {"inline_policy": [{"name": "n", "policy": one}]}, "aws_iam_role")) == [
        f"allows s3:* on {TABLE}"
    ]


@pytest.mark.parametrize("broken", ["{", "{}", "[]", '{"Statement": ["x"]}', "{" * 3000, "text"])
def test_what_is_no_policy(broken: str) -> None:
    assert told(entry({"policy": broken}, {"policy": broken + " "})) == []


class TestCreated:
    role = entry(None, {"name": "new"}, "aws_iam_role")

    @pytest.mark.parametrize(
        ("said", "sentences"),
        [
            (statement(), []),
            (statement("s3:*"), [f"allows s3:* on {TABLE}"]),
            (statement(resource="*"), ["allows dynamodb:GetItem on *"]),
            (statement("kms:*", "*", Principal={"AWS": "arn:aws:iam::1:root"}), []),
            (statement(Principal="*"), [f"allows dynamodb:GetItem on {TABLE} to anybody"]),
            (statement(Principal="*", Condition={"a": 1}), []),
            (statement("*", "*", effect="Deny", Principal="*"), []),
        ],
    )
    def test_for_somebody_new_only_what_has_no_bounds(self, said: dict, sentences: list[str]) -> None:
        assert told(entry(None, policy(said))) == sentences
        assert told(entry(None, {"role": "new", **policy(said)}, "aws_iam_role_policy"), self.role) == sentences

    def test_for_somebody_who_exists_all_of_it(self) -> None:
        given = entry(None, {"role": "old", **policy(statement())}, "aws_iam_role_policy")
        assert told(given, self.role) == [f"allows dynamodb:GetItem on {TABLE}"]

    @pytest.mark.parametrize(
        ("role", "name", "sentences"),
        [
            ("old", "AmazonS3ReadOnlyAccess", ["gets the policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
            ("new", "AmazonS3ReadOnlyAccess", []),
            ("new", "AdministratorAccess", ["gets the policy arn:aws:iam::aws:policy/AdministratorAccess"]),
            (None, "AmazonS3FullAccess", ["gets the policy arn:aws:iam::aws:policy/AmazonS3FullAccess"]),
        ],
    )
    def test_attached(self, role: str | None, name: str, sentences: list[str]) -> None:
        after = {"role": role, "policy_arn": f"arn:aws:iam::aws:policy/{name}"}
        assert told(entry(None, after, "aws_iam_role_policy_attachment"), self.role) == sentences

    def test_a_function_for_anybody(self) -> None:
        assert told(entry(None, {"principal": "*"}, "aws_lambda_permission")) == ["may be called by anybody"]
        assert told(entry(None, {"principal": "apigateway.amazonaws.com"}, "aws_lambda_permission")) == []


def test_a_boundary_that_goes() -> None:
    role = {"name": "r", "permissions_boundary": "arn:b"}
    assert told(entry(role, {"name": "r", "permissions_boundary": None}, "aws_iam_role")) == [
        "is no longer bounded by arn:b"
    ]
    assert told(entry(role, None, "aws_iam_role")) == []


def test_a_policy_that_nobody_knows_yet() -> None:
    unknown = {"after_unknown": {"policy": True}}
    assert told(entry(policy(statement()), {}, **unknown)) == ["policy is only known after apply"]
    assert told(entry(None, {}, **unknown)) == []


def test_a_denial_that_is_deleted() -> None:
    denial = {"bucket": "b", **policy(statement("s3:*", effect="Deny"))}
    assert told(entry(denial, None, "aws_s3_bucket_policy")) == [f"no longer denies s3:* on {TABLE}"]


def test_what_stays_is_not_looked_at() -> None:
    wide = policy(statement("*", "*"))
    assert told(entry(wide, wide, actions=["no-op"])) == []
