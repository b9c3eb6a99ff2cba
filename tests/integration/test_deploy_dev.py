"""dev on the embedded AWS (moto, DynamoDB on ministack), from nothing to nothing: what is there, and what later runs do.

The tests use one environment, in this order; each leaves it as it was.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from tests.chaos.proxy import Call, Proxy
from tests.conftest import BIN, ROOT, clean_environment, play
from tests.embedded_aws import EmbeddedAws
from tests.killing import kill_the_apply

from .conftest import Environment

SKIP = ("-e", "site_builder_skip_unchanged=true")
REGION = "eu-west-1"
STACKS = ["dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring"]
NEWLY = dict.fromkeys(STACKS, "succeeded")
UNCHANGED = dict.fromkeys(STACKS, "unchanged")


def test_first_deploy_creates_all_stacks_and_says_so(dev: Environment) -> None:
    assert dev.first.code == 0, dev.first.output
    assert dev.first.results() == NEWLY
    assert all(host["failed"] == 0 for host in dev.first.recap().values())
    table = dev.first.output[dev.first.output.index("- stack ") :].splitlines()
    assert [line.split()[1] for line in table[1:7]] == STACKS
    # Progress while it works, not only at the end.
    assert "s3: terraform apply has started" in dev.first.output
    assert "s3: terraform apply is running for" in dev.first.output


def test_second_deploy_changes_nothing(dev: Environment) -> None:
    second = dev.deploy()
    assert second.code == 0, second.output
    assert second.results() == UNCHANGED
    assert {host["changed"] for host in second.recap().values()} == {0}
    assert not any(row["actions"] for row in second.stacks().values())


def test_tables(dev: Environment) -> None:
    client = dev.client("dynamodb", REGION)
    table = client.describe_table(TableName="site-builder-generations-dev")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by_status"]
    backups = client.describe_continuous_backups(TableName="site-builder-generations-dev")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]}
    assert tags == {"Environment": "dev", "ManagedBy": "Terraform", "Service": "site-builder"}


@pytest.mark.parametrize("key", ["artifacts", "sites", "logs", "tfstate"])
def test_buckets(dev: Environment, key: str) -> None:
    client, name = dev.client("s3", REGION), f"site-builder-{key}-dev-123456789012-eu-west-1"
    blocked = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(blocked, True)
    assert len(blocked) == 4
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    statements = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert any(
        s["Effect"] == "Deny" and s["Condition"].get("Bool") == {"aws:SecureTransport": "false"} for s in statements
    )


def test_states_are_in_the_bucket_and_nowhere_else(dev: Environment) -> None:
    objects = dev.client("s3", REGION).list_objects_v2(Bucket="site-builder-tfstate-dev-123456789012-eu-west-1")
    keys = {o["Key"] for o in objects["Contents"] if not o["Key"].startswith("site-builder/dev/releases/")}
    assert keys == {f"site-builder/dev/{s}/terraform.tfstate" for s in STACKS}
    # .terraform/terraform.tfstate is Terraform's record of the backend, no state.
    local = [p for p in dev.work_dir.rglob("*.tfstate*") if p.parent.name != ".terraform"]
    assert local + list(ROOT.glob("terraform/**/*.tfstate")) == []


def test_nothing_private_is_left_readable(dev: Environment) -> None:
    runs = dev.work_dir / "dev/runs"
    assert [p for p in runs.rglob("*") if p.name in ("plan.tfplan", "terraform.tfvars.json")] == []
    assert all(p.stat().st_mode & 0o077 == 0 for p in runs.iterdir())
    ours = [
        p for p in runs.glob("*/**/*") if p.is_file() and not any(part.startswith(".terraform") for part in p.parts)
    ]
    assert ours
    assert [p for p in ours if p.stat().st_mode & 0o077] == []


def test_what_is_computed_is_what_was_created(dev: Environment) -> None:
    """The outputs that the naming filters promise to downstream stacks are the outputs of the real stacks."""
    run = dev.deploy(playbook="tests/integration/expected.yml")
    assert run.code == 0, run.output
    assert all(host["ok"] > 0 for host in run.recap().values())


def test_functions_and_their_log_groups(dev: Environment) -> None:
    client = dev.client("lambda", REGION)
    groups = {g["logGroupName"]: g for g in dev.client("logs", REGION).describe_log_groups()["logGroups"]}
    for key in ("generation", "worker", "agents", "validation"):
        function = client.get_function(FunctionName=f"site-builder-{key}-dev")["Configuration"]
        assert function["Environment"]["Variables"]["ENVIRONMENT"] == "dev"
        assert function["TracingConfig"]["Mode"] == "Active"
        assert client.get_alias(FunctionName=function["FunctionName"], Name="live")["FunctionVersion"] == "1"
        assert groups[f"/aws/lambda/{function['FunctionName']}"]["retentionInDays"] == 30


def test_log_groups_come_before_their_functions(dev: Environment) -> None:
    """In what the emulator says it created, not in what the code says."""
    client = dev.client("lambda", REGION)
    groups = {g["logGroupName"]: g for g in dev.client("logs", REGION).describe_log_groups()["logGroups"]}
    for function in client.list_functions()["Functions"]:
        if not function["FunctionName"].endswith("-dev"):
            continue
        created = groups[f"/aws/lambda/{function['FunctionName']}"]["creationTime"]
        modified = datetime.fromisoformat(function["LastModified"].replace("+0000", "+00:00"))
        assert created / 1000 <= modified.timestamp()


def test_every_path_answers_options_and_every_other_verb_asks_for_a_token(dev: Environment) -> None:
    client = dev.client("apigateway", REGION)
    api = next(a for a in client.get_rest_apis()["items"] if a["name"] == "site-builder-generation-dev")
    resources = client.get_resources(restApiId=api["id"], limit=500, embed=["methods"])["items"]
    with_methods = [r for r in resources if r.get("resourceMethods")]
    assert len(with_methods) >= 5
    for resource in with_methods:
        methods = resource["resourceMethods"]
        assert "OPTIONS" in methods, resource["path"]
        for verb, method in methods.items():
            assert method["authorizationType"] == ("NONE" if verb == "OPTIONS" else "COGNITO_USER_POOLS"), resource
            assert "methodIntegration" in method


def test_alarms_have_dimensions_that_aws_publishes(dev: Environment) -> None:
    alarms = dev.client("cloudwatch", REGION).describe_alarms(MaxRecords=100)["MetricAlarms"]
    by_metric: dict[str, set[frozenset[str]]] = {}
    for alarm in alarms:
        if "MetricName" in alarm and alarm["AlarmName"].find("-dev") > 0:
            names = frozenset(d["Name"] for d in alarm["Dimensions"])
            by_metric.setdefault(alarm["MetricName"], set()).add(names)
            assert alarm["TreatMissingData"] == "notBreaching"
    assert by_metric["Errors"] == {frozenset({"FunctionName"})}
    assert by_metric["5XXError"] == {frozenset({"ApiName", "Stage"})}
    table, index = frozenset({"TableName"}), frozenset({"TableName", "GlobalSecondaryIndexName"})
    assert by_metric["ReadThrottleEvents"] == {table, index}


def test_alert_topic_key_lets_cloudwatch_publish(dev: Environment) -> None:
    sns, kms = dev.client("sns", REGION), dev.client("kms", REGION)
    arn = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith("site-builder-alerts-dev"))
    key = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["KmsMasterKeyId"]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    granted = [s for s in policy["Statement"] if s["Principal"].get("Service") == "cloudwatch.amazonaws.com"]
    assert granted
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(granted[0]["Action"])


def test_iam_documents_are_the_reviewed_ones(dev: Environment) -> None:
    """tests/integration/iam_policies.json is what a person has looked at; change it by hand, with the reason."""
    client = dev.client("iam", REGION)
    found = {}
    for key in ("generation", "worker", "agents", "validation"):
        role = f"site-builder-{key}-dev-eu-west-1"
        found[key] = {"trust": client.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]}
        for name in client.list_role_policies(RoleName=role)["PolicyNames"]:
            found[key][name] = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    golden = Path(__file__).with_name("iam_policies.json")
    assert found == json.loads(golden.read_text())


@pytest.mark.long
def test_limit_deploys_just_that_stack(dev: Environment) -> None:
    run = dev.deploy("--limit", "dynamodb")
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "unchanged"}


def test_drift_is_told_exactly_and_repaired(dev: Environment) -> None:
    dynamodb, s3, cloudwatch = (dev.client(service, REGION) for service in ("dynamodb", "s3", "cloudwatch"))
    bucket = "site-builder-sites-dev-123456789012-eu-west-1"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"][0]["Effect"] = "Allow"
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    alarm = next(a for a in cloudwatch.describe_alarms()["MetricAlarms"] if a.get("MetricName") == "Errors")[
        "AlarmName"
    ]
    cloudwatch.delete_alarms(AlarmNames=[alarm])
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/site-builder-generations-dev"
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": "eve"}])
    dynamodb.delete_table(TableName="site-builder-agents-dev")

    run = dev.deploy(playbook="playbooks/drift.yml")
    assert run.code == 2, run.output
    assert run.results() == dict.fromkeys(STACKS, "none") | dict.fromkeys(("dynamodb", "s3", "monitoring"), "drifted")
    drift = {
        item["address"]: (item["action"], [change["path"] for change in item["changes"]])
        for row in run.stacks().values()
        for item in row.get("drift", [])
    }
    address = next(address for address in drift if address.startswith("module.monitoring"))
    assert drift == {
        'module.buckets["sites"].aws_s3_bucket_policy.this': (
            "updated", [f"policy.Statement[Sid={policy['Statement'][0]['Sid']}].Effect"],
        ),
        'module.tables["agents"].aws_dynamodb_table.this': ("deleted", []),
        'module.tables["generations"].aws_dynamodb_table.this': ("updated", ["tags.Owner"]),
        address: ("deleted", []),
    }  # fmt: skip
    assert "aws_cloudwatch_metric_alarm" in address

    repaired = dev.deploy("--limit", "dynamodb,s3,monitoring", *SKIP)
    assert repaired.code == 0, repaired.output
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]["Effect"] == "Deny"
    assert cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert "Owner" not in [tag["Key"] for tag in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]]
    assert "site-builder-agents-dev" in dynamodb.list_tables()["TableNames"]


def test_what_was_applied_from_these_very_inputs_is_not_planned(dev: Environment) -> None:
    """The run before has remembered them; one stack alone gets another tag."""
    same = dev.deploy("--limit", "dynamodb,s3", *SKIP)
    assert same.code == 0, same.output
    assert same.results() == dict.fromkeys(("dynamodb", "s3"), "unchanged")
    assert all(row["reason"].startswith("skipped: inputs unchanged since 20") for row in same.stacks().values())
    assert all(row["seconds"] == 0 for row in same.stacks().values())
    other = dev.deploy("--limit", "dynamodb", *SKIP, "-e", '{"site_builder_tags": {"Owner": "ops"}}', "--check")
    assert other.code == 0, other.output
    assert other.stacks()["dynamodb"]["planned"]["updated"] == 2


def test_what_was_reviewed_is_applied(dev: Environment, tmp_path: Path) -> None:
    """A changed function, from its source to its alias, by a plan that a person has looked at in between."""
    copy = tmp_path / "functions"
    shutil.copytree(ROOT / "examples", copy)
    with (copy / "functions/agents/app.py").open("a") as file:
        file.write("\n# one byte more\n")
    arguments = ["--limit", "lambda", "-e", f"lambda_source_dir={copy}"]
    name = "site-builder-agents-dev"
    client = dev.client("lambda", REGION)

    def live() -> str:
        return client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]

    before = live()
    planned = dev.deploy(*arguments, playbook="playbooks/plan.yml")
    assert planned.code == 0, planned.output
    assert planned.results() == {"lambda": "planned"}
    assert '~ module.lambda["agents"].aws_lambda_function.this' in planned.output
    assert live() == before
    applied = dev.deploy(*arguments, playbook="playbooks/apply.yml")
    assert applied.code == 0, applied.output
    assert applied.results() == {"lambda": "succeeded"}
    assert int(live()) == int(before) + 1
    assert {version["Version"] for version in client.list_versions_by_function(FunctionName=name)["Versions"]} >= {
        before,
        live(),
    }
    assert "verify: passed: function agents" in applied.output

    # And taken back, which the same deployment once more does not undo; tests/integration/test_releases.py has the rest.
    back = dev.deploy(playbook="playbooks/rollback.yml")
    assert back.code == 0, back.output
    assert live() == before
    again = dev.deploy(*arguments)
    assert again.code == 0, again.output
    assert again.results() == {"lambda": "unchanged"}
    assert f"agents at {before} instead of {int(before) + 1}" in " ".join(again.output.split())
    assert live() == before


@pytest.mark.long
def test_a_changed_source_updates_its_function_and_another_route_the_api(dev: Environment, tmp_path: Path) -> None:
    copy = tmp_path / "examples"
    shutil.copytree(ROOT / "examples", copy)
    changed = ["-e", f"lambda_source_dir={copy}", "-e", f"api_gateway_openapi_dir={copy}/openapi"]
    with (copy / "functions/agents/app.py").open("a") as file:
        file.write("\n# another byte\n")
    run = dev.deploy(*changed)
    assert run.code == 0, run.output
    assert run.results() == UNCHANGED | {"lambda": "succeeded"}
    function = run.stacks()["lambda"]
    assert function["counts"] == {"created": 0, "updated": 2, "replaced": 0, "deleted": 0}
    assert {'module.lambda["agents"]' in action["address"] for action in function["actions"]} == {True}

    path = copy / "openapi/validation-api.yaml"
    document = yaml.safe_load(path.read_text())
    some_path, item = next(iter(document["paths"].items()))
    operation = dict(next(v for k, v in item.items() if k in ("get", "post")), operationId="anotherOne")
    document["paths"][f"{some_path}/again"] = {"post": operation}
    path.write_text(yaml.safe_dump(document))
    run = dev.deploy(*changed)
    assert run.code == 0, run.output
    assert run.results() == UNCHANGED | {"api_gateway": "succeeded"}
    api = run.stacks()["api_gateway"]
    # Its resource and its verbs, and the deployment that makes them live.
    assert (api["counts"]["created"], api["counts"]["deleted"]) == (7, 0), api["actions"]

    # And back: the copy that the stage serves is made once more, when the route has gone. What was changed by hand since the review stays.
    planned = dev.deploy("--limit", "api_gateway", playbook="playbooks/plan.yml")
    assert planned.code == 0, planned.output
    gateway = dev.client("apigateway", REGION)
    (rest_api,) = gateway.get_rest_apis()["items"]

    def describe(text: str) -> None:
        change = {"op": "replace", "path": "/description", "value": text}
        gateway.update_rest_api(restApiId=rest_api["id"], patchOperations=[change])

    describe("by hand")
    back = dev.deploy("--limit", "api_gateway", playbook="playbooks/apply.yml")
    assert back.code == 0, back.output
    assert gateway.get_rest_api(restApiId=rest_api["id"])["description"] == "by hand"
    describe(rest_api["description"])
    assert back.output.count("api_gateway: terraform apply has started") == 2
    done = back.stacks()["api_gateway"]
    assert (done["counts"]["replaced"], done["counts"]["deleted"]) == (2, 7), done["actions"]
    assert [a["address"].rpartition(".aws_")[2] for a in done["actions"] if a["action"] == "replace"] == [
        "api_gateway_deployment.this"
    ] * 2


@pytest.mark.long
def test_hostile_environment_bends_nothing(dev: Environment) -> None:
    hostile = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
        "AWS_CONFIG_FILE": "/nonexistent/config",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_DYNAMODB_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:9",
        "AWS_PROFILE": "nobody",
        "AWS_REGION": "us-east-1",
        "AWS_SESSION_TOKEN": "stale",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "TF_CLI_ARGS": "-bogus",
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_CLI_CONFIG_FILE": "/nonexistent/terraformrc",
        "TF_DATA_DIR": "/nonexistent/data",
        "TF_LOG": "TRACE",
        "TF_VAR_tables": "{}",
        "TF_WORKSPACE": "prod",
    }
    run = dev.deploy("--limit", "dynamodb", "-e", '{"site_builder_tags": {"Owner": "hostile"}}', env=hostile)
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "succeeded"}
    assert run.stacks()["dynamodb"]["counts"] == {"created": 0, "updated": 2, "replaced": 0, "deleted": 0}


@pytest.mark.long
def test_two_deploys_at_once_leave_one_true_state(dev: Environment) -> None:
    command = [str(BIN / "ansible-playbook"), "deploy.yml", "-i", "inventories/dev", "--limit", "dynamodb"]
    command += ["-e", "site_builder_target=local", "-e", '{"site_builder_tags": {"Owner": "both"}}']
    env = clean_environment(dev.work_dir)
    both = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in both]
    codes = [process.returncode for process in both]
    # Whoever comes second waits for the lock, and plans again if its plan has become stale.
    assert codes == [0, 0], outputs
    after = dev.deploy("--limit", "dynamodb", "-e", '{"site_builder_tags": {"Owner": "both"}}')
    assert after.results() == {"dynamodb": "unchanged"}, after.output


@pytest.mark.long
def test_a_held_lock_is_named(dev: Environment) -> None:
    client, bucket = dev.client("s3", REGION), "site-builder-tfstate-dev-123456789012-eu-west-1"
    key = "site-builder/dev/dynamodb/terraform.tfstate.tflock"
    lock = {
        "ID": "11111111-2222-3333-4444-555555555555",
        "Operation": "OperationTypeApply",
        "Who": "eve@far",
        "Version": "1.11.4",
    }
    lock |= {"Created": "2026-01-01T00:00:00Z", "Path": f"{bucket}/{key.removesuffix('.tflock')}", "Info": ""}
    client.put_object(Bucket=bucket, Key=key, Body=json.dumps(lock).encode())
    try:
        run = dev.deploy("--limit", "dynamodb", "-e", '{"site_builder_lock_timeout": 1}')
    finally:
        client.delete_object(Bucket=bucket, Key=key)
    assert run.code != 0
    assert "is locked by eve@far since 2026-01-01" in run.output
    assert run.results() == {"dynamodb": "failed"}


def test_data_is_not_lost_by_a_slip(dev: Environment) -> None:
    """Another key makes another table: that is refused until it is allowed, and nothing else happens."""
    tables = yaml.safe_load((ROOT / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"]
    tables["agents"]["range_key"] = {"name": "id"}
    arguments = ["--limit", "dynamodb", "-e", json.dumps({"dynamodb_tables": tables})]
    run = dev.deploy(*arguments)
    assert run.code != 0
    assert 'the plan deletes or replaces module.tables["agents"].aws_dynamodb_table.this, which holds data' in " ".join(
        run.output.split()
    )
    assert "site-builder-agents-dev" in dev.client("dynamodb", REGION).list_tables()["TableNames"]


@pytest.mark.long
def test_check_mode_is_a_plan(dev: Environment) -> None:
    run = dev.deploy("--check", "--limit", "dynamodb", "-e", '{"site_builder_tags": {"Owner": "nobody"}}')
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "planned"}
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/site-builder-agents-dev"
    tags = dev.client("dynamodb", REGION).list_tags_of_resource(ResourceArn=arn)["Tags"]
    assert "nobody" not in [tag["Value"] for tag in tags]


@pytest.mark.long
def test_terraform_of_the_pypi_wheel(dev: Environment, tmp_path: Path) -> None:
    """Where no Terraform is installed, the set-up brings this one (requirements-terraform.txt)."""
    launcher = tmp_path / "terraform"
    launcher.write_text(f"#!{sys.executable}\n" + (ROOT / "tools/terraform_launcher.py").read_text())
    launcher.chmod(0o755)
    run = dev.deploy("--limit", "s3", "--check", "-e", f"site_builder_terraform_binary={launcher}")
    assert run.code == 0, run.output
    assert run.results() == {"s3": "unchanged"}


def test_a_killed_apply_is_made_whole_by_the_next_run(dev: Environment) -> None:
    """AWS has a table that the state knows nothing of, and the lock is there; more kills are in test_faults."""
    tables = yaml.safe_load((ROOT / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"]
    tables["killed"] = {"hash_key": {"name": "id"}}
    definition = json.dumps({"dynamodb_tables": tables})
    command = [str(BIN / "ansible-playbook"), "deploy.yml", "-i", "inventories/dev", "--limit", "dynamodb"]
    command += ["-e", "site_builder_target=local", "-e", definition]
    kill_the_apply(dev.work_dir, command, cwd=ROOT, env=clean_environment(dev.work_dir))
    refused = dev.deploy("--limit", "dynamodb", "-e", definition, "-e", '{"site_builder_lock_timeout": 1}')
    assert refused.code != 0
    lock = re.search(r"is locked by .* site_builder_lock_id=(\S+)", refused.stacks()["dynamodb"]["reason"])[1]
    broken = dev.deploy("-e", f"site_builder_lock_id={lock}", playbook="playbooks/unlock.yml")
    assert broken.code == 0, broken.output
    whole = dev.deploy("--limit", "dynamodb", "-e", definition)
    assert whole.code == 0, whole.output
    assert '<- module.tables["killed"].aws_dynamodb_table.this (import of site-builder-killed-dev)' in whole.output
    assert whole.stacks()["dynamodb"]["counts"]["created"] == 0
    state_bucket = "site-builder-tfstate-dev-123456789012-eu-west-1"
    objects = dev.client("s3", REGION).list_objects_v2(Bucket=state_bucket, Prefix="site-builder/dev/dynamodb/")
    # The inputs of an apply were remembered by another test; no marker and no lock.
    left = {one["Key"].rpartition("/")[2] for one in objects["Contents"]} - {"applied.json"}
    assert left == {"terraform.tfstate"}
    assert "site-builder-killed-dev" in {one["name"] for one in dev.resources(REGION)["aws_dynamodb_table"]}


@pytest.mark.long
def test_a_denial_is_named_and_two_runs_at_once_heal_it(dev: Environment) -> None:
    """One of each of what tests/chaos does for an hour: a denied call, a network that fails, two runs that meet."""
    tables = yaml.safe_load((ROOT / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"]
    tables |= {key: {"hash_key": {"name": "id"}} for key in ("killed", "denied")}
    arguments = ("--limit", "dynamodb", "-e", json.dumps({"dynamodb_tables": tables}))
    aws = EmbeddedAws(dev.work_dir)
    aws.deny({"service": "dynamodb", "operation": "UpdateContinuousBackups", "containing": "-denied-"})
    refused = dev.deploy(*arguments)
    aws.deny_nothing()
    assert refused.code != 0
    reason = refused.stacks()["dynamodb"]["reason"]
    assert 'module.tables["denied"].aws_dynamodb_table.this' in reason
    assert "is not authorized to perform: dynamodb:UpdateContinuousBackups" in reason

    proxy = Proxy(dev.work_dir / "proxy.calls")
    # Each of these is tried again by whoever has asked; the look for the user pool, when AWS is joined, is not.
    numbers = itertools.count()

    def trouble(call: Call) -> str | None:
        other = " " in call.name or "UserPool" in call.name
        return None if other else {3: "reset", 6: "unavailable"}.get(next(numbers))

    proxy.before = trouble
    with proxy.in_front_of(dev.work_dir / "local_aws/state.json"), ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda _: dev.deploy(*arguments), range(2)))
    assert [run.code for run in runs] == [0, 0], "\n".join(run.output for run in runs)
    assert proxy.calls > 11
    state = dev.resources(REGION)["aws_dynamodb_table"]
    assert sorted(one["name"] for one in state) == dev.client("dynamodb", REGION).list_tables()["TableNames"]
    assert len(state) == len(tables)


def test_destroy_needs_the_name(dev: Environment) -> None:
    run = play(dev.work_dir, playbook="playbooks/destroy.yml")
    assert run.code != 0
    assert "-e site_builder_confirm_destroy=dev" in run.output


def test_destroy_leaves_nothing(dev: Environment) -> None:
    """The last test of this environment. More access logs than S3 lists at once."""
    s3, logs = dev.client("s3", REGION), f"site-builder-logs-dev-123456789012-{REGION}"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: s3.put_object(Bucket=logs, Key=f"x/{number}", Body=b"x"), range(1050)))
    options = ["-e", "site_builder_confirm_destroy=dev", "-e", "site_builder_empty_buckets=true"]
    run = dev.deploy(*options, playbook="playbooks/destroy.yml")
    assert run.code == 0, run.output
    assert run.results() == NEWLY
    assert "[WARNING]" not in run.output
    assert dev.client("dynamodb", REGION).list_tables()["TableNames"] == []
    assert [bucket["Name"] for bucket in dev.client("s3", REGION).list_buckets()["Buckets"]] == [
        "site-builder-tfstate-dev-123456789012-eu-west-1"
    ]
    assert dev.client("lambda", REGION).list_functions()["Functions"] == []
    assert dev.client("apigateway", REGION).get_rest_apis()["items"] == []
    assert dev.client("sns", REGION).list_topics()["Topics"] == []
    assert dev.resources(REGION) == {}
