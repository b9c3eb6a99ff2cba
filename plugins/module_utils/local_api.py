# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The deployed APIs on 127.0.0.1: a third server, which lives and dies with the embedded AWS, and the tokens that it takes."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils import local_aws
from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import HOST, LocalAws, LocalAwsError

SERVE = local_aws.Server("serve", "serve", "site_builder_serve_port", "/_serve/apis")
CLIENT = "site-builder-serve"
# The longest that Cognito has.
TOKEN_SECONDS = 86_400
# With these a caller says who they are to AWS, and by which way they reach it.
CALLERS = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "REQUESTS_CA_BUNDLE")


class LocalApi(LocalAws):
    """The server of one embedded AWS."""

    def serve(self, server: str, port: int, bedrock: str) -> tuple[bool, str]:
        """Reuse the server that runs, or start one. port: 0 is the one it has, else any free one. Returns its URL."""
        local_aws._require_packages({**local_aws.PACKAGES, "airspeed": "airspeed-ext"})
        if self.running() is None:
            raise LocalAwsError(
                f"nothing is deployed on this machine: no embedded AWS runs in {self.directory}; deploy first, with `make demo` "
                "or ansible-playbook deploy.yml and -e site_builder_target=local"
            )
        with self._locked():
            state = self._read() or {}
            held = state.get("serve") or {}
            is_alive = bool(held) and bool(local_aws._alive({"serve": held["process"]}))
            if is_alive and held["bedrock"] == bedrock and port in (0, held["port"]):
                with contextlib.suppress(OSError):
                    self.apis(held["url"])
                    return False, held["url"]
            if is_alive and port in (0, held["port"]):
                self._stop(held)
                is_alive = False
            # A port that is taken is told of before anything ends.
            with self._listening(port, held.get("port", 0)) as sock:
                if is_alive:
                    self._stop(held)
                state["serve"] = self._start(sock, server, bedrock, state["account_id"])
            self._write(state)
            url = state["serve"]["url"]
            try:
                self.apis(url)
            except OSError as error:
                log = self._log(SERVE)
                raise LocalAwsError(
                    f"the server gave no answer ({error}); the last line of {log} is: {local_aws._last_line(log)}"
                ) from error
            return True, url

    @staticmethod
    def _stop(held: dict[str, Any]) -> None:
        """End the server, which holds nothing that is lost."""
        pid = held["process"]["pid"]
        local_aws._signal_group(pid, signal.SIGTERM)
        local_aws._wait_for_end([pid])
        local_aws._signal_group(pid, signal.SIGKILL)

    @staticmethod
    def _listening(port: int, before: int) -> socket.socket:
        """Listen on this port; where it is 0, on the one that it was before, so that what was pasted stays true, or on any."""
        with contextlib.suppress(LocalAwsError):
            return local_aws._listen(SERVE, port or before, HOST)
        return local_aws._listen(SERVE, port, HOST)

    def served(self) -> str:
        """The URL of the server that runs; empty when none does."""
        held = (self._read() or {}).get("serve")
        return held["url"] if held and local_aws._alive({"serve": held["process"]}) else ""

    def apis(self, url: str) -> list[dict[str, Any]]:
        """What the server has found in the embedded AWS."""
        return json.loads(local_aws._request(url + SERVE.health_path, self.timeout))

    def _start(self, sock: socket.socket, server: str, bedrock: str, account_id: str) -> dict[str, Any]:
        with open(self._log(SERVE), "ab", opener=local_aws._private) as log:
            fd, taken = sock.fileno(), sock.getsockname()[1]
            process = subprocess.Popen(
                [sys.executable, server, str(fd), bedrock],
                cwd=self.directory,
                env=self._environment(account_id, taken, bedrock),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[fd],
                start_new_session=True,
            )
        started = {"pid": process.pid, "started": local_aws.started_at(process.pid)}
        return {"url": f"http://{HOST}:{taken}", "port": taken, "bedrock": bedrock, "process": started}

    def _environment(self, account_id: str, port: int, bedrock: str) -> dict[str, str]:
        environment = local_aws._environment(self.directory, account_id, port)
        if bedrock != "aws":
            return environment
        kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
        return kept | {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name in CALLERS}

    # --- tokens

    def header_file(self, user: str, api: dict[str, Any], scopes: list[str]) -> tuple[Path, str] | None:
        """A file with the header that curl sends for this user, and the token in it; None where the API wants none.

        scopes: of the token; empty: all that the API's methods name.
        """
        if not api["pools"]:
            return None
        named = sorted({scope for route in api["routes"] for scope in route["scopes"]})
        token = self.token(user, api["pools"][0], scopes or named)
        folder = self.directory / "tokens"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / f"{user}@{api['name']}"
        with open(file, "w", encoding="utf-8", opener=local_aws._private) as opened:
            opened.write(f"Authorization: Bearer {token}\n")
        return file, token

    def token(self, user: str, pool_arn: str, scopes: list[str]) -> str:
        """What Cognito would give a user of this pool: an access token, or where nothing has scopes an identity token."""
        from joserfc import jwt
        from joserfc.jwk import RSAKey

        key = RSAKey.import_key((self.directory / "issuer.pem").read_bytes())
        key.ensure_kid()
        region, pool = pool_arn.split(":")[3], pool_arn.rpartition("/")[2]
        now = int(time.time())
        claims = {
            "sub": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{pool_arn}/{user}")),
            "iss": f"https://cognito-idp.{region}.amazonaws.com/{pool}",
            "origin_jti": str(uuid.uuid4()),
            "event_id": str(uuid.uuid4()),
            "auth_time": now,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        if scopes:
            claims |= {
                "token_use": "access",
                "client_id": CLIENT,
                "version": 2,
                "scope": " ".join(scopes),
                "username": user,
            }
        else:
            claims |= {"token_use": "id", "aud": CLIENT, "cognito:username": user}
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def url_of(base: str, api: dict[str, Any]) -> str:
    """Where a stage of an API answers."""
    return f"{base}/{api['name']}/{api['stage']}"


def curl(url: str, api: dict[str, Any], header_file: Path | None) -> str:
    """A command that reads something, as it can be pasted."""
    reads = [route for route in api["routes"] if route["method"] in ("GET", "ANY") and "{" not in route["path"]]
    path = min((route["path"] for route in reads), default="/")
    header = ["-H", f"@{header_file}"] if header_file else []
    return shlex.join(["curl", *header, f"{url}{path}"])
