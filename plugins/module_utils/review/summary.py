# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an approver must know before anything else: the same lines in the output, the artifacts and the messages of AWX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.review.findings import findings
from ansible_collections.bbws.site_builder.plugins.module_utils.review.text import visible
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS, sum_counts

# More of them stand on the page, and a message that is longer is not read.
FIRST = 5
# A message of a chat; what is cut off is on the page.
LONGEST = 200
_DONE = {"plan": "plan", "drift": "drift", "destroy": "destruction", "apply": "apply", "deploy": "deployment"}


def plan_summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """Sum up what is saved as plan.json: `line`, `counts`, `data_loss` (addresses), `first` (sentences), `more` (the rest)."""
    stacks = report["stacks"]
    sentences = [_sentence(item) for kind in findings(report) for item in kind["items"]]
    lost = [f"{stack['name']}: {address}" for stack in stacks for address in stack["stateful"]]
    counts = sum_counts(stack["counts"] for stack in stacks)
    failed = [stack["name"] for stack in stacks if stack["result"] in ("failed", "skipped")]
    parts = [
        planned(counts, any(stack["result"] == "planned" for stack in stacks)),
        f"not planned: {', '.join(failed)}" if failed else "",
        f"DATA IS LOST: {_listed(lost)}" if lost else "no data is lost",
    ]
    return {
        "line": f"plan of {report['environment']}: {'; '.join(filter(None, parts))}",
        "counts": counts,
        "data_loss": lost,
        "first": [_cut(sentence) for sentence in sentences[:FIRST]],
        "more": max(0, len(sentences) - FIRST),
        "expires": datetime.fromisoformat(report["expires"]).isoformat(timespec="seconds"),
    }


def run_line(mode: str, environment: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Say in one line what a run has done, and what has not got through. rows: the stacks of the run report."""
    what = f"{_DONE.get(mode, mode)} of {environment}"
    by_result: dict[str, list[str]] = {}
    for row in rows:
        by_result.setdefault(row["result"], []).append(row["name"])
    reasons = {row["reason"] for row in rows}
    if (
        mode == "apply"
        and by_result.keys() == {"failed"}
        and len(reasons) == 1
        and rows[0]["reason"].startswith("plan: ")
    ):
        # The saved plan was not taken: an approval that was pressed too late says so in its message.
        return _cut(f"{what}: REFUSED: {reasons.pop().removeprefix('plan: ')}")
    if mode == "drift":
        drifted = by_result.get("drifted", [])
        said = [f"drift found in {', '.join(drifted)}" if drifted else "no drift"]
    else:
        done = sum_counts(row["counts"] for row in rows)
        counts = ", ".join(f"{number} {column}" for column, number in done.items() if number)
        said = [counts or "nothing has changed"]
    if failed := by_result.get("failed"):
        reason = next(row["reason"] for row in rows if row["result"] == "failed")
        said.append(f"FAILED: {', '.join(failed)} ({reason})" if reason else f"FAILED: {', '.join(failed)}")
    if skipped := by_result.get("skipped"):
        said.append(f"skipped: {', '.join(skipped)}")
    return _cut(f"{what}: {'; '.join(said)}")


def planned(counts: Mapping[str, int], changes: bool) -> str:
    """What a plan is going to do, in Terraform's words."""
    said = [f"{counts[column]} to {action}" for action, column in COLUMNS.items() if counts[column]]
    return ", ".join(said) or ("state or outputs only" if changes else "no changes")


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    """What stands above everything else at the end of a plan's output."""
    more = summary["more"]
    return [
        summary["line"],
        *(f"  - {sentence}" for sentence in summary["first"]),
        *([f"  - and {more} more, which the page shows"] if more else []),
    ]


def _sentence(parts: Sequence[Mapping[str, str]]) -> str:
    return "".join(part["text"] for part in parts).strip()


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - FIRST
    return ", ".join(names[:FIRST]) + (f" and {rest} more" if rest > 0 else "")


def _cut(text: str) -> str:
    line = visible(re.sub(r"\s+", " ", text))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
