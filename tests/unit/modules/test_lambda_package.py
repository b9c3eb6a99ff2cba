"""Packages for Lambda: the same sources are the same bytes, and what would break that is refused."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.modules import lambda_package as module

# Of FILES and fastjsonschema 2.21.1, in whose wheel one file is executable.
WHEEL_HASH = "qPjQ/UyDPO51yqQ4cKEhCeUraMjRQDv7dvZXFj/VypE="
WHEEL_SHA256 = "c9e5b7e908310918cf494a434eeb31384dd84a98b57a30bcb1f535015b554667"
# Any that can build, as set-up takes any from 3.12 on.
OTHER_PYTHONS = [
    path
    for path in sorted(Path.home().glob(".pyenv/versions/3.1[2-9].*/bin/python3"))
    if path.parent.parent.name.split(".")[1] != str(sys.version_info.minor)
]
FILES = {"app.py": "a = 1\n", "lib/b.py": "b = 2\n", "lib/a.json": "{}", "é.txt": "x"}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def build(run_module: Callable[..., dict], tmp_path: Path) -> Callable[..., dict]:
    """Return a function that builds functions/f and returns its description, or the whole result of a failure."""

    def call(source: Path, work_dir: Path = tmp_path / "work", **package: object) -> dict:
        described = {"source": str(source), "runtime": "python3.12", "architecture": "arm64", "prefix": "", **package}
        result = run_module(module, packages={"functions/f": described}, work_dir=str(work_dir))
        return result if "msg" in result else result["packages"]["functions/f"]

    return call


def names(built: dict) -> list[str]:
    return zipfile.ZipFile(built["path"]).namelist()


def test_description_is_that_of_the_file(build: Callable[..., dict], tmp_path: Path):
    built = build(write(tmp_path / "f", FILES))
    digest = hashlib.sha256(Path(built["path"]).read_bytes())
    assert built == {
        "path": f"{tmp_path}/work/{digest.hexdigest()}.zip",
        "s3_key": f"lambda/functions/f/{digest.hexdigest()}.zip",
        "source_code_hash": base64.b64encode(digest.digest()).decode(),
    }
    assert [path.name for path in (tmp_path / "work").iterdir()] == [f"{digest.hexdigest()}.zip"]


def test_content_is_that_of_the_source(build: Callable[..., dict], tmp_path: Path):
    archive = zipfile.ZipFile(build(write(tmp_path / "f", FILES))["path"])
    assert {name: archive.read(name).decode() for name in archive.namelist()} == FILES
    for entry in archive.infolist():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.external_attr >> 16 == 0o100644
        assert entry.compress_type == zipfile.ZIP_STORED


def reversed_order(folder: Path) -> None:
    write(folder, dict(reversed(FILES.items())))


def other_times(folder: Path) -> None:
    for path in write(folder, FILES).rglob("*"):
        os.utime(path, (10**9, 10**9))


def other_umask(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        write(folder, FILES)
    finally:
        os.umask(before)


def open_to_others(folder: Path) -> None:
    (write(folder, FILES) / "app.py").chmod(0o677)


def with_leftovers(folder: Path) -> None:
    write(folder, {**FILES, "__pycache__/app.pyc": "x", "lib/b.pyc": "x", ".git/HEAD": "x", "lib/.DS_Store": "x"})
    (folder / "empty").mkdir()


@pytest.mark.parametrize("make", [reversed_order, other_times, other_umask, open_to_others, with_leftovers])
def test_same_sources_are_the_same_bytes(
    build: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
):
    first = build(write(tmp_path / "one", FILES), tmp_path / "work1")
    make(tmp_path / "two")
    monkeypatch.setenv("TZ", "Africa/Johannesburg")
    second = build(tmp_path / "two", tmp_path / "work2")
    assert Path(first["path"]).read_bytes() == Path(second["path"]).read_bytes()
    assert first["source_code_hash"] == second["source_code_hash"]


def modes(built: dict) -> dict[str, int]:
    return {entry.filename: entry.external_attr >> 16 for entry in zipfile.ZipFile(built["path"]).infolist()}


def test_what_can_be_executed_still_can(build: Callable[..., dict], tmp_path: Path):
    source = write(tmp_path / "f", {**FILES, "bootstrap": "#!/bin/sh\n", "extensions/log": "#!/bin/sh\n"})
    plain = build(source)
    packages = []
    for mode in (0o700, 0o755, 0o744):
        for name in ("bootstrap", "extensions/log"):
            (source / name).chmod(mode)
        packages.append(build(source))
    assert modes(packages[0]) == dict.fromkeys(FILES, 0o100644) | dict.fromkeys(
        ("bootstrap", "extensions/log"), 0o100755
    )
    assert packages[0] == packages[1] == packages[2] != plain


def test_order_of_the_directory_does_not_matter(
    build: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source = write(tmp_path / "f", FILES)
    first = build(source)
    rglob = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: sorted(rglob(self, pattern), reverse=True))
    assert build(source) == first


@pytest.mark.parametrize(
    "change",
    [{"app.py": "a = 2\n"}, {"new.py": ""}, {"lib/a.json": "{} "}],
    ids=["one byte", "new file", "longer"],
)
def test_other_sources_are_another_package(build: Callable[..., dict], tmp_path: Path, change: dict[str, str]):
    first = build(write(tmp_path / "f", FILES))
    second = build(write(tmp_path / "f", change))
    assert first["source_code_hash"] != second["source_code_hash"]
    assert first["s3_key"] != second["s3_key"]
    assert Path(first["path"]).is_file()


def test_renamed_file_is_another_package(build: Callable[..., dict], tmp_path: Path):
    first = build(write(tmp_path / "f", FILES))
    (tmp_path / "f/app.py").rename(tmp_path / "f/main.py")
    assert build(tmp_path / "f")["source_code_hash"] != first["source_code_hash"]


class TestLinks:
    def test_a_name_that_is_not_utf_8_is_refused(self, build: Callable[..., dict], tmp_path: Path):
        source = write(tmp_path / "f", FILES)
        with open(os.fsencode(source) + b"/caf\xe9.py", "wb"):
            pass
        assert build(source)["msg"] == (
            f"lambda_functions.f: {source}/caf\\xe9.py has a name that is not UTF-8, which a package cannot hold; rename it"
        )

    @pytest.mark.parametrize(
        "target", ["../secret.txt", "../elsewhere", "nowhere", "lib"], ids=["file", "dir", "broken", "own dir"]
    )
    def test_refused(self, build: Callable[..., dict], tmp_path: Path, target: str):
        write(tmp_path, {"secret.txt": "s", "elsewhere/a.py": ""})
        source = write(tmp_path / "f", FILES)
        (source / "link").symlink_to(target)
        assert build(source)["msg"] == (
            f"lambda_functions.f: {source}/link is a link to no file in {source}; put the file itself there"
        )

    def test_to_a_file_inside_is_that_file(self, build: Callable[..., dict], tmp_path: Path):
        source = write(tmp_path / "f", FILES)
        (source / "link.py").symlink_to("lib/b.py")
        assert zipfile.ZipFile(build(source)["path"]).read("link.py") == b"b = 2\n"

    def test_source_may_be_a_link(self, build: Callable[..., dict], tmp_path: Path):
        write(tmp_path / "f", FILES)
        (tmp_path / "g").symlink_to("f")
        assert build(tmp_path / "g") == build(tmp_path / "f")


class TestRequirements:
    @pytest.mark.parametrize(
        "line",
        [
            "boto3",
            "boto3>=1",
            "boto3==1.*",
            "boto3~=1.2",
            "boto3===",
            "git+https://example.com/a",
            "./local",
            "boto3 @ https://example.com/a.whl",
            "boto3==1.0 --config-settings=a=b",
        ],
    )
    def test_open_ones_are_refused(self, build: Callable[..., dict], tmp_path: Path, line: str):
        source = write(tmp_path / "f", {**FILES, "requirements.txt": f"good==1.0\n{line}\n"})
        message = build(source, requirements=str(source / "requirements.txt"))["msg"]
        assert message == (
            f"lambda_functions.f: {source}/requirements.txt has {line!r}, which is not pinned; write <name>==<version>"
        )

    def test_none_that_are_left(self, build: Callable[..., dict], tmp_path: Path):
        source = write(tmp_path / "f", {**FILES, "requirements.txt": "# nothing\n"})
        assert names(build(source, requirements=str(source / "requirements.txt"))) == sorted(FILES)

    @pytest.mark.parametrize(
        ("package", "sentence"),
        [
            (
                {"requirements": "/nowhere.txt"},
                "requirements /nowhere.txt cannot be read (No such file or directory); correct the path or remove it",
            ),
            (
                {"runtime": "nodejs22.x"},
                "requirements need a Python runtime and an architecture of arm64, x86_64, not nodejs22.x, arm64",
            ),
            (
                {"architecture": "arm"},
                "requirements need a Python runtime and an architecture of arm64, x86_64, not python3.12, arm",
            ),
        ],
    )
    def test_wrong_options(self, build: Callable[..., dict], tmp_path: Path, package: dict, sentence: str):
        source = write(tmp_path / "f", {**FILES, "requirements.txt": "a==1\n"})
        options = {"requirements": str(source / "requirements.txt"), **package}
        assert build(source, **options)["msg"] == f"lambda_functions.f: {sentence}"

    umask = 0o022

    @pytest.fixture
    def pip(self, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        """A pip that installs what it is told, where a needs Its_Dependency; the calls that were made."""
        calls: list[list[str]] = []

        def run_command(_module: object, command: list[str], **_options: object) -> tuple[int, str, str]:
            calls.append(command)
            target = Path(command[command.index("--target") + 1])
            lines = Path(command[command.index("--requirement") + 1]).read_text().splitlines()
            if "missing==1" in lines:
                return 1, "", "No matching distribution\n"
            for line in lines:
                name, version = line.split("==")
                info = f"{name}-{version}.dist-info"
                needs = {"a": "Requires-Dist: Its.Dependency (>=2)\n"}.get(name, "")
                metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
                write(
                    target,
                    {
                        f"{info}/RECORD": str(target),
                        f"{info}/METADATA": metadata,
                        f"{name}.py": "",
                        "bin/tool": "#!here",
                    },
                )
                # As pip does for what is executable in the wheel: by the umask, but always for the owner.
                (target / f"{name}.py").chmod(0o777 & ~self.umask | 0o100)
            return 0, "", ""

        monkeypatch.setattr(module.AnsibleModule, "run_command", run_command)
        return calls

    def test_all_that_is_brought_in_must_be_pinned(self, build: Callable[..., dict], tmp_path: Path, pip: list):
        source, requirements = write(tmp_path / "f", FILES), write(tmp_path, {"r.txt": "a==1.0\n"}) / "r.txt"
        assert build(source, requirements=str(requirements))["msg"] == (
            "lambda_functions.f: requirements a==1.0 bring in Its.Dependency>=2 (for a==1.0); add what they bring in, pinned"
        )
        assert not list((tmp_path / "work").iterdir())
        requirements.write_text("a==1.0\nits.dependency==1.9\n")
        assert build(source, requirements=str(requirements))["msg"] == (
            "lambda_functions.f: a==1.0 needs Its.Dependency>=2, and Its.Dependency is pinned to 1.9; pin versions that fit"
        )
        requirements.write_text("a==1.0\nits.dependency==2.0\n")
        assert "its.dependency-2.0.dist-info/METADATA" in names(build(source, requirements=str(requirements)))

    def test_only_what_is_the_same_everywhere_is_kept(self, build: Callable[..., dict], tmp_path: Path, pip: list):
        source = write(tmp_path / "f", FILES)
        requirements = write(tmp_path, {"r.txt": "a==1.0\nits-dependency==2.0\n"}) / "r.txt"
        built = build(source, requirements=str(requirements), prefix="python/")
        added = {name for name in names(built) if name not in FILES}
        assert added == {
            "python/a.py",
            "python/a-1.0.dist-info/METADATA",
            "python/its-dependency.py",
            "python/its-dependency-2.0.dist-info/METADATA",
        }
        assert {name for name, mode in modes(built).items() if mode == 0o100755} == {
            "python/a.py",
            "python/its-dependency.py",
        }
        again = build(source, requirements=str(requirements), prefix="python/")
        assert (again, len(pip)) == (built, 1)
        # Another machine, another umask.
        self.umask = 0o077
        elsewhere = build(source, tmp_path / "elsewhere", requirements=str(requirements), prefix="python/")
        assert (elsewhere["s3_key"], len(pip)) == (built["s3_key"], 2)
        build(source, requirements=str(requirements), architecture="x86_64")
        assert len(pip) == 3
        requirements.write_text("a==1.1\nits-dependency==2.0\n")
        assert "python/a-1.1.dist-info/METADATA" in names(
            build(source, requirements=str(requirements), prefix="python/")
        )

    def test_failed_download_leaves_nothing(self, build: Callable[..., dict], tmp_path: Path, pip: list):
        source, requirements = write(tmp_path / "f", FILES), write(tmp_path, {"r.txt": "missing==1\n"}) / "r.txt"
        assert build(source, requirements=str(requirements))["msg"] == (
            "lambda_functions.f: pip cannot install missing==1 for python3.12 on arm64: No matching distribution"
        )
        assert not list((tmp_path / "work").iterdir())

    @pytest.mark.parametrize(
        ("line", "runtime", "runs"),
        [
            # glibc 2.24 or later, with no wheel for manylinux2014.
            ("greenlet==3.3.0", "python3.12", True),
            # glibc 2.27 or later: more than Amazon Linux 2 has.
            ("numpy==2.3.5", "python3.11", False),
        ],
    )
    def test_real_wheel_for_the_glibc_of_the_runtime(
        self, build: Callable[..., dict], tmp_path: Path, line: str, runtime: str, runs: bool
    ):
        source = write(tmp_path / "f", {**FILES, "requirements.txt": f"{line}\n"})
        built = build(source, requirements=str(source / "requirements.txt"), runtime=runtime)
        assert ("path" in built) is runs, built
        assert runs or f"pip cannot install {line} for {runtime} on arm64" in built["msg"]

    @pytest.mark.parametrize(("version", "newest"), [("3.11", 26), ("3.12", 34), ("3.14", 34)])
    def test_newest_wheels_come_first(self, version: str, newest: int):
        tags = module.platforms(version, "x86_64")
        assert (tags[0], tags[-1]) == (f"manylinux_2_{newest}_x86_64", "manylinux2014_x86_64")

    def test_real_wheel_is_the_same_bytes_on_every_machine(self, build: Callable[..., dict], tmp_path: Path):
        source = write(tmp_path / "f", {**FILES, "requirements.txt": "fastjsonschema==2.21.1\n"})
        built = build(source, requirements=str(source / "requirements.txt"), prefix="python/")
        assert "python/fastjsonschema/__init__.py" in names(built)
        assert "requirements.txt" not in names(built)
        assert built["source_code_hash"] == WHEEL_HASH

    @pytest.mark.parametrize("python", OTHER_PYTHONS, ids=lambda path: path.parent.parent.name)
    def test_whichever_python_builds_the_bytes_are_the_same(
        self, build: Callable[..., dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: Path
    ):
        """The older runtime needs what no builder here does."""
        text = 'typing-extensions==4.12.2 ; python_version < "3.12"\nfastjsonschema==2.21.1 ; python_version < "4"\n'
        source = write(tmp_path / "f", {**FILES, "requirements.txt": text})
        options = {"requirements": str(source / "requirements.txt"), "runtime": "python3.11"}
        built = build(source, **options)
        assert {"typing_extensions.py", "fastjsonschema/__init__.py"} <= set(names(built))
        monkeypatch.setattr(module.sys, "executable", str(python))
        assert build(source, tmp_path / "elsewhere", **options)["source_code_hash"] == built["source_code_hash"]

    def test_hashes_are_for_pip_to_check(self, build: Callable[..., dict], tmp_path: Path):
        right, wrong = (f"fastjsonschema==2.21.1 \\\n  --hash=sha256:{digest}\n" for digest in (WHEEL_SHA256, "0" * 64))
        source = write(tmp_path / "f", {**FILES, "requirements.txt": wrong})
        options = {"requirements": str(source / "requirements.txt"), "prefix": "python/"}
        assert f"Got {WHEEL_SHA256}" in build(source, **options)["msg"]
        (source / "requirements.txt").write_text(right)
        assert build(source, **options)["source_code_hash"] == WHEEL_HASH

    def test_files_that_were_read_are_not_packed(self, build: Callable[..., dict], tmp_path: Path, pip: list):
        files = {**FILES, "r/main.txt": "-r ../more.txt\n-c limits.txt\n", "r/limits.txt": "b==1\n", "more.txt": "b\n"}
        source = write(tmp_path / "f", files)
        assert {*FILES, "b.py"} == {
            name for name in names(build(source, requirements=str(source / "r/main.txt"))) if ".dist-info" not in name
        }


class TestFunctionWithItsLayers:
    @pytest.fixture
    def build_both(self, run_module: Callable[..., dict], tmp_path: Path) -> Callable[..., dict]:
        """Return a function that builds functions/f and layers/l and returns the whole result."""

        def call(files: dict[str, str], layer: dict[str, str], **function: object) -> dict:
            shared = {"runtime": "python3.12", "architecture": "arm64", "prefix": ""}
            packages = {
                "functions/f": {**shared, "source": str(write(tmp_path / "f", files)), **function},
                "layers/l": {**shared, "source": str(write(tmp_path / "l", layer))},
            }
            return run_module(module, packages=packages, work_dir=str(tmp_path / "work"))

        return call

    def test_size_counts_together(self, build_both: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "UNZIPPED_BYTES", 11)
        both = {"layers": ["layers/l"]}
        assert not build_both({"a.py": "12345"}, {"b.py": "12345"}, **both).get("msg")
        assert build_both({"a.py": "123456"}, {"b.py": "12345"}, **both)["msg"] == (
            "lambda_functions.f: the package and its layers layers/l have 11 bytes unzipped, and Lambda takes less than 11; leave out "
            "what it can do without"
        )
        assert not build_both({"a.py": "123456"}, {"b.py": "12345"}).get("msg")
        assert build_both({"a.py": "1"}, {"b.py": "12345678901"})["msg"].startswith(
            "lambda_layers.l: the package has 11 bytes unzipped, and Lambda takes less than 11"
        )

    def test_handler_may_be_in_a_layer(self, build_both: Callable[..., dict]):
        files, layer = {"a.py": ""}, {"python/app.py": "def handler(): ..."}
        assert not build_both(files, layer, handler="app.handler", layers=["layers/l"]).get("msg")
        assert build_both(files, layer, handler="app.handler")["msg"] == (
            "lambda_functions.f: handler 'app.handler' is for the runtime python3.12, and the source has no app.py; add it or "
            "correct handler or runtime"
        )

    def test_layer_that_is_none(self, build_both: Callable[..., dict]):
        assert build_both({"a.py": ""}, {"b.py": ""}, layers=["layers/x"])["msg"] == (
            "lambda_functions.f: layers names layers/x, which is no package; add it or correct the name"
        )


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (None, "source {source} is no directory; name the folder that holds the code"),
        ({"__pycache__/a.pyc": ""}, "source {source} is empty; put the code there"),
    ],
)
def test_source_without_code(build: Callable[..., dict], tmp_path: Path, files: dict | None, sentence: str):
    source = write(tmp_path / "f", files or {})
    assert build(source)["msg"] == f"lambda_functions.f: {sentence.format(source=source)}"


def test_work_dir_that_cannot_be_made(build: Callable[..., dict], tmp_path: Path):
    source = write(tmp_path / "f", FILES)
    assert build(source, source / "app.py/work")["msg"].startswith(
        f"cannot build in {source}/app.py/work: Not a directory"
    )
