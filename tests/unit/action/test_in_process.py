"""Modules in the worker's own process: the same results as from a process of their own, and none started."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible_collections.bbws.site_builder.plugins.plugin_utils.in_process import InProcess

from tests.conftest import BIN, ROOT, play

TOOLCHAIN = {
    "minimum_version": "1.11",
    "lock_file": str(ROOT / "terraform/provider.lock.hcl"),
    "binary": str(BIN / "no-terraform"),
    "provider_version": "5.100.0",
}
# The same Python by another name, which Ansible takes for another one.
OTHER = str(Path(sys.executable).parent / "../bin" / Path(sys.executable).name)


def tasks(folder: Path) -> list[dict[str, Any]]:
    (folder / "source").mkdir()
    (folder / "source/app.py").write_text("def handler(event, context):\n    pass\n")
    package = {
        "source": str(folder / "source"),
        "handler": "app.handler",
        "runtime": "python3.13",
        "architecture": "arm64",
    }
    packages = {"packages": {"function/a": package}, "work_dir": str(folder / "packages")}
    place = {"account_id": "1" * 12, "state_bucket": "b", "state_prefix": "p", "region": "eu-west-1", "stacks": []}
    closed = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "of the task",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_MAX_ATTEMPTS": "1",
    }
    options = {"ignore_errors": True, "failed_when": False}
    return [
        {"bbws.site_builder.lambda_package": packages, "check_mode": True, "register": "succeeds"},
        {
            "bbws.site_builder.toolchain_info": {**TOOLCHAIN, "config_file": str(folder / "rc")},
            "register": "refuses",
            **options,
        },
        {"bbws.site_builder.toolchain_info": {}, "register": "lacks_arguments", **options},
        {
            "bbws.site_builder.environment_info": place,
            "environment": closed,
            "register": "has_an_environment",
            **options,
        },
        {
            "bbws.site_builder.environment_info": place,
            "environment": closed,
            "no_log": True,
            "register": "is_hidden",
            **options,
        },
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the tasks return, by host."""
    folder = tmp_path_factory.mktemp("in_process")
    todo = tasks(folder)
    names = [task["register"] for task in todo]
    told = "{{ names | zip(names | map('extract', hostvars[item])) | community.general.dict | to_json }}"
    kept = {"copy": {"content": told, "dest": f"{folder}/{{{{ item }}}}.json"}, "loop": ["here", "there"]}
    hosts = {
        # No shell, no process.
        "here": {"ansible_python_interpreter": sys.executable, "ansible_shell_executable": "/bin/false"},
        "there": {"ansible_python_interpreter": OTHER},
    }
    plays = [
        {"hosts": "all", "gather_facts": False, "tasks": todo},
        {"hosts": "localhost", "gather_facts": False, "vars": {"names": names}, "tasks": [kept]},
    ]
    (folder / "play.yml").write_text(yaml.safe_dump(plays))
    (folder / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}})
    )
    done = play(folder, playbook=str(folder / "play.yml"), inventory=folder / "hosts.yml")
    assert done.code == 0, done.output
    return {host: json.loads((folder / f"{host}.json").read_text()) for host in hosts}


@pytest.mark.parametrize("name", ["succeeds", "refuses", "lacks_arguments", "has_an_environment", "is_hidden"])
def test_results_are_those_of_a_process(results: dict[str, dict[str, Any]], name: str) -> None:
    here, there = results["here"][name], results["there"][name]
    # Of amazon.aws; where they are said from differs.
    for one in (here, there):
        one.pop("deprecations", None)
    assert here == there
    assert ("msg" in here) == (name != "succeeds")


def test_what_they_say(results: dict[str, dict[str, Any]]) -> None:
    found = results["here"]
    assert found["succeeds"]["packages"].keys() == {"function/a"}
    assert "no Terraform found" in found["refuses"]["msg"]
    assert "missing required arguments" in found["lacks_arguments"]["msg"]
    assert "127.0.0.1:9" in found["has_an_environment"]["msg"]


@pytest.mark.parametrize(
    "other",
    [
        {"transport": "ssh"},
        {"become": "sudo"},
        {"async_val": 10},
        {"keep": True},
        {"interpreter": "/usr/bin/python3"},
        {"interpreter": None},
    ],
    ids=str,
)
def test_a_process_where_it_is_not_the_same(other: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def at_home(
        transport: str = "local", become: Any = None, async_val: int = 0, keep: bool = False, **variables: Any
    ) -> bool:
        plugin = SimpleNamespace(
            _connection=SimpleNamespace(transport=transport, become=become),
            _task=SimpleNamespace(async_val=async_val),
            _templar=SimpleNamespace(template=lambda value: value),
        )
        monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", keep)
        given = {"ansible_python_interpreter": variables.get("interpreter", sys.executable)}
        return InProcess._is_at_home(plugin, given)  # type: ignore[arg-type]

    assert at_home()
    assert not at_home(**other)


def test_every_module_without_an_action_is_routed() -> None:
    routed = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["plugin_routing"]["modules"]
    actions = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert routed == {name: {"action_plugin": "bbws.site_builder.in_process"} for name in modules - actions}
