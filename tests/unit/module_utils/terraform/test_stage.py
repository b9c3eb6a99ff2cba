"""The working directory of a stack: a private, faithful copy, initialised where an earlier run has done it."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import levels, runs, stage
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.provider import hashless, parse_lock
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import tfvars_sha256

OPTIONS = {
    "tfvars": {"password": "secret", "a": 1},
    "providers": {"provider": {"aws": [{"region": "eu-west-1"}]}},
    "backend": {"bucket": "states", "key": "s3.tfstate"},
    "terraform_version": "1.11.4",
    "provider_version": "5.100.0",
    "provider_package": "",
    "imports": {},
}
PACKAGE = b"hundreds of megabytes"
H1 = base64.b64encode(
    hashlib.sha256(f"{hashlib.sha256(PACKAGE).hexdigest()}  terraform-provider\n".encode()).digest()
).decode()
SHIPPED = parse_lock(f'provider "x" {{\n  version = "5.100.0"\n  hashes = ["h1:{H1}"]\n}}\n'.encode())
INIT = {"backend": {"type": "s3", "config": {}}}
MODULES = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "a", "Dir": "../../modules/a"}]}


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A stack that calls a module that calls another one, among much that is nobody's business."""
    tree = tmp_path / "tree"
    write(
        tree / "stacks/s3/main.tf", 'module "a" {\n  source = "../../modules/a"\n}\n# source = "../../modules/unused"\n'
    )
    write(tree / "stacks/s3/notes.md")
    write(tree / "stacks/s3/.terraform.lock.hcl")
    write(tree / "stacks/s3/tests/a.tftest.hcl")
    write(tree / "modules/a/main.tf", 'module "b" {\n  source   = "../b"\n}\nmodule "c" {\n source = "../b"\n}\n')
    write(tree / "modules/a/policy.tftpl", "x")
    write(tree / "modules/b/main.tf", "# b")
    write(tree / "modules/unused/main.tf")
    return tree / "stacks/s3"


@pytest.fixture
def lay_out(source: Path, tmp_path: Path) -> Callable[..., dict]:
    """Lays out; a refusal is the result's `msg`."""

    def call(run: str = "run1", **further: object) -> dict:
        options = {"source": str(source), "run_dir": str(tmp_path / f"runs/{run}/s3"), **OPTIONS, **further}
        wanted = stage.chosen_provider(options["provider_version"], options["provider_package"], SHIPPED)
        try:
            return stage.lay_out(options, wanted, os.getpid())
        except SiteBuilderError as error:
            return {"msg": str(error)}

    return call


def initialise(result: dict, package: Path | None = None) -> Path:
    """Leave behind what `terraform init` does; gives the provider. package: of a mirror, to link to."""
    project = Path(result["project_path"])
    write(project / ".terraform/terraform.tfstate", json.dumps(INIT))
    write(project / ".terraform/modules/modules.json", json.dumps(MODULES))
    place = project / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    unpacked = package or place
    write(unpacked / "terraform-provider", PACKAGE.decode())
    (unpacked / "terraform-provider").chmod(0o755)
    if package:
        place.parent.mkdir(parents=True)
        place.symlink_to(package)
    return place


def swept(run: Path) -> None:
    """Sweep, where all other runs have ended."""
    for owner in run.parent.glob("*/owner.json"):
        owner.unlink()
    runs.sweep(run)


def test_copy_holds_what_terraform_reads(lay_out: Callable[..., dict], tmp_path: Path):
    result = lay_out()
    staged = Path(result["project_path"]).parents[1]
    assert {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()} == {
        "stacks/s3/main.tf",
        "stacks/s3/providers.tf.json",
        "stacks/s3/provider_override.tf.json",
        "stacks/s3/backend.tf.json",
        "stacks/s3/.terraform.lock.hcl",
        "modules/a/main.tf",
        "modules/a/policy.tftpl",
        "modules/b/main.tf",
    }
    assert json.loads((staged / "stacks/s3/backend.tf.json").read_text()) == {
        "terraform": {"backend": {"s3": OPTIONS["backend"]}}
    }
    assert json.loads((staged / "stacks/s3/provider_override.tf.json").read_text()) == {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}}
    }
    assert (staged / "stacks/s3/.terraform.lock.hcl").read_bytes() == SHIPPED.text
    assert json.loads((staged / "stacks/s3/providers.tf.json").read_text()) == OPTIONS["providers"]
    assert json.loads(Path(result["tfvars_file"]).read_text()) == OPTIONS["tfvars"]
    assert result["tfvars_sha256"] == tfvars_sha256(OPTIONS["tfvars"])
    assert Path(result["tfvars_file"]).parent == tmp_path / "runs/run1/s3" == Path(result["plan_file"]).parent
    assert result["data_dir"] == f"{result['project_path']}/.terraform"
    assert (result["initialised"], result["init_arguments"]) == (False, "-lockfile=readonly")


def test_everything_is_private_whatever_the_umask(lay_out: Callable[..., dict], tmp_path: Path):
    before = os.umask(0)
    try:
        (tmp_path / "runs").mkdir()
        assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o777
        lay_out()
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    # What was there is not shut, but nobody else can put anything of his in the place of ours any more.
    assert (tmp_path / "runs").stat().st_mode & 0o777 == 0o755
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "runs").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_variables_that_were_open_are_closed(lay_out: Callable[..., dict]):
    file = Path(lay_out()["tfvars_file"])
    file.chmod(0o644)
    assert Path(lay_out()["tfvars_file"]).stat().st_mode & 0o777 == 0o600


def test_source_is_only_read(lay_out: Callable[..., dict], source: Path):
    def seen() -> dict[Path, tuple]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in source.parents[1].rglob("*")}

    before = seen()
    lay_out()
    assert seen() == before


def test_root_with_a_module_below_it(lay_out: Callable[..., dict], tmp_path: Path):
    write(tmp_path / "root/main.tf", 'module "m" {\n  source = "./m"\n}\n')
    write(tmp_path / "root/m/main.tf", "")
    project = Path(lay_out(source=str(tmp_path / "root"))["project_path"])
    assert (project / "m/main.tf").is_file()
    assert (project / "backend.tf.json").is_file()


@pytest.mark.parametrize("where", ["source", "work"])
def test_names_and_texts_that_are_no_utf8(lay_out: Callable[..., dict], tmp_path: Path, where: str):
    odd = os.fsdecode(b"b\xfcro")
    folder = tmp_path / odd
    write(folder / f"root/{odd}.tf", "")
    (folder / "root/main.tf").write_bytes(b"# B\xfcro\n")
    options = {"source": str(folder / "root")} if where == "source" else {"run_dir": str(folder / "runs/run1/s3")}
    result = lay_out(**options)
    assert (Path(result["project_path"]) / "main.tf").is_file()
    assert lay_out(**options)["source_sha256"] == result["source_sha256"]


@pytest.mark.parametrize(
    "options",
    [
        {"terraform_version": "1.12.0"},
        {"backend": {"bucket": "other"}},
        {"providers": {"provider": {"aws": [{"region": "eu-west-2"}]}}},
        {"provider_version": "5.101.0"},
    ],
)
def test_initialised_copy_is_not_taken_for_another_content(lay_out: Callable[..., dict], options: dict):
    first = lay_out()
    initialise(first)
    assert lay_out("run2")["initialised"] is True
    other = lay_out("run3", **options)
    assert other["source_sha256"] != first["source_sha256"]
    assert other["initialised"] is False


def test_a_changed_module_is_another_content(lay_out: Callable[..., dict], source: Path):
    first = lay_out()
    (source.parents[1] / "modules/b/main.tf").write_text("# b, changed")
    assert lay_out("run2")["source_sha256"] != first["source_sha256"]


def test_initialised_copy_is_taken_over(lay_out: Callable[..., dict], tmp_path: Path):
    linked = {"provider_package": str(tmp_path / "mirror")}
    first = lay_out(**linked)
    initialise(first, tmp_path / "mirror")
    second = lay_out("run2", tfvars={"a": 2}, **linked)
    project = Path(second["project_path"])
    assert second["initialised"] is True
    assert second["source_sha256"] == first["source_sha256"]
    assert project != Path(first["project_path"])
    assert next((project / ".terraform/providers").glob("*/*/*/*/*")).is_symlink()
    assert json.loads(Path(second["tfvars_file"]).read_text()) == {"a": 2}
    assert lay_out("run2", **linked)["initialised"] is True


def same(one: Path, other: Path) -> bool:
    return one.stat().st_ino == other.stat().st_ino


def test_provider_is_on_the_disk_once(lay_out: Callable[..., dict], tmp_path: Path):
    first = lay_out("run00")
    place, project = initialise(first), Path(first["project_path"])
    provider = place / "terraform-provider"
    later = [Path(lay_out(f"run{number:02}")["project_path"]) for number in range(1, 13)]
    copies = [run / provider.relative_to(project) for run in later]
    assert {same(copy, provider) for copy in copies} == {True}
    assert provider.stat().st_nlink == 13
    # What Terraform may write again is each run's own.
    for own in (".terraform/terraform.tfstate", ".terraform.lock.hcl", "main.tf"):
        assert not same(later[0] / own, project / own)
    # That the first run is swept takes nothing from the others.
    swept(tmp_path / "runs/run12")
    assert not provider.exists()
    assert copies[-1].read_bytes() == PACKAGE
    assert copies[-1].stat().st_mode & 0o777 == 0o755
    assert lay_out("run13")["initialised"] is True


def test_provider_is_copied_where_it_cannot_be_linked(lay_out: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
    provider = initialise(lay_out()) / "terraform-provider"

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    second = lay_out("run2")
    assert second["initialised"] is True
    (copy,) = Path(second["data_dir"]).rglob("terraform-provider")
    assert not same(copy, provider)
    assert copy.read_bytes() == PACKAGE
    assert copy.stat().st_mode & 0o777 == 0o755


def test_taken_over_copy_is_what_the_source_says(lay_out: Callable[..., dict]):
    first = lay_out()
    initialise(first)
    write(Path(first["project_path"]) / "main.tf", "# tampered with")
    second = Path(lay_out("run2")["project_path"])
    assert "modules/a" in (second / "main.tf").read_text()


# Of each file that counts: gone, empty as after ENOSPC, half.
HALVES = [
    (name, how)
    for name in ("terraform.tfstate", "modules/modules.json", "providers/**/terraform-provider")
    for how in ("gone", "empty", "half")
]


@pytest.mark.parametrize(("name", "how"), HALVES, ids=str)
def test_half_initialised_copy_heals(lay_out: Callable[..., dict], name: str, how: str):
    """It is neither used again nor left in the way of the next `terraform init`."""
    first = lay_out()
    initialise(first)
    (file,) = Path(first["data_dir"]).glob(name)
    content = file.read_bytes()
    file.unlink()
    if how != "gone":
        file.write_bytes(content[: len(content) // 2] if how == "half" else b"")
    assert lay_out("run2")["initialised"] is False
    again = lay_out()
    assert again["initialised"] is False
    assert not Path(again["data_dir"]).exists()
    initialise(again)
    assert [lay_out(run)["initialised"] for run in ("run1", "run3")] == [True, True]


def test_a_broken_copy_hides_no_older_whole_one(lay_out: Callable[..., dict]):
    initialise(lay_out("run1"))
    broken = lay_out("run2")
    (Path(broken["data_dir"]) / "terraform.tfstate").write_text("")
    assert lay_out("run3")["initialised"] is True


@pytest.mark.parametrize("trouble", ["ENOSPC", "EDQUOT", "EROFS"])
@pytest.mark.parametrize("when", ["writing", "linking", "copying", "renaming"])
def test_a_disk_that_takes_no_more(
    lay_out: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str, when: str
):
    initialise(lay_out("run1"))
    error = OSError(getattr(errno, trouble), os.strerror(getattr(errno, trouble)))

    def refuse(*_arguments: object, **_more: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        if when == "writing":
            patch.setattr(stage, "write_private", refuse)
        if when == "linking":
            patch.setattr(os, "link", refuse)  # a copy is tried then
        if when in ("linking", "copying"):
            patch.setattr(shutil, "copy2", refuse)
        if when == "renaming":
            patch.setattr(Path, "rename", refuse)
        message = lay_out("run2")["msg"]
    assert message.startswith(f"cannot write the working directory {tmp_path}/runs/run2/s3: the disk at /")
    assert message.endswith(" or set SITE_BUILDER_WORK_DIR to a folder on another disk")
    assert {"ENOSPC": "is full; free space", "EDQUOT": "(quota)", "EROFS": "is read-only"}[trouble] in message
    assert list((tmp_path / "runs/run2/s3").iterdir()) == []
    assert lay_out("run3")["initialised"] is True


def test_what_is_left_of_a_killed_copy_is_never_taken(lay_out: Callable[..., dict], tmp_path: Path):
    first = lay_out()
    initialise(first)
    staged = Path(first["project_path"]).parents[1]
    half = tmp_path / f"runs/run2/s3/.{staged.name}.4711"
    half.parent.mkdir(parents=True)
    staged.rename(half)
    assert lay_out("run3")["initialised"] is False


def test_a_stage_whose_files_are_empty_is_written_again(lay_out: Callable[..., dict]):
    project = Path(lay_out()["project_path"])
    (project / "main.tf").write_text("")
    (project / "backend.tf.json").unlink()
    lay_out()
    assert "modules/a" in (project / "main.tf").read_text()
    assert (project / "backend.tf.json").is_file()


def test_provider_that_is_linked_to_is_locked_by_its_version_alone(lay_out: Callable[..., dict], tmp_path: Path):
    """With a hash, every command of Terraform would read 700 MB to compare the package with itself."""
    linked = {"provider_package": str(tmp_path / "mirror")}
    first = lay_out(**linked)
    lock = Path(first["project_path"]) / ".terraform.lock.hcl"
    assert (lock.read_bytes(), first["initialised"]) == (hashless("5.100.0"), False)
    initialise(first, tmp_path / "mirror")
    second = lay_out("run2", **linked)
    assert (Path(second["project_path"]) / ".terraform.lock.hcl").read_bytes() == hashless("5.100.0")
    assert (second["initialised"], second["init_arguments"]) == (True, "-lockfile=readonly")
    # Plans of both kinds are of the same sources.
    assert second["source_sha256"] == lay_out("run3")["source_sha256"]


@pytest.mark.parametrize("change", ["elsewhere", "unpacked", "gone"])
def test_provider_that_is_no_longer_that_link_is_fetched_again(
    lay_out: Callable[..., dict], tmp_path: Path, change: str
):
    linked = {"provider_package": str(tmp_path / "mirror")}
    place = initialise(lay_out(**linked), tmp_path / "mirror")
    if change == "elsewhere":
        # site_builder_provider_mirror names another one now.
        linked = {"provider_package": str(tmp_path / "other")}
    else:
        place.unlink()
    if change == "unpacked":
        shutil.copytree(tmp_path / "mirror", place)
    again = lay_out("run2", **linked)
    assert again["initialised"] is False
    assert not Path(again["data_dir"]).exists()


def test_link_is_something_to_a_run_without_that_mirror_only_with_the_right_bytes(
    lay_out: Callable[..., dict], tmp_path: Path
):
    linked = {"provider_package": str(tmp_path / "mirror")}
    initialise(lay_out(**linked), tmp_path / "mirror")
    without = lay_out("run2")
    assert without["initialised"] is True
    assert (Path(without["project_path"]) / ".terraform.lock.hcl").read_bytes() == SHIPPED.text
    (tmp_path / "mirror/terraform-provider").write_text("something else")
    assert lay_out("run3")["initialised"] is False


def test_version_without_shipped_hashes_is_locked_by_terraform(lay_out: Callable[..., dict]):
    first = lay_out(provider_version="6.62.0")
    project = Path(first["project_path"])
    assert not (project / ".terraform.lock.hcl").exists()
    assert first["init_arguments"] == ""
    place = initialise(first)
    place.parent.rename(place.parents[1] / "6.62.0")
    assert lay_out("run2", provider_version="6.62.0")["initialised"] is False
    written = SHIPPED.text.replace(b"5.100.0", b"6.62.0")
    (project / ".terraform.lock.hcl").write_bytes(written)
    second = lay_out("run3", provider_version="6.62.0")
    assert second["initialised"] is True
    assert (Path(second["project_path"]) / ".terraform.lock.hcl").read_bytes() == written
    (project / ".terraform.lock.hcl").write_bytes(written[:20])
    assert lay_out(provider_version="6.62.0")["initialised"] is False
    assert not (project / ".terraform.lock.hcl").exists()


def test_other_stack_of_the_same_content_is_not_taken(lay_out: Callable[..., dict], tmp_path: Path):
    initialise(lay_out())
    assert lay_out(run_dir=str(tmp_path / "runs/run2/iam"))["initialised"] is False


def test_wrong_source_is_named(lay_out: Callable[..., dict]):
    assert lay_out(source="/nowhere/s3")["msg"] == (
        "source is /nowhere/s3, which is not a directory; name the folder of a root module"
    )


def test_run_dir_that_cannot_be_written_is_named(lay_out: Callable[..., dict], tmp_path: Path):
    write(tmp_path / "runs")
    message = lay_out()["msg"]
    assert message.startswith(f"cannot write the working directory {tmp_path}/runs/run1/s3: ")
    assert message.endswith("; correct that, or set SITE_BUILDER_WORK_DIR to a folder of this user")
    assert "secret" not in message


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ('module.t["a"].aws_x.this', 'module.t["a"].aws_x.this'),
        ('module.t["${y}%{z}"].aws_x.this', 'module.t["$${y}%%{z}"].aws_x.this'),
        # As Terraform prints it.
        ('module.t["$${y}"].aws_x.this', 'module.t["$${y}"].aws_x.this'),
    ],
)
def test_imports_are_beside_the_digest_and_no_templates(lay_out: Callable[..., dict], address: str, written: str):
    plain = lay_out()
    result = lay_out(imports={address: "${path}%{x}"})
    assert result["source_sha256"] == plain["source_sha256"]
    imports = Path(result["project_path"]) / "imports.tf.json"
    assert json.loads(imports.read_text()) == {"import": [{"to": written, "id": "$${path}%%{x}"}]}
    assert imports.stat().st_mode & 0o777 == 0o600
    lay_out()
    assert not imports.exists()


def test_a_plan_is_private_from_its_first_byte(lay_out: Callable[..., dict]):
    """Terraform writes into a file that is there, and leaves its mode."""
    plan = Path(lay_out()["plan_file"])
    assert (plan.stat().st_mode & 0o777, plan.read_bytes()) == (0o600, b"")
    plan.write_bytes(b"a plan")
    lay_out()
    assert plan.read_bytes() == b"a plan"


@pytest.mark.parametrize("content", ["", '{"version": 4, "serial": 5, "linea', "[]", '{"version": 4}', "\xfc"])
def test_a_truncated_state_is_set_aside_and_told_once(lay_out: Callable[..., dict], tmp_path: Path, content: str):
    first = Path(lay_out("run01")["project_path"])
    other = Path(lay_out("run02")["project_path"])
    (first / "errored.tfstate").write_bytes(content.encode("latin-1"))
    write(other / "errored.tfstate", STATE)
    told = lay_out("run03")
    assert told["unreadable_states"] == [f"{first}/errored.tfstate.unreadable"]
    assert [state["path"] for state in told["errored_states"]] == [f"{other}/errored.tfstate"]
    assert lay_out("run03")["unreadable_states"] == []
    assert (first / "errored.tfstate.unreadable").read_bytes() == content.encode("latin-1")
    for number in range(4, 16):
        lay_out(f"run{number:02}")
    swept(tmp_path / "runs/run15")
    assert (first / "errored.tfstate.unreadable").exists()
    assert not (tmp_path / "runs/run03").exists()


def test_a_truncated_state_of_another_backend_is_left_alone(lay_out: Callable[..., dict]):
    first = Path(lay_out("run01")["project_path"])
    write(first / "errored.tfstate", "")
    assert lay_out("run02", backend={**OPTIONS["backend"], "bucket": "other"})["unreadable_states"] == []
    assert lay_out("run03")["unreadable_states"] == [f"{first}/errored.tfstate.unreadable"]


def test_a_state_that_could_not_be_written_is_told_and_outlives_the_sweep(lay_out: Callable[..., dict], tmp_path: Path):
    first = Path(lay_out("run01")["project_path"])
    write(first / "errored.tfstate", '{"version": 4, "serial": 5, "lineage": "l"}')
    initialise(lay_out("run01"))
    told = lay_out("run02")
    assert told["errored_states"] == [{"path": str(first / "errored.tfstate"), "lineage": "l", "serial": 5}]
    # The copy of an initialised directory does not carry it on.
    assert not (Path(told["project_path"]) / "errored.tfstate").exists()
    for number in range(3, 16):
        lay_out(f"run{number:02}")
    swept(tmp_path / "runs/run15")
    assert (first / "errored.tfstate").exists()
    assert not (tmp_path / "runs/run02").exists()


STATE = '{"version": 4, "serial": 5, "lineage": "l"}'


@pytest.mark.parametrize(
    "options",
    [
        {"terraform_version": "1.12.0"},
        {"providers": {"provider": {"aws": [{"region": "eu-west-2"}]}}},
        {"backend": {**OPTIONS["backend"], "use_lockfile": True}},
    ],
    ids=["version", "providers", "another word on the backend"],
)
def test_a_state_that_could_not_be_written_is_found_whatever_else_has_changed(
    lay_out: Callable[..., dict], options: dict
):
    first = lay_out("run01")
    left = Path(first["project_path"]) / "errored.tfstate"
    write(left, STATE)
    second = lay_out("run02", **options)
    assert second["source_sha256"] != first["source_sha256"]
    assert second["errored_states"] == [{"path": str(left), "lineage": "l", "serial": 5}]
    # `terraform state push` runs in that folder, with what init has left in it.
    assert (left.parent / "backend.tf.json").is_file()


def test_a_state_of_other_sources_is_found_and_outlives_the_sweep(
    lay_out: Callable[..., dict], source: Path, tmp_path: Path
):
    """A root that calls no module has another depth than one that does."""
    main = (source / "main.tf").read_text()
    (source / "main.tf").write_text("# alone")
    left = Path(lay_out("run01")["project_path"]) / "errored.tfstate"
    write(left, STATE)
    (source / "main.tf").write_text(main)
    deep = Path(lay_out("run02")["project_path"]) / "errored.tfstate"
    write(deep, STATE.replace("5", "6"))
    assert len(deep.parts) == len(left.parts) + 1
    for number in range(3, 16):
        told = lay_out(f"run{number:02}")
    assert [(state["path"], state["serial"]) for state in told["errored_states"]] == [(str(deep), 6), (str(left), 5)]
    swept(tmp_path / "runs/run15")
    assert left.exists()
    assert deep.exists()
    assert not (tmp_path / "runs/run03").exists()


@pytest.mark.parametrize(
    "other",
    [
        {"bucket": "elsewhere"},
        {"key": "other/s3.tfstate"},
        {"region": "eu-west-2"},
        {"endpoints": {"s3": "http://127.0.0.1:1"}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_state_of_another_backend_is_never_offered(lay_out: Callable[..., dict], other: dict):
    first = lay_out("run01")
    write(Path(first["project_path"]) / "errored.tfstate", STATE)
    assert lay_out("run02", backend={**OPTIONS["backend"], **other})["errored_states"] == []
    assert len(lay_out("run03")["errored_states"]) == 1


def test_a_state_of_another_stack_is_never_offered(lay_out: Callable[..., dict], tmp_path: Path):
    write(Path(lay_out("run01")["project_path"]) / "errored.tfstate", STATE)
    assert lay_out(run_dir=str(tmp_path / "runs/run02/iam"))["errored_states"] == []


def test_a_deep_path_gets_its_levels(lay_out: Callable[..., dict], source: Path) -> None:
    """And the sources are others then, so that a plan that was saved before is not applied."""
    write(source / "api.tf", 'module "api" {\n  source = "../../modules/api_gateway"\n}\n')
    write(source.parents[1] / levels.FILE, levels.text(1))
    made = [
        lay_out(run=f"run{depth}", tfvars={"apis": {"a": {"routes": {"r": {"path": "/x" * depth}}}}})
        for depth in (1, 2)
    ]
    for depth, result in enumerate(made, start=1):
        staged = Path(result["project_path"]).parents[1]
        assert (staged / levels.FILE).read_text() == levels.text(depth)
    assert made[0]["source_sha256"] != made[1]["source_sha256"]
    assert (source.parents[1] / levels.FILE).read_text() == levels.text(1)
