# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads what Terraform prints: the machine-readable lines of `plan -json` and `apply -json`, and plain error text.

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

_LOCK_FIELD = re.compile(r"^[│ ]*(ID|Path|Operation|Who|Created): *(.*)$", re.MULTILINE)
_CRASH = re.compile(r"^panic: .*$", re.MULTILINE)
# What AWS and its SDK say of an error that another try may not meet.
_TRANSIENT = re.compile(
    r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalServer(Error|Exception)|InternalFailure"
    r"|RequestTimeout|StatusCode: 50[0234]|connection reset by peer|TLS handshake timeout"
)
# What AWS says to a create of something that is there already.
_EXISTS = re.compile(r"AlreadyExist|AlreadyOwnedByYou|ResourceInUseException|ConflictException|StatusCode: 409")
# What Terraform says when the provider has died under it.
_PLUGIN_DIED = re.compile(r"Plugin did not respond|plugin process exited|error reading from server|plugin crashed")
_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "import": "<-", "move": "->", "remove": "x"}
_PLAIN_ERROR = re.compile(r"^[│\s]*Error: (.*)$", re.MULTILINE)


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


def _span(text: str | None) -> dict[str, Any]:
    """Return when these lines were printed: {started, ended, seconds}."""
    times = [event["@timestamp"] for event in events(text) if "@timestamp" in event]
    if not times:
        return {"started": None, "ended": None, "seconds": 0.0}
    seconds = (datetime.fromisoformat(times[-1]) - datetime.fromisoformat(times[0])).total_seconds()
    return {"started": times[0], "ended": times[-1], "seconds": seconds}


def plan_summary(stdout: str | None) -> dict[str, Any]:
    """Summarise the output of `terraform plan -json`.

    Returns a dict: `actions` (list of {address, type, action}, in Terraform's order, no-ops left out), `counts`
    ({created, updated, replaced, deleted}), `has_changes` (bool: whether an apply has anything to do, outputs and moved
    addresses included), `stateful` (addresses of tables, buckets and keys that would be deleted or replaced), and
    `started`, `ended` (ISO 8601, UTC), `seconds`.
    Raises ValueError when `stdout` is not such output.
    """
    actions: list[dict[str, str]] = []
    outputs_changed = False
    seen = False
    for event in events(stdout):
        seen = True
        if event.get("type") == "planned_change":
            change = event["change"]
            action = change["action"]
            if action not in ("noop", "read"):
                resource = change["resource"]
                actions.append({"address": resource["addr"], "type": resource["resource_type"], "action": action})
        elif event.get("type") == "outputs":
            outputs_changed = any(o.get("action", "noop") != "noop" for o in event.get("outputs", {}).values())
    if not seen:
        raise ValueError("this is not the output of `terraform plan -json`")
    counts = dict.fromkeys(COLUMNS.values(), 0)
    for item in actions:
        if item["action"] in COLUMNS:
            counts[COLUMNS[item["action"]]] += 1
    return {
        **_span(stdout),
        "actions": actions,
        "counts": counts,
        "has_changes": bool(actions) or outputs_changed,
        "stateful": [
            a["address"] for a in actions if a["type"] in STATEFUL_TYPES and a["action"] in ("delete", "replace")
        ],
    }


def apply_summary(stdout: str | None, earlier: dict[str, Any] | None = None) -> dict[str, Any]:
    """Summarise the output of `terraform apply -json`: `counts`, `started`, `ended`, `seconds`, as plan_summary does.

    It counts what was really finished, which after a failure is less than was planned. A replacement is two operations
    for Terraform (delete and create of one address); it counts once, as replaced. earlier: the summary of a first attempt,
    to which this one is added.
    """
    done: dict[str, set[str]] = {}
    for event in events(stdout):
        if event.get("type") == "apply_complete":
            hook = event["hook"]
            done.setdefault(hook["resource"]["addr"], set()).add(hook["action"])
    counts = dict.fromkeys(COLUMNS.values(), 0)
    for finished in done.values():
        if finished >= {"create", "delete"}:
            counts["replaced"] += 1
        else:
            for action in finished & COLUMNS.keys():
                counts[COLUMNS[action]] += 1
    summary = {**_span(stdout), "counts": counts}
    if earlier:
        summary["counts"] = {column: earlier["counts"][column] + number for column, number in counts.items()}
        summary["started"] = earlier["started"] or summary["started"]
        summary["seconds"] += earlier["seconds"]
    return summary


def apply_verdict(result: dict[str, Any]) -> str:
    """Say what to do after an apply: `done`; `again` (plan anew and apply that); `adopt` (the same, after a look for what
    is in AWS and not in the state); `failed`.

    `result` is what community.general.terraform returned for `apply -json`. The provider has retried transient errors for
    itself before one gets here.
    """
    if "outputs" in result:
        return "done"
    reason = error_reason(result)
    if _PLUGIN_DIED.search(reason) or _EXISTS.search(reason):
        return "adopt"
    if "the saved plan is stale" in reason or _TRANSIENT.search(reason):
        return "again"
    return "failed"


def _one_line(text: str) -> str:
    return re.sub(r"[\s│╷╵]+", " ", text).strip()


def _lock_sentence(text: str) -> str:
    fields = dict(_LOCK_FIELD.findall(text))
    if not fields.get("ID"):
        return "the state is locked by another run: wait for it to end and run again"
    return (
        f"the state {fields.get('Path', '')} is locked by {fields.get('Who', 'somebody')} since "
        f"{fields.get('Created', 'an unknown time')} ({fields.get('Operation', 'unknown operation')}, lock id "
        f"{fields['ID']}): wait for that run to end and run again; if it is dead, run playbooks/unlock.yml with "
        f"-e site_builder_lock_id={fields['ID']}"
    )


def error_reason(result: dict[str, Any], secrets: Iterable[str] = ()) -> str:
    """Turn a failed result of community.general.terraform into one short, whole sentence per error.

    `result` holds msg, stdout and stderr (any may be missing). Terraform's diagnostics name addresses, and quote AWS' own
    message, which may quote a value: each of `secrets` that is in it is masked.
    """
    reason = _reason(result)
    for secret in sorted((str(s) for s in secrets if len(str(s)) > 3), key=len, reverse=True):
        reason = reason.replace(secret, "(masked)")
    return reason


def _reason(result: dict[str, Any]) -> str:
    texts = [str(result.get(key) or "") for key in ("stdout", "msg", "stderr")]
    joined = "\n".join(texts)
    if "Error acquiring the state lock" in joined:
        # The JSON of a diagnostic carries the lock info with escaped newlines.
        return _lock_sentence(joined.replace("\\n", "\n"))
    if "Saved plan is stale" in joined:
        return "the saved plan is stale, the state has changed since it was made: plan again"
    reasons: list[str] = []
    for text in texts:
        for event in events(text):
            diagnostic = event.get("diagnostic") or {}
            if diagnostic.get("severity") != "error":
                continue
            reason = _one_line(f"{diagnostic.get('summary', '')}. {diagnostic.get('detail', '')}").rstrip(". ")
            if diagnostic.get("address"):
                reason = f"{diagnostic['address']}: {reason}"
            if reason not in reasons:
                reasons.append(reason)
        if reasons:
            return "; ".join(reasons)
    for text in texts:
        if match := _PLAIN_ERROR.search(text):
            # Terraform's plain errors: the summary, then the detail up to the end of the box.
            detail = text[match.end() :].split("╵")[0]
            return _one_line(f"{match.group(1)}. {detail}")[:600].rstrip(". ")
    if match := _CRASH.search(joined):
        return f"Terraform crashed ({_one_line(match.group(0))}), which is a fault of Terraform or of its environment"
    plain = "\n".join(line for line in joined.splitlines() if not line.lstrip().startswith("{"))
    return _one_line(plain)[:600] or f"Terraform failed without a message (exit code {result.get('rc', 'unknown')})"


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


def plan_text(plan: dict[str, Any]) -> str:
    """One line for a person: what a plan is going to do."""
    counts = [f"{number} {word}" for word, number in _planned(plan["counts"]).items() if number]
    if counts:
        return ", ".join(counts)
    return "state or outputs only" if plan["has_changes"] else "no changes"


def plan_lines(plan: dict[str, Any], resources: Iterable[dict[str, Any]] = ()) -> list[str]:
    """plan_text, then a line for each resource: its action as Terraform's own sign, and its address.

    resources: what plan_details read, whose changes then follow their resource, a line each.
    """
    changes = {resource["address"]: resource["changes"] for resource in resources}
    lines = [plan_text(plan)]
    for item in plan["actions"]:
        lines.append(f"{_SIGNS.get(item['action'], item['action']):>3} {item['address']}")
        for change in changes.get(item["address"], []):
            forces = " (forces replacement)" if change.get("forces_replacement") else ""
            lines.append(f"      {change['path']}: {_value(change['before'])} -> {_value(change['after'])}{forces}")
    return lines


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def drift_text(drift: Iterable[dict[str, Any]]) -> str:
    """Say what was changed outside Terraform, from what plan_details read: addresses, and the attributes that differ."""
    said = []
    for item in drift:
        paths = ", ".join(change["path"] for change in item["changes"])
        said.append(f"{item['address']} was {item['action']}" + (f" ({paths})" if item["action"] == "updated" else ""))
    return "; ".join(said)


def sum_counts(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add up the counts of several stacks."""
    rows = list(counts)
    return {column: sum(row[column] for row in rows) for column in COLUMNS.values()}


def lock_lines(locks: Iterable[dict[str, str]], broken: str = "") -> list[str]:
    """Say which states are locked, by whom and since when, or which lock was `broken` (its id)."""
    lines = [
        f"{lock['stack']}: {'was' if broken else 'is'} locked by {lock['who']} since {lock['created']} "
        f"({lock['operation']}), id {lock['id']}"
        for lock in locks
    ]
    if broken:
        return [*lines, "the lock is broken; the next deploy takes over what that run had created and could not record"]
    if lines:
        return [*lines, "if that run is dead, break its lock with -e site_builder_lock_id=<id>"]
    return ["no state is locked"]


def _planned(counts: dict[str, int]) -> dict[str, int]:
    return {f"to {action}": counts[column] for action, column in COLUMNS.items()}


def run_table(rows: list[dict[str, Any]]) -> list[str]:
    """Format stack results (see the run report) as aligned lines: stack, result, created ... deleted, seconds."""
    columns = ["stack", "result", *COLUMNS.values(), "seconds"]
    cells = [columns] + [
        [
            row["name"],
            row["result"],
            *(str(row["counts"][c]) for c in COLUMNS.values()),
            f"{row['seconds']:.1f}",
        ]
        for row in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = []
    for line in cells:
        text = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
        text += [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        lines.append("  ".join(text))
    reasons = [f"{row['name']}: {row['reason']}" for row in rows if row.get("reason")]
    return lines + (["", *reasons] if reasons else [])


def checkov_reason(result: dict[str, Any]) -> str:
    """Say in one sentence what checkov has found (the result of its command, run with JSON output), or why it did not run.

    Empty when every check has passed.
    """
    try:
        said = json.loads(result.get("stdout") or "")
        failed = [] if said.get("passed") == 0 and "results" not in said else said["results"]["failed_checks"]
    except (ValueError, KeyError, AttributeError):
        why = _one_line(result.get("stderr") or result.get("msg") or "it printed no JSON")[:300]
        return f"checkov could not check the plan: {why}; see site_builder_checkov"
    found = sorted({f"{row['check_id']} ({row['resource']})" for row in failed})
    if not found:
        return ""
    return (
        f"checkov refuses the plan: {', '.join(found)}; mend it, or leave the check out with site_builder_checkov_skip and a "
        "reason beside it"
    )
