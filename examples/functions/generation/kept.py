"""What app.py and worker.py know of a generation: its item in the table, its site in the bucket.

An item begins as `queued`, is `running` while the worker has it, and ends as `completed` or `failed`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from site_builder_common.tables import Item, status_id

# Of what has failed, and of what has been forgotten midway. What is completed stays.
KEEP = timedelta(days=7)
UNFINISHED = ("queued", "running")
STATUSES = (*UNFINISHED, "completed", "failed")


def key_of(item: Item) -> Item:
    return {name: item[name] for name in ("owner_id", "generation_id")}


def site_key(item: Item) -> str:
    return f"generations/{item['owner_id']}/{item['generation_id']}.json"


def expiry(now: datetime, keep: timedelta = KEEP) -> int:
    """When DynamoDB may delete the item."""
    return int((now + keep).timestamp())


def change(
    table: Any, item: Item, condition: Any, status: str, remove: tuple[str, ...] = (), **more: Any
) -> Item | None:
    """Give the item another status, and return it as it is then; None where the condition does not hold."""
    values = {"status": status, "status_id": status_id(status, item["generation_id"]), **more}
    update = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
    if remove:
        update += " REMOVE " + ", ".join(f"#{name}" for name in remove)
    try:
        answer = table.update_item(
            Key=key_of(item),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in (*values, *remove)},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            ReturnValues="ALL_NEW",
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return None
    changed: Item = answer["Attributes"]
    return changed
