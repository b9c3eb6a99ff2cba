"""Runs the action plugin in this process, with all that Ansible would hand to it; nothing is forked, nothing is started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import MagicMock

import pytest
from ansible import context
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.playbook.play_context import PlayContext
from ansible.plugins import loader as plugins
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from tests.conftest import ROOT

Act = Callable[..., dict[str, Any]]


class Loader(DataLoader):
    """Reads the files of the roles once for all tests: parsing them takes most of the time of a test."""

    read: ClassVar[dict[str, Any]] = {}

    def load_from_file(self, file_name: str, *arguments: Any, **options: Any) -> Any:
        if ROOT / "roles" not in Path(file_name).resolve().parents:
            return super().load_from_file(file_name, *arguments, **options)
        key = f"{file_name} {arguments} {options}"
        if key not in self.read:
            self.read[key] = super().load_from_file(file_name, *arguments, **options)
        return self.read[key]


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch, collection_finder: None) -> Act:
    """Return what runs define_stacks on an inventory, with extra variables and command-line options."""
    # Ansible keeps them for the life of its process.
    monkeypatch.setattr(load_extra_vars, "extra_vars", None, raising=False)

    def run(
        inventory: Path,
        *extra: str,
        arguments: dict[str, Any] | None = None,
        play_vars: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        load_extra_vars.extra_vars = None
        monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"extra_vars": extra, "tags": ["all"], **options}))
        loader = Loader()
        loader.set_basedir(str(ROOT))
        hosts = InventoryManager(loader=loader, sources=[str(inventory)])
        if "subset" in options:
            hosts.subset(options["subset"])
        variables = VariableManager(loader=loader, inventory=hosts)
        HostVars(hosts, variables, loader)
        tasks = [{"bbws.site_builder.define_stacks": arguments or {}}]
        play = Play.load(
            {"name": "Test", "hosts": "stacks", "gather_facts": False, "tasks": tasks, "vars": play_vars or {}},
            variable_manager=variables,
            loader=loader,
        )
        task = play.compile()[1].block[0]
        task_vars = variables.get_vars(play=play, host=hosts.get_hosts("stacks")[0], task=task)
        plugin = plugins.action_loader.get(
            "bbws.site_builder.define_stacks",
            task=task,
            connection=MagicMock(),
            play_context=PlayContext(),
            loader=loader,
            templar=Templar(loader, task_vars),
            shared_loader_obj=plugins,
        )
        return plugin.run(task_vars=task_vars)

    return run
