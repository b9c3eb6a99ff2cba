"""What AWS has refused is one sentence, and each call to S3 names the owner."""

from __future__ import annotations

import re

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import aws as module
from ansible_collections.bbws.site_builder.plugins.module_utils.names import REGIONS
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NoCredentialsError(), "no AWS credentials were found; export AWS_PROFILE or"),
        ("ExpiredToken", "the AWS session token has expired; log in again and run again"),
        ("RequestExpired", "the AWS session token has expired; log in again and run again"),
        ("InvalidClientTokenId", "AWS does not accept these credentials (InvalidClientTokenId); check AWS_PROFILE"),
        ("SignatureDoesNotMatch", "AWS does not accept these credentials (SignatureDoesNotMatch); check AWS_PROFILE"),
        (
            "AccessDenied",
            "reading it failed: An error occurred (AccessDenied) when calling the GetObject operation: why",
        ),
        (
            EndpointConnectionError(endpoint_url="https://x"),
            'reading it failed: Could not connect to the endpoint URL: "https://x"',
        ),
    ],
)
def test_sentence(error: Exception | str, text: str):
    if isinstance(error, str):
        error = ClientError({"Error": {"Code": error, "Message": "why"}}, "GetObject")
    assert module.sentence(error, "reading it").startswith(text)


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "UnrecognizedClientException"])
def test_a_region_that_is_not_enabled_is_the_first_cause(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "why"}}, "GetCallerIdentity")
    told = module.sentence(error, "asking", "af-south-1")
    assert told.startswith(
        f"af-south-1 does not accept these credentials ({code}), most often because the account has not enabled"
    )
    assert "aws account enable-region --region-name af-south-1" in told
    assert module.sentence(error, "asking", "eu-west-1").startswith("AWS does not accept these credentials")
    expired = ClientError({"Error": {"Code": "ExpiredToken", "Message": "why"}}, "GetCallerIdentity")
    assert "has expired" in module.sentence(expired, "asking", "af-south-1")


def test_only_known_regions_are_opted_into() -> None:
    assert REGIONS["aws"] >= module.OPT_IN


def test_every_operation_that_knows_an_owner_gets_it() -> None:
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    assert module.expect_owner(client, "123456789012") is client
    seen: dict[str, str | None] = {}

    def see(model, params, **_event):
        seen[model.name] = params["headers"].get("x-amz-expected-bucket-owner")
        raise ClientError({"Error": {"Code": "Stop", "Message": ""}}, model.name)

    client.meta.events.register("before-call.s3", see)
    for call in (
        lambda: client.head_bucket(Bucket="b"),
        lambda: client.put_object(Bucket="b", Key="k", Body=b""),
        lambda: client.get_object(Bucket="b", Key="k", ExpectedBucketOwner="999999999999"),
        lambda: client.create_bucket(Bucket="b"),
        lambda: list(client.get_paginator("list_objects_v2").paginate(Bucket="b")),
        lambda: client.get_waiter("bucket_exists").wait(Bucket="b", WaiterConfig={"MaxAttempts": 1}),
        client.list_buckets,
    ):
        with pytest.raises(Exception, match=r"Stop|Max attempts"):
            call()
    assert seen == {
        "HeadBucket": "123456789012",
        "PutObject": "123456789012",
        "GetObject": "999999999999",
        "CreateBucket": None,
        "ListObjectsV2": "123456789012",
        "ListBuckets": None,
    }


# What makes a client of S3, or of whichever service; and what has it name the owner. The store of plans names it itself, in what it
# signs for browsers, too; account_check asks S3 nothing.
_MADE = re.compile(r'module\.client\((?:"s3"|service)')
_OWNED = re.compile(
    r'expect_owner\(module\.client\("s3"\)|Bucket\(module\.client\("s3"\)|module\.client\("s3", config=signing'
    r'|expect_owner\(made, .+\) if service == "s3"'
)


def test_no_client_of_s3_goes_without() -> None:
    """Whoever makes a client of S3 in a new module has it name the account to which the bucket must belong."""
    texts = {
        path.name: path.read_text() for path in (ROOT / "plugins").rglob("*.py") if path.name != "account_check.py"
    }
    making = {name: len(_MADE.findall(text)) for name, text in texts.items() if _MADE.search(text)}
    assert len(making) >= 8
    assert making == {name: len(_OWNED.findall(texts[name])) for name in making}


def test_no_task_calls_s3_by_other_modules() -> None:
    """The one that does deletes buckets which the plan of a destruction names, out of a state; AWS refuses those of others."""
    tasks = [
        path
        for path in (ROOT / "roles").rglob("tasks/*.yml")
        if re.search(r"(amazon|community)\.aws\.s3", path.read_text())
    ]
    assert [path.relative_to(ROOT).as_posix() for path in tasks] == ["roles/s3/tasks/before_destroy.yml"]


def test_a_page_for_an_answer_is_not_shown() -> None:
    error = ClientError(
        {"Error": {"Code": "404", "Message": "<!doctype html>\n<html>\n<p>No</p>"}}, "GetAccountSettings"
    )
    assert module.sentence(error, "looking") == (
        "looking failed: An error occurred (404) when calling the GetAccountSettings operation"
    )
