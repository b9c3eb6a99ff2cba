"""Thirty changes by hand on a deployed dev, and one run of drift.yml, which finds each of them: the table of docs/life.md.

What Terraform sees, and what no state holds. Afterwards one deployment takes back what it can; the rest stays, is told by the next
run of drift.yml, and nothing else is.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import ROOT, play
from tests.embedded_aws import EmbeddedAws

from .conftest import Environment

REGION, ACCOUNT = "eu-west-1", "123456789012"
STACKS = ["dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring"]
FUNCTION, TABLE, ROLE = "site-builder-agents-dev", "site-builder-agents-dev", "site-builder-agents-dev-eu-west-1"
BUCKET, GROUP = f"site-builder-sites-dev-{ACCOUNT}-{REGION}", "/aws/lambda/site-builder-agents-dev"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:site-builder-alerts-dev"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
TO_TOPIC = {"TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectRemoved:*"]}]}
METRIC = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Period": 60, "Statistic": "Sum"}
THRESHOLD = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}


class Hand:
    """Somebody with the AWS CLI."""

    def __init__(self, dev: Environment) -> None:
        self.dev = dev
        apis = self("apigateway").get_rest_apis()["items"]
        self.api = next(api["id"] for api in apis if api["name"] == "site-builder-generation-dev")
        resources = self("apigateway").get_resources(restApiId=self.api, limit=500, embed=["methods"])["items"]
        self.root = next(one["id"] for one in resources if one["path"] == "/")
        found = [one for one in resources if "GET" in one.get("resourceMethods", {})]
        self.at, self.path = found[0]["id"], found[0]["path"]

    def __call__(self, service: str) -> Any:
        client = self.dev.client(service, REGION)
        # The embedded AWS has one address, and none below it for an account.
        client.meta.events.register("before-sign.s3-control", _one_address)
        return client

    def method(self, **changed: str) -> None:
        operations = [{"op": "replace", "path": f"/{path}", "value": value} for path, value in changed.items()]
        where = {"restApiId": self.api, "resourceId": self.at, "httpMethod": "GET"}
        self("apigateway").update_method(**where, patchOperations=operations)


def _one_address(request: Any, **_event: Any) -> None:
    request.url = request.url.replace(f"://{ACCOUNT}.", "://", 1)


@dataclass(frozen=True)
class Change:
    """what: for the table of the documents. found: of the report's row, {..} filled in. stays: no deployment takes it back."""

    what: str
    stack: str
    do: Callable[[Hand], object]
    found: str
    stays: bool = False


def added(what: str, stack: str, do: Callable[[Hand], object], found: str) -> Change:
    return Change(what, stack, do, f"added by hand: {found}", stays=True)


def attach(hand: Hand) -> None:
    hand("iam").create_policy(PolicyName="eve", PolicyDocument=json.dumps(OPEN))
    hand("iam").attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/eve")


def widen(hand: Hand) -> None:
    policy = json.loads(hand("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    policy["Statement"].append(
        {
            "Sid": "Eve",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
    )
    hand("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def mute(hand: Hand) -> None:
    hand("cloudwatch").delete_alarms(AlarmNames=["site-builder-generation-dev-5xx"])


def feed(hand: Hand) -> None:
    queue = hand("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    arn = hand("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    hand("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=FUNCTION)


def another_function(hand: Hand) -> None:
    role = hand("lambda").get_function(FunctionName=FUNCTION)["Configuration"]["Role"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "")
    hand("lambda").create_function(
        FunctionName="site-builder-eve-dev",
        Runtime="python3.12",
        Role=role,
        Handler="index.main",
        Code={"ZipFile": packed.getvalue()},
    )


def permit(hand: Hand, sid: str, **more: str) -> None:
    hand("lambda").add_permission(
        FunctionName=FUNCTION, StatementId=sid, Action="lambda:InvokeFunction", Principal="222222222222", **more
    )


def route(hand: Hand) -> None:
    where = {"restApiId": hand.api, "resourceId": hand.root, "httpMethod": "DELETE"}
    hand("apigateway").put_method(**where, authorizationType="NONE")
    hand("apigateway").put_integration(**where, type="MOCK")


CHANGES = [
    # Terraform tells.
    Change(
        "a tag of a table",
        "dynamodb",
        lambda h: h("dynamodb").tag_resource(
            ResourceArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}", Tags=[{"Key": "Owner", "Value": "eve"}]
        ),
        'module.tables["agents"].aws_dynamodb_table.this was updated (tags.Owner)',
    ),
    Change(
        "a statement of a bucket policy",
        "s3",
        widen,
        'module.buckets["sites"].aws_s3_bucket_policy.this was updated (policy.Statement[Sid=Eve])',
    ),
    Change(
        "the block of public access",
        "s3",
        lambda h: h("s3").delete_public_access_block(Bucket=BUCKET),
        'module.buckets["sites"].aws_s3_bucket_public_access_block.this was deleted',
    ),
    Change(
        "versions of a bucket",
        "s3",
        lambda h: h("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}),
        'module.buckets["sites"].aws_s3_bucket_versioning.this was updated (versioning_configuration',
    ),
    Change(
        "an inline policy of a role",
        "iam",
        lambda h: h("iam").put_role_policy(RoleName=ROLE, PolicyName="eve", PolicyDocument=json.dumps(OPEN)),
        "aws_iam_role_policies_exclusive.this was updated (policy_names",
    ),
    Change(
        "an attached policy of a role",
        "iam",
        attach,
        "aws_iam_role_policy_attachments_exclusive.this was updated (policy_arns",
    ),
    Change(
        "the trust policy of a role",
        "iam",
        lambda h: h("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(TRUST)),
        "aws_iam_role.this was updated (assume_role_policy",
    ),
    Change(
        "settings of a function",
        "lambda",
        lambda h: h("lambda").update_function_configuration(FunctionName=FUNCTION, Timeout=3),
        'module.lambda["agents"].aws_lambda_function.this was updated (timeout)',
    ),
    Change(
        "how long logs are kept",
        "lambda",
        lambda h: h("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=1),
        'module.lambda["agents"].aws_cloudwatch_log_group.this was updated (retention_in_days)',
    ),
    Change(
        "who may call a route",
        "api_gateway",
        lambda h: h.method(authorizationType="NONE"),
        "was updated (authorization",
    ),
    Change(
        "an alarm that is gone",
        "monitoring",
        mute,
        'aws_cloudwatch_metric_alarm.this["site-builder-generation-dev-5xx"] was deleted',
    ),
    # No state holds it.
    added(
        "a table of our name",
        "dynamodb",
        lambda h: h("dynamodb").create_table(
            TableName="site-builder-eve-dev",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        ),
        f"table site-builder-eve-dev in {REGION}",
    ),
    added(
        "a bucket of our name",
        "s3",
        lambda h: h("s3").create_bucket(
            Bucket=f"site-builder-eve-dev-{ACCOUNT}-{REGION}", CreateBucketConfiguration={"LocationConstraint": REGION}
        ),
        f"bucket site-builder-eve-dev-{ACCOUNT}-{REGION}",
    ),
    added(
        "CORS rules of a bucket",
        "s3",
        lambda h: h("s3").put_bucket_cors(
            Bucket=BUCKET, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
        ),
        f"CORS rules {BUCKET}",
    ),
    added(
        "a website",
        "s3",
        lambda h: h("s3").put_bucket_website(
            Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
        ),
        f"website {BUCKET}",
    ),
    added(
        "an access point",
        "s3",
        lambda h: h("s3control").create_access_point(AccountId=ACCOUNT, Name="eve", Bucket=BUCKET),
        f"access point eve of {BUCKET}",
    ),
    added(
        "a role of our name",
        "iam",
        lambda h: h("iam").create_role(
            RoleName="site-builder-eve-dev-eu-west-1", AssumeRolePolicyDocument=json.dumps(TRUST)
        ),
        "role site-builder-eve-dev-eu-west-1",
    ),
    added("a function of our name", "lambda", another_function, "function site-builder-eve-dev"),
    added(
        "a statement of a function's policy",
        "lambda",
        lambda h: permit(h, "eve"),
        f"function policy statement eve of {FUNCTION}",
    ),
    added(
        "a statement of an alias's policy",
        "lambda",
        lambda h: permit(h, "mallory", Qualifier="live"),
        f"function policy statement mallory of {FUNCTION}:live",
    ),
    added(
        "an alias",
        "lambda",
        lambda h: h("lambda").create_alias(FunctionName=FUNCTION, Name="eve", FunctionVersion="1"),
        f"alias {FUNCTION}:eve",
    ),
    added(
        "a function URL",
        "lambda",
        lambda h: h("lambda").create_function_url_config(FunctionName=FUNCTION, AuthType="NONE"),
        "function URL https://",
    ),
    added(
        "an event source mapping",
        "lambda",
        feed,
        f"event source mapping arn:aws:sqs:{REGION}:{ACCOUNT}:inbox to {FUNCTION}",
    ),
    added(
        "a subscription filter of logs",
        "lambda",
        lambda h: h("logs").put_subscription_filter(
            logGroupName=GROUP,
            filterName="eve",
            filterPattern="",
            destinationArn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}",
        ),
        f"subscription filter eve of {GROUP}",
    ),
    added(
        "a resource of an API",
        "api_gateway",
        lambda h: h("apigateway").create_resource(restApiId=h.api, parentId=h.root, pathPart="eve"),
        "resource /eve of site-builder-generation-dev",
    ),
    added("a method of an API", "api_gateway", route, "method DELETE / of site-builder-generation-dev"),
    added(
        "an authorizer",
        "api_gateway",
        lambda h: h("apigateway").create_authorizer(
            restApiId=h.api,
            name="eve",
            type="TOKEN",
            authorizerUri=f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}/invocations",
            identitySource="method.request.header.X",
        ),
        "authorizer eve of site-builder-generation-dev",
    ),
    added(
        "a model",
        "api_gateway",
        lambda h: h("apigateway").create_model(
            restApiId=h.api, name="eve", contentType="application/json", schema="{}"
        ),
        "model eve of site-builder-generation-dev",
    ),
    added(
        "an alarm of our name",
        "monitoring",
        lambda h: h("cloudwatch").put_metric_alarm(AlarmName="site-builder-agents-dev-eve", **METRIC, **THRESHOLD),
        f"alarm site-builder-agents-dev-eve in {REGION}",
    ),
    added(
        "a subscription to the alerts",
        "monitoring",
        lambda h: h("sns").subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="eve@example.com"),
        "subscription email eve@example.com of site-builder-alerts-dev",
    ),
]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One of its own: what is added here stays."""
    work_dir = tmp_path_factory.mktemp("by_hand")
    made = Environment("dev", work_dir)
    assert made.first.code == 0, made.first.output
    yield made
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


def findings(run: Any) -> dict[str, list[str]]:
    """What the report says of each stack, a text for each finding."""
    return {name: [text for text in row["reason"].split("; ") if text] for name, row in run.stacks().items()}


def missed(found: dict[str, list[str]], changes: list[Change]) -> list[str]:
    return [one.what for one in changes if not any(one.found in text for text in found[one.stack])]


def unexplained(found: dict[str, list[str]], changes: list[Change]) -> list[str]:
    return [
        text
        for stack, texts in found.items()
        for text in texts
        if not any(one.stack == stack and one.found in text for one in changes)
    ]


@pytest.mark.long
def test_thirty_changes_are_thirty_findings(dev: Environment) -> None:
    assert len(CHANGES) == 30
    aws = EmbeddedAws(dev.work_dir)
    aws.forget_calls()
    nothing = dev.deploy(playbook="playbooks/drift.yml")
    # The report of the run, where reports are kept.
    assert set(aws.writes()) <= {"s3 PutObject"}
    assert (nothing.code, nothing.results()) == (0, dict.fromkeys(STACKS, "none")), nothing.output
    hand = Hand(dev)
    for change in CHANGES:
        change.do(hand)
    run = dev.deploy(playbook="playbooks/drift.yml")
    assert run.code == 2, run.output
    assert run.results() == dict.fromkeys(STACKS, "drifted")
    found = findings(run)
    assert (missed(found, CHANGES), unexplained(found, CHANGES)) == ([], [])
    # On the screen and in the table, too.
    said = " ".join(run.output.split())
    assert all(change.found in said for change in CHANGES)
    table = {
        line.split()[1]: line.split()[3:7] for line in run.output.splitlines() if re.match(r"\s+- \w+ +drifted ", line)
    }
    by_stack = {stack: sum(one.stack == stack and one.stays for one in CHANGES) for stack in STACKS}
    assert {stack: int(cells[0]) for stack, cells in table.items()} == by_stack
    assert run.stacks()["monitoring"]["added"] == [
        {"kind": "alarm", "name": f"site-builder-agents-dev-eve in {REGION}"},
        {"kind": "subscription", "name": "email eve@example.com of site-builder-alerts-dev"},
    ]


@pytest.mark.long
def test_a_deployment_takes_back_what_terraform_sees(dev: Environment) -> None:
    """And what it cannot take back is told for as long as it is there."""
    repaired = dev.deploy()
    assert repaired.code == 0, repaired.output
    stay = [change for change in CHANGES if change.stays]
    run = dev.deploy(playbook="playbooks/drift.yml")
    found = findings(run)
    assert (missed(found, stay), unexplained(found, stay)) == ([], [])


def test_the_table_of_the_documents() -> None:
    """It says what is shown here, in the same words."""
    text = (ROOT / "docs/life.md").read_text()
    rows = re.findall(r"^\| (an? .+?|.+?) \| (yes|no) \|$", text, re.MULTILINE)
    assert rows == [(change.what, "no" if change.stays else "yes") for change in CHANGES]
