"""Which Terraform, and where its provider comes from; with a Terraform that only tells its version."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.modules import toolchain_info as module

PLATFORM = "linux_amd64"
_LINE = f"{hashlib.sha256(b'released').hexdigest()}  provider\n"
RELEASED = "h1:" + base64.b64encode(hashlib.sha256(_LINE.encode()).digest()).decode()


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.platform, "system", lambda: "Linux")
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")


def terraform(folder: Path, prints: str = "Terraform v1.11.4\non linux_amd64", name: str = "terraform") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    binary = folder / name
    binary.write_text(f"#!/bin/sh\ntest -z \"$TF_CLI_ARGS\" || exit 9\nprintf '%s' '{prints}'\n")
    binary.chmod(0o755)
    return binary


def mirror(folder: Path, *versions: str, packed: bool = False, target: str = PLATFORM) -> Path:
    for version in versions:
        path = (
            folder
            / module.PROVIDER
            / (f"terraform-provider-aws_{version}_{target}.zip" if packed else f"{version}/{target}")
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        if packed:
            path.touch()
        else:
            path.mkdir()
            (path / "provider").write_text("released")
    return folder


@pytest.fixture
def find(run_module: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    """Return a function that runs the module where only what a test has set up can be found."""
    terraform(tmp_path / "bin")
    (tmp_path / "lock.hcl").write_text(f'provider "x" {{\n  version = "5.100.0"\n  hashes = ["{RELEASED}"]\n}}\n')
    for name in [name for name in os.environ if name.startswith(("AWS_", "TF_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "OPT", tmp_path / "opt", raising=True)
    options = {
        "minimum_version": "1.11",
        "provider_version": "5.100.0",
        "lock_file": str(tmp_path / "lock.hcl"),
        "config_file": str(tmp_path / "work/terraform.rc"),
    }
    return lambda **further: run_module(module, **{**options, **further})


class TestBinary:
    def test_first_on_path(self, find: Callable[..., dict], tmp_path: Path):
        result = find()
        assert (result["binary"], result["version"]) == (f"{tmp_path}/bin/terraform", "1.11.4")
        assert result["changed"] is False

    def test_named_one_wins(self, find: Callable[..., dict], tmp_path: Path):
        named = terraform(tmp_path / "other", "Terraform v1.12.0", "tf")
        assert find(binary=str(named))["version"] == "1.12.0"

    def test_relative_path_becomes_absolute(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.chdir(tmp_path)
        assert find(binary="bin/terraform")["binary"] == f"{tmp_path}/bin/terraform"

    def test_the_one_beside_python_is_the_last_resort(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(module.sys, "executable", str(terraform(tmp_path / "venv").parent / "python"))
        assert find()["binary"] == f"{tmp_path}/bin/terraform"
        (tmp_path / "bin/terraform").unlink()
        assert find()["binary"] == f"{tmp_path}/venv/terraform"

    @pytest.mark.parametrize("wanted", ["", "/nowhere/terraform"])
    def test_none(self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str):
        monkeypatch.setattr(module.sys, "executable", str(tmp_path / "venv/python"))
        (tmp_path / "bin/terraform").unlink()
        looked = f"site_builder_terraform_binary={wanted}" if wanted else f"PATH and {tmp_path}/venv"
        message = find(binary=wanted)["msg"]
        assert message.startswith(f"no Terraform found ({looked}); install Terraform 1.11 or newer, or run `make demo`")
        # In a job of AWX nobody can run that.
        assert message.endswith(
            "; in AWX, name the image of execution-environment.yml in awx_config_execution_environment_image"
        )

    @pytest.mark.parametrize("prints", ["hello", "{}", "", "Terraform"])
    def test_something_else(self, find: Callable[..., dict], tmp_path: Path, prints: str):
        terraform(tmp_path / "bin", prints)
        message = find()["msg"]
        assert message.startswith(f"{tmp_path}/bin/terraform is not a working Terraform")
        assert message.endswith("set site_builder_terraform_binary to a real one")

    @pytest.mark.parametrize(
        ("version", "works"),
        [
            ("1.11.0", True),
            ("1.12.0-beta1", True),
            ("2.0.0", True),
            ("1.10.9", False),
            ("1.9.10", False),
            ("0.15.5", False),
        ],
    )
    def test_age(self, find: Callable[..., dict], tmp_path: Path, version: str, works: bool):
        terraform(
            tmp_path / "bin",
            f"Terraform v{version}\non linux_amd64\n+ provider registry.terraform.io/hashicorp/aws v5.100.0",
        )
        result = find()
        if works:
            assert result["version"] == version
        else:
            assert result["msg"] == (
                f"Terraform {version} at {tmp_path}/bin/terraform is too old, 1.11 or newer is needed; upgrade it "
                "or set site_builder_terraform_binary"
            )

    def test_opentofu_under_that_name(self, find: Callable[..., dict], tmp_path: Path):
        terraform(tmp_path / "bin", "OpenTofu v1.12.0\non linux_amd64")
        assert find()["msg"] == (
            f"{tmp_path}/bin/terraform is OpenTofu 1.12.0, with which nothing here is tested; install Terraform 1.11 or newer, "
            "and name it in site_builder_terraform_binary"
        )

    def test_user_without_a_home(self, find: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        def unknown(_uid: int) -> None:
            raise KeyError("uid not found")

        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", unknown)
        assert find()["version"] == "1.11.4"

    def test_credentials_of_private_registries_are_kept(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        for name in ("TF_TOKEN_registry_example_com", "TF_LOG", "TF_PLUGIN_CACHE_DIR"):
            monkeypatch.setenv(name, "x")
        assert find()["stray_variables"] == ["TF_LOG"]
        # Terraform would link to the cache in place of the mirror.
        mirror(tmp_path / "opt/any", "5.100.0")
        assert find()["stray_variables"] == ["TF_LOG", "TF_PLUGIN_CACHE_DIR"]

    def test_callers_variables_do_not_bend_it_and_are_named(
        self, find: Callable[..., dict], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("TF_CLI_ARGS", "-no-such-flag")
        monkeypatch.setenv("TF_VAR_secret", "hidden")
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"):
            monkeypatch.setenv(name, "x")
        result = find()
        assert result["stray_variables"] == [
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_S3",
            "AWS_S3_ENDPOINT",
            "TF_CLI_ARGS",
        ]
        assert "hidden" not in str(result)

    def test_input_variables_are_unset_for_terraform(self, find: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        """An empty TF_VAR_x is a value; Terraform 1.11 crashes on it when it applies a saved plan."""
        plain = find()["binary"]
        monkeypatch.setenv("TF_VAR_secret", "hidden")
        script = Path(find()["binary"]).read_text()
        assert script == f'#!/bin/sh\nunset TF_VAR_secret\nexec {plain} "$@"\n'


class TestProvider:
    def test_registry_when_there_is_no_mirror(self, find: Callable[..., dict], tmp_path: Path):
        result = find()
        assert result["provider_source"] == "registry"
        assert result["config_file"] == f"{tmp_path}/work/terraform.rc"
        assert Path(result["config_file"]).read_text() == "disable_checkpoint = true\n"

    def test_order_of_the_sources(self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """From the last to the first: each new one wins."""
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path}/dirs")
        folders = ["opt/any", "dirs/terraform/plugins", "data/terraform/plugins", "home/.terraform.d/plugins"]
        for folder in folders:
            mirror(tmp_path / folder, "5.100.0")
            assert find()["provider_source"] == f"{tmp_path}/{folder}"
        (tmp_path / "home/.terraformrc").touch()
        result = find()
        assert (result["provider_source"], result["config_file"]) == ("~/.terraformrc", f"{tmp_path}/home/.terraformrc")
        named = mirror(tmp_path / "named", "5.100.0")
        assert find(provider_mirror=str(named))["provider_source"] == str(named)
        (tmp_path / "own.rc").touch()
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", f"{tmp_path}/own.rc")
        result = find(provider_mirror=str(named))
        assert (result["provider_source"], result["config_file"]) == ("TF_CLI_CONFIG_FILE", f"{tmp_path}/own.rc")
        assert (tmp_path / "own.rc").read_text() == ""

    @pytest.mark.parametrize("packed", [True, False])
    def test_config_of_a_mirror(self, find: Callable[..., dict], tmp_path: Path, packed: bool):
        folder = mirror(tmp_path / 'my "mirror"', "5.100.0", packed=packed)
        config = Path(find(provider_mirror=str(folder))["config_file"]).read_text()
        assert f'path    = "{tmp_path}/my \\"mirror\\""\n' in config
        assert 'include = ["hashicorp/aws"]' in config
        assert 'exclude = ["hashicorp/aws"]' in config

    def test_file_that_does_not_exist_is_no_config(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", f"{tmp_path}/gone.rc")
        assert find()["provider_source"] == "registry"

    @pytest.mark.parametrize("variable", [None, "", "gone.rc", "work/terraform.rc"])
    def test_default_config_is_taken_as_it_is(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
    ):
        """As Terraform would: when the variable names nothing, or only what we have written ourselves."""
        find()
        mirror(tmp_path / "opt/any", "5.100.0")
        own = tmp_path / "home/.terraformrc"
        own.parent.mkdir()
        own.write_text('credentials "registry.example.com" {}\n')
        if variable is not None:
            monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / variable) if variable else "")
        result = find()
        assert (result["provider_source"], result["config_file"]) == ("~/.terraformrc", str(own))
        assert own.read_text() == 'credentials "registry.example.com" {}\n'

    def test_folder_is_no_default_config(self, find: Callable[..., dict], tmp_path: Path):
        (tmp_path / "home/.terraformrc").mkdir(parents=True)
        assert find()["provider_source"] == "registry"

    def test_config_of_an_earlier_run_is_not_the_callers(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        folder = mirror(tmp_path / "opt/any", "5.100.0")
        before = find()
        text = Path(before["config_file"]).read_text()
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", before["config_file"])
        assert find()["provider_source"] == str(folder)
        assert Path(before["config_file"]).read_text() == text

    def test_config_is_written_only_when_it_differs(self, find: Callable[..., dict]):
        file = Path(find()["config_file"])
        os.utime(file, (1, 1))
        find()
        assert file.stat().st_mtime == 1
        file.write_text("other")
        find()
        assert file.read_text() == "disable_checkpoint = true\n"

    @pytest.mark.parametrize(
        ("versions", "target", "found"),
        [
            (["5.101.0", "6.0.0", "5.9.0"], PLATFORM, "5.9.0, 5.101.0, 6.0.0"),
            (["5.100.0"], "darwin_arm64", "none"),
            ([], PLATFORM, "none"),
        ],
    )
    def test_mirror_without_it(
        self, find: Callable[..., dict], tmp_path: Path, versions: list[str], target: str, found: str
    ):
        folder = mirror(tmp_path / "m", *versions, target=target)
        message = find(provider_mirror=str(folder))["msg"]
        assert message.startswith(f"site_builder_provider_mirror is {folder}, which has no hashicorp/aws 5.100.0 ")
        assert f"(found: {found})" in message
        # Nor is it taken when it was only come across.
        mirror(tmp_path / "opt/any", *versions, target=target)
        assert find()["provider_source"] == "registry"

    @pytest.mark.parametrize(
        ("unpacked", "packed", "linked"),
        [
            (["5.100.0", "5.101.0", "6.62.0"], [], True),
            (["5.100.0"], ["5.99.0", "5.101.0"], True),
            # Which of them Terraform would take is its own affair.
            (["5.100.0"], ["5.100.0"], False),
            ([], ["5.100.0"], False),
        ],
    )
    def test_package_is_known_where_terraform_will_link_to_it(
        self, find: Callable[..., dict], tmp_path: Path, unpacked: list[str], packed: list[str], linked: bool
    ):
        folder = mirror(mirror(tmp_path / "m", *unpacked), *packed, packed=True)
        result = find(provider_mirror=str(folder))
        package = f"{folder}/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
        assert (result["provider_version"], result["provider_package"]) == ("5.100.0", package if linked else "")

    def test_package_is_not_known_without_a_mirror(self, find: Callable[..., dict]):
        result = find()
        assert (result["provider_version"], result["provider_package"]) == ("5.100.0", "")

    @pytest.mark.parametrize("where", ["named", "opt"])
    def test_script_in_the_providers_place_is_refused(self, find: Callable[..., dict], tmp_path: Path, where: str):
        folder = mirror(tmp_path / "opt/any", "5.100.0")
        named = {"provider_mirror": str(folder)} if where == "named" else {}
        assert find(**named)["provider_source"] == str(folder)
        file = folder / module.PROVIDER / "5.100.0/linux_amd64/provider"
        file.write_text("#!/bin/sh\n")
        message = find(**named)["msg"]
        assert message.startswith(f"the provider in {file.parent} has the hash h1:")
        assert "\n" not in message

    def test_another_version_is_experimental(
        self, find: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        told: list[str] = []
        monkeypatch.setattr(module.AnsibleModule, "warn", lambda _self, text: told.append(text))
        assert find()["provider_version"] == "5.100.0"
        assert told == []
        result = find(provider_version="6.62.0")
        sentence = (
            "site_builder_provider_version is 6.62.0, which is experimental: 5.100.0 is what is tested, and whose hashes are "
            "known here"
        )
        assert (result["provider_source"], told) == ("registry", [sentence])
        folder = mirror(tmp_path / "opt/any", "5.100.0", "6.62.0")
        result = find(provider_version="6.62.0")
        assert result["provider_package"].startswith(f"{folder}/")
        assert told[1:] == [f"{sentence}; the bytes of this one were not verified"]

    @pytest.mark.parametrize("version", ["5.100", "~> 5.100", "", "latest", "5.100.0-beta1"])
    def test_version_is_a_whole_one(self, find: Callable[..., dict], version: str):
        assert find(provider_version=version)["msg"] == (
            f"site_builder_provider_version is {version!r}, which is no version of hashicorp/aws; write it in full, such as 5.100.0"
        )

    def test_lock_file_that_is_not_there(self, find: Callable[..., dict]):
        assert find(lock_file="/nowhere/lock.hcl")["msg"] == (
            "/nowhere/lock.hcl cannot be read (No such file or directory); install the collection anew"
        )

    def test_full_disk_is_named(self, find: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        def full(*_arguments: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        assert ": the disk at /" in find()["msg"]
