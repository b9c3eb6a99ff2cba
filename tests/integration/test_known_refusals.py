"""What AWS refuses and an inventory can say is refused twice: by preflight before anything starts, and by the embedded AWS.

Each rule of roles/local_aws/files/aws_rules has a definition here that preflight refuses, beside the raw calls of
test_embedded_rules.py, or a reason why no inventory shows it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import preflight
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.requirements import PackageError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import api_gateway, lambda_, s3
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS
from ansible_collections.bbws.site_builder.plugins.modules import lambda_package

from tests.integration.test_embedded_rules import (
    CASES,
    Aws,
    archive,
    arns,
    bucket_policy,
    given,
    policy,
    refusal,
    rules,
    start,
)
from tests.settings import DEV, PROD

__all__ = ["rules"]

ONLY_THE_ACCOUNT = {
    "stream_of_a_replica": "whether there are replicas, which dynamodb.first_step asks of the state",
    "source_of_a_replica": "when replicas were made; the provider deletes them before their table",
    "bucket_elsewhere": "where a bucket is, which s3.stranded asks of the state",
    "other_ttl_attribute": "by which attribute items expire now, which dynamodb.other_ttl asks of the state",
    "versions_of_a_source": "whether the bucket is replicated now; both go in one deployment, which tries again",
    "replica_needs_a_role": "what the caller may do",
    "one_index_change": "which indexes there are; the provider changes one at a time",
    "policies_per_role": "the quota of 10 may be raised",
    "reserved_concurrency": "the quota, and what other functions of the account have reserved",
    "logging_role": "whether bootstrap.yml has been there",
    "mapped_stage": "which domains lead to the stage",
    "served_deployment": "which deployment a stage serves; the new one is made, and the stage moves to it, first",
    "mapped_api": "which domains lead to the API",
    "region_is_off_for_sts": "which regions are enabled",
    "region_is_off": "which regions are enabled",
}
NOBODY_CAN_SAY_IT = {
    "principal_of_trust": "trust policies are the module's own",
    "grammar_of_trust": "trust policies are the module's own",
    "trust_size": "trust policies are the module's own",
    "managed_size": "managed policies are named, not written",
}


@dataclass
class Known:
    """A definition that preflight refuses, with part of its sentence; and one like it that it takes, where that is not {}."""

    rule: str
    variable: str
    bad: Any
    says: str
    good: Any = None

    def __str__(self) -> str:
        return self.rule


ROUTE = {"path": "/", "method": "GET", "function": "f"}
FUNCTION = {"source": "/srv", "handler": "app.handler"}
TABLE = {"hash_key": {"name": "id"}, "range_key": {"name": "at"}}
STATEMENT = {"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def api(**more: Any) -> dict[str, Any]:
    return {"routes": {"r": ROUTE}, **more}


def route(**more: Any) -> dict[str, Any]:
    return {"routes": {"r": {**ROUTE, **more}}}


def of_bucket(**changes: Any) -> dict[str, Any]:
    statement = json.loads(bucket_policy(Resource="arn:aws:s3:::*", **changes))["Statement"][0]
    return {"policy_statements": [json.dumps(statement)]}


def of_role(**changes: Any) -> dict[str, Any]:
    return {"extra_statements": json.dumps([{**STATEMENT, **changes}])}


def of_api(resources: int) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke"}
    paths = [f"execute-api:/{number:040}" for number in range(resources)]
    return api(resource_policy=json.dumps({"Statement": [{**statement, "Resource": paths}]}))


def projecting(*counts: int) -> dict[str, Any]:
    indexes = [
        {
            "name": f"index{number}",
            "hash_key": {"name": "id"},
            "projection_type": "INCLUDE",
            "non_key_attributes": [f"{number}-{n}" for n in range(count)],
        }
        for number, count in enumerate(counts)
    ]
    return {**TABLE, "global_secondary_indexes": indexes}


def triggered(times: int) -> dict[str, Any]:
    source = {"principal": "events.amazonaws.com", "source_arn": "arn:aws:events:eu-west-1:123456789012:rule/a"}
    return {**FUNCTION, "allowed_triggers": {f"t{number}": source for number in range(times)}}


def cold(*pairs: tuple[int, str], **rule: Any) -> dict[str, Any]:
    moves = [{"days": days, "storage_class": storage} for days, storage in pairs]
    return {"lifecycle_rules": [{"id": "one", "transitions": moves, **rule}]}


DOMAIN = {"name": "a.example.com", "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/a"}
HERE = {**DOMAIN, "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/a"}
VPC = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:queue"

KNOWN = [
    Known(
        "alarm_window", "monitoring_options", {"evaluation_periods": 289}, "from 1 to 288", {"evaluation_periods": 288}
    ),
    Known(
        "alarm_datapoints",
        "monitoring_options",
        {"datapoints_to_alarm": 2},
        "more than evaluation_periods, 1",
        {"datapoints_to_alarm": 2, "evaluation_periods": 2},
    ),
    Known(
        "reserved_group",
        "api_gateway_apis",
        api(logs={"group_name": "aws/mine"}),
        "which is no name of a log group that does not begin with aws/",
        api(logs={"group_name": "/aws/mine"}),
    ),
    Known("stage_name", "api_gateway_apis", api(stage="a.b"), "no name of letters, digits, - and _", api(stage="a-b")),
    Known(
        "model_name",
        "api_gateway_apis",
        api(models={"a-b": {"schema": "{}"}}),
        "which is no name of a model",
        api(models={"ab": {"schema": "{}"}}),
    ),
    Known(
        "private_without_policy",
        "api_gateway_apis",
        api(endpoint_type="PRIVATE"),
        "without a way in; add a resource_policy",
        {**of_api(1), "endpoint_type": "PRIVATE"},
    ),
    Known(
        "certificate_region",
        "api_gateway_apis",
        api(domain=DOMAIN),
        "in another region than AWS wants it for a REGIONAL domain, eu-west-1",
        api(domain=HERE),
    ),
    Known(
        "certificate_region",
        "api_gateway_apis",
        api(domain=HERE, endpoint_type="EDGE"),
        "for an EDGE domain, us-east-1",
        api(domain=DOMAIN, endpoint_type="EDGE"),
    ),
    Known(
        "mutual_tls",
        "api_gateway_apis",
        api(domain={**DOMAIN, "truststore_uri": "s3://b/a.pem"}, endpoint_type="EDGE"),
        "for REGIONAL APIs",
        api(domain={**HERE, "truststore_uri": "s3://b/a.pem"}),
    ),
    Known(
        "rights_in_a_vpc",
        "function and role",
        ({"vpc": VPC}, {}),
        "its role may not join",
        ({"vpc": VPC}, {"vpc": True}),
    ),
    Known(
        "dead_letter_rights",
        "function and role",
        ({"dead_letter_target_arn": QUEUE_ARN}, {}),
        "a target that its role may not send to",
        ({"dead_letter_target_arn": QUEUE_ARN}, {"failure_target_arns": [QUEUE_ARN]}),
    ),
    Known(
        "layers_elsewhere",
        "lambda_functions",
        {**FUNCTION, "extra_layer_arns": ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]},
        "in another region than the function, eu-west-1",
        {**FUNCTION, "extra_layer_arns": ["arn:aws:lambda:eu-west-1:123456789012:layer:l:1"]},
    ),
    Known("function_policy_size", "lambda_functions", triggered(80), "and Lambda takes 20480", triggered(50)),
    Known(
        "log_key_elsewhere",
        "api_gateway_apis",
        api(logs={"kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/1"}),
        "no key of eu-west-1, where the logs are",
        api(logs={"kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/1"}),
    ),
    Known(
        "destination_rights",
        "function and role",
        ({"async": {"on_failure_arn": QUEUE_ARN}}, {}),
        "a target that its role may not send to",
        ({"async": {"on_failure_arn": QUEUE_ARN}}, {"failure_target_arns": [QUEUE_ARN]}),
    ),
    Known(
        "provisioned_of_reserved",
        "lambda_functions",
        {**FUNCTION, "reserved_concurrency": 1, "provisioned_concurrency": 2},
        "more than the reserved_concurrency 1",
        {**FUNCTION, "reserved_concurrency": 2, "provisioned_concurrency": 2},
    ),
    Known(
        "replication_needs_versions",
        "replicated bucket",
        {"versioning": "Suspended"},
        "which is not what replication needs",
        {"versioning": "Suspended", "replicate": False},
    ),
    Known(
        "projected_attributes",
        "dynamodb_tables",
        projecting(*[20] * 5, 1),
        "a has 101 non_key_attributes",
        projecting(*[20] * 5),
    ),
    Known(
        "local_index_keys",
        "dynamodb_tables",
        {**TABLE, "local_secondary_indexes": [{"name": "local", "range_key": {"name": "id"}}]},
        "range_key.name is 'id', which is the hash_key too",
        {**TABLE, "local_secondary_indexes": [{"name": "local", "range_key": {"name": "by"}}]},
    ),
    Known(
        "bucket_name",
        "s3_buckets",
        {"access_logging": {"bucket_name": "No_Bucket"}},
        "bucket_name is 'No_Bucket', which is no bucket name",
        {"access_logging": {"bucket_name": "a-bucket"}},
    ),
    Known(
        "bucket_name",
        "s3_buckets",
        {"access_logging": {"bucket_name": "sthree-a"}},
        "bucket_name is 'sthree-a', which is no bucket name",
    ),
    Known("bucket_name", "site_builder_service", "sthree", "AWS keeps", "three"),
    Known(
        "each_class_once",
        "s3_buckets",
        cold((30, "STANDARD_IA"), (60, "STANDARD_IA")),
        "transitions[1].storage_class is 'STANDARD_IA', which is there twice",
        cold((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE")),
    ),
    Known(
        "days_before_infrequent_access",
        "s3_buckets",
        cold((29, "ONEZONE_IA")),
        "days is 29, which is too early for ONEZONE_IA",
        cold((0, "GLACIER_IR")),
    ),
    Known(
        "waterfall",
        "s3_buckets",
        cold((30, "STANDARD_IA"), (59, "GLACIER")),
        "days is 59, which is too early for GLACIER after STANDARD_IA at 30; write 60 or more",
        cold((30, "INTELLIGENT_TIERING"), (31, "GLACIER")),
    ),
    Known(
        "expiration_after_transitions",
        "s3_buckets",
        cold((30, "STANDARD_IA"), expiration_days=30),
        "expiration_days is 30, which is not after the transition at 30 days",
        cold((30, "STANDARD_IA"), expiration_days=31),
    ),
    Known(
        "actions_that_take_no_filter",
        "s3_buckets",
        {"lifecycle_rules": [{"id": "one", "expired_object_delete_marker": True, "tags": {"a": "b"}}]},
        "expired_object_delete_marker is True, which is not for use with tags",
        {"lifecycle_rules": [{"id": "one", "expired_object_delete_marker": True}]},
    ),
    Known(
        "mixed_times",
        "s3_buckets",
        {"lifecycle_rules": [{"id": "one", "expiration_date": "2030-01-01"}]},
        "has the field 'expiration_date', which there is not",
    ),
    Known("bucket_policy", "s3_buckets", of_bucket(Principal={}), "Principal is {}, which is nobody", of_bucket()),
    Known("bucket_policy", "s3_buckets", of_bucket(Actions="s3:*"), "has the field 'Actions', which there is not"),
    Known(
        "bucket_policy",
        "s3_buckets",
        {"policy_statements": [json.dumps(json.loads(bucket_policy())["Statement"][0])]},
        "which is not in the bucket site-builder-a-dev",
    ),
    Known("sid", "iam_roles", of_role(Sid="not-this"), "Sid is 'not-this'", of_role(Sid="This1")),
    Known("principal_of_identity", "iam_roles", of_role(Principal="*"), "not for the policy of a role", of_role()),
    Known("inline_size", "iam_roles", of_role(Resource=arns(125)), "AWS takes 10240", of_role(Resource=arns(120))),
    Known("runtime", "lambda_functions", {**FUNCTION, "runtime": "python3.99"}, "no runtime that Lambda", FUNCTION),
    Known(
        "environment_names",
        "lambda_functions",
        {**FUNCTION, "environment": {"AWS_REGION": "x"}},
        "is 'AWS_REGION', which is reserved",
        {**FUNCTION, "environment": {"REGION": "x"}},
    ),
    Known(
        "environment_size",
        "lambda_functions",
        {**FUNCTION, "environment": {"VV": "x" * 4097}},
        "which is more than the 4096",
        {**FUNCTION, "environment": {"VV": "x" * 4000}},
    ),
    Known(
        "timeout_and_memory",
        "lambda_functions",
        {**FUNCTION, "timeout": 901},
        "from 1 to 900",
        {**FUNCTION, "timeout": 900},
    ),
    Known(
        "timeout_and_memory",
        "lambda_functions",
        {**FUNCTION, "memory_size": 10_241},
        "from 128 to 10240",
        {**FUNCTION, "memory_size": 10_240},
    ),
    Known(
        "layers",
        "lambda_functions",
        {**FUNCTION, "extra_layer_arns": [f"arn:aws:lambda:eu-west-1:123456789012:layer:l{n}:1" for n in range(6)]},
        "has 6 layers, and Lambda allows 5",
    ),
    Known("unzipped_size", "packages", ([], [250]), "and Lambda takes less than 262144000", ([], [249])),
    Known(
        "unzipped_size_with_layers",
        "packages",
        ([150], [100]),
        "the package and its layers layers/0 have 262144000 bytes unzipped",
        ([150], [99]),
    ),
    Known(
        "parameter_names",
        "api_gateway_apis",
        route(request_parameters={"method.request.querystring.page[size]": True}),
        "which is no request parameter",
        route(request_parameters={"method.request.querystring.page.size:$-_": True}),
    ),
    Known(
        "integration_timeout",
        "api_gateway_apis",
        {**route(timeout_milliseconds=29_001), "endpoint_type": "EDGE"},
        "longer than an EDGE API waits",
        route(timeout_milliseconds=300_000),
    ),
    Known("integration_timeout", "api_gateway_apis", route(timeout_milliseconds=49), "from 50 to 300000", route()),
    Known("policy_size", "api_gateway_apis", of_api(85), "API Gateway takes 8192", of_api(78)),
    Known(
        "policy_document",
        "api_gateway_apis",
        api(resource_policy=policy(Action="execute-api:Invoke", Resource="execute-api:/*")),
        "has no Principal",
        of_api(1),
    ),
    Known(
        "retention",
        "api_gateway_apis",
        api(logs={"retention_in_days": 100}),
        "logs.retention_in_days is 100",
        api(logs={"retention_in_days": 90}),
    ),
]


def told(variable: str, value: Any, folder: Path) -> list[str]:
    """What is said of it before anything starts; of packages, when they have been built."""
    if variable == "packages":
        return told_of_packages(*value, folder)
    if variable == "site_builder_service":
        return list(preflight.service_problems(value))
    if variable == "monitoring_options":
        return list(DEFINITIONS[variable](value, variable))
    if variable == "function and role":
        function, role = value
        return list(lambda_._rights("a", function, role))
    definitions = {"a": value}
    if variable == "replicated bucket":
        try:
            s3.define(definitions, PROD)
        except SiteBuilderError as error:
            return list(error.problems)
        return []
    problems = list(DEFINITIONS[variable](definitions, variable))
    try:
        if not problems and variable == "s3_buckets":
            s3.define(definitions, DEV)
        if not problems and variable == "lambda_functions":
            lambda_.define(definitions, {}, DEV)
        if not problems and variable == "api_gateway_apis":
            api_gateway.define(definitions, {}, ["f"], DEV)
    except SiteBuilderError as error:
        problems += error.problems
    return problems


def told_of_packages(layers: list[int], own: list[int], folder: Path) -> list[str]:
    """The sizes are MiB."""
    built = {}
    for name, size in [*((f"layers/{n}", size) for n, size in enumerate(layers)), ("functions/f", own[0])]:
        path = folder / f"{name.replace('/', '-')}.zip"
        path.write_bytes(archive(size))
        built[name] = {"path": str(path)}
    try:
        lambda_package.check({"layers": [name for name in built if name != "functions/f"]}, built, built["functions/f"])
    except PackageError as error:
        return [str(error)]
    return []


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with start(tmp_path_factory.mktemp("embedded")) as started:
        yield started


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_both_say_no(aws: Aws, known: Known, tmp_path: Path) -> None:
    """Preflight in one sentence, and the embedded AWS to the first raw call that breaks the rule."""
    (sentence,) = told(known.variable, known.bad, tmp_path)
    assert known.says in sentence
    if known.good is not None:
        assert told(known.variable, known.good, tmp_path) == []
    case = next(case for case in CASES if case.rule == known.rule)
    assert refusal(aws, case.service, case.call, given(aws, case.bad))[0] == case.code


def test_every_rule_is_known_or_cannot_be(rules: list[Any]) -> None:
    names = {rule.condition.__name__ for rule in rules}
    known = {known.rule for known in KNOWN}
    assert names == known | ONLY_THE_ACCOUNT.keys() | NOBODY_CAN_SAY_IT.keys()
    assert not known & (ONLY_THE_ACCOUNT.keys() | NOBODY_CAN_SAY_IT.keys())


def test_numbers_are_the_same(rules: list[Any]) -> None:
    """Where both have a table, one is a copy of the other."""
    theirs = importlib.import_module("aws_rules.s3")
    assert (s3.COLD, s3.STAY) == (theirs.WATERFALL, theirs.STAY)
    functions = importlib.import_module("aws_rules.functions")
    assert set(lambda_.RESERVED_VARIABLES) >= functions.RESERVED_NAMES
    assert lambda_package.UNZIPPED_BYTES == functions.UNZIPPED_BYTES
    gateway = importlib.import_module("aws_rules.apigateway")
    assert api_gateway.EDGE_TIMEOUT_MS == gateway.EDGE_TIMEOUT_MS
