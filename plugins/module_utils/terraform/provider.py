# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which provider runs, and that its bytes are those that were released.

Terraform compares a package with the hashes of its lock file in every command, which for a package of 700 MB costs more than the
command. A package that a mirror holds unpacked is therefore compared here, once for a machine and file, and Terraform gets a lock
file without hashes. Everywhere else it gets the hashes and compares by itself.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import (
    private_dir,
    to_json,
    write_private,
)

PROVIDER = "registry.terraform.io/hashicorp/aws"
# Below a working directory: the SHA-256 of files that have been read once.
KNOWN_FILES = "provider_hashes.json"
# A package has two or three files; older entries are of packages that are gone.
_MOST_FILES = 100

_VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_HASH = re.compile(r'"(h1:[^"]+)"')


@dataclass(frozen=True)
class Lock:
    """A dependency lock file of Terraform for the one provider."""

    text: bytes
    version: str
    # The h1: hashes, those of unpacked packages.
    hashes: frozenset[str]


def parse_lock(text: bytes) -> Lock:
    """Return what a lock file says. Raises SiteBuilderError for one without a version."""
    decoded = text.decode(errors="replace")
    version = _VERSION.search(decoded)
    if not version:
        raise SiteBuilderError(f"the lock file of {PROVIDER} names no version; install the collection anew")
    return Lock(text, version.group(1), frozenset(_HASH.findall(decoded)))


def read_lock(path: Path) -> Lock:
    """Return what the lock file says that comes with the collection. Raises SiteBuilderError where there is none."""
    try:
        return parse_lock(path.read_bytes())
    except OSError as error:
        raise SiteBuilderError(f"{path} cannot be read ({error.strerror}); install the collection anew") from error


def hashless(version: str) -> bytes:
    """Return the lock file of a package that was compared here."""
    return f'provider "{PROVIDER}" {{\n  version     = "{version}"\n  constraints = "{version}"\n}}\n'.encode()


def pin(version: str) -> dict[str, Any]:
    """Return, as JSON configuration for an override file, the one version that a root may use."""
    required = {"aws": {"source": "hashicorp/aws", "version": version}}
    return {"terraform": {"required_providers": required}}


def package_hash(package: Path, folder: Path, linked_to: bool = True) -> str:
    """Return the h1: hash of an unpacked package, as Terraform computes it (golang.org/x/mod/sumdb/dirhash, Hash1).

    folder: where KNOWN_FILES is kept, of this user; a file whose size, times and inode are known is not read again. linked_to:
    whether nobody makes hard links to the package, which would change the time that cannot be forged.
    Raises SiteBuilderError for a package that holds anything but files and folders, OSError where it cannot be read.
    """
    top = package.resolve(strict=True)
    names = sorted(_files(top), key=os.fsencode)
    with _known(folder / KNOWN_FILES) as known:
        lines = [f"{_sha256(top / name, known, linked_to)}  ".encode() + os.fsencode(name) + b"\n" for name in names]
    return "h1:" + base64.b64encode(hashlib.sha256(b"".join(lines)).digest()).decode()


def verify(package: Path, lock: Lock, folder: Path) -> None:
    """Raise SiteBuilderError when the unpacked package of a mirror is none of those that the lock file knows."""
    try:
        found = package_hash(package, folder)
    except OSError as error:
        raise SiteBuilderError(
            f"the provider in {package} cannot be read ({error.strerror or error}); unpack the released package there anew, or "
            "name another mirror in site_builder_provider_mirror"
        ) from error
    if found not in lock.hashes:
        raise SiteBuilderError(
            f"the provider in {package} has the hash {found}, which is none of hashicorp/aws {lock.version} as it was released; "
            "unpack the released package there anew, or name another mirror in site_builder_provider_mirror"
        )


def _files(top: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(top, onerror=refuse):
        linked = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*files, *linked]:
            path = os.path.join(folder, name)
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise SiteBuilderError(
                    f"the provider in {top} holds {path}, which is no file; unpack the released package there anew"
                )
            yield os.path.relpath(path, top)


def _sha256(path: Path, known: dict[str, str], linked_to: bool) -> str:
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        times = [found.st_mtime_ns, *([found.st_ctime_ns] if linked_to else [])]
        key = ":".join(str(part) for part in (found.st_dev, found.st_ino, found.st_size, *times))
        if key not in known:
            known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return known[key]


@contextmanager
def _known(path: Path) -> Iterator[dict[str, str]]:
    """Give what is known of files, and keep what is learnt. One at a time: the next one need not read what this one reads."""
    private_dir(path.parent)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        known = _read(path)
        before = dict(known)
        yield known
        if known != before:
            write_private(path, to_json(dict(list(known.items())[-_MOST_FILES:]), sort=False).encode())
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, str]:
    """What is written there, unless somebody else could have written it."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.getuid() or found.st_mode & 0o022:
                return {}
            known = json.loads(file.read())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
