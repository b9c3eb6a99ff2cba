"""Processes in which a function runs: one event at a time each, gone after a crash or a timeout.

A process and the server talk over a socket: four bytes of length, then JSON. The child says "ready", or why it is not; then each
event is answered by one message.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: as long as a function may take to begin.
INIT_SECONDS = 10.0


@dataclass
class Outcome:
    """What a run has returned. error: empty, or as X-Amz-Function-Error has it."""

    payload: bytes
    error: str = ""
    version: str = ""


@dataclass(frozen=True)
class Program:
    """How to start one."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path


class Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process, reader: Any, writer: Any) -> None:
        self.process, self._reader, self._writer = process, reader, writer
        self.idle_since = time.monotonic()
        self.is_ready = False

    @classmethod
    async def start(cls, program: Program) -> Worker:
        """Start a process in the server's group, so that nothing outlives the server."""
        ours, theirs = socket.socketpair()
        with theirs, open(program.log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=program.folder,
                env={**program.environment, "_SITE_BUILDER_SOCKET": str(theirs.fileno())},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    async def read(self) -> dict[str, Any]:
        """The next message."""
        size = struct.unpack(">I", await self._reader.readexactly(4))[0]
        return json.loads(await self._reader.readexactly(size))

    async def send(self, message: dict[str, Any]) -> None:
        """Hand over an event."""
        text = json.dumps(message).encode()
        self._writer.write(struct.pack(">I", len(text)) + text)
        await self._writer.drain()

    async def end(self) -> int:
        """Make sure that it is gone; how it ended."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        self._writer.close()
        return await self.process.wait()


class Pool:
    """The processes of one version of a function."""

    def __init__(self, program: Program, most: int) -> None:
        self._program = program
        self._free = asyncio.Semaphore(most)
        self._idle: list[Worker] = []
        self._busy = 0

    async def invoke(self, event: bytes, facts: dict[str, str], timeout: float) -> Outcome:
        """Run once. facts: what its context says of this one."""
        async with self._free:
            self._busy += 1
            try:
                return await self._run(event, facts, timeout)
            finally:
                self._busy -= 1

    async def retire(self, seconds: float) -> bool:
        """End those that have been idle so long; False when none is left."""
        old = [one for one in self._idle if time.monotonic() - one.idle_since > seconds]
        self._idle = [one for one in self._idle if one not in old]
        for worker in old:
            await worker.end()
        return bool(self._idle or self._busy)

    async def _run(self, event: bytes, facts: dict[str, str], timeout: float) -> Outcome:
        # One that has ended meanwhile, such as by the system for want of memory, serves nobody.
        self._idle = [one for one in self._idle if one.process.returncode is None]
        worker = self._idle.pop() if self._idle else await Worker.start(self._program)
        request = facts["aws_request_id"]
        is_whole = False
        try:
            if not worker.is_ready:
                # Who has not begun in time begins once more, within the timeout: so both together.
                async with asyncio.timeout(INIT_SECONDS + timeout):
                    said = await worker.read()
                if "failed" in said:
                    return Outcome(json.dumps(said["failed"]).encode(), "Unhandled")
                worker.is_ready = True
            async with asyncio.timeout(timeout):
                deadline = int((time.time() + timeout) * 1000)
                await worker.send({"event": event.decode(), "context": {**facts, "deadline": deadline}})
                said = await worker.read()
            is_whole = True
            if "failed" in said:
                return Outcome(json.dumps(said["failed"]).encode(), "Unhandled")
            return Outcome(said["result"].encode())
        except TimeoutError:
            return _error("Sandbox.Timedout", f"RequestId: {request} Error: Task timed out after {timeout:.2f} seconds")
        except (asyncio.IncompleteReadError, ConnectionError):
            return _error(
                "Runtime.ExitError", f"RequestId: {request} Error: Runtime exited with {_how(await worker.end())}"
            )
        finally:
            if is_whole:
                worker.idle_since = time.monotonic()
                self._idle.append(worker)
            else:
                await asyncio.shield(worker.end())


def _error(kind: str, message: str) -> Outcome:
    return Outcome(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")


def _how(code: int) -> str:
    if code < 0:
        return f"error: signal: {signal.strsignal(-code) or -code}".lower()
    return f"error: exit status {code}" if code else "no error"
