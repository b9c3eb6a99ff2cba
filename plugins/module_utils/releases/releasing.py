# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making a release live, and going back. The record is written before anything moves: whoever comes next goes on from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import checks, records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import Serving
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.store import Store

# How often the alarms are looked at.
LOOK_SECONDS = 10


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Wanted:
    """What a run asks of a release, beside its parts."""

    # percent, seconds and alarms of a canary; None: all at once.
    canary: Mapping[str, Any] | None = None
    verify: bool = True
    bake_seconds: int = 0
    # The names of the environment's alarms.
    alarms: list[str] = field(default_factory=list)
    # By function the probe of its definition.
    probes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # Why APIs cannot be called and functions do not run here; empty where AWS is real.
    unreachable: str = ""
    # When the run began; alarms that had gone off by then say nothing about it.
    since: datetime = field(default_factory=_now)


@dataclass
class Releasing:
    """One release of one environment. pause and now: for tests."""

    store: Store
    serving: Serving
    wanted: Wanted
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    # --- forward

    def release(
        self, facts: Mapping[str, Any], parts: Mapping[str, Any], newest: Mapping[str, Any], go_forward: bool
    ) -> records.Record:
        """Make what Terraform has made live, or leave live what is held; check it; write it down."""
        parts = self._looked(parts)
        record = records.begin(facts, parts, newest, go_forward)
        canary = self.wanted.canary if self._apart(record) else None
        if canary:
            self._watchable(canary)
        self.store.write(record)
        self._copy(record)
        if canary and not self._canary(record, canary):
            record = records.stopped(record)
            self.store.write(record)
            return record
        self._all(record)
        return self._end(record)

    def _looked(self, parts: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
        """The parts with what is live now, and the routes of each API."""
        functions, apis = {}, {}
        for key, entry in parts["functions"].items():
            alias = self.serving.alias(entry["name"])
            functions[key] = {**entry, "before": alias["version"] if alias else None}
        for key, entry in parts["apis"].items():
            apis[key] = {**entry, "before": self.serving.stage(entry), "routes": self.serving.routes(entry)}
        return {"functions": functions, "apis": apis}

    @staticmethod
    def _apart(record: records.Record) -> list[str]:
        """The parts of which something else is live than the record wants."""
        return [
            key
            for part in records.PARTS
            for key, one in record[part].items()
            if one["before"] not in (one["live"], None)
        ]

    def _copy(self, record: records.Record) -> None:
        """A deployment of our own for each API that has changed: what a later release could go back to."""
        due = {key: one for key, one in record["apis"].items() if one["latest"] is not None and not one["copy"]}
        # A rollback may have kept an old copy live for long.
        past = self.store.newest() if due else []
        for key, entry in due.items():
            # One of a run that was killed here.
            copy = self.serving.copy_of(entry, entry["latest"])
            entry["copy"] = copy or self.serving.copy(entry, record["id"], entry["latest"])
            used = [id_ for one in past if key in one["apis"] for id_ in records.deployments(one["apis"][key])]
            self.serving.drop_copies(entry, [entry["copy"], *used])
        self.store.write(record)

    def _all(self, record: records.Record) -> None:
        """Let all callers have what the record says; a share that a killed run has left goes, too."""
        for entry in record["functions"].values():
            alias = self.serving.alias(entry["name"])
            if alias and (alias["version"] != entry["live"] or alias["weights"]):
                self.serving.move_alias(entry["name"], entry["live"])
        for entry in record["apis"].values():
            if entry["live"] is not None and self.serving.stage(entry) not in (entry["live"], None):
                self.serving.move_stage(entry, entry["live"])

    def _end(self, record: records.Record) -> records.Record:
        if self.wanted.verify:
            record["checks"] += self.verify(record)
            record["verified"] = not checks.failed(record["checks"])
        for entry in record["functions"].values():
            # A function that was destroyed and made again counts its versions anew.
            entry["sha256"] = (self.serving.version(entry["name"], entry["live"]) or {}).get("CodeSha256")
        record["state"] = "live"
        self.store.write(record)
        return record

    def verify(self, record: records.Record) -> list[checks.Check]:
        """What is live, held against what its callers want."""
        found = []
        for key, entry in record["functions"].items():
            probe = self.wanted.probes.get(key)
            runs = not self.wanted.unreachable
            found.append(checks.function(self.serving, key, entry["name"], probe, runs, pause=self.pause))
        for key, entry in record["apis"].items():
            why_not = self.wanted.unreachable or entry.get("unreachable") or ""
            answer = checks.health(self.serving, key, entry, why_not, pause=self.pause)
            found += [answer] if answer else []
        if self.wanted.bake_seconds:
            self.pause(self.wanted.bake_seconds)
        return found + checks.alarms(self.serving, self.wanted.alarms, self.wanted.since)

    # --- a canary

    def _watchable(self, canary: Mapping[str, Any]) -> None:
        named = canary["alarms"]
        there = self.serving.alarm_states(named or self.wanted.alarms)
        if missing := sorted(set(named) - there.keys()):
            raise SiteBuilderError(
                f"site_builder_canary.alarms names {', '.join(missing)}, and CloudWatch has no such alarm; correct the name"
            )
        if not there:
            raise SiteBuilderError(
                "site_builder_release is 'canary', and there is no alarm to watch; deploy the stack monitoring, or release with "
                "-e site_builder_release=all_at_once"
            )

    def _canary(self, record: records.Record, canary: Mapping[str, Any]) -> bool:
        """Give the new versions their share and watch; False when they had to go back."""
        shared = {k: e for k, e in record["functions"].items() if e["before"] not in (e["live"], None)}
        since = _now()
        for key, entry in shared.items():
            first = checks.function(
                self.serving,
                key,
                entry["name"],
                self.wanted.probes.get(key),
                not self.wanted.unreachable,
                entry["live"],
            )
            record["checks"].append(first)
        if not checks.failed(record["checks"]):
            for entry in shared.values():
                self.serving.move_alias(entry["name"], entry["before"], {entry["live"]: canary["percent"] / 100})
            if not shared:
                # A stage has no weights, so that an API that changes alone is watched where all can see it.
                self._all(record)
            record["checks"] += self._watch(record, canary, since)
        if not checks.failed(record["checks"]):
            return True
        record["verified"] = False
        self._back(record)
        return False

    def _watch(self, record: records.Record, canary: Mapping[str, Any], since: datetime) -> list[checks.Check]:
        names, ends = canary["alarms"] or self.wanted.alarms, self.clock() + canary["seconds"]
        while True:
            newest = self.store.ids()[0]
            if newest != record["id"]:
                raise SiteBuilderError(
                    f"the canary {record['id']} ended, because {newest} has begun meanwhile; see playbooks/releases.yml"
                )
            off = checks.alarming(self.serving.alarm_states(names), since)
            left = ends - self.clock()
            what = f"canary of {canary['percent']} %"
            if off:
                return [checks.check(what, False, f"{', '.join(off)} went off, and what was live before is live again")]
            if left <= 0:
                return [checks.check(what, True, f"{canary['seconds']} s without an alarm")]
            self.pause(min(LOOK_SECONDS, left))

    def _back(self, record: records.Record) -> None:
        for entry in record["functions"].values():
            if entry["before"] is not None:
                self.serving.move_alias(entry["name"], entry["before"])
        for entry in record["apis"].values():
            if entry["before"] not in (self.serving.stage(entry), None):
                self.serving.move_stage(entry, entry["before"])

    # --- back

    def go_back(
        self,
        facts: Mapping[str, Any],
        parts: Mapping[str, Any],
        known: list[records.Record],
        to: str,
        stores: Mapping[str, list[str]],
    ) -> records.Record:
        """Make live what ran before, or the release `to`. known: the records, newest first; stores: tables and buckets."""
        parts = self._looked(parts)
        target = self._target(parts, known, to)
        goal, problems = self._goal(parts, target, stores)
        if problems:
            raise SiteBuilderError(*problems)
        record = records.go_back(facts, target, known, parts, goal)
        self.store.write(record)
        self._all(record)
        return self._end(record)

    def _target(self, parts: Mapping[str, Any], known: list[records.Record], to: str) -> Mapping[str, Any]:
        if not known:
            raise SiteBuilderError(
                "no release is recorded, so there is none to go back to; the next deploy records one"
            )
        now = {part: {key: entry["before"] for key, entry in parts[part].items()} for part in records.PARTS}
        if not to:
            found = next(records.candidates(known, now), None)
            # One that was interrupted is finished: what it began to go back to is what it is asked for again.
            newest = known[0]
            if newest["kind"] == "rollback" and newest["state"] == "baking":
                found = next((record for record in known if record["id"] == newest["to"]), found)
            if not found:
                raise SiteBuilderError(
                    "nothing else ran before that was found good; name a release of playbooks/releases.yml with "
                    "-e site_builder_release_id=<id>"
                )
            return found
        for record in known:
            if record["id"] == to:
                if record["state"] != "live":
                    raise SiteBuilderError(
                        f"site_builder_release_id is {to!r}, which never was live ({records.word(record, known)}); name "
                        "another one"
                    )
                return record
        raise SiteBuilderError(
            f"site_builder_release_id is {to!r}, and there is no such release among the last {len(known)}; copy an id from "
            "playbooks/releases.yml"
        )

    def _goal(
        self, parts: Mapping[str, Any], target: Mapping[str, Any], stores: Mapping[str, list[str]]
    ) -> tuple[dict[str, dict[str, str]], list[str]]:
        """By part and key what shall be live, and why it cannot be."""
        problems = list(self._lost(parts, target, stores))
        goal: dict[str, dict[str, str]] = {part: {} for part in records.PARTS}
        for key, entry in target["functions"].items():
            if key in parts["functions"]:
                goal["functions"][key] = entry["live"]
        for key, entry in target["apis"].items():
            if key not in parts["apis"]:
                continue
            there = self.serving.deployments(parts["apis"][key])
            usable = [one for one in records.deployments(entry) if one in there]
            if usable:
                goal["apis"][key] = usable[0]
            else:
                problems.append(
                    f"the release {target['id']} cannot be gone back to, because the deployment of the API {key} is gone; deploy "
                    f"the commit {(target.get('commit') or 'of that release')[:12]} instead"
                )
        return goal, problems

    def _lost(
        self, parts: Mapping[str, Any], target: Mapping[str, Any], stores: Mapping[str, list[str]]
    ) -> Iterator[str]:
        """What the release needs and is gone."""
        lost = []
        for kind, word in (("tables", "table"), ("buckets", "bucket")):
            lost += [f"the {word} {name}" for name in target.get(kind, []) if name not in stores[kind]]
        for key, entry in target["functions"].items():
            if key not in parts["functions"] or parts["functions"][key]["before"] is None:
                lost.append(f"the function {key}")
            else:
                found = self.serving.version(entry["name"], entry["live"])
                if not found or entry.get("sha256") not in (None, found.get("CodeSha256")):
                    lost.append(f"version {entry['live']} of the function {key}")
        for key, entry in target["apis"].items():
            if key not in parts["apis"] or parts["apis"][key]["before"] is None:
                lost.append(f"the API {key}")
            else:
                lost += self._lost_routes(parts["apis"][key], entry)
        if lost:
            are = "is" if len(lost) == 1 else "are"
            yield (
                f"the release {target['id']} cannot be gone back to, because {', '.join(lost)} {are} gone; "
                f"deploy the commit {(target.get('commit') or 'of that release')[:12]} instead"
            )

    def _lost_routes(self, api: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
        """The routes whose function the API may not invoke any more. Any other removed route is in the copy, and works."""
        removed = {route: name for route, name in entry["routes"].items() if name and route not in api["routes"]}
        for name in sorted(set(removed.values())):
            if not self.serving.may_call(name, api["name"]):
                yield from (f"the route {route}" for route, behind in removed.items() if behind == name)
