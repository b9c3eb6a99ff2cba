"""Disaster recovery flags."""

from __future__ import annotations

import re

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import (
    BEDROCK_SERVICES,
    OTHER_ALARMS,
    PRIMARY_SERVICES,
    PROD_ALARMS,
    REPLICA_SERVICES,
    RETENTION_DAYS,
    dr_flags,
    not_offered,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS, REGIONS
from hypothesis import given
from hypothesis import strategies as st

PROD = ("prod", "af-south-1", "eu-west-1")
DEV = ("dev", "eu-west-1", "eu-central-1")
ALL_REGIONS = sorted(region for regions in REGIONS.values() for region in regions)


def test_prod() -> None:
    assert dr_flags(*PROD) == {
        "enabled": True,
        "global_tables": True,
        "replication": True,
        "deletion_protection": True,
        "replica_region": "eu-west-1",
        "point_in_time_recovery": True,
        "log_retention_days": 365,
        "alarms": PROD_ALARMS,
    }


@pytest.mark.parametrize("environment", ["dev", "sit"])
@pytest.mark.parametrize("replica", [None, "eu-central-1"])
def test_others_are_off(environment: str, replica: str | None) -> None:
    assert dr_flags(environment, "eu-west-1", replica) == {
        "enabled": False,
        "global_tables": False,
        "replication": False,
        "deletion_protection": False,
        "replica_region": None,
        "point_in_time_recovery": True,
        "log_retention_days": 30,
        "alarms": OTHER_ALARMS,
    }


@pytest.mark.parametrize(
    ("place", "overrides", "expected"),
    [
        (DEV, {"enabled": True}, {"global_tables": True, "replica_region": "eu-central-1"}),
        (DEV, {"enabled": True, "replication": False}, {"replication": False}),
        (DEV, {"deletion_protection": True}, {"deletion_protection": True, "enabled": False}),
        (DEV, {"log_retention_days": 1}, {"log_retention_days": 1}),
        (DEV, {"enabled": None, "log_retention_days": None}, {"log_retention_days": 30}),
        (DEV, {"alarms": {"api_5xx": 9}}, {"alarms": {**OTHER_ALARMS, "api_5xx": 9}}),
        (PROD, {"enabled": True, "log_retention_days": 90}, {"log_retention_days": 90}),
        (PROD, {"alarms": {"api_5xx": 9}}, {"alarms": {**PROD_ALARMS, "api_5xx": 9}}),
    ],
)
def test_overrides(place: tuple, overrides: dict, expected: dict) -> None:
    flags = dr_flags(*place, overrides)
    assert {name: flags[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prd", "af-south-1", "eu-west-1"), "environment 'prd' is not known: did you mean 'prod'"),
        ((None, "eu-west-1"), "environment None is not known: use one of dev, prod, sit."),
        (("dev", "eu-west-9"), "region 'eu-west-9' is not known: did you mean 'eu-west-"),
        (("dev", None), "region None is not known"),
        (("prod", "af-south-1"), "replica_region None is missing, disaster recovery is on in prod"),
        (("prod", "af-south-1", ""), "replica_region '' is not known"),
        (("prod", "eu-west-1", "eu-west-1"), "replica_region 'eu-west-1' is the primary region"),
        (("prod", "eu-west-1", "cn-north-1"), "replica_region 'cn-north-1' is outside the"),
        (("dev", "eu-west-1", "eu-wst-1"), "replica_region 'eu-wst-1' is not known: did you mean"),
        (("dev", "eu-west-1", "eu-west-1"), "is the primary region itself: name a different"),
        (("dev", "eu-west-1", None, {"enabled": True}), "replica_region None is missing"),
        ((*PROD, {"enabled": False}), "override enabled False is not allowed in prod: remove it."),
        ((*PROD, {"global_tables": False}), "override global_tables False is not allowed in prod"),
        ((*PROD, {"replication": False}), "override replication False is not allowed in prod"),
        ((*PROD, {"deletion_protection": False}), "override deletion_protection False is not"),
        ((*PROD, {"log_retention_days": 60}), "log_retention_days 60 is not allowed in prod: use"),
        ((*DEV, {"global_tables": True}), "override global_tables True needs disaster recovery"),
        ((*DEV, {"enabled": False, "replication": True}), "add 'enabled: true' to the overrides."),
        ((*DEV, {"enabled": "yes"}), "override enabled 'yes' is not a boolean: write true or"),
        ((*DEV, {"enabled": 1}), "override enabled 1 is not a boolean"),
        ((*DEV, {"point_in_time_recovery": False}), "point_in_time_recovery False is not allowed"),
        ((*DEV, {"retention": 30}), "override 'retention' is not known: "),
        ((*DEV, {"enable": True}), "override 'enable' is not known: did you mean 'enabled'?"),
        ((*DEV, {"log_retention_days": 31}), "log_retention_days 31 is not allowed: use one of 1,"),
        ((*DEV, {"log_retention_days": 0}), "log_retention_days 0 is not allowed"),
        ((*DEV, {"log_retention_days": True}), "log_retention_days True is not allowed"),
        ((*DEV, {"log_retention_days": "30"}), "log_retention_days '30' is not allowed"),
        ((*DEV, {"log_retention_days": [30]}), "log_retention_days [30] is not allowed"),
        ((*DEV, {"alarms": {"lambda_error": 1}}), "alarm 'lambda_error' is not known: did you"),
        ((*DEV, {"alarms": {"lambda_errors": 0}}), "alarm lambda_errors 0 is not a threshold"),
        ((*DEV, {"alarms": {"lambda_errors": True}}), "alarm lambda_errors True is not a"),
        ((*DEV, {"alarms": {"lambda_errors": 1.5}}), "write a whole number from 1 to 1000000."),
        ((*DEV, {"alarms": {"lambda_duration_percent": 101}}), "whole number from 1 to 100."),
        ((*DEV, {"alarms": [1]}), "alarms [1] is not a mapping"),
        ((*DEV, ["enabled"]), "overrides ['enabled'] is not a mapping"),
        ((*DEV, {1: True}), "overrides has the key 1, which is not text: quote it."),
    ],
)
def test_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)) as caught:
        dr_flags(*arguments)
    assert "\n" not in str(caught.value)


def test_environments_know_the_same_alarms() -> None:
    assert PROD_ALARMS.keys() == OTHER_ALARMS.keys()
    assert all(PROD_ALARMS[name] <= OTHER_ALARMS[name] for name in PROD_ALARMS)


@pytest.mark.parametrize("days", RETENTION_DAYS)
def test_retention_is_what_cloudwatch_accepts(days: int) -> None:
    assert dr_flags("dev", "eu-west-1", None, {"log_retention_days": days})


@given(
    st.sampled_from(ENVIRONMENTS),
    st.sampled_from(ALL_REGIONS),
    st.none() | st.sampled_from(ALL_REGIONS),
    st.fixed_dictionaries(
        {},
        optional={
            "enabled": st.booleans(),
            "global_tables": st.booleans(),
            "replication": st.booleans(),
            "deletion_protection": st.booleans(),
            "log_retention_days": st.integers(0, 4000) | st.sampled_from(RETENTION_DAYS),
        },
    ),
)
def test_flags_are_consistent_or_refused(environment: str, region: str, replica: str | None, overrides: dict) -> None:
    try:
        flags = dr_flags(environment, region, replica, overrides)
    except SiteBuilderError:
        return
    assert flags["point_in_time_recovery"] is True
    assert flags["log_retention_days"] in RETENTION_DAYS
    assert flags["enabled"] or not (flags["global_tables"] or flags["replication"])
    assert flags["replica_region"] == (replica if flags["enabled"] else None) != region
    if environment == "prod":
        assert flags["global_tables"] and flags["replication"] and flags["deletion_protection"]
        assert flags["log_retention_days"] >= 90


def test_services_are_offered_where_botocore_says() -> None:
    session = boto3.Session()
    for service in {*PRIMARY_SERVICES, *REPLICA_SERVICES, *BEDROCK_SERVICES}:
        # botocore names two clients after their products, not after their endpoints.
        client = {"monitoring": "cloudwatch"}.get(service, service)
        for partition, regions in REGIONS.items():
            offered = session.get_available_regions(client, partition_name=partition)
            assert {region for region in regions if not_offered(region, [service])} == regions - set(offered), service
