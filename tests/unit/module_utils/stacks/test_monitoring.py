"""The stack monitoring: dev and prod shapes, topics, and thresholds of single resources."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.monitoring import define, unowned

from tests.settings import DEV, PROD, TAGS

OWNERS = {"lambda_": ["agents"], "s3_": []}


@pytest.mark.parametrize(("shared", "environment", "errors"), [(DEV, "dev", 5), (PROD, "prod", 1)], ids=["dev", "prod"])
def test_shape(shared: dict, environment: str, errors: int) -> None:
    region = shared["context"]["region"]
    tfvars = define({"evaluation_periods": 2}, shared)["tfvars"]
    defined = tfvars["monitoring"]
    assert defined["thresholds"]["lambda_errors"] == errors
    assert defined["topic_name"] == f"site-builder-alerts-{environment}"
    assert defined["dashboard_name"] == f"site-builder-overview-{environment}-{region}"
    assert (defined["emails"], defined["evaluation_periods"]) == (["team@example.com"], 2)
    assert (tfvars["region"], tfvars["tags"]) == (region, TAGS)
    assert tfvars["replica_region"] == shared["dr"]["replica_region"]


def test_own_thresholds_count() -> None:
    thresholds = define({"thresholds": {"lambda_errors": 2}}, DEV)["tfvars"]["monitoring"]["thresholds"]
    assert thresholds == {**DEV["dr"]["alarms"], "lambda_errors": 2}
    assert define(None, DEV)["tfvars"]["monitoring"]["thresholds"] == DEV["dr"]["alarms"]


def test_topic_of_somebody_else() -> None:
    defined = define({"topic_arn": "arn:aws:sns:eu-west-1:123456789012:theirs"}, DEV)["tfvars"]["monitoring"]
    assert (defined["emails"], defined["topic_kms_key_arn"]) == ([], None)
    assert "topic_name" not in defined


def test_threshold_of_a_resource_without_that_alarm() -> None:
    overrides = {"agents": {"lambda_errors": 1, "s3_replication_failures": 2}, "x": {"lambda_errors": None}, "y": None}
    assert list(unowned({"threshold_overrides": overrides}, OWNERS)) == [
        "monitoring_options.threshold_overrides.agents.s3_replication_failures is 2, which is for an alarm that agents does not "
        "have; those that have one are: none"
    ]
