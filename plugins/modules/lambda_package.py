#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: lambda_package
short_description: Build reproducible zip packages for AWS Lambda
version_added: 0.1.0
description:
  - Builds one zip for each function or layer. The same sources make the same bytes on every machine, whoever builds and
    whenever, because entries are sorted, stored without compression, and carry fixed times.
  - A file that its owner may execute is 0755 in the zip, such as the C(bootstrap) of a custom runtime or an extension in a layer.
    Every other one is 0644, whatever the umask.
  - A package is named after the SHA-256 of its content, so equal sources end in one file.
  - Dependencies come from a requirements file that pins every package, also those that others bring in; wheels that
    run on Lambda only, by the architecture and the glibc of the runtime, whatever the machine that builds.
  - Writes below O(work_dir) only.
author:
  - BBWS platform team (@bbws)
options:
  packages:
    description:
      - By name, C(source) (a directory), C(requirements) (a file, optional), C(runtime) (such as C(python3.12)),
        C(architecture) (C(arm64) or C(x86_64)) and C(prefix) (the folder in the zip for the dependencies, C(python/) for a
        layer).
    type: dict
    required: true
  work_dir:
    description: Where packages and downloaded dependencies are kept.
    type: path
    required: true
"""

EXAMPLES = """
- name: Build the package of one function
  bbws.site_builder.lambda_package:
    work_dir: /srv/work/packages
    packages:
      functions/generation:
        source: /srv/site_builder/examples/functions/generation
        requirements:
        runtime: python3.12
        architecture: arm64
        prefix: ""
"""

RETURN = """
packages:
  description:
    - By name, RV(ignore:path), RV(ignore:s3_key) (which holds the hash) and RV(ignore:source_code_hash) (base64, as Lambda
      shows it).
  returned: success
  type: dict
"""

import base64
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from ansible.module_utils.basic import AnsibleModule

# The oldest time that a zip can carry.
EPOCH = (1980, 1, 1, 0, 0, 0)
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
PINNED = re.compile(r"([A-Za-z0-9._-]+)(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+(?=\s*(;|\Z))")
LEFT_OUT = {"__pycache__", ".DS_Store", ".git", ".pytest_cache"}


class PackageError(Exception):
    """A sentence for the person who wrote the definition."""


class Entry(NamedTuple):
    """A file in a zip."""

    content: bytes
    executable: bool


def source_files(source: Path) -> dict[str, Entry]:
    """Return {path in the zip: entry}. A link must stay inside the source, or its target's content would leak in."""
    files = {}
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if LEFT_OUT & set(relative.parts) or path.suffix == ".pyc":
            continue
        if path.is_symlink() and not (path.is_file() and path.resolve().is_relative_to(source.resolve())):
            raise PackageError(f"{path} is a link to no file in {source}; put the file itself there")
        if not path.is_file():
            continue
        # The owner's bit alone: the others depend on the umask of whoever has checked out or installed.
        files[relative.as_posix()] = Entry(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return files


def requirement_lines(path: Path) -> list[str]:
    """Return the requirements, which must all be pinned: an open one would make another package tomorrow."""
    lines = [line.split(" #")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in lines:
        if not PINNED.match(line):
            raise PackageError(f"{path} has {line!r}, which is not pinned; write <name>==<version>")
    return lines


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def platforms(version: str, architecture: str) -> list[str]:
    """The tags of wheels that run on Lambda, the best first; pip takes each one to the letter, and no older ones with it."""
    # glibc 2.26 is that of Amazon Linux 2, 2.34 that of Amazon Linux 2023.
    newest = 26 if int(version.split(".")[1]) < 12 else 34
    machine = MACHINES[architecture]
    return [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)] + [f"manylinux2014_{machine}"]


def dependency_files(module: AnsibleModule, work_dir: Path, package: dict, lines: list[str]) -> dict[str, Entry]:
    """Return the content of the wheels, downloaded once for each set of requirements, runtime and architecture."""
    runtime, architecture = package["runtime"], package["architecture"]
    match = re.fullmatch(r"python(3\.\d+)", runtime)
    if not match or architecture not in MACHINES:
        raise PackageError(
            f"requirements need a Python runtime and an architecture of {', '.join(MACHINES)}, not {runtime}, {architecture}"
        )
    tags = platforms(match.group(1), architecture)
    name = hashlib.sha256("\n".join([runtime, *tags, *sorted(lines)]).encode()).hexdigest()[:16]
    target = work_dir / f"dependencies-{name}"
    if not target.is_dir():
        temporary = Path(tempfile.mkdtemp(dir=work_dir))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
        command += ["--target", str(temporary), "--only-binary", ":all:", "--implementation", "cp"]
        command += [option for tag in tags for option in ("--platform", tag)]
        command += ["--python-version", match.group(1), *lines]
        rc, _out, err = module.run_command(command)
        if rc != 0:
            shutil.rmtree(temporary, ignore_errors=True)
            raise PackageError(
                f"pip cannot install {', '.join(lines)} for {runtime} on {architecture}: {err.strip()[-400:]}"
            )
        pinned = {_plain(PINNED.match(line)[1]) for line in lines}
        extra = sorted(
            f"{name}=={version}"
            for name, version in (info.stem.split("-", 1) for info in temporary.glob("*.dist-info"))
            if _plain(name) not in pinned
        )
        if extra:
            shutil.rmtree(temporary, ignore_errors=True)
            raise PackageError(
                f"requirements {', '.join(lines)} bring in {', '.join(extra)}; add what they bring in, pinned"
            )
        # bin/ and RECORD name the Python that installed, which differs from machine to machine.
        shutil.rmtree(temporary / "bin", ignore_errors=True)
        for record in [*temporary.glob("*.dist-info/RECORD"), *temporary.glob("*.dist-info/direct_url.json")]:
            record.unlink()
        try:
            temporary.rename(target)
        except OSError:  # another run was faster
            shutil.rmtree(temporary, ignore_errors=True)
    return source_files(target)


def write_zip(path: Path, files: dict[str, Entry]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, also when built elsewhere
            entry.external_attr = (0o100755 if files[name].executable else 0o100644) << 16
            archive.writestr(entry, files[name].content)


def build(module: AnsibleModule, name: str, package: dict, work_dir: Path) -> dict[str, str]:
    """Build one package and return its description."""
    source = Path(package["source"])
    if not source.is_dir():
        raise PackageError(f"source {source} is no directory; name the folder that holds the code")
    files = source_files(source)
    if package.get("requirements"):
        requirements = Path(package["requirements"])
        if not requirements.is_file():
            raise PackageError(f"requirements {requirements} is no file; correct the path or remove it")
        lines = requirement_lines(requirements)
        if lines:
            found = dependency_files(module, work_dir, package, lines)
            files = {**{package["prefix"] + path: entry for path, entry in found.items()}, **files}
        # It has done its work, and the runtime has no use for it.
        files.pop(requirements.name if requirements.parent == source else "", None)
    if not files:
        raise PackageError(f"source {source} is empty; put the code there")
    with tempfile.NamedTemporaryFile(dir=work_dir, suffix=".zip", delete=False) as file:
        temporary = Path(file.name)
    write_zip(temporary, files)
    digest = hashlib.sha256(temporary.read_bytes())
    path = work_dir / f"{digest.hexdigest()}.zip"
    os.replace(temporary, path)
    return {
        "path": str(path),
        "s3_key": f"lambda/{name}/{digest.hexdigest()}.zip",
        "source_code_hash": base64.b64encode(digest.digest()).decode(),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "dict", "required": True},
            "work_dir": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    work_dir = Path(module.params["work_dir"])
    built: dict[str, dict[str, str]] = {}
    try:
        work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, package in module.params["packages"].items():
            try:
                built[name] = build(module, name, package, work_dir)
            except PackageError as error:
                module.fail_json(msg=f"lambda_{name.replace('/', '.')}: {error}")
    except OSError as error:
        module.fail_json(msg=f"cannot build in {work_dir}: {error.strerror} ({error.filename})")
    # The working directory is no part of what a run deploys.
    module.exit_json(changed=False, packages=built)


if __name__ == "__main__":
    main()
