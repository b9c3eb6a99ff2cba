"""What a run remembers of the inputs that it has applied; against moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import applied_inputs as module
from moto import mock_aws

ACCOUNT = "123456789012"
KEY = "site-builder/dev/s3/"


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        client.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client


@pytest.fixture
def remember(run_module: Callable[..., dict]) -> Callable[..., dict]:
    options = {
        "region": "eu-west-1",
        "account_id": ACCOUNT,
        "state_bucket": "states",
        "state_prefix": "site-builder/dev",
    }
    return lambda **further: run_module(module, **{**options, "inputs": {"s3": "f00"}, **further})


def record(s3: Any) -> dict[str, str]:
    return json.loads(s3.get_object(Bucket="states", Key=f"{KEY}applied.json")["Body"].read())


def put_state(s3: Any) -> str:
    s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    return s3.put_object(Bucket="states", Key=f"{KEY}terraform.tfstate", Body=b"{}")["VersionId"]


def test_the_version_that_is_there(s3: Any, remember: Callable[..., dict]) -> None:
    version = put_state(s3)
    assert remember()["remembered"] == ["s3"]
    assert {**record(s3), "since": ""} == {"sha256": "f00", "version": version, "since": ""}


def test_the_version_that_was_planned_against(s3: Any, remember: Callable[..., dict]) -> None:
    """Another run may have written the state since."""
    planned = put_state(s3)
    put_state(s3)
    remember(versions={"s3": planned})
    assert record(s3)["version"] == planned


def test_nothing_without_versions_or_in_check_mode(s3: Any, remember: Callable[..., dict]) -> None:
    s3.put_object(Bucket="states", Key=f"{KEY}terraform.tfstate", Body=b"{}")
    assert remember()["remembered"] == []
    put_state(s3)
    assert remember(_ansible_check_mode=True)["remembered"] == []
    assert "Contents" not in s3.list_objects_v2(Bucket="states", Prefix=f"{KEY}applied")


def test_a_refusal_is_one_sentence(s3: Any, remember: Callable[..., dict]) -> None:
    result = remember(state_bucket="others")
    assert result["failed"] is True
    assert result["msg"].startswith("writing s3://others/site-builder/dev/s3/applied.json")
