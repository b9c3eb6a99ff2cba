"""The server: one port for the deployed APIs and, for handlers, Lambda and Bedrock.

- /<API's name or id>/<stage>/...: the API
- /_serve/apis: what there is, for playbooks/serve.yml
- signed for lambda or bedrock: what handlers call
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from joserfc.jwk import RSAKey

from aws_serve import bedrock
from aws_serve.deployed import Aws, Deployed
from aws_serve.functions import Functions
from aws_serve.gateway import Gateway
from aws_serve.invocations import Invocations
from aws_serve.messages import Answer, RefusalError, Request, gateway_answer, internal

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([^/]+)/(lambda|bedrock)/aws4_request")
# A page of the web that has its own name lead to 127.0.0.1 does not get to talk to us.
HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?$")
RETIRE_SECONDS = 30


class App:
    """An ASGI application. bedrock_at: stub, or aws."""

    def __init__(self, aws: Aws, deployed: Deployed, functions: Functions, key: RSAKey, bedrock_at: str) -> None:
        self._deployed, self._functions = deployed, functions
        self._gateway = Gateway(deployed, functions, aws.account, key)
        self._invocations = Invocations(aws, functions)
        self._bedrock_at = bedrock_at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        if scope["type"] != "http":
            return
        request = await _request(scope, receive)
        try:
            answer = await self.answer(request)
        except Exception:
            # A fault of ours, or the embedded AWS has gone: the log has it.
            print(f"{time.strftime('%H:%M:%S')} {request.method} {request.path}\n{traceback.format_exc()}", flush=True)
            answer = gateway_answer(internal(), {}, {})
        has_body = scope["method"] != "HEAD" and answer.status not in (204, 304)
        body = answer.body if has_body else b""
        headers = [
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in answer.headers
        ]
        if answer.status != 204:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def answer(self, request: Request) -> Answer:
        """Answer a request; path: the whole one."""
        if not HOSTS.match(request.header("Host") or ""):
            return _json(403, {"message": "Forbidden: this server answers for 127.0.0.1 and localhost"})
        if signed := SIGNED.match(request.header("Authorization") or ""):
            region, service = signed.groups()
            if service == "lambda":
                return await self._invocations.answer(request, region)
            if self._bedrock_at == "aws":
                return await asyncio.to_thread(bedrock.real, request, region)
            return bedrock.stub(request)
        if request.path == "/_serve/apis":
            return _json(200, await self._apis())
        _, first, stage, *_ = [*request.path.split("/", 3), "", ""]
        api = await self._deployed.find(first) if first else None
        if api is None or stage not in api.stages:
            # What the name of an API that is not there says, or a stage that it has not.
            return gateway_answer(RefusalError("ACCESS_DENIED", "Forbidden"), {}, {})
        prefix = f"/{first}/{stage}"
        below = request.path.removeprefix(prefix) or "/"
        below_stage = Request(
            request.method, below, request.query_string, request.headers, request.body, request.client
        )
        return await self._gateway.answer(api, stage, below_stage, prefix)

    async def _apis(self) -> list[dict[str, Any]]:
        said = []
        for api in await self._deployed.apis():
            for stage in api.stages:
                deployment = await self._deployed.deployment(api, stage)
                routes = [
                    {
                        "method": verb,
                        "path": resource["path"],
                        "scopes": method.get("authorizationScopes") or [],
                        "authorization": method.get("authorizationType"),
                    }
                    for resource in deployment.resources
                    for verb, method in (resource.get("resourceMethods") or {}).items()
                ]
                pools = [arn for one in deployment.authorizers.values() for arn in one.get("providerARNs") or []]
                facts = {"id": api.id, "name": api.name, "region": api.region, "tags": api.tags, "stage": stage}
                said.append({**facts, "routes": routes, "pools": pools})
        return said

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.startup":
                self._retiring = asyncio.create_task(self._retire())
            else:
                return

    async def _retire(self) -> None:
        while True:
            await asyncio.sleep(RETIRE_SECONDS)
            await self._functions.retire()


async def _request(scope: Scope, receive: Receive) -> Request:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1").partition("?")[0],
        scope["query_string"].decode("latin-1"),
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        b"".join(parts),
        (scope.get("client") or ("127.0.0.1",))[0],
    )


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), [("Content-Type", "application/json")])
