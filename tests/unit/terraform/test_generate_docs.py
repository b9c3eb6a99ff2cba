"""The documentation of the fields is what tools/generate_docs.py makes of their declaration."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tools import generate_docs
from tools.terraform_types import Field, Variable

THING = Variable(
    "thing",
    {
        "timeout": Field("timeout", "number", "60"),
        "vpc": Field("vpc", "object", "null"),
        "vpc.subnet_ids": Field("vpc.subnet_ids", "list(string)", None),
        "name": Field("name", "string", None),
        "layers": Field("layers", "list(string)", '["a)"]'),
    },
    {
        "timeout": "Seconds, as in <a|b>.",
        "vpc": "See `timeout`: a network.",
        "vpc.subnet_ids": "Ids.",
        "name": "Computed.",
        "layers": "Text " * 40,
    },
)


def test_what_is_committed_is_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools/generate_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_stale_file_is_named_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("terraform/modules", "terraform/stacks", "roles"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform*", "__pycache__"))
    monkeypatch.setattr(generate_docs, "ROOT", tmp_path)
    variables = tmp_path / "terraform/modules/lambda/variables.tf"
    variables.write_text(variables.read_text().replace("optional(number, 60)", "optional(number, 30)"))
    assert generate_docs.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{stale} is not up to date; run python tools/generate_docs.py"
        for stale in ("terraform/modules/lambda/README.md", "roles/lambda/meta/argument_specs.yml")
    ]
    assert generate_docs.main([]) == 0
    assert generate_docs.main(["--check"]) == 0
    assert "| `timeout` | number | `30` |" in (tmp_path / "terraform/modules/lambda/README.md").read_text()


def test_a_table_has_all_fields() -> None:
    assert generate_docs.table(THING).splitlines()[2:5] == [
        r"| `timeout` | number | `60` | Seconds, as in \<a\|b>. |",
        "| `vpc` | object | `null` | See `timeout`: a network. |",
        "| `vpc.subnet_ids` | list(string) | required | Ids. |",
    ]


def test_a_role_has_the_fields_that_people_write() -> None:
    assert yaml.safe_load(generate_docs.entries(THING, "lambda_functions", "")) == [
        "C(timeout) (number, default V(60)). Seconds, as in <a|b>.",
        "C(vpc) (object, default V(null)). See C(timeout): a network.",
        "C(vpc.subnet_ids) (list(string), required). Ids.",
        r'C(layers) (list(string), default V(["a\)"])). ' + ("Text " * 40).strip(),
    ]


def test_only_what_is_between_the_comments_changes() -> None:
    text = "options:\n  x:\n    type: str\n  lambda_functions:\n    description:\n      - Ours.\n      # fields\n      - old\n      # /fields\n    type: dict\n"
    renewed = generate_docs.with_entries(text, "here", "lambda_functions", THING)
    assert renewed.startswith(text.partition("      - old")[0] + "      - >-\n        C(timeout)")
    assert renewed.endswith("      # /fields\n    type: dict\n")
    assert "old" not in renewed
    assert generate_docs.with_entries(renewed, "here", "lambda_functions", THING) == renewed


def test_a_file_without_the_comments_is_refused() -> None:
    with pytest.raises(SystemExit, match="README has 0 places for the fields; put"):
        generate_docs.with_table("# lambda\n", "README", THING)
    with pytest.raises(SystemExit, match="here has 0 places for the fields of lambda_functions; put"):
        generate_docs.with_entries("lambda_functions:\n  type: dict\n", "here", "lambda_functions", THING)
