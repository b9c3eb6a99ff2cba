"""Disaster recovery flags."""

from __future__ import annotations

import re

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import (
    BEDROCK_SERVICES,
    OTHER_ALARMS,
    PRIMARY_SERVICES,
    PRODUCTION_ALARMS,
    REPLICA_SERVICES,
    RETENTION_DAYS,
    dr_flags,
    not_offered,
    threshold,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS, REGIONS, Environment
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.monitoring import LIMITS
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
        "alarms": PRODUCTION_ALARMS,
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
        (PROD, {"alarms": {"api_5xx": 9}}, {"alarms": {**PRODUCTION_ALARMS, "api_5xx": 9}}),
    ],
)
def test_overrides(place: tuple, overrides: dict, expected: dict) -> None:
    flags = dr_flags(*place, overrides)
    assert {name: flags[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prd", "af-south-1", "eu-west-1"), "environment is 'prd', which is not known; did you mean 'prod'?"),
        ((None, "eu-west-1"), f"environment is None, which is not known; use one of {', '.join(sorted(ENVIRONMENTS))}"),
        (("dev", "eu-west-9"), "region is 'eu-west-9', which is not known; did you mean 'eu-west-"),
        (("dev", None), "region is None, which is not known"),
        (
            ("prod", "af-south-1"),
            "replica_region is None, which is too little, as disaster recovery is on in prod; name a",
        ),
        (("prod", "af-south-1", ""), "replica_region is '', which is not known"),
        (("prod", "eu-west-1", "eu-west-1"), "replica_region is 'eu-west-1', which is the primary region"),
        (("prod", "eu-west-1", "cn-north-1"), "replica_region is 'cn-north-1', which is outside the"),
        (("dev", "eu-west-1", "eu-wst-1"), "replica_region is 'eu-wst-1', which is not known; did you mean"),
        (("dev", "eu-west-1", "eu-west-1"), "which is the primary region itself; name a different"),
        (("dev", "eu-west-1", None, {"enabled": True}), "replica_region is None, which is too little"),
        ((*PROD, {"enabled": False}), "overrides.enabled is False, which is not allowed in prod; remove it"),
        ((*PROD, {"global_tables": False}), "overrides.global_tables is False, which is not allowed in prod"),
        ((*PROD, {"replication": False}), "overrides.replication is False, which is not allowed in prod"),
        ((*PROD, {"deletion_protection": False}), "overrides.deletion_protection is False, which is not"),
        ((*PROD, {"log_retention_days": 60}), "log_retention_days is 60, which is too short for prod; use one of 90,"),
        (
            (*DEV, {"global_tables": True}),
            "overrides.global_tables is True, which is for disaster recovery, which is off in dev",
        ),
        ((*DEV, {"enabled": False, "replication": True}), "add 'enabled: true' beside it"),
        ((*DEV, {"enabled": "yes"}), "overrides.enabled is 'yes', which is no boolean; write true or"),
        ((*DEV, {"enabled": 1}), "overrides.enabled is 1, which is no boolean"),
        ((*DEV, {"point_in_time_recovery": False}), "point_in_time_recovery is False, which is always on; remove it"),
        ((*DEV, {"retention": 30}), "overrides has the field 'retention', which there is not"),
        ((*DEV, {"enable": True}), "overrides has the field 'enable', which there is not; did you mean enabled?"),
        ((*DEV, {"log_retention_days": 31}), "log_retention_days is 31, which is none of 1, 3,"),
        ((*DEV, {"log_retention_days": 0}), "log_retention_days is 0, which is none of"),
        ((*DEV, {"log_retention_days": True}), "log_retention_days is True, which is none of"),
        ((*DEV, {"log_retention_days": "30"}), "log_retention_days is '30', which is none of"),
        ((*DEV, {"log_retention_days": [30]}), "log_retention_days is [30], which is none of"),
        (
            (*DEV, {"alarms": {"lambda_error": 1}}),
            "overrides.alarms has the field 'lambda_error', which there is not; did you",
        ),
        (
            (*DEV, {"alarms": {"lambda_errors": 0}}),
            "alarms.lambda_errors is 0, which is no number from 0.001 to 1000000",
        ),
        ((*DEV, {"alarms": {"lambda_errors": True}}), "alarms.lambda_errors is True, which is no number"),
        ((*DEV, {"alarms": {"lambda_duration_percent": 101}}), "which is no number from 0.001 to 100;"),
        ((*DEV, {"alarms": [1]}), "alarms is [1], which is no mapping"),
        ((*DEV, ["enabled"]), "overrides is ['enabled'], which is no mapping"),
        ((*DEV, {1: True}), "overrides has the field 1, which there is not"),
    ],
)
def test_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)) as caught:
        dr_flags(*arguments)
    assert "\n" not in str(caught.value)


def test_all_is_told_at_once_by_the_names_that_a_person_knows() -> None:
    overrides = {"enabled": False, "deletion_protection": False, "log_retention_days": 30}
    with pytest.raises(SiteBuilderError) as caught:
        dr_flags("prod", "eu-west-1", "eu-west-1", overrides, overrides_from="ours", replica_from="theirs")
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "ours.enabled",
        "ours.deletion_protection",
        "ours.log_retention_days",
        "theirs",
    ]


def test_what_is_special_about_production_follows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "live-2", Environment(production=True))
    monkeypatch.setitem(ENVIRONMENTS, "qa", Environment())
    assert dr_flags("live-2", *PROD[1:]) == dr_flags(*PROD)
    assert dr_flags("qa", "eu-west-1") == dr_flags("dev", "eu-west-1")


def test_thresholds_have_the_limits_of_the_monitoring_options() -> None:
    for name in OTHER_ALARMS:
        for value in (0, 0.001, 100, 101, 1_000_000, 1_000_001, float("nan"), "1", True):
            told = [list(check(value, "x")) for check in (threshold(name), LIMITS.known[name])]
            assert told[0] == told[1]
    assert dr_flags(*DEV, {"alarms": {"lambda_errors": 1.5, "api_5xx": None}})["alarms"] == {
        **OTHER_ALARMS,
        "lambda_errors": 1.5,
    }


def test_environments_know_the_same_alarms() -> None:
    assert PRODUCTION_ALARMS.keys() == OTHER_ALARMS.keys()
    assert all(PRODUCTION_ALARMS[name] <= OTHER_ALARMS[name] for name in PRODUCTION_ALARMS)


@pytest.mark.parametrize("days", RETENTION_DAYS)
def test_retention_is_what_cloudwatch_accepts(days: int) -> None:
    assert dr_flags("dev", "eu-west-1", None, {"log_retention_days": days})


@given(
    st.sampled_from(list(ENVIRONMENTS)),
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
    if ENVIRONMENTS[environment].production:
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
