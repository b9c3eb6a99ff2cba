"""A saved plan is what its manifest says, and was made from what is here, or it is refused. With Terraform itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import plan_summary
from ansible_collections.bbws.site_builder.plugins.modules import plan_details as module

TERRAFORM = shutil.which("terraform")
ROOT = """
terraform {
  backend "local" {
    path = "%s"
  }
}
variable "things" {
  type = map(object({ name = string, size = optional(number, 5) }))
}
variable "secret" {
  type      = string
  sensitive = true
}
variable "level" {
  type    = number
  default = 0.5
}
module "thing" {
  source   = "../modules/thing"
  for_each = var.things
  thing    = each.value
}
output "%s" {
  value = keys(var.things)
}
"""
THING = """
variable "thing" {}
resource "terraform_data" "this" {
  input = var.thing.name
}
"""
PROGRAM = """
resource "terraform_data" "program" {
  provisioner "local-exec" {
    command = "true"
  }
}
"""
SECRET = "correct-horse-battery"
TFVARS = {"things": {"a": {"name": "n${x} é", "size": 1}, "b": {"name": "b"}}, "secret": SECRET}

pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on PATH")


def run(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
    done = subprocess.run([TERRAFORM, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Service:
    """Stacks that share modules, as terraform_workdir lays them out."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "modules/thing").mkdir(parents=True)
        (base / "modules/thing/main.tf").write_text(THING)
        for stack in ("one", "two"):
            (base / stack).mkdir()
            (base / stack / "main.tf").write_text(ROOT % (base / f"{stack}.tfstate", stack))
            run(base / stack, "init", "-no-color", "-input=false")

    def plan(self, stack: str, **tfvars: Any) -> dict[str, Any]:
        """Plan it, and return its entry of a manifest."""
        folder = self.base / stack
        (folder / "t.tfvars.json").write_text(json.dumps({**TFVARS, **tfvars}))
        said = run(folder, "plan", "-json", "-input=false", "-var-file=t.tfvars.json", "-out=plan.tfplan")
        (folder / "t.tfvars.json").write_text(json.dumps(TFVARS))
        return {"plan": plan_summary(said)}


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "service")


@pytest.fixture
def check(service: Service, run_module: Callable[..., dict]) -> Callable[..., dict]:
    def call(stack: str, entry: dict[str, Any], serial: int | None = None, lineage: str | None = None) -> dict:
        folder = service.base / stack
        saved = {"stack": stack, "manifest_entry": entry, "tfvars_file": str(folder / "t.tfvars.json")}
        result = run_module(
            module,
            binary=TERRAFORM,
            project_path=str(folder),
            plan_file=str(folder / "plan.tfplan"),
            saved={**saved, "serial": serial, "lineage": lineage},
        )
        result.pop("invocation", None)
        assert SECRET not in json.dumps(result)
        return result

    return call


def ordered(actions: list[dict[str, str]]) -> list[dict[str, str]]:
    """Terraform tells them in any order."""
    return sorted(actions, key=lambda action: action["address"])


def test_a_plan_that_is_what_it_was_saved_as(service: Service, check: Callable[..., dict]) -> None:
    entry = service.plan("one")
    result = check("one", entry)
    assert result["facts"]["counts"] == {"created": 2, "updated": 0, "replaced": 0, "deleted": 0}
    assert result["facts"].keys() == {
        "actions", "counts", "has_changes", "provisioners", "stateful", "variables_sha256"
    }  # fmt: skip
    assert ordered(result["facts"]["actions"]) == ordered(entry["plan"]["actions"])
    for name in ("counts", "stateful", "has_changes"):
        assert result["facts"][name] == entry["plan"][name]
    # And when it is deployed, and something else is to change.
    run(service.base / "one", "apply", "-no-color", "plan.tfplan")
    state = json.loads((service.base / "one.tfstate").read_text())
    entry = service.plan("one")
    assert "msg" not in check("one", entry, state["serial"], state["lineage"])
    assert "was made from another state" in check("one", entry, state["serial"] + 1, state["lineage"])["msg"]
    assert "was made from another state" in check("one", entry)["msg"]


def test_a_plan_file_with_a_program_in_it(service: Service, check: Callable[..., dict]) -> None:
    """Whoever may write to the plans has planned with other sources, and corrected the hashes and the manifest."""
    evil = service.base / "modules/thing/evil.tf"
    evil.write_text(PROGRAM)
    entry = service.plan("one")
    evil.unlink()
    said = check("one", entry)["msg"]
    assert (
        "the plan file of one would run programs on this machine (module.thing.terraform_data.program by local-exec): run"
        in said
    )
    assert "it differs in evil.tf of module thing)" in said


@pytest.mark.parametrize("file", ["modules/thing/main.tf", "one/main.tf"])
def test_sources_that_are_not_from_here(service: Service, check: Callable[..., dict], file: str) -> None:
    source = service.base / file
    ours = source.read_text()
    source.write_text(ours + "\n# other\n")
    entry = service.plan("one")
    source.write_text(ours)
    where = "module thing" if "modules" in file else "the root module"
    assert f"was not made from what is here (it differs in main.tf of {where}):" in check("one", entry)["msg"]


def test_plans_of_two_stacks_that_were_swapped(service: Service, check: Callable[..., dict]) -> None:
    entries = {stack: service.plan(stack) for stack in ("one", "two")}
    shutil.move(service.base / "two/plan.tfplan", service.base / "one/plan.tfplan")
    # Even where both do the same.
    assert ordered(entries["one"]["plan"]["actions"]) == ordered(entries["two"]["plan"]["actions"])
    assert "(it differs in main.tf of the root module, the backend):" in check("one", entries["one"])["msg"]


def test_another_backend_alone(service: Service, check: Callable[..., dict]) -> None:
    """The state, secrets included, would be written to where somebody else reads it."""
    entry = service.plan("one")
    plan = service.base / "one/plan.tfplan"
    ours, theirs = (str(service.base / name).encode() for name in ("one.tfstate", "two.tfstate"))
    with zipfile.ZipFile(plan) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files["tfplan"].count(ours) == 1
    with zipfile.ZipFile(plan, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data.replace(ours, theirs) if name == "tfplan" else data)
    said = check("one", entry)["msg"]
    assert said.startswith(
        "the plan file of one was not made from what is here (it differs in the backend): run playbooks/plan.yml"
    )


@pytest.mark.parametrize(
    "tfvars",
    [{"secret": "another-one"}, {"level": 0.25}, {"things": {"a": {"name": "n${x} é", "size": 2}, "b": {"name": "b"}}}],
)
def test_variables_that_are_not_those_here(
    service: Service, check: Callable[..., dict], tfvars: dict[str, Any]
) -> None:
    said = check("one", service.plan("one", **tfvars))["msg"]
    assert said.startswith("the plan file of one was made with other variables than those that are defined here: run")
    assert "another-one" not in said


def test_a_manifest_that_says_less(service: Service, check: Callable[..., dict]) -> None:
    entry = service.plan("one")
    entry["plan"]["actions"] = ordered(entry["plan"]["actions"])[:1]
    assert 'actions: create module.thing["b"].terraform_data.this in fact, nothing there' in check("one", entry)["msg"]


def test_what_is_taken_over_may_be_in_the_plan_alone(service: Service, check: Callable[..., dict]) -> None:
    imports = service.base / "one/imports.tf.json"
    item = {"to": 'module.thing["a"].terraform_data.this', "id": "an-id"}
    imports.write_text(json.dumps({"import": [item]}))
    entry = service.plan("one")
    assert "msg" not in check("one", entry)
    # Here it may be too, for the next plan.
    imports.unlink()
    assert "msg" not in check("one", entry)
    imports.write_text(json.dumps({"import": [item], "locals": {"a": "b"}}))
    entry = service.plan("one")
    imports.unlink()
    assert "(it differs in imports.tf.json of the root module):" in check("one", entry)["msg"]


def test_a_file_that_is_no_plan_file(service: Service, check: Callable[..., dict]) -> None:
    entry = service.plan("one")
    (service.base / "one/t.tfvars.json").unlink()
    assert (
        "t.tfvars.json, which cannot be read (FileNotFoundError): lay out the working directory"
        in check("one", entry)["msg"]
    )
    (service.base / "one/plan.tfplan").write_bytes(b"x")
    assert "cannot be read" in check("one", entry)["msg"]
