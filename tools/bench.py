"""Measure deploy.yml beside the shell loop that a user would write: `make bench`, see docs/performance.md.

Both work on the same embedded AWS, the same six root modules and the same variables, one after the other: the loop runs
`terraform init` and `terraform apply -auto-approve` in each stack. Prints a table in Markdown: wall and CPU seconds (of all child
processes, servers of the embedded AWS excepted), and how many Terraform processes there were.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parents[1]
STACKS = ("dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring")
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"


@dataclass
class Figures:
    """What the runs of one kind have cost."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    terraform: list[int] = field(default_factory=list)

    def row(self, name: str) -> str:
        wall, cpu = (
            f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
            for values in (self.wall, self.cpu)
        )
        return f"| {name} | {wall} | {cpu} | {statistics.median(self.terraform):.0f} |"


class Bench:
    """One embedded AWS, and the two ways to bring it up to date."""

    def __init__(self, folder: Path) -> None:
        self.work, self.count = folder / "work", folder / "terraform.count"
        binary = shutil.which("terraform") or str(ROOT / ".venv/bin/terraform")
        self.binary = folder / "terraform"
        self.binary.write_text(f'#!/bin/sh\necho >>"{self.count}"\nexec "{binary}" "$@"\n')
        self.binary.chmod(0o755)
        self.environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        self.figures: dict[str, Figures] = {}
        self.packages: dict[str, bytes] = {}

    def ansible(self, playbook: str, *more: str) -> None:
        variables = {
            "site_builder_target": "local",
            "site_builder_work_dir": str(self.work),
            "site_builder_terraform_binary": str(self.binary),
        }
        self._run([str(PLAYBOOK), playbook, "-i", "inventories/dev", "-e", json.dumps(variables), *more], ROOT)

    def loop(self) -> None:
        """The loop of a user, in the roots and with the variables that plan.yml has left."""
        environment = self._terraform_environment()
        for stack in STACKS:
            root, tfvars = self.roots[stack]
            if stack == "lambda":
                self._upload()
            command = ["apply", "-auto-approve", "-input=false", f"-var-file={tfvars}"]
            self._run([str(self.binary), "init", "-input=false"], root, environment)
            self._run([str(self.binary), *command], root, environment)

    def destroy(self) -> None:
        """Take everything down, and keep the packages: the loop has none of its own."""
        s3, bucket = self._s3(), self._artifacts()
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            self.packages[item["Key"]] = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        self.ansible(
            "playbooks/destroy.yml", "-e", "site_builder_confirm_destroy=dev", "-e", "site_builder_empty_buckets=true"
        )

    def _upload(self) -> None:
        s3, bucket = self._s3(), self._artifacts()
        there = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
        for key, body in self.packages.items():
            if key not in there:
                s3.put_object(Bucket=bucket, Key=key, Body=body)

    def _artifacts(self) -> str:
        return json.loads(self.roots["lambda"][1].read_text())["buckets"]["artifacts"]["name"]

    def _s3(self) -> Any:
        environment = self._terraform_environment()
        return boto3.client(
            "s3",
            region_name="eu-west-1",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - of the embedded AWS
        )

    def prepare(self) -> None:
        """Take roots and variables from a plan of everything."""
        self.ansible("playbooks/plan.yml")
        plans = max((self.work / "dev/plans").iterdir())
        run = max((self.work / "dev/runs").iterdir())
        self.roots: dict[str, tuple[Path, Path]] = {}
        for stack in STACKS:
            root = next((run / stack).rglob("backend.tf.json")).parent
            command = [str(self.binary), "show", "-json", str(plans / f"{stack}.tfplan")]
            shown = subprocess.run(
                command, cwd=root, env=self._terraform_environment(), capture_output=True, check=True
            )
            values = {name: entry["value"] for name, entry in json.loads(shown.stdout)["variables"].items()}
            tfvars = self.work / f"{stack}.tfvars.json"
            tfvars.write_text(json.dumps(values))
            copy = self.work / "loop" / stack
            shutil.copytree(root.parents[1], copy, symlinks=True)
            self.roots[stack] = (copy / root.relative_to(root.parents[1]), tfvars)

    def measure(self, name: str, call: Callable[[], None]) -> None:
        with self._measured(self.figures.setdefault(name, Figures())):
            call()

    @contextmanager
    def _measured(self, figures: Figures) -> Iterator[None]:
        self.count.write_text("")
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        yield
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures.wall.append(time.monotonic() - started)
        figures.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        figures.terraform.append(len(self.count.read_text().splitlines()))

    def _terraform_environment(self) -> dict[str, str]:
        state = json.loads((self.work / "local_aws/state.json").read_text())
        return {
            **self.environment,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": state["endpoints"]["default"],
            "AWS_ENDPOINT_URL_DYNAMODB": state["endpoints"]["dynamodb"],
            "TF_CLI_CONFIG_FILE": str(self.work / "terraform.rc"),
            "CHECKPOINT_DISABLE": "1",
        }

    def _run(self, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(command, cwd=folder, env=environment or self.environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command[:4])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def main() -> None:
    """Usage: bench.py [repetitions]."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            bench.prepare()
            bench.measure("deploy.yml, first", lambda: bench.ansible("deploy.yml"))
            bench.destroy()
            bench.measure("loop, first", bench.loop)
            for _ in range(repetitions):
                bench.measure("deploy.yml, nothing to change", lambda: bench.ansible("deploy.yml"))
                bench.measure("loop, nothing to change", bench.loop)
                bench.measure("drift.yml", lambda: bench.ansible("playbooks/drift.yml"))
        finally:
            bench.ansible("playbooks/local_aws_down.yml")
    print(f"{os.cpu_count()} cores, medians (smallest to largest) of {repetitions}, first deployments once\n")
    print("| run | wall, s | CPU, s | Terraform processes |\n|---|---|---|---|")
    for name, figures in bench.figures.items():
        print(figures.row(name))


if __name__ == "__main__":
    main()
