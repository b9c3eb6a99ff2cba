"""The request validator."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

BOTH = {"validateRequestBody": True, "validateRequestParameters": True}
MODELS: dict[str, Any] = {
    "Site": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "required": ["title"],
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "maxLength": 5},
            "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            "page": {"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Page"},
            "own": {"$ref": "#/definitions/Own"},
        },
        "definitions": {"Own": {"type": "boolean"}},
    },
    "Page": {"type": "object", "required": ["slug"]},
    "Lost": {"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Nowhere"},
}
METHOD = {
    "requestModels": {"application/json": "Site"},
    "requestParameters": {
        "method.request.querystring.limit": True,
        "method.request.header.X-Wanted": True,
        "method.request.path.id": True,
        "method.request.querystring.other": False,
    },
}


def outcome(serve: SimpleNamespace, body: bytes, validator: dict[str, Any] = BOTH, **request: Any) -> str:
    given = {"query_string": "limit=", "headers": [("x-wanted", "1")], "body": body, **request}
    parameters = given.pop("parameters", {"id": "1"})
    method = given.pop("method", METHOD)
    try:
        serve.checks.check(serve.messages.Request("POST", "/", **given), method, parameters, validator, MODELS)
    except serve.messages.RefusalError as refusal:
        return f"{refusal.status} {refusal.message}"
    return "ok"


@pytest.mark.parametrize(
    "body",
    [b'{"title": "a"}', b'{"title": "a", "age": 1}', b'{"title": "a", "page": {"slug": "x"}, "own": true}'],
)
def test_valid(serve: SimpleNamespace, body: bytes) -> None:
    assert outcome(serve, body) == "ok"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"{",
        b"[]",
        b"\xff",
        b'{"title": 1}',
        b'{"title": "toolong"}',
        b'{"title": "a", "more": 1}',
        b'{"title": "a", "age": 0}',  # draft 4 says so with a boolean
        b'{"title": "a", "page": {}}',
        b'{"title": "a", "own": 1}',
        b"[" * 100_000,
    ],
)
def test_invalid(serve: SimpleNamespace, body: bytes) -> None:
    assert outcome(serve, body) == "400 Invalid request body"


def test_only_what_the_validator_says(serve: SimpleNamespace) -> None:
    assert outcome(serve, b"{}", {"validateRequestParameters": True}) == "ok"
    assert outcome(serve, b"{}", {}, query_string="", headers=[]) == "ok"


def test_missing_parameters_are_named_and_come_first(serve: SimpleNamespace) -> None:
    said = outcome(serve, b"{}", query_string="other=1", headers=[], parameters={})
    assert said == "400 Missing required request parameters: [X-Wanted, id, limit]"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/json; charset=utf-8", "400 Invalid request body"),
        ("Application/JSON", "400 Invalid request body"),
        # No model, no look.
        ("text/plain", "ok"),
    ],
)
def test_media_type_chooses_the_model(serve: SimpleNamespace, kind: str, said: str) -> None:
    assert outcome(serve, b"{}", headers=[("x-wanted", "1"), ("content-type", kind)]) == said


def test_default_model(serve: SimpleNamespace) -> None:
    method = {"requestModels": {"$default": "Site"}}
    assert outcome(serve, b"{}", method=method, headers=[("content-type", "text/plain")]) == "400 Invalid request body"
