"""Roles and policies are made, kept true, and left alone where they are somebody else's; against moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import deployment_roles as module
from moto import mock_aws
from moto.iam.models import iam_backends

from tests.conftest import ROOT

ACCOUNT = "123456789012"
CI = f"arn:aws:iam::{ACCOUNT}:role/ci"
GITHUB = "https://token.actions.githubusercontent.com"
OPTIONS = {
    "context": {"service": "site-builder", "environment": "dev", "region": "eu-west-1", "account_id": ACCOUNT},
    "policies": str(ROOT / "roles/site_builder/files/policies"),
    "trust": {"plan": {"principal": CI}, "apply": {"principal": CI}},
    "state_bucket": "states",
    "state_prefix": "site-builder/dev",
    "tags": {"Service": "site-builder", "Environment": "dev", "ManagedBy": "Terraform"},
    "region": "eu-west-1",
}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READ, PLAN, APPLY = "site-builder-dev-read", "site-builder-dev-plan", "site-builder-dev-apply"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client, made once, for that takes long."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield boto3.client("iam", region_name="eu-west-1")


@pytest.fixture
def iam(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda _self, _service: client)
    yield client
    iam_backends[ACCOUNT]["aws"].reset()


@pytest.fixture
def call(run_module: Callable[..., dict], iam: Any) -> Callable[..., dict]:
    return lambda **options: run_module(module, **{**OPTIONS, **options})


def attached(iam: Any, role: str) -> set[str]:
    return {one["PolicyName"] for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}


def document(iam: Any, name: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def states(result: dict[str, Any]) -> dict[str, str]:
    return {role: one["state"] for role, one in result["roles"].items()}


def test_made_once(call: Callable[..., dict], iam: Any) -> None:
    first = call()
    assert (first["changed"], first["problems"]) == (True, [])
    assert states(first) == {"plan": "created", "apply": "created"}
    assert first["roles"]["plan"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{PLAN}"
    assert attached(iam, PLAN) == {READ, PLAN}
    assert attached(iam, APPLY) == {READ, PLAN, "site-builder-dev-apply-data", "site-builder-dev-apply-services"}
    trust = iam.get_role(RoleName=PLAN)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust == [{"Effect": "Allow", "Principal": {"AWS": [CI]}, "Action": "sts:AssumeRole"}]
    assert "arn:aws:s3:::states" in json.dumps(document(iam, PLAN))
    second = call()
    assert (second["changed"], states(second)) == (False, {"plan": "unchanged", "apply": "unchanged"})


def test_only_the_role_that_somebody_may_assume(call: Callable[..., dict], iam: Any) -> None:
    assert states(call(trust={"plan": {"principal": CI}})) == {"plan": "created"}
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == [PLAN]
    assert {one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]} == {READ, PLAN}
    assert call(trust={})["changed"] is False


def test_check_mode_makes_nothing(call: Callable[..., dict], iam: Any) -> None:
    assert call(_ansible_check_mode=True)["changed"] is True
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_what_differs_is_set_right(call: Callable[..., dict], iam: Any) -> None:
    call()
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(ANYTHING))
    iam.detach_role_policy(RoleName=APPLY, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/site-builder-dev-apply-data")
    trust = {"plan": {"principal": other}, "apply": {"principal": CI}}
    changed = {"trust": trust, "permissions_boundary_arn": boundary}
    assert call(**changed, _ansible_check_mode=True)["changed"] is True
    assert len(attached(iam, APPLY)) == 3
    assert states(call(**changed)) == {"plan": "updated", "apply": "updated"}
    role = iam.get_role(RoleName=PLAN)["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": [other]}
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert len(attached(iam, APPLY)) == 4
    assert call(**changed)["changed"] is False


def test_a_policy_gets_a_new_version_and_the_oldest_goes(call: Callable[..., dict], iam: Any) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{PLAN}"
    for number in range(7):
        assert call(state_bucket=f"states-{number}")["changed"] is True
    assert len(iam.list_policy_versions(PolicyArn=arn)["Versions"]) == 5
    assert "arn:aws:s3:::states-6" in json.dumps(document(iam, PLAN))


@pytest.mark.parametrize(
    "tags", [[], [{"Key": "SiteBuilderRole", "Value": "plan"}, {"Key": "Environment", "Value": "prod"}]]
)
def test_a_role_that_is_not_ours_is_left_alone(call: Callable[..., dict], iam: Any, tags: list[dict[str, str]]) -> None:
    iam.create_role(RoleName=PLAN, AssumeRolePolicyDocument="{}", Tags=tags)
    result = call()
    assert states(result) == {"plan": "foreign", "apply": "created"}
    (problem,) = result["problems"]
    assert f"the role {PLAN} exists and was not made here" in problem
    assert attached(iam, PLAN) == set()
    assert iam.get_role(RoleName=PLAN)["Role"]["AssumeRolePolicyDocument"] == {}


def test_a_policy_that_is_not_ours_is_left_alone_and_not_attached(call: Callable[..., dict], iam: Any) -> None:
    iam.create_policy(PolicyName=PLAN, PolicyDocument=json.dumps(ANYTHING))
    (problem,) = call()["problems"]
    assert f"the policy {PLAN} exists and was not made here" in problem
    assert document(iam, PLAN) == ANYTHING
    assert attached(iam, PLAN) == {READ}


def test_what_was_added_by_hand_is_named(call: Callable[..., dict], iam: Any) -> None:
    call()
    by_hand = iam.create_policy(PolicyName="by-hand", PolicyDocument=json.dumps(ANYTHING))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=PLAN, PolicyArn=by_hand)
    iam.put_role_policy(RoleName=PLAN, PolicyName="more", PolicyDocument=json.dumps(ANYTHING))
    result = call()
    assert result["changed"] is False
    assert [problem.split(",")[0] for problem in result["problems"]] == [
        f"the role {PLAN} has the policy {by_hand}",
        f"the role {PLAN} has the policy more",
    ]


def test_an_issuer_must_be_known(call: Callable[..., dict], iam: Any) -> None:
    trust = {"plan": {"issuer": GITHUB, "subject": "repo:bbws/site-builder:*"}}
    failed = call(trust=trust)
    assert "the account has no identity provider" in failed["msg"]
    assert f"aws iam create-open-id-connect-provider --url {GITHUB} --client-id-list sts.amazonaws.com" in failed["msg"]
    assert iam.list_roles()["Roles"] == []
    iam.create_open_id_connect_provider(Url=GITHUB, ClientIDList=["other"], ThumbprintList=["a" * 40])
    assert "does not know the audience sts.amazonaws.com" in call(trust=trust)["msg"]
    arn = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.create_open_id_connect_provider(Url=GITHUB, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])
    assert states(call(trust=trust)) == {"plan": "created"}


def test_a_trust_that_is_wrong_is_refused(call: Callable[..., dict], iam: Any) -> None:
    assert "site_builder_access_trust.plan.principal is '*'" in call(trust={"plan": {"principal": "*"}})["msg"]
    assert iam.list_roles()["Roles"] == []
