# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
name: progress
type: aggregate
short_description: Say which stack is at which step, and for how long, while Terraform works
version_added: 0.1.0
description:
  - Terraform's own output reaches Ansible only when Terraform has ended. This callback prints a line when a Terraform step
    starts, one at intervals while it goes on, and one when it ends.
  - It prints the names of stacks and steps, and times, nothing else.
author:
  - BBWS platform team (@bbws)
requirements:
  - C(callbacks_enabled = bbws.site_builder.progress) in ansible.cfg
options:
  interval:
    description: Seconds between two lines about the same step.
    type: int
    default: 15
    env:
      - name: SITE_BUILDER_PROGRESS_INTERVAL
    ini:
      - section: callback_progress
        key: interval
"""

import threading
import time

from ansible.plugins.callback import CallbackBase

# The tasks worth a line are those that run Terraform, whichever role they stand in.
_ACTIONS = ("community.general.terraform",)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bbws.site_builder.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        # (host, task uuid) -> (step, when it started)
        self._running: dict[tuple[str, str], tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _say(self, host: str, text: str) -> None:
        self._display.display(f"{time.strftime('%H:%M:%S')}  {host}: {text}")

    def _beat(self) -> None:
        while not self._stop.wait(self.get_option("interval")):
            with self._lock:
                running = list(self._running.items())
            for (host, _task), (step, started) in running:
                self._say(host, f"{step} is running for {time.monotonic() - started:.0f} s")

    def v2_runner_on_start(self, host, task) -> None:
        if task.action not in _ACTIONS:
            return
        step = task.get_name(include_role_fqcn=False).rpartition(" : ")[2].removeprefix("Run ")
        with self._lock:
            self._running[host.name, task._uuid] = (step, time.monotonic())
        self._say(host.name, f"{step} has started")
        if self._thread is None:
            # A daemon, so that no end of Ansible waits for it.
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def _ended(self, result) -> None:
        with self._lock:
            known = self._running.pop((result.host.name, result.task._uuid), None)
        if known and not result.is_skipped():
            step, started = known
            self._say(result.host.name, f"{step} has ended after {time.monotonic() - started:.0f} s")

    v2_runner_on_ok = v2_runner_on_skipped = v2_runner_on_unreachable = _ended

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        self._ended(result)

    def v2_playbook_on_stats(self, stats) -> None:
        self._stop.set()
