"""The molecule scenario, as a person would run it from the checkout: sit, deployed, idempotent, verified, destroyed.

Two stacks of six, for time: all six are deployed in test_deploy_dev, and destroyed in test_deploy_prod.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import BIN, ROOT, clean_environment


def test_default_scenario(tmp_path: Path) -> None:
    env = clean_environment(tmp_path / "work", SITE_BUILDER_LIMIT="dynamodb,s3")
    env["PATH"] = f"{BIN}:{env['PATH']}"
    env.pop("ANSIBLE_CONFIG")
    run = subprocess.run(
        [str(BIN / "molecule"), "test"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20000:]
    assert not (tmp_path / "work/local_aws/state.json").exists()
