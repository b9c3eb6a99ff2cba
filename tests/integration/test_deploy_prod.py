"""prod on the embedded AWS (moto, DynamoDB on ministack): disaster recovery in the second region."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_name

from .conftest import BOUNDARY, Environment

PRIMARY, REPLICA = "af-south-1", "eu-west-1"


def test_prod_deploys(prod: Environment) -> None:
    assert prod.first.code == 0, prod.first.output
    assert set(prod.first.results().values()) == {"succeeded"}


def test_the_first_deployment_is_told_on_one_screen(prod: Environment) -> None:
    """TERMINAL_TEXT=docs/first-deployment.txt writes down what a person sees."""
    lines = prod.first.output.strip().splitlines()
    assert len(lines) <= 60, prod.first.output
    assert any(line.startswith("dynamodb: ") and "to create" in line for line in lines)
    assert any(line.startswith("monitoring   succeeded") for line in lines)
    if where := os.environ.get("TERMINAL_TEXT"):
        Path(where).write_text("\n".join(lines).replace(str(prod.work_dir), ".work") + "\n")


@pytest.mark.long
def test_second_deploy_changes_nothing(prod: Environment) -> None:
    second = prod.deploy()
    assert second.code == 0, second.output
    assert set(second.results().values()) == {"unchanged"}, second.stacks()
    assert {host["changed"] for host in second.recap().values()} == {0}


def test_what_is_computed_is_what_was_created(prod: Environment) -> None:
    run = prod.deploy(playbook="tests/integration/expected.yml")
    assert run.code == 0, run.output


def test_names_are_those_of_the_filter(prod: Environment) -> None:
    """Over all stacks: by type of resource the attribute that is its name, and the keys that have one of a kind."""
    context = {"service": "site-builder", "environment": "prod", "region": PRIMARY, "replica_region": REPLICA}
    context["account_id"] = "123456789012"
    tables, functions, buckets = (
        ("agents", "generations"),
        ("agents", "generation", "validation", "worker"),
        ("artifacts", "sites"),
    )
    kinds = {
        "aws_dynamodb_table": ("name", {"dynamodb_table": tables}),
        "aws_s3_bucket": ("bucket", {"s3_bucket": (*buckets, "logs"), "s3_replica_bucket": buckets}),
        "aws_iam_role": ("name", {"iam_role": (*functions, *(f"{key}-replication" for key in buckets))}),
        "aws_lambda_function": ("function_name", {"lambda_function": functions}),
        "aws_lambda_layer_version": ("layer_name", {"lambda_layer": ("common",)}),
        "aws_cloudwatch_log_group": ("name", {"lambda_log_group": functions, "api_log_group": ("generation",)}),
        "aws_api_gateway_rest_api": ("name", {"rest_api": ("generation",)}),
        "aws_sns_topic": ("name", {"sns_topic": ("alerts",)}),
        "aws_cloudwatch_dashboard": ("dashboard_name", {"dashboard": ("overview",)}),
    }
    resources = prod.resources(PRIMARY)
    created = {
        # The one whose name AWS gives.
        type_: sorted(one[name] for one in resources[type_] if not one[name].startswith("API-Gateway-Execution-Logs_"))
        for type_, (name, _) in kinds.items()
    }
    computed = {
        type_: sorted(resource_name(key, kind, context) for kind, keys in of.items() for key in keys)
        for type_, (_, of) in kinds.items()
    }
    assert created == computed
    # An alarm is named after what it watches.
    watched = tuple(name for names in computed.values() for name in names)
    assert [
        a["alarm_name"] for a in resources["aws_cloudwatch_metric_alarm"] if not a["alarm_name"].startswith(watched)
    ] == []


def test_tables_are_global_and_protected(prod: Environment) -> None:
    for region in (PRIMARY, REPLICA):
        table = prod.client("dynamodb", region).describe_table(TableName="site-builder-generations-prod")["Table"]
        assert table["TableStatus"] == "ACTIVE"
    primary = prod.client("dynamodb", PRIMARY).describe_table(TableName="site-builder-generations-prod")["Table"]
    assert primary["DeletionProtectionEnabled"] is True
    assert [r["RegionName"] for r in primary["Replicas"]] == [REPLICA]
    assert primary["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_buckets_replicate_to_versioned_ones(prod: Environment) -> None:
    source = "site-builder-sites-prod-123456789012-af-south-1"
    target = "site-builder-sites-prod-123456789012-eu-west-1"
    rules = prod.client("s3", PRIMARY).get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"]
    assert [(rule["Status"], rule["Destination"]["Bucket"]) for rule in rules] == [
        ("Enabled", f"arn:aws:s3:::{target}")
    ]
    replica = prod.client("s3", REPLICA)
    assert replica.get_bucket_versioning(Bucket=target)["Status"] == "Enabled"
    blocked = replica.get_public_access_block(Bucket=target)["PublicAccessBlockConfiguration"]
    assert all(blocked.values())


LOGGING_ROLE = f"site-builder-api-logs-prod-{PRIMARY}"


def test_bootstrap_sets_the_account_s_logging_role(prod: Environment) -> None:
    run = prod.deploy(playbook="playbooks/bootstrap.yml")
    assert run.code == 0, run.output
    role = prod.client("iam", PRIMARY).get_role(RoleName=LOGGING_ROLE)["Role"]["Arn"]
    assert prod.client("apigateway", PRIMARY).get_account()["cloudwatchRoleArn"] == role


def test_every_role_is_bounded(prod: Environment) -> None:
    """Where an organisation demands a boundary, one role without it stops the deployment."""
    iam = prod.client("iam", PRIMARY)
    names = {f"site-builder-{key}-prod-{PRIMARY}" for key in ("agents", "generation", "validation", "worker")}
    names |= {f"site-builder-{key}-replication-prod-{PRIMARY}" for key in ("artifacts", "sites")}
    names |= {LOGGING_ROLE}
    assert {role["RoleName"] for role in iam.list_roles()["Roles"] if "-prod" in role["RoleName"]} == names
    for name in names:
        role = iam.get_role(RoleName=name)["Role"]
        assert role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == BOUNDARY, name


def test_replication_is_watched(prod: Environment) -> None:
    alarms = prod.client("cloudwatch", PRIMARY).describe_alarms(MaxRecords=100)["MetricAlarms"]
    latency = [alarm for alarm in alarms if alarm.get("MetricName") == "ReplicationLatency"]
    assert latency
    assert {d["Name"] for alarm in latency for d in alarm["Dimensions"]} == {"TableName", "ReceivingRegion"}


def test_log_retention(prod: Environment) -> None:
    groups = prod.client("logs", PRIMARY).describe_log_groups(logGroupNamePrefix="/aws/lambda/site-builder-")[
        "logGroups"
    ]
    assert groups
    assert {group["retentionInDays"] for group in groups} == {365}


def test_prod_is_not_destroyed_by_its_name_alone(prod: Environment) -> None:
    run = prod.deploy("-e", "site_builder_confirm_destroy=prod", playbook="playbooks/destroy.yml")
    assert run.code != 0
    assert "site_builder_destroy_prod" in run.output


DESTROY = ["-e", "site_builder_confirm_destroy=prod", "-e", "site_builder_destroy_prod=true"]


@pytest.mark.long
def test_what_aws_protects_stops_the_destruction_before_anything_goes(prod: Environment) -> None:
    run = prod.deploy(*DESTROY, playbook="playbooks/destroy.yml")
    assert run.code != 0
    assert "against deletion; to lift that, deploy once more" in " ".join(run.output.split())
    assert "terraform plan" not in run.output


@pytest.mark.long
def test_buckets_that_hold_anything_stop_the_destruction_before_anything_goes(prod: Environment) -> None:
    lifted = prod.deploy("-e", "site_builder_lift_protection=true")
    assert lifted.code == 0, lifted.output
    results = lifted.results()
    assert results.pop("dynamodb") == "succeeded"
    assert set(results.values()) == {"unchanged"}, lifted.stacks()
    replica = "site-builder-sites-prod-123456789012-eu-west-1"
    prod.client("s3", REPLICA).put_object(Bucket=replica, Key="a", Body=b"b")
    run = prod.deploy(*DESTROY, playbook="playbooks/destroy.yml")
    assert run.code != 0
    said = " ".join(run.output.split())
    assert "site_builder_empty_buckets is false, and there are objects or versions of them in" in said
    assert {"site-builder-artifacts-prod-123456789012-af-south-1", replica} <= set(re.findall(r"[\w-]+", said))
    assert "terraform plan" not in run.output


@pytest.mark.long
def test_destroy_leaves_nothing(prod: Environment) -> None:
    """The last test of this environment. A bucket that has left the definition is emptied, too; one that is not ours is not."""
    foreign = "site-builder-uploads-prod-123456789012-af-south-1"
    s3 = prod.client("s3", PRIMARY)
    s3.create_bucket(Bucket=foreign, CreateBucketConfiguration={"LocationConstraint": PRIMARY})
    for bucket in (foreign, "site-builder-logs-prod-123456789012-af-south-1"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"b")
    buckets = json.dumps({"s3_buckets": {"artifacts": {}, "sites": {}, "uploads": {}}})
    run = prod.deploy(
        *DESTROY, "-e", "site_builder_empty_buckets=true", "-e", buckets, playbook="playbooks/destroy.yml"
    )
    assert run.code == 0, run.output
    assert set(run.results().values()) == {"succeeded"}

    def left(service: str, region: str, operation: str, key: str, name: str | None = None) -> list[str]:
        found = getattr(prod.client(service, region), operation)()[key]
        return [text for text in (item[name] if name else item for item in found) if "prod" in text]

    for region in (PRIMARY, REPLICA):
        assert left("dynamodb", region, "list_tables", "TableNames") == []
    assert left("s3", PRIMARY, "list_buckets", "Buckets", "Name") == [
        "site-builder-tfstate-prod-123456789012-af-south-1",
        foreign,
    ]
    assert s3.get_object(Bucket=foreign, Key="a")["Body"].read() == b"b"
    assert left("lambda", PRIMARY, "list_functions", "Functions", "FunctionName") == []
    assert left("apigateway", PRIMARY, "get_rest_apis", "items", "name") == []
    assert left("logs", PRIMARY, "describe_log_groups", "logGroups", "logGroupName") == []
    # It is the account's.
    assert left("iam", PRIMARY, "list_roles", "Roles", "RoleName") == [LOGGING_ROLE]
    assert left("sns", PRIMARY, "list_topics", "Topics", "TopicArn") == []
