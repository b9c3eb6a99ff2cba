"""Hand out the packages that moto holds: what AWS calls the Location of a function's code or of a layer's content.

AWS keeps a copy of a package, and gives a link to it that needs no signature. moto keeps the copy and gives a link that leads
nowhere.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable, Iterable
from typing import Any

from moto.awslambda.models import lambda_backends

PREFIX = "/_code/"


def location(sha256: str) -> str:
    """The link to the package with this CodeSha256."""
    return f"http://127.0.0.1:{os.environ.get('MOTO_PORT', '')}{PREFIX}{b64decode(sha256).hex()}"


def _held(sha256: str) -> bytes | None:
    for account in list(lambda_backends.values()):
        for backend in list(account.values()):
            for function in list(backend._lambdas._functions.values()):
                for one in (function["latest"], *function["versions"]):
                    if b64decode(one.code_sha_256).hex() == sha256:
                        return one.code_bytes
            for layer in list(backend._layers._layers.values()):
                for version in list(layer.layer_versions.values()):
                    if b64decode(version.code_sha_256).hex() == sha256:
                        return version.code_bytes
    return None


class Packages:
    """A WSGI application in front of another one."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request for a package, hand on any other."""
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        package = _held(path.removeprefix(PREFIX))
        if package is None:
            start_response("404 Not Found", [("Content-Length", "0")])
            return []
        start_response("200 OK", [("Content-Type", "application/zip"), ("Content-Length", str(len(package)))])
        return [package]
