"""A report outlives the machine of its run, and no run fails for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import report_store
from botocore.client import BaseClient
from moto import mock_aws

ACCOUNT = "123456789012"


@pytest.fixture
def keep(run_module: Callable[..., dict], tmp_path: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    report = tmp_path / "report.json"
    report.write_text('{"id": "r"}')
    arguments = {"report": str(report), "run_id": "r", "account_id": ACCOUNT, "region": "eu-west-1"}
    arguments |= {"state_bucket": "states", "state_prefix": "shop/dev"}
    with mock_aws():
        boto3.client("s3", "eu-west-1").create_bucket(
            Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield lambda **more: run_module(report_store, **arguments, **more)


def objects() -> list[str]:
    return [
        item["Key"] for item in boto3.client("s3", "eu-west-1").list_objects_v2(Bucket="states").get("Contents", [])
    ]


def test_it_lies_beside_the_states_and_names_the_owner(keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    convert = BaseClient._convert_to_request_dict

    def listen(self: Any, api_params: dict[str, Any], operation_model: Any, **more: Any) -> Any:
        asked.append((operation_model.name, api_params.get("ExpectedBucketOwner")))
        return convert(self, api_params=api_params, operation_model=operation_model, **more)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_convert_to_request_dict", listen)
        result = keep()
    assert result["path"] == "s3://states/shop/dev/reports/r.json"
    body = boto3.client("s3", "eu-west-1").get_object(Bucket="states", Key="shop/dev/reports/r.json")["Body"].read()
    assert json.loads(body) == {"id": "r"}
    assert asked == [("PutObject", ACCOUNT)]
    assert not result["changed"]


def test_what_aws_refuses_is_a_warning(keep: Any) -> None:
    boto3.client("s3", "eu-west-1").delete_bucket(Bucket="states")
    refused = keep()
    assert refused["path"] == ""
    (warning,) = refused["warnings"]
    text = warning["event"]["msg"] if isinstance(warning, dict) else warning
    assert "the report of this run is not in s3://states/shop/dev/reports/r.json (" in text
    assert "NoSuchBucket" in text
    assert "allow this account s3:PutObject" in text


def test_check_mode_writes_nothing(keep: Any) -> None:
    assert keep(_ansible_check_mode=True)["path"] == ""
    assert objects() == []
