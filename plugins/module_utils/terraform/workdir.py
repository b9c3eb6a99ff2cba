# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names of the files and objects of a run, and how they are written, so that equal data are equal bytes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

# Below <state prefix>/<stack>/ in the state bucket.
STATE = "terraform.tfstate"
LOCK = f"{STATE}.tflock"
# The recovery marker: what an interrupted run had begun may be in AWS without being in the state.
INTERRUPTED = "interrupted.json"
# The inputs of the last apply, and which version of the state it has left.
APPLIED = "applied.json"

# What a disk says that takes nothing more, and the way out.
_DISK = {
    errno.ENOSPC: ("is full", "free space on it"),
    errno.EDQUOT: ("has no room left for this user (quota)", "free space on it or raise the quota"),
    errno.EROFS: ("is read-only", "mount it for writing"),
}


def to_json(data: Any, sort: bool = True) -> str:
    """Return `data` as JSON with a final newline, its keys sorted unless their order says something."""
    return json.dumps(data, indent=2, sort_keys=sort) + "\n"


def tfvars_sha256(data: dict[str, Any]) -> str:
    """Return the hex SHA-256 of the terraform.tfvars.json that `data` makes."""
    return hashlib.sha256(to_json(data).encode()).hexdigest()


def private_dir(path: Path) -> None:
    """Make the folder and the parents that it lacks, each for this user alone, whatever the umask."""
    if not path.is_dir():
        private_dir(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` so that nobody else can read it, nor anybody a half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def unwritable(error: OSError, folder: Path) -> str:
    """Say in one sentence why `folder` could not be written, and what to do; a disk that refuses is named by its mount."""
    trouble = _DISK.get(error.errno or 0)
    if not trouble:
        return (
            f"cannot write the working directory {folder}: {error.strerror or error} ({error.filename or folder}); correct that, "
            "or set SITE_BUILDER_WORK_DIR to a folder of this user"
        )
    what, way_out = trouble
    disk = folder.absolute()
    while not os.path.ismount(disk):
        disk = disk.parent
    return (
        f"cannot write the working directory {folder}: the disk at {disk} {what}; {way_out}, or set SITE_BUILDER_WORK_DIR to a "
        "folder on another disk"
    )


def work_dir(directory: str) -> str:
    """Return where a run that started in `directory` keeps what it makes: the first of these that can be written.

    `.work` below that directory; `.cache/site_builder` below the home directory; a private folder of this user among the
    temporary files, for a container whose project and home are read-only. Raises SiteBuilderError when somebody else owns
    that last one.
    """
    for parent, name in ((Path(directory), ".work"), (home(), ".cache/site_builder")):
        if parent and _can_write(parent / name):
            return str(parent / name)
    last = Path(tempfile.gettempdir()) / f"site_builder-{os.getuid()}"
    last.mkdir(mode=0o700, exist_ok=True)
    found = last.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SiteBuilderError(f"{last} is not a private folder of this user: set SITE_BUILDER_WORK_DIR to one that is")
    return str(last)


def home() -> Path | None:
    """The home directory; None for a user id that has no entry in passwd, in a container say, and no HOME."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _can_write(path: Path) -> bool:
    """Whether the folder is, or could be made, one of ours."""
    while not path.exists():
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)
