"""execution-environment/install-terraform with a stand-in for Terraform, and with no tool that the image lacks."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "execution-environment"
# Of ubi-minimal: coreutils-single and curl-minimal. Of bindep.txt: unzip. It has no find and no xargs.
TOOLS = ("basename", "cat", "cp", "curl", "dirname", "mkdir", "mktemp", "rm", "sh", "sha256sum", "uname", "unzip")
# What `terraform providers mirror` writes, and an init that looks for the provider where it was told to.
TERRAFORM = """#!/bin/sh
set -eu
case "$*" in
*" providers mirror "*)
  for folder; do :; done
  mkdir -p "$folder/registry.terraform.io/hashicorp/aws"
  {mirrored}
  ;;
*" init "*)
  cat "$TF_CLI_CONFIG_FILE" >"$SEEN"
  ;;
esac
"""
PACKED = "registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip"


def install(tmp_path: Path, mirrored: str) -> subprocess.CompletedProcess[str]:
    """Run the script, whose Terraform mirrors what the shell command `mirrored` puts into $folder."""
    terraform = tmp_path / "terraform"
    terraform.write_text(TERRAFORM.replace("{mirrored}", mirrored))
    terraform.chmod(0o755)
    (tmp_path / "provider").write_text("the provider")
    release = tmp_path / "releases/1.11.4/terraform_1.11.4_linux_amd64.zip"
    release.parent.mkdir(parents=True)
    for archive, member in ((release, "terraform"), (tmp_path / "provider.zip", "provider")):
        with zipfile.ZipFile(archive, "w") as packed:
            packed.write(tmp_path / member, member)
    source = tmp_path / "source"
    shutil.copytree(FOLDER, source)
    script = source / "install-terraform"
    known = script.read_text().split("sha256=")[1].split()[0]
    script.write_text(script.read_text().replace(known, hashlib.sha256(release.read_bytes()).hexdigest()))
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(str(shutil.which(tool)))
    return subprocess.run(
        [str(tools / "sh"), "install-terraform"],
        cwd=source,
        env={
            "PATH": str(tools),
            "RELEASES": f"file://{tmp_path}/releases",
            "PREFIX": str(tmp_path / "prefix"),
            "PROVIDER": str(tmp_path / "provider.zip"),
            "SEEN": str(tmp_path / "seen"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64" or not all(shutil.which(tool) for tool in TOOLS),
    reason="needs x86_64, as the image does, and curl and unzip",
)


def test_it_installs_terraform_and_unpacks_the_provider(tmp_path: Path) -> None:
    run = install(tmp_path, f'cp "$PROVIDER" "$folder/{PACKED}"')
    assert (run.returncode, run.stderr) == (0, "")
    mirror = tmp_path / "prefix/share/terraform/plugins"
    unpacked = mirror / "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    assert [path.relative_to(mirror) for path in mirror.rglob("*") if path.is_file()] == [
        (unpacked / "provider").relative_to(mirror)
    ]
    assert (tmp_path / "prefix/bin/terraform").is_file()
    assert str(mirror) in (tmp_path / "seen").read_text()


@pytest.mark.parametrize(
    "mirrored",
    [":", f'cat "$0" >"$folder/{PACKED}"', "exit 1"],
    ids=["nothing", "no archive", "failed"],
)
def test_a_provider_that_cannot_be_unpacked_stops_the_build(tmp_path: Path, mirrored: str) -> None:
    run = install(tmp_path, mirrored)
    assert run.returncode != 0
    assert not (tmp_path / "seen").exists()
