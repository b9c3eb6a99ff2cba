"""Each gap of moto that roles/local_aws closes, by the call that meets it."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

REGION = "eu-west-1"
PATH = Path(__file__).parents[4] / "roles/local_aws/files/moto_gaps.py"
ROLE = "arn:aws:iam::123456789012:role/replication"
BUCKET = "arn:aws:s3:::bucket"

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Serve moto with its gaps closed, and give clients of it."""
    spec = importlib.util.spec_from_file_location("moto_gaps", PATH)
    gaps = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(PATH.parent))
        spec.loader.exec_module(gaps)
    gaps.apply()
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    session = boto3.Session("test", "test", region_name=REGION)
    config = Config(proxies={}, retries={"max_attempts": 0}, s3={"addressing_style": "path"})
    yield lambda service: session.client(service, endpoint_url=f"http://{host}:{port}", config=config)
    server.stop()


def patch(op: str, path: str, value: str | None = None) -> list[dict[str, str]]:
    """Return one patch operation, as API Gateway takes them."""
    return [{"op": op, "path": path, **({} if value is None else {"value": value})}]


def replace(path: str, value: str) -> list[dict[str, str]]:
    """Return one patch operation that replaces."""
    return patch("replace", path, value)


@pytest.fixture
def gateway(client: Client) -> Any:
    """Give a client of API Gateway."""
    return client("apigateway")


@pytest.fixture
def api(gateway: Any) -> str:
    """Give the id of a new REST API."""
    return gateway.create_rest_api(name="api")["id"]


@pytest.fixture
def route(gateway: Any, api: str) -> dict[str, str]:
    """Give a new GET method with response and integration."""
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="{id}")["id"]
    keys = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**keys, authorizationType="NONE")
    gateway.put_method_response(**keys, statusCode="200")
    gateway.put_integration(**keys, type="MOCK")
    gateway.put_integration_response(**keys, statusCode="200")
    return keys


def test_update_method(gateway: Any, route: dict[str, str]) -> None:
    gateway.update_method(**route, patchOperations=replace("/authorizationType", "AWS_IAM"))
    gateway.update_method(**route, patchOperations=replace("/apiKeyRequired", "true"))
    gateway.update_method(**route, patchOperations=patch("add", "/authorizationScopes", "pages/read"))
    gateway.update_method(**route, patchOperations=patch("add", "/requestParameters/method.request.path.id", "true"))
    gateway.update_method(**route, patchOperations=patch("add", "/requestModels/application~1json", "Page"))
    method = gateway.get_method(**route)
    assert (method["authorizationType"], method["apiKeyRequired"]) == ("AWS_IAM", True)
    assert method["authorizationScopes"] == ["pages/read"]
    assert method["requestParameters"] == {"method.request.path.id": True}
    assert method["requestModels"] == {"application/json": "Page"}
    gateway.update_method(**route, patchOperations=patch("remove", "/requestModels/application~1json"))
    assert gateway.get_method(**route)["requestModels"] == {}


def test_update_of_an_unknown_field(gateway: Any, route: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="no patch path /operationName"):
        gateway.update_method(**route, patchOperations=replace("/operationName", "x"))


def test_update_method_response(gateway: Any, route: dict[str, str]) -> None:
    header = "method.response.header.Access-Control-Allow-Origin"
    operations = patch("add", f"/responseParameters/{header}", "false")
    gateway.update_method_response(**route, statusCode="200", patchOperations=operations)
    assert gateway.get_method_response(**route, statusCode="200")["responseParameters"] == {header: False}


def test_update_integration(gateway: Any, route: dict[str, str]) -> None:
    gateway.update_integration(**route, patchOperations=replace("/timeoutInMillis", "5000"))
    gateway.update_integration(**route, patchOperations=patch("add", "/requestTemplates/application~1json", "{}"))
    integration = gateway.get_integration(**route)
    assert integration["timeoutInMillis"] == 5000
    assert integration["requestTemplates"] == {"application/json": "{}"}


def test_delete_integration_twice(gateway: Any, route: dict[str, str]) -> None:
    gateway.delete_integration_response(**route, statusCode="200")
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.delete_integration_response(**route, statusCode="200")
    gateway.delete_integration(**route)
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.delete_integration(**route)
    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.delete_integration_response(**route, statusCode="200")


def test_update_model(gateway: Any, api: str) -> None:
    gateway.create_model(restApiId=api, name="Page", contentType="application/json", schema="{}")
    gateway.update_model(restApiId=api, modelName="Page", patchOperations=replace("/schema", '{"type": "object"}'))
    assert gateway.get_model(restApiId=api, modelName="Page")["schema"] == '{"type": "object"}'


def test_update_resource(gateway: Any, api: str, route: dict[str, str]) -> None:
    keys = {"restApiId": api, "resourceId": route["resourceId"]}
    gateway.update_resource(**keys, patchOperations=replace("/pathPart", "{page}"))
    resource = gateway.get_resource(**keys)
    assert (resource["pathPart"], resource["path"]) == ("{page}", "/{page}")


def test_update_domain_name(gateway: Any) -> None:
    old, new = (f"arn:aws:acm:{REGION}:123456789012:certificate/{name}" for name in ("old", "new"))
    gateway.create_domain_name(domainName="api.example.com", regionalCertificateArn=old)
    operations = replace("/regionalCertificateArn", new)
    gateway.update_domain_name(domainName="api.example.com", patchOperations=operations)
    assert gateway.get_domain_name(domainName="api.example.com")["regionalCertificateArn"] == new


def test_update_authorizer(gateway: Any, api: str) -> None:
    first, second = (f"arn:aws:cognito-idp:{REGION}:123456789012:userpool/{REGION}_{name}" for name in "ab")
    created = gateway.create_authorizer(
        restApiId=api,
        name="users",
        type="COGNITO_USER_POOLS",
        providerARNs=[first],
        identitySource="method.request.header.Authorization",
    )
    keys = {"restApiId": api, "authorizerId": created["id"]}
    gateway.update_authorizer(**keys, patchOperations=patch("add", "/providerARNs", second))
    gateway.update_authorizer(**keys, patchOperations=patch("remove", "/providerARNs", first))
    gateway.update_authorizer(**keys, patchOperations=replace("/name", "people"))
    authorizer = gateway.get_authorizer(**keys)
    assert (authorizer["name"], authorizer["providerARNs"]) == ("people", [second])


def test_rest_api(gateway: Any) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    created = gateway.create_rest_api(name="media", binaryMediaTypes=["image/png"], policy=policy)
    assert created["binaryMediaTypes"] == ["image/png"]
    # The provider unquotes it like this.
    assert json.loads(json.loads(f'"{created["policy"]}"')) == json.loads(policy)
    for operations in (
        patch("add", "/binaryMediaTypes/image~1jpeg"),
        patch("remove", "/binaryMediaTypes/image~1png"),
        replace("/disableExecuteApiEndpoint", "false"),
        replace("/minimumCompressionSize", "1024"),
        replace("/description", "Pictures"),
    ):
        gateway.update_rest_api(restApiId=created["id"], patchOperations=operations)
    api = gateway.get_rest_api(restApiId=created["id"])
    assert api["binaryMediaTypes"] == ["image/jpeg"]
    assert (api["disableExecuteApiEndpoint"], api["minimumCompressionSize"]) == (False, 1024)
    assert api["description"] == "Pictures"


def test_gateway_tags(gateway: Any, route: dict[str, str]) -> None:
    api = route["restApiId"]
    gateway.create_deployment(restApiId=api, stageName="live")
    plan = gateway.create_usage_plan(name="plan")["id"]
    key = gateway.create_api_key(name="key")["id"]
    for name in (f"restapis/{api}", f"restapis/{api}/stages/live", f"usageplans/{plan}", f"apikeys/{key}"):
        arn = f"arn:aws:apigateway:{REGION}::/{name}"
        gateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert gateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}


def test_lambda(client: Client) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "")
    functions = client("lambda")
    logging = {"LogFormat": "JSON", "LogGroup": "/logs/f", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    functions.create_function(
        FunctionName="f",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="index.handler",
        Code={"ZipFile": code.getvalue()},
        LoggingConfig=logging,
        DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:123456789012:old"},
    )
    found = functions.get_function_configuration(FunctionName="f")
    assert found["LoggingConfig"] == logging
    assert found["DeadLetterConfig"]["TargetArn"].endswith(":old")
    changes = {
        "LoggingConfig": {**logging, "LogGroup": "/logs/g"},
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:123456789012:new"},
        "TracingConfig": {"Mode": "Active"},
        "EphemeralStorage": {"Size": 1024},
        "KMSKeyArn": f"arn:aws:kms:{REGION}:123456789012:key/k",
        "Timeout": 9,
    }
    functions.update_function_configuration(FunctionName="f", **changes)
    found = functions.get_function_configuration(FunctionName="f")
    assert {name: found[name] for name in changes} == changes
    for retries in (2, 1):
        functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=retries)
        assert functions.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == retries
    # Of whom they are, which drift.yml asks.
    functions.publish_version(FunctionName="f")
    functions.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ({}, {"Qualifier": "live"}):
        functions.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1, **qualifier)
        (listed,) = functions.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
        assert listed["FunctionArn"].split(":")[6:] == ["f", qualifier.get("Qualifier", "$LATEST")]


@pytest.fixture
def bucket(client: Client) -> Iterator[Any]:
    """Give a client of S3 that has an empty versioned bucket named "bucket"."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    yield s3
    s3.put_bucket_logging(Bucket="bucket", BucketLoggingStatus={})  # or the next requests fill the bucket
    s3.delete_bucket_policy(Bucket="bucket")
    for version in s3.list_object_versions(Bucket="bucket").get("Versions", []):
        s3.delete_object(Bucket="bucket", Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket="bucket")


def put_policy(s3: Any, *statements: dict[str, Any]) -> None:
    """Set the policy of the bucket."""
    s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
DENY_WITHOUT_TLS = {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def test_conditional_denial(bucket: Any) -> None:
    bucket.put_object(Bucket="bucket", Key="page", Body=b"x")
    put_policy(bucket, DENY_WITHOUT_TLS)
    assert bucket.get_object(Bucket="bucket", Key="page")["Body"].read() == b"x"
    put_policy(bucket, DENY)
    with pytest.raises(ClientError, match="403"):
        bucket.get_object(Bucket="bucket", Key="page")


def test_lifecycle(bucket: Any) -> None:
    rules = [
        {"ID": "greater", "Filter": {"ObjectSizeGreaterThan": 1000}, "Expiration": {"Days": 10}},
        {"ID": "less", "Filter": {"ObjectSizeLessThan": 1000}, "Expiration": {"Days": 10}},
        {
            "ID": "and",
            "Filter": {
                "And": {
                    "Prefix": "a/",
                    "Tags": [{"Key": "b", "Value": "c"}],
                    "ObjectSizeGreaterThan": 1,
                    "ObjectSizeLessThan": 9,
                }
            },
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        },
        {"ID": "marker", "Filter": {"Prefix": "m/"}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
        {
            "ID": "old",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3},
        },
    ]
    rules = [{**rule, "Status": "Enabled"} for rule in rules]
    bucket.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": rules})
    assert bucket.get_bucket_lifecycle_configuration(Bucket="bucket")["Rules"] == rules
    bucket.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": rules[:1]})
    assert bucket.get_bucket_lifecycle_configuration(Bucket="bucket")["Rules"] == rules[:1]
    both = {"ID": "both", "Status": "Enabled", "Filter": {"Prefix": "a/", "Tag": {"Key": "b", "Value": "c"}}}
    with pytest.raises(ClientError, match="MalformedXML"):
        bucket.put_bucket_lifecycle_configuration(Bucket="bucket", LifecycleConfiguration={"Rules": [both]})
    bucket.delete_bucket_lifecycle(Bucket="bucket")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        bucket.get_bucket_lifecycle_configuration(Bucket="bucket")


def test_replication(bucket: Any) -> None:
    rule = {
        "ID": "disaster-recovery",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": "pages/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": "arn:aws:s3:::replica",
            "StorageClass": "STANDARD_IA",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:af-south-1:123456789012:key/k"},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        },
    }
    configuration = {"Role": ROLE, "Rules": [rule]}
    bucket.put_bucket_replication(Bucket="bucket", ReplicationConfiguration=configuration)
    assert bucket.get_bucket_replication(Bucket="bucket")["ReplicationConfiguration"] == configuration
    bucket.delete_bucket_replication(Bucket="bucket")
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFoundError"):
        bucket.get_bucket_replication(Bucket="bucket")


def test_notification(bucket: Any) -> None:
    def found() -> set[str]:
        return set(bucket.get_bucket_notification_configuration(Bucket="bucket")) - {"ResponseMetadata"}

    assert not found()
    on = {"EventBridgeConfiguration": {}}
    bucket.put_bucket_notification_configuration(Bucket="bucket", NotificationConfiguration=on)
    assert found() == {"EventBridgeConfiguration"}
    bucket.put_bucket_notification_configuration(Bucket="bucket", NotificationConfiguration={})
    assert not found()


def test_access_logs(bucket: Any) -> None:
    logging = {"LoggingEnabled": {"TargetBucket": "bucket", "TargetPrefix": "logs/"}}
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{BUCKET}/*",
    }
    put_policy(bucket, DENY_WITHOUT_TLS)
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        bucket.put_bucket_logging(Bucket="bucket", BucketLoggingStatus=logging)
    put_policy(bucket, DENY_WITHOUT_TLS, delivery)
    bucket.put_bucket_logging(Bucket="bucket", BucketLoggingStatus=logging)
    assert bucket.get_bucket_logging(Bucket="bucket")["LoggingEnabled"] == logging["LoggingEnabled"]
