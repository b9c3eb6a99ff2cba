"""The policies of an environment, and who may assume its roles."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import access
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import KINDS, resource_name

from tests.conftest import ROOT

POLICIES = ROOT / "roles/site_builder/files/policies"
DEV = {"service": "site-builder", "environment": "dev", "region": "eu-west-1", "account_id": "123456789012"}
PROD = {**DEV, "environment": "prod", "region": "af-south-1", "replica_region": "eu-west-1"}
STATES = {"state_bucket": "states", "state_prefix": "site-builder/dev"}
NOTHING_MORE = {"kms_key_arn": "", "replica_kms_key_arn": "", "permissions_boundary_arn": ""}
KEYS = {
    "kms_key_arn": "arn:aws:kms:af-south-1:123456789012:key/1",
    "replica_kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/2",
}
BOUNDARY = {"permissions_boundary_arn": "arn:aws:iam::123456789012:policy/boundary"}
GITHUB = "https://token.actions.githubusercontent.com"


def policy(name: str, context: dict[str, str] = DEV, **more: str) -> dict[str, Any]:
    values = access.placeholders(context, **{**STATES, **NOTHING_MORE, **more})
    return access.render(json.loads((POLICIES / f"{name}.json").read_text()), values)


def statements(name: str, *arguments: Any, **more: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in policy(name, *arguments, **more)["Statement"]}


def allowed(role: str, action: str, resource: str, context: dict[str, str] = DEV) -> bool:
    """What IAM would say, were every condition met."""
    found = {
        statement["Effect"]
        for name in access.ROLES[role]
        for statement in policy(name, context)["Statement"]
        if any(fnmatchcase(action, one) for one in statement["Action"])
        and any(fnmatchcase(resource, one) for one in statement["Resource"])
    }
    return found == {"Allow"}


@pytest.mark.parametrize("name", [path.stem for path in sorted(POLICIES.iterdir())])
def test_a_policy_is_filled_in_and_small_enough(name: str) -> None:
    longest = {
        "service": "a" * 32,
        "environment": "prod",
        "region": "ap-southeast-2",
        "replica_region": "ap-southeast-1",
    }
    for context in (DEV, PROD, {**DEV, **longest}):
        document = policy(
            name, context, **KEYS, **BOUNDARY, state_bucket="b" * 63, state_prefix=f"{context['service']}/prod"
        )
        assert "${" not in json.dumps(document)
        access.check_size(name, document)


def test_every_policy_is_one_of_a_role() -> None:
    assert {path.stem for path in POLICIES.iterdir()} == {name for names in access.ROLES.values() for name in names}


@pytest.mark.parametrize("path", sorted(POLICIES.iterdir()), ids=lambda path: path.stem)
def test_a_statement_has_a_name_of_its_own_and_actions_in_order(path: Path) -> None:
    found = json.loads(path.read_text())["Statement"]
    assert len({one["Sid"] for one in found}) == len(found)
    for one in found:
        assert set(one) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert [*one["Action"]] == sorted(set(one["Action"])), one["Sid"]
        assert not any("*" in action for action in one["Action"]), one["Sid"]


def test_what_an_environment_has_not_is_left_out() -> None:
    assert "UseTheKeysOfTheEnvironment" not in statements("read")
    assert statements("read", PROD, **KEYS)["UseTheKeysOfTheEnvironment"]["Resource"] == list(KEYS.values())
    assert len(statements("read")["ReadTables"]["Resource"]) == 1
    assert len(statements("read", PROD)["ReadTables"]["Resource"]) == 2


def test_a_condition_without_a_value_never_leaves_a_grant_without_a_condition() -> None:
    document = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["a:B"],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"k": "${kms_key_arn}"}},
            }
        ]
    }
    assert access.render(document, {"kms_key_arn": ""})["Statement"] == []


def test_an_unknown_placeholder_is_named() -> None:
    with pytest.raises(SiteBuilderError, match=r"placeholder \$\{bucket\}, which is not known; use one of service"):
        access.render({"Statement": [{"Action": ["a:B"], "Resource": ["${bucket}"]}]}, {"service": "x"})


def test_no_role_is_made_out_of_bounds() -> None:
    assert "NoRoleOutOfBounds" not in statements("apply_data")
    denied = statements("apply_data", **BOUNDARY)["NoRoleOutOfBounds"]
    assert denied["Effect"] == "Deny"
    assert {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"} <= set(denied["Action"])
    assert denied["Condition"] == {"StringNotEquals": {"iam:PermissionsBoundary": BOUNDARY["permissions_boundary_arn"]}}


def test_who_plans_writes_nothing_but_locks_plans_and_reports() -> None:
    """By the actions alone: none that writes on anything else."""
    reads = ("Get", "List", "Describe")
    writes = {
        (action, resource)
        for name in access.ROLES["plan"]
        for statement in policy(name)["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not action.split(":")[1].startswith(reads) and action != "apigateway:GET"
    }
    prefix = "arn:aws:s3:::states/site-builder/dev"
    assert writes == {
        *(("s3:PutObject", f"{prefix}/{where}") for where in ("*/terraform.tfstate.tflock", "plans/*")),
        *(("s3:DeleteObject", f"{prefix}/{where}") for where in ("*/terraform.tfstate.tflock", "plans/*")),
        ("s3:DeleteObjectVersion", f"{prefix}/plans/*"),
        ("s3:PutObject", f"{prefix}/reports/*"),
    }  # fmt: skip


STATE = "arn:aws:s3:::states/site-builder/dev/dynamodb/terraform.tfstate"


@pytest.mark.parametrize(
    ("role", "action", "resource", "may"),
    [
        ("read", "s3:GetObject", STATE, True),
        ("read", "s3:PutObject", f"{STATE}.tflock", False),
        ("read", "s3:PutObject", "arn:aws:s3:::states/site-builder/dev/plans/1/manifest.json", False),
        ("plan", "s3:GetObject", STATE, True),
        (
            "plan",
            "bedrock:GetInferenceProfile",
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.a.b",
            True,
        ),
        ("plan", "s3:PutObject", STATE, False),
        ("plan", "s3:PutObject", f"{STATE}.tflock", True),
        ("plan", "s3:DeleteObject", f"{STATE}.tflock", True),
        ("plan", "s3:PutObject", "arn:aws:s3:::states/site-builder/dev/reports/1.json", True),
        ("plan", "s3:DeleteObject", "arn:aws:s3:::states/site-builder/dev/reports/1.json", False),
        ("plan", "s3:GetObject", "arn:aws:s3:::site-builder-sites-dev-123456789012-eu-west-1/generations/1", False),
        ("plan", "s3:PutObject", "arn:aws:s3:::site-builder-sites-dev-123456789012-eu-west-1/x", False),
        ("plan", "iam:PassRole", "arn:aws:iam::123456789012:role/site-builder-agents-dev-eu-west-1", False),
        ("apply", "s3:PutObject", STATE, True),
        ("apply", "s3:DeleteObjectVersion", STATE, False),
        ("apply", "s3:PutObject", "arn:aws:s3:::states/site-builder/prod/dynamodb/terraform.tfstate", False),
        ("apply", "s3:DeleteBucket", "arn:aws:s3:::states", False),
        ("apply", "s3:DeleteBucket", "arn:aws:s3:::site-builder-sites-dev-123456789012-eu-west-1", True),
        ("apply", "s3:DeleteBucket", "arn:aws:s3:::site-builder-sites-prod-123456789012-eu-west-1", False),
        (
            "apply",
            "dynamodb:DeleteTable",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/site-builder-agents-dev",
            True,
        ),
        (
            "apply",
            "dynamodb:DeleteTable",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/site-builder-agents-prod",
            False,
        ),
        ("apply", "dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-dev", False),
        ("apply", "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/site-builder-agents-dev-eu-west-1", True),
        (
            "apply",
            "iam:PutRolePolicy",
            "arn:aws:iam::123456789012:role/service/site-builder-agents-dev-eu-west-1",
            True,
        ),
        ("apply", "iam:PutRolePolicy", "arn:aws:iam::123456789012:role/admin", False),
        ("apply", "iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/site-builder-dev-plan", False),
    ],
)
def test_may(role: str, action: str, resource: str, may: bool) -> None:
    assert allowed(role, action, resource) is may


@pytest.mark.parametrize("service", ["site-builder", "site"])
def test_the_roles_cannot_change_themselves(service: str) -> None:
    """Nor can those of a service whose name begins this one's."""
    context = {**DEV, "service": service}
    for key in access.ROLES:
        arn = f"arn:aws:iam::123456789012:role/{access.access_name(key, DEV)}"
        for action in (
            "iam:AttachRolePolicy",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
            "iam:DeleteRole",
            "iam:PassRole",
        ):
            assert not allowed("apply", action, arn, context)


@pytest.mark.parametrize("key", ["agents", "a" * 80])
def test_the_patterns_fit_the_names_that_are_computed(key: str) -> None:
    """Also of names that are shortened. Kinds that no policy names by a pattern are those whose ARN AWS makes."""
    arns = {
        "dynamodb_table": ("dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:123456789012:table/{}"),
        "iam_role": ("iam:GetRole", "arn:aws:iam::123456789012:role/{}"),
        "lambda_function": ("lambda:GetFunction", "arn:aws:lambda:eu-west-1:123456789012:function:{}"),
        "lambda_layer": ("lambda:GetLayerVersion", "arn:aws:lambda:eu-west-1:123456789012:layer:{}:1"),
        "s3_bucket": ("s3:ListBucket", "arn:aws:s3:::{}"),
        "dashboard": ("cloudwatch:GetDashboard", "arn:aws:cloudwatch::123456789012:dashboard/{}"),
        "sns_topic": ("sns:GetTopicAttributes", "arn:aws:sns:eu-west-1:123456789012:{}"),
        "lambda_log_group": ("logs:CreateLogGroup", "arn:aws:logs:eu-west-1:123456789012:log-group:{}"),
        "api_log_group": ("logs:CreateLogGroup", "arn:aws:logs:eu-west-1:123456789012:log-group:{}"),
        "alarm": ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{}"),
    }
    assert set(arns) <= set(KINDS)
    for kind, (action, arn) in arns.items():
        assert allowed("apply", action, arn.format(resource_name(key, kind, DEV))), kind


@pytest.mark.parametrize(
    ("entry", "statement"),
    [
        (
            {"principal": "arn:aws:iam::123456789012:role/ci"},
            {"Principal": {"AWS": ["arn:aws:iam::123456789012:role/ci"]}, "Action": "sts:AssumeRole"},
        ),
        (
            {"issuer": GITHUB, "subject": "repo:bbws/site-builder:environment:prod"},
            {
                "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                        "token.actions.githubusercontent.com:sub": ["repo:bbws/site-builder:environment:prod"],
                    }
                },
            },
        ),
        (
            {"issuer": "https://gitlab.com", "subject": "project_path:bbws/site-builder:*", "audience": "https://gitlab.com"},
            {
                "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/gitlab.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"gitlab.com:aud": "https://gitlab.com"},
                    "StringLike": {"gitlab.com:sub": ["project_path:bbws/site-builder:*"]},
                },
            },
        ),
    ],
)  # fmt: skip
def test_trust(entry: dict[str, Any], statement: dict[str, Any]) -> None:
    assert access.trust_problems({"plan": entry}) == []
    assert access.trust_policy(entry, DEV)["Statement"] == [{"Effect": "Allow", **statement}]


@pytest.mark.parametrize(
    "subject",
    [
        "repo:bbws/site-builder:environment:prod",
        "repo:bbws/site-builder:ref:refs/heads/release-*",
        "project_path:bbws/site-builder:ref_type:branch:ref:main",
        "project_path:bbws/site-builder:ref_type:tag:ref:v*",
    ],
)
def test_who_applies_comes_from_a_branch_or_an_environment(subject: str) -> None:
    assert access.trust_problems({"apply": {"issuer": GITHUB, "subject": subject}}) == []


@pytest.mark.parametrize(
    ("trust", "sentence"),
    [
        ([], "site_builder_access_trust is"),
        ({"deploy": {}}, "site_builder_access_trust key is 'deploy', which is not known; use read, plan, apply"),
        ({"plan": "me"}, "site_builder_access_trust.plan is 'me', which is no mapping; write {principal"),
        ({"plan": {}}, "which is not complete; give either principal, or issuer and subject"),
        ({"plan": {"principal": "*"}}, "site_builder_access_trust.plan.principal is '*', which is not valid"),
        ({"plan": {"principal": "arn:aws:iam::123456789012:role/*"}}, "which is not valid"),
        ({"plan": {"principal": "arn:aws:iam::123456789012:root", "subject": "x"}}, "which is without an issuer"),
        ({"plan": {"issuer": GITHUB}}, "site_builder_access_trust.plan.subject is"),
        ({"plan": {"issuer": "http://gitlab.com", "subject": "x"}}, "plan.issuer is 'http://gitlab.com', which is not valid"),
        ({"plan": {"issuer": GITHUB, "subject": "*"}}, "which is open to everybody with an account there; name the owner"),
        ({"plan": {"issuer": GITHUB, "subject": "repo:*"}}, "which is open to everybody"),
        ({"plan": {"issuer": GITHUB, "subject": ["repo:a/b:*", "repo:*/b:ref"]}}, "which is open to everybody"),
        ({"apply": {"issuer": GITHUB, "subject": "repo:a/b:*"}}, "apply.subject is 'repo:a/b:*', which is open to every branch and pull"),
        ({"apply": {"issuer": GITHUB, "subject": "repo:a/*"}}, "which is open to every branch and pull request, reviewed or not"),
        ({"apply": {"issuer": GITHUB, "subject": "repo:a/*:ref:refs/heads/main"}}, "which is open to every branch and pull request"),
        ({"plan": {"issuer": GITHUB, "subject": "repo:a/b", "audience": "*"}}, "plan.audience is '*', which is not valid"),
        ({"plan": {"issuer": GITHUB, "subject": "repo:a/b", "thumbprint": "x"}}, "plan key is 'thumbprint', which is not known"),
    ],
)  # fmt: skip
def test_a_trust_that_is_wrong(trust: Any, sentence: str) -> None:
    (problem,) = access.trust_problems(trust)
    assert sentence in problem
