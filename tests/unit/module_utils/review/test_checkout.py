"""Git is asked about our own checkout only, and runs nothing of what a repository names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.checkout import commit_of

GALAXY = "namespace: bbws\nname: site_builder\n"


def git(path: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.run(
        ["git", *identity, "-C", path, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    root = tmp_path / "ours"
    root.mkdir()
    (root / "galaxy.yml").write_text(GALAXY)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "why")
    return root


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that every hook writes."""
    return tmp_path / "ran"


def plant(root: Path, ran: Path) -> None:
    """Let the repository's settings name programs that git would run."""
    program = root / ".git/program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(program))
    (root / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (root / ".git/hooks" / hook).write_text(program.read_text())
        (root / ".git/hooks" / hook).chmod(0o755)


def test_the_commit_of_our_checkout(ours: Path) -> None:
    assert commit_of(ours) == (git(ours, "rev-parse", "HEAD"), False)
    (ours / "new").touch()
    assert commit_of(ours) == (git(ours, "rev-parse", "HEAD"), True)


def test_a_worktree_is_a_checkout(ours: Path, tmp_path: Path) -> None:
    git(ours, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert commit_of(tmp_path / "tree") == (git(ours, "rev-parse", "HEAD"), False)


def test_what_its_settings_name_is_not_run(ours: Path, ran: Path) -> None:
    plant(ours, ran)
    git(ours, "status")
    assert ran.exists(), "the hook that is planted would run"
    ran.unlink()
    assert commit_of(ours)[0] == git(
        ours, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "rev-parse", "HEAD"
    )
    assert not ran.exists()


@pytest.mark.parametrize("inside", ["", "collections/ansible_collections/bbws/site_builder"])
@pytest.mark.parametrize("galaxy", [None, "namespace: other\nname: site_builder\n", "- a list\n"])
def test_a_foreign_repository_is_never_asked(tmp_path: Path, ran: Path, inside: str, galaxy: str | None) -> None:
    foreign = tmp_path / "foreign"
    root = foreign / inside
    root.mkdir(parents=True)
    git(foreign, "init", "-q")
    git(foreign, "commit", "-q", "--allow-empty", "-m", "why")
    plant(foreign, ran)
    if galaxy is not None:
        (root / "galaxy.yml").write_text(galaxy)
    ran.unlink(missing_ok=True)
    assert commit_of(root) == ("", False)
    assert not ran.exists()


def test_a_broken_checkout_does_not_lead_above_itself(tmp_path: Path, ran: Path) -> None:
    foreign = tmp_path / "foreign"
    root = foreign / "site_builder"
    (root / ".git").mkdir(parents=True)
    (root / "galaxy.yml").write_text(GALAXY)
    git(foreign, "init", "-q")
    git(foreign, "commit", "-q", "--allow-empty", "-m", "why")
    plant(foreign, ran)
    ran.unlink(missing_ok=True)
    assert commit_of(root) == ("", False)
    assert not ran.exists()


def test_git_of_the_caller_does_not_lead_elsewhere(ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a hook of another repository."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "none"))
    assert commit_of(ours)[0]


def test_without_git(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert commit_of(ours) == ("", False)
