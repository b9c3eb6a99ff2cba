"""Deployments of all six stacks that are killed, and killed again before they are whole.

A chain is one environment: kill after kill, each at a random call to AWS, with the locks taken out as a user would; then one run
to its end. `make test-all` does one chain of two kills; CHAOS_KILLS=60 does six of ten, see docs/checks.md.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from .world import VICTIMS, Killer, World, note

pytestmark = pytest.mark.long
KILLS = int(os.environ.get("CHAOS_KILLS", "2"))
SEED = os.environ.get("CHAOS_SEED", "13")
LENGTH = 10


@pytest.mark.parametrize("number", range(-(-KILLS // LENGTH)))
def test_killed_again_and_again(number: int, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED}-{number}")
    # The sixth is production, with its copies in a second region.
    name = "prod" if number == 5 else "dev"
    wanted = min(LENGTH, KILLS - number * LENGTH)
    with World(name, tmp_path / "world", f"{SEED}-{number}").alive() as world:
        kills = 0
        while kills < wanted:
            victim = VICTIMS[(number + kills) % len(VICTIMS)]
            writes = chance.random() < 0.8
            killer = Killer(
                world,
                chance,
                victim,
                writes=writes,
                number=chance.randint(1, 50 if writes else 400),
                after=chance.random() < 0.6,
            )
            killer.arm()
            killer.process = world.start()
            run = world.ended(killer.process, world.log)
            world.proxy.begin()
            if killer.killed:
                kills += 1
                locks = world.take_out_locks()
                note(
                    kind="kill", chain=number, environment=name, kill=kills, victim=killer.killed, call=killer.number, writes=writes,
                    after=killer.is_after, at=killer.at, code=run.code, locks=locks, log=str(world.log),
                )  # fmt: skip
            else:
                # It was shorter than that; the next one changes everything, and is killed.
                assert run.code == 0, run.output
            if run.code == 0:
                world.round += 1
        whole = world.run()
        assert whole.code == 0, whole.output
        assert world.problems() == {}
        assert world.unsettled() == ""
        assert world.leaks() == {}
        note(kind="chain", chain=number, environment=name, kills=kills, result="whole")
