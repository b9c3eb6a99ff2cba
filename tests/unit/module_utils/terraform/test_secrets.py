"""No secret survives, however it is written; and nothing else is lost."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from collections.abc import Callable

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.secrets import (
    lambda_environment_bytes,
    mask,
)
from hypothesis import given, settings
from hypothesis import strategies as st


def collapse(text: str) -> str:
    """As error_reason does."""
    return re.sub(r"[\s│╷╵]+", " ", text).strip()


def as_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def as_utf8_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def as_go_json(text: str) -> str:
    """encoding/json, which Terraform and AWS' SDK use, escapes for HTML, too."""
    return re.sub(r"[<>&\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", as_utf8_json(text))


def as_hcl(text: str) -> str:
    """A quoted template, see the HCL native syntax specification."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return escaped.replace("${", "$${").replace("%{", "%%{")


def as_go_quoted(text: str) -> str:
    """Go's %q, as the provider prints strings."""
    special = {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        '"': '\\"',
        "\\": "\\\\",
    }

    def quoted(character: str) -> str:
        if character in special:
            return special[character]
        if character.isprintable():
            return character
        code = ord(character)
        return f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return "".join(map(quoted, text))


def as_address(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def as_lower_address(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), as_address(text))


FORMS: list[Callable[[str], str]] = [
    str,
    as_json,
    as_utf8_json,
    as_go_json,
    as_hcl,
    as_go_quoted,
    as_address,
    as_lower_address,
    urllib.parse.quote,
    urllib.parse.quote_plus,
    lambda text: as_json(as_json(text)),
    lambda text: as_json(as_go_json(text)),
    lambda text: as_json(as_hcl(text)),
    lambda text: as_address(as_json(text)),
    lambda text: as_address(as_address(text)),
    lambda text: as_json(as_address(text)),
    collapse,
    lambda text: collapse(as_json(text)),
    lambda text: as_json(collapse(text)),
    lambda text: as_address(collapse(text)),
    lambda text: text.replace(" ", "\n│ "),
]
CHARACTERS = st.one_of(
    st.sampled_from("\"\\'${}%/&<>+=:;, \n\r\t\b\f\v#@!?*()[]|`~^│\u2028é😀aB9"),
    st.characters(exclude_categories=["Cs"]),
)
SECRETS = st.text(CHARACTERS, min_size=4, max_size=40).filter(
    lambda text: len(collapse(text)) >= 4 and "String measured" not in text
)


@settings(max_examples=300, deadline=None)
@given(secret=SECRETS, form=st.sampled_from(FORMS))
def test_no_form_survives(secret: str, form: Callable[[str], str]) -> None:
    # What is left of blanks at its edges is no secret.
    core = secret.strip().strip("│╷╵").strip()
    if len(core) < 4 or core != secret.strip():
        return
    planted = form(core)
    assert mask(f"<begin>{planted}<end>", [secret]) == f"<begin>{MASKED}<end>"


@settings(max_examples=200, deadline=None)
@given(secrets=st.lists(SECRETS, min_size=1, max_size=4), form=st.sampled_from(FORMS), data=st.data())
def test_of_several_none_survives(secrets: list[str], form: Callable[[str], str], data: st.DataObject) -> None:
    """One may be a part of another, or overlap it."""
    whole = "".join(secrets)
    cut = data.draw(st.integers(0, len(whole)))
    secrets = [*secrets, whole[cut : cut + 10]]
    secrets = [one for one in secrets if len(collapse(one)) >= 4]
    masked = mask(f"<begin>{form(whole)}<end>", secrets)
    rest = masked.replace(MASKED, "\0")
    for secret in secrets:
        planted = form(secret.strip()).strip()
        assert len(collapse(planted)) < 4 or planted not in rest


@given(text=st.text(st.sampled_from('abcdefgh \n{}:"'), max_size=200))
def test_nothing_else_is_lost(text: str) -> None:
    assert mask(text, ["SECRET", "An0ther \n one"]) == text


def test_overlapping_ones_go_whole() -> None:
    assert mask("x abcdefgh y", ["abcd", "cdefgh"]) == f"x {MASKED} y"
    assert mask("hunter2-old hunter2", ["hunter2", "hunter2-old"]) == f"{MASKED} {MASKED}"


def test_short_ones_are_left() -> None:
    assert mask("set to on, a b", ["on", "a b", "", " \n ", None or ""]) == "set to on, a b"
    assert mask("set to 1234", [1234]) == f"set to {MASKED}"


PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"


def test_a_line_of_several_is_one() -> None:
    for text in ("it ends with hkiG9w0BAQEFAASC", f"it is {as_json(PEM)}", f"it is {PEM}", f"it is {collapse(PEM)}"):
        assert "MIIE" not in mask(text, [PEM])
        assert "hkiG" not in mask(text, [PEM])


MEASURED = (
    "InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables "
    "you have provided exceeded the 4KB limit. String measured: "
)
ENVIRONMENT = {"PASSWORD": 'a"b\\c\n  d', "URL": "https://u:p@example.com/?a=1&b=2"}


class TestMeasured:
    def test_goes_whole(self) -> None:
        text = f"{MEASURED}{json.dumps(ENVIRONMENT)}"
        assert mask(text, []) == f"{MEASURED.strip().removesuffix(':')} {MASKED}"

    def test_over_several_lines_of_a_box(self) -> None:
        wrapped = json.dumps(ENVIRONMENT).replace(" ", "\n│ ")
        masked = mask(f"│ Error: no\n│ \n│ {MEASURED}{wrapped}\n│ \n│   with aws_x.y,\n╵\n╷\n│ Error: other", [])
        assert "PASSWORD" not in masked
        assert "example.com" not in masked
        assert "with aws_x.y," in masked
        assert "Error: other" in masked

    def test_in_a_line_of_json(self) -> None:
        """The line stays JSON, and those after it are kept."""
        event = {
            "@level": "error",
            "diagnostic": {"detail": f"{MEASURED}{json.dumps(ENVIRONMENT)}", "address": "aws_x.y"},
        }
        after = json.dumps({"@level": "info", "type": "other"})
        first, second = mask(f"{json.dumps(event)}\n{after}", []).split("\n")
        assert json.loads(first)["diagnostic"]["address"] == "aws_x.y"
        assert "PASSWORD" not in first
        assert second == after


@pytest.mark.parametrize(
    "secret", ["\\" * 2000, '\\"' * 1000, " \n" * 500 + "a" * 10, "a " * 1000, "${" * 1000, "%41" * 500]
)
def test_hostile_ones_take_no_time(secret: str) -> None:
    start = time.monotonic()
    masked = mask(f"{secret}x{as_json(secret)[:-1]}y{secret[:-1]}", [f"{secret}b", f"z{secret}"])
    assert time.monotonic() - start < 5
    assert masked.endswith(secret[-10:-1])


def test_environment_as_aws_measures_it() -> None:
    """Quotes, colons, commas and escapes count, which the sum of names and values leaves out."""
    assert lambda_environment_bytes({}) == len("{}")
    assert lambda_environment_bytes({"A": "b", "C": 1}) == len('{"A":"b","C":"1"}')
    assert lambda_environment_bytes({"A": 'q"\n\\é'}) == len('{"A":"q\\"\\n\\\\é"}'.encode())
    quoted = {"A": '"' * 888, "B": "x" * 3102}
    assert sum(len(name + value) for name, value in quoted.items()) < 4096 < lambda_environment_bytes(quoted)
