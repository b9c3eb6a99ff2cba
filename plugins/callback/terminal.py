# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
name: terminal
type: stdout
short_description: A deployment on one screen
version_added: 0.1.0
description:
  - Shows of a run what a person wants to know of it, the phases, the plans, what has changed and what went wrong, and not which
    task is at work for which host. A deployment that changes nothing takes 15 lines.
  - While something is at work, a line says what, for which stacks and for how long. On a terminal it rewrites itself, elsewhere
    it is printed at intervals.
  - With C(-v) it is Ansible's own output, P(ansible.builtin.default#callback), to the last detail.
author:
  - BBWS platform team (@bbws)
requirements:
  - C(stdout_callback = bbws.site_builder.terminal) in ansible.cfg
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
options:
  interval:
    description: Seconds between two lines about what is at work, where the screen is no terminal; 0 for none.
    type: int
    default: 30
    env:
      - name: SITE_BUILDER_PROGRESS_INTERVAL
    ini:
      - section: callback_terminal
        key: interval
"""

import functools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible import context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.bbws.site_builder.plugins.module_utils import commands
from ansible_collections.bbws.site_builder.plugins.module_utils.running import ACTIONS, Running

_FAIL = ("fail", "assert", "ansible.builtin.fail", "ansible.builtin.assert")
_REPORT = "bbws.site_builder.run_report"
# What a task that is the first of its kind begins, by its state. There is nothing to see of the checks before when they pass.
_PHASES = {"planned": "Plan", "present": "Apply"}
_COLOURS = {
    "succeeded": C.COLOR_CHANGED,
    "planned": C.COLOR_CHANGED,
    "drifted": C.COLOR_CHANGED,
    "failed": C.COLOR_ERROR,
    "skipped": C.COLOR_SKIP,
}
# After so many seconds a person wonders.
_SILENCE = 2.0
_TICK = 0.5


def _not_verbose(method: Callable) -> Callable:
    """With -v, Ansible's own method of this name instead."""

    @functools.wraps(method)
    def call(self: CallbackModule, *args: Any, **kwargs: Any) -> Any:
        if self._display.verbosity:
            return getattr(super(CallbackModule, self), method.__name__)(*args, **kwargs)
        return method(self, *args, **kwargs)

    return call


class _StatusLine:
    """The last line of the screen, which says what is at work; whatever else is printed stands above it."""

    def __init__(self, display: Any, text: Callable[[], str], interval: float) -> None:
        self._print, self._text = display.display, text
        self._is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._interval = _TICK if self._is_terminal else interval
        self._shown = False
        # Ansible forks its workers while it holds this one, so that none of them inherits a stream in the middle of a write.
        self._lock = display._lock
        self._stop = threading.Event()
        self._pid = os.getpid()
        # Every line of Ansible, of its workers and of its plugins goes through this one method.
        display.display = self._above
        if self._interval > 0:
            # A daemon, so that no end of Ansible waits for it.
            threading.Thread(target=self._beat, daemon=True).start()

    def end(self) -> None:
        self._stop.set()
        with self._lock:
            self._erase()

    def _above(self, *args: Any, **kwargs: Any) -> None:
        # A worker hands its lines to the main process.
        if os.getpid() != self._pid:
            self._print(*args, **kwargs)
            return
        with self._lock:
            self._erase()
            self._print(*args, **kwargs)
            sys.stdout.flush()

    def _erase(self) -> None:
        if self._shown:
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()
            self._shown = False

    def _beat(self) -> None:
        while not self._stop.wait(self._interval):
            with self._lock:
                text = self._text()
                if self._stop.is_set():
                    return
                if not self._is_terminal and text:
                    self._above(f"  {text}")
                elif self._is_terminal:
                    self._erase()
                    if text:
                        # A longer one would be wrapped, and only its last part erased.
                        width = shutil.get_terminal_size().columns - 1
                        sys.stdout.write(f"  {text}"[:width])
                        sys.stdout.flush()
                        self._shown = True


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "bbws.site_builder.terminal"

    def __init__(self) -> None:
        super().__init__()
        self._running = Running()
        self._status: _StatusLine | None = None
        self._phases: list[str] = []
        # The task at work, when it began, and the hosts that it has changed something for.
        self._task: Any = None
        self._began = 0.0
        self._changed: list[str] = []
        self._failed: set[str] = set()
        self._results: dict[str, dict[str, Any]] = {}

    def _say(self, text: str, colour: str | None = None) -> None:
        self._display.display(text, color=colour)

    # --- headings and progress

    @_not_verbose
    def v2_playbook_on_start(self, playbook) -> None:
        self._status = self._status or _StatusLine(self._display, self._at_work, self.get_option("interval"))

    @_not_verbose
    def v2_playbook_on_play_start(self, play) -> None:
        self._play = play
        self._phases, self._results, self._failed = [], {}, set()
        check = " (check mode: nothing is changed)" if play.check_mode else ""
        self._say(f"{play.get_name().strip()}{check}")

    @_not_verbose
    def v2_playbook_on_task_start(self, task, is_conditional) -> None:
        self._tell_changed()
        self._task, self._began = task, time.monotonic()
        phase = _PHASES.get(task.args.get("state")) if task.action in ACTIONS else None
        if phase and phase not in self._phases:
            self._phases.append(phase)
            self._say(f"\n{phase}" if len(self._phases) > 1 else phase, C.COLOR_HIGHLIGHT)

    @_not_verbose
    def v2_playbook_on_handler_task_start(self, task) -> None:
        self.v2_playbook_on_task_start(task, False)

    @_not_verbose
    def v2_playbook_on_include(self, included_file) -> None:
        pass

    @_not_verbose
    def v2_runner_on_start(self, host, task) -> None:
        self._running.begin(host, task)

    def _at_work(self) -> str:
        if text := self._running.text():
            return text
        seconds = time.monotonic() - self._began
        if self._task is None or seconds < _SILENCE:
            return ""
        # What a template in the name says is not known here.
        return f"{_name(self._task)}: {seconds:.0f} s" if "{{" not in _name(self._task) else ""

    # --- results

    @_not_verbose
    def v2_runner_on_ok(self, result) -> None:
        self._running.end(result)
        if isinstance(result.task, TaskInclude):
            return
        self._handle_warnings(result.result)
        if result.task.action == _REPORT:
            self._results = result.result["results"]
        elif result.task.action in C._ACTION_DEBUG:
            self._tell_debug(result)
        elif result.result.get("changed") and result.task.action not in ACTIONS:
            self._changed.append(result.host.name)

    @_not_verbose
    def v2_runner_item_on_ok(self, result) -> None:
        if result.task.action in C._ACTION_DEBUG:
            self._tell_debug(result)

    @_not_verbose
    def v2_runner_on_skipped(self, result) -> None:
        self._running.end(result)
        self._handle_warnings(result.result)

    @_not_verbose
    def v2_runner_item_on_skipped(self, result) -> None:
        pass

    @_not_verbose
    def v2_runner_retry(self, result) -> None:
        pass

    @_not_verbose
    def v2_on_file_diff(self, result) -> None:
        for one in result.result.get("results") or [result.result]:
            if one.get("diff") and one.get("changed"):
                self._say(self._get_diff(one["diff"]))

    def _tell_changed(self) -> None:
        """What the last task has changed, in one line for all hosts."""
        if self._changed:
            hosts = "" if self._task.run_once or self._changed == ["localhost"] else f" ({', '.join(self._changed)})"
            self._say(f"{_name(self._task)}{hosts}", C.COLOR_CHANGED)
            self._changed = []

    def _tell_debug(self, result) -> None:
        said = result.result.get("msg")
        if said is None:
            self._clean_results(result.result, result.task.action)
            said = self._dump_results(result.result).strip("\n")
        elif not isinstance(said, str | list):
            said = self._dump_results({"msg": said}).strip("\n")
        lines = said.splitlines() if isinstance(said, str) else [str(line) for line in said]
        if self._results:
            lines = ["", *lines]
        for line in lines:
            self._say(line, self._colour(line))

    def _colour(self, line: str) -> str | None:
        """Of a line of the table; of others none."""
        name, _, _ = line.partition(" ")
        return _COLOURS.get(self._results[name]["result"]) if name in self._results else None

    # --- what went wrong

    @_not_verbose
    def v2_runner_on_failed(self, result, ignore_errors=False) -> None:
        self._running.end(result)
        self._handle_warnings(result.result)
        # The table has just said which stacks did not get through, and the lines above why.
        if self._results and result.task.action in _FAIL:
            return
        # Each item has been told of.
        if not result.result.get("results"):
            self._tell_failure(result, quiet=ignore_errors or _is_rescued(result.task))

    @_not_verbose
    def v2_runner_item_on_failed(self, result) -> None:
        self._handle_warnings(result.result)
        self._tell_failure(result, quiet=_is_rescued(result.task))

    @_not_verbose
    def v2_runner_on_unreachable(self, result) -> None:
        self._running.end(result)
        self._tell_failure(result)

    def _tell_failure(self, result, quiet: bool = False) -> None:
        """The reason, once for all hosts. quiet: somebody else will say it, and only what only Ansible knows is left to say."""
        said = result.result
        reason = str(said.get("msg") or said.get("censored") or "it failed, and did not say why").strip()
        output = _output(said)
        broke = _broke_down(said)
        if reason in self._failed or (quiet and not output and not broke):
            return
        self._failed.add(reason)
        # Where there is but one host, its name says nothing.
        label = "" if result.task.run_once or result.host.name == "localhost" else f"{self.host_label(result)}: "
        if broke or output:
            self._say(f"{label}{_name(result.task)} failed", C.COLOR_ERROR)
        if broke:
            # With where it was and, where Ansible is told to show them, with all tracebacks.
            self._handle_exception(said)
            if "never" in C.config.get_config_value("DISPLAY_TRACEBACK"):
                self._say("  ANSIBLE_DISPLAY_TRACEBACK=error shows the whole traceback")
        else:
            for line in reason.splitlines():
                self._say(f"{label}{line}", C.COLOR_ERROR)
        for line in output:
            self._say(f"  {line}", C.COLOR_ERROR)
        for line in commands.told(commands.way_out([reason], context.CLIARGS)) if not quiet else ():
            self._say(line)

    @_not_verbose
    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._say("there is no such host in the inventory, and nothing was done", C.COLOR_ERROR)

    @_not_verbose
    def v2_playbook_on_no_hosts_remaining(self) -> None:
        pass

    @_not_verbose
    def v2_playbook_on_stats(self, stats) -> None:
        self._tell_changed()
        if not self._results and not self._failed:
            changed = sum(stats.summarize(host)["changed"] for host in stats.processed)
            self._say(f"done, {changed} changed", C.COLOR_OK)
        if self._status:
            self._status.end()


def _is_rescued(task: Any) -> bool:
    """Whether a block around the task takes its failure, and so has its own way of telling it."""
    parent = task._parent
    while parent is not None:
        if getattr(parent, "rescue", None):
            return True
        parent = parent._parent
    return False


def _name(task: Any) -> str:
    """As it is written, without its role."""
    return task.get_name(include_role_fqcn=False).rpartition(" : ")[2]


def _broke_down(said: Mapping[str, Any]) -> bool:
    """Whether this is an exception that nobody has foreseen, rather than a failure with a sentence of its own."""
    return bool(said.get("exception")) and str(said.get("msg") or "Task failed").startswith("Task failed")


def _output(said: Mapping[str, Any]) -> list[str]:
    """What a failed program has printed."""
    texts = [said.get(key) for key in ("module_stdout", "module_stderr", "stdout", "stderr")]
    return [line for text in texts if text for line in str(text).rstrip().splitlines()]
