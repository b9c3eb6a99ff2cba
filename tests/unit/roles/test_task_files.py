"""The order of a run is YAML that reads like a table of contents: no task file comes back to itself, no decision is taken twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils import engine

TASKS = Path(__file__).resolve().parents[3] / "roles/terraform_stack/tasks"
# What the engine may answer, less what needs no file.
STEPS = {"compare", "plan", "details", "adopt", "checkov", "saved", "apply", "untaint", "forget", "marker"}


def included(tasks: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for task in tasks:
        for key, value in task.items():
            if key in ("block", "rescue", "always"):
                found |= included(value)
            elif key.rpartition(".")[2] in ("include_tasks", "import_tasks"):
                name = value if isinstance(value, str) else value["file"]
                found |= {f"{step}.yml" for step in STEPS} if "{{" in name else {name}
    return found


GRAPH = {path.name: included(yaml.safe_load(path.read_text())) for path in TASKS.glob("*.yml")}


def test_no_task_file_comes_back_to_itself() -> None:
    def below(name: str, path: tuple[str, ...] = ()) -> None:
        assert name not in path, " -> ".join((*path, name))
        for other in GRAPH[name]:
            below(other, (*path, name))

    for name in GRAPH:
        below(name)


def test_every_step_has_its_file() -> None:
    source = Path(engine.__file__).read_text()
    answered = set(re.findall(r'"do": "(\w+)"', source)) - {"wait", "done"}
    assert answered == STEPS
    assert {f"{step}.yml" for step in STEPS} <= GRAPH.keys()


def test_terraform_runs_in_two_places() -> None:
    """One task plans, one applies: the module that the design asks for, in sight."""
    calls = {path.name: path.read_text().count("community.general.terraform:") for path in TASKS.glob("*.yml")}
    assert {name: count for name, count in calls.items() if count} == {"plan.yml": 1, "apply.yml": 1}
