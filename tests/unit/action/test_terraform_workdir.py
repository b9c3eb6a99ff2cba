"""The action plugin: it runs in Ansible's process, with its data, and says what its documentation says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.bbws.site_builder.plugins.action import terraform_workdir
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import runs
from ansible_collections.bbws.site_builder.plugins.modules import terraform_workdir as documented


@pytest.fixture(autouse=True)
def _lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock.hcl").write_text('provider "x" {\n  version = "5.100.0"\n  hashes = ["h1:a="]\n}\n')
    monkeypatch.setattr(terraform_workdir, "LOCK_FILE", tmp_path / "lock.hcl", raising=True)


def run(**args: object) -> dict[str, Any]:
    task = SimpleNamespace(args=args, async_val=0, check_mode=True, action="terraform_workdir")
    plugin = terraform_workdir.ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), SimpleNamespace())
    return plugin.run(task_vars={})


@pytest.fixture
def options(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/main.tf").write_text("")
    return {
        "run_dir": f"{tmp_path}/runs/run1/s3",
        "source": f"{tmp_path}/root",
        "tfvars": {"a": 1},
        "providers": {},
        "backend": {"bucket": "b"},
        "terraform_version": "1.11.4",
        "provider_version": "5.100.0",
    }


def test_lays_out_in_check_mode_too(options: dict[str, object], tmp_path: Path) -> None:
    result = run(**options)
    documentation = yaml.safe_load(documented.RETURN)
    assert result.keys() >= documentation.keys()
    assert (result["changed"], result["initialised"]) == (False, False)
    assert json.loads(Path(result["tfvars_file"]).read_text()) == {"a": 1}
    assert (Path(result["project_path"]) / ".terraform.lock.hcl").read_text() == (tmp_path / "lock.hcl").read_text()
    assert json.loads((tmp_path / "runs/run1/owner.json").read_text())["pid"] == os.getpid()


def test_sweeps(options: dict[str, object], tmp_path: Path) -> None:
    result = run(**options)
    assert run(state="swept", run_dir=f"{tmp_path}/runs/run1") == {"changed": False}
    assert not Path(result["tfvars_file"]).exists()
    assert not runs.is_live(tmp_path / "runs/run1")
    assert run(state="swept", run_dir=f"{tmp_path}/runs/none") == {"changed": False}
    assert not (tmp_path / "runs/none").exists()


def test_refuses_in_one_sentence(options: dict[str, object]) -> None:
    with pytest.raises(AnsibleActionFail, match="source is /nowhere, which is not a directory; name"):
        run(**options | {"source": "/nowhere"})
    for missing in ("source", "tfvars", "providers", "backend", "terraform_version", "provider_version"):
        with pytest.raises(AnsibleActionFail, match=missing):
            run(**{name: value for name, value in options.items() if name != missing})
    with pytest.raises(AnsibleActionFail, match="tfvar"):
        run(**options, tfvar={})


def test_unreadable_state_is_a_warning(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(terraform_workdir.Display, "warning", lambda _self, text: told.append(text))
    (Path(run(**options)["project_path"]) / "errored.tfstate").write_text("{")
    result = run(**options)
    assert len(result["unreadable_states"]) == len(told) == 1
    assert told[0].startswith(f"{result['unreadable_states'][0]} is the rest of a state that an earlier apply")


def test_arguments_are_the_documented_ones() -> None:
    options = yaml.safe_load(documented.DOCUMENTATION)["options"]
    assert options.keys() == terraform_workdir.ARGUMENTS.keys()
    for name, option in options.items():
        spec = terraform_workdir.ARGUMENTS[name]
        for field in ("type", "default", "choices", "required"):
            assert option.get(field) == spec.get(field), (name, field)
