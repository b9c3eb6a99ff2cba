"""The server before an embedded AWS to which an API was deployed by hand: what it serves, runs, refuses, and how it starts and ends."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi
from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import LocalAwsError, started_at
from ansible_collections.bbws.site_builder.plugins.modules import local_api
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import ROOT

FILES = ROOT / "roles/local_aws/files"
REGION, ACCOUNT = "eu-west-1", "123456789012"
SERVER = str(FILES / "serve_server.py")

PYTHON = """
import json, logging, os, sys, time
import layered, overridden

log = logging.getLogger()
instance = []

def handler(event, context):
    if "Records" in event or "httpMethod" not in event:
        print("got", json.dumps(event))
        return event if event != "fail" else 1 / 0
    do = (event["queryStringParameters"] or {}).get("do", "")
    instance.append(do)
    if do == "crash":
        os._exit(3)
    if do == "exit":
        sys.exit(0)
    if do == "raise":
        raise ValueError("secret " + "x" * 10)
    if do == "sleep":
        time.sleep(30)
    if do == "malformed":
        return {"status": 1}
    if do == "memory":
        return {"body": str(len(bytearray(300 * 1024 * 1024)))}
    if do == "import":
        try:
            import moto
        except ImportError as error:
            return {"body": str(error)}
    if do == "invoke":
        import boto3
        done = boto3.client("lambda").invoke(FunctionName="python:live", Payload=json.dumps({"from": "handler"}))
        return {"body": done["Payload"].read().decode()}
    if do == "tables":
        import boto3
        tables = boto3.client("dynamodb").list_tables()["TableNames"]
        buckets = [one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]]
        return {"body": json.dumps([tables, buckets])}
    if do == "bedrock":
        import boto3
        said = boto3.client("bedrock-runtime").converse(modelId="m", messages=[{"role": "user", "content": [{"text": "Hi"}]}])
        return {"body": said["output"]["message"]["content"][0]["text"]}
    print("printed by", do)
    log.warning("logged by %s", do)
    body = {
        "event": event, "calls": len(instance), "pid": os.getpid(), "layer": [layered.NAME, overridden.NAME], "who": os.environ["WHO"],
        "environment": sorted(os.environ), "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
        "version": context.function_version, "memory": context.memory_limit_in_mb,
    }
    return {"statusCode": 200, "headers": {"X-Mine": "1"}, "body": json.dumps(body)}
"""
NODE = """
exports.handler = async (event, context) => {
  if (event.queryStringParameters?.do === 'raise') throw new Error('no')
  if (event.queryStringParameters?.do === 'crash') process.exit(1)
  return { statusCode: 200, body: JSON.stringify([event.httpMethod, context.functionName, process.env.WHO]) }
}
"""
POLICY = {"ArnLike": "AWS:SourceArn"}


def packed(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Aws:
    """An embedded AWS with an API."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.instance = LocalApi(str(work_dir), 60)
        ports = {"default": 0, "dynamodb": 0}
        _, self.state = self.instance.start(str(FILES / "moto_server.py"), ACCOUNT, ports, [REGION], "site-builder")
        self.apigateway, self.functions = self.client("apigateway"), self.client("lambda")
        self.bucket = "packages"
        self.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        trust = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
                ],
            }
        )
        self.role = self.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.layers = [
            self.layer("low", {"python/layered.py": "NAME = 'low'", "python/overridden.py": "NAME = 'low'"}),
            self.layer("high", {"python/overridden.py": "NAME = 'high'"}),
        ]
        api = self.apigateway.create_rest_api(name="api-dev", tags={"Service": "site-builder", "Environment": "dev"})
        self.api, self.root = api["id"], api["rootResourceId"]

    def client(self, service: str) -> Any:
        endpoints = self.state["endpoints"]
        session = boto3.Session("test", "test", region_name=REGION)
        config = Config(proxies={}, retries={"max_attempts": 0})
        return session.client(service, endpoint_url=endpoints.get(service, endpoints["default"]), config=config)

    def put(self, key: str, files: dict[str, str]) -> dict[str, str]:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=packed(files))
        return {"S3Bucket": self.bucket, "S3Key": key}

    def layer(self, name: str, files: dict[str, str]) -> str:
        return self.functions.publish_layer_version(LayerName=name, Content=self.put(f"{name}.zip", files))[
            "LayerVersionArn"
        ]

    def function(self, name: str, files: dict[str, str], **settings: Any) -> None:
        """Create a function with a version and the alias live, that API Gateway may call."""
        wanted = {
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Timeout": 20,
            "MemorySize": 256,
            "Environment": {"Variables": {"WHO": "one"}},
        }
        self.functions.create_function(
            FunctionName=name, Role=self.role, Code=self.put(f"{name}.zip", files), Publish=True, **wanted | settings
        )
        self.functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        self.functions.add_permission(
            FunctionName=name,
            Qualifier="live",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.api}/dev/*",
        )

    def resource(self, part: str, parent: str | None = None) -> str:
        return self.apigateway.create_resource(restApiId=self.api, parentId=parent or self.root, pathPart=part)["id"]

    def route(self, resource: str, verb: str, function: str, timeout: int = 29_000, **method: Any) -> None:
        this = {"restApiId": self.api, "resourceId": resource, "httpMethod": verb}
        self.apigateway.put_method(**this, **{"authorizationType": "NONE", **method})
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live"
        self.apigateway.put_integration(
            **this,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            timeoutInMillis=timeout,
            uri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations",
        )

    def deploy(self) -> None:
        self.apigateway.create_deployment(restApiId=self.api, stageName="dev")

    def serve(self, **settings: Any) -> tuple[bool, str]:
        return self.instance.serve(SERVER, settings.get("port", 0), settings.get("bedrock", "stub"))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    made = Aws(tmp_path_factory.mktemp("work"))
    try:
        made.function("python", {"app.py": PYTHON}, Layers=made.layers)
        made.function("short", {"app.py": PYTHON}, Layers=made.layers, Timeout=1)
        made.function("broken", {"app.py": "import nowhere"})
        made.function("java", {"App.class": ""}, Runtime="java21")
        made.function("node", {"app.js": NODE}, Runtime="nodejs22.x")
        made.function("none", {"app.py": PYTHON}, Layers=made.layers)
        made.functions.remove_permission(FunctionName="none", Qualifier="live", StatementId="api")
        for name in ("python", "short", "broken", "java", "node", "none"):
            made.route(made.resource(name), "ANY", name)
        slow = made.resource("slow")
        made.route(slow, "GET", "python", timeout=1000)
        made.route(slow, "POST", "python", authorizationType="AWS_IAM")
        made.route(slow, "PUT", "python", apiKeyRequired=True)
        made.deploy()
        made.client("dynamodb").create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        )
        yield made
    finally:
        made.instance.stop()


@pytest.fixture(scope="module")
def url(aws: Aws) -> str:
    changed, base = aws.serve()
    assert changed
    return f"{base}/api-dev/dev"


def get(url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(options.pop("method", "GET"), url, timeout=60, **options)


def invoke(url: str, name: str, payload: Any, **options: Any) -> dict[str, Any]:
    client = boto3.Session("test", "test", region_name=REGION).client(
        "lambda", endpoint_url=url.partition("/api-dev")[0]
    )
    return client.invoke(FunctionName=name, Payload=json.dumps(payload), **options)


def test_handler_gets_what_lambda_would_give(aws: Aws, url: str) -> None:
    reply = get(f"{url}/python?x=1", headers={"X-Asked": "yes"})
    assert (reply.status_code, reply.headers["x-mine"]) == (200, "1")
    said = reply.json()
    assert said["event"]["requestContext"]["apiId"] == aws.api
    assert said["event"]["headers"]["x-asked"] == "yes"
    # A later layer's files win.
    assert said["layer"] == ["low", "high"]
    assert (said["who"], said["version"], said["memory"]) == ("one", "1", "256")
    assert said["arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:python:live"
    assert 10_000 < said["left"] <= 20_000
    assert not {"_SITE_BUILDER_SOCKET", "MOTO_PORT", "ANSIBLE_CONFIG"} & set(said["environment"])


def test_a_process_is_kept_and_its_output_is_in_a_log(aws: Aws, url: str) -> None:
    one, two = get(f"{url}/python?do=a").json(), get(f"{url}/python?do=b").json()
    assert one["pid"] == two["pid"]
    assert two["calls"] == one["calls"] + 1
    log = aws.instance.directory / "serve/logs/python.log"
    assert log.stat().st_mode & 0o077 == 0
    assert "printed by b" in log.read_text()
    assert "[WARNING]" in log.read_text()


def test_handlers_reach_the_embedded_aws_and_nothing_else_of_this_python(url: str) -> None:
    assert get(f"{url}/python?do=tables").json() == [["things"], ["packages"]]
    assert get(f"{url}/python?do=import").text == "No module named 'moto'"
    assert get(f"{url}/python?do=invoke").json() == {"from": "handler"}
    assert "no model was asked" in get(f"{url}/python?do=bedrock").text


@pytest.mark.parametrize("what", ["crash", "exit", "raise", "malformed", "memory"])
def test_failure_is_502_and_the_next_one_is_answered(url: str, what: str) -> None:
    reply = get(f"{url}/python?do={what}")
    assert (reply.status_code, reply.json()) == (502, {"message": "Internal server error"})
    assert get(f"{url}/python").status_code == 200


def test_timeouts(url: str) -> None:
    """API Gateway's own is 504, the function's is 502: https://rasp.hateblo.jp/entry/2021/05/13/222835 has measured both."""
    reply = get(f"{url}/slow?do=sleep")
    assert (reply.status_code, reply.json()) == (504, {"message": "Endpoint request timed out"})
    reply = get(f"{url}/short?do=sleep")
    assert (reply.status_code, reply.json()) == (502, {"message": "Internal server error"})
    said = json.loads(
        invoke(url, "short", {"httpMethod": "GET", "queryStringParameters": {"do": "sleep"}})["Payload"].read()
    )
    assert said["errorMessage"].endswith("Task timed out after 1.00 seconds")
    # Who sleeps keeps nobody else waiting.
    assert get(f"{url}/python").status_code == 200


def test_what_does_not_run_says_so(aws: Aws, url: str) -> None:
    assert get(f"{url}/broken").status_code == 502
    said = json.loads(invoke(url, "broken", {})["Payload"].read())
    assert (said["errorType"], said["errorMessage"]) == (
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'nowhere'",
    )
    reply = get(f"{url}/java")
    assert reply.status_code == 501
    assert reply.json()["message"].startswith(
        "the function java has runtime java21, which playbooks/serve.yml does not run; it runs"
    )
    # Without a permission API Gateway cannot call it.
    assert (get(f"{url}/none").status_code, get(f"{url}/none").json()) == (500, {"message": "Internal server error"})
    assert "Invalid permissions on Lambda function" in (aws.instance.directory / "serve.log").read_text()


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node on PATH")
def test_node(url: str) -> None:
    assert get(f"{url}/node", method="PATCH").json() == ["PATCH", "node", "one"]
    assert get(f"{url}/node?do=raise").status_code == 502
    assert get(f"{url}/node?do=crash").status_code == 502
    assert get(f"{url}/node").status_code == 200


def test_who_gets_in(aws: Aws, url: str) -> None:
    assert get(f"{url}/nowhere").json() == {"message": "Missing Authentication Token"}
    assert get(f"{url}/nowhere").status_code == 403
    reply = get(f"{url}/slow", method="POST")
    assert reply.status_code == 403
    assert "POST /slow has authorization AWS_IAM, which playbooks/serve.yml does not check" in reply.json()["message"]
    key = aws.apigateway.create_api_key(name="key", enabled=True)
    other = aws.apigateway.create_api_key(name="other", enabled=True)
    plan = aws.apigateway.create_usage_plan(name="plan", apiStages=[{"apiId": aws.api, "stage": "dev"}])
    aws.apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    for value, status in ((None, 403), ("x", 403), (other["value"], 403), (key["value"], 200)):
        reply = get(f"{url}/slow", method="PUT", headers={"x-api-key": value} if value else {})
        assert reply.status_code == status, reply.text
    assert get(f"{url}/python", headers={"Host": "evil.example"}).status_code == 403
    assert get(url.replace("api-dev", "api-prod")).json() == {"message": "Forbidden"}
    assert get(url.replace("/dev", "/prod")).status_code == 403
    assert get(f"{url}/python".replace("api-dev", aws.api)).status_code == 200


def test_invocations(aws: Aws, url: str) -> None:
    done = invoke(url, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:python:live", {"a": "é"})
    assert (done["StatusCode"], done["ExecutedVersion"], json.loads(done["Payload"].read())) == (200, "1", {"a": "é"})
    assert invoke(url, "python", {}, InvocationType="DryRun")["StatusCode"] == 204
    failed = invoke(url, "python", "fail")
    assert failed["FunctionError"] == "Unhandled"
    assert json.loads(failed["Payload"].read())["errorType"] == "ZeroDivisionError"
    with pytest.raises(ClientError, match="Function not found"):
        invoke(url, "nowhere", {})
    # Every other call goes to the embedded AWS.
    client = boto3.Session("test", "test", region_name=REGION).client(
        "lambda", endpoint_url=url.partition("/api-dev")[0]
    )
    assert client.get_function(FunctionName="python")["Configuration"]["FunctionName"] == "python"
    assert (
        get(f"{url.partition('/api-dev')[0]}/2015-03-31/functions/python/invocations", method="POST").status_code == 403
    )


def test_asynchronous_invocation_that_fails_goes_to_its_target(aws: Aws, url: str) -> None:
    queue = aws.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
    aws.client("iam").put_role_policy(RoleName="role", PolicyName="failures", PolicyDocument=json.dumps(policy))
    aws.functions.put_function_event_invoke_config(
        FunctionName="python",
        Qualifier="live",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}},
    )
    assert invoke(url, "python:live", "fail", InvocationType="Event")["StatusCode"] == 202
    assert invoke(url, "python:live", "works", InvocationType="Event")["StatusCode"] == 202
    deadline, messages = time.monotonic() + 20, []
    while not messages and time.monotonic() < deadline:
        messages = aws.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
    record = json.loads(messages[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert (record["requestPayload"], record["responsePayload"]["errorType"]) == ("fail", "ZeroDivisionError")


def test_what_the_embedded_aws_invokes_runs_too(aws: Aws, url: str) -> None:
    """By its own Invoke, and because of an event."""
    assert json.loads(aws.functions.invoke(FunctionName="python:live", Payload=b'{"a": 1}')["Payload"].read()) == {
        "a": 1
    }
    assert "FunctionError" in aws.functions.invoke(FunctionName="python", Payload=b'"fail"')
    queue = aws.client("sqs").create_queue(QueueName="source")["QueueUrl"]
    source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:source"
    aws.functions.create_event_source_mapping(EventSourceArn=source, FunctionName="python")
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="from the queue")
    assert '"body": "from the queue"' in (aws.instance.directory / "serve/logs/python.log").read_text()


def test_requests_side_by_side(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda number: get(f"{url}/python?n={number}"), range(16)))
    numbers = [reply.json()["event"]["queryStringParameters"]["n"] for reply in replies]
    assert numbers == [str(number) for number in range(16)]
    assert 1 <= len({reply.json()["pid"] for reply in replies}) <= 4


def test_what_is_deployed_meanwhile_is_served(aws: Aws, url: str) -> None:
    """A version when the alias goes there, by weights for a time; a route when it is deployed, and not before."""
    assert get(f"{url}/python").json()["who"] == "one"
    aws.functions.update_function_configuration(FunctionName="python", Environment={"Variables": {"WHO": "two"}})
    version = aws.functions.publish_version(FunctionName="python")["Version"]
    time.sleep(1.2)
    assert get(f"{url}/python").json()["who"] == "one"
    aws.functions.update_alias(
        FunctionName="python",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {version: 0.5}},
    )
    time.sleep(1.2)
    assert {get(f"{url}/python").json()["who"] for _ in range(40)} == {"one", "two"}
    aws.functions.update_alias(FunctionName="python", Name="live", FunctionVersion=version, RoutingConfig={})
    time.sleep(1.2)
    assert {get(f"{url}/python").json()["who"] for _ in range(5)} == {"two"}

    aws.route(aws.resource("new"), "GET", "python")
    time.sleep(1.2)
    assert get(f"{url}/new").status_code == 403
    aws.deploy()
    time.sleep(1.2)
    assert get(f"{url}/new").status_code == 200


def module(aws: Aws, run_module: Any, **options: Any) -> dict[str, Any]:
    wanted = {
        "work_dir": str(aws.work_dir),
        "server": SERVER,
        "service": "site-builder",
        "environment": "dev",
        "region": REGION,
    }
    return run_module(local_api, **wanted | options)


def test_module_says_how_to_call_it(aws: Aws, url: str, run_module: Any) -> None:
    said = module(aws, run_module, user="reader")
    assert (said["changed"], said["apis"][0]["url"]) == (False, url)
    assert said["lines"][0] == f"api:    {url}"
    # There is no authorizer, so there is no token.
    assert "token" not in said["apis"][0]
    done = subprocess.run([*shlex.split(said["apis"][0]["curl"]), "-s"], capture_output=True, text=True, check=True)
    assert said["apis"][0]["curl"] == f"curl {url}/broken"
    assert json.loads(done.stdout) == {"message": "Internal server error"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"environment": "sit"}, "no API of site-builder in sit is deployed to the embedded AWS in"),
        ({"region": "af-south-1"}, "no API of site-builder in dev is deployed"),
        ({"user": "../x"}, "site_builder_user is '../x', which is no name of a user; give 1 to 64 letters"),
    ],
)
def test_refusals(aws: Aws, url: str, run_module: Any, options: dict[str, str], sentence: str) -> None:
    assert sentence in module(aws, run_module, **options)["msg"]


def test_only_a_server_that_asks_the_real_bedrock_has_the_callers_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/mine")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    stub, real = (LocalApi(str(tmp_path), 5)._environment(ACCOUNT, 1, kind) for kind in ("stub", "aws"))
    assert {name: stub[name] for name in stub if name.startswith("AWS_") or "PROXY" in name} == {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    assert (real["AWS_PROFILE"], real["AWS_CONFIG_FILE"], real["HTTPS_PROXY"]) == (
        "mine",
        "/mine",
        "http://proxy.example",
    )
    assert real.get("AWS_SHARED_CREDENTIALS_FILE") != "/dev/null"


def test_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(LocalAwsError, match=r"nothing is deployed on this machine: .* with `make demo`"):
        LocalApi(str(tmp_path), 5).serve(SERVER, 0, "stub")


def test_port(aws: Aws, url: str) -> None:
    """One that is taken is refused and leaves what runs; another one moves the server."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            LocalAwsError, match=rf"site_builder_serve_port is {port}, but port {port} of 127.0.0.1 is in use"
        ):
            aws.serve(port=port)
        assert get(f"{url}/python").status_code == 200
    changed, base = aws.serve(port=port)
    assert (changed, base) == (True, f"http://127.0.0.1:{port}")
    assert aws.serve() == (False, base)
    with pytest.raises(requests.ConnectionError):
        get(f"{url}/python")


def test_one_that_was_killed_is_started_again(aws: Aws, url: str) -> None:
    _, base = aws.serve()
    pid = get(f"{base}/api-dev/dev/python").json()["pid"]
    os.kill(json.loads(aws.instance.state_file.read_text())["serve"]["process"]["pid"], signal.SIGKILL)
    # On the same port, unless something else has taken it.
    changed, base = aws.serve()
    assert changed
    assert get(f"{base}/api-dev/dev/python").json()["pid"] != pid
    # What it has left behind ends by itself.
    deadline = time.monotonic() + 10
    while started_at(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started_at(pid) is None


def test_it_ends_with_its_aws(aws: Aws, url: str) -> None:
    _, base = aws.serve()
    pid = get(f"{base}/api-dev/dev/python").json()["pid"]
    process = json.loads(aws.instance.state_file.read_text())["serve"]["process"]
    assert started_at(process["pid"]) == process["started"]
    assert aws.instance.stop()
    assert started_at(process["pid"]) is None
    assert started_at(pid) is None
    ours = [aws.instance.directory / "serve.log", aws.instance.directory / "issuer.pem"]
    ours += [aws.instance.directory / "serve", *(aws.instance.directory / "serve").iterdir()]
    assert [path for path in ours if path.stat().st_mode & 0o077] == []
