# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names of the files and objects of a run, and how they are written, so that equal data are equal bytes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

# Below <state prefix>/<stack>/ in the state bucket.
STATE = "terraform.tfstate"
LOCK = f"{STATE}.tflock"
# Left where a lock was broken: what that run had begun may be in AWS without being in the state.
INTERRUPTED = "interrupted.json"


def to_json(data: Any) -> str:
    """Return `data` as JSON with sorted keys and a final newline."""
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def tfvars_sha256(data: dict[str, Any]) -> str:
    """Return the hex SHA-256 of the terraform.tfvars.json that `data` makes."""
    return hashlib.sha256(to_json(data).encode()).hexdigest()


def write_private(path: Path, data: bytes) -> None:
    """Write `data` so that nobody else can read it, nor anybody a half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


def work_dir(directory: str) -> str:
    """Return where a run that started in `directory` keeps what it makes: the first of these that can be written.

    `.work` below that directory; `.cache/site_builder` below the home directory; a private folder of this user among the
    temporary files, for a container whose project and home are read-only. Raises SiteBuilderError when somebody else owns
    that last one.
    """
    for parent, name in ((Path(directory), ".work"), (Path.home(), ".cache/site_builder")):
        if _can_write(parent / name):
            return str(parent / name)
    last = Path(tempfile.gettempdir()) / f"site_builder-{os.getuid()}"
    last.mkdir(mode=0o700, exist_ok=True)
    found = last.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SiteBuilderError(f"{last} is not a private folder of this user: set SITE_BUILDER_WORK_DIR to one that is")
    return str(last)


def _can_write(path: Path) -> bool:
    """Whether the folder is, or could be made, one of ours."""
    while not path.exists():
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)
