"""What `ansible-galaxy collection build` puts into the tarball."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.conftest import BIN, ROOT, clean_environment

# What Terraform leaves behind where somebody runs it by hand, at any depth; the states and plans hold secrets.
LEFT = (
    ".terraform/terraform.tfstate",
    ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws",
    ".terraform/modules/modules.json",
    ".terraform.lock.hcl",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    "errored.tfstate",
    "terraform.tfstate.d/x/terraform.tfstate",
    ".terraform.tfstate.lock.info",
    "plan.tfplan",
)
PLACES = (
    ".",
    "terraform",
    "terraform/environments/dev",
    "terraform/modules/s3",
    "terraform/stacks/s3",
    "examples/a/b/c",
)


def test_no_state_and_no_provider_is_packed(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("galaxy.yml", "README.md", "COPYING"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("meta", "terraform"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan")
        )
    wanted = {path.relative_to(copy).as_posix() for path in copy.rglob("*.tf") if "tests" not in path.parts}
    for place in PLACES:
        for name in LEFT:
            (copy / place / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / place / name).write_text("secret")
    command = [str(BIN / "ansible-galaxy"), "collection", "build", "--output-path", str(tmp_path), str(copy)]
    environment = clean_environment(tmp_path, HOME=str(tmp_path))
    subprocess.run(command, env=environment, check=True, capture_output=True)
    (tarball,) = tmp_path.glob("bbws-site_builder-*.tar.gz")
    with tarfile.open(tarball) as archive:
        packed = {member.name for member in archive if member.isfile()}
    assert [name for name in packed if any(f"/{name}".endswith(f"/{left}") for left in LEFT)] == []
    assert [name for name in packed if ".terraform" in name or "tfstate" in name] == []
    # The rules take nothing else.
    assert wanted <= packed
    assert {"terraform/environments/dev/terraform.tfvars", "README.md"} <= packed
