"""The event of a Lambda proxy integration, in the form of REST APIs (1.0).

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format
"""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

from aws_serve.messages import Pairs, Request, is_binary
from aws_serve.routes import Route

# HTTP's own between two hops, which API Gateway does not hand on.
DROPPED = {"connection", "content-length", "transfer-encoding", "keep-alive", "upgrade", "te"}
# These it capitalises, and adds.
NAMES = {"host": "Host", "user-agent": "User-Agent", "authorization": "Authorization"}
IDENTITY = (
    *(
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
    ),
    *("cognitoIdentityPoolId", "principalOrgId", "user", "userArn"),
)


def context_of(request: Request, route: Route, api: dict[str, str], stage: dict[str, Any]) -> dict[str, Any]:
    """The requestContext. api: its id and account, and prefix: what comes before the path. stage: as get_stage gives it.

    As with a custom domain and a base path, host and path are those that the caller has used, so that links lead back here.
    """
    now = time.time()
    return {
        "accountId": api["account"],
        "apiId": api["id"],
        "deploymentId": stage["deploymentId"],
        "domainName": request.header("Host") or "127.0.0.1",
        "domainPrefix": api["id"],
        "extendedRequestId": base64.b64encode(uuid.uuid4().bytes[:11]).decode(),
        "httpMethod": request.method,
        "identity": {
            **dict.fromkeys(IDENTITY),
            "sourceIp": request.client,
            "userAgent": request.header("User-Agent"),
        },
        "path": f"{api['prefix']}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "resourceId": route.resource["id"],
        "resourcePath": route.resource["path"],
        "stage": stage["stageName"],
    }


def event_of(
    request: Request, route: Route, context: dict[str, Any], variables: dict[str, str], binary_types: list[str]
) -> dict[str, Any]:
    """What the function is called with. variables: of the stage."""
    headers = _headers(request, context)
    binary = bool(request.body) and is_binary(request.header("Content-Type"), binary_types)
    if not request.body:
        body = None
    elif binary:
        body = base64.b64encode(request.body).decode()
    else:
        body = request.body.decode("utf-8", errors="replace")
    return {
        "resource": route.resource["path"],
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers) or None,
        "multiValueHeaders": _several(headers) or None,
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": _several(request.query) or None,
        # As they were sent, percent signs included.
        "pathParameters": route.parameters or None,
        "stageVariables": variables or None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": binary,
    }


def _headers(request: Request, context: dict[str, Any]) -> Pairs:
    own = {"host": context["domainName"], "x-forwarded-for": "", "x-forwarded-port": "", "x-forwarded-proto": ""}
    given = [
        (NAMES.get(name.lower(), name), value)
        for name, value in request.headers
        if name.lower() not in DROPPED and name.lower() not in own
    ]
    return [
        *given,
        ("Host", context["domainName"]),
        ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"),
        ("X-Forwarded-For", request.client),
        ("X-Forwarded-Port", context["domainName"].partition(":")[2] or "80"),
        ("X-Forwarded-Proto", "http"),
    ]


def _several(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
