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


class TestRoutedRegions:
    PROFILE = "eu.a.m"
    NAME = f"eu-west-1/{PROFILE}"

    def defined(self, **bedrock: object) -> dict:
        return define({"report": {"bedrock": {"inference_profiles": [self.PROFILE], **bedrock}}}, PROD)

    def regions(self, stack: dict, answers: dict) -> list[str]:
        return iam.routed(stack["tfvars"], stack["asks"], answers)["roles"]["report"]["bedrock"]["routed_regions"]

    def test_bedrock_says_where_it_routes(self) -> None:
        stack = self.defined()
        assert stack["asks"] == {"report": [{"region": "eu-west-1", "profile": self.PROFILE}]}
        assert self.regions(stack, {self.NAME: ["eu-west-1", "eu-north-1", "eu-central-1"]}) == [
            "eu-central-1",
            "eu-north-1",
        ]

    @pytest.mark.parametrize("answers", [{}, {"us-east-1/eu.a.m": ["us-east-2"]}])
    def test_else_the_inventory_does(self, answers: dict) -> None:
        assert self.regions(self.defined(), answers) == PROD["bedrock_routed_regions"]

    @pytest.mark.parametrize("own", [{"routed_regions": ["eu-west-2"]}, {"routed_regions": []}])
    def test_what_the_role_says_counts(self, own: dict) -> None:
        stack = self.defined(**own)
        assert stack["asks"] == {}
        assert self.regions(stack, {self.NAME: ["eu-north-1"]}) == own["routed_regions"]

    def test_one_of_two_is_no_answer(self) -> None:
        stack = self.defined(inference_profiles=[self.PROFILE, "eu.b.m"])
        assert self.regions(stack, {self.NAME: ["eu-north-1"]}) == PROD["bedrock_routed_regions"]
        both = {self.NAME: ["eu-north-1"], "eu-west-1/eu.b.m": ["eu-south-1"]}
        assert self.regions(stack, both) == ["eu-north-1", "eu-south-1"]

    def test_profiles_of_another_account(self) -> None:
        assert self.defined(account_id="999999999999")["asks"] == {}
        assert self.defined(account_id=ACCOUNT)["asks"] != {}


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
