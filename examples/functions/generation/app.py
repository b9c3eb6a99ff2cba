"""Takes orders for sites, and tells of them: the site in the bucket, what is known about it in the table.

worker.py generates, after the answer. It is called asynchronously; when Lambda gives it up, Lambda calls this function with what
has become of it.

Environment: TABLE_NAME (hash key owner_id, range key generation_id; index by_status with range key status_id), BUCKET_NAME,
WORKER (function with alias), BEDROCK_MODEL_ID.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
import fastjsonschema
from boto3.dynamodb.conditions import Attr
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectError
from kept import STATUSES, UNFINISHED, change, expiry, key_of, site_key
from site_builder_common.http_api import HttpError, Operations, Reply, Request, api, reply
from site_builder_common.tables import Item, get_item, list_items, status_id

# How long the same Idempotency-Key means the same generation.
KEEP_KEY = timedelta(days=1)
RETRY_AFTER_SECONDS = 5
HIDDEN = {"owner_id", "expires_at", "status_id", "run_id", "key_id"}

# The request model of the OpenAPI document. API Gateway checks it too; here it also gives the defaults.
check_request = fastjsonschema.compile(json.loads(Path(__file__).with_name("request.schema.json").read_text()))
log = logging.getLogger()


@dataclass(frozen=True)
class Clients:
    functions: Any
    table: Any
    bucket: Any


@cache
def clients() -> Clients:
    """Made at the first call, not at import, and kept for the next ones."""
    return Clients(
        # An asynchronous call is answered at once, or not worth waiting for.
        functions=boto3.client("lambda", config=Config(connect_timeout=2, read_timeout=5)),
        table=boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]),
        bucket=boto3.resource("s3").Bucket(os.environ["BUCKET_NAME"]),
    )


def new_id(now: datetime) -> str:
    """A UUID version 7: it begins with the time, and so the table's range key sorts by age."""
    value = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    return str(uuid.UUID(int=value & ~(3 << 62) | (2 << 62)))


def shown(item: Item) -> Item:
    return {key: value for key, value in item.items() if key not in HIDDEN}


def wanted(body: dict[str, Any]) -> dict[str, Any]:
    """The request with its defaults."""
    try:
        check_request(body, name_prefix="body")
    except fastjsonschema.JsonSchemaValueException as error:
        raise HttpError(HTTPStatus.BAD_REQUEST, "The request is not valid", [error.message]) from None
    return body | {"prompt": body["prompt"].strip()}


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def key_record(owner_id: str, key_id: str) -> Item:
    """The key of the record of an Idempotency-Key. No caller's subject has a #, so that it is in nobody's list."""
    return {"owner_id": f"{owner_id}#keys", "generation_id": key_id}


def keep(item: Item, asked: dict[str, Any], now: datetime) -> Item:
    """Put the item into the table, and return it; where its Idempotency-Key is known, return the item that came first."""
    table = clients().table
    if "key_id" not in item:
        table.put_item(Item=item)
        return item
    record = key_record(item["owner_id"], item["key_id"])
    whole = record | {"target": item["generation_id"], "asked": digest(asked), "expires_at": expiry(now, KEEP_KEY)}
    # DynamoDB deletes what has expired some time later.
    free = {
        "ConditionExpression": "attribute_not_exists(owner_id) OR expires_at < :now",
        "ExpressionAttributeValues": {":now": int(now.timestamp())},
    }
    client = table.meta.client
    try:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table.name, "Item": whole, **free}},
                {"Put": {"TableName": table.name, "Item": item}},
            ]
        )
    except client.exceptions.TransactionCanceledException as error:
        log.info("not kept: %s", [reason["Code"] for reason in error.response["CancellationReasons"]])
        first: Item | None = table.get_item(Key=record, ConsistentRead=True).get("Item")
        if first is None:
            raise HttpError(HTTPStatus.CONFLICT, "This Idempotency-Key is in use now, try again") from None
        if first["asked"] != whole["asked"]:
            raise HttpError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key came with another request before"
            ) from None
        target = {"owner_id": item["owner_id"], "generation_id": first["target"]}
        known: Item | None = table.get_item(Key=target, ConsistentRead=True).get("Item")
        if known is None:
            raise HttpError(HTTPStatus.CONFLICT, "This Idempotency-Key is in use now, try again") from None
        return known
    return item


def start(item: Item) -> None:
    """Have the worker called. Where that fails nothing is left, and the caller may come again."""
    payload = json.dumps(key_of(item)).encode()
    try:
        clients().functions.invoke(FunctionName=os.environ["WORKER"], InvocationType="Event", Payload=payload)
    except (ClientError, ConnectError, HTTPClientError) as error:
        log.error("the worker was not called: %s", type(error).__name__)
        forget(item)
        raise HttpError(HTTPStatus.SERVICE_UNAVAILABLE, "Nothing can be generated now, try again later") from None


def create(request: Request) -> Reply:
    now = datetime.now(UTC)
    asked = wanted(request.json_body())
    key = request.idempotency_key
    generation_id = new_id(now)
    item: Item = {
        "owner_id": request.owner_id,
        "generation_id": generation_id,
        "created_at": now.isoformat(timespec="milliseconds"),
        "model_id": os.environ["BEDROCK_MODEL_ID"],
        "status": "queued",
        "status_id": status_id("queued", generation_id),
        "expires_at": expiry(now),
        **asked,
        **({"key_id": digest(key)} if key else {}),
    }
    item = keep(item, asked, now)
    # Called again for the same key: the first call may have ended before it came to this.
    if item["status"] == "queued":
        start(item)
    answer = reply(HTTPStatus.ACCEPTED, shown(item))
    location = f"{request.path}/{item['generation_id']}"
    answer["headers"] |= {"Location": location, "Retry-After": str(RETRY_AFTER_SECONDS)}
    return answer


def failed(told: dict[str, Any]) -> None:
    """What Lambda says when it gives up a call of the worker:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations
    """
    item, payload = told["requestPayload"], told.get("responsePayload") or {}
    # An error that nobody foresaw may name what its owner need not know.
    ours = payload.get("errorType") == "GenerationError"
    error = payload["errorMessage"] if ours else "The generation broke off"
    changed = change(clients().table, item, Attr("status").is_in(UNFINISHED), "failed", remove=("run_id",), error=error)
    log.warning("failed: %s, %s", item["generation_id"], told["requestContext"]["condition"])
    if changed is None:
        log.info("it had ended before: %s", item["generation_id"])


def forget(item: Item) -> None:
    """The item last: as long as it is there, a second attempt finds what the first one left."""
    made = clients()
    if key_id := item.get("key_id"):
        made.table.delete_item(Key=key_record(item["owner_id"], key_id))
    made.bucket.Object(site_key(item)).delete()
    made.table.delete_item(Key=key_of(item))


def list_generations(request: Request) -> Reply:
    status = request.choice("status", STATUSES)
    items, following = list_items(clients().table, request, "generation_id", descending=True, status=status)
    return reply(HTTPStatus.OK, {"generations": [shown(item) for item in items], **following})


def load(request: Request) -> Item:
    """The generation, with its site if it has one."""
    made = clients()
    item = get_item(made.table, request, "generation_id")
    if item["status"] != "completed":
        return item
    try:
        stored = made.bucket.Object(site_key(item)).get()
    except ClientError as error:
        # It is being deleted. Who may not list the bucket is not told that a key does not exist.
        if error.response["Error"]["Code"] not in {"NoSuchKey", "AccessDenied"}:
            raise
        log.warning("no site of %s: %s", item["generation_id"], error.response["Error"]["Code"])
        raise HttpError(HTTPStatus.NOT_FOUND, "No such generation_id") from None
    return item | {"site": json.load(stored["Body"])}


def get_generation(request: Request) -> Reply:
    return reply(HTTPStatus.OK, shown(load(request)))


def delete_generation(request: Request) -> Reply:
    forget(get_item(clients().table, request, "generation_id"))
    return reply(HTTPStatus.NO_CONTENT)


def get_page(request: Request) -> Reply:
    page_id = request.path_id("page_id")
    pages = load(request).get("site", {}).get("pages", [])
    page = next((page for page in pages if page["slug"] == page_id), None)
    if page is None:
        raise HttpError(HTTPStatus.NOT_FOUND, "No such page_id")
    return reply(HTTPStatus.OK, page)


OPERATIONS: Operations = {
    ("POST", "/generations"): create,
    ("GET", "/generations"): list_generations,
    ("GET", "/generations/{generation_id}"): get_generation,
    ("DELETE", "/generations/{generation_id}"): delete_generation,
    ("GET", "/generations/{generation_id}/pages/{page_id}"): get_page,
}
serve = api(OPERATIONS)


def handler(event: dict[str, Any], context: Any) -> Reply | None:
    # API Gateway's events have no such field.
    if "requestPayload" in event:
        return failed(event)
    return serve(event, context)
