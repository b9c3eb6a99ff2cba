# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine's mind: from what has happened to a stack so far to what happens to it next.

What has happened is a list of events, dicts with `event`:

    planned   a plan was made: what events.plan_summary says, inputs_sha256, and the step's `look`, `replace`
    saved     the saved plan was laid out and read: the same, and `problems`, the reasons not to trust it
    detailed  the plan was read attribute by attribute: `drift`
    adopted   AWS was searched for what the plan creates: `imports`, `foreign`, `leftovers`
    compared  the inputs were hashed: `sha256`, as inputs_fingerprint makes it, and `inputs_sha256`
    checked   checkov has looked: `reason`, empty when it found nothing
    applied   an apply has ended: what events.apply_summary says, `verdict`, `reason`
    untainted what was created halfway is no longer marked for replacement
    forgotten the state no longer knows the replicas of buckets in a region that is not the replica region any more
    marked    the recovery marker was set or cleared: `then`, how the stack ends
    failed    a step did not come to its end: `do`, `reason`; `again`, the arguments of a plan that another try may make

A step is a dict with `do` (compare, plan, details, adopt, checkov, saved, apply, untaint, forget, marker, wait, done), `why`, and
what it needs to know. Everything here is a pure function; plugins/action/next_step.py gathers the events, roles/terraform_stack
takes the steps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.report import drift_text, stack_result
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import (
    forbidden,
    outdated_deployments,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import unreviewed

Event = Mapping[str, Any]
Step = dict[str, Any]

# How a stack ends that the next one may build on.
THROUGH = ("succeeded", "unchanged")
# How often to search AWS for what a killed run has left: what is found depends on what was found before.
SEARCHES = 4
PAUSE_SECONDS = 5
# Rounds beyond the expected ones, for each attempt at an apply: plan, search, plan, checkov, apply, and the same for a republish.
SPARE_ROUNDS = 6


@dataclass(frozen=True)
class Stack:
    """What is true of a stack during the whole run."""

    name: str
    mode: str
    check: bool = False
    deployed: bool = False
    # What tells the recovery marker beside the state from every other one; empty: there is none.
    marker: str = ""
    # What was applied last, where a stack with the same inputs need not be planned: its sha256, and since when.
    applied: Mapping[str, str] | None = None
    # Addresses of COMPLETED_TYPES that the state marks as tainted.
    tainted: Sequence[str] = ()
    # Regions in which tables lose their replica, by address.
    losing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Replicas of buckets in another region than the definition's: by address `region`, and `addresses` of all that belongs to it.
    stranded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # What the definition asks of what is there and AWS does not take, in a sentence each.
    unfit: Sequence[str] = ()
    # Addresses that AWS protects against deletion.
    protected: Collection[str] = ()
    allow_destroy: Collection[str] = ()
    # How many resources a plan may change; 0: any number.
    max_changes: int = 0
    # How often to try an apply, in all.
    attempts: int = 3
    checkov: bool = False
    # Whether a person wants to see every attribute that changes.
    details: bool = False
    depends_on: Sequence[str] = ()

    @property
    def only_plans(self) -> bool:
        return self.mode == "plan" or self.check


@dataclass(frozen=True)
class Around:
    """What the other stacks of the run mean for one at this moment."""

    # Those that had to be done first: ended without getting through, and not ended yet.
    broken: Sequence[str] = ()
    pending: Sequence[str] = ()
    # SHA-256 of the variables, with what upstream has output by now.
    inputs_sha256: str = ""


def next_step(stack: Stack, events: Sequence[Event], around: Around) -> Step:
    """What happens to `stack` next, given everything that has happened to it."""
    if not events:
        return _begin(stack)
    last = events[-1]
    if last["event"] == "failed" and last["do"] == "marker":
        return _done(stack, events, "failed", f"apply: {last['reason']}")
    if last["event"] == "failed":
        return _once_more(stack, events) or _failed(stack, events, f"{_phase(last['do'])}: {last['reason']}")
    if last["event"] == "applied":
        return _after_apply(stack, events)
    if last["event"] == "untainted":
        if _applies(events):
            return _after_apply(stack, events)
        return _plan("Plan") if stack.mode != "untaint" else _done(stack, events, "succeeded")
    if last["event"] == "forgotten":
        return _plan("Plan") if stack.mode != "forget" else _done(stack, events, "succeeded")
    if last["event"] == "marked":
        return _done(stack, events, **last["then"])
    if last["event"] == "compared":
        return _after_compare(stack, events, around)
    return _after_plan(stack, events, around)


def _once_more(stack: Stack, events: Sequence[Event]) -> Step | None:
    """The same plan, where it has failed for something that has passed by now."""
    failures = sum(bool(event.get("again")) for event in events)
    if not events[-1].get("again") or failures >= stack.attempts:
        return None
    return _plan("Plan again: the lock of another run has gone", **events[-1]["again"], pause=PAUSE_SECONDS * failures)


def not_taken(mode: str, saved: Mapping[str, Any] | None) -> list[Event]:
    """What has happened to each stack where a saved plan was refused unread; saved: what plan_store has answered."""
    if mode != "apply" or saved is None or "manifest" in saved:
        return []
    return [{"event": "failed", "do": "saved", "reason": saved["msg"]}]


def _begin(stack: Stack) -> Step:
    if stack.mode == "drift" and not stack.deployed:
        return _done(stack, [], "not deployed")
    if stack.mode == "apply":
        return {"do": "saved", "why": "Read the saved plan"}
    if stack.tainted and stack.mode in ("deploy", "untaint") and not stack.check:
        return _untaint(stack.tainted)
    if stack.stranded and stack.mode in ("plan", "deploy", "forget"):
        return _forget(stack)
    if stack.mode == "deploy" and stack.applied and not (stack.marker or stack.tainted):
        return {"do": "compare", "why": "Compare the inputs with those of the last apply"}
    return _plan("Plan") if stack.mode not in ("untaint", "forget") else _close(stack, [])


def _forget(stack: Stack) -> Step:
    """A bucket's replica cannot move. The old one stays as it is, out of the state, and a new one is made beside it.

    S3 copies only what is written from then on, and deletes no bucket that holds something.
    """
    told = "; ".join(f"{address} in {one['region']}" for address, one in stack.stranded.items())
    if stack.only_plans:
        return _failed(
            stack,
            [],
            f"plan: {told} is a replica that holds data, in a region that is not the replica region any more; the state has to "
            "forget it, while the bucket stays in AWS with all that it holds: do that with "
            f"playbooks/forget_replicas.yml --limit {stack.name}, then plan again",
        )
    allowed = set(stack.allow_destroy)
    refused = [address for address in stack.stranded if not {address, f"{stack.name}:{address}"} & allowed]
    if refused and stack.mode != "forget":
        return _failed(
            stack,
            [],
            f"plan: {told} is a replica that holds data, in a region that is not the replica region any more; if it shall be one "
            f"no more, allow that for this run with site_builder_allow_destroy: {json.dumps(refused)}; the bucket then stays in "
            "AWS with all that it holds, and the state forgets it",
        )
    return {
        "do": "forget",
        "why": f"Forget {told}: it stays in AWS with all that it holds; copy what no other replica has, then empty and delete it",
        "addresses": [address for one in stack.stranded.values() for address in one["addresses"]],
    }


def _untaint(addresses: Sequence[str]) -> Step:
    """It was made, and only a later step of that failed: it is completed, never replaced."""
    why = f"Untaint {', '.join(addresses)}: created, and only a later step of that failed"
    return {"do": "untaint", "why": why, "addresses": list(addresses)}


def _plan(why: str, **arguments: Any) -> Step:
    """A plan; arguments: imports, replace (addresses), refresh, pause (seconds), look (whether to search AWS afterwards)."""
    return {
        "do": "plan",
        "why": why,
        "imports": {},
        "replace": [],
        "refresh": True,
        "pause": 0,
        "look": False,
        **arguments,
    }


def inputs_fingerprint(source_sha256: str, tfvars_sha256: str) -> str:
    """The SHA-256 of all that Terraform reads but AWS: sources with versions and backend, and variables."""
    return hashlib.sha256(f"{source_sha256}\n{tfvars_sha256}".encode()).hexdigest()


def _after_compare(stack: Stack, events: Sequence[Event], around: Around) -> Step:
    last = stack.applied or {}
    if events[-1]["sha256"] != last.get("sha256"):
        return _plan(f"Plan: inputs changed since {last.get('since')}")
    if step := _upstream(stack, events, around):
        return step
    if around.inputs_sha256 != events[-1]["inputs_sha256"]:
        return _plan("Plan: upstream outputs changed")
    return _done(stack, events, "unchanged", f"skipped: inputs unchanged since {last['since']}")


def _upstream(stack: Stack, events: Sequence[Event], around: Around) -> Step | None:
    if around.broken:
        return _done(stack, events, "skipped", f"waits for {' and '.join(around.broken)}, which did not get through")
    return {"do": "wait", "why": f"Wait for {' and '.join(around.pending)}"} if around.pending else None


def _after_plan(stack: Stack, events: Sequence[Event], around: Around) -> Step:
    plan, since = _last_plan(events)
    if stack.mode == "drift":
        return _after_drift_plan(stack, events, plan, since)
    if plan.get("problems"):
        return _failed(stack, events, f"plan: {'; '.join(plan['problems'])}")
    step = (
        _adoption(stack, events, plan, since)
        or _only_looked(stack, events, plan)
        or _details(stack, plan, since)
        or _gates(stack, events, plan, since)
    )
    if step:
        return step
    if stack.only_plans:
        return _done(stack, events, "planned" if plan["has_changes"] else "unchanged")
    return _turn(stack, events, plan, around)


def _after_drift_plan(stack: Stack, events: Sequence[Event], plan: Event, since: Mapping[str, Event]) -> Step:
    # A plan of the refresh alone would tell more, most of it false: what AWS adds to one resource when another is created.
    if plan["has_changes"] and "detailed" not in since:
        return {"do": "details", "why": "Read what was changed outside Terraform"}
    drift = since.get("detailed", {}).get("drift", [])
    return _done(stack, events, "drifted" if drift else "none", drift_text(drift), drift=drift)


def _adoption(stack: Stack, events: Sequence[Event], plan: Event, since: Mapping[str, Event]) -> Step | None:
    """What AWS holds and the state does not is taken over only where a run of ours was interrupted."""
    if stack.mode == "destroy" or not (plan.get("look") or (stack.marker and stack.mode != "apply")):
        return None
    searches = sum(event["event"] == "adopted" for event in events)
    if "adopted" not in since:
        if plan["counts"]["created"] and searches < SEARCHES:
            interrupted = bool(stack.marker) or any(event.get("verdict") == "adopt" for event in events)
            why = "Look for what AWS holds and the state does not"
            return {"do": "adopt", "why": why, "interrupted": interrupted}
        return None
    found = since["adopted"]
    if found["foreign"]:
        return _failed(stack, events, f"plan: {'; '.join(item['sentence'] for item in found['foreign'])}")
    if not found["imports"]:
        return None
    if stack.mode == "apply":
        addresses = ", ".join(found["imports"])
        return _failed(
            stack,
            events,
            f"apply: an interrupted apply had created {addresses}; run playbooks/plan.yml again, which takes over what is ours",
        )
    imports: dict[str, str] = {}
    for event in events:
        imports |= event.get("imports", {})
    return _plan("Re-plan: import what an interrupted apply has created", imports=imports, replace=_replaced(events))


def _only_looked(stack: Stack, events: Sequence[Event], plan: Event) -> Step | None:
    """A plan that was made to name what is in the way of a saved one is never applied: nobody has reviewed it."""
    if stack.mode != "apply" or not plan.get("look"):
        return None
    reason = next(event["reason"] for event in reversed(events) if event["event"] == "applied")
    return _failed(stack, events, f"apply: {reason}")


def _details(stack: Stack, plan: Event, since: Mapping[str, Event]) -> Step | None:
    wanted = stack.details and plan["has_changes"] and stack.mode != "apply"
    return {"do": "details", "why": "Read the changes"} if wanted and "detailed" not in since else None


def _gates(stack: Stack, events: Sequence[Event], plan: Event, since: Mapping[str, Event]) -> Step | None:
    for problem in gates(stack, plan, _replaced(events), events):
        return _failed(stack, events, f"plan: {problem}")
    if "checked" in since:
        reason = since["checked"]["reason"]
        return _failed(stack, events, f"plan: {reason}") if reason else None
    # A saved plan was held against it when it was saved.
    if stack.checkov and plan["has_changes"] and stack.mode not in ("destroy", "apply"):
        return {"do": "checkov", "why": "Hold the plan against checkov"}
    return None


def gates(stack: Stack, plan: Event, replaced: Collection[str], events: Sequence[Event]) -> Iterable[str]:
    """Every reason not to apply this plan, in a sentence each."""
    # Who only plans may not write the state.
    anew = [action["address"] for action in plan["actions"] if action["action"] == "replace"]
    halfway = [address for address in anew if address in stack.tainted] if stack.only_plans else []
    if halfway:
        yield (
            f"{', '.join(halfway)} would be replaced only because a later step of the creation failed; take that mark away with "
            f"playbooks/untaint.yml --limit {stack.name}, then plan again"
        )
    lost = [] if stack.mode == "destroy" else forbidden(plan, [*stack.allow_destroy, *halfway], stack.name)
    if lost:
        buckets = any(".aws_s3_bucket." in f".{address}" for address in lost)
        filled = "; a bucket that holds anything goes only when it was deployed with force_destroy: true before"
        yield (
            f"the plan deletes or replaces {', '.join(lost)}, which holds data; if that is meant, allow it for this run with "
            f"site_builder_allow_destroy: {json.dumps(lost)}{filled if buckets else ''}"
        )
    touched = {action["address"] for action in plan["actions"]}
    allowed = set(stack.allow_destroy)
    copies = {a: r for a, r in stack.losing.items() if a in touched and not {a, f"{stack.name}:{a}"} & allowed}
    if copies and stack.mode != "destroy":
        told = "; ".join(f"{address} in {', '.join(regions)}" for address, regions in copies.items())
        yield (
            f"the plan deletes the replica of {told}, which holds data; if that is meant, allow it for this run with "
            f"site_builder_allow_destroy: {json.dumps(list(copies))}"
        )
    if stack.mode != "destroy":
        yield from stack.unfit
    # AWS would refuse in the middle, when the provider has already deleted the table's replicas.
    protected = [address for address in plan["stateful"] if address in stack.protected]
    if protected:
        yield (
            f"AWS protects {', '.join(protected)} against deletion; to lift that, deploy what is there now once more with "
            f"--limit {stack.name} -e site_builder_lift_protection=true"
        )
    if 0 < stack.max_changes < len(plan["actions"]):
        yield (
            f"the plan changes {len(plan['actions'])} resources, and site_builder_max_changes is {stack.max_changes}; look at "
            "the plan, then raise the limit for this run"
        )
    if stack.mode == "apply" and replaced:
        reviewed = [action for event in events if event["event"] == "saved" for action in event["actions"]]
        more = unreviewed(plan, reviewed)
        if more:
            yield (
                f"what was reviewed is applied, but the new deployment of the API would also change {', '.join(more)}, which "
                "nobody has reviewed; run playbooks/plan.yml again"
            )


def _turn(stack: Stack, events: Sequence[Event], plan: Event, around: Around) -> Step:
    """The plan may be applied, when the stack's turn has come and the plan still holds."""
    if step := _upstream(stack, events, around):
        return step
    if stack.mode != "destroy" and around.inputs_sha256 != plan["inputs_sha256"]:
        if stack.mode == "apply":
            upstream = " or ".join(stack.depends_on)
            return _failed(
                stack,
                events,
                f"apply: the outputs of {upstream} are not those that the plan of {stack.name} had assumed; run "
                "playbooks/plan.yml again",
            )
        return _plan("Re-plan: upstream outputs changed", replace=_replaced(events))
    if not plan["has_changes"]:
        return _close(stack, events)
    return {"do": "apply", "why": "Apply the plan", "actions": plan["actions"]}


def _after_apply(stack: Stack, events: Sequence[Event]) -> Step:
    last = _applies(events)[-1]
    if last["verdict"] == "done":
        return _republish(stack, events) or _second_step(stack, events) or _close(stack, events)
    if last.get("halfway") and events[-1]["event"] != "untainted" and last["verdict"] != "lost":
        return _untaint(last["halfway"])
    failures = sum(event["verdict"] != "done" for event in _applies(events))
    # A saved plan cannot be made anew here; a plan that only looks can, to name what is in the way.
    if last["verdict"] == "exists" and stack.mode != "destroy" and failures < max(stack.attempts, 2):
        return _plan("Re-plan: something exists already", look=True, replace=_replaced(events))
    if last["verdict"] in ("again", "adopt") and failures < stack.attempts and stack.mode != "apply":
        return _plan(
            "Re-plan: what is left to do after a failure that may pass",
            pause=PAUSE_SECONDS * failures,
            look=last["verdict"] == "adopt",
            replace=_replaced(events),
        )
    takes_over = last["verdict"] in ("adopt", "lost") and stack.mode == "apply"
    way_out = "; run playbooks/plan.yml again, which takes over what is ours" if takes_over else ""
    return _failed(stack, events, f"apply: {last['reason']}{way_out}")


def _republish(stack: Stack, events: Sequence[Event]) -> Step | None:
    """The copy of an API that a stage serves is made before its removed routes go, and would keep them (provider issue 11344).

    A route that changed its type has lost its integration by then (issue 21907); this plan brings that back, too.
    """
    plan, _ = _last_plan(events)
    outdated = outdated_deployments(plan) if stack.mode != "destroy" else []
    if not outdated:
        return None
    # After a saved plan it shall find nothing that was changed by hand since the review; what a replaced route has lost is found
    # by a look only.
    lost = any(
        action["action"] == "replace" and action["type"] in ("aws_api_gateway_method", "aws_api_gateway_integration")
        for action in plan["actions"]
    )
    return _plan(
        "Re-plan: the API's deployment still holds what was removed",
        replace=outdated,
        refresh=stack.mode != "apply" or lost,
    )


def _second_step(stack: Stack, events: Sequence[Event]) -> Step | None:
    plan, _ = _last_plan(events)
    if plan.get("half") and stack.mode == "deploy":
        return _plan("Re-plan: the second of two steps, which AWS does not take together")
    return None


def _close(stack: Stack, events: Sequence[Event]) -> Step:
    """The end of a stack that got through."""
    word = "succeeded" if any(event["event"] == "applied" for event in events) else "unchanged"
    reason = ""
    if stack.marker and stack.mode == "destroy":
        # Who destroys has looked for nothing.
        reason = (
            "an earlier apply was interrupted, and what it had created without recording it may still be in AWS; to be rid of "
            f"that, deploy {stack.name} once, which takes it over, and destroy again"
        )
    elif stack.marker and stack.mode not in ("untaint", "forget"):
        return {
            "do": "marker",
            "why": "Clear the recovery marker",
            "state": "settled",
            "then": {"result": word, "reason": ""},
        }
    return _done(stack, events, word, reason)


def _failed(stack: Stack, events: Sequence[Event], reason: str) -> Step:
    """The end of a stack that did not get through; where it has lost track of what it created, the next run shall look."""
    lost = any(event.get("verdict") in ("adopt", "lost") for event in events)
    lost = lost and not any(event.get("verdict") == "done" for event in events)
    if lost and stack.mode != "destroy":
        then = {"result": "failed", "reason": reason}
        return {"do": "marker", "why": "Set the recovery marker", "state": "marked", "then": then}
    return _done(stack, events, "failed", reason)


def _done(stack: Stack, events: Sequence[Event], result: str, reason: str = "", **more: Any) -> Step:
    """result: succeeded, unchanged, planned, failed, skipped, drifted, none or not deployed."""
    row = stack_result(stack.name, result, _plans(events), _applies(events), reason)
    return {"do": "done", "why": "", "result": {**row, **more}}


def _phase(do: str) -> str:
    return "apply" if do in ("apply", "marker") else "plan"


def _applies(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event["event"] == "applied"]


def _last_plan(events: Sequence[Event]) -> tuple[Event, dict[str, Event]]:
    """The plan that counts, and what was done with it since, by event."""
    at = max(position for position, event in enumerate(events) if event["event"] in ("planned", "saved"))
    return events[at], {event["event"]: event for event in events[at + 1 :]}


def _replaced(events: Sequence[Event]) -> list[str]:
    """What was to be replaced and is not yet, because the apply of it failed."""
    wanted: list[str] = []
    for event in events:
        if event["event"] == "planned":
            wanted = event.get("replace", wanted)
        elif event["event"] == "applied" and event["verdict"] == "done":
            wanted = []
    return wanted


def _plans(events: Sequence[Event]) -> list[Event]:
    """The plans that were applied, and the last one."""
    found: list[Event] = []
    last: Event | None = None
    for event in events:
        if event["event"] in ("planned", "saved"):
            last = event
        elif event["event"] == "applied" and last is not None:
            found.append(last)
            last = None
    return found + ([last] if last is not None else [])


@dataclass
class Run:
    """All stacks of a run: who waits for whom, and what each does next."""

    stacks: Mapping[str, Stack]
    # In the order in which they are done.
    order: Sequence[str]
    # By stack, those that come first; all of them are in this run.
    first: Mapping[str, Sequence[str]]
    events: dict[str, list[Event]] = field(default_factory=dict)

    def decide(self, inputs_sha256: Callable[[str], str]) -> dict[str, Step]:
        """The next step of every stack. inputs_sha256: by stack the hash of its variables, as of now."""
        steps: dict[str, Step] = {}
        for name in self.order:
            around = Around(
                broken=[n for n in self.first[name] if _ended(steps[n]) and not _through(steps[n])],
                pending=[n for n in self.first[name] if not _ended(steps[n])],
                inputs_sha256=inputs_sha256(name),
            )
            steps[name] = next_step(self.stacks[name], self.events.get(name, []), around)
        return self._whole(steps)

    def _whole(self, steps: dict[str, Step]) -> dict[str, Step]:
        """A saved plan is applied as a whole or not at all."""
        begun = any(event["event"] == "applied" for events in self.events.values() for event in events)
        refused = [n for n, s in steps.items() if _ended(s) and s["result"]["result"] == "failed"]
        if begun or not refused or self.stacks[self.order[0]].mode != "apply":
            return steps
        for name, step in steps.items():
            if step["do"] in ("apply", "wait", "saved") or (_ended(step) and step["result"]["result"] == "skipped"):
                reason = f"the saved plan is applied as a whole, and {' and '.join(refused)} was refused"
                steps[name] = _done(self.stacks[name], self.events.get(name, []), "skipped", reason)
        return steps

    def inputs_to_remember(self, steps: Mapping[str, Step]) -> dict[str, str]:
        """By stack the fingerprint of what is now in AWS: of its last plan, when that was applied or had nothing to change."""
        found = {}
        for name, step in steps.items():
            events = self.events.get(name, [])
            if (
                not _ended(step)
                or not _through(step)
                or not any(event["event"] in ("planned", "saved") for event in events)
            ):
                continue
            plan, since = _last_plan(events)
            if not plan.get("half") and (not plan["has_changes"] or "applied" in since):
                found[name] = inputs_fingerprint(plan["source_sha256"], plan["tfvars_sha256"])
        return found

    def rounds(self, steps: Mapping[str, Step]) -> int:
        """How many rounds there are until the last stack is done, when nothing unexpected happens."""
        depth: dict[str, int] = {}
        for name in self.order:
            if _ended(steps[name]):
                depth[name] = 0
            else:
                depth[name] = 1 + max((depth[n] for n in self.first[name] if steps[name]["do"] == "wait"), default=0)
        return max(depth.values(), default=0)


def _ended(step: Step) -> bool:
    return step["do"] == "done"


def _through(step: Step) -> bool:
    return step["result"]["result"] in THROUGH


def refusals(
    run: Run, rules: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]
) -> Iterable[str]:
    """Why this run must not do what it is about to do; asked before every decision, so that no switch of Ansible skips it.

    rules: environment, production, confirm_destroy, destroy_prod, empty_buckets, require_plan. known: all stacks, with
    depends_on. states: what environment_info has read.
    """
    mode = next(iter(run.stacks.values())).mode
    writes = not any(stack.only_plans for stack in run.stacks.values())
    if mode == "destroy":
        yield from _destruction(run, rules, known, states)
    elif mode == "deploy" and writes and rules["require_plan"]:
        yield (
            f"site_builder_require_plan is true, and {rules['environment']} takes reviewed plans only: run playbooks/plan.yml, "
            "have the plan reviewed, then run playbooks/apply.yml"
        )
    if mode in ("deploy", "apply") and writes:
        for name in run.stacks:
            missing = [u for u in known[name]["depends_on"] if u not in run.stacks and not states[u]["deployed"]]
            if missing:
                yield (
                    f"{' and '.join(missing)} must be deployed before {name}, and this run leaves it out; add it to --limit"
                )


def _destruction(
    run: Run, rules: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]
) -> Iterable[str]:
    """Before anything goes: tables and buckets go last, and then it is too late to say that they cannot."""
    environment = rules["environment"]
    if rules["confirm_destroy"] != environment:
        yield (
            f"site_builder_confirm_destroy is {json.dumps(rules['confirm_destroy'])}, and destroying {environment} needs its "
            f"name: -e site_builder_confirm_destroy={environment}"
        )
    if rules["production"] and not rules["destroy_prod"]:
        yield (
            f"site_builder_destroy_prod is false, and destroying {environment} needs a second switch: "
            "-e site_builder_destroy_prod=true"
        )
    begun = any(event["event"] == "applied" for events in run.events.values() for event in events)
    for name in run.stacks if not begun else ():
        needed = [d for d in known if name in known[d]["depends_on"] and d not in run.stacks and states[d]["deployed"]]
        if needed:
            yield f"{' and '.join(needed)} still needs {name}, and this run leaves it out; add it to --limit"
        if states[name]["protected"]:
            yield (
                f"AWS protects {', '.join(states[name]['protected'])} against deletion; to lift that, deploy once more with "
                f"--limit {name} -e site_builder_lift_protection=true"
            )
        if states[name]["filled"]:
            yield (
                "site_builder_empty_buckets is false, and there are objects or versions of them in "
                f"{', '.join(states[name]['filled'])}; copy what is still needed, then destroy with "
                "-e site_builder_empty_buckets=true, which deletes all of it"
            )
