"""Some of the mistakes in bad_inputs.yml as real runs of deploy.yml: each ends with its sentence before anything has started.

What is said of the others is looked at in tests/unit/action/test_bad_inputs.py.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs import CASES, inventory, name_of
from tests.conftest import BIN, ROOT, clean_environment

END_TO_END = [case for case in CASES if case.get("end_to_end")]
# Answers as Terraform does when it is asked for its version, and leaves a trace of everything else.
TERRAFORM = """#!/bin/sh
[ "$1" = version ] && echo Terraform v1.11.4 && exit 0
echo "$@" >> "$(dirname "$0")/trace"
exit 1
"""
JSON = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false"}


def tree(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*")}


def checkout() -> str:
    """What git sees of the checkout, contents included."""
    status = subprocess.check_output(["git", "status", "--porcelain", "-uall"], cwd=ROOT, text=True)
    return status + subprocess.check_output(["git", "diff"], cwd=ROOT, text=True, errors="replace")


def deploy(tmp_path: Path, folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run deploy.yml with a home of its own; return exit code and output when it has touched and started nothing."""
    terraform, home, work_dir = tmp_path / "terraform", tmp_path / "home", tmp_path / "work"
    terraform.write_text(TERRAFORM)
    terraform.chmod(0o755)
    home.mkdir()
    (home / "precious").touch()
    # Ansible's own scratch space is not the matter here.
    ansible = {"ANSIBLE_HOME": str(tmp_path / "ansible"), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible/tmp"), **JSON}
    before = tree(home), checkout()
    run = subprocess.run(
        [
            *(str(BIN / "ansible-playbook"), "deploy.yml", "-i", str(folder), "-e", "site_builder_target=local"),
            *("-e", f"site_builder_terraform_binary={terraform}", *arguments),
        ],
        cwd=ROOT,
        env=clean_environment(work_dir, HOME=str(home), **ansible, **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (tree(home), checkout()) == before
    assert not (tmp_path / "trace").exists(), "Terraform was started"
    assert not work_dir.exists(), "the working directory was written to"
    return run.returncode, run.stdout


def told(output: str) -> str:
    """The one sentence of the one task that failed."""
    fatal = re.findall(r"^fatal: \[\w+\]: FAILED! => (\{.*\})$", output, re.MULTILINE)
    assert len(fatal) == 1, output
    assert "Traceback" not in output
    return json.loads(fatal[0])["msg"]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name_of(case), marks=[pytest.mark.long] if number else [])
        for number, case in enumerate(END_TO_END)
    ],
)
def test_bad_input(case: dict[str, Any], tmp_path: Path) -> None:
    folder = inventory(case, tmp_path)
    code, output = deploy(tmp_path, folder, *case.get("extra", []))
    assert code != 0, output
    assert told(output).replace(str(folder), "@INVENTORY@") == case["says"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "environment", "what"),
    [
        (["--tags", "lambda"], {}, "--tags (or ANSIBLE_RUN_TAGS)"),
        ([], {"ANSIBLE_SKIP_TAGS": "lambda"}, "--skip-tags (or ANSIBLE_SKIP_TAGS)"),
        ([], {"ANSIBLE_STRATEGY": "free"}, "ANSIBLE_STRATEGY"),
        ([], {"ANSIBLE_ANY_ERRORS_FATAL": "1"}, "ANSIBLE_ANY_ERRORS_FATAL"),
    ],
)
def test_run_that_leaves_something_out(
    arguments: list[str], environment: dict[str, str], what: str, tmp_path: Path
) -> None:
    code, output = deploy(tmp_path, ROOT / "inventories/dev", *arguments, **environment)
    assert code != 0, output
    assert told(output).startswith(f"{what} is ")
