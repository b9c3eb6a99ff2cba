"""terraform/environments: one root for all, up to date with the inventories, valid. Their plans: tests/policy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, clean_environment, play

ROOTS = ROOT / "terraform/environments"
ENVIRONMENTS = ["dev", "sit", "prod"]


@pytest.mark.parametrize("environment", ["sit", "prod"])
def test_the_roots_are_one(environment: str) -> None:
    files = {path.name: path for path in (ROOTS / environment).iterdir() if not path.name.startswith(".terraform")}
    assert {name for name, path in files.items() if not path.is_symlink()} == {"terraform.tfvars"}
    del files["terraform.tfvars"]
    assert {name: path.readlink() for name, path in files.items()} == {
        path.name: Path("../dev") / path.name for path in (ROOTS / "dev").glob("*.tf")
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_variables_are_those_of_the_inventory(environment: str, tmp_path: Path) -> None:
    rendered = play(
        tmp_path, "--check", "--diff", environment=environment, playbook="playbooks/render.yml", target="aws"
    )
    assert rendered.code == 0, rendered.output
    fix = f"ansible-playbook playbooks/render.yml -i inventories/{environment}"
    assert re.findall(r"changed=[^0]", rendered.output) == [], (
        f"terraform.tfvars is stale, run: {fix}\n{rendered.output}"
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_variables_name_no_other_account(environment: str) -> None:
    inventory = yaml.safe_load((ROOT / f"inventories/{environment}/group_vars/all.yml").read_text())
    arns = re.findall(r":(\d{12}):", (ROOTS / environment / "terraform.tfvars").read_text())
    assert set(arns) == {inventory["site_builder_account_id"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_root_is_valid(environment: str, cli_config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", folder, symlinks=True, ignore=shutil.ignore_patterns(".terraform*"))
    root = folder / "environments" / environment

    def terraform(*arguments: str) -> str:
        env = clean_environment(tmp_path, TF_CLI_CONFIG_FILE=str(cli_config))
        done = subprocess.run(
            ["terraform", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    terraform("init", "-backend=false", "-input=false")
    assert json.loads(terraform("validate", "-json"))["diagnostics"] == []
    terraform("fmt", "-check", "-diff")
