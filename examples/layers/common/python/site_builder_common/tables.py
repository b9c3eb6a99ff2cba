"""Tables whose hash key is owner_id: the owner is always part of the key, so nobody reaches another owner's items."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from boto3.dynamodb.conditions import Key

from site_builder_common.http_api import HttpError, Request

Item = dict[str, Any]


def get_item(table: Any, request: Request, range_key: str) -> Item:
    """The item that the path names by the range key."""
    key = {"owner_id": request.owner_id, range_key: request.path_id(range_key)}
    item: Item | None = table.get_item(Key=key).get("Item")
    if item is None:
        raise HttpError(HTTPStatus.NOT_FOUND, f"No such {range_key}")
    return item


def list_items(table: Any, request: Request, range_key: str, *, descending: bool = False) -> tuple[list[Item], Item]:
    """A page of the owner's items, and what the answer says about the next page: nothing when this is the last."""
    query: dict[str, Any] = {
        "KeyConditionExpression": Key("owner_id").eq(request.owner_id),
        "Limit": request.limit,
        "ScanIndexForward": not descending,
    }
    if cursor := request.cursor:
        query["ExclusiveStartKey"] = {"owner_id": request.owner_id, range_key: cursor}
    page = table.query(**query)
    last = page.get("LastEvaluatedKey")
    return page["Items"], {"next_cursor": last[range_key]} if last else {}
