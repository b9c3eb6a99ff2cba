"""Functions: which version an ARN leads to, its code, and the processes in which it runs."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
import importlib.util
import json
import random
import shutil
import sys
import time
import uuid
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener
from zipfile import ZipFile

from botocore.exceptions import ClientError

from aws_serve.deployed import Aws, Fresh
from aws_serve.worker import Outcome, Pool, Program

HERE = Path(__file__).parent
# How many instances of one function run side by side here; Lambda would start more.
MOST = 8
PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
IDLE_SECONDS = 300
_http = build_opener(ProxyHandler({}))


class NotRunnableError(Exception):
    """A sentence: why this function does not run here."""


@dataclass(frozen=True)
class Name:
    """What an ARN, or whatever else Lambda takes for a name, leads to."""

    region: str
    function: str
    qualifier: str = "$LATEST"


def parse(text: str, region: str = "", qualifier: str = "") -> Name:
    """Read a name, name:qualifier, account:function:name or ARN. region and qualifier: where the text has none."""
    words = text.split(":")
    if words[0] == "arn":
        region, words = words[3], words[6:]
    elif "function" in words[:-1]:
        words = words[words.index("function") + 1 :]
    return Name(region, words[0], (words[1] if len(words) > 1 else "") or qualifier or "$LATEST")


class Functions:
    """All functions of the embedded AWS."""

    def __init__(self, aws: Aws, folder: Path, own_url: str) -> None:
        self._aws, self._folder, self._own_url = aws, folder, own_url
        self._fresh = Fresh()
        self._pools: dict[str, Pool] = {}
        self._lock = asyncio.Lock()
        self._said: set[str] = set()
        for part in ("", "code", "logs", "tmp"):
            (folder / part).mkdir(mode=0o700, exist_ok=True)
        self._packages = _link_packages(folder / "packages")

    async def invoke(self, arn: str | Name, event: bytes, request_id: str = "") -> Outcome:
        """Run the function once. Raises ClientError where there is none, NotRunnableError where it cannot be run."""
        name = parse(arn) if isinstance(arn, str) else arn
        version = await self.version(name)
        found = await self.configuration(name, version)
        config = found["Configuration"]
        pool = await self._pool(name, found)
        invoked = f"arn:aws:lambda:{name.region}:{self._aws.account}:function:{name.function}"
        facts = {
            "aws_request_id": request_id or str(uuid.uuid4()),
            "invoked_function_arn": invoked if name.qualifier == "$LATEST" else f"{invoked}:{name.qualifier}",
        }
        outcome = await pool.invoke(event, facts, float(config["Timeout"]))
        outcome.version = config["Version"]
        return outcome

    async def version(self, name: Name) -> str:
        """The version: the one that is named, or one of the alias's by their weights."""
        if name.qualifier == "$LATEST" or name.qualifier.isdigit():
            return name.qualifier
        client = self._aws.client("lambda", name.region)
        alias = await self._fresh.get(
            ("alias", name), lambda: client.get_alias(FunctionName=name.function, Name=name.qualifier)
        )
        chance = random.random()  # noqa: S311 - a share, no secret
        for version, weight in ((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}).items():
            if chance < weight:
                return version
            chance -= weight
        return alias["FunctionVersion"]

    async def configuration(self, name: Name, version: str) -> dict[str, Any]:
        """What GetFunction says of this version."""
        client = self._aws.client("lambda", name.region)
        which = {} if version == "$LATEST" else {"Qualifier": version}
        return await self._fresh.get(
            ("function", name.region, name.function, version),
            lambda: client.get_function(FunctionName=name.function, **which),
        )

    async def lets_in(self, arn: str, source: str) -> bool:
        """Whether the function's policy lets API Gateway call it for this route; without that AWS answers 500."""
        name = parse(arn)
        which = {} if name.qualifier == "$LATEST" else {"Qualifier": name.qualifier}
        client = self._aws.client("lambda", name.region)
        try:
            said = await self._fresh.get(
                ("policy", name), lambda: client.get_policy(FunctionName=name.function, **which)["Policy"]
            )
        except ClientError:
            said = '{"Statement": []}'
        if any(_lets_in(statement, arn, source) for statement in json.loads(said)["Statement"]):
            return True
        self.say(f"Invalid permissions on Lambda function: the policy of {arn} does not let {source} call it")
        return False

    async def retire(self) -> None:
        """End what has long had nothing to do, or stands for a version that is gone."""
        for key, pool in list(self._pools.items()):
            if not await pool.retire(IDLE_SECONDS):
                del self._pools[key]

    def say(self, line: str) -> None:
        """Write into the server's log, once."""
        if line not in self._said:
            self._said.add(line)
            print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)

    async def _pool(self, name: Name, found: dict[str, Any]) -> Pool:
        config = found["Configuration"]
        key = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()
        async with self._lock:
            if key not in self._pools:
                program = await asyncio.to_thread(self._program, name, found)
                reserved = (found.get("Concurrency") or {}).get("ReservedConcurrentExecutions") or MOST
                self._pools[key] = Pool(program, min(reserved, MOST))
            return self._pools[key]

    def _program(self, name: Name, found: dict[str, Any]) -> Program:
        config = found["Configuration"]
        program = self._interpreter(name, config)
        code = self._unpacked(found["Code"]["Location"], config["CodeSha256"])
        found_layers = [self._layer(name, layer["Arn"]) for layer in config.get("Layers") or []]
        layers = [layer for layer in found_layers if layer]
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name.function}"
        environment = {
            "PATH": f"{code}/bin:" + "".join(f"{layer}/bin:" for layer in layers) + "/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": ":".join([str(code), f"{code}/lib", *(f"{layer}/lib" for layer in layers)]),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(self._folder / "tmp"),
            "TMPDIR": str(self._folder / "tmp"),
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": str(HERE),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": name.function,
            "AWS_LAMBDA_FUNCTION_VERSION": config["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime(f"%Y/%m/%d/[{config['Version']}]{uuid.uuid4().hex}"),
            "AWS_LAMBDA_LOG_LEVEL": (config.get("LoggingConfig") or {}).get("ApplicationLogLevel") or "",
            "_HANDLER": config["Handler"],
            "AWS_REGION": name.region,
            "AWS_DEFAULT_REGION": name.region,
            # Its AWS is the embedded one, and nothing of the caller's account is within its reach.
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "AWS_ENDPOINT_URL": self._aws.endpoints["default"],
            "AWS_ENDPOINT_URL_DYNAMODB": self._aws.endpoints["dynamodb"],
            "AWS_ENDPOINT_URL_LAMBDA": self._own_url,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self._own_url,
            **((config.get("Environment") or {}).get("Variables") or {}),
        }
        log = self._folder / "logs" / f"{name.function}.log"
        return Program([*program, *map(str, layers)], environment, code, log)

    def _interpreter(self, name: Name, config: dict[str, Any]) -> list[str]:
        """The program that runs this runtime, which takes the layers as further arguments."""
        memory = str(config["MemorySize"])
        runtime = config.get("Runtime") or config.get("PackageType", "")
        if runtime.startswith("python"):
            ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
            if runtime != ours:
                self.say(f"{name.function} has runtime {runtime} and runs here with {ours}")
            # Without this Python's packages: what Lambda lacks must be missing here, too.
            return [sys.executable, "-S", "-P", str(HERE / "child.py"), memory, str(self._packages)]
        node = shutil.which("node") if runtime.startswith("nodejs") else None
        if node:
            return [node, f"--max-old-space-size={memory}", str(HERE / "child.mjs")]
        missing = "; there is no node on PATH" if runtime.startswith("nodejs") else ""
        raise NotRunnableError(
            f"the function {name.function} has runtime {runtime}, which playbooks/serve.yml does not run{missing}; it runs "
            "python and, where node is installed, nodejs"
        )

    def _layer(self, name: Name, arn: str) -> Path | None:
        """The folder of a layer; None for one of another account, which the embedded AWS does not have."""
        layer, _, version = arn.rpartition(":")
        try:
            said = self._aws.client("lambda", name.region).get_layer_version(
                LayerName=layer, VersionNumber=int(version)
            )
        except ClientError:
            self.say(f"{name.function} runs here without the layer {arn}, which the embedded AWS does not have")
            return None
        return self._unpacked(said["Content"]["Location"], said["Content"]["CodeSha256"])

    def _unpacked(self, location: str, sha256: str) -> Path:
        """The folder of this package, which is unpacked once."""
        folder = self._folder / "code" / b64decode(sha256).hex()
        if not folder.exists():
            draft = self._folder / "code" / f"{uuid.uuid4().hex}.new"
            draft.mkdir(mode=0o700)
            package = draft.with_suffix(".zip")
            # The path alone: the embedded AWS may listen at another address than the one that it names.
            with _http.open(self._aws.endpoints["default"] + urlsplit(location).path, timeout=30) as reply:
                package.write_bytes(reply.read())
            if hashlib.sha256(package.read_bytes()).digest() != b64decode(sha256):
                raise NotRunnableError(
                    f"{location} is not the package with the SHA-256 {sha256} that was deployed; deploy once more"
                )
            with ZipFile(package) as archive:
                for entry in archive.infolist():
                    path = Path(archive.extract(entry, draft))
                    if mode := entry.external_attr >> 16 & 0o777:
                        path.chmod(mode | 0o600)
            package.unlink()
            draft.replace(folder)
        return folder


def _link_packages(folder: Path) -> Path:
    """A folder with what Lambda's Python has beside its library: boto3 and what it needs, and nothing else of this one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in PACKAGES:
        spec, link = importlib.util.find_spec(name), folder / name
        link = link if spec and spec.submodule_search_locations else link.with_suffix(".py")
        link.unlink(missing_ok=True)
        if spec and spec.origin:
            link.symlink_to(Path(spec.origin).parent if spec.submodule_search_locations else spec.origin)
    return folder


def _lets_in(statement: dict[str, Any], arn: str, source: str) -> bool:
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    actions = statement.get("Action") or []
    actions = [actions] if isinstance(actions, str) else actions
    condition = statement.get("Condition") or {}
    wanted = [
        value
        for kind in ("ArnLike", "StringLike", "StringEquals")
        for name, value in (condition.get(kind) or {}).items()
        if name.lower() == "aws:sourcearn"
    ]
    return (
        statement.get("Effect") == "Allow"
        and service in ("apigateway.amazonaws.com", "*")
        and any(action in ("lambda:InvokeFunction", "lambda:*") for action in actions)
        and statement.get("Resource") == arn
        and all(fnmatch.fnmatchcase(source, pattern) for pattern in wanted)
    )
