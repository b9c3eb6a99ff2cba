# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run says of its stacks when it is over, and of their outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def stack_result(
    name: str,
    result: str,
    plan: Mapping[str, Any],
    reason: str = "",
    applied: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return one stack's entry of the run report.

    result: succeeded, failed, skipped, unchanged or planned. plan and applied: what plan_summary and apply_summary made of
    Terraform's output, empty where Terraform did not run. The counts are of what was done, for a planned stack of what
    would be; actions is what was planned, by address. started and ended are ISO 8601, UTC; seconds is the time inside Terraform.
    """
    applied = applied or {}
    nothing = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}
    counts = plan.get("counts") if result == "planned" else applied.get("counts")
    return {
        "name": name,
        "result": result,
        "counts": counts or nothing,
        "actions": plan.get("actions", []),
        # The plan may be the one that followed a first apply.
        "started": min(filter(None, (plan.get("started"), applied.get("started"))), default=None),
        "ended": applied.get("ended") or plan.get("ended"),
        "seconds": round(plan.get("seconds", 0.0) + applied.get("seconds", 0.0), 1),
        "reason": reason,
    }


def plan_review(
    names: list[str],
    stacks: Mapping[str, Any],
    waves: list[list[str]],
    states: Mapping[str, Any],
    hosts: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Return what a reviewer wants to know of each stack in `names`, in their order.

    Each is the stack's entry of the run report with `depends_on`, `wave` (from 0), `stateful` (addresses that would be deleted
    or replaced though they hold data), `upstream_assumed` (stacks that are not deployed yet, so that names and ARNs are
    those that they will have), `resources` and `outputs` (what plan_details read, secrets masked).
    """
    review = []
    for name in names:
        variables = hosts[name]
        plan = variables["terraform_stack_plan"] if "terraform_stack_plan" in variables else {}  # noqa: SIM401
        details = variables["terraform_stack_details"] if "terraform_stack_details" in variables else {}  # noqa: SIM401
        review.append(
            {
                **variables["terraform_stack_result"],
                "depends_on": stacks[name]["depends_on"],
                "wave": next(number for number, wave in enumerate(waves) if name in wave),
                "stateful": plan.get("stateful", []),
                "upstream_assumed": [u for u in stacks[name]["depends_on"] if not states[u]["deployed"]],
                "resources": details.get("resources", []),
                "outputs": details.get("outputs", []),
            }
        )
    return review


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
