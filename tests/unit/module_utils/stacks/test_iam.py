"""The stack iam: dev and prod shapes, and each refusal."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import iam
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.iam import define
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS

from tests.settings import ACCOUNT, BOUNDARY, DEV, KEY, PROD, REPLICA_KEY, STACKS, TAGS

OTHER_BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/other"
STATEMENT = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}


def told(role: dict) -> list[str]:
    return list(DEFINITIONS["iam_roles"]({"a": role}, "iam_roles"))


def test_field_that_there_is_not() -> None:
    assert told({"dynamo": {}}) == ["iam_roles.a has the field 'dynamo', which there is not; did you mean dynamodb?"]


def test_dev() -> None:
    stack = define({"report": {"dynamodb": {"read": ["orders"]}}}, DEV)
    name = "site-builder-report-dev-eu-west-1"
    assert stack["tfvars"] == {
        "roles": {
            "report": {
                "name": name,
                "dynamodb": {"read": ["orders"]},
                "log_group_arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/site-builder-report-dev",
                "kms": {},
            }
        },
        "region": "eu-west-1",
        "account_id": ACCOUNT,
        "tags": TAGS,
    }
    assert stack["predicted_outputs"] == {
        "roles": {"report": {"name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}}
    }


@pytest.mark.parametrize(
    ("key", "replica_key", "kms"),
    [
        ("", "", {}),
        (KEY, "", {"key_arns": [KEY], "via_services": ["dynamodb", "lambda", "s3"]}),
        (KEY, REPLICA_KEY, {"key_arns": [KEY, REPLICA_KEY], "via_services": ["dynamodb", "lambda", "s3"]}),
    ],
)
def test_keys(key: str, replica_key: str, kms: dict) -> None:
    shared = {**PROD, "kms_key_arn": key, "replica_kms_key_arn": replica_key}
    assert define({"report": {}}, shared)["tfvars"]["roles"]["report"]["kms"] == kms


@pytest.mark.parametrize(
    ("bedrock", "region"),
    [({"model_ids": ["a.m"]}, "eu-west-1"), ({"model_ids": ["a.m"], "region": "us-east-1"}, "us-east-1")],
)
def test_bedrock_region(bedrock: dict, region: str) -> None:
    role = define({"report": {"bedrock": bedrock}}, PROD)["tfvars"]["roles"]["report"]
    assert role["bedrock"] == {"model_ids": ["a.m"], "region": region}


@pytest.mark.parametrize(
    ("role", "boundary"),
    [({}, BOUNDARY["permissions_boundary_arn"]), ({"permissions_boundary_arn": OTHER_BOUNDARY}, OTHER_BOUNDARY)],
)
def test_boundary(role: dict, boundary: str) -> None:
    made = define({"report": role}, {**DEV, **BOUNDARY})["tfvars"]["roles"]["report"]
    assert made["permissions_boundary_arn"] == boundary


def test_path_is_in_the_arn() -> None:
    arn = define({"report": {"path": "/site/"}}, DEV)["predicted_outputs"]["roles"]["report"]["arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:role/site/site-builder-report-dev-eu-west-1"


@pytest.mark.parametrize(
    "action",
    [
        "*",
        "*:*",
        "s3:*",
        "s3:?*",
        "iam:P*",
        "IAM:Put?olePolicy",
        "iam:*Policy",
    ],
)
def test_wide_action_is_refused(action: str) -> None:
    role = {"extra_statements": json.dumps([{**STATEMENT, "Action": ["sqs:SendMessage", action]}])}
    assert told(role) == [
        f"iam_roles.a.extra_statements: the action is {action!r}, which is too wide; name the actions"
    ]


def test_all_but_some_is_wide_too() -> None:
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert told({"extra_statements": json.dumps([statement])}) == [
        "iam_roles.a.extra_statements: the action is '*', which is too wide; name the actions"
    ]
    assert told({"extra_statements": json.dumps([{**statement, "Effect": "Deny"}])}) == []


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": ["s3:Get*", "iam:PassRole", "dynamodb:Batch*Item"]},
        {"Action": "*", "Effect": "Deny"},
    ],
)
def test_narrow_action_is_taken(statement: dict) -> None:
    assert told({"extra_statements": json.dumps([{**STATEMENT, **statement}])}) == []


@pytest.mark.parametrize("policy", ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"])
@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_policy_of_administrators_is_refused(policy: str, partition: str) -> None:
    arn = f"arn:{partition}:iam::aws:policy/{policy}"
    assert told({"managed_policy_arns": {"more": arn}}) == [
        f"iam_roles.a.managed_policy_arns.more is {arn!r}, which is far more than a function needs; name another"
    ]


def test_own_policy_of_that_name_is_taken() -> None:
    assert told({"managed_policy_arns": {"own": f"arn:aws:iam::{ACCOUNT}:policy/AdministratorAccess"}}) == []


def test_module_refuses_the_same() -> None:
    text = (STACKS.parent / "modules/iam/main.policies.tf").read_text()
    for pattern in (iam.TOO_WIDE, iam.ADMINISTRATOR):
        assert f'"^{pattern.pattern}$"' in text


def test_refusal() -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define({"a b": {}, "c d": {}}, DEV)
    assert [problem.partition(",")[0] for problem in refused.value.problems] == [
        "iam_roles: iam_role key is 'a b'",
        "iam_roles: iam_role key is 'c d'",
    ]
