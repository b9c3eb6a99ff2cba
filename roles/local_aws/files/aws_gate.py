"""Stand before an emulator: note what is called, deny what a test wants denied, refuse what AWS refuses.

Both servers have a gate, which uses two files in the directory in which they run:

- ``<server>.calls``: each operation that was called, once, as ``service Operation``, in the order of the first calls.
  Whoever deletes it starts a new record.
- ``deny.json``, written by a test: a list of ``{"service": ..., "operation": ...}``, "*" being all. Further keys: ``code``
  (AWS's code for a denial), ``message``, ``status``, ``times`` (how often, else always; each server counts for itself),
  ``containing`` (text in the request's parameters as JSON). A file that changes starts its counts anew.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import aws_model
import aws_rules
from aws_call import Answer, Call, Refusal, answer, find, parse, protocol_of, scope
from moto.core.parse import RequestParserError
from moto.core.request import Request

DENY = "deny.json"
# A denial in the words of IAM: the XML services and the JSON ones have a code each.
DENIED_XML, DENIED_JSON = "AccessDenied", "AccessDeniedException"
STATUS = {
    **dict.fromkeys((DENIED_XML, "ExpiredToken", "InvalidClientTokenId", "InvalidAccessKeyId"), 403),
    **dict.fromkeys(("InternalError", "InternalFailure", "InternalServerError", "ServiceFailure"), 500),
    **dict.fromkeys(("ServiceUnavailable", "ServiceUnavailableException", "SlowDown"), 503),
}


# What a run asks that joins an embedded AWS which it has not started.
WHO = "/_site_builder"


def misdirected(host: str) -> Answer | None:
    """Refuse a request for another name than ours: a page in a browser can point a name of its own at any address.

    AWS's SDKs may put a bucket or an account before the name.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    ours = os.environ["LOCAL_AWS_NAMES"].split()
    if any(name == known or name.endswith(f".{known}") for known in ours):
        return None
    text = f"this embedded AWS is {', '.join(ours)}, and not {name!r}: to reach it by that name, add it to local_aws_names\n"
    return 421, {"Content-Type": "text/plain; charset=utf-8"}, text.encode()


def who() -> Answer:
    """Say to a run that joins us which account we are, and where our servers listen."""
    told = {"account_id": os.environ["MOTO_ACCOUNT_ID"], "ports": json.loads(os.environ["LOCAL_AWS_PORTS"])}
    return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()


class Gate:
    """One server's."""

    def __init__(self, server: str, directory: Path, account: str) -> None:
        self.account = account
        self.calls = Calls(directory / f"{server}.calls")
        self.denials = Denials(directory / DENY)

    def read(self, request: Request) -> Call | None:
        """Understand the request and note the call; None is one that is not signed, or that no model knows."""
        signed = scope(request)
        if not signed:
            return None
        region, service = signed
        found = find(request, service)
        if not found:
            self.calls.note(f"{service} {request.method} {request.path}")
            return None
        model, path = found
        self.calls.note(f"{service} {model.name}")
        protocol = protocol_of(request, model)
        params = {} if model.has_streaming_input else parse(request, protocol, model, path)
        return Call(service, region, self.account, protocol, model, params)

    def refuse(self, call: Call) -> Answer | None:
        """Return AWS's answer to a call that it does not carry out."""
        try:
            self.denials.check(call)
            if not call.model.has_streaming_input:
                aws_model.check(call)
                aws_rules.check(call)
        except Refusal as refusal:
            print(f"{time.strftime('%H:%M:%S')} {call.service} {call.operation}: {refusal.code}: {refusal.message}")
            return answer(refusal, call)
        return None

    def unreadable(self, request: Request, error: Exception) -> None:
        """Say in the log which request passes unchecked."""
        print(f"aws_gate: {request.method} {request.path} is not checked: {error!r}")


# What the parsers raise on a request that does not fit its model: the emulator answers it.
UNREADABLE = (RequestParserError, ValueError, TypeError, AttributeError, KeyError)


class Calls:
    """The record of what was called."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.seen: set[str] = set()

    def note(self, line: str) -> None:
        """Write the line if it is the first of its kind."""
        with self.lock:
            if not self.file.exists():
                self.seen.clear()
            if line not in self.seen:
                self.seen.add(line)
                with open(self.file, "a", encoding="utf-8") as record:
                    record.write(f"{line}\n")


class Denials:
    """What a test wants denied."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.version: tuple[int, int] | None = None
        self.entries: list[dict[str, Any]] = []

    def check(self, call: Call) -> None:
        """Raise the denial of this call, if there is one."""
        with self.lock:
            self._load()
            for entry in self.entries:
                if entry.get("times", 1) > 0 and _fits(entry, call):
                    if "times" in entry:
                        entry["times"] -= 1
                    raise _denial(entry, call)

    def _load(self) -> None:
        try:
            state = self.file.stat()
        except FileNotFoundError:
            self.version, self.entries = None, []
            return
        version = (state.st_mtime_ns, state.st_ino)
        if version != self.version:
            self.version, self.entries = version, json.loads(self.file.read_text(encoding="utf-8"))


def _fits(entry: dict[str, Any], call: Call) -> bool:
    wanted = ((entry["service"], call.service), (entry["operation"], call.operation))
    return all(want in ("*", given) for want, given in wanted) and entry.get("containing", "") in json.dumps(
        call.params, default=str
    )


def _denial(entry: dict[str, Any], call: Call) -> Refusal:
    code = entry.get("code") or (DENIED_JSON if "json" in call.protocol else DENIED_XML)
    action = f"{call.service}:{call.operation}"
    message = entry.get("message") or (
        f"User: arn:aws:sts::{call.account}:assumed-role/local/local is not authorized to perform: {action} because no "
        f"identity-based policy allows the {action} action"
    )
    status = 403 if (call.protocol, code) == ("rest-json", DENIED_JSON) else STATUS.get(code, 0)
    return Refusal(code, message, entry.get("status") or status)
