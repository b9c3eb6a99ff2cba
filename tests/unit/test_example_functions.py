"""The example functions, as API Gateway calls them. Tables and buckets are moto's; Bedrock is botocore's stub."""

from __future__ import annotations

import base64
import importlib.util
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import fastjsonschema
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import OTHER_ALARMS, PRODUCTION_ALARMS
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

EXAMPLES = Path(__file__).parents[2] / "examples"
REGION = "eu-west-1"
MODEL = "eu.example.model-v1:0"
SITE: dict[str, Any] = {
    "title": "Bakery",
    "pages": [{"slug": "home", "title": "Home", "sections": [{"type": "hero", "text": "Bread"}]}],
    "navigation": ["home"],
}
BAKERY = {"prompt": "A bakery"}
GENERATION = "/generations/{generation_id}"
PAGE = GENERATION + "/pages/{page_id}"

sys.path.append(str(EXAMPLES / "layers/common/python"))


def load(function: str) -> ModuleType:
    """All three are called app.py, so each is loaded under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"example_{function}", EXAMPLES / "functions" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MODULES = {function: load(function) for function in ("generation", "agents", "validation")}
generation, agents = MODULES["generation"], MODULES["agents"]

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
        "pathParameters": None,
        "queryStringParameters": query or None,
        "requestContext": {"authorizer": {"claims": {"sub": sub}}},
        "body": None if body is None else json.dumps(body),
    }


@cache
def checker(title: str, reference: str) -> Callable[[Any], Any]:
    """Raises when a body is not what the document of this title has under the reference."""
    document = next(document for document, _ in DOCUMENTED.values() if document["info"]["title"] == title)
    return fastjsonschema.compile({"allOf": [{"$ref": reference}], "components": document["components"]})


def answer(event: dict[str, Any]) -> tuple[int, Any]:
    """What the operation's function says, which must be something that its document describes."""
    operation = (event["httpMethod"], event["resource"])
    reply = MODULES[ROUTES[operation]["function"]].handler(event, None)
    document, described = DOCUMENTED[operation]
    response = described["responses"][str(reply["statusCode"])]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    if "content" not in response:
        assert reply["body"] == ""
        return reply["statusCode"], None
    assert reply["headers"]["Content-Type"] == "application/json"
    body = json.loads(reply["body"])
    checker(document["info"]["title"], response["content"]["application/json"]["schema"]["$ref"])(body)
    return reply["statusCode"], body


def call(method: str, path: str, body: Any = None, sub: str = "owner-1", *ids: str, **query: str) -> tuple[int, Any]:
    """ids: the path's parameters, in their order."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return answer(event((method, path), body, sub, **query) | {"pathParameters": dict(zip(names, ids, strict=True))})


def read(path: str, *ids: str, sub: str = "owner-1", **query: str) -> tuple[int, Any]:
    return call("GET", path, None, sub, *ids, **query)


def generate(body: Any = BAKERY) -> tuple[int, Any]:
    return call("POST", "/generations", body)


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
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CORS_ORIGIN", raising=False)
    with mock_aws():
        generation.clients.cache_clear()
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


def bedrock_says(bedrock: Stubber, text: str) -> None:
    bedrock.add_response(
        "converse",
        {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
            "metrics": {"latencyMs": 1},
        },
        {
            "modelId": MODEL,
            "system": ANY,
            "messages": [{"role": "user", "content": [{"text": "A bakery"}]}],
            "inferenceConfig": ANY,
        },
    )


@pytest.fixture
def bedrock() -> Iterator[Stubber]:
    """Everything that the generation function needs."""
    make_table("generations")
    boto3.client("s3").create_bucket(Bucket="sites", CreateBucketConfiguration={"LocationConstraint": REGION})
    with Stubber(generation.clients().bedrock) as stub:
        yield stub


class TestDocuments:
    def test_each_operation_has_its_function_and_no_function_has_more(self) -> None:
        served = {(function, *operation) for function, module in MODULES.items() for operation in module.OPERATIONS}
        assert served == {(route["function"], *operation) for operation, route in ROUTES.items()}

    @pytest.mark.parametrize("operation", ROUTES, ids=" ".join)
    def test_each_operation_is_answered(self, operation: tuple[str, str], bedrock: Stubber) -> None:
        """Asked for something that exists, each gives the success that its document describes."""
        bedrock_says(bedrock, json.dumps(SITE))
        _, made = generate()
        bedrock_says(bedrock, json.dumps(SITE))
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


class TestCreateGeneration:
    @pytest.fixture(autouse=True)
    def stores(self, bedrock: Stubber) -> None:
        self.table = generation.clients().table

    def test_stores_and_answers(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        status, body = generate({"prompt": " A bakery ", "max_pages": 3})
        assert status == 201
        assert body["site"] == SITE
        assert body["usage"] == {"inputTokens": 3, "outputTokens": 5}
        assert (body["prompt"], body["locale"], body["max_pages"]) == ("A bakery", "en-ZA", 3)

        (item,) = self.table.scan()["Items"]
        assert item == {key: value for key, value in body.items() if key != "site"} | {
            "owner_id": "owner-1",
            "status_id": f"completed#{body['generation_id']}",
        }
        assert item["status"] == "completed"
        key = f"generations/owner-1/{body['generation_id']}.json"
        assert json.load(boto3.resource("s3").Object("sites", key).get()["Body"]) == SITE
        assert read(GENERATION, body["generation_id"]) == (200, body)

    def test_tells_the_model_what_is_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: dict[str, Any] = {}

        def converse(**request: Any) -> None:
            asked.update(request)
            raise ReadTimeoutError(endpoint_url="https://x")

        monkeypatch.setattr(generation.clients().bedrock, "converse", converse)
        generate(BAKERY | {"locale": "af-ZA", "max_pages": 2})
        assert "language af-ZA and has at most 2 pages" in asked["system"][0]["text"]
        assert json.dumps(generation.SCHEMA) in asked["system"][0]["text"]

    def test_answer_in_a_fence(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, f"```json\n{json.dumps(SITE)}\n```\n")
        assert generate()[1]["site"] == SITE

    def test_base64_body(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        encoded = base64.b64encode(json.dumps(BAKERY).encode()).decode()
        assert answer(event(("POST", "/generations")) | {"body": encoded, "isBase64Encoded": True})[0] == 201

    @pytest.mark.parametrize(
        ("code", "status"),
        [("ThrottlingException", 503), ("AccessDeniedException", 502), ("ValidationException", 502)],
    )
    def test_bedrock_refuses(self, bedrock: Stubber, code: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
        bedrock.add_client_error("converse", code, "arn:aws:iam::123456789012:role/secret")
        found, body = generate()
        assert found == status
        assert "secret" not in str(body) + caplog.text
        # What the module's alarm counts.
        variables = (EXAMPLES.parent / "terraform/modules/monitoring/variables.tf").read_text()
        pattern = re.search(r'"%([^"]*ThrottlingException[^"]*)%"', variables)[1]
        assert bool(re.search(pattern, caplog.text)) == (code == "ThrottlingException")

    @pytest.mark.parametrize(
        "error", [ReadTimeoutError(endpoint_url="https://x"), EndpointConnectionError(endpoint_url="https://x")]
    )
    def test_bedrock_is_silent(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        def converse(**_: Any) -> None:
            raise error

        monkeypatch.setattr(generation.clients().bedrock, "converse", converse)
        assert generate()[0] == 504

    @pytest.mark.parametrize("alarms", [PRODUCTION_ALARMS, OTHER_ALARMS], ids=["production", "others"])
    def test_waiting_for_the_model_is_no_alarm(self, bedrock: Stubber, alarms: dict[str, int]) -> None:
        """The longest wait that still ends well, connecting included, is below what the duration alarm calls too long."""
        config = bedrock.client.meta.config
        functions = yaml.safe_load((EXAMPLES.parent / "roles/lambda/defaults/main.yml").read_text())["lambda_functions"]
        alarm_at = functions["generation"]["timeout"] * alarms["lambda_duration_percent"] / 100
        assert config.connect_timeout + config.read_timeout < alarm_at

    @pytest.mark.parametrize(
        "text", ["", "A site!", "[]", "[" * 100_000, '{"title": "x"}', '{"title": "x", "pages": []}']
    )
    def test_failure_is_kept_for_a_week(self, bedrock: Stubber, text: str) -> None:
        bedrock_says(bedrock, text)
        status, body = generate()
        assert (status, body["error"]) == (502, "The model gave no valid site")

        (item,) = self.table.scan()["Items"]
        kept = datetime.fromtimestamp(int(item["expires_at"]), UTC) - datetime.now(UTC)
        assert timedelta(days=6.9) < kept < timedelta(days=7.1)
        status, failed = read(GENERATION, item["generation_id"])
        assert (status, failed["status"], failed["error"]) == (200, "failed", body["error"])
        assert read(PAGE, item["generation_id"], "home")[0] == 404
        assert call("DELETE", GENERATION, None, "owner-1", item["generation_id"])[0] == 204

    def test_unforeseen_error_is_a_bare_500(self, bedrock: Stubber) -> None:
        bedrock_says(bedrock, json.dumps(SITE))
        self.table.delete()
        assert generate() == (500, {"error": "Internal error"})

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
    def test_bad_request(self, body: Any) -> None:
        assert generate(body)[0] == 400
        assert self.table.scan()["Items"] == []

    def test_bad_request_says_why(self) -> None:
        assert generate({"prompt": "x" * 4001}) == (
            400,
            {
                "error": "The request is not valid",
                "details": ["body.prompt must be shorter than or equal to 4000 characters"],
            },
        )

    def test_prompt_is_not_logged(self, bedrock: Stubber, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="root")
        bedrock_says(bedrock, json.dumps(SITE))
        generate()
        assert "generated" in caplog.text
        assert "bakery" not in caplog.text.lower()


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10**9))
def test_ids_sort_by_age(moment: datetime, later: int) -> None:
    first = moment.replace(tzinfo=UTC)
    assert generation.new_id(first) < generation.new_id(first + timedelta(milliseconds=later))


class TestKeptGenerations:
    @pytest.fixture(autouse=True)
    def kept(self, bedrock: Stubber) -> None:
        """Five of one owner, the first the oldest; one of another."""
        self.table = generation.clients().table
        self.ids = [generation.new_id(datetime(2026, 1, day, tzinfo=UTC)) for day in range(1, 7)]
        for owner, generation_id in zip(["owner-1"] * 5 + ["owner-2"], self.ids, strict=True):
            item = {"created_at": "2026-01-01T00:00:00.000+00:00", "model_id": MODEL, "max_pages": 5}
            item |= {"owner_id": owner, "generation_id": generation_id, "prompt": "p", "locale": "en"}
            failed = generation_id in (self.ids[1], self.ids[3])
            self.table.put_item(Item=generation.ended(item, "failed" if failed else "completed"))
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
