"""A table is restored beside itself, and its items are put back where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.modules import table_restore as module
from moto import mock_aws

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)


class Tables:
    def __init__(self) -> None:
        self.client = boto3.client("dynamodb", region_name="eu-west-1")
        self.make("agents")
        self.client.update_continuous_backups(
            TableName="agents", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def make(self, name: str, key: str = "id") -> None:
        self.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, table: str, **item: str) -> None:
        self.client.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})

    def items(self, table: str) -> dict[str, str]:
        found = self.client.scan(TableName=table)["Items"]
        return {item["id"]["S"]: item["v"]["S"] for item in found}


@pytest.fixture
def tables() -> Iterator[Tables]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield Tables()


@pytest.fixture
def call(run_module: Callable[..., dict], tables: Tables) -> Callable[..., dict]:
    return lambda **further: run_module(module, **{"region": "eu-west-1", "table": "agents", **further})


def test_the_times_are_told(call: Callable[..., dict], tables: Tables) -> None:
    result = call()
    assert result["changed"] is False
    assert result["earliest"] <= result["latest"]
    assert result["lines"][0] == f"agents can be restored to any second from {result['earliest']} to {result['latest']}"
    assert tables.client.list_tables()["TableNames"] == ["agents"]


def test_restored_looked_at_and_put_back(call: Callable[..., dict], tables: Tables) -> None:
    """moto knows no times: it restores what is there."""
    for number in range(60):
        tables.put("agents", id=f"i{number}", v="good")
    checked = call(time="latest", _ansible_check_mode=True)
    assert tables.client.list_tables()["TableNames"] == ["agents"]
    result = call(time="latest")
    name = result["restored"]
    assert result["changed"] is True
    assert name == checked["restored"] == f"agents-restored-{result['latest'].replace('-', '').replace(':', '')}"
    tables.put("agents", id="i1", v="spoilt")
    tables.client.delete_item(TableName="agents", Key={"id": {"S": "i2"}})
    tables.put("agents", id="later", v="kept")
    assert call(items_from=name, _ansible_check_mode=True)["items"] == 60
    assert tables.items("agents")["i1"] == "spoilt"
    result = call(items_from=name)
    assert (result["changed"], result["items"]) == (True, 60)
    assert tables.items("agents") == {**{f"i{number}": "good" for number in range(60)}, "later": "kept"}
    assert result["lines"] == [
        f"60 items of {name} were put back into agents",
        f"next:   aws dynamodb delete-table --table-name {name}",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"time": "yesterday"}, "site_builder_restore_time is 'yesterday', which is no time; write one such as 20"),
        ({"time": "2026-11-29T10:00:00"}, "which has no zone; write 2026-11-29T10:00:00Z for UTC"),
        ({"time": "2020-01-01T00:00:00Z"}, "and the table can be restored to times from"),
        (
            {"items_from": "orders-restored-x"},
            "which was not restored from agents; name a table that begins with agents-restored-",
        ),
        ({"items_from": "agents-restored-x"}, "there is no table agents-restored-x in eu-west-1"),
        (
            {"items_from": "agents-restored-x", "time": "latest"},
            "are both given; restore first, look, and then put back",
        ),
        ({"table": "none"}, "there is no table none in eu-west-1"),
    ],
)
def test_refused(call: Callable[..., dict], tables: Tables, options: dict[str, Any], sentence: str) -> None:
    assert sentence in call(**options)["msg"]
    assert tables.client.list_tables()["TableNames"] == ["agents"]


def test_without_recovery_there_is_nothing_to_restore(call: Callable[..., dict], tables: Tables) -> None:
    tables.client.update_continuous_backups(
        TableName="agents", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    assert "the table agents has no point-in-time recovery" in call(time="latest")["msg"]


def test_other_keys(call: Callable[..., dict], tables: Tables) -> None:
    tables.make("agents-restored-x", key="other")
    assert "have different keys" in call(items_from="agents-restored-x")["msg"]


def test_times() -> None:
    early, late = NOW - timedelta(days=35), NOW
    assert module.chosen("2026-11-29T12:30:00+01:00", early, late) == NOW - timedelta(minutes=30)
    assert (
        module.restored_name("t", module.chosen("2026-11-29T12:30:00+01:00", early, late))
        == "t-restored-20261129T113000Z"
    )
    assert module.chosen("latest", early, late) == NOW


def test_writes_that_are_put_off_are_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """Takes one item of each call."""

        def __init__(self, takes: bool) -> None:
            self.takes, self.taken = takes, []

        def batch_write_item(self, **given: dict[str, list[int]]) -> dict[str, Any]:
            ((table, requests),) = given["RequestItems"].items()
            self.taken += requests[:1] if self.takes else []
            left = requests[1:] if self.takes else requests
            return {"UnprocessedItems": {table: left} if left else {}}

    waited: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    slow = Slow(takes=True)
    module.write_batch(slow, "t", [1, 2, 3])
    assert (slow.taken, waited) == ([1, 2, 3], [0.1, 0.2])
    with pytest.raises(SiteBuilderError, match="keeps putting off writes to t; run again"):
        module.write_batch(Slow(takes=False), "t", [1])
    assert max(waited) == 60


def test_what_takes_too_long_goes_on(
    call: Callable[..., dict], tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late:
        def wait(self, **_: Any) -> None:
            raise module.WaiterError("TableExists", "Max attempts exceeded", {})

    from botocore.client import BaseClient

    monkeypatch.setattr(BaseClient, "get_waiter", lambda self, name: Late())
    assert "is not ready after 60 s; DynamoDB goes on with it" in call(time="latest", wait_timeout=60)["msg"]
