"""The plan of every environment: right in itself, and nothing fails in checkov and tf-nag that skips.yml does not explain."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import STACKS

BIN = Path(sys.executable).parent.parent / "policy/bin"
SKIPS = yaml.safe_load(Path(__file__).with_name("skips.yml").read_text())


class Finding(NamedTuple):
    tool: str
    check: str
    address: str


def scan(tool: str, *arguments: str | Path, cwd: Path) -> Any:
    """Run a tool that prints JSON and ends with 1 when it has findings."""
    assert (BIN / tool).exists(), (
        f"{BIN / tool} is missing: run tools/setup dev, which installs requirements-policy.txt there."
    )
    # Nothing that a person exported for checkov (CKV_*, BC_*) may hide a finding.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CKV_", "CHECKOV_", "BC_", "PYTHONPATH"))}
    done = subprocess.run(
        [BIN / tool, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return json.loads(done.stdout)


def checkov(plan: Path, cwd: Path) -> set[Finding]:
    said = scan("checkov", "--framework", "terraform_plan", "--skip-download", "-o", "json", "-f", plan, cwd=cwd)
    assert said["summary"]["parsing_errors"] == 0
    assert said["summary"]["passed"] > 200, said["summary"]
    return {Finding("checkov", row["check_id"], row["resource"]) for row in said["results"]["failed_checks"]}


def tf_nag(plan: Path, cwd: Path) -> set[Finding]:
    """Failures, and what it could not know."""
    said = scan("tf-nag", "scan", "--format", "json", "--plan-json", plan, cwd=cwd)
    assert {row["compliance"] for row in said} <= {"NON_COMPLIANT", "UNKNOWN"}
    return {Finding("tf-nag", row["rule_id"], row["address"]) for row in said}


@pytest.fixture(scope="module")
def findings(plan_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what finds everything in an environment's plan, once."""

    @functools.cache
    def findings_of(environment: str) -> set[Finding]:
        # An empty directory: a .checkov.yaml on the way would count.
        cwd = tmp_path_factory.mktemp("policy")
        return checkov(plan_file(environment), cwd) | tf_nag(plan_file(environment), cwd)

    return findings_of


def explains(skip: dict[str, Any], finding: Finding, environment: str) -> bool:
    return (
        (skip["tool"], skip["check"]) == (finding.tool, finding.check)
        and environment in skip.get("environments", ENVIRONMENTS)
        and re.search(skip["resources"], finding.address) is not None
    )


@pytest.mark.long
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_finding_is_explained(environment: str, findings: Any) -> None:
    found = findings(environment)
    assert {finding.tool for finding in found} == {"checkov", "tf-nag"}
    assert sorted(f for f in found if not any(explains(skip, f, environment) for skip in SKIPS)) == []


@pytest.mark.long
def test_every_skip_explains_a_finding(findings: Any) -> None:
    """In every environment that it names."""
    stale = [
        (skip["tool"], skip["check"], skip["resources"], environment)
        for skip in SKIPS
        for environment in skip.get("environments", ENVIRONMENTS)
        if not any(explains(skip, finding, environment) for finding in findings(environment))
    ]
    assert stale == []


@pytest.mark.parametrize("skip", SKIPS, ids=lambda skip: f"{skip['check']} {skip['resources']}")
def test_a_skip_is_well_formed(skip: dict[str, Any]) -> None:
    assert (
        {"tool", "check", "resources", "reason"}
        <= set(skip)
        <= {"tool", "check", "resources", "reason", "environments"}
    )
    assert skip["tool"] in {"checkov", "tf-nag"}
    assert set(skip.get("environments", ENVIRONMENTS)) <= set(ENVIRONMENTS)
    assert re.fullmatch(r"[A-Za-z].+\.", skip["reason"])


@pytest.fixture(scope="module")
def plan(plan_file: Callable[[str], Path]) -> Any:
    """Return what gives the plan of an environment."""
    return lambda environment: json.loads(plan_file(environment).read_text())


def planned(plan: dict[str, Any], resource_type: str) -> dict[str, dict[str, Any]]:
    """Return {address: attributes} of what is to be created."""
    return {
        change["address"]: change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == resource_type and change["change"]["actions"] == ["create"]
    }


@pytest.mark.long
def test_the_wiring_is_that_of_the_engine(plan: Any) -> None:
    root = plan("prod")["configuration"]["root_module"]
    calls = root["module_calls"]["environment"]["module"]["module_calls"]
    wired = {
        stack: {
            argument: reference
            for argument, expression in call["expressions"].items()
            for reference in expression["references"][:1]
            if reference.startswith("module.")
        }
        for stack, call in calls.items()
    }
    assert wired == {
        stack: {STACKS[upstream].output: f"module.{upstream}.{STACKS[upstream].output}" for upstream in spec.depends_on}
        for stack, spec in STACKS.items()
    }


@pytest.mark.long
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_plan_holds_disaster_recovery_in_prod_alone(environment: str, plan: Any) -> None:
    recoverable = ENVIRONMENTS[environment].production
    tables = planned(plan(environment), "aws_dynamodb_table")
    assert len(tables) == 2
    for table in tables.values():
        assert table["deletion_protection_enabled"] is recoverable
        assert [replica["region_name"] for replica in table["replica"]] == (["eu-west-1"] if recoverable else [])
        assert table["point_in_time_recovery"][0]["enabled"]

    replicated = planned(plan(environment), "aws_s3_bucket_replication_configuration")
    replicas = [address for address in planned(plan(environment), "aws_s3_bucket") if ".replica[" in address]
    assert len(replicated) == len(replicas) == (2 if recoverable else 0)
    for replication in replicated.values():
        assert replication["rule"][0]["status"] == "Enabled"
        assert replication["rule"][0]["destination"][0]["bucket"].endswith("-eu-west-1")
    versioning = planned(plan(environment), "aws_s3_bucket_versioning")
    assert {bucket["versioning_configuration"][0]["status"] for bucket in versioning.values()} == {"Enabled"}
