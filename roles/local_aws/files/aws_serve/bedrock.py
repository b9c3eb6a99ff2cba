"""Bedrock's runtime: a stub that says that it is one, or the real one with the credentials of who has started the server.

The stub asks no model. Where the prompt holds a JSON schema, it answers with the least that satisfies it, since that is what the
prompt asks for; else with a sentence.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import unquote

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from jsonschema import Draft202012Validator

from aws_serve.messages import Answer, Request

SENTENCE = "This is the stub of playbooks/serve.yml: no model was asked."
WAY_OUT = "-e site_builder_bedrock=aws asks the real one"
CALL = re.compile(r"/model/([^/]+)/(converse|invoke)$")


def stub(request: Request) -> Answer:
    """Answer Converse, and InvokeModel in the form of Anthropic's models."""
    found = CALL.match(request.path)
    try:
        asked = json.loads(request.body or b"{}")
    except ValueError:
        return error("ValidationException", 400, "The body is not JSON")
    if not found or request.method != "POST":
        return error("ValidationException", 400, f"The stub has no {request.method} {request.path}; {WAY_OUT}")
    model, operation = unquote(found[1]), found[2]
    texts = _texts(asked)
    text = text_for(texts)
    usage = (sum(len(part) for part in texts) // 4, len(text) // 4)
    if operation == "converse":
        return _json(
            {
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": usage[0], "outputTokens": usage[1], "totalTokens": sum(usage)},
                "metrics": {"latencyMs": 1},
            }
        )
    if "anthropic" not in model:
        said = f"The stub answers InvokeModel for Anthropic's models, not for {model}; {WAY_OUT}"
        return error("ValidationException", 400, said)
    return _json(
        {
            "id": "msg_stub",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": usage[0], "output_tokens": usage[1]},
        }
    )


def _texts(asked: dict[str, Any]) -> list[str]:
    """The texts of a prompt, in whatever form they are."""
    system = asked.get("system") or []
    parts = [system] if isinstance(system, str) else [*system]
    for message in asked.get("messages") or []:
        content = message.get("content") or []
        parts += [content] if isinstance(content, str) else content
    return [
        part if isinstance(part, str) else part["text"] for part in parts if isinstance(part, str) or part.get("text")
    ]


def text_for(texts: list[str]) -> str:
    """What the stub says to these texts."""
    for text in texts:
        for schema in _schemas(text):
            made = example(schema)
            if Draft202012Validator({**schema, "$schema": Draft202012Validator.META_SCHEMA["$id"]}).is_valid(made):
                return json.dumps(made)
    return SENTENCE


def _schemas(text: str) -> list[dict[str, Any]]:
    """The JSON schemas in a text."""
    decoder, found, place = json.JSONDecoder(), [], text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            end = place + 1
        else:
            if isinstance(value, dict) and value.get("type") == "object" and "properties" in value:
                found.append(value)
        place = text.find("{", end)
    return found


def example(schema: dict[str, Any]) -> Any:
    """The least that satisfies a schema, where that is easily found."""
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: example(properties.get(name) or {"type": "string"}) for name in schema.get("required") or []}
    if kind == "array":
        return [example(schema.get("items") or {"type": "string"}) for _ in range(schema.get("minItems") or 0)]
    if kind in ("integer", "number"):
        return schema.get("minimum") or 0
    if kind == "string":
        choices = [
            SENTENCE[: schema.get("maxLength", len(SENTENCE))],
            "stub",
            "stub-1",
            "STUB",
            "0",
            "en-ZA",
            "2026-01-01",
        ]
        return next((one for one in choices if re.search(schema.get("pattern") or "", one)), "stub")
    return kind == "boolean" if kind != "null" else None


def real(request: Request, region: str) -> Answer:
    """Hand the request to AWS, signed as the one who has started the server."""
    session = boto3.Session(region_name=region)
    try:
        credentials = session.get_credentials()
        if credentials is None:
            said = "site_builder_bedrock is aws, and serve.yml was started without credentials of AWS"
            return error("AccessDeniedException", 403, said)
        url = session.client("bedrock-runtime").meta.endpoint_url + request.target
        kept = {name: value for name, value in request.headers if name.lower() in ("content-type", "accept")}
        signed = AWSRequest(request.method, url, headers=kept, data=request.body)
        SigV4Auth(credentials.get_frozen_credentials(), "bedrock", region).add_auth(signed)
        trusted = os.environ.get("AWS_CA_BUNDLE") or True
        reply = requests.request(
            request.method, url, headers=dict(signed.headers), data=request.body, timeout=300, verify=trusted
        )
    except (BotoCoreError, requests.RequestException) as failed:
        return error("ServiceUnavailableException", 503, f"Bedrock was not reached: {failed}")
    shown = [
        (name, value) for name, value in reply.headers.items() if name.lower().startswith(("content-type", "x-amzn"))
    ]
    return Answer(reply.status_code, reply.content, shown)


def error(code: str, status: int, message: str) -> Answer:
    """As AWS's REST-JSON services say what is wrong."""
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return Answer(status, json.dumps({"message": message}).encode(), headers)


def _json(value: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(value).encode(), [("Content-Type", "application/json")])
