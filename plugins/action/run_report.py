# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.run_report; it is documented in plugins/modules/run_report.py."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.bbws.site_builder.plugins.module_utils import report
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json, write_private


class ActionModule(ActionBase):
    """Writes report.json, and says what a person and the next job want to know."""

    _VALID_ARGS = frozenset(("facts", "saved_plan"))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        variables = task_vars or {}
        run, engine = variables["site_builder_run"], variables["terraform_stack_next"]
        saved = self._task.args.get("saved_plan") or {}
        rows = [
            engine["results"].get(name) or report.stack_result(name, "failed", [], [], self._endless(engine))
            for name in variables["site_builder_defined"]["order"]
            if name in engine["stacks"]
        ]
        folder = Path(run["dir"])
        umask = os.umask(0o077)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            facts = {**self._task.args["facts"], "ended": datetime.now(UTC).isoformat(), "stacks": rows}
            write_private(folder / "report.json", to_json(facts).encode())
        except OSError as error:
            return {**result, "failed": True, "msg": f"{folder}/report.json cannot be written: {error.strerror}"}
        finally:
            os.umask(umask)
        return {
            **result,
            "changed": False,
            "results": {row["name"]: row for row in rows},
            "lines": [*report.run_table(rows), "", *report.places(str(folder), saved)],
            "stats": report.stats(rows, str(folder), saved),
        }

    @staticmethod
    def _endless(engine: dict[str, Any]) -> str:
        return f"it was not done after {engine['turn']} decisions, which is a fault of this collection; run again"
