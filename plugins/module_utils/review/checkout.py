# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From which commit a plan is made. Git runs what a repository's settings name, so it is asked only about our own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import yaml

SECONDS = 60
# Nothing that a repository's own settings could have git run.
_QUIET = ("core.hooksPath=/dev/null", "core.fsmonitor=false")


def commit_of(root: Path) -> tuple[str, bool]:
    """Return (commit, whether there are changes beside it) of the checkout of this collection whose top is `root`.

    ("", False) where `root` is no such top (an installed collection, say, whatever repository may be above it), where git is
    missing, or where there is no commit.
    """
    git = shutil.which("git")
    if git is None or not _is_ours(root):
        return "", False
    # A container often runs as another user than the one who cloned.
    options = [option for setting in (*_QUIET, f"safe.directory={root}") for option in ("-c", setting)]
    command = [git, *options, "-C", str(root)]
    head = _run([*command, "rev-parse", "--verify", "--quiet", "HEAD"], root)
    if head.returncode:
        return "", False
    changes = _run([*command, "status", "--porcelain"], root)
    return head.stdout.strip(), bool(changes.returncode or changes.stdout.strip())


def _is_ours(root: Path) -> bool:
    galaxy = root / "galaxy.yml"
    if not (root / ".git").exists() or not galaxy.is_file():
        return False
    named = yaml.safe_load(galaxy.read_text(encoding="utf-8"))
    return isinstance(named, dict) and (named.get("namespace"), named.get("name")) == ("bbws", "site_builder")


def _run(command: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**kept, "GIT_CEILING_DIRECTORIES": str(root.parent), "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
