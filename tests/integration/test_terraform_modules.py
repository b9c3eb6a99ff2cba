"""`terraform test` with a mocked AWS for every module and stack: defaults, flags, validations. One folder at a time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, clean_environment

FOLDERS = sorted({path.parent.parent for path in (ROOT / "terraform").glob("*/*/tests/*.tftest.hcl")})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT / "terraform")))
def test_terraform_test(folder: Path, cli_config: Path, tmp_path: Path) -> None:
    env = clean_environment(tmp_path, TF_CLI_CONFIG_FILE=str(cli_config), TF_DATA_DIR=str(tmp_path / "data"))
    try:
        for command in (["init", "-backend=false", "-input=false"], ["test"]):
            run = subprocess.run(
                ["terraform", *command, "-no-color"], cwd=folder, env=env, capture_output=True, text=True, check=False
            )
            assert run.returncode == 0, run.stdout + run.stderr
    finally:
        # Written beside the code, and belongs to this machine.
        (folder / ".terraform.lock.hcl").unlink(missing_ok=True)
