"""The layer's helper reads what the collection writes into a function's environment. Both services are moto's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import lambda_
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.conftest import ROOT
from tests.settings import DEV

sys.path.append(str(ROOT / "examples/layers/common/python"))
from site_builder_common import secret_values
from site_builder_common.secret_values import secret

HERE, ELSEWHERE = "eu-west-1", "eu-north-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": HERE}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        secret_values._kept.clear()
        secret_values._client.cache_clear()
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(secret_values.time, "time", lambda: now[0])
    return now


def given(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The environment that a function with this secret has."""
    function = {"source": "/srv/a", "handler": "app.handler", "secrets": {"API_KEY": place}}
    stack = lambda_.define({"a": function}, {}, DEV)
    for name, value in stack["tfvars"]["functions"]["a"]["environment"].items():
        monkeypatch.setenv(name, value)


def parameter(name: str, value: str, region: str = HERE) -> str:
    client = boto3.client("ssm", region)
    client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    return str(client.get_parameter(Name=name)["Parameter"]["ARN"])


def kept_secret(name: str, value: str, region: str = HERE) -> str:
    return str(boto3.client("secretsmanager", region).create_secret(Name=name, SecretString=value)["ARN"])


@pytest.mark.parametrize("make", [parameter, kept_secret])
@pytest.mark.parametrize("region", [HERE, ELSEWHERE])
def test_by_arn(make: Any, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, make("/shop/key", "one", region))
    assert secret("API_KEY") == "one"


@pytest.mark.parametrize("place", ["ssm:/shop/key", "secretsmanager:/shop/key"])
def test_by_name(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameter("/shop/key", "ssm")
    kept_secret("/shop/key", "secretsmanager")
    given(monkeypatch, place)
    assert secret("API_KEY") == place.partition(":")[0]


def test_it_is_kept_for_a_while(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, parameter("/key", "one"))
    assert secret("API_KEY") == "one"
    parameter("/key", "two")
    clock[0] += 299
    assert secret("API_KEY") == "one"
    clock[0] += 1
    assert secret("API_KEY") == "two"


def test_it_is_read_at_once_when_asked(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, parameter("/key", "one"))
    assert secret("API_KEY") == "one"
    parameter("/key", "two")
    assert secret("API_KEY", 0) == secret("API_KEY") == "two"


def test_what_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "ssm:/nothing")
    with pytest.raises(ClientError, match="ParameterNotFound"):
        secret("API_KEY")
