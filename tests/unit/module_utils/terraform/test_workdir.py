"""Where a run keeps what it makes, also where the project is read-only."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import workdir


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """project, home and tmp; root may write everywhere, so what may be written is said here."""
    for name in ("project", "home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    closed = tmp_path / "closed"
    monkeypatch.setattr(
        os, "access", lambda path, _mode: Path(path).name not in (closed.read_text() if closed.exists() else "")
    )
    return tmp_path


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("", "project/.work"),
        ("project", "home/.cache/site_builder"),
        ("project home", f"tmp/site_builder-{os.getuid()}"),
    ],
)
def test_the_first_that_can_be_written(places: Path, closed: str, expected: str) -> None:
    (places / "closed").write_text(closed)
    assert workdir.work_dir(str(places / "project")) == str(places / expected)


def test_a_temporary_folder_of_somebody_else_is_refused(places: Path) -> None:
    (places / "closed").write_text("project home")
    folder = places / "tmp" / f"site_builder-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(SiteBuilderError, match="is not a private folder of this user: set SITE_BUILDER_WORK_DIR"):
        workdir.work_dir(str(places / "project"))


def test_equal_data_are_equal_bytes() -> None:
    assert workdir.to_json({"b": 1, "a": {"d": None, "c": [2]}}) == (
        '{\n  "a": {\n    "c": [\n      2\n    ],\n    "d": null\n  },\n  "b": 1\n}\n'
    )
    assert workdir.tfvars_sha256({"a": 1, "b": 2}) == workdir.tfvars_sha256({"b": 2, "a": 1})
    assert workdir.tfvars_sha256({"a": [1, 2]}) != workdir.tfvars_sha256({"a": [2, 1]})


def test_user_without_a_home(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run under any user id, of which passwd knows nothing."""

    def unknown(_uid: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown)
    (places / "closed").write_text("project")
    assert workdir.work_dir(str(places / "project")) == str(places / "tmp" / f"site_builder-{os.getuid()}")


def test_nothing_is_left_of_a_file_that_the_disk_did_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        workdir.write_private(tmp_path / "a", b"secret")
    assert list(tmp_path.iterdir()) == []


def test_private_parents_under_an_open_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        workdir.private_dir(tmp_path / "a/b/c")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")} == {0o700}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
