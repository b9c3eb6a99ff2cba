"""Generates one site with Bedrock. app.py calls it asynchronously, with the key of an item.

Whatever goes wrong is raised: Lambda then tries again, and tells app.py when it gives up (async in the definition), which
writes that the generation has failed. What is asked of the model stays in the table, out of events and logs.

Environment: BEDROCK_REGION, TABLE_NAME, BUCKET_NAME. The item says which model.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectError
from kept import change, site_key
from site_builder_common.site import SCHEMA, problems

SYSTEM_PROMPT = (
    "You design web sites. Answer with one JSON object that satisfies the schema below, and nothing else. "
    "The site is in the language {locale} and has at most {max_pages} pages.\n\n{schema}"
)
# What the model thinks counts too. At some 60 tokens a second they take less than the function's 300 s.
MAX_TOKENS = 16_000
# Of what is left of the run; the rest is for keeping the site, and below the alarm for runs that are nearly cut off.
SHARE_OF_TIME = 0.85
BUSY = {"ThrottlingException", "ServiceUnavailableException", "ModelNotReadyException"}

log = logging.getLogger()


class GenerationError(Exception):
    """Why there is no site, in words that its owner may read."""


@dataclass(frozen=True)
class Stores:
    table: Any
    bucket: Any


@cache
def stores() -> Stores:
    """Made at the first call, not at import, and kept for the next ones."""
    return Stores(
        table=boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"]),
        bucket=boto3.resource("s3").Bucket(os.environ["BUCKET_NAME"]),
    )


def bedrock(seconds_left: float) -> Any:
    """A client that gives up while there is time to say so. One attempt: the next one is Lambda's, after a pause."""
    return boto3.client(
        "bedrock-runtime",
        region_name=os.environ["BEDROCK_REGION"],
        config=Config(connect_timeout=5, read_timeout=seconds_left * SHARE_OF_TIME, retries={"total_max_attempts": 1}),
    )


def model_fields(model_id: str) -> dict[str, Any]:
    """What a model wants beside what all have. Sonnet 5 thinks as hard as it can unless told otherwise, within maxTokens:
    https://platform.claude.com/docs/en/models/sonnet-5-5/overview
    """
    if "anthropic.claude-sonnet-5" in model_id:
        return {"additionalModelRequestFields": {"output_config": {"effort": "low"}}}
    return {}


def converse(client: Any, model_id: str, request: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """The model's answer and the tokens it took."""
    system = SYSTEM_PROMPT.format(schema=json.dumps(SCHEMA), **request)
    try:
        answer = client.converse(
            modelId=model_id,
            system=[{"text": system}],
            messages=[{"role": "user", "content": [{"text": request["prompt"]}]}],
            inferenceConfig={"maxTokens": MAX_TOKENS},
            **model_fields(model_id),
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # The alarm on throttling looks for these two words; the rest of the error may name a role.
        log.warning("bedrock refused: %s for %s", code, error.operation_name)
        raise GenerationError("The model is busy" if code in BUSY else "The model refused the request") from None
    except (ConnectError, HTTPClientError) as error:
        log.warning("bedrock did not answer: %s", type(error).__name__)
        raise GenerationError("The model did not answer in time") from None
    if answer["stopReason"] == "max_tokens":
        raise GenerationError("The site became too long; ask for fewer pages")
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
        log.warning("no valid site: %s", found[0])
        raise GenerationError("The model gave no valid site")
    return site


def handler(event: dict[str, Any], context: Any) -> None:
    made, run_id = stores(), context.aws_request_id
    # Lambda may deliver an event twice, and repeats one that failed under the same id. Whoever else has it, has it alone.
    mine = Attr("run_id").eq(run_id)
    item = change(made.table, event, (Attr("status").eq("queued") | mine), "running", run_id=run_id)
    if item is None:
        log.info("nothing to do for %s", event["generation_id"])
        return
    client = bedrock(context.get_remaining_time_in_millis() / 1000)
    text, usage = converse(client, item["model_id"], item)
    site = site_of(text)
    # The object first: an object without an item is only litter, an item without its object is a broken promise.
    stored = made.bucket.Object(site_key(item))
    stored.put(Body=json.dumps(site).encode(), ContentType="application/json")
    if change(made.table, item, mine, "completed", remove=("expires_at", "run_id"), usage=usage) is None:
        log.info("deleted meanwhile: %s", item["generation_id"])
        stored.delete()
        return
    log.info("generated %s with %s", item["generation_id"], usage)
