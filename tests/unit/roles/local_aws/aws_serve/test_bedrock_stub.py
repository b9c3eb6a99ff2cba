"""The stub of Bedrock, met by boto3's own parser, and the way to the real one."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.conftest import ROOT

SITE = json.loads((ROOT / "examples/layers/common/python/site_builder_common/site.schema.json").read_text())


def asked(
    serve: SimpleNamespace, body: dict[str, Any], path: str = "/model/eu.anthropic.claude/converse"
) -> tuple[int, dict[str, Any]]:
    answer = serve.bedrock.stub(serve.messages.Request("POST", path, body=json.dumps(body).encode()))
    return answer.status, json.loads(answer.body)


def test_what_the_sample_asks_gets_a_site_that_says_that_it_is_a_stub(serve: SimpleNamespace) -> None:
    system = f"You design web sites {{of {{any}} kind}}. The schema:\n\n{json.dumps(SITE)}"
    status, said = asked(
        serve, {"system": [{"text": system}], "messages": [{"role": "user", "content": [{"text": "A bakery"}]}]}
    )
    text = said["output"]["message"]["content"][0]["text"]
    site = json.loads(text)
    Draft7Validator(SITE).validate(site)
    assert status == 200
    assert site["title"] == "This is the stub of playbooks/serve.yml: no model was asked."
    assert said["usage"]["totalTokens"] == said["usage"]["inputTokens"] + said["usage"]["outputTokens"] > 100


def test_anything_else_gets_a_sentence(serve: SimpleNamespace) -> None:
    body = {"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "user", "content": "Hello {you}"}]}
    status, said = asked(serve, body, "/model/eu.anthropic.claude/invoke")
    assert (status, said["content"][0]["text"]) == (200, "This is the stub of playbooks/serve.yml: no model was asked.")


@pytest.mark.parametrize("path", ["/model/amazon.titan/invoke", "/model/eu.anthropic.claude/converse-stream"])
def test_what_it_has_not(serve: SimpleNamespace, path: str) -> None:
    status, said = asked(serve, {}, path)
    assert status == 400
    assert said["message"].endswith("-e site_builder_bedrock=aws asks the real one")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"enum": [3]}, "b": {"const": None}}, "required": ["a", "b", "c"]},
        {"type": "object", "properties": {"a": {"type": ["integer", "null"], "minimum": 3}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "boolean"}, "n": {"type": "null"}}, "required": ["a", "n"]},
        {
            "type": "object",
            "properties": {"l": {"type": "array", "minItems": 2, "items": {"type": "string", "maxLength": 3}}},
            "required": ["l"],
        },
    ],
)
def test_example_satisfies(serve: SimpleNamespace, schema: dict[str, Any]) -> None:
    Draft7Validator(schema).validate(json.loads(serve.bedrock.text_for([f"As {json.dumps(schema)}!"])))


def test_a_schema_that_is_too_hard_is_no_lie(serve: SimpleNamespace) -> None:
    hard = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^x{7}$"}}, "required": ["a"]}
    assert serve.bedrock.text_for([json.dumps(hard)]) == serve.bedrock.SENTENCE


def test_the_real_one_needs_credentials(serve: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    answer = serve.bedrock.real(serve.messages.Request("POST", "/model/a/converse"), "eu-west-1")
    assert (answer.status, "without credentials" in json.loads(answer.body)["message"]) == (403, True)


def test_the_real_one_is_asked_as_the_caller(serve: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed anew, for the region that the function has named; nothing of the function's signature goes out."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACALLER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    sent: list[Any] = []

    def request(*args: Any, **kwargs: Any) -> SimpleNamespace:
        sent.append((args, kwargs))
        return SimpleNamespace(
            status_code=429, content=b"{}", headers={"x-amzn-ErrorType": "ThrottlingException", "Date": "now"}
        )

    monkeypatch.setattr(sys.modules["aws_serve.bedrock"].requests, "request", request)
    headers = [("authorization", "AWS4-HMAC-SHA256 Credential=test/..."), ("content-type", "application/json")]
    given = serve.messages.Request("POST", "/model/eu.a%3A0/converse", "x=1", headers, b"{}")
    answer = serve.bedrock.real(given, "eu-north-1")
    (args, kwargs) = sent[0]
    assert args == ("POST", "https://bedrock-runtime.eu-north-1.amazonaws.com/model/eu.a%3A0/converse?x=1")
    assert "Credential=AKIACALLER/" in kwargs["headers"]["Authorization"]
    assert "/eu-north-1/bedrock/aws4_request" in kwargs["headers"]["Authorization"]
    assert (answer.status, answer.headers) == (429, [("x-amzn-ErrorType", "ThrottlingException")])
