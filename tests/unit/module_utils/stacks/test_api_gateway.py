"""The stack api_gateway: dev and prod shapes, and each refusal."""

from __future__ import annotations

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
