"""What the tests share: where the checkout is, and how Ansible is run in it."""

from __future__ import annotations

import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.reaper import end_with_the_tests

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

# One profile for all. A machine that is busy with other tests is slow, which says nothing about the code.
settings.register_profile(
    "site_builder",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("site_builder")


class ByFile(LoadFileScheduling):
    """A file stays on one worker, since its tests share environments; only molecule's scenarios have nothing in common.

    Files that share one more go together, in their order.
    """

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid).replace("/test_serve.py", "/test_deploy_dev.py")
        return nodeid if scope.endswith("/test_molecule.py") else scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def on_screen(shown: str) -> str:
    """What stands on the terminal in the end: of a line that was written anew, its last text, and no colours."""
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip("\r") for line in shown.split("\n")]
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in lines)


@dataclass
class Run:
    """One ansible-playbook run, as a person would see it."""

    code: int
    output: str
    work_dir: Path
    environment: str

    def stacks(self) -> dict[str, dict[str, Any]]:
        """The stacks of the newest run report."""
        newest = max((self.work_dir / self.environment / "runs").glob("*/report.json"))
        return {row["name"]: row for row in json.loads(newest.read_text())["stacks"]}

    def results(self) -> dict[str, str]:
        return {name: row["result"] for name, row in self.stacks().items()}

    def recap(self) -> dict[str, dict[str, int]]:
        """The play recap: {host: {ok, changed, failed, ...}}."""
        lines = self.output.partition("PLAY RECAP")[2].splitlines()[1:]
        return {
            line.split(":")[0].strip(): {k: int(v) for k, v in (item.split("=") for item in line.split(":")[1].split())}
            for line in lines
            if "ok=" in line
        }


def clean_environment(work_dir: Path, **extra: str) -> dict[str, str]:
    """The environment of a person who has exported nothing that we know of."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "AWS_", "TF_", "MOLECULE_"))}
    return {
        **kept,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_FORCE_COLOR": "0",
        # What every task has done; our own screen has tests of its own.
        "ANSIBLE_STDOUT_CALLBACK": "default",
        # For a Terraform that a test starts itself; see roles/terraform_stack/vars/main.yml.
        "GOGC": "800",
        "SITE_BUILDER_WORK_DIR": str(work_dir),
        **extra,
    }


def play(
    work_dir: Path,
    *arguments: str,
    environment: str = "dev",
    playbook: str = "deploy.yml",
    target: str = "local",
    env: dict[str, str] | None = None,
    timeout: int = 900,
    inventory: Path | None = None,
    screen: tuple[int, int] | None = None,
) -> Run:
    """Run a playbook of the checkout against an inventory of the checkout, or another one.

    screen: rows and columns of a terminal, on which our own callback shows the run.
    """
    end_with_the_tests(work_dir)
    command = [str(BIN / "ansible-playbook"), playbook, "-i", str(inventory or f"inventories/{environment}")]
    command += ["-e", f"site_builder_target={target}", *arguments]
    if screen:
        variables = clean_environment(work_dir, ANSIBLE_STDOUT_CALLBACK="bbws.site_builder.terminal", **(env or {}))
        shown, code = pexpect.run(
            shlex.join(command), timeout=timeout, withexitstatus=True, cwd=ROOT, env=variables, dimensions=screen
        )
        return Run(code, on_screen(shown.decode()), work_dir, environment)
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(work_dir, **(env or {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(result.returncode, result.stdout, work_dir, environment)


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Return what plans the root module of an environment, once, in an embedded AWS of its own; it gives the JSON."""
    work_dir = tmp_path_factory.mktemp("plans")

    @functools.cache
    def plan_file_of(environment: str) -> Path:
        run = play(work_dir, environment=environment, playbook="playbooks/plan_root.yml")
        assert run.code == 0, run.output
        assert re.search(rf"{environment}: Plan: \d+ to add, 0 to change, 0 to destroy", run.output), run.output
        return Path(re.search(r"plan: (\S+/plan\.json)", run.output)[1])

    yield plan_file_of
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)
