"""The molecule scenarios, as a person would run them: `molecule test -s <name>` in extensions/."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN, ROOT, clean_environment

SCENARIOS = sorted(path.parent.name for path in (ROOT / "extensions/molecule").glob("*/molecule.yml"))
# One stack of six, for time: all six are deployed and destroyed in prod_dr, installed_collection, test_deploy_dev and test_deploy_prod.
LIMITS = {"default": "dynamodb"}


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=[] if name == "default" else pytest.mark.long) for name in SCENARIOS]
)
def test_scenario(scenario: str, tmp_path: Path) -> None:
    limit = {"SITE_BUILDER_LIMIT": LIMITS[scenario]} if scenario in LIMITS else {}
    env = clean_environment(tmp_path / "work", MOLECULE_EPHEMERAL_DIRECTORY=str(tmp_path / "molecule"), **limit)
    env["PATH"] = f"{BIN}:{env['PATH']}"
    env.pop("ANSIBLE_CONFIG")
    run = subprocess.run(
        [str(BIN / "molecule"), "test", "-s", scenario],
        cwd=ROOT / "extensions",
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20000:]
    assert list(tmp_path.rglob("state.json")) == [], "the embedded AWS still runs"
