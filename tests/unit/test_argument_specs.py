"""Each role's argument specification and its defaults are about the same variables."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import registry
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS, STACKS

from tests.conftest import BIN, ROOT, clean_environment
from tests.settings import DEV

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
    """The role of a stack has no entry point of its own: `main` tells of its variables, and its task files are hooks."""
    entry_points = load(role / "meta/argument_specs.yml")["argument_specs"].keys()
    tasks = {path.stem for path in role.glob("tasks/*.yml")}
    if role.name in STACKS:
        assert entry_points == {"main"}
        assert tasks == set(example_service()[role.name]["hooks"])
    else:
        assert entry_points <= tasks


def test_example_is_a_play_of_this_role(role: Path) -> None:
    """ansible-doc shows it; its variables are those of the collection, and their values are right."""
    spec = next(iter(load(role / "meta/argument_specs.yml")["argument_specs"].values()))
    known = {name for other in ROLES for name in load(other / "defaults/main.yml")}
    (play,) = yaml.safe_load(spec["examples"])
    variables = play.get("vars", {})
    if role.name in STACKS:
        assert [one["role"].rpartition(".")[2] for one in play["roles"]] == ["site_builder", "terraform_stack"]
        assert variables.keys() >= STACKS[role.name].variables.keys()
        assert variables.keys() <= load(role / "defaults/main.yml").keys()
    else:
        assert f"bbws.site_builder.{role.name}" in spec["examples"]
    assert variables.keys() <= known
    for name in DEFINITIONS.keys() & variables.keys():
        assert list(DEFINITIONS[name](variables[name], name)) == []


def example_service() -> registry.Stacks:
    """What the examples of the six roles say together, defined. Only the code and the document are not here."""
    specs = [load(ROOT / f"roles/{name}/meta/argument_specs.yml")["argument_specs"]["main"] for name in STACKS]
    plays = [play for spec in specs for play in yaml.safe_load(spec["examples"])]
    definitions = {name: value for play in plays for name, value in play["vars"].items()}
    assert definitions.keys() == DEFINITIONS.keys()
    assert [problem for stack in STACKS.values() for problem in stack.references(definitions)] == []
    documents = [path for api in definitions["api_gateway_apis"].values() for path in api["documents"]]
    (function,) = definitions["lambda_functions"]
    operation = f"security: [], x-site-builder-function: {function}, responses: {{'200': {{description: Fine}}}}"
    text = f"openapi: 3.0.3\ninfo: {{title: Orders, version: '1'}}\npaths: {{/orders: {{get: {{{operation}}}}}}}\n"
    return registry.define(definitions, dict.fromkeys(documents, text), DEV)


def test_examples_are_one_service() -> None:
    assert example_service().keys() == STACKS.keys()


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
