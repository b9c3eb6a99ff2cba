"""The collection as `ansible-galaxy collection install` leaves it: it runs from anywhere, and nothing writes into it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BIN, ROOT, Run, clean_environment

from .other_user import as_another_user, common_folder, give, set_writable

# Everything else is for a checkout only.
SHIPPED = {
    "ARCHITECTURE.md",
    "CHANGELOG.rst",
    "CONTRIBUTING.md",
    "COPYING",
    "FILES.json",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "docs",
    "examples",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
    "service",
    "terraform",
}


def no_checkout(work_dir: Path, **extra: str) -> dict[str, str]:
    """An environment in which nothing leads to this checkout."""
    environment = clean_environment(work_dir, **extra)
    del environment["ANSIBLE_CONFIG"]
    return environment


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with common_folder() as path:
        yield path


@pytest.fixture(scope="module")
def collections(folder: Path) -> Path:
    path = folder / "collections"
    galaxy = [str(BIN / "ansible-galaxy"), "collection"]
    subprocess.run([*galaxy, "build", "--output-path", str(folder), str(ROOT)], check=True, capture_output=True)
    (tarball,) = folder.glob("bbws-site_builder-*.tar.gz")
    install = [*galaxy, "install", "--offline", "--no-deps", "-p", str(path), str(tarball)]
    subprocess.run(install, cwd=folder, env=no_checkout(folder), check=True, capture_output=True)
    set_writable(path, False)
    return path


def installed(collections: Path) -> Path:
    return collections / "ansible_collections/bbws/site_builder"


def tree(path: Path) -> dict[str, int]:
    return {str(entry.relative_to(path)): entry.lstat().st_mtime_ns for entry in path.rglob("*")}


def test_it_ships_what_it_needs_and_no_more(collections: Path) -> None:
    assert {path.name for path in installed(collections).iterdir()} == SHIPPED
    noise = [
        name for name in tree(installed(collections)) if {"tests", "__pycache__", ".terraform"} & set(Path(name).parts)
    ]
    assert noise == []


@pytest.mark.long
def test_it_deploys_from_anywhere_and_writes_nothing_into_itself(collections: Path, folder: Path) -> None:
    work_dir, home = folder / "work", folder / "home"
    for path in (work_dir, home):
        path.mkdir()
        give(path)
    before = tree(collections)
    results = []
    environment = no_checkout(work_dir, HOME=str(home), ANSIBLE_COLLECTIONS_PATH=str(collections))

    def play(playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*as_another_user(), str(BIN / "ansible-playbook"), f"bbws.site_builder.{playbook}"]
        command += [
            "-i",
            str(installed(collections) / "inventories/dev"),
            "-e",
            "site_builder_target=local",
            *arguments,
        ]
        return subprocess.run(
            command, cwd=home, env=environment, capture_output=True, text=True, timeout=900, check=False
        )

    try:
        # All of it, with the packages of the functions, in the molecule scenario installed_collection.
        for arguments in (("plan", "--limit", "lambda"), ("deploy", "--limit", "dynamodb")):
            run = play(*arguments)
            assert run.returncode == 0, run.stdout + run.stderr
            results.append(Run(0, run.stdout, work_dir, "dev").results())
    finally:
        stopped = play("local_aws_down")
    assert results == [{"lambda": "planned"}, {"dynamodb": "succeeded"}]
    assert stopped.returncode == 0, stopped.stdout
    assert list((work_dir / "packages").rglob("*.zip"))
    assert tree(collections) == before
    # Ansible and pip keep something of their own there.
    assert {path.name for path in home.iterdir()} <= {".ansible", ".cache"}
