"""playbooks/serve.yml before the deployed sample: what a person pastes, and what the API answers then.

Crashes, timeouts, what does not run and what is deployed meanwhile: tests/unit/roles/local_aws/aws_serve/test_server.py.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi

from tests.conftest import ROOT, play

from .conftest import Environment

POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_local"
CORS = "Access-Control-Allow-Origin"


@dataclass
class Served:
    """What serve.yml has said, and a client for it."""

    url: str
    curl: str
    token: str
    work_dir: Path

    def call(self, method: str, path: str, token: str | None = "", **options: Any) -> requests.Response:
        """Call the API as the reader, with another token, or with none."""
        headers = {"Authorization": f"Bearer {token or self.token}"} if token is not None else {}
        with requests.Session() as session:
            session.trust_env = False
            headers |= options.pop("headers", {})
            return session.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def token_for(self, *scopes: str) -> str:
        return LocalApi(str(self.work_dir), 30).token("reader", POOL, list(scopes))


@pytest.fixture(scope="module")
def served(dev: Environment) -> Served:
    assert dev.first.code == 0, dev.first.output
    assert "amazonaws.com" not in dev.first.output.partition("PLAY RECAP")[0].partition("report: ")[2]
    assert "next:   ansible-playbook playbooks/serve.yml -i inventories/dev" in dev.first.output
    screen = {"ANSIBLE_STDOUT_CALLBACK": "bbws.site_builder.terminal"}
    run = dev.deploy("-e", "site_builder_user=reader", playbook="playbooks/serve.yml", env=screen)
    assert run.code == 0, run.output
    told = {line.partition(":")[0]: line.partition(":")[2].strip() for line in run.output.splitlines()}
    return Served(told["api"], told["call"], told["token"], dev.work_dir)


def test_the_command_works_as_pasted(served: Served) -> None:
    done = subprocess.run(
        [*shlex.split(served.curl), "-s", "-w", "%{http_code}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == '{"agents": []}200'
    assert served.url.startswith("http://127.0.0.1:")
    file = Path(served.curl.partition("@")[2].partition(" ")[0])
    assert file.stat().st_mode & 0o777 == 0o600
    assert (served.work_dir / "local_aws/issuer.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_without_a_token(served: Served, token: str | None) -> None:
    reply = served.call("GET", "/agents", token)
    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized"})
    assert reply.headers[CORS] == "*"  # or a browser hides the reason


def test_a_token_without_the_scope(served: Served) -> None:
    reply = served.call("GET", "/agents", served.token_for("site-builder/generate"))
    assert reply.status_code == 403
    assert served.call("GET", "/agents", served.token_for("site-builder/agents")).status_code == 200


def ended(served: Served, where: str) -> dict[str, Any]:
    """The generation, once its worker is done with it."""
    deadline = time.monotonic() + 60
    while (found := served.call("GET", where).json())["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def test_a_generation_from_its_birth_to_its_end(served: Served) -> None:
    order = {"json": {"prompt": "A bakery", "max_pages": 2}, "headers": {"Idempotency-Key": "bakery-1"}}
    made = served.call("POST", "/generations", **order)
    assert (made.status_code, made.json()["status"]) == (202, "queued"), made.text
    where = f"/generations/{made.json()['generation_id']}"
    # Where it says that it will be is where it is.
    assert made.headers["Location"] == f"/{served.url.split('/', 3)[3]}{where}"
    generation = ended(served, where)
    assert generation["status"] == "completed", generation
    assert "stub" in generation["site"]["title"].lower()
    assert generation["prompt"] == "A bakery"
    # Sent again, it is the same one; another one under that key is refused.
    assert served.call("POST", "/generations", **order).json()["generation_id"] == generation["generation_id"]
    assert served.call("POST", "/generations", **{**order, "json": {"prompt": "A school"}}).status_code == 422
    listed = served.call("GET", "/generations?status=completed&limit=1").json()["generations"]
    assert [one["generation_id"] for one in listed] == [generation["generation_id"]]
    page = generation["site"]["pages"][0]
    assert served.call("GET", f"{where}/pages/{page['slug']}").json() == page
    assert served.call("GET", f"{where}/pages/none").status_code == 404
    # Another user has no such thing.
    other = LocalApi(str(served.work_dir), 30).token("writer", POOL, ["site-builder/generate"])
    assert served.call("GET", where, other).status_code == 404
    assert served.call("DELETE", where).status_code == 204
    assert served.call("GET", where).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"prompt": ""}', b'{"prompt": "a", "max_pages": 21}', b'{"prompt": "a", "x": 1}']
)
def test_a_bad_body(served: Served, body: bytes) -> None:
    reply = served.call("POST", "/generations", data=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()) == (400, {"message": "Invalid request body"})


def test_validations(served: Served) -> None:
    reply = served.call("POST", "/validations", json={"title": "x"})
    assert (reply.status_code, reply.json()["valid"]) == (200, False)


def test_preflight(served: Served) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    reply = served.call("OPTIONS", "/generations", None, headers=asked)
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers[CORS] == "*"
    assert reply.headers["Access-Control-Allow-Methods"] == "GET,OPTIONS,POST"
    assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]


def test_no_such_route(served: Served) -> None:
    reply = served.call("GET", "/nowhere")
    assert (reply.status_code, reply.json()) == (403, {"message": "Missing Authentication Token"})


def test_an_api_at_aws_is_not_served(served: Served) -> None:
    run = play(served.work_dir, playbook="playbooks/serve.yml", target="aws")
    assert run.code != 0
    assert "site_builder_target is aws, whose API answers at AWS" in run.output


@pytest.mark.long
@pytest.mark.parametrize("document", sorted((ROOT / "examples/openapi").glob("*.yaml")), ids=lambda path: path.stem)
def test_answers_are_those_that_the_document_describes(served: Served, document: Path) -> None:
    """Two hundred requests that it allows or forbids; no 5xx that it does not name, no answer that it does not describe."""
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    schema = schemathesis.openapi.from_path(document)
    schema.config.update(base_url=served.url)
    operations = [operation.ok() for operation in schema.get_all_operations()]
    count = 0

    def check(case: Any) -> None:
        nonlocal count
        count += 1
        answer = case.call(headers={"Authorization": f"Bearer {served.token}"}, timeout=60)
        declared = set(case.operation.definition.raw["responses"])
        assert answer.status_code < 500 or str(answer.status_code) in declared, answer.text
        case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])

    examples = -(-200 // len(operations))
    for operation in operations:
        for mode in schemathesis.GenerationMode:
            test: Callable[..., None] = given(operation.as_strategy(generation_mode=mode))(check)
            settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)(
                test
            )()
    assert count >= 200


ERRORS = """
import time

def crash(event, context):
    raise RuntimeError("a secret of the function")

def slow(event, context):
    time.sleep(3)
    return {"statusCode": 200, "body": "late"}
"""


@pytest.mark.long
def test_crash_and_timeout_of_what_terraform_has_deployed(dev: Environment, tmp_path: Path) -> None:
    """A service of its own beside dev: a handler that raises, one that its function ends, one for which the API does not wait."""
    source = tmp_path / "functions"
    source.mkdir()
    (source / "app.py").write_text(ERRORS)
    functions = {
        "crash": {"source": str(source), "handler": "app.crash"},
        "short": {"source": str(source), "handler": "app.slow", "timeout": 1},
        "late": {"source": str(source), "handler": "app.slow", "timeout": 5},
    }
    routes = {key: {"path": f"/{key}", "method": "GET", "function": key, "authorization": "NONE"} for key in functions}
    routes["late"]["timeout_milliseconds"] = 1000
    definitions = {
        "site_builder_definitions": [],
        "dynamodb_tables": {},
        "s3_buckets": {"artifacts": {}},
        "iam_roles": {key: {"description": "Writes its log"} for key in functions},
        "lambda_layers": {},
        "lambda_functions": functions,
        "api_gateway_apis": {"errors": {"description": "Fails", "routes": routes}},
    }
    arguments = ("-e", json.dumps(definitions))
    inventory = tmp_path / "inventories/dev"
    shutil.copytree(ROOT / "inventories/dev", inventory)
    with (inventory / "group_vars/all.yml").open("a") as file:
        file.write("\nsite_builder_service: errors\n")
    # What verifies a release invokes with DryRun, which runs no handler.
    deployed = dev.deploy("--limit", "dynamodb,s3,iam,lambda,api_gateway", *arguments, inventory=inventory)
    assert deployed.code == 0, deployed.output
    run = dev.deploy(*arguments, playbook="playbooks/serve.yml", inventory=inventory)
    assert run.code == 0, run.output
    url = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/\w+", run.output)[0]
    served = Served(url, "", "", dev.work_dir)
    expected = {
        "crash": (502, "Internal server error"),
        "short": (502, "Internal server error"),
        "late": (504, "Endpoint request timed out"),
    }
    for path, (status, message) in expected.items():
        reply = served.call("GET", f"/{path}", None)
        assert (path, reply.status_code, reply.json()) == (path, status, {"message": message})
