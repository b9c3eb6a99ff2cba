"""The modules of the server, which are no part of the collection's packages."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

FILES = Path(__file__).parents[5] / "roles/local_aws/files"


@pytest.fixture(scope="session")
def serve() -> Iterator[SimpleNamespace]:
    """Give the modules of aws_serve, by name; child.py is a program."""
    names = {path.stem for path in (FILES / "aws_serve").glob("*.py")} - {"__init__", "child"}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FILES))
        yield SimpleNamespace(**{name: importlib.import_module(f"aws_serve.{name}") for name in names})
    for name in [name for name in sys.modules if name.split(".")[0] == "aws_serve"]:
        del sys.modules[name]
