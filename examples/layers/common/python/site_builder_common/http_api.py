"""The HTTP side of a function behind a REST API with Lambda proxy integration."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

MAX_LIMIT = 100
DEFAULT_LIMIT = 20
# Of every id, so that none of them is more than one segment of an S3 key.
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
IDEMPOTENCY_KEY = re.compile(r"[ -~]{1,255}")

Event = dict[str, Any]
Reply = dict[str, Any]
Handler = Callable[[Event, Any], Reply]

log = logging.getLogger(__name__)


@dataclass
class HttpError(Exception):
    """An answer other than success; the message goes to the caller, so it never holds a secret."""

    status: HTTPStatus
    message: str
    details: list[str] | None = None


@dataclass(frozen=True)
class Request:
    """What an operation may know of the event."""

    event: Event
    owner_id: str

    def path_id(self, name: str) -> str:
        """An id of the path. One that cannot exist is not found, like one that does not."""
        value = (self.event.get("pathParameters") or {}).get(name) or ""
        if not ID.fullmatch(value):
            raise HttpError(HTTPStatus.NOT_FOUND, f"No such {name}")
        return value

    def _query(self, name: str) -> str | None:
        return (self.event.get("queryStringParameters") or {}).get(name) or None

    def choice(self, name: str, words: Collection[str]) -> str | None:
        """A query parameter that is one of some words, if it is there."""
        value = self._query(name)
        if value and value not in words:
            raise HttpError(HTTPStatus.BAD_REQUEST, f"{name} must be one of {', '.join(words)}")
        return value

    @property
    def limit(self) -> int:
        """How many entries one page of a list has at most."""
        text = self._query("limit") or str(DEFAULT_LIMIT)
        if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_LIMIT:
            raise HttpError(HTTPStatus.BAD_REQUEST, f"limit must be a number from 1 to {MAX_LIMIT}")
        return int(text)

    @property
    def cursor(self) -> str | None:
        """Where the page before this one ended."""
        value = self._query("cursor")
        if value and not ID.fullmatch(value):
            raise HttpError(HTTPStatus.BAD_REQUEST, "cursor must be the next_cursor of another answer")
        return value

    @property
    def path(self) -> str:
        """The path as the caller wrote it, with stage or base path."""
        path = (self.event.get("requestContext") or {}).get("path") or self.event.get("path") or ""
        return str(path).rstrip("/")

    @property
    def idempotency_key(self) -> str | None:
        """What tells a repeated request from a new one; headers keep the caller's case."""
        headers = self.event.get("headers") or {}
        value = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), None)
        if value is not None and not IDEMPOTENCY_KEY.fullmatch(value):
            raise HttpError(HTTPStatus.BAD_REQUEST, "Idempotency-Key must be 1 to 255 printable characters")
        return value

    def json_body(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        raw = self.event.get("body") or ""
        try:
            if self.event.get("isBase64Encoded"):
                raw = base64.b64decode(raw, validate=True).decode()
            body = json.loads(raw)
            json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is JSON, but no text
        except (ValueError, RecursionError):
            raise HttpError(HTTPStatus.BAD_REQUEST, "The body is not JSON") from None
        if not isinstance(body, dict):
            raise HttpError(HTTPStatus.BAD_REQUEST, "The body is not a JSON object")
        return body


Operation = Callable[[Request], Reply]
# By method and resource, as the OpenAPI documents have them.
Operations = Mapping[tuple[str, str], Operation]


def reply(status: HTTPStatus, body: Any = None) -> Reply:
    """A proxy response. API Gateway adds CORS headers to its own errors only, so the function sends its own."""
    headers = {"Cache-Control": "no-store"}
    if origin := os.environ.get("CORS_ORIGIN"):
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Location, Retry-After",
            "Vary": "Origin",
        }
    if status is HTTPStatus.NO_CONTENT:
        return {"statusCode": int(status), "headers": headers, "body": ""}
    headers["Content-Type"] = "application/json"
    return {"statusCode": int(status), "headers": headers, "body": json.dumps(body, default=_plain)}


def _plain(value: Any) -> int | float:
    """DynamoDB's numbers, for JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _owner(event: Event) -> str:
    """The caller's Cognito subject, as the authorizer vouches for it."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    subject = (authorizer.get("claims") or {}).get("sub")
    if not isinstance(subject, str) or not subject:
        raise HttpError(HTTPStatus.UNAUTHORIZED, "Not signed in")
    return subject


def api(operations: Operations) -> Handler:
    """The handler of a function that has these operations, for signed-in callers only.

    It turns every exception into a JSON answer. An unforeseen one is logged with its trace and told as a bare 500.
    """

    def handler(event: Event, context: Any) -> Reply:
        try:
            request = Request(event, _owner(event))
            operation = operations.get((event.get("httpMethod", ""), event.get("resource", "")))
            if operation is None:
                raise HttpError(HTTPStatus.NOT_FOUND, "No such operation")
            return operation(request)
        except HttpError as error:
            details = {"details": error.details} if error.details else {}
            return reply(error.status, {"error": error.message, **details})
        except Exception:
            log.exception("unhandled error")
            return reply(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "Internal error"})

    return handler
