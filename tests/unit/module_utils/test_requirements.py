"""Requirements files: read as pip reads them, judged for the machine of the function."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import packaging.markers
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.requirements import (
    PackageError,
    Target,
    check_installed,
    read_requirements,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

ARM = Target("3.12", "arm64")
HASH = f"--hash=sha256:{'0' * 64}"
OTHER_HASH = f"--hash=sha256:{'f' * 64}"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that writes files and returns the lines that the first one means for pip."""

    def call(text: str | bytes, target: Target = ARM, **others: str) -> list[str]:
        for name, content in others.items():
            (tmp_path / f"{name}.txt").write_text(content)
        path = tmp_path / "requirements.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_requirements(path, target).text().splitlines()

    return call


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# why\n\n  a==1.0  # note\n\tB_c.d==2!1.0rc1+x\n", ["a==1.0", "B_c.d==2!1.0rc1+x"]),
        ("a [ y , x ] == 1.0\n", ["a[x,y]==1.0"]),
        ("a (==1.0)\n", ["a==1.0"]),
        (f"a==1.0 \\\n    {HASH} \\\n    {OTHER_HASH}\n", [f"a==1.0 {HASH} {OTHER_HASH}"]),
        (f"a==1.0 {HASH.replace('=', ' ', 1)}\n", [f"a==1.0 {HASH}"]),
        (f"a==1.0 ; python_version > '3' {HASH}\n", [f"a==1.0 {HASH}"]),
        ("a==1.\\\n0\nb==2 \\\n# a comment ends it\nc==3\n", ["a==1.0", "b==2", "c==3"]),
        ("a==1,!=1.1\n", ["a==1"]),
        ("a==1\na==1.0\nA[x]\n", ["a[x]==1"]),
        (
            "-i https://one.example\n--extra-index-url=https://two.example/?a=b#c\n--trusted-host two.example\n--pre\na==1\n",
            [
                "--index-url https://one.example",
                "--extra-index-url 'https://two.example/?a=b#c'",
                "--trusted-host two.example",
                "--pre",
                "a==1",
            ],
        ),
        ("--only-binary :all:\n--require-hashes\n", ["--require-hashes"]),
        (codecs.BOM_UTF8 + b"a==1\r\nb==2\r\n", ["a==1", "b==2"]),
        ("a==1\n".encode("utf-16"), ["a==1"]),
        (codecs.BOM_UTF16_BE + "a==1\n".encode("utf-16-be"), ["a==1"]),
    ],
)
def test_what_is_read(read: Callable[..., list[str]], text: str | bytes, lines: list[str]) -> None:
    assert read(text) == lines


def test_other_files(read: Callable[..., list[str]], tmp_path: Path) -> None:
    assert read("-r more.txt\na\n-climits.txt\n", more="-r requirements.txt\nb==2\n", limits="a==1\nz==3\n") == [
        "a==1",
        "b==2",
    ]
    read_files = read_requirements(tmp_path / "requirements.txt", ARM).files
    assert {path.name for path in read_files} == {"requirements.txt", "more.txt", "limits.txt"}
    (tmp_path / "wheels").mkdir()
    assert read("-f wheels\n") == [f"--find-links {tmp_path}/wheels"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\n", "has 'a', which is not pinned; write <name>==<version>"),
        ("a>=1\n-c limits.txt\n", "has 'a>=1', which is not pinned"),
        ("a==1\na==2\n", "requirements.txt and what it names ask for a ==1, ==2, which no version is; keep one"),
        ("a==1\n-c strict.txt\n", "ask for a <1, ==1, which no version is"),
        ("-r nowhere.txt\n", "nowhere.txt cannot be read (No such file or directory); correct the path or remove it"),
        ("-e .\n", "has '-e .', an option that packages for Lambda cannot have; remove it"),
        ("--no-binary :all:\n", "has '--no-binary :all:', an option that packages for Lambda cannot have"),
        ("-r\n", "has '-r', an option that packages for Lambda cannot have"),
        ("a==1 ; platform_release > '5.10'\n", "the marker of 'a==1; platform_release > \"5.10\"' asks for the kernel"),
        ("a==1 ; os_name ~= 'posix'\n", "the marker of 'a==1; os_name ~= \"posix\"' cannot be judged (Undefined"),
        ("a==1\n".encode("utf-16-le"), "is no text in UTF-8 (it has null characters); save it as UTF-8"),
        (b"a==1 # \xe9\n", "is no text in UTF-8 ('utf-8' codec"),
    ],
)
def test_what_is_refused(read: Callable[..., list[str]], text: str | bytes, sentence: str) -> None:
    with pytest.raises(PackageError) as caught:
        read(text, limits="a>=2\n", strict="a<1\n")
    assert sentence in str(caught.value)


MARKERS = {
    'python_version < "3.12"': ["3.11"],
    'python_full_version < "3.11.3"': [],
    'python_version >= "3.14"': ["3.14"],
    'sys_platform == "win32"': [],
    'platform_machine == "aarch64" and platform_system == "Linux"': ["3.11", "3.12", "3.14"],
    'platform_machine == "arm64"': [],
    'implementation_name != "cpython"': [],
    'extra == "x"': [],
    'sys_platform == "darwin" and platform_release >= "20"': [],
}


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.14"])
@pytest.mark.parametrize("builder", ["3.12.1", "3.13.0", "3.14.0"])
def test_markers_are_judged_for_the_runtime(
    read: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, marker: str, python: str, builder: str
) -> None:
    here = {
        **packaging.markers.default_environment(),
        "python_version": builder.rpartition(".")[0],
        "python_full_version": builder,
        "platform_machine": "arm64",
        "sys_platform": "darwin",
    }
    monkeypatch.setattr(packaging.markers, "default_environment", lambda: here)
    expected = ["a==1"] if python in MARKERS[marker] else []
    assert read(f"a==1 ; {marker}\n", Target(python, "arm64")) == expected


def installed(folder: Path, **needs: list[str]) -> Path:
    for key, lines in needs.items():
        name, version = key.split("_")
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        text = "".join(f"Requires-Dist: {line}\n" for line in lines)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{text}")
    return folder


@pytest.mark.parametrize(
    ("text", "needs", "sentence"),
    [
        ("a==1\n", ["b>=2"], "requirements a==1 bring in b>=2 (for a==1); add what they bring in, pinned"),
        ("a==1\n", ["b ; python_version < '3.12'", "c ; sys_platform == 'win32'", "d ; extra == 'x'"], ""),
        ("a==1\n", ["b ; python_version >= '3.12'"], "bring in b (for a==1)"),
        ("a[x]==1\n", ["b ; extra == 'x'"], "requirements a[x]==1 bring in b (for a==1)"),
        ("a[X.Y]==1\n", ["b ; extra == 'x-y'"], "bring in b (for a==1)"),
        ("a==1\n", ["a[x]", "b ; extra == 'x'"], "bring in b (for a==1)"),
        ("a==1\n", ["a>1"], "a==1 needs a>1, and a is pinned to 1; pin versions that fit"),
        ("a==1\n", ["b (>dev)"], "a==1 needs 'b (>dev)', which cannot be read; pin another version"),
    ],
)
def test_what_packages_need_is_held_against_the_runtime(
    tmp_path: Path, text: str, needs: list[str], sentence: str
) -> None:
    (tmp_path / "r.txt").write_text(text)
    folder = installed(tmp_path / "content", a_1=needs)
    try:
        check_installed(folder, read_requirements(tmp_path / "r.txt", ARM), ARM)
    except PackageError as error:
        assert sentence and sentence in str(error)
    else:
        assert not sentence


def test_release_candidate_that_is_pinned_is_meant(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("a==1\nb==2.0rc1\n")
    folder = installed(tmp_path / "content", a_1=["b>=1"], **{"b_2.0rc1": []})
    check_installed(folder, read_requirements(tmp_path / "r.txt", ARM), ARM)


SPACE = st.sampled_from(["", " ", "\t"])
ENDING = st.sampled_from(["", " # note", "\t#x"])
LINE = st.tuples(
    st.sampled_from(["a", "B", "c.d"]), SPACE, st.sampled_from(["", "[x]", "[x, y]"]), SPACE, st.sampled_from("12"),
    st.sampled_from(["", " ; python_version>'3'", " ; python_version<'3'"]),
    st.lists(st.sampled_from([HASH, OTHER_HASH]), max_size=2).flatmap(
        lambda hashes: st.sampled_from([" ", " \\\n  "]).map(lambda gap: "".join(f"{gap}{one}" for one in hashes))
    ),
    ENDING,
).map(lambda parts: "{}{}{}{}=={}{}{}{}".format(*parts))  # fmt: skip
TEXT = st.lists(LINE | st.sampled_from(["", "# only a note", "   "]), max_size=5).map("\n".join)


@settings(deadline=None)
@given(TEXT, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_it_is_what_pip_reads(tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str) -> None:
    path = tmp_path_factory.mktemp("pip") / "r.txt"
    path.write_bytes(text.encode(encoding))
    expected: dict[str, dict[str, set]] = {}
    for one in parse_requirements(str(path), session=PipSession()):
        requirement = Requirement(one.requirement)
        if ARM.needs(requirement):
            found = expected.setdefault(
                canonicalize_name(requirement.name), {"version": set(), "extras": set(), "hashes": set()}
            )
            found["version"] |= {specifier.version for specifier in requirement.specifier}
            found["extras"] |= requirement.extras
            found["hashes"] |= {
                f"--hash={kind}:{value}" for kind, values in one.options.get("hashes", {}).items() for value in values
            }
    try:
        pins = read_requirements(path, ARM).pins
    except PackageError as error:
        assert "which no version is" in str(error)
        assert any(len(found["version"]) > 1 for found in expected.values())
        return
    assert {
        key: {"version": {pin.version}, "extras": set(pin.extras), "hashes": set(pin.hashes)}
        for key, pin in pins.items()
    } == expected


JUNK = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
WORDS = st.sampled_from(
    [
        "a==1",
        "-r",
        "-c other",
        "--hash",
        HASH,
        "; python_version",
        "==",
        "[x",
        "\\\n",
        "#",
        "-e .",
        "git+https://a",
        "'",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(JUNK | WORDS, max_size=6).map(" ".join) | st.lists(LINE | JUNK, max_size=4).map("\n".join))
def test_whatever_it_holds_it_is_pins_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("junk") / "r.txt"
    path.write_bytes(text.encode())
    try:
        pins = read_requirements(path, ARM).pins
    except PackageError as error:
        assert "\n" not in str(error)
        assert str(path.parent) in str(error)
    else:
        assert all(pin.version for pin in pins.values())
