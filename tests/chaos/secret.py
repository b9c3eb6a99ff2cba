"""A planted secret, and the search for it in every byte that was written."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import os
import random
import stat
import string
import tempfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.conftest import ROOT

# Where SECURITY.md says that secrets are, for whoever may read them: nobody but the user.
PRIVATE = (
    "terraform.tfvars.json",
    "plan.tfplan",
    "errored.tfstate",
    "errored.tfstate.backup",
    "terraform.tfstate.backup",
)
LARGEST = 200 * 2**20


def make(seed: str) -> str:
    """A secret that every notation writes otherwise, and whose ends are the same in all of them. No source contains it."""
    chance = random.Random(f"secret-{seed}")
    head, tail = ("".join(chance.choices(string.ascii_letters + string.digits, k=14)) for _ in range(2))
    return f'{head}"<&\\ü/+=%${{x}} \t{tail}'


def plant(secret: str, directory: Path) -> tuple[Path, Path]:
    """(extra variables that have it vaulted in the environment of every function, the file of the vault's password)."""
    password = directory / "vault-password"
    password.write_text("chaos")
    password.chmod(0o600)
    vault = VaultLib([("default", VaultSecret(b"chaos"))])

    class Vaulted(str):
        """Written as `!vault |`."""

    class Dumper(yaml.SafeDumper):
        """Of our own, since a representer stays."""

    Dumper.add_representer(Vaulted, lambda dumper, text: dumper.represent_scalar("!vault", str(text), style="|"))
    functions = yaml.safe_load((ROOT / "roles/lambda/defaults/main.yml").read_text())["lambda_functions"]
    for function in functions.values():
        function["environment"] = {**function["environment"], "PLANTED": Vaulted(vault.encrypt(secret).decode())}
    variables = directory / "vaulted.yml"
    variables.write_text(yaml.dump({"lambda_functions": functions}, Dumper=Dumper))
    return variables, password


def forms(secret: str) -> dict[str, bytes]:
    """By name, what to look for."""
    head, tail = secret[:14], secret[-14:]
    found = {"head": head.encode(), "tail": tail.encode(), "head utf-16": head.encode("utf-16-le")}
    found |= {"head hex": head.encode().hex().encode(), "head reversed": head[::-1].encode()}
    written = {
        "raw": secret,
        "json": json.dumps(secret)[1:-1],
        "json utf-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "url": urllib.parse.quote(secret, safe=""),
        "html": html.escape(secret),
    }
    for name, text in written.items():
        for shift in range(3):
            # What is left of the first and the last group depends on the neighbours.
            encoded = base64.b64encode(b"\0" * shift + text.encode())[4 * (shift > 0) :].rstrip(b"=")[:-2]
            found[f"base64 of {name}, {shift}"] = encoded[:24]
    return found


def holders(secret: str, places: Iterable[Path], since: float = 0) -> dict[Path, str]:
    """{file: form} of all files below these places, written since then, that hold it and may not."""
    wanted = forms(secret)
    found = {}
    for path in _files(places, since):
        try:
            information = path.lstat()
            # Terraform writes a plan file as 0644; its folder is what keeps others out.
            if path.name in PRIVATE and 0 in (information.st_mode & 0o077, path.parent.stat().st_mode & 0o077):
                continue
            data = path.read_bytes()
        except OSError:
            continue
        for name, form in wanted.items():
            if any(form in piece for piece in _pieces(data)):
                found[path] = name
                break
    return found


def _files(places: Iterable[Path], since: float) -> Iterator[Path]:
    for place in places:
        for folder, _folders, names in os.walk(place):
            for name in names:
                path = Path(folder, name)
                try:
                    information = path.lstat()
                except OSError:
                    continue
                if (
                    stat.S_ISREG(information.st_mode)
                    and information.st_mtime >= since
                    and information.st_size < LARGEST
                ):
                    yield path


def _pieces(data: bytes) -> Iterator[bytes]:
    yield data
    # A disk that is full, or a kill, leaves halves of archives.
    with suppress(zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        if data[:2] == b"\x1f\x8b":
            yield gzip.decompress(data)
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield archive.read(name)


def everywhere() -> list[Path]:
    """Where else a run may write: temporary files, and what Ansible and Terraform keep in a home."""
    home = Path.home()
    return [
        Path(tempfile.gettempdir()),
        Path("/var/tmp"),
        Path("/dev/shm"),
        home / ".ansible",
        home / ".terraform.d",
        home / ".cache",
    ]
