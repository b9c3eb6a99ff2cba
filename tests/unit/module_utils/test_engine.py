"""Every path of a stack through the engine: what happened, and what happens next."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import engine
from ansible_collections.bbws.site_builder.plugins.module_utils.engine import Around, Run, Stack, next_step, refusals

NOTHING = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}
TABLE = 'module.tables["a"].aws_dynamodb_table.this'
ROUTE = 'module.apis["a"].aws_api_gateway_method.this["GET /a"]'
DEPLOYMENT = 'module.apis["a"].aws_api_gateway_deployment.this'
RULES = {
    "environment": "dev",
    "production": False,
    "confirm_destroy": "",
    "destroy_prod": False,
    "require_plan": False,
}


def planned(*actions: tuple[str, str], event: str = "planned", **more: Any) -> dict[str, Any]:
    """A plan with these actions, each (action, address)."""
    columns = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    counts = dict(NOTHING)
    for action, _ in actions:
        counts[columns[action]] += 1
    found = [{"action": action, "address": address, "type": address.split(".")[2]} for action, address in actions]
    stateful = [a["address"] for a in found if "table" in a["type"] and a["action"] in ("delete", "replace")]
    plan = {
        "actions": found,
        "counts": counts,
        "has_changes": bool(actions),
        "stateful": stateful,
        "inputs_sha256": "1",
    }
    return {"event": event, **plan, "look": False, "replace": [], "seconds": 1.0, **more}


NO_CHANGE = planned()
CREATE = planned(("create", TABLE))
UPDATE = planned(("update", TABLE))


def applied(verdict: str = "done", created: int = 0, reason: str = "AWS said no") -> dict[str, Any]:
    summary = {"counts": {**NOTHING, "created": created}, "started": None, "ended": None, "seconds": 2.0}
    return {"event": "applied", **summary, "verdict": verdict, "reason": "" if verdict == "done" else reason}


def adopted(imports: dict | None = None, foreign: tuple = ()) -> dict[str, Any]:
    return {"event": "adopted", "imports": imports or {}, "foreign": list(foreign), "leftovers": []}


def stack(mode: str = "deploy", **more: Any) -> Stack:
    return Stack(name="dynamodb", mode=mode, depends_on=("s3", "iam"), **more)


def step(one: Stack, *events: dict, sha: str = "1", **around: Any) -> dict[str, Any]:
    return next_step(one, events, Around(inputs_sha256=sha, **around))


def ending(taken: dict[str, Any]) -> tuple[str, str]:
    assert taken["do"] == "done", taken
    return taken["result"]["result"], taken["result"]["reason"]


class TestPlan:
    @pytest.mark.parametrize(
        ("mode", "first"), [("plan", "plan"), ("deploy", "plan"), ("apply", "saved"), ("destroy", "plan")]
    )
    def test_the_first_step(self, mode: str, first: str) -> None:
        assert step(stack(mode))["do"] == first

    def test_a_failed_plan_ends_the_stack(self) -> None:
        failed = {"event": "failed", "do": "plan", "reason": "no such table"}
        assert ending(step(stack(), failed)) == ("failed", "plan: no such table")

    def test_a_lock_that_has_gone_is_no_reason_to_end(self) -> None:
        tried = {"imports": {TABLE: "a"}, "replace": [ROUTE], "refresh": False, "look": True}
        failed = {"event": "failed", "do": "plan", "reason": "the state is locked", "again": tried}
        taken = step(stack("plan"), CREATE, failed)
        assert taken == {**tried, "do": "plan", "why": "Plan again: the lock of another run has gone", "pause": 5}
        assert step(stack("plan"), failed, failed)["pause"] == 10
        assert ending(step(stack("plan"), failed, failed, failed)) == ("failed", "plan: the state is locked")

    @pytest.mark.parametrize("one", [stack("plan"), stack(check=True)])
    @pytest.mark.parametrize(("plan", "word"), [(NO_CHANGE, "unchanged"), (UPDATE, "planned")])
    def test_who_only_plans_ends_there(self, one: Stack, plan: dict, word: str) -> None:
        assert ending(step(one, plan)) == (word, "")

    def test_a_reviewer_sees_every_change(self) -> None:
        one = stack("plan", details=True)
        assert step(one, UPDATE)["do"] == "details"
        assert ending(step(one, UPDATE, {"event": "detailed", "drift": []}))[0] == "planned"
        assert ending(step(one, NO_CHANGE))[0] == "unchanged"

    def test_a_plan_counts_what_would_be_done(self) -> None:
        assert step(stack("plan"), CREATE)["result"]["counts"]["created"] == 1


class TestGates:
    @pytest.mark.parametrize("action", ["delete", "replace"])
    def test_data_is_not_lost(self, action: str) -> None:
        word, reason = ending(step(stack(), planned((action, TABLE))))
        assert word == "failed"
        assert f"site_builder_allow_destroy: {json.dumps([TABLE])}" in reason

    def test_of_a_bucket_that_holds_anything_more_is_said(self) -> None:
        bucket = 'module.buckets["a"].aws_s3_bucket.this'
        reason = ending(step(stack(), {**planned(("delete", bucket)), "stateful": [bucket]}))[1]
        assert f"{json.dumps([bucket])}; a bucket that holds anything goes only when" in reason

    @pytest.mark.parametrize("allowed", [TABLE, f"dynamodb:{TABLE}"])
    def test_unless_it_is_allowed(self, allowed: str) -> None:
        assert step(stack(allow_destroy=[allowed]), planned(("delete", TABLE)))["do"] == "apply"

    def test_what_aws_protects(self) -> None:
        one = stack(allow_destroy=[TABLE], protected=[TABLE])
        assert "site_builder_lift_protection=true" in ending(step(one, planned(("delete", TABLE))))[1]

    @pytest.mark.parametrize("mode", ["plan", "deploy"])
    def test_what_aws_does_not_take_from_here(self, mode: str) -> None:
        assert ending(step(stack(mode, unfit=["a is b; do c"]), UPDATE)) == ("failed", "plan: a is b; do c")
        assert step(stack("destroy", unfit=["a is b; do c"]), planned(("delete", TABLE)))["do"] == "apply"

    def test_too_many_changes(self) -> None:
        plan = planned(("create", TABLE), ("create", ROUTE))
        assert "site_builder_max_changes is 1" in ending(step(stack(max_changes=1), plan))[1]
        assert step(stack(max_changes=2), plan)["do"] == "apply"

    def test_checkov(self) -> None:
        one = stack(checkov=True)
        assert step(one, UPDATE)["do"] == "checkov"
        assert step(one, UPDATE, {"event": "checked", "reason": ""})["do"] == "apply"
        assert ending(step(one, UPDATE, {"event": "checked", "reason": "refused"})) == ("failed", "plan: refused")
        assert ending(step(one, NO_CHANGE)) == ("unchanged", "")

    def test_a_refused_stack_keeps_its_counts(self) -> None:
        result = step(stack(), planned(("delete", TABLE)))["result"]
        assert (result["counts"]["deleted"], result["planned"]["deleted"]) == (0, 1)


class TestApply:
    def test_what_is_planned_is_applied(self) -> None:
        assert step(stack(), UPDATE)["do"] == "apply"
        taken = step(stack(), UPDATE, applied(created=3))
        assert ending(taken) == ("succeeded", "")
        assert taken["result"]["counts"]["created"] == 3
        assert taken["result"]["seconds"] == 3.0

    def test_nothing_to_do(self) -> None:
        assert ending(step(stack(), NO_CHANGE)) == ("unchanged", "")

    def test_it_waits_for_its_turn(self) -> None:
        assert step(stack(), UPDATE, pending=["iam"])["do"] == "wait"
        assert ending(step(stack(), UPDATE, broken=["iam"])) == ("skipped", "waits for iam, which did not get through")

    def test_upstream_outputs_changed(self) -> None:
        taken = step(stack(), UPDATE, sha="2")
        assert (taken["do"], taken["why"]) == ("plan", "Re-plan: upstream outputs changed")
        # The new plan may have nothing left to do.
        assert ending(step(stack(), UPDATE, planned(inputs_sha256="2"), sha="2")) == ("unchanged", "")

    def test_nor_can_an_unchanged_plan_be_trusted_then(self) -> None:
        assert step(stack(), NO_CHANGE, sha="2")["do"] == "plan"

    def test_an_error_that_stays(self) -> None:
        taken = step(stack(), UPDATE, applied("failed", created=2))
        assert ending(taken) == ("failed", "apply: AWS said no")
        assert taken["result"]["counts"]["created"] == 2, "what was created before the error is there"


class TestRetry:
    def test_an_error_that_may_pass(self) -> None:
        taken = step(stack(), UPDATE, applied("again"))
        assert (taken["do"], taken["pause"], taken["look"]) == ("plan", 5, False)
        second = step(stack(), UPDATE, applied("again"), UPDATE, applied("again"))
        assert (second["do"], second["pause"]) == ("plan", 10)

    def test_attempts_end(self) -> None:
        events = [UPDATE, applied("again", created=1)] * 3
        taken = step(stack(), *events)
        assert ending(taken) == ("failed", "apply: AWS said no")
        assert taken["result"]["counts"]["created"] == 3

    def test_the_new_plan_meets_the_same_gates(self) -> None:
        assert ending(step(stack(), UPDATE, applied("again"), planned(("delete", TABLE))))[0] == "failed"

    def test_nothing_left_to_do(self) -> None:
        assert ending(step(stack(), UPDATE, applied("again", created=1), NO_CHANGE)) == ("succeeded", "")

    def test_a_saved_plan_is_not_made_anew(self) -> None:
        saved = {**UPDATE, "event": "saved", "problems": []}
        assert ending(step(stack("apply"), saved, applied("again"))) == ("failed", "apply: AWS said no")

    def test_a_step_that_broke(self) -> None:
        broke = {"event": "failed", "do": "apply", "reason": "the bucket is gone"}
        assert ending(step(stack(), UPDATE, broke)) == ("failed", "apply: the bucket is gone")

    @pytest.mark.parametrize("do", ["plan", "apply", "adopt", "checkov"])
    def test_what_was_created_before_a_step_broke_is_counted(self, do: str) -> None:
        """A rescue knows nothing of it; the events do."""
        events = [CREATE, applied("again", created=3), {"event": "failed", "do": do, "reason": "no"}]
        result = next_step(stack(), events, Around())["result"]
        assert (result["result"], result["counts"]["created"]) == ("failed", 3)


class TestInterrupted:
    """A killed Terraform had created what it could not write into the state any more."""

    def test_the_plan_after_it_looks(self) -> None:
        one = stack(marker="m")
        assert step(one, CREATE)["do"] == "adopt"
        taken = step(one, CREATE, adopted({TABLE: "a"}))
        assert (taken["do"], taken["imports"]) == ("plan", {TABLE: "a"})

    def test_what_was_found_is_kept_while_more_is_found(self) -> None:
        taken = step(stack(marker="m"), CREATE, adopted({TABLE: "a"}), CREATE, adopted({ROUTE: "b"}))
        assert taken["imports"] == {TABLE: "a", ROUTE: "b"}

    def test_it_does_not_look_for_ever(self) -> None:
        events = [CREATE, adopted({TABLE: "a"})] * engine.SEARCHES
        assert step(stack(marker="m"), *events, CREATE)["do"] == "apply"

    def test_somebody_elses(self) -> None:
        foreign = [{"address": TABLE, "id": "a", "sentence": "the table a is not ours"}]
        assert ending(step(stack(marker="m"), CREATE, adopted(foreign=foreign))) == (
            "failed",
            "plan: the table a is not ours",
        )

    def test_the_marker_goes_when_all_is_well(self) -> None:
        taken = step(stack(marker="m"), UPDATE, applied())
        assert (taken["do"], taken["state"]) == ("marker", "settled")
        assert ending(step(stack(marker="m"), UPDATE, applied(), {"event": "marked", "then": taken["then"]})) == (
            "succeeded",
            "",
        )
        assert step(stack(marker="m"), NO_CHANGE)["do"] == "marker"

    @pytest.mark.parametrize("one", [stack(marker="m", check=True), stack("plan", marker="m")])
    def test_who_only_plans_leaves_it(self, one: Stack) -> None:
        assert step(one, CREATE)["do"] == "adopt"
        assert ending(step(one, NO_CHANGE))[0] == "unchanged"

    @pytest.mark.parametrize("mode", ["destroy", "drift"])
    def test_who_destroys_or_compares_does_not_look(self, mode: str) -> None:
        assert step(stack(mode, marker="m", deployed=True), CREATE)["do"] != "adopt"

    def test_a_destruction_warns(self) -> None:
        one = stack("destroy", marker="m")
        word, reason = ending(step(one, planned(("delete", ROUTE)), applied()))
        assert word == "succeeded"
        assert "deploy dynamodb once, which takes it over" in reason

    @pytest.mark.parametrize("verdict", ["adopt", "lost"])
    def test_an_apply_that_lost_track_leaves_a_marker(self, verdict: str) -> None:
        events = [CREATE, applied(verdict)] * 3
        taken = step(stack(), *events)
        assert (taken["do"], taken["state"]) == ("marker", "marked")
        assert ending(step(stack(), *events, {"event": "marked", "then": taken["then"]})) == (
            "failed",
            "apply: AWS said no",
        )

    def test_a_provider_that_died_is_followed_by_a_search(self) -> None:
        taken = step(stack(), CREATE, applied("adopt"))
        assert (taken["do"], taken["look"]) == ("plan", True)
        looking = planned(("create", TABLE), look=True)
        assert step(stack(), CREATE, applied("adopt"), looking)["do"] == "adopt"
        assert step(stack(), CREATE, applied("adopt"), looking, adopted({TABLE: "a"}))["do"] == "plan"

    def test_a_killed_terraform_holds_the_lock_and_is_not_retried(self) -> None:
        assert step(stack(), CREATE, applied("lost"))["do"] == "marker"

    def test_a_marker_that_cannot_be_written_is_the_end(self) -> None:
        broke = {"event": "failed", "do": "marker", "reason": "no bucket"}
        assert ending(step(stack(), CREATE, applied("lost"), broke))[0] == "failed"


class TestNotOurs:
    """Something exists already, and no run of ours was interrupted: it is named, not taken."""

    def test_it_is_looked_for(self) -> None:
        taken = step(stack(), CREATE, applied("exists"))
        assert (taken["do"], taken["look"]) == ("plan", True)

    @pytest.mark.parametrize("mode", ["deploy", "apply"])
    def test_and_named_with_what_would_take_it(self, mode: str) -> None:
        first = {**CREATE, "event": "saved", "problems": []} if mode == "apply" else CREATE
        looking = planned(("create", TABLE), look=True)
        taken = step(stack(mode), first, applied("exists"), looking)
        assert (taken["do"], taken["interrupted"]) == ("adopt", False)
        foreign = [
            {"address": TABLE, "id": "a", "sentence": "the table is there; take it over with site_builder_imports"}
        ]
        events = [first, applied("exists"), looking, adopted(foreign=foreign)]
        assert ending(step(stack(mode), *events)) == ("failed", f"plan: {foreign[0]['sentence']}")

    def test_a_saved_plan_takes_nothing_over_by_itself(self) -> None:
        saved = {**CREATE, "event": "saved", "problems": []}
        looking = planned(("create", TABLE), look=True)
        reason = ending(step(stack("apply", marker="m"), saved, applied("exists"), looking, adopted({TABLE: "a"})))[1]
        assert "run playbooks/plan.yml again, which takes over what is ours" in reason

    def test_where_the_provider_died_in_this_very_run_it_is_ours(self) -> None:
        looking = planned(("create", TABLE), look=True)
        events = [CREATE, applied("adopt"), CREATE, applied("exists"), looking]
        assert step(stack(), *events)["interrupted"] is True
        assert step(stack(), *events, adopted({TABLE: "a"}))["do"] == "plan"

    @pytest.mark.parametrize("plan", [planned(look=True), planned(("update", TABLE), look=True)])
    def test_a_plan_that_only_looked_is_never_applied_after_a_saved_one(self, plan: dict) -> None:
        saved = {**CREATE, "event": "saved", "problems": []}
        assert ending(step(stack("apply"), saved, applied("exists"), plan)) == ("failed", "apply: AWS said no")


class TestSaved:
    SAVED = {**UPDATE, "event": "saved", "problems": []}

    def test_it_is_applied_as_it_is(self) -> None:
        assert step(stack("apply"), self.SAVED)["do"] == "apply"
        assert ending(step(stack("apply", check=True), self.SAVED))[0] == "planned"

    def test_a_plan_that_is_not_what_it_says(self) -> None:
        assert ending(step(stack("apply"), {**self.SAVED, "problems": ["it lies", "twice"]})) == (
            "failed",
            "plan: it lies; twice",
        )

    def test_upstream_outputs_changed(self) -> None:
        word, reason = ending(step(stack("apply"), self.SAVED, sha="2"))
        assert word == "failed"
        assert "the outputs of s3 or iam are not those that the plan of dynamodb had assumed" in reason

    @pytest.mark.parametrize("refused", [{"sha": "2"}, {"problems": ["x; run playbooks/plan.yml again"]}])
    def test_plan_again_arrives(self, refused: dict) -> None:
        """What the sentence asks for: a new plan, made of what is here now, is applied."""
        saved = {**UPDATE, "event": "saved", "problems": refused.get("problems", [])}
        assert ending(step(stack("apply"), saved, sha=refused.get("sha", "1")))[0] == "failed"
        anew = {**UPDATE, "inputs_sha256": "2"}
        assert ending(step(stack("plan"), anew, sha="2")) == ("planned", "")
        assert step(stack("apply"), {**anew, "event": "saved", "problems": []}, sha="2")["do"] == "apply"

    def test_what_an_interrupted_one_had_created_is_in_the_next(self) -> None:
        one = stack("plan", marker="m")
        assert step(one, CREATE)["do"] == "adopt"
        assert step(one, CREATE, adopted({TABLE: "a"}))["imports"] == {TABLE: "a"}
        assert ending(step(one, CREATE, adopted({TABLE: "a"}), UPDATE)) == ("planned", "")

    def test_gates_hold_again(self) -> None:
        saved = {**planned(("delete", TABLE)), "event": "saved", "problems": []}
        assert "site_builder_allow_destroy" in ending(step(stack("apply"), saved))[1]


class TestReplicas:
    def test_a_copy_is_data(self) -> None:
        one = stack(losing={TABLE: ["eu-west-1"]})
        assert f"the replica of {TABLE} in eu-west-1" in ending(step(one, UPDATE))[1]
        assert step(stack(losing={TABLE: ["eu-west-1"]}, allow_destroy=[TABLE]), UPDATE)["do"] == "apply"

    def test_what_the_plan_leaves_alone_is_not_lost(self) -> None:
        assert step(stack(losing={TABLE: ["eu-west-1"]}), planned(("create", ROUTE)))["do"] == "apply"

    def test_two_steps(self) -> None:
        half = {**UPDATE, "half": True}
        taken = step(stack(), half, applied())
        assert (taken["do"], taken["why"]) == (
            "plan",
            "Re-plan: the second of two steps, which AWS does not take together",
        )
        assert ending(step(stack(), half, applied(), {**UPDATE, "half": False}, applied()))[0] == "succeeded"

    def test_the_second_of_a_saved_plan_is_the_next_plan(self) -> None:
        saved = {**UPDATE, "event": "saved", "problems": [], "half": True}
        assert ending(step(stack("apply"), saved, applied()))[0] == "succeeded"


class TestTainted:
    """A table was made and its replica refused: Terraform would replace the table, and the gates would send people in a circle."""

    HALFWAY = {**applied("failed"), "halfway": [TABLE]}

    def test_it_is_mended_at_once(self) -> None:
        taken = step(stack(), CREATE, self.HALFWAY)
        assert (taken["do"], taken["addresses"]) == ("untaint", [TABLE])
        assert ending(step(stack(), CREATE, self.HALFWAY, {"event": "untainted"})) == ("failed", "apply: AWS said no")

    def test_in_a_saved_apply_too(self) -> None:
        saved = {**CREATE, "event": "saved", "problems": []}
        assert step(stack("apply"), saved, self.HALFWAY)["do"] == "untaint"

    def test_and_then_tried_again(self) -> None:
        halfway = {**self.HALFWAY, "verdict": "again"}
        taken = step(stack(), CREATE, halfway, {"event": "untainted"})
        assert (taken["do"], taken["pause"]) == ("plan", 5)

    def test_a_killed_terraform_still_holds_the_lock(self) -> None:
        assert step(stack(), CREATE, {**self.HALFWAY, "verdict": "lost"})["do"] == "marker"

    def test_what_an_earlier_run_has_left(self) -> None:
        one = stack(tainted=[TABLE])
        assert step(one)["addresses"] == [TABLE]
        assert step(one, {"event": "untainted"})["do"] == "plan"

    def test_by_itself_where_plans_are_reviewed(self) -> None:
        one = stack("untaint", tainted=[TABLE], marker="m")
        assert step(one)["addresses"] == [TABLE]
        assert ending(step(one, {"event": "untainted"})) == ("succeeded", "")
        assert ending(step(stack("untaint", marker="m"))) == ("unchanged", "")

    @pytest.mark.parametrize("one", [stack("plan", tainted=[TABLE]), stack(check=True, tainted=[TABLE])])
    def test_who_only_plans_is_told_the_way(self, one: Stack) -> None:
        assert "playbooks/untaint.yml --limit dynamodb" in ending(step(one, planned(("replace", TABLE))))[1]

    def test_who_only_plans_is_told_of_what_holds_no_data_too(self) -> None:
        group = "module.logs.aws_cloudwatch_log_group.this"
        told = ending(step(stack("plan", tainted=[group]), planned(("replace", group))))[1]
        assert f"{group} would be replaced only because a later step of the creation failed" in told

    @pytest.mark.parametrize("one", [stack(check=True, tainted=[TABLE]), stack("destroy", tainted=[TABLE])])
    def test_who_only_looks_or_destroys_leaves_it(self, one: Stack) -> None:
        assert step(one)["do"] == "plan"


class TestRepublish:
    REMOVES = planned(("delete", ROUTE))

    def test_a_removed_route_goes_from_the_deployment(self) -> None:
        taken = step(stack(), self.REMOVES, applied())
        assert (taken["do"], taken["replace"], taken["refresh"]) == ("plan", [DEPLOYMENT], True)
        again = planned(("replace", DEPLOYMENT), replace=[DEPLOYMENT])
        assert step(stack(), self.REMOVES, applied(), again)["do"] == "apply"
        result = step(stack(), self.REMOVES, applied(), again, applied())["result"]
        assert [action["address"] for action in result["actions"]] == [ROUTE, DEPLOYMENT]

    def test_a_retry_still_replaces_it(self) -> None:
        again = planned(("replace", DEPLOYMENT), replace=[DEPLOYMENT])
        assert step(stack(), self.REMOVES, applied(), again, applied("again"))["replace"] == [DEPLOYMENT]

    def test_after_a_saved_plan_only_a_replaced_route_is_looked_at(self) -> None:
        saved = {**self.REMOVES, "event": "saved", "problems": []}
        assert step(stack("apply"), saved, applied())["refresh"] is False
        replaced = {**planned(("replace", ROUTE)), "event": "saved", "problems": []}
        assert step(stack("apply"), replaced, applied())["refresh"] is True

    def test_and_nothing_is_changed_that_nobody_has_reviewed(self) -> None:
        saved = {**self.REMOVES, "event": "saved", "problems": []}
        more = planned(("replace", DEPLOYMENT), ("update", TABLE), replace=[DEPLOYMENT])
        assert f"would also change {TABLE}" in ending(step(stack("apply"), saved, applied(), more))[1]

    def test_who_destroys_publishes_nothing(self) -> None:
        assert ending(step(stack("destroy"), self.REMOVES, applied()))[0] == "succeeded"


class TestDrift:
    DRIFT = [{"address": TABLE, "action": "deleted", "changes": []}]

    def test_not_deployed(self) -> None:
        assert ending(step(stack("drift")))[0] == "not deployed"

    def test_none(self) -> None:
        one = stack("drift", deployed=True)
        assert step(one)["do"] == "plan"
        assert ending(step(one, NO_CHANGE))[0] == "none"

    def test_what_was_changed(self) -> None:
        one = stack("drift", deployed=True)
        assert step(one, planned(("delete", TABLE)))["do"] == "details"
        taken = step(one, planned(("delete", TABLE)), {"event": "detailed", "drift": self.DRIFT})
        assert ending(taken) == ("drifted", f"{TABLE} was deleted")
        assert taken["result"]["drift"] == self.DRIFT

    def test_a_change_of_the_code_is_no_drift(self) -> None:
        one = stack("drift", deployed=True)
        assert ending(step(one, UPDATE, {"event": "detailed", "drift": []}))[0] == "none"


def run(events: dict[str, list], mode: str = "deploy", **more: Any) -> Run:
    """Three stacks: c needs b, b needs a."""
    first = {"a": [], "b": ["a"], "c": ["b"]}
    order = ["a", "b", "c"]
    if mode == "destroy":
        first, order = {"a": ["b"], "b": ["c"], "c": []}, ["c", "b", "a"]
    stacks = {name: Stack(name=name, mode=mode, depends_on=first[name], **more) for name in order}
    return Run(stacks=stacks, order=order, first=first, events=events)


def decided(one: Run) -> dict[str, str]:
    steps = one.decide(lambda name: "1")
    return {name: s["result"]["result"] if s["do"] == "done" else s["do"] for name, s in steps.items()}


class TestRun:
    def test_everything_is_planned_at_once(self) -> None:
        one = run({})
        steps = one.decide(lambda name: "1")
        assert {s["do"] for s in steps.values()} == {"plan"}
        assert one.rounds(steps) == 1

    def test_where_nothing_changes_one_decision_ends_all(self) -> None:
        one = run({name: [NO_CHANGE] for name in "abc"})
        assert decided(one) == dict.fromkeys("abc", "unchanged")
        assert one.rounds(one.decide(lambda name: "1")) == 0

    def test_upstream_first(self) -> None:
        one = run({name: [UPDATE] for name in "abc"})
        assert decided(one) == {"a": "apply", "b": "wait", "c": "wait"}
        assert one.rounds(one.decide(lambda name: "1")) == 3

    def test_downstream_first_when_it_all_goes(self) -> None:
        one = run({name: [planned(("delete", ROUTE))] for name in "abc"}, mode="destroy")
        assert decided(one) == {"c": "apply", "b": "wait", "a": "wait"}

    def test_a_failure_holds_up_what_needs_it_and_nothing_else(self) -> None:
        failed = {"event": "failed", "do": "plan", "reason": "no"}
        assert decided(run({"a": [NO_CHANGE], "b": [failed], "c": [UPDATE]})) == {
            "a": "unchanged",
            "b": "failed",
            "c": "skipped",
        }

    def test_unchanged_upstream_does_not_wait_for_a_turn(self) -> None:
        assert decided(run({"a": [NO_CHANGE], "b": [UPDATE], "c": [NO_CHANGE]})) == {
            "a": "unchanged",
            "b": "apply",
            "c": "wait",
        }

    def test_a_saved_plan_that_was_not_taken_ends_every_stack_with_the_reason(self) -> None:
        """So that it is in the table and in report.json, as any other."""
        (event,) = engine.not_taken("apply", {"failed": False, "msg": "there is no such plan"})
        ended = run({name: [event] for name in "abc"}, mode="apply")
        assert decided(ended) == {"a": "failed", "b": "failed", "c": "failed"}
        steps = ended.decide(lambda name: "1")
        assert {step["result"]["reason"] for step in steps.values()} == {"plan: there is no such plan"}

    @pytest.mark.parametrize(
        ("mode", "saved"),
        [
            ("apply", None),
            ("apply", {"plan_id": "1", "manifest": {}}),
            ("plan", {"msg": "not saved"}),
            ("deploy", None),
        ],
    )
    def test_nothing_was_refused(self, mode: str, saved: dict | None) -> None:
        """Nobody has asked yet; it was taken; plans are made."""
        assert engine.not_taken(mode, saved) == []

    def test_a_saved_plan_is_applied_as_a_whole_or_not_at_all(self) -> None:
        saved = {**UPDATE, "event": "saved", "problems": []}
        refused = {**saved, "problems": ["it lies"]}
        assert decided(run({"a": [saved], "b": [saved], "c": [refused]}, mode="apply")) == {
            "a": "skipped",
            "b": "skipped",
            "c": "failed",
        }

    def test_what_fails_in_the_middle_of_it_holds_up_only_its_own(self) -> None:
        saved = {**UPDATE, "event": "saved", "problems": []}
        events = {"a": [saved, applied()], "b": [saved, applied("failed")], "c": [saved]}
        assert decided(run(events, mode="apply")) == {"a": "succeeded", "b": "failed", "c": "skipped"}


class TestRefusals:
    KNOWN = {"a": {"depends_on": []}, "b": {"depends_on": ["a"]}, "c": {"depends_on": ["b"]}}

    def said(self, one: Run, deployed: str = "abc", rules: dict | None = None, **more: Any) -> str:
        states = {n: {"deployed": n in deployed, "protected": [], "filled": [], **more} for n in self.KNOWN}
        return "\n".join(refusals(one, {**RULES, **(rules or {})}, self.KNOWN, states))

    def part(self, mode: str, *names: str, **more: Any) -> Run:
        stacks = {name: Stack(name=name, mode=mode, **more) for name in names}
        return Run(stacks=stacks, order=list(names), first={name: [] for name in names})

    @pytest.mark.parametrize("mode", ["deploy", "apply"])
    def test_what_is_missing_upstream_before_anything_is_applied(self, mode: str) -> None:
        assert self.said(self.part(mode, "b"), deployed="") == (
            "a must be deployed before b, and this run leaves it out; add it to --limit"
        )
        assert self.said(self.part(mode, "b"), deployed="a") == ""
        assert self.said(self.part(mode, "b", check=True), deployed="") == ""
        assert self.said(self.part("plan", "b"), deployed="") == ""

    def test_only_reviewed_plans(self) -> None:
        needs = {"require_plan": True}
        assert "takes reviewed plans only" in self.said(run({}), rules=needs)
        assert self.said(run({}, check=True), rules=needs) == ""
        assert self.said(run({}, mode="apply"), rules=needs) == ""

    def test_a_destruction_is_confirmed(self) -> None:
        assert "-e site_builder_confirm_destroy=dev" in self.said(run({}, mode="destroy"))
        assert self.said(run({}, mode="destroy"), rules={"confirm_destroy": "dev"}) == ""

    def test_twice_for_production(self) -> None:
        rules = {"environment": "prod", "production": True, "confirm_destroy": "prod"}
        assert "-e site_builder_destroy_prod=true" in self.said(run({}, mode="destroy"), rules=rules)
        assert self.said(run({}, mode="destroy"), rules={**rules, "destroy_prod": True}) == ""

    def test_what_is_lifted_and_emptied_goes(self) -> None:
        rules = {**RULES, "confirm_destroy": "dev"}
        assert self.said(run({}, mode="destroy"), rules=rules, protected=[], filled=[]) == ""
        assert step(stack("destroy"), planned(("delete", TABLE)))["do"] == "apply"

    def test_before_anything_goes(self) -> None:
        rules = {"confirm_destroy": "dev"}
        assert "c still needs b" in self.said(self.part("destroy", "b"), rules=rules)
        assert "AWS protects t" in self.said(run({}, mode="destroy"), rules=rules, protected=["t"])
        assert "site_builder_empty_buckets is false" in self.said(run({}, mode="destroy"), rules=rules, filled=["s"])


def compared(sha256: str = "same", inputs: str = "1") -> dict[str, Any]:
    return {"event": "compared", "sha256": sha256, "inputs_sha256": inputs}


class TestSkipUnchanged:
    """A stack whose last apply had the same inputs is not planned, and nothing else is taken for such a one."""

    LAST: ClassVar[dict[str, str]] = {"sha256": "same", "since": "2026-11-29T12:00:00Z"}

    def test_it_compares_first(self) -> None:
        assert step(stack(applied=self.LAST))["do"] == "compare"

    @pytest.mark.parametrize(
        "more",
        [
            {"applied": None},
            {"marker": "abc"},
            {"tainted": (TABLE,)},
            {"details": True, "mode": "plan"},
            {"mode": "drift", "deployed": True},
            {"mode": "destroy"},
        ],
    )
    def test_what_is_planned_in_any_case(self, more: dict) -> None:
        mode = more.pop("mode", "deploy")
        assert step(stack(mode, **{"applied": self.LAST, **more}))["do"] in ("plan", "untaint")

    def test_the_same_inputs_end_it(self) -> None:
        assert ending(step(stack(applied=self.LAST), compared())) == (
            "unchanged",
            "skipped: inputs unchanged since 2026-11-29T12:00:00Z",
        )

    def test_other_inputs_are_planned(self) -> None:
        taken = step(stack(applied=self.LAST), compared("other"))
        assert (taken["do"], taken["why"]) == ("plan", "Plan: inputs changed since 2026-11-29T12:00:00Z")

    def test_it_waits_for_upstream(self) -> None:
        assert step(stack(applied=self.LAST), compared(), pending=["s3"])["do"] == "wait"

    def test_upstream_that_broke(self) -> None:
        result, reason = ending(step(stack(applied=self.LAST), compared(), broken=["s3"]))
        assert (result, reason) == ("skipped", "waits for s3, which did not get through")

    def test_outputs_of_upstream_that_changed_are_planned(self) -> None:
        taken = step(stack(applied=self.LAST), compared(), sha="2")
        assert (taken["do"], taken["why"]) == ("plan", "Plan: upstream outputs changed")

    def test_a_failed_comparison_ends_it(self) -> None:
        failed = {"event": "failed", "do": "compare", "reason": "the disk is full"}
        assert ending(step(stack(applied=self.LAST), failed)) == ("failed", "plan: the disk is full")


class TestInputsToRemember:
    def test_of_what_got_through(self) -> None:
        done = {"source_sha256": "s", "tfvars_sha256": "t"}
        events = {
            "applied": [planned(("create", TABLE), **done), applied()],
            "unchanged": [planned(**done)],
            "skipped": [compared()],
            "failed": [planned(("create", TABLE), **done), applied("failed")],
            "half": [planned(("update", TABLE), half=True, **done), applied()],
            "not applied": [planned(("create", TABLE), **done)],
        }
        names = list(events)
        last = {"sha256": "same", "since": "2026"}
        run = Run(
            {name: Stack(name=name, mode="deploy", applied=last) for name in names},
            names,
            {n: [] for n in names},
            events,
        )
        steps = run.decide(lambda _: "1")
        fingerprint = engine.inputs_fingerprint("s", "t")
        assert run.inputs_to_remember(steps) == {"applied": fingerprint, "unchanged": fingerprint}

    def test_the_fingerprint_tells_sources_from_variables(self) -> None:
        prints = {engine.inputs_fingerprint(*pair) for pair in (("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"))}
        assert len(prints) == 4


class TestStranded:
    """The replica of a bucket in a region that is not the replica region any more: it leaves the state, and nothing is lost."""

    BUCKET = 'module.buckets["a"].aws_s3_bucket.replica[0]'
    POLICY = 'module.buckets["a"].aws_s3_bucket_policy.replica[0]'
    HELD = {"stranded": {BUCKET: {"region": "eu-central-1", "addresses": [BUCKET, POLICY]}}}

    def test_it_is_asked_for(self) -> None:
        word, reason = ending(step(stack(**self.HELD)))
        assert word == "failed"
        assert f"{self.BUCKET} in eu-central-1 is a replica that holds data" in reason
        assert f"site_builder_allow_destroy: {json.dumps([self.BUCKET])}" in reason

    @pytest.mark.parametrize("allowed", [BUCKET, f"dynamodb:{BUCKET}"])
    def test_allowed_it_is_forgotten_and_the_new_one_planned(self, allowed: str) -> None:
        one = stack(allow_destroy=[allowed], **self.HELD)
        taken = step(one)
        assert (taken["do"], taken["addresses"]) == ("forget", [self.BUCKET, self.POLICY])
        assert "it stays in AWS" in taken["why"]
        assert step(one, {"event": "forgotten"})["do"] == "plan"
        assert step(one, {"event": "forgotten"}, CREATE)["do"] == "apply"

    @pytest.mark.parametrize("one", [stack("plan", **HELD), stack(check=True, allow_destroy=[BUCKET], **HELD)])
    def test_who_only_plans_is_told_the_way(self, one: Stack) -> None:
        assert "with playbooks/forget_replicas.yml --limit dynamodb, then plan again" in ending(step(one))[1]

    def test_which_arrives(self) -> None:
        one = stack("forget", marker="m", **self.HELD)
        assert step(one)["do"] == "forget"
        assert ending(step(one, {"event": "forgotten"})) == ("succeeded", "")
        assert ending(step(stack("forget", marker="m"))) == ("unchanged", "")

    def test_a_state_that_cannot_be_written(self) -> None:
        failed = {"event": "failed", "do": "forget", "reason": "locked"}
        assert ending(step(stack("forget", **self.HELD), failed)) == ("failed", "plan: locked")

    @pytest.mark.parametrize("mode", ["drift", "destroy"])
    def test_who_looks_or_destroys_looks_where_it_is(self, mode: str) -> None:
        assert step(stack(mode, deployed=True, **self.HELD))["do"] == "plan"
