"""Each need of a first deployment: there, missing with a way to get it, or unknown with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import access, account
from botocore.stub import Stubber

ACCOUNT = "123456789012"
PROFILE = "eu.anthropic.claude-sonnet-5-5"
MODEL = PROFILE.partition(".")[2]
POOL = f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_A"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:site-builder-alerts-dev"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
CONTEXT = {"service": "site-builder", "environment": "dev", "region": "eu-west-1", "account_id": ACCOUNT}
WHO = f"arn:aws:iam::{ACCOUNT}:role/ci"
FACTS: dict[str, Any] = {
    "context": CONTEXT,
    "bedrock_region": "eu-west-1",
    "inference_profile": PROFILE,
    "user_pools": [POOL],
    "scopes": ["site-builder/generate"],
    "global_tables": True,
    "reserved_concurrency": 0,
    "topic_arn": TOPIC,
    "emails": ["a@example.com"],
    "kms_keys": [KEY],
    "trust": {"plan": {"principal": WHO}},
}
ARN = f"arn:aws:iam::{ACCOUNT}:role/x"
ROLE = {"Path": "/", "RoleName": "xx", "RoleId": "A" * 16, "Arn": ARN, "CreateDate": datetime(2026, 1, 1, tzinfo=UTC)}


class Clients:
    """Clients that answer what a test says, by service, in that order; any other call fails."""

    def __init__(self) -> None:
        self.stubs: dict[str, Stubber] = {}
        self.asked: list[tuple[str, str]] = []
        self.clients: dict[str, Any] = {}

    def __call__(self, service: str, region: str) -> Any:
        self.asked.append((service, region))
        return self._client(service)

    def _client(self, service: str) -> Any:
        if service not in self.clients:
            keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
            self.clients[service] = boto3.client(service, region_name="eu-west-1", **keys)
            self.stubs[service] = Stubber(self.clients[service])
            self.stubs[service].activate()
        return self.clients[service]

    def answer(self, service: str, operation: str, answer: dict[str, Any], **expected: Any) -> None:
        self._client(service)
        self.stubs[service].add_response(operation, answer, expected or None)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self._client(service)
        self.stubs[service].add_client_error(operation, code, "why")


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


def looked(clients: Clients, what: str, **facts: Any) -> list[account.Row]:
    return list(account._looked(what, account.CHECKS[what], clients, {**FACTS, **facts}))


def test_other_credentials_end_it(clients: Clients) -> None:
    arn = "arn:aws:iam::999999999999:user/eve"
    clients.answer("sts", "get_caller_identity", {"Account": "999999999999", "Arn": arn, "UserId": "x"})
    (row,) = account.rows(clients, FACTS)
    assert row.state == "missing"
    assert row.line.startswith(
        f"missing credentials: {arn} belongs to the account 999999999999, not {ACCOUNT}; use the credentials"
    )


def test_no_credentials_end_it_too(clients: Clients) -> None:
    clients.refuse("sts", "get_caller_identity", "ExpiredToken")
    (row,) = account.rows(clients, FACTS)
    assert (row.state, row.found) == ("unknown", "the AWS session token has expired; log in again and run again")


def test_a_check_that_may_not_look_is_unknown_and_the_others_go_on(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        account, "CHECKS", {name: account.CHECKS[name] for name in ("regions", "API Gateway's logging role")}
    )
    clients.answer("sts", "get_caller_identity", {"Account": ACCOUNT, "Arn": ARN, "UserId": "x"})
    clients.refuse("ec2", "describe_regions", "UnauthorizedOperation")
    clients.answer("apigateway", "get_account", {"cloudwatchRoleArn": ARN})
    assert [(row.what, row.state) for row in account.rows(clients, FACTS)] == [
        ("credentials", "ok"),
        ("regions", "unknown"),
        ("API Gateway's logging role in eu-west-1", "ok"),
    ]
    assert account.rows and ("ec2", "us-east-1") in clients.asked


def test_regions(clients: Clients) -> None:
    found = {"af-south-1": "not-opted-in", "eu-west-1": "opt-in-not-required"}
    regions = [{"RegionName": name, "OptInStatus": status} for name, status in found.items()]
    clients.answer(
        "ec2", "describe_regions", {"Regions": regions}, RegionNames=["af-south-1", "eu-west-1"], AllRegions=True
    )
    first, second = looked(
        clients, "regions", context={**CONTEXT, "region": "af-south-1", "replica_region": "eu-west-1"}
    )
    assert (first.what, first.state, second.state) == ("region af-south-1", "missing", "ok")
    assert "aws account enable-region --region-name af-south-1" in first.fix


@pytest.mark.parametrize(("answer", "state"), [({"cloudwatchRoleArn": ARN}, "ok"), ({}, "missing")])
def test_api_logging(clients: Clients, answer: dict[str, Any], state: str) -> None:
    clients.answer("apigateway", "get_account", answer)
    (row,) = looked(clients, "API Gateway's logging role")
    assert (row.state, "bootstrap.yml" in row.fix) == (state, state == "missing")


def profile(*regions: str, status: str = "ACTIVE") -> dict[str, Any]:
    models = [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{MODEL}"} for region in regions]
    arn = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/{PROFILE}"
    facts = {"inferenceProfileName": "x", "inferenceProfileArn": arn, "inferenceProfileId": PROFILE}
    return {**facts, "models": models, "status": status, "type": "SYSTEM_DEFINED"}


def test_a_profile_that_exists_and_its_regions(clients: Clients) -> None:
    expected = {"inferenceProfileIdentifier": PROFILE}
    clients.answer("bedrock", "get_inference_profile", profile("eu-west-1", "eu-central-1"), **expected)
    assert [row.state for row in looked(clients, "inference profile")] == ["ok", "ok"]
    clients.answer("bedrock", "get_inference_profile", profile("eu-west-1", "eu-north-1", "eu-central-1"))
    _, regions = looked(clients, "inference profile")
    assert (regions.state, regions.found) == ("ok", "eu-central-1, eu-north-1")


def test_a_global_profile_names_no_region(clients: Clients) -> None:
    clients.answer("bedrock", "get_inference_profile", profile("", "eu-west-1"))
    assert [row.state for row in looked(clients, "inference profile")] == ["ok", "ok"]


def test_no_such_profile(clients: Clients) -> None:
    clients.refuse("bedrock", "get_inference_profile", "ResourceNotFoundException")
    (row,) = looked(clients, "inference profile")
    assert (row.state, "aws bedrock list-inference-profiles" in row.fix) == ("missing", True)


@pytest.mark.parametrize(
    ("lifecycle", "state", "found"),
    [
        ({"status": "ACTIVE"}, "ok", "ACTIVE"),
        ({"status": "LEGACY", "endOfLifeTime": datetime(2026, 11, 30, tzinfo=UTC)}, "missing", "LEGACY, its end is 2026-11-30"),
    ],
)  # fmt: skip
def test_model(clients: Clients, lifecycle: dict[str, Any], state: str, found: str) -> None:
    details = {
        "modelArn": f"arn:aws:bedrock:eu-west-1::foundation-model/{MODEL}",
        "modelId": MODEL,
        "modelLifecycle": lifecycle,
    }
    clients.answer("bedrock", "get_foundation_model", {"modelDetails": details}, modelIdentifier=MODEL)
    (row,) = looked(clients, "model")
    assert (row.what, row.state, row.found) == (f"model {MODEL}", state, found)


@pytest.mark.parametrize(("agreement", "state"), [("AVAILABLE", "ok"), ("NOT_AVAILABLE", "missing")])
def test_model_access(clients: Clients, agreement: str, state: str) -> None:
    answer = {
        "modelId": MODEL,
        "agreementAvailability": {"status": agreement},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }
    clients.answer("bedrock", "get_foundation_model_availability", answer, modelId=MODEL)
    (row,) = looked(clients, "access to the model")
    assert (row.state, row.found) == (state, "AVAILABLE" if state == "ok" else "agreement NOT_AVAILABLE")


def servers(*scopes: str) -> dict[str, Any]:
    named = [{"ScopeName": name, "ScopeDescription": name} for name in scopes]
    return {
        "ResourceServers": [{"UserPoolId": "eu-west-1_A", "Identifier": "site-builder", "Name": "x", "Scopes": named}]
    }


@pytest.mark.parametrize(("scope", "state"), [("generate", "ok"), ("agents", "missing")])
def test_pools_and_scopes(clients: Clients, scope: str, state: str) -> None:
    clients.answer("cognito-idp", "describe_user_pool", {"UserPool": {}}, UserPoolId="eu-west-1_A")
    clients.answer("cognito-idp", "list_resource_servers", servers(scope))
    pool, scopes = looked(clients, "user pools")
    assert (pool.state, scopes.state) == ("ok", state)
    assert ("create-resource-server --identifier site-builder" in scopes.fix) == (state == "missing")


def test_a_pool_that_is_not_there(clients: Clients) -> None:
    clients.refuse("cognito-idp", "describe_user_pool", "ResourceNotFoundException")
    pool, scopes = looked(clients, "user pools")
    assert (pool.state, scopes.state) == ("missing", "unknown")


def test_a_pool_of_another_account_cannot_be_looked_at(clients: Clients) -> None:
    pool, scopes = looked(clients, "user pools", user_pools=[POOL.replace(ACCOUNT, "999999999999")])
    assert (pool.state, scopes.state) == ("unknown", "unknown")
    assert clients.asked == []


def test_service_linked_role(clients: Clients) -> None:
    clients.answer("iam", "get_role", {"Role": ROLE}, RoleName="AWSServiceRoleForDynamoDBReplication")
    assert [row.state for row in looked(clients, "service-linked role")] == ["ok"]
    clients.refuse("iam", "get_role", "NoSuchEntity")
    (row,) = looked(clients, "service-linked role")
    assert (row.state, "--aws-service-name replication.dynamodb.amazonaws.com" in row.fix) == ("missing", True)
    assert looked(clients, "service-linked role", global_tables=False) == []


@pytest.mark.parametrize(
    ("limit", "reserved", "state"), [(10, 0, "ok"), (1000, 900, "ok"), (1000, 901, "missing"), (10, 5, "missing")]
)
def test_concurrency(clients: Clients, limit: int, reserved: int, state: str) -> None:
    clients.answer("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}})
    (row,) = looked(clients, "concurrency of functions", reserved_concurrency=reserved)
    assert row.state == state
    assert (f"--desired-value {reserved + 100}" in row.fix) == (state == "missing")


@pytest.mark.parametrize(
    ("arn", "state", "found"),
    [
        (f"{TOPIC}:1", "ok", "confirmed"),
        ("PendingConfirmation", "missing", "PendingConfirmation"),
        (None, "missing", "not subscribed"),
    ],
)
def test_subscriptions(clients: Clients, arn: str | None, state: str, found: str) -> None:
    subscriptions = [{"Endpoint": "a@example.com", "SubscriptionArn": arn}] if arn else []
    clients.answer("sns", "list_subscriptions_by_topic", {"Subscriptions": subscriptions}, TopicArn=TOPIC)
    (row,) = looked(clients, "alerts")
    assert (row.what, row.state, row.found) == ("alerts to a@example.com", state, found)


def test_no_topic_yet(clients: Clients) -> None:
    clients.refuse("sns", "list_subscriptions_by_topic", "NotFound")
    (row,) = looked(clients, "alerts")
    assert (row.state, row.found) == ("unknown", "the topic does not exist before the first deployment")
    assert looked(clients, "alerts", emails=[]) == looked(clients, "alerts", topic_arn="") == []


@pytest.mark.parametrize(("key_state", "state"), [("Enabled", "ok"), ("PendingDeletion", "missing")])
def test_keys(clients: Clients, key_state: str, state: str) -> None:
    clients.answer("kms", "describe_key", {"KeyMetadata": {"KeyId": "1", "KeyState": key_state}}, KeyId=KEY)
    (row,) = looked(clients, "keys")
    assert (row.state, row.found) == (state, key_state)


def test_a_key_that_is_not_there(clients: Clients) -> None:
    clients.refuse("kms", "describe_key", "NotFoundException")
    assert [row.state for row in looked(clients, "keys")] == ["missing"]


@pytest.mark.parametrize(
    ("tags", "admitted", "state", "found"),
    [
        ([{"Key": "SiteBuilderRole", "Value": "plan"}], WHO, "ok", ARN),
        ([], WHO, "missing", "one of that name was not made here"),
        # Changed by hand, or in the inventory since bootstrap.yml ran.
        (
            [{"Key": "SiteBuilderRole", "Value": "plan"}],
            f"arn:aws:iam::{ACCOUNT}:root",
            "missing",
            "it lets others in than site_builder_access_trust names",
        ),
    ],
)
def test_roles_of_the_deployment(
    clients: Clients, tags: list[dict[str, str]], admitted: str, state: str, found: str
) -> None:
    trust = access.trust_policy({"principal": admitted}, CONTEXT)
    role = {**ROLE, "Tags": tags, "AssumeRolePolicyDocument": quote(json.dumps(trust))}
    clients.answer("iam", "get_role", {"Role": role}, RoleName="site-builder-dev-plan")
    (row,) = looked(clients, "roles of the deployment")
    assert (row.state, row.found) == (state, found)


def test_no_role_yet(clients: Clients) -> None:
    clients.refuse("iam", "get_role", "NoSuchEntity")
    (row,) = looked(clients, "roles of the deployment")
    assert (row.state, "bootstrap.yml" in row.fix) == ("missing", True)


@pytest.mark.parametrize("what", account.CHECKS)
def test_what_the_endpoint_does_not_know_is_unknown(clients: Clients, what: str) -> None:
    """As the embedded AWS, which has not every service."""
    calls = {
        "regions": ("ec2", "describe_regions"),
        "API Gateway's logging role": ("apigateway", "get_account"),
        "inference profile": ("bedrock", "get_inference_profile"),
        "model": ("bedrock", "get_foundation_model"),
        "access to the model": ("bedrock", "get_foundation_model_availability"),
        "user pools": ("cognito-idp", "describe_user_pool"),
        "service-linked role": ("iam", "get_role"),
        "concurrency of functions": ("lambda", "get_account_settings"),
        "alerts": ("sns", "list_subscriptions_by_topic"),
        "keys": ("kms", "describe_key"),
        "roles of the deployment": ("iam", "get_role"),
    }
    clients.refuse(*calls[what], "NotImplemented")
    found = looked(clients, what)
    assert found
    assert {row.state for row in found} == {"unknown"}
    assert all(row.found for row in found)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({"failed": True, "msg": "no"}, "unknown"),
        ({"created": True, "problems": []}, "missing"),
        ({"created": False, "problems": ["it keeps no versions"]}, "missing"),
        ({"created": False, "problems": []}, "ok"),
    ],
)
def test_state_bucket(result: dict[str, Any], state: str) -> None:
    assert account.state_bucket_row(result, "states").state == state
