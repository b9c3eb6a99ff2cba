#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: terraform_workdir
short_description: Lay out the private working directory of one stack for one run
version_added: 0.1.0
description:
  - Copies a root module, with the local modules that it calls, below O(run_dir), and writes beside it what a run adds,
    the C(backend.tf.json), the C(providers.tf.json) and, outside the copy, the C(terraform.tfvars.json).
  - The source tree is only read. The initialised C(.terraform) folder of an earlier run with the same content is copied, so
    that C(terraform init) runs only when something that it depends on changed. Two runs share nothing but the bytes of the
    providers, which are hundreds of megabytes and are never written again, so they are hard links where that is possible.
  - Directories get mode 0700 and files mode 0600, for tfvars may hold secrets. Providers keep the mode of their package.
  - It writes below O(run_dir) only, which is no part of the target's state, and so reports no change.
author:
  - BBWS platform team (@bbws)
options:
  state:
    description:
      - V(present) lays out the directory of one stack.
      - V(swept) ends a run, that is, removes the plans and variables below O(run_dir), those of runs that were cut short a
        day ago or longer, and all but the ten newest runs beside it.
    type: str
    choices: [present, swept]
    default: present
  run_dir:
    description:
      - With O(state=present) the directory of this stack in this run, C(<runs>/<run>/<stack>). It is made when missing. The
        other runs are looked through for a usable initialised copy.
      - With O(state=swept) the directory of the run, C(<runs>/<run>).
    type: path
    required: true
  source:
    description: The root module (absolute path). Required with O(state=present), like all that follow.
    type: path
  tfvars:
    description: The root module's input variables.
    type: dict
  providers:
    description: The content of C(providers.tf.json).
    type: dict
  backend:
    description: The configuration of the S3 backend.
    type: dict
  terraform_version:
    description: The version that will run, for an initialised directory belongs to one version.
    type: str
  provider_version:
    description:
      - The version of hashicorp/aws to which C(terraform init) shall link, as
        RV(bbws.site_builder.toolchain_info#module:provider_version) says; it is written to the lock file. Where empty, Terraform
        chooses, and writes that file.
    type: str
    default: ""
  imports:
    description: What the next plan takes over into the state, by address the import id.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: Lay out the dynamodb stack
  bbws.site_builder.terraform_workdir:
    source: /srv/site_builder/terraform/stacks/dynamodb
    run_dir: /srv/work/dev/runs/20261125T101500Z-1f3c/dynamodb
    tfvars:
      tables: {}
      tags: {}
    providers:
      provider:
        aws:
          - region: eu-west-1
    backend:
      bucket: site-builder-tfstate-dev-123456789012-eu-west-1
      key: site-builder/dev/dynamodb/terraform.tfstate
      region: eu-west-1
      use_lockfile: true
    terraform_version: 1.11.4
"""

RETURN = """
project_path:
  description: The directory in which Terraform is to run.
  returned: state is present
  type: str
data_dir:
  description: The value for E(TF_DATA_DIR).
  returned: state is present
  type: str
plan_file:
  description: Where the plan of this run belongs.
  returned: state is present
  type: str
tfvars_file:
  description: The rendered variables file.
  returned: state is present
  type: str
tfvars_sha256:
  description: The SHA-256 of the rendered variables; two equal ones make the same plan.
  returned: state is present
  type: str
source_sha256:
  description: The SHA-256 of everything else that a plan depends on, the Terraform sources, the backend and the providers.
  returned: state is present
  type: str
initialised:
  description: Whether C(terraform init) has nothing left to do.
  returned: state is present
  type: bool
errored_states:
  description:
    - What earlier runs of the stack could not write into this very backend and Terraform has left on this machine, newest
      first, as dicts with RV(ignore:path), RV(ignore:lineage) and RV(ignore:serial). The folder of the path is an
      initialised root module, also where sources, providers or the version of Terraform have changed since.
  returned: state is present
  type: list
  elements: dict
"""

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import (
    tfvars_sha256,
    to_json,
    write_private,
)

PLAN = "plan.tfplan"
TFVARS = "terraform.tfvars.json"
IMPORTS = "imports.tf.json"
LOCK = ".terraform.lock.hcl"
PROVIDER = "registry.terraform.io/hashicorp/aws"
BACKEND = "backend.tf.json"
# Terraform's own name for a state that it could not write to the backend. How deep it is depends on the modules called.
ERRORED = "errored.tfstate"
LEFT = f"stage-*/**/{ERRORED}"
# What of a backend's configuration says where the state is; the endpoints, because the embedded AWS has the bucket's name too.
PLACE = ("bucket", "key", "region", "endpoints")
SECRET_FILES = (PLAN, TFVARS)
KEPT_RUNS = 10
CUT_SHORT_SECONDS = 24 * 3600

_LOCAL_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.{1,2}/[^"]+)"', re.MULTILINE)


def module_dirs(root: Path) -> list[Path]:
    """Return `root` and every local module that it calls, directly or not."""
    found: list[Path] = []
    queue = [root.resolve()]
    while queue:
        current = queue.pop()
        if current in found:
            continue
        found.append(current)
        for file in sorted(current.glob("*.tf")):
            queue += [(current / s).resolve() for s in _LOCAL_SOURCE.findall(file.read_text(encoding="utf-8"))]
    return sorted(found)


def collect(source: Path, generated: dict[str, str]) -> tuple[dict[str, str], str]:
    """Return ({relative path: content} of the staged tree, the root module's relative path)."""
    dirs = module_dirs(source)
    base = Path(os.path.commonpath(dirs)) if len(dirs) > 1 else source.resolve().parent
    files = {
        str(file.relative_to(base)): file.read_text(encoding="utf-8")
        for directory in dirs
        for file in sorted([*directory.glob("*.tf"), *directory.glob("*.tf.json"), *directory.glob("*.tftpl")])
    }
    root = str(source.resolve().relative_to(base))
    files.update({f"{root}/{name}": text for name, text in generated.items()})
    return files, root


def lock(provider_version: str) -> str:
    """The lock of a provider that is a link into a mirror.

    Terraform's own would have the hash of what the link leads to, and each command would read its 700 MB, to hold them against
    themselves.
    """
    return f'provider "{PROVIDER}" {{\n  version = "{provider_version}"\n}}\n'


def is_initialised(project: Path, provider_version: str) -> bool:
    if not (project / ".terraform/terraform.tfstate").is_file():
        return False
    packages = list((project / ".terraform/providers").glob("*/*/*/*/*"))
    if provider_version:
        # The mirror may have gone, or have got a newer version.
        return bool(packages) and all(
            p.is_symlink() and p.exists() and p.parent.name == provider_version for p in packages
        )
    # What is unpacked is whole when there is a lock file, which `terraform init` writes last, with hashes.
    file = project / LOCK
    locked = file.is_file() and "hashes" in file.read_text(encoding="utf-8")
    return locked and bool(packages) and all(package.exists() for package in packages)


def earlier_copy(run_dir: Path, stage: str, root: str, provider_version: str) -> Path | None:
    """Return the newest initialised stage of that name among the runs' directories of this stack."""
    runs = run_dir.parent.parent
    for candidate in sorted(runs.glob(f"*/{run_dir.name}/{stage}"), reverse=True):
        if is_initialised(candidate / root, provider_version):
            return candidate
    return None


def link_or_copy(source: str, target: str) -> str:
    """Copy a file of an initialised stage; what `terraform init` has unpacked costs no disk a second time."""
    if "/.terraform/providers/" in source:
        with suppress(OSError):  # another file system, or one without links
            os.link(source, target)
            return target
    return shutil.copy2(source, target)


def place_of(backend: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(backend.get(name) or None for name in PLACE)


def errored_states(run_dir: Path, backend: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what earlier runs against this very backend could not write to it, newest first."""
    found = []
    for path in sorted(run_dir.parent.parent.glob(f"*/{run_dir.name}/{LEFT}"), reverse=True):
        written = json.loads(path.with_name(BACKEND).read_text(encoding="utf-8"))["terraform"]["backend"]["s3"]
        if place_of(written) != place_of(backend):
            continue
        state = json.loads(path.read_text(encoding="utf-8"))
        found.append({"path": str(path), "lineage": state["lineage"], "serial": state["serial"]})
    return found


def sweep(run_dir: Path) -> None:
    """Remove what may hold secrets, and the runs that nobody will look at any more."""
    others = sorted((path for path in run_dir.parent.iterdir() if path != run_dir), reverse=True)
    dead = [path for path in others if path.stat().st_mtime < time.time() - CUT_SHORT_SECONDS]
    for run in [run_dir, *dead]:
        for name in SECRET_FILES:
            for file in run.glob(f"*/{name}"):
                file.unlink(missing_ok=True)
    for run in others[KEPT_RUNS - 1 :]:
        if any(run.glob(f"*/{LEFT}")):
            continue
        if run in dead or not any(run.glob(f"*/{PLAN}")):
            shutil.rmtree(run, ignore_errors=True)


def main() -> None:
    present = ["source", "tfvars", "providers", "backend", "terraform_version"]
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "swept"], "default": "present"},
            "run_dir": {"type": "path", "required": True},
            "source": {"type": "path"},
            # The task's own no_log hides them; the option's would mask every value in what the module returns.
            "tfvars": {"type": "dict", "no_log": False},
            "providers": {"type": "dict"},
            "backend": {"type": "dict"},
            "terraform_version": {"type": "str"},
            "provider_version": {"type": "str", "default": ""},
            "imports": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", present)],
        supports_check_mode=True,
    )
    run_dir = Path(module.params["run_dir"])
    if module.params["state"] == "swept":
        if run_dir.is_dir():
            sweep(run_dir)
        module.exit_json(changed=False)
    source = Path(module.params["source"])
    if not source.is_dir():
        module.fail_json(msg=f"source is {source}, which is not a directory; name the folder of a root module")

    generated = {
        "providers.tf.json": to_json(module.params["providers"]),
        BACKEND: to_json({"terraform": {"backend": {"s3": module.params["backend"]}}}),
    }
    files, root = collect(source, generated)
    digest = hashlib.sha256(module.params["terraform_version"].encode())
    for name in sorted(files):
        digest.update(f"\0{name}\0{files[name]}".encode())
    stage = f"stage-{digest.hexdigest()[:16]}"
    project = run_dir / stage / root
    tfvars_file = run_dir / TFVARS
    provider_version = module.params["provider_version"]

    try:
        # umask, not mode: makedirs applies its mode to the last directory only.
        umask = os.umask(0o077)
        run_dir.mkdir(parents=True, exist_ok=True)
        if not project.is_dir():
            earlier = earlier_copy(run_dir, stage, root, provider_version)
            if earlier:
                skipped = shutil.ignore_patterns(ERRORED, IMPORTS)
                shutil.copytree(earlier, run_dir / stage, symlinks=True, ignore=skipped, copy_function=link_or_copy)
            for name, text in files.items():
                path = run_dir / stage / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_private(path, text.encode())
        if provider_version:
            write_private(project / LOCK, lock(provider_version).encode())
        write_private(tfvars_file, to_json(module.params["tfvars"]).encode())
        # Beside what the digest covers: they are true once.
        imports = [
            # Terraform reads strings in JSON as templates.
            {"to": address, "id": str(id_).replace("${", "$${").replace("%{", "%%{")}
            for address, id_ in module.params["imports"].items()
        ]
        if imports:
            write_private(project / IMPORTS, to_json({"import": imports}).encode())
        else:
            (project / IMPORTS).unlink(missing_ok=True)
        os.umask(umask)
    except OSError as error:
        module.fail_json(msg=f"cannot write the working directory {run_dir}: {error.strerror} ({error.filename})")

    module.exit_json(
        changed=False,
        project_path=str(project),
        data_dir=str(project / ".terraform"),
        plan_file=str(run_dir / PLAN),
        tfvars_file=str(tfvars_file),
        tfvars_sha256=tfvars_sha256(module.params["tfvars"]),
        source_sha256=digest.hexdigest(),
        initialised=is_initialised(project, provider_version),
        errored_states=errored_states(run_dir, module.params["backend"]),
    )


if __name__ == "__main__":
    main()
