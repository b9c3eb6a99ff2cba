"""The embedded AWS says no where AWS does: each rule by a raw call, and the neighbour that is right passes."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import LocalAws
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import ROOT
from tests.embedded_aws import EmbeddedAws

FILES = ROOT / "roles/local_aws/files"
ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"
MIB = 1024 * 1024
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@dataclass
class Aws:
    """Clients of one embedded AWS; botocore's own checks are off, so that the request arrives."""

    endpoints: dict[str, str]
    embedded: EmbeddedAws

    def client(self, service: str, region: str = REGION) -> Any:
        config = Config(
            proxies={}, retries={"max_attempts": 0}, parameter_validation=False, s3={"addressing_style": "path"}
        )
        endpoint = self.endpoints.get(service, self.endpoints["default"])
        return boto3.Session("test", "test", region_name=region).client(service, endpoint_url=endpoint, config=config)


@contextmanager
def start(work_dir: Path) -> Iterator[Aws]:
    """Start both servers as the role does."""
    instance = LocalAws(str(work_dir), timeout=60)
    launcher = str(FILES / "moto_server.py")
    try:
        _, state = instance.start(launcher, ACCOUNT, {"default": 0, "dynamodb": 0}, [], "pool")
        aws = Aws(state["endpoints"], EmbeddedAws(work_dir))
        prepare(aws)
        yield aws
    finally:
        instance.stop()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Give an account with AWS's usual quotas, and what the cases below expect in it."""
    with start(tmp_path_factory.mktemp("embedded")) as started:
        yield started


@pytest.fixture(scope="module")
def new_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Give a new account: a quota of 10, Cape Town off, no service-linked roles, 29 seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_AWS_LAMBDA_CONCURRENCY", "10")
        patch.setenv("LOCAL_AWS_REGIONS_OFF", "af-south-1")
        patch.setenv("LOCAL_AWS_NO_SERVICE_LINKED_ROLES", "true")
        patch.setenv("LOCAL_AWS_API_TIMEOUT_MS", "29000")
        with start(tmp_path_factory.mktemp("new")) as started:
            yield started


def table(name: str, **more: Any) -> dict[str, Any]:
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("id", *more.pop("keys", ()))],
        "KeySchema": keys("id"),
        **more,
    }


def keys(hash_key: str, range_key: str = "") -> list[dict[str, str]]:
    both = [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]
    return both[: 1 + bool(range_key)]


def index(name: str, key: str, attributes: int = 0) -> dict[str, Any]:
    included = {"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"{name}{n}" for n in range(attributes)]}
    return {
        "IndexName": f"index-{name}",
        "KeySchema": keys(key),
        "Projection": included if attributes else {"ProjectionType": "ALL"},
    }


def archive(mebibytes: int) -> bytes:
    """Return a ZIP file of so many unpacked MiB."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("code.py", "w") as code,
    ):
        for _ in range(mebibytes):
            code.write(bytes(MIB))
    return file.getvalue()


def function(name: str, **more: Any) -> dict[str, Any]:
    code = {"Code": {"ZipFile": archive(0)}, "Role": ROLE, "Handler": "code.handler", "Runtime": "python3.13"}
    return {"FunctionName": name, **code, **more}


def policy(**changes: Any) -> str:
    statement = {"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]})


def trust(**changes: Any) -> str:
    return json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], **changes}]})


def bucket_policy(**changes: Any) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]})


def lifecycle(**rule: Any) -> dict[str, Any]:
    rules = [{"ID": "one", "Status": "Enabled", "Filter": {"Prefix": "a/"}, **rule}]
    return {"Bucket": "bucket", "LifecycleConfiguration": {"Rules": rules}}


def transitions(*pairs: tuple[int, str], noncurrent: bool = False, **rule: Any) -> dict[str, Any]:
    days = "NoncurrentDays" if noncurrent else "Days"
    kind = "NoncurrentVersionTransitions" if noncurrent else "Transitions"
    return lifecycle(**{kind: [{days: day, "StorageClass": storage} for day, storage in pairs]}, **rule)


def prepare(aws: Aws) -> None:
    """Make what the cases ask for."""
    iam = aws.client("iam")
    iam.create_role(RoleName="lambda", AssumeRolePolicyDocument=json.dumps(TRUST))
    for number in range(11):
        iam.create_policy(PolicyName=f"policy{number}", PolicyDocument=policy())
    for number in range(9):
        iam.attach_role_policy(RoleName="lambda", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/policy{number}")
    iam.create_user(UserName="user")
    iam.create_group(GroupName="group")
    iam.put_role_policy(RoleName="lambda", PolicyName="big", PolicyDocument=policy(Resource=arns(100)))
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(**table("plain", GlobalSecondaryIndexes=ENOUGH))
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    for name in ("global", "local", "source", "alone"):
        dynamodb.create_table(**table(name, StreamSpecification=stream))
    dynamodb.create_table(**table("kept", DeletionProtectionEnabled=True))
    dynamodb.create_table(**table("expiring"))
    dynamodb.update_time_to_live(**expires("a"))
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket", **PLACED)
    for name in ("versions", "copy", "copied"):
        s3.create_bucket(Bucket=name, **PLACED)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(**replication("copied", "copy"))
    for name in ("poor", "rich"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    rights = policy(Action=["ec2:*", "sqs:SendMessage"], Resource="*")
    iam.put_role_policy(RoleName="rich", PolicyName="rights", PolicyDocument=rights)
    functions = aws.client("lambda")
    for name in ("small", "other"):
        functions.create_function(**function(name))
    functions.create_function(**function("triggered"))
    for number in range(1, 75):
        functions.add_permission(**trigger("a", number))
    functions.create_function(**function("poor", Role=role_arn("poor")))
    functions.put_function_concurrency(FunctionName="poor", ReservedConcurrentExecutions=0)
    gateway = aws.client("apigateway")
    for name, kind in (("edge", "EDGE"), ("regional", "REGIONAL"), ("mapped", "REGIONAL")):
        api = gateway.create_rest_api(name=name, endpointConfiguration={"types": [kind]})["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="MOCK")
        deployment = gateway.create_deployment(restApiId=api)["id"]
        for stage in ("live", "old"):
            gateway.create_stage(restApiId=api, stageName=stage, deploymentId=deployment)
        gateway.create_deployment(restApiId=api, description="in no stage")
    gateway.create_domain_name(
        domainName="www.example.com", regionalCertificateArn="arn:aws:acm:eu-west-1:1:certificate/a"
    )
    gateway.create_base_path_mapping(domainName="www.example.com", restApiId=api_id(aws, "mapped"), stage="live")
    gateway.create_rest_api(name="private", endpointConfiguration={"types": ["PRIVATE"]})
    aws.client("logs").create_log_group(logGroupName="group")


def api_id(aws: Aws, name: str) -> str:
    return next(api["id"] for api in aws.client("apigateway").get_rest_apis()["items"] if api["name"] == name)


def deployment_of(aws: Aws, name: str, served: bool) -> dict[str, str]:
    api = api_id(aws, name)
    found = aws.client("apigateway").get_deployments(restApiId=api)["items"]
    return {
        "restApiId": api,
        "deploymentId": next(one["id"] for one in found if bool(one.get("description")) is not served),
    }


def method_of(aws: Aws, name: str) -> dict[str, str]:
    api = api_id(aws, name)
    root = aws.client("apigateway").get_resources(restApiId=api)["items"][0]["id"]
    return {"restApiId": api, "resourceId": root, "httpMethod": "GET"}


def arns(count: int, size: int = 80) -> list[str]:
    return [f"arn:aws:s3:::bucket/{str(number).zfill(size - 20)}" for number in range(count)]


def patch(path: str, value: str, op: str = "replace") -> list[dict[str, str]]:
    return [{"op": op, "path": path, "value": value}]


Parameters = dict[str, Any] | Callable[[Aws], dict[str, Any]]


@dataclass
class Case:
    """A call that AWS refuses, and one like it that it does not refuse."""

    rule: str
    service: str
    call: str
    bad: Parameters
    code: str
    says: str
    good: Parameters = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.rule}-{self.service}-{self.call}"


def creates(*changes: dict[str, Any], name: str = "plain", keys: tuple[str, ...] = ("a", "b", "c")) -> dict[str, Any]:
    definitions = [{"AttributeName": key, "AttributeType": "S"} for key in ("id", *keys)]
    return {"TableName": name, "AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": list(changes)}


def expires(attribute: str, enabled: bool = True) -> dict[str, Any]:
    return {
        "TableName": "expiring",
        "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled},
    }


def alarm(**more: Any) -> dict[str, Any]:
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 300}
    limit = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    return {"AlarmName": "alarm", **metric, **limit, **more}


def new_stage(aws: Aws, name: str) -> dict[str, str]:
    api = api_id(aws, "regional")
    deployment = aws.client("apigateway").get_deployments(restApiId=api)["items"][0]["id"]
    return {"restApiId": api, "stageName": name, "deploymentId": deployment}


def model(aws: Aws, name: str) -> dict[str, str]:
    return {"restApiId": api_id(aws, "regional"), "name": name, "contentType": "application/json", "schema": "{}"}


def host(name: str, kind: str, region: str) -> dict[str, Any]:
    field = "certificateArn" if kind == "EDGE" else "regionalCertificateArn"
    arn = f"arn:aws:acm:{region}:{ACCOUNT}:certificate/a"
    return {"domainName": f"{name}.example.com", field: arn, "endpointConfiguration": {"types": [kind]}}


def trigger(name: str, number: int = 0) -> dict[str, str]:
    source = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
    rule = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": source}
    return {"FunctionName": "triggered", "StatementId": f"one{number}", **rule}


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def network(aws: Aws) -> dict[str, list[str]]:
    ec2 = aws.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["SecurityGroups"]
    return {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [groups[0]["GroupId"]]}


def replication(source: str, target: str) -> dict[str, Any]:
    rule = {"ID": "one", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}}
    rule |= {"DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}
    return {"Bucket": source, "ReplicationConfiguration": {"Role": ROLE, "Rules": [rule]}}


QUEUE = {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"}
OFF = {"StreamEnabled": False}
PLACED = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
ENOUGH = [index(name, "id", 20) for name in "abcde"]
VARIABLE = len('{"VV":""}')

# The rules of aws_rules, by the names of their functions.
CASES = [
    Case(
        "stream_of_a_replica",
        "dynamodb",
        "update_table",
        {"TableName": "global", "StreamSpecification": OFF},
        "ValidationException",
        "Disabling Stream is not allowed for a Global Table replica.",
        {"TableName": "local", "StreamSpecification": OFF},
    ),
    Case(
        "source_of_a_replica",
        "dynamodb",
        "delete_table",
        {"TableName": "source"},
        "ValidationException",
        "acted as a source region for new replica(s) being added to the table in the last 24 hours",
        {"TableName": "alone"},
    ),
    Case(
        "other_ttl_attribute",
        "dynamodb",
        "update_time_to_live",
        expires("b"),
        "ValidationException",
        "TimeToLive is active on a different AttributeName: current AttributeName is a",
        expires("a", False),
    ),
    Case(
        "alarm_window",
        "cloudwatch",
        "put_metric_alarm",
        alarm(EvaluationPeriods=289),
        "ValidationError",
        "Metrics cannot be checked across more than a day",
        alarm(EvaluationPeriods=288),
    ),
    Case(
        "alarm_window",
        "cloudwatch",
        "put_metric_alarm",
        alarm(EvaluationPeriods=169, Period=3600),
        "ValidationError",
        "across more than a week",
        alarm(EvaluationPeriods=168, Period=3600),
    ),
    Case(
        "alarm_datapoints",
        "cloudwatch",
        "put_metric_alarm",
        alarm(EvaluationPeriods=2, DatapointsToAlarm=3),
        "ValidationError",
        "DatapointsToAlarm (3) must be less than or equal to",
        alarm(EvaluationPeriods=2, DatapointsToAlarm=2),
    ),
    Case(
        "reserved_group",
        "logs",
        "create_log_group",
        {"logGroupName": "aws/mine"},
        "InvalidParameterException",
        "Log groups starting with AWS/ are reserved for AWS",
        {"logGroupName": "/aws/mine"},
    ),
    Case(
        "stage_name",
        "apigateway",
        "create_stage",
        lambda aws: new_stage(aws, "a.b"),
        "BadRequestException",
        "Stage name only allows a-zA-Z0-9_-",
        lambda aws: new_stage(aws, "a_b-c"),
    ),
    Case(
        "model_name",
        "apigateway",
        "create_model",
        lambda aws: model(aws, "a-b"),
        "BadRequestException",
        "Model name must be alphanumeric",
        lambda aws: model(aws, "aB1"),
    ),
    Case(
        "private_without_policy",
        "apigateway",
        "create_deployment",
        lambda aws: {"restApiId": api_id(aws, "private")},
        "BadRequestException",
        "Private REST API doesn't have a resource policy attached to it",
        lambda aws: {"restApiId": api_id(aws, "regional")},
    ),
    Case(
        "certificate_region",
        "apigateway",
        "create_domain_name",
        host("a", "EDGE", "eu-west-1"),
        "BadRequestException",
        "Certificate must be in 'us-east-1'.",
        host("a", "EDGE", "us-east-1"),
    ),
    Case(
        "certificate_region",
        "apigateway",
        "create_domain_name",
        host("b", "REGIONAL", "us-east-1"),
        "BadRequestException",
        "Certificate must be in 'eu-west-1'.",
        host("b", "REGIONAL", "eu-west-1"),
    ),
    Case(
        "mutual_tls",
        "apigateway",
        "create_domain_name",
        {**host("c", "EDGE", "us-east-1"), "mutualTlsAuthentication": {"truststoreUri": "s3://bucket/a.pem"}},
        "BadRequestException",
        "Mutual TLS is supported for regional domain names only",
        {**host("c", "REGIONAL", "eu-west-1"), "mutualTlsAuthentication": {"truststoreUri": "s3://bucket/a.pem"}},
    ),
    Case(
        "rights_in_a_vpc",
        "lambda",
        "create_function",
        lambda aws: function("inside", Role=role_arn("poor"), VpcConfig=network(aws)),
        "InvalidParameterValueException",
        "does not have permissions to call CreateNetworkInterface on EC2",
        lambda aws: function("inside", Role=role_arn("rich"), VpcConfig=network(aws)),
    ),
    Case(
        "dead_letter_rights",
        "lambda",
        "create_function",
        function("failing", Role=f"arn:aws:iam::{ACCOUNT}:role/poor", DeadLetterConfig=QUEUE),
        "InvalidParameterValueException",
        "does not have permissions to call SendMessage on SQS",
        function("failing", Role=f"arn:aws:iam::{ACCOUNT}:role/rich", DeadLetterConfig=QUEUE),
    ),
    Case(
        "layers_elsewhere",
        "lambda",
        "create_function",
        function("far", Layers=[f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:a:1"]),
        "InvalidParameterValueException",
        "Layers are expected to be in region eu-west-1",
        function("far"),
    ),
    Case(
        "function_policy_size",
        "lambda",
        "add_permission",
        trigger("b" * 500),
        "PolicyLengthExceededException",
        "is bigger than the limit (20480)",
        trigger("b"),
    ),
    Case(
        "log_key_elsewhere",
        "logs",
        "create_log_group",
        {"logGroupName": "secret", "kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"},
        "InvalidParameterException",
        "The specified KMS Key Id could not be found",
        {"logGroupName": "secret", "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"},
    ),
    Case(
        "provisioned_of_reserved",
        "lambda",
        "put_provisioned_concurrency_config",
        {"FunctionName": "poor", "Qualifier": "live", "ProvisionedConcurrentExecutions": 6},
        "InvalidParameterValueException",
        "should not be greater than the reservedConcurrentExecution",
    ),
    Case(
        "replication_needs_versions",
        "s3",
        "put_bucket_replication",
        replication("bucket", "versions"),
        "InvalidRequest",
        "Versioning must be 'Enabled' on the bucket",
    ),
    Case(
        "replication_needs_versions",
        "s3",
        "put_bucket_replication",
        replication("versions", "bucket"),
        "InvalidRequest",
        "Destination bucket must have versioning enabled",
        replication("versions", "copy"),
    ),
    Case(
        "versions_of_a_source",
        "s3",
        "put_bucket_versioning",
        {"Bucket": "copied", "VersioningConfiguration": {"Status": "Suspended"}},
        "InvalidBucketState",
        "first delete the replication configuration",
        {"Bucket": "copied", "VersioningConfiguration": {"Status": "Enabled"}},
    ),
    Case(
        "one_index_change",
        "dynamodb",
        "update_table",
        creates({"Create": index("y", "b")}, {"Delete": {"IndexName": "index-a"}}),
        "LimitExceededException",
        "Only 1 online index can be created or deleted simultaneously",
        creates({"Create": index("y", "c")}),
    ),
    Case(
        "projected_attributes",
        "dynamodb",
        "create_table",
        table("wide", GlobalSecondaryIndexes=[*ENOUGH, index("f", "id", 1)]),
        "ValidationException",
        "101 NonKeyAttributes",
        table("wide", GlobalSecondaryIndexes=ENOUGH),
    ),
    Case(
        "projected_attributes",
        "dynamodb",
        "update_table",
        creates({"Create": index("x", "b", 1)}),
        "ValidationException",
        "101 NonKeyAttributes",
        creates({"Create": index("x", "b")}),
    ),
    Case(
        "local_index_keys",
        "dynamodb",
        "create_table",
        table(
            "lsi",
            keys=("b",),
            KeySchema=keys("id", "b"),
            LocalSecondaryIndexes=[{**index("l", ""), "KeySchema": keys("id", "id")}],
        ),
        "ValidationException",
        "have the same name",
        table(
            "lsi",
            keys=("a", "b"),
            KeySchema=keys("id", "b"),
            LocalSecondaryIndexes=[{**index("l", ""), "KeySchema": keys("id", "a")}],
        ),
    ),
    Case(
        "bucket_name",
        "s3",
        "create_bucket",
        {"Bucket": "No_Bucket", **PLACED},
        "InvalidBucketName",
        "The specified bucket is not valid.",
        {"Bucket": "a-bucket.1", **PLACED},
    ),
    Case("bucket_name", "s3", "create_bucket", {"Bucket": "192.168.1.1", **PLACED}, "InvalidBucketName", "not valid"),
    Case("bucket_name", "s3", "create_bucket", {"Bucket": "sthree-a", **PLACED}, "InvalidBucketName", "not valid"),
    Case(
        "each_class_once",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((30, "STANDARD_IA"), (60, "STANDARD_IA")),
        "InvalidRequest",
        "'StorageClass' must be different for 'Transition' actions",
        transitions((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE")),
    ),
    Case(
        "days_before_infrequent_access",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((29, "ONEZONE_IA")),
        "InvalidArgument",
        "must be greater than or equal to 30 for storageClass 'ONEZONE_IA'",
        transitions((0, "GLACIER_IR")),
    ),
    Case(
        "days_before_infrequent_access",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((1, "STANDARD_IA"), noncurrent=True),
        "InvalidArgument",
        "'NoncurrentDays' in NoncurrentVersionTransition action must be greater than or equal to 30",
        transitions((30, "STANDARD_IA"), noncurrent=True),
    ),
    Case(
        "waterfall",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((30, "STANDARD_IA"), (59, "GLACIER")),
        "InvalidArgument",
        "must be 30 days more than 'filter '(prefix=a/)''",
        transitions((30, "INTELLIGENT_TIERING"), (31, "GLACIER")),
    ),
    Case(
        "waterfall",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((10, "GLACIER"), (99, "DEEP_ARCHIVE"), noncurrent=True),
        "InvalidArgument",
        "must be 90 days more than",
        transitions((10, "GLACIER"), (100, "DEEP_ARCHIVE"), noncurrent=True),
    ),
    Case(
        "waterfall",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((40, "DEEP_ARCHIVE"), (60, "STANDARD_IA")),
        "InvalidArgument",
        "for StorageClass 'DEEP_ARCHIVE' for filter '(prefix=a/)' must be greater than 'Days'",
        transitions((90, "DEEP_ARCHIVE"), (60, "STANDARD_IA")),
    ),
    Case(
        "expiration_after_transitions",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((30, "STANDARD_IA"), Expiration={"Days": 30}),
        "InvalidArgument",
        "'Days' in the Expiration action for filter '(prefix=a/)' must be greater than",
        transitions((30, "STANDARD_IA"), Expiration={"Days": 31}),
    ),
    Case(
        "actions_that_take_no_filter",
        "s3",
        "put_bucket_lifecycle_configuration",
        lifecycle(
            Filter={"Tag": {"Key": "a", "Value": "b"}}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}
        ),
        "InvalidRequest",
        "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        lifecycle(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
    ),
    Case(
        "mixed_times",
        "s3",
        "put_bucket_lifecycle_configuration",
        transitions((30, "STANDARD_IA"), Expiration={"Date": "2030-01-01T00:00:00Z"}),
        "InvalidRequest",
        "Found mixed 'Date' and 'Days'",
        transitions((30, "STANDARD_IA"), Expiration={"Days": 90}),
    ),
    Case(
        "bucket_policy",
        "s3",
        "put_bucket_policy",
        {"Bucket": "bucket", "Policy": bucket_policy(Principal={})},
        "MalformedPolicy",
        "Missing required field Principal",
        {"Bucket": "bucket", "Policy": bucket_policy(Resource=["arn:aws:s3:::bucket", "arn:aws:s3:::*/a"])},
    ),
    Case(
        "bucket_policy",
        "s3",
        "put_bucket_policy",
        {"Bucket": "bucket", "Policy": bucket_policy(Resource="arn:aws:s3:::another/*")},
        "MalformedPolicy",
        "Policy has invalid resource",
    ),
    Case(
        "bucket_policy",
        "s3",
        "put_bucket_policy",
        {"Bucket": "bucket", "Policy": bucket_policy(Actions="s3:*")},
        "MalformedPolicy",
        "Unknown field Actions",
    ),
    Case(
        "sid",
        "iam",
        "create_policy",
        {"PolicyName": "p", "PolicyDocument": policy(Sid="not-this")},
        "MalformedPolicyDocument",
        "must be alpha-numeric",
        {"PolicyName": "p", "PolicyDocument": policy(Sid="This1")},
    ),
    Case(
        "principal_of_identity",
        "iam",
        "put_role_policy",
        {"RoleName": "lambda", "PolicyName": "p", "PolicyDocument": policy(Principal="*")},
        "MalformedPolicyDocument",
        "Policy document should not specify a principal.",
        {"RoleName": "lambda", "PolicyName": "p", "PolicyDocument": policy()},
    ),
    Case(
        "principal_of_trust",
        "iam",
        "update_assume_role_policy",
        {"RoleName": "lambda", "PolicyDocument": trust(Principal={})},
        "MalformedPolicyDocument",
        "Missing required field Principal",
        {"RoleName": "lambda", "PolicyDocument": trust()},
    ),
    Case(
        "grammar_of_trust",
        "iam",
        "create_role",
        {"RoleName": "r", "AssumeRolePolicyDocument": trust(Resource="*")},
        "MalformedPolicyDocument",
        "Has prohibited field Resource",
        {"RoleName": "r", "AssumeRolePolicyDocument": trust(Action=["sts:AssumeRole", "sts:TagSession"])},
    ),
    Case(
        "managed_size",
        "iam",
        "create_policy",
        {"PolicyName": "q", "PolicyDocument": policy(Resource=arns(75))},
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
        {"PolicyName": "q", "PolicyDocument": policy(Resource=arns(70)) + " " * 2000},
    ),
    Case(
        "trust_size",
        "iam",
        "create_role",
        {"RoleName": "s", "AssumeRolePolicyDocument": trust(Condition={"StringEquals": {"aws:a": arns(25)}})},
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
        {"RoleName": "s", "AssumeRolePolicyDocument": trust(Condition={"StringEquals": {"aws:a": arns(20)}})},
    ),
    Case(
        "inline_size",
        "iam",
        "put_role_policy",
        {"RoleName": "lambda", "PolicyName": "more", "PolicyDocument": policy(Resource=arns(25))},
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role lambda",
        {"RoleName": "lambda", "PolicyName": "big", "PolicyDocument": policy(Resource=arns(101))},
    ),
    Case(
        "inline_size",
        "iam",
        "put_user_policy",
        {"UserName": "user", "PolicyName": "p", "PolicyDocument": policy(Resource=arns(30))},
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user user",
        {"UserName": "user", "PolicyName": "p", "PolicyDocument": policy(Resource=arns(20))},
    ),
    Case(
        "inline_size",
        "iam",
        "put_group_policy",
        {"GroupName": "group", "PolicyName": "p", "PolicyDocument": policy(Resource=arns(65))},
        "LimitExceeded",
        "Maximum policy size of 5120 bytes exceeded for group group",
        {"GroupName": "group", "PolicyName": "p", "PolicyDocument": policy(Resource=arns(60))},
    ),
    Case(
        "policies_per_role",
        "iam",
        "attach_role_policy",
        lambda aws: (
            aws.client("iam").attach_role_policy(RoleName="lambda", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/policy9")
            and {"RoleName": "lambda", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/policy10"}
        ),
        "LimitExceeded",
        "Cannot exceed quota for PoliciesPerRole: 10",
        {"RoleName": "lambda", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/policy9"},
    ),
    Case(
        "runtime",
        "lambda",
        "create_function",
        function("f", Runtime="python3.99"),
        "InvalidParameterValueException",
        "Value python3.99 at 'runtime' failed to satisfy constraint",
        function("f"),
    ),
    Case(
        "environment_names",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "Environment": {"Variables": {"AWS_REGION": "x"}}},
        "InvalidParameterValueException",
        "Reserved keys used in this request: AWS_REGION",
        {"FunctionName": "small", "Environment": {"Variables": {"REGION": "x"}}},
    ),
    Case(
        "environment_size",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "Environment": {"Variables": {"VV": "x" * (4097 - VARIABLE)}}},
        "InvalidParameterValueException",
        "exceeded the 4KB limit. String measured: {",
        {"FunctionName": "small", "Environment": {"Variables": {"VV": "x" * (4096 - VARIABLE)}}},
    ),
    Case(
        "timeout_and_memory",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "Timeout": 901},
        "ValidationException",
        "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
        {"FunctionName": "small", "Timeout": 900},
    ),
    Case(
        "timeout_and_memory",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "MemorySize": 10_241},
        "ValidationException",
        "less than or equal to 10240",
        {"FunctionName": "small", "MemorySize": 10_240},
    ),
    Case(
        "layers",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "Layers": [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:l{n}:1" for n in range(6)]},
        "InvalidParameterValueException",
        "Cannot reference more than 5 layers.",
    ),
    Case(
        "destination_rights",
        "lambda",
        "put_function_event_invoke_config",
        {"FunctionName": "small", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
        "InvalidParameterValueException",
        f"The function's execution role does not have permissions to call SendMessage on {QUEUE}",
        lambda aws: (
            aws.client("iam").put_role_policy(
                RoleName="lambda", PolicyName="tell", PolicyDocument=policy(Action="sqs:Send*", Resource=QUEUE)
            )
            and {"FunctionName": "small", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}
        ),
    ),
    Case(
        "reserved_concurrency",
        "lambda",
        "put_function_concurrency",
        lambda aws: (
            aws.client("lambda").put_function_concurrency(FunctionName="other", ReservedConcurrentExecutions=500)
            and {"FunctionName": "small", "ReservedConcurrentExecutions": 401}
        ),
        "InvalidParameterValueException",
        "UnreservedConcurrentExecution below its minimum value of [100]",
        {"FunctionName": "small", "ReservedConcurrentExecutions": 400},
    ),
    Case(
        "unzipped_size",
        "lambda",
        "update_function_code",
        lambda aws: {"FunctionName": "small", "ZipFile": archive(250)},
        "InvalidParameterValueException",
        "Unzipped size must be smaller than 262144000 bytes",
        lambda aws: {"FunctionName": "small", "ZipFile": archive(1)},
    ),
    Case(
        "unzipped_size_with_layers",
        "lambda",
        "create_function",
        lambda aws: function("layered", Code={"ZipFile": archive(101)}, Layers=[layer(aws)]),
        "InvalidParameterValueException",
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes",
        lambda aws: function("layered", Code={"ZipFile": archive(99)}, Layers=[layer(aws)]),
    ),
    Case(
        "parameter_names",
        "apigateway",
        "put_method",
        lambda aws: {
            **method_of(aws, "regional"),
            "httpMethod": "POST",
            "authorizationType": "NONE",
            "requestParameters": {"method.request.querystring.page[size]": True},
        },
        "BadRequestException",
        "Parameter name should match the following regular expression",
        lambda aws: {
            **method_of(aws, "regional"),
            "httpMethod": "POST",
            "authorizationType": "NONE",
            "requestParameters": {"method.request.querystring.page.size:$-_": True},
        },
    ),
    Case(
        "parameter_names",
        "apigateway",
        "update_method",
        lambda aws: {
            **method_of(aws, "regional"),
            "patchOperations": patch("/requestParameters/method.request.header.a~1b", "true", "add"),
        },
        "BadRequestException",
        "Parameter name should match",
        lambda aws: {
            **method_of(aws, "regional"),
            "patchOperations": patch("/requestParameters/method.request.header.a", "true", "add"),
        },
    ),
    Case(
        "integration_timeout",
        "apigateway",
        "put_integration",
        lambda aws: {**method_of(aws, "edge"), "type": "MOCK", "timeoutInMillis": 29_001},
        "BadRequestException",
        "Timeout should be between 50 ms and 29000 ms",
        lambda aws: {**method_of(aws, "regional"), "type": "MOCK", "timeoutInMillis": 300_000},
    ),
    Case(
        "integration_timeout",
        "apigateway",
        "update_integration",
        lambda aws: {**method_of(aws, "regional"), "patchOperations": patch("/timeoutInMillis", "49")},
        "BadRequestException",
        "Timeout should be between 50 ms and 300000 ms",
        lambda aws: {**method_of(aws, "regional"), "patchOperations": patch("/timeoutInMillis", "50")},
    ),
    Case(
        "policy_size",
        "apigateway",
        "update_rest_api",
        lambda aws: {
            "restApiId": api_id(aws, "edge"),
            "patchOperations": patch("/policy", bucket_policy(Resource=arns(100))),
        },
        "BadRequestException",
        "the limit is 8192",
        lambda aws: {
            "restApiId": api_id(aws, "edge"),
            "patchOperations": patch("/policy", bucket_policy(Resource=arns(90))),
        },
    ),
    Case(
        "policy_document",
        "apigateway",
        "create_rest_api",
        {"name": "p", "policy": policy()},
        "BadRequestException",
        "ensure that Principals are valid",
        {"name": "p", "policy": bucket_policy()},
    ),
    Case(
        "served_deployment",
        "apigateway",
        "delete_deployment",
        lambda aws: deployment_of(aws, "regional", served=True),
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
        lambda aws: deployment_of(aws, "regional", served=False),
    ),
    Case(
        "mapped_stage",
        "apigateway",
        "delete_stage",
        lambda aws: {"restApiId": api_id(aws, "mapped"), "stageName": "live"},
        "BadRequestException",
        "remove all base path mappings related to the stage in your domains: www.example.com",
        lambda aws: {"restApiId": api_id(aws, "mapped"), "stageName": "old"},
    ),
    Case(
        "mapped_api",
        "apigateway",
        "delete_rest_api",
        lambda aws: {"restApiId": api_id(aws, "mapped")},
        "BadRequestException",
        "remove all base path mappings related to the RestApi",
    ),
    Case(
        "retention",
        "logs",
        "put_retention_policy",
        {"logGroupName": "group", "retentionInDays": 100},
        "InvalidParameterException",
        "Value '100' at 'retentionInDays'",
        {"logGroupName": "group", "retentionInDays": 90},
    ),
]
# What botocore's models say.
MODEL_CASES = [
    Case(
        "length",
        "iam",
        "create_role",
        {"RoleName": "r" * 65, "AssumeRolePolicyDocument": json.dumps(TRUST)},
        "ValidationError",
        "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64",
        {"RoleName": "r" * 64, "AssumeRolePolicyDocument": json.dumps(TRUST)},
    ),
    Case(
        "pattern",
        "iam",
        "tag_role",
        {"RoleName": "lambda", "Tags": [{"Key": "a(b)", "Value": "c"}]},
        "ValidationError",
        "'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern",
        {"RoleName": "lambda", "Tags": [{"Key": "Kostenstelle ä", "Value": "ж/b+c=d"}]},
    ),
    Case(
        "required",
        "logs",
        "create_log_group",
        {},
        "InvalidParameterException",
        "Value null at 'logGroupName' failed to satisfy constraint: Member must not be null",
        {"logGroupName": "other"},
    ),
    Case(
        "pattern",
        "logs",
        "create_log_group",
        {"logGroupName": "a b"},
        "InvalidParameterException",
        "regular expression pattern",
    ),
    Case(
        "range",
        "lambda",
        "update_function_configuration",
        {"FunctionName": "small", "MemorySize": 127},
        "ValidationException",
        "Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
        {"FunctionName": "small", "MemorySize": 128},
    ),
    Case(
        "enumeration",
        "dynamodb",
        "create_table",
        {**table("free"), "BillingMode": "FREE"},
        "ValidationException",
        "at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]",
        table("free"),
    ),
    Case(
        "enumeration",
        "s3",
        "put_bucket_versioning",
        {"Bucket": "bucket", "VersioningConfiguration": {"Status": "On"}},
        "MalformedXML",
        "did not validate against our published schema",
        {"Bucket": "bucket", "VersioningConfiguration": {"Status": "Enabled"}},
    ),
    Case(
        "length",
        "kms",
        "create_alias",
        {"AliasName": "alias/" + "a" * 251, "TargetKeyId": "x"},
        "ValidationException",
        "length less than or equal to 256",
    ),
    Case(
        "range",
        "sts",
        "assume_role",
        {"RoleArn": ROLE, "RoleSessionName": "session", "DurationSeconds": 60},
        "ValidationError",
        "value greater than or equal to 900",
        {"RoleArn": ROLE, "RoleSessionName": "session", "DurationSeconds": 900},
    ),
    # What the emulators knew before, and must go on to know.
    Case(
        "deletion protection",
        "dynamodb",
        "delete_table",
        {"TableName": "kept"},
        "ValidationException",
        "protected against deletion",
        {"TableName": "wide"},
    ),
    Case(
        "grammar",
        "iam",
        "create_policy",
        {"PolicyName": "g", "PolicyDocument": policy(Actions="s3:*")},
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
    ),
    Case(
        "grammar",
        "iam",
        "create_policy",
        {"PolicyName": "g", "PolicyDocument": policy(Resource="bucket")},
        "MalformedPolicyDocument",
        "must be in ARN format",
    ),
    Case(
        "grammar",
        "iam",
        "create_policy",
        {"PolicyName": "g", "PolicyDocument": policy(Action="GetObject")},
        "MalformedPolicyDocument",
        "must be prefaced by a vendor",
    ),
]


def layer(aws: Aws) -> str:
    """Return a layer of 150 MiB, made once."""
    client = aws.client("lambda")
    known = client.list_layer_versions(LayerName="layer")["LayerVersions"]
    if known:
        return known[0]["LayerVersionArn"]
    return client.publish_layer_version(LayerName="layer", Content={"ZipFile": archive(150)})["LayerVersionArn"]


def given(aws: Aws, parameters: Parameters) -> dict[str, Any]:
    return parameters(aws) if callable(parameters) else parameters


def refusal(
    aws: Aws, service: str, call: str, parameters: dict[str, Any], region: str = REGION
) -> tuple[str, str, int]:
    """Return code, message and status of AWS's answer."""
    with pytest.raises(ClientError) as raised:
        getattr(aws.client(service, region), call)(**parameters)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def rules() -> Iterator[list[Any]]:
    """Give the table of rules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FILES))
        import aws_rules

        aws_rules.load()
        yield aws_rules.RULES
    for name in [name for name in sys.modules if name.startswith("aws_rules")]:
        del sys.modules[name]


@pytest.mark.parametrize("case", [*CASES, *MODEL_CASES], ids=str)
def test_refused_as_aws_refuses(aws: Aws, case: Case) -> None:
    if case.rule in ("stream_of_a_replica", "source_of_a_replica"):
        replica = [{"Create": {"RegionName": "af-south-1"}}]
        aws.client("dynamodb").update_table(TableName=case.bad["TableName"], ReplicaUpdates=replica)
    code, message, status = refusal(aws, case.service, case.call, given(aws, case.bad))
    assert (code, case.says in message) == (case.code, True), message
    assert status == (409 if code in ("LimitExceeded", "InvalidBucketState") else 400)
    if case.good:
        getattr(aws.client(case.service), case.call)(**given(aws, case.good))


def test_every_rule_has_a_case(rules: list[Any]) -> None:
    elsewhere = {"bucket_elsewhere", "logging_role", "region_is_off", "region_is_off_for_sts", "replica_needs_a_role"}
    names = {rule.condition.__name__ for rule in rules}
    assert names == {case.rule for case in CASES} | elsewhere
    for rule in rules:
        assert rule.source.startswith("https://"), rule
        assert rule.says, rule


def test_readme_has_the_table(rules: list[Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aws_rules"], cwd=FILES, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.count("\n") == len(rules) + 2
    assert done.stdout in (ROOT / "roles/local_aws/README.md").read_text(), (
        "run python -m aws_rules in roles/local_aws/files"
    )


def test_a_bucket_is_asked_in_its_region(aws: Aws) -> None:
    """301 with the region, which SDKs of Python follow and those of Go do not."""
    host, port = aws.endpoints["default"].removeprefix("http://").split(":")
    for region, status in ((REGION, 200), ("eu-north-1", 301)):
        signed = f"AWS4-HMAC-SHA256 Credential=test/20250101/{region}/s3/aws4_request, SignedHeaders=host, Signature=0"
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        connection.request("HEAD", "/bucket", headers={"Authorization": signed})
        reply = connection.getresponse()
        assert reply.status == status
    assert reply.headers["x-amz-bucket-region"] == REGION
    aws.client("s3", "eu-north-1").head_bucket(Bucket="bucket")
    aws.client("s3", "eu-north-1").get_bucket_location(Bucket="bucket")
    connection.request("GET", "/bucket", headers={"Authorization": signed})
    assert b"<Code>PermanentRedirect</Code>" in connection.getresponse().read()


REPLICA = {"TableName": "global", "ReplicaUpdates": [{"Create": {"RegionName": "us-east-1"}}]}


def test_a_new_account(new_account: Aws) -> None:
    """What it has not got, and the sentence that says so."""
    reserve = {"FunctionName": "small", "ReservedConcurrentExecutions": 1}
    code, message, _ = refusal(new_account, "lambda", "put_function_concurrency", reserve)
    assert (code, "minimum value of [10]" in message) == ("InvalidParameterValueException", True)
    new_account.client("lambda").put_function_concurrency(**{**reserve, "ReservedConcurrentExecutions": 0})

    off = "The security token included in the request is invalid."
    assert refusal(new_account, "sts", "get_caller_identity", {}, "af-south-1") == ("InvalidClientTokenId", off, 403)
    assert refusal(new_account, "dynamodb", "list_tables", {}, "af-south-1")[:2] == ("UnrecognizedClientException", off)
    assert refusal(new_account, "lambda", "list_functions", {}, "af-south-1")[:2] == (
        "UnrecognizedClientException",
        off,
    )
    assert new_account.client("sts").get_caller_identity()["Account"] == ACCOUNT

    code, message, _ = refusal(new_account, "dynamodb", "update_table", REPLICA)
    assert (code, "iam:CreateServiceLinkedRole" in message) == ("AccessDeniedException", True)

    waits = {**method_of(new_account, "regional"), "type": "MOCK", "timeoutInMillis": 29_001}
    assert refusal(new_account, "apigateway", "put_integration", waits)[0] == "BadRequestException"

    gateway = new_account.client("apigateway")
    for path, value in (("/*/*/logging/loglevel", "INFO"), ("/accessLogSettings/destinationArn", "arn:aws:logs:group")):
        logs = {"restApiId": api_id(new_account, "edge"), "stageName": "live", "patchOperations": patch(path, value)}
        code, message, _ = refusal(new_account, "apigateway", "update_stage", logs)
        assert (code, "CloudWatch Logs role ARN must be set" in message) == ("BadRequestException", True)
    gateway.update_account(patchOperations=patch("/cloudwatchRoleArn", ROLE))
    gateway.update_stage(**logs)


@pytest.mark.parametrize(
    ("service", "call", "parameters", "code", "status"),
    [
        ("dynamodb", "list_tables", {}, "AccessDeniedException", 400),
        ("iam", "list_roles", {}, "AccessDenied", 403),
        ("s3", "list_buckets", {}, "AccessDenied", 403),
        ("s3", "put_object", {"Bucket": "bucket", "Key": "a/b", "Body": b"x" * 100_000}, "AccessDenied", 403),
        ("lambda", "list_functions", {}, "AccessDeniedException", 403),
        ("apigateway", "get_rest_apis", {}, "AccessDeniedException", 403),
        ("logs", "describe_log_groups", {}, "AccessDeniedException", 400),
        ("sts", "get_caller_identity", {}, "AccessDenied", 403),
        ("cognito-idp", "list_user_pools", {"MaxResults": 1}, "AccessDeniedException", 400),
    ],
)
def test_deny(aws: Aws, service: str, call: str, parameters: dict[str, Any], code: str, status: int) -> None:
    """In every protocol, as often as asked."""
    operation = "".join(word.capitalize() for word in call.split("_"))
    aws.embedded.deny({"service": service, "operation": operation, "times": 2})
    for _ in range(2):
        answered = refusal(aws, service, call, parameters)
        assert (answered[0], answered[2]) == (code, status)
        assert f"not authorized to perform: {service}:{operation}" in answered[1]
    getattr(aws.client(service), call)(**parameters)
    aws.embedded.deny_nothing()


def test_deny_in_other_words(aws: Aws) -> None:
    """A code, a message and a part of the request of one's own; and only that."""
    aws.embedded.deny(
        {
            "service": "*",
            "operation": "*",
            "containing": "us-east-1",
            "code": "ThrottlingException",
            "message": "Rate exceeded",
        },
        {"service": "sts", "operation": "*", "code": "ExpiredToken", "message": "The security token is expired"},
    )
    assert refusal(aws, "dynamodb", "update_table", REPLICA) == ("ThrottlingException", "Rate exceeded", 400)
    assert refusal(aws, "sts", "get_caller_identity", {}) == ("ExpiredToken", "The security token is expired", 403)
    aws.client("dynamodb").describe_table(TableName="global")
    aws.embedded.deny_nothing()
    aws.client("sts").get_caller_identity()


def test_record(aws: Aws) -> None:
    """Of both servers, each operation once, in order."""
    aws.embedded.forget_calls()
    for _ in range(2):
        aws.client("dynamodb").list_tables()
        aws.client("s3").list_objects_v2(Bucket="bucket")
        aws.client("s3").put_object(Bucket="bucket", Key="b/c", Body=b"x")
        aws.client("iam").get_role(RoleName="lambda")
        aws.client("apigatewayv2").get_apis()
    assert aws.embedded.calls() == [
        "dynamodb ListTables",
        "s3 ListObjectsV2",
        "s3 PutObject",
        "iam GetRole",
        "apigatewayv2 GetApis",
    ]


def test_body_in_chunks(aws: Aws) -> None:
    """A body without a length arrives whole."""
    aws.client("s3").create_bucket(Bucket="chunks", **PLACED)
    host, port = aws.endpoints["default"].removeprefix("http://").split(":")
    signed = f"AWS4-HMAC-SHA256 Credential=test/20250101/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0"
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request("PUT", "/chunks/a", iter([b"one", b"two"]), {"Authorization": signed}, encode_chunked=True)
    assert connection.getresponse().status == 200
    assert aws.client("s3").get_object(Bucket="chunks", Key="a")["Body"].read() == b"onetwo"
