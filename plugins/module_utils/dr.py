# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What disaster recovery and retention mean for each environment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import (
    ENVIRONMENTS,
    check_replica_region,
    one_of,
    partition_of,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Check,
    Fields,
    number,
    number_choice,
    switch,
    wrong,
)

# Days. CloudWatch Logs API, PutRetentionPolicy retentionInDays.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365),
    *(400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
PRODUCTION_MIN_RETENTION_DAYS = 90

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
# An alarm goes off at or above its threshold. The sample's worker waits for the model up to 85 % of its timeout, without alarm.
PRODUCTION_ALARMS: dict[str, int] = {
    "api_5xx": 1,
    "api_latency_p99_ms": 5_000,
    "dynamodb_system_errors": 1,
    "dynamodb_throttles": 1,
    "lambda_duration_percent": 90,
    "lambda_errors": 1,
    "lambda_throttles": 1,
    "replication_latency_ms": 60_000,
}
OTHER_ALARMS: dict[str, int] = {
    "api_5xx": 5,
    "api_latency_p99_ms": 5_000,
    "dynamodb_system_errors": 5,
    "dynamodb_throttles": 10,
    "lambda_duration_percent": 90,
    "lambda_errors": 5,
    "lambda_throttles": 5,
    "replication_latency_ms": 300_000,
}

_SWITCHES = ("enabled", "global_tables", "replication", "deletion_protection")


def threshold(name: str) -> Check:
    """What the threshold of an alarm may be; terraform/modules/monitoring has the same limits."""
    return number(0.001, 100 if name.endswith("_percent") else 1_000_000, whole=False)


def _always_on(value: Any, where: str) -> Iterator[str]:
    yield wrong(where, value, "always on", "remove it")


_OVERRIDES = Fields(
    {
        **dict.fromkeys(_SWITCHES, switch),
        "alarms": Fields({name: threshold(name) for name in OTHER_ALARMS}),
        "log_retention_days": number_choice(*RETENTION_DAYS),
        "point_in_time_recovery": _always_on,
    }
)


def dr_flags(
    environment: str,
    region: str,
    replica_region: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    overrides_from: str = "overrides",
    replica_from: str = "replica_region",
) -> dict[str, Any]:
    """The disaster recovery flags of one environment.

    A production environment replicates, keeps logs 365 days and protects its tables; no override can switch that off,
    and logs stay 90 days or more. The others do not replicate unless ``enabled: true`` asks for it, and keep logs 30 days.
    Replication needs a replica region in the same partition that differs from the primary region. Point-in-time recovery
    is always on.

    overrides: enabled, global_tables, replication, deletion_protection (booleans), log_retention_days (days, of
    RETENTION_DAYS), alarms (some of the keys of OTHER_ALARMS, see threshold). overrides_from and replica_from: what
    sentences call overrides and replica_region. Raises SiteBuilderError with all that is wrong.
    """
    one_of(environment, ENVIRONMENTS, "environment")
    partition_of(region)
    problems = list(_OVERRIDES(overrides, overrides_from))
    if problems:
        raise SiteBuilderError(*problems)
    production = ENVIRONMENTS[environment].production
    wanted = {name: value for name, value in (overrides or {}).items() if value is not None}
    enabled = wanted.get("enabled", production)
    flags = {
        "enabled": enabled,
        "global_tables": wanted.get("global_tables", enabled),
        "replication": wanted.get("replication", enabled),
        "deletion_protection": wanted.get("deletion_protection", production),
    }
    for name, on in flags.items():
        if production and not on and name in wanted:
            problems.append(wrong(f"{overrides_from}.{name}", False, f"not allowed in {environment}", "remove it"))
        elif name in ("global_tables", "replication") and on and not enabled and not production:
            what = f"for disaster recovery, which is off in {environment}"
            problems.append(wrong(f"{overrides_from}.{name}", True, what, "add 'enabled: true' beside it"))
    days = wanted.get("log_retention_days", 365 if production else 30)
    if production and days < PRODUCTION_MIN_RETENTION_DAYS:
        allowed = ", ".join(str(n) for n in RETENTION_DAYS if n >= PRODUCTION_MIN_RETENTION_DAYS)
        where, what = f"{overrides_from}.log_retention_days", f"too short for {environment}"
        problems.append(wrong(where, days, what, f"use one of {allowed}"))
    problems += _replica_problems(environment, region, replica_region, enabled, replica_from)
    if problems:
        raise SiteBuilderError(*problems)
    return {
        **flags,
        "replica_region": replica_region if enabled else None,
        "point_in_time_recovery": True,
        "log_retention_days": days,
        "alarms": (PRODUCTION_ALARMS if production else OTHER_ALARMS)
        | {name: value for name, value in (wanted.get("alarms") or {}).items() if value is not None},
    }


def not_offered(region: str, services: Collection[str]) -> list[str]:
    """Which of these services AWS does not offer in the region."""
    return [service for service in services if region in NOT_OFFERED.get(service, ())]


def _replica_problems(environment: str, region: str, replica: Any, enabled: bool, where: str) -> Iterator[str]:
    """A wrong replica region is refused whether disaster recovery is on or off; none, where it is on."""
    if replica is not None:
        try:
            check_replica_region(replica, region, where)
        except SiteBuilderError as error:
            yield from error.problems
    elif enabled:
        what = f"too little, as disaster recovery is on in {environment}"
        yield wrong(where, replica, what, f"name a region other than {region!r}")
