"""Names, ARNs and tags, held against what AWS itself accepts."""

from __future__ import annotations

import re
import unicodedata
from random import Random
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import names as naming
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import (
    ARNS,
    ENVIRONMENTS,
    KINDS,
    REGIONS,
    partition_of,
    resource_arn,
    resource_name,
    resource_names,
    standard_tags,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT

DEV = {
    "service": "site-builder",
    "environment": "dev",
    "region": "eu-west-1",
    "account_id": "123456789012",
}
PROD = {**DEV, "environment": "prod", "region": "af-south-1", "replica_region": "eu-west-1"}
CHINA = {**DEV, "region": "cn-north-1"}
GOV = {**DEV, "region": "us-gov-west-1"}

# The whole name as AWS documents it, written down independently of KINDS.
AWS = {
    "alarm": r"[^\x00-\x1f\x7f]{1,255}",
    "api_key": r".{1,128}",
    "api_log_group": r"[\.\-_/#A-Za-z0-9]{1,512}",
    "cloudfront_oac": r"[A-Za-z0-9_-]{1,64}",
    "dashboard": r"[A-Za-z0-9_-]{1,255}",
    "dynamodb_table": r"[a-zA-Z0-9_.-]{3,255}",
    "iam_policy": r"[\w+=,.@-]{1,128}",
    "iam_role": r"[\w+=,.@-]{1,64}",
    "kms_alias": r"alias/(?!aws/)[a-zA-Z0-9/_-]{1,250}",
    "lambda_function": r"[a-zA-Z0-9-_]{1,64}",
    "lambda_layer": r"[a-zA-Z0-9-_]{1,64}",
    "lambda_log_group": r"/aws/lambda/[a-zA-Z0-9-_]{1,64}",
    "log_group": r"(?!aws/)[\.\-_/#A-Za-z0-9]{1,512}",
    "rest_api": r"[A-Za-z0-9_-]{1,80}",
    "s3_bucket": r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "sns_topic": r"[A-Za-z0-9_-]{1,256}",
    "sqs_queue": r"[A-Za-z0-9_-]{1,80}",
    "usage_plan": r".{1,128}",
}
AWS |= {"s3_replica_bucket": AWS["s3_bucket"], "state_bucket": AWS["s3_bucket"]}
BUCKETS = ("s3_bucket", "s3_replica_bucket")
FREE_KINDS = sorted(set(KINDS) - {"state_bucket"})

services = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,8}){0,2}", fullmatch=True).filter(
    lambda service: 2 <= len(service) <= 32 and not service.startswith(("sthree-", "amzn-s3-demo-"))
)
keys = st.builds(
    lambda first, rest: first + "".join(rest),
    st.text("ab0", min_size=1, max_size=40),
    st.lists(st.builds(str.__add__, st.sampled_from("_-"), st.text("ab0", min_size=1)), max_size=5),
)
regions = st.sampled_from(sorted(region for names in REGIONS.values() for region in names))


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, str]:
    region = draw(regions)
    others = sorted(REGIONS[partition_of(region)] - {region})
    return {
        "service": draw(services),
        "environment": draw(st.sampled_from(list(ENVIRONMENTS))),
        "region": region,
        "account_id": draw(st.from_regex(r"[0-9]{12}", fullmatch=True)),
        "replica_region": draw(st.sampled_from(others)),
    }


@pytest.mark.parametrize(
    ("key", "kind", "context", "expected"),
    [
        ("errors", "alarm", DEV, "site-builder-errors-dev"),
        ("main", "api_key", DEV, "site-builder-main-dev"),
        ("main", "api_log_group", DEV, "/aws/apigateway/site-builder-main-dev"),
        ("assets", "cloudfront_oac", DEV, "site-builder-assets-dev-eu-west-1"),
        ("service", "dashboard", PROD, "site-builder-service-prod-af-south-1"),
        ("job.log", "dynamodb_table", DEV, "site-builder-job.log-dev"),
        ("read", "iam_policy", DEV, "site-builder-read-dev-eu-west-1"),
        ("generate", "iam_role", PROD, "site-builder-generate-prod-af-south-1"),
        ("data", "kms_alias", DEV, "alias/site-builder-data-dev"),
        ("generate", "lambda_function", DEV, "site-builder-generate-dev"),
        ("get_site", "lambda_function", PROD, "site-builder-get_site-prod"),
        ("common", "lambda_layer", DEV, "site-builder-common-dev"),
        ("generate", "lambda_log_group", DEV, "/aws/lambda/site-builder-generate-dev"),
        ("audit", "log_group", DEV, "site-builder-audit-dev"),
        ("main", "rest_api", DEV, "site-builder-main-dev"),
        ("pages", "s3_bucket", DEV, "site-builder-pages-dev-123456789012-eu-west-1"),
        ("site_pages", "s3_bucket", DEV, "site-builder-site-pages-dev-123456789012-eu-west-1"),
        ("pages", "s3_replica_bucket", PROD, "site-builder-pages-prod-123456789012-eu-west-1"),
        ("alerts", "sns_topic", DEV, "site-builder-alerts-dev"),
        ("failed", "sqs_queue", DEV, "site-builder-failed-dev"),
        ("tfstate", "state_bucket", PROD, "site-builder-tfstate-prod-123456789012-af-south-1"),
        ("basic", "usage_plan", DEV, "site-builder-basic-dev"),
        # At the limit of 64 and of 63, and one beyond it.
        ("a" * 47, "lambda_function", DEV, f"site-builder-{'a' * 47}-dev"),
        ("a" * 48, "lambda_function", DEV, f"site-builder-{'a' * 38}-c1c85dc6-dev"),
        ("a" * 37, "iam_role", DEV, f"site-builder-{'a' * 37}-dev-eu-west-1"),
        ("a" * 38, "iam_role", DEV, f"site-builder-{'a' * 28}-808fe090-dev-eu-west-1"),
        ("a" * 23, "s3_bucket", DEV, f"site-builder-{'a' * 23}-dev-123456789012-eu-west-1"),
        (
            "a" * 24,
            "s3_bucket",
            DEV,
            f"site-builder-{'a' * 14}-948ebe7d-dev-123456789012-eu-west-1",
        ),
    ],
)
def test_name(key: str, kind: str, context: dict, expected: str) -> None:
    assert resource_name(key, kind, context) == expected
    assert re.fullmatch(AWS[kind], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_limits_are_those_of_aws(kind: str) -> None:
    assert AWS.keys() == KINDS.keys()
    rules = KINDS[kind]
    start = rules.prefix + "a"
    assert re.fullmatch(AWS[kind], start.ljust(rules.longest, "a"))
    assert not re.fullmatch(AWS[kind], start.ljust(rules.longest + 1, "a"))
    assert rules.shortest == 1 or not re.fullmatch(AWS[kind], "a" * (rules.shortest - 1))
    assert rules.source


@pytest.mark.parametrize(
    ("service", "shape", "kind"),
    [
        ("dynamodb", "TableName", "dynamodb_table"),
        ("iam", "roleNameType", "iam_role"),
        ("iam", "policyNameType", "iam_policy"),
        ("cloudwatch", "AlarmName", "alarm"),
        ("logs", "LogGroupName", "log_group"),
        ("kms", "AliasNameType", "kms_alias"),
    ],
)
def test_the_limits_are_those_of_the_sdk(service: str, shape: str, kind: str) -> None:
    session = pytest.importorskip("botocore.session").get_session()
    limits = session.get_service_model(service).shape_for(shape).metadata
    assert (KINDS[kind].shortest, KINDS[kind].longest) == (limits["min"], limits["max"])
    name = resource_name("a-b_c", kind, DEV)
    assert re.fullmatch(limits.get("pattern", ".*").strip("^$"), name)


def test_the_regions_are_those_of_the_sdk() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    for partition, names in REGIONS.items():
        assert set(session.get_available_regions("dynamodb", partition)) <= names


@pytest.mark.parametrize("key", ["s3-pages", "x" * 300, "Upper", "a_b"])
def test_the_log_group_belongs_to_the_function(key: str) -> None:
    function = resource_name(key, "lambda_function", PROD)
    assert resource_name(key, "lambda_log_group", PROD) == f"/aws/lambda/{function}"


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        ("", "iam_role", "iam_role key is '', which is not valid; use ASCII letters and digits"),
        (" ", "iam_role", "iam_role key is ' ', which is not valid"),
        ("a b", "alarm", "alarm key is 'a b', which is not valid"),
        ("a\n", "sns_topic", r"sns_topic key is 'a\n', which is not valid"),
        ("-a", "sns_topic", "sns_topic key is '-a', which is not valid"),
        ("a-", "sns_topic", "sns_topic key is 'a-', which is not valid"),
        ("_a", "s3_bucket", "s3_bucket key is '_a', which is not valid"),
        ("a--b", "s3_bucket", "s3_bucket key is 'a--b', which is not valid"),
        ("a_-b", "s3_bucket", "s3_bucket key is 'a_-b', which is not valid"),
        ("a/b", "log_group", "log_group key is 'a/b', which is not valid"),
        ("a.b", "s3_bucket", "s3_bucket key is 'a.b', which is not valid; use ASCII lower-case letters"),
        ("a.b", "lambda_function", "with single '-' or '_' between words"),
        ("a.b", "dashboard", "dashboard key is 'a.b', which is not valid"),
        ("Pages", "s3_bucket", "s3_bucket key is 'Pages', which is not valid; use ASCII lower-case letters"),
        ("é", "alarm", "alarm key is 'é', which is not valid"),
        ("ａ", "rest_api", "rest_api key is 'ａ', which is not valid"),
        ("٣", "rest_api", "rest_api key is '٣', which is not valid"),
        ("ß", "iam_role", "iam_role key is 'ß', which is not valid"),
        ("😀", "alarm", "alarm key is '😀', which is not valid"),
        ("{{ x }}", "alarm", "alarm key is '{{ x }}', which is not valid"),
        ("${x}", "alarm", "alarm key is '${x}', which is not valid"),
        ("%{x}", "alarm", "alarm key is '%{x}', which is not valid"),
        ("../x", "rest_api", "rest_api key is '../x', which is not valid"),
        ("é" * 500, "alarm", f"alarm key is '{'é' * 76}..., which is not valid"),
        (None, "alarm", "alarm key is None, which is not valid"),
        (True, "alarm", "alarm key is True, which is not valid"),
        (1, "s3_bucket", "s3_bucket key is 1, which is not valid"),
        (["a"], "alarm", "alarm key is ['a'], which is not valid"),
        ({"a": 1}, "s3_bucket", "s3_bucket key is a mapping of a, which is not valid"),
        ("tfstate", "s3_bucket", "s3_bucket key is 'tfstate', which is not allowed"),
        ("tfstate", "s3_replica_bucket", "s3_replica_bucket key is 'tfstate', which is not allowed"),
        ("pages", "state_bucket", "state_bucket key is 'pages', which is not allowed, as 'tfstate' names"),
        ("pages", "s3_replica_bucket", "context lacks 'replica_region', and s3_replica_bucket 'pages'"),
        ("a", "s3_buckets", "kind is 's3_buckets', which is not known; did you mean 's3_bucket'?"),
        ("a", None, "kind is None, which is not known; use one of alarm, api_key,"),
        ("a", ["alarm"], "kind is ['alarm'], which is not known"),
    ],
)
def test_bad_key(key: Any, kind: Any, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)) as caught:
        resource_name(key, kind, DEV)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"service": None}, "context lacks 'service', it has ['account_id', 'environment',"),
        ({"account_id": None}, "context lacks 'account_id'"),
        ({"service": "Site"}, "service is 'Site', which is not valid; use 2 to 32 lower-case letters"),
        ({"service": "site_builder"}, "service is 'site_builder', which is not valid"),
        ({"service": "site--builder"}, "service is 'site--builder', which is not valid"),
        ({"service": "1site"}, "service is '1site', which is not valid"),
        ({"service": "s"}, "service is 's', which is not valid"),
        ({"service": "s" * 33}, "is not valid; use 2 to 32"),
        ({"service": "site\n"}, r"service is 'site\n', which is not valid"),
        ({"service": 5}, "service is 5, which is not valid"),
        ({"environment": "prd"}, "environment is 'prd', which is not known; did you mean 'prod'?"),
        ({"environment": "PROD"}, "environment is 'PROD', which is not known"),
        (
            {"environment": False},
            f"environment is False, which is not known; use one of {', '.join(sorted(ENVIRONMENTS))}",
        ),
        ({"region": "eu-west1"}, "region is 'eu-west1', which is not known; did you mean 'eu-west-1'?"),
        ({"region": "eu-west-1a"}, "region is 'eu-west-1a', which is not known; did you mean 'eu-west-1'?"),
        ({"region": 1}, "region is 1, which is not known"),
        ({"account_id": 123456789012}, "account_id is 123456789012, which is not valid; write the 12 digits"),
        ({"account_id": "12345678901"}, "account_id is '12345678901', which is not valid"),
        ({"account_id": "12345678901٣"}, "account_id is '12345678901٣', which is not valid"),
        ({"partition": "aws-cn"}, "partition is 'aws-cn', which is not that of the region 'eu-west-1'; use 'aws'"),
        ({"replica_region": "eu-west-1"}, "replica_region is 'eu-west-1', which is the primary region"),
        ({"replica_region": "cn-north-1"}, "is outside the partition 'aws' of 'eu-west-1'"),
        ({"replica_region": "nowhere"}, "replica_region is 'nowhere', which is not known"),
    ],
)
def test_bad_context(change: dict, message: str) -> None:
    context = {**DEV, **change}
    calls = (
        lambda: resource_name("a", "alarm", context),
        lambda: resource_names([], "alarm", context),
        lambda: resource_arn("a", "alarm", context),
        lambda: standard_tags(context),
    )
    for call in calls:
        with pytest.raises(SiteBuilderError, match=re.escape(message)):
            call()


@pytest.mark.parametrize("context", [None, "dev", ["dev"], {}, {1: 2}])
def test_no_context(context: Any) -> None:
    with pytest.raises(SiteBuilderError, match="context"):
        resource_name("a", "alarm", context)


def test_reserved_bucket_prefix() -> None:
    with pytest.raises(SiteBuilderError, match=r"starts wrongly; choose another start, AWS reserv"):
        resource_name("a", "s3_bucket", {**DEV, "service": "sthree-x"})


def test_names() -> None:
    expected = {"b": "site-builder-b-dev", "a": "site-builder-a-dev"}
    assert list(resource_names(["b", "a"], "alarm", DEV).items()) == list(expected.items())
    assert resource_names({"b": 1, "a": 2}, "alarm", DEV) == expected
    assert resource_names([], "alarm", DEV) == {}
    assert len(resource_names(["a_b", "a-b"], "sns_topic", DEV)) == 2


@pytest.mark.parametrize(
    ("keys", "kind", "message"),
    [
        (["a_b", "a-b"], "s3_bucket", "s3_bucket keys 'a_b' and 'a-b' both get the name 'site-"),
        (["Get", "get"], "iam_role", "iam_role keys 'Get' and 'get' both get the name"),
        (["a", "b", "a"], "alarm", "alarm key is 'a', which is listed twice; remove one of them"),
        ("abc", "alarm", "keys is 'abc', which is no list of names; put it in brackets"),
        (5, "alarm", "keys is 5, which is no list of names"),
        (None, "alarm", "keys is None, which is no list of names"),
        (["a", ""], "alarm", "alarm key is '', which is not valid"),
        (["a"], "alarms", "kind is 'alarms', which is not known; did you mean 'alarm'?"),
    ],
)
def test_bad_names(keys: Any, kind: str, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)):
        resource_names(keys, kind, DEV)


def test_two_shortened_names_that_are_equal_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "HASH_LENGTH", 0)
    with pytest.raises(SiteBuilderError, match="both get the name"):
        resource_names(["a" * 100 + "x", "a" * 100 + "y"], "lambda_function", DEV)


ACCOUNT = "123456789012"
FUNCTION = f"lambda:eu-west-1:{ACCOUNT}:function:f"


@pytest.mark.parametrize(
    ("name", "kind", "qualifier", "expected"),
    [
        ("a", "alarm", None, f"cloudwatch:eu-west-1:{ACCOUNT}:alarm:a"),
        (
            "/aws/apigateway/a",
            "api_log_group",
            None,
            f"logs:eu-west-1:{ACCOUNT}:log-group:/aws/apigateway/a",
        ),
        ("d", "dashboard", None, f"cloudwatch::{ACCOUNT}:dashboard/d"),
        ("tab", "dynamodb_table", None, f"dynamodb:eu-west-1:{ACCOUNT}:table/tab"),
        ("tab", "dynamodb_index", "by_x", f"dynamodb:eu-west-1:{ACCOUNT}:table/tab/index/by_x"),
        ("tab", "dynamodb_index", "*", f"dynamodb:eu-west-1:{ACCOUNT}:table/tab/index/*"),
        ("p", "iam_policy", None, f"iam::{ACCOUNT}:policy/p"),
        ("r", "iam_role", None, f"iam::{ACCOUNT}:role/r"),
        ("alias/k", "kms_alias", None, f"kms:eu-west-1:{ACCOUNT}:alias/k"),
        ("f", "lambda_alias", "live", f"{FUNCTION}:live"),
        ("f", "lambda_function", None, FUNCTION),
        (
            "/aws/lambda/f",
            "lambda_log_group",
            None,
            f"logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/f",
        ),
        ("/x/y", "log_group", None, f"logs:eu-west-1:{ACCOUNT}:log-group:/x/y"),
        ("buc", "s3_bucket", None, "s3:::buc"),
        ("buc", "s3_replica_bucket", None, "s3:::buc"),
        ("buc", "state_bucket", None, "s3:::buc"),
        ("t", "sns_topic", None, f"sns:eu-west-1:{ACCOUNT}:t"),
        ("q", "sqs_queue", None, f"sqs:eu-west-1:{ACCOUNT}:q"),
    ],
)
def test_arn(name: str, kind: str, qualifier: str | None, expected: str) -> None:
    assert resource_arn(name, kind, DEV, qualifier) == f"arn:aws:{expected}"
    for context, partition in ((CHINA, "aws-cn"), (GOV, "aws-us-gov")):
        elsewhere = f"arn:{partition}:{expected.replace('eu-west-1', context['region'])}"
        assert resource_arn(name, kind, context, qualifier) == elsewhere


@pytest.mark.parametrize("context", [DEV, CHINA, GOV])
@pytest.mark.parametrize("qualifier", [None, "live"])
def test_invoke_arn(context: dict, qualifier: str | None) -> None:
    partition, region = partition_of(context["region"]), context["region"]
    assert resource_arn("f", "lambda_invoke", context, qualifier) == (
        f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/"
        f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:f{':live' if qualifier else ''}"
        "/invocations"
    )


def test_arn_in_another_region() -> None:
    replica = resource_arn("tab", "dynamodb_table", PROD, region="eu-west-1")
    assert replica == f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/tab"
    assert resource_arn("tab", "dynamodb_table", DEV, region="eu-west-1") == replica


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "rest_api"), "kind 'rest_api' has no ARN that can be computed, AWS puts a new id"),
        (("x", "cloudfront_oac"), "kind 'cloudfront_oac' has no ARN"),
        (("x", "lambda"), "kind is 'lambda', which is not known; did you mean 'lambda_"),
        (("x", None), "kind is None, which is not known"),
        (("", "alarm"), "alarm name is '', which is not valid"),
        (("a b", "sns_topic"), "sns_topic name is 'a b', which is not valid; use only the characters A-Za-z"),
        (("ab", "dynamodb_index", "*"), "dynamodb_table name 'ab' has 2 characters; use 3 to 255"),
        (
            ("r" * 65, "iam_role"),
            "has 65 characters; use 1 to 64, or let resource_name compute it",
        ),
        ((None, "iam_role"), "iam_role name is None, which is not valid"),
        (("arn:aws:s3:::b", "s3_bucket"), "s3_bucket name is 'arn:aws:s3:::b', which is not valid"),
        (("alias/aws/s3", "kms_alias"), "kms_alias name 'alias/aws/s3' starts wrongly; start it"),
        (("data", "kms_alias"), "starts wrongly; start it with 'alias/', AWS reserves alias/aws/"),
        (("f", "lambda_log_group"), "starts wrongly; start it with '/aws/lambda/'"),
        (("aws/x", "log_group"), "starts wrongly; choose another start, AWS reserves aws/"),
        (
            ("f", "lambda_alias"),
            "qualifier None of kind 'lambda_alias' is not valid; give the name",
        ),
        (("f", "lambda_alias", "3"), "qualifier '3' of kind 'lambda_alias' is not valid"),
        (("f", "lambda_invoke", "a b"), "qualifier 'a b' of kind 'lambda_invoke' is not valid"),
        (("tab", "dynamodb_index", "x"), "is not valid; give the name of an index, or '*'"),
        (("tab", "dynamodb_index", "a*b"), "qualifier 'a*b' of kind 'dynamodb_index' is not valid"),
        (("f", "lambda_function", "live"), "kind 'lambda_function' takes no qualifier, got 'live'"),
    ],
)
def test_bad_arn(arguments: tuple, message: str) -> None:
    name, kind, *qualifier = arguments
    with pytest.raises(SiteBuilderError, match=re.escape(message)):
        resource_arn(name, kind, DEV, *qualifier)


def test_arn_in_another_partition_is_refused() -> None:
    with pytest.raises(SiteBuilderError, match="outside the partition 'aws'"):
        resource_arn("tab", "dynamodb_table", DEV, region="cn-north-1")


TAGS = {"Service": "site-builder", "Environment": "dev", "ManagedBy": "Terraform"}


@pytest.mark.parametrize(
    "extra",
    [
        None,
        {},
        {"CostCenter": "4711", "Empty": ""},
        {"Größe é": "日本 _.:/=+-@"},
        {"k" * 128: "v" * 256},
        {f"k{i}": "v" for i in range(47)},
        {"my-aws:x": "aws:y"},
    ],
)
def test_tags(extra: dict | None) -> None:
    assert standard_tags(DEV, extra) == {**TAGS, **(extra or {})}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"Environment": "prod"}, "tag 'Environment' is already set as 'Environment'; remove it"),
        ({"service": "x"}, "tag 'service' is already set as 'Service'"),
        ({"MANAGEDBY": "x"}, "tag 'MANAGEDBY' is already set as 'ManagedBy'"),
        ({"a": "1", "A": "2"}, "tag 'A' is already set as 'a'"),
        ({"aws:x": "1"}, "tag 'aws:x' starts with 'aws:', which AWS reserves; rename it"),
        ({"AWS:x": "1"}, "tag 'AWS:x' starts with 'aws:'"),
        ({"": "1"}, "tag '' with the value '1' has the wrong length; use 1 to 128"),
        ({"k" * 129: "1"}, "has the wrong length; use 1 to 128"),
        ({"k": "v" * 257}, "at most 256 for a value"),
        ({"k": "a\nb"}, r"contains '\n'; use letters, digits"),
        ({"k": "a,b"}, "tag 'k' with the value 'a,b' contains ','"),
        ({"k": "{{ x }}"}, "contains '{'"),
        ({"k": "${x}"}, "contains '$'"),
        ({"k": "%{x}"}, "contains '%'"),
        ({"k😀": "v"}, "contains '😀'"),
        ({"k": 4711}, "tag 'k' has the value 4711, which is no text; quote it"),
        ({"k": True}, "tag 'k' has the value True, which is no text; quote it"),
        ({"k": None}, "tag 'k' has the value None, which is no text; quote it"),
        ({True: "v"}, "extra tags has the key True, which is no text; quote it"),
        (["k"], "extra tags is ['k'], which is no mapping; write it as name: value"),
        (
            {f"k{i}": "v" for i in range(48)},
            "51 tags are more than the 50 that AWS allows; remove 1",
        ),
    ],
)
def test_bad_tags(extra: Any, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)) as caught:
        standard_tags(DEV, extra)
    assert "\n" not in str(caught.value)


@given(keys, st.sampled_from(FREE_KINDS), contexts())
def test_aws_accepts_every_name_and_its_arn(key: str, kind: str, context: dict) -> None:
    name = resource_name(key, kind, context)
    assert re.fullmatch(AWS[kind], name)
    assert f"-{context['environment']}" in name[len(KINDS[kind].prefix) + 2 :]
    assert name.endswith(KINDS[kind].suffix.format(**context))
    assert name == resource_name(key, kind, dict(reversed(context.items()))), "not stable"
    if kind in ARNS:
        arn = resource_arn(name, kind, context)
        assert arn.startswith(f"arn:{partition_of(context['region'])}:") and arn.endswith(name)


@given(st.text(max_size=60), st.sampled_from(FREE_KINDS))
def test_any_text_is_used_whole_or_refused(key: str, kind: str) -> None:
    try:
        name = resource_name(key, kind, PROD)
    except SiteBuilderError as exc:
        assert "\n" not in str(exc)
        return
    assert re.fullmatch(AWS[kind], name)
    head = key.replace("_", "-") if kind in BUCKETS else key
    assert f"-{head}-prod" in name or re.search(r"-[0-9a-f]{8}-prod", name)


@given(st.lists(keys, min_size=2, max_size=6, unique=True), st.sampled_from(FREE_KINDS), contexts())
def test_keys_never_share_a_name(several: list[str], kind: str, context: dict) -> None:
    try:
        names = resource_names(several, kind, context)
    except SiteBuilderError as exc:
        assert "both get the name" in str(exc)
        assert kind in BUCKETS, "only buckets change a key"
        return
    assert len({name.lower() for name in names.values()}) == len(several)


@given(st.text(max_size=140), st.text(max_size=270))
def test_any_tag_is_kept_or_refused(key: str, value: str) -> None:
    try:
        tags = standard_tags(DEV, {key: value})
    except SiteBuilderError:
        return
    assert tags == {**TAGS, key: value}
    assert 1 <= len(key) <= 128 and len(value) <= 256
    assert not any(unicodedata.category(char).startswith("C") for char in key + value)


@pytest.mark.parametrize("kind", ["lambda_function", "s3_bucket", "iam_role"])
def test_ten_thousand_services_have_ten_thousand_names(kind: str) -> None:
    services = [f"s{i:04x}-{'generation-' * (i % 3)}api" for i in range(10_000)]
    key = "the-pages-of-the-generated-site-and-their-assets"
    names = {resource_name(key, kind, {**PROD, "service": service}) for service in services}
    assert len(names) == 10_000
    assert all(re.fullmatch(AWS[kind], name) and "-prod" in name for name in names)


def test_ten_thousand_random_services_never_collide_silently() -> None:
    """Keys that differ get names that differ, however long, or a refusal that names both."""
    random = Random(6)
    refused = 0
    for _ in range(10_000):
        context = {**DEV, "service": random.choice("abc") + "".join(random.choices("ab1", k=random.randint(1, 31)))}
        kind = random.choice(FREE_KINDS)
        words = ["".join(random.choices("aA1b", k=random.choice([1, 2, 40]))) for _ in range(4)]
        keys = list({random.choice("-_").join(random.sample(words, random.randint(1, 4))) for _ in range(6)})
        context["replica_region"] = "eu-central-1"
        try:
            names = resource_names(keys, kind, context)
        except SiteBuilderError as error:
            assert "rename one of them" in str(error) or "is not valid" in str(error)
            refused += 1
            continue
        assert len({name.lower() for name in names.values()}) == len(keys)
        assert all(re.fullmatch(AWS[kind], name) for name in names.values())
    assert 0 < refused < 10_000


def test_all_keys_that_make_no_name_are_told() -> None:
    with pytest.raises(SiteBuilderError) as caught:
        resource_names(["a b", "c", "C", "c d"], "iam_role", DEV)
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        "iam_role key is 'a b', which is not valid",
        "iam_role keys 'c' and 'C' both get the name 'site-builder-C-dev-eu-west-1'",
        "iam_role key is 'c d', which is not valid",
    ]


def test_all_tags_that_aws_refuses_are_told() -> None:
    with pytest.raises(SiteBuilderError) as caught:
        standard_tags(DEV, {"aws:a": "b", "Service": "x", "k": 1}, what="site_builder_tags")
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        "site_builder_tags: tag 'aws:a' starts with 'aws:', which AWS reserves",
        "site_builder_tags: tag 'Service' is already set as 'Service'",
        "site_builder_tags: tag 'k' has the value 1, which is no text",
    ]


def test_every_environment_has_its_inventory_and_its_root_module() -> None:
    for folder in ("inventories", "terraform/environments"):
        assert {path.name for path in (ROOT / folder).iterdir() if path.is_dir()} == set(ENVIRONMENTS), folder
