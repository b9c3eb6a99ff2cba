# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules of this collection in the process of the worker that has their task.

Packing a module, starting a Python for it and importing everything again takes 0.4 s, often more than its work. On this very
machine, with the Python that runs Ansible, all that is needed is there; a worker runs one task and ends.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase
from ansible.vars.clean import remove_internal_keys

OURS = "bbws.site_builder."
PROFILE = "legacy"


class InProcess(ActionBase):
    """Runs modules of this collection without a process of their own where nothing speaks against it."""

    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: Any = None,
        task_vars: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        name, variables = module_name or self._task.resolved_action or "", task_vars or {}
        if not name.startswith(OURS) or not self._is_at_home(variables):
            return super()._execute_module(module_name, module_args, tmp, variables, **options)
        arguments = self._task.args if module_args is None else module_args
        self._update_module_args(name, arguments, variables)
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        module = importlib.import_module(f"ansible_collections.{OURS}plugins.modules.{name.removeprefix(OURS)}")
        printed = io.StringIO()
        with _given(arguments), _environment(environment), redirect_stdout(printed), suppress(SystemExit):
            module.main()
        # From here on as Ansible goes on with what a process has printed.
        result = self._parse_returned_data({"stdout": printed.getvalue()}, PROFILE)
        remove_internal_keys(result)
        return result

    def _is_at_home(self, variables: dict[str, Any]) -> bool:
        """Whether a process would be started on this machine, with this Python, as this user, and is not wanted for itself."""
        interpreter = self._templar.template(variables.get("ansible_python_interpreter"))
        return (
            self._connection.transport == "local"
            and self._connection.become is None
            and not self._task.async_val
            and not C.DEFAULT_KEEP_REMOTE_FILES
            and _is_ours(interpreter)
        )


def _is_ours(interpreter: str | None) -> bool:
    """Whether it is the Python that runs Ansible, which has several names in its folder; that folder says what it can import."""
    with suppress(OSError, TypeError):
        same = os.path.dirname(interpreter) == os.path.dirname(sys.executable)
        return same and os.path.samefile(interpreter, sys.executable)
    return False


@contextmanager
def _given(arguments: dict[str, Any]) -> Iterator[None]:
    """Let AnsibleModule find them, as the wrapper of a module does."""
    encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    before = basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
    basic._ANSIBLE_PROFILE = PROFILE
    try:
        yield
    finally:
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = before


@contextmanager
def _environment(wanted: Mapping[str, Any]) -> Iterator[None]:
    """The `environment` of the task."""
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in wanted.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
