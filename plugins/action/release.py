# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.release; it is documented in plugins/modules/release.py.

It decides from what the run knows already whether there is anything to release, so that a run that changes nothing calls nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible import context
from ansible_collections.bbws.site_builder.plugins.module_utils import commands, engine
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import checks, parts, records
from ansible_collections.bbws.site_builder.plugins.module_utils.review.checkout import commit_of
from ansible_collections.bbws.site_builder.plugins.plugin_utils.in_process import InProcess

_ROOT = Path(__file__).resolve().parents[2]
CANARY = {"percent": 10, "seconds": 600, "alarms": []}
LOCAL = "the embedded AWS answers no calls of an API and runs no function; playbooks/serve.yml does"
_SECONDS = 10


class ActionModule(InProcess):
    """One release for all stacks of the run; the task wants run_once."""

    _VALID_ARGS = frozenset(("state", "to", "confirmed"))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._defined = self._vars["site_builder_defined"]
        self._info = self._vars["site_builder_environment_info"]
        if self._task.args["state"] == "rolled_back":
            return {**result, **self._roll_back()}
        return {**result, **self._release()}

    # --- forward

    def _release(self) -> dict[str, Any]:
        newest, made = self._info["release"], parts.of_outputs(self._outputs())
        force = self._is_true("site_builder_release_forward")
        why = self._due(newest, made, force)
        if not why:
            return {"changed": False, "skipped": True, "skip_reason": "nothing is to be released", **self._told([], [])}
        arguments = {**self._arguments(made), "force": force}
        if self._value("site_builder_release") == "canary":
            arguments["canary"] = {**CANARY, **self._value("site_builder_canary")}
        return self._done(self._call("released", arguments))

    def _due(self, newest: Mapping[str, Any], made: Mapping[str, Any], force: bool) -> str:
        results = self._vars["terraform_stack_next"]["results"]
        through = len(results) == len(self._vars["terraform_stack_next"]["stacks"]) and all(
            row["result"] in engine.THROUGH for row in results.values()
        )
        if self._task.check_mode or not through or not made["functions"]:
            return ""
        changed = any(any(row["counts"].values()) for row in results.values() if row["result"] == "succeeded")
        return records.due(newest, made, changed, force)

    def _outputs(self) -> dict[str, Mapping[str, Any]]:
        """Of all stacks, as of now."""
        now = self._vars.get("terraform_stack_next", {}).get("outputs", {})
        return {name: now.get(name) or state["outputs"] for name, state in self._info["states"].items()}

    # --- back

    def _roll_back(self) -> dict[str, Any]:
        problems = list(self._refusals())
        if problems:
            return {"failed": True, "msg": "\n".join(problems)}
        if self._task.check_mode:
            return {
                "changed": False,
                "skipped": True,
                "skip_reason": "a rollback has no check mode",
                **self._told([], []),
            }
        arguments = {**self._arguments(parts.of_outputs(self._outputs())), "to": self._task.args.get("to") or ""}
        done = self._call("rolled_back", {**arguments, "stacks": self._defined["order"]})
        # Nothing has begun, and there is no report to write.
        return done if done.get("failed") and "record" not in done else self._done(done)

    def _refusals(self) -> Iterator[str]:
        environment, confirmed = self._vars["site_builder_environment"], self._task.args.get("confirmed") or ""
        if self._defined["production"] and confirmed != environment:
            yield (
                f"site_builder_confirm_rollback is {confirmed!r}, and going back in {environment} needs its name: "
                f"-e site_builder_confirm_rollback={environment}"
            )
        if context.CLIARGS.get("subset"):
            yield f"--limit is {context.CLIARGS['subset']!r}, and a release is gone back from as a whole; leave it out"

    # --- both

    def _arguments(self, made: Mapping[str, Any]) -> dict[str, Any]:
        run, outputs = self._vars["site_builder_run"], self._outputs()
        saved = self._vars.get("site_builder_saved_plan") or {}
        commit, dirty = commit_of(_ROOT)
        now = datetime.now(UTC)
        facts = {
            # Of now, not of the run: what another run has released meanwhile comes before.
            "id": f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            "created": now.isoformat(timespec="seconds"),
            "run": Path(run["dir"]).name,
            "by": self._info["caller_arn"],
            "commit": commit,
            "dirty": dirty,
            "plan": saved.get("plan_id"),
            "strategy": self._value("site_builder_release"),
            **parts.stores(outputs),
        }
        local = self._value("site_builder_target") == "local"
        served = LocalApi(self._defined["paths"]["site_builder_work_dir"], _SECONDS).served() if local else ""
        apis = {key: {**api, "unreachable": self._secluded(key)} for key, api in made["apis"].items()}
        if served:
            apis = {
                key: {**api, "unreachable": "", "url": f"{served}/{api['id']}/{api['stage']}"}
                for key, api in apis.items()
            }
        return {
            "facts": facts,
            "parts": {**made, "apis": apis},
            "verify": self._is_true("site_builder_verify"),
            "bake_seconds": int(self._value("site_builder_bake_seconds")),
            "alarms": parts.alarms(outputs),
            "probes": self._defined["stacks"]["lambda"].get("probes", {}),
            "unreachable": LOCAL if local and not served else "",
            "functions_url": served,
            "since": run["started"],
        }

    def _secluded(self, key: str) -> str:
        """Why an API cannot be called from just anywhere; empty when it can."""
        api = self._defined["stacks"]["api_gateway"]["tfvars"]["apis"].get(key, {})
        if api.get("endpoint_type") == "PRIVATE":
            return "a private API answers in its network only"
        if (api.get("domain") or {}).get("truststore_uri"):
            return "the API's domain wants a certificate of its callers"
        return ""

    def _call(self, state: str, arguments: dict[str, Any]) -> dict[str, Any]:
        place = {
            "account_id": self._defined["context"]["account_id"],
            "state_bucket": self._defined["state_bucket"],
            "state_prefix": self._defined["state_prefix"],
        }
        options = self._value("_site_builder_aws_options")
        return self._execute_module(
            module_name="bbws.site_builder.release",
            module_args={"state": state, **arguments, **place, **options},
            task_vars=self._vars,
        )

    def _done(self, done: dict[str, Any]) -> dict[str, Any]:
        record = done.get("record") or {}
        problems = [str(done.get("msg") or done)] if done.get("failed") else checks.failed(record["checks"])
        lines = [] if done.get("failed") else checks.lines(record["checks"])
        if record:
            what = f"rollback to {record['to']}" if record["kind"] == "rollback" else record["kind"]
            word = "stopped, and what was live before is live" if record["state"] == "failed" else "live"
            lines.insert(0, f"{what}: {record['id']} is {word}")
        back = commands.command(context.CLIARGS, "rollback", limit="")
        if problems and record.get("state") == "live" and record["kind"] == "release":
            lines.append(f"go back with: {back}")
        kept = {key: done[key] for key in ("changed", "warnings", "deprecations", "record") if key in done}
        return {"changed": False, **kept, **self._told(problems, lines)}

    @staticmethod
    def _told(problems: list[str], lines: list[str]) -> dict[str, Any]:
        return {"problems": problems, "lines": [*lines, *(f"failed: {one}" for one in problems)]}

    def _value(self, name: str) -> Any:
        """A variable of the run; some are made of others."""
        return self._templar.template(self._vars[name])

    def _is_true(self, name: str) -> bool:
        return self._value(name) in (True, "true")
