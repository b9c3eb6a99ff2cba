"""Locks are shown with their holder, and only the one that is named is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.bbws.site_builder.plugins.modules import state_lock as module
from moto import mock_aws
from moto.s3 import s3_backends

ACCOUNT = "123456789012"
LOCK = {"ID": "4f1c", "Operation": "OperationTypeApply", "Who": "ann@host", "Version": "1.11.4", "Created": "2026-01-01T10:00:00Z"}  # fmt: skip
SHOWN = {"stack": "s3", "id": "4f1c", "who": "ann@host", "operation": "OperationTypeApply", "created": "2026-01-01T10:00:00Z", "version": "1.11.4"}  # fmt: skip


@pytest.fixture
def bucket() -> Iterator[object]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        backend = s3_backends[ACCOUNT]["aws"]
        backend.create_bucket("states", "eu-west-1")
        backend.put_object("states", "site-builder/dev/s3/terraform.tfstate.tflock", json.dumps(LOCK).encode())
        yield backend
        backend.reset()


@pytest.fixture
def call(run_module: Callable[..., dict], bucket: object) -> Callable[..., dict]:
    options = {
        "region": "eu-west-1",
        "account_id": ACCOUNT,
        "state_bucket": "states",
        "state_prefix": "site-builder/dev",
        "stacks": ["iam", "s3"],
    }
    return lambda **further: run_module(module, **{**options, **further})


def keys(bucket: object) -> set[str]:
    return set(bucket.get_bucket("states").keys)


def test_shown(call: Callable[..., dict], bucket: object) -> None:
    result = call()
    assert (result["changed"], result["locks"]) == (False, [SHOWN])
    assert keys(bucket) == {"site-builder/dev/s3/terraform.tfstate.tflock"}


def test_broken_with_a_mark_that_settles(call: Callable[..., dict], bucket: object) -> None:
    result = call(state="absent", lock_id="4f1c")
    assert (result["changed"], result["locks"]) == (True, [SHOWN])
    assert keys(bucket) == {"site-builder/dev/s3/interrupted.json"}
    call(state="settled", stacks=["s3"])
    assert keys(bucket) == set()


def test_marked_each_time_with_another_mark(call: Callable[..., dict], bucket: object) -> None:
    marks = []
    for _ in range(2):
        assert call(state="marked", stacks=["iam"])["changed"] is False
        marks.append(bucket.get_object("states", "site-builder/dev/iam/interrupted.json").etag)
    assert marks[0] != marks[1]
    assert keys(bucket) == {"site-builder/dev/iam/interrupted.json", "site-builder/dev/s3/terraform.tfstate.tflock"}
    call(state="settled", stacks=["iam"])
    call(state="marked", stacks=["iam"], _ansible_check_mode=True)
    assert keys(bucket) == {"site-builder/dev/s3/terraform.tfstate.tflock"}


def test_check_mode_breaks_nothing(call: Callable[..., dict], bucket: object) -> None:
    assert call(state="absent", lock_id="4f1c", _ansible_check_mode=True)["changed"] is True
    assert keys(bucket) == {"site-builder/dev/s3/terraform.tfstate.tflock"}


def test_another_id_breaks_nothing(call: Callable[..., dict], bucket: object) -> None:
    sentence = call(state="absent", lock_id="0000")["msg"]
    assert (
        sentence
        == "site_builder_lock_id is 0000, and no state has that lock (s3 is locked by ann@host, id 4f1c): name one that exists"
    )
    assert keys(bucket) == {"site-builder/dev/s3/terraform.tfstate.tflock"}


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_what_is_no_lock(call: Callable[..., dict], bucket: object, text: str) -> None:
    bucket.put_object("states", "site-builder/dev/s3/terraform.tfstate.tflock", text.encode())
    assert "a lock in s3://states/site-builder/dev cannot be read" in call()["msg"]


def test_every_call_names_the_owner(call: Callable[..., dict], monkeypatch: pytest.MonkeyPatch) -> None:
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
    call(state="absent", lock_id="4f1c")
    call(state="settled")
    assert seen == {(name, ACCOUNT) for name in ("GetObject", "PutObject", "DeleteObject")}
