"""Serve moto, with our gaps closed and behind our gate, on a listening socket inherited from the caller.

Usage: python moto_server.py FD

An open socket, rather than a port number, because nobody can take it between choosing and serving,
and because requests queue on it from the start, so that waiting for the server needs no polling.
"""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aws_rules
import moto.cognitoidp.models as pools
import moto_code
import moto_gaps
from aws_call import Answer
from aws_gate import UNREADABLE, WHO, Gate, misdirected, who
from moto.core.request import Request
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

Environ = dict[str, Any]


class Gated:
    """moto's application behind the gate."""

    def __init__(self, gate: Gate, application: Callable[..., Iterable[bytes]]) -> None:
        self.gate, self.application = gate, application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        refused = self._refused(environ)
        if refused is None:
            return self.application(environ, start_response)
        status, headers, body = refused
        start_response(f"{status} {HTTPStatus(status).phrase}", [*headers.items(), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _refused(self, environ: Environ) -> Answer | None:
        if refused := misdirected(environ.get("HTTP_HOST", "")):
            return refused
        if environ["PATH_INFO"] == WHO:
            return who()
        if "HTTP_AUTHORIZATION" not in environ:
            return None
        request = Request(_with_body(environ))
        try:
            call = self.gate.read(request)
        except UNREADABLE as error:
            self.gate.unreadable(request, error)
            return None
        return self.gate.refuse(call) if call else None


def _with_body(environ: Environ) -> Environ:
    """Return the request once more, with a body of its own: both the gate and moto read it."""
    if environ.pop("HTTP_TRANSFER_ENCODING", ""):
        body = environ["wsgi.input"].read()  # in chunks, of which werkzeug knows the end
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return {**environ, "wsgi.input": io.BytesIO(body)}


def name_pools() -> None:
    """A pool's id follows from its name, so that the definition of an API needs no server to ask."""
    original = pools.generate_id

    def generate_id(strategy: str, *names: str) -> str:
        return "local" if len(names) == 3 and names[1] == "site-builder" else original(strategy, *names)

    pools.generate_id = generate_id


def main(fd: int) -> None:
    """Serve until a signal ends the process."""
    listening = socket.socket(fileno=fd)  # kept: it closes with its last reference
    host, port = listening.getsockname()
    moto_gaps.apply()
    aws_rules.load()
    name_pools()
    # AWS has its managed policies in every account; bootstrap.yml attaches one.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    gate = Gate("moto", Path.cwd(), os.environ["MOTO_ACCOUNT_ID"])
    make_server(
        host,
        port,
        Gated(gate, moto_code.Packages(DomainDispatcherApplication(create_backend_app))),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=fd,
    ).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
