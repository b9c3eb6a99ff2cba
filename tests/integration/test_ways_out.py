"""Every refusal leads somewhere: these take the way that the sentence names, and arrive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.conftest import ROOT, Run, play
from tests.embedded_aws import EmbeddedAws
from tests.integration.test_adoption import World

pytestmark = pytest.mark.long
TABLES = [f'module.tables["{key}"].aws_dynamodb_table.this' for key in ("agents", "generations")]
ALLOWED = ("-e", json.dumps({"site_builder_allow_destroy": TABLES}))


@pytest.fixture
def work_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "work"
    stopped = play(tmp_path / "work", playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output


def test_a_replica_that_could_not_be_created(work_dir: Path) -> None:
    """The tables are there, and marked for replacement. Replacing them is what the gates refuse, and rightly so."""

    def deploy() -> Run:
        return play(work_dir, "--limit", "dynamodb", environment="prod")

    EmbeddedAws(work_dir).deny(
        {"service": "dynamodb", "operation": "UpdateTable", "containing": "ReplicaUpdates", "times": 2}
    )
    first = deploy()
    assert first.code != 0
    assert "AccessDenied" in first.stacks()["dynamodb"]["reason"]
    assert "dynamodb: Untaint module.tables" in first.output
    second = deploy()
    assert second.code == 0, second.output
    row = second.stacks()["dynamodb"]
    assert (row["counts"]["updated"], row["counts"]["replaced"], row["counts"]["deleted"]) == (2, 0, 0)
    assert deploy().results() == {"dynamodb": "unchanged"}


@pytest.fixture
def sit(tmp_path: Path) -> Path:
    """An inventory of sit that a test may change."""
    return Path(shutil.copytree(ROOT / "inventories/sit", tmp_path / "inventories/sit"))


def replica(sit: Path, region: str | None) -> None:
    file = sit / "group_vars/all.yml"
    kept = (ROOT / "inventories/sit/group_vars/all.yml").read_text()
    more = f"site_builder_replica_region: {region}\nsite_builder_dr: {{enabled: true}}\n" if region else ""
    file.write_text(kept + more)


def test_a_replica_moves_or_goes(work_dir: Path, sit: Path) -> None:
    """A copy is data. Where it moves, the new one comes before the old one goes; the stream outlives the last one."""

    def deploy(*arguments: str) -> Run:
        return play(work_dir, "--limit", "dynamodb", *arguments, environment="sit", inventory=sit)

    replica(sit, "eu-central-1")
    assert deploy().results() == {"dynamodb": "succeeded"}
    for region in ("eu-north-1", None):
        replica(sit, region)
        refused = deploy()
        assert refused.code != 0
        assert "deletes the replica of" in refused.stacks()["dynamodb"]["reason"]
        allowed = deploy(*ALLOWED)
        assert allowed.code == 0, allowed.output
        assert "the second of two steps" in allowed.output
        assert allowed.stacks()["dynamodb"]["counts"] == {"created": 0, "updated": 4, "replaced": 0, "deleted": 0}
        assert deploy().results() == {"dynamodb": "unchanged"}


def test_the_replica_of_a_bucket_moves_or_goes(work_dir: Path, sit: Path) -> None:
    """S3 copies no old object to a new replica and deletes no bucket that holds any; so the old one stays, out of the state."""

    def run(*arguments: str, playbook: str = "deploy.yml") -> Run:
        return play(work_dir, "--limit", "s3", *arguments, environment="sit", inventory=sit, playbook=playbook)

    def regions() -> list[str]:
        aws = boto3.client(
            "s3",
            endpoint_url=json.loads((work_dir / "local_aws/state.json").read_text())["endpoints"]["default"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="eu-west-1",
        )
        names = [one["Name"] for one in aws.list_buckets()["Buckets"]]
        return sorted(name.partition("-123456789012-")[2] for name in names if "-sites-" in name)

    replica(sit, "eu-central-1")
    assert run().results() == {"s3": "succeeded"}
    replica(sit, "eu-north-1")
    refused = run()
    assert refused.code != 0
    reason = refused.stacks()["s3"]["reason"]
    assert "in eu-central-1 is a replica that holds data" in reason
    named, _ = json.JSONDecoder().raw_decode(reason.partition("site_builder_allow_destroy: ")[2])
    moved = run("-e", json.dumps({"site_builder_allow_destroy": named}))
    assert moved.code == 0, moved.output
    assert "it stays in AWS" in moved.output
    row = moved.stacks()["s3"]["counts"]
    assert (row["replaced"], row["deleted"]) == (0, 0)
    assert regions() == ["eu-central-1", "eu-north-1", "eu-west-1"]
    # Without replicas, and where plans are reviewed.
    replica(sit, None)
    told = run(playbook="playbooks/plan.yml")
    assert "playbooks/forget_replicas.yml --limit s3" in told.stacks()["s3"]["reason"]
    forgotten = run(playbook="playbooks/forget_replicas.yml")
    assert forgotten.code == 0, forgotten.output
    assert forgotten.results() == {"s3": "succeeded"}
    gone = run()
    assert gone.results() == {"s3": "succeeded"}
    assert "aws_s3_bucket.replica" not in gone.output
    assert regions() == ["eu-central-1", "eu-north-1", "eu-west-1"]
    # Who destroys looks where the replicas are, whatever the definition says by then.
    replica(sit, "eu-west-3")
    assert run().results() == {"s3": "succeeded"}
    replica(sit, None)
    options = ("-e", "site_builder_confirm_destroy=sit", "-e", "site_builder_empty_buckets=true")
    destroyed = run(*options, playbook="playbooks/destroy.yml")
    assert destroyed.code == 0, destroyed.output
    assert destroyed.results() == {"s3": "succeeded"}
    assert regions() == ["eu-central-1", "eu-north-1"]


API = """
variable "stage" {}

module "api" {
  source = "./modules/api_gateway"

  api = {
    name       = "shop-main-dev"
    stage      = var.stage
    usage_plan = { name = "shop-main-dev" }
    routes = {
      mock = { method = "GET", path = "/", type = "MOCK", authorization = "NONE", responses = { "200" = {} } }
    }
    domain = {
      name            = "api.example.com"
      certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
    }
  }
  functions = {}
  tags      = {}
}
"""


@pytest.fixture
def world(tmp_path: Path, cli_config: Path) -> Iterator[World]:
    made = World(tmp_path, cli_config)
    try:
        yield made
    finally:
        made.local_aws("stopped")


def test_a_stage_is_renamed_under_its_domain(world: World) -> None:
    """AWS keeps a stage that a domain leads to: the new one comes first, then the mapping moves (provider issue 28774)."""
    world.lay_out(API)
    for stage in ("v1", "v2"):
        world.env["TF_VAR_stage"] = stage
        world.plan()
        world.terraform("apply", str(world.plan_file))
        gateway = world.client("apigateway")
        (mapping,) = gateway.get_base_path_mappings(domainName="api.example.com")["items"]
        (only,) = gateway.get_stages(restApiId=mapping["restApiId"])["item"]
        assert (mapping["stage"], only["stageName"]) == (stage, stage)
    assert world.plan() == {}


EXPIRING = """
variable "ttl" {
  type = object({ attribute = string, enabled = bool })
}

module "table" {
  source = "./modules/dynamodb"

  table = {
    name          = "shop-sessions-dev"
    hash_key      = { name = "id" }
    ttl_attribute = var.ttl.attribute
    ttl_enabled   = var.ttl.enabled
  }
  region = "eu-west-1"
  tags   = {}
}
"""


def test_items_expire_by_another_attribute(world: World) -> None:
    """AWS takes it when the old one is off: the deployment between, which dynamodb.other_ttl asks for, makes the way free."""
    world.lay_out(EXPIRING)

    def apply(attribute: str, enabled: bool = True) -> None:
        world.env["TF_VAR_ttl"] = json.dumps({"attribute": attribute, "enabled": enabled})
        world.plan()
        world.terraform("apply", str(world.plan_file))

    apply("a")
    with pytest.raises(AssertionError, match="TimeToLive is active on a different AttributeName"):
        apply("b")
    apply("a", enabled=False)
    apply("b")
    assert world.plan() == {}


def test_an_account_without_a_logging_role(work_dir: Path) -> None:
    """AWS would refuse the stage after all that comes before it; the plan does, and bootstrap.yml is the way out."""

    def run(playbook: str, *arguments: str) -> Run:
        return play(work_dir, *arguments, playbook=playbook, env={"LOCAL_AWS_NOT_BOOTSTRAPPED": "true"})

    refused = run("playbooks/plan.yml", "--limit", "api_gateway")
    assert refused.code != 0
    assert "create it once with playbooks/bootstrap.yml" in refused.stacks()["api_gateway"]["reason"]
    made = run("playbooks/bootstrap.yml")
    assert made.code == 0, made.output
    assert run("playbooks/plan.yml", "--limit", "api_gateway").results() == {"api_gateway": "planned"}
