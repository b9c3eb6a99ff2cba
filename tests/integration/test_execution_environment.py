"""execution-environment.yml makes a build context, and everything in it is pinned. Building it needs podman and a registry."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import ansible
import pytest
import yaml

from tests.conftest import BIN, ROOT, clean_environment

FOLDER = ROOT / "execution-environment"
DEFINITION = yaml.safe_load((ROOT / "execution-environment.yml").read_text())
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context, made in a copy of what it is made of, since the collection must lie beside it."""
    source = tmp_path_factory.mktemp("source")
    shutil.copy2(ROOT / "execution-environment.yml", source)
    shutil.copytree(FOLDER, source / FOLDER.name)
    build = [
        str(BIN / "ansible-galaxy"),
        "collection",
        "build",
        "--force",
        "--output-path",
        str(source / FOLDER.name),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    create = [str(BIN / "ansible-builder"), "create", "--context", "context", "--output-filename", "Containerfile"]
    subprocess.run(create, cwd=source, check=True, capture_output=True)
    return source / "context"


def test_the_context_has_all_that_it_copies(context: Path) -> None:
    steps = (context / "Containerfile").read_text()
    sources = re.findall(r"^COPY (_build\S*)", steps, re.MULTILINE)
    assert [name for name in sources if not (context / name).exists()] == []
    assert sorted(path.name for path in (context / "_build/terraform").iterdir()) == [
        "install-terraform",
        "terraform.lock.hcl",
        "terraform.tf",
    ]
    names = [item["name"] for item in yaml.safe_load((context / "_build/requirements.yml").read_text())["collections"]]
    assert names[0] == f"collection/bbws-site_builder-{GALAXY['version']}.tar.gz"
    assert (context / "_build" / names[0]).is_file()
    assert names[1:] == sorted(GALAXY["dependencies"])


def test_terraform_comes_last_and_as_root(context: Path) -> None:
    steps = (context / "Containerfile").read_text().splitlines()
    install = steps.index("RUN sh /tmp/terraform/install-terraform && rm -r /tmp/terraform")
    assert [step for step in steps[:install] if step.startswith("USER")] == ["USER root"]
    assert steps[-3] == "USER 1000"


def test_everything_is_pinned_to_what_the_tests_ran_with() -> None:
    assert re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", DEFINITION["images"]["base_image"]["name"])
    for package in ("ansible_core", "ansible_runner"):
        name = package.replace("_", "-")
        assert DEFINITION["dependencies"][package]["package_pip"] == f"{name}=={version(name)}"
    tested = (ROOT / "requirements.txt").read_text().splitlines()
    for line in (FOLDER / "requirements.txt").read_text().splitlines():
        assert line.startswith("#") or line in tested
    collections = Path(ansible.__file__).parents[1] / "ansible_collections"
    pinned = yaml.safe_load((FOLDER / "requirements.yml").read_text())["collections"][1:]
    for item in pinned:
        manifest = collections / item["name"].replace(".", "/") / "MANIFEST.json"
        assert item["version"] == json.loads(manifest.read_text())["collection_info"]["version"]
    # AWX may install those of the checkout, which then come before those of the image.
    assert yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"] == pinned


def test_the_provider_that_the_tests_ran_with_is_the_one_of_the_image(tmp_path: Path) -> None:
    """Terraform compares the checksum, here with the provider of this machine."""
    shutil.copy2(FOLDER / "terraform.tf", tmp_path)
    shutil.copy2(FOLDER / "terraform.lock.hcl", tmp_path / ".terraform.lock.hcl")
    command = [
        "terraform",
        f"-chdir={tmp_path}",
        "init",
        "-backend=false",
        "-input=false",
        "-no-color",
        "-lockfile=readonly",
    ]
    mirrors = [path for path in Path("/opt").glob("*") if (path / "registry.terraform.io/hashicorp/aws").is_dir()]
    environment = clean_environment(tmp_path)
    if mirrors:
        (tmp_path / "rc").write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirrors[0]}"\n  }}\n}}\n'
        )
        environment["TF_CLI_CONFIG_FILE"] = str(tmp_path / "rc")
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_another_terraform_is_not_installed(tmp_path: Path) -> None:
    release = tmp_path / "releases/1.11.4/terraform_1.11.4_linux_amd64.zip"
    release.parent.mkdir(parents=True)
    release.write_bytes(b"not what was signed")
    run = subprocess.run(
        ["sh", str(FOLDER / "install-terraform")],
        env=clean_environment(tmp_path, RELEASES=f"file://{tmp_path}/releases", PREFIX=str(tmp_path / "prefix")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "checksum did NOT match" in run.stderr
    assert not (tmp_path / "prefix").exists()
