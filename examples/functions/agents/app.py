"""The caller's agents, to read. Who may use which agent is the operator's to write into the table.

Environment: TABLE_NAME (hash key owner_id, range key agent_id).
"""

from __future__ import annotations

import os
from functools import cache
from http import HTTPStatus
from typing import Any

import boto3
from site_builder_common.http_api import Operations, Reply, Request, api, reply
from site_builder_common.tables import Item, get_item, list_items


@cache
def table() -> Any:
    """Made at the first call, not at import, and kept for the next ones."""
    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def shown(item: Item) -> Item:
    return {key: value for key, value in item.items() if key != "owner_id"}


def list_agents(request: Request) -> Reply:
    items, following = list_items(table(), request, "agent_id")
    return reply(HTTPStatus.OK, {"agents": [shown(item) for item in items], **following})


def get_agent(request: Request) -> Reply:
    return reply(HTTPStatus.OK, shown(get_item(table(), request, "agent_id")))


OPERATIONS: Operations = {("GET", "/agents"): list_agents, ("GET", "/agents/{agent_id}"): get_agent}
handler = api(OPERATIONS)
