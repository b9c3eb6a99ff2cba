# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folders of the runs of an environment: whose they are, and which of them may go."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import started_at
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json, write_private

PLAN = "plan.tfplan"
TFVARS = "terraform.tfvars.json"
# Terraform's own name for a state that it could not write to the backend. How deep it is depends on the modules called.
ERRORED = "errored.tfstate"
LEFT = f"stage-*/**/{ERRORED}"
# Which process a run is. A worker ends with its task, so this is not it.
OWNER = "owner.json"

_SECRET_FILES = (PLAN, TFVARS)
_KEPT_RUNS = 10
_CUT_SHORT_SECONDS = 24 * 3600


def claim(run: Path, pid: int) -> None:
    """Write down that the process is working in this folder, until it ends or the folder is swept."""
    owner = {"host": platform.node(), "pid": pid, "started": started_at(pid)}
    write_private(run / OWNER, to_json(owner).encode())


def is_live(run: Path) -> bool:
    """Whether somebody is working in this folder.

    Of a folder of another machine, on a disk that several share, nobody here can know; it counts as live for a day.
    """
    try:
        owner = json.loads((run / OWNER).read_bytes())
        if owner["host"] != platform.node():
            return not _is_old(run)
        return owner["started"] is not None and started_at(owner["pid"]) == owner["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def sweep(run: Path) -> None:
    """Remove what may hold secrets, and the runs that nobody will look at any more."""
    others = sorted((path for path in run.parent.iterdir() if path != run), reverse=True)
    live = {path for path in others if is_live(path)}
    dead = [path for path in others if path not in live and _is_old(path)]
    for path in [run, *dead]:
        for name in _SECRET_FILES:
            for file in path.glob(f"*/{name}"):
                file.unlink(missing_ok=True)
    (run / OWNER).unlink(missing_ok=True)
    for path in others[_KEPT_RUNS - 1 :]:
        # What could not be saved is all there is of it, also where it cannot be read any more.
        if path in live or any(path.glob(f"*/{LEFT}*")):
            continue
        # A Terraform may outlive its Ansible, and works with its plan, which is empty before there is one.
        if path in dead or not any(_size(plan) for plan in path.glob(f"*/{PLAN}")):
            shutil.rmtree(path, ignore_errors=True)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _is_old(path: Path) -> bool:
    with suppress(FileNotFoundError):  # another sweep was faster
        return path.stat().st_mtime < time.time() - _CUT_SHORT_SECONDS
    return False


def owner_pid() -> int:
    """The process that this run is: Ansible's main one, where this is a worker of it."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent else os.getpid()
