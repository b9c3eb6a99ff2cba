"""OpenAPI documents to routes: what is read, and that each refusal names the place and the fix."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import OpenApiError, openapi_routes
from hypothesis import given
from hypothesis import strategies as st

EXAMPLES = Path(__file__).parents[2] / "examples" / "openapi"
FUNCTIONS = ["agents", "generation", "validation"]

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Test", "version": "1"},
    "paths": {
        "/sites/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True}],
            "post": {
                "operationId": "saveSite",
                "x-site-builder-function": "generation",
                "security": [{"cognito": ["b", "a"]}],
                "parameters": [
                    {"name": "limit", "in": "query"},
                    {"name": "X-Trace", "in": "header", "required": True},
                    {"name": "Authorization", "in": "header", "required": True},
                    {"name": "session", "in": "cookie"},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/site_input"}}}
                },
                "responses": {"200": {"description": "ok"}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            "cognito": {"type": "openIdConnect", "openIdConnectUrl": "https://example.com"},
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            "iam": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
            "bearer": {"type": "http", "scheme": "bearer"},
            "basic": {"type": "http", "scheme": "basic"},
        },
        "schemas": {
            "site_input": {"type": "object", "properties": {"name": {"$ref": "#/components/schemas/Name"}}},
            "Name": {"type": "string"},
        },
    },
}


def document(**changes):
    """The document above with values set by dotted path; None removes. A path key is written as its own argument."""
    result = copy.deepcopy(DOCUMENT)
    for dotted, value in changes.items():
        target = result
        *parents, last = OPERATION.get(dotted, dotted.split("__"))
        for part in parents:
            target = target[part]
        if value is None:
            del target[last]
        else:
            target[last] = value
    return result


OPERATION = {
    key: ["paths", "/sites/{id}", "post", name]
    for key, name in {
        "function": "x-site-builder-function",
        "timeout": "x-timeout",
        "security": "security",
        "parameters": "parameters",
        "body": "requestBody",
        "operation_id": "operationId",
    }.items()
}


def convert(*contents, functions=FUNCTIONS):
    documents = [
        {"file": f"{chr(ord('a') + index)}.yaml", "content": content} for index, content in enumerate(contents)
    ]
    return openapi_routes(documents, functions)


def route(**changes):
    return next(iter(convert(document(**changes))["routes"].values()))


def schema_of(schema, version="3.0.3"):
    content = document(body={"content": {"application/json": {"schema": schema}}}, openapi=version)
    model = json.loads(next(iter(convert(content)["models"].values()))["schema"])
    return {key: value for key, value in model.items() if key not in ("$schema", "title")}


def get(path, **operation):
    """A public GET with its path parameters declared."""
    names = [segment.strip("{}+") for segment in path.split("/") if segment.startswith("{")]
    return {path: {"get": {
        "x-site-builder-function": "agents", "security": [],
        "parameters": [{"name": name, "in": "path", "required": True} for name in names], **operation,
    }}}  # fmt: skip


def test_route_and_model():
    assert convert(document()) == {
        "routes": {
            "saveSite": {
                "path": "/sites/{id}",
                "method": "POST",
                "function": "generation",
                "authorization": "COGNITO_USER_POOLS",
                "scopes": ["a", "b"],
                "request_model": "SiteInput",
                "request_parameters": {
                    "method.request.header.X-Trace": True,
                    "method.request.path.id": True,
                    "method.request.querystring.limit": False,
                },
            }
        },
        "models": {
            "SiteInput": {
                "schema": json.dumps(
                    {
                        "$schema": "http://json-schema.org/draft-04/schema#",
                        "properties": {"name": {"type": "string"}},
                        "title": "SiteInput",
                        "type": "object",
                    }
                )
            }
        },
    }


def test_text_and_mapping_are_the_same():
    assert convert(yaml.safe_dump(DOCUMENT)) == convert(json.dumps(DOCUMENT)) == convert(DOCUMENT)


def test_input_is_left_alone():
    content = document()
    convert(content)
    assert content == DOCUMENT


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ([], {"authorization": "NONE"}),
        ([{"cognito": []}], {"authorization": "COGNITO_USER_POOLS"}),
        ([{"bearer": []}], {"authorization": "COGNITO_USER_POOLS"}),
        ([{"iam": []}], {"authorization": "AWS_IAM"}),
        ([{"key": []}], {"authorization": "NONE", "api_key_required": True}),
        (
            [{"cognito": ["x"], "key": []}],
            {"authorization": "COGNITO_USER_POOLS", "scopes": ["x"], "api_key_required": True},
        ),
    ],
)
def test_security(security, expected):
    found = route(security=security)
    assert {key: found[key] for key in ("authorization", "scopes", "api_key_required") if key in found} == expected


def test_extensions_are_inherited_and_the_nearest_counts():
    content = document(function=None, **{"x-site-builder-function": "agents", "x-timeout": 1000})
    assert convert(content)["routes"]["saveSite"]["function"] == "agents"
    assert convert(content)["routes"]["saveSite"]["timeout_milliseconds"] == 1000
    content["paths"]["/sites/{id}"]["x-site-builder-function"] = "validation"
    assert convert(content)["routes"]["saveSite"]["function"] == "validation"


def test_document_security_is_the_default():
    content = document(security=None)
    content["security"] = [{"iam": []}]
    assert convert(content)["routes"]["saveSite"]["authorization"] == "AWS_IAM"


def test_route_id_without_operation_id():
    assert list(convert(document(operation_id=None))["routes"]) == ["post_sites_id"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "example": "x", "deprecated": True, "x-note": 1}, {"type": "string"}),
        ({"const": 3}, {"enum": [3]}),
        ({"exclusiveMinimum": 3}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"minimum": 5, "exclusiveMinimum": 3}, {"minimum": 5, "exclusiveMinimum": False}),
        ({"minimum": 5, "exclusiveMinimum": True}, {"minimum": 5, "exclusiveMinimum": True}),
        ({"maximum": 5, "exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": True}),
        ({"items": True, "additionalProperties": False}, {"items": True, "additionalProperties": False}),
        ({"allOf": [{"$ref": "#/components/schemas/Name"}, True]}, {"allOf": [{"type": "string"}, {}]}),
        (
            {"required": ["id"], "properties": {"id": {"type": "string", "readOnly": True}}},
            {"properties": {"id": {"type": "string"}}},
        ),
    ],
)
def test_schema_in_draft_04(schema, expected):
    assert schema_of(schema) == expected


def test_property_named_like_an_annotation_is_kept():
    assert schema_of({"properties": {"example": {"type": "string"}}, "required": ["example"]}) == {
        "properties": {"example": {"type": "string"}},
        "required": ["example"],
    }


REFUSALS = {
    "not OpenAPI 3": (document(openapi="2.0"), "a.yaml: the OpenAPI version is 2.0; convert"),
    "swagger": ({"swagger": "2.0"}, "the OpenAPI version is swagger 2.0"),
    "no mapping": ("just text", "a.yaml: is not a mapping"),
    "bad YAML": ("a: [", "a.yaml: is not valid YAML; correct it"),
    "no paths": (document(paths={}), "a.yaml: has no paths"),
    "no function": (document(function=None), "a.yaml: POST /sites/{id}: no function is named; add x-site-builder-function with one of: agents, gen"),
    "unknown function": (document(function="nobody"), 'a.yaml: POST /sites/{id}: the function "nobody" does not exist; set'),
    "no security": (document(security=None), "no security is declared; add security, or security: []"),
    "alternatives": (document(security=[{"iam": []}, {"cognito": []}]), "offers alternatives"),
    "optional": (document(security=[{"iam": []}, {}]), "offers alternatives"),
    "two authorizers": (document(security=[{"iam": [], "cognito": []}]), "combines two authorizers; keep one of iam and cognito"),
    "scheme not declared": (document(security=[{"none": []}]), 'the security scheme "none" is not declared'),
    "scheme without counterpart": (document(security=[{"basic": []}]), '"basic" has no counterpart in API Gateway; use'),
    "security no list": (document(security={"iam": []}), "security is not a list of mappings"),
    "timeout": (document(timeout=30000), "POST /sites/{id}: x-timeout is 30000; set it to 50 to 29000"),
    "timeout text": (document(timeout="fast"), "x-timeout is fast"),
    "timeout flag": (document(timeout=True), "x-timeout is True"),
    "no slash": (document(paths=get("sites")), "a.yaml: sites: the path has no leading slash; write /sites"),
    "empty segment": (document(paths=get("/a//b")), 'the path segment "" is not one'),
    "trailing slash": (document(paths=get("/a/")), 'the path segment "" is not one'),
    "half a parameter": (document(paths=get("/a/x{b}")), 'the path segment "x{b}"'),
    "greedy not last": (document(paths=get("/{a+}/b")), 'the path segment "{a+}"'),
    "too deep": (document(paths=get("/a/b/c/d/e/f/g")), "the path has 7 segments; shorten it to 6"),
    "trace": (document(paths={"/a": {"trace": {}}}), "a.yaml: /a: trace is no verb that API Gateway has; use one of get"),
    "no operation": (document(paths={"/a": {"get": None}}), "GET /a: the operation is not a mapping"),
    "undeclared": (document(paths=get("/{x}", parameters=[])), "GET /{x}: the path parameter {x} is not declared; add it"),
    "not in path": (document(paths=get("/a", parameters=[{"name": "x", "in": "path"}])), "the path has no {x}"),
    "strange place": (document(paths=get("/a", parameters=[{"name": "x", "in": "body"}])), "is in: body; use path"),
    "nameless": (document(paths=get("/a", parameters=[{"in": "query"}])), "a parameter lacks name or in"),
    "ref nowhere": (document(paths=get("/a", parameters=[{"$ref": "#/components/parameters/X"}])), "leads nowhere; add parameters or"),
    "ref outside": (document(paths=get("/a", parameters=[{"$ref": "other.yaml#/X"}])), "reference other.yaml#/X leaves the document"),
    "ref loop": (document(paths={"/a": {"$ref": "#/paths/~1a"}}), "leads back to itself"),
    "recursive": (document(components__schemas__Name={"items": {"$ref": "#/components/schemas/Name"}}), "schemas/Name contains itself"),
    "keyword": (document(components__schemas__Name={"if": {}}), "the schema keyword if, which draft-04 models lack"),
    "schema no mapping": (document(components__schemas__Name=[1]), "a schema in the request body is not a mapping"),
    "rivals": (document(paths={**get("/a/{x}"), **get("/a/{y}/b")}), "{y} stands where /a/{x} in a.yaml has {x}"),
    "greedy rival": (document(paths={**get("/a/{x}"), **get("/a/{p+}")}), "remove one of the two"),
    "same id": (document(paths={**get("/a", operationId="x"), **get("/b", operationId="x")}), "operationId x is already that of GET /a"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusal(content, message):
    with pytest.raises(OpenApiError) as caught:
        convert(content)
    text = str(caught.value)
    assert message in text
    assert text.startswith("a.yaml: ") and text.endswith(".") and "\n" not in text


def test_same_route_in_two_documents():
    with pytest.raises(
        OpenApiError, match=r"^b.yaml: POST /sites/\{id\}: the route POST /sites/\{\} .* in a.yaml; remove"
    ):
        convert(document(), document())


def test_same_model_name_in_two_documents():
    other = document(components__schemas__Name={"type": "number"}, operation_id="other")
    other["paths"]["/other/{id}"] = other["paths"].pop("/sites/{id}")
    with pytest.raises(OpenApiError, match=r"^b.yaml: POST /other/\{id\}: the request model SiteInput differs"):
        convert(document(), other)


@pytest.mark.parametrize("entry", ["text", {"file": "a.yaml"}, {"content": {}}])
def test_entry_needs_file_and_content(entry):
    with pytest.raises(OpenApiError, match="keys file and content"):
        openapi_routes([entry], FUNCTIONS)


NAME = st.text("abcxyz", min_size=1, max_size=3)
PATH = st.lists(NAME | NAME.map("{{{}}}".format), min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))


@given(st.sets(PATH, max_size=8))
def test_any_paths_give_one_route_each_or_a_refusal(paths):
    content = document(
        paths={key: value for path in sorted(paths) for key, value in get(path, operationId=path).items()}
    )
    try:
        routes = convert(content)["routes"]
    except OpenApiError:
        return
    assert {entry["path"] for entry in routes.values()} == paths


def test_examples():
    documents = [{"file": path.name, "content": path.read_text()} for path in sorted(EXAMPLES.glob("*.yaml"))]
    result = openapi_routes(documents, FUNCTIONS)
    routes = result["routes"].values()
    assert len(result["routes"]) == 8
    assert {entry["function"] for entry in routes} == set(FUNCTIONS)
    assert {entry["authorization"] for entry in routes} == {"COGNITO_USER_POOLS"}
    assert {entry["path"].count("/") for entry in routes} == {1, 2, 4}
    assert sorted(result["models"]) == ["GenerationRequest", "ValidationRequest"]


def _mutate(value: Any, random: Random) -> Any:
    """The document with one place turned into something else."""
    junk: list[Any] = [None, True, 7, 1.5, "on", "${x}", [], [1], {}, {"a": 1}, {"$ref": "#/paths"}, {1: 2}]
    if not isinstance(value, (dict, list)) or not value or random.random() < 0.15:
        return random.choice(junk)
    if isinstance(value, list):
        position = random.randrange(len(value))
        return [_mutate(item, random) if n == position else item for n, item in enumerate(value)]
    chosen = random.choice(list(value))
    return {key: _mutate(item, random) if key == chosen else item for key, item in value.items()}


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_whatever_a_document_holds_it_becomes_routes_or_one_sentence(example: Path) -> None:
    random, document = Random(6), yaml.safe_load(example.read_text())
    refused = 0
    for _ in range(1500):
        broken = _mutate(document, random)
        for _ in range(random.randint(0, 2)):
            broken = _mutate(broken, random)
        try:
            openapi_routes([{"file": "a.yaml", "content": broken}], ["generation", "agents", "validation"])
        except OpenApiError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 100
