"""A whole life of an environment under the roles that bootstrap.yml makes, each of which may do what its policies say.

moto cannot enforce IAM for this: it knows no resources but S3's, no conditions, none of API Gateway's actions, and DynamoDB is not
its. So the gate before both servers denies each operation of which a needed action is in none of the policies that are attached to
the role; tests/iam_actions.py says which actions an operation needs. That a policy names the right resources is held against the
names of the collection in tests/unit/module_utils/test_access.py.

What was called is compared with deployment_calls.json, which the unit tests hold against the policies. When a new provider or a
new feature calls more: SITE_BUILDER_RECORD_CALLS=1 writes it anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import access

from tests.conftest import Run, play
from tests.embedded_aws import EmbeddedAws
from tests.iam_actions import OF_THE_EMBEDDED_AWS, actions, operations

pytestmark = pytest.mark.long
RECORD = Path(__file__).with_name("deployment_calls.json")
SERVICES = (
    "account", "apigateway", "bedrock", "cloudfront", "cloudwatch", "cognito-idp", "dynamodb", "ec2", "iam", "kms", "lambda", "logs",
    "route53", "s3", "s3control", "sns", "sqs", "wafv2",
)  # fmt: skip
TRUST = {
    "site_builder_access_trust": {role: {"principal": "arn:aws:iam::123456789012:role/ci"} for role in access.ROLES}
}
# Nothing of a run is on this machine: the roles may be used on different ones.
ALWAYS = ["-e", "site_builder_plan_store=s3", "-e", json.dumps(TRUST)]
OWNER = ["-e", json.dumps({"site_builder_tags": {"Owner": "ann"}})]


class Life:
    """One environment, of which each run is somebody's."""

    def __init__(self, environment: str, work_dir: Path, *more: str) -> None:
        self.environment, self.work_dir, self.more = environment, work_dir, more
        self.aws = EmbeddedAws(work_dir)
        self.calls: dict[str, set[str]] = {role: set() for role in access.ROLES}

    def run(self, playbook: str, *arguments: str) -> Run:
        everything = (*ALWAYS, *self.more, *arguments)
        return play(self.work_dir, *everything, environment=self.environment, playbook=playbook)

    def as_role(self, role: str, playbook: str, *arguments: str) -> Run:
        """Run it with what the role may do, and note what it has called."""
        allowed = self.allowed(role)
        self.aws.deny(
            *(
                dict(zip(("service", "operation"), line.split(" "), strict=True))
                for service in SERVICES
                for line in operations(service)
                if line not in OF_THE_EMBEDDED_AWS and not actions(line) <= allowed
            )
        )
        self.aws.forget_calls()
        try:
            run = self.run(playbook, *arguments)
        finally:
            self.aws.deny_nothing()
        self.calls[role] |= set(self.aws.calls()) - OF_THE_EMBEDDED_AWS
        return run

    def allowed(self, role: str) -> set[str]:
        """The actions in the policies that IAM has for the role."""
        iam, found = self.client("iam"), set()
        name = f"site-builder-{self.environment}-{role}"
        for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId=version)["PolicyVersion"][
                "Document"
            ]
            found |= {
                a for statement in document["Statement"] if statement["Effect"] == "Allow" for a in statement["Action"]
            }
        return found

    def client(self, service: str) -> Any:
        endpoint = json.loads((self.work_dir / "local_aws/state.json").read_text())["endpoints"]["default"]
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name="eu-west-1", endpoint_url=endpoint, **keys)


@pytest.fixture(scope="module", params=["dev", "prod"])
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    work_dir = tmp_path_factory.mktemp(request.param)
    boundary = ["-e", "site_builder_permissions_boundary_arn=arn:aws:iam::333333333333:policy/boundary"]
    lived = Life(request.param, work_dir, *(boundary if request.param == "prod" else []))
    yield lived
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


def passed(run: Run) -> Run:
    assert run.code == 0, run.output
    return run


def test_a_whole_life(life: Life) -> None:
    made = passed(life.run("playbooks/bootstrap.yml"))
    assert f"role/site-builder-{life.environment}-plan" in made.output
    again = passed(life.run("playbooks/bootstrap.yml"))
    assert {host["changed"] for host in again.recap().values()} == {0}

    # Who only plans deploys nothing.
    refused = life.as_role("plan", "deploy.yml", "--limit", "dynamodb")
    assert refused.code != 0
    assert "AccessDenied" in refused.output
    assert refused.results() == {"dynamodb": "failed"}
    life.calls["plan"].clear()

    planned = passed(life.as_role("plan", "playbooks/plan.yml"))
    sha = re.search(r"SHA-256 ([0-9a-f]{64})", " ".join(planned.output.split()))[1]
    applied = passed(life.as_role("apply", "playbooks/apply.yml", "-e", f"site_builder_plan_sha256={sha}"))
    assert set(applied.results().values()) == {"succeeded"}

    assert set(passed(life.as_role("read", "playbooks/drift.yml")).results().values()) == {"none"}
    passed(life.as_role("read", "playbooks/check.yml"))
    passed(life.as_role("read", "playbooks/outputs.yml"))
    passed(life.as_role("read", "deploy.yml", "--check", *OWNER))
    passed(life.as_role("apply", "playbooks/unlock.yml"))
    changed = passed(life.as_role("apply", "deploy.yml", *OWNER))
    assert "succeeded" in changed.results().values()

    words = {"site_builder_destroy_prod": True, "site_builder_empty_buckets": True}
    if life.environment == "prod":
        passed(life.as_role("apply", "deploy.yml", *OWNER, "-e", '{"site_builder_lift_protection": true}'))
        words["site_builder_lift_protection"] = True
    ended = ["-e", f"site_builder_confirm_destroy={life.environment}", "-e", json.dumps(words)]
    passed(life.as_role("apply", "playbooks/destroy.yml", *OWNER, *ended))


def test_the_record_is_of_today(life: Life) -> None:
    """Runs after the life; each environment's calls are part of the record, and both together are all of it."""
    found = {role: sorted(lines) for role, lines in life.calls.items()}
    recorded = json.loads(RECORD.read_text())
    if "SITE_BUILDER_RECORD_CALLS" in os.environ:
        merged = {role: sorted({*recorded.get(role, []), *lines}) for role, lines in found.items()}
        RECORD.write_text(json.dumps(merged, indent=2) + "\n")
        return
    for role, lines in found.items():
        assert set(lines) <= set(recorded[role]), role
