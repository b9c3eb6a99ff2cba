"""Measure deploy.yml beside the shell loops that a user would write: `make bench`, see docs/performance.md.

All work on the same embedded AWS, the same six root modules and the same variables, one after the other: a loop runs
`terraform init` and `terraform apply -auto-approve` in each stack, one by one, or the stacks of a wave side by side. Prints a
table in Markdown: wall and CPU seconds (of all child processes, servers of the embedded AWS excepted), the most memory that they
had at once, and how many processes of Terraform and its provider there were.
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
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parents[1]
WAVES = (("dynamodb", "s3"), ("iam",), ("lambda",), ("api_gateway",), ("monitoring",))
STACKS = tuple(stack for wave in WAVES for stack in wave)
LOOK_SECONDS = 0.1
CORES = os.cpu_count() or 1
SKIP = ("-e", "site_builder_skip_unchanged=true")
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"
ENVIRONMENT = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}


@dataclass
class Figures:
    """What the runs of one kind have cost."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    processes: list[tuple[int, int]] = field(default_factory=list)

    def row(self, name: str) -> str:
        wall, cpu = (
            f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
            for values in (self.wall, self.cpu)
        )
        terraform, provider = sorted(self.processes)[len(self.processes) // 2]
        return f"| {name} | {wall} | {cpu} | {max(self.memory):.0f} | {terraform} | {provider} |"


class Watch(threading.Thread):
    """Looks at our descendants: how much memory they have, and which of them are Terraform's."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.memory, self.terraform, self.provider = 0, set[int](), set[int]()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self._look()

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _look(self) -> None:
        parents: dict[int, int] = {}
        names: dict[int, str] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                head, _, rest = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue  # it has ended
            names[int(entry.name)] = head.partition("(")[2]
            parents[int(entry.name)] = int(rest.split()[1])
        ours = {os.getpid()}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        memory = 0
        for pid in ours - {os.getpid()}:
            try:
                # What is shared is counted once, in parts.
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            except (OSError, StopIteration):
                continue
            if names[pid] == "terraform":
                self.terraform.add(pid)
            elif names[pid].startswith("terraform-provi"):
                self.provider.add(pid)
        self.memory = max(self.memory, memory)


@contextmanager
def measured(figures: Figures) -> Iterator[None]:
    """What all our child processes cost meanwhile."""
    watch = Watch()
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    watch.start()
    yield
    watch.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures.wall.append(time.monotonic() - started)
    figures.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    figures.memory.append(watch.memory / 1024)
    figures.processes.append((len(watch.terraform), len(watch.provider)))


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command and return what it said, or end with that."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def ansible(playbook: str, work: Path, *more: str, inventory: str = "inventories/dev", **variables: object) -> str:
    """Run a playbook against the embedded AWS of this work directory, and return what it said."""
    given = {"site_builder_target": "local", "site_builder_work_dir": str(work), **variables}
    return run([str(PLAYBOOK), playbook, "-i", inventory, "-e", json.dumps(given), *more], ROOT, ENVIRONMENT)


class Bench:
    """One embedded AWS, and the two ways to bring it up to date."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.binary = shutil.which("terraform") or str(ROOT / ".venv/bin/terraform")
        self.examples = folder / "examples"
        shutil.copytree(ROOT / "examples", self.examples)
        self.figures: dict[str, Figures] = {}
        self.packages: dict[str, bytes] = {}

    def ansible(self, playbook: str, *more: str) -> None:
        ansible(playbook, self.work, *more, lambda_source_dir=str(self.examples))

    def loop(self, *command: str, at_once: int = 1, backwards: bool = False) -> None:
        """The loop of a user, in the roots and with the variables that plan.yml has left."""
        environment = self._terraform_environment()
        arguments = command or ("apply", "-auto-approve")

        def one(stack: str) -> None:
            root, tfvars = self.roots[stack]
            if stack == "lambda" and not backwards:
                self._upload()
            run([self.binary, "init", "-input=false"], root, environment)
            run([self.binary, *arguments, "-input=false", f"-var-file={tfvars}"], root, environment)

        for wave in WAVES[::-1] if backwards else WAVES:
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(one, wave))

    def change(self) -> None:
        """One function gets another byte."""
        with (self.examples / "functions/agents/app.py").open("a") as file:
            file.write("\n# one byte more\n")

    def take_variables(self) -> None:
        """For the loop: the packages and the variables of a changed function, which somebody has to make for it, too."""
        self.ansible("playbooks/plan.yml", "--limit", "lambda")
        self._variables(["lambda"])
        path = max((self.work / "packages").glob("*.zip"), key=lambda path: path.stat().st_mtime)
        functions = json.loads(self.roots["lambda"][1].read_text())["packages"]
        key = next(p["s3_key"] for p in functions.values() if path.stem in p["s3_key"])
        self.packages[key] = path.read_bytes()

    def destroy(self) -> None:
        """Take everything down, and keep the packages: the loop has none of its own."""
        s3, bucket = self._s3(), self._artifacts()
        for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
            self.packages[item["Key"]] = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        self.ansible(
            "playbooks/destroy.yml", "-e", "site_builder_confirm_destroy=dev", "-e", "site_builder_empty_buckets=true"
        )

    def destroy_by_loop(self) -> None:
        """Terraform deletes no bucket that holds anything, and every request writes into the log of accesses."""
        s3 = self._s3()
        buckets = [one["Name"] for one in s3.list_buckets()["Buckets"] if "-tfstate-" not in one["Name"]]
        for bucket in buckets:
            s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
        for bucket in buckets:
            for version in s3.list_object_versions(Bucket=bucket).get("Versions", []):
                s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
        self.loop("destroy", "-auto-approve", backwards=True)

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
        self.roots: dict[str, tuple[Path, Path]] = {}
        self._variables(STACKS)

    def _variables(self, stacks: Iterable[str]) -> None:
        plans = max((self.work / "dev/plans").iterdir())
        run = max((self.work / "dev/runs").iterdir())
        for stack in stacks:
            root = next((run / stack).rglob("backend.tf.json")).parent
            command = [self.binary, "show", "-json", str(plans / f"{stack}.tfplan")]
            shown = subprocess.run(
                command, cwd=root, env=self._terraform_environment(), capture_output=True, check=True
            )
            values = {name: entry["value"] for name, entry in json.loads(shown.stdout)["variables"].items()}
            tfvars = self.work / f"{stack}.tfvars.json"
            tfvars.write_text(json.dumps(values))
            if stack not in self.roots:
                copy = self.work / "loop" / stack
                shutil.copytree(root.parents[1], copy, symlinks=True)
                self.roots[stack] = (copy / root.relative_to(root.parents[1]), tfvars)

    def measure(self, name: str, call: Callable[[], None]) -> None:
        figures = self.figures.setdefault(name, Figures())
        with measured(figures):
            call()
        print(f"{name}: {figures.wall[-1]:.1f} s, CPU {figures.cpu[-1]:.1f} s", file=sys.stderr, flush=True)

    def _terraform_environment(self) -> dict[str, str]:
        state = json.loads((self.work / "local_aws/state.json").read_text())
        return {
            **ENVIRONMENT,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": state["endpoints"]["default"],
            "AWS_ENDPOINT_URL_DYNAMODB": state["endpoints"]["dynamodb"],
            "TF_CLI_CONFIG_FILE": str(self.work / "terraform.rc"),
            "CHECKPOINT_DISABLE": "1",
        }


def once(bench: Bench) -> None:
    """From nothing to nothing, each way."""
    bench.measure("first: deploy.yml", lambda: bench.ansible("deploy.yml"))
    bench.measure("destroy: destroy.yml", bench.destroy)
    bench.measure("first: loop", bench.loop)
    bench.measure("destroy: loop", bench.destroy_by_loop)
    bench.measure("first: loop, waves", lambda: bench.loop(at_once=CORES))


def again(bench: Bench) -> None:
    """What people do with what is deployed, each way in turn."""
    bench.measure("no change: loop", bench.loop)
    bench.measure("no change: deploy.yml", lambda: bench.ansible("deploy.yml"))
    bench.measure("no change: loop, waves", lambda: bench.loop(at_once=CORES))
    # The loop has written the states anew, as far as anybody can tell.
    bench.ansible("deploy.yml", *SKIP)
    bench.measure("no change: deploy.yml, skip", lambda: bench.ansible("deploy.yml", *SKIP))
    bench.measure("plan: loop", lambda: bench.loop("plan"))
    bench.measure("plan: plan.yml", lambda: bench.ansible("playbooks/plan.yml"))
    bench.measure("drift: drift.yml", lambda: bench.ansible("playbooks/drift.yml"))
    bench.change()
    bench.measure("one function: deploy.yml", lambda: bench.ansible("deploy.yml"))
    bench.ansible("deploy.yml", *SKIP)
    bench.change()
    bench.measure("one function: deploy.yml, skip", lambda: bench.ansible("deploy.yml", *SKIP))
    bench.change()
    bench.take_variables()
    bench.measure("one function: loop", bench.loop)
    bench.ansible("deploy.yml", *SKIP)


def main() -> None:
    """Usage: bench.py [repetitions [once|again]...]. Each figure is told as it comes, the table at the end."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    parts = sys.argv[2:] or ("once", "again")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            bench.prepare()
            if "once" in parts:
                once(bench)
            if "again" in parts:
                bench.ansible("deploy.yml", *SKIP)
                for _ in range(repetitions):
                    again(bench)
        finally:
            bench.ansible("playbooks/local_aws_down.yml")
    print(f"{CORES} cores, medians (smallest to largest) of {repetitions}, first deployments and destructions once\n")
    print("| run | wall, s | CPU, s | memory, MiB | Terraform | provider |\n|---|---|---|---|---|---|")
    for name, figures in sorted(bench.figures.items()):
        print(figures.row(name))
    print(f"\n{chart(bench.figures)}")


def chart(figures: dict[str, Figures]) -> str:
    """The wall times, as Mermaid draws them."""
    names = sorted(name for name in figures if name.startswith(("no change", "one function", "first")))
    walls = ", ".join(f"{statistics.median(figures[name].wall):.1f}" for name in names)
    labels = ", ".join(f'"{name}"' for name in names)
    lines = (
        "```mermaid",
        "xychart-beta horizontal",
        f"  x-axis [{labels}]",
        '  y-axis "seconds"',
        f"  bar [{walls}]",
        "```",
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
