"""Between a run and its embedded AWS: counts the calls, and at chosen ones does what networks and machines do.

Terraform, its backend and our modules all come through here, since the work directory's state.json names these ports.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_READS = ("Describe", "Get", "List", "Head", "Query", "Scan", "BatchGet", "Lookup")
# Of an emulator that takes its time; a hanging network is our own doing.
_TIMEOUT = 120
HANG_SECONDS = 12


@dataclass(frozen=True)
class Call:
    """One request: what it asks for, and its number among all calls and among those that write (0: it does not)."""

    name: str
    number: int
    write: int


class Proxy:
    """All calls of one world. `before` and `after` are asked at each call, the latter when AWS has done it and before its answer goes
    back; they run in the thread of the call, and return the name of a fault, or None."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.lock = threading.Lock()
        self.calls = self.writes = 0
        self.before: Callable[[Call], str | None] = lambda _call: None
        self.after: Callable[[Call], str | None] = lambda _call: None
        self.servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def begin(self) -> None:
        """Count from one again, and do nothing to any call."""
        with self.lock:
            self.calls = self.writes = 0
            self.before = self.after = lambda _call: None

    def note(self, name: str, writes: bool) -> Call:
        with self.lock:
            self.calls += 1
            self.writes += writes
            call = Call(name, self.calls, self.writes if writes else 0)
            with open(self.record, "a", encoding="utf-8") as record:
                record.write(f"{time.time():.3f} {call.number} {call.write} {name}\n")
            return call

    @contextmanager
    def in_front_of(self, state_file: Path) -> Iterator[None]:
        """Stand there until the end; the file is as it was afterwards."""
        text = through = state_file.read_text()
        for upstream in sorted(set(json.loads(text)["endpoints"].values())):
            server = ThreadingHTTPServer(
                ("127.0.0.1", 0), type("One", (Handler,), {"upstream": upstream, "proxy": self})
            )
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            self.servers.append((server, thread))
            through = through.replace(upstream, f"http://127.0.0.1:{server.server_port}")
        state_file.write_text(through)
        try:
            yield
        finally:
            if state_file.exists():
                state_file.write_text(text)
            for server, thread in self.servers:
                server.shutdown()
                thread.join()
                server.server_close()
            self.servers.clear()


class Handler(BaseHTTPRequestHandler):
    """Passes one request on."""

    protocol_version = "HTTP/1.1"
    upstream: str
    proxy: Proxy

    def do_POST(self) -> None:
        body = self._body()
        call = self.proxy.note(*self._asked(body))
        fault = self.proxy.before(call)
        if fault:
            self._fail(fault)
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in DROPPED}
        upstream = HTTPConnection(self.upstream.removeprefix("http://"), timeout=_TIMEOUT)
        try:
            upstream.request(self.command, self.path, body, headers)
            response = upstream.getresponse()
            text = response.read()
        except OSError:  # the emulator has gone
            self._fail("reset")
            return
        finally:
            upstream.close()
        fault = self.proxy.after(call)
        if fault in ("truncated", None):
            self._answer(response.status, text, dict(response.headers), short=bool(fault))
        else:
            self._fail(fault)

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the names of http.server

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _asked(self, body: bytes) -> tuple[str, bool]:
        target = self.headers.get("X-Amz-Target", "")
        action = _ACTION.search(body) if "form-urlencoded" in self.headers.get("Content-Type", "") else None
        if target or action:
            name = target.partition(".")[2] or action[1].decode()
            return name, not name.startswith(_READS) and name != "AssumeRole"
        return f"{self.command} {self.path.partition('?')[0]}", self.command not in ("GET", "HEAD")

    def _answer(self, status: int, body: bytes, headers: dict[str, str], short: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in (*DROPPED, "date", "server"):
                self.send_header(name, value)
        # What HEAD tells of an object is its length, and no body follows.
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if short else body)
        if short:
            self._hang_up()

    def _fail(self, fault: str) -> None:
        if fault == "hang":
            time.sleep(HANG_SECONDS)
        if fault == "unavailable":
            said = b"<Error><Code>ServiceUnavailable</Code><Message>Reduce your request rate</Message></Error>"
            if self.headers.get("X-Amz-Target") or "json" in self.headers.get("Content-Type", ""):
                said = b'{"__type": "ServiceUnavailable", "message": "Reduce your request rate"}'
            self._answer(
                503, said, {"Content-Type": "application/xml" if said[:1] == b"<" else "application/x-amz-json-1.0"}
            )
            return
        self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        # A reset, not an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # whoever asked has been killed
            self.close_connection = True

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def log_message(self, *_arguments: Any) -> None:
        pass


DROPPED = ("transfer-encoding", "connection", "content-length", "expect")
