"""Serve moto, with our gaps closed, on a listening socket inherited from the caller.

Usage: python moto_server.py FD

An open socket, rather than a port number, because nobody can take it between choosing and serving,
and because requests queue on it from the start, so that waiting for the server needs no polling.
"""

from __future__ import annotations

import os
import socket
import sys

import moto.cognitoidp.models as pools
import moto_gaps
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server


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
    name_pools()
    # AWS has its managed policies in every account; bootstrap.yml attaches one.
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    make_server(
        host,
        port,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
        fd=fd,
    ).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
