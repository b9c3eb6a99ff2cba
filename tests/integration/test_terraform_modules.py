"""`terraform test` with a mocked AWS for every module and stack, in one process: what each makes of its inputs, what it refuses.

A start of Terraform with the provider takes longer than a test, so all tests become those of one root module: each run of a
folder's tests/*.tftest.hcl gets a `module` block that names the folder (in the folder itself `terraform test` does without), and
each case of its tests/refusals.yml is a call of the folder as a module, all of them in one plan.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import levels

from tests.conftest import ROOT, clean_environment

TERRAFORM = ROOT / "terraform"
FOLDERS = sorted(path.parent.relative_to(TERRAFORM) for path in TERRAFORM.glob("*/*/tests"))
TESTS = sorted(path.relative_to(TERRAFORM) for path in TERRAFORM.glob("*/*/tests/*.tftest.hcl"))
REFUSALS = {
    f"{folder}: {case['case']}": (folder, refusals["given"], case)
    for folder in FOLDERS
    if (TERRAFORM / folder / "tests/refusals.yml").exists()
    for refusals in [yaml.safe_load((TERRAFORM / folder / "tests/refusals.yml").read_text())]
    for case in refusals["cases"]
}
# The modules that want a second provider.
REPLICATED = [folder for folder in FOLDERS if "aws.replica" in (TERRAFORM / folder / "versions.tf").read_text()]


def name_of(test: Path) -> str:
    """The folder and the file in one name, since one folder holds all tests of a root module."""
    return "-".join((*test.parts[:2], test.name))


def runs_of(test: Path) -> list[str]:
    return re.findall(r'^run "(\w+)" \{', (TERRAFORM / test).read_text(), re.MULTILINE)


def as_test_of_the_root(test: Path) -> str:
    text = (TERRAFORM / test).read_text()
    folder = "/".join(test.parts[:2])
    text = re.sub(r'(module \{\s*source\s*=\s*")\./', rf"\1./{folder}/", text)

    def named(run: re.Match[str]) -> str:
        return (
            run[0] if "\n  module {" in run[0] else f'{run[1]}\n  module {{\n    source = "./{folder}"\n  }}\n{run[2]}'
        )

    return re.sub(r'^(run "\w+" \{\n)(.*?^\}\n)', named, text, flags=re.MULTILINE | re.DOTALL)


def as_module_call(name: str, folder: Path, given: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """A case changes the given variables; of an object, the fields that it names.

    They arrive by a variable: constants are looked at when Terraform validates, which stops short of those sentences that need
    a second variable.
    """
    variables = dict(given)
    for argument, value in case["variables"].items():
        both = isinstance(value, dict) and isinstance(given.get(argument), dict)
        variables[argument] = {**given[argument], **value} if both else value
    providers = {"aws": "aws", "aws.replica": "aws.replica"} if folder in REPLICATED else {"aws": "aws"}
    arguments = {argument: f"${{var.{name}.{argument}}}" for argument in variables}
    call = {"source": f"../{folder}", "providers": providers, **arguments}
    return {"variable": {name: {"type": "any", "default": variables}}, "module": {name: call}}


DEEP = 40


def _add_deeper_levels(root: Path) -> None:
    """A copy of the API's module with the levels that a run writes for a path of so many segments."""
    shutil.copytree(TERRAFORM / "modules/api_gateway", root / "deep", ignore=shutil.ignore_patterns("tests"))
    (root / "deep/main.levels.tf").write_text(levels.text(DEEP))
    given = (TERRAFORM / "modules/api_gateway/tests/api.tftest.hcl").read_text().partition('\nrun "')[0]
    path = "/".join(f"s{number}" for number in range(1, DEEP + 1))
    (root / "tests/deep.tftest.hcl").write_text(
        f"""{given}
run "deep" {{
  command = plan
  module {{
    source = "./deep"
  }}
  variables {{
    api = merge(var.api, {{ routes = {{ deep = {{ path = "/{path}", method = "GET", function = "generation" }} }} }})
  }}
  assert {{
    condition     = aws_api_gateway_resource.level_{DEEP}["/{path}"].path_part == "s{DEEP}" && length(local.resource_ids) == {DEEP} + 1
    error_message = "Every level is there."
  }}
}}
"""
    )


@pytest.fixture(scope="module")
def results(cli_config: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What Terraform reports of all tests, one message a line."""
    root = tmp_path_factory.mktemp("modules") / "terraform"
    for folder in ("modules", "stacks"):
        shutil.copytree(TERRAFORM / folder, root / folder, ignore=shutil.ignore_patterns(".terraform*"))
    # Without a file of its own, init takes the folder for an empty one.
    (root / "main.tf").touch()
    (root / "tests").mkdir()
    for test in TESTS:
        (root / "tests" / name_of(test)).write_text(as_test_of_the_root(test))
    (root / "refusals").mkdir()
    for number, (folder, given, case) in enumerate(REFUSALS.values()):
        name = f"case_{number}"
        (root / f"refusals/{name}.tf.json").write_text(json.dumps(as_module_call(name, folder, given, case)))
    shutil.copy(TERRAFORM / REPLICATED[0] / "versions.tf", root / "refusals/versions.tf")
    (root / "tests/refusals.tftest.hcl").write_text(
        'mock_provider "aws" {}\nmock_provider "aws" {\n  alias = "replica"\n}\n'
        'run "refusals" {\n  command = plan\n  module {\n    source = "./refusals"\n  }\n}\n'
    )
    _add_deeper_levels(root)
    env = clean_environment(root, TF_CLI_CONFIG_FILE=str(cli_config))

    def terraform(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False, timeout=600
        )

    made = terraform("init", "-backend=false", "-input=false", "-no-color")
    assert made.returncode == 0, made.stdout + made.stderr
    done = terraform("test", "-json")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert messages and messages[-1]["type"] == "test_summary", done.stdout + done.stderr
    return messages


def diagnostics(results: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    """(test file, run, file that the diagnostic is about, text) of each error."""
    for message in results:
        if message["type"] == "diagnostic" and message["@level"] == "error":
            found = message["diagnostic"]
            about = found.get("range", {}).get("filename", "")
            text = f"{found['summary']}: {found['detail']}"
            yield message.get("@testfile", ""), message.get("@testrun", ""), about, text


@pytest.mark.parametrize("test", TESTS, ids=str)
def test_behaviour(test: Path, results: list[dict[str, Any]]) -> None:
    file = f"tests/{name_of(test)}"
    ended = {
        message["@testrun"]: message["test_run"]["status"]
        for message in results
        if message["type"] == "test_run" and message["@testfile"] == file and "status" in message["test_run"]
    }
    problems = [text for place, _run, _about, text in diagnostics(results) if place == file]
    assert runs_of(test)
    assert ended == dict.fromkeys(runs_of(test), "pass"), "\n".join(problems)


def test_a_path_of_any_depth(results: list[dict[str, Any]]) -> None:
    (ended,) = [
        message["test_run"]["status"]
        for message in results
        if message["type"] == "test_run"
        and message["@testfile"] == "tests/deep.tftest.hcl"
        and "status" in message["test_run"]
    ]
    assert ended == "pass", [text for place, _run, _about, text in diagnostics(results) if "deep" in place]


def refused(results: list[dict[str, Any]], case: str) -> list[tuple[str, str]]:
    """(sentence, validation) of each refusal of one case."""
    file = f"refusals/case_{list(REFUSALS).index(case)}.tf.json"
    found = [text for *_, about, text in diagnostics(results) if about == file]
    return [tuple(text.split("\n\nThis was checked by the validation rule at ")) for text in found]


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal(case: str, results: list[dict[str, Any]]) -> None:
    """Exactly the sentences of the case, so that neither a check nor its message can go missing. {...} is any object."""
    said = sorted(sentence for sentence, _ in refused(results, case))
    wanted = sorted(REFUSALS[case][2]["says"])
    assert len(said) == len(wanted), said
    for sentence, text in zip(said, wanted, strict=True):
        pattern = re.escape(f"Invalid value for variable: {text}").replace(re.escape("{...}"), r"\{.*\}")
        assert re.fullmatch(pattern, sentence, re.DOTALL), sentence


def test_every_validation_refuses_something(results: list[dict[str, Any]]) -> None:
    rules = {
        f"{folder}/variables.tf:{number}"
        for folder in FOLDERS
        for number, line in enumerate((TERRAFORM / folder / "variables.tf").read_text().splitlines(), 1)
        if line == "  validation {"
    }
    assert rules - {rule.split(",")[0] for case in REFUSALS for _, rule in refused(results, case)} == set()
