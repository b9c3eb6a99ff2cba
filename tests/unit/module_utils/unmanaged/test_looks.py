"""What somebody adds by hand is found, each kind once, and nothing else is: against moto.

The whole of it on a deployed environment, beside what Terraform finds, is in tests/integration/test_by_hand.py.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged import looks  # noqa: F401 - registers them
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.asking import (
    OF_EACH,
    OF_STACKS,
    Aws,
    Found,
    unmanaged,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.held import Held, Thing
from botocore.exceptions import ClientError
from moto import mock_aws

REGION, ACCOUNT = "eu-west-1", "123456789012"
CONTEXT = {
    "service": "shop",
    "environment": "dev",
    "region": REGION,
    "account_id": ACCOUNT,
    "replica_region": "eu-central-1",
}
STACKS = ("dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring")
BUCKET, STATES = f"shop-files-dev-{ACCOUNT}-{REGION}", f"shop-tfstate-dev-{ACCOUNT}-{REGION}"
ROLE, FUNCTION, TABLE, GROUP = (
    "shop-orders-dev-eu-west-1",
    "shop-orders-dev",
    "shop-orders-dev",
    "/aws/lambda/shop-orders-dev",
)
GRANT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
LOGGING = "shop-api-logs-dev-eu-west-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
OPEN = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
)
LOCATION = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
TABLE_OF = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ELSEWHERE = [{"Key": "Service", "Value": "shop-admin"}]


class Streams:
    """A client of DynamoDB that also knows what moto does not: where tables stream to."""

    given: dict[str, list[dict[str, str]]] = {}

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_kinesis_streaming_destination(self, TableName: str) -> dict[str, Any]:  # noqa: N803 - as AWS has it
        return {"TableName": TableName, "KinesisDataStreamDestinations": self.given.get(TableName, [])}


def client(service: str, region: str = REGION) -> Any:
    made = boto3.client(service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    return Streams(made) if service == "dynamodb" else made


def code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "")
    return packed.getvalue()


class World:
    """An environment as Terraform has left it: what AWS has, and what the states hold of it."""

    def __init__(self) -> None:
        self.things: list[Thing] = []
        for service in (
            "s3",
            "iam",
            "lambda",
            "apigateway",
            "cloudwatch",
            "sns",
            "logs",
            "kms",
            "dynamodb",
            "s3control",
        ):
            setattr(self, {"lambda": "functions"}.get(service, service), client(service))
        self.make()
        self.aws = Aws(client, CONTEXT, STATES)
        self.seen = self.found()

    def hold(self, stack: str, type_: str, **attributes: Any) -> None:
        self.things.append(Thing(stack, type_, attributes))

    def found(self, *stacks: str) -> set[Found]:
        """About these stacks, or about all."""
        found, problems = unmanaged(self.aws, Held(self.things), stacks or STACKS)
        assert problems == {}
        assert len(found) == len(set(found))
        return set(found)

    def make(self) -> None:
        arn = self.dynamodb.create_table(TableName=TABLE, **TABLE_OF)["TableDescription"]["TableArn"]
        self.hold("dynamodb", "aws_dynamodb_table", name=TABLE, arn=arn, replica=[])
        for bucket in (BUCKET, STATES):
            self.s3.create_bucket(Bucket=bucket, **LOCATION)
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=OPEN)
        self.hold("s3", "aws_s3_bucket", bucket=BUCKET, region=REGION)
        self.hold("s3", "aws_s3_bucket_policy", bucket=BUCKET)
        self.role = self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.hold("iam", "aws_iam_role", name=ROLE)
        # Made by bootstrap.yml.
        self.iam.create_role(RoleName=LOGGING, AssumeRolePolicyDocument=TRUST)
        own = self.iam.create_policy(PolicyName="AmazonAPIGatewayPushToCloudWatchLogs", PolicyDocument=GRANT)["Policy"][
            "Arn"
        ]
        self.iam.attach_role_policy(RoleName=LOGGING, PolicyArn=own)
        self.iam.create_role(RoleName="shop-dev-plan", AssumeRolePolicyDocument=TRUST)
        self.make_function(FUNCTION)
        self.hold("lambda", "aws_lambda_function", function_name=FUNCTION)
        self.functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
        self.hold(
            "lambda",
            "aws_lambda_alias",
            function_name=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}",
            name="live",
        )
        self.permit("known", "live")
        # In the state of another stack than the function.
        self.hold(
            "api_gateway", "aws_lambda_permission", function_name=FUNCTION, qualifier="live", statement_id="known"
        )
        layer = self.functions.publish_layer_version(LayerName="shop-libs-dev", Content={"ZipFile": code()})
        self.hold("lambda", "aws_lambda_layer_version", layer_name="shop-libs-dev", version=str(layer["Version"]))
        self.make_api()
        self.logs.create_log_group(logGroupName=GROUP)
        self.hold(
            "lambda", "aws_cloudwatch_log_group", name=GROUP, arn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
        )
        self.topic = self.sns.create_topic(Name="shop-alerts-dev")["TopicArn"]
        self.hold("monitoring", "aws_sns_topic", arn=self.topic, name="shop-alerts-dev")
        self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint="ann@example.com")
        subscribed = {"topic_arn": self.topic, "protocol": "email", "endpoint": "ann@example.com"}
        self.hold("monitoring", "aws_sns_topic_subscription", arn="pending confirmation", **subscribed)
        key = self.kms.create_key()["KeyMetadata"]
        self.key = key["KeyId"]
        self.hold("monitoring", "aws_kms_key", key_id=self.key, arn=key["Arn"])
        self.alarm("shop-orders-dev-errors")
        self.hold(
            "monitoring",
            "aws_cloudwatch_metric_alarm",
            arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:shop-orders-dev-errors",
        )

    def make_api(self) -> None:
        api = self.apigateway.create_rest_api(name="shop-orders-dev")
        self.api, self.root = api["id"], self.apigateway.get_resources(restApiId=api["id"])["items"][0]["id"]
        self.hold(
            "api_gateway", "aws_api_gateway_rest_api", id=self.api, name="shop-orders-dev", root_resource_id=self.root
        )
        self.route(self.root, "GET")
        method = {"rest_api_id": self.api, "resource_id": self.root, "http_method": "GET"}
        self.hold("api_gateway", "aws_api_gateway_method", **method)
        self.hold("api_gateway", "aws_api_gateway_integration", **method)
        self.deployment = self.apigateway.create_deployment(restApiId=self.api)["id"]
        self.hold("api_gateway", "aws_api_gateway_deployment", rest_api_id=self.api, id=self.deployment)
        self.apigateway.create_stage(restApiId=self.api, stageName="dev", deploymentId=self.deployment)
        self.hold("api_gateway", "aws_api_gateway_stage", rest_api_id=self.api, stage_name="dev")
        plan = self.apigateway.create_usage_plan(name="shop-orders-dev")["id"]
        self.plan = plan
        self.hold("api_gateway", "aws_api_gateway_usage_plan", id=plan)

    def make_function(self, name: str, **more: Any) -> None:
        self.functions.create_function(
            FunctionName=name, Runtime="python3.12", Role=self.role, Handler="index.main", Code={"ZipFile": code()}, Publish=True, **more
        )  # fmt: skip

    def permit(self, sid: str, qualifier: str = "") -> None:
        qualified = {"Qualifier": qualifier} if qualifier else {}
        allowed = {"Action": "lambda:InvokeFunction", "Principal": "222222222222"}
        self.functions.add_permission(FunctionName=FUNCTION, StatementId=sid, **allowed, **qualified)

    def route(self, resource: str, verb: str) -> None:
        where = {"restApiId": self.api, "resourceId": resource, "httpMethod": verb}
        self.apigateway.put_method(**where, authorizationType="NONE")
        self.apigateway.put_integration(**where, type="MOCK")

    def alarm(self, name: str, **more: Any) -> None:
        metric = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Period": 60, "Statistic": "Sum"}
        threshold = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
        self.cloudwatch.put_metric_alarm(AlarmName=name, **metric, **threshold, **more)

    @property
    def get(self) -> dict[str, str]:
        return {"restApiId": self.api, "resourceId": self.root, "httpMethod": "GET"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with mock_aws():
        yield World()


def test_what_the_states_hold_is_not_told(world: World) -> None:
    """Nor what belongs to the account, to the collection itself, or to whoever keeps the states."""
    assert world.seen == set()


def _event_source(world: World) -> None:
    queue = client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    world.functions.create_event_source_mapping(EventSourceArn=arn, FunctionName=FUNCTION)


def _attach(world: World) -> None:
    policy = world.iam.create_policy(PolicyName="eve", PolicyDocument=GRANT)["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName=LOGGING, PolicyArn=policy)


def _instance_profile(world: World) -> None:
    world.iam.create_instance_profile(InstanceProfileName="eve")
    world.iam.add_role_to_instance_profile(InstanceProfileName="eve", RoleName=ROLE)


def _subscription_filter(world: World) -> None:
    target = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"
    world.logs.put_subscription_filter(logGroupName=GROUP, filterName="eve", filterPattern="", destinationArn=target)


def _stream(world: World) -> None:
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/eve"
    Streams.given[TABLE] = [{"StreamArn": arn, "DestinationStatus": "ACTIVE"}]


def _domain(world: World) -> None:
    world.apigateway.create_domain_name(domainName="eve.example.com")
    world.apigateway.create_base_path_mapping(domainName="eve.example.com", basePath="in", restApiId=world.api)


def _usage_plan_key(world: World) -> None:
    key = world.apigateway.create_api_key(name="eve")["id"]
    world.apigateway.create_usage_plan_key(usagePlanId=world.plan, keyId=key, keyType="API_KEY")


def _copy_to(bucket: str) -> dict[str, Any]:
    there = {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{bucket}", "Format": "CSV"}}
    return {
        "Destination": there,
        "IsEnabled": True,
        "Id": "eve",
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
    }


def _replicate(world: World) -> None:
    there = f"shop-copy-of-eve-{ACCOUNT}"
    world.s3.create_bucket(Bucket=there, **LOCATION)
    for bucket in (there, BUCKET):
        world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ID": "eve", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{there}"}}
    world.s3.put_bucket_replication(Bucket=BUCKET, ReplicationConfiguration={"Role": world.role, "Rules": [rule]})


RULE = {"ID": "eve", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
CORS = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
ADDED: dict[str, tuple[Callable[[World], object], str, str]] = {
    "table": (
        lambda w: w.dynamodb.create_table(TableName="shop-eve-dev", **TABLE_OF), "dynamodb", "table shop-eve-dev in eu-west-1",
    ),
    "table beside the replicas": (
        lambda w: client("dynamodb", "eu-central-1").create_table(TableName="shop-eve-dev", **TABLE_OF),
        "dynamodb", "table shop-eve-dev in eu-central-1",
    ),
    "policy of a table": (
        lambda w: w.dynamodb.put_resource_policy(ResourceArn=w.things[0]["arn"], Policy=OPEN),
        "dynamodb", f"policy of a table {TABLE} in {REGION}",
    ),
    "stream of a table": (_stream, "dynamodb", f"Kinesis stream of a table arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/eve of {TABLE}"),
    "bucket": (
        lambda w: w.s3.create_bucket(Bucket=f"shop-eve-dev-{ACCOUNT}-{REGION}", **LOCATION),
        "s3", f"bucket shop-eve-dev-{ACCOUNT}-{REGION}",
    ),
    "lifecycle": (
        lambda w: w.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [RULE]}),
        "s3", f"lifecycle rules {BUCKET}",
    ),
    "replication": (_replicate, "s3", f"replication {BUCKET}"),
    "CORS": (lambda w: w.s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration=CORS), "s3", f"CORS rules {BUCKET}"),
    "website": (
        lambda w: w.s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}),
        "s3", f"website {BUCKET}",
    ),
    "notification": (
        lambda w: w.s3.put_bucket_notification_configuration(
            Bucket=BUCKET, NotificationConfiguration={"TopicConfigurations": [{"TopicArn": w.topic, "Events": ["s3:ObjectCreated:*"]}]}
        ),
        "s3", f"notification {BUCKET}",
    ),
    "inventory": (
        lambda w: w.s3.put_bucket_inventory_configuration(Bucket=BUCKET, Id="eve", InventoryConfiguration=_copy_to("eve")),
        "s3", f"inventory {BUCKET}",
    ),
    "access point": (
        lambda w: w.s3control.create_access_point(AccountId=ACCOUNT, Name="eve", Bucket=BUCKET), "s3", f"access point eve of {BUCKET}",
    ),
    "role": (
        lambda w: w.iam.create_role(RoleName="shop-eve-dev-eu-west-1", AssumeRolePolicyDocument=TRUST),
        "iam", "role shop-eve-dev-eu-west-1",
    ),
    "inline policy of the logging role": (
        lambda w: w.iam.put_role_policy(RoleName=LOGGING, PolicyName="eve", PolicyDocument=GRANT),
        "api_gateway", f"inline policy eve of the role {LOGGING}",
    ),
    "attached policy of the logging role": (_attach, "api_gateway", f"attached policy eve of the role {LOGGING}"),
    "instance profile": (_instance_profile, "iam", f"instance profile eve with the role {ROLE}"),
    "function": (lambda w: w.make_function("shop-eve-dev"), "lambda", "function shop-eve-dev"),
    "statement": (lambda w: w.permit("eve"), "lambda", f"function policy statement eve of {FUNCTION}"),
    "statement of an alias": (lambda w: w.permit("mallory", "live"), "lambda", f"function policy statement mallory of {FUNCTION}:live"),
    "statement of a version": (lambda w: w.permit("trent", "1"), "lambda", f"function policy statement trent of {FUNCTION}:1"),
    "alias": (
        lambda w: w.functions.create_alias(FunctionName=FUNCTION, Name="eve", FunctionVersion="1"), "lambda", f"alias {FUNCTION}:eve",
    ),
    "event source": (_event_source, "lambda", f"event source mapping arn:aws:sqs:{REGION}:{ACCOUNT}:inbox to {FUNCTION}"),
    "asynchronous invocation": (
        lambda w: w.functions.put_function_event_invoke_config(FunctionName=FUNCTION, MaximumRetryAttempts=0),
        "lambda", f"asynchronous invocation settings {FUNCTION}:$LATEST",
    ),
    "layer": (
        lambda w: w.functions.add_layer_version_permission(
            LayerName="shop-libs-dev", VersionNumber=1, StatementId="eve", Action="lambda:GetLayerVersion", Principal="*"
        ),
        "lambda", "policy of a layer version shop-libs-dev:1",
    ),
    "log group": (lambda w: w.logs.create_log_group(logGroupName="/aws/lambda/shop-x-dev"), "lambda", "log group /aws/lambda/shop-x-dev"),
    "log group of an API": (
        lambda w: w.logs.create_log_group(logGroupName="/aws/apigateway/shop-x-dev"),
        "api_gateway", "log group /aws/apigateway/shop-x-dev",
    ),
    "metric filter": (
        lambda w: w.logs.put_metric_filter(
            logGroupName=GROUP, filterName="eve", filterPattern="x",
            metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
        ),
        "lambda", f"metric filter eve of {GROUP}",
    ),
    "subscription filter": (
        _subscription_filter, "lambda",
        f"subscription filter eve of {GROUP} to arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}",
    ),
    "resource": (
        lambda w: w.apigateway.create_resource(restApiId=w.api, parentId=w.root, pathPart="eve"),
        "api_gateway", "resource /eve of shop-orders-dev",
    ),
    "method": (lambda w: w.route(w.root, "DELETE"), "api_gateway", "method DELETE / of shop-orders-dev"),
    "method response": (
        lambda w: w.apigateway.put_method_response(**w.get, statusCode="200"),
        "api_gateway", "method response 200 of GET / of shop-orders-dev",
    ),
    "integration response": (
        lambda w: w.apigateway.put_integration_response(**w.get, statusCode="200", responseTemplates={}),
        "api_gateway", "integration response 200 of GET / of shop-orders-dev",
    ),
    "authorizer": (
        lambda w: w.apigateway.create_authorizer(restApiId=w.api, name="eve", type="TOKEN", authorizerUri="arn:aws:apigateway:x"),
        "api_gateway", "authorizer eve of shop-orders-dev",
    ),
    "model": (
        lambda w: w.apigateway.create_model(restApiId=w.api, name="eve", contentType="application/json", schema="{}"),
        "api_gateway", "model eve of shop-orders-dev",
    ),
    "request validator": (
        lambda w: w.apigateway.create_request_validator(restApiId=w.api, name="eve"),
        "api_gateway", "request validator eve of shop-orders-dev",
    ),
    "gateway response": (
        lambda w: w.apigateway.put_gateway_response(restApiId=w.api, responseType="ACCESS_DENIED"),
        "api_gateway", "gateway response ACCESS_DENIED of shop-orders-dev",
    ),
    "stage": (
        lambda w: w.apigateway.create_stage(restApiId=w.api, stageName="eve", deploymentId=w.deployment),
        "api_gateway", "stage eve of shop-orders-dev",
    ),
    "base path mapping": (_domain, "api_gateway", "base path mapping in of eve.example.com to {api}"),
    "key of a usage plan": (_usage_plan_key, "api_gateway", "key of a usage plan eve of shop-orders-dev"),
    "alarm": (lambda w: w.alarm("shop-orders-dev-eve"), "monitoring", "alarm shop-orders-dev-eve in eu-west-1"),
    "topic": (lambda w: w.sns.create_topic(Name="shop-eve-dev"), "monitoring", "topic shop-eve-dev"),
    "subscription": (
        lambda w: w.sns.subscribe(TopicArn=w.topic, Protocol="email", Endpoint="eve@example.com"),
        "monitoring", "subscription email eve@example.com of shop-alerts-dev",
    ),
    "key alias": (
        lambda w: w.kms.create_alias(AliasName="alias/eve", TargetKeyId=w.key), "monitoring", "key alias alias/eve of the key {key}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_one_thing_is_added(world: World, name: str) -> None:
    add, stack, text = ADDED[name]
    add(world)
    new = world.found(stack) - world.seen
    told = {f"{one.stack}: {one.kind} {one.name}" for one in new}
    world.seen |= new
    assert told == {f"{stack}: {text.format(api=world.api, key=world.key)}"}


def test_ids_of_aws_are_told_with_names(world: World) -> None:
    """What has an id that AWS has invented."""
    api = world.apigateway.create_rest_api(name="shop-eve-dev")["id"]
    plan = world.apigateway.create_usage_plan(name="eve", apiStages=[{"apiId": world.api, "stage": "eve"}])["id"]
    key = world.apigateway.create_api_key(name="shop-eve-dev")["id"]
    deployment = world.apigateway.create_deployment(restApiId=world.api)["id"]
    # What a release keeps to go back to.
    text = f"release 20260601T000000Z-abcdef, copy of {deployment}"
    world.apigateway.create_deployment(restApiId=world.api, description=text)
    grant = world.kms.create_grant(KeyId=world.key, GranteePrincipal=world.role, Operations=["Decrypt"])["GrantId"]
    url = world.functions.create_function_url_config(FunctionName=FUNCTION, AuthType="NONE")["FunctionUrl"]
    found = world.found()
    told = {f"{one.kind} {one.name}" for one in found - world.seen}
    world.seen = found
    assert told == {
        f"REST API shop-eve-dev ({api})",
        f"usage plan eve ({plan})",
        f"API key shop-eve-dev ({key})",
        f"deployment {deployment} of shop-orders-dev",
        f"grant {grant} on the key {world.key} for {world.role}",
        f"function URL {url} of {FUNCTION} (NONE)",
    }


def test_other_policies_of_bucket_and_api(world: World) -> None:
    """Where the state holds one, another one is a change, which Terraform tells; where it holds none, nobody else does."""
    world.things = [thing for thing in world.things if thing.type != "aws_s3_bucket_policy"]
    told = {f"{one.kind} {one.name}" for one in world.found() - world.seen}
    assert told == {f"bucket policy {BUCKET}"}
    world.hold("s3", "aws_s3_bucket_policy", bucket=BUCKET)
    assert world.found() == world.seen


def test_a_web_acl_of_a_stage(world: World) -> None:
    wafv2, stage = client("wafv2"), f"arn:aws:apigateway:{REGION}::/restapis/{world.api}/stages/dev"
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    acl = wafv2.create_web_acl(Name="eve", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen)[
        "Summary"
    ]["ARN"]
    wafv2.associate_web_acl(WebACLArn=acl, ResourceArn=stage)
    told = {f"{one.kind} {one.name}" for one in world.found("api_gateway") - world.seen}
    assert told == {f"web ACL {acl} of shop-orders-dev"}
    world.hold("api_gateway", "aws_wafv2_web_acl_association", resource_arn=stage)
    assert world.found() == world.seen


def test_the_policy_of_an_api(world: World) -> None:
    api = world.apigateway.create_rest_api(name="open", policy=OPEN)["id"]
    root = world.apigateway.get_resources(restApiId=api)["items"][0]["id"]
    world.hold("api_gateway", "aws_api_gateway_rest_api", id=api, name="open", root_resource_id=root)
    assert {f"{one.kind} {one.name}" for one in world.found() - world.seen} == {"policy of an API open"}
    world.hold("api_gateway", "aws_api_gateway_rest_api_policy", rest_api_id=api)
    assert world.found() == world.seen


def test_copies_of_releases_are_left_out(world: World) -> None:
    """As serving.Serving.copy makes them."""
    world.apigateway.create_deployment(
        restApiId=world.api, description="release 20261129T101500Z-0a1b2c, copy of abc123"
    )
    assert world.found() == world.seen


def test_what_others_have_made_is_left_out(world: World) -> None:
    """A service whose name begins as ours does has names that ours could have; its tags tell. Or it is another environment."""
    tags = {"Service": "shop-admin"}
    world.dynamodb.create_table(TableName="shop-admin-x-dev", Tags=ELSEWHERE, **TABLE_OF)
    name = f"shop-admin-x-dev-{ACCOUNT}-{REGION}"
    world.s3.create_bucket(Bucket=name, **LOCATION)
    world.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": ELSEWHERE})
    world.iam.create_role(RoleName="shop-admin-x-dev-eu-west-1", AssumeRolePolicyDocument=TRUST, Tags=ELSEWHERE)
    world.make_function("shop-admin-x-dev", Tags=tags)
    world.logs.create_log_group(logGroupName="/aws/lambda/shop-admin-x-dev", tags=tags)
    world.apigateway.create_rest_api(name="shop-admin-x-dev", tags=tags)
    world.apigateway.create_usage_plan(name="shop-admin-x-dev", tags=tags)
    world.sns.create_topic(Name="shop-admin-x-dev", Tags=ELSEWHERE)
    world.alarm("shop-admin-x-dev", Tags=ELSEWHERE)
    world.dynamodb.create_table(TableName="shop-orders-prod", **TABLE_OF)
    world.make_function("shop-orders-sit")
    world.alarm("shop-orders-sit-errors")
    assert world.found() == world.seen


def test_only_the_stacks_that_are_asked_for(world: World) -> None:
    found, _ = unmanaged(world.aws, Held(world.things), ["monitoring"])
    assert {one.stack for one in found} == {"monitoring"}


def test_every_look_has_found_something(world: World) -> None:
    """A place in which these tests have put nothing might as well not be looked at."""
    silent = []
    for function in [function for _, function in OF_STACKS]:
        if not list(function(world.aws, Held(world.things))):
            silent.append(function.__name__)
    for type_, function in OF_EACH:
        if not any(list(function(world.aws, Held(world.things), thing)) for thing in Held(world.things).of(type_)):
            silent.append(function.__name__)
    assert silent == []


class Refusing(Aws):
    """One that may not list functions, nor read what belongs to them."""

    def items(self, service: str, operation: str, path: str, region: str = "", **arguments: Any) -> list[Any]:
        if service == "lambda" and operation in ("list_functions", "list_aliases"):
            said = {"Error": {"Code": "AccessDeniedException", "Message": "not for you"}}
            raise ClientError(said, "".join(word.title() for word in operation.split("_")))
        return super().items(service, operation, path, region, **arguments)


def test_what_may_not_be_asked_is_told_once_and_the_rest_is_found(world: World) -> None:
    things = [*world.things, Thing("lambda", "aws_lambda_function", {"function_name": "shop-more-dev"})]
    found, problems = unmanaged(Refusing(client, CONTEXT, STATES), Held(things), STACKS)
    assert sorted(problems) == ["lambda"], problems
    assert [text.partition(" failed")[0] for text in problems["lambda"]] == [
        "looking for what was added by hand (ListFunctions)",
        "looking for what was added by hand (ListAliases)",
    ]
    assert "not for you" in problems["lambda"][0]
    assert {one.stack for one in found} == set(STACKS)
