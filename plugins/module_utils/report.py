# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run says of itself: a stack's result, the table, the lines of a plan, the outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.diagnostics import masked
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS, added, sum_counts

_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "import": "<-", "move": "->", "remove": "x"}


def plan_text(plan: dict[str, Any]) -> str:
    """One line for a person: what a plan is going to do."""
    counts = [f"{number} {word}" for word, number in _planned(plan["counts"]).items() if number]
    if counts:
        return ", ".join(counts)
    return "state or outputs only" if plan["has_changes"] else "no changes"


def applied_text(applied: Mapping[str, Any]) -> str:
    """One line for a person: what an apply has done, and how long Terraform took. applied: of apply_summary."""
    done = ", ".join(f"{number} {word}" for word, number in applied["counts"].items() if number)
    return f"{done or 'state or outputs only'}, {applied['seconds']:.0f} s"


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
    """Format stack results (see the run report) as aligned lines: stack, result, created ... deleted, seconds.

    What was planned and not applied stands in parentheses. What is taken over has a column when there is any.
    """
    imports = any(row.get("imported") for row in rows)
    columns = ["stack", "result", *COLUMNS.values(), *(["imported"] if imports else []), "seconds"]
    cells = [columns]
    for row in rows:
        counts = [_cell(row, column) for column in COLUMNS.values()]
        taken = [_imports(row)] if imports else []
        cells.append([row["name"], row["result"], *counts, *taken, f"{row['seconds']:.1f}"])
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = []
    for line in cells:
        text = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
        text += [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        lines.append("  ".join(text))
    if any("(" in cell for line in cells for cell in line):
        lines.append("(n): planned, and not applied")
    return lines


def _imports(row: Mapping[str, Any]) -> str:
    number = len(row.get("imported", []))
    return f"({number})" if number and row["result"] not in ("succeeded", "planned") else str(number)


def _cell(row: Mapping[str, Any], column: str) -> str:
    """What was done; of a stack to which nothing was done, what would have been; of a drifted one, what others have done."""
    if row.get("drift") or row.get("added"):
        added = len(row.get("added", [])) if column == "created" else 0
        return str(sum(item["action"] == column for item in row.get("drift", [])) + added)
    planned = row.get("planned", {}).get(column, 0)
    done = any(row["counts"].values())
    return f"({planned})" if planned and not done else str(row["counts"][column])


def stack_result(
    name: str,
    result: str,
    plans: Sequence[Mapping[str, Any]],
    applies: Sequence[Mapping[str, Any]],
    reason: str = "",
) -> dict[str, Any]:
    """Return one stack's entry of the run report.

    result: succeeded, unchanged, planned, failed, skipped, drifted, none or not deployed. plans: the summaries of the plans that
    were applied, and of the last one; applies: those of the applies. The counts are of what was done, for a plan that was not
    applied of what would be; `planned` tells the latter in any case. actions is what was planned, by address, imported which of
    these the state takes over. started and ended are ISO 8601, UTC; seconds is the time inside Terraform.
    """
    nothing = dict.fromkeys(COLUMNS.values(), 0)
    times = [*plans, *applies]
    planned = plans[-1]["counts"] if plans else nothing
    return {
        "name": name,
        "result": result,
        "counts": planned if result == "planned" else added(applies)["counts"] if applies else nothing,
        "planned": planned,
        "actions": [action for plan in plans for action in plan["actions"]],
        "stateful": [address for plan in plans for address in plan.get("stateful", [])],
        "imported": list(dict.fromkeys(address for plan in plans for address in plan.get("imported", []))),
        "warnings": [warning for plan in plans for warning in plan.get("warnings", [])],
        "started": min((t["started"] for t in times if t.get("started")), default=None),
        "ended": max((t["ended"] for t in times if t.get("ended")), default=None),
        "seconds": round(sum(t.get("seconds") or 0.0 for t in times), 1),
        "reason": reason,
    }


def with_added(rows: Sequence[Mapping[str, Any]], looked: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows with what was added by hand, and the lines that tell it.

    looked: what unmanaged_info has returned; empty where nobody has looked. A stack about which that is not known in full has
    failed: nobody can say that nothing was added.
    """
    told: list[dict[str, Any]] = []
    lines: list[str] = []
    everywhere = [looked["msg"]] if looked and "found" not in looked else []
    for row in map(dict, rows):
        added = [item for item in looked.get("found", []) if item["stack"] == row["name"]]
        texts = [f"added by hand: {item['kind']} {item['name']}" for item in added]
        problems = [*everywhere, *looked.get("problems", {}).get(row["name"], [])]
        if looked:
            row["added"] = [{"kind": item["kind"], "name": item["name"]} for item in added]
        if added and row["result"] != "failed":
            row["result"] = "drifted"
        if problems:
            row["result"] = "failed"
        row["reason"] = "; ".join(filter(None, [row["reason"], *texts, *problems]))
        lines += [f"{row['name']}: {text}" for text in [*texts, *problems]]
        told.append(row)
    if any(row.get("added") for row in told):
        lines.append(_BY_HAND)
    return told, lines


_BY_HAND = (
    "no deployment takes away what was added by hand: delete it, or define it and take it over with site_builder_imports "
    "(docs/life.md)"
)


def warning_text(warning: Mapping[str, str], secrets: Iterable[str] = ()) -> str:
    """A warning of Terraform in one line, what is secret masked."""
    text = ". ".join(filter(None, (warning["summary"], warning["detail"])))
    address = f"{warning['address']}: " if warning["address"] else ""
    return masked(f"{address}{text}", secrets)


def places(folder: str, saved: Mapping[str, Any], kept: str = "") -> list[str]:
    """Where to read on. saved: what plan_store has returned, if anything. kept: where the report outlives this machine."""
    lines = [f"report: {kept or f'{folder}/report.json'}"]
    if saved.get("folder"):
        lines.append(f"page:   {page_of(saved)}")
    if saved.get("plan_id") and saved.get("folder"):
        lines.append(f"plan:   {saved['plan_id']} in {saved['path']}, SHA-256 {saved['sha256']}")
        if saved.get("summary"):
            lines.append(
                f"valid:  until {saved['summary']['expires']}, and while branch, variables and states stay as they are"
            )
    if saved.get("stale"):
        lines.append(f"before: {saved['stale']}")
    return lines


def page_of(saved: Mapping[str, Any]) -> str:
    """Where plan.html is: as a browser finds it, where that was asked for."""
    return saved.get("page") or f"{saved.get('path') or saved['folder']}/plan.html"


def url_lines(outputs: Mapping[str, Any], served: str | None = None) -> list[str]:
    """Where the APIs answer, a line each. outputs: of the stack api_gateway.

    served: for the embedded AWS, which answers at none of these URLs, that of playbooks/serve.yml; empty: none runs.
    """
    apis = [(key, api) for key, api in sorted((outputs.get("endpoints") or {}).items()) if api.get("url")]
    if served is None:
        return [f"api:    {api['url']} ({key})" for key, api in apis]
    local = outputs.get("apis") or {}
    return [f"api:    {served}/{local[key]['name']}/{local[key]['stage']} ({key})" for key, _ in apis] if served else []


def stats(
    rows: Sequence[Mapping[str, Any]], folder: str, saved: Mapping[str, Any], line: str, kept: str = ""
) -> dict[str, Any]:
    """What a job of AWX hands to the next one of its workflow, shows as its artifacts, and puts into its messages."""
    data: dict[str, Any] = {
        "site_builder_summary": line,
        "site_builder_report_file": kept or f"{folder}/report.json",
        "site_builder_results": {row["name"]: row["result"] for row in rows},
        "site_builder_counts": sum_counts(row["counts"] for row in rows),
    }
    if saved.get("plan_id"):
        data |= {"site_builder_plan": saved["plan_id"], "site_builder_plan_sha256": saved["sha256"]}
    if saved.get("summary"):
        summary = {key: saved["summary"][key] for key in ("data_loss", "first", "more", "expires")}
        data["site_builder_review"] = {**summary, "page": page_of(saved), "stale": saved.get("stale", "")}
    return data


# How an output calls what a person looks for, the best first.
_CALLED = {"url": ("url",), "name": ("name",), "arn": ("arn", "alias_arn", "execution_arn")}
# More than these of one kind are counted.
_LISTED = 5


def outputs_lines(states: Mapping[str, Mapping[str, Any]], urls: bool = True) -> list[str]:
    """Return what a person looks for in the outputs of all stacks, as lines: URLs, names and ARNs, nothing sensitive.

    states: by stack `deployed`, `outputs` and `sensitive`, as environment_info returns them. urls: False leaves them out, for the
    embedded AWS, which answers at none of them.
    """
    kinds = [kind for kind in _CALLED if urls or kind != "url"]
    lines: list[str] = []
    for stack, state in states.items():
        if not state["deployed"]:
            lines.append(f"{stack}: not deployed")
            continue
        public = {name: value for name, value in state["outputs"].items() if name not in state["sensitive"]}
        rows = _things(public, kinds)
        width = max((len(key) for key, _ in rows), default=0)
        lines += [f"{stack}:", *(f"  {key.ljust(width)}  {text}" for key, text in rows)]
    return lines


def _things(outputs: Mapping[str, Any], kinds: Sequence[str]) -> list[tuple[str, str]]:
    """What each thing of a stack is called, and its URL, name and ARN."""
    things: dict[str, dict[str, str]] = {}
    rows: list[tuple[str, str]] = []
    for name, value in sorted(outputs.items()):
        entries = value if isinstance(value, Mapping) else {name: value}
        plain = {key: entry for key, entry in entries.items() if isinstance(entry, str)}
        if len(plain) > _LISTED:
            rows.append((name, f"{len(plain)}, which -v lists"))
        else:
            rows += sorted(plain.items())
        for key, entry in entries.items():
            if isinstance(entry, Mapping):
                for kind, words in _CALLED.items():
                    if found := next((entry[word] for word in words if entry.get(word)), None):
                        things.setdefault(key, {}).setdefault(kind, str(found))
    told = [(key, "  ".join(thing[kind] for kind in kinds if kind in thing)) for key, thing in sorted(things.items())]
    return told + rows


def outputs_text(states: Mapping[str, Mapping[str, Any]], form: str) -> str:
    """Return the outputs of all stacks as a text, those that are sensitive left out.

    form: `json` ({stack: {output: value}}) or `dotenv`: one line `STACK_OUTPUT_KEY='value'` per single value; characters
    that a shell does not take in a name become `_`.
    """
    public = {
        stack: {name: value for name, value in state["outputs"].items() if name not in state["sensitive"]}
        for stack, state in states.items()
    }
    if form == "json":
        return json.dumps(public, indent=2, sort_keys=True) + "\n"
    lines: list[str] = []

    def walk(path: list[str], value: Any) -> None:
        if isinstance(value, Mapping):
            for key in sorted(value):
                walk([*path, str(key)], value[key])
        elif isinstance(value, list | tuple):
            for number, item in enumerate(value):
                walk([*path, str(number)], item)
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            quoted = text.replace("'", "'\\''")
            lines.append(f"{re.sub(r'[^A-Za-z0-9]+', '_', '_'.join(path)).upper()}='{quoted}'")

    walk([], public)
    return "".join(f"{line}\n" for line in lines)
