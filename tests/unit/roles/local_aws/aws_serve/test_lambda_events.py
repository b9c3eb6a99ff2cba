"""The event of a proxy integration, held against what AWS sent in recordings that LocalStack publishes.

tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json of github.com/localstack/localstack, recorded 2024-07-10.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

API = {"id": "abc123", "account": "111111111111", "prefix": "/api/test"}
STAGE = {"stageName": "test", "deploymentId": "d1"}
KEYS = {
    *(
        "body",
        "headers",
        "httpMethod",
        "isBase64Encoded",
        "multiValueHeaders",
        "multiValueQueryStringParameters",
        "path",
    ),
    *("pathParameters", "queryStringParameters", "requestContext", "resource", "stageVariables"),
}
CONTEXT_KEYS = {
    *(
        "accountId",
        "apiId",
        "deploymentId",
        "domainName",
        "domainPrefix",
        "extendedRequestId",
        "httpMethod",
        "identity",
        "path",
    ),
    *("protocol", "requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath", "stage"),
}
IDENTITY_KEYS = {
    *(
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
    ),
    *("cognitoIdentityPoolId", "principalOrgId", "sourceIp", "user", "userAgent", "userArn"),
}


def event(
    serve: SimpleNamespace, method: str = "GET", path: str = "/test-path", types: Any = (), **request: Any
) -> dict[str, Any]:
    given = serve.messages.Request(method, path, **request)
    verbs = {"ANY": {"httpMethod": "ANY"}}
    routes = serve.routes.Routes([{"id": "r1", "path": "/{proxy+}", "resourceMethods": verbs}])
    route = routes.find(method, path)
    context = serve.events.context_of(given, route, API, STAGE)
    return serve.events.event_of(given, route, context, {}, list(types))


def test_what_aws_sends_is_there_and_nothing_else(serve: SimpleNamespace) -> None:
    made = event(
        serve,
        headers=[
            ("host", "127.0.0.1:8080"),
            ("user-agent", "python-requests/testing"),
            ("tEsT-HEADeR", "aValUE"),
            ("connection", "close"),
        ],
    )
    assert made.keys() == KEYS
    assert made["requestContext"].keys() == CONTEXT_KEYS
    assert made["requestContext"]["identity"].keys() == IDENTITY_KEYS
    # As with a custom domain and a base path.
    assert made["requestContext"]["path"] == "/api/test/test-path"
    assert made["requestContext"]["resourcePath"] == made["resource"] == "/{proxy+}"
    assert made["requestContext"]["domainName"] == made["headers"]["Host"] == "127.0.0.1:8080"
    assert {
        "Host",
        "User-Agent",
        "X-Amzn-Trace-Id",
        "X-Forwarded-For",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "tEsT-HEADeR",
    } == (made["headers"].keys())
    assert made["multiValueHeaders"]["User-Agent"] == ["python-requests/testing"]
    nothing = ("body", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")
    assert [made[name] for name in nothing] == [None] * 4


def test_slash_at_the_end(serve: SimpleNamespace) -> None:
    made = event(serve, path="/test-path/")
    assert made["path"] == "/test-path/"
    assert made["pathParameters"] == {"proxy": "test-path"}
    assert made["requestContext"]["path"] == "/api/test/test-path/"


def test_path_stays_as_it_was_sent(serve: SimpleNamespace) -> None:
    path = "/test-path/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"
    made = event(serve, path=path)
    assert made["path"] == path
    assert made["pathParameters"] == {"proxy": path[1:]}


def test_query_is_decoded_and_the_last_one_counts(serve: SimpleNamespace) -> None:
    query = "dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com&whitespace=foo%20bar&price=10&price=30&x"
    made = event(serve, query_string=query)
    assert made["queryStringParameters"] == {
        "dateTimeOffset": "2023-06-12T18:05:10.123456 00:00",
        "email": "test+alias@gmail.com",
        "whitespace": "foo bar",
        "price": "30",
        "x": "",
    }
    assert made["multiValueQueryStringParameters"]["price"] == ["10", "30"]


@pytest.mark.parametrize(
    ("types", "kind", "body", "is_binary"),
    [
        ([], "application/json", '{"a":"é"}', False),
        (["image/*"], "application/json", '{"a":"é"}', False),
        (["application/json"], "Application/JSON; charset=utf-8", "eyJhIjoiw6kifQ==", True),
        (["*/*"], None, "eyJhIjoiw6kifQ==", True),
    ],
)
def test_body(serve: SimpleNamespace, types: list[str], kind: str | None, body: str, is_binary: bool) -> None:
    headers = [("content-type", kind)] if kind else []
    made = event(serve, "POST", types=types, headers=headers, body='{"a":"é"}'.encode())
    assert (made["body"], made["isBase64Encoded"]) == (body, is_binary)
