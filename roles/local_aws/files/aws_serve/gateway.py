"""What API Gateway does with a request: route, authorizer, API key, validator, integration."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from joserfc.jwk import RSAKey

from aws_serve import checks, events, mocks, tokens
from aws_serve.deployed import Api, Deployed, Deployment
from aws_serve.functions import Functions, NotRunnableError
from aws_serve.messages import Answer, RefusalError, Request, gateway_answer, internal, lambda_answer
from aws_serve.routes import Route

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html, and Lambda's
# for an event.
LARGEST_BODY = 10_485_760
LARGEST_EVENT = 6_291_556
FUNCTION = re.compile(r":lambda:path/2015-03-31/functions/(arn:[^/]+)/invocations$")


class Gateway:
    """All APIs of the embedded AWS."""

    def __init__(self, deployed: Deployed, functions: Functions, account: str, key: RSAKey) -> None:
        self._deployed, self._functions, self._account, self._key = deployed, functions, account, key

    async def answer(self, api: Api, stage: str, request: Request, prefix: str) -> Answer:
        """Answer a request below a stage of this API. prefix: what came before the path."""
        deployment = await self._deployed.deployment(api, stage)
        context: dict[str, Any] = {"requestId": "-", "stage": stage, "apiId": api.id, "httpMethod": request.method}
        try:
            route = deployment.routes.find(request.method, request.path)
            if route is None:
                raise RefusalError("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
            facts = {"id": api.id, "account": self._account, "prefix": prefix}
            context = events.context_of(request, route, facts, api.stages[stage])
            if len(request.body) > LARGEST_BODY:
                raise RefusalError("REQUEST_TOO_LARGE", f"HTTP content length exceeded {LARGEST_BODY} bytes.")
            await self._authorize(api, stage, deployment, route, request, context)
            validator = deployment.validators.get(route.method.get("requestValidatorId") or "", {})
            checks.check(request, route.method, route.parameters, validator, deployment.models)
            answer = await self._integrate(api, stage, route, request, context)
        except RefusalError as refused:
            answer = gateway_answer(refused, deployment.responses, context)
        answer.headers.append(("x-amzn-RequestId", context["requestId"]))
        return answer

    async def _authorize(
        self, api: Api, stage: str, deployment: Deployment, route: Route, request: Request, context: dict[str, Any]
    ) -> None:
        kind = route.method.get("authorizationType") or "NONE"
        if kind == "COGNITO_USER_POOLS":
            authorizer = deployment.authorizers.get(route.method.get("authorizerId") or "")
            if authorizer is None:
                raise RefusalError("AUTHORIZER_CONFIGURATION_ERROR", "null")
            source = (authorizer.get("identitySource") or "method.request.header.Authorization").rpartition(".")[2]
            scopes = route.method.get("authorizationScopes") or []
            claims = tokens.check(request.header(source), self._key, authorizer["providerARNs"], scopes)
            context["authorizer"] = {"claims": tokens.shown(claims)}
        elif kind != "NONE":
            raise RefusalError(
                "ACCESS_DENIED",
                f"{route.method['httpMethod']} {route.resource['path']} has authorization {kind}, which playbooks/serve.yml does "
                "not check and so lets nobody through; it checks COGNITO_USER_POOLS",
            )
        if route.method.get("apiKeyRequired"):
            given = request.header("x-api-key")
            if not given or given not in await self._deployed.keys(api, stage):
                raise RefusalError("INVALID_API_KEY", "Forbidden")
            context["identity"]["apiKey"] = given

    async def _integrate(self, api: Api, stage: str, route: Route, request: Request, context: dict[str, Any]) -> Answer:
        integration = route.method.get("methodIntegration") or {}
        variables = api.stages[stage].get("variables") or {}
        if integration.get("type") == "MOCK":
            return mocks.answer(request, route, context, variables)
        found = FUNCTION.search(integration.get("uri") or "")
        if integration.get("type") != "AWS_PROXY" or not found:
            raise RefusalError(
                "API_CONFIGURATION_ERROR",
                f"{route.method['httpMethod']} {route.resource['path']} has integration {integration.get('type')} "
                f"{integration.get('uri') or ''}, which "
                f"playbooks/serve.yml does not run; it runs MOCK, and AWS_PROXY of functions",
                501,
            )
        if integration.get("httpMethod") != "POST":
            raise internal()
        arn = re.sub(r"\$\{stageVariables\.(\w+)\}", lambda name: variables.get(name[1], ""), found[1])
        event = json.dumps(events.event_of(request, route, context, variables, api.binary_types)).encode()
        if len(event) > LARGEST_EVENT:
            raise RefusalError("REQUEST_TOO_LARGE", "Request Too Long")
        source = f"arn:aws:execute-api:{api.region}:{self._account}:{api.id}/{stage}/{request.method}{route.resource['path']}"
        try:
            if not integration.get("credentials") and not await self._functions.lets_in(arn, source):
                raise internal()
            # Who has waited too long goes; the function runs on, as on AWS.
            running = asyncio.ensure_future(self._functions.invoke(arn, event))
            done, _ = await asyncio.wait([running], timeout=(integration.get("timeoutInMillis") or 29_000) / 1000)
            if not done:
                raise RefusalError("INTEGRATION_TIMEOUT", "Endpoint request timed out")
            outcome = running.result()
        except NotRunnableError as error:
            raise RefusalError("API_CONFIGURATION_ERROR", str(error), 501) from error
        if outcome.error:
            raise internal(502)
        return lambda_answer(outcome.payload, request.header("Accept"), api.binary_types)
