# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""API Gateway's own extensions in OpenAPI documents: each is taken, or refused by name when it would change what an API does."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import shown
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_files import Where, mapping, text_map, texts

AWS = "x-amazon-apigateway-"
ANY_METHOD = f"{AWS}any-method"
# What of API Gateway's extensions is taken, by the place where API Gateway reads it.
TAKEN = {
    "document": (
        "api-key-source", "binary-media-types", "minimum-compression-size", "policy", "request-validator",
        "request-validators",
    ),
    "path": ("any-method",),
    "operation": ("auth", "integration", "request-validator"),
    "security scheme": ("authtype", "authorizer"),
}  # fmt: skip
# They change nothing that an API does.
NOTES = ("documentation", "importexport-version", "tag-value")
# Values, in which nothing is an extension.
EXAMPLES = ("const", "default", "enum", "example", "examples")
# By type, what makes no difference or is taken apart from this, and what makes none with the one value. A proxied function
# gets and gives text, and Lambda is called with POST.
INTEGRATIONS = {
    "aws_proxy": (
        (
            "cacheNamespace", "httpMethod", "passthroughBehavior", "requestTemplates", "responses", "timeoutInMillis",
            "type", "uri",
        ),
        {"connectionType": "INTERNET", "contentHandling": "CONVERT_TO_TEXT", "payloadFormatVersion": "1.0"},
    ),
    "mock": (
        ("cacheNamespace", "passthroughBehavior", "requestTemplates", "responses", "timeoutInMillis", "type"),
        {"connectionType": "INTERNET"},
    ),
}  # fmt: skip
AUTHORIZER_FIELDS = {"authorizerResultTtlInSeconds": "ttl_seconds", "identitySource": "identity_source"}
RESPONSE_HEADER = "method.response.header."


def check_file(where: Where, content: Any) -> None:
    """Refuse what API Gateway would act upon and nothing here does, wherever it is in a file."""
    known = {f"{AWS}{name}" for name in (*NOTES, *itertools.chain(*TAKEN.values()))}
    # An unused scheme does nothing; the used ones are looked at then. A node may be there many times, by YAML's aliases.
    waiting, seen = [("document", content)], set()
    while waiting:
        place, value = waiting.pop()
        if id(value) in seen or place == "securitySchemes":
            continue
        seen.add(id(value))
        if isinstance(value, list):
            waiting.extend((place, entry) for entry in value)
        elif isinstance(value, Mapping):
            for key, entry in value.items():
                if key.startswith(AWS) and key not in known:
                    refuse(where, key, place)
                if key not in EXAMPLES:
                    waiting.append((key, entry))


def refuse(where: Where, name: str, place: str) -> None:
    where.fail(
        f"{name} at {place} would change what the API does and is not taken from documents; remove it, and set the field of "
        "api_gateway_apis that does the same where there is one"
    )


def check_place(where: Where, value: Mapping[str, Any], place: str) -> None:
    for key in value:
        if key.startswith(AWS) and key.removeprefix(AWS) not in (*NOTES, *TAKEN[place]):
            refuse(where, key, f"a {place}")


def api_settings(where: Where, root: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield what the document says of the whole API: extension, field of api_gateway_apis, value."""
    name = f"{AWS}binary-media-types"
    if name in root:
        yield name, "binary_media_types", texts(where, root[name], name)
    name = f"{AWS}minimum-compression-size"
    if root.get(name) is not None:
        if type(root[name]) is not int:
            where.fail(f"{name} is {shown(root[name])}; set it to a number of bytes")
        yield name, "minimum_compression_size", root[name]
    name = f"{AWS}api-key-source"
    if root.get(name, "HEADER") != "HEADER":
        where.fail(f"{name} is {shown(root[name])}; set it to HEADER, where keys are sent here")
    name = f"{AWS}policy"
    if name in root:
        statements = mapping(where, root[name], name).get("Statement")
        if not statements:
            where.fail(f"{name} has no Statement; give a whole resource policy")
        if re.search(r'"arn:[^":]*:execute-api:[^":]*:[^":]*:(?!\*)', json.dumps(statements)):
            where.fail(
                f"{name} names an API by its ARN, which this one will not have; write execute-api:/<stage>/<METHOD>/<path>"
            )
        yield name, "resource_policy", json.dumps(root[name], sort_keys=True)


def validation(where: Where, root: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether body and parameters are checked: both, unless the document names a validator that says otherwise."""
    key = f"{AWS}request-validator"
    name = operation.get(key, root.get(key))
    if name is None:
        return True, True
    validators = mapping(where, root.get(f"{key}s", {}), f"{key}s")
    if not isinstance(name, str) or name not in validators:
        where.fail(f"{key} is {shown(name)}, which {key}s does not have; add it there or remove it")
    rules = mapping(where, validators[name], f"{key}s.{name}")
    return rules.get("validateRequestBody") is True, rules.get("validateRequestParameters") is True


def integration_of(where: Where, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The operation's integration, when it is one that routes from documents can have."""
    name = f"{AWS}integration"
    integration = mapping(where, operation.get(name) or {}, name)
    kind = str(integration.get("type", "aws_proxy")).lower()
    if kind not in INTEGRATIONS:
        where.fail(
            f"{name} is of the type {kind}, which is not taken from documents; write the route in routes of "
            "api_gateway_apis and remove it here"
        )
    ignored, defaults = INTEGRATIONS[kind]
    for field, value in integration.items():
        if field not in ignored and value and value != defaults.get(field):
            refuse(where, f"{name}.{field}", f"type {kind}")
    return {**integration, "type": kind}


def mock_route(where: Where, integration: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that API Gateway makes itself, in the fields of a route."""
    name = f"{AWS}integration"
    responses: dict[str, dict[str, Any]] = {}
    for pattern, value in mapping(where, integration.get("responses") or {}, f"{name}.responses").items():
        place = f"{name}.responses.{pattern}"
        response = mapping(where, value, place)
        status = str(response.get("statusCode"))
        if status in responses or not re.fullmatch(r"[1-5][0-9]{2}", status):
            where.fail(f"{place} has the statusCode {shown(status)}; give each response one of its own")
        parameters = text_map(where, response.get("responseParameters"), f"{place}.responseParameters")
        for header in parameters:
            if not header.startswith(RESPONSE_HEADER):
                where.fail(f"{place} sets {header}; set {RESPONSE_HEADER}<name>")
        responses[status] = {
            "headers": {header.removeprefix(RESPONSE_HEADER): value for header, value in parameters.items()},
            "templates": text_map(where, response.get("responseTemplates"), f"{place}.responseTemplates"),
            **({} if pattern == "default" else {"selection_pattern": pattern}),
            **({"content_handling": response["contentHandling"]} if response.get("contentHandling") else {}),
        }
    if not responses:
        where.fail(f"{name} of the type mock has no responses; give at least one")
    behaviour = integration.get("passthroughBehavior")
    return {
        "type": "MOCK",
        "request_templates": text_map(where, integration.get("requestTemplates"), f"{name}.requestTemplates"),
        "responses": responses,
        **({"passthrough_behavior": str(behaviour).upper()} if behaviour else {}),
    }
