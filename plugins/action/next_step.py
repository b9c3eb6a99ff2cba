# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.next_step; it is documented in plugins/modules/next_step.py.

It gathers what each stack's last step has brought, as an event, and asks module_utils/engine.py what comes next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible import context
from ansible.plugins.action import ActionBase
from ansible_collections.bbws.site_builder.plugins.module_utils import engine, report
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import dynamodb, iam, s3
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.diagnostics import (
    LOCK_GONE,
    apply_verdict,
    checkov_reason,
    error_reason,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import apply_summary, plan_summary
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import tfvars_sha256

_ENTRY = ("serial", "lineage", "interrupted")
_COLOURS = {"+": C.COLOR_OK, "~": C.COLOR_CHANGED, "-/+": C.COLOR_ERROR, "-": C.COLOR_ERROR}
_RESULTS = {"failed": C.COLOR_ERROR, "skipped": C.COLOR_SKIP}


class ActionModule(ActionBase):
    """One decision for all stacks of the run; the task wants run_once."""

    _VALID_ARGS = frozenset(("mode", "begin", "rules"))

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._mode = self._task.args["mode"]
        self._rules = self._task.args["rules"]
        self._defined = self._vars["site_builder_defined"]
        self._states = self._vars["site_builder_environment_info"]["states"]
        self._names = [name for name in self._defined["order"] if name in self._vars["ansible_play_hosts_all"]]
        before = {} if self._task.args.get("begin") else self._vars["terraform_stack_next"]
        run = self._run(before)
        problems = [*self._misplaced(), *engine.refusals(run, self._rules, self._defined["stacks"], self._states)]
        if problems:
            return {**result, "failed": True, "msg": "\n".join(problems)}
        self._outputs = dict(before.get("outputs", {}))
        self._turn = before.get("turn", 0)
        for name in self._names:
            if before:
                self._happened(run, name, before["stacks"][name])
        not_taken = [] if before else engine.not_taken(self._mode, self._vars.get("site_builder_saved_plan"))
        for event in not_taken:
            self._say(f"the saved plan is not applied: {event['reason']}", C.COLOR_ERROR)
            run.events |= {name: [event] for name in self._names}
        self._tfvars: dict[str, dict[str, Any]] = {}
        self._sha256: dict[str, str] = {}
        self._half: dict[str, bool] = {}
        self._events = run.events
        if not before:
            self._tell_not_told()
        steps = run.decide(self._inputs_sha256)
        for name, step in steps.items():
            self._prepare(name, step)
            if not self._is_skipped(steps, name) and not not_taken:
                self._tell(name, step, before.get("stacks", {}).get(name))
        self._tell_unchanged(steps, before.get("stacks", {}))
        self._tell_skipped(steps, before.get("stacks", {}))
        open_ = [name for name, step in steps.items() if step["do"] != "done"]
        results = {name: step["result"] for name, step in steps.items() if step["do"] == "done"}
        return {
            **result,
            "changed": False,
            # The variables of functions and the outputs may hold secrets.
            "_ansible_no_log": True,
            "turn": self._turn + 1,
            "stacks": steps,
            "events": run.events,
            "outputs": self._outputs,
            "entries": {name: self._entry(run, name) for name in self._names},
            "to_remember": {} if open_ or not self._rules["skip_unchanged"] else self._to_remember(run, steps),
            "results": results,
            "open": open_,
            "all_planned": all(result["result"] in ("planned", "unchanged") for result in results.values()),
            "review": [self._reviewed(results[name]) for name in self._names]
            if self._mode == "plan" and not open_
            else [],
            "rounds": run.rounds(steps),
            "spare": engine.SPARE_ROUNDS * self._rules["attempts"] if open_ else 0,
        }

    def _misplaced(self) -> Iterator[str]:
        if context.CLIARGS.get("start_at_task"):
            yield (
                f"--start-at-task is {context.CLIARGS['start_at_task']!r}, and a run that begins in the middle leaves out its "
                "checks; leave it out"
            )

    def _run(self, before: Mapping[str, Any]) -> engine.Run:
        rules = self._rules
        stacks = {
            name: engine.Stack(
                name=name,
                mode=self._mode,
                check=bool(self._task.check_mode),
                deployed=self._states[name]["deployed"],
                marker=self._states[name]["interrupted"],
                applied=None if self._vars["site_builder_imports"].get(name) else self._states[name]["applied"],
                losing=self._losing(name),
                stranded=self._stranded(name),
                unfit=self._unfit(name),
                tainted=self._states[name]["tainted"],
                protected=self._states[name]["protected"],
                allow_destroy=rules["allow_destroy"],
                max_changes=rules["max_changes"],
                attempts=rules["attempts"],
                checkov=rules["checkov"],
                details=self._mode in ("plan", "drift") or bool(self._task.diff),
                depends_on=self._defined["stacks"][name]["depends_on"],
            )
            for name in self._names
        }
        needs = {name: [u for u in stacks[name].depends_on if u in stacks] for name in self._names}
        if self._mode == "destroy":
            first = {name: [d for d in self._names if name in needs[d]] for name in self._names}
            order = self._names[::-1]
        else:
            first, order = needs, self._names
        events = {name: list(found) for name, found in before.get("events", {}).items()}
        return engine.Run(stacks=stacks, order=order, first=first, events=events)

    def _to_remember(self, run: engine.Run, steps: Mapping[str, engine.Step]) -> dict[str, dict[str, str]]:
        """The arguments inputs and versions of bbws.site_builder.applied_inputs; nothing where all is known already."""
        if self._mode != "deploy" or self._task.check_mode:
            return {}
        known = {name: (self._states[name]["applied"] or {}).get("sha256") for name in steps}
        unchanged = [name for name, step in steps.items() if step["result"]["result"] == "unchanged"]
        found = run.inputs_to_remember(steps)
        inputs = {n: sha256 for n, sha256 in found.items() if n not in unchanged or sha256 != known[n]}
        if not inputs:
            return {}
        return {"inputs": inputs, "versions": {name: self._states[name]["version"] for name in unchanged}}

    # --- what has happened

    def _happened(self, run: engine.Run, name: str, step: Mapping[str, Any]) -> None:
        """Turn what the stack's last step has left in its host's variables into an event."""
        if step["do"] in ("wait", "done"):
            return
        variables = self._vars["hostvars"].raw_get(name)
        broke = variables.get("terraform_stack_failure") or {}
        if broke.get("turn") == self._turn:
            event = {"event": "failed", "do": step["do"], "reason": str(broke["reason"])}
        else:
            event = getattr(self, f"_after_{step['do']}")(name, step, variables)
        run.events.setdefault(name, []).append(event)

    def _secrets(self, name: str) -> list[str]:
        return self._defined["stacks"][name]["sensitive"]

    def _after_plan(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        planned = variables["terraform_stack_planned"]
        # `terraform plan` does not fail the task: under no_log the reason would be hidden.
        if "outputs" not in planned:
            reason = error_reason(planned, self._secrets(name))
            tried = {key: step[key] for key in ("imports", "replace", "refresh", "look")}
            return {"event": "failed", "do": "plan", "reason": reason, "again": tried if reason == LOCK_GONE else None}
        plan = plan_summary(planned.get("stdout"))
        if not plan["has_changes"]:
            # Where `terraform output` failed, which the module only warns of, the state has been read already.
            self._outputs[name] = _values(planned["outputs"]) or self._states[name]["outputs"]
        workdir = variables["terraform_stack_workdir"]
        return {
            "event": "planned",
            **plan,
            **{key: step[key] for key in ("inputs_sha256", "look", "replace", "half")},
            **{key: workdir[key] for key in ("tfvars_sha256", "source_sha256")},
        }

    def _after_saved(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        entry = self._vars["site_builder_saved_plan"]["manifest"]["stacks"][name]
        plan = {**entry["plan"], "started": None, "ended": None, "seconds": 0.0}
        if plan["has_changes"]:
            # What the plan file itself says, whatever its manifest does.
            facts = variables["terraform_stack_details"]["facts"]
            plan |= {key: facts[key] for key in ("actions", "counts", "has_changes", "stateful")}
        problems = []
        workdir = variables["terraform_stack_workdir"]
        for key, what in (("source_sha256", "Terraform sources"), ("tfvars_sha256", "variables")):
            if workdir[key] != plan[key]:
                plan_id = self._vars["site_builder_saved_plan"]["plan_id"]
                problems.append(
                    f"the {what} of {name} are not those of the plan {plan_id}: take the change back, or run playbooks/plan.yml "
                    "again"
                )
        if not plan["has_changes"]:
            self._outputs[name] = self._states[name]["outputs"]
        return {"event": "saved", **plan, "inputs_sha256": step["inputs_sha256"], "problems": problems}

    def _after_compare(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        workdir = variables["terraform_stack_workdir"]
        sha256 = engine.inputs_fingerprint(workdir["source_sha256"], workdir["tfvars_sha256"])
        # What an earlier run could not save has just been saved, so the state is another one.
        event = {"event": "compared", "sha256": "" if workdir["errored_states"] else sha256}
        if event["sha256"] == self._states[name]["applied"]["sha256"]:
            self._outputs[name] = self._states[name]["outputs"]
        return {**event, "inputs_sha256": step["inputs_sha256"]}

    def _after_details(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        return {"event": "detailed", "drift": variables["terraform_stack_details"]["drift"]}

    def _after_adopt(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        found = variables["terraform_stack_adoption"]
        return {"event": "adopted", **{key: found[key] for key in ("imports", "foreign", "leftovers")}}

    def _after_checkov(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        return {"event": "checked", "reason": checkov_reason(variables["terraform_stack_checkov"])}

    def _after_apply(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        applied = variables["terraform_stack_applied"]
        verdict = apply_verdict(applied)
        reason = "" if verdict == "done" else error_reason(applied, self._secrets(name))
        if verdict == "done":
            self._outputs[name] = _values(applied["outputs"])
            if self._mode != "destroy" and self._defined["stacks"][name]["output"] not in self._outputs[name]:
                verdict, reason = "failed", "it was applied, and terraform output says nothing; run again"
        return {"event": "applied", **apply_summary(applied.get("stdout")), "verdict": verdict, "reason": reason}

    def _after_untaint(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        return {"event": "untainted", "addresses": step["addresses"]}

    def _after_forget(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        return {"event": "forgotten", "addresses": step["addresses"]}

    def _after_marker(self, name: str, step: Mapping[str, Any], variables: Mapping[str, Any]) -> engine.Event:
        return {"event": "marked", "then": step["then"]}

    # --- what comes next

    def _inputs_sha256(self, name: str) -> str:
        """Of the variables of the stack, with what upstream outputs by now or will output."""
        stacks = self._defined["stacks"]
        predicted = {other: stack["predicted_outputs"] for other, stack in stacks.items()}
        # What has been destroyed outputs nothing any more.
        outputs = {} if self._mode == "destroy" else self._outputs
        inputs = stack_inputs(name, stacks, self._states, outputs, predicted, in_run=self._names)
        tfvars = {**stacks[name]["tfvars"], **inputs}
        if name == "iam":
            tfvars = iam.routed(
                tfvars, stacks[name]["asks"], self._vars["site_builder_environment_info"]["routed_regions"]
            )
        self._tfvars[name] = self._first(name, tfvars) if self._mode != "destroy" else tfvars
        self._sha256[name] = tfvars_sha256(self._tfvars[name])
        return self._sha256[name]

    def _first(self, name: str, tfvars: dict[str, Any]) -> dict[str, Any]:
        """The variables of the first of two steps, until that one is done."""
        half = any(event.get("half") for event in self._events.get(name, []))
        done = half and any(event.get("verdict") == "done" for event in self._events[name])
        self._half[name] = False
        if name != "dynamodb" or done:
            return tfvars
        first = dynamodb.first_step(tfvars, self._held())
        self._half[name] = first is not tfvars
        return first

    def _held(self) -> Mapping[str, Any]:
        return dynamodb.held_replicas(self._states["dynamodb"])

    def _losing(self, name: str) -> dict[str, list[str]]:
        tfvars = self._defined["stacks"][name]["tfvars"]
        return dynamodb.lost_replicas(tfvars, self._held()) if name == "dynamodb" else {}

    def _unfit(self, name: str) -> list[str]:
        tfvars = self._defined["stacks"][name]["tfvars"]
        return list(dynamodb.other_ttl(tfvars, self._states[name]["ttl"])) if name == "dynamodb" else []

    def _replica_region(self) -> str:
        settings = self._defined["settings"]
        return settings["dr"]["replica_region"] or settings["context"]["region"]

    def _stranded(self, name: str) -> dict[str, Any]:
        return s3.stranded(self._states[name], self._replica_region()) if name == "s3" else {}

    def _prepare(self, name: str, step: dict[str, Any]) -> None:
        if step["do"] in ("compare", "plan", "saved", "apply", "untaint", "forget"):
            stranded = [one["region"] for one in self._stranded(name).values()]
            # Who destroys or looks for drift looks where things are.
            look = stranded if self._mode in ("destroy", "drift") else []
            step["replica_region"] = next(iter(look), self._replica_region())
            step["tfvars"] = self._tfvars[name]
            step["inputs_sha256"] = self._sha256[name]
            step["half"] = self._half.get(name, False)

    def _entry(self, run: engine.Run, name: str) -> dict[str, Any]:
        """What ties a saved plan to this stack as it is now."""
        plans = [event for event in run.events.get(name, []) if event["event"] == "planned"]
        entry = {"tfvars_sha256": self._sha256[name], **{k: self._states[name][k] for k in _ENTRY}}
        return {**entry, "plan": {k: v for k, v in plans[-1].items() if k != "event"}} if plans else entry

    def _reviewed(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """What a reviewer wants to know of a stack: the inputs of plan.html, plan.md and plan.json."""
        name = result["name"]
        depends_on = self._defined["stacks"][name]["depends_on"]
        details = self._vars["hostvars"].raw_get(name).get("terraform_stack_details") or {}
        return {
            **result,
            "depends_on": depends_on,
            "wave": next(number for number, wave in enumerate(self._defined["waves"]) if name in wave),
            "upstream_assumed": [u for u in depends_on if not self._states[u]["deployed"]],
            **{key: details.get(key, []) for key in ("resources", "outputs", "drift")},
        }

    # --- what a person sees

    def _tell_not_told(self) -> None:
        for reason in self._vars["site_builder_environment_info"]["not_told"].values():
            self._display.warning(f"{reason}; site_builder_bedrock_routed_regions is taken instead")

    def _tell(self, name: str, step: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        """Say what the last step has brought, when that is news, and why the stack plans again."""
        variables = self._vars["hostvars"].raw_get(name)
        did = before["do"] if before else "begin"
        # Where a person wants to see every attribute, the plan is told with them.
        in_full = self._task.diff and "details" in (did, step["do"])
        if did == "plan" and not in_full and "outputs" in variables.get("terraform_stack_planned", {}):
            self._tell_plan(name)
        elif did == "details" and in_full and "terraform_stack_details" in variables:
            self._tell_plan(name, variables["terraform_stack_details"].get("resources", []))
        elif did == "adopt":
            found = variables.get("terraform_stack_adoption") or {}
            for item in found.get("leftovers", []):
                self._say(f"{name}: {item['sentence']}")
            if step["do"] == "plan":
                for address, id_ in found.get("imports", {}).items():
                    self._say(f"{name}:  <- {address} (import of {id_})")
        elif did == "apply" and self._events[name][-1].get("verdict") == "done":
            applied = self._events[name][-1]
            self._say(f"{name}: {report.applied_text(applied)}", C.COLOR_OK)
        if step["do"] in ("untaint", "forget") or (step["do"] == "plan" and before):
            self._say(f"{name}: {step['why']}")
        elif step["do"] == "done" and did != "done" and step["result"]["reason"]:
            result = step["result"]
            self._say(f"{name}: {result['reason']}", _RESULTS.get(result["result"], C.COLOR_WARN))

    def _tell_unchanged(self, steps: Mapping[str, Mapping[str, Any]], before: Mapping[str, Any]) -> None:
        """One line for all stacks in which there is nothing to do."""
        names = [name for name in steps if before.get(name, {}).get("do") == "plan" and self._is_unchanged(name)]
        if names:
            self._say(f"no changes: {', '.join(names)}")

    def _is_unchanged(self, name: str) -> bool:
        last = self._events[name][-1]
        return last["event"] == "planned" and not last["has_changes"]

    def _tell_skipped(self, steps: Mapping[str, Mapping[str, Any]], before: Mapping[str, Any]) -> None:
        """A line for all stacks that were not even planned, by the time of their last apply."""
        since: dict[str, list[str]] = {}
        for name in steps:
            if before.get(name, {}).get("do") != "done" and self._is_skipped(steps, name):
                since.setdefault(self._states[name]["applied"]["since"], []).append(name)
        for time, names in since.items():
            self._say(f"skipped, inputs unchanged since {time}: {', '.join(names)}")

    def _is_skipped(self, steps: Mapping[str, Mapping[str, Any]], name: str) -> bool:
        events = self._events.get(name)
        return steps[name]["do"] == "done" and bool(events) and events[-1]["event"] == "compared"

    def _tell_plan(self, name: str, resources: Any = ()) -> None:
        plan = next(event for event in reversed(self._events[name]) if event["event"] == "planned")
        first, *lines = report.plan_lines(plan, resources)
        if plan["has_changes"]:
            self._say(f"{name}: {first}")
        for warning in plan["warnings"]:
            self._say(f"{name}: warning: {report.warning_text(warning, self._secrets(name))}", C.COLOR_WARN)
        if self._mode == "plan" or self._task.check_mode or self._task.diff:
            for line in lines:
                self._say(line, _COLOURS.get(line.split()[0]))

    def _say(self, text: str, colour: str | None = None) -> None:
        self._display.display(text, color=colour)


def _values(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: output["value"] for name, output in outputs.items()}
