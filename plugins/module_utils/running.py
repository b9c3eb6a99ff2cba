# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Terraform is at work for which stack, and for how long: what the callbacks tell a person who waits."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

# The tasks worth a line are those that run Terraform, whichever role they stand in.
ACTIONS = ("community.general.terraform",)
_DOING = {"planned": "planning", "present": "applying", "absent": "destroying"}


class Step(NamedTuple):
    """host: the stack. name: as the task calls it. doing: in a word. started: of time.monotonic, in seconds."""

    host: str
    name: str
    doing: str
    started: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Running:
    """The steps that have begun and not ended; safe to read from another thread."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, str], Step] = {}
        self._lock = threading.Lock()

    def begin(self, host: Any, task: Any) -> Step | None:
        """Note that Ansible's `task` begins on `host`; None when it runs no Terraform."""
        if task.action not in ACTIONS:
            return None
        name = task.get_name(include_role_fqcn=False).rpartition(" : ")[2].removeprefix("Run ")
        step = Step(host.name, name, _DOING.get(task.args.get("state"), name), time.monotonic())
        with self._lock:
            self._steps[host.name, task._uuid] = step
        return step

    def end(self, result: Any) -> Step | None:
        """Note that the task of `result` has ended; None when it ran no Terraform."""
        with self._lock:
            return self._steps.pop((result.host.name, result.task._uuid), None)

    def steps(self) -> list[Step]:
        with self._lock:
            return list(self._steps.values())

    def text(self) -> str:
        """All that is at work in one line, such as `applying s3, iam: 38 s`; empty when nothing is."""
        by_doing: dict[str, list[Step]] = {}
        for step in self.steps():
            by_doing.setdefault(step.doing, []).append(step)
        return "; ".join(
            f"{doing} {', '.join(step.host for step in steps)}: {max(step.seconds for step in steps):.0f} s"
            for doing, steps in by_doing.items()
        )
