"""Every write call of a first deployment of prod, of a change to all of it and of its end, is denied once.

One environment lives under a role that may only read. Each run is denied whatever it may not do yet; what it was denied is granted,
and the next run goes on from there, as with a person who finds out which rights a role needs. So each operation is denied the first
time that it is made, when all that comes before it has been done.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.embedded_aws import EmbeddedAws
from tests.iam_actions import OF_THE_EMBEDDED_AWS, operations

from .world import World, note, said

pytestmark = pytest.mark.long
SERVICES = ("apigateway", "cloudwatch", "dynamodb", "iam", "kms", "lambda", "logs", "s3", "sns")
READS = re.compile(r"\S+ (BatchGet|Describe|Filter|Get|Head|List|Query|Scan|Search|Simulate|Test)")
DENIED = re.compile(r"^\d\d:\d\d:\d\d (\S+) (\w+): AccessDenied\w*: User: ", re.MULTILINE)
# What a function holds in the state is a resource or a bucket that our own modules name.
RESOURCE = re.compile(r"module\.\S+|aws_\w+\.\S+|site-builder-\S+")
MOST_RUNS = 60
# `make test-all` goes through the stacks of the first three waves, and only makes them.
EVERYTHING = "CHAOS_DENIALS" in os.environ
# CHAOS_DENIALS=change,destroy denies nothing before.
PHASES = os.environ.get("CHAOS_DENIALS", "create").replace("1", "create,change,destroy").split(",")


class Denied:
    """The role that learns: what it may not do yet, and what it was denied."""

    def __init__(self, world: World) -> None:
        self.world, self.aws = world, EmbeddedAws(world.work_dir)
        writes = [line for service in SERVICES for line in operations(service) if not READS.match(line)]
        self.missing = [line for line in writes if line not in OF_THE_EMBEDDED_AWS]
        self.granted: list[str] = []
        self.replaced: list[str] = []
        self.unnamed: list[str] = []
        self.reports: set[Path] = set()

    def until_granted(self, phase: str, playbook: str, *arguments: str) -> None:
        """Run until nothing is denied any more."""
        for number in range(MOST_RUNS):
            self.aws.deny(*(dict(zip(("service", "operation"), line.split(" "), strict=True)) for line in self.missing))
            before = self._seen()
            run = self.world.run(playbook, *arguments)
            denied = sorted(self._seen() - before)
            rows = self._rows(run)
            replaced = [name for name, row in rows.items() if row["counts"]["replaced"]]
            unnamed = [line for line in denied if not self._is_named(run, rows, line)]
            self.replaced += replaced
            self.unnamed += unnamed
            note(
                kind="denial", phase=phase, run=number, code=run.code, denied=denied, unnamed=unnamed, replaced=replaced,
                log=str(self.world.log),
            )  # fmt: skip
            # What is denied and does not stop the run is for the record; it is asked for again until it is granted.
            if run.code == 0 and not denied:
                return
            assert denied, run.output
            self.missing = [line for line in self.missing if line not in denied]
            self.granted += denied
            # Who may not delete objects cannot give a lock back.
            self.aws.deny_nothing()
            self.world.take_out_locks()
        pytest.fail(f"still denied after {MOST_RUNS} runs: {self.granted}")

    def _seen(self) -> Counter[str]:
        """How often what was denied so far."""
        logs = [self.aws.directory / name for name in ("moto.log", "ministack.log")]
        found = (DENIED.findall(log.read_text(errors="replace")) for log in logs if log.exists())
        return Counter(f"{service} {operation}" for pairs in found for service, operation in pairs)

    def _rows(self, run: Run) -> dict[str, Any]:
        """Of the report of this run, which it has only where it came as far as Terraform."""
        reports = set((self.world.work_dir / self.world.name / "runs").glob("*/report.json"))
        new = reports - self.reports
        self.reports = reports
        return run.stacks() if new else {}

    def _is_named(self, run: Run, rows: dict[str, Any], line: str) -> bool:
        """The operation, in AWS's words, and a resource in the same sentence."""
        told = said(run) + " ".join(row["reason"] for row in rows.values())
        action = line.replace(" ", ":")
        return any(RESOURCE.search(told[max(0, at.start() - 600) : at.end() + 300]) for at in re.finditer(action, told))


def test_every_write_is_denied_once(tmp_path: Path) -> None:
    limit = () if EVERYTHING else ("--limit", "dynamodb,s3,iam,lambda")
    with World("prod", tmp_path / "world", "14").alive() as world:
        # Who may not deploy has not bootstrapped either.
        bootstrapped = world.run("playbooks/bootstrap.yml")
        assert bootstrapped.code == 0, bootstrapped.output
        role = Denied(world)

        def phase(name: str, playbook: str, *arguments: str) -> None:
            if name in PHASES:
                role.until_granted(name, playbook, *arguments)
                role.aws.deny_nothing()
            else:
                run = world.run(playbook, *arguments)
                assert run.code == 0, run.output
            note(kind="denials", phase=name, granted=role.granted)

        phase("create", "deploy.yml", *limit)
        if EVERYTHING:
            assert world.problems() == {}
            assert world.unsettled() == ""
            world.round += 1
            phase("change", "deploy.yml", "-e", '{"site_builder_lift_protection": true}')
            assert world.problems() == {}
            words = {
                "site_builder_confirm_destroy": "prod",
                "site_builder_destroy_prod": True,
                "site_builder_empty_buckets": True,
                "site_builder_lift_protection": True,
            }
            phase("destroy", "playbooks/destroy.yml", "-e", json.dumps(words))
            assert {kind: names for kind, names in world.held().items() if names} == {}
        assert world.leaks() == {}
        assert (role.unnamed, role.replaced) == ([], [])
