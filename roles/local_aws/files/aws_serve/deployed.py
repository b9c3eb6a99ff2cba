"""What is deployed, as the embedded AWS says it.

A stage serves its deployment: what it leads to is read when the stage has another deployment than before, and not earlier, as on
AWS, where a deployment is a copy. Which deployment that is, is asked again after a second.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from aws_serve.routes import Routes

FRESH_SECONDS = 1.0


class Aws:
    """Clients of the embedded AWS that state.json describes. Threads share them."""

    def __init__(self, state_file: Path) -> None:
        self._state_file = state_file
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        state = self.state()
        self.account: str = state["account_id"]
        self.endpoints: dict[str, str] = state["endpoints"]

    def state(self) -> dict[str, Any]:
        """What is running now."""
        return json.loads(self._state_file.read_text(encoding="utf-8"))

    @property
    def regions(self) -> list[str]:
        """Where environments are deployed: each of these has a user pool."""
        return sorted(self.state()["cognito_user_pool_arns"])

    def client(self, service: str, region: str) -> Any:
        """A client; the caller's variables and files say nothing here."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = boto3.Session("test", "test", region_name=region).client(
                    service,
                    endpoint_url=self.endpoints.get(service, self.endpoints["default"]),
                    config=Config(proxies={}, max_pool_connections=50),
                )
            return self._clients[service, region]


class Fresh:
    """Answers that are at most so many seconds old; who asks meanwhile for the same waits for the same."""

    def __init__(self, seconds: float = FRESH_SECONDS) -> None:
        self._seconds = seconds
        self._held: dict[Any, tuple[float, asyncio.Future[Any]]] = {}

    async def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` returns, which runs in a thread. A failure is told to all that wait, and not kept."""
        since, held = self._held.get(key, (0.0, None))
        if held is None or (held.done() and time.monotonic() - since > self._seconds):
            held = asyncio.ensure_future(asyncio.to_thread(make))
            self._held[key] = (time.monotonic(), held)
            held.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(held)

    def _forget(self, key: Any, done: asyncio.Future[Any]) -> None:
        if (done.cancelled() or done.exception()) and self._held.get(key, (0, None))[1] is done:
            del self._held[key]


@dataclass(frozen=True)
class Api:
    """A REST API and its stages."""

    id: str
    name: str
    region: str
    tags: dict[str, str]
    stages: dict[str, dict[str, Any]]
    binary_types: list[str]


@dataclass(frozen=True)
class Deployment:
    """What a stage leads to."""

    id: str
    routes: Routes
    resources: list[dict[str, Any]]
    models: dict[str, dict[str, Any]]
    validators: dict[str, dict[str, Any]]
    authorizers: dict[str, dict[str, Any]]
    responses: dict[str, dict[str, Any]]


class Deployed:
    """The REST APIs of all regions."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._fresh = Fresh()
        self._deployments: dict[tuple[str, str], Deployment] = {}

    async def apis(self) -> list[Api]:
        """All that have a stage."""
        return await self._fresh.get("apis", self._read_apis)

    async def find(self, name: str) -> Api | None:
        """The API of this id or, where it is but one, of this name."""
        apis = await self.apis()
        named = [api for api in apis if api.name == name]
        return next((api for api in apis if api.id == name), named[0] if len(named) == 1 else None)

    async def deployment(self, api: Api, stage: str) -> Deployment:
        """What this stage leads to now."""
        wanted, held = api.stages[stage]["deploymentId"], self._deployments.get((api.id, stage))
        if held is None or held.id != wanted:
            held = await self._fresh.get((api.id, wanted), lambda: self._read(api, wanted))
            self._deployments[api.id, stage] = held
        return held

    async def keys(self, api: Api, stage: str) -> set[str]:
        """The values of the API keys whose usage plans hold this stage."""
        return await self._fresh.get(("keys", api.id, stage), lambda: self._read_keys(api, stage))

    def _read_apis(self) -> list[Api]:
        found = []
        for region in self._aws.regions:
            client = self._aws.client("apigateway", region)
            for api in client.get_rest_apis(limit=500)["items"]:
                stages = client.get_stages(restApiId=api["id"])["item"]
                if stages:
                    by_name = {stage["stageName"]: stage for stage in stages}
                    types = api.get("binaryMediaTypes") or []
                    found.append(Api(api["id"], api["name"], region, api.get("tags") or {}, by_name, types))
        return found

    def _read(self, api: Api, deployment: str) -> Deployment:
        client, this = self._aws.client("apigateway", api.region), {"restApiId": api.id}

        def items(operation: str, key: str, **more: Any) -> dict[str, dict[str, Any]]:
            listed = getattr(client, operation)(**this, limit=500, **more)["items"]
            return {item[key]: item for item in listed}

        resources = list(items("get_resources", "id", embed=["methods"]).values())
        models = {
            name: json.loads(model["schema"])
            for name, model in items("get_models", "name").items()
            if model.get("schema")
        }
        return Deployment(
            deployment,
            Routes(resources),
            resources,
            models,
            items("get_request_validators", "id"),
            items("get_authorizers", "id"),
            items("get_gateway_responses", "responseType"),
        )

    def _read_keys(self, api: Api, stage: str) -> set[str]:
        client = self._aws.client("apigateway", api.region)
        values = {key["id"]: key for key in client.get_api_keys(includeValues=True, limit=500)["items"]}
        found = set()
        for plan in client.get_usage_plans(limit=500)["items"]:
            if any(one["apiId"] == api.id and one["stage"] == stage for one in plan.get("apiStages") or []):
                for key in client.get_usage_plan_keys(usagePlanId=plan["id"], limit=500)["items"]:
                    if values.get(key["id"], {}).get("enabled"):
                        found.add(values[key["id"]]["value"])
        return found
