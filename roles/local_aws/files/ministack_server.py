"""Serve ministack, behind our gate, on a listening socket inherited from the caller, as `ministack --detach` does it.

Usage: python ministack_server.py FD
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_rules
from aws_call import Answer, Call
from aws_gate import UNREADABLE, Gate, misdirected
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from moto.core.request import Request

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Gated:
    """ministack's application behind the gate."""

    def __init__(self, gate: Gate, application: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.gate, self.application = gate, application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing of AWS that we serve
            await send({"type": "websocket.close"})
            return
        body = await _body(receive)
        refused = misdirected(_headers(scope).get("host", "")) or await self._refused(scope, body)
        if refused is None:
            await self.application(scope, _again(body, receive), send)
            return
        status, headers, text = refused
        headers["Content-Length"] = str(len(text))
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": text})

    async def _refused(self, scope: Scope, body: bytes) -> Answer | None:
        headers = _headers(scope)
        query = scope["query_string"].decode("latin-1")
        url = f"http://{headers.get('host', 'localhost')}{scope['path']}{'?' * bool(query)}{query}"
        request = Request.from_primitives(scope["method"], url, headers, body)
        try:
            call = self.gate.read(request)
        except UNREADABLE as error:
            self.gate.unreadable(request, error)
            return None
        if call is None:
            return None
        ask = aws_rules.dynamodb.ASK.get(call.operation) if call.service == "dynamodb" else None
        if ask:
            call = replace(call, table=await self._table(scope, call, *ask))
        return self.gate.refuse(call)

    async def _table(self, scope: Scope, call: Call, operation: str, answer: str) -> dict[str, Any]:
        """What ministack says of the table, asked as the caller would; empty where there is none."""
        body = json.dumps({"TableName": call.params.get("TableName")}).encode()
        ours = {b"x-amz-target": f"DynamoDB_20120810.{operation}".encode(), b"content-length": str(len(body)).encode()}
        headers = [*((name, value) for name, value in scope["headers"] if name.lower() not in ours), *ours.items()]
        reply: list[bytes] = []

        async def keep(message: Message) -> None:
            reply.append(message.get("body", b""))

        await self.application({**scope, "headers": headers}, _again(body), keep)
        return json.loads(b"".join(reply)).get(answer, {})


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, then: Receive | None = None) -> Receive:
    """Return what gives the body once, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        return await then() if then else {"type": "http.disconnect"}

    return receive


def main(fd: int) -> None:
    """Serve until a signal ends the process."""
    aws_rules.load("account", "dynamodb")
    config = Config()
    config.bind = [f"fd://{fd}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    gate = Gate("ministack", Path.cwd(), os.environ["MINISTACK_ACCOUNT_ID"])
    asyncio.run(serve(Gated(gate, app), config, mode="asgi"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
