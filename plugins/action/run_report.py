# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.run_report; it is documented in plugins/modules/run_report.py."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible import context
from ansible_collections.bbws.site_builder.plugins.module_utils import commands, report
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.review.summary import run_line, summary_lines
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json, write_private
from ansible_collections.bbws.site_builder.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Writes report.json, and says what a person and the next job want to know."""

    _VALID_ARGS = frozenset(("facts", "saved_plan", "added", "store"))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        variables = task_vars or {}
        run, engine = variables["site_builder_run"], variables["terraform_stack_next"]
        saved = self._task.args.get("saved_plan") or {}
        released = variables.get("site_builder_released") or {}
        names = [name for name in variables["site_builder_defined"]["order"] if name in engine["stacks"]]
        endless = {name: self._endless(engine) for name in names if name not in engine["results"]}
        rows = [
            engine["results"].get(name) or report.stack_result(name, "failed", [], [], endless[name]) for name in names
        ]
        rows, by_hand = report.with_added(rows, self._task.args.get("added") or {})
        folder = Path(run["dir"])
        mode = variables["terraform_stack_mode"]
        environment = self._task.args["facts"].get("environment", "")
        line = (saved.get("summary") or {}).get("line") or run_line(mode, environment, rows)
        umask = os.umask(0o077)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            plan = {key: saved[key] for key in ("plan_id", "sha256", "path", "folder") if saved.get(key)}
            facts = {**self._task.args["facts"], "ended": datetime.now(UTC).isoformat(), "stacks": rows}
            facts |= {"mode": mode, "summary": line, **({"plan": plan} if plan else {})}
            facts |= {"release": released["record"]} if released.get("record") else {}
            write_private(folder / "report.json", to_json(facts).encode())
        except OSError as error:
            return {**result, "failed": True, "msg": f"{folder}/report.json cannot be written: {error.strerror}"}
        finally:
            os.umask(umask)
        kept = self._keep(folder, variables)
        in_awx = "awx_job_id" in variables or "tower_job_id" in variables
        # Of a container nothing is left; on a person's machine the file is nearer.
        where = kept.get("path", "") if in_awx else ""
        lines = [
            *(f"{name}: {reason}" for name, reason in endless.items()),
            *by_hand,
            # An approver reads from here.
            *([*summary_lines(saved["summary"]), ""] if saved.get("summary") else []),
            *report.run_table(rows),
            *released.get("lines", []),
            "",
            *report.places(str(folder), saved, where),
            *self._onward(variables, rows, saved, in_awx),
        ]
        for text in lines if in_awx else []:
            # Without the frame that Ansible's own output puts around a task.
            self._display.display(text)
        return {
            **result,
            **({"warnings": kept["warnings"]} if kept.get("warnings") else {}),
            "changed": False,
            "path": kept.get("path", ""),
            "results": {row["name"]: row for row in rows},
            "lines": [] if in_awx else lines,
            "stats": report.stats(rows, str(folder), saved, line, where),
        }

    def _keep(self, folder: Path, variables: dict[str, Any]) -> dict[str, Any]:
        """Put the report where it outlives this machine; that it cannot be is a warning, and the run goes on."""
        store = self._task.args.get("store")
        if not store or self._task.check_mode:
            return {}
        arguments = {**store, "report": str(folder / "report.json"), "run_id": folder.name}
        kept = self._execute_module(
            module_name="bbws.site_builder.report_store", module_args=arguments, task_vars=variables
        )
        if kept.get("failed"):
            kept.setdefault("warnings", []).append(f"the report of this run is not in the state bucket: {kept['msg']}")
        return kept

    @staticmethod
    def _onward(
        variables: dict[str, Any], rows: list[dict[str, Any]], saved: dict[str, Any], in_awx: bool
    ) -> list[str]:
        """Where the result is to be seen, and what to do next; in a job of AWX that is the next job of the workflow."""
        mode, engine = variables["terraform_stack_mode"], variables["terraform_stack_next"]
        # On this machine AWS's URLs lead nowhere; of an embedded AWS that somebody else has started, none is known.
        served = "" if variables.get("site_builder_target") == "local" else None
        is_ours = served == "" and not variables["site_builder_local_endpoint"]
        if is_ours:
            served = LocalApi(variables["site_builder_defined"]["paths"]["site_builder_work_dir"], 0).served()
        outputs = engine["outputs"].get("api_gateway") or {}
        lines = report.url_lines(outputs, served) if mode in ("deploy", "apply") else []
        lines += ActionModule._held(variables) if mode in ("plan", "deploy", "apply") else []
        if in_awx:
            return lines
        return [
            *lines,
            *commands.after(mode, rows, saved, context.CLIARGS, "serve" if is_ours and not served else "outputs"),
        ]

    @staticmethod
    def _held(variables: dict[str, Any]) -> list[str]:
        """That something earlier is live than what was deployed last, and how that ends."""
        record = (variables.get("site_builder_released") or {}).get("record")
        onward = commands.command(context.CLIARGS, "deploy", {"site_builder_release_forward": "true"}, limit="")
        known = variables.get("site_builder_environment_info") or {}
        return records.held_lines(record or known.get("release") or {}, onward)

    @staticmethod
    def _endless(engine: dict[str, Any]) -> str:
        return f"it was not done after {engine['turn']} decisions, which is a fault of this collection; run again"
