# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alarms: what a person may write of them, and what Terraform gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.dr import OTHER_ALARMS, threshold
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    KMS_KEY,
    Settings,
    arn,
    defined,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    choice,
    entries,
    items,
    number,
    switch,
    text,
    wrong,
)

THRESHOLDS = (*OTHER_ALARMS, "bedrock_throttles", "lambda_error_percent", "s3_replication_failures")
LIMITS = Fields({name: threshold(name) for name in THRESHOLDS})


def _datapoints(options: Mapping[str, Any], where: str) -> Iterator[str]:
    points, periods = options.get("datapoints_to_alarm"), options.get("evaluation_periods") or 1
    if points is not None and points > periods:
        yield wrong(f"{where}.datapoints_to_alarm", points, f"more than evaluation_periods, {periods}", "lower it")


def _own_topic(options: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("topic_kms_key_arn", "topic_kms_alias"):
        if options.get("topic_arn") and options.get(field):
            yield wrong(
                f"{where}.{field}", options[field], "for a topic made here, not for topic_arn", "remove one of them"
            )
    if options.get("topic_kms_key_arn") and options.get("topic_kms_alias"):
        yield wrong(
            f"{where}.topic_kms_alias", options["topic_kms_alias"], "for a key made here", "remove topic_kms_key_arn"
        )


SCHEMA = Fields(
    {
        "actions_enabled": switch,
        "bedrock_throttle_pattern": text("filter pattern of 1 to 1024 characters", r"(?s:.{1,1024})"),
        "datapoints_to_alarm": number(1, 288),
        "disabled_alarms": items(choice(*THRESHOLDS)),
        "evaluation_periods": number(1, 288),
        "log_metric_namespace": text(
            "namespace of 1 to 255 letters, digits and . _ / # - that does not begin with AWS/",
            r"(?!AWS/)[A-Za-z0-9_./#-]{1,255}",
        ),
        "notify": items(choice("ALARM", "OK", "INSUFFICIENT_DATA")),
        "threshold_overrides": entries(LIMITS),
        "thresholds": LIMITS,
        "topic_arn": arn("sns", "[A-Za-z0-9_-]+", "an SNS topic"),
        "topic_kms_alias": text("alias", r"alias/(?!aws/)[A-Za-z0-9_/-]{1,250}", "write alias/<name>, not alias/aws/"),
        "topic_kms_deletion_window_days": number(7, 30),
        "topic_kms_key_arn": KMS_KEY,
    },
    rules=[_datapoints, _own_topic],
)


def define(options: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The alarms, topic and dashboard of the environment; thresholds come from the DR flags."""
    context = settings["context"]
    monitoring = {
        "emails": settings["alert_emails"],
        **(options or {}),
        "dashboard_name": resource_name("overview", "dashboard", context),
        "thresholds": {**settings["dr"]["alarms"], **((options or {}).get("thresholds") or {})},
    }
    if monitoring.get("topic_arn"):
        # Somebody else's topic has its own key and subscribers.
        monitoring |= {"emails": [], "topic_kms_key_arn": None}
    else:
        monitoring["topic_name"] = resource_name("alerts", "sns_topic", context)
    return defined(
        {
            "monitoring": monitoring,
            "region": context["region"],
            "replica_region": settings["dr"]["replica_region"],
            "tags": settings["tags"],
        },
        {"alarms": {}},
    )


def unowned(options: Mapping[str, Any], owners: Mapping[str, Collection[str]]) -> Iterator[str]:
    """A threshold of one resource must be that of an alarm which there is. owners: the keys that have one, by prefix."""
    for key, limits in (options.get("threshold_overrides") or {}).items():
        for name, value in (limits or {}).items():
            having = next(keys for prefix, keys in owners.items() if name.startswith(prefix))
            if value is not None and key not in having:
                yield wrong(
                    f"monitoring_options.threshold_overrides.{key}.{name}",
                    value,
                    f"for an alarm that {key} does not have",
                    f"those that have one are: {', '.join(having) or 'none'}",
                )
