#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: table_restore
short_description: Restore a DynamoDB table to a point in time, beside it, and put its items back
version_added: 0.1.0
description:
  - Point-in-time recovery never changes a table. It makes another one, which holds what the table held at that time. This module
    makes that one, waits for it, and as a second step puts its items into the table.
  - An item that is put back takes the place of the item with the same key. One that the table has got since is left alone.
  - In check mode nothing is written.
author:
  - BBWS platform team (@bbws)
options:
  table:
    description: The name of the table.
    type: str
    required: true
  time:
    description:
      - To which time to restore, such as C(2026-11-29T10:15:00Z), or V(latest). Empty only tells which times there are, unless
        O(items_from) is given.
    type: str
    default: ""
  items_from:
    description: The table whose items are put back, one that this module has made from O(table).
    type: str
    default: ""
  wait_timeout:
    description: How long to wait for the restored table, in seconds. It goes on becoming ready after that.
    type: int
    default: 7200
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Tell to which times a table can be restored
  bbws.site_builder.table_restore:
    region: eu-west-1
    table: site-builder-agents-dev

- name: Restore it beside itself
  bbws.site_builder.table_restore:
    region: eu-west-1
    table: site-builder-agents-dev
    time: "2026-11-29T10:15:00Z"

- name: Put the items back
  bbws.site_builder.table_restore:
    region: eu-west-1
    table: site-builder-agents-dev
    items_from: site-builder-agents-dev-restored-20261129T101500Z
"""

RETURN = """
earliest:
  description: The first time to which O(table) can be restored.
  returned: when O(items_from) is empty
  type: str
latest:
  description: The last one.
  returned: when O(items_from) is empty
  type: str
restored:
  description: The name of the table that was made, or would be in check mode.
  returned: when O(time) is not empty
  type: str
items:
  description: How many items were put back, or would be in check mode.
  returned: when O(items_from) is not empty
  type: int
lines:
  description: The same for people.
  returned: success
  type: list
  elements: str
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

LATEST = "latest"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_BATCH = 25
# Of writes that DynamoDB has put off, before the run gives up; the pauses between grow to a minute.
_TRIES = 12


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def window(client: Any, table: str) -> tuple[datetime, datetime]:
    """The first and the last time to which the table can be restored."""
    found = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise SiteBuilderError(
            f"the table {table} has no point-in-time recovery, so that nothing of it can be restored; deploy it, "
            "which switches it on"
        )
    return recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]


def chosen(wanted: str, earliest: datetime, latest: datetime) -> datetime:
    """The time that is meant, within what there is."""
    if wanted == LATEST:
        return latest
    said = f"site_builder_restore_time is {wanted!r}"
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError as error:
        raise SiteBuilderError(f"{said}, which is no time; write one such as {stamp(latest)}, or {LATEST}") from error
    if moment.tzinfo is None:
        raise SiteBuilderError(f"{said}, which has no zone; write {wanted}Z for UTC")
    if not earliest <= moment <= latest:
        raise SiteBuilderError(
            f"{said}, and the table can be restored to times from {stamp(earliest)} to {stamp(latest)}; choose one of "
            "these"
        )
    return moment


def restore(client: Any, table: str, moment: datetime, last: bool, wait_timeout: int) -> None:
    name = restored_name(table, moment)
    when = {"UseLatestRestorableTime": True} if last else {"RestoreDateTime": moment}
    client.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=name, **when)
    attempts = max(1, wait_timeout // 20)
    try:
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 20, "MaxAttempts": attempts})
    except WaiterError as error:
        raise SiteBuilderError(
            f"the table {name} is not ready after {wait_timeout} s; DynamoDB goes on with it, and its items can be "
            "put back once it is"
        ) from error


def restored_name(table: str, moment: datetime) -> str:
    return f"{table}-restored-{moment.astimezone(UTC).strftime('%Y%m%dT%H%M%SZ')}"


def put_back(client: Any, source: str, table: str, write: bool) -> int:
    """Write the items of one table into the other; gives how many there are."""
    keys = [client.describe_table(TableName=name)["Table"]["KeySchema"] for name in (source, table)]
    if sorted(map(str, keys[0])) != sorted(map(str, keys[1])):
        raise SiteBuilderError(
            f"the tables {source} and {table} have different keys, so that items of one cannot be put into the other"
        )
    if not write:
        pages = client.get_paginator("scan").paginate(TableName=source, Select="COUNT")
        return sum(page["Count"] for page in pages)
    pages = client.get_paginator("scan").paginate(TableName=source, ConsistentRead=True)
    items = (item for page in pages for item in page["Items"])
    count = 0
    while batch := list(islice(items, _BATCH)):
        write_batch(client, table, [{"PutRequest": {"Item": item}} for item in batch])
        count += len(batch)
    return count


def write_batch(client: Any, table: str, requests: list[dict[str, Any]]) -> None:
    for pause in pauses():
        requests = client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, [])
        if not requests:
            return
        time.sleep(pause)
    raise SiteBuilderError(
        f"DynamoDB keeps putting off writes to {table}; run again, which writes the same items once more"
    )


def pauses() -> Iterator[float]:
    return (min(60, 0.1 * 2**attempt) for attempt in range(_TRIES))


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "table": {"type": "str", "required": True},
            "time": {"type": "str", "default": ""},
            "items_from": {"type": "str", "default": ""},
            "wait_timeout": {"type": "int", "default": 7200},
        },
        supports_check_mode=True,
    )
    params = module.params
    client = module.client("dynamodb")
    table, source = params["table"], params["items_from"]
    try:
        result = _put_back(module, client, table, source) if source else _restore(module, client, table)
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        if code_of(error) in ("ResourceNotFoundException", "TableNotFoundException"):
            module.fail_json(
                msg=f"there is no table {source or table} in {module.region}, or no table {table}; deploy it, or correct the name"
            )
        module.fail_json(msg=sentence(error, f"restoring the table {table}", module.region))
    module.exit_json(**result)


def _restore(module: Any, client: Any, table: str) -> dict[str, Any]:
    wanted = module.params["time"]
    earliest, latest = window(client, table)
    result = {"changed": bool(wanted), "earliest": stamp(earliest), "latest": stamp(latest)}
    if not wanted:
        line = f"{table} can be restored to any second from {result['earliest']} to {result['latest']}"
        return {**result, "lines": [line, "next:   add -e site_builder_restore_time=<time>, or latest"]}
    moment = chosen(wanted, earliest, latest)
    name = restored_name(table, moment)
    if not module.check_mode:
        restore(client, table, moment, wanted == LATEST, module.params["wait_timeout"])
    verb = "would be made" if module.check_mode else "was made"
    lines = [
        f"{name} {verb}: what {table} held at {stamp(moment)}",
        f"next:   look into it, then put its items back with -e site_builder_restore_from={name}",
    ]
    return {**result, "restored": name, "lines": lines}


def _put_back(module: Any, client: Any, table: str, source: str) -> dict[str, Any]:
    if module.params["time"]:
        raise SiteBuilderError(
            "site_builder_restore_time and site_builder_restore_from are both given; restore first, look, and then "
            "put back"
        )
    if not source.startswith(f"{table}-restored-"):
        raise SiteBuilderError(
            f"site_builder_restore_from is {source!r}, which was not restored from {table}; name a table that begins "
            f"with {table}-restored-"
        )
    items = put_back(client, source, table, write=not module.check_mode)
    verb = "would be put back" if module.check_mode else "were put back"
    lines = [
        f"{items} items of {source} {verb} into {table}",
        f"next:   aws dynamodb delete-table --table-name {source}",
    ]
    return {"changed": items > 0, "items": items, "lines": lines}


if __name__ == "__main__":
    main()
