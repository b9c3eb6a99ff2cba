"""A user that may read everything here and own only what it is given, as a job in a container is."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

USER = 64198


@functools.cache
def as_another_user() -> list[str]:
    """What starts a command as a user who may read everything and write nothing; empty where that cannot be done."""
    caps = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = ["setpriv", f"--reuid={USER}", "--regid=0", "--clear-groups", *caps]
    able = (
        os.geteuid() == 0
        and shutil.which("setpriv")
        and subprocess.run([*command, "true"], check=False).returncode == 0
    )
    return command if able else []


@contextlib.contextmanager
def common_folder() -> Iterator[Path]:
    """A folder that the other user may pass; pytest lets only its own user into what it makes."""
    folder = Path(tempfile.mkdtemp(prefix="site-builder-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        set_writable(folder, True)
        shutil.rmtree(folder)


def give(path: Path) -> None:
    """Let the other user own a directory with all that is in it."""
    if as_another_user():
        for entry in [path, *path.rglob("*")]:
            os.chown(entry, USER, 0, follow_symlinks=False)


def set_writable(path: Path, writable: bool) -> None:
    """Let the owner of a tree change it, or nobody."""
    for entry in [path, *path.rglob("*")]:
        if not entry.is_symlink():
            mode = stat.S_IMODE(entry.stat().st_mode)
            entry.chmod(mode | 0o200 if writable else mode & ~0o222)
