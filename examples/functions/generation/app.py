"""Generates sites with Bedrock, and keeps them: the site in the bucket, what is known about it in the table.

Environment: BEDROCK_MODEL_ID (model or inference profile), BEDROCK_REGION, TABLE_NAME (hash key owner_id, range key
generation_id; index by_status with range key status_id), BUCKET_NAME.
"""

from __future__ import annotations

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
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectError
from site_builder_common.http_api import HttpError, Operations, Reply, Request, api, reply
from site_builder_common.site import SCHEMA, problems
from site_builder_common.tables import Item, get_item, list_items, status_id

SYSTEM_PROMPT = (
    "You design web sites. Answer with one JSON object that satisfies the schema below, and nothing else. "
    "The site is in the language {locale} and has at most {max_pages} pages.\n\n{schema}"
)
KEEP_FAILED = timedelta(days=7)
HIDDEN = {"owner_id", "expires_at", "status_id"}
STATUSES = ("completed", "failed")

# The request model of the OpenAPI document. API Gateway checks it too; here it also gives the defaults.
check_request = fastjsonschema.compile(json.loads(Path(__file__).with_name("request.schema.json").read_text()))
log = logging.getLogger()


@dataclass(frozen=True)
class Clients:
    bedrock: Any
    table: Any
    bucket: Any


@cache
def clients() -> Clients:
    """Made at the first call, not at import, and kept for the next ones."""
    return Clients(
        # API Gateway gives up after 29 s: better one attempt that we can report than retries that nobody waits for.
        bedrock=boto3.client(
            "bedrock-runtime",
            region_name=os.environ["BEDROCK_REGION"],
            config=Config(connect_timeout=2, read_timeout=24, retries={"total_max_attempts": 1}),
        ),
        table=boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]),
        bucket=boto3.resource("s3").Bucket(os.environ["BUCKET_NAME"]),
    )


def new_id(now: datetime) -> str:
    """A UUID version 7: it begins with the time, and so the table's range key sorts by age."""
    value = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (7 << 76)
    return str(uuid.UUID(int=value & ~(3 << 62) | (2 << 62)))


def site_key(owner_id: str, generation_id: str) -> str:
    return f"generations/{owner_id}/{generation_id}.json"


def ended(item: Item, status: str, **more: Any) -> Item:
    """The item as the table keeps it."""
    return item | {"status": status, "status_id": status_id(status, item["generation_id"])} | more


def shown(item: Item) -> Item:
    return {key: value for key, value in item.items() if key not in HIDDEN}


def wanted(body: dict[str, Any]) -> dict[str, Any]:
    """The request with its defaults."""
    try:
        check_request(body, name_prefix="body")
    except fastjsonschema.JsonSchemaValueException as error:
        raise HttpError(HTTPStatus.BAD_REQUEST, "The request is not valid", [error.message]) from None
    return body | {"prompt": body["prompt"].strip()}


def converse(bedrock: Any, model_id: str, request: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """The model's answer and the tokens it took."""
    system = SYSTEM_PROMPT.format(schema=json.dumps(SCHEMA), **request)
    try:
        answer = bedrock.converse(
            modelId=model_id,
            system=[{"text": system}],
            messages=[{"role": "user", "content": [{"text": request["prompt"]}]}],
            inferenceConfig={"maxTokens": 4096},
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # The alarm on throttling looks for these two words; the rest of the error may name a role.
        log.warning("bedrock refused: %s for %s", code, error.operation_name)
        if code in {"ThrottlingException", "ServiceUnavailableException", "ModelNotReadyException"}:
            raise HttpError(HTTPStatus.SERVICE_UNAVAILABLE, "The model is busy, try again later") from None
        raise HttpError(HTTPStatus.BAD_GATEWAY, "The model refused the request") from None
    except (ConnectError, HTTPClientError) as error:
        log.warning("bedrock did not answer: %s", type(error).__name__)
        raise HttpError(HTTPStatus.GATEWAY_TIMEOUT, "The model did not answer in time") from None
    text = "".join(block.get("text", "") for block in answer["output"]["message"]["content"])
    return text, {key: answer["usage"][key] for key in ("inputTokens", "outputTokens")}


def site_of(text: str) -> dict[str, Any]:
    """The site in the model's answer; some models put a code fence around it, whatever they are told."""
    try:
        site = json.loads(text.strip().removeprefix("```json").removeprefix("```").removesuffix("```"))
        found = problems(site)
    except (ValueError, RecursionError):
        found = ["The answer is not JSON"]
    if found:
        raise HttpError(HTTPStatus.BAD_GATEWAY, "The model gave no valid site", found)
    return site


def create(request: Request) -> Reply:
    made, now, model_id = clients(), datetime.now(UTC), os.environ["BEDROCK_MODEL_ID"]
    asked = wanted(request.json_body())
    item: Item = {
        "owner_id": request.owner_id,
        "generation_id": new_id(now),
        "created_at": now.isoformat(timespec="milliseconds"),
        "model_id": model_id,
        **asked,
    }
    try:
        text, usage = converse(made.bedrock, model_id, asked)
        site = site_of(text)
    except HttpError as error:
        expires_at = int((now + KEEP_FAILED).timestamp())
        made.table.put_item(Item=ended(item, "failed", error=error.message, expires_at=expires_at))
        raise
    # The object first: an object without an item is only litter, an item without its object is a broken promise.
    made.bucket.put_object(
        Key=site_key(request.owner_id, item["generation_id"]),
        Body=json.dumps(site).encode(),
        ContentType="application/json",
    )
    item = ended(item, "completed", usage=usage)
    made.table.put_item(Item=item)
    log.info("generated %s with %s", item["generation_id"], usage)
    return reply(HTTPStatus.CREATED, shown(item) | {"site": site})


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
        stored = made.bucket.Object(site_key(request.owner_id, item["generation_id"])).get()
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
    made = clients()
    generation_id = get_item(made.table, request, "generation_id")["generation_id"]
    # The item last: as long as it is there, a second attempt finds what the first one left.
    made.bucket.Object(site_key(request.owner_id, generation_id)).delete()
    made.table.delete_item(Key={"owner_id": request.owner_id, "generation_id": generation_id})
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
handler = api(OPERATIONS)
