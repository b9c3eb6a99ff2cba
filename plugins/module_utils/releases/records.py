# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Release records, as data: what is due, what Terraform must leave alone, and what can be gone back to.

A record: id (sortable by time), kind (release, rollback), state (baking, live, failed), verified (true, false, null), created,
by, commit, plan, strategy, previous, tables, buckets, checks; a rollback also has `to` and `gone` (the ids gone back from).
By key:

    functions  name, live, latest, before, sha256 (of live)        versions
    apis       id, stage, live, latest, before, copy, routes       deployments

`latest` is Terraform's; `live` is what the release serves, `before` what was served when it began. `copy` is our own deployment
with the content of `latest`, since Terraform deletes those that it replaces. Where live is not latest, the release is held. The
newest record counts, so that a run that is killed between two writes leaves nothing that contradicts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
PARTS = ("functions", "apis")
STATES = ("baking", "live", "failed")
# What AWS gives: the number of a version, the id of a deployment.
_ID = {"functions": re.compile(r"\$LATEST|[0-9]{1,20}"), "apis": re.compile(r"[a-z0-9]{1,64}")}
RELEASE_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


def check(record: Any, where: str) -> Record:
    """Return the record; raise ValueError for what is none. Terraform gets what stands in it."""
    if not isinstance(record, dict) or not RELEASE_ID.fullmatch(str(record.get("id"))):
        raise ValueError(f"{where} is no release record")
    if record.get("state") not in STATES:
        raise ValueError(f"{where} has the state {record.get('state')!r}, which no release has")
    for part in PARTS:
        for key, entry in record.get(part, {}).items():
            for field in ("live", "latest", "before", "copy"):
                value = entry.get(field)
                if value is not None and not _ID[part].fullmatch(str(value)):
                    raise ValueError(f"{where} has {part}.{key}.{field} {value!r}, which AWS gives to nothing")
    return record


def is_held(record: Mapping[str, Any]) -> bool:
    """Whether something earlier is served than what Terraform has made last, on purpose."""
    return bool(record) and record["state"] != "baking" and any(True for _ in _apart(record))


def _apart(record: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for part in PARTS:
        for key, entry in record[part].items():
            if entry["latest"] is not None and entry["live"] != entry["latest"]:
                yield part, key, entry


def pins(record: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str | None]]]:
    """The variables `releases` of the stacks lambda and api_gateway: what Terraform leaves where it is.

    parts: what the states hold. A record outlives an environment that was destroyed; what it says of that is nobody's.
    """
    said = _pins(record)
    return {
        part: {
            key: pin
            for key, pin in said[part].items()
            if key in parts[part] and parts[part][key].get("id") == record[part][key].get("id")
        }
        for part in PARTS
    }


def _pins(record: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str | None]]]:
    found: dict[str, dict[str, dict[str, str | None]]] = {part: {} for part in PARTS}
    if not record:
        return found
    if record["state"] == "baking" and record["kind"] == "release":
        # Killed on its way: an alias may have weights, which Terraform would leave. The release step goes on.
        for part in PARTS:
            for key, entry in record[part].items():
                if entry["before"] is not None and entry["before"] != entry["latest"]:
                    found[part][key] = {"live": entry["before"], "held": None}
        return found
    for part, key, entry in _apart(record):
        found[part][key] = {"live": entry["live"], "held": entry["latest"]}
    return found


def moved_on(newest: Mapping[str, Any], parts: Mapping[str, Any]) -> bool:
    """Whether Terraform has made something since. parts: by part and key `latest`."""
    if not newest:
        return True
    return any(
        entry["latest"] is not None and entry["latest"] != newest[part].get(key, {}).get("latest")
        for part in PARTS
        for key, entry in parts[part].items()
    )


def forward(newest: Mapping[str, Any], parts: Mapping[str, Any], force: bool) -> bool:
    """Whether the latest of everything shall be live: a release is gone back from as a whole, and left behind as a whole."""
    unfinished = bool(newest) and newest["state"] == "baking" and newest["kind"] == "release"
    back = is_held(newest) or _going_back(newest)
    return force or unfinished or not back or moved_on(newest, parts)


def _going_back(newest: Mapping[str, Any]) -> bool:
    return bool(newest) and newest["state"] == "baking" and newest["kind"] == "rollback"


def due(newest: Mapping[str, Any], parts: Mapping[str, Any], changed: bool, force: bool) -> str:
    """Why there is something to release after this run; empty when there is nothing.

    changed: whether Terraform has changed any resource in this run.
    """
    if not newest:
        return "no release is recorded yet"
    if newest["state"] == "baking":
        return f"the {newest['kind']} {newest['id']} was interrupted"
    if moved_on(newest, parts):
        return "there is a later version"
    if changed:
        return "the run has changed something"
    return "site_builder_release_forward is true" if force and is_held(newest) else ""


def begin(
    facts: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Mapping[str, Any]]],
    newest: Mapping[str, Any],
    go_forward: bool,
) -> Record:
    """The record of a release that begins. parts: by part and key name or id, stage, latest, before, routes."""
    record: Record = {**facts, "kind": "release", "state": "baking", "verified": None, "checks": []}
    record["previous"] = newest.get("id") if newest else None
    for part in PARTS:
        record[part] = {}
        for key, entry in parts[part].items():
            known = newest[part].get(key, {}) if newest else {}
            live = entry["latest"] if go_forward else known.get("live", entry["latest"])
            # Of an API whose state is older than this collection nothing is known but what it serves.
            made = {**entry, "live": live if live is not None else entry["before"]}
            if part == "apis":
                made["copy"] = known.get("copy") if known.get("latest") == entry["latest"] else None
            record[part][key] = made
    return record


def stopped(record: Record) -> Record:
    """The record of a release whose canary was stopped: what was live is."""
    for part in PARTS:
        for entry in record[part].values():
            entry["live"] = entry["before"]
    return {**record, "state": "failed"}


def gone(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The ids of the releases that were gone back from, each with the rollback that did."""
    return {id_: record["id"] for record in records if record["kind"] == "rollback" for id_ in record["gone"]}


def candidates(
    records: Sequence[Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """What ran before, the newest first, without what was found bad. records: newest first; now: by part and key what is live."""
    left = gone(records)
    # Of a canary under way that is what has the other share.
    shared = records and records[0]["kind"] == "release" and records[0]["state"] == "baking"
    for record in records:
        good = record["state"] == "live" and record["verified"] is not False and record["id"] not in left
        if good and (shared or not serves(record, now)):
            yield record


def serves(record: Mapping[str, Any], now: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether what is live is what the record says, as far as both know of it."""
    return all(
        now[part][key] in deployments(entry)
        for part in PARTS
        for key, entry in record[part].items()
        if key in now[part]
    )


def deployments(entry: Mapping[str, Any]) -> list[str]:
    """What has the content that an entry says is live, the best first."""
    copy = entry.get("copy") if entry["live"] == entry["latest"] else None
    return [value for value in (entry["live"], copy) if value is not None]


def go_back(
    facts: Mapping[str, Any],
    target: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    parts: Mapping[str, Mapping[str, Mapping[str, Any]]],
    goal: Mapping[str, Mapping[str, str]],
) -> Record:
    """The record of a rollback that begins. goal: by part and key what shall be live; what the target does not know stays."""
    newest = records[0]
    record = begin(facts, parts, newest, go_forward=False)
    for part in PARTS:
        for key, entry in record[part].items():
            entry["live"] = goal[part].get(key, entry["before"])
    left = [one["id"] for one in records if one["id"] > target["id"]]
    return {**record, "kind": "rollback", "to": target["id"], "gone": left}


def held_lines(record: Mapping[str, Any], command: str) -> list[str]:
    """What to know of a release that is held, for a person who deploys; command: what moves it forward."""
    if not is_held(record):
        return []
    apart = [f"{key} at {entry['live']} instead of {entry['latest']}" for _, key, entry in _apart(record)]
    why = (
        f"gone back to {record['to']} by {record['id']}"
        if record["kind"] == "rollback"
        else f"held since {record['id']}"
    )
    return [
        f"held:   {why}: {', '.join(apart)}; a change moves forward by itself, and without one:",
        f"        {command}",
    ]


def word(record: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str:
    """How a release of the list is to be called: live, replaced, failed, rolled back, interrupted, baking."""
    left = gone(records)
    if record["id"] in left:
        return "rolled back"
    if record["state"] == "failed":
        return "failed"
    newest = record["id"] == max(one["id"] for one in records)
    if record["state"] == "baking":
        return "baking" if newest else "interrupted"
    live = max((one["id"] for one in records if one["state"] == "live" and one["id"] not in left), default="")
    return "live" if record["id"] == live else "replaced"


def table(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """The releases as aligned lines, the newest first."""
    if not records:
        return ["no release is recorded; the next deploy records one"]
    cells = [["release", "when", "state", "verified", "who", "commit", "plan", "live"]]
    for record in records:
        verified = {True: "yes", False: "no", None: "-"}[record["verified"]]
        kind = f"rollback to {record['to']}" if record["kind"] == "rollback" else record.get("plan") or "-"
        commit = (record.get("commit") or "-")[:12] + ("+" if record.get("dirty") else "")
        served = [f"{key} {entry['live']}" for part in PARTS for key, entry in sorted(record[part].items())]
        who = str(record.get("by") or "-").rpartition(":")[2]
        when = str(record.get("created") or "-")[:19].replace("T", " ")
        cells.append([record["id"], when, word(record, records), verified, who, commit, kind, ", ".join(served)])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
