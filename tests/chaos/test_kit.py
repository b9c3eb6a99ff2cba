"""What the chaos runs look with can see: a search that finds nothing must have been able to find something."""

from __future__ import annotations

import base64
import gzip
import html
import json
import urllib.parse
import zipfile
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from . import secret
from .proxy import Call, Proxy

SECRET = secret.make("kit")
NOTATIONS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda text: text.encode(),
    "json": lambda text: json.dumps({"a": text}).encode(),
    "json in json": lambda text: json.dumps(json.dumps(text)).encode(),
    "html": lambda text: html.escape(text).encode(),
    "url": lambda text: urllib.parse.quote(text).encode(),
    "form": lambda text: urllib.parse.urlencode({"Value": text}).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two bytes on": lambda text: base64.b64encode(b"xy" + text.encode()),
    "base64 of json": lambda text: base64.b64encode(json.dumps({"PLANTED": text}).encode()),
    "gzip": lambda text: gzip.compress(text.encode()),
    "only its end": lambda text: text[-20:].encode(),
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_secret_is_found(notation: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/log").write_bytes(
        b"before " + NOTATIONS[notation](SECRET) if "gzip" not in notation else NOTATIONS[notation](SECRET)
    )
    (tmp_path / "other").write_text("nothing")
    assert list(secret.holders(SECRET, [tmp_path])) == [tmp_path / "a/log"]


def test_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", SECRET)
    assert list(secret.holders(SECRET, [tmp_path])) == [tmp_path / "a.zip"]


def test_beside_half_an_archive(tmp_path: Path) -> None:
    (tmp_path / "half.zip").write_bytes(b"PK\x03\x04" + SECRET.encode())
    (tmp_path / "half.gz").write_bytes(gzip.compress(b"nothing")[:-9])
    assert list(secret.holders(SECRET, [tmp_path])) == [tmp_path / "half.zip"]


def test_where_it_may_be(tmp_path: Path) -> None:
    private, public = tmp_path / "terraform.tfvars.json", tmp_path / "b" / "terraform.tfvars.json"
    public.parent.mkdir()
    for file, mode in ((private, 0o600), (public, 0o644)):
        file.write_text(json.dumps(SECRET))
        file.chmod(mode)
    public.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    assert list(secret.holders(SECRET, [tmp_path])) == [public]


def test_it_is_vaulted_where_it_is_planted(tmp_path: Path) -> None:
    variables, _ = secret.plant(SECRET, tmp_path)
    assert "PLANTED: !vault |" in variables.read_text()
    assert secret.holders(SECRET, [tmp_path]) == {}


@pytest.mark.parametrize(
    ("headers", "body", "name", "writes"),
    [
        ({"X-Amz-Target": "DynamoDB_20120810.CreateTable"}, b"{}", "CreateTable", 1),
        ({"X-Amz-Target": "DynamoDB_20120810.DescribeTable"}, b"{}", "DescribeTable", 0),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Action=CreateRole&Version=1", "CreateRole", 1),
        ({}, b"x", "POST /bucket/key", 1),
    ],
)
def test_the_proxy_knows_what_writes(
    headers: dict[str, str], body: bytes, name: str, writes: int, tmp_path: Path
) -> None:
    proxy, seen = Proxy(tmp_path / "calls"), []

    def fail(call: Call) -> str:
        seen.append(call)
        return "unavailable"

    proxy.before = fail
    state = tmp_path / "state.json"
    text = json.dumps({"endpoints": {"default": "http://127.0.0.1:9"}})
    state.write_text(text)
    with proxy.in_front_of(state):
        port = int(json.loads(state.read_text())["endpoints"]["default"].rpartition(":")[2])
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/bucket/key?x=y", body, headers)
        assert connection.getresponse().status == 503
        connection.close()
    assert state.read_text() == text
    assert seen == [Call(name, 1, writes)]
