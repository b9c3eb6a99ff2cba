"""An environment in memory: what Terraform makes and moves, what AWS serves, and runs that are killed before any of their writes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.releasing import Releasing, Wanted
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import surplus

CANARY = {"percent": 10, "seconds": 30, "alarms": []}
STORES = {"tables": ["sites"], "buckets": ["artifacts"]}


class KilledError(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


class World:
    """Is the Serving and the Store of a Releasing at once, and counts their writes. kill_in: how many writes the run may do."""

    def __init__(self) -> None:
        self.kill_in: int | None = None
        self.writes = 0
        self.objects: dict[str, records.Record] = {}
        self.alarm_is = ("OK", datetime(2026, 1, 1, tzinfo=UTC))
        # What Terraform has made last.
        self.latest = {"one": "1", "two": "1"}
        self.deployment = "d1"
        self.made = 1
        # What AWS serves.
        self.aliases: dict[str, dict[str, Any]] = {key: {"version": "1", "weights": {}} for key in self.latest}
        self.served = "d1"
        self.copies = {"d1": {"description": "by Terraform"}}
        self.lost_versions: set[tuple[str, str]] = set()
        self.callable = {"one", "two"}
        self.now_routes = {"GET /sites": "one", "POST /sites": "two"}
        self.seconds = 0.0
        self.on_pause: Any = lambda: None
        self.runs = 0
        self.meanwhile: Any = lambda: None

    def _write(self) -> None:
        self.writes += 1
        if self.kill_in is not None:
            if self.kill_in == 0:
                raise KilledError
            self.kill_in -= 1

    # --- Store

    def ids(self) -> list[str]:
        return sorted(self.objects, reverse=True)

    def newest(self, count: int = 30) -> list[records.Record]:
        return [copy.deepcopy(self.objects[id_]) for id_ in self.ids()[:count]]

    def write(self, record: records.Record) -> None:
        self._write()
        self.objects[record["id"]] = copy.deepcopy(records.check(record, record["id"]))

    # --- Serving

    def alias(self, name: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.aliases.get(name))

    def move_alias(self, name: str, version: str, weights: Mapping[str, float] | None = None) -> None:
        self._write()
        assert version not in (weights or {}), "AWS refuses a weight for the version itself"
        self.aliases[name] = {"version": version, "weights": dict(weights or {})}

    def version(self, name: str, version: str) -> dict[str, Any] | None:
        known = int(version) <= int(self.latest.get(name, "0")) and (name, version) not in self.lost_versions
        return {"State": "Active"} if known else None

    def may_call(self, name: str, _api: str) -> bool:
        return name in self.callable

    def stage(self, _api: Mapping[str, Any]) -> str | None:
        return self.served

    def move_stage(self, _api: Mapping[str, Any], deployment: str) -> None:
        self._write()
        assert deployment in self.copies, "AWS has no such deployment"
        self.served = deployment

    def deployments(self, _api: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self.copies)

    def copy(self, _api: Mapping[str, Any], release: str, deployment: str) -> str:
        self._write()
        self.made += 1
        self.copies[f"c{self.made}"] = {"description": f"release {release}, copy of {deployment}", "of": deployment}
        return f"c{self.made}"

    def copy_of(self, _api: Mapping[str, Any], deployment: str) -> str | None:
        return max((key for key, one in self.copies.items() if one.get("of") == deployment), default=None)

    def drop_copies(self, _api: Mapping[str, Any], used: Any) -> list[str]:
        self._write()
        old = surplus([id_ for id_, one in self.copies.items() if "of" in one], [self.served], used)
        self.copies = {id_: one for id_, one in self.copies.items() if id_ not in old}
        return old

    def routes(self, _api: Mapping[str, Any]) -> dict[str, str]:
        return dict(self.now_routes)

    def authorization(self, _api: Mapping[str, Any], _path: str) -> dict[str, str]:
        return {}

    def alarm_states(self, names: Any) -> dict[str, tuple[str, datetime]]:
        return {name: self.alarm_is for name in names if name == "errors"}

    @property
    def runner(self) -> World:
        return self

    def invoke(self, **_arguments: Any) -> dict[str, Any]:
        return {"StatusCode": 204}

    # --- Terraform, as roles/*/tasks and the modules have it

    def pins(self, mode: str, forward: bool = False) -> dict[str, dict[str, Any]]:
        if mode == "canary":
            live = {key: {"live": alias["version"], "held": None} for key, alias in self.aliases.items()}
            return {"functions": live, "apis": {"web": {"live": self.served, "held": None}}}
        newest = self.newest(1)
        return records.pins({} if forward or not newest else newest[0], self.parts())

    @staticmethod
    def _expression(pin: Mapping[str, Any] | None, latest: str) -> str:
        return latest if pin is None or pin["held"] not in (None, latest) else pin["live"]

    def planned(self, mode: str, forward: bool = False) -> dict[str, str]:
        """What a plan would move; empty when it is."""
        pins = self.pins(mode, forward)
        found = {
            key: wanted
            for key, latest in self.latest.items()
            if (wanted := self._expression(pins["functions"].get(key), latest)) != self.aliases[key]["version"]
        }
        wanted = self._expression(pins["apis"].get("web"), self.deployment)
        return found | ({"web": wanted} if wanted != self.served else {})

    def terraform(self, mode: str, change: Any = (), forward: bool = False) -> None:
        """Plan, then apply: what has changed gets another version, or another deployment, and the old one goes."""
        pins = self.pins(mode, forward)
        for key in self.latest:
            if key in change:
                self.latest[key] = str(int(self.latest[key]) + 1)
            wanted = self._expression(pins["functions"].get(key), self.latest[key])
            if wanted != self.aliases[key]["version"]:
                # The weights are in ignore_changes.
                self._write()
                self.aliases[key]["version"] = wanted
        old = self.deployment
        if "web" in change:
            if mode == "canary" and self.served == old:
                self.move_stage({}, self.copy_of({}, old) or self.copy({}, "before-releases", old))
            self._write()
            self.made += 1
            self.deployment = f"d{self.made}"
            self.copies[self.deployment] = {"description": "by Terraform"}
        wanted = self._expression(pins["apis"].get("web"), self.deployment)
        # The plan was made before the stage was parked, and changes what it has seen.
        if wanted not in (self.served, old):
            self.move_stage({}, wanted)
        if self.deployment != old:
            assert self.served != old, "Active stages pointing to this deployment must be moved or deleted"
            del self.copies[old]

    # --- runs

    def parts(self) -> dict[str, Any]:
        return {
            "functions": {key: {"name": key, "latest": latest} for key, latest in self.latest.items()},
            "apis": {
                "web": {"id": "a", "name": "web-dev", "stage": "dev", "latest": self.deployment, "url": "https://web"}
            },
        }

    def releasing(self, mode: str = "all_at_once", **wanted: Any) -> Releasing:
        canary = CANARY if mode == "canary" else None
        since = datetime(2026, 6, 1, tzinfo=UTC)
        asked = Wanted(canary=canary, alarms=["errors"], unreachable="in memory", **{"since": since, **wanted})
        return Releasing(self, self, asked, pause=self._pause, clock=lambda: self.seconds)

    def _pause(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_pause()

    def facts(self) -> dict[str, Any]:
        self.runs += 1
        id_ = f"20260601T{self.runs:06}Z-abcdef"
        return {
            "id": id_,
            "created": "2026-06-01T00:00:00+00:00",
            "by": "arn:aws:iam::1:user/ann",
            "commit": "c0ffee" * 7,
            "dirty": False,
            "plan": None,
            **STORES,
        }

    def deploy(self, mode: str = "all_at_once", change: Any = (), forward: bool = False) -> records.Record:
        """A whole run; empty when nothing was due."""
        self.terraform(mode, change, forward)
        self.meanwhile()
        facts = self.facts()
        newest = next(iter(self.newest(1)), {})
        if not records.due(newest, self.parts(), bool(change), forward):
            return {}
        go_forward = records.forward(newest, self.parts(), forward)
        return self.releasing(mode).release(facts, self.parts(), newest, go_forward)

    def roll_back(self, to: str = "") -> records.Record:
        return self.releasing().go_back(self.facts(), self.parts(), self.newest(), to, STORES)

    def live(self) -> dict[str, str]:
        """Content by key: a copy stands for what it is a copy of."""
        served = self.copies[self.served].get("of", self.served)
        return {key: alias["version"] for key, alias in self.aliases.items()} | {"web": served}

    def last(self) -> dict[str, str]:
        return {**self.latest, "web": self.deployment}
