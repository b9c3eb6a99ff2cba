"""Kills deployments: `python -m tests.killing WORK_DIR COMMAND...` runs one and kills it as soon as AWS has made a table."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import boto3

from tests.embedded_aws import EmbeddedAws

TERRAFORM = re.compile(r"^\S*terraform (plan|apply)")


def processes(below: Path) -> dict[int, str]:
    """{pid: command line} of the Terraform processes that work in this directory."""
    found = {}
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            line = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if "terraform" in line and str((proc / "cwd").readlink()).startswith(str(below)):
                found[int(proc.name)] = line
        except OSError:
            continue
    return found


def wait_for_the_end(work_dir: Path) -> None:
    """A Terraform whose Ansible has gone ends by itself. A provider whose Terraform has gone does not; it only waits, and goes with
    its container or by the hand of whoever has killed."""
    deadline = time.monotonic() + 120
    while (left := processes(work_dir)) and time.monotonic() < deadline:
        if not any(TERRAFORM.search(line) for line in left.values()):
            _kill(*left)
        time.sleep(0.2)
    assert left == {}


def _kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def tables(work_dir: Path) -> list[str]:
    """The tables of the embedded AWS of this directory; none when it does not run."""
    state = work_dir / "local_aws/state.json"
    if not state.exists():
        return []
    client = boto3.client(
        "dynamodb",
        # Of dev and sit.
        region_name="eu-west-1",
        endpoint_url=json.loads(state.read_text())["endpoints"]["dynamodb"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return client.list_tables()["TableNames"]


def kill_the_apply(work_dir: Path, command: list[str], **options: object) -> None:
    """Run a deployment; kill all of it when its apply has made a table, which its state cannot know yet.

    Raises AssertionError when it ended before.
    """
    before = set(tables(work_dir))
    # The provider waits for this one, so that the table is there and the state is not written for as long as it takes to kill.
    aws = EmbeddedAws(work_dir)
    aws.deny(
        {
            "service": "dynamodb",
            "operation": "UpdateContinuousBackups",
            "code": "ContinuousBackupsUnavailableException",
            "message": "Backups are being enabled for the table: please retry later",
        }
    )
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **options)
    try:
        while not set(tables(work_dir)) - before:
            assert process.poll() is None, "it ended before it had made a table"
            time.sleep(0.05)
        # Terraform first: it would end its apply in peace.
        _kill(*processes(work_dir))
    finally:
        # A worker of a killed Ansible may wait for it for ever.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        aws.deny_nothing()
    wait_for_the_end(work_dir)


if __name__ == "__main__":
    kill_the_apply(Path(sys.argv[1]), sys.argv[2:])
