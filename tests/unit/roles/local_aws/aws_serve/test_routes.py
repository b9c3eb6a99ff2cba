"""Which method answers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

PATHS = {
    "/": "GET",
    "/sites": "GET POST",
    "/sites/{id}": "GET DELETE",
    "/sites/new": "GET",
    "/sites/{id}/pages/{page}": "GET",
    "/files/{path+}": "ANY",
    "/files/index": "GET",
    "/empty": "",
}
RESOURCES = [
    {"id": path, "path": path, "resourceMethods": {verb: {"httpMethod": verb} for verb in verbs.split()}}
    for path, verbs in PATHS.items()
]


@pytest.mark.parametrize(
    ("method", "path", "resource", "parameters"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/sites", "/sites", {}),
        ("GET", "/sites/", "/sites", {}),
        ("GET", "/sites/7", "/sites/{id}", {"id": "7"}),
        # A name wins over a parameter, where it has the method; else the parameter's resource answers.
        ("GET", "/sites/new", "/sites/new", {}),
        ("DELETE", "/sites/new", "/sites/{id}", {"id": "new"}),
        ("GET", "/sites/7/pages/home", "/sites/{id}/pages/{page}", {"id": "7", "page": "home"}),
        # As AWS hands them over: not decoded.
        ("GET", "/sites/a%2Fb%20c", "/sites/{id}", {"id": "a%2Fb%20c"}),
        ("PATCH", "/files/a/b/c", "/files/{path+}", {"path": "a/b/c"}),
        ("GET", "/files/index", "/files/index", {}),
        ("PUT", "/files/index", "/files/{path+}", {"path": "index"}),
    ],
)
def test_found(serve: SimpleNamespace, method: str, path: str, resource: str, parameters: dict[str, str]) -> None:
    found = serve.routes.Routes(RESOURCES).find(method, path)
    assert (found.resource["path"], found.parameters) == (resource, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/sites"),
        ("GET", "/site"),
        ("GET", "/sites/7/pages"),
        ("GET", "/sites/7/pages/home/more"),
        ("GET", "/files"),
        ("GET", "/empty"),
        ("HEAD", "/sites"),
        ("TRACE", "/files/a"),
    ],
)
def test_not_found(serve: SimpleNamespace, method: str, path: str) -> None:
    assert serve.routes.Routes(RESOURCES).find(method, path) is None
