# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan file, held against the working directory in which it is to be applied.

An apply runs the configuration that lies in the plan file, not the one on disk, and writes the state to the backend that the file
names. `terraform show` tells neither, so both are read here: a plan file is a zip archive of the sources, the state and the plan.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.wire import messages, unpacked

# What terraform_workdir writes for resources that the plan takes over; it is true for one plan only.
IMPORTS = "imports.tf.json"
_SOURCES = "tfconfig/m-"
_MODULES = "tfconfig/modules.json"
# Bytes of one file in it, unpacked.
_LARGEST = 512 * 1024**2
# The fields of Terraform's planfile.proto that are read.
_BACKEND, _TYPE, _CONFIG, _WORKSPACE, _MSGPACK = 13, 1, 2, 3, 1


def plan_file_facts(plan_file: Path, project: Path) -> dict[str, Any]:
    """Return the `serial` and `lineage` of the state that a plan was made from, and what is `foreign` in it: names, no values.

    project: the initialised working directory. Raises SiteBuilderError when the file cannot be read.
    """
    try:
        files = _unzipped(plan_file)
        state = json.loads(files["tfstate"])
        told = {"serial": state["serial"], "lineage": state["lineage"]}
        there, backend = _sources(files), _backend(files["tfplan"])
    except (
        OSError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        RecursionError,
        NotImplementedError,
    ) as error:
        raise SiteBuilderError(
            f"{plan_file} is no plan file that can be checked ({type(error).__name__}): run playbooks/plan.yml again"
        ) from error
    try:
        here, backend_here = _sources_here(project), _backend_here(project)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise SiteBuilderError(
            f"{project} is no initialised working directory ({type(error).__name__}): run terraform init in it"
        ) from error
    names = sorted(name for name in there.keys() | here.keys() if there.get(name) != here.get(name))
    imports = files.get(f"{_SOURCES}/{IMPORTS}")
    if imports is None or _only_imports(imports):
        names = [name for name in names if name != _file_name("", IMPORTS)]
    if backend != backend_here:
        names.append("the backend")
    return {**told, "foreign": names}


def _unzipped(plan_file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(plan_file) as archive:
        entries = archive.infolist()
        if len({entry.filename for entry in entries}) != len(entries):
            raise ValueError("a name that is there twice")
        if any(entry.file_size > _LARGEST for entry in entries):
            raise ValueError("too large")
        return {entry.filename: archive.read(entry) for entry in entries}


def _sources(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return by name the SHA-256 of the sources in a plan file, and where each module is said to come from and to be."""
    found: dict[str, Any] = {}
    for name, data in files.items():
        if name.startswith(_SOURCES):
            key, _, file = name.removeprefix(_SOURCES).rpartition("/")
            found[_file_name(key, file)] = sha256(data).hexdigest()
    return found | _places(json.loads(files[_MODULES]))


def _sources_here(project: Path) -> dict[str, Any]:
    """Return the same of a working directory."""
    index = project / ".terraform/modules/modules.json"
    # A root module that calls none has no index.
    modules = json.loads(index.read_text(encoding="utf-8"))["Modules"] if index.is_file() else [{"Key": "", "Dir": "."}]
    found = _places(modules)
    for item in modules:
        for file in [*(project / item["Dir"]).glob("*.tf"), *(project / item["Dir"]).glob("*.tf.json")]:
            found[_file_name(item["Key"], file.name)] = sha256(file.read_bytes()).hexdigest()
    return found


def _places(modules: list[dict[str, str]]) -> dict[str, Any]:
    return {
        f"the place of {_module_name(item['Key'])}": [item.get(name, "") for name in ("Source", "Version", "Dir")]
        for item in modules
    }


def _file_name(key: str, file: str) -> str:
    return f"{file} of {_module_name(key)}"


def _module_name(key: str) -> str:
    return f"module {key}" if key else "the root module"


def _only_imports(text: bytes) -> bool:
    """Whether a file only says what to take over, by addresses and ids that are written out; the plan tells of each."""
    try:
        document = json.loads(text)
        items = document.pop("import")
        return not document and all(
            item.keys() == {"to", "id"} and _is_literal(item["id"]) and isinstance(item["to"], str) for item in items
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _is_literal(text: Any) -> bool:
    """Whether Terraform finds no template in a text: each begins with a sign that, doubled, stands for itself."""
    return isinstance(text, str) and not re.search(r"[$%]\{", re.sub(r"(?<!\$)\$\$\{|(?<!%)%%\{", "", text))


def _backend(plan: bytes) -> tuple[str, str, Any]:
    """Return (type, workspace, configuration) of the backend that a plan names."""
    (backend,) = messages(plan)[_BACKEND]
    fields = messages(backend)
    (config,) = messages(fields[_CONFIG][0])[_MSGPACK]
    return fields[_TYPE][0].decode(), fields[_WORKSPACE][0].decode(), _given(unpacked(config))


def _backend_here(project: Path) -> tuple[str, str, Any]:
    backend = json.loads((project / ".terraform/terraform.tfstate").read_text(encoding="utf-8"))["backend"]
    workspace = project / ".terraform/environment"
    name = workspace.read_text(encoding="utf-8").strip() if workspace.is_file() else "default"
    return backend["type"], name, _given(backend["config"])


def _given(value: Any) -> Any:
    """A configuration without what is not set in it."""
    if isinstance(value, dict):
        return {name: _given(item) for name, item in value.items() if item is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value
