"""Versions of states are told; an older one is put back under the lock, above all serials, and nothing is lost by that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import state_versions as module
from moto import mock_aws

ACCOUNT = "123456789012"
KEY, LOCK, MARKER = (
    f"site-builder/dev/s3/{name}" for name in ("terraform.tfstate", "terraform.tfstate.tflock", "interrupted.json")
)


def state(serial: int, *buckets: str, lineage: str = "l1") -> dict[str, Any]:
    instances = [{"index_key": name, "attributes": {"bucket": name}} for name in buckets]
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "this", "instances": instances}
    read = {"mode": "data", "type": "aws_region", "name": "here", "instances": [{}]}
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "resources": [resource, read],
    }


class Bucket:
    def __init__(self) -> None:
        self.client = boto3.client("s3", region_name="eu-west-1")
        self.client.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.versioning("Enabled")

    def versioning(self, status: str) -> None:
        self.client.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": status})

    def write(self, what: Any, key: str = KEY) -> str:
        body = what if isinstance(what, str) else json.dumps(what)
        return self.client.put_object(Bucket="states", Key=key, Body=body.encode()).get("VersionId", "null")

    def read(self, key: str = KEY) -> dict[str, Any]:
        return json.loads(self.client.get_object(Bucket="states", Key=key)["Body"].read())

    def keys(self) -> set[str]:
        return {found["Key"] for found in self.client.list_objects_v2(Bucket="states").get("Contents", [])}


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield Bucket()


@pytest.fixture
def call(run_module: Callable[..., dict], bucket: Bucket) -> Callable[..., dict]:
    options = {
        "region": "eu-west-1",
        "account_id": ACCOUNT,
        "state_bucket": "states",
        "state_prefix": "site-builder/dev",
    }
    return lambda **further: run_module(module, **{**options, "stacks": ["s3"], **further})


def test_versions_are_told(call: Callable[..., dict], bucket: Bucket) -> None:
    first, second = bucket.write(state(1, "a")), bucket.write("{")
    bucket.write("{}", LOCK)
    result = call(stacks=["iam", "s3"])
    newest, oldest = result["versions"]["s3"]
    assert (result["changed"], result["versions"]["iam"]) == (False, [])
    assert (oldest["id"], oldest["serial"], oldest["lineage"], oldest["resources"], oldest["newest"]) == (
        first,
        1,
        "l1",
        1,
        False,
    )
    assert (newest["id"], newest["newest"], newest["serial"]) == (second, True, None)
    assert newest["problem"].startswith("Expecting property name")
    assert result["lines"][0] == "iam: no state"
    assert result["lines"][2].startswith(f"s3: {first} of 20")
    assert result["lines"][2].endswith(", serial 1, 1 resources, Terraform 1.11.4")
    assert [one["id"] for one in call(shown=1)["versions"]["s3"]] == [second]


def test_one_is_put_back(call: Callable[..., dict], bucket: Bucket) -> None:
    old = bucket.write(state(3, "a", "b"))
    new = bucket.write(state(7, "b", "c"))
    checked = call(version=old, _ansible_check_mode=True)["restored"]
    assert bucket.read() == state(7, "b", "c")
    assert bucket.keys() == {KEY}
    result = call(version=old)
    back, gone = 'aws_s3_bucket.this["a"]', 'aws_s3_bucket.this["c"]'
    assert result["changed"] is True
    assert (
        checked
        == result["restored"]
        == {"stack": "s3", "id": old, "serial": 8, "was": new, "back": [back], "gone": [gone]}
    )
    assert bucket.read() == state(8, "a", "b")
    # The newest before is one of the versions still, and the next plan looks for what was made since.
    assert new in [one["id"] for one in result["versions"]["s3"]]
    assert bucket.keys() == {KEY, MARKER}
    assert bucket.read(MARKER)["restored"] == old
    assert f"s3: {back} is in the state again" in result["lines"]
    assert f"s3: {gone} is in the state no longer" in result["lines"]


def test_a_state_that_cannot_be_read_or_was_deleted_is_replaced(call: Callable[..., dict], bucket: Bucket) -> None:
    old, broken = bucket.write(state(3, "a")), bucket.write("{")
    assert call(version=old)["restored"]["was"] == broken
    assert bucket.read() == state(4, "a")
    bucket.client.delete_object(Bucket="states", Key=KEY)
    result = call(version=old)
    assert (result["restored"]["was"], result["restored"]["serial"]) == ("", 4)
    assert "none, the state had been deleted" in "".join(result["lines"])


@pytest.mark.parametrize(
    ("newest", "sentence"),
    [
        (
            state(7, "a", lineage="l2"),
            "whose lineage is l1, and the state of s3 has l2: that is the state of what was there before",
        ),
        (None, "which is the newest version of the state of s3 already; choose an older one"),
    ],
)
def test_refused(call: Callable[..., dict], bucket: Bucket, newest: Any, sentence: str) -> None:
    version = bucket.write(state(3, "a"))
    if newest:
        bucket.write(newest)
    before = bucket.read()
    message = call(version=version)["msg"]
    assert message.startswith(f"site_builder_state_version is '{version}', ")
    assert sentence in message
    # The lock is given back.
    assert (bucket.read(), bucket.keys()) == (before, {KEY})


def test_refused_versions(call: Callable[..., dict], bucket: Bucket) -> None:
    broken = bucket.write("{")
    bucket.write(state(3, "a"))
    assert "the state of s3 has no such version; copy the id" in call(version="none")["msg"]
    assert "which is no state of Terraform (Expecting" in call(version=broken)["msg"]
    assert "name its stack with --limit" in call(version=broken, stacks=["s3", "iam"])["msg"]


def test_a_bucket_without_versions_would_lose_the_newest(
    call: Callable[..., dict], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto forgets all versions where AWS keeps the older ones, and calls the newest null."""
    old = bucket.write(state(3, "a"))
    bucket.write(state(4, "b"))
    listed = module.Versions.listed
    monkeypatch.setattr(
        module.Versions,
        "listed",
        lambda *_: [{**one, **({"VersionId": "null"} if one["IsLatest"] else {})} for one in listed(*_)],
    )
    assert "was written while the bucket states kept no versions" in call(version=old)["msg"]
    assert bucket.read() == state(4, "b")


def test_a_lock_is_respected(call: Callable[..., dict], bucket: Bucket) -> None:
    old = bucket.write(state(3, "a"))
    bucket.write(state(4, "b"))
    bucket.write({"ID": "4f1c"}, LOCK)
    assert call(version=old)["msg"] == (
        "the state of s3 is locked; unlock.yml says by whom: wait for that run, or break the lock of a dead one"
    )
    assert (bucket.read(), bucket.keys()) == (state(4, "b"), {KEY, LOCK})


def test_the_lock_is_held_while_it_is_written(
    call: Callable[..., dict], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a lock that somebody has taken in between is not given back for them."""
    old = bucket.write(state(3, "a"))
    bucket.write(state(4, "b"))
    judged = module.Versions._judged

    def watched(self: Any, version: str) -> Any:
        assert bucket.read(LOCK)["Operation"] == "restore_state.yml"
        bucket.write({"ID": "other"}, LOCK)
        return judged(self, version)

    monkeypatch.setattr(module.Versions, "_judged", watched)
    assert call(version=old)["changed"] is True
    assert bucket.read(LOCK) == {"ID": "other"}


def test_every_call_names_the_owner(call: Callable[..., dict], bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    old = bucket.write(state(3, "a"))
    bucket.write(state(4, "b"))
    seen: set[tuple[str, str | None]] = set()
    client = module.AnsibleAWSModule.client

    def watched(self: object, service: str) -> object:
        made = client(self, service)
        made.meta.events.register(
            "before-call.s3",
            lambda model, params, **_: seen.add((model.name, params["headers"].get("x-amz-expected-bucket-owner"))),
        )
        return made

    monkeypatch.setattr(module.AnsibleAWSModule, "client", watched)
    call(version=old)
    assert seen == {(name, ACCOUNT) for name in ("GetObject", "PutObject", "DeleteObject", "ListObjectVersions")}
