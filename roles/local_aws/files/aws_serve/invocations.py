"""Lambda's Invoke for who holds a key of AWS: handlers that call another function, `aws lambda invoke`, tests.

All other calls to Lambda go to the embedded AWS as they are.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import requests
from botocore.exceptions import ClientError

from aws_serve.bedrock import error
from aws_serve.deployed import Aws
from aws_serve.functions import Functions, Name, NotRunnableError, parse
from aws_serve.messages import Answer, Request
from aws_serve.worker import Outcome

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations$")
# AWS waits one minute before the second attempt and two before the third. Nobody here wants to wait so long.
PAUSES = (1.0, 2.0)


class Invocations:
    """The calls, and the asynchronous ones that are not done yet."""

    def __init__(self, aws: Aws, functions: Functions) -> None:
        self._aws, self._functions = aws, functions
        self._later: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request, region: str) -> Answer:
        """Answer a call to Lambda."""
        found = INVOKE.match(request.path)
        if not found or request.method != "POST":
            return await asyncio.to_thread(self._forward, request)
        name = parse(unquote(found[1]), region, dict(request.query).get("Qualifier", ""))
        kind = request.header("X-Amz-Invocation-Type") or "RequestResponse"
        try:
            json.loads(request.body or b"null")
            version = await self._functions.version(name)
            await self._functions.configuration(name, version)
            if kind == "DryRun":
                return Answer(204)
            if kind == "Event":
                task = asyncio.create_task(self.later(name, request.body))
                self._later.add(task)
                task.add_done_callback(self._later.discard)
                return Answer(202)
            outcome = await self._functions.invoke(name, request.body)
        except ValueError as wrong:
            return error("InvalidRequestContentException", 400, f"Could not parse request body into json: {wrong}")
        except ClientError as refused:
            said = refused.response["Error"]
            return error(said["Code"], refused.response["ResponseMetadata"]["HTTPStatusCode"], said["Message"])
        except NotRunnableError as wrong:
            return error("InvalidRuntimeException", 502, str(wrong))
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", outcome.version)]
        headers += [("X-Amz-Function-Error", outcome.error)] if outcome.error else []
        return Answer(200, outcome.payload, headers)

    async def later(self, name: Name, event: bytes) -> None:
        """An asynchronous invocation: up to three attempts, then where failures go.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
        """
        request = str(uuid.uuid4())
        settings = await asyncio.to_thread(self._settings, name)
        attempts = 1 + settings.get("MaximumRetryAttempts", len(PAUSES))
        outcome = Outcome(b"null")
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(PAUSES[attempt - 1])
            try:
                outcome = await self._functions.invoke(name, event, request)
            except (ClientError, NotRunnableError) as failed:
                outcome = Outcome(json.dumps({"errorMessage": str(failed)}).encode(), "Unhandled")
            if not outcome.error:
                break
        condition = "RetriesExhausted" if outcome.error else "Success"
        record = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": request,
                "functionArn": f"arn:aws:lambda:{name.region}:{self._aws.account}:function:{name.function}:{name.qualifier}",
                "condition": condition,
                "approximateInvokeCount": attempt + 1,
            },
            "requestPayload": json.loads(event or b"null"),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": outcome.version or "$LATEST",
                **({"functionError": outcome.error} if outcome.error else {}),
            },
            "responsePayload": json.loads(outcome.payload or b"null"),
        }
        which = "OnFailure" if outcome.error else "OnSuccess"
        target = ((settings.get("DestinationConfig") or {}).get(which) or {}).get("Destination")
        try:
            if target:
                await self._deliver(target, json.dumps(record))
            if outcome.error and (queue := await self._dead_letters(name)):
                await self._deliver(queue, event.decode())
        except ClientError as failed:
            self._functions.say(
                f"{name.function}: the result of an asynchronous invocation was not delivered: {failed}"
            )
        if outcome.error and not target:
            said = outcome.payload.decode()
            self._functions.say(f"{name.function}: an asynchronous invocation failed, and no target takes it: {said}")

    def _settings(self, name: Name) -> dict[str, Any]:
        which = {} if name.qualifier == "$LATEST" else {"Qualifier": name.qualifier}
        client = self._aws.client("lambda", name.region)
        try:
            return client.get_function_event_invoke_config(FunctionName=name.function, **which)
        except ClientError:
            return {}  # it has none

    async def _dead_letters(self, name: Name) -> str | None:
        found = await self._functions.configuration(name, await self._functions.version(name))
        return (found["Configuration"].get("DeadLetterConfig") or {}).get("TargetArn")

    async def _deliver(self, arn: str, text: str) -> None:
        service, region, name = arn.split(":")[2], arn.split(":")[3], arn.rpartition(":")[2]
        if service == "lambda":
            await self._functions.invoke(arn, text.encode())
        elif service == "sqs":
            client = self._aws.client("sqs", region)
            url = (await asyncio.to_thread(client.get_queue_url, QueueName=name))["QueueUrl"]
            await asyncio.to_thread(client.send_message, QueueUrl=url, MessageBody=text)
        elif service == "sns":
            await asyncio.to_thread(self._aws.client("sns", region).publish, TopicArn=arn, Message=text)
        else:
            self._functions.say(f"{arn} takes results, which playbooks/serve.yml does not send to {service}")

    def _forward(self, request: Request) -> Answer:
        url = self._aws.endpoints["default"] + request.target
        headers = {name: value for name, value in request.headers if name.lower() not in ("host", "content-length")}
        with requests.Session() as session:
            session.trust_env = False
            reply = session.request(request.method, url, headers=headers, data=request.body, timeout=60)
        kept = [
            (name, value) for name, value in reply.headers.items() if name.lower().startswith(("content-type", "x-amz"))
        ]
        return Answer(reply.status_code, reply.content, kept)
