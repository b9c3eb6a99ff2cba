"""The embedded AWS, started for real: once for most tests, by the module as Ansible calls it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils import local_aws
from botocore.config import Config

ROLE = Path(__file__).parents[3] / "roles/local_aws"
MODULE = "ansible_collections.bbws.site_builder.plugins.modules.local_aws"
ACCOUNT = "111122223333"
REGIONS = ["af-south-1", "eu-west-1"]
HOSTILE = {
    "AWS_PROFILE": "missing",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/missing.pem",
    "AWS_DEFAULT_REGION": "nowhere",
    "AWS_CONFIG_FILE": "/missing",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "NO_PROXY": "",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "MOTO_ACCOUNT_ID": "999999999999",
    "MINISTACK_ACCOUNT_ID": "999999999999",
    "MINISTACK_REGION": "nowhere",
    "SERVICES": "s3",
    "AUTH": "true",
    "USE_SSL": "1",
    "PERSIST_STATE": "1",
    "TEST_SERVER_MODE": "true",
    "GATEWAY_PORT": "9",
}


def call(work_dir: Path, environment: dict[str, str] | None = None, **options: object) -> dict:
    """Run the module in a process of its own and return its result."""
    arguments = {
        "work_dir": str(work_dir),
        "launcher": str(ROLE / "files/moto_server.py"),
        "account_id": ACCOUNT,
        "regions": REGIONS,
        **options,
    }
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def pids(result: dict) -> list[int]:
    """Return the pids of both servers."""
    return [process["pid"] for process in result["processes"].values()]


def client(result: dict, service: str, region: str = "eu-west-1", key: str = "local"):
    """Return a boto3 client of the embedded AWS that ignores the environment's proxies."""
    endpoints = result["endpoints"]
    return boto3.Session(key, "local", region_name=region).client(
        service,
        endpoint_url=endpoints.get(service, endpoints["default"]),
        config=Config(proxies={}, retries={"max_attempts": 0}),
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    """Start one instance from a hostile environment, by two starts at the same moment."""
    work_dir = tmp_path_factory.mktemp("work")
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: call(work_dir, HOSTILE), range(2)))
    yield work_dir, results
    call(work_dir, state="stopped")


@pytest.fixture
def nothing_left(tmp_path: Path):
    """Give a work directory, and end what a failing test left in it."""
    yield tmp_path
    call(tmp_path, state="stopped")


def test_concurrent_starts_share_one_instance(running):
    _, (one, two) = running
    assert sorted([one["changed"], two["changed"]]) == [False, True]
    assert one["processes"] == two["processes"]
    assert one["endpoints"] == two["endpoints"]


def test_second_start_changes_nothing(running):
    work_dir, (first, _) = running
    again = call(work_dir)
    assert not again["changed"]
    assert pids(again) == pids(first)
    assert again["cognito_user_pool_arns"] == first["cognito_user_pool_arns"]


def test_state_file_is_private_and_holds_the_result(running):
    _, (result, _) = running
    state_file = Path(result["state_file"])
    assert state_file.stat().st_mode & 0o777 == 0o600
    state = json.loads(state_file.read_text())
    assert state == {name: result[name] for name in state}
    assert set(state) == {"endpoints", "processes", "account_id", "cognito_user_pool_arns"}
    assert state["account_id"] == ACCOUNT


@pytest.mark.parametrize("region", REGIONS)
def test_both_servers_are_the_same_account(running, region: str):
    _, (result, _) = running
    assert client(result, "sts", region).get_caller_identity()["Account"] == ACCOUNT
    table = client(result, "dynamodb", region).create_table(
        TableName="account",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    arn = table["TableDescription"]["TableArn"]
    assert arn == f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/account"


def test_each_region_has_one_user_pool(running):
    _, (result, _) = running
    assert set(result["cognito_user_pool_arns"]) == set(REGIONS)
    for region, arn in result["cognito_user_pool_arns"].items():
        pools = client(result, "cognito-idp", region).list_user_pools(MaxResults=10)["UserPools"]
        assert [arn] == [f"arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{pool['Id']}" for pool in pools]


def test_a_further_region_is_a_change_once(running):
    work_dir, (first, _) = running
    assert call(work_dir, regions=["us-east-1"])["changed"]
    again = call(work_dir, regions=["us-east-1"])
    assert not again["changed"]
    assert pids(again) == pids(first)
    assert set(again["cognito_user_pool_arns"]) == {*REGIONS, "us-east-1"}


def test_replica_is_in_both_regions(running):
    _, (result, _) = running
    primary, replica = (client(result, "dynamodb", region) for region in REGIONS)
    primary.create_table(
        TableName="global",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    primary.update_table(TableName="global", ReplicaUpdates=[{"Create": {"RegionName": REGIONS[1]}}])
    primary.put_item(TableName="global", Item={"id": {"S": "1"}})
    assert replica.get_item(TableName="global", Key={"id": {"S": "1"}})["Item"]


def test_servers_listen_on_loopback_only(running):
    _, (result, _) = running
    assert all(url.startswith("http://127.0.0.1:") for url in result["endpoints"].values())
    inodes = {
        os.readlink(link)[8:-1]
        for pid in pids(result)
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(link).startswith("socket:")
    }
    rows = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}
    assert listening == {"0100007F"}


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"account_id": "444455556666"}, "local_aws_account_id is 444455556666"),
        ({"port": 1}, "local_aws_port is 1"),
        ({"dynamodb_port": 1}, "local_aws_dynamodb_port is 1"),
    ],
)
def test_other_settings_do_not_replace_what_runs(running, options: dict, variable: str):
    work_dir, (first, _) = running
    refused = call(work_dir, **options)
    assert refused["failed"]
    assert variable in refused["msg"]
    assert "stop it first" in refused["msg"]
    assert pids(call(work_dir)) == pids(first)


def test_unknown_region_is_named(running):
    work_dir, _ = running
    refused = call(work_dir, regions=["nowhere"])
    assert refused["failed"]
    assert "'nowhere'" in refused["msg"]


@pytest.mark.parametrize("option", ["port", "dynamodb_port"])
def test_port_in_use_starts_nothing(nothing_left: Path, option: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = call(nothing_left, **{option: port})
    assert refused["msg"] == (
        f"local_aws_{option} is {port}, but port {port} of 127.0.0.1 is in use: "
        f"set local_aws_{option} to a free port, or to 0 to have one chosen."
    )
    assert not Path(nothing_left, "local_aws/state.json").exists()
    assert not list(Path(nothing_left, "local_aws").glob("*.log"))


def test_stop_and_start_on_set_ports_then_replace_a_dead_server(nothing_left: Path):
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = {"port": one.getsockname()[1], "dynamodb_port": two.getsockname()[1]}
    first = call(nothing_left, **ports)
    assert first["endpoints"] == {
        "default": f"http://127.0.0.1:{ports['port']}",
        "dynamodb": f"http://127.0.0.1:{ports['dynamodb_port']}",
    }
    os.kill(first["processes"]["ministack"]["pid"], signal.SIGKILL)
    second = call(nothing_left, **ports)
    assert second["changed"]
    assert second["endpoints"] == first["endpoints"]
    assert not set(pids(second)) & set(pids(first))
    assert not any(local_aws.started_at(pid) for pid in pids(first))

    assert call(nothing_left, state="stopped", _ansible_check_mode=True)["changed"]
    assert call(nothing_left, state="stopped")["changed"]
    assert not any(local_aws.started_at(pid) for pid in pids(second))
    assert not Path(second["state_file"]).exists()
    assert not call(nothing_left, state="stopped")["changed"]
    assert Path(nothing_left, "local_aws/moto.log").read_text()


def test_foreign_process_with_our_pid_is_left_alone(tmp_path: Path):
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        stale = {"pid": foreign.pid, "started": "1"}
        state = {"endpoints": {}, "processes": {"moto": stale, "ministack": stale}}
        directory = tmp_path / "local_aws"
        directory.mkdir()
        (directory / "state.json").write_text(json.dumps(state))
        assert not call(tmp_path, state="stopped")["changed"]
        assert not (directory / "state.json").exists()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_server_that_dies_is_reported_and_its_twin_ended(tmp_path: Path):
    launcher = tmp_path / "broken.py"
    launcher.write_text("raise SystemExit('no such luck')")
    refused = call(tmp_path, launcher=str(launcher))
    assert "moto gave no healthy answer" in refused["msg"]
    assert refused["msg"].endswith("is: no such luck")
    assert not (tmp_path / "local_aws/state.json").exists()
    assert not _processes_in(tmp_path / "local_aws")


def test_children_of_a_server_end_with_it(tmp_path: Path):
    launcher = tmp_path / "parent.py"
    launcher.write_text(
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "time.sleep(60)\n"
    )
    refused = call(tmp_path, launcher=str(launcher), timeout=1)
    assert "timed out" in refused["msg"]
    assert not _processes_in(tmp_path / "local_aws")


def _processes_in(directory: Path) -> list[str]:
    """Return the processes whose working directory is this one, as both servers' is."""
    time.sleep(0.1)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == str(directory):
                found.append((process / "cmdline").read_text())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def test_missing_package_names_the_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(local_aws.PACKAGES, "surely_not_installed", "ministack")
    instance = local_aws.LocalAws(str(tmp_path), timeout=1)
    with pytest.raises(local_aws.LocalAwsError, match=r"ministack is not installed .*make demo"):
        instance.start("unused", ACCOUNT, {"default": 0, "dynamodb": 0}, [], "pool")


@pytest.mark.parametrize("account_id", ["12345", "11112222333x"])
def test_account_id_has_twelve_digits(tmp_path: Path, account_id: str):
    refused = call(tmp_path, account_id=account_id)
    assert account_id in refused["msg"]
    assert "12 digits" in refused["msg"]


def test_broken_state_file_is_reported(tmp_path: Path):
    (tmp_path / "local_aws").mkdir()
    (tmp_path / "local_aws/state.json").write_text("{")
    assert "is not JSON" in call(tmp_path)["msg"]


def test_lock_that_stays_held_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_aws, "STOP_SECONDS", 0)
    one, two = (local_aws.LocalAws(str(tmp_path), timeout=0) for _ in range(2))
    one.directory.mkdir()
    refused = pytest.raises(local_aws.LocalAwsError, match="Another start or stop")
    with one._locked(), refused, two._locked():
        pytest.fail("two held the lock")


def get(url: str, host: str = "") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("endpoint", ["default", "dynamodb"])
@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("", True),
        ("localhost", True),
        ("localhost:80", True),
        ("bucket.localhost:80", True),
        ("evil.example", False),
        ("evil.example:80", False),
        ("127.0.0.1.evil.example", False),
        ("evillocalhost", False),
    ],
)
def test_a_request_for_another_name_is_refused(running, endpoint: str, host: str, taken: bool):
    """A page in a browser can have its own name resolved to 127.0.0.1."""
    _, (result, _) = running
    path = {"default": "/moto-api/", "dynamodb": "/_ministack/health"}[endpoint]
    status, text = get(result["endpoints"][endpoint] + path, host)
    assert status == (200 if taken else 421)
    assert ("add it to local_aws_names" in text) is not taken


def test_another_run_joins_by_url_and_leaves_it_alone(running, tmp_path: Path):
    _, (result, _) = running
    joined = call(tmp_path, state="joined", endpoint=result["endpoints"]["default"])
    assert joined["endpoints"] == result["endpoints"]
    assert joined["cognito_user_pool_arns"] == result["cognito_user_pool_arns"]
    assert (joined["processes"], joined["changed"]) == ({}, False)
    # There is nothing of its own to stop.
    assert call(tmp_path, state="stopped")["changed"] is False
    assert client(joined, "sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_join_that_cannot_be_says_why(running, tmp_path: Path):
    _, (result, _) = running
    url = result["endpoints"]["default"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    for options, sentence in [
        (
            {"endpoint": nobody},
            f"site_builder_local_endpoint is {nobody}, and no embedded AWS of this collection answers",
        ),
        ({"endpoint": result["endpoints"]["dynamodb"]}, "and no embedded AWS of this collection answers there"),
        (
            {"endpoint": url, "account_id": "999999999999"},
            f"is the account {ACCOUNT}, and this run is for 999999999999",
        ),
        ({}, "state is joined but all of the following are missing: endpoint"),
    ]:
        refused = call(tmp_path, state="joined", **options)
        assert sentence in refused["msg"], refused
    assert not (tmp_path / "local_aws").exists()


def test_it_listens_where_it_is_told_and_nowhere_else(nothing_left: Path):
    """127.0.0.2 is an address of this machine as any other one."""
    result = call(nothing_left, host="127.0.0.2", names=["aws.internal"])
    url = result["endpoints"]["default"]
    assert url.startswith("http://127.0.0.2:")
    assert get(f"{url}/moto-api/", "aws.internal:4566")[0] == 200
    assert get(f"{url}/moto-api/", "other.internal")[0] == 421
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", urlsplit(url).port)):
        pass
    # A run on that machine which says nothing of it takes it as it is.
    assert not call(nothing_left)["changed"]
    refused = call(nothing_left, host="127.0.0.3")["msg"]
    assert refused.startswith("local_aws_host is 127.0.0.3, but the embedded AWS in")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": "0.0.0.0"}, "local_aws_host is 0.0.0.0, every address of this machine, and local_aws_names is empty"),
        ({"host": "192.0.2.1"}, "local_aws_host is 192.0.2.1, which is no address of this machine"),
    ],
)
def test_where_it_cannot_listen(tmp_path: Path, options: dict, sentence: str):
    assert call(tmp_path, **options)["msg"].startswith(sentence)
    assert not (tmp_path / "local_aws/state.json").exists()


def test_check_mode_starts_nothing(tmp_path: Path):
    would = call(tmp_path, _ansible_check_mode=True)
    assert would["changed"]
    assert "endpoints" not in would
    assert not list(tmp_path.iterdir())


def test_start_time_comes_from_ps_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(local_aws, "PROC", Path("/missing"))
    assert local_aws.started_at(os.getpid()) == local_aws.started_at(os.getpid())
    assert local_aws.started_at(os.getpid())
    child = subprocess.Popen(["true"])
    child.wait()
    assert local_aws.started_at(child.pid) is None


def test_defaults_are_those_of_the_argument_specs():
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]
    for spec in specs.values():
        options = {name: option["default"] for name, option in spec["options"].items()}
        assert options == defaults
