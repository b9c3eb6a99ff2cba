"""The two encodings in a plan file, by the examples of their specifications."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.wire import messages, unpacked


def test_messages() -> None:
    # 1: a number (150), 2: "testing", 3: a message, 4: eight bytes, 5: four bytes, 2 again; field 13 as a plan has it.
    data = bytes.fromhex("089601120774657374696e671a030896012100000000000000002d000000001201616a0162")
    assert messages(data) == {2: [b"testing", b"a"], 3: [bytes.fromhex("089601")], 13: [b"b"]}
    assert messages(b"") == {}


@pytest.mark.parametrize("data", ["08", "12ff", "1205616263", "0b", "2d0000", "08ffffff"])
def test_what_is_no_message(data: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        messages(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("c0", None), ("c2", False), ("c3", True), ("00", 0), ("7f", 127), ("ff", -1), ("e0", -32),
        ("cc80", 128), ("cdffff", 65535), ("ce00010000", 65536), ("cf0000000100000000", 2**32),
        ("d080", -128), ("d18000", -32768), ("d2ffff0000", -65536), ("d3ffffffff00000000", -(2**32)),
        ("ca3f000000", 0.5), ("cb3fe0000000000000", 0.5),
        ("a0", ""), ("a161", "a"), ("a2c3a9", "é"), ("d90161", "a"), ("da000161", "a"), ("db0000000161", "a"), ("c40161", "a"),
        ("90", []), ("9201c0", [1, None]), ("dc000101", [1]), ("dd0000000101", [1]),
        ("80", {}), ("82a16101a16290", {"a": 1, "b": []}), ("de0001a16101", {"a": 1}), ("df00000001a16101", {"a": 1}),
    ],
)  # fmt: skip
def test_values(data: str, value: Any) -> None:
    found = unpacked(bytes.fromhex(data))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("data", ["", "a2", "92c0", "c1", "d40000", "0000", "81a1", "a1ff"])
def test_what_is_no_value(data: str) -> None:
    """Also what Terraform calls unknown (d4), which no backend is."""
    with pytest.raises((ValueError, IndexError)):
        unpacked(bytes.fromhex(data))
