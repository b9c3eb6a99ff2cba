# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a package holds what its function's handler names, as the runtime will look for it."""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Callable, Iterator, Mapping

# Reads a file of a package.
Read = Callable[[], bytes]
NODE_SUFFIXES = ("", ".js", ".mjs", ".cjs")
# With these a module makes names that nobody finds by reading it.
_DYNAMIC = {"__getattr__", "exec", "globals", "setattr", "vars"}


def handler_problem(handler: str, runtime: str, files: Mapping[str, Read], layered: Mapping[str, Read]) -> str:
    """Return what is wrong with a handler, as the end of a sentence, or nothing. files: of the function; layered: of its layers.

    Python is read; of Node the file is looked for; a runtime of one's own starts with bootstrap; others are not looked at.
    """
    if python := re.fullmatch(r"python3\.(\d+)", runtime):
        places = (f"python/lib/{runtime}/site-packages/", "python/")
        importable = {
            name.removeprefix(place): read
            for place in places
            for name, read in layered.items()
            if name.startswith(place)
        }
        return _python(handler, runtime, int(python[1]), {**importable, **files})
    if runtime.startswith("nodejs"):
        return _node(handler, files, layered)
    if runtime.startswith("provided") and not {*files, *layered} & {"bootstrap"}:
        return f"is for the runtime {runtime}, and the source has no bootstrap; add it or correct the runtime"
    return ""


def _python(handler: str, runtime: str, minor: int, files: Mapping[str, Read]) -> str:
    module, dot, name = handler.rpartition(".")
    stem = module.replace(".", "/")
    if not dot or not stem:
        return "names no function; write <file>.<function>"
    path = next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in files), None)
    if not path:
        if any(posixpath.dirname(found) == posixpath.dirname(stem) and _is_compiled(found, stem) for found in files):
            return ""
        return f"is for the runtime {runtime}, and the source has no {stem}.py; add it or correct handler or runtime"
    try:
        tree = ast.parse(files[path](), feature_version=(3, minor))
    except (SyntaxError, ValueError) as error:
        # This Python cannot judge what a later one has learned.
        return (
            ""
            if minor > sys.version_info.minor
            else f"needs {path}, which is no Python of {runtime} ({error}); correct it"
        )
    names = set(_names(tree))
    return (
        ""
        if name in names or names & {"*", *_DYNAMIC}
        else f"names {name}, which {path} does not have; correct one of them"
    )


def _is_compiled(path: str, stem: str) -> bool:
    return path.startswith(f"{stem}.") and path.endswith((".so", ".pyc"))


def _names(node: ast.AST) -> Iterator[str]:
    """What the top of a module binds, also under if and try, and what it calls by name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
            continue
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in child.names)
        elif isinstance(child, ast.Name) and (isinstance(child.ctx, ast.Store) or child.id in _DYNAMIC):
            yield child.id
        yield from _names(child)


def _node(handler: str, files: Mapping[str, Read], layered: Mapping[str, Read]) -> str:
    folder, _, name = handler.rpartition("/")
    stem, dot, _function = name.partition(".")
    if not dot:
        return "names no function; write <file>.<function>"
    path = posixpath.join(folder, stem)
    modules = (f"node_modules/{path}/", f"node_modules/{path}.")
    found = any(f"{path}{suffix}" in files for suffix in NODE_SUFFIXES) or any(
        one.startswith((*modules, *(f"nodejs/{module}" for module in modules))) for one in (*files, *layered)
    )
    return (
        ""
        if found
        else f"names {path}.js, .mjs or .cjs, and the source has none of them; add one or correct the handler"
    )
