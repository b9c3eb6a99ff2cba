"""MOCK integrations, with the templates that terraform/modules/api_gateway writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

ORIGINS = (
    '#set($origin = $input.params("Origin"))#if($origin == "")#set($origin = $input.params("origin"))#end'
    '#if($origin == "https://a.example" || $origin == "https://b.example")'
    '#set($context.responseOverride.header.Access-Control-Allow-Origin = "$origin")#end'
)
HEADERS = {
    "method.response.header.Access-Control-Allow-Origin": "'https://a.example'",
    "method.response.header.Access-Control-Max-Age": "'7200'",
    "method.response.header.X-Stage": "context.stage",
}


def answer(serve: SimpleNamespace, integration: dict[str, Any], **request: Any) -> Any:
    method = {"httpMethod": "OPTIONS", "methodIntegration": {"type": "MOCK", **integration}}
    route = serve.routes.Route({"id": "r", "path": "/"}, method, {})
    return serve.mocks.answer(serve.messages.Request("OPTIONS", "/", **request), route, {"stage": "dev"}, {"v": "1"})


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://b.example", "https://b.example"),
        ("https://evil.example", "https://a.example"),
        (None, "https://a.example"),
    ],
)
def test_preflight(serve: SimpleNamespace, origin: str | None, allowed: str) -> None:
    response = {"statusCode": "204", "responseParameters": HEADERS, "responseTemplates": {"application/json": ORIGINS}}
    integration = {
        "requestTemplates": {"application/json": '{"statusCode":204}'},
        "integrationResponses": {"204": response},
    }
    made = answer(serve, integration, headers=[("origin", origin)] if origin else [])
    assert (made.status, made.body) == (204, b"")
    assert dict(made.headers) == {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": allowed,
        "Access-Control-Max-Age": "7200",
        "X-Stage": "dev",
    }


def test_the_request_chooses_the_response(serve: SimpleNamespace) -> None:
    integration = {
        "requestTemplates": {"application/json": '{"statusCode": $input.params("code")}'},
        "integrationResponses": {
            "200": {
                "statusCode": "200",
                "responseTemplates": {"application/json": '{"v": "$stageVariables.v", "a": $input.json("$.a")}'},
            },
            "409": {"statusCode": "409", "selectionPattern": "4\\d\\d"},
        },
    }
    first = answer(serve, integration, query_string="code=200", body=b'{"a": [1]}')
    assert (first.status, first.body) == (200, b'{"v": "1", "a": [1]}')
    assert answer(serve, integration, query_string="code=404").status == 409


@pytest.mark.parametrize("template", ["", "{}", "#if(", '{"statusCode": 404}'])
def test_broken_one(serve: SimpleNamespace, template: str) -> None:
    responses = {"200": {"statusCode": "200", "selectionPattern": "200"}}
    with pytest.raises(serve.messages.RefusalError) as refused:
        answer(serve, {"requestTemplates": {"application/json": template}, "integrationResponses": responses})
    assert (refused.value.status, refused.value.message) == (500, "Internal server error")
