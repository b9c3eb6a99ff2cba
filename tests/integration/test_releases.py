"""Releases of dev on the embedded AWS: a canary that goes through, one that an alarm stops, a rollback, and what each leaves for Terraform.

Functions and API alone are deployed after the first time; each test goes on from the one before.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import BIN, ROOT, Run, clean_environment
from tests.killing import wait_for_the_end

from .conftest import Environment

pytestmark = pytest.mark.long

REGION = "eu-west-1"
BUCKET = "site-builder-tfstate-dev-123456789012-eu-west-1"
FUNCTION = "site-builder-agents-dev"
ALARM = "site-builder-agents-dev-errors"
UNCHANGED = {"lambda": "unchanged", "api_gateway": "unchanged"}
ROLLBACK = "playbooks/rollback.yml"
KILLS = 10


def below(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    with suppress(OSError):
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [found for child in children for found in (child, *below(child))]
    return []


class Releases:
    """dev, of which a copy of the examples is deployed, that a test may change."""

    def __init__(self, dev: Environment, sources: Path) -> None:
        self.dev, self.sources = dev, sources
        self.functions, self.apis, self.s3, self.alarms = (
            dev.client(service, REGION) for service in ("lambda", "apigateway", "s3", "cloudwatch")
        )
        (self.api,) = self.apis.get_rest_apis()["items"]

    @property
    def arguments(self) -> list[str]:
        given = {"lambda_source_dir": str(self.sources), "api_gateway_openapi_dir": f"{self.sources}/openapi"}
        return ["--limit", "lambda,api_gateway", "-e", json.dumps(given)]

    def deploy(self, *more: str, playbook: str = "deploy.yml") -> Run:
        return self.dev.deploy(*self.arguments, *more, playbook=playbook)

    def play(self, playbook: str, *more: str) -> Run:
        return self.dev.deploy(*more, playbook=playbook)

    def change(self) -> None:
        """Another byte of a function, another route of the API."""
        with (self.sources / "functions/agents/app.py").open("a") as file:
            file.write("# one byte more\n")
        path = self.sources / "openapi/validation-api.yaml"
        document = yaml.safe_load(path.read_text())
        some_path, item = next(iter(document["paths"].items()))
        operation = next(operation for verb, operation in item.items() if verb in ("get", "post"))
        number = len(document["paths"])
        document["paths"][f"{some_path}/again{number}"] = {"post": {**operation, "operationId": f"again{number}"}}
        path.write_text(yaml.safe_dump(document))

    def alias(self) -> tuple[str, dict[str, float]]:
        found = self.functions.get_alias(FunctionName=FUNCTION, Name="live")
        return found["FunctionVersion"], (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    def stage(self) -> str:
        return self.apis.get_stage(restApiId=self.api["id"], stageName="dev")["deploymentId"]

    def records(self) -> list[dict[str, Any]]:
        """The newest first."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="site-builder/dev/releases/").get("Contents", [])
        keys = sorted((item["Key"] for item in listed), reverse=True)
        return [json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]

    def alarm(self, state: str) -> None:
        self.alarms.set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="a test")

    def settled(self, *mode: str) -> Run:
        """A plan and a run find nothing to do."""
        count = len(self.records())
        run = self.deploy(*mode)
        assert run.code == 0, run.output
        assert run.results() == UNCHANGED
        assert len(self.records()) == count
        assert self.alias()[1] == {}
        return run

    def killed(self, when: Callable[[], bool], playbook: str, *more: str) -> None:
        """Run a playbook, and kill all of it as soon as that is so."""
        command = [
            str(BIN / "ansible-playbook"),
            playbook,
            "-i",
            "inventories/dev",
            "-e",
            "site_builder_target=local",
            *more,
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environment(self.dev.work_dir),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not when():
                assert process.poll() is None, "it ended before"
                time.sleep(0.01)
        finally:
            # A module is in a session of its own, and would end its work.
            for pid in [process.pid, *below(process.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        wait_for_the_end(self.dev.work_dir)


def canary(seconds: int) -> list[str]:
    return ["-e", "site_builder_release=canary", "-e", json.dumps({"site_builder_canary": {"seconds": seconds}})]


@pytest.fixture(scope="module")
def releases(dev: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    sources = tmp_path_factory.mktemp("sources") / "examples"
    shutil.copytree(ROOT / "examples", sources)
    yield Releases(dev, sources)


def said(run: Run) -> str:
    return " ".join(run.output.split())


def test_the_first_deployment_is_a_release(releases: Releases) -> None:
    record = releases.records()[-1]
    assert (record["kind"], record["state"], record["verified"]) == ("release", "live", True)
    assert len(record["commit"]) == 40
    assert record["functions"]["agents"]["live"] == "1"
    assert f"release: {record['id']} is live" in said(releases.dev.first)
    assert "verify: passed: function agents, function generation" in said(releases.dev.first)
    assert (
        json.loads(max((releases.dev.work_dir / "dev/runs").glob(f"{record['run']}/report.json")).read_text())[
            "release"
        ]
        == record
    )


def test_a_canary_goes_through_while_its_stage_serves_a_copy(releases: Releases) -> None:
    before, _ = releases.alias()
    releases.change()
    run = releases.deploy(*canary(3))
    assert run.code == 0, run.output
    assert releases.alias() == (str(int(before) + 1), {})
    record = releases.records()[0]
    assert (record["state"], record["verified"]) == ("live", True)
    # The stage serves Terraform's own again, so that plain Terraform has nothing to do.
    assert releases.stage() == record["apis"]["generation"]["latest"] != record["apis"]["generation"]["before"]
    releases.settled(*canary(3))
    releases.settled()


def test_an_alarm_stops_a_canary(releases: Releases) -> None:
    before = releases.alias(), releases.stage()
    releases.change()
    shares: list[dict[str, float]] = []

    def go_off() -> None:
        while not releases.alias()[1]:
            time.sleep(0.1)
        shares.append(releases.alias()[1])
        releases.alarm("ALARM")

    thread = threading.Thread(target=go_off, daemon=True)
    thread.start()
    run = releases.deploy(*canary(600))
    thread.join(timeout=1)
    assert run.code != 0
    assert shares == [{str(int(before[0][0]) + 1): 0.1}]
    assert f"canary of 10 %: {ALARM} went off, and what was live before is live again" in said(run)
    assert releases.alias() == before[0]
    assert releases.records()[0]["state"] == "failed"
    releases.alarm("OK")
    # It does not begin again by itself, whichever way the next deployment goes.
    assert "held: held since" in said(releases.settled(*canary(3)))
    releases.settled()
    assert releases.alias() == before[0]


def test_a_rollback_and_the_list(releases: Releases) -> None:
    releases.change()
    before = releases.alias()[0]
    forward = releases.deploy()
    assert forward.code == 0, forward.output
    latest = releases.alias()[0]
    assert int(latest) > int(before)
    started = time.monotonic()
    back = releases.play(ROLLBACK)
    seconds = time.monotonic() - started
    assert back.code == 0, back.output
    assert releases.alias() == (before, {})
    assert releases.stage() not in (releases.records()[1]["apis"]["generation"]["live"],)
    assert seconds < 60
    listed = releases.play("playbooks/releases.yml")
    assert listed.code == 0, listed.output
    states = [line.split()[4] for line in listed.output.splitlines() if line.strip(" -'\"").startswith("20")]
    assert states[:2] == ["live", "rolled"], listed.output
    run = releases.settled()
    assert "a change moves forward by itself" in said(run)
    assert "site_builder_release_forward=true" in said(run)
    releases.settled(*canary(3))
    onward = releases.deploy("-e", "site_builder_release_forward=true")
    assert onward.code == 0, onward.output
    assert releases.alias() == (latest, {})
    releases.settled()


def test_a_saved_plan_from_before_a_rollback_is_refused(releases: Releases) -> None:
    releases.change()
    planned = releases.deploy(playbook="playbooks/plan.yml")
    assert planned.code == 0, planned.output
    assert releases.play(ROLLBACK).code == 0
    refused = releases.deploy(playbook="playbooks/apply.yml")
    assert refused.code != 0
    assert "the plan file of lambda was made with other variables than those that are defined here" in said(refused)
    moved = releases.deploy()
    assert moved.code == 0, moved.output
    releases.settled()


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_canary_is_finished_by_the_next_run(releases: Releases, number: int) -> None:
    releases.change()
    count = len(releases.records())
    before = releases.alias()[0]
    # From the first record on, at ten moments.
    begun: list[float] = []

    def now() -> bool:
        if not begun and len(releases.records()) > count:
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] > number * 0.15

    releases.killed(now, "deploy.yml", *releases.arguments, *canary(600))
    run = releases.deploy(*canary(1))
    assert run.code == 0, run.output
    assert releases.alias() == (str(int(before) + 1), {})
    releases.settled()


@pytest.mark.parametrize("number", range(KILLS))
@pytest.mark.parametrize("again", ["rollback", "deploy"])
def test_a_killed_rollback_is_finished_by_the_next_run(releases: Releases, number: int, again: str) -> None:
    releases.change()
    before = releases.alias()[0]
    assert releases.deploy().code == 0
    count, begun = len(releases.records()), []

    def now() -> bool:
        if not begun and len(releases.records()) > count:
            begun.append(time.monotonic())
        return bool(begun) and time.monotonic() - begun[0] > number * 0.02

    with suppress(AssertionError):  # it may be faster than this
        releases.killed(now, ROLLBACK)
    run = (
        releases.play(ROLLBACK)
        if again == "rollback" and releases.records()[0]["state"] == "baking"
        else releases.deploy()
    )
    assert run.code == 0, run.output
    assert releases.alias() == (before, {})
    releases.settled()
