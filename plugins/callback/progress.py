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
  - Says nothing where P(bbws.site_builder.terminal#callback) is the screen, which shows the same in one line.
author:
  - BBWS platform team (@bbws)
requirements:
  - C(callbacks_enabled = bbws.site_builder.progress) in ansible.cfg
options:
  interval:
    description: Seconds between two lines about the same step; 0 for none but its start and its end.
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

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible_collections.bbws.site_builder.plugins.module_utils.running import Running


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bbws.site_builder.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        # The collection's own screen says the same, in one line.
        quiet = self._display.verbosity == 0
        self.disabled = quiet and constants.DEFAULT_STDOUT_CALLBACK == "bbws.site_builder.terminal"
        self._running = Running()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _say(self, host: str, text: str) -> None:
        self._display.display(f"{time.strftime('%H:%M:%S')}  {host}: {text}")

    def _beat(self) -> None:
        while not self._stop.wait(self.get_option("interval")):
            for step in self._running.steps():
                self._say(step.host, f"{step.name} is running for {step.seconds:.0f} s")

    def v2_runner_on_start(self, host, task) -> None:
        step = self._running.begin(host, task)
        if step is None:
            return
        self._say(host.name, f"{step.name} has started")
        if self._thread is None and self.get_option("interval") > 0:
            # A daemon, so that no end of Ansible waits for it.
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def _ended(self, result) -> None:
        step = self._running.end(result)
        if step and not result.is_skipped():
            self._say(step.host, f"{step.name} has ended after {step.seconds:.0f} s")

    v2_runner_on_ok = v2_runner_on_skipped = v2_runner_on_unreachable = _ended

    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        self._ended(result)

    def v2_playbook_on_stats(self, stats) -> None:
        self._stop.set()
