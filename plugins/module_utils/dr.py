# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What disaster recovery and retention mean for each environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown
from ansible_collections.bbws.site_builder.plugins.module_utils.names import (
    ENVIRONMENTS,
    check_replica_region,
    mapping,
    one_of,
    partition_of,
)

# Days. CloudWatch Logs API, PutRetentionPolicy retentionInDays.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365),
    *(400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
PROD_MIN_RETENTION_DAYS = 90

# What a region must offer, by the names of endpoints, and the few places that do not. A test holds both against botocore's
# endpoints.json, which AWS keeps; regions that naming.REGIONS lacks are refused before.
PRIMARY_SERVICES = ("apigateway", "cognito-idp", "dynamodb", "kms", "lambda", "logs", "monitoring", "s3", "sns", "xray")
REPLICA_SERVICES = ("dynamodb", "kms", "monitoring", "s3")
BEDROCK_SERVICES = ("bedrock",)
NOT_OFFERED: dict[str, frozenset[str]] = {
    "bedrock": frozenset({"ap-east-1", "cn-north-1", "cn-northwest-1"}),
    "cognito-idp": frozenset({"cn-north-1", "cn-northwest-1"}),
}

# Counts are per five minutes, percentages of the function's timeout, latencies in milliseconds.
# An alarm goes off at or above its threshold. A generation waits up to 26 of its 29 s for the model: no reason for one.
PROD_ALARMS: dict[str, int] = {
    "api_5xx": 1,
    "api_latency_p99_ms": 28_000,
    "dynamodb_system_errors": 1,
    "dynamodb_throttles": 1,
    "lambda_duration_percent": 90,
    "lambda_errors": 1,
    "lambda_throttles": 1,
    "replication_latency_ms": 60_000,
}
OTHER_ALARMS: dict[str, int] = {
    "api_5xx": 5,
    "api_latency_p99_ms": 28_000,
    "dynamodb_system_errors": 5,
    "dynamodb_throttles": 10,
    "lambda_duration_percent": 90,
    "lambda_errors": 5,
    "lambda_throttles": 5,
    "replication_latency_ms": 300_000,
}

_SWITCHES = ("enabled", "global_tables", "replication", "deletion_protection")
_OVERRIDES = (*_SWITCHES, "log_retention_days", "alarms")


def dr_flags(
    environment: str,
    region: str,
    replica_region: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The disaster recovery flags of one environment.

    prod replicates, keeps logs 365 days and protects its tables; no override can switch that off,
    and logs stay 90 days or more. dev and sit do not replicate unless ``enabled: true`` asks for
    it, and keep logs 30 days. Replication needs a replica region in the same partition that
    differs from the primary region. Point-in-time recovery is always on.

    overrides: enabled, global_tables, replication, deletion_protection (booleans),
    log_retention_days (days, of RETENTION_DAYS), alarms (some of the keys of PROD_ALARMS).
    Raises SiteBuilderError for any other value.
    """
    one_of(environment, ENVIRONMENTS, "environment")
    partition_of(region)
    prod = environment == "prod"
    wanted = _overrides(overrides)
    enabled = wanted.get("enabled", prod)
    flags = {
        "enabled": enabled,
        "global_tables": wanted.get("global_tables", enabled),
        "replication": wanted.get("replication", enabled),
        "deletion_protection": wanted.get("deletion_protection", prod),
    }
    for name, on in flags.items():
        if prod and not on:
            raise SiteBuilderError(f"override {name} False is not allowed in prod: remove it.")
    for name in ("global_tables", "replication"):
        if flags[name] and not enabled:
            raise SiteBuilderError(
                f"override {name} True needs disaster recovery in {environment}: add 'enabled: true' to the overrides."
            )
    return {
        **flags,
        "replica_region": _replica(environment, region, replica_region, enabled),
        "point_in_time_recovery": True,
        "log_retention_days": _retention(wanted.get("log_retention_days"), prod),
        "alarms": _alarms(wanted.get("alarms"), prod),
    }


def not_offered(region: str, services: Collection[str]) -> list[str]:
    """Which of these services AWS does not offer in the region."""
    return [service for service in services if region in NOT_OFFERED.get(service, ())]


def _overrides(overrides: Any) -> dict[str, Any]:
    """The overrides that are set (null means the default), with their switches checked."""
    given = mapping({} if overrides is None else overrides, "overrides")
    wanted = {name: value for name, value in given.items() if value is not None}
    for name, value in wanted.items():
        if name == "point_in_time_recovery":
            raise SiteBuilderError(f"override {name} {shown(value)} is not allowed, it is always on: remove it.")
        one_of(name, _OVERRIDES, "override")
        if name in _SWITCHES and not isinstance(value, bool):
            raise SiteBuilderError(f"override {name} {shown(value)} is not a boolean: write true or false.")
    return wanted


def _replica(environment: str, region: str, replica: Any, enabled: bool) -> str | None:
    """The replica region, None while disaster recovery is off; a wrong one is refused either way."""
    if replica is not None:
        check_replica_region(replica, region)
    elif enabled:
        raise SiteBuilderError(
            f"replica_region None is missing, disaster recovery is on in {environment}: "
            f"name a region other than {region!r}."
        )
    return replica if enabled else None


def _retention(days: Any, prod: bool) -> int:
    if days is None:
        return 365 if prod else 30
    allowed = [n for n in RETENTION_DAYS if not prod or n >= PROD_MIN_RETENTION_DAYS]
    if not _is_int(days) or days not in allowed:
        where = " in prod" if prod else ""
        raise SiteBuilderError(
            f"log_retention_days {shown(days)} is not allowed{where}: use one of {', '.join(map(str, allowed))}."
        )
    return days


def _alarms(thresholds: Any, prod: bool) -> dict[str, int]:
    defaults = PROD_ALARMS if prod else OTHER_ALARMS
    given = mapping({} if thresholds is None else thresholds, "alarms")
    for name, value in given.items():
        one_of(name, defaults, "alarm")
        highest = 100 if name.endswith("_percent") else 1_000_000
        if not _is_int(value) or not 1 <= value <= highest:
            raise SiteBuilderError(
                f"alarm {name} {shown(value)} is not a threshold: write a whole number from 1 to {highest}."
            )
    return {name: given.get(name, default) for name, default in defaults.items()}


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
