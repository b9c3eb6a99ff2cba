"""The stack s3: dev and prod shapes, and each refusal."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import s3
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.s3 import define

from tests.settings import ACCOUNT, BOUNDARY, BUCKET, DEV, KEY, PROD, REPLICA_KEY, TAGS

PROD_BUCKET = f"site-builder-sites-prod-{ACCOUNT}-af-south-1"
REPLICA_BUCKET = f"site-builder-sites-prod-{ACCOUNT}-eu-west-1"


def test_dev() -> None:
    stack = define({"sites": None, "logs": {"eventbridge": True}}, DEV)
    assert stack["tfvars"]["tags"] == TAGS
    assert stack["tfvars"]["buckets"]["sites"] == {"name": BUCKET, "kms_key_arn": None}
    assert stack["tfvars"]["buckets"]["logs"]["eventbridge"] is True
    assert stack["predicted_outputs"]["buckets"]["sites"] == {
        "name": BUCKET,
        "arn": f"arn:aws:s3:::{BUCKET}",
        "replica_name": None,
        "replica_arn": None,
    }
    assert stack["replica_provider"] is True


def test_prod() -> None:
    stack = define({"sites": {}}, PROD)
    assert stack["tfvars"]["buckets"]["sites"] == {
        "name": PROD_BUCKET,
        "kms_key_arn": KEY,
        "replication": {
            "bucket_name": REPLICA_BUCKET,
            "role_name": "site-builder-sites-replication-prod-af-south-1",
            "kms_key_arn": REPLICA_KEY,
            "metrics": True,
        },
    }
    assert stack["predicted_outputs"]["buckets"]["sites"]["replica_arn"] == f"arn:aws:s3:::{REPLICA_BUCKET}"


@pytest.mark.parametrize(
    ("bucket", "key", "replicates", "replica_key"),
    [
        ({}, KEY, True, REPLICA_KEY),
        ({"replicate": False}, KEY, False, None),
        ({"customer_key": False}, None, True, None),
        ({"customer_key": False, "replicate": False}, None, False, None),
    ],
)
def test_switches(bucket: dict, key: str | None, replicates: bool, replica_key: str | None) -> None:
    given = dict(bucket)
    stack = define({"sites": bucket}, PROD)
    defined = stack["tfvars"]["buckets"]["sites"]
    assert defined["kms_key_arn"] == key
    assert ("replication" in defined) is replicates
    assert defined.get("replication", {}).get("kms_key_arn") == replica_key
    assert (stack["predicted_outputs"]["buckets"]["sites"]["replica_name"] is not None) is replicates
    assert not {"replicate", "customer_key"} & defined.keys()
    assert bucket == given


def test_boundary_is_that_of_the_replication_role() -> None:
    replication = define({"sites": {}}, {**PROD, **BOUNDARY})["tfvars"]["buckets"]["sites"]["replication"]
    assert replication["permissions_boundary_arn"] == BOUNDARY["permissions_boundary_arn"]


def test_access_control_gets_its_name() -> None:
    oac = define({"sites": {"oac": {"list_bucket": True}}}, DEV)["tfvars"]["buckets"]["sites"]["oac"]
    assert oac == {"list_bucket": True, "name": "site-builder-sites-dev-eu-west-1"}


@pytest.mark.parametrize(
    ("buckets", "settings", "sentences"),
    [
        (
            {"a_b": {}, "a-b": {}},
            DEV,
            [
                f"s3_buckets: s3_bucket keys 'a_b' and 'a-b' both get the name 'site-builder-a-b-dev-{ACCOUNT}-eu-west-1'; "
                "rename one of them"
            ],
        ),
        (
            {"tfstate": {}},
            DEV,
            [
                "s3_buckets: s3_bucket key is 'tfstate', which is not allowed, as 'tfstate' names the state bucket and only that "
                "one; choose another"
            ],
        ),
        (
            {"a": {"versioning": "Suspended"}, "b": {"versioning": "Suspended", "replicate": False}},
            PROD,
            [
                "s3_buckets.a.versioning is 'Suspended', which is not what replication needs; write Enabled or set replicate to "
                "false"
            ],
        ),
    ],
)
def test_refusal(buckets: dict, settings: dict, sentences: list[str]) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define(buckets, settings)
    assert list(refused.value.problems) == sentences


def moved(*pairs: tuple[int, str], **rule: object) -> dict:
    return {"id": "a", "transitions": [{"days": days, "storage_class": storage} for days, storage in pairs], **rule}


@pytest.mark.parametrize(
    "rule",
    [
        moved((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE")),
        moved((90, "DEEP_ARCHIVE"), (60, "STANDARD_IA")),
        moved((0, "GLACIER_IR"), expiration_days=1),
        moved((30, "INTELLIGENT_TIERING"), (31, "GLACIER")),
    ],
)
def test_transitions_down_the_waterfall_are_taken(rule: dict) -> None:
    noncurrent = {**rule, "noncurrent_version_transitions": rule["transitions"]}
    assert list(DEFINITIONS["s3_buckets"]({"a": {"lifecycle_rules": [noncurrent]}}, "s3_buckets")) == []


@pytest.mark.parametrize("field", ["transitions", "noncurrent_version_transitions"])
@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([(30, "STANDARD_IA"), (60, "STANDARD_IA")], "[1].storage_class is 'STANDARD_IA', which is there twice; remove one of them"),
        ([(29, "ONEZONE_IA")], "[0].days is 29, which is too early for ONEZONE_IA; write 30 or more"),
        (
            [(30, "STANDARD_IA"), (59, "GLACIER")],
            "[1].days is 59, which is too early for GLACIER after STANDARD_IA at 30; write 60 or more",
        ),
        (
            [(99, "DEEP_ARCHIVE"), (10, "GLACIER")],
            "[0].days is 99, which is too early for DEEP_ARCHIVE after GLACIER at 10; write 100 or more",
        ),
        (
            [(40, "DEEP_ARCHIVE"), (60, "INTELLIGENT_TIERING")],
            "[0].days is 40, which is too early for DEEP_ARCHIVE after INTELLIGENT_TIERING at 60; write 61 or more",
        ),
    ],
)  # fmt: skip
def test_transitions_against_the_waterfall_are_refused(field: str, pairs: list, sentence: str) -> None:
    rule = {"id": "a", field: moved(*pairs)["transitions"]}
    assert list(DEFINITIONS["s3_buckets"]({"a": {"lifecycle_rules": [rule]}}, "s3_buckets")) == [
        f"s3_buckets.a.lifecycle_rules[0].{field}{sentence}"
    ]


def test_a_statement_is_about_its_own_bucket() -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}
    with pytest.raises(SiteBuilderError) as refused:
        define({"a": {"policy_statements": [json.dumps(statement)]}}, DEV)
    name = f"site-builder-a-dev-{ACCOUNT}-eu-west-1"
    assert list(refused.value.problems) == [
        f"s3_buckets.a.policy_statements[0].Resource has 'arn:aws:s3:::other/*', which is not in the bucket {name}; name {name} "
        "or objects in it"
    ]


@pytest.mark.parametrize("origin", ["capacitor://localhost", "http://localhost:8080", "chrome-extension://abc"])
def test_origins_of_apps(origin: str) -> None:
    cors = {"allowed_origins": [origin], "allowed_methods": ["PUT"]}
    assert list(DEFINITIONS["s3_buckets"]({"a": {"cors_rules": [cors]}}, "s3_buckets")) == []
    route = {"path": "/", "method": "GET", "function": "f"}
    api = {"routes": {"r": route}, "cors": {"origins": [origin]}}
    assert list(DEFINITIONS["api_gateway_apis"]({"a": api}, "api_gateway_apis")) == []


def test_statements_have_a_size_together() -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::*/{n:0100}" for n in range(90)],
    }
    statements = [json.dumps({**statement, "Sid": str(n)}) for n in range(2)]
    assert list(DEFINITIONS["s3_buckets"]({"a": {"policy_statements": statements[:1]}}, "s3_buckets")) == []
    (sentence,) = DEFINITIONS["s3_buckets"]({"a": {"policy_statements": statements}}, "s3_buckets")
    assert sentence.endswith(" bytes as JSON, and S3 takes 20480; shorten them")


class TestStranded:
    """A replica in a region that the replicas' provider is not in."""

    KEY = 'module.buckets["a.aws_s3_bucket"]'
    STATE = {
        "by_replica": [f"{KEY}.aws_s3_bucket.replica[0]", f"{KEY}.aws_s3_bucket_policy.replica[0]"],
        "buckets": {
            f"{KEY}.aws_s3_bucket.replica[0]": {"name": "a", "region": "eu-central-1"},
            f"{KEY}.aws_s3_bucket.this": {"name": "b", "region": "eu-west-1"},
        },
    }

    def test_all_of_it(self) -> None:
        assert s3.stranded(self.STATE, "eu-north-1") == {
            f"{self.KEY}.aws_s3_bucket.replica[0]": {"region": "eu-central-1", "addresses": self.STATE["by_replica"]}
        }

    def test_what_is_where_it_should_be(self) -> None:
        assert s3.stranded(self.STATE, "eu-central-1") == {}
        assert s3.stranded({"by_replica": [], "buckets": {}}, "eu-central-1") == {}

    def test_one_whose_creation_was_cut_short_has_no_region_yet(self) -> None:
        address = self.STATE["by_replica"][0]
        half = {**self.STATE, "buckets": {address: {"name": "a", "region": ""}}}
        assert s3.stranded(half, "eu-north-1") == {}
