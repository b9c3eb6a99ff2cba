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
    run on Lambda only, by the architecture and the glibc of the runtime, whatever the machine that builds. Markers, also
    those of the packages themselves, are judged for the runtime, whatever the Python that builds.
  - A requirements file may name others (C(-r), C(-c)) and indexes, and have hashes, which pip then checks.
  - Writes below O(work_dir) only.
author:
  - BBWS platform team (@bbws)
requirements:
  - packaging and pip, in the Python that runs the module
options:
  packages:
    description:
      - By name, C(source) (a directory), C(requirements) (a file, optional), C(runtime) (such as C(python3.12)),
        C(architecture) (C(arm64) or C(x86_64)) and C(prefix) (the folder in the zip for the dependencies, C(python/) for a
        layer).
      - Of a function also C(layers), names of other packages of this list, with which it must not be larger than Lambda takes,
        and C(handler), which must name a file and, for Python, a function that the package or its layers have. Leave
        C(handler) out where a layer from elsewhere may bring it.
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
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.bbws.site_builder.plugins.module_utils.handlers import Read, handler_problem
from ansible_collections.bbws.site_builder.plugins.module_utils.requirements import (
    MACHINES,
    MISSING,
    PackageError,
    Requirements,
    Target,
    check_installed,
    read_requirements,
)

# The oldest time that a zip can carry.
EPOCH = (1980, 1, 1, 0, 0, 0)
# "Deployment package size, unzipped, with layers" of Lambda's quotas.
UNZIPPED_BYTES = 262_144_000
LEFT_OUT = {"__pycache__", ".DS_Store", ".git", ".pytest_cache"}


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
        try:
            relative.as_posix().encode()
        except UnicodeEncodeError as error:
            name = os.fsencode(path).decode("utf-8", "backslashreplace")
            raise PackageError(
                f"{name} has a name that is not UTF-8, which a package cannot hold; rename it"
            ) from error
        # The owner's bit alone: the others depend on the umask of whoever has checked out or installed.
        files[relative.as_posix()] = Entry(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return files


def platforms(version: str, architecture: str) -> list[str]:
    """The tags of wheels that run on Lambda, the best first; pip takes each one to the letter, and no older ones with it."""
    # glibc 2.26 is that of Amazon Linux 2, 2.34 that of Amazon Linux 2023.
    newest = 26 if int(version.split(".")[1]) < 12 else 34
    machine = MACHINES[architecture]
    return [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)] + [f"manylinux2014_{machine}"]


def dependencies(module: AnsibleModule, work_dir: Path, package: dict) -> tuple[dict[str, Entry], set[Path]]:
    """Return the content of the wheels, and the requirements files that asked for them."""
    runtime, architecture = package["runtime"], package["architecture"]
    match = re.fullmatch(r"python(3\.\d+)", runtime)
    if not match or architecture not in MACHINES:
        raise PackageError(
            f"requirements need a Python runtime and an architecture of {', '.join(MACHINES)}, not {runtime}, {architecture}"
        )
    target = Target(match[1], architecture)
    requirements = read_requirements(Path(package["requirements"]), target)
    if not requirements.pins:
        return {}, requirements.files
    return source_files(download(module, work_dir, runtime, target, requirements)), requirements.files


def download(module: AnsibleModule, work_dir: Path, runtime: str, target: Target, requirements: Requirements) -> Path:
    """Return the folder with the wheels' content, downloaded once for each set of requirements, runtime and architecture."""
    python = runtime.removeprefix("python")
    tags = platforms(python, target.architecture)
    name = hashlib.sha256("\n".join([runtime, *tags, requirements.text()]).encode()).hexdigest()[:16]
    folder = work_dir / f"dependencies-{name}"
    if folder.is_dir():
        return folder
    temporary = Path(tempfile.mkdtemp(dir=work_dir))
    try:
        asked = temporary / "requirements.txt"
        asked.write_text(requirements.text(), encoding="utf-8")
        content = temporary / "content"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
        # What belongs together is checked afterwards: pip would judge it for the Python that runs it.
        command += ["--no-deps", "--target", str(content), "--only-binary", ":all:", "--implementation", "cp"]
        command += [option for tag in tags for option in ("--platform", tag)]
        command += ["--python-version", python, "--requirement", str(asked)]
        rc, _out, err = module.run_command(command)
        if rc != 0:
            pins = ", ".join(str(pin) for _name, pin in sorted(requirements.pins.items()))
            reason = " ".join(err.split())[-400:]
            raise PackageError(f"pip cannot install {pins} for {runtime} on {target.architecture}: {reason}")
        check_installed(content, requirements, target)
        # bin/ and RECORD name the Python that installed, which differs from machine to machine.
        shutil.rmtree(content / "bin", ignore_errors=True)
        for record in [*content.glob("*.dist-info/RECORD"), *content.glob("*.dist-info/direct_url.json")]:
            record.unlink()
        try:
            content.rename(folder)
        except OSError:  # another run was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


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
        found, asked = dependencies(module, work_dir, package)
        files = {**{package["prefix"] + path: entry for path, entry in found.items()}, **files}
        # They have done their work, and the runtime has no use for them.
        for path in asked:
            if path.is_relative_to(source.resolve()):
                files.pop(path.relative_to(source.resolve()).as_posix(), None)
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


def check(package: dict, built: dict[str, dict[str, str]], own: dict[str, str]) -> None:
    """Raise PackageError when Lambda would refuse a package, or find no handler in it and its layers."""
    layers = package.get("layers") or []
    for layer in layers:
        if layer not in built:
            raise PackageError(f"layers names {layer}, which is no package; add it or correct the name")
    size = sum(map(unzipped, [own["path"], *(built[layer]["path"] for layer in layers)]))
    if size >= UNZIPPED_BYTES:
        parts = f"the package and its layers {', '.join(layers)} have" if layers else "the package has"
        raise PackageError(
            f"{parts} {size} bytes unzipped, and Lambda takes less than {UNZIPPED_BYTES}; leave out what it can do without"
        )
    if package.get("handler"):
        layered = {name: read for layer in layers for name, read in members(built[layer]["path"]).items()}
        problem = handler_problem(package["handler"], package["runtime"], members(own["path"]), layered)
        if problem:
            raise PackageError(f"handler {package['handler']!r} {problem}")


def unzipped(path: str) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def members(path: str) -> dict[str, Read]:
    with zipfile.ZipFile(path) as archive:
        return {name: partial(read_member, path, name) for name in archive.namelist()}


def read_member(path: str, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "dict", "required": True},
            "work_dir": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    if MISSING:
        module.fail_json(msg=missing_required_lib("packaging"))
    work_dir = Path(module.params["work_dir"])
    packages = module.params["packages"]
    built: dict[str, dict[str, str]] = {}
    try:
        work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, package in packages.items():
            built[name] = build(module, name, package, work_dir)
        for name, package in packages.items():
            check(package, built, built[name])
    except PackageError as error:
        module.fail_json(msg=f"lambda_{name.replace('/', '.')}: {error}")
    except OSError as error:
        module.fail_json(msg=f"cannot build in {work_dir}: {error.strerror} ({error.filename})")
    # The working directory is no part of what a run deploys.
    module.exit_json(changed=False, packages=built)


if __name__ == "__main__":
    main()
