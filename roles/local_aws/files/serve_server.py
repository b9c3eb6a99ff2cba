"""Serve the deployed APIs on a listening socket inherited from the caller. See aws_serve.

Usage: python serve_server.py FD stub|aws, in the folder of the embedded AWS
"""

from __future__ import annotations

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aws_serve.app import App
from aws_serve.deployed import Aws, Deployed
from aws_serve.functions import Functions
from aws_serve.tokens import key_of
from hypercorn.asyncio import serve
from hypercorn.config import Config


async def run(fd: int, bedrock_at: str) -> None:
    """Serve until a signal ends the process."""
    with socket.socket(fileno=socket.dup(fd)) as bound:
        host, port = bound.getsockname()
    folder = Path.cwd()
    # Threads wait, for the embedded AWS and for Bedrock; the default is a number for those that work.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
    aws = Aws(folder / "state.json")
    functions = Functions(aws, folder / "serve", f"http://{host}:{port}")
    config = Config()
    config.bind = [f"fd://{fd}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 1
    await serve(App(aws, Deployed(aws), functions, key_of(folder / "issuer.pem"), bedrock_at), config, mode="asgi")


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2]))
