# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requirements files, judged for the machine that a Lambda function runs on and not for the one that builds its package."""

from __future__ import annotations

import argparse
import codecs
import importlib.metadata
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown

# Ansible brings it, but the Python that a module runs with need not be Ansible's.
MISSING = False
try:
    from packaging.markers import UndefinedComparison
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name
except ImportError:
    MISSING = True

MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# What says where packages come from, and goes to pip as it is.
SOURCES = (("-i", "--pypi-url", "--index-url"), ("--extra-index-url",), ("--trusted-host",), ("-f", "--find-links"))
FLAGS = ("--no-index", "--pre", "--prefer-binary", "--require-hashes")
_COMMENT = re.compile(r"(^|\s+)#.*$")


class PackageError(SiteBuilderError):
    """A sentence for the person who wrote the definition."""


class Target:
    """Where a function runs: python is 3.12 or the like, architecture a key of MACHINES."""

    def __init__(self, python: str, architecture: str) -> None:
        # Lambda keeps its Pythons at the latest patch, so none that markers tell apart comes after it.
        full = f"{python}.99"
        self.architecture = architecture
        self.environment = {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": MACHINES[architecture],
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": full,
            "python_version": python,
            "sys_platform": "linux",
        }

    def needs(self, requirement: Requirement, extras: frozenset[str] = frozenset()) -> bool:
        """Whether a requirement counts there. extras: those asked for of the package that has the requirement."""
        if requirement.marker is None:
            return True
        # Nobody knows the kernel beforehand: it must not matter.
        verdicts = {self._holds(requirement, extras, kernel) for kernel in ("0", "9999")}
        if len(verdicts) > 1:
            raise PackageError(
                f"the marker of {str(requirement)!r} asks for the kernel, which nobody knows; leave it out"
            )
        return verdicts.pop()

    def _holds(self, requirement: Requirement, extras: frozenset[str], kernel: str) -> bool:
        environment = {**self.environment, "platform_release": kernel, "platform_version": kernel}
        try:
            return any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
        except UndefinedComparison as error:
            raise PackageError(f"the marker of {str(requirement)!r} cannot be judged ({error}); correct it") from error


@dataclass
class Pin:
    """One package, in the one version that all the lines about it allow."""

    name: str
    version: str = ""
    extras: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.name}{f'[{",".join(sorted(self.extras))}]' if self.extras else ''}=={self.version}"


@dataclass
class Requirements:
    """What a requirements file says, with the files that it names."""

    pins: dict[str, Pin] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    def text(self) -> str:
        """The same for pip, without markers, sorted."""
        lines = [" ".join([str(pin), *sorted(pin.hashes)]) for _name, pin in sorted(self.pins.items())]
        return "\n".join([*self.options, *lines, ""])


def read_requirements(path: Path, target: Target) -> Requirements:
    """Return the packages that a function needs there. An open version would be another package tomorrow, so all are pinned."""
    result = Requirements()
    wanted: dict[str, list[tuple[Path, str, Requirement, frozenset[str]]]] = {}
    limits: dict[str, list[Requirement]] = {}
    for file, line, requirement, hashes, is_limit in _lines(path, result, False):
        try:
            counts = target.needs(requirement)
        except PackageError as error:
            raise PackageError(f"{file}: {error}") from error
        if not counts:
            continue
        key = canonicalize_name(requirement.name)
        if is_limit:
            limits.setdefault(key, []).append(requirement)
        else:
            wanted.setdefault(key, []).append((file, line, requirement, hashes))
    for key, lines in wanted.items():
        file, line, first, _hashes = lines[0]
        requirements = [requirement for _file, _line, requirement, _hashes in lines]
        specifiers = [requirement.specifier for requirement in (*requirements, *limits.get(key, []))]
        versions = {
            one.version
            for specifier in specifiers
            for one in specifier
            if one.operator in ("==", "===") and not one.version.endswith(".*")
        }
        if not versions:
            raise _not_pinned(file, line)
        version = min(versions)
        if not all(specifier.contains(version, prereleases=True) for specifier in specifiers):
            texts = ", ".join(sorted({str(specifier) for specifier in specifiers if str(specifier)}))
            raise PackageError(f"{file} and what it names ask for {first.name} {texts}, which no version is; keep one")
        extras = frozenset(extra for requirement in requirements for extra in requirement.extras)
        hashes = frozenset(one for *_rest, found in lines for one in found)
        result.pins[key] = Pin(first.name, version, extras, hashes)
    return result


def _not_pinned(path: Path, line: str) -> PackageError:
    return PackageError(f"{path} has {line!r}, which is not pinned; write <name>==<version>")


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackageError(
            f"requirements {path} cannot be read ({error.strerror}); correct the path or remove it"
        ) from error
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeError as error:
        raise PackageError(f"{path} is no text in UTF-8 ({error}); save it as UTF-8") from error
    if "\0" in text:
        raise PackageError(f"{path} is no text in UTF-8 (it has null characters); save it as UTF-8")
    return text


def _logical_lines(text: str) -> Iterator[str]:
    """The lines with continued ones put together, without comments; a comment ends a line that was to be continued."""
    parts: list[str] = []
    for line in [*text.splitlines(), ""]:
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        joined = _COMMENT.sub("", "".join([*parts, f" {line}" if is_comment else line])).strip()
        parts = []
        if joined:
            yield joined


def _lines(
    path: Path, result: Requirements, is_limit: bool
) -> Iterator[tuple[Path, str, Requirement, frozenset[str], bool]]:
    """Yield each requirement of a file and of those it names: file, line, requirement, hashes, whether it only limits."""
    if path.resolve() in result.files:
        return
    text = _decoded(path)
    result.files.add(path.resolve())
    for line in _logical_lines(text):
        if line.startswith("-"):
            yield from _option(path, line, result, is_limit)
            continue
        first, *options = re.split(r"\s+(?=--?[a-z])", line)
        hashes = frozenset("=".join(re.split(r"[=\s]+", option, maxsplit=1)) for option in options)
        try:
            requirement = Requirement(first)
        except InvalidRequirement:
            raise _not_pinned(path, line) from None
        if requirement.url or not all(re.fullmatch(r"--hash=\w+:[0-9a-fA-F]+", option) for option in hashes):
            raise _not_pinned(path, line)
        yield path, line, requirement, hashes, is_limit


def _option(
    path: Path, line: str, result: Requirements, is_limit: bool
) -> Iterator[tuple[Path, str, Requirement, frozenset[str], bool]]:
    try:
        given, unknown = _parser().parse_known_args(shlex.split(line))
    except (argparse.ArgumentError, ValueError) as error:
        given, unknown = argparse.Namespace(), [str(error)]
    if unknown:
        raise PackageError(f"{path} has {line!r}, an option that packages for Lambda cannot have; remove it")
    for names in SOURCES:
        option = names[-1]
        for value in getattr(given, option[2:].replace("-", "_")) or []:
            local = path.parent / value
            value = str(local.resolve()) if option == "--find-links" and local.exists() else value
            result.options.append(f"{option} {shlex.quote(value)}")
    result.options += [flag for flag in FLAGS if getattr(given, flag[2:].replace("-", "_"))]
    for name, limits in [
        *((name, is_limit) for name in given.requirement),
        *((name, True) for name in given.constraint),
    ]:
        yield from _lines(path.parent / name, result, limits)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    # Only wheels are taken in any case.
    for names in (*SOURCES, ("-r", "--requirement"), ("-c", "--constraint"), ("--only-binary",)):
        parser.add_argument(*names, action="append", default=[], dest=names[-1][2:].replace("-", "_"))
    for flag in FLAGS:
        parser.add_argument(flag, action="store_true")
    return parser


def check_installed(folder: Path, requirements: Requirements, target: Target) -> None:
    """Raise PackageError unless all that the packages in a folder need there is among them, in a version that they take."""
    found = {
        canonicalize_name(one.metadata["Name"]): one for one in importlib.metadata.distributions(path=[str(folder)])
    }
    extras = {name: requirements.pins[name].extras if name in requirements.pins else frozenset() for name in found}
    missing: set[str] = set()
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for requirement in _requires(found[name], target, extras[name]):
            other = canonicalize_name(requirement.name)
            asker = f"{found[name].metadata['Name']}=={found[name].version}"
            if other not in found:
                missing.add(f"{requirement.name}{requirement.specifier} (for {asker})")
                continue
            version = found[other].version
            if not requirement.specifier.contains(version, prereleases=True):
                raise PackageError(
                    f"{asker} needs {requirement.name}{requirement.specifier}, and {requirement.name} is pinned to {version}; "
                    "pin versions that fit"
                )
            if not requirement.extras <= extras[other]:
                extras[other] |= requirement.extras
                waiting.append(other)
    if missing:
        pins = ", ".join(str(pin) for _name, pin in sorted(requirements.pins.items()))
        raise PackageError(f"requirements {pins} bring in {', '.join(sorted(missing))}; add what they bring in, pinned")


def _requires(found: importlib.metadata.Distribution, target: Target, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in found.requires or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            asker = f"{found.metadata['Name']}=={found.version}"
            raise PackageError(f"{asker} needs {shown(text)}, which cannot be read; pin another version") from error
        if target.needs(requirement, extras):
            yield requirement
