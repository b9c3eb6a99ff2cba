"""One embedded AWS and one deployed environment for each of dev and prod, shared by all tests that only look or add."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.conftest import Run, play

Clients = Any
# Of prod's roles; its account is that of the inventory.
BOUNDARY = "arn:aws:iam::333333333333:policy/boundary"


class Environment:
    """A deployed environment, the run that deployed it, and clients for the AWS that holds it.

    always: arguments of every run, as if the inventory said so. screen: of the first run, see play.
    """

    always: tuple[str, ...] = ()

    def __init__(self, name: str, work_dir: Path, *always: str, screen: tuple[int, int] | None = None) -> None:
        self.name, self.work_dir, self.always = name, work_dir, always
        self.first = self.deploy(screen=screen)
        self.state = json.loads((work_dir / "local_aws/state.json").read_text())

    def deploy(self, *arguments: str, **options: Any) -> Run:
        return play(self.work_dir, *self.always, *arguments, environment=self.name, **options)

    def resources(self, region: str) -> dict[str, list[dict[str, Any]]]:
        """The attributes of everything in the states of this environment, by type of resource."""
        s3, bucket = self.client("s3", region), f"site-builder-tfstate-{self.name}-123456789012-{region}"
        found: dict[str, list[dict[str, Any]]] = {}
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            if item["Key"].endswith("/terraform.tfstate"):
                state = json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                for resource in state["resources"]:
                    found.setdefault(resource["type"], []).extend(i["attributes"] for i in resource["instances"])
        return found

    def client(self, service: str, region: str) -> Clients:
        endpoints = self.state["endpoints"]
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=endpoints.get(service, endpoints["default"]),
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at dev comes before what takes it down."""
    looks = [item for item in items if item.path.name == "test_serve.py"]
    first = next((place for place, item in enumerate(items) if item.path.name == "test_deploy_dev.py"), None)
    if looks and first is not None:
        rest = [item for item in items if item not in looks]
        first = next(place for place, item in enumerate(rest) if item.path.name == "test_deploy_dev.py")
        items[:] = [*rest[:first], *looks, *rest[first:]]


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The work directory whose embedded AWS the tests share; the first deploy starts it."""
    work_dir = tmp_path_factory.mktemp("work")
    yield work_dir
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


@pytest.fixture(scope="session")
def dev(embedded_aws: Path) -> Environment:
    return Environment("dev", embedded_aws)


@pytest.fixture(scope="session")
def prod(embedded_aws: Path) -> Environment:
    return Environment(
        "prod", embedded_aws, "-e", f"site_builder_permissions_boundary_arn={BOUNDARY}", screen=(40, 100)
    )


@pytest.fixture(scope="session")
def cli_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider comes from where a deployment would take it."""
    # Not above: a conftest is read before pytest-ansible has told Python where collections are.
    from ansible_collections.bbws.site_builder.plugins.modules import toolchain_info

    file = tmp_path_factory.mktemp("terraform") / "terraform.rc"
    mirrors = toolchain_info.implied_mirrors(dict(os.environ))
    mirror = next((m for m in mirrors if "5.100.0" in toolchain_info.mirrored(m)), None)
    file.write_text(toolchain_info.cli_config(mirror))
    return file
