# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The private working directory of one stack in one run.

Sources are copied, not linked: together they are some 100 KB, and a run must not change under its plan when somebody updates the
checkout; an errored.tfstate needs its root for as long as it lies there. Providers, which are large, are linked.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import provider
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.levels import with_levels
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.runs import ERRORED, LEFT, PLAN, TFVARS, claim
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import (
    private_dir,
    tfvars_sha256,
    to_json,
    unwritable,
    write_private,
)

IMPORTS = "imports.tf.json"
LOCK = ".terraform.lock.hcl"
BACKEND = "backend.tf.json"
PROVIDERS = "providers.tf.json"
# Terraform merges the files of this suffix into the others.
PIN = "provider_override.tf.json"
UNREADABLE = ".unreadable"
# What of a backend's configuration says where the state is; the endpoints, because the embedded AWS has the bucket's name too.
PLACE = ("bucket", "key", "region", "endpoints")

_LOCAL_SOURCE = re.compile(rb'^\s*source\s*=\s*"(\.{1,2}/[^"]+)"', re.MULTILINE)
_DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Provider:
    """The one provider of a run. package: where a mirror holds it unpacked and verified. lock: what each root gets, if any."""

    version: str
    package: Path | None
    lock: provider.Lock | None


def chosen_provider(version: str, package: str | None, shipped: provider.Lock) -> Provider:
    """Return the provider of this version: linked to, or with the shipped hashes, or as `init` finds it."""
    if package:
        return Provider(version, Path(package), provider.Lock(provider.hashless(version), version, frozenset()))
    return Provider(version, None, shipped if version == shipped.version else None)


def lay_out(options: Mapping[str, Any], wanted: Provider, pid: int) -> dict[str, Any]:
    """Lay out the working directory; options and result are those of the module terraform_workdir.

    pid: the process that the run is, see runs.claim.
    Raises SiteBuilderError for a source that is no folder, and for a disk that does not take what is written.
    """
    run_dir, source = Path(options["run_dir"]), Path(options["source"])
    if not source.is_dir():
        raise SiteBuilderError(f"source is {source}, which is not a directory; name the folder of a root module")
    try:
        return _lay_out(run_dir, source, options, wanted, pid)
    except OSError as error:
        raise SiteBuilderError(unwritable(error, run_dir)) from error


def _lay_out(run_dir: Path, source: Path, options: Mapping[str, Any], wanted: Provider, pid: int) -> dict[str, Any]:
    generated = {
        PROVIDERS: to_json(options["providers"]),
        BACKEND: to_json({"terraform": {"backend": {"s3": options["backend"]}}}),
        PIN: to_json(provider.pin(wanted.version)),
    }
    files, root = collect(source, generated)
    files = with_levels(files, options["tfvars"])
    digest = hashlib.sha256(options["terraform_version"].encode())
    for name in sorted(files):
        digest.update(b"\0" + os.fsencode(name) + b"\0" + files[name])
    stage = run_dir / f"stage-{digest.hexdigest()[:16]}"
    project = stage / root

    private_dir(run_dir.parent)
    claim(run_dir.parent, pid)
    private_dir(run_dir)
    _close(run_dir)
    if stage.is_dir():
        _write(stage, files)
    else:
        _build(stage, files, root, wanted)
    if wanted.lock:
        write_private(project / LOCK, wanted.lock.text)
    initialised = is_initialised(project, wanted, _environment_dir(stage))
    if not initialised:
        # A half of it would make `terraform init` fail, too.
        _remove(project / ".terraform")
        if not wanted.lock:
            (project / LOCK).unlink(missing_ok=True)
    if not (run_dir / PLAN).exists():
        # Terraform writes into it, and would make one that others may read; a plan holds the secrets of functions.
        write_private(run_dir / PLAN, b"")
    write_private(run_dir / TFVARS, to_json(options["tfvars"]).encode())
    _write_imports(project / IMPORTS, options["imports"])
    errored, unreadable = errored_states(run_dir, options["backend"])
    return {
        "project_path": str(project),
        "data_dir": str(project / ".terraform"),
        "plan_file": str(run_dir / PLAN),
        "tfvars_file": str(run_dir / TFVARS),
        "tfvars_sha256": tfvars_sha256(options["tfvars"]),
        "source_sha256": digest.hexdigest(),
        "initialised": initialised,
        "init_arguments": "-lockfile=readonly" if wanted.lock else "",
        "errored_states": errored,
        "unreadable_states": unreadable,
    }


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
            queue += [(current / os.fsdecode(s)).resolve() for s in _LOCAL_SOURCE.findall(file.read_bytes())]
    return sorted(found)


def collect(source: Path, generated: Mapping[str, str]) -> tuple[dict[str, bytes], str]:
    """Return ({relative path: content} of the staged tree, the root module's relative path)."""
    dirs = module_dirs(source)
    base = Path(os.path.commonpath(dirs)) if len(dirs) > 1 else source.resolve().parent
    files = {
        str(file.relative_to(base)): file.read_bytes()
        for directory in dirs
        for file in sorted([*directory.glob("*.tf"), *directory.glob("*.tf.json"), *directory.glob("*.tftpl")])
    }
    root = str(source.resolve().relative_to(base))
    files.update({f"{root}/{name}": text.encode() for name, text in generated.items()})
    return files, root


def is_initialised(project: Path, wanted: Provider, known: Path) -> bool:
    """Whether `terraform init` has nothing left to do: all that it writes is there, whole, and of the wanted provider.

    known: the folder that keeps the hashes of files.
    """
    backend = _json(project / ".terraform/terraform.tfstate").get("backend")
    if not isinstance(backend, dict) or backend.get("type") != "s3" or not _has_modules(project):
        return False
    packages = list((project / ".terraform/providers").glob("*/*/*/*/*"))
    if not packages or any(package.parent.name != wanted.version for package in packages):
        return False
    if wanted.package:
        # The mirror may have gone, or another one may be wanted.
        return all(p.is_symlink() and p.exists() and p.resolve() == wanted.package.resolve() for p in packages)
    try:
        lock = wanted.lock or provider.parse_lock((project / LOCK).read_bytes())
        return all(provider.package_hash(package, known, linked_to=False) in lock.hashes for package in packages)
    except (OSError, SiteBuilderError):
        return False


def _has_modules(project: Path) -> bool:
    """Whether the modules that the root calls, if any, are installed."""
    if not any(_LOCAL_SOURCE.search(file.read_bytes()) for file in project.glob("*.tf")):
        return True
    modules = _json(project / ".terraform/modules/modules.json").get("Modules")
    if not isinstance(modules, list) or len(modules) < 2:  # the root itself is one
        return False
    return all(isinstance(one, dict) and (project / str(one.get("Dir"))).is_dir() for one in modules)


def _json(path: Path) -> dict[str, Any]:
    """The object in the file; an empty one where there is none, or a half."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _build(stage: Path, files: Mapping[str, bytes], root: str, wanted: Provider) -> None:
    """Make the stage beside its place and move it there, so that a half of it is never taken for one."""
    part = stage.with_name(f".{stage.name}.{os.getpid()}")
    try:
        _write(part, files)
        for earlier in _earlier(stage):
            if is_initialised(earlier / root, wanted, _environment_dir(stage)) and _carry_over(
                earlier / root, part / root
            ):
                break
        part.rename(stage)
    except OSError:
        _remove(part)
        raise


def _write(stage: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = stage / name
        if not path.is_file() or path.read_bytes() != content:
            private_dir(path.parent)
            write_private(path, content)


def _environment_dir(stage: Path) -> Path:
    """<environment>/runs/<run>/<stack>/<stage>"""
    return stage.parents[3]


def _earlier(stage: Path) -> Iterator[Path]:
    """The stages of the same content, of this stack in other runs, the newest first."""
    runs = stage.parents[2]
    yield from sorted(runs.glob(f"*/{stage.parent.name}/{stage.name}"), reverse=True)


def _carry_over(earlier: Path, project: Path) -> bool:
    """Copy what `terraform init` has left in an earlier project; whether that could be done."""
    try:
        _copy(earlier / ".terraform", project / ".terraform")
        if (earlier / LOCK).is_file():
            write_private(project / LOCK, (earlier / LOCK).read_bytes())
        return True
    except OSError as error:
        _remove(project / ".terraform")
        if error.errno in _DISK_TROUBLE:
            raise
        return False  # it was swept while we read


def _copy(source: Path, target: Path) -> None:
    """Copy a folder; what `terraform init` has unpacked, and nobody writes again, costs no disk a second time."""
    private_dir(target)
    for entry in os.scandir(source):
        path = target / entry.name
        if entry.is_symlink():
            path.symlink_to(os.readlink(entry.path))
        elif entry.is_dir():
            _copy(Path(entry.path), path)
        else:
            if "/.terraform/providers/" in entry.path:
                with suppress(OSError):  # another file system, or one without links
                    os.link(entry.path, path)
                    continue
            shutil.copy2(entry.path, path)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _close(run_dir: Path) -> None:
    """Take from others the right to write into our folders, which were made under an open umask."""
    for folder in (run_dir, *run_dir.parents[:3]):
        found = folder.stat()
        if found.st_uid == os.getuid() and found.st_mode & 0o022:
            folder.chmod(found.st_mode & 0o7755)


def _write_imports(path: Path, imports: Mapping[str, Any]) -> None:
    """Beside what the digest covers: they are true once."""
    blocks = [{"to": _address(to), "id": _literal(str(id_))} for to, id_ in imports.items()]
    if blocks:
        write_private(path, to_json({"import": blocks}).encode())
    else:
        path.unlink(missing_ok=True)


def _literal(text: str) -> str:
    """Terraform reads strings in JSON as templates."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _address(text: str) -> str:
    """An address is an expression, in whose keys "${" starts a template; Terraform itself prints "$${" there."""
    return re.sub(r"(?<!%)%\{", "%%{", re.sub(r"(?<!\$)\$\{", "$${", text))


def place_of(backend: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(backend.get(name) or None for name in PLACE)


def errored_states(run_dir: Path, backend: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what earlier runs against this very backend could not write to it, newest first, and what of that is no state.

    Terraform, or the machine, may have ended in the middle of writing such a file. It is renamed, so that it is told once.
    """
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    for path in sorted(run_dir.parent.parent.glob(f"*/{run_dir.name}/{LEFT}"), reverse=True):
        written = _json(path.with_name(BACKEND))
        if written and place_of(written["terraform"]["backend"]["s3"]) != place_of(backend):
            continue
        state = _json(path)
        if written and isinstance(state.get("lineage"), str) and isinstance(state.get("serial"), int):
            found.append({"path": str(path), "lineage": state["lineage"], "serial": state["serial"]})
            continue
        aside = path.with_name(ERRORED + UNREADABLE)
        path.replace(aside)
        unreadable.append(str(aside))
    return found, unreadable
