"""A bucket that is there is looked at, one that is not is made, and one that was begun is completed; against moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import state_bucket as module
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3 import s3_backends

ACCOUNT = "123456789012"
TAGS = {"Service": "shop", "Environment": "dev", "ManagedBy": "Terraform"}
ARN = "arn:aws:s3:::states"
OPTIONS = {"bucket": "states", "account_id": ACCOUNT, "tags": TAGS, "region": "eu-west-1"}
PLACE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


class Calls:
    """What was asked, and what AWS is to refuse: {operation: code}."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.owners: set[tuple[str, str | None]] = set()
        self.refused: dict[str, str] = {}

    def see(self, model: Any, params: dict[str, Any], **_event: Any) -> None:
        self.made.append(model.name)
        self.owners.add((model.name, params["headers"].get("x-amz-expected-bucket-owner")))
        if model.name in self.refused:
            raise ClientError({"Error": {"Code": self.refused[model.name], "Message": "no"}}, model.name)

    def writes(self) -> list[str]:
        return [name for name in self.made if not name.startswith(("Get", "Head"))]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client, made once, for that takes long."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield boto3.client("s3", region_name="eu-west-1")


@pytest.fixture
def calls(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    seen = Calls()
    monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda _self, _service: s3)
    s3.meta.events.register("before-call.s3", seen.see, unique_id="seen")
    yield seen
    s3.meta.events.unregister("before-call.s3", unique_id="seen")
    s3_backends[ACCOUNT]["aws"].reset()


@pytest.fixture
def call(run_module: Callable[..., dict], calls: Calls) -> Callable[..., dict]:
    def called(**options: Any) -> dict[str, Any]:
        calls.made.clear()
        return run_module(module, **{**OPTIONS, **options})

    return called


def tags(s3: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="states")["TagSet"]}


ALL = ["owner", "versioning", "encryption", "public_access", "ownership", "tls"]


def test_created_with_all_that_it_needs(call: Callable[..., dict], s3: Any) -> None:
    result = call()
    assert {name: result[name] for name in ("changed", "created", "completed", "problems")} == {
        "changed": True,
        "created": True,
        "completed": False,
        "problems": [],
    }
    assert [(one["check"], one["ok"]) for one in result["checks"]] == [(check, True) for check in ALL]
    assert tags(s3) == TAGS
    assert json.loads(s3.get_bucket_policy(Bucket="states")["Policy"]) == module.tls_policy(ARN)
    again = call()
    assert (again["changed"], again["created"], again["completed"], again["problems"]) == (False, False, False, [])


def test_check_mode_creates_nothing(call: Callable[..., dict], calls: Calls) -> None:
    result = call(_ansible_check_mode=True)
    assert (result["changed"], result["created"], result["checks"]) == (True, True, [])
    assert calls.made == ["HeadBucket"]


@pytest.mark.parametrize("killed", ["PutPublicAccessBlock", "PutBucketEncryption", "PutBucketPolicy", "second tags"])
def test_interrupted_creation_is_completed(call: Callable[..., dict], calls: Calls, s3: Any, killed: str) -> None:
    if killed == "second tags":
        call()
        module.Bucket(s3, "states", ACCOUNT)._tag(module.UNFINISHED)
    else:
        calls.refused = {killed: "InternalError"}
        assert call()["msg"].startswith("setting up the state bucket states failed: ")
        calls.refused = {}
    looked = call(_ansible_check_mode=True)
    assert (looked["changed"], looked["completed"], calls.writes()) == (True, True, [])
    result = call()
    assert (result["changed"], result["created"], result["completed"]) == (True, False, True)
    assert (result["problems"], tags(s3)) == ([], TAGS)


def somebodys(s3: Any) -> dict[str, Any]:
    """A bucket with decisions of its own; gives what it is like."""
    s3.create_bucket(Bucket="states", **PLACE)
    s3.put_bucket_tagging(Bucket="states", Tagging={"TagSet": [{"Key": "Owner", "Value": "finance"}]})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}}
    s3.put_bucket_encryption(Bucket="states", ServerSideEncryptionConfiguration={"Rules": [rule]})
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{ARN}/*"}
    s3.put_bucket_policy(Bucket="states", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return looks(s3)


def looks(s3: Any) -> dict[str, Any]:
    return {
        "tags": tags(s3),
        "encryption": s3.get_bucket_encryption(Bucket="states")["ServerSideEncryptionConfiguration"],
        "policy": s3.get_bucket_policy(Bucket="states")["Policy"],
        "versioning": s3.get_bucket_versioning(Bucket="states").get("Status"),
    }


def test_existing_one_is_looked_at_and_never_changed(
    call: Callable[..., dict], calls: Calls, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(module.AnsibleAWSModule, "warn", lambda _self, text: told.append(text))
    before = somebodys(s3)
    result = call()
    assert calls.writes() == []
    assert looks(s3) == before
    assert (result["changed"], result["created"], result["completed"]) == (False, False, False)
    checks = {one["check"]: (one["ok"], one["found"]) for one in result["checks"]}
    assert checks["encryption"] == (True, "aws:kms key")
    assert {check: ok for check, (ok, _) in checks.items()} == dict.fromkeys(ALL, False) | {
        "owner": True,
        "encryption": True,
    }
    assert told == result["problems"]
    assert [problem.split("; ")[0] for problem in result["problems"]] == [
        "the state bucket states keeps no versions, so that a state that was overwritten is lost",
        "the state bucket states does not block public access in all four ways",
        "the state bucket states has ACLs, so that an object in it may belong to somebody else",
        "the state bucket states takes calls without TLS",
    ]


def test_untagged_one_is_nobodys_of_ours(call: Callable[..., dict], calls: Calls, s3: Any) -> None:
    s3.create_bucket(Bucket="states", **PLACE)
    assert call()["changed"] is False
    assert calls.writes() == []


def test_what_may_not_be_looked_at_is_said(call: Callable[..., dict], calls: Calls, s3: Any) -> None:
    call()
    calls.refused = dict.fromkeys(("GetBucketTagging", "GetBucketPolicy", "GetBucketEncryption"), "AccessDenied")
    result = call()
    assert [one["check"] for one in result["checks"] if one["ok"] is None] == ["encryption", "tls"]
    assert result["problems"] == [
        "these credentials may not look at encryption, tls of the state bucket states; look at it yourself"
    ]


@pytest.mark.parametrize(("operation", "code"), [("HeadBucket", "403"), ("CreateBucket", "BucketAlreadyExists")])
def test_squatted_one_stops(call: Callable[..., dict], calls: Calls, operation: str, code: str) -> None:
    calls.refused = {operation: code}
    assert call()["msg"] == (
        f"the bucket states belongs to another account than {ACCOUNT}, or these credentials may not read it (403); name another "
        "bucket in site_builder_state_bucket, or use the credentials of this environment"
    )
    assert calls.writes() in ([], ["CreateBucket"])


def test_one_of_another_region_stops(call: Callable[..., dict], calls: Calls) -> None:
    calls.refused = {"HeadBucket": "301"}
    assert call()["msg"].startswith("the bucket states is in another region than eu-west-1; name another bucket")


def test_every_call_names_the_owner(call: Callable[..., dict], calls: Calls) -> None:
    call()
    call()
    assert len(calls.owners) > 10
    assert {name for name, owner in calls.owners if owner != ACCOUNT} == {"CreateBucket"}


STATEMENT = module.tls_policy(ARN)["Statement"][0]


@pytest.mark.parametrize(
    ("change", "demands"),
    [
        ({}, True),
        ({"Action": ["*"], "Principal": {"AWS": "*"}, "Resource": "*"}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": False}}}, True),
        ({"Effect": "Allow"}, False),
        ({"Resource": f"{ARN}/*"}, False),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({"Action": "s3:GetObject"}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": {}}, False),
    ],
)
def test_demands_tls(change: dict[str, Any], demands: bool) -> None:
    assert module.demands_tls({"Statement": STATEMENT | change}, ARN) is demands
    assert module.demands_tls({"Statement": [STATEMENT | change]}, ARN) is demands


def test_partition_is_that_of_the_region() -> None:
    china = boto3.client("s3", region_name="cn-north-1", aws_access_key_id="x", aws_secret_access_key="x")
    assert module.Bucket(china, "states", ACCOUNT)._arn == "arn:aws-cn:s3:::states"
