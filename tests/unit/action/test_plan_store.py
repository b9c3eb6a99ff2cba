"""What the controller adds before the plans are saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.bbws.site_builder.plugins.action import plan_store as action

FACTS = {"service": "shop", "environment": "dev", "created": "2026-11-25T10:00:00Z"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs the action with these arguments, and gives what the module is called with and the result."""

    def call(**arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        asked: dict[str, Any] = {}

        def execute(self: Any, module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
            assert module_name == "bbws.site_builder.plan_store"
            asked.update(module_args)
            return {"changed": False, "invocation": {"module_args": dict(module_args)}}

        monkeypatch.setattr(action.ActionModule, "_execute_module", execute)
        monkeypatch.setattr(action.InProcess, "run", lambda *_: {})
        monkeypatch.setattr(action, "commit_of", lambda root: (root.name and "c0ffee", True))
        plugin = action.ActionModule.__new__(action.ActionModule)
        plugin._task = type("Task", (), {"args": arguments})()
        return asked, plugin.run(task_vars={})

    return call


@pytest.mark.parametrize("state", ["saved", "shown"])
def test_the_documents_are_written_here(run: Any, state: str) -> None:
    asked, result = run(state=state, facts=FACTS, review=[], plan_id="p", max_age=60)
    assert asked["documents"].keys() == {"plan.html", "plan.json", "plan.md"}
    assert asked["facts"] == {**FACTS, "commit": "c0ffee", "dirty": True}
    told = json.loads(asked["documents"]["plan.json"])
    assert (told["id"], told["commit"], told["expires"]) == ("p", "c0ffee", "2026-11-25T10:01:00+00:00")
    assert asked["documents"]["plan.html"].startswith("<!DOCTYPE html>")
    assert asked["documents"]["plan.md"].startswith("## Plan for shop in dev")
    assert "documents" not in result["invocation"]["module_args"]
    assert result["summary"]["line"] == "plan of dev: no changes; no data is lost"
    assert result["summary"]["expires"] == told["expires"]


def test_a_fetch_needs_the_commit_only(run: Any) -> None:
    asked, _ = run(state="fetched", facts=FACTS)
    assert asked["facts"]["commit"] == "c0ffee"
    assert "documents" not in asked


def test_what_the_documents_need_is_said(run: Any) -> None:
    with pytest.raises(AnsibleActionFail, match="do not say what the documents of a plan tell"):
        run(state="saved", facts={"service": "shop"}, review=[])


def test_the_module_says_what_is_missing(run: Any) -> None:
    asked, _ = run(state="saved")
    assert asked == {"state": "saved"}
