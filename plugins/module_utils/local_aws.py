# Copyright (c) 2026 BBWS
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded AWS: two local servers that live and die together, described by one state file."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOST, ANYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - only where local_aws_host says so
STOP_SECONDS = 5
PROC = Path("/proc")
# Of the caller's environment only what Python needs to find itself. AWS_*, PYTHON*, proxies and the
# short names that ministack reads (AUTH, SERVICES, USE_SSL, ...) stay outside.
INHERITED = ("PATH", "HOME", "LD_LIBRARY_PATH")
# ... and what an account is like: roles/local_aws/README.md has them.
ACCOUNT_SETTINGS = (
    "LOCAL_AWS_API_TIMEOUT_MS",
    "LOCAL_AWS_LAMBDA_CONCURRENCY",
    "LOCAL_AWS_NO_SERVICE_LINKED_ROLES",
    "LOCAL_AWS_REGIONS_OFF",
)

# Loopback never goes through a proxy, whatever the environment says.
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclasses.dataclass(frozen=True)
class Server:
    """One of the two emulators."""

    name: str
    endpoint: str
    port_variable: str
    health_path: str


MOTO = Server("moto", "default", "local_aws_port", "/moto-api/")
MINISTACK = Server("ministack", "dynamodb", "local_aws_dynamodb_port", "/_ministack/health")
SERVERS = (MOTO, MINISTACK)
PACKAGES = {"moto": "moto", "flask_cors": "moto[server]", "ministack": "ministack"}


class LocalAwsError(Exception):
    """A sentence for the user."""


class LocalAws:
    """The instance that belongs to one work directory."""

    def __init__(self, work_dir: str, timeout: int) -> None:
        self.directory = Path(work_dir).absolute() / "local_aws"
        self.state_file = self.directory / "state.json"
        self.timeout = timeout

    def start(
        self,
        launcher: str,
        account_id: str,
        ports: dict[str, int],
        regions: list[str],
        user_pool_name: str,
        host: str = HOST,
        names: Sequence[str] = (),
    ) -> tuple[bool, dict[str, Any]]:
        """Reuse the running instance or start one. Ports are by endpoint, 0 is any free one.

        host: the address on which both servers listen. names: by which they may be called, beside that address.
        """
        if host == ANYWHERE and not names:
            raise LocalAwsError(
                f"local_aws_host is {ANYWHERE}, every address of this machine, and local_aws_names is empty: name in it by "
                "which names and addresses jobs reach this machine; requests for any other one are refused"
            )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            before = self.running()
            if before:
                self._refuse_other_settings(before, account_id, ports, host)
                state = before
            else:
                self._end()
                state = self._launch(launcher, account_id, ports, host, names)
            pools = {
                region: self._user_pool_arn(state["endpoints"]["default"], region, user_pool_name) for region in regions
            }
            after = {**state, "cognito_user_pool_arns": state["cognito_user_pool_arns"] | pools}
            if after != before:
                self._write(after)
            return after != before, after

    def join(self, endpoint: str, account_id: str, regions: list[str], user_pool_name: str) -> dict[str, Any]:
        """Use an embedded AWS that somebody else has started, here or elsewhere, and leave its processes alone."""
        host = urlsplit(endpoint).hostname
        try:
            told = json.loads(_request(f"{endpoint.rstrip('/')}/_site_builder", self.timeout))
            endpoints = {name: f"http://{host}:{int(port)}" for name, port in told["ports"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LocalAwsError(
                f"site_builder_local_endpoint is {endpoint}, and no embedded AWS of this collection answers there "
                f"({_reason(error)}): start one with playbooks/local_aws_up.yml, or correct the URL"
            ) from error
        if told["account_id"] != account_id:
            raise LocalAwsError(
                f"the embedded AWS at {endpoint} is the account {told['account_id']}, and this run is for {account_id}: start "
                f"another one with local_aws_account_id={account_id}"
            )
        for server in SERVERS:
            try:
                _request(endpoints[server.endpoint] + server.health_path, self.timeout)
            except (OSError, KeyError) as error:
                raise LocalAwsError(
                    f"the embedded AWS at {endpoint} answers, and its {server.name} at "
                    f"{endpoints.get(server.endpoint, 'no port')} does not ({_reason(error)}): let this machine reach that port, "
                    "too, which local_aws_port and local_aws_dynamodb_port choose"
                ) from error
        pools = {
            region: self._user_pool_arn(endpoints["default"], region, user_pool_name, endpoint) for region in regions
        }
        return {"account_id": account_id, "endpoints": endpoints, "processes": {}, "cognito_user_pool_arns": pools}

    def stop(self) -> bool:
        """End the instance. Returns whether anything was running."""
        if not self.state_file.exists():
            return False
        with self._locked():
            return self._end()

    def running(self) -> dict[str, Any] | None:
        """Return the state of the instance when both servers are alive and answer."""
        state = self._read()
        if state and len(_alive(state["processes"])) == len(SERVERS):
            with contextlib.suppress(LocalAwsError):
                self._check_health(state)
                return state
        return None

    def _refuse_other_settings(self, state: dict[str, Any], account_id: str, ports: dict[str, int], host: str) -> None:
        """Both servers keep everything in memory: starting them anew is the user's decision."""
        pairs = [("local_aws_account_id", account_id, state["account_id"])]
        if host != HOST:  # a run that only wants an AWS takes it wherever it listens
            pairs.append(("local_aws_host", _reached(host), urlsplit(state["endpoints"]["default"]).hostname))
        for server in SERVERS:
            actual = int(state["endpoints"][server.endpoint].rpartition(":")[2])
            pairs.append((server.port_variable, ports[server.endpoint] or actual, actual))
        for variable, wanted, actual in pairs:
            if wanted != actual:
                raise LocalAwsError(
                    f"{variable} is {wanted}, but the embedded AWS in {self.directory} runs with "
                    f"{actual}: stop it first (`make demo-down`), or set {variable} to {actual}."
                )

    def _launch(
        self, launcher: str, account_id: str, ports: dict[str, int], host: str, names: Sequence[str]
    ) -> dict[str, Any]:
        _require_packages()
        state: dict[str, Any] = {
            "account_id": account_id,
            "endpoints": {},
            "processes": {},
            "cognito_user_pool_arns": {},
        }
        try:
            with contextlib.ExitStack() as stack:
                # Both ports are ours before the first server starts.
                sockets = [stack.enter_context(_listen(server, ports[server.endpoint], host)) for server in SERVERS]
                bound = {server.endpoint: sock.getsockname()[1] for server, sock in zip(SERVERS, sockets, strict=True)}
                known = {
                    "LOCAL_AWS_NAMES": " ".join(dict.fromkeys([HOST, "localhost", _reached(host), *names])),
                    "LOCAL_AWS_PORTS": json.dumps(bound),
                }
                for server, sock in zip(SERVERS, sockets, strict=True):
                    state["endpoints"][server.endpoint] = f"http://{_reached(host)}:{bound[server.endpoint]}"
                    state["processes"][server.name] = self._spawn(server, sock, launcher, account_id, known)
                    self._write(state)
            self._check_health(state)
        except BaseException:
            self._end()
            raise
        return state

    def _spawn(
        self, server: Server, sock: socket.socket, launcher: str, account_id: str, known: dict[str, str]
    ) -> dict[str, Any]:
        fd, port = sock.fileno(), sock.getsockname()[1]
        script = launcher if server is MOTO else str(Path(launcher).with_name("ministack_server.py"))
        environment = _environment(self.directory, account_id, port) | known
        with open(self._log(server), "ab", opener=_private) as log:
            process = subprocess.Popen(
                [sys.executable, script, str(fd)],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[fd],
                start_new_session=True,
            )
        return {"pid": process.pid, "started": started_at(process.pid)}

    def _check_health(self, state: dict[str, Any]) -> None:
        # No polling: a request waits on the open socket until its server is up, or is reset when
        # the server dies.
        for server in SERVERS:
            try:
                _request(state["endpoints"][server.endpoint] + server.health_path, self.timeout)
            except OSError as error:
                _wait_for_end([state["processes"][server.name]["pid"]], seconds=1)  # for its log
                raise LocalAwsError(
                    f"{server.name} gave no healthy answer ({error}); the last line of "
                    f"{self._log(server)} is: {_last_line(self._log(server))}"
                ) from error

    def _user_pool_arn(self, endpoint: str, region: str, name: str, joined: str = "") -> str:
        """Return the ARN of the user pool of that name, created where it is missing."""

        def call(action: str, **parameters: Any) -> dict[str, Any]:
            # Plain HTTP instead of boto3: importing boto3 takes longer than all the rest of a
            # start that finds everything running, and half of AWS_* would bend it.
            # moto takes the region from the credential scope and checks no signature.
            return json.loads(
                _request(
                    endpoint,
                    self.timeout,
                    json.dumps(parameters).encode(),
                    {
                        "Content-Type": "application/x-amz-json-1.1",
                        "X-Amz-Target": f"AWSCognitoIdentityProviderService.{action}",
                        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20250101/"
                        f"{region}/cognito-idp/aws4_request, SignedHeaders=host, Signature=0",
                    },
                )
            )

        try:
            for pool in call("ListUserPools", MaxResults=60)["UserPools"]:
                if pool["Name"] == name:
                    return call("DescribeUserPool", UserPoolId=pool["Id"])["UserPool"]["Arn"]
            return call("CreateUserPool", PoolName=name)["UserPool"]["Arn"]
        except OSError as error:
            raise LocalAwsError(
                f"No Cognito user pool {name} in region {region!r} of the embedded AWS: {error}. "
                f"Is every entry of local_aws_regions an AWS region? See {joined or self._log(MOTO)}."
            ) from error

    def _log(self, server: Server) -> Path:
        return self.directory / f"{server.name}.log"

    def _read(self) -> dict[str, Any] | None:
        try:
            return json.loads(self.state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise LocalAwsError(
                f"{self.state_file} is not JSON ({error}): end the servers that it described, if "
                "they still run, and delete the file."
            ) from error

    def _write(self, state: dict[str, Any]) -> None:
        draft = self.state_file.with_suffix(".new")
        with open(draft, "w", encoding="utf-8", opener=_private) as file:
            json.dump(state, file, indent=2)
        draft.replace(self.state_file)

    def _end(self) -> bool:
        """End what the state file describes, and forget it."""
        state = self._read()
        if state is None:
            return False
        # The server of playbooks/serve.yml goes with the AWS that it reads; see local_api.py.
        served = {"serve": state["serve"]["process"]} if state.get("serve") else {}
        alive = _alive({**served, **state["processes"]})
        for pid in alive:
            _signal_group(pid, signal.SIGTERM)
        _wait_for_end(alive)
        for pid in alive:
            _signal_group(pid, signal.SIGKILL)  # the stubborn, and children left behind
        _wait_for_end(alive)
        self.state_file.unlink()
        return bool(alive)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one start or stop at a time touch the instance."""
        path = self.directory / "lock"
        deadline = time.monotonic() + self.timeout + STOP_SECONDS
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise LocalAwsError(
                            f"Another start or stop of the embedded AWS has held {path} for more "
                            f"than {self.timeout} s: end it, then try again."
                        ) from error
                    time.sleep(0.05)
            yield


def started_at(pid: int) -> str | None:
    """Return when the process began, as the system words it; None when it has ended.

    With the pid this identifies a process: a pid alone may by now belong to somebody else.
    """
    if (PROC / "self/stat").exists():
        try:
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.strip() or None


def _alive(processes: dict[str, dict[str, Any]]) -> list[int]:
    return [
        process["pid"]
        for process in processes.values()
        if process["started"] and started_at(process["pid"]) == process["started"]
    ]


def _signal_group(pid: int, number: int) -> None:
    # Each server leads its own session, so its group is the server and its children.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _wait_for_end(pids: list[int], seconds: int = STOP_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while any(started_at(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):  # only a failed start ends its own children
            os.waitpid(pid, os.WNOHANG)


def _require_packages(packages: dict[str, str] = PACKAGES) -> None:
    for module, package in packages.items():
        if importlib.util.find_spec(module) is None:
            raise LocalAwsError(
                f"{package} is not installed for {sys.executable}: run `make demo`, or "
                f"`{sys.executable} -m pip install 'moto[server]' ministack airspeed-ext`."
            )


def _reached(host: str) -> str:
    """The address at which this machine itself reaches what listens there."""
    return HOST if host == ANYWHERE else host


def _reason(error: Exception) -> str:
    """What there is to say of a failed request; an answer of HTTP may explain itself."""
    if isinstance(error, urllib.error.HTTPError):
        return error.read(500).decode(errors="replace").strip() or str(error)
    return str(error) or repr(error)


def _listen(server: Server, port: int, host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a stopped one is not in use
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        if error.errno == errno.EADDRNOTAVAIL:
            raise LocalAwsError(
                f"local_aws_host is {host}, which is no address of this machine: name one of its own"
            ) from error
        raise LocalAwsError(
            f"{server.port_variable} is {port}, but port {port} of {host} {reason}: set "
            f"{server.port_variable} to a free port, or to 0 to have one chosen."
        ) from error
    return sock


def _environment(directory: Path, account_id: str, port: int) -> dict[str, str]:
    return {name: os.environ[name] for name in (*INHERITED, *ACCOUNT_SETTINGS) if name in os.environ} | {
        "TMPDIR": str(directory),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # the collection may be read-only
        "PYTHONUNBUFFERED": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "MOTO_ACCOUNT_ID": account_id,
        "MOTO_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": account_id,
        "GATEWAY_PORT": str(port),
        "SERVICES": "dynamodb",
        "LOG_LEVEL": "WARNING",
        # ministack would open port 8883, and remove containers that it believes to be its own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///dev/null",
    }


def _request(url: str, timeout: int, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    try:
        with _http.open(urllib.request.Request(url, body, headers or {}), timeout=timeout) as reply:
            return reply.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"not an HTTP answer: {error!r}") from error


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "(empty)")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
