"""The states are read, and what they do not hold is told; against moto. What is looked for is tested in module_utils/unmanaged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import unmanaged_info as module
from moto import mock_aws

ACCOUNT, REGION = "123456789012", "eu-west-1"
STATES = f"shop-tfstate-dev-{ACCOUNT}-{REGION}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-alerts-dev"
CONTEXT = {"service": "shop", "environment": "dev", "region": REGION, "account_id": ACCOUNT}
TOPIC_STATE = {
    "version": 4,
    "resources": [
        {"mode": "data", "type": "aws_sns_topic", "instances": [{"attributes": {"arn": "other"}}]},
        {
            "mode": "managed",
            "type": "aws_sns_topic",
            "instances": [{"attributes": {"arn": TOPIC, "name": "shop-alerts-dev"}}],
        },
    ],
}


@pytest.fixture
def look(run_module: Callable[..., dict], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")

    def run(**more: Any) -> dict:
        given = {
            "state_bucket": STATES,
            "state_prefix": "shop/dev",
            "stacks": ["iam", "monitoring"],
            "look_at": ["monitoring"],
        }
        return run_module(module, context=CONTEXT, region=REGION, **{**given, **more})

    with mock_aws():
        boto3.client("s3", region_name=REGION).create_bucket(
            Bucket=STATES, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield run


def keep(text: str) -> None:
    key = "shop/dev/monitoring/terraform.tfstate"
    boto3.client("s3", region_name=REGION).put_object(Bucket=STATES, Key=key, Body=text.encode())


def test_what_a_state_holds_is_managed(look: Callable[..., dict]) -> None:
    sns = boto3.client("sns", region_name=REGION)
    sns.create_topic(Name="shop-alerts-dev")
    found = [{"stack": "monitoring", "kind": "topic", "name": "shop-alerts-dev"}]
    # As long as there is no state, nothing holds it.
    assert look() == {**look(), "changed": False, "found": found, "problems": {}}
    keep(json.dumps(TOPIC_STATE))
    assert look()["found"] == []
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="eve@example.com")
    assert look()["found"] == [
        {"stack": "monitoring", "kind": "subscription", "name": "email eve@example.com of shop-alerts-dev"}
    ]
    assert look(look_at=["iam"])["found"] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "{",
            "s3://shop-tfstate-dev-123456789012-eu-west-1/shop/dev/monitoring/terraform.tfstate cannot be read as a Terraform state",
        )
    ],
)
def test_a_state_that_cannot_be_read(look: Callable[..., dict], text: str, sentence: str) -> None:
    keep(text)
    assert sentence in look()["msg"]


def test_no_bucket_of_states(look: Callable[..., dict]) -> None:
    assert "reading s3://shop-nowhere/shop/dev/iam/terraform.tfstate failed" in look(state_bucket="shop-nowhere")["msg"]
