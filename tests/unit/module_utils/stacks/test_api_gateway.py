"""The stack api_gateway: dev and prod shapes, and each refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.api_gateway import define
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS

from tests.settings import BOUNDARY, DEV, KEY, POOL, PROD, TAGS

DOCUMENT = """
openapi: 3.0.3
info: {title: Health, version: 1.0.0}
paths:
  /health:
    get:
      operationId: getHealth
      x-site-builder-function: health
      security: []
      responses: {"200": {description: Healthy}}
"""
DOCUMENTS = {"health.yaml": DOCUMENT}

API = {"documents": ["health.yaml"], "cors": {"origins": ["*"]}}


@pytest.mark.parametrize(
    ("shared", "stage", "days", "key"), [(DEV, "dev", 30, None), (PROD, "prod", 365, KEY)], ids=["dev", "prod"]
)
def test_shape(shared: dict, stage: str, days: int, key: str | None) -> None:
    stack = define({"public": API}, {"health.yaml": DOCUMENT}, ["health"], shared)
    name = f"site-builder-public-{stage}"
    defined = stack["tfvars"]["apis"]["public"]
    assert defined["routes"]["getHealth"]["function"] == "health"
    assert defined["logs"] == {
        "group_name": f"/aws/apigateway/{name}",
        "retention_in_days": days,
        "kms_key_arn": key,
    }
    assert defined["cognito_user_pool_arns"] == [POOL]
    assert (defined["name"], defined["stage"], defined["cors"]) == (name, stage, {"origins": ["*"]})
    assert "documents" not in defined
    assert stack["tfvars"]["tags"] == TAGS
    assert stack["predicted_outputs"] == {"apis": {"public": {"name": name, "stage": stage}}}


POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
}
SETTINGS = f"""
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-policy: {json.dumps(POLICY)}
"""


def test_what_documents_say_of_the_whole_api() -> None:
    private = {**API, "endpoint_type": "PRIVATE", "openapi_unsupported": "ignore"}
    assert list(DEFINITIONS["api_gateway_apis"]({"a": private}, "api_gateway_apis")) == []
    made = define({"a": private}, {"health.yaml": DOCUMENT + SETTINGS}, ["health"], DEV)["tfvars"]["apis"]["a"]
    assert made["binary_media_types"] == ["image/png"]
    assert json.loads(made["resource_policy"]) == POLICY
    assert made["cognito_user_pool_arns"] == [POOL]
    assert "openapi_unsupported" not in made


POOLS = """
components:
  securitySchemes:
    users:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer:
        type: cognito_user_pools
        identitySource: method.request.header.Token
        providerARNs: [arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_Other]
"""
SECURED = DOCUMENT.replace("security: []", "security: [{users: []}]") + POOLS


def test_pools_of_a_document_are_the_api_s() -> None:
    api = {**API, "authorizer": {"ttl_seconds": 60}}
    made = define({"a": api}, {"health.yaml": SECURED}, ["health"], DEV)["tfvars"]["apis"]["a"]
    assert made["cognito_user_pool_arns"] == ["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_Other"]
    assert made["authorizer"] == {"ttl_seconds": 60, "identity_source": "method.request.header.Token"}


@pytest.mark.parametrize(
    ("own", "document", "sentence"),
    [
        (
            {"binary_media_types": ["image/gif"]},
            DOCUMENT + SETTINGS,
            "api_gateway_apis.a.binary_media_types is not what health.yaml says; say it in one of them only",
        ),
        (
            {"authorizer": {"identity_source": "method.request.header.Other"}},
            SECURED,
            "api_gateway_apis.a.authorizer is not what health.yaml says; say it in one of them only",
        ),
        (
            {},
            DOCUMENT + "\nx-amazon-apigateway-minimum-compression-size: -1\n",
            "api_gateway_apis.a.minimum_compression_size is -1, which is no whole number from 0 to 10485760; write one, without "
            "quotes",
        ),
        (
            {"endpoint_type": "EDGE"},
            DOCUMENT.replace("security:", "x-timeout: 29001\n      security:"),
            "api_gateway_apis.a.routes.getHealth.timeout_milliseconds is 29001, which is longer than an EDGE API waits; write "
            "29000 at most or change endpoint_type",
        ),
        (
            {"endpoint_type": "PRIVATE"},
            DOCUMENT,
            "api_gateway_apis.a.endpoint_type is 'PRIVATE', which is without a way in; add a resource_policy",
        ),
    ],
    ids=["setting", "part of a setting", "setting of its own", "edge", "private"],
)
def test_what_documents_and_fields_say_together_is_refused(own: dict, document: str, sentence: str) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define({"a": {**API, **own}}, {"health.yaml": document}, ["health"], DEV)
    assert list(refused.value.problems) == [sentence]


def test_any_depth_five_minutes_and_a_colon() -> None:
    route = {"path": f"/{'a/' * 60}{{l+}}", "method": "GET", "function": "f", "timeout_milliseconds": 300_000}
    route["request_parameters"] = {"method.request.querystring.filter:name": True}
    assert list(DEFINITIONS["api_gateway_apis"]({"a": {"routes": {"r": route}}}, "api_gateway_apis")) == []


def test_a_reference_leads_into_a_file_beside_the_document(tmp_path: Path) -> None:
    path = tmp_path / "health.yaml"
    (tmp_path / "parts.json").write_text('{"Body": {"type": "object"}}')
    body = "requestBody: {content: {application/json: {schema: {$ref: 'parts.json#/Body'}}}}"
    document = DOCUMENT.replace("security:", f"{body}\n      security:").replace("get:", "post:")
    api = {**API, "documents": [str(path)]}
    assert "Body" in define({"a": api}, {str(path): document}, ["health"], DEV)["tfvars"]["apis"]["a"]["models"]


@pytest.mark.parametrize(
    ("schema", "what"),
    [
        ("text", "no object as JSON"),
        ('{"enum": []}', "no schema of draft-04 (at enum, [] should be non-empty)"),
        ('{"type": "text"}', "no schema of draft-04 (at type, 'text' is not valid under any of the given schemas)"),
    ],
)
def test_model_of_the_inventory(schema: str, what: str) -> None:
    apis = {"a": {"routes": {"r": ROUTE}, "models": {"M": {"schema": schema}}}}
    assert list(DEFINITIONS["api_gateway_apis"](apis, "api_gateway_apis")) == [
        f"api_gateway_apis.a.models.M.schema is {schema!r}, which is {what}; correct it"
    ]


def test_what_the_api_says_counts() -> None:
    route = {"path": "/health", "method": "GET", "function": "health", "authorization": "AWS_IAM"}
    own = {"stage": "v1", "logs": {"level": "INFO", "retention_in_days": 7}, "cognito_user_pool_arns": []}
    api = {**API, **own, "routes": {"getHealth": route}, "models": {"m": {"schema": "{}"}}}
    stack = define({"public": api}, {"health.yaml": DOCUMENT}, ["health"], DEV)
    defined = stack["tfvars"]["apis"]["public"]
    assert defined["routes"] == {"getHealth": route}
    assert defined["models"] == {"m": {"schema": "{}"}}
    assert (defined["logs"]["level"], defined["logs"]["retention_in_days"]) == ("INFO", 7)
    assert defined["cognito_user_pool_arns"] == []
    assert stack["predicted_outputs"]["apis"]["public"]["stage"] == "v1"


@pytest.mark.parametrize(
    ("logging", "bound"),
    [({}, {}), ({"manage_account_logging_role": True, "account_logging_role_name": "logs"}, BOUNDARY)],
)
def test_boundary_is_that_of_the_logging_role(logging: dict, bound: dict) -> None:
    made = define({"a": {**API, **logging}}, DOCUMENTS, ["health"], {**PROD, **BOUNDARY})["tfvars"]["apis"]["a"]
    assert {name: value for name, value in made.items() if name in BOUNDARY} == bound


def test_null_stands_for_the_default() -> None:
    nothing = {**API, "domain": None, "cognito_user_pool_arns": None}
    assert define({"a": nothing}, DOCUMENTS, ["health"], DEV) == define({"a": API}, DOCUMENTS, ["health"], DEV)


ROUTE = {"path": "/a/{b}", "method": "GET", "function": "f"}


@pytest.mark.parametrize(
    ("api", "sentences"),
    [
        ({}, ["api_gateway_apis.a has no route; name an OpenAPI document in documents, or a route in routes"]),
        (
            {"routes": {"r": {"path": "/", "method": "GET", "function": "b"}}},
            ["api_gateway_apis.a.routes.r.function is 'b', which is no function; there are: f"],
        ),
        (
            {"routes": {"r": {**ROUTE, "api_key_required": True, "request_model": "M"}}},
            [
                "api_gateway_apis.a.usage_plan is missing, and the route r wants an API key; add a usage_plan",
                "api_gateway_apis.a.routes.r.request_model is 'M', which is none of the models (there are none); add it or "
                "correct the name",
            ],
        ),
        (
            {"routes": {"r": ROUTE, "s": ROUTE}},
            ["api_gateway_apis.a.routes.s answers GET /a/{b}, as the route r does; remove one"],
        ),
        (
            {"routes": {"r": ROUTE, "s": {**ROUTE, "path": "/a/{c}", "method": "POST"}}},
            [
                "api_gateway_apis.a.routes.s.path is '/a/{c}', which is not the {b} of the route r, and API Gateway allows one "
                "path parameter in each place; use the same name"
            ],
        ),
        (
            {"documents": ["none.yaml"]},
            [
                "api_gateway_apis.a.documents: none.yaml: the OpenAPI version is none; convert the document to OpenAPI 3.0 or 3.1"
            ],
        ),
    ],
)
def test_refusal(api: dict, sentences: list[str]) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define({"a": api}, {"none.yaml": "info: {}"}, ["f"], DEV)
    assert list(refused.value.problems) == sentences


def test_all_apis_are_told_of() -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define({"a b": {}, "c": {}}, {}, [], DEV)
    assert [problem.partition(";")[0] for problem in refused.value.problems] == [
        "api_gateway_apis: rest_api key is 'a b', which is not valid",
        "api_gateway_apis.a b has no route",
        "api_gateway_apis.c has no route",
    ]


@pytest.mark.parametrize(
    ("route", "what"),
    [
        ({"method": "POST"}, "for GET only"),
        ({"authorization": "AWS_IAM"}, "not for AWS_IAM, whose signatures the cache does not tell apart"),
    ],
)
def test_schema(route: dict, what: str) -> None:
    apis = {"a": {"routes": {"r": {**ROUTE, "settings": {"caching_enabled": True}, **route}}}}
    assert list(DEFINITIONS["api_gateway_apis"](apis, "api_gateway_apis")) == [
        f"api_gateway_apis.a.routes.r.settings.caching_enabled is True, which is {what}; leave it out"
    ]
