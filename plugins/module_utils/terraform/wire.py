# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""As much of two encodings as it takes to read the backend out of a plan file: Protocol Buffers, and MessagePack inside.

Machines that run modules have no library for either. What is not known raises ValueError or IndexError, never a guess.
"""

from __future__ import annotations

import struct
from typing import Any


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        piece = self.data[self.at : self.at + length]
        if len(piece) != length:
            raise IndexError("the data end too early")
        self.at += length
        return piece

    def number(self, form: str) -> Any:
        return struct.unpack(f">{form}", self.take(struct.calcsize(form)))[0]

    def varint(self) -> int:
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7


def messages(data: bytes) -> dict[int, list[bytes]]:
    """Return by number the fields of a message that are strings, bytes or messages; numbers are passed over."""
    found: dict[int, list[bytes]] = {}
    reader = _Reader(data)
    while reader.at < len(data):
        field, kind = divmod(reader.varint(), 8)
        if kind == 0:
            reader.varint()
        elif kind == 1:
            reader.take(8)
        elif kind == 2:
            found.setdefault(field, []).append(reader.take(reader.varint()))
        elif kind == 5:
            reader.take(4)
        else:
            raise ValueError(f"wire type {kind}")
    return found


def unpacked(data: bytes) -> Any:
    """Return the one value that `data` holds."""
    reader = _Reader(data)
    value = _value(reader)
    if reader.at != len(data):
        raise ValueError("more than one value")
    return value


# First byte: how the length or the number that follows is written.
_STRINGS = {0xD9: "B", 0xDA: "H", 0xDB: "I", 0xC4: "B", 0xC5: "H", 0xC6: "I"}
_LISTS = {0xDC: "H", 0xDD: "I"}
_MAPS = {0xDE: "H", 0xDF: "I"}
_NUMBERS = {
    0xCA: "f",
    0xCB: "d",
    0xCC: "B",
    0xCD: "H",
    0xCE: "I",
    0xCF: "Q",
    0xD0: "b",
    0xD1: "h",
    0xD2: "i",
    0xD3: "q",
}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _value(reader: _Reader) -> Any:
    (first,) = reader.take(1)
    if first < 0x80:
        return first
    if first >= 0xE0:
        return first - 0x100
    if first < 0x90:
        return _map(reader, first & 0x0F)
    if first < 0xA0:
        return [_value(reader) for _ in range(first & 0x0F)]
    if first < 0xC0:
        return reader.take(first & 0x1F).decode()
    if first in _STRINGS:
        return reader.take(reader.number(_STRINGS[first])).decode()
    if first in _LISTS:
        return [_value(reader) for _ in range(reader.number(_LISTS[first]))]
    if first in _MAPS:
        return _map(reader, reader.number(_MAPS[first]))
    if first in _NUMBERS:
        return reader.number(_NUMBERS[first])
    if first in _CONSTANTS:
        return _CONSTANTS[first]
    raise ValueError(f"type {first:#x}")


def _map(reader: _Reader, length: int) -> dict[Any, Any]:
    pairs = [(_value(reader), _value(reader)) for _ in range(length)]
    return dict(pairs)
