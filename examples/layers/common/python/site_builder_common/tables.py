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


def status_id(status: str, item_id: str) -> str:
    """The range key of the index by_status: items of one status lie together, in the order of their ids."""
    return f"{status}#{item_id}"


def list_items(
    table: Any, request: Request, range_key: str, *, descending: bool = False, status: str | None = None
) -> tuple[list[Item], Item]:
    """A page of the owner's items, and what the answer says about the next page: nothing when this is the last.

    status: those of this status only, from the index by_status.
    """
    condition = Key("owner_id").eq(request.owner_id)
    query: dict[str, Any] = {"Limit": request.limit, "ScanIndexForward": not descending}
    if cursor := request.cursor:
        query["ExclusiveStartKey"] = {"owner_id": request.owner_id, range_key: cursor}
    if status:
        condition &= Key("status_id").begins_with(status_id(status, ""))
        query["IndexName"] = "by_status"
        if cursor:
            query["ExclusiveStartKey"]["status_id"] = status_id(status, cursor)
    query["KeyConditionExpression"] = condition
    page = table.query(**query)
    last = page.get("LastEvaluatedKey")
    return page["Items"], {"next_cursor": last[range_key]} if last else {}
