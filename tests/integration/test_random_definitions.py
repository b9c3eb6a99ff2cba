"""Services that are right: the checks let them through, and Terraform plans what they are defined as.

200 pass the checks; `make test` plans 40 of them, for time. SITE_BUILDER_PLANNED=200 plans them all, see docs/checks.md.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import preflight
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import registry
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs

from tests.conftest import ROOT, clean_environment
from tests.integration.services import Services

# So many at a time: what Terraform needs grows with the square of what it plans, in time and in memory.
BATCH = 40
NUMBER = 200
PLANNED = int(os.environ.get("SITE_BUILDER_PLANNED", "40"))
SEED = 20261125
# The variables of each stack; with them come the upstream outputs that it takes.
STACKS = {
    "dynamodb": ("tables", "region", "tags"),
    "s3": ("buckets", "tags"),
    "iam": ("roles", "region", "account_id", "tags"),
    "lambda": ("functions", "layers", "packages", "environment", "tags"),
    "api_gateway": ("apis", "tags"),
    "monitoring": ("monitoring", "region", "replica_region", "tags"),
}
UPSTREAM = {
    name: tuple(registry.STACKS[upstream].output for upstream in stack.depends_on)
    for name, stack in registry.STACKS.items()
}
# The one thing that a plan of new resources asks AWS.
IDENTITY = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:root</Arn><UserId>x</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


class Sts(BaseHTTPRequestHandler):
    """A security token service that knows one answer."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(IDENTITY)))
        self.end_headers()
        self.wfile.write(IDENTITY)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""


@pytest.fixture
def sts() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Sts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def services() -> list[dict[str, Any]]:
    generator = Services(SEED)
    return [generator.service() for _ in range(NUMBER)]


def defined(one: dict[str, Any]) -> registry.Stacks:
    return registry.define(one["definitions"], one["documents"], preflight.settings(one["values"]))


def tfvars(one: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of each stack, as the engine puts them together where nothing is deployed."""
    stacks = defined(one)
    package = {"s3_key": "lambda/x.zip", "source_code_hash": base64.b64encode(bytes(32)).decode()}
    stacks["lambda"]["tfvars"]["packages"] = dict.fromkeys(stacks["lambda"]["packages"], package)
    known = {name: {"depends_on": stack.depends_on, "output": stack.output} for name, stack in registry.STACKS.items()}
    predicted = {name: stack["predicted_outputs"] for name, stack in stacks.items()}
    return {
        name: {**stack["tfvars"], **stack_inputs(name, known, {}, {}, predicted, known)}
        for name, stack in stacks.items()
    }


def root_module(number: int) -> str:
    """Every stack once for each service. A file for each: whoever refers to one value has Terraform copy all of it."""
    blocks = []
    for name, variables in STACKS.items():
        lines = [f'source = "./terraform/stacks/{name}"', f"for_each = toset([for n in range({number}) : tostring(n)])"]
        for variable in (*variables, *UPSTREAM[name]):
            lines.append(
                f'{variable} = jsondecode(file("${{path.module}}/services/${{each.key}}/{name}.{variable}.json"))'
            )
        if name == "s3":
            # One provider for both: each costs a start, and a plan does not look where the replica is.
            lines.append("providers = {\naws = aws\naws.replica = aws\n}")
        blocks.append(f'module "{name}" {{\n' + "\n".join(lines) + "\n}")
    return "\n".join(blocks)


def provider() -> dict[str, Any]:
    """The real one: it knows what AWS takes, and says so before it asks AWS."""
    skip = ("credentials_validation", "metadata_api_check", "requesting_account_id")
    options = {"region": "eu-west-1", "access_key": "a", "secret_key": "b"}
    return {"provider": {"aws": {**options, **{f"skip_{name}": True for name in skip}}}}


def test_checks_let_them_through(services: list[dict[str, Any]]) -> None:
    for number, one in enumerate(services):
        assert registry.malformed(one["definitions"]) == [], number
        # Their code is nowhere.
        told = registry.astray({}, one["definitions"])
        assert [sentence for sentence in told if "correct the path" not in sentence] == [], number
        assert defined(one).keys() == registry.STACKS.keys()


def test_variables_are_all_there_are(services: list[dict[str, Any]]) -> None:
    for name, variables in tfvars(services[0]).items():
        assert set(variables) == {*STACKS[name], *UPSTREAM[name]}


def resources(batch: list[dict[str, Any]], folder: Path, provider: dict[str, Any], env: dict[str, str]) -> int:
    """Plan these services in a root module of their own; return how many resources they are."""
    folder.mkdir()
    (folder / "terraform").symlink_to(ROOT / "terraform")
    (folder / "main.tf").write_text(root_module(len(batch)))
    (folder / "provider.tf.json").write_text(json.dumps(provider))
    for number, one in enumerate(batch):
        values = folder / f"services/{number}"
        values.mkdir(parents=True)
        for name, variables in tfvars(one).items():
            for variable, value in variables.items():
                (values / f"{name}.{variable}.json").write_text(json.dumps(value))
    for command in (["init", "-backend=false", "-input=false"], ["plan", "-input=false", "-refresh=false"]):
        run = subprocess.run(
            ["terraform", *command, "-no-color"], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr[-8000:]
    planned = re.search(r"^Plan: (\d+) to add, 0 to change, 0 to destroy", run.stdout, re.MULTILINE)
    assert planned, run.stdout[-2000:]
    return int(planned[1])


@pytest.mark.long
def test_terraform_plans_them(services: list[dict[str, Any]], cli_config: Path, sts: str, tmp_path: Path) -> None:
    env = clean_environment(
        tmp_path,
        AWS_ENDPOINT_URL_STS=sts,
        GOMEMLIMIT="1GiB",
        NO_PROXY="127.0.0.1",
        TF_CLI_CONFIG_FILE=str(cli_config),
    )
    for start in range(0, PLANNED, BATCH):
        batch = services[start : min(start + BATCH, PLANNED)]
        assert resources(batch, tmp_path / str(start), provider(), env) > 20 * len(batch)
