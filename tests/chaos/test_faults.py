"""Networks and disks that fail in the middle of deployments of all six stacks.

A chain is one environment: a fault at a random call, the retry that heals it, the next change with the next fault. `make test-all`
does two faults; CHAOS_FAULTS=30 does thirty, see docs/checks.md.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Run

from . import disks
from .proxy import Call
from .world import STACKS, World, note

FAULTS = int(os.environ.get("CHAOS_FAULTS", "2"))
SEED = os.environ.get("CHAOS_SEED", "13")
# By kind, how many calls in a row it may hit: one, or as many as a short outage has, so that no retry inside of a run helps.
NETWORK = {"reset": (1, 60), "lost": (1, 20), "unavailable": (1, 60), "hang": (1, 3), "truncated": (1, 20)}
FULL, BROKEN = ("full", "files", "read-only", "full", "unsaved"), ("eio",)
DISK_SAID = re.compile(r"No space left|Read-only file system|Input/output error|disk|EIO", re.IGNORECASE)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not disks.may_mount(), reason="only root may mount the disks that fail"),
]


def share(of: int) -> int:
    """How many of all faults a chain of this part has; at least one."""
    return max(1, FAULTS * of // 30)


class Chain:
    """Faults, one after the other, on one environment."""

    def __init__(self, world: World, chance: random.Random, chain: str) -> None:
        self.world, self.chance, self.chain = world, chance, chain
        self.faults = 0
        # The first deployment is of all stacks; a change is of some of them, each time of others.
        self.limit: tuple[str, ...] = ()

    def counted(self, kind: str, detail: str, run: Run, hit: bool) -> None:
        """Note the fault and heal: the same deployment once more, with nothing in its way."""
        self.world.proxy.begin()
        if not hit:
            assert run.code == 0, run.output
            self.next()
            return
        self.faults += 1
        failed = self.world.log
        locks = self.world.take_out_locks()
        note(
            kind="fault", chain=self.chain, fault=self.faults, what=kind, detail=detail, code=run.code, locks=locks, log=str(failed)
        )  # fmt: skip
        if run.code:
            again = self.world.run("deploy.yml", *self.limit)
            assert again.code == 0, f"{kind} ({detail}), then:\n{again.output}"
        self.next()

    def next(self) -> None:
        """Something else to deploy."""
        self.world.round += 1
        self.limit = ("--limit", ",".join(self.chance.sample(STACKS, 3)))

    def finish(self) -> None:
        whole = self.world.run()
        assert whole.code == 0, whole.output
        assert self.world.problems() == {}
        assert self.world.unsettled() == ""
        assert self.world.leaks() == {}
        note(kind="fault chain", chain=self.chain, faults=self.faults, result="whole")

    def network(self, kind: str) -> None:
        first = self.chance.randint(1, 300 if self.limit else 700)
        length = self.chance.choice(NETWORK[kind])
        hit: list[str] = []

        def fault(call: Call) -> str | None:
            if not first <= call.number < first + length:
                return None
            hit.append(call.name)
            return "reset" if kind == "lost" else kind

        self.world.proxy.begin()
        if kind in ("lost", "truncated"):
            self.world.proxy.after = fault
        else:
            self.world.proxy.before = fault
        process = self.world.start("deploy.yml", *self.limit)
        run = self.world.ended(process, self.world.log)
        self.counted(kind, f"{length} calls from the {first}th, {hit[:1]}", run, bool(hit))

    def disk(self, kind: str, disk: disks.Disk) -> None:
        detail = ""
        self.world.proxy.begin()
        if kind in ("full", "eio"):
            # What a run writes: between nothing and all of it fits.
            free = self.chance.randint(0, 3 * disks.MIB)
            disk.fill(free)
            detail = f"{free // 1024} KiB free"
        elif kind == "files":
            free = self.chance.randint(0, 300)
            disk.use_up_inodes(free)
            detail = f"{free} files free"
        else:
            self._fails_at_a_call(kind, disk)
            detail = "from a random call on"
        process = self.world.start("deploy.yml", *self.limit)
        run = self.world.ended(process, self.world.log)
        disk.heal()
        self.counted(kind, detail, run, run.code != 0 or bool(DISK_SAID.search(run.output)))

    def _fails_at_a_call(self, kind: str, disk: disks.Disk) -> None:
        """read-only: no more can be written. unsaved: and the state bucket cannot be reached either."""
        first = self.chance.randint(1, 300) if kind == "read-only" else self.chance.randint(10, 60)
        once = threading.Lock()

        def fault(call: Call) -> str | None:
            begun = call.number >= first if kind == "read-only" else (call.write or 0) >= first or once.locked()
            if not begun:
                return None
            if once.acquire(blocking=False):
                disk.be_read_only()
            return "unavailable" if kind == "unsaved" and self.world.bucket in call.name else None

        self.world.proxy.before = fault


def test_network(tmp_path: Path) -> None:
    with World("dev", tmp_path / "world", f"{SEED}-network").alive() as world:
        chain = Chain(world, random.Random(f"{SEED}-network"), "network")
        kinds = list(NETWORK)
        while chain.faults < share(15):
            chain.network(kinds[chain.faults % len(kinds)])
        chain.finish()


@pytest.mark.parametrize(("name", "kinds", "of"), [("full", FULL, 11), ("broken", BROKEN, 4)])
def test_disk(name: str, kinds: tuple[str, ...], of: int, tmp_path: Path) -> None:
    with ExitStack() as mounted, World("dev", tmp_path / "world", f"{SEED}-{name}").alive() as world:
        # Where all runs of the environment lie; the embedded AWS is beside it.
        place = world.work_dir / "dev"
        if name == "full":
            disk = mounted.enter_context(disks.memory(place, files=8000))
        else:
            disk = mounted.enter_context(disks.broken(place, tmp_path / "image"))
        chain = Chain(world, random.Random(f"{SEED}-{name}"), name)
        while chain.faults < share(of):
            chain.disk(kinds[chain.faults % len(kinds)], disk)
        chain.finish()
        mounted.close()


LOST = ("CreateTable", "CreateRole", "PUT /site-builder-sites-dev-")


def test_the_answer_to_a_create_is_lost(tmp_path: Path) -> None:
    """AWS has made it, and nobody knows: the provider asks again by itself, and is told that it exists, or makes a second one."""
    with World("dev", tmp_path / "world", f"{SEED}-lost").alive() as world:
        lost: list[str] = []

        def lose(call: Call) -> str | None:
            wanted = next(
                (name for name in LOST if call.write and call.name.startswith(name) and name not in lost), None
            )
            if wanted:
                lost.append(wanted)
            return "reset" if wanted else None

        imports: dict[str, dict[str, str]] = {}
        for number in range(4):
            world.proxy.begin()
            world.proxy.after = lose
            taken = ("-e", json.dumps({"site_builder_imports": imports}))
            run = world.run("deploy.yml", "--limit", "dynamodb,s3,iam", *taken)
            world.proxy.begin()
            reasons = [row["reason"] for row in run.stacks().values()]
            note(kind="lost answers", run=number, lost=lost, code=run.code, reasons=reasons, imports=imports)
            if run.code == 0:
                break
            world.take_out_locks()
            # Nothing says that what exists was made by this run; so a person must, with what the refusal prints.
            for stack, found in (pair for reason in reasons for pair in told_imports(reason)):
                imports.setdefault(stack, {}).update(found)
        assert run.code == 0, run.output
        assert lost
        problems = world.problems()
        problems.pop("APIs", None)
        assert problems == {}


def told_imports(reason: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What a refusal says that may be taken over."""
    for at in re.finditer(r"site_builder_imports: ", reason):
        told, _ = json.JSONDecoder().raw_decode(reason[at.end() :])
        yield from told.items()
