"""Nothing is green that did nothing: a play over no stack fails, in every playbook and without our ansible.cfg."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import BIN, ROOT, clean_environment

PLAYBOOKS = sorted(
    path for path in (ROOT / "playbooks").glob("*.yml") if path.stem not in ("awx", "local_aws_up", "new_function")
)


def run(tmp_path: Path, playbook: str, *arguments: str) -> tuple[int, str]:
    """As with an installed collection: none of the checkout's settings."""
    config = tmp_path / "ansible.cfg"
    config.touch()
    collections = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_CONFIG": str(config)}
    result = subprocess.run(
        [str(BIN / "ansible-playbook"), playbook, *arguments],
        cwd=ROOT,
        env={**clean_environment(tmp_path), **collections},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_asks_for_its_hosts(playbook: Path) -> None:
    plays = yaml.safe_load(playbook.read_text())
    assert [play["hosts"] for play in plays] == ["{{ lookup('bbws.site_builder.stack_hosts') }}"] * len(plays)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-i", "inventories/prd"], "the inventory (inventories/prd) has no host in the group stacks"),
        (["-i", "other,"], "has no host in the group stacks"),
        (["-i", "inventories/dev", "-i", "other,", "--limit", "other"], "--limit is 'other', which leaves no host"),
        (["-i", "inventories/dev", "-i", "other,", "--limit", "all:!stacks"], "--limit is 'all:!stacks', which leaves"),
        (["-i", "inventories/dev", "--limit", "nothing"], "leaves us with no hosts to target"),
    ],
)
def test_a_play_over_nothing_fails(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    code, said = run(tmp_path, "bbws.site_builder.deploy", *arguments)
    assert code != 0
    assert said.count(sentence) == 1, said
    assert "Traceback" not in said


@pytest.mark.parametrize("option", ["--syntax-check", "--list-hosts", "--list-tasks"])
def test_who_only_looks_needs_no_inventory(tmp_path: Path, option: str) -> None:
    code, said = run(tmp_path, "bbws.site_builder.deploy", option)
    assert code == 0, said


def test_a_limit_that_leaves_a_stack_is_taken(tmp_path: Path) -> None:
    limit = ["--limit", "other:s3", "-e", "site_builder_region=nowhere"]
    code, said = run(tmp_path, "bbws.site_builder.deploy", "-i", "inventories/dev", "-i", "other,", *limit)
    assert code == 2
    assert "site_builder_region is 'nowhere'" in " ".join(said.split()), said
