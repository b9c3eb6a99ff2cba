"""One environment on an embedded AWS of its own, with a proxy between, and what must be true of it in the end."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import boto3
from ansible.module_utils.testing import patch_module_args
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import is_copy
from ansible_collections.bbws.site_builder.plugins.modules import state_lock

from tests.conftest import BIN, ROOT, Run, clean_environment
from tests.killing import TERRAFORM, processes, wait_for_the_end

from . import secret
from .proxy import Call, Proxy

ACCOUNT = "123456789012"
REGIONS = {"dev": ["eu-west-1"], "sit": ["eu-west-1"], "prod": ["af-south-1", "eu-west-1"]}
STACKS = ("dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring")
VICTIMS = ("ansible", "terraform", "provider", "all")
RECORD = os.environ.get("SITE_BUILDER_CHAOS_RECORD", "")
# What starts each run, where a machine is shared and runs have to queue: nothing that a kill would hit instead.
PREFIX = os.environ.get("SITE_BUILDER_CHAOS_PREFIX", "").split()
RUN_SECONDS = 7200 if PREFIX else 500


def note(**entry: Any) -> None:
    """A line of the record, from which the table in docs/checks.md is counted."""
    line = json.dumps({"time": time.strftime("%H:%M:%S"), **entry}, ensure_ascii=False)
    print(line)
    if RECORD:
        with open(RECORD, "a", encoding="utf-8") as record:
            record.write(f"{line}\n")


class World:
    """See above. All that is written lies in `directory`."""

    def __init__(self, name: str, directory: Path, seed: str) -> None:
        self.name, self.directory, self.seed = name, directory, seed
        self.work_dir, self.logs = directory / "w", directory / "logs"
        self.logs.mkdir(parents=True)
        self.region = REGIONS[name][0]
        self.bucket = f"site-builder-tfstate-{name}-{ACCOUNT}-{self.region}"
        self.secret = secret.make(seed)
        self.variables, self.password = secret.plant(self.secret, directory)
        self.since = time.time()
        self.round = self.runs = self.broken = 0
        self.proxy = Proxy(directory / "calls")
        self.endpoints: dict[str, str] = {}

    # --- runs

    def start(self, playbook: str = "deploy.yml", *arguments: str) -> subprocess.Popen[bytes]:
        """Begin a run; its output goes into the next log."""
        self.runs += 1
        command = [
            *PREFIX,
            str(BIN / "ansible-playbook"),
            playbook,
            "-i",
            f"inventories/{self.name}",
            "-e",
            "site_builder_target=local",
        ]
        command += [
            "-e",
            f"@{self.variables}",
            "-e",
            json.dumps({"site_builder_tags": {"Round": str(self.round)}}),
            *arguments,
        ]
        environment = clean_environment(
            self.work_dir,
            ANSIBLE_VAULT_PASSWORD_FILE=str(self.password),
            ANSIBLE_LOG_PATH=str(self.logs / "ansible.log"),
            ANSIBLE_CACHE_PLUGIN="jsonfile",
            ANSIBLE_CACHE_PLUGIN_CONNECTION=str(self.directory / "facts"),
        )
        with open(self.log, "wb") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        return self.logs / f"{self.runs:03}.log"

    def run(self, playbook: str = "deploy.yml", *arguments: str) -> Run:
        process = self.start(playbook, *arguments)
        log = self.log
        return self.ended(process, log)

    def ended(self, process: subprocess.Popen[bytes], log: Path) -> Run:
        """Wait for a run, and for all that it has started."""
        try:
            process.wait(timeout=RUN_SECONDS)
        finally:
            self.end(process)
        return Run(process.returncode, log.read_text(errors="replace"), self.work_dir, self.name)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """A worker of a killed Ansible may wait for it for ever; a Terraform of one ends by itself."""
        if process.poll() is None:
            process.kill()
            process.wait()
        wait_for_the_end(self.work_dir)
        # Workers have sessions of their own. Those of another run have a parent.
        of_a_run = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if f"@{self.variables}".encode() in (entry / "cmdline").read_bytes():
                    of_a_run[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        for pid, parent in of_a_run.items():
            if parent not in {os.getpid(), *of_a_run}:
                _kill(pid)

    # --- the embedded AWS

    @contextmanager
    def alive(self) -> Iterator[World]:
        """With the embedded AWS and the proxy in front of it."""
        # The smallest run that starts it. There is no state bucket yet, which it says.
        self.run("playbooks/unlock.yml")
        state = self.work_dir / "local_aws/state.json"
        self.endpoints = json.loads(state.read_text())["endpoints"]
        try:
            with self.proxy.in_front_of(state):
                yield self
        finally:
            stopped = self.run("playbooks/local_aws_down.yml")
            assert stopped.code == 0, stopped.output
        # After a failure it is all that there is to look at.
        shutil.rmtree(self.directory)

    def client(self, service: str, region: str = "") -> Any:
        """Past the proxy."""
        return boto3.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.endpoints.get(service, self.endpoints["default"]),
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def objects(self, end: str) -> dict[str, bytes]:
        """What the state bucket holds under keys with this end."""
        s3 = self.client("s3")
        try:
            listed = s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        except s3.exceptions.NoSuchBucket:
            return {}
        return {
            one["Key"]: s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read()
            for one in listed
            if one["Key"].endswith(end)
        }

    # --- as a user would

    def take_out_locks(self) -> int:
        """What a killed run has left. The first by the playbook that the refusal of the next run names, the others by the module
        which that runs: a playbook takes 10 s, and there are hundreds of locks."""
        locks = [json.loads(body)["ID"] for body in self.objects(".tflock").values()]
        for lock in locks:
            if self.broken:
                self._break(lock)
            else:
                broken = self.run("playbooks/unlock.yml", "-e", f"site_builder_lock_id={lock}")
                assert broken.code == 0, broken.output
            self.broken += 1
        return len(locks)

    def _break(self, lock: str) -> None:
        arguments = {"state": "absent", "lock_id": lock, "account_id": ACCOUNT, "state_bucket": self.bucket}
        arguments |= {"state_prefix": f"site-builder/{self.name}", "stacks": list(STACKS), "region": self.region}
        arguments |= {"endpoint_url": self.endpoints["default"], "access_key": "test", "secret_key": "test"}
        with patch_module_args(arguments), redirect_stdout(io.StringIO()) as said, suppress(SystemExit):
            state_lock.main()
        assert json.loads(said.getvalue().splitlines()[-1]).get("changed"), said.getvalue()

    # --- what must be true

    def states(self) -> dict[str, list[dict[str, Any]]]:
        """The attributes of everything in the states, by type."""
        found: dict[str, list[dict[str, Any]]] = {}
        for body in self.objects("/terraform.tfstate").values():
            for resource in json.loads(body)["resources"]:
                if resource["mode"] == "managed":
                    for instance in resource["instances"]:
                        found.setdefault(resource["type"], []).append(instance["attributes"])
                        if instance.get("status") == "tainted":
                            found.setdefault("tainted", []).append(instance["attributes"])
        return found

    def held(self) -> dict[str, list[str]]:
        """What the embedded AWS holds, by type, each named as its state names it."""
        found: dict[str, list[str]] = {}
        for region in REGIONS[self.name]:
            for kind, names in self._held(region).items():
                found.setdefault(kind, []).extend(names)
        # Of a table there is one, wherever it has copies; these services know no regions. moto keeps a metric filter once more each
        # time that it is put; AWS does not.
        for kind in (
            "aws_dynamodb_table",
            "aws_s3_bucket",
            "aws_iam_role",
            "aws_iam_role_policy",
            "aws_cloudwatch_dashboard",
            "aws_cloudwatch_log_metric_filter",
        ):
            found[kind] = sorted(set(found[kind]))
        return {kind: sorted(names) for kind, names in found.items()}

    def _held(self, region: str) -> dict[str, list[str]]:
        def items(service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
            client = self.client(service, region)
            if client.can_paginate(operation):
                return [
                    item for page in client.get_paginator(operation).paginate(**arguments) for item in page.get(key, [])
                ]
            return getattr(client, operation)(**arguments).get(key, [])

        def names(service: str, operation: str, key: str, name: str, **arguments: Any) -> list[str]:
            return [item[name] for item in items(service, operation, key, **arguments)]

        kms, awslambda = self.client("kms", region), self.client("lambda", region)
        ours = names("iam", "list_roles", "Roles", "RoleName")
        # That of API Gateway is the account's, and bootstrap.yml's.
        roles = [role for role in ours if f"-{self.name}" in role and "-api-logs-" not in role]
        functions = names("lambda", "list_functions", "Functions", "FunctionName")
        apis = names("apigateway", "get_rest_apis", "items", "id")
        groups = names("logs", "describe_log_groups", "logGroups", "logGroupName")
        topics = names("sns", "list_topics", "Topics", "TopicArn")

        def statements(function: str) -> list[str]:
            # moto gives the same policy for a function and for each of its aliases.
            try:
                policy = awslambda.get_policy(FunctionName=function)["Policy"]
            except awslambda.exceptions.ResourceNotFoundException:
                return []
            return [f"{function}:{one['Sid']}" for one in json.loads(policy)["Statement"]]

        return {
            "aws_dynamodb_table": self.client("dynamodb", region).list_tables()["TableNames"],
            "aws_s3_bucket": [name for name in names("s3", "list_buckets", "Buckets", "Name") if name != self.bucket],
            "aws_iam_role": roles,
            "aws_iam_role_policy": [
                f"{role}:{policy}"
                for role in roles
                for policy in items("iam", "list_role_policies", "PolicyNames", RoleName=role)
            ],
            "aws_lambda_function": functions,
            "aws_lambda_alias": [
                f"{function}:{alias}"
                for function in functions
                for alias in names("lambda", "list_aliases", "Aliases", "Name", FunctionName=function)
            ],
            "aws_lambda_permission": [one for function in functions for one in statements(function)],
            "aws_lambda_layer_version": [
                arn
                for layer in names("lambda", "list_layers", "Layers", "LayerName")
                for arn in names("lambda", "list_layer_versions", "LayerVersions", "LayerVersionArn", LayerName=layer)
            ],
            "aws_api_gateway_rest_api": apis,
            **{
                kind: [
                    f"{api}/{item[name]}"
                    for api in apis
                    for item in items("apigateway", operation, key, restApiId=api)
                    # The root is part of the API; what a release keeps to go back to is in no state.
                    if item.get("path") != "/" and not (kind == "aws_api_gateway_deployment" and is_copy(item))
                ]
                for kind, operation, key, name in (
                    ("aws_api_gateway_resource", "get_resources", "items", "id"),
                    ("aws_api_gateway_authorizer", "get_authorizers", "items", "id"),
                    ("aws_api_gateway_request_validator", "get_request_validators", "items", "id"),
                    ("aws_api_gateway_model", "get_models", "items", "name"),
                    ("aws_api_gateway_deployment", "get_deployments", "items", "id"),
                    ("aws_api_gateway_stage", "get_stages", "item", "stageName"),
                )
            },
            "aws_cloudwatch_log_group": groups,
            "aws_cloudwatch_log_metric_filter": [
                name
                for group in groups
                for name in names("logs", "describe_metric_filters", "metricFilters", "filterName", logGroupName=group)
            ],
            "aws_cloudwatch_metric_alarm": names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
            "aws_cloudwatch_dashboard": names("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
            "aws_sns_topic": topics,
            "aws_sns_topic_subscription": names("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
            # Those without a tag are the emulator's own. One that is deleted is there for some days more.
            "aws_kms_key": [
                key
                for key in names("kms", "list_keys", "Keys", "KeyId")
                if kms.list_resource_tags(KeyId=key)["Tags"]
                and kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion"
            ],
        }

    def in_states(self) -> dict[str, list[str]]:
        """The same of what the states hold."""
        of_api = ("resource", "authorizer", "request_validator", "deployment")
        name = {f"aws_api_gateway_{one}": lambda a: f"{a['rest_api_id']}/{a['id']}" for one in of_api} | {
            "aws_api_gateway_model": lambda a: f"{a['rest_api_id']}/{a['name']}",
            "aws_api_gateway_stage": lambda a: f"{a['rest_api_id']}/{a['stage_name']}",
            "aws_lambda_alias": lambda a: f"{a['function_name'].rpartition(':')[2]}:{a['name']}",
            "aws_lambda_permission": lambda a: f"{a['function_name'].rpartition(':')[2]}:{a['statement_id']}",
            "aws_lambda_layer_version": lambda a: a["arn"],
            "aws_cloudwatch_dashboard": lambda a: a["dashboard_name"],
        }
        states = self.states()
        return {
            kind: sorted(name.get(kind, lambda a: a["id"])(one) for one in states.get(kind, [])) for kind in self.held()
        }

    def problems(self) -> dict[str, Any]:
        """What of AWS is in no state or in more than one, and whatever still waits for somebody; empty when all is whole."""
        held, states = self.held(), self.in_states()
        found: dict[str, Any] = {
            kind: {"only in AWS": _without(names, states[kind]), "only in a state": _without(states[kind], names)}
            for kind, names in held.items()
            if names != states[kind]
        }
        if len(held["aws_api_gateway_rest_api"]) != 1:
            found["APIs"] = held["aws_api_gateway_rest_api"]
        if tainted := self.states().get("tainted"):
            found["tainted"] = [one["id"] for one in tainted]
        waiting = [*self.objects(".tflock"), *self.objects("interrupted.json")]
        return found | ({"waiting": waiting} if waiting else {})

    def unsettled(self) -> str:
        """What another run still does, or says that it does; empty when it is a no-op for Terraform and for Ansible."""
        run = self.run()
        changed = {host: count["changed"] for host, count in run.recap().items() if count["changed"]}
        results = run.results()
        return run.output if run.code or changed or set(results.values()) != {"unchanged"} else ""

    def leaks(self) -> dict[str, str]:
        """Where the planted secret is and may not be."""
        found = secret.holders(self.secret, [self.directory])
        found |= secret.holders(self.secret, secret.everywhere(), self.since)
        return {str(path): form for path, form in found.items()}


def _without(names: list[str], others: list[str]) -> list[str]:
    return list((Counter(names) - Counter(others)).elements())


# --- killing


def tree(pid: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, left = set(), [pid]
    while left:
        one = left.pop()
        found.add(one)
        left += children.get(one, [])
    return found


class Killer:
    """Kills, at the n-th write (or at the n-th call), before AWS has done it or before its answer is back."""

    def __init__(
        self, world: World, chance: random.Random, victim: str, *, writes: bool, number: int, after: bool
    ) -> None:
        self.world, self.chance, self.victim = world, chance, victim
        self.writes, self.number, self.is_after = writes, number, after
        self.process: subprocess.Popen[bytes] | None = None
        self.killed = ""
        self.at = ""

    def arm(self) -> None:
        self.world.proxy.begin()
        if self.is_after:
            self.world.proxy.after = self.strike
        else:
            self.world.proxy.before = self.strike

    def strike(self, call: Call) -> str | None:
        if self.killed or (call.write if self.writes else call.number) != self.number or not self.process:
            return None
        self.at = call.name
        at_work = processes(self.world.work_dir)
        of_terraform = sorted(pid for pid, line in at_work.items() if TERRAFORM.search(line))
        of_provider = sorted(pid for pid, line in at_work.items() if "terraform-provider-aws" in line.split()[0])
        if self.victim == "all":
            self.killed = "all"
            for pid in {*at_work, *tree(self.process.pid)}:
                _kill(pid)
        elif self.victim == "terraform" and of_terraform:
            self.killed = "terraform"
            _kill(self.chance.choice(of_terraform))
        elif self.victim == "provider" and of_provider:
            self.killed = "provider"
            _kill(self.chance.choice(of_provider))
        else:
            self.killed = "ansible"
            _kill(self.process.pid)
        # Whoever asked and lives finds the connection broken.
        return "reset" if self.killed != "ansible" else None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def said(run: Run) -> str:
    return re.sub(r"\s+", " ", run.output)
