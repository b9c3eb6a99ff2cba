"""From a definition to a stack's variables: dev and prod shapes, each refusal, and that nothing gets lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import dr_flags
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import schemas as fields
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.define import (
    api_gateway_stack,
    dynamodb_stack,
    iam_stack,
    lambda_packages,
    lambda_stack,
    monitoring_stack,
    s3_stack,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Fields

STACKS = Path(__file__).parents[2] / "terraform/stacks"
ACCOUNT = "123456789012"
TAGS = {"Service": "site-builder"}
KEY = f"arn:aws:kms:af-south-1:{ACCOUNT}:key/1"
REPLICA_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2"
BOUNDARY = {"permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}
OTHER_BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/other"
POOL = f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_A"
DOCUMENT = """
openapi: 3.0.3
info: {title: Health, version: 1.0.0}
paths:
  /health:
    get:
      operationId: getHealth
      x-site-builder-function: health
      security: []
      responses: {"200": {description: Healthy}}
"""


def settings(environment: str, region: str, replica: str | None, key: str = "", replica_key: str = "") -> dict:
    return {
        "context": {
            "service": "site-builder",
            "environment": environment,
            "region": region,
            "replica_region": replica,
            "account_id": ACCOUNT,
        },
        "dr": dr_flags(environment, region, replica),
        "tags": TAGS,
        "kms_key_arn": key,
        "lift_protection": False,
        "replica_kms_key_arn": replica_key,
        "bedrock_region": "eu-west-1",
        "cognito_user_pool_arns": [POOL],
        "alert_emails": ["team@example.com"],
    }


DEV = settings("dev", "eu-west-1", None)
PROD = settings("prod", "af-south-1", "eu-west-1", KEY, REPLICA_KEY)
STATEMENT = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
BUCKET = f"site-builder-sites-dev-{ACCOUNT}-eu-west-1"
PROD_BUCKET = f"site-builder-sites-prod-{ACCOUNT}-af-south-1"
REPLICA_BUCKET = f"site-builder-sites-prod-{ACCOUNT}-eu-west-1"


class TestDynamodb:
    TABLE = {
        "hash_key": {"name": "id"},
        "range_key": {"name": "at"},
        "global_secondary_indexes": [{"name": "b_index", "hash_key": {"name": "b"}}],
        "local_secondary_indexes": [{"name": "a_index", "range_key": {"name": "a"}}],
    }

    def test_dev(self):
        stack = dynamodb_stack({"orders": self.TABLE}, DEV)
        arn = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/site-builder-orders-dev"
        added = {"name": "site-builder-orders-dev", "kms_key_arn": None, "replicas": [], "deletion_protection": False}
        assert stack["definition"] == {
            "tables": {"orders": {**self.TABLE, **added}},
            "region": "eu-west-1",
            "tags": TAGS,
        }
        assert stack["expected"]["tables"]["orders"] == {
            "name": "site-builder-orders-dev",
            "arn": arn,
            "index_names": ["a_index", "b_index"],
            "global_index_names": ["b_index"],
            "index_arns": [f"{arn}/index/a_index", f"{arn}/index/b_index"],
            "replica_regions": [],
            "replica_arns": [],
        }

    def test_prod(self):
        stack = dynamodb_stack({"orders": {**self.TABLE, "local_secondary_indexes": None}}, PROD)
        table, expected = stack["definition"]["tables"]["orders"], stack["expected"]["tables"]["orders"]
        assert table["kms_key_arn"] == KEY
        assert table["replicas"] == [{"region": "eu-west-1", "kms_key_arn": REPLICA_KEY}]
        assert table["deletion_protection"] is True
        assert expected["index_names"] == expected["global_index_names"] == ["b_index"]
        lifted = dynamodb_stack({"orders": self.TABLE}, {**PROD, "lift_protection": True})
        assert lifted["definition"]["tables"]["orders"]["deletion_protection"] is False
        assert expected["replica_arns"] == [f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/site-builder-orders-prod"]

    def test_what_the_table_says_counts(self):
        stack = dynamodb_stack({"orders": {**self.TABLE, "deletion_protection": True}}, DEV)
        assert stack["definition"]["tables"]["orders"]["deletion_protection"] is True


class TestS3:
    def test_dev(self):
        stack = s3_stack({"sites": None, "logs": {"eventbridge": True}}, DEV)
        assert stack["definition"]["tags"] == TAGS
        assert stack["definition"]["buckets"]["sites"] == {"name": BUCKET, "kms_key_arn": None}
        assert stack["definition"]["buckets"]["logs"]["eventbridge"] is True
        assert stack["expected"]["buckets"]["sites"] == {
            "name": BUCKET,
            "arn": f"arn:aws:s3:::{BUCKET}",
            "replica_name": None,
            "replica_arn": None,
        }
        assert stack["replica_provider"] is True

    def test_prod(self):
        stack = s3_stack({"sites": {}}, PROD)
        assert stack["definition"]["buckets"]["sites"] == {
            "name": PROD_BUCKET,
            "kms_key_arn": KEY,
            "replication": {
                "bucket_name": REPLICA_BUCKET,
                "role_name": "site-builder-sites-replication-prod-af-south-1",
                "kms_key_arn": REPLICA_KEY,
                "metrics": True,
            },
        }
        assert stack["expected"]["buckets"]["sites"]["replica_arn"] == f"arn:aws:s3:::{REPLICA_BUCKET}"

    @pytest.mark.parametrize(
        ("bucket", "key", "replicates", "replica_key"),
        [
            ({}, KEY, True, REPLICA_KEY),
            ({"replicate": False}, KEY, False, None),
            ({"customer_key": False}, None, True, None),
            ({"customer_key": False, "replicate": False}, None, False, None),
        ],
    )
    def test_switches(self, bucket: dict, key: str | None, replicates: bool, replica_key: str | None):
        given = dict(bucket)
        stack = s3_stack({"sites": bucket}, PROD)
        defined = stack["definition"]["buckets"]["sites"]
        assert defined["kms_key_arn"] == key
        assert ("replication" in defined) is replicates
        assert defined.get("replication", {}).get("kms_key_arn") == replica_key
        assert (stack["expected"]["buckets"]["sites"]["replica_name"] is not None) is replicates
        assert not {"replicate", "customer_key"} & defined.keys()
        assert bucket == given

    def test_boundary_is_that_of_the_replication_role(self):
        replication = s3_stack({"sites": {}}, {**PROD, **BOUNDARY})["definition"]["buckets"]["sites"]["replication"]
        assert replication["permissions_boundary_arn"] == BOUNDARY["permissions_boundary_arn"]

    def test_access_control_gets_its_name(self):
        oac = s3_stack({"sites": {"oac": {"list_bucket": True}}}, DEV)["definition"]["buckets"]["sites"]["oac"]
        assert oac == {"list_bucket": True, "name": "site-builder-sites-dev-eu-west-1"}


class TestIam:
    def test_dev(self):
        stack = iam_stack({"report": {"dynamodb": {"read": ["orders"]}}}, DEV)
        name = "site-builder-report-dev-eu-west-1"
        assert stack["definition"] == {
            "roles": {
                "report": {
                    "name": name,
                    "dynamodb": {"read": ["orders"]},
                    "log_group_arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/site-builder-report-dev",
                    "kms": {},
                }
            },
            "region": "eu-west-1",
            "account_id": ACCOUNT,
            "tags": TAGS,
        }
        assert stack["expected"] == {"roles": {"report": {"name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}}}

    @pytest.mark.parametrize(
        ("key", "replica_key", "kms"),
        [
            ("", "", {}),
            (KEY, "", {"key_arns": [KEY], "via_services": ["dynamodb", "lambda", "s3"]}),
            (KEY, REPLICA_KEY, {"key_arns": [KEY, REPLICA_KEY], "via_services": ["dynamodb", "lambda", "s3"]}),
        ],
    )
    def test_keys(self, key: str, replica_key: str, kms: dict):
        shared = {**PROD, "kms_key_arn": key, "replica_kms_key_arn": replica_key}
        assert iam_stack({"report": {}}, shared)["definition"]["roles"]["report"]["kms"] == kms

    @pytest.mark.parametrize(
        ("bedrock", "region"),
        [({"model_ids": ["a.m"]}, "eu-west-1"), ({"model_ids": ["a.m"], "region": "us-east-1"}, "us-east-1")],
    )
    def test_bedrock_region(self, bedrock: dict, region: str):
        role = iam_stack({"report": {"bedrock": bedrock}}, PROD)["definition"]["roles"]["report"]
        assert role["bedrock"] == {"model_ids": ["a.m"], "region": region}

    @pytest.mark.parametrize(
        ("role", "boundary"),
        [({}, BOUNDARY["permissions_boundary_arn"]), ({"permissions_boundary_arn": OTHER_BOUNDARY}, OTHER_BOUNDARY)],
    )
    def test_boundary(self, role: dict, boundary: str):
        made = iam_stack({"report": role}, {**DEV, **BOUNDARY})["definition"]["roles"]["report"]
        assert made["permissions_boundary_arn"] == boundary

    def test_path_is_in_the_arn(self):
        arn = iam_stack({"report": {"path": "/site/"}}, DEV)["expected"]["roles"]["report"]["arn"]
        assert arn == f"arn:aws:iam::{ACCOUNT}:role/site/site-builder-report-dev-eu-west-1"

    @pytest.mark.parametrize(
        "action",
        [
            "*",
            "**",
            "?*",
            "*:*",
            "i*:*",
            "ia?:PutRolePolicy",
            "s3:*",
            "s3:?*",
            "iam:P*",
            "IAM:Put?olePolicy",
            "iam:*Policy",
        ],
    )
    def test_wide_action_is_refused(self, action: str):
        role = {"extra_statements": json.dumps([{**STATEMENT, "Action": ["sqs:SendMessage", action]}])}
        with pytest.raises(SiteBuilderError) as refused:
            iam_stack({"a": role}, DEV)
        assert str(refused.value) == (
            f"iam_roles.a.extra_statements: the action is {action!r}, which is too wide; name the actions"
        )

    @pytest.mark.parametrize(
        "statement",
        [
            {"Action": ["s3:Get*", "iam:PassRole", "dynamodb:Batch*Item"]},
            {"Action": "*", "Effect": "Deny"},
        ],
    )
    def test_narrow_action_is_taken(self, statement: dict):
        assert iam_stack({"a": {"extra_statements": json.dumps([{**STATEMENT, **statement}])}}, DEV)

    @pytest.mark.parametrize("policy", ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"])
    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
    def test_policy_of_administrators_is_refused(self, policy: str, partition: str):
        arn = f"arn:{partition}:iam::aws:policy/{policy}"
        with pytest.raises(SiteBuilderError) as refused:
            iam_stack({"a": {"managed_policy_arns": {"more": arn}}}, DEV)
        assert str(refused.value) == (
            f"iam_roles.a.managed_policy_arns.more is {arn!r}, which is far more than a function needs; name another"
        )

    def test_own_policy_of_that_name_is_taken(self):
        assert iam_stack(
            {"a": {"managed_policy_arns": {"own": f"arn:aws:iam::{ACCOUNT}:policy/AdministratorAccess"}}}, DEV
        )

    def test_module_refuses_the_same(self):
        text = (STACKS.parent / "modules/iam/main.policies.tf").read_text()
        for pattern in (fields.TOO_WIDE, fields.ADMINISTRATOR):
            assert f'"^{pattern.pattern}$"' in text


class TestLambda:
    FUNCTION = {
        "source": "/srv/report",
        "handler": "app.handler",
        "environment": {"LEVEL": "1"},
        "table_names": {"TABLE": "orders"},
        "bucket_names": {"BUCKET": "sites"},
        "layers": ["common"],
    }
    LAYER = {"source": "/srv/common", "requirements": "/srv/r.txt"}
    PACKAGES = {
        "functions/report": {"path": "/srv/f.zip", "s3_key": "lambda/f.zip", "source_code_hash": "Zg=="},
        "layers/common": {"path": "/srv/l.zip", "s3_key": "lambda/l.zip", "source_code_hash": "bA=="},
    }

    def test_packages(self):
        assert lambda_packages({"report": self.FUNCTION}, {"common": self.LAYER}) == {
            "functions/report": {
                "source": "/srv/report",
                "requirements": None,
                "runtime": "python3.12",
                "architecture": "arm64",
                "prefix": "",
            },
            "layers/common": {
                "source": "/srv/common",
                "requirements": "/srv/r.txt",
                "runtime": "python3.12",
                "architecture": "arm64",
                "prefix": "python/",
            },
        }

    def test_packages_follow_runtime_and_architecture(self):
        function = {**self.FUNCTION, "runtime": "python3.13", "architecture": "x86_64"}
        layer = {**self.LAYER, "compatible_runtimes": ["python3.13"], "compatible_architectures": ["x86_64"]}
        for package in lambda_packages({"report": function}, {"common": layer}).values():
            assert (package["runtime"], package["architecture"]) == ("python3.13", "x86_64")

    @pytest.mark.parametrize(
        ("layer", "architectures"),
        [
            ({"requirements": "/srv/r.txt"}, ["arm64"]),
            ({"requirements": "/srv/r.txt", "compatible_architectures": ["x86_64"]}, ["x86_64"]),
            ({}, ["arm64", "x86_64"]),
            ({"compatible_architectures": ["x86_64", "arm64"]}, ["x86_64", "arm64"]),
        ],
    )
    def test_layer_is_published_for_what_it_is_built_for(self, layer: dict, architectures: list[str]):
        layers = {"common": {"source": "/srv/common", **layer}}
        defined = lambda_stack({}, layers, {}, DEV)["definition"]["layers"]["common"]
        assert defined["compatible_architectures"] == architectures
        assert lambda_packages({}, layers)["layers/common"]["architecture"] == architectures[0]

    def test_dev(self):
        stack = lambda_stack({"report": self.FUNCTION}, {"common": self.LAYER}, self.PACKAGES, DEV)
        name = "site-builder-report-dev"
        arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
        assert stack["definition"] == {
            "functions": {
                "report": {
                    "name": name,
                    "handler": "app.handler",
                    "artifact_bucket": "artifacts",
                    "s3_key": "lambda/f.zip",
                    "source_code_hash": "Zg==",
                    "layers": ["common"],
                    "environment": {"LEVEL": "1", "TABLE": "site-builder-orders-dev", "BUCKET": BUCKET},
                    "kms_key_arn": None,
                    "log_kms_key_arn": None,
                    "log_retention_days": 30,
                }
            },
            "layers": {
                "common": {
                    "name": "site-builder-common-dev",
                    "artifact_bucket": "artifacts",
                    "compatible_architectures": ["arm64"],
                    "compatible_runtimes": ["python3.12"],
                    "s3_key": "lambda/l.zip",
                    "source_code_hash": "bA==",
                }
            },
            "environment": "dev",
            "tags": TAGS,
        }
        assert stack["expected"]["functions"]["report"] == {
            "name": name,
            "arn": arn,
            "alias": "live",
            "alias_arn": f"{arn}:live",
            "invoke_arn": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}:live/invocations",
            "timeout": 60,
            "log_group_name": f"/aws/lambda/{name}",
        }
        assert stack["hooks"] == ["before_apply"]
        assert stack["artifact_buckets"] == {"functions/report": "artifacts", "layers/common": "artifacts"}

    def test_prod(self):
        function = {**self.FUNCTION, "timeout": 5, "artifact_bucket": "mine"}
        stack = lambda_stack({"report": function}, {"common": self.LAYER}, self.PACKAGES, PROD)
        defined = stack["definition"]["functions"]["report"]
        assert (defined["kms_key_arn"], defined["log_kms_key_arn"], defined["log_retention_days"]) == (KEY, KEY, 365)
        assert stack["expected"]["functions"]["report"]["timeout"] == 5
        assert stack["artifact_buckets"]["functions/report"] == "mine"

    def test_expected_needs_no_packages(self):
        built = lambda_stack({"report": self.FUNCTION}, {"common": self.LAYER}, self.PACKAGES, DEV)
        unbuilt = lambda_stack({"report": self.FUNCTION}, {"common": self.LAYER}, {}, DEV)
        assert unbuilt["expected"] == built["expected"]
        assert unbuilt["definition"]["functions"]["report"]["s3_key"] == ""


class TestApiGateway:
    API = {"documents": ["health.yaml"], "cors": {"origins": ["*"]}}

    @pytest.mark.parametrize(
        ("shared", "stage", "days", "key"), [(DEV, "dev", 30, None), (PROD, "prod", 365, KEY)], ids=["dev", "prod"]
    )
    def test_shape(self, shared: dict, stage: str, days: int, key: str | None):
        stack = api_gateway_stack({"public": self.API}, {"health.yaml": DOCUMENT}, ["health"], shared)
        name = f"site-builder-public-{stage}"
        defined = stack["definition"]["apis"]["public"]
        assert defined["routes"]["getHealth"]["function"] == "health"
        assert defined["logs"] == {
            "group_name": f"/aws/apigateway/{name}",
            "retention_in_days": days,
            "kms_key_arn": key,
        }
        assert defined["cognito_user_pool_arns"] == [POOL]
        assert (defined["name"], defined["stage"], defined["cors"]) == (name, stage, {"origins": ["*"]})
        assert "documents" not in defined
        assert stack["definition"]["tags"] == TAGS
        assert stack["expected"] == {"apis": {"public": {"name": name, "stage": stage}}}

    def test_what_the_api_says_counts(self):
        route = {"path": "/health", "method": "GET", "function": "health", "authorization": "AWS_IAM"}
        own = {"stage": "v1", "logs": {"level": "INFO", "retention_in_days": 7}, "cognito_user_pool_arns": []}
        api = {**self.API, **own, "routes": {"getHealth": route}, "models": {"m": {"schema": "{}"}}}
        stack = api_gateway_stack({"public": api}, {"health.yaml": DOCUMENT}, ["health"], DEV)
        defined = stack["definition"]["apis"]["public"]
        assert defined["routes"] == {"getHealth": route}
        assert defined["models"] == {"m": {"schema": "{}"}}
        assert (defined["logs"]["level"], defined["logs"]["retention_in_days"]) == ("INFO", 7)
        assert defined["cognito_user_pool_arns"] == []
        assert stack["expected"]["apis"]["public"]["stage"] == "v1"

    def test_boundary_is_that_of_the_logging_role(self):
        for (entries, documents), bound in ((API, {}), (LOGGED_API, BOUNDARY)):
            made = api_gateway_stack(entries, documents, ["health"], BOUND)["definition"]["apis"]["a"]
            assert {name: value for name, value in made.items() if name in BOUNDARY} == bound

    def test_expected_needs_no_functions(self):
        stack = api_gateway_stack({"public": self.API}, {}, None, DEV)
        assert stack["expected"] == {"apis": {"public": {"name": "site-builder-public-dev", "stage": "dev"}}}


@pytest.mark.parametrize(("shared", "environment", "errors"), [(DEV, "dev", 5), (PROD, "prod", 1)], ids=["dev", "prod"])
def test_monitoring(shared: dict, environment: str, errors: int):
    region = shared["context"]["region"]
    stack = monitoring_stack({"evaluation_periods": 2}, shared)
    defined = stack["definition"]["monitoring"]
    assert defined["thresholds"]["lambda_errors"] == errors
    assert defined["topic_name"] == f"site-builder-alerts-{environment}"
    assert defined["dashboard_name"] == f"site-builder-overview-{environment}-{region}"
    assert (defined["emails"], defined["evaluation_periods"]) == (["team@example.com"], 2)
    assert (stack["definition"]["region"], stack["definition"]["tags"]) == (region, TAGS)
    assert stack["definition"]["replica_region"] == shared["dr"]["replica_region"]


API = {"a": {"documents": ["d"]}}, {"d": DOCUMENT}
BOUND = {**PROD, **BOUNDARY}
LOGGED = {"documents": ["d"], "manage_account_logging_role": True, "account_logging_role_name": "logs"}
LOGGED_API = {"a": LOGGED}, {"d": DOCUMENT}
HASH = {"hash_key": {"name": "id"}}
CODE = {"source": "/srv/a", "handler": "app.handler"}
BUCKET_TRIGGER = {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::sites"}
ROUTE = {"path": "/a/{b}", "method": "GET", "function": "f"}
SIGNED = {"authorization": "AWS_IAM"}


LAYER = {"source": "/srv/a", "requirements": "/srv/r.txt"}


def layered(function: dict, layer: dict) -> dict:
    return lambda_stack({"a": {**CODE, **function, "layers": ["common"]}}, {"common": layer}, {}, DEV)


def functions(entry: object) -> dict:
    return lambda_stack({"a": entry}, {}, {}, DEV)


def api(entry: object, functions: object = ()) -> dict:
    return api_gateway_stack({"a": entry}, {}, functions, DEV)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: dynamodb_stack([], DEV),
            "dynamodb_tables is [], which is no mapping; write it as name: value",
        ),
        (
            lambda: dynamodb_stack({"A b": HASH}, DEV),
            "dynamodb_tables: dynamodb_table key 'A b' is not valid: use ASCII letters and digits, with single '-' or "
            "'_' or '.' between words.",
        ),
        (
            lambda: dynamodb_stack({"a": {**HASH, "stream_view_type": "KEYS_ONLY"}}, PROD),
            "dynamodb_tables.a.stream_view_type is 'KEYS_ONLY', and a table with replicas has NEW_AND_OLD_IMAGES; write "
            "that or leave it out",
        ),
        (
            lambda: s3_stack({"a_b": {}, "a-b": {}}, DEV),
            f"s3_buckets: s3_bucket keys 'a_b' and 'a-b' both get the name 'site-builder-a-b-dev-{ACCOUNT}-eu-west-1': "
            "rename one of them.",
        ),
        (
            lambda: s3_stack({"tfstate": {}}, DEV),
            "s3_buckets: s3_bucket key 'tfstate' is not allowed: 'tfstate' names the state bucket, and only that one.",
        ),
        (
            lambda: s3_stack({"a": {"versioning": "Suspended"}}, PROD),
            "s3_buckets.a.versioning is 'Suspended', and replication needs 'Enabled'; enable it or set replicate to false",
        ),
        (
            lambda: iam_stack({"a": {"dynamo": {}}}, DEV),
            "iam_roles.a has the field 'dynamo', which there is not; did you mean dynamodb?",
        ),
        (lambda: lambda_packages({"a": {"handler": "h"}}, {}), "lambda_functions.a.source is missing; say what it is"),
        (
            lambda: lambda_packages({}, {"a": {"source": ""}}),
            "lambda_layers.a.source is '', which is no text of at least one character; correct it",
        ),
        (
            lambda: functions({**CODE, "layers": ["comon"]}),
            "lambda_functions.a.layers names 'comon', which is no key of lambda_layers; there are: none",
        ),
        (
            lambda: lambda_packages({}, {"a": {**LAYER, "compatible_architectures": ["arm64", "x86_64"]}}),
            "lambda_layers.a.compatible_architectures is ['arm64', 'x86_64'], which is more than the one that its "
            "requirements are built for; name one and make a layer for each",
        ),
        (
            lambda: lambda_packages({}, {"a": {**LAYER, "compatible_runtimes": ["python3.13", "python3.12"]}}),
            "lambda_layers.a.compatible_runtimes is ['python3.13', 'python3.12'], which is more than the one that its "
            "requirements are built for; name one and make a layer for each",
        ),
        (
            lambda: layered({"architecture": "x86_64"}, LAYER),
            "lambda_functions.a.architecture is 'x86_64', and its layer common is for arm64; write x86_64 in "
            "lambda_layers.common.compatible_architectures or name another layer",
        ),
        (
            lambda: layered({}, {**LAYER, "compatible_architectures": ["x86_64"]}),
            "lambda_functions.a.architecture is 'arm64', and its layer common is for x86_64; write arm64 in "
            "lambda_layers.common.compatible_architectures or name another layer",
        ),
        (
            lambda: layered({"runtime": "python3.13"}, {"source": "/srv/a"}),
            "lambda_functions.a.runtime is 'python3.13', and its layer common is for python3.12; write python3.13 in "
            "lambda_layers.common.compatible_runtimes or name another layer",
        ),
        (
            lambda: functions({**CODE, "environment": {"BIG": "x" * 4096}}),
            "lambda_functions.a.environment has 4113 bytes, names included, and Lambda allows 4096; move data to a table "
            "or a parameter",
        ),
        (
            lambda: functions({**CODE, "allowed_triggers": {"b": BUCKET_TRIGGER}}),
            "lambda_functions.a.allowed_triggers.b is a mapping of principal, source_arn, which is open to whoever owns the "
            "bucket next: its ARN names no account; add source_account",
        ),
        (
            lambda: api({}),
            "api_gateway_apis.a has no route; name an OpenAPI document in documents, or a route in routes",
        ),
        (
            lambda: api({"routes": {"r": {"path": "/", "method": "GET", "function": "b"}}}, ["f"]),
            "api_gateway_apis.a.routes.r.function is 'b', which is no function; there are: f",
        ),
        (
            lambda: api({"routes": {"r": {**ROUTE, "api_key_required": True}}}, ["f"]),
            "api_gateway_apis.a.usage_plan is missing, and the route r wants an API key; add a usage_plan",
        ),
        (
            lambda: api({"routes": {"r": {**ROUTE, "request_model": "M"}}}, ["f"]),
            "api_gateway_apis.a.routes.r.request_model is 'M', which is none of the models (there are none); add it or "
            "correct the name",
        ),
        (
            lambda: api({"routes": {"r": {**ROUTE, "method": "POST", "settings": {"caching_enabled": True}}}}, ["f"]),
            "api_gateway_apis.a.routes.r.settings.caching_enabled is True, which is for GET only; leave it out",
        ),
        (
            lambda: api({"routes": {"r": {**ROUTE, **SIGNED, "settings": {"caching_enabled": True}}}}, ["f"]),
            "api_gateway_apis.a.routes.r.settings.caching_enabled is True, which is not for AWS_IAM, whose signatures "
            "the cache does not tell apart; leave it out",
        ),
        (
            lambda: api({"routes": {"r": ROUTE, "s": ROUTE}}, ["f"]),
            "api_gateway_apis.a.routes.s answers GET /a/{b}, as the route r does; remove one",
        ),
        (
            lambda: api({"routes": {"r": ROUTE, "s": {**ROUTE, "path": "/a/{c}"}}}, ["f"]),
            "api_gateway_apis.a.routes.s.path is '/a/{c}', where the route r has {b}, and API Gateway allows one path "
            "parameter in each place; use the same name",
        ),
    ],
)
def test_refusal(call: Callable[[], dict], sentence: str):
    with pytest.raises(SiteBuilderError) as refused:
        call()
    assert str(refused.value) == sentence


def test_null_stands_for_the_default():
    assert functions({**CODE, "vpc": None, "timeout": None}) == functions(CODE)
    nothing = {"a": {**API[0]["a"], "domain": None, "cognito_user_pool_arns": None}}
    assert api_gateway_stack(nothing, API[1], ["health"], DEV) == api_gateway_stack(*API, ["health"], DEV)


def attributes(stack: str, variable: str) -> set[str]:
    """The attributes of a variable of a stack, by their indentation (terraform fmt sees to that)."""
    text = (STACKS / stack / "variables.tf").read_text()
    block = re.search(rf'^variable "{variable}" {{$(.*?)^}}$', text, re.MULTILINE | re.DOTALL)
    assert block
    return set(re.findall(r"^    (\w+) += ", block[1], re.MULTILINE))


@pytest.mark.parametrize(
    ("stack", "variable", "shape"),
    [
        ("dynamodb", "tables", fields.TABLE),
        ("s3", "buckets", fields.BUCKET),
        ("iam", "roles", fields.ROLE),
        ("lambda", "functions", fields.FUNCTION),
        ("lambda", "layers", fields.LAYER),
        ("api_gateway", "apis", fields.API),
        ("monitoring", "monitoring", fields.MONITORING),
    ],
)
def test_stack_takes_every_field(stack: str, variable: str, shape: Fields):
    """Terraform drops an attribute that a variable's type does not have, without a word."""
    ours = {"customer_key", "replicate", "source", "requirements", "table_names", "bucket_names", "documents"}
    assert set(shape.known) - ours - attributes(stack, variable) == set()


@pytest.mark.parametrize(
    ("stack", "variable", "defined"),
    [
        ("dynamodb", "tables", dynamodb_stack({"a": HASH}, PROD)["definition"]["tables"]["a"]),
        ("s3", "buckets", s3_stack({"a": {"oac": {}}}, PROD)["definition"]["buckets"]["a"]),
        ("iam", "roles", iam_stack({"a": {}}, BOUND)["definition"]["roles"]["a"]),
        ("lambda", "functions", lambda_stack({"a": CODE}, {}, {}, PROD)["definition"]["functions"]["a"]),
        ("lambda", "layers", lambda_stack({}, {"a": {"source": "/srv/a"}}, {}, PROD)["definition"]["layers"]["a"]),
        ("api_gateway", "apis", api_gateway_stack(*LOGGED_API, ["health"], BOUND)["definition"]["apis"]["a"]),
        ("monitoring", "monitoring", monitoring_stack({}, PROD)["definition"]["monitoring"]),
    ],
)
def test_stack_takes_what_follows_from_the_settings(stack: str, variable: str, defined: dict):
    assert defined.keys() - attributes(stack, variable) == set()
    main = (STACKS / stack / "main.tf").read_text()
    assert [name for name in defined if variable != "monitoring" and f".value.{name}" not in main] == []


def test_stack_and_module_take_the_whole_replication():
    replication = s3_stack({"a": {}}, BOUND)["definition"]["buckets"]["a"]["replication"]
    for path in ("stacks/s3/variables.tf", "modules/s3/variables.tf"):
        block = re.search(r"\brole_name +=.*?}\)", (STACKS.parent / path).read_text(), re.DOTALL)
        assert replication.keys() - {"bucket_name"} - set(re.findall(r"(\w+) +=", block[0])) == set()
