"""Releases go forward and back as a whole, an unfinished one is finished by the next run, and no plan undoes what a release has moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import COPIES
from hypothesis import given, settings
from hypothesis import strategies as st

from .world import KilledError, World

WENT_OFF = ("ALARM", datetime(2027, 1, 1, tzinfo=UTC))


def going_off(world: World) -> None:
    """The alarm goes off while the canary waits."""
    world.on_pause = lambda: setattr(world, "alarm_is", WENT_OFF)


def calm(world: World) -> None:
    world.on_pause, world.alarm_is = (lambda: None), ("OK", datetime(2026, 1, 1, tzinfo=UTC))


def assert_settled(world: World) -> None:
    """Whoever plans next, with or without a canary, finds nothing to move; nor does a run find anything due."""
    assert world.planned("all_at_once") == {}
    assert world.planned("canary") == {}
    before, runs = world.live(), len(world.objects)
    assert world.deploy() == {}
    assert (world.live(), len(world.objects)) == (before, runs)
    assert all(alias["weights"] == {} for alias in world.aliases.values())


@pytest.fixture
def world() -> World:
    """A service of which a second release is live."""
    made = World()
    made.deploy()
    made.deploy(change=("one", "web"))
    return made


def test_all_at_once(world: World) -> None:
    newest = world.newest()[0]
    assert (newest["state"], newest["verified"], newest["kind"]) == ("live", True, "release")
    assert world.live() == world.last() == {"one": "2", "two": "1", "web": newest["apis"]["web"]["live"]}
    assert_settled(world)


def test_a_run_that_changes_nothing_writes_nothing(world: World) -> None:
    writes = world.writes
    world.deploy()
    assert world.writes == writes


def test_a_canary_goes_through(world: World) -> None:
    shares: list[Any] = []
    world.on_pause = lambda: shares.append(({**world.aliases["one"]}, world.live()["web"]))
    before = world.live()
    record = world.deploy("canary", change=("one", "web"))
    assert shares[0] == ({"version": "2", "weights": {"3": 0.1}}, before["web"])
    assert sum(1 for _ in shares) == 3
    assert (record["state"], record["verified"]) == ("live", True)
    assert world.live() == world.last()
    # So that Terraform needs to move nothing, whoever deploys next.
    assert world.served == world.deployment
    assert_settled(world)


def test_a_canary_that_an_alarm_stops(world: World) -> None:
    before = world.live()
    going_off(world)
    record = world.deploy("canary", change=("one", "web"))
    assert (record["state"], record["verified"]) == ("failed", False)
    assert "errors went off" in record["checks"][-1]["said"]
    assert world.live() == before
    calm(world)
    assert_settled(world)
    # A change moves all of it forward.
    world.deploy(change=("two",))
    assert world.live() == world.last()
    assert_settled(world)


def test_an_alarm_that_had_gone_off_before_stops_nothing(world: World) -> None:
    world.alarm_is = ("ALARM", datetime(2026, 1, 1, tzinfo=UTC))
    assert world.deploy("canary", change=("one",))["state"] == "live"


def test_an_api_that_changes_alone_is_watched_where_all_see_it(world: World) -> None:
    before = world.live()
    seen: list[dict[str, str]] = []
    world.on_pause = lambda: (seen.append(world.live()), setattr(world, "alarm_is", WENT_OFF))
    record = world.deploy("canary", change=("web",))
    assert seen == [world.last()]
    assert record["state"] == "failed"
    assert world.live() == before


def test_a_canary_needs_alarms_that_are_there(world: World) -> None:
    world.terraform("canary", ("one",))
    releasing = world.releasing("canary")
    releasing.wanted.canary = {"percent": 10, "seconds": 1, "alarms": ["errrors"]}
    with pytest.raises(
        SiteBuilderError, match=r"site_builder_canary.alarms names errrors, and CloudWatch has no such alarm"
    ):
        releasing.release(world.facts(), world.parts(), world.newest()[0], True)
    releasing = world.releasing("canary")
    releasing.wanted.alarms = []
    with pytest.raises(SiteBuilderError, match="there is no alarm to watch"):
        releasing.release(world.facts(), world.parts(), world.newest()[0], True)
    assert world.live()["one"] == "2"


def test_somebody_goes_back_between_an_apply_and_its_release(world: World) -> None:
    """Nobody holds a lock then. What was gone back from stays so, and the release says what is live."""

    def back() -> None:
        world.meanwhile = lambda: None
        world.roll_back()

    world.meanwhile = back
    record = world.deploy(change=("one", "web"))
    assert [one["kind"] for one in world.newest()[:2]] == ["release", "rollback"]
    assert world.live()["one"] == record["functions"]["one"]["live"] == "2"
    assert records.is_held(record)
    assert_settled(world)


def test_a_canary_ends_when_somebody_goes_back_meanwhile(world: World) -> None:
    def back() -> None:
        calm(world)
        world.roll_back()

    world.on_pause = back
    with pytest.raises(SiteBuilderError, match=r"ended, because .* has begun meanwhile"):
        world.deploy("canary", change=("one",))
    assert world.newest()[0]["kind"] == "rollback"
    # The canary was never live, so that what ran before it is what ran all the time.
    assert world.aliases["one"] == {"version": "2", "weights": {}}
    assert_settled(world)


def test_a_version_that_cannot_run_gets_no_share(world: World) -> None:
    moved: list[Any] = []
    world.move_alias, move = (lambda *a: (moved.append(a), move(*a))), world.move_alias  # type: ignore[method-assign]
    world.version = lambda _name, version: {"State": "Failed", "StateReason": "no image"} if version == "3" else {}  # type: ignore[method-assign]
    record = world.deploy("canary", change=("one",))
    assert record["state"] == "failed"
    assert [one for one in moved if len(one) > 2] == []


def test_back_to_what_ran_before_and_once_more(world: World) -> None:
    first = {"one": "1", "two": "1", "web": "d1"}
    third = world.deploy(change=("two",))
    second = {**world.last(), "two": "1"}
    record = world.roll_back()
    assert (record["kind"], record["gone"], record["verified"]) == ("rollback", [third["id"]], True)
    assert world.live() == second
    assert_settled(world)
    world.roll_back()
    assert world.live() == first
    assert_settled(world)
    with pytest.raises(SiteBuilderError, match="nothing else ran before that was found good"):
        world.roll_back()
    assert world.live() == first
    # And forward: a new version takes all along, also what did not change.
    world.deploy(change=("one",))
    assert world.live() == world.last()
    assert_settled(world)


@pytest.mark.parametrize("mode", ["all_at_once", "canary"])
def test_forward_without_a_change(world: World, mode: str) -> None:
    world.roll_back()
    assert records.is_held(world.newest()[0])
    record = world.deploy(mode, forward=True)
    assert record["state"] == "live"
    assert world.live() == world.last()
    assert_settled(world)


def test_another_change_than_of_functions_keeps_what_is_held(world: World) -> None:
    world.roll_back()
    before = world.live()
    record = world.deploy(change=("a table",))
    assert record["state"] == "live"
    assert world.live() == before
    assert records.is_held(world.newest()[0])
    assert_settled(world)


def test_back_to_a_named_release(world: World) -> None:
    first = world.newest()[1]["id"]
    world.deploy(change=("one",))
    world.roll_back(first)
    assert world.live() == {"one": "1", "two": "1", "web": "d1"}


def test_what_failed_is_not_gone_back_to(world: World) -> None:
    going_off(world)
    failed = world.deploy("canary", change=("one",))
    calm(world)
    world.deploy(change=("one",))
    with pytest.raises(SiteBuilderError, match=f"is '{failed['id']}', which never was live .failed."):
        world.roll_back(failed["id"])
    world.roll_back()
    assert world.live()["one"] == "2"


def test_what_was_not_verified_is_not_gone_back_to(world: World) -> None:
    world.objects[world.ids()[0]]["verified"] = False
    world.deploy(change=("one",))
    world.roll_back()
    assert world.live()["one"] == "1"


def test_an_unknown_release(world: World) -> None:
    with pytest.raises(SiteBuilderError, match="there is no such release among the last 2"):
        world.roll_back("20200101T000000Z-ffffff")
    with pytest.raises(SiteBuilderError, match="no release is recorded"):
        World().roll_back()


def lose_function(world: World) -> None:
    del world.latest["one"]


def lose_version(world: World) -> None:
    world.lost_versions.add(("one", "1"))


def lose_table(world: World) -> None:
    for record in world.objects.values():
        record["tables"] = ["sites", "agents"]


def lose_route(world: World) -> None:
    del world.now_routes["POST /sites"]
    world.callable.discard("two")


def lose_deployment(world: World) -> None:
    world.copies = {world.served: world.copies[world.served]}


@pytest.mark.parametrize(
    ("lose", "what"),
    [
        (lose_function, "because the function one is gone; deploy the commit c0ffeec0ffee instead"),
        (lose_version, "because version 1 of the function one is gone"),
        (lose_table, "because the table agents is gone"),
        (lose_route, "because the route POST /sites is gone"),
        (lose_deployment, "because the deployment of the API web is gone; deploy the commit"),
    ],
)
def test_what_is_gone_is_named_and_nothing_moves(world: World, lose: Any, what: str) -> None:
    lose(world)
    writes, before = world.writes, (world.aliases, world.served)
    with pytest.raises(SiteBuilderError) as error:
        world.roll_back()
    assert what in str(error.value)
    assert len(error.value.problems) == 1
    assert (world.writes, (world.aliases, world.served)) == (writes, before)


def test_what_is_gone_back_to_time_and_again_stays(world: World) -> None:
    """Found by killing rollbacks: ten releases later the copy that they all went back to was the oldest, and went."""
    before = world.deployment
    for _ in range(COPIES + 2):
        world.deploy(change=("one", "web"))
        world.roll_back()
        assert (world.live()["one"], world.copies[world.served]["of"]) == ("2", before)
    assert sum("of" in one for one in world.copies.values()) <= COPIES + 1


def test_a_removed_route_whose_function_may_be_called_is_no_obstacle(world: World) -> None:
    """It is in the copy of the deployment, and AWS lets the API invoke the function."""
    del world.now_routes["POST /sites"]
    world.roll_back()
    assert world.live() == {"one": "1", "two": "1", "web": "d1"}


# --- kills

Run = Any


def all_at_once(world: World) -> None:
    world.deploy(change=("one", "web") if world.latest["one"] == "2" else ())


def canary(world: World) -> None:
    world.deploy("canary", change=("one", "web") if world.latest["one"] == "2" else ())


def stopped(world: World) -> None:
    going_off(world)
    canary(world)


def back(world: World) -> None:
    world.roll_back()


def forward(world: World) -> None:
    if not records.is_held(world.newest()[0]):
        world.roll_back()
    world.deploy(forward=True)


@pytest.mark.parametrize("run", [all_at_once, canary, stopped, back, forward])
def test_killed_before_any_of_its_writes_the_next_run_finishes(run: Run) -> None:
    """The next run is the same one again, or a deployment that changes nothing; after it nothing is left to do."""

    def fresh() -> World:
        made = World()
        made.deploy()
        made.deploy(change=("one", "web"))
        return made

    whole = fresh()
    writes = whole.writes
    run(whole)
    writes = whole.writes - writes
    assert writes >= 3
    for number in range(writes):
        for again in (run, World.deploy):
            world = fresh()
            world.kill_in = number
            with pytest.raises(KilledError):
                run(world)
            world.kill_in = None
            again(world)
            calm(world)
            assert_settled(world)
            # Whatever it came to, it is one of the two and nothing in between.
            newest = world.newest()[0]
            assert newest["state"] in ("live", "failed"), (number, again)
            assert world.live() in (
                world.last(),
                {"one": "2", "two": "1", "web": "d3"},
                {"one": "1", "two": "1", "web": "d1"},
            ), (number, again)


STEP = st.tuples(
    st.sampled_from(["all_at_once", "canary", "stopped", "back", "forward"]),
    st.sets(st.sampled_from(["one", "two", "web"])),
    st.none() | st.integers(0, 9),
)


@settings(max_examples=150)
@given(st.lists(STEP, max_size=8))
def test_whatever_has_happened_a_run_that_ends_leaves_nothing_to_do(steps: list[Any]) -> None:
    world = World()
    for kind, change, kill_in in steps:
        calm(world)
        if kind == "stopped":
            going_off(world)
        world.kill_in = kill_in
        try:
            if kind == "back":
                world.roll_back()
            else:
                mode = "canary" if kind in ("canary", "stopped") else "all_at_once"
                world.deploy(mode, change, forward=kind == "forward")
        except KilledError:
            pass
        except SiteBuilderError as error:
            assert "nothing else ran before" in str(error) or "no release is recorded" in str(error)
    world.kill_in = None
    calm(world)
    world.deploy()
    assert_settled(world)
    world.deploy(change=("one",))
    assert world.live() == world.last()
    assert_settled(world)
