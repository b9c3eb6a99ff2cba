# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the machine-readable lines that `terraform plan -json` and `apply -json` print.

The line format is Terraform's own "Machine-Readable UI" (terraform.ui 1.2). It names each resource and its action, and
never carries attribute values, so a summary made from it holds no secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

# Terraform's action -> the column of our table that it counts in. "noop" and "read" change nothing.
COLUMNS = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
# Deleting or replacing one of these loses data.
STATEFUL_TYPES = frozenset(
    {
        "aws_cognito_user_pool",
        "aws_dynamodb_table",
        "aws_dynamodb_table_replica",
        "aws_kms_key",
        "aws_kms_replica_key",
        "aws_s3_bucket",
    }
)
# Where a later step of its creation failed, Terraform marks a resource as tainted, and would make it anew. These are completed
# instead: they hold data or logs, or others know them (the address of an API, the subscribers of a topic). A function is none
# of them: AWS may fail to make it after it has taken the order.
COMPLETED_TYPES = STATEFUL_TYPES | {
    "aws_api_gateway_rest_api",
    "aws_api_gateway_stage",
    "aws_cloudwatch_log_group",
    "aws_sns_topic",
}


def events(text: str | None) -> Iterable[dict[str, Any]]:
    """Yield the JSON objects among the lines of `text`; other lines (warnings before start-up, say) are passed over."""
    for line in (text or "").splitlines():
        line = line.strip()
        # community.general.terraform puts "STDOUT: " in front of the first line of a failed plan.
        start = line.find('{"@level"')
        if start < 0:
            continue
        try:
            yield json.loads(line[start:])
        except ValueError:
            continue


def _span(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return when these lines were printed: {started, ended, seconds}."""
    times = [line["@timestamp"] for line in lines if "@timestamp" in line]
    if not times:
        return {"started": None, "ended": None, "seconds": 0.0}
    seconds = (datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0])).total_seconds()
    return {"started": times[0], "ended": times[-1], "seconds": seconds}


def _warnings(lines: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Terraform's warnings, failed `check` blocks among them, which `terraform show` does not keep."""
    said = [line["diagnostic"] for line in lines if (line.get("diagnostic") or {}).get("severity") == "warning"]
    return [{key: str(item.get(key) or "") for key in ("address", "summary", "detail")} for item in said]


def plan_summary(stdout: str | None) -> dict[str, Any]:
    """Summarise the output of `terraform plan -json`.

    Returns a dict: `actions` (list of {address, type, action}, in Terraform's order, no-ops left out), `counts`
    ({created, updated, replaced, deleted}), `has_changes` (bool: whether an apply has anything to do, outputs and moved
    addresses included), `stateful` (addresses of tables, buckets and keys that would be deleted or replaced), `imported`
    (addresses that the state takes over, changed or not), `warnings` (list of {address, summary, detail}), and `started`,
    `ended` (ISO 8601, UTC), `seconds`.
    Raises ValueError when `stdout` is not such output.
    """
    lines = list(events(stdout))
    if not lines:
        raise ValueError("this is not the output of `terraform plan -json`")
    actions: list[dict[str, str]] = []
    imported: list[str] = []
    outputs_changed = False
    for line in lines:
        if line.get("type") == "planned_change":
            change = line["change"]
            if change["action"] not in ("noop", "read"):
                resource = change["resource"]
                if change.get("importing"):
                    imported.append(resource["addr"])
                actions.append(
                    {"address": resource["addr"], "type": resource["resource_type"], "action": change["action"]}
                )
        elif line.get("type") == "outputs":
            outputs_changed = any(o.get("action", "noop") != "noop" for o in line.get("outputs", {}).values())
    counts = dict.fromkeys(COLUMNS.values(), 0)
    for item in actions:
        if item["action"] in COLUMNS:
            counts[COLUMNS[item["action"]]] += 1
    return {
        **_span(lines),
        "actions": actions,
        "counts": counts,
        "has_changes": bool(actions) or outputs_changed,
        "stateful": [
            a["address"] for a in actions if a["type"] in STATEFUL_TYPES and a["action"] in ("delete", "replace")
        ],
        "imported": imported,
        "warnings": _warnings(lines),
    }


def apply_summary(stdout: str | None) -> dict[str, Any]:
    """Summarise the output of `terraform apply -json`: `counts`, `started`, `ended`, `seconds`, as plan_summary does.

    It counts what was really finished, which after a failure is less than was planned. A replacement is two operations
    for Terraform (delete and create of one address); it counts once, as replaced. `halfway` are the addresses of COMPLETED_TYPES
    whose creation failed: where AWS had made them by then, Terraform marks them as tainted and would replace them.
    """
    lines = list(events(stdout))
    done: dict[str, set[str]] = {}
    for line in lines:
        if line.get("type") == "apply_complete":
            hook = line["hook"]
            done.setdefault(hook["resource"]["addr"], set()).add(hook["action"])
    counts = dict.fromkeys(COLUMNS.values(), 0)
    for finished in done.values():
        if finished >= {"create", "delete"}:
            counts["replaced"] += 1
        else:
            for action in finished & COLUMNS.keys():
                counts[COLUMNS[action]] += 1
    failed = [line["hook"] for line in lines if line.get("type") == "apply_errored"]
    halfway = [
        hook["resource"]["addr"]
        for hook in failed
        if hook.get("action") == "create" and hook["resource"]["resource_type"] in COMPLETED_TYPES
    ]
    return {**_span(lines), "counts": counts, "halfway": halfway}


def sum_counts(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add up the counts of several stacks."""
    rows = list(counts)
    return {column: sum(row[column] for row in rows) for column in COLUMNS.values()}


def added(summaries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Several applies of one stack as one: counts and seconds added up, from the first start to the last end."""
    summaries = list(summaries)
    return {
        "counts": sum_counts(summary["counts"] for summary in summaries),
        "started": next((s["started"] for s in summaries if s["started"]), None),
        "ended": next((s["ended"] for s in reversed(summaries) if s["ended"]), None),
        "seconds": sum(summary["seconds"] for summary in summaries),
    }


def forbidden(plan: dict[str, Any], allow_list: Iterable[str], stack: str) -> list[str]:
    """The stateful addresses that `plan` would delete or replace and `allow_list` does not name.

    The list holds addresses as they are, or as `<stack>:<address>`.
    """
    listed = set(allow_list)
    return [address for address in plan["stateful"] if not listed & {address, f"{stack}:{address}"}]


_ROUTE = re.compile(r"(?P<api>.*)\baws_api_gateway_(resource|method|integration)\b.*")


def outdated_deployments(plan: dict[str, Any]) -> list[str]:
    """The API deployments that still hold routes which `plan` removes or replaces, once it has been applied."""
    routes = [_ROUTE.fullmatch(a["address"]) for a in plan["actions"] if a["action"] in ("delete", "replace")]
    return sorted({f"{route['api']}aws_api_gateway_deployment.this" for route in routes if route})
