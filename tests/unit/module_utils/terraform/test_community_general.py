"""What we rely on in community.general.terraform, beyond what it documents: the contract of its tested versions.

The module itself runs here, with a stub in Terraform's place that notes how it is called. SITE_BUILDER_COMMUNITY_GENERAL names another
version's folder (.../ansible_collections/community/general), whose terraform.py then is the one that is tested.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.diagnostics import apply_verdict, error_reason
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import plan_summary

from tests.conftest import ROOT

LINE = {"@level": "info", "@timestamp": "2026-11-25T10:00:00.000000Z", "type": "version", "ui": "1.2"}
ERROR = {
    "@level": "error",
    "type": "diagnostic",
    "diagnostic": {"severity": "error", "summary": "No", "detail": "Because"},
}
# Answers by its first argument: <argument>.out, .err and .rc beside it.
TERRAFORM = """#!/bin/sh
cd "$(dirname "$0")" || exit 9
here=$(pwd)
printf '%s\\n' "$*" >> "$here/calls"
env > "$here/environment.$1"
cat "$here/$1.out" 2>/dev/null
cat "$here/$1.err" >&2 2>/dev/null
rc=$(cat "$here/$1.rc" 2>/dev/null || echo 0)
[ "$rc" -lt 0 ] && kill "$rc" $$
exit "$rc"
"""


@pytest.fixture(scope="module")
def module() -> ModuleType:
    folder = os.environ.get("SITE_BUILDER_COMMUNITY_GENERAL")
    if not folder:
        from ansible_collections.community.general.plugins.modules import terraform

        return terraform
    # What it imports, which from 13.0.0 on is private; then itself.
    loaded: dict[str, ModuleType] = {}
    for name in ("plugins.module_utils._version", "plugins.modules.terraform"):
        file = Path(folder, *name.split(".")).with_suffix(".py")
        if file.exists():
            spec = importlib.util.spec_from_file_location(f"ansible_collections.community.general.{name}", file)
            loaded[name] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(loaded[name])
    return loaded["plugins.modules.terraform"]


class Stub:
    """A Terraform that answers as it is told."""

    def __init__(self, folder: Path, call: Callable[..., dict[str, Any]]) -> None:
        self.folder, self.call = folder, call
        (folder / "terraform").write_text(TERRAFORM)
        (folder / "terraform").chmod(0o755)
        self.answers("version", json.dumps({"terraform_version": "1.14.0"}))
        self.answers("workspace", "* default\n")
        self.answers("output", json.dumps({"tables": {"value": {}, "type": "string"}}))

    def answers(self, command: str, out: str = "", *, err: str = "", rc: int = 0) -> None:
        (self.folder / f"{command}.out").write_text(out)
        (self.folder / f"{command}.err").write_text(err)
        (self.folder / f"{command}.rc").write_text(str(rc))

    def run(self, **arguments: Any) -> dict[str, Any]:
        (self.folder / "calls").unlink(missing_ok=True)
        return self.call(project_path=str(self.folder), binary_path=str(self.folder / "terraform"), **arguments)

    def plan(self, **more: Any) -> dict[str, Any]:
        """As roles/terraform_stack/tasks/plan.yml does."""
        given = {"plan_file": str(self.folder / "plan.tfplan"), "variables_files": [str(self.folder / "v.json")]}
        return self.run(state="planned", force_init=False, lock=True, **given, **more)

    def apply(self, **more: Any) -> dict[str, Any]:
        """As roles/terraform_stack/tasks/apply.yml does."""
        (self.folder / "plan.tfplan").write_text("")
        return self.run(state="present", plan_file=str(self.folder / "plan.tfplan"), lock_timeout=60, **more)

    @property
    def calls(self) -> list[str]:
        return [line.replace(str(self.folder), ".") for line in (self.folder / "calls").read_text().splitlines()]

    def environment(self, command: str) -> dict[str, str]:
        lines = (self.folder / f"environment.{command}").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)


@pytest.fixture
def terraform(tmp_path: Path, module: ModuleType, run_module: Callable[..., dict]) -> Stub:
    return Stub(tmp_path, lambda **arguments: run_module(module, **arguments))


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_a_plan_is_these_commands_and_no_other(terraform: Stub) -> None:
    """Neither `show`, which costs a provider start, nor anything that writes; the variables go in a file."""
    terraform.answers("plan", lines(LINE), rc=2)
    terraform.plan()
    assert terraform.calls == [
        "version -json",
        "workspace list -no-color",
        "validate -no-color",
        "plan -lock=true -no-color -input=false -detailed-exitcode -out ./plan.tfplan -var-file ./v.json",
        "output -no-color -json",
    ]


def test_a_plan_without_a_lock(terraform: Stub) -> None:
    terraform.answers("plan", lines(LINE))
    terraform.run(state="planned", plan_file=str(terraform.folder / "plan.tfplan"), lock=False)
    assert "plan -lock=false -no-color -input=false -detailed-exitcode -out ./plan.tfplan" in terraform.calls


@pytest.mark.parametrize("rc", [0, 2])
def test_a_plan_that_came_about_has_outputs_and_what_terraform_printed(terraform: Stub, rc: int) -> None:
    """That key is how we tell it from one that did not."""
    terraform.answers("plan", lines(LINE), rc=rc)
    planned = terraform.plan()
    assert planned["outputs"] == {"tables": {"value": {}, "type": "string"}}
    assert plan_summary(planned["stdout"])["has_changes"] is False
    assert planned["changed"] is False


@pytest.mark.parametrize("rc", [1, 11, -9])
def test_a_plan_that_failed_says_all_in_its_message(terraform: Stub, rc: int) -> None:
    """What Terraform has printed follows `STDOUT: `, in the same line."""
    terraform.answers("plan", lines(ERROR, LINE), err="not JSON", rc=rc)
    planned = terraform.plan()
    assert planned["failed"]
    assert "outputs" not in planned
    assert f"\nSTDOUT: {json.dumps(ERROR)}\n" in planned["msg"]
    assert "\nSTDERR: not JSON\n" in planned["msg"]
    assert error_reason(planned) == "No. Because"


def test_an_apply_of_a_plan_file_plans_nothing(terraform: Stub) -> None:
    """Nor does it take variables, which are in the file."""
    terraform.answers("apply", lines(LINE))
    assert apply_verdict(terraform.apply()) == "done"
    assert terraform.calls == [
        "version -json",
        "workspace list -no-color",
        "validate -no-color",
        "apply -no-color -input=false -auto-approve -lock=true -lock-timeout=60s ./plan.tfplan",
        "output -no-color -json",
    ]


def test_an_apply_that_failed_has_its_three_parts(terraform: Stub) -> None:
    terraform.answers("apply", lines(LINE, ERROR), err="not JSON\n", rc=1)
    applied = terraform.apply()
    assert (applied["failed"], applied["rc"], applied["msg"], applied["stderr"]) == (True, 1, "not JSON", "not JSON\n")
    assert applied["stdout"] == lines(LINE, ERROR)
    assert "outputs" not in applied
    assert (apply_verdict(applied), error_reason(applied)) == ("failed", "No. Because")


def test_an_apply_that_was_killed_has_a_negative_code(terraform: Stub) -> None:
    """Upon which a recovery marker is set."""
    terraform.answers("apply", lines(LINE), rc=-9)
    applied = terraform.apply()
    assert applied["rc"] == -9
    assert apply_verdict(applied) == "lost"


def test_outputs_that_cannot_be_read_fail_nothing(terraform: Stub) -> None:
    """They are empty then, and next_step takes those of the state, or says so."""
    terraform.answers("plan", lines(LINE))
    terraform.answers("output", err="no", rc=1)
    assert terraform.plan()["outputs"] == {}


def test_a_validation_that_fails_is_told_as_a_plan_that_fails(terraform: Stub) -> None:
    """TF_CLI_ARGS_validate=-help makes it cost nothing; it must stay a command of its own, without further arguments."""
    terraform.answers("validate", err="Error: no\n", rc=1)
    planned = terraform.plan()
    assert planned["failed"]
    assert "outputs" not in planned
    assert error_reason(planned) == "no"


def test_init_is_made_where_it_is_asked_for_and_before_the_rest(terraform: Stub) -> None:
    terraform.answers("plan", lines(LINE))
    terraform.run(state="planned", plan_file=str(terraform.folder / "plan.tfplan"), force_init=True)
    assert terraform.calls[:3] == ["version -json", "init -input=false -no-color", "workspace list -no-color"]


def test_our_environment_reaches_terraform(terraform: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "TF_CLI_ARGS_plan": "-json",
        "TF_DATA_DIR": "/data",
        "TF_CLI_CONFIG_FILE": "/rc",
        "TF_WORKSPACE": "",
        "GOGC": "off",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    terraform.answers("plan", lines(LINE))
    terraform.plan()
    assert terraform.environment("plan").items() >= given.items()


@pytest.mark.parametrize(("check", "diff"), [(False, False), (True, False), (False, True)])
def test_a_diff_and_check_mode_show_values_so_we_ask_for_neither(terraform: Stub, check: bool, diff: bool) -> None:
    """Both of our tasks say check_mode: false or run outside of it, and diff: false: see test_the_tasks_ask_for_neither."""
    terraform.answers("plan", lines(LINE), rc=2)
    terraform.answers("show", json.dumps({"resource_changes": []}))
    planned = terraform.plan(_ansible_check_mode=check, _ansible_diff=diff)
    assert ("show -json ./plan.tfplan" in terraform.calls) is (check or diff)
    assert "outputs" in planned


def test_an_apply_in_check_mode_changes_nothing(terraform: Stub) -> None:
    """It never gets there, since the engine ends after the plan; were it to, nothing would happen."""
    terraform.answers("show", json.dumps({"resource_changes": []}))
    terraform.apply(_ansible_check_mode=True)
    assert [call for call in terraform.calls if call.startswith("apply")] == []


def test_a_plan_file_that_is_gone_is_told(terraform: Stub) -> None:
    applied = terraform.run(state="present", plan_file=str(terraform.folder / "plan.tfplan"))
    assert applied["failed"]
    assert "outputs" not in applied
    assert "plan.tfplan" in error_reason(applied)


@pytest.mark.parametrize(("file", "check_mode"), [("plan", False), ("apply", None)])
def test_the_tasks_ask_for_neither(file: str, check_mode: bool | None) -> None:
    """An apply may be in check mode, where it would do nothing; a plan is always made."""
    tasks = yaml.safe_load((ROOT / f"roles/terraform_stack/tasks/{file}.yml").read_text())
    (task,) = [task for task in tasks if "community.general.terraform" in task]
    assert (task["diff"], task["no_log"], task["failed_when"]) == (False, True, False)
    assert task.get("check_mode") is check_mode
