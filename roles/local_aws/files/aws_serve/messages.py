"""What comes in, what goes out, and API Gateway's own answers."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Pairs = list[tuple[str, str]]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
STATUS = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "REQUEST_TOO_LARGE": 413,
    "UNAUTHORIZED": 401,
}
ERROR_TYPES = {
    "ACCESS_DENIED": "AccessDeniedException",
    "BAD_REQUEST_BODY": "BadRequestException",
    "BAD_REQUEST_PARAMETERS": "BadRequestException",
    "INVALID_API_KEY": "ForbiddenException",
    "MISSING_AUTHENTICATION_TOKEN": "MissingAuthenticationTokenException",
    "REQUEST_TOO_LARGE": "RequestEntityTooLargeException",
    "UNAUTHORIZED": "UnauthorizedException",
}


@dataclass(frozen=True)
class Request:
    """One HTTP request. path: as it was sent, percent signs included, below the stage."""

    method: str
    path: str
    query_string: str = ""
    headers: Pairs = field(default_factory=list)
    body: bytes = b""
    client: str = "127.0.0.1"

    @property
    def query(self) -> Pairs:
        """The decoded parameters, in their order."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @property
    def target(self) -> str:
        """Path and query, as they were sent."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path

    def header(self, name: str) -> str | None:
        """The last header of this name, in whatever case."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else None


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: Pairs = field(default_factory=list)


class RefusalError(Exception):
    """API Gateway answers by itself. kind: one of its gateway response types."""

    def __init__(self, kind: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.kind, self.message, self.status = kind, message, status or STATUS[kind]


# As API Gateway words them.
def unauthorized(message: str = "Unauthorized") -> RefusalError:
    return RefusalError("UNAUTHORIZED", message)


def internal(status: int = 500) -> RefusalError:
    return RefusalError("API_CONFIGURATION_ERROR" if status == 500 else "DEFAULT_5XX", "Internal server error", status)


def gateway_answer(refused: RefusalError, responses: dict[str, dict[str, Any]], context: dict[str, Any]) -> Answer:
    """The gateway response for a refusal, as the API customises it. responses: those deployed, by type."""
    custom = (
        responses.get(refused.kind) or responses.get("DEFAULT_4XX" if refused.status < 500 else "DEFAULT_5XX") or {}
    )
    status = int(custom.get("statusCode") or refused.status)
    templates = custom.get("responseTemplates") or {"application/json": '{"message":$context.error.messageString}'}
    kind, template = next(iter(templates.items()))
    error = {
        "message": refused.message,
        "messageString": json.dumps(refused.message),
        "responseType": refused.kind,
        "validationErrorString": json.dumps(refused.message),
    }
    body = _simple(template, {**context, "error": error})
    headers = [("Content-Type", kind)]
    if refused.kind in ERROR_TYPES:
        headers.append(("x-amzn-ErrorType", ERROR_TYPES[refused.kind]))
    for name, value in (custom.get("responseParameters") or {}).items():
        place, _, header = name.partition("gatewayresponse.header.")
        if not place and header and (text := static(value)) is not None:
            headers.append((header, text))
    return Answer(status, body.encode(), headers)


def static(value: str) -> str | None:
    """The text of a mapping that is a static value in quotes; None where it is another kind of mapping."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else None


def _simple(template: str, context: dict[str, Any]) -> str:
    """A gateway response's template: variables are replaced, nothing else; an unknown one is empty."""

    def replace(match: re.Match[str]) -> str:
        value: Any = context
        for key in match[1].split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return "" if value is None else value if isinstance(value, str) else json.dumps(value)

    return re.sub(r"\$context\.([A-Za-z][\w.]*\w)", replace, template)


def is_binary(kind: str | None, binary_types: list[str]) -> bool:
    """Whether API Gateway hands a body of this media type on as Base64."""
    media = (kind or "application/json").partition(";")[0].strip().lower()
    return any(
        wanted == "*/*" or wanted.lower() == media or (wanted.endswith("/*") and media.startswith(wanted[:-1].lower()))
        for wanted in binary_types
    )


def lambda_answer(payload: bytes, accepted: str | None, binary_types: list[str]) -> Answer:
    """The answer that a proxy integration's output asks for.

    Raises what API Gateway says to another output: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    try:
        said = json.loads(payload)
        return _answer_of(said, accepted, binary_types)
    except (ValueError, TypeError, AttributeError) as error:
        raise internal(502) from error


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\0\r\n]")
# How the body travels is for the server to say.
_OURS = {"connection", "content-length", "transfer-encoding"}
_KNOWN = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}


def _answer_of(said: dict[str, Any], accepted: str | None, binary_types: list[str]) -> Answer:
    if not isinstance(said, dict) or said.keys() - _KNOWN:
        raise ValueError("Malformed Lambda proxy response")
    status = int(said.get("statusCode") or 200)
    if not 200 <= status <= 599:
        raise ValueError("Malformed Lambda proxy response")
    headers: Pairs = []
    for name, values in (said.get("multiValueHeaders") or {}).items():
        headers += [(name, _text(value)) for value in values]
    several = {name.lower() for name, _ in headers}
    headers += [
        (name, _text(value)) for name, value in (said.get("headers") or {}).items() if name.lower() not in several
    ]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    if any(not _NAME.fullmatch(name) or _CONTROL.search(value) for name, value in headers):
        raise ValueError("Malformed Lambda proxy response")
    headers = [(name, value.strip()) for name, value in headers if name.lower() not in _OURS]
    text = said.get("body")
    if text is not None and not isinstance(text, str):
        raise ValueError("Malformed Lambda proxy response")
    body = (text or "").encode()
    # The first type of Accept counts:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    if said.get("isBase64Encoded") and binary_types and is_binary((accepted or "*/*").partition(",")[0], binary_types):
        body = base64.b64decode(body, validate=True)
    return Answer(status, body, headers)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise ValueError("Malformed Lambda proxy response")
