"""A plan file that somebody else has made; what Terraform makes: tests/unit/modules/test_plan_details_saved.py."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import plan_file
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.plan_file import plan_file_facts

MODULES = [{"Key": "", "Dir": "."}, {"Key": "m", "Source": "../m", "Dir": "../m"}]
BACKEND = {"bucket": "b", "key": "k", "use_lockfile": True, "profile": None, "endpoints": {"s3": None, "sts": "x"}}


def pack(value: Any) -> bytes:
    """MessagePack of what a backend's configuration is made of."""
    if isinstance(value, dict):
        return bytes([0x80 + len(value)]) + b"".join(pack(item) for pair in value.items() for item in pair)
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    return bytes([0xA0 + len(value)]) + value.encode()


def field(number: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([number * 8 + 2, len(data)]) + data


def tfplan(backend: dict[str, Any] = BACKEND, workspace: str = "default") -> bytes:
    config = field(2, field(1, pack(backend)))
    return b"\x08\x03" + field(13, field(1, b"s3") + config + field(3, workspace.encode()))


FILES: dict[str, bytes] = {
    "tfplan": tfplan(),
    "tfstate": json.dumps({"serial": 7, "lineage": "l"}).encode(),
    "tfconfig/m-/main.tf": b"root",
    "tfconfig/m-/providers.tf.json": b"{}",
    "tfconfig/m-m/main.tf": b"module",
    "tfconfig/modules.json": json.dumps(MODULES).encode(),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A working directory as init leaves it."""
    folder = tmp_path / "stage/root"
    (folder / ".terraform/modules").mkdir(parents=True)
    (folder.parent / "m").mkdir()
    (folder / "main.tf").write_text("root")
    (folder / "providers.tf.json").write_text("{}")
    (folder / "notes.txt").write_text("not Terraform's")
    (folder.parent / "m/main.tf").write_text("module")
    (folder / ".terraform/modules/modules.json").write_text(
        json.dumps({"Modules": [{"Source": "", **m} for m in MODULES]})
    )
    backend = {"backend": {"type": "s3", "config": {**BACKEND, "acl": None}}}
    (folder / ".terraform/terraform.tfstate").write_text(json.dumps(backend))
    return folder


def write(folder: Path, **files: bytes | None) -> Path:
    path = folder / "plan.tfplan"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**FILES, **files}.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def test_one_that_is_from_here(project: Path) -> None:
    assert plan_file_facts(write(project), project) == {"serial": 7, "lineage": "l", "foreign": []}


@pytest.mark.parametrize(
    ("files", "foreign"),
    [
        ({"tfconfig/m-/main.tf": b"other"}, ["main.tf of the root module"]),
        ({"tfconfig/m-/more.tf": b""}, ["more.tf of the root module"]),
        ({"tfconfig/m-m/main.tf": None}, ["main.tf of module m"]),
        # The same name in the place of another module.
        ({"tfconfig/m-m/main.tf": None, "tfconfig/m-/m/main.tf": b"module"}, ["main.tf of module /m", "main.tf of module m"]),
        ({"tfconfig/modules.json": json.dumps([MODULES[0], {**MODULES[1], "Source": "evil/m/aws"}]).encode()}, ["the place of module m"]),
        ({"tfconfig/modules.json": json.dumps([MODULES[0], {**MODULES[1], "Dir": "/home/somebody"}]).encode()}, ["the place of module m"]),
        ({"tfplan": tfplan({**BACKEND, "bucket": "other"})}, ["the backend"]),
        ({"tfplan": tfplan({**BACKEND, "endpoints": {"s3": "evil"}})}, ["the backend"]),
        ({"tfplan": tfplan(workspace="other")}, ["the backend"]),
    ],
)  # fmt: skip
def test_what_is_not_from_here(project: Path, files: dict[str, Any], foreign: list[str]) -> None:
    assert plan_file_facts(write(project, **files), project)["foreign"] == foreign


@pytest.mark.parametrize(
    ("imports", "taken"),
    [
        ([{"to": "aws_x.a", "id": "$${x} %%{y}"}], True),
        ([], True),
        ([{"to": "aws_x.a", "id": '${file("/etc/passwd")}'}], False),
        ([{"to": "aws_x.a", "id": "%{ if true }x%{ endif }"}], False),
        ([{"to": "aws_x.a", "id": "$$${x}"}], False),
        ([{"to": "aws_x.a", "id": "x", "provider": "aws.other"}], False),
        ([{"to": "aws_x.a", "for_each": [1], "id": "x"}], False),
        ({"to": "aws_x.a", "id": "x"}, False),
    ],
)
def test_imports_that_are_written_out(project: Path, imports: Any, taken: bool) -> None:
    text = json.dumps({"import": imports}).encode()
    told = plan_file_facts(write(project, **{"tfconfig/m-/imports.tf.json": text}), project)
    assert told["foreign"] == ([] if taken else ["imports.tf.json of the root module"])


@pytest.mark.parametrize(
    "files",
    [
        {"tfstate": None},
        {"tfstate": b"x"},
        {"tfstate": b"[]"},
        {"tfplan": b"x"},
        {"tfplan": b"\x08\x03"},
        {"tfplan": field(13, b"") * 2},
        {"tfconfig/modules.json": b"[1]"},
        {"tfconfig/modules.json": b"[" * 100_000},
    ],
)
def test_what_cannot_be_read_is_refused(project: Path, files: dict[str, Any]) -> None:
    with pytest.raises(SiteBuilderError, match="is no plan file that can be checked"):
        plan_file_facts(write(project, **files), project)


def test_a_name_that_is_there_twice(project: Path) -> None:
    """Which of the two is read is for each reader to say."""
    path = write(project)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("tfconfig/m-/main.tf", b"other")
    with pytest.raises(SiteBuilderError, match=r"\(ValueError\): run playbooks/plan.yml again"):
        plan_file_facts(path, project)


def test_what_would_fill_the_memory(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "_LARGEST", 1000)
    with pytest.raises(SiteBuilderError, match="ValueError"):
        plan_file_facts(write(project, tfstate=b" " * 1001), project)


def test_no_zip_archive_and_no_file(project: Path) -> None:
    for path in (project / "main.tf", project / "none"):
        with pytest.raises(SiteBuilderError, match="is no plan file that can be checked"):
            plan_file_facts(path, project)


def test_a_root_module_without_modules(project: Path) -> None:
    (project / ".terraform/modules/modules.json").unlink()
    alone = {"tfconfig/m-m/main.tf": None, "tfconfig/modules.json": json.dumps(MODULES[:1]).encode()}
    assert plan_file_facts(write(project, **alone), project)["foreign"] == []
    assert plan_file_facts(write(project), project)["foreign"] == ["main.tf of module m", "the place of module m"]


@pytest.mark.parametrize("text", [None, "x", "{}", '{"backend": null}'])
def test_a_directory_that_is_not_initialised(project: Path, text: str | None) -> None:
    state = project / ".terraform/terraform.tfstate"
    state.unlink() if text is None else state.write_text(text)
    with pytest.raises(SiteBuilderError, match=r"is no initialised working directory .*: run terraform init in it"):
        plan_file_facts(write(project), project)
