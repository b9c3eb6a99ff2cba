"""Every refusal leads somewhere: these take the way that the sentence names, and arrive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run, play
from tests.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.long
TABLES = [f'module.tables["{key}"].aws_dynamodb_table.this' for key in ("agents", "generations")]
ALLOWED = ("-e", json.dumps({"site_builder_allow_destroy": TABLES}))


@pytest.fixture
def work_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "work"
    stopped = play(tmp_path / "work", playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output


def test_a_replica_that_could_not_be_created(work_dir: Path) -> None:
    """The tables are there, and marked for replacement. Replacing them is what the gates refuse, and rightly so."""

    def deploy() -> Run:
        return play(work_dir, "--limit", "dynamodb", environment="prod")

    EmbeddedAws(work_dir).deny(
        {"service": "dynamodb", "operation": "UpdateTable", "containing": "ReplicaUpdates", "times": 2}
    )
    first = deploy()
    assert first.code != 0
    assert "AccessDenied" in first.stacks()["dynamodb"]["reason"]
    assert "dynamodb: Untaint module.tables" in first.output
    second = deploy()
    assert second.code == 0, second.output
    row = second.stacks()["dynamodb"]
    assert (row["counts"]["updated"], row["counts"]["replaced"], row["counts"]["deleted"]) == (2, 0, 0)
    assert deploy().results() == {"dynamodb": "unchanged"}


@pytest.fixture
def sit(tmp_path: Path) -> Path:
    """An inventory of sit that a test may change."""
    return Path(shutil.copytree(ROOT / "inventories/sit", tmp_path / "inventories/sit"))


def replica(sit: Path, region: str | None) -> None:
    file = sit / "group_vars/all.yml"
    kept = (ROOT / "inventories/sit/group_vars/all.yml").read_text()
    more = f"site_builder_replica_region: {region}\nsite_builder_dr: {{enabled: true}}\n" if region else ""
    file.write_text(kept + more)


def test_a_replica_moves_or_goes(work_dir: Path, sit: Path) -> None:
    """A copy is data. Where it moves, the new one comes before the old one goes; the stream outlives the last one."""

    def deploy(*arguments: str) -> Run:
        return play(work_dir, "--limit", "dynamodb", *arguments, environment="sit", inventory=sit)

    replica(sit, "eu-central-1")
    assert deploy().results() == {"dynamodb": "succeeded"}
    for region in ("eu-north-1", None):
        replica(sit, region)
        refused = deploy()
        assert refused.code != 0
        assert "deletes the replica of" in refused.stacks()["dynamodb"]["reason"]
        allowed = deploy(*ALLOWED)
        assert allowed.code == 0, allowed.output
        assert "the second of two steps" in allowed.output
        assert allowed.stacks()["dynamodb"]["counts"] == {"created": 0, "updated": 4, "replaced": 0, "deleted": 0}
        assert deploy().results() == {"dynamodb": "unchanged"}
