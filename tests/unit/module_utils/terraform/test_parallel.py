"""How many Terraform processes a machine takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import parallel

GIB = 2**30


@pytest.mark.parametrize(
    ("cores", "machine", "limit", "used", "expected"),
    [
        (2, 8 * GIB, None, 0, 4),
        (2, 3 * GIB, None, 0, 3),
        (1, GIB // 2, None, 0, 1),
        (16, 64 * GIB, "max", 0, 32),
        (16, 64 * GIB, str(4 * GIB), GIB, 3),
        (4, None, None, 0, 8),
    ],
)
def test_cores_and_memory(
    cores: int,
    machine: int | None,
    limit: str | None,
    used: int,
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(parallel, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(parallel, "CGROUP", tmp_path)
    if machine is not None:
        (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {machine // 1024} kB\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{used}\n")
    assert parallel.at_once() == expected
