"""Ends the embedded AWS of tests that did not come to their end: killed, interrupted, or gone with their xdist worker.

The servers belong to nobody: the task that has started them ended long ago. So a process beside the tests learns each work directory
and waits for the end of its input, which comes with the end of the tests, however that comes. `python -m tests.reaper` is that process.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

SCRIPTS = ("moto_server.py", "ministack_server.py")


@functools.cache
def _reaper() -> subprocess.Popen[str]:
    """One for this process. In a session of its own: what interrupts the tests must not end it first."""
    return subprocess.Popen(
        [sys.executable, "-S", "-m", "tests.reaper"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@functools.cache
def end_with_the_tests(work_dir: Path) -> None:
    """Have the servers of this directory ended when the tests end, should they still run."""
    pipe = _reaper().stdin
    pipe.write(f"{work_dir}\n")
    pipe.flush()


def servers(work_dir: Path) -> list[int]:
    """The processes that serve the embedded AWS of this directory."""
    found = []
    for proc in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (proc / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if (proc / "cwd").readlink() == work_dir / "local_aws" and any(Path(w).name in SCRIPTS for w in words):
                found.append(int(proc.name))
    return found


def main() -> None:
    """Read directories until whoever writes them is gone; then end what serves there."""
    for work_dir in [Path(line.rstrip("\n")) for line in sys.stdin]:
        for pid in servers(work_dir):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
