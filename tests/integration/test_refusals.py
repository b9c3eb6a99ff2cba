"""What ends before anything starts: one sentence, exit code not 0, nothing begun."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, clean_environment, play


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    return tmp_path / "work"


def started(work_dir: Path) -> bool:
    return (work_dir / "local_aws/state.json").exists()


def test_terraform_that_is_too_old(work_dir: Path, tmp_path: Path) -> None:
    old = executable(tmp_path / "terraform", "#!/bin/sh\necho Terraform v1.5.7\n")
    run = play(work_dir, "-e", f"site_builder_terraform_binary={old}")
    assert run.code != 0
    assert f"Terraform 1.5.7 at {old} is too old, 1.11 or newer is needed" in " ".join(run.output.split())
    assert not started(work_dir)


@pytest.mark.long
def test_provider_mirror_without_the_provider(work_dir: Path, tmp_path: Path) -> None:
    run = play(work_dir, "-e", f"site_builder_provider_mirror={tmp_path}")
    assert run.code != 0
    assert f"site_builder_provider_mirror is {tmp_path}, which has no hashicorp/aws" in " ".join(run.output.split())
    assert not started(work_dir)


@pytest.mark.long
def test_port_in_use(work_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = play(work_dir, "-e", f'{{"local_aws_port": {port}}}')
    assert run.code != 0
    assert f"local_aws_port is {port}, but port {port} of 127.0.0.1 is in use" in run.output
    assert not started(work_dir)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nonexistent/python3", "no Python 3.12 or newer found"),
        ("python3.11", "no Python 3.12 or newer found"),
    ],
)
def test_setup_without_a_usable_python(tmp_path: Path, path: str, sentence: str) -> None:
    executable(tmp_path / "python3.11", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.11.9" && exit 0\nexit 1\n')
    python = path if path.startswith("/") else str(tmp_path / path)
    copy = tmp_path / "checkout"
    (copy / "tools").mkdir(parents=True)
    for name in ("tools/setup", "requirements.txt", "requirements-dev.txt", "requirements-terraform.txt"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    env = clean_environment(tmp_path, PYTHON=python)
    run = subprocess.run(["bash", "tools/setup", "run"], cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert sentence in run.stderr
    assert not (copy / ".venv").exists()


@pytest.mark.long
def test_setup_with_a_terraform_that_is_too_old(tmp_path: Path) -> None:
    executable(tmp_path / "terraform", "#!/bin/sh\necho Terraform v1.5.7\n")
    env = clean_environment(tmp_path)
    env["PATH"] = f"{tmp_path}:{env['PATH']}"
    run = subprocess.run(["bash", "tools/setup", "run"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "Terraform 1.5.7 at" in run.stderr
    assert "is too old" in run.stderr


@pytest.mark.long
def test_limit_that_matches_nothing(work_dir: Path) -> None:
    run = play(work_dir, "--limit", "nosuch")
    assert run.code != 0
    assert not started(work_dir)


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-e", "site_builder_environment=prod"], "site_builder_environment is 'prod' on the command line"),
        (["-e", "site_builder_replica_regoin=eu-west-1"], "the nearest one is site_builder_replica_region"),
        (["-e", "site_builder_alert_emails=nobody"], "site_builder_alert_emails is 'nobody', which is no list"),
    ],
)
def test_bad_variables(work_dir: Path, arguments: list[str], sentence: str) -> None:
    run = play(work_dir, *arguments)
    assert run.code != 0
    assert sentence in " ".join(run.output.split())
    assert not work_dir.exists()
