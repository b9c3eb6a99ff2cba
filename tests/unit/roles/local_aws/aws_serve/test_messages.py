"""API Gateway's own answers, and what it makes of a function's."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

CORS = {
    "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
    "gatewayresponse.header.X-Mapped": "method.request.header.a",
}
RESPONSES = {
    "DEFAULT_4XX": {
        "responseParameters": CORS,
        "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
    },
    "UNAUTHORIZED": {
        "statusCode": "418",
        "responseTemplates": {
            "text/plain": "$context.error.responseType of $context.stage: $context.error.message$context.gone"
        },
    },
}


def test_gateway_response_that_is_deployed(serve: SimpleNamespace) -> None:
    refusal = serve.messages.RefusalError("BAD_REQUEST_BODY", 'say "x"')
    answer = serve.messages.gateway_answer(refusal, RESPONSES, {})
    assert (answer.status, json.loads(answer.body)) == (400, {"message": 'say "x"'})
    assert dict(answer.headers) == {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "*",
        "x-amzn-ErrorType": "BadRequestException",
    }


def test_own_template_and_status(serve: SimpleNamespace) -> None:
    answer = serve.messages.gateway_answer(serve.messages.unauthorized(), RESPONSES, {"stage": "dev"})
    assert (answer.status, answer.body) == (418, b"UNAUTHORIZED of dev: Unauthorized")


def test_nothing_deployed(serve: SimpleNamespace) -> None:
    answer = serve.messages.gateway_answer(serve.messages.internal(502), {}, {})
    assert (answer.status, answer.body) == (502, b'{"message":"Internal server error"}')


def answered(serve: SimpleNamespace, said: Any, types: Any = (), accepted: str | None = None) -> Any:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return serve.messages.lambda_answer(payload, accepted, list(types))


def test_proxy_response(serve: SimpleNamespace) -> None:
    said = {
        "statusCode": "201",
        "headers": {"X-A": "1", "X-B": True, "x-c": "lost"},
        "multiValueHeaders": {"X-C": ["1", "2"]},
        "body": "é",
    }
    answer = answered(serve, said)
    assert (answer.status, answer.body) == (201, "é".encode())
    assert answer.headers == [
        ("X-C", "1"),
        ("X-C", "2"),
        ("X-A", "1"),
        ("X-B", "true"),
        ("Content-Type", "application/json"),
    ]


def test_how_the_body_travels_is_for_the_server_to_say(serve: SimpleNamespace) -> None:
    said = {"headers": {"Content-Length": "3", "Transfer-Encoding": "chunked", "X": " a "}, "body": "four"}
    assert answered(serve, said).headers == [("X", "a"), ("Content-Type", "application/json")]


def test_least_proxy_response(serve: SimpleNamespace) -> None:
    """No field must be there."""
    answer = answered(serve, {})
    assert (answer.status, answer.body) == (200, b"")
    assert answered(serve, {"statusCode": 204, "body": None, "headers": None}).status == 204


@pytest.mark.parametrize(
    "said",
    [
        None,
        "text",
        [],
        b"{",
        {"statusCode": 200, "more": 1},
        {"statusCode": "ok"},
        {"statusCode": 101},
        {"statusCode": 600},
        {"headers": {"x": "a\r\nSet-Cookie: b"}},
        {"headers": {"a b": "x"}},
        {"statusCode": [200]},
        {"headers": {"x": 1}},
        {"headers": ["x"]},
        {"multiValueHeaders": {"x": [1]}},
        {"body": {"a": 1}},
        {"isBase64Encoded": True, "body": "é"},
    ],
)
def test_malformed_proxy_response(serve: SimpleNamespace, said: Any) -> None:
    with pytest.raises(serve.messages.RefusalError) as refused:
        answered(serve, said, types=["*/*"])
    assert (refused.value.status, refused.value.message) == (502, "Internal server error")


@pytest.mark.parametrize(
    ("types", "accepted", "body"),
    [
        ([], "image/png", b"YQ=="),
        (["image/*"], "image/png", b"a"),
        (["image/*"], "text/html, image/png", b"YQ=="),
        (["*/*"], None, b"a"),
    ],
)
def test_binary_answer(serve: SimpleNamespace, types: list[str], accepted: str | None, body: bytes) -> None:
    assert answered(serve, {"isBase64Encoded": True, "body": "YQ=="}, types, accepted).body == body
