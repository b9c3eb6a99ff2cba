"""What lies under a package's key is trusted for its bytes, not for its name; against moto."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import lambda_upload as module
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3 import s3_backends

ACCOUNT = "123456789012"
BODY = b"PK the package"
CHECKSUM = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
KEY = "functions/generate/0f34.zip"
KMS = "arn:aws:kms:eu-west-1:123456789012:key/1"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield boto3.client("s3", region_name="eu-west-1")


@pytest.fixture
def seen(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str | None]]]:
    """A versioned bucket; gives (operation, named owner) of each call to it."""
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda _self, _service: s3)
    calls: list[tuple[str, str | None]] = []

    def see(model: Any, params: dict[str, Any], **_event: Any) -> None:
        calls.append((model.name, params["headers"].get("x-amz-expected-bucket-owner")))

    s3.meta.events.register("before-call.s3", see, unique_id="seen")
    yield calls
    s3.meta.events.unregister("before-call.s3", unique_id="seen")
    s3_backends[ACCOUNT]["aws"].reset()


@pytest.fixture
def upload(run_module: Callable[..., dict], seen: list[tuple[str, str | None]], tmp_path: Path) -> Callable[..., dict]:
    (tmp_path / "generate.zip").write_bytes(BODY)
    package = {"path": str(tmp_path / "generate.zip"), "bucket": "artifacts", "s3_key": KEY}

    def call(*more: dict[str, str], **options: Any) -> dict[str, Any]:
        seen.clear()
        packages = {f"functions/{number}": one for number, one in enumerate((package, *more))}
        buckets = {name: one["bucket"] for name, one in packages.items()}
        return run_module(module, packages=packages, buckets=buckets, account_id=ACCOUNT, region="eu-west-1", **options)

    return call


def names(seen: list[tuple[str, str | None]]) -> list[str]:
    return [name for name, _ in seen]


def test_uploaded_once_with_its_checksum(upload: Callable[..., dict], seen: list, s3: Any) -> None:
    result = upload()
    assert (result["changed"], result["uploaded"], result["replaced"]) == (True, [KEY], [])
    assert names(seen) == ["HeadObject", "PutObject"]
    head = s3.head_object(Bucket="artifacts", Key=KEY, ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ServerSideEncryption"]) == (CHECKSUM, "AES256")
    assert s3.get_object(Bucket="artifacts", Key=KEY)["Body"].read() == BODY
    again = upload()
    assert (again["changed"], again["uploaded"], names(seen)) == (False, [], ["HeadObject"])


def test_key_of_the_customer(upload: Callable[..., dict], s3: Any) -> None:
    upload(kms_key_arn=KMS)
    head = s3.head_object(Bucket="artifacts", Key=KEY)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KMS)


def plain(s3: Any, body: bytes) -> None:
    s3.put_object(Bucket="artifacts", Key=KEY, Body=body)


def with_checksum(s3: Any, body: bytes) -> None:
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    s3.put_object(Bucket="artifacts", Key=KEY, Body=body, ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum)


def in_parts(s3: Any, body: bytes) -> None:
    upload = s3.create_multipart_upload(Bucket="artifacts", Key=KEY, ChecksumAlgorithm="SHA256")["UploadId"]
    part = s3.upload_part(
        Bucket="artifacts", Key=KEY, UploadId=upload, PartNumber=1, Body=io.BytesIO(body), ChecksumAlgorithm="SHA256"
    )
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part.get("ChecksumSHA256", "")}]
    s3.complete_multipart_upload(Bucket="artifacts", Key=KEY, UploadId=upload, MultipartUpload={"Parts": parts})


WAYS = [plain, with_checksum, in_parts]


@pytest.mark.parametrize("way", WAYS)
def test_ours_however_it_came_there(upload: Callable[..., dict], seen: list, s3: Any, way: Callable) -> None:
    way(s3, BODY)
    assert upload()["changed"] is False
    assert "PutObject" not in names(seen)
    # Only what S3 cannot vouch for is read.
    assert ("GetObject" in names(seen)) is (way is not with_checksum)


@pytest.mark.parametrize("way", WAYS)
def test_anything_else_is_overwritten_and_told(
    upload: Callable[..., dict], s3: Any, monkeypatch: pytest.MonkeyPatch, way: Callable
) -> None:
    told: list[str] = []
    monkeypatch.setattr(module.AnsibleAWSModule, "warn", lambda _self, text: told.append(text))
    way(s3, b"PK malice")
    looked = upload(_ansible_check_mode=True)
    assert (looked["changed"], looked["replaced"]) == (True, [KEY])
    assert s3.get_object(Bucket="artifacts", Key=KEY)["Body"].read() == b"PK malice"
    result = upload()
    assert (result["changed"], result["uploaded"], result["replaced"]) == (True, [KEY], [KEY])
    assert told[0] == (
        f"s3://artifacts/{KEY} held other bytes than the package of that hash, and was overwritten; look at its older versions"
    )
    assert s3.get_object(Bucket="artifacts", Key=KEY)["Body"].read() == BODY
    assert len(s3.list_object_versions(Bucket="artifacts")["Versions"]) == 2
    assert upload()["changed"] is False


def test_several_in_one_task_and_check_mode(
    upload: Callable[..., dict], seen: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "layer.zip").write_bytes(b"PK layer")
    layer = {"path": str(tmp_path / "layer.zip"), "bucket": "artifacts", "s3_key": "layers/a.zip"}
    looked = upload(layer, _ansible_check_mode=True)
    assert (looked["changed"], looked["uploaded"]) == (True, [KEY, "layers/a.zip"])
    assert "PutObject" not in names(seen)
    assert upload(layer)["uploaded"] == [KEY, "layers/a.zip"]


def test_every_call_names_the_owner(upload: Callable[..., dict], seen: list, s3: Any) -> None:
    plain(s3, b"x")
    upload()
    assert set(names(seen)) == {"HeadObject", "GetObject", "PutObject"}
    assert {owner for _, owner in seen} == {ACCOUNT}


@pytest.mark.parametrize(
    ("operation", "code", "told"),
    [
        ("HeadObject", "403", f"the bucket artifacts belongs to another account than {ACCOUNT}, or these credentials"),
        ("PutObject", "AccessDenied", f"uploading s3://artifacts/{KEY} failed: An error occurred (AccessDenied)"),
    ],
)
def test_refused(upload: Callable[..., dict], s3: Any, operation: str, code: str, told: str) -> None:
    def refuse(**_event: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    s3.meta.events.register(f"before-call.s3.{operation}", refuse)
    try:
        assert upload()["msg"].startswith(told)
    finally:
        s3.meta.events.unregister(f"before-call.s3.{operation}", refuse)


def test_package_that_is_gone(upload: Callable[..., dict], tmp_path: Path) -> None:
    (tmp_path / "generate.zip").unlink()
    assert upload()["msg"] == (
        f"the package {tmp_path}/generate.zip cannot be read (No such file or directory); run again, which builds it anew"
    )
