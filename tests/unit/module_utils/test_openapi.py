"""OpenAPI documents to routes: what is read, and that each refusal names the place and the fix."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import fastjsonschema
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import OpenApiError, openapi_routes
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator

EXAMPLES = Path(__file__).parents[3] / "examples" / "openapi"
# By another library than the one that the code asks.
META = fastjsonschema.compile(Draft4Validator.META_SCHEMA)
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
        "settings": {},
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
        ({"items": True, "additionalProperties": False}, {"items": {}, "additionalProperties": False}),
        ({"exclusiveMinimum": True}, {}),
        ({"enum": ["a", "a"], "required": ["x", "x"]}, {"enum": ["a"], "required": ["x"]}),
        (
            {
                "contentEncoding": "base64",
                "contentMediaType": "image/png",
                "contentSchema": {},
                "$id": "x",
                "$defs": {},
            },
            {},
        ),
        (
            {"prefixItems": [{"type": "string"}, True], "items": False},
            {"items": [{"type": "string"}, {}], "additionalItems": False},
        ),
        (
            {"dependentRequired": {"a": ["b"], "c": []}, "dependentSchemas": {"d": {"const": 1}}},
            {"dependencies": {"a": ["b"], "d": {"enum": [1]}}},
        ),
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
    "no function": (
        document(function=None),
        "a.yaml: POST /sites/{id}: no function is named; add x-site-builder-function with one of: agents, gen",
    ),
    "unknown function": (
        document(function="nobody"),
        'a.yaml: POST /sites/{id}: the function "nobody" does not exist; set',
    ),
    "no security": (document(security=None), "no security is declared; add security, or security: []"),
    "alternatives": (document(security=[{"iam": []}, {"cognito": []}]), "offers alternatives"),
    "optional": (document(security=[{"iam": []}, {}]), "offers alternatives"),
    "two authorizers": (
        document(security=[{"iam": [], "cognito": []}]),
        "combines two authorizers; keep one of iam and cognito",
    ),
    "scheme not declared": (document(security=[{"none": []}]), 'the security scheme "none" is not declared'),
    "scheme without counterpart": (
        document(security=[{"basic": []}]),
        '"basic" has no counterpart in API Gateway; use',
    ),
    "security no list": (document(security={"iam": []}), "security is not a list of mappings"),
    "timeout": (document(timeout=300001), "POST /sites/{id}: x-timeout is 300001; set it to 50 to 300000"),
    "timeout text": (document(timeout="fast"), "x-timeout is fast"),
    "timeout flag": (document(timeout=True), "x-timeout is True"),
    "no slash": (document(paths=get("sites")), "a.yaml: sites: the path has no leading slash; write /sites"),
    "empty segment": (document(paths=get("/a//b")), 'the path segment "" is not one'),
    "trailing slash": (document(paths=get("/a/")), 'the path segment "" is not one'),
    "half a parameter": (document(paths=get("/a/x{b}")), 'the path segment "x{b}"'),
    "greedy not last": (document(paths=get("/{a+}/b")), 'the path segment "{a+}"'),
    "trace": (
        document(paths={"/a": {"trace": {}}}),
        "a.yaml: /a: trace is no verb that API Gateway has; use one of get",
    ),
    "no operation": (document(paths={"/a": {"get": None}}), "GET /a: the operation is not a mapping"),
    "undeclared": (
        document(paths=get("/{x}", parameters=[])),
        "GET /{x}: the path parameter {x} is not declared; add it",
    ),
    "not in path": (document(paths=get("/a", parameters=[{"name": "x", "in": "path"}])), "the path has no {x}"),
    "strange place": (document(paths=get("/a", parameters=[{"name": "x", "in": "body"}])), "is in: body; use path"),
    "nameless": (document(paths=get("/a", parameters=[{"in": "query"}])), "a parameter lacks name or in"),
    "ref nowhere": (
        document(paths=get("/a", parameters=[{"$ref": "#/components/parameters/X"}])),
        "reference #/components/parameters/X leads nowhere; add X or",
    ),
    "ref outside": (
        document(paths=get("/a", parameters=[{"$ref": "other.yaml#/X"}])),
        "reference other.yaml#/X leaves the document's folder",
    ),
    "ref loop": (document(paths={"/a": {"$ref": "#/paths/~1a"}}), "leads back to itself"),
    "nothing but itself": (
        document(components__schemas__Name={"$ref": "#/components/schemas/Name"}),
        "Name is a reference to itself and nothing else",
    ),
    "empty enum": (
        document(components__schemas__Name={"enum": []}),
        "no schema of draft-04: at properties.name.enum, [] should be non-empty; correct it",
    ),
    "text as minimum": (
        document(components__schemas__Name={"minimum": "1"}),
        "at properties.name.minimum, '1' is not of type 'number'",
    ),
    "text as exclusive minimum": (
        document(components__schemas__Name={"minimum": 1, "exclusiveMinimum": "1"}),
        "at properties.name.exclusiveMinimum, ",
    ),
    "unknown type": (
        document(components__schemas__Name={"type": "file"}),
        "at properties.name.type, 'file' is not valid",
    ),
    "no number of JSON": (
        document(components__schemas__Name={"default": float("nan")}),
        "cannot be written as JSON (Out of range float",
    ),
    "endless number": ('{"openapi": "3.0.0", "paths": {"/a": 1e999}}', "a path item is not a mapping"),
    "parameter name": (
        document(paths=get("/a", parameters=[{"name": "a[b]", "in": "query"}])),
        'GET /a: the parameter "a[b]" has a name that API Gateway refuses; use',
    ),
    "verb beside a reference": (
        document(paths={"/a": {"$ref": "#/paths/~1b", "get": {}}, **get("/b")}),
        "a.yaml: /a: get beside $ref is read differently",
    ),
    "key twice in YAML": (
        "openapi: 3.0.0\npaths: {}\npaths: {}\n",
        "is not valid YAML; correct it (the key paths is there twice",
    ),
    "key twice in JSON": ('{"openapi": "3.0.0", "paths": {}, "paths": {}}', "the key paths is there twice"),
    "key that is no text": ("{[1]: 2}", "a key is no text"),
    "node inside itself": ("a: &a {b: *a}", "found unconstructable recursive node"),
    "unknown validator": (
        document(**{"x-amazon-apigateway-request-validator": "all"}),
        "request-validator is 'all', which x-amazon-apigateway-request-validators does not have",
    ),
    "policy of another API": (
        document(
            **{"x-amazon-apigateway-policy": {"Statement": [{"Resource": "arn:aws:execute-api:eu-west-1:1:abc/*"}]}}
        ),
        "names an API by its ARN",
    ),
    "no policy": (
        document(**{"x-amazon-apigateway-policy": {"Fn::Sub": "x"}}),
        "x-amazon-apigateway-policy has no Statement",
    ),
    "key source": (
        document(**{"x-amazon-apigateway-api-key-source": "AUTHORIZER"}),
        "is 'AUTHORIZER'; set it to HEADER",
    ),
    "media types": (document(**{"x-amazon-apigateway-binary-media-types": "*/*"}), "is '*/*', which is no list"),
    "future extension": (
        document(paths={"/a": {**get("/a")["/a"], "x-amazon-apigateway-new": 1}}),
        "x-amazon-apigateway-new at /a would change what the API does",
    ),
    "extension at the wrong place": (
        document(paths={"/a": {**get("/a")["/a"], "x-amazon-apigateway-policy": {}}}),
        "x-amazon-apigateway-policy at a path would change",
    ),
    "other authorization": (
        document(paths=get("/a", **{"x-amazon-apigateway-auth": {"type": "CUSTOM"}})),
        "x-amazon-apigateway-auth has the type 'CUSTOM'; set",
    ),
    "two authorizations": (
        document(paths=get("/a", security=[{"cognito": []}], **{"x-amazon-apigateway-auth": {"type": "NONE"}})),
        "says NONE and security COGNITO_USER_POOLS",
    ),
    "own credentials": (
        document(paths=get("/a", **{"x-amazon-apigateway-integration": {"type": "aws_proxy", "credentials": "arn:x"}})),
        "integration.credentials at type aws_proxy would change",
    ),
    "private link": (
        document(
            paths=get("/a", **{"x-amazon-apigateway-integration": {"type": "aws_proxy", "connectionType": "VPC_LINK"}})
        ),
        "integration.connectionType at type aws_proxy",
    ),
    "mock with a function": (
        document(
            paths=get(
                "/a",
                **{"x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": 200}}}},
            )
        ),
        "the integration of the type mock calls none; remove one",
    ),
    "mock without answer": (
        document(
            **{"x-site-builder-function": "agents"},
            paths={"/a": {"get": {"security": [], "x-amazon-apigateway-integration": {"type": "mock"}}}},
        ),
        "of the type mock has no responses",
    ),
    "mock with two answers": (
        document(
            paths={
                "/a": {
                    "get": {
                        "security": [],
                        "x-amazon-apigateway-integration": {
                            "type": "mock",
                            "responses": {"default": {"statusCode": 200}, "4.*": {"statusCode": "200"}},
                        },
                    }
                }
            }
        ),
        "responses.4.* has the statusCode '200'; give each",
    ),
    "keyword": (document(components__schemas__Name={"if": {}}), "the schema keyword if, which draft-04 models lack"),
    "schema no mapping": (document(components__schemas__Name=[1]), "a schema in the request body is not a mapping"),
    "rivals": (document(paths={**get("/a/{x}"), **get("/a/{y}/b")}), "{y} stands where /a/{x} in a.yaml has {x}"),
    "greedy rival": (document(paths={**get("/a/{x}"), **get("/a/{p+}")}), "remove one of the two"),
    "same id": (
        document(paths={**get("/a", operationId="x"), **get("/b", operationId="x")}),
        "operationId x is already that of GET /a",
    ),
}


@pytest.mark.parametrize(("content", "message"), REFUSALS.values(), ids=REFUSALS)
def test_refusal(content, message):
    with pytest.raises(OpenApiError) as caught:
        convert(content)
    text = str(caught.value)
    assert message in text
    assert text.startswith("a.yaml: ") and text.endswith(".") and "\n" not in text


@pytest.mark.parametrize("choice", ["Ignore", None, True])
def test_unsupported_is_error_or_ignore(choice):
    with pytest.raises(OpenApiError, match=r"^openapi_unsupported is .*; set it to error or ignore\.$"):
        openapi_routes([{"file": "a.yaml", "content": DOCUMENT}], FUNCTIONS, unsupported=choice)


def test_libraries_that_are_missing_are_named(monkeypatch):
    monkeypatch.setitem(openapi_routes.__globals__, "MISSING", "No module named 'jsonschema'")
    with pytest.raises(
        OpenApiError, match=r"jsonschema and referencing \(No module named 'jsonschema'\); install what"
    ):
        convert(document())
    assert openapi_routes([], FUNCTIONS) == {"routes": {}, "models": {}, "settings": {}}


def test_what_api_gateway_lacks_is_left_out_where_that_is_wanted():
    content = document(
        components__schemas__Name={
            "if": {"minLength": 1},
            "minLength": 2,
            "not": {"anyOf": [{"contains": {}}]},
            "oneOf": [{"propertyNames": {}}, {}],
        },
        parameters=[{"name": "a[b]", "in": "query", "required": True}, {"name": "a:b", "in": "query"}],
    )
    result = openapi_routes([{"file": "a.yaml", "content": content, "unsupported": "ignore"}], FUNCTIONS)
    assert list(result["routes"]["saveSite"]["request_parameters"]) == [
        "method.request.path.id",
        "method.request.querystring.a:b",
    ]
    assert json.loads(result["models"]["SiteInput"]["schema"])["properties"] == {"name": {"minLength": 2}}


def test_keywords_beside_a_reference_count_in_31_only():
    schema = {"$ref": "#/components/schemas/Name", "maxLength": 3, "description": "Mine", "x-a": 1}
    beside = {"maxLength": 3, "description": "Mine"}
    assert schema_of(schema, "3.1.0") == {"allOf": [{"type": "string"}, beside]}
    assert schema_of(schema) == {"type": "string"}
    assert schema_of({"$ref": "#/components/schemas/Name", "summary": "Mine", "deprecated": True}, "3.1.0") == {
        "type": "string"
    }


def test_model_that_would_be_too_large():
    """Each level holds the next one ten times, which a few lines say and no model can hold."""
    levels = {
        f"L{n}": {"properties": {f"p{m}": {"$ref": f"#/components/schemas/L{n + 1}"} for m in range(10)}}
        for n in range(9)
    }
    content = document(components__schemas__site_input={"$ref": "#/components/schemas/L0"})
    content["components"]["schemas"] |= {**levels, "L9": {"type": "string"}}
    with pytest.raises(
        OpenApiError, match=r"POST /sites/\{id\}: the request body's schema is larger than 409600 bytes"
    ):
        convert(content)


@pytest.mark.parametrize(
    ("body", "parameters"), [(True, True), (False, True), (True, False), (False, False), (None, None)]
)
def test_request_validators(body, parameters):
    rules = {"validateRequestBody": body, "validateRequestParameters": parameters}
    own = {"x-amazon-apigateway-request-validators": {"own": {k: v for k, v in rules.items() if v is not None}}}
    found = route(**own, **{"x-amazon-apigateway-request-validator": "own"})
    assert ("request_model" in found) is bool(body)
    assert found["request_parameters"]["method.request.header.X-Trace"] is bool(parameters)
    assert found["request_parameters"]["method.request.path.id"] is True
    # Where the document chooses none, everything is checked.
    assert route(**own) == route()


ROOT, ITEM, METHOD, SCHEME = (
    (),
    ("paths", "/sites/{id}"),
    ("paths", "/sites/{id}", "post"),
    ("components", "securitySchemes", "cognito"),
)
# All of API Gateway's extensions, where AWS documents them, with a value that has a meaning.
EXTENSIONS = {
    "any-method": (ITEM, {"security": [], "x-site-builder-function": "agents"}, "taken"),
    "api-key-source": (ROOT, "AUTHORIZER", "refused"),
    "auth": (METHOD, {"type": "AWS_IAM"}, "refused"),  # beside Cognito's scheme
    "authorizer": (SCHEME, {"type": "request", "authorizerUri": "arn:x"}, "refused"),
    "authtype": (SCHEME, "awsSigv4", "taken"),
    "binary-media-types": (ROOT, ["*/*"], "taken"),
    "cors": (ROOT, {"allowOrigins": ["*"]}, "refused"),
    "documentation": (ROOT, {"version": "1"}, "without effect"),
    "endpoint-access-mode": (ROOT, "STRICT", "refused"),
    "endpoint-configuration": (ROOT, {"vpcEndpointIds": ["vpce-1"]}, "refused"),
    "gateway-responses": (ROOT, {"DEFAULT_4XX": {"statusCode": "400"}}, "refused"),
    "importexport-version": (ROOT, "1.0", "without effect"),
    "integration": (METHOD, {"type": "aws_proxy", "timeoutInMillis": 100}, "taken"),
    "integrations": (("components",), {"a": {"type": "aws_proxy"}}, "refused"),
    "minimum-compression-size": (ROOT, 0, "taken"),
    "policy": (ROOT, {"Statement": [{"Resource": "arn:aws:execute-api:*:*:*/*"}]}, "taken"),
    "request-validator": (METHOD, "none", "taken"),
    "request-validators": (ROOT, {"none": {}}, "without effect"),
    "security-policy": (ROOT, "TLS_1_2", "refused"),
    "tag-value": (ROOT, "a", "without effect"),
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_no_extension_disappears_without_a_word(name):
    place, value, expected = EXTENSIONS[name]
    content = document(**{"x-amazon-apigateway-request-validators": {"none": {}}})
    before = convert(content)
    target = content
    for part in place:
        target = target[part]
    target[f"x-amazon-apigateway-{name}"] = value
    try:
        found = "without effect" if convert(content) == before else "taken"
    except OpenApiError as error:
        assert name in str(error) or "authorizer" in str(error)
        found = "refused"
    assert found == expected


def test_settings_of_several_documents():
    types = "x-amazon-apigateway-binary-media-types"
    size = "x-amazon-apigateway-minimum-compression-size"
    first = document(**{types: ["image/png", "a/b"], size: 10})
    second = {"openapi": "3.0.0", "paths": get("/other"), types: ["a/b", "c/d"], size: 10}
    expected = {"binary_media_types": ["a/b", "c/d", "image/png"], "minimum_compression_size": 10}
    assert convert(first, second)["settings"] == expected
    with pytest.raises(OpenApiError, match=rf"^b.yaml: {size} differs from that of another place"):
        convert(first, {**second, size: 11})


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


NAMES = st.sampled_from("ab")
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.just(1.5) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
SCHEMA = st.recursive(
    st.booleans()
    | st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"]).map(
        lambda kind: {"type": kind}
    )
    | st.lists(VALUE, min_size=1, max_size=2).map(lambda values: {"enum": values})
    | VALUE.map(lambda value: {"const": value})
    | st.fixed_dictionaries({}, optional={"minimum": st.integers(-1, 1), "exclusiveMinimum": st.integers(-1, 1)})
    | st.fixed_dictionaries({}, optional={"maximum": st.integers(-1, 1), "exclusiveMaximum": st.integers(-1, 1)})
    | st.sampled_from(["Text", "Tree"]).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
    | st.just({"$ref": "#/components/schemas/Tree", "maxProperties": 1})
    | st.sampled_from([{"contains": {"type": "null"}}, {"if": {"type": "string"}, "then": False}]),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "required": st.lists(NAMES, max_size=2),
            "additionalProperties": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "items": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2), max_size=1),
            "dependentSchemas": st.dictionaries(NAMES, inner, max_size=1),
        },
    ),
    max_leaves=6,
)
COMPONENTS = {
    "schemas": {
        "Text": {"type": "string"},
        "Tree": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}},
    }
}


@given(SCHEMA, st.lists(VALUE, min_size=1, max_size=5), st.sampled_from(["error", "ignore"]))
@settings(max_examples=100, deadline=None)
def test_a_model_of_draft_04_judges_as_its_schema_does(schema: Any, values: list[Any], unsupported: str) -> None:
    content = document(
        openapi="3.1.0",
        body={"content": {"application/json": {"schema": schema}}},
        components__schemas=COMPONENTS["schemas"],
    )
    try:
        found = openapi_routes([{"file": "a.yaml", "content": content}], FUNCTIONS, unsupported=unsupported)
    except OpenApiError as error:
        assert "which draft-04 models lack" in str(error) and unsupported == "error"
        assert re.match(r"a\.yaml: POST /\S+: the request body ", str(error))
        return
    model = json.loads(next(iter(found["models"].values()))["schema"])
    META(model)
    if unsupported == "ignore" and re.search("contains|then|dependentRequired", json.dumps(schema)):
        # What is left out makes a model that takes more, or less, below oneOf and not.
        return
    before, after = Draft202012Validator({"allOf": [schema], "components": COMPONENTS}), Draft4Validator(model)
    for value in values:
        assert after.is_valid(value) == before.is_valid(value)


NAME = st.text("abcxyz", min_size=1, max_size=3)
PATH = st.lists(NAME | NAME.map("{{{}}}".format), min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))


@settings(deadline=None)
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
            assert str(error).startswith("a.yaml: ")
            refused += 1
    assert refused > 100
