"""Each mistake in bad_inputs.yml is a real run of deploy.yml that ends with one sentence, before anything has started.

A case says what is changed in the inventory (`change`: a value by its path, from the role's default on where the inventory
has none; `text`: lines as they are; `files`) or given on the command line (`extra`), and the whole sentence that must come.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, clean_environment

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_inputs.yml").read_text())
DEFAULTS = {
    name: value
    for path in sorted(ROOT.glob("roles/*/defaults/main.yml"))
    for name, value in (yaml.safe_load(path.read_text()) or {}).items()
}
# Answers as Terraform does when it is asked for its version, and leaves a trace of everything else.
TERRAFORM = """#!/bin/sh
[ "$1" = version ] && echo '{"terraform_version": "1.11.4"}' && exit 0
echo "$@" >> "$(dirname "$0")/trace"
exit 1
"""


def name_of(case: dict[str, Any]) -> str:
    change = "; ".join(f"{path}={value}" for path, value in case.get("change", {}).items())
    parts = [
        case.get("environment", ""),
        change,
        case.get("text", ""),
        *case.get("extra", []),
        *case.get("files", {}).values(),
    ]
    return re.sub(r"\s+", " ", " ".join(parts)).strip()[:160]


def changed(values: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a/path/0/of/keys; the value `absent` takes away what is there."""
    first, *rest = path.split("/")
    if not rest:
        place, last = values, first
    else:
        values.setdefault(first, json.loads(json.dumps(DEFAULTS[first])))
        place = values[first]
        for part in rest[:-1]:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        last = rest[-1]
    if value == "absent":
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def inventory(case: dict[str, Any], folder: Path) -> Path:
    """A copy of the inventory of dev (or of `environment`) with the mistake."""
    target = folder / case.get("folder", case.get("environment", "dev"))
    shutil.copytree(ROOT / "inventories" / case.get("environment", "dev"), target)
    for name, text in case.get("files", {}).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    variables = target / "group_vars/all.yml"
    values = yaml.safe_load(variables.read_text())
    for path, value in case.get("change", {}).items():
        changed(values, path, json.loads(json.dumps(value).replace("@INVENTORY@", str(target))))
    variables.write_text(yaml.safe_dump(values) + case.get("text", ""))
    return target


def tree(folder: Path) -> set[tuple[str, int]]:
    return {(str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*")}


def checkout() -> str:
    """What git sees of the checkout, contents included."""
    status = subprocess.check_output(["git", "status", "--porcelain", "-uall"], cwd=ROOT, text=True)
    return status + subprocess.check_output(["git", "diff"], cwd=ROOT, text=True, errors="replace")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run all cases, one after the other; for each its exit code, output, and what it left behind."""
    base = tmp_path_factory.mktemp("bad")
    terraform = base / "terraform"
    terraform.write_text(TERRAFORM)
    terraform.chmod(0o755)
    home = base / "home"
    home.mkdir()
    (home / "precious").touch()
    jobs = []
    for number, case in enumerate(CASES):
        folder = base / str(number)
        arguments = ["deploy.yml", "-i", str(inventory(case, folder)), "-e", "site_builder_target=local"]
        arguments += ["-e", f"site_builder_terraform_binary={terraform}", *case.get("extra", [])]
        environment = {"SITE_BUILDER_WORK_DIR": str(folder / "work")}
        jobs.append({"arguments": arguments, "environment": environment, "output": str(folder / "output")})
    (base / "jobs.json").write_text(json.dumps(jobs))
    # Ansible's own scratch space is not the matter here.
    ansible = {"ANSIBLE_HOME": str(base / "ansible"), "ANSIBLE_LOCAL_TEMP": str(base / "ansible/tmp")}
    ansible |= {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false"}
    before = tree(home), checkout()
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fork_plays.py")), str(base / "jobs.json")],
        cwd=ROOT,
        env=clean_environment(base / "work", HOME=str(home), **ansible),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (tree(home), checkout()) == before
    assert not (base / "trace").exists(), "Terraform was started"
    assert not (base / "work").exists()
    results = json.loads(run.stdout)
    return [
        {
            **result,
            "inventory": job["arguments"][2],
            "output": Path(job["output"]).read_text(),
            "left": Path(job["environment"]["SITE_BUILDER_WORK_DIR"]).exists(),
        }
        for job, result in zip(jobs, results, strict=True)
    ]


def test_there_are_enough() -> None:
    assert len(CASES) >= 120
    assert len({name_of(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name_of(case) for case in CASES])
def test_bad_input(runs: list[dict[str, Any]], number: int) -> None:
    case, run = CASES[number], runs[number]
    assert run["code"] not in (0, 99), run["output"]
    fatal = re.findall(r"^fatal: \[\w+\]: FAILED! => (\{.*\})$", run["output"], re.MULTILINE)
    assert len(fatal) == 1, run["output"]
    assert json.loads(fatal[0])["msg"].replace(run["inventory"], "@INVENTORY@") == case["says"]
    assert "Traceback" not in run["output"]
    assert not run["left"], "the working directory was written to"
