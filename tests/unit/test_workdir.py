"""Where a run keeps what it makes, also where the project is read-only."""

from __future__ import annotations

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
