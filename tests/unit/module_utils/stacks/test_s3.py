"""The stack s3: dev and prod shapes, and each refusal."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
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
