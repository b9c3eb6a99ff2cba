"""Runs that are killed, and an AWS that fails: the next run finds everything and makes it whole.

`make test` kills once, see test_deploy_dev; `make test-all` a few times. SITE_BUILDER_KILLS=30 SITE_BUILDER_KILL_STACKS=dynamodb,iam,...
does it for an hour; docs/checks.md says what came of that.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import BIN, ROOT, Run, clean_environment, play
from tests.killing import processes, wait_for_the_end

from .conftest import Environment

REGION = "eu-west-1"
KILLS = int(os.environ.get("SITE_BUILDER_KILLS", "4"))
STACKS = os.environ.get("SITE_BUILDER_KILL_STACKS", "dynamodb")
SEED = int(os.environ.get("SITE_BUILDER_KILL_SEED", "7"))
TABLES = yaml.safe_load((ROOT / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"]
STATE_BUCKET = "site-builder-tfstate-dev-123456789012-eu-west-1"
VICTIMS = {"terraform": r"^\S*terraform (plan|apply)", "provider": r"terraform-provider-aws", "ansible": ""}


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    work_dir = tmp_path_factory.mktemp("faults")

    class Limited(Environment):
        def deploy(self, *arguments: str, **options: Any) -> Run:
            return super().deploy("--limit", STACKS, *arguments, **options)

    yield Limited("dev", work_dir)
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


def kill(process: subprocess.Popen[str], victim: str, delay: float, work_dir: Path) -> str:
    """Let `delay` seconds pass, then SIGKILL the victim as soon as it is there; return whom it was."""
    deadline = time.monotonic() + delay
    while process.poll() is None:
        if time.monotonic() >= deadline:
            if victim == "ansible":
                process.send_signal(signal.SIGKILL)
                return "ansible"
            for pid, line in processes(work_dir).items():
                if re.search(VICTIMS[victim], line):
                    os.kill(pid, signal.SIGKILL)
                    return line.split()[0]
        time.sleep(0.05)
    return "nobody: it had ended"


def deploy_in_background(
    dev: Environment, definition: str, stacks: str = "dynamodb", stdout: int = subprocess.PIPE, inventory: str = "dev"
) -> subprocess.Popen[str]:
    command = [str(BIN / "ansible-playbook"), "deploy.yml", "-i", f"inventories/{inventory}", "--limit", stacks]
    command += ["-e", "site_builder_target=local", "-e", definition]
    return subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(dev.work_dir), text=True, stdout=stdout, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip


def wait_for_the_apply(process: subprocess.Popen[str], work_dir: Path) -> None:
    while process.poll() is None and not any(" apply " in line for line in processes(work_dir).values()):
        time.sleep(0.05)


def newest_report(dev: Environment) -> dict[str, Any]:
    return json.loads(max((dev.work_dir / "dev/runs").glob("*/report.json")).read_text())


def definition(number: int) -> str:
    """Every round wants another table, and another tag on all the old ones."""
    extra = {f"round{n}": {"hash_key": {"name": "id"}} for n in range(number + 1)}
    return json.dumps({"dynamodb_tables": TABLES | extra, "site_builder_tags": {"Round": str(number)}})


def break_dead_locks(dev: Environment) -> None:
    shown = dev.deploy(playbook="playbooks/unlock.yml")
    assert shown.code == 0, shown.output
    for lock in re.findall(r"\bid ([0-9a-f]{8}-[0-9a-f-]+)", shown.output):
        broken = dev.deploy("-e", f"site_builder_lock_id={lock}", playbook="playbooks/unlock.yml")
        assert broken.code == 0, broken.output


def assert_no_orphans(dev: Environment) -> None:
    """What AWS holds is what the states hold."""

    def names(service: str, operation: str, key: str, name: str) -> set[str]:
        return {item[name] for item in getattr(dev.client(service, REGION), operation)()[key]}

    kms = dev.client("kms", REGION)
    held = {
        "aws_dynamodb_table": set(dev.client("dynamodb", REGION).list_tables()["TableNames"]),
        "aws_s3_bucket": {b for b in names("s3", "list_buckets", "Buckets", "Name") if b != STATE_BUCKET},
        "aws_iam_role": {
            role
            for role in names("iam", "list_roles", "Roles", "RoleName")
            if "-dev" in role and "-api-logs-" not in role
        },
        "aws_lambda_function": names("lambda", "list_functions", "Functions", "FunctionName"),
        "aws_api_gateway_rest_api": names("apigateway", "get_rest_apis", "items", "id"),
        "aws_cloudwatch_log_group": names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "aws_cloudwatch_metric_alarm": names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        "aws_sns_topic": names("sns", "list_topics", "Topics", "TopicArn"),
        # Those without a tag are the emulator's own.
        "aws_kms_key": {
            key for key in names("kms", "list_keys", "Keys", "KeyId") if kms.list_resource_tags(KeyId=key)["Tags"]
        },
    }
    states = dev.resources(REGION)
    assert held == {kind: {one["id"] for one in states.get(kind, [])} for kind in held}


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_run_is_made_whole_by_the_next(dev: Environment, number: int) -> None:
    chance = random.Random(f"{SEED}-{number}")
    victim = list(VICTIMS)[number % len(VICTIMS)]
    # A run of one stack: 6 s until the plan, 4 s until the apply, twice that beside other tests. Half of the kills shall meet the apply.
    delay = chance.uniform(0, 20 if STACKS == "dynamodb" else 100)
    process = deploy_in_background(dev, definition(number), STACKS, stdout=subprocess.DEVNULL)
    killed = kill(process, victim, delay, dev.work_dir)
    process.wait(timeout=300)
    wait_for_the_end(dev.work_dir)
    # A worker of a killed Ansible may wait for it for ever.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    break_dead_locks(dev)
    again = dev.deploy("-e", definition(number))
    assert again.code == 0, f"killed {killed} after {delay:.1f} s\n{again.output}"
    assert_no_orphans(dev)


def test_after_all_that_there_is_nothing_to_do(dev: Environment) -> None:
    run = dev.deploy("-e", definition(KILLS - 1))
    assert run.code == 0, run.output
    assert set(run.results().values()) == {"unchanged"}


class Faulty(BaseHTTPRequestHandler):
    """Between Terraform and the embedded AWS: passes requests on, and answers some of them as a busy AWS would."""

    upstream = ""
    # {operation of DynamoDB, or bucket: how many requests are refused}
    refusals: dict[str, int] = {}
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = self.headers.get("X-Amz-Target", "").partition(".")[2] or self.path.split("/")[1].partition("?")[0]
        with self.lock:
            refused = self.refusals.get(asked, 0)
            self.refusals[asked] = refused - 1
        if refused > 0:
            self.refuse(asked)
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
        upstream = HTTPConnection(self.upstream.removeprefix("http://"))
        upstream.request(self.command, self.path, body, headers)
        response = upstream.getresponse()
        self.answer(response.status, response.read(), dict(response.headers))
        upstream.close()

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the names of http.server

    def refuse(self, asked: str) -> None:
        if "X-Amz-Target" not in self.headers:
            said = b"<Error><Code>ServiceUnavailable</Code><Message>Reduce your request rate</Message></Error>"
            self.answer(503, said, {"Content-Type": "application/xml"})
            return
        throttled = asked == "DescribeTable"
        code, said = ("ThrottlingException", "Rate exceeded") if throttled else ("InternalServerError", "Try again")
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": said}
        self.answer(400 if throttled else 500, json.dumps(body).encode())

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/x-amz-json-1.0"}).items():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server", "content-length"):
                self.send_header(name, value)
        # What HEAD tells of an object is its length, and no body follows.
        length = (headers or {}).get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def busy(dev: Environment) -> Iterator[dict[str, int]]:
    """How often what is refused (see above), in an embedded AWS that is reached through the class above."""
    Faulty.refusals = {}
    file = dev.work_dir / "local_aws/state.json"
    text = through = file.read_text()
    servers = []
    for upstream in set(dev.state["endpoints"].values()):
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("FaultyOne", (Faulty,), {"upstream": upstream}))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        through = through.replace(upstream, f"http://127.0.0.1:{server.server_port}")
    file.write_text(through)
    yield Faulty.refusals
    file.write_text(text)
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_errors_that_pass_are_retried(dev: Environment, busy: dict[str, int]) -> None:
    # The provider itself tries twice here (max_retries), which is enough for the one and not for the other.
    busy |= {"DescribeTable": 1, "CreateTable": 3}
    run = dev.deploy("--limit", "dynamodb", "-e", definition(KILLS))
    assert run.code == 0, run.output
    assert run.output.count("terraform apply has started") == 2
    assert busy["CreateTable"] < 0
    assert run.stacks()["dynamodb"]["counts"]["created"] == 1
    assert run.stacks()["dynamodb"]["result"] == "succeeded"


def test_a_state_bucket_out_of_reach(dev: Environment, busy: dict[str, int]) -> None:
    """Before the run: nothing starts. At the end of an apply: the state waits in the work directory for the next run."""
    busy[STATE_BUCKET] = 10**6
    run = dev.deploy("--limit", "dynamodb", "-e", definition(KILLS + 1))
    assert run.code == 2
    assert re.search("Service ?Unavailable", run.output), run.output
    assert "terraform plan" not in run.output

    busy |= {STATE_BUCKET: 0, "CreateTable": 0}
    process = deploy_in_background(dev, definition(KILLS + 1))
    while process.poll() is None and busy["CreateTable"] == 0:
        time.sleep(0.05)
    busy[STATE_BUCKET] = 10**6
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 2, output
    failed = newest_report(dev)["stacks"][0]
    assert failed["result"] == "failed"
    assert "is the state that an earlier apply could not save" in failed["reason"]
    assert "ServiceUnavailable" in failed["reason"]

    busy[STATE_BUCKET] = 0
    break_dead_locks(dev)
    again = dev.deploy("--limit", "dynamodb", "-e", definition(KILLS + 1))
    assert again.code == 0, again.output
    assert "Save the state that an earlier run could not save" in again.output
    assert again.results() == {"dynamodb": "unchanged"}
    assert_no_orphans(dev)


def test_two_environments_at_once_do_not_meet(dev: Environment) -> None:
    for number in range(max(1, KILLS // 3)):
        pair = json.dumps({"site_builder_tags": {"Pair": str(number)}})
        both = {name: deploy_in_background(dev, pair, inventory=name) for name in ("sit", "prod")}
        outputs = {name: process.communicate(timeout=600)[0] for name, process in both.items()}
        assert {name: process.returncode for name, process in both.items()} == {"sit": 0, "prod": 0}, outputs
        for name, region in (("sit", "eu-west-1"), ("prod", "af-south-1")):
            client = dev.client("dynamodb", region)
            arn = f"arn:aws:dynamodb:{region}:123456789012:table/site-builder-agents-{name}"
            tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}
            assert (tags["Environment"], tags["Pair"]) == (name, str(number))


def test_an_aws_that_goes_away_in_the_middle(dev: Environment) -> None:
    """The last test here: what an emulator held, states included, is lost with it. On AWS it would all be there."""
    process = deploy_in_background(dev, definition(KILLS + 2))
    wait_for_the_apply(process, dev.work_dir)
    os.kill(json.loads((dev.work_dir / "local_aws/state.json").read_text())["processes"]["moto"]["pid"], signal.SIGKILL)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 2, output
    assert "dynamodb: apply: " in output
    assert [row["result"] for row in newest_report(dev)["stacks"]] == ["failed"]
    again = dev.deploy("--limit", "dynamodb", "-e", definition(KILLS + 2))
    assert again.code == 0, again.output
    dev.state = json.loads((dev.work_dir / "local_aws/state.json").read_text())
    assert_no_orphans(dev)
