"""MOCK integrations: templates in Velocity, and the response that they choose.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import quote

import airspeed
import jsonpath_ng

from aws_serve.messages import Answer, Request, internal, static
from aws_serve.routes import Route


def answer(request: Request, route: Route, context: dict[str, Any], variables: dict[str, str]) -> Answer:
    """What a MOCK integration answers."""
    integration = route.method["methodIntegration"]
    media = (request.header("Content-Type") or "application/json").partition(";")[0].strip().lower()
    template = (integration.get("requestTemplates") or {}).get(media)
    if template is None:
        template = (integration.get("requestTemplates") or {}).get("application/json", '{"statusCode": 200}')
    try:
        status = str(json.loads(_render(template, request, route, dict(context), variables))["statusCode"])
    except (ValueError, TypeError, KeyError, airspeed.TemplateError) as error:
        raise internal() from error
    chosen = _choose(integration.get("integrationResponses") or {}, status)
    if chosen is None:
        raise internal()
    return _respond(chosen, request, route, context, variables)


def _choose(responses: dict[str, dict[str, Any]], status: str) -> dict[str, Any] | None:
    default = None
    for response in responses.values():
        if not response.get("selectionPattern"):
            default = default or response
        elif re.fullmatch(response["selectionPattern"], status):
            return response
    return default


def _respond(
    chosen: dict[str, Any], request: Request, route: Route, context: dict[str, Any], variables: dict[str, str]
) -> Answer:
    templates = chosen.get("responseTemplates") or {}
    kind, template = next(iter(templates.items()), ("application/json", None))
    seen = {**context, "responseOverride": {"header": {}}}
    try:
        body = _render(template, request, route, seen, variables) if template else ""
    except airspeed.TemplateError as error:
        raise internal() from error
    headers = {"content-type": ("Content-Type", kind)}
    for name, value in (chosen.get("responseParameters") or {}).items():
        place, _, header = name.partition("method.response.header.")
        text = static(value) if not place else None
        if text is None and value.startswith("context."):
            text = str(context.get(value.removeprefix("context."), ""))
        if header and text is not None:
            headers[header.lower()] = (header, text)
    for header, value in seen["responseOverride"]["header"].items():
        headers[header.lower()] = (header, str(value))
    status = int(seen["responseOverride"].get("status") or chosen["statusCode"])
    return Answer(status, body.encode(), list(headers.values()))


def _render(template: str, request: Request, route: Route, context: dict[str, Any], variables: dict[str, str]) -> str:
    seen = {"input": Input(request, route), "context": context, "stageVariables": variables, "util": Util()}
    return airspeed.Template(template).merge(seen)


class Input:
    """$input."""

    def __init__(self, request: Request, route: Route) -> None:
        self._request, self._route = request, route
        self.body = request.body.decode("utf-8", errors="replace")

    def params(self, name: str | None = None) -> Any:
        """A parameter of the path, the query or the headers, looked for in this order; or all of them."""
        places = {
            "path": self._route.parameters,
            "querystring": dict(self._request.query),
            "header": dict(self._request.headers),
        }
        if name is None:
            return places
        return next((place[name] for place in places.values() if name in place), "")

    def path(self, expression: str) -> Any:
        """What the JSON body has there."""
        try:
            found = jsonpath_ng.parse(expression).find(json.loads(self.body or "{}"))
        except ValueError:
            return ""
        return found[0].value if found else ""

    def json(self, expression: str) -> str:
        """The same as JSON."""
        return json.dumps(self.path(expression))


class Util:
    """$util."""

    def escapeJavaScript(self, text: str) -> str:  # noqa: N802 - its name
        return json.dumps(str(text))[1:-1].replace("'", "\\'")

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return json.loads(text)

    def urlEncode(self, text: str) -> str:  # noqa: N802
        return quote(str(text), safe="")

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode(str(text).encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(text).decode()
