"""The request validator: required parameters, and the body against its model.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry
from referencing.exceptions import NoSuchResource
from referencing.jsonschema import DRAFT4

from aws_serve.messages import RefusalError, Request

Schema = dict[str, Any]


def check(
    request: Request,
    method: dict[str, Any],
    parameters: dict[str, str],
    validator: dict[str, Any],
    models: dict[str, Schema],
) -> None:
    """Raise what API Gateway says to a request that is not as the method wants it.

    parameters: of the path. validator: the method's, empty where it has none. models: the API's, by name.
    """
    if validator.get("validateRequestParameters"):
        missing = [name for name in _required(method) if not _is_given(name, request, parameters)]
        if missing:
            names = ", ".join(sorted(name.rpartition(".")[2] for name in missing))
            raise RefusalError("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{names}]")
    if validator.get("validateRequestBody"):
        name = _model_name(request, method.get("requestModels") or {})
        if name and not _is_valid(request.body, name, models):
            raise RefusalError("BAD_REQUEST_BODY", "Invalid request body")


def _required(method: dict[str, Any]) -> list[str]:
    return [name for name, required in (method.get("requestParameters") or {}).items() if required]


def _is_given(name: str, request: Request, parameters: dict[str, str]) -> bool:
    _, _, rest = name.partition("method.request.")
    place, _, key = rest.partition(".")
    if place == "path":
        return bool(parameters.get(key))
    if place == "querystring":
        return any(found == key for found, _ in request.query)
    return request.header(key) is not None


def _model_name(request: Request, models: dict[str, str]) -> str | None:
    """The model for the body's media type; a body of another type is not looked at."""
    media = (request.header("Content-Type") or "application/json").partition(";")[0].strip().lower()
    return models.get(media) or models.get("$default")


def _is_valid(body: bytes, name: str, models: dict[str, Schema]) -> bool:
    try:
        # An empty body counts as an empty object.
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return False

    def retrieve(uri: str) -> Any:
        """Another model, as https://apigateway.amazonaws.com/restapis/<id>/models/<name>."""
        other = uri.rpartition("/models/")[2]
        if other not in models:
            raise NoSuchResource(ref=uri)
        return DRAFT4.create_resource(models[other])

    validator = Draft4Validator(models[name], registry=Registry(retrieve=retrieve))
    try:
        return validator.is_valid(given)
    except RecursionError:
        return False
