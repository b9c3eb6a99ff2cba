"""Each role's argument specification and its defaults are about the same variables."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS

from tests.conftest import BIN, ROOT, clean_environment

ROLES = sorted(path for path in (Path(__file__).parents[2] / "roles").iterdir() if path.is_dir())


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text()) or {}


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_options_are_the_defaults(role: Path) -> None:
    defaults = load(role / "defaults/main.yml")
    specs = load(role / "meta/argument_specs.yml")["argument_specs"]
    assert specs
    for name, spec in specs.items():
        assert spec["options"].keys() == defaults.keys(), name


def test_told_defaults_are_true(role: Path) -> None:
    defaults = load(role / "defaults/main.yml")
    for spec in load(role / "meta/argument_specs.yml")["argument_specs"].values():
        for name, option in spec["options"].items():
            # A template says in words what the specification says as a value.
            if "default" in option and "{{" not in str(defaults[name]):
                assert option["default"] == defaults[name], name


def test_variables_carry_the_role_as_prefix(role: Path) -> None:
    assert [name for name in load(role / "defaults/main.yml") if not name.startswith(f"{role.name}_")] == []
    internal = load(role / "vars/main.yml") if (role / "vars/main.yml").exists() else {}
    assert [name for name in internal if not name.startswith(f"_{role.name}_")] == []


def test_entry_points_are_task_files(role: Path) -> None:
    for entry_point in load(role / "meta/argument_specs.yml")["argument_specs"]:
        assert (role / f"tasks/{entry_point}.yml").is_file()


def test_example_is_a_play_of_this_role(role: Path) -> None:
    """ansible-doc shows it; its variables are those of the collection, and their values are right."""
    spec = next(iter(load(role / "meta/argument_specs.yml")["argument_specs"].values()))
    known = {name for other in ROLES for name in load(other / "defaults/main.yml")}
    (play,) = yaml.safe_load(spec["examples"])
    assert f"bbws.site_builder.{role.name}" in spec["examples"]
    variables = play.get("vars", {})
    assert variables.keys() <= known
    for name in DEFINITIONS.keys() & variables.keys():
        assert list(DEFINITIONS[name](variables[name], name)) == []


def test_ansible_takes_the_examples(tmp_path: Path) -> None:
    specs = [load(role / "meta/argument_specs.yml")["argument_specs"] for role in ROLES]
    playbook = tmp_path / "examples.yml"
    playbook.write_text("\n".join(next(iter(spec.values()))["examples"] for spec in specs))
    command = [str(BIN / "ansible-playbook"), "--syntax-check", "-i", "inventories/dev", str(playbook)]
    run = subprocess.run(
        command, cwd=ROOT, env=clean_environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_ansible_doc_shows_every_role(tmp_path: Path) -> None:
    names = [f"bbws.site_builder.{role.name}" for role in ROLES]
    command = [str(BIN / "ansible-doc"), "-t", "role", *names]
    run = subprocess.run(
        command, cwd=ROOT, env=clean_environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("EXAMPLES:") == len(names)
