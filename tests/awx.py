"""The calls that the role awx_config makes of AWX, with all loops and templates worked out; no AWX is needed for that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from tests.conftest import ROOT

ROLE = ROOT / "roles/awx_config"
PREFIX = "awx.awx."
OMITTED = "omitted"


@dataclass
class Call:
    """One run of a module."""

    task: str
    module: str
    arguments: dict[str, Any]


def _load(path: str) -> Any:
    return DataLoader().load_from_file(str(ROLE / path), trusted_as_template=True)


def settings() -> dict[str, Any]:
    """The defaults and the internal variables of the role, templates as they are written."""
    return {**_load("defaults/main.yml"), **_load("vars/main.yml")}


def tasks(file: str) -> list[dict[str, Any]]:
    """The tasks of one file, templates as they are written."""
    return _load(f"tasks/{file}.yml")


def calls(*modules: str, **changed: Any) -> list[Call]:
    """All calls (of these modules), in order, where the inventory or the command line has changed these variables."""
    result = []
    for step in tasks("main"):
        for task in tasks(Path(step["ansible.builtin.import_tasks"]).stem):
            names = [key for key in task if key.startswith(PREFIX)]
            if names and (not modules or names[0].removeprefix(PREFIX) in modules):
                result += _task_calls(task, names[0], {**settings(), **changed})
    return result


def _task_calls(task: dict[str, Any], name: str, variables: dict[str, Any]) -> list[Call]:
    variables |= {"ansible_check_mode": False, "omit": OMITTED}
    made = []
    for item in Templar(DataLoader(), variables).template(task["loop"]) if "loop" in task else [None]:
        templar = Templar(DataLoader(), {**variables, "item": item, **task.get("vars", {})})
        if "when" not in task or templar.evaluate_conditional(task["when"]):
            arguments = templar.template(task[name])
            kept = {key: value for key, value in arguments.items() if value != OMITTED}
            # Without the tags that Ansible puts on its texts.
            made.append(Call(task["name"], name.removeprefix(PREFIX), json.loads(json.dumps(kept))))
    return made
