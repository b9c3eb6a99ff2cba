"""to_hcl, held against Terraform's own parser."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.hcl import to_hcl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TERRAFORM = shutil.which("terraform")
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith("TF_")}, "CHECKPOINT_DISABLE": "1"}

# Terraform keeps text in NFC.
TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("$%{}\\\"'\n~#/*"), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e6, 1e6, width=32) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=20,
)
EVERY_SIGN = [f"{first}{second}{third}{{a}}" for first in "$% " for second in "$%{" for third in "$%{"]
KEYWORDS = ["for", "in", "if", "else", "endfor", "null", "true", "false", "a-b", "a.b", "1a", "", "é", "${a}", "A_1"]
TRICKY = {
    "text": [*EVERY_SIGN, "EOT", "<<EOT\nx\nEOT", "# no comment", "\\u0041", 'quo"te', "\x00\x1f\x7f\x85\u2028\ufeff"],
    "keys": {key: {key: None} for key in [*KEYWORDS, *EVERY_SIGN]},
    "first": {"for": 1},
    "numbers": [0, -1, 1.5, 1e-07, 10**30, True, False, None],
    "empty": [[], {}, [[]], [{}], {"a": {}}, ""],
    "deep": [{"a": [{"b": [1, {"c": [[2], {"d": "x"}]}]}], "bb": 1}, "x"],
}


def parsed(folder: Path, value: Any) -> Any:
    """Return what Terraform makes of `value` in a .tfvars file that `terraform fmt` has nothing to change in."""
    assert TERRAFORM, "terraform is on PATH wherever the tests run"
    (folder / "main.tf").write_text('variable "value" { type = any }\n')
    (folder / "terraform.tfvars").write_text(to_hcl({"value": value}), encoding="utf-8")

    def run(*arguments: str, say: str = "") -> str:
        command = [TERRAFORM, f"-chdir={folder}", *arguments]
        done = subprocess.run(
            command, input=say, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return json.loads(base64.b64decode(json.loads(run("console", say="base64encode(jsonencode(var.value))\n"))))


def test_terraform_reads_what_was_written(tmp_path: Path) -> None:
    assert parsed(tmp_path, TRICKY) == TRICKY


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=20, max_size=60))
def test_terraform_reads_whatever_was_written(tmp_path: Path, values: list[Any]) -> None:
    assert parsed(tmp_path, values) == values


def test_terraform_fmt_has_nothing_to_change(tmp_path: Path) -> None:
    file = tmp_path / "terraform.tfvars"
    ascii_keys = {**TRICKY, "keys": {key: 1 for key in TRICKY["keys"] if key.isascii()}}
    file.write_text(to_hcl({"b": "x", "longer_name": 1, **ascii_keys}), encoding="utf-8")
    done = subprocess.run(
        [TERRAFORM, "fmt", "-check", "-diff", file], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@given(st.dictionaries(st.from_regex(r"\A[a-z_][a-z0-9_]{0,9}\Z"), VALUES))
def test_the_order_of_keys_does_not_matter(variables: dict[str, Any]) -> None:
    assert to_hcl(dict(reversed(variables.items()))) == to_hcl(variables)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ([], r"\[\] is no mapping"),
        ({"not a name": 1}, "'not a name' has no name that Terraform accepts"),
        ({1: 1}, "variable 1 has no name"),
        ({"a": {"b": [1, float("nan")]}}, r"a\.b\[1\] is nan \(float\)"),
        ({"a": float("inf")}, r"a is inf \(float\)"),
        ({"a": {"b": {1, 2}}}, r"a\.b is {1, 2} \(set\)"),
        ({"a": b"bytes"}, r"a is b'bytes' \(bytes\)"),
        ({"a": {1: "x"}}, "a has the key 1, which is no text"),
        ({"a": "\ud800"}, "a is '.ud800', which holds half a character"),
    ],
)
def test_what_terraform_cannot_hold_is_refused(variables: Any, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=message):
        to_hcl(variables)
