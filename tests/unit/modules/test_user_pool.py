"""A user pool is made once, completed where scopes are missing, and a foreign one is left alone. Against moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import user_pool as module
from moto import mock_aws

REGION = "eu-west-1"
SCOPES = ["site-builder/generate", "site-builder/validate", "https://x.example/api/read"]
OPTIONS: dict[str, Any] = {
    "name": "site-builder-dev",
    "domain": "site-builder-dev-1",
    "scopes": SCOPES,
    "tags": {"Environment": "dev"},
    "region": REGION,
}


@pytest.fixture
def cognito(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        client = boto3.client("cognito-idp", REGION)
        monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda _self, _service: client)
        yield client


@pytest.fixture
def make(run_module: Callable[..., dict], cognito: Any) -> Callable[..., dict]:
    return lambda **more: run_module(module, **{**OPTIONS, **more})


def scopes_of(cognito: Any, pool: str) -> list[str]:
    servers = cognito.list_resource_servers(UserPoolId=pool, MaxResults=50)["ResourceServers"]
    return sorted(f"{one['Identifier']}/{scope['ScopeName']}" for one in servers for scope in one["Scopes"])


def client_of(cognito: Any, made: dict) -> dict[str, Any]:
    pool = made["arn"].rpartition("/")[2]
    return cognito.describe_user_pool_client(UserPoolId=pool, ClientId=made["client_id"])["UserPoolClient"]


def test_it_is_made_once(make: Callable[..., dict], cognito: Any) -> None:
    made = make()
    assert made["changed"] is True
    pool = cognito.describe_user_pool(UserPoolId=made["arn"].rpartition("/")[2])["UserPool"]
    assert (pool["Name"], pool["DeletionProtection"], pool["Domain"]) == (OPTIONS["name"], "ACTIVE", OPTIONS["domain"])
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["UserPoolTags"]["Environment"] == "dev"
    assert scopes_of(cognito, pool["Id"]) == sorted(SCOPES)
    client = client_of(cognito, made)
    assert (client["AllowedOAuthFlows"], client["AllowedOAuthScopes"]) == (["client_credentials"], sorted(SCOPES))
    # The secret is nowhere in what Ansible shows.
    assert client["ClientSecret"] not in str(made)
    assert f'site_builder_cognito_user_pool_arns: ["{pool["Arn"]}"]' in made["lines"]

    again = make()
    assert again["changed"] is False
    assert (again["arn"], again["client_id"]) == (made["arn"], made["client_id"])


@pytest.mark.parametrize("lost", ["domain", "client"])
def test_an_interrupted_one_is_completed(lost: str, make: Callable[..., dict], cognito: Any) -> None:
    made = make()
    pool = made["arn"].rpartition("/")[2]
    if lost == "domain":
        cognito.delete_user_pool_domain(UserPoolId=pool, Domain=OPTIONS["domain"])
    else:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=made["client_id"])
    again = make()
    assert (again["changed"], again["arn"]) == (True, made["arn"])
    assert make()["changed"] is False


def test_a_further_scope(make: Callable[..., dict], cognito: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto knows no update of a resource server. What a person has added stays."""
    made = make(scopes=SCOPES[:1])
    updates = []
    monkeypatch.setattr(cognito, "update_resource_server", lambda **update: updates.append(update) or {}, raising=False)
    assert make(scopes=SCOPES[1:2])["changed"] is True
    (update,) = updates
    assert (update["Identifier"], update["Name"]) == ("site-builder", "site-builder")
    assert [scope["ScopeName"] for scope in update["Scopes"]] == ["generate", "validate"]
    client = client_of(cognito, made)
    assert client["AllowedOAuthScopes"] == SCOPES[:2]
    assert client["ClientName"] == OPTIONS["name"]


def test_a_foreign_one_is_left_alone(make: Callable[..., dict], cognito: Any) -> None:
    pool = cognito.create_user_pool(PoolName=OPTIONS["name"])["UserPool"]["Id"]
    message = make()["msg"]
    assert message == (
        f"a user pool 'site-builder-dev' was not made here ({pool}); leave out site_builder_cognito, and name the one that is meant "
        "in site_builder_cognito_user_pool_arns"
    )
    assert len(cognito.list_user_pools(MaxResults=60)["UserPools"]) == 1


def test_two_of_ours(make: Callable[..., dict], cognito: Any) -> None:
    for _ in range(2):
        cognito.create_user_pool(PoolName=OPTIONS["name"], UserPoolTags={module.MARK: "x"})
    assert "exists 2 times" in make()["msg"]


def test_check_mode_makes_nothing(make: Callable[..., dict], cognito: Any) -> None:
    result = make(_ansible_check_mode=True)
    assert (result["changed"], result["arn"], result["client_id"]) == (True, "", "")
    assert cognito.list_user_pools(MaxResults=60)["UserPools"] == []
    make()
    assert make(_ansible_check_mode=True)["changed"] is False


def test_what_aws_refuses(make: Callable[..., dict], cognito: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_event: object) -> None:
        raise module.ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "no"}}, "CreateUserPool")

    cognito.meta.events.register("before-call.cognito-identity-provider.CreateUserPool", refuse)
    assert make()["msg"].startswith("making the user pool failed: ")
