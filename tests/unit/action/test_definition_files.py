"""Definition files beside inventories: where they are found, what they are made of, and who is told about them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

LOCAL = "site_builder_target=local"
PAGE = (ROOT / "docs/definitions.md").read_text()
EXAMPLE, EMPTY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
OPENAPI = """
openapi: 3.0.3
info: {title: Orders, version: "1"}
x-site-builder-function: orders
paths: {/orders: {get: {security: [], responses: {"200": {description: Fine}}}}}
"""
OWN = """
lambda_functions:
  orders:
    source: functions/orders
    handler: app.handler
    environment: {STAGE: "{{ site_builder_environment }}", KEY: hidden}
    vpc: "{{ site_builder_vpc or none }}"
iam_roles: {orders: {}}
api_gateway_apis: {generation: {documents: [orders.yaml]}}
"""


class Service:
    """A folder with inventories/dev and service, as a user of the installed collection has it."""

    def __init__(self, root: Path, act: Callable[..., dict[str, Any]]) -> None:
        self.root, self.act = root, act
        shutil.copytree(ROOT / "inventories/dev", root / "inventories/dev")
        (root / "service/functions/orders").mkdir(parents=True)
        (root / "service/functions/orders/app.py").write_text("def handler(event, context):\n    return {}\n")
        self.say(site_builder_definitions=["../../service"])

    def say(self, **variables: Any) -> None:
        (self.root / "inventories/dev/group_vars/stacks.yml").write_text(yaml.safe_dump(variables))

    def write(self, name: str, text: str) -> None:
        (self.root / "service" / name).write_text(text)

    def defined(self, *extra: str) -> dict[str, Any]:
        result = self.act(self.root / "inventories/dev", LOCAL, *extra)
        assert "msg" not in result, result["msg"]
        return {name: stack["tfvars"] for name, stack in result["stacks"].items()}

    def told(self, *extra: str) -> list[str]:
        return self.act(self.root / "inventories/dev", LOCAL, *extra).get("msg", "").splitlines()


@pytest.fixture
def service(tmp_path: Path, act: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.chdir(tmp_path)
    return Service(tmp_path, act)


def test_a_function_and_a_route_more(service: Service) -> None:
    service.write("orders.yml", OWN)
    (service.root / "service/api").mkdir()
    service.write("api/orders.yaml", OPENAPI)
    service.write("orders.yml", OWN.replace("orders.yaml", "api/orders.yaml"))
    stacks = service.defined()
    assert {"agents", "generation", "orders", "validation"} <= stacks["lambda"]["functions"].keys()
    assert stacks["lambda"]["functions"]["orders"]["environment"] == {"STAGE": "dev", "KEY": "hidden"}
    assert "vpc" not in stacks["lambda"]["functions"]["orders"]
    paths = {route["path"] for route in stacks["api_gateway"]["apis"]["generation"]["routes"].values()}
    assert {"/orders", "/agents", "/generations"} <= paths


def test_the_example_of_the_page(service: Service) -> None:
    service.write("orders.yml", EXAMPLE)
    stacks = service.defined()
    assert stacks["dynamodb"]["tables"].keys() == {"agents", "generations", "orders"}
    environment = stacks["lambda"]["functions"]["agents"]["environment"]
    assert environment["ORDERS_TABLE_NAME"] == "site-builder-orders-dev"
    assert {"CORS_ORIGIN", "TABLE_NAME"} < environment.keys()
    assert stacks["monitoring"]["monitoring"]["threshold_overrides"] == {"agents": {"lambda_errors": 3}}


def test_a_service_from_nothing(service: Service) -> None:
    service.say(site_builder_definitions=["../../service"], **yaml.safe_load(EMPTY))
    assert service.defined()["lambda"]["functions"] == {}
    service.write("orders.yml", "dynamodb_tables: {orders: {hash_key: {name: id}}}")
    assert service.defined()["dynamodb"]["tables"].keys() == {"orders"}


def test_a_default_is_removed_with_what_names_it(service: Service) -> None:
    service.write("less.yml", "lambda_functions: {agents: null}")
    (sentence,) = service.told()
    assert 'agents-api.yaml: GET /agents: the function "agents" does not exist' in sentence


def test_the_checkouts_folder_is_the_default(act: Callable[..., dict[str, Any]]) -> None:
    result = act(ROOT / "inventories/dev", LOCAL)
    (folder,) = result["paths"]["site_builder_definitions"]
    assert Path(folder).resolve() == (ROOT / "service").resolve()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            OWN.replace("functions/orders", "functions/order"),
            "service/orders.yml: lambda_functions.orders.source is '",
        ),
        (
            "lambda_functions: {agents: {timeout: 1000}}",
            "service/orders.yml: lambda_functions.agents.timeout is 1000, which is no whole number from 1 to 900; write one, without quotes",
        ),
        (
            "api_gateway_apis: {generation: {documents: [no.yaml]}}",
            "service/orders.yml: api_gateway_apis.generation.documents names '{root}/service/no.yaml', which cannot be read",
        ),
        (
            "lambda_function: {}",
            "service/orders.yml has the field 'lambda_function', which there is not; did you mean lambda_functions?",
        ),
        (
            "site_builder_region: x",
            "service/orders.yml has the field 'site_builder_region', which there is not; the fields are",
        ),
        ("lambda_functions: {", "service/orders.yml cannot be read (YAML parsing failed"),
        (
            'dynamodb_tables: {a: "{{ no_such_thing }}"}',
            "service/orders.yml: dynamodb_tables cannot be evaluated: 'no_such_thing' is undefined; correct its template",
        ),
        (
            "iam_roles:\n  orders: {dynamodb: {read: [none-such]}}\nlambda_functions: {}",
            "service/orders.yml: iam_roles.orders.dynamodb.read is 'none-such', which is no key of dynamodb_tables",
        ),
    ],
)
def test_a_sentence_names_the_file(service: Service, text: str, sentence: str) -> None:
    service.write("orders.yml", text)
    told = service.told()
    assert [one for one in told if one.startswith(sentence.format(root=service.root))], told


def test_a_key_of_two_files(service: Service) -> None:
    service.write("a.yml", "lambda_functions: {agents: {timeout: 3}}")
    service.write("b.yml", "lambda_functions: {agents: {timeout: 4}}")
    assert service.told() == [
        "lambda_functions.agents.timeout is in service/a.yml and in service/b.yml; say it in one of them"
    ]


def test_a_folder_that_is_not_there(service: Service) -> None:
    service.say(site_builder_definitions=["../services"])
    (sentence,) = service.told()
    assert sentence == (
        f"site_builder_definitions names '{service.root}/inventories/services', which is no folder and no file; correct the path or remove it"
    )
    service.say(site_builder_definitions="service")
    assert "which is no list; put it in brackets" in service.told()[0]


def test_relative_paths_of_the_command_line_and_of_awx(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.write("orders.yml", "dynamodb_tables: {orders: {hash_key: {name: id}}}")
    given = '{"site_builder_definitions": ["service"]}'
    assert "orders" in service.defined(given)["dynamodb"]["tables"]
    # A job's inventory is no file of its project, and says what that one says.
    job = service.root.parent / "job/inventory"
    shutil.copytree(service.root / "inventories/dev", job)
    shutil.copytree(service.root / "inventories/dev", service.root.parent / "other/dev")
    jobs = service.act(job, LOCAL, '{"awx_job_id": 7}')
    assert "orders" in jobs["stacks"]["dynamodb"]["tfvars"]["tables"]
    assert "which is no folder" in service.act(service.root.parent / "other/dev", LOCAL)["msg"]


def test_secrets_of_a_file_are_secrets(service: Service) -> None:
    service.write("api.yml", OWN.replace("api_gateway_apis: {generation: {documents: [orders.yaml]}}", ""))
    result = service.act(service.root / "inventories/dev", LOCAL, arguments={"render": True})
    assert "hidden" in result["stacks"]["lambda"]["sensitive"]
    assert "hidden" not in str(result["rendered"])
