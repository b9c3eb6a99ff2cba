"""Functions of moto: who runs them, and their packages, which AWS calls the Location of a function's code or a layer's content.

AWS keeps a copy of a package, and gives a link to it that needs no signature. moto keeps the copy and gives a link that leads
nowhere.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.awslambda.models import lambda_backends

PREFIX = "/_code/"
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def location(sha256: str) -> str:
    """The link to the package with this CodeSha256."""
    return f"http://127.0.0.1:{os.environ.get('MOTO_PORT', '')}{PREFIX}{b64decode(sha256).hex()}"


def run(function_arn: str, event: Any) -> tuple[str, bool, str]:
    """Have the server of playbooks/serve.yml run a function: its answer, whether that is an error, and no log."""
    served = json.loads(Path("state.json").read_text(encoding="utf-8")).get("serve")
    region = function_arn.split(":")[3]
    if served:
        request = urllib.request.Request(
            f"{served['url']}/2015-03-31/functions/{function_arn}/invocations",
            json.dumps(event).encode(),
            {"Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/lambda/aws4_request"},
        )
        try:
            with _http.open(request) as reply:
                return reply.read().decode(), "X-Amz-Function-Error" in reply.headers, ""
        except urllib.error.HTTPError as error:
            return error.read().decode(), True, ""
        except OSError:
            pass  # it has ended
    said = "functions of the embedded AWS run while playbooks/serve.yml serves them, and it does not"
    return json.dumps({"errorType": "NotServed", "errorMessage": said}), True, ""


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
