# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets in what Terraform and AWS say of an error. They quote values, and escape them as it suits them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED, SHORTEST

# A line of a secret of several lines counts as one from this length on; AWS and Terraform may quote a part.
_SHORTEST_LINE = 8
# How often a text may be escaped: HCL in JSON in JSON in an address.
_DEEPEST = 4
# What becomes one blank when a message is put in one line, Terraform's boxes included.
_BLANK = r"\s│╷╵"
_BLANKS = re.compile(f"[{_BLANK}]+")
_ESCAPE = re.compile(
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[abfnrtv\"'/\\])"
)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_TEMPLATE = re.compile(r"\$\$(?=\{)|%%(?=\{)")
# The bytes of one character: of ASCII, or a first byte and those that go on.
_OCTETS = re.compile(r"%[0-7][0-9a-fA-F]|%[c-fC-F][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){1,3}")
_OCTETS_AND_PLUS = re.compile(rf"{_OCTETS.pattern}|\+")

# "... exceeded the 4KB limit. String measured: {"NAME":"value", ...": the whole environment of a function.
_MEASURED = "String measured"
_IN_JSON = re.compile(rf'({_MEASURED})(?:[^"\\\n]|\\.)*')
# Up to where Terraform says what it was about, or to the end of its box.
_IN_TEXT = re.compile(rf"({_MEASURED}).*?(?=\n[{_BLANK}]*\n[{_BLANK}]*(?:with|on) |\n╵|\Z)", re.DOTALL)


@dataclass(frozen=True)
class _View:
    """A text without its escapes, and where in the original each of its characters begins and ends."""

    text: str
    starts: list[int]
    ends: list[int]

    def rewritten(self, pattern: re.Pattern[str], plain: Callable[[str], str]) -> _View:
        """Return the view in which each match has become what it stands for."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            meant = plain(match.group())
            parts += [self.text[done:begin], meant]
            starts += [*self.starts[done:begin], *[self.starts[begin]] * len(meant)]
            ends += [*self.ends[done:begin], *[self.ends[end - 1]] * len(meant)]
            done = end
        return _View("".join([*parts, self.text[done:]]), starts + self.starts[done:], ends + self.ends[done:])

    def spans(self, secret: str) -> Iterator[tuple[int, int]]:
        """Where in the original the secret is; one may begin within another."""
        at = self.text.find(secret)
        while at >= 0:
            yield self.starts[at], self.ends[at + len(secret) - 1]
            at = self.text.find(secret, at + 1)


def mask(text: str, secrets: Iterable[Any]) -> str:
    """Return the text without the secrets, raw or as JSON, HCL or an address write them, with their blanks or with fewer.

    To be called before blanks are collapsed or anything is cut off: half a secret would not be found. A secret shorter than
    four characters is left, for it would be found in every other word. What AWS quotes after "String measured" goes whole.
    """
    text = "\n".join(_without_measured(part) for part in _split_events(text))
    wanted = _parts(secrets)
    if not wanted:
        return text
    spans = [span for view in _views(text) for secret in wanted for span in view.spans(secret)]
    masked, end = [], 0
    for begin, stop in _merged(spans):
        masked += [text[end:begin], MASKED]
        end = stop
    return "".join([*masked, text[end:]])


def _views(text: str) -> list[_View]:
    """The text under all escapes that it may be under, each with its blanks collapsed."""
    first = _View(text, list(range(len(text))), list(range(1, len(text) + 1)))
    found, newest = {text: first}, [first]
    for _ in range(_DEEPEST):
        newer = [
            view.rewritten(pattern, plain)
            for view in newest
            for pattern, plain in _NOTATIONS
            if pattern.search(view.text)
        ]
        newest = [view for view in {view.text: view for view in newer}.values() if view.text not in found]
        found |= {view.text: view for view in newest}
    return [view.rewritten(_BLANKS, lambda _blanks: " ") for view in found.values()]


def _unescaped(escape: str) -> str:
    """What an escape of JSON, HCL or Go stands for."""
    kind = escape[1]
    if kind in "uUx":
        code = int(escape[2:], 16) if "\\" not in escape[2:] else 0
        if not code and len(escape) == 12:  # a pair of surrogates
            return bytes.fromhex(escape[2:6] + escape[8:12]).decode("utf-16-be")
        return chr(code) if code < 0x110000 else escape
    return _LETTERS.get(kind, kind)


def _octets(quoted: str) -> str:
    """What bytes of an address stand for."""
    if quoted == "+":
        return " "
    return bytes.fromhex(quoted.replace("%", "")).decode("utf-8", "replace")


_NOTATIONS: list[tuple[re.Pattern[str], Callable[[str], str]]] = [
    (_ESCAPE, _unescaped),
    (_TEMPLATE, lambda doubled: doubled[0]),
    (_OCTETS, _octets),
    (_OCTETS_AND_PLUS, _octets),
]


def lambda_environment_bytes(environment: Mapping[str, Any]) -> int:
    """Return the size of a function's environment in bytes, as AWS holds it against its limit of 4 KB (4096).

    AWS measures the JSON of it, which its refusal quotes: "Lambda was unable to configure your environment variables because the
    environment variables you have provided exceeded the 4KB limit. String measured: {...}" (InvalidParameterValueException of
    CreateFunction and UpdateFunctionConfiguration). So quotes, colons, commas and escapes count.
    """
    values = {name: str(value) for name, value in environment.items()}
    return len(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _split_events(text: str) -> list[str]:
    """The lines that are JSON, each alone, and what is between them."""
    parts: list[str] = []
    plain: list[str] = []
    for line in text.split("\n"):
        if '{"@level"' in line:
            parts += ["\n".join(plain)] * bool(plain) + [line]
            plain = []
        else:
            plain.append(line)
    return [*parts, *(["\n".join(plain)] if plain else [])]


def _without_measured(part: str) -> str:
    pattern = _IN_JSON if '{"@level"' in part else _IN_TEXT
    return pattern.sub(rf"\1 {MASKED}", part)


def _parts(secrets: Iterable[Any]) -> set[str]:
    """The secrets, and the lines of those that have several, as they are in one line."""
    wholes = [str(secret) for secret in secrets]
    lines = [line for whole in wholes for line in whole.splitlines() if len(line.strip()) >= _SHORTEST_LINE]
    cores = {_BLANKS.sub(" ", part).strip() for part in (*wholes, *lines)}
    return {core for core in cores if len(core) >= SHORTEST}


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, stop in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((begin, stop))
    return merged
