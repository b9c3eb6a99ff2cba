# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks AWS what there is beside the states, many questions at a time; looks says which ones."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.names import KINDS, parse_context
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.held import Held, Thing

with suppress(ImportError):  # the module says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

# There is no such setting, or what it belongs to has gone, which Terraform tells.
_MISSING = re.compile(
    r"404|NotFound|NotFoundException|ResourceNotFoundException|PolicyNotFoundException|NoSuch\w+|"
    r"ReplicationConfigurationNotFoundError|WAFNonexistentItemException"
)
# As many as a client keeps connections for.
WORKERS = 10

Said = tuple[str, str]


@dataclass(frozen=True, order=True)
class Found:
    """Something of this environment that no state holds."""

    stack: str
    kind: str
    name: str


class Aws:
    """Answers, page by page. client: gives the client of a service in a region."""

    def __init__(self, client: Callable[[str, str], Any], context: Mapping[str, Any], state_bucket: str) -> None:
        self._make, self._lock = client, threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self.context, self.state_bucket = context, state_bucket
        self.facts = parse_context(context)
        self.regions = [region for region in (self.facts.region, self.facts.replica_region) if region]

    def client(self, service: str, region: str = "") -> Any:
        """One for all threads; making one is not safe in several."""
        key = (service, region or self.facts.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(*key)
            return self._clients[key]

    def get(self, service: str, operation: str, region: str = "", **arguments: Any) -> dict[str, Any]:
        """The answer; empty where there is nothing."""
        client = self.client(service, region)
        try:
            answer = getattr(client, operation)(**arguments)
        except ClientError as error:
            if _MISSING.fullmatch(code_of(error)):
                return {}
            raise
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    def items(self, service: str, operation: str, path: str, region: str = "", **arguments: Any) -> list[Any]:
        """The items of all pages; none where what they belong to has gone."""
        pages = self.client(service, region).get_paginator(operation).paginate(**arguments)
        try:
            return [item for item in pages.search(f"{path}[]") if item]
        except ClientError as error:
            if _MISSING.fullmatch(code_of(error)):
                return []
            raise

    def named(self, name: str, kind: str) -> bool:
        """Whether the name is one that an environment like this would give."""
        rules = KINDS[kind]
        if "{replica_region}" in rules.suffix and not self.facts.replica_region:
            return False
        start, end = f"{rules.prefix}{self.facts.service}-", rules.suffix.format(**vars(self.facts))
        return name.startswith(start) and name.endswith(end) and len(name) > len(start) + len(end)

    def elsewhere(self, tags: Any) -> bool:
        """Whether its tags say that it belongs to another service, whose name may begin as ours does, or environment."""
        if not isinstance(tags, Mapping):
            tags = {tag.get("Key", tag.get("TagKey")): tag.get("Value", tag.get("TagValue")) for tag in tags or []}
        ours = {"Service": self.facts.service, "Environment": self.facts.environment}
        return any(tags.get(key, value) != value for key, value in ours.items())


Look = Callable[..., Iterator[Said]]
# Those of a whole stack, and those of each instance of a type.
OF_STACKS: list[tuple[str, Look]] = []
OF_EACH: list[tuple[str, Look]] = []


def look(stack: str = "", each: str = "") -> Callable[[Look], Look]:
    """Register what yields (kind, name) of what no state holds: once for a stack, or for each instance of a type."""

    def register(function: Look) -> Look:
        if each:
            OF_EACH.append((each, function))
        else:
            OF_STACKS.append((stack, function))
        return function

    return register


def unmanaged(aws: Aws, held: Held, stacks: Collection[str]) -> tuple[list[Found], dict[str, list[str]]]:
    """What AWS holds of these stacks beside the states, and by stack why that is not known in full."""
    jobs: list[tuple[str, Look, list[Thing]]] = [(stack, function, []) for stack, function in OF_STACKS]
    jobs += [(thing.stack, function, [thing]) for type_, function in OF_EACH for thing in held.of(type_)]
    jobs = [job for job in jobs if job[0] in stacks]
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(lambda job: _answer(job[1](aws, held, *job[2])), jobs))
    found: set[Found] = set()
    problems: dict[str, dict[str, str]] = {}
    for (stack, _, _), (said, error) in zip(jobs, answers, strict=True):
        found |= {Found(stack, *one) for one in said}
        if error is not None:
            what, why = _why(error)
            # What is not allowed for one is not allowed for a thousand.
            problems.setdefault(stack, {}).setdefault(what, why)
    return sorted(found), {stack: list(whys.values()) for stack, whys in problems.items()}


def _answer(said: Iterable[Said]) -> tuple[list[Said], Exception | None]:
    """All that was found before AWS refused."""
    found: list[Said] = []
    try:
        for one in said:
            found.append(one)
    except (BotoCoreError, ClientError) as error:
        return found, error
    return found, None


def _why(error: Exception) -> tuple[str, str]:
    operation = getattr(error, "operation_name", "")
    doing = f"looking for what was added by hand{f' ({operation})' if operation else ''}"
    return f"{operation} {code_of(error)}", sentence(error, doing)
