"""The working directory of a stack: a private, faithful copy, initialised where an earlier run has done it."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import tfvars_sha256
from ansible_collections.bbws.site_builder.plugins.modules import terraform_workdir as module

OPTIONS = {
    "tfvars": {"password": "secret", "a": 1},
    "providers": {"provider": {"aws": [{"region": "eu-west-1"}]}},
    "backend": {"bucket": "states", "key": "s3.tfstate"},
    "terraform_version": "1.11.4",
}


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
def lay_out(run_module: Callable[..., dict], source: Path, tmp_path: Path) -> Callable[..., dict]:
    def call(run: str = "run1", **options: object) -> dict:
        return run_module(
            module, **{"source": str(source), "run_dir": str(tmp_path / f"runs/{run}/s3"), **OPTIONS, **options}
        )

    return call


def initialise(result: dict, provider: Path) -> None:
    """Leave behind what `terraform init` does."""
    project = Path(result["project_path"])
    write(project / ".terraform/terraform.tfstate", "{}")
    link = project / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    link.parent.mkdir(parents=True)
    provider.mkdir(exist_ok=True)
    link.symlink_to(provider)
    write(project / ".terraform.lock.hcl", 'provider "x" {\n  hashes = []\n}\n')


def test_copy_holds_what_terraform_reads(lay_out: Callable[..., dict], tmp_path: Path):
    result = lay_out()
    stage = Path(result["project_path"]).parents[1]
    assert {str(path.relative_to(stage)) for path in stage.rglob("*") if path.is_file()} == {
        "stacks/s3/main.tf",
        "stacks/s3/providers.tf.json",
        "stacks/s3/backend.tf.json",
        "modules/a/main.tf",
        "modules/a/policy.tftpl",
        "modules/b/main.tf",
    }
    assert json.loads((stage / "stacks/s3/backend.tf.json").read_text()) == {
        "terraform": {"backend": {"s3": OPTIONS["backend"]}}
    }
    assert json.loads((stage / "stacks/s3/providers.tf.json").read_text()) == OPTIONS["providers"]
    assert json.loads(Path(result["tfvars_file"]).read_text()) == OPTIONS["tfvars"]
    assert result["tfvars_sha256"] == tfvars_sha256(OPTIONS["tfvars"])
    assert Path(result["tfvars_file"]).parent == tmp_path / "runs/run1/s3" == Path(result["plan_file"]).parent
    assert result["data_dir"] == f"{result['project_path']}/.terraform"
    assert (result["changed"], result["initialised"]) == (False, False)


def test_everything_is_private_whatever_the_umask(lay_out: Callable[..., dict], tmp_path: Path):
    before = os.umask(0)
    try:
        lay_out()
        assert os.umask(0) == 0
    finally:
        os.umask(before)
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


def test_root_with_a_module_below_it(run_module: Callable[..., dict], tmp_path: Path):
    write(tmp_path / "root/main.tf", 'module "m" {\n  source = "./m"\n}\n')
    write(tmp_path / "root/m/main.tf", "")
    result = run_module(module, source=str(tmp_path / "root"), run_dir=str(tmp_path / "runs/1/x"), **OPTIONS)
    project = Path(result["project_path"])
    assert (project / "m/main.tf").is_file()
    assert (project / "backend.tf.json").is_file()


@pytest.mark.parametrize(
    "options",
    [
        {"terraform_version": "1.12.0"},
        {"backend": {"bucket": "other"}},
        {"providers": {"provider": {"aws": [{"region": "eu-west-2"}]}}},
    ],
)
def test_initialised_copy_is_not_taken_for_another_content(lay_out: Callable[..., dict], tmp_path: Path, options: dict):
    first = lay_out()
    initialise(first, tmp_path / "provider")
    other = lay_out("run2", **options)
    assert other["source_sha256"] != first["source_sha256"]
    assert other["initialised"] is False


def test_a_changed_module_is_another_content(lay_out: Callable[..., dict], source: Path):
    first = lay_out()
    (source.parents[1] / "modules/b/main.tf").write_text("# b, changed")
    assert lay_out("run2")["source_sha256"] != first["source_sha256"]


def test_initialised_copy_is_taken_over(lay_out: Callable[..., dict], tmp_path: Path):
    first = lay_out()
    initialise(first, tmp_path / "provider")
    second = lay_out("run2", tfvars={"a": 2})
    project = Path(second["project_path"])
    assert second["initialised"] is True
    assert second["source_sha256"] == first["source_sha256"]
    assert project != Path(first["project_path"])
    assert next((project / ".terraform/providers").glob("*/*/*/*/*")).is_symlink()
    assert json.loads(Path(second["tfvars_file"]).read_text()) == {"a": 2}
    assert lay_out("run2")["initialised"] is True


def unpacked(result: dict) -> Path:
    """What `terraform init` leaves behind where there is no mirror: the provider itself."""
    project = Path(result["project_path"])
    provider = (
        project / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider"
    )
    write(provider, "hundreds of megabytes")
    provider.chmod(0o755)
    write(project / ".terraform/terraform.tfstate", "{}")
    write(project / ".terraform.lock.hcl", 'provider "x" {\n  hashes = []\n}\n')
    return provider


def same(one: Path, other: Path) -> bool:
    return one.stat().st_ino == other.stat().st_ino


def test_provider_is_on_the_disk_once(lay_out: Callable[..., dict], run_module: Callable[..., dict], tmp_path: Path):
    provider = unpacked(lay_out("run00"))
    runs = [Path(lay_out(f"run{number:02}")["project_path"]) for number in range(1, 13)]
    copies = [
        run / provider.relative_to(next(p for p in provider.parents if p.name == ".terraform").parent) for run in runs
    ]
    assert {same(copy, provider) for copy in copies} == {True}
    assert provider.stat().st_nlink == 13
    # What Terraform may write again is each run's own.
    first = next(p for p in provider.parents if p.name == ".terraform").parent
    for own in (".terraform/terraform.tfstate", ".terraform.lock.hcl", "main.tf"):
        assert not same(runs[0] / own, first / own)
    # That the first run is swept takes nothing from the others.
    run_module(module, state="swept", run_dir=str(tmp_path / "runs/run12"))
    assert not provider.exists()
    assert copies[-1].read_text() == "hundreds of megabytes"
    assert copies[-1].stat().st_mode & 0o777 == 0o755
    assert lay_out("run13")["initialised"] is True


def test_provider_is_copied_where_it_cannot_be_linked(lay_out: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
    provider = unpacked(lay_out())

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    second = lay_out("run2")
    assert second["initialised"] is True
    (copy,) = Path(second["data_dir"]).rglob("terraform-provider")
    assert not same(copy, provider)
    assert copy.read_text() == "hundreds of megabytes"
    assert copy.stat().st_mode & 0o777 == 0o755


def test_taken_over_copy_is_what_the_source_says(lay_out: Callable[..., dict], tmp_path: Path):
    first = lay_out()
    initialise(first, tmp_path / "provider")
    write(Path(first["project_path"]) / "main.tf", "# tampered with")
    second = Path(lay_out("run2")["project_path"])
    assert "modules/a" in (second / "main.tf").read_text()


@pytest.mark.parametrize("lost", [".terraform.lock.hcl", ".terraform/terraform.tfstate", "mirror"])
def test_half_initialised_copy_is_left_alone(lay_out: Callable[..., dict], tmp_path: Path, lost: str):
    first = lay_out()
    initialise(first, tmp_path / "provider")
    if lost == "mirror":
        (tmp_path / "provider").rmdir()
    else:
        (Path(first["project_path"]) / lost).unlink()
    assert lay_out("run2")["initialised"] is False


def test_provider_that_is_linked_to_is_locked_by_its_version_alone(lay_out: Callable[..., dict], tmp_path: Path):
    """With a hash, every command of Terraform would read 700 MB to compare the package with itself."""
    first = lay_out(provider_version="5.100.0")
    lock = Path(first["project_path"]) / ".terraform.lock.hcl"
    text = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    assert (lock.read_text(), first["initialised"]) == (text, False)
    initialise(first, tmp_path / "provider")
    second = lay_out("run2", provider_version="5.100.0")
    assert (Path(second["project_path"]) / ".terraform.lock.hcl").read_text() == text
    assert second["initialised"] is True
    # Plans of both kinds are of the same sources.
    assert second["source_sha256"] == lay_out("run3")["source_sha256"]


@pytest.mark.parametrize("change", ["newer", "unpacked", "gone"])
def test_provider_that_is_no_longer_that_link_is_fetched_again(
    lay_out: Callable[..., dict], tmp_path: Path, change: str
):
    first = lay_out(provider_version="5.100.0")
    initialise(first, tmp_path / "provider")
    link = next((Path(first["project_path"]) / ".terraform/providers").glob("*/*/*/*/*"))
    if change != "newer":
        link.unlink()
    if change == "unpacked":
        link.mkdir()
    version = "5.101.0" if change == "newer" else "5.100.0"
    assert lay_out("run2", provider_version=version)["initialised"] is False


def test_link_without_hashes_is_nothing_to_a_run_without_that_mirror(lay_out: Callable[..., dict], tmp_path: Path):
    first = lay_out(provider_version="5.100.0")
    project = Path(first["project_path"])
    initialise(first, tmp_path / "provider")
    lay_out(provider_version="5.100.0")
    assert "hashes" not in (project / ".terraform.lock.hcl").read_text()
    assert lay_out("run2")["initialised"] is False


def test_other_stack_of_the_same_content_is_not_taken(lay_out: Callable[..., dict], tmp_path: Path):
    initialise(lay_out(), tmp_path / "provider")
    assert lay_out(run_dir=str(tmp_path / "runs/run2/iam"))["initialised"] is False


def test_wrong_source_is_named(lay_out: Callable[..., dict]):
    assert lay_out(source="/nowhere/s3")["msg"] == (
        "source is /nowhere/s3, which is not a directory; name the folder of a root module"
    )


def test_run_dir_that_cannot_be_written_is_named(lay_out: Callable[..., dict], tmp_path: Path):
    write(tmp_path / "runs")
    message = lay_out()["msg"]
    assert message.startswith(f"cannot write the working directory {tmp_path}/runs/run1/s3: ")
    assert "secret" not in message


def test_present_needs_all_options(run_module: Callable[..., dict], tmp_path: Path):
    message = run_module(module, run_dir=str(tmp_path))["msg"]
    for option in ("source", "tfvars", "providers", "backend", "terraform_version"):
        assert option in message


class TestSwept:
    def run(self, tmp_path: Path, name: str, age_hours: float = 0, plan: bool = True) -> Path:
        run = tmp_path / "runs" / name
        write(run / "s3/terraform.tfvars.json", "secret")
        write(run / "s3/stage-1/main.tf")
        write(run / "report.json", "{}")
        if plan:
            write(run / "s3/plan.tfplan", "secret")
        then = time.time() - age_hours * 3600
        os.utime(run, (then, then))
        return run

    @staticmethod
    def secrets(run: Path) -> set[str]:
        return {path.name for path in run.glob("s3/*") if path.is_file()}

    def test_own_secrets_go_and_the_report_stays(self, run_module: Callable[..., dict], tmp_path: Path):
        run = self.run(tmp_path, "run1")
        assert run_module(module, state="swept", run_dir=str(run))["changed"] is False
        assert self.secrets(run) == set()
        assert (run / "report.json").is_file()
        assert (run / "s3/stage-1/main.tf").is_file()

    @pytest.mark.parametrize(("age_hours", "left"), [(23, {"plan.tfplan", "terraform.tfvars.json"}), (25, set())])
    def test_of_another_run_only_when_it_was_cut_short(
        self, run_module: Callable[..., dict], tmp_path: Path, age_hours: float, left: set[str]
    ):
        other = self.run(tmp_path, "run0", age_hours)
        run_module(module, state="swept", run_dir=str(self.run(tmp_path, "run1")))
        assert self.secrets(other) == left

    def test_ten_newest_runs_stay(self, run_module: Callable[..., dict], tmp_path: Path):
        runs = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(13)]
        run_module(module, state="swept", run_dir=str(runs[-1]))
        assert [run.name for run in runs if run.exists()] == [f"run{number:02}" for number in range(3, 13)]

    def test_old_run_that_still_works_stays(self, run_module: Callable[..., dict], tmp_path: Path):
        busy = self.run(tmp_path, "run00", age_hours=1)
        runs = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(1, 13)]
        run_module(module, state="swept", run_dir=str(runs[-1]))
        assert self.secrets(busy) == {"plan.tfplan", "terraform.tfvars.json"}
        assert not runs[0].exists()

    def test_nothing_to_sweep(self, run_module: Callable[..., dict], tmp_path: Path):
        assert run_module(module, state="swept", run_dir=str(tmp_path / "runs/none"))["changed"] is False
        assert not list(tmp_path.iterdir())


def test_imports_are_beside_the_digest_and_no_templates(lay_out: Callable[..., dict]):
    plain = lay_out()
    result = lay_out(imports={'module.t["a"].aws_x.this': "${path}%{x}"})
    assert result["source_sha256"] == plain["source_sha256"]
    imports = Path(result["project_path"]) / "imports.tf.json"
    assert json.loads(imports.read_text()) == {
        "import": [{"to": 'module.t["a"].aws_x.this', "id": "$${path}%%{x}"}],
    }
    assert imports.stat().st_mode & 0o777 == 0o600
    lay_out()
    assert not imports.exists()


def test_a_state_that_could_not_be_written_is_told_and_outlives_the_sweep(
    lay_out: Callable[..., dict], run_module: Callable[..., dict], tmp_path: Path
):
    first = Path(lay_out("run01")["project_path"])
    write(first / "errored.tfstate", '{"version": 4, "serial": 5, "lineage": "l"}')
    initialise(lay_out("run01"), tmp_path / "provider")
    told = lay_out("run02")
    assert told["errored_states"] == [{"path": str(first / "errored.tfstate"), "lineage": "l", "serial": 5}]
    # The copy of an initialised directory does not carry it on.
    assert not (Path(told["project_path"]) / "errored.tfstate").exists()
    for number in range(3, 16):
        lay_out(f"run{number:02}")
    run_module(module, state="swept", run_dir=str(tmp_path / "runs/run15"))
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
    lay_out: Callable[..., dict], run_module: Callable[..., dict], source: Path, tmp_path: Path
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
    run_module(module, state="swept", run_dir=str(tmp_path / "runs/run15"))
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
