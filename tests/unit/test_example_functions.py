"""The example functions, as API Gateway and Lambda call them. Tables and buckets are moto's; Bedrock is botocore's stub."""

from __future__ import annotations

import base64
import importlib.util
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import botocore.session
import fastjsonschema
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import OTHER_ALARMS, PRODUCTION_ALARMS
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

EXAMPLES = Path(__file__).parents[2] / "examples"
REGION = "eu-west-1"
MODEL = "eu.example.model-v1:0"
SITE: dict[str, Any] = {
    "title": "Bakery",
    "pages": [{"slug": "home", "title": "Home", "sections": [{"type": "hero", "text": "Bread"}]}],
    "navigation": ["home"],
}
BAKERY = {"prompt": "A bakery"}
INVOKE = botocore.session.get_session().get_service_model("lambda").operation_model("Invoke").input_shape
GENERATION = "/generations/{generation_id}"
PAGE = GENERATION + "/pages/{page_id}"

sys.path += [str(EXAMPLES / "layers/common/python"), str(EXAMPLES / "functions/generation")]


def load(function: str, file: str = "app.py") -> ModuleType:
    """Most are called app.py, so each is loaded under a name of its own."""
    spec = importlib.util.spec_from_file_location(
        f"example_{function}_{file}", EXAMPLES / "functions" / function / file
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MODULES = {function: load(function) for function in ("generation", "agents", "validation")}
generation, agents = MODULES["generation"], MODULES["agents"]
worker = load("generation", "worker.py")
DEFINED = yaml.safe_load((EXAMPLES.parent / "roles/lambda/defaults/main.yml").read_text())["lambda_functions"]

TEXTS = {path.name: path.read_text() for path in sorted((EXAMPLES / "openapi").glob("*.yaml"))}
API = openapi_routes([{"file": file, "content": text} for file, text in TEXTS.items()], MODULES)
ROUTES = {(route["method"], route["path"]): route for route in API["routes"].values()}
# The document of each operation, and the operation itself.
DOCUMENTED = {
    (method.upper(), path): (document, operation)
    for document in map(yaml.safe_load, TEXTS.values())
    for path, item in document["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def event(operation: tuple[str, str], body: Any = None, sub: str = "owner-1", **query: str) -> dict[str, Any]:
    return {
        "httpMethod": operation[0],
        "resource": operation[1],
        "headers": None,
        "pathParameters": None,
        "queryStringParameters": query or None,
        "requestContext": {"authorizer": {"claims": {"sub": sub}}, "path": f"/dev{operation[1]}"},
        "body": None if body is None else json.dumps(body),
    }


@cache
def checker(title: str, reference: str) -> Callable[[Any], Any]:
    """Raises when a body is not what the document of this title has under the reference."""
    document = next(document for document, _ in DOCUMENTED.values() if document["info"]["title"] == title)
    return fastjsonschema.compile({"allOf": [{"$ref": reference}], "components": document["components"]})


def answer(event: dict[str, Any]) -> tuple[int, Any]:
    """What the operation's function says, which must be something that its document describes."""
    status, body, _ = whole_answer(event)
    return status, body


def whole_answer(event: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """The same, with the headers."""
    operation = (event["httpMethod"], event["resource"])
    reply = MODULES[ROUTES[operation]["function"]].handler(event, None)
    document, described = DOCUMENTED[operation]
    response = described["responses"][str(reply["statusCode"])]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    if "content" not in response:
        assert reply["body"] == ""
        return reply["statusCode"], None, reply["headers"]
    assert reply["headers"]["Content-Type"] == "application/json"
    assert response.get("headers", {}).keys() <= reply["headers"].keys()
    body = json.loads(reply["body"])
    checker(document["info"]["title"], response["content"]["application/json"]["schema"]["$ref"])(body)
    return reply["statusCode"], body, reply["headers"]


def call(method: str, path: str, body: Any = None, sub: str = "owner-1", *ids: str, **query: str) -> tuple[int, Any]:
    """ids: the path's parameters, in their order."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return answer(event((method, path), body, sub, **query) | {"pathParameters": dict(zip(names, ids, strict=True))})


def read(path: str, *ids: str, sub: str = "owner-1", **query: str) -> tuple[int, Any]:
    return call("GET", path, None, sub, *ids, **query)


def order(body: Any = BAKERY, sub: str = "owner-1", **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(event(("POST", "/generations"), body, sub) | {"headers": named or None})


def validate(body: Any) -> tuple[int, Any]:
    return call("POST", "/validations", body)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "BEDROCK_MODEL_ID": MODEL,
        "BEDROCK_REGION": REGION,
        "BUCKET_NAME": "sites",
        "TABLE_NAME": "items",
        "WORKER": "worker:live",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CORS_ORIGIN", raising=False)
    with mock_aws():
        generation.clients.cache_clear()
        worker.stores.cache_clear()
        agents.table.cache_clear()
        yield


def schema(keys: dict[str, Any]) -> list[dict[str, str]]:
    kinds = (("HASH", "hash_key"), ("RANGE", "range_key"))
    return [{"AttributeName": keys[field]["name"], "KeyType": kind} for kind, field in kinds]


def make_table(key: str) -> Any:
    """The table of that key, as the role's default defines it."""
    table = yaml.safe_load((EXAMPLES.parent / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"][key]
    indexes = table.get("global_secondary_indexes", [])
    names = {keys[kind]["name"] for keys in (table, *indexes) for kind in ("hash_key", "range_key")}
    further = {
        "GlobalSecondaryIndexes": [
            {"IndexName": index["name"], "KeySchema": schema(index), "Projection": {"ProjectionType": "ALL"}}
            for index in indexes
        ]
    }
    return boto3.resource("dynamodb").create_table(
        TableName="items",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
        KeySchema=schema(table),
        **(further if indexes else {}),
    )


class Lambda:
    """Asynchronous calls of the worker, as Lambda makes them: later, again after an error, and told of at last."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.refuses = False
        self.seconds = float(DEFINED["worker"]["timeout"])

    def invoke(self, **call: Any) -> dict[str, Any]:
        assert not validate_parameters(call, INVOKE)
        assert (call["FunctionName"], call["InvocationType"]) == ("worker:live", "Event")
        if self.refuses:
            raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
        self.events.append(call["Payload"])
        return {"StatusCode": 202}

    def attempt(self, event: bytes, request_id: str = "request-1") -> None:
        left = int(self.seconds * 1000)
        context = SimpleNamespace(aws_request_id=request_id, get_remaining_time_in_millis=lambda: left)
        worker.handler(json.loads(event), context)

    def run(self, *crashes: Exception) -> int:
        """Deliver all events. Returns the number of attempts. crashes: what the runtime reports instead of running the code."""
        attempts = 0
        retries = DEFINED["worker"]["async"]["maximum_retry_attempts"]
        for number, event in enumerate(self.events):
            for attempt in range(retries + 1):
                attempts += 1
                try:
                    if crashes:
                        raise crashes[0]
                    self.attempt(event, f"request-{number}")
                    break
                except Exception as error:
                    if attempt == retries:
                        self.give_up(event, {"errorType": type(error).__name__, "errorMessage": str(error)})
        self.events.clear()
        return attempts

    def give_up(self, event: bytes, response: dict[str, Any] | None, condition: str = "RetriesExhausted") -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
        assert DEFINED["worker"]["async"]["on_failure_function"] == "generation"
        told = {
            "version": "1.0",
            "timestamp": "2026-11-29T12:00:00.000Z",
            "requestContext": {"requestId": "r", "functionArn": "arn:x", "condition": condition},
            "requestPayload": json.loads(event),
            "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
        }
        assert generation.handler(told | ({"responsePayload": response} if response else {}), None) is None


def bedrock_says(bedrock: Stubber, text: str, stop: str = "end_turn") -> None:
    bedrock.add_response(
        "converse",
        {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": stop,
            "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
            "metrics": {"latencyMs": 1},
        },
        {
            "modelId": MODEL,
            "system": ANY,
            "messages": [{"role": "user", "content": [{"text": "A bakery"}]}],
            "inferenceConfig": {"maxTokens": 16_000},
        },
    )


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """Everything that the generation functions need, apart from Bedrock."""
    make_table("generations")
    boto3.client("s3").create_bucket(Bucket="sites", CreateBucketConfiguration={"LocationConstraint": REGION})
    made = generation.clients()
    fake = Lambda()
    monkeypatch.setattr(
        generation, "clients", lambda: generation.Clients(functions=fake, table=made.table, bucket=made.bucket)
    )
    return fake


@pytest.fixture
def bedrock(functions: Lambda, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = worker.bedrock(300)
    monkeypatch.setattr(worker, "bedrock", lambda seconds_left: client)
    with Stubber(client) as stub:
        yield stub


class TestDocuments:
    def test_each_operation_has_its_function_and_no_function_has_more(self) -> None:
        served = {(function, *operation) for function, module in MODULES.items() for operation in module.OPERATIONS}
        assert served == {(route["function"], *operation) for operation, route in ROUTES.items()}

    @pytest.mark.parametrize("operation", ROUTES, ids=" ".join)
    def test_each_operation_is_answered(self, operation: tuple[str, str], bedrock: Stubber, functions: Lambda) -> None:
        """Asked for something that exists, each gives the success that its document describes."""
        bedrock_says(bedrock, json.dumps(SITE))
        _, made = order()
        functions.run()
        agent = {"owner_id": "owner-1", "generation_id": "-", "agent_id": "agent-1"}
        if ROUTES[operation]["function"] == "agents":
            boto3.resource("dynamodb").Table("items").delete()
            make_table("agents").put_item(Item=agent)
        request = event(operation, SITE if operation[1] == "/validations" else BAKERY)
        ids = {"generation_id": made["generation_id"], "page_id": "home", "agent_id": "agent-1"}
        status, _ = answer(request | {"pathParameters": ids})
        (success,) = (code for code in DOCUMENTED[operation][1]["responses"] if code.startswith("2"))
        assert str(status) == success

    @pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
    def test_unknown_operation(self, module: ModuleType) -> None:
        for operation in (("PATCH", "/generations"), ("GET", "/"), ("POST", "/agents/{agent_id}")):
            reply = module.handler(event(operation), None)
            assert (reply["statusCode"], json.loads(reply["body"])) == (404, {"error": "No such operation"})

    @pytest.mark.parametrize("operation", ROUTES, ids=" ".join)
    @pytest.mark.parametrize("context", [{}, {"authorizer": None}, {"authorizer": {"claims": {"sub": ""}}}])
    def test_no_claims_is_401(self, operation: tuple[str, str], context: dict[str, Any]) -> None:
        assert answer(event(operation) | {"requestContext": context}) == (401, {"error": "Not signed in"})

    @pytest.mark.parametrize("operation", ROUTES, ids=" ".join)
    def test_needs_cognito(self, operation: tuple[str, str]) -> None:
        assert ROUTES[operation]["authorization"] == "COGNITO_USER_POOLS"

    def test_the_function_checks_the_request_model(self) -> None:
        model = json.loads(API["models"][ROUTES["POST", "/generations"]["request_model"]]["schema"])
        assert model == json.loads((EXAMPLES / "functions/generation/request.schema.json").read_text())

    def test_cors_origin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        request = event(("POST", "/validations"), SITE)
        handler = MODULES["validation"].handler
        assert "Access-Control-Allow-Origin" not in handler(request, None)["headers"]
        monkeypatch.setenv("CORS_ORIGIN", "https://example.com")
        for asked in (request, request | {"body": "no JSON"}):
            assert handler(asked, None)["headers"]["Access-Control-Allow-Origin"] == "https://example.com"


class TestOrder:
    @pytest.fixture(autouse=True)
    def stores(self, functions: Lambda) -> None:
        self.table = generation.clients().table

    def test_is_accepted_at_once(self, functions: Lambda) -> None:
        status, body, headers = whole_answer(event(("POST", "/generations"), {"prompt": " A bakery ", "max_pages": 3}))
        assert (status, body["status"]) == (202, "queued")
        assert (body["prompt"], body["locale"], body["max_pages"]) == ("A bakery", "en-ZA", 3)
        assert headers["Location"] == f"/dev/generations/{body['generation_id']}"
        assert int(headers["Retry-After"]) > 0
        # What is asked of the model is in the table, and in no event.
        ids = {"owner_id": "owner-1", "generation_id": body["generation_id"]}
        assert [json.loads(payload) for payload in functions.events] == [ids]
        assert read(GENERATION, body["generation_id"]) == (200, body)
        assert read(PAGE, body["generation_id"], "home")[0] == 404
        (item,) = self.table.scan()["Items"]
        assert item["status_id"] == f"queued#{body['generation_id']}"
        # One that is forgotten midway does not stay for ever.
        assert item["expires_at"] > datetime.now(UTC).timestamp()

    def test_base64_body(self) -> None:
        encoded = base64.b64encode(json.dumps(BAKERY).encode()).decode()
        assert answer(event(("POST", "/generations")) | {"body": encoded, "isBase64Encoded": True})[0] == 202

    @pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k"}])
    def test_a_worker_that_cannot_be_called_leaves_nothing(self, headers: dict[str, str], functions: Lambda) -> None:
        functions.refuses = True
        assert order(**headers)[0] == 503
        assert self.table.scan()["Items"] == []
        functions.refuses = False
        assert order(**headers)[0] == 202

    @pytest.mark.parametrize(
        "body",
        [
            *({}, {"prompt": ""}, {"prompt": "  "}, {"prompt": 1}, {"prompt": "x" * 4001}, [], "text", None),
            *(
                BAKERY | more
                for more in (
                    {"max_pages": 0},
                    {"max_pages": 1.5},
                    {"max_pages": "1"},
                    {"locale": "English"},
                    {"model": "x"},
                )
            ),
            {"prompt": "\ud800"},
        ],
    )
    def test_bad_request(self, body: Any, functions: Lambda) -> None:
        assert order(body)[0] == 400
        assert self.table.scan()["Items"] == functions.events == []

    def test_bad_request_says_why(self) -> None:
        assert order({"prompt": "x" * 4001}) == (
            400,
            {
                "error": "The request is not valid",
                "details": ["body.prompt must be shorter than or equal to 4000 characters"],
            },
        )

    def test_unforeseen_error_is_a_bare_500(self) -> None:
        self.table.delete()
        assert order() == (500, {"error": "Internal error"})


class TestIdempotencyKey:
    @pytest.fixture(autouse=True)
    def stores(self, functions: Lambda) -> None:
        self.table = generation.clients().table

    def keys(self) -> list[dict[str, Any]]:
        return [item for item in self.table.scan()["Items"] if "target" in item]

    @pytest.mark.parametrize("name", ["Idempotency_Key", "idempotency_key", "IDEMPOTENCY_KEY"])
    def test_same_key_same_generation(self, name: str, bedrock: Stubber, functions: Lambda) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        first = order(**{name: "k"})
        functions.run()
        again = order(**{name: "k"})
        assert (first[0], again[0]) == (202, 202)
        assert again[1]["generation_id"] == first[1]["generation_id"]
        assert (first[1]["status"], again[1]["status"]) == ("queued", "completed")
        assert functions.events == []
        assert len(read("/generations")[1]["generations"]) == 1

    def test_defaults_are_no_other_request(self) -> None:
        ids = {order(BAKERY | more, Idempotency_Key="k")[1]["generation_id"] for more in ({}, {"max_pages": 5})}
        assert len(ids) == 1

    def test_another_request_under_the_same_key(self, functions: Lambda) -> None:
        order(Idempotency_Key="k")
        assert order({"prompt": "A school"}, Idempotency_Key="k") == (
            422,
            {"error": "This Idempotency-Key came with another request before"},
        )
        assert len(functions.events) == len(read("/generations")[1]["generations"]) == 1

    def test_keys_of_others_and_other_keys(self) -> None:
        orders = [
            order(Idempotency_Key="k"),
            order(sub="owner-2", Idempotency_Key="k"),
            order(Idempotency_Key="l"),
            order(),
        ]
        assert len({body["generation_id"] for _, body in orders}) == 4

    def test_a_call_that_ended_midway_is_made_up_for(self, bedrock: Stubber, functions: Lambda) -> None:
        """The item is there, the worker was not called. Where it was, the second event finds nothing to do."""
        _, body = order(Idempotency_Key="k")
        functions.events.clear()
        assert order(Idempotency_Key="k")[1]["generation_id"] == body["generation_id"]
        order(Idempotency_Key="k")
        assert len(functions.events) == 2
        bedrock_says(bedrock, json.dumps(SITE))
        assert functions.run() == 2
        assert read(GENERATION, body["generation_id"])[1]["status"] == "completed"

    def test_it_is_forgotten_after_a_day(self) -> None:
        _, body = order(Idempotency_Key="k")
        (record,) = self.keys()
        kept = datetime.fromtimestamp(int(record["expires_at"]), UTC) - datetime.now(UTC)
        assert timedelta(hours=23) < kept < timedelta(hours=25)
        # DynamoDB deletes it later.
        self.table.put_item(Item=record | {"expires_at": int(datetime.now(UTC).timestamp()) - 1})
        assert order({"prompt": "A school"}, Idempotency_Key="k")[1]["generation_id"] != body["generation_id"]

    def test_it_goes_with_its_generation(self) -> None:
        _, body = order(Idempotency_Key="k")
        assert call("DELETE", GENERATION, None, "owner-1", body["generation_id"])[0] == 204
        assert self.table.scan()["Items"] == []
        assert order(Idempotency_Key="k")[1]["generation_id"] != body["generation_id"]

    def test_while_another_is_at_it(self) -> None:
        _, body = order(Idempotency_Key="k")
        self.table.delete_item(Key={"owner_id": "owner-1", "generation_id": body["generation_id"]})
        assert order(Idempotency_Key="k")[0] == 409

    def test_many_at_once_make_one(self, functions: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
        # moto takes a transaction back by copying all tables, which is no transaction where others write meanwhile.
        lock, answer = threading.Lock(), DynamoHandler.call_action

        def one_by_one(handler: DynamoHandler) -> Any:
            with lock:
                return answer(handler)

        monkeypatch.setattr(DynamoHandler, "call_action", one_by_one)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: order(Idempotency_Key="k"), range(8)))
        assert {status for status, _ in answers} <= {202, 409}
        assert len({body["generation_id"] for status, body in answers if status == 202}) == 1
        assert len(read("/generations")[1]["generations"]) == 1

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00e9"])
    def test_bad_key(self, key: str, functions: Lambda) -> None:
        assert order(Idempotency_Key=key)[0] == 400
        assert functions.events == []

    def test_keys_are_in_no_list_and_cannot_be_read(self) -> None:
        order(Idempotency_Key="k")
        (record,) = self.keys()
        assert "k" not in record.values()
        assert read(GENERATION, record["generation_id"])[0] == 404


class TestWorker:
    @pytest.fixture(autouse=True)
    def stores(self, functions: Lambda) -> None:
        self.table = generation.clients().table
        self.functions = functions

    def item(self) -> dict[str, Any]:
        (item,) = self.table.scan()["Items"]
        return item

    def sites(self) -> list[str]:
        return [item.key for item in boto3.resource("s3").Bucket("sites").objects.all()]

    def test_generates_what_was_ordered(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        _, ordered = order(BAKERY | {"max_pages": 3})
        assert self.functions.run() == 1
        status, body = read(GENERATION, ordered["generation_id"])
        usage = {"inputTokens": 3, "outputTokens": 5}
        assert (status, body) == (200, ordered | {"status": "completed", "usage": usage, "site": SITE})
        assert self.item() == {key: value for key, value in body.items() if key != "site"} | {
            "owner_id": "owner-1",
            "status_id": f"completed#{body['generation_id']}",
        }
        assert self.sites() == [f"generations/owner-1/{body['generation_id']}.json"]

    def test_is_running_meanwhile(self, bedrock: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
        _, ordered = order()
        seen = []

        def converse(**_: Any) -> None:
            seen.append(read(GENERATION, ordered["generation_id"])[1])
            raise ReadTimeoutError(endpoint_url="https://x")

        monkeypatch.setattr(bedrock.client, "converse", converse)
        self.functions.run()
        assert seen == [ordered | {"status": "running"}] * 3

    def test_tells_the_model_what_is_wanted(self, bedrock: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: dict[str, Any] = {}

        def converse(**request: Any) -> None:
            asked.update(request)
            raise ReadTimeoutError(endpoint_url="https://x")

        monkeypatch.setattr(bedrock.client, "converse", converse)
        order(BAKERY | {"locale": "af-ZA", "max_pages": 2})
        self.functions.run()
        assert "language af-ZA and has at most 2 pages" in asked["system"][0]["text"]
        assert json.dumps(worker.SCHEMA) in asked["system"][0]["text"]

    @pytest.mark.parametrize(
        ("model", "effort"),
        [
            ("eu.anthropic.claude-sonnet-5-5", {"output_config": {"effort": "low"}}),
            ("global.anthropic.claude-sonnet-5", {"output_config": {"effort": "low"}}),
            # It would refuse.
            ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", None),
            ("eu.amazon.nova-lite-v1:0", None),
        ],
    )
    def test_how_hard_a_model_thinks(self, model: str, effort: dict[str, Any] | None) -> None:
        assert worker.model_fields(model).get("additionalModelRequestFields") == effort

    def test_answer_in_a_fence(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, f"```json\n{json.dumps(SITE)}\n```\n")
        _, ordered = order()
        self.functions.run()
        assert read(GENERATION, ordered["generation_id"])[1]["site"] == SITE

    def failed(self, attempts: int = 3) -> dict[str, Any]:
        """The item of the only order, once Lambda has given up."""
        _, ordered = order()
        assert self.functions.run() == attempts
        return read(GENERATION, ordered["generation_id"])[1]

    @pytest.mark.parametrize(
        ("code", "error"),
        [
            ("ThrottlingException", "The model is busy"),
            ("AccessDeniedException", "The model refused the request"),
            ("ValidationException", "The model refused the request"),
        ],
    )
    def test_bedrock_refuses(self, bedrock: Stubber, code: str, error: str, caplog: pytest.LogCaptureFixture) -> None:
        for _ in range(3):
            bedrock.add_client_error("converse", code, "arn:aws:iam::123456789012:role/secret")
        body = self.failed()
        assert (body["status"], body["error"]) == ("failed", error)
        assert "secret" not in str(body) + caplog.text
        # What the module's alarm counts.
        variables = (EXAMPLES.parent / "terraform/modules/monitoring/variables.tf").read_text()
        pattern = re.search(r'"%([^"]*ThrottlingException[^"]*)%"', variables)[1]
        assert bool(re.search(pattern, caplog.text)) == (code == "ThrottlingException")

    @pytest.mark.parametrize(
        "error", [ReadTimeoutError(endpoint_url="https://x"), EndpointConnectionError(endpoint_url="https://x")]
    )
    def test_bedrock_is_silent(self, error: Exception, bedrock: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
        def converse(**_: Any) -> None:
            raise error

        monkeypatch.setattr(bedrock.client, "converse", converse)
        assert self.failed()["error"] == "The model did not answer in time"

    @pytest.mark.parametrize(
        "text", ["", "A site!", "[]", "[" * 100_000, '{"title": "x"}', '{"title": "x", "pages": []}']
    )
    def test_failure_is_kept_for_a_week(self, bedrock: Stubber, text: str) -> None:
        for _ in range(3):
            bedrock_says(bedrock, text)
        body = self.failed()
        assert (body["status"], body["error"]) == ("failed", "The model gave no valid site")
        item = self.item()
        kept = datetime.fromtimestamp(int(item["expires_at"]), UTC) - datetime.now(UTC)
        assert timedelta(days=6.9) < kept < timedelta(days=7.1)
        assert item["status_id"] == f"failed#{item['generation_id']}"
        assert read("/generations", status="failed")[1]["generations"] == [body]
        assert read(PAGE, item["generation_id"], "home")[0] == 404
        assert call("DELETE", GENERATION, None, "owner-1", item["generation_id"])[0] == 204

    def test_a_cut_off_site(self, bedrock: Stubber) -> None:
        for _ in range(3):
            bedrock_says(bedrock, json.dumps(SITE)[:-1], "max_tokens")
        assert self.failed()["error"] == "The site became too long; ask for fewer pages"

    def test_the_next_attempt_may_succeed(self, bedrock: Stubber) -> None:
        bedrock.add_client_error("converse", "ThrottlingException")
        bedrock_says(bedrock, json.dumps(SITE))
        assert self.failed(attempts=2)["status"] == "completed"

    @pytest.mark.parametrize("crash", [TimeoutError("Task timed out after 300.00 seconds"), MemoryError("role/secret")])
    def test_a_run_that_is_cut_off(self, crash: Exception) -> None:
        _, ordered = order()
        assert self.functions.run(crash) == 3
        body = read(GENERATION, ordered["generation_id"])[1]
        assert (body["status"], body["error"]) == ("failed", "The generation broke off")

    def test_an_event_that_has_become_too_old(self) -> None:
        _, ordered = order()
        self.functions.give_up(self.functions.events[0], None, "EventAgeExceeded")
        assert read(GENERATION, ordered["generation_id"])[1]["status"] == "failed"

    def test_late_bad_news_undo_nothing(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        _, ordered = order()
        (payload,) = self.functions.events
        self.functions.run()
        self.functions.give_up(payload, None)
        assert read(GENERATION, ordered["generation_id"])[1]["status"] == "completed"
        call("DELETE", GENERATION, None, "owner-1", ordered["generation_id"])
        self.functions.give_up(payload, None)
        assert self.table.scan()["Items"] == []

    def test_an_event_that_comes_twice(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        order()
        (payload,) = self.functions.events
        self.functions.run()
        before = self.item()
        self.functions.attempt(payload, "request-0")
        self.functions.attempt(payload, "request-1")
        assert self.item() == before

    def test_one_run_at_a_time(self, bedrock: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
        order()
        (payload,) = self.functions.events
        calls = []

        def converse(**_: Any) -> None:
            calls.append(1)
            self.functions.attempt(payload, "another")
            raise ReadTimeoutError(endpoint_url="https://x")

        monkeypatch.setattr(bedrock.client, "converse", converse)
        with pytest.raises(worker.GenerationError):
            self.functions.attempt(payload, "request-0")
        assert calls == [1]

    def test_deleted_before_it_began(self, bedrock: Stubber) -> None:
        _, ordered = order()
        call("DELETE", GENERATION, None, "owner-1", ordered["generation_id"])
        assert self.functions.run() == 1
        assert self.table.scan()["Items"] == self.sites() == []

    def test_deleted_meanwhile(self, bedrock: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
        _, ordered = order()
        bedrock_says(bedrock, json.dumps(SITE))
        ask = bedrock.client.converse

        def converse(**request: Any) -> Any:
            call("DELETE", GENERATION, None, "owner-1", ordered["generation_id"])
            return ask(**request)

        monkeypatch.setattr(bedrock.client, "converse", converse)
        assert self.functions.run() == 1
        assert self.table.scan()["Items"] == self.sites() == []

    def test_prompt_is_not_logged(self, bedrock: Stubber, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="root")
        bedrock_says(bedrock, json.dumps(SITE))
        order()
        self.functions.run()
        assert "generated" in caplog.text
        assert "bakery" not in caplog.text.lower()


@pytest.mark.parametrize("alarms", [PRODUCTION_ALARMS, OTHER_ALARMS], ids=["production", "others"])
def test_waiting_for_the_model_is_no_alarm(alarms: dict[str, int]) -> None:
    """The longest wait that still ends well, connecting included, is below what the duration alarm calls too long."""
    timeout = DEFINED["worker"]["timeout"]
    config = worker.bedrock(timeout).meta.config
    assert config.retries["total_max_attempts"] == 1
    waits = config.connect_timeout + config.read_timeout
    assert timeout / 2 < waits < timeout * alarms["lambda_duration_percent"] / 100
    # The client follows the time that is left, whatever the timeout.
    assert worker.bedrock(60).meta.config.read_timeout < 60


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10**9))
def test_ids_sort_by_age(moment: datetime, later: int) -> None:
    first = moment.replace(tzinfo=UTC)
    assert generation.new_id(first) < generation.new_id(first + timedelta(milliseconds=later))


class TestKeptGenerations:
    @pytest.fixture(autouse=True)
    def kept(self, functions: Lambda) -> None:
        """Five of one owner, the first the oldest; one of another."""
        self.table = generation.clients().table
        self.ids = [generation.new_id(datetime(2026, 1, day, tzinfo=UTC)) for day in range(1, 7)]
        for owner, generation_id in zip(["owner-1"] * 5 + ["owner-2"], self.ids, strict=True):
            item = {"created_at": "2026-01-01T00:00:00.000+00:00", "model_id": MODEL, "max_pages": 5}
            item |= {"owner_id": owner, "generation_id": generation_id, "prompt": "p", "locale": "en"}
            status = "failed" if generation_id in (self.ids[1], self.ids[3]) else "completed"
            self.table.put_item(Item=item | {"status": status, "status_id": f"{status}#{generation_id}"})
            self.object(owner, generation_id).put(Body=json.dumps(SITE))

    def object(self, owner: str, generation_id: str) -> Any:
        return generation.clients().bucket.Object(f"generations/{owner}/{generation_id}.json")

    @pytest.mark.parametrize(
        ("query", "every"),
        [
            ({}, slice(4, None, -1)),
            ({"status": "completed"}, slice(4, None, -2)),
            ({"status": "failed"}, slice(3, None, -2)),
        ],
    )
    def test_lists_own_ones_newest_first_page_by_page(self, query: dict[str, str], every: slice) -> None:
        found: list[str] = []
        query = {**query, "limit": "2"}
        while True:
            status, body = read("/generations", **query)
            assert status == 200
            found += [entry["generation_id"] for entry in body["generations"]]
            if "next_cursor" not in body:
                break
            query["cursor"] = body["next_cursor"]
        assert found == self.ids[every]

    @pytest.mark.parametrize(
        "query",
        [{"limit": limit} for limit in ("0", "101", "-1", "x", "1.5", "\u0663")]
        + [{"cursor": "a/b"}, {"status": "done"}],
    )
    def test_bad_query(self, query: dict[str, str]) -> None:
        assert read("/generations", **query)[0] == 400

    def test_reads_a_page(self) -> None:
        assert read(PAGE, self.ids[0], "home") == (200, SITE["pages"][0])
        assert read(PAGE, self.ids[0], "about") == (404, {"error": "No such page_id"})

    def test_deletes(self) -> None:
        assert call("DELETE", GENERATION, None, "owner-1", self.ids[0]) == (204, None)
        assert call("DELETE", GENERATION, None, "owner-1", self.ids[0])[0] == 404
        assert read(GENERATION, self.ids[0])[0] == 404
        assert len(self.table.scan()["Items"]) == 5
        assert len(list(boto3.resource("s3").Bucket("sites").objects.all())) == 5

    def test_half_deleted_is_gone_and_can_be_deleted(self) -> None:
        self.object("owner-1", self.ids[0]).delete()
        assert read(GENERATION, self.ids[0])[0] == read(PAGE, self.ids[0], "home")[0] == 404
        assert call("DELETE", GENERATION, None, "owner-1", self.ids[0])[0] == 204

    @pytest.mark.parametrize("generation_id", [None, "none", "../owner-2/x", "x" * 2000, ""])
    def test_others_are_out_of_reach(self, generation_id: str | None) -> None:
        wanted = self.ids[5] if generation_id is None else generation_id
        assert read(GENERATION, wanted)[0] == 404
        assert read(PAGE, wanted, "home")[0] == 404
        assert call("DELETE", GENERATION, None, "owner-1", wanted)[0] == 404
        assert read(GENERATION, self.ids[5], sub="owner-2")[0] == 200


class TestAgents:
    @pytest.fixture(autouse=True)
    def table(self) -> None:
        with make_table("agents").batch_writer() as batch:
            for owner, count in (("owner-1", 30), ("owner-2", 1)):
                for number in range(count):
                    batch.put_item(Item={"owner_id": owner, "agent_id": f"{owner}-{number:03}", "steps": number})

    def test_lists_own_agents_page_by_page(self) -> None:
        status, first = read("/agents")
        assert (status, len(first["agents"]), first["next_cursor"]) == (200, 20, "owner-1-019")
        status, last = read("/agents", cursor=first["next_cursor"], limit="100")
        assert (status, len(last["agents"]), "next_cursor" in last) == (200, 10, False)
        found = [agent["agent_id"] for page in (first, last) for agent in page["agents"]]
        assert found == [f"owner-1-{number:03}" for number in range(30)]

    def test_gets_one(self) -> None:
        assert read("/agents/{agent_id}", "owner-1-007") == (200, {"agent_id": "owner-1-007", "steps": 7})

    @pytest.mark.parametrize("agent_id", ["owner-2-000", "none"])
    def test_does_not_get_others(self, agent_id: str) -> None:
        assert read("/agents/{agent_id}", agent_id)[0] == 404


class TestValidation:
    def test_valid(self) -> None:
        assert validate(SITE) == (200, {"valid": True, "problems": []})

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"title": ""}, "title"),
            ({"pages": []}, "pages"),
            ({"script": "x"}, "script"),
            ({"navigation": ["about"]}, "'about' is no page"),
            ({"pages": SITE["pages"] * 2}, "'home' is used 2 times"),
            ({"pages": [SITE["pages"][0] | {"slug": "../x"}]}, "slug"),
            ({"pages": [SITE["pages"][0] | {"sections": [{"type": "script"}]}]}, "type"),
        ],
    )
    def test_invalid(self, change: dict[str, Any], problem: str) -> None:
        status, body = validate(SITE | change)
        assert (status, body["valid"]) == (200, False)
        assert problem in body["problems"][0]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_never_breaks(self, body: Any) -> None:
        assert validate(body)[0] in {200, 400}
