"""The models that functions call, and what is said of their ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.bedrock import Life, ageing, called, life_of, past
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import iam
from botocore.stub import Stubber

from tests.settings import DEV

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SONNET = "anthropic.claude-sonnet-5-5"
FIX = "choose a newer one as site_builder_bedrock_inference_profile, or in iam_roles and the functions"


def test_which_models_are_called() -> None:
    roles = {
        "a": {"bedrock": {"inference_profiles": [f"eu.{SONNET}"], "model_ids": ["amazon.nova-lite-v1:0"]}},
        "b": {"bedrock": {"inference_profiles": [f"global.{SONNET}"], "region": "eu-north-1"}},
        "c": {"bedrock": {"inference_profiles": [f"eu.{SONNET}"]}},
        "d": {"bedrock": {}},
        "e": None,
    }
    assert called(iam.define(roles, DEV)["tfvars"]["roles"]) == [
        {"model": SONNET, "region": "eu-west-1"},
        {"model": "amazon.nova-lite-v1:0", "region": "eu-west-1"},
        {"model": SONNET, "region": "eu-north-1"},
    ]


@pytest.mark.parametrize(
    ("said", "life"),
    [
        ({"modelLifecycle": {"status": "ACTIVE"}}, Life("ACTIVE")),
        ({"modelLifecycle": {"status": "LEGACY", "endOfLifeTime": NOW}}, Life("LEGACY", NOW)),
        ({}, Life("without a lifecycle")),
    ],
)
def test_what_bedrock_says(said: dict, life: Life) -> None:
    client = boto3.client("bedrock", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    details = {"modelArn": f"arn:aws:bedrock:eu-west-1::foundation-model/{SONNET}", "modelId": SONNET, **said}
    with Stubber(client) as stub:
        stub.add_response("get_foundation_model", {"modelDetails": details}, {"modelIdentifier": SONNET})
        assert life_of(client, SONNET) == life


@pytest.mark.parametrize(
    ("life", "refusal", "warning"),
    [
        (Life("ACTIVE"), "", ""),
        (Life("ACTIVE", NOW + timedelta(days=400)), "", ""),
        (Life("LEGACY"), "", f"the model m is LEGACY; {FIX}"),
        (
            Life("LEGACY", NOW + timedelta(seconds=1)),
            "",
            f"the model m is LEGACY, its end is 2026-11-29; {FIX}",
        ),
        (
            Life("LEGACY", NOW),
            f"the model m has reached its end (2026-11-29), and each call of it fails; {FIX}",
            f"the model m is LEGACY, its end is 2026-11-29; {FIX}",
        ),
    ],
)
def test_how_a_model_is_judged(life: Life, refusal: str, warning: str) -> None:
    assert (past("m", life, NOW), ageing("m", life)) == (refusal, warning)
