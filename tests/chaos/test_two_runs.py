"""Two deployments of one environment at once: one goes first, the other waits for its lock or says whose it is.

`make test-all` does it once; CHAOS_PAIRS=10 ten times, see docs/checks.md.
"""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pytest

from .world import World, note, said

pytestmark = pytest.mark.long
PAIRS = int(os.environ.get("CHAOS_PAIRS", "1"))
SEED = os.environ.get("CHAOS_SEED", "13")
ALL, SOME = "dynamodb,s3,iam,lambda,api_gateway,monitoring", "dynamodb,s3,iam"
# What the one that comes second may end with: whose lock it is (another run's, where that gave it back just then), or that its plan
# is of a moment that has passed.
REFUSED = re.compile(
    r"is locked by \S+@\S+ since .{10,60}\(OperationType\w+, lock id \S+\)|is locked by another run|[Ss]aved plan is stale"
)


def test_two_at_once(tmp_path: Path) -> None:
    chance = random.Random(f"{SEED}-pairs")
    with World("dev", tmp_path / "world", f"{SEED}-pairs").alive() as world:
        for number in range(PAIRS):
            limit = ("--limit", ALL if number % 3 == 0 else SOME)
            # Half of them do not wait.
            waits = number % 2 == 0
            patience = ("-e", f'{{"site_builder_lock_timeout": {60 if waits else 1}}}')
            world.proxy.begin()
            pair = []
            for _ in range(2):
                pair.append((world.start("deploy.yml", *limit, *patience), world.log))
                time.sleep(chance.uniform(0, 8))
            runs = [world.ended(process, log) for process, log in pair]
            codes = [run.code for run in runs]
            for run in runs:
                assert run.code == 0 or REFUSED.search(said(run)), run.output
            assert 0 in codes or not waits, "\n".join(run.output for run in runs)
            refused = [match[0] for run in runs if run.code and (match := REFUSED.search(said(run)))]
            assert world.objects(".tflock") == {}
            if 0 not in codes:
                again = world.run("deploy.yml", *limit)
                assert again.code == 0, again.output
            after = world.run("deploy.yml", *limit)
            assert set(after.results().values()) == {"unchanged"}, after.output
            note(kind="pair", pair=number, stacks=limit[1], waits=waits, codes=codes, refused=refused)
            world.round += 1
        whole = world.run()
        assert whole.code == 0, whole.output
        assert world.problems() == {}
        assert world.unsettled() == ""
        assert world.leaks() == {}
