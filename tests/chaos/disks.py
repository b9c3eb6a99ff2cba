"""Small file systems that fail when a test says so. It takes root, who may mount."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 2**20
SIZE = 256 * MIB
# linux/loop.h: struct loop_info64, of which we change lo_sizelimit
_LOOP_INFO, _SIZE_LIMIT = "<QQQQQIIII64s64s32sQQ", 4
_LOOP_SET_STATUS64, _LOOP_GET_STATUS64 = 0x4C04, 0x4C05


def may_mount() -> bool:
    return os.geteuid() == 0


def _command(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


class Disk:
    """One that is mounted, in `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ballast = place / ".ballast"

    def fill(self, free: int) -> None:
        """Leave so many bytes."""
        status = os.statvfs(self.place)
        with open(self.ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_bsize - free))

    def use_up_inodes(self, free: int) -> None:
        """Leave so many files."""
        self.ballast.mkdir()
        for number in range(os.statvfs(self.place).f_favail - free):
            (self.ballast / str(number)).touch()

    def be_read_only(self, yes: bool = True) -> None:
        _command("mount", "-o", "remount,ro" if yes else "remount,rw", self.place)

    def heal(self) -> None:
        """All of it is free again."""
        self.be_read_only(False)
        if self.ballast.is_dir():
            _command("rm", "-r", self.ballast)
        self.ballast.unlink(missing_ok=True)


class Broken(Disk):
    """Of which a part cannot be read or written any more: an error of input and output, where it is not in the cache."""

    @property
    def device(self) -> str:
        mounted = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
        return next(words[0] for words in mounted if words[1] == str(self.place))

    def fill(self, free: int) -> None:
        """Beyond what is in use now and so many bytes, nothing answers."""
        os.sync()
        status = os.statvfs(self.place)
        self._end_at((SIZE - status.f_bfree * status.f_frsize + free) // 4096 * 4096)

    def heal(self) -> None:
        self._end_at(0)

    def _end_at(self, size: int) -> None:
        """The loop device ends there (0: with its file)."""
        with open(self.device, "rb+", buffering=0) as device:
            information = bytearray(struct.calcsize(_LOOP_INFO))
            fcntl.ioctl(device, _LOOP_GET_STATUS64, information)
            fields = list(struct.unpack(_LOOP_INFO, information))
            fields[_SIZE_LIMIT] = size
            fcntl.ioctl(device, _LOOP_SET_STATUS64, struct.pack(_LOOP_INFO, *fields))


@contextmanager
def memory(place: Path, files: int = 0) -> Iterator[Disk]:
    """A disk in memory, for so many files."""
    place.mkdir(parents=True, exist_ok=True)
    _command(
        "mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700" + (f",nr_inodes={files}" if files else ""), "tmpfs", place
    )
    try:
        yield Disk(place)
    finally:
        _command("umount", "-l", place)


@contextmanager
def broken(place: Path, image: Path) -> Iterator[Broken]:
    """A disk of which a part can fail. What is written to it is written at once, so that whoever writes is told."""
    with open(image, "wb") as file:
        file.truncate(SIZE)
    # Without a journal, whose loss would end the file system instead of the one write.
    _command("mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", "-E", "lazy_itable_init=0,nodiscard", image)
    place.mkdir(parents=True, exist_ok=True)
    _command("mount", "-o", "loop,sync,errors=continue", image, place)
    try:
        yield Broken(place)
    finally:
        _command("umount", place)
