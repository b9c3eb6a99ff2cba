"""The linters, each as one test, so that `make test` and `make lint` say the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ansible
import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path = ROOT, **env: str) -> None:
    result = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows, at the path that ansible-test and antsibull-changelog insist on."""
    target = tmp_path_factory.mktemp("sanity") / "ansible_collections/bbws/site_builder"
    target.mkdir(parents=True)
    files = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT)
    names = [n for n in files.decode().split("\0") if n and not n.startswith(".collections/") and (ROOT / n).exists()]
    subprocess.run(["tar", "-cf", "files.tar", "-C", str(ROOT), *names], cwd=target, check=True)
    subprocess.run(["tar", "-xf", "files.tar"], cwd=target, check=True)
    (target / "files.tar").unlink()
    # Ours extend documentation of amazon.aws.
    collections = Path(ansible.__file__).parents[1] / "ansible_collections"
    for name in ("amazon/aws", "community/general"):
        link = target.parents[1] / name
        link.parent.mkdir()
        link.symlink_to(collections / name)
    return target


def test_ruff() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_yamllint() -> None:
    run("yamllint", "--strict", ".")


def test_ansible_lint() -> None:
    run("ansible-lint", "--offline", "--strict")


def test_terraform_fmt() -> None:
    run("terraform", "fmt", "-check", "-recursive", "terraform", TF_CLI_CONFIG_FILE=os.devnull)


def test_changelog(installed: Path) -> None:
    run("antsibull-changelog", "lint", cwd=installed)


# The other tests of ansible-test: compile, import (ruff and the unit tests run on the one Python that we support), pylint and
# yamllint (ruff and our own yamllint), changelog (above), mypy, pslint and shellcheck (need downloads).
SANITY = [
    "action-plugin-docs",
    "ansible-doc",
    "empty-init",
    "ignores",
    "line-endings",
    "no-assert",
    "no-get-exception",
    "no-illegal-filenames",
    "no-smart-quotes",
    "pep8",
    "replace-urlopen",
    "runtime-metadata",
    "shebang",
    "symlinks",
    "use-argspec-type-path",
    "use-compat-six",
    "validate-modules",
]


def test_ansible_test_sanity(installed: Path, tmp_path: Path) -> None:
    """What it may ignore stands in tests/sanity, with reasons. Its virtual environments start from a pip that it would download; ours comes from ensurepip."""
    cache = tmp_path / ".ansible/test/cache"
    cache.mkdir(parents=True)
    (cache / "get_pip_25_2.py").write_text("import ensurepip\nensurepip.bootstrap()\n")
    arguments = [argument for name in SANITY for argument in ("--test", name)]
    run("ansible-test", "sanity", "--python", "default", *arguments, cwd=installed, HOME=str(tmp_path))
