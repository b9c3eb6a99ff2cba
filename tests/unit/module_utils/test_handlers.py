"""A handler names what the package has."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.handlers import handler_problem

NEXT = f"python3.{sys.version_info.minor + 1}"


def problem(handler: str, runtime: str, files: dict[str, str], layered: dict[str, str] | None = None) -> str:
    def readers(texts: dict[str, str]) -> dict:
        return {name: text.encode for name, text in texts.items()}

    return handler_problem(handler, runtime, readers(files), readers(layered or {}))


@pytest.mark.parametrize(
    "text",
    [
        "def handler(event, context): ...",
        "async def handler(event, context): ...",
        "class handler: ...",
        "handler = print",
        "handler: object = print",
        "a, (handler, b) = x",
        "from a import handler",
        "import a as handler",
        "from a import *",
        "try:\n  import handler\nexcept ImportError:\n  handler = None",
        "if x:\n  def handler(): ...",
        "with x as handler: ...",
        "if (handler := x): ...",
        "globals()['handler'] = print",
        "def __getattr__(name): ...",
    ],
)
def test_function_is_there(text: str) -> None:
    assert problem("app.handler", "python3.12", {"app.py": text}) == ""


@pytest.mark.parametrize(
    ("handler", "files", "layered"),
    [
        ("lib/app.handler", {"lib/app.py": "handler = 1"}, {}),
        ("lib.app.handler", {"lib/app.py": "handler = 1"}, {}),
        ("app.handler", {"app/__init__.py": "handler = 1"}, {}),
        ("app.handler", {"app.cpython-312-aarch64-linux-gnu.so": ""}, {}),
        ("app.handler", {}, {"python/app.py": "handler = 1"}),
        ("app.handler", {}, {"python/lib/python3.12/site-packages/app.py": "handler = 1"}),
        # The function's own file comes first.
        ("app.handler", {"app.py": "handler = 1"}, {"python/app.py": ""}),
    ],
)
def test_file_is_there(handler: str, files: dict[str, str], layered: dict[str, str]) -> None:
    assert problem(handler, "python3.12", files, layered) == ""


@pytest.mark.parametrize(
    ("handler", "runtime", "files", "sentence"),
    [
        ("app", "python3.12", {"app.py": ""}, "names no function; write <file>.<function>"),
        ("app.handle", "python3.12", {"app.py": "def handler(): handle = 1"}, "names handle, which app.py does not have; correct one of them"),
        ("app.handler", "python3.12", {"main.py": ""}, "is for the runtime python3.12, and the source has no app.py; add it or correct handler or runtime"),
        ("app.handler", "python3.12", {"lib/app.so": ""}, "the source has no app.py"),
        ("app.handler", "python3.12", {"app.js": ""}, "the source has no app.py"),
        ("app.handler", "python3.12", {"app.py": "def handler(:"}, "needs app.py, which is no Python of python3.12 ("),
        ("index", "nodejs22.x", {"index.js": ""}, "names no function"),
        ("index.handler", "nodejs22.x", {"app.py": ""}, "names index.js, .mjs or .cjs, and the source has none of them"),
        ("src/index.handler", "nodejs22.x", {"index.js": ""}, "names src/index.js, .mjs or .cjs"),
        ("x", "provided.al2023", {"app": ""}, "is for the runtime provided.al2023, and the source has no bootstrap; add it or"),
    ],
)  # fmt: skip
def test_what_is_not_there(handler: str, runtime: str, files: dict[str, str], sentence: str) -> None:
    assert sentence in problem(handler, runtime, files)


@pytest.mark.parametrize(
    ("handler", "runtime", "files", "layered"),
    [
        ("index.handler", "nodejs22.x", {"index.mjs": ""}, {}),
        ("src/index.a.b", "nodejs24.x", {"src/index.cjs": ""}, {}),
        ("index.handler", "nodejs22.x", {}, {"nodejs/node_modules/index/index.js": ""}),
        ("x", "provided.al2023", {"bootstrap": ""}, {}),
        ("x", "provided.al2023", {}, {"bootstrap": ""}),
        ("A::b", "java21", {}, {}),
        # Only that Python knows whether it can read it.
        ("app.handler", NEXT, {"app.py": "new syntax"}, {}),
    ],
)
def test_what_is_there_or_not_looked_at(handler: str, runtime: str, files: dict, layered: dict) -> None:
    assert problem(handler, runtime, files, layered) == ""
