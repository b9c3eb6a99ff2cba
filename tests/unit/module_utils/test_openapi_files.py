"""Documents of the shapes that are published: what is read of each, and that nothing of one disappears without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import OpenApiError, openapi_routes
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_files import Where, parse, read_file
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPES = Path(__file__).parent / "openapi"
VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "trace", "x-amazon-apigateway-any-method"}
# Operations in the document, how they are treated, and the sentence of a refusal.
EXPECTED = {
    "anchors.yaml": (2, ""),
    "animals.yaml": (1, ""),
    "cluster.yaml": (2, ""),
    "comments.yaml": (2, ""),
    "countries.yaml": (1, ""),
    "conditions.yaml": (1, "POST /payments: the request body uses the schema keyword if, which draft-04 models lack"),
    "export_any.yaml": (3, ""),
    "export_custom.json": (2, 'GET /a: the security scheme "mine" has an authorizer of its own (custom, token)'),
    "export_errors.yaml": (1, "x-amazon-apigateway-gateway-responses at document would change what the API does"),
    "export_http_api.yaml": (1, "x-amazon-apigateway-cors at document would change"),
    "export_http_proxy.yaml": (1, "GET /rates: x-amazon-apigateway-integration is of the type http_proxy"),
    "export_options.json": (2, ""),
    "export_private.yaml": (2, ""),
    "filters.yaml": (2, 'GET /articles: the parameter "filter[author]" has a name that API Gateway refuses'),
    "folder/main.yaml": (2, ""),
    "generated.json": (2, '/users/: the path segment "" is not one'),
    "generated_body.json": (1, ""),
    "modern.yaml": (2, ""),
    "odata.yaml": (2, '/Products({id}): the path segment "Products({id})" is not one'),
    "shop.yaml": (4, ""),
    "tabs.json": (1, ""),
    "twice.yaml": (3, "the key /a is there twice"),
}


def take(name: str, **options: Any) -> dict[str, Any]:
    path = SHAPES / name
    return openapi_routes([{"file": str(path), "content": path.read_text()}], ["agents"], read_file, **options)


def models(result: dict[str, Any]) -> dict[str, Any]:
    return {name: json.loads(model["schema"]) for name, model in result["models"].items()}


def operations(name: str) -> int:
    """Counted by other means than those of the code: by the lines of YAML's events, in which a key is there twice."""
    paths = next(
        value
        for key, value in yaml.compose((SHAPES / name).read_text().replace("\t", " ").replace("\\/", "/")).value
        if key.value == "paths"
    )
    found = 0
    for _path, item in paths.value:
        keys = [key.value for key, _value in item.value]
        if "$ref" in keys:
            target, _, pointer = item.value[0][1].value.partition("#/")
            other = yaml.safe_load((SHAPES / name).parent.joinpath(target).read_text())
            keys = list(other[pointer.replace("~1", "/")])
        found += len(VERBS & set(keys))
    return found


def test_each_shape_is_expected() -> None:
    files = {str(path.relative_to(SHAPES)) for path in SHAPES.rglob("*") if path.is_file()}
    assert files - {"folder/paths.yaml", "folder/common.json"} == set(EXPECTED)
    assert len(EXPECTED) >= 20


@pytest.mark.parametrize("name", EXPECTED)
def test_every_operation_is_taken_or_refused(name: str) -> None:
    count, sentence = EXPECTED[name]
    assert operations(name) == count
    if sentence:
        with pytest.raises(OpenApiError) as caught:
            take(name)
        assert sentence in str(caught.value)
        assert str(caught.value).startswith(f"{SHAPES / name}: ")
    else:
        assert len(take(name)["routes"]) == count


@pytest.mark.parametrize(("name", "count"), [("filters.yaml", 2), ("conditions.yaml", 1)])
def test_what_api_gateway_lacks_may_be_passed_on(name: str, count: int) -> None:
    assert len(take(name, unsupported="ignore")["routes"]) == count


def test_scalars_are_those_of_yaml_12() -> None:
    found = models(take("countries.yaml"))["PutCountriesRequest"]["properties"]
    assert found["code"]["enum"] == ["NO", "SE", "Y", "on"]
    assert found["since"]["enum"] == ["2024-01-01", "1:30", "1_000"]
    assert found["area"]["enum"] == ["010", None]
    assert found["dial"]["enum"] == [10, 8, 16]
    assert found["part"]["multipleOf"] == 0.001


def test_json_is_read_as_json() -> None:
    # A byte order mark, as some editors write one.
    document = {"file": "tabs.json", "content": "\ufeff" + (SHAPES / "tabs.json").read_text()}
    (model,) = models(openapi_routes([document], ["agents"], read_file)).values()
    assert model["multipleOf"] == 1e-08
    assert models(take("generated_body.json"))["Body"]["properties"] == {
        "file": {"title": "File", "type": "string"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Note", "default": None},
        "size": {"type": "number", "minimum": 1e-08},
    }


def test_export_of_api_gateway() -> None:
    found = take("export_options.json")
    assert found["settings"] == {
        "authorizer": {"ttl_seconds": 60},
        "cognito_user_pool_arns": ["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_AAAAAAAAA"],
    }
    assert found["routes"]["get_orders_id"]["timeout_milliseconds"] == 8000
    assert found["routes"]["options_orders_id"] == {
        "path": "/orders/{id}",
        "method": "OPTIONS",
        "type": "MOCK",
        "authorization": "NONE",
        "passthrough_behavior": "WHEN_NO_MATCH",
        "request_templates": {"application/json": '{"statusCode": 200}'},
        "responses": {
            "200": {
                "headers": {"Access-Control-Allow-Methods": "'GET,OPTIONS'", "Access-Control-Allow-Origin": "'*'"},
                "templates": {},
            }
        },
    }


def test_any_method_and_iam_authorization() -> None:
    routes = take("export_any.yaml")["routes"]
    assert {(route["method"], route["path"], route["authorization"]) for route in routes.values()} == {
        ("ANY", "/", "NONE"),
        ("ANY", "/{proxy+}", "AWS_IAM"),
        ("HEAD", "/{proxy+}", "NONE"),
    }


def test_policy_media_types_and_validators() -> None:
    found = take("export_private.yaml")
    policy = json.loads(found["settings"].pop("resource_policy"))
    assert policy["Statement"][0]["Condition"] == {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}
    assert policy["Version"] == "2012-10-17"
    assert found["settings"] == {
        "binary_media_types": ["application/pdf", "image/png"],
        "minimum_compression_size": 1024,
    }
    assert {route["authorization"] for route in found["routes"].values()} == {"AWS_IAM"}
    assert found["routes"]["put_scans"]["request_model"] == "PutScansRequest"
    assert "request_model" not in found["routes"]["post_scans"]


def test_what_contains_itself_becomes_a_definition() -> None:
    found = models(take("comments.yaml"))
    comment = {
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": {"type": "string"},
            "replies": {"type": "array", "items": {"$ref": "#/definitions/Comment"}},
        },
    }
    assert found["Comment"]["definitions"] == {"Comment": comment}
    assert found["Comment"]["properties"] == comment["properties"]
    assert list(found["Folder"]["definitions"]) == ["Folder"]


def test_references_into_other_files() -> None:
    found = take("folder/main.yaml")
    assert models(found)["ACarVan"]["properties"] == {"doors": {"type": "integer"}}
    assert found["routes"]["get_cars_id"]["request_parameters"] == {"method.request.path.id": True}
    path = SHAPES / "folder/main.yaml"
    texts = {f"specs/{name}": (path.parent / name).read_text() for name in ("paths.yaml", "common.json")}
    document = {"file": "specs/main.yaml", "content": path.read_text()}
    assert openapi_routes([document], ["agents"], texts)["routes"] == found["routes"]
    with pytest.raises(OpenApiError, match=r"the reference paths.yaml#/~1cars leaves the document's folder; copy"):
        openapi_routes([document], ["agents"])
    with pytest.raises(OpenApiError, match=r"needs specs/paths.yaml, which is no file; add it or correct"):
        openapi_routes([document], ["agents"], {})


@pytest.mark.parametrize(
    "reference", ["../a.yaml#/x", "/etc/passwd#/x", "https://example.com/a.yaml", "//host/a", "b/../../c"]
)
def test_references_stay_in_the_folder(tmp_path: Path, reference: str) -> None:
    content = {"openapi": "3.0.0", "paths": {"/a": {"$ref": reference}}}
    with pytest.raises(OpenApiError, match="leaves the document's folder"):
        openapi_routes([{"file": str(tmp_path / "b/a.yaml"), "content": content}], [], lambda path: "{}")


def test_other_file_that_is_wrong(tmp_path: Path) -> None:
    document = {"file": str(tmp_path / "a.yaml"), "content": {"openapi": "3.0.0", "paths": {"/a": {"$ref": "b.json"}}}}
    other = tmp_path / "b.json"
    other.write_text("{'a'}")
    with pytest.raises(OpenApiError, match=rf"^{other}: is not valid JSON; correct it \("):
        openapi_routes([document], [], read_file)
    other.write_bytes(b"\xff\xfe{")
    with pytest.raises(OpenApiError, match=rf"needs {other}, which cannot be read \(.*\); save it as UTF-8 text"):
        openapi_routes([document], [], read_file)
    other.write_text('{"x-amazon-apigateway-cors": {}}')
    with pytest.raises(OpenApiError, match=rf"^{other}: x-amazon-apigateway-cors at document"):
        openapi_routes([document], [], read_file)


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/a/0", 1),
        ("#/a/1/x~1y", 2),
        ("#/a/1/%C3%A9%20z", 3),
        ("#/a/1/m~0n", 4),
        ("#", None),
        ("#/a/2", "2"),
        ("#/a/b", "b"),
    ],
)
def test_pointers(reference: str, found: Any) -> None:
    """A list index, ~1 and ~0, percent-encoding; what leads nowhere names its last part."""
    parameters = [{"name": f"p{value}", "in": "query"} for value in range(5)]
    a = [parameters[1], {"x/y": parameters[2], "é z": parameters[3], "m~n": parameters[4]}]
    operation = {"x-site-builder-function": "f", "security": [], "parameters": [{"$ref": reference}]}
    content = {"openapi": "3.0.0", "a": a, "paths": {"/a": {"get": operation}}}
    try:
        result = openapi_routes([{"file": "a.yaml", "content": content}], ["f"])
    except OpenApiError as error:
        assert ("lacks name or in" if found is None else f"leads nowhere; add {found} or correct") in str(error)
    else:
        assert list(result["routes"]["get_a"]["request_parameters"]) == [f"method.request.querystring.p{found}"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), JSON, max_size=3), st.booleans())
def test_whatever_is_written_is_read(value: dict[str, Any], as_json: bool) -> None:
    text = json.dumps(value, indent="\t") if as_json else yaml.safe_dump(value, allow_unicode=False, default_style='"')
    read = parse(Where("a.json" if as_json else "a.yaml"), text)
    assert read == value if as_json else json.dumps(read) == json.dumps(yaml.safe_load(text))
