# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many Terraform processes this machine takes at once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# Terraform and a provider at the end of a plan, within the memory limit that their environment gives them.
BYTES_EACH = 900 * 2**20
# They wait for AWS as long as they work; on two cores four took 7 % less time than six.
EACH_CORE = 2
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def available() -> int | None:
    """The bytes that processes can still take here, in a container those of the container. None where nothing tells."""
    found = []
    with suppress(OSError, StopIteration, ValueError):
        line = next(line for line in MEMINFO.read_text().splitlines() if line.startswith("MemAvailable:"))
        found.append(int(line.split()[1]) * 1024)
    with suppress(OSError, ValueError):  # "max" is no number
        limit = int((CGROUP / "memory.max").read_text())
        found.append(limit - int((CGROUP / "memory.current").read_text()))
    return min(found, default=None)


def at_once() -> int:
    """Never less than one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most, memory = EACH_CORE * cores, available()
    return max(1, most if memory is None else min(most, memory // BYTES_EACH))
