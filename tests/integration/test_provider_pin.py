"""Every stack takes the one provider that it is tested with, whatever newer one is to be had; with the real Terraform."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import provider, stage
from ansible_collections.bbws.site_builder.plugins.modules import toolchain_info

from tests.conftest import ROOT, clean_environment

STACKS = sorted(path.name for path in (ROOT / "terraform/stacks").iterdir())
SHIPPED = provider.read_lock(ROOT / "terraform/provider.lock.hcl")
NEWER = "6.62.0"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped version, and a newer one that is a script; a provider is not started by `terraform init`."""
    real = next(
        m for m in toolchain_info.implied_mirrors(dict(os.environ)) if SHIPPED.version in toolchain_info.mirrored(m)
    )
    folder = tmp_path_factory.mktemp("mirror") / toolchain_info.PROVIDER
    for version in (SHIPPED.version, NEWER):
        (folder / version).mkdir(parents=True)
    target = toolchain_info.platform_name()
    (folder / SHIPPED.version / target).symlink_to(toolchain_info.linked_package(real, SHIPPED.version))
    (folder / NEWER / target).mkdir()
    script = folder / NEWER / target / f"terraform-provider-aws_v{NEWER}"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    return folder.parents[2]


def initialise(stack: str, mirror: Path, tmp_path: Path, package: str = "", pinned: bool = True) -> set[str]:
    """Initialise a stack's working directory; gives the versions that Terraform has installed there."""
    options = {
        "run_dir": str(tmp_path / f"dev/runs/run/{stack}"),
        "source": str(ROOT / "terraform/stacks" / stack),
        "tfvars": {},
        "providers": {},
        "backend": {},
        "terraform_version": "1.11.4",
        "imports": {},
    }
    laid_out = stage.lay_out(options, stage.chosen_provider(SHIPPED.version, package, SHIPPED), os.getpid())
    project = Path(laid_out["project_path"])
    arguments = laid_out["init_arguments"].split()
    if not pinned:
        (project / stage.PIN).unlink()
        (project / stage.LOCK).unlink()
        arguments = []
    config = tmp_path / "terraform.rc"
    config.write_text(toolchain_info.cli_config(mirror))
    subprocess.run(
        [toolchain_info.find_binary("")[0], "init", "-backend=false", "-no-color", *arguments],
        cwd=project,
        env=clean_environment(tmp_path, TF_CLI_CONFIG_FILE=str(config)),
        capture_output=True,
        check=True,
        timeout=300,
    )
    if pinned and not package:
        assert (project / stage.LOCK).read_bytes() == SHIPPED.text
    assert json.loads((project / ".terraform/modules/modules.json").read_text())["Modules"]
    return {path.parent.name for path in (project / ".terraform/providers").glob("*/*/*/*/*")}


@pytest.mark.long
@pytest.mark.parametrize("stack", STACKS)
def test_linked(mirror: Path, tmp_path: Path, stack: str) -> None:
    package = toolchain_info.linked_package(mirror, SHIPPED.version)
    assert initialise(stack, mirror, tmp_path, package) == {SHIPPED.version}


def test_with_the_shipped_hashes(mirror: Path, tmp_path: Path) -> None:
    """As where the provider comes from a registry: Terraform compares the package with them."""
    assert initialise("s3", mirror, tmp_path) == {SHIPPED.version}


@pytest.mark.long
def test_without_the_pin_it_would_be_the_newer_one(mirror: Path, tmp_path: Path) -> None:
    assert initialise("s3", mirror, tmp_path, pinned=False) == {NEWER}


def test_shipped_hashes_are_those_of_this_machines_package(mirror: Path, tmp_path: Path) -> None:
    provider.verify(Path(toolchain_info.linked_package(mirror, SHIPPED.version)), SHIPPED, tmp_path)
