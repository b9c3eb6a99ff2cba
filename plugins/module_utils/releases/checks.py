# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what was released works. Each check is a dict: `what`, `ok` (true, false, or null for not checked) and `said`."""

from __future__ import annotations

import json
import time
import urllib.error
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from ansible.module_utils.urls import open_url
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import ALIAS, Serving

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

Check = dict[str, Any]
HEALTH = "/health"
# A stage that has just moved answers with the old deployment for some seconds more.
TRIES = 5
PAUSE_SECONDS = 3
TIMEOUT_SECONDS = 15
# What an API answers where a token is wanted, and says with it that it is there.
_ASKS = {"COGNITO_USER_POOLS": (401,), "CUSTOM": (401, 403), "AWS_IAM": (403,)}


def check(what: str, ok: bool | None, said: str) -> Check:
    return {"what": what, "ok": ok, "said": said}


def failed(checks: Iterable[Check]) -> list[str]:
    """What did not pass, a sentence each."""
    return [f"{one['what']}: {one['said']}" for one in checks if one["ok"] is False]


def lines(checks: Iterable[Check]) -> list[str]:
    """The checks for a person, the failed ones first; what passed is counted."""
    checks = list(checks)
    words = {False: "failed", None: "not checked"}
    told = [f"verify: {one['what']}: {words[one['ok']]}: {one['said']}" for one in checks if one["ok"] is not True]
    passed = [one["what"] for one in checks if one["ok"] is True]
    return sorted(told) + ([f"verify: passed: {', '.join(passed)}"] if passed else [])


def function(
    serving: Serving,
    key: str,
    name: str,
    probe: Mapping[str, Any] | None,
    runs: bool,
    qualifier: str = ALIAS,
    pause: Callable[[float], None] = time.sleep,
) -> Check:
    """Whether a function can be invoked; by its probe, where its definition has one and AWS is real.

    runs: whether functions run at all; those of the embedded AWS do not.
    """
    what = f"function {key}" if qualifier == ALIAS else f"function {key} version {qualifier}"
    try:
        # An alias is no version of its own: its state is that of what it serves.
        alias = serving.alias(name) if qualifier == ALIAS else {"version": qualifier}
        found = alias and serving.version(name, alias["version"])
        for _ in range(TRIES):
            # In a VPC a version takes some time to come up.
            if found and found.get("State") == "Pending":
                pause(PAUSE_SECONDS)
                found = serving.version(name, alias["version"])
        if not found:
            return check(what, False, f"{name} has no {qualifier} any more")
        if found.get("State", "Active") not in ("Active", "Inactive") or found.get("LastUpdateStatus") == "Failed":
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or found.get("State")
            return check(what, False, f"{name} cannot run: {reason}")
        if not probe or not runs:
            serving.runner.invoke(FunctionName=name, Qualifier=qualifier, InvocationType="DryRun")
            return check(what, True, "may be invoked (DryRun)")
        answer = serving.runner.invoke(
            FunctionName=name,
            Qualifier=qualifier,
            InvocationType="RequestResponse",
            Payload=json.dumps(event(probe)).encode(),
        )
    except (BotoCoreError, ClientError) as error:
        return check(what, False, sentence(error, f"invoking {name}:{qualifier}"))
    said = f"{probe['method']} {probe['path']}"
    if answer.get("FunctionError"):
        return check(what, False, f"{said} ended with {answer['FunctionError']}; its log tells more")
    status = status_of(answer["Payload"].read())
    if status == probe.get("status", 200):
        return check(what, True, f"{said} answered {status}")
    return check(what, False, f"{said} answered {status}, and its probe expects {probe.get('status', 200)}")


def status_of(payload: bytes) -> Any:
    """The status of a proxy integration's answer; what else came, shortened."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return "no JSON"
    return answer.get("statusCode") if isinstance(answer, dict) else "no status"


def event(probe: Mapping[str, Any]) -> dict[str, Any]:
    """What API Gateway would hand a function for the probe's request, from nobody."""
    return {
        "resource": probe["path"],
        "path": probe["path"],
        "httpMethod": probe["method"],
        "headers": {"User-Agent": "bbws.site_builder verify"},
        "multiValueHeaders": {"User-Agent": ["bbws.site_builder verify"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": probe["method"],
            "path": probe["path"],
            "resourcePath": probe["path"],
            "authorizer": {},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def fetch(url: str) -> int:
    """The status of a GET; raises OSError when nothing answers."""
    try:
        with open_url(url, http_agent="bbws.site_builder verify", timeout=TIMEOUT_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def health(
    serving: Serving,
    key: str,
    api: Mapping[str, Any],
    unreachable: str,
    get: Callable[[str], int] = fetch,
    pause: Callable[[float], None] = time.sleep,
) -> Check | None:
    """Whether an API answers on /health; None when it has no such route.

    unreachable: why it cannot be called from here; empty when it can.
    """
    what = f"api {key}"
    try:
        verbs = serving.authorization(api, HEALTH)
    except (BotoCoreError, ClientError) as error:
        return check(what, False, sentence(error, f"reading the routes of {api['name']}"))
    authorization = verbs.get("GET") or verbs.get("ANY")
    if not authorization:
        return None
    if unreachable:
        return check(what, None, f"GET {HEALTH}: {unreachable}")
    wanted = _ASKS.get(authorization, range(200, 300))
    url, said = f"{str(api['url']).rstrip('/')}{HEALTH}", ""
    for attempt in range(TRIES):
        if attempt:
            pause(PAUSE_SECONDS)
        try:
            status = get(url)
        except (OSError, ValueError) as error:
            said = f"GET {url} failed: {getattr(error, 'reason', error)}"
            continue
        if status in wanted:
            asks = ", which is right without a token" if authorization in _ASKS else ""
            return check(what, True, f"GET {HEALTH} answered {status}{asks}")
        said = f"GET {url} answered {status}"
    return check(what, False, said)


def alarming(states: Mapping[str, tuple[str, datetime | None]], since: datetime) -> list[str]:
    """The alarms that have gone off since then."""
    return sorted(
        name for name, (state, when) in states.items() if state == "ALARM" and (when is None or when >= since)
    )


def alarms(serving: Serving, names: Iterable[str], since: datetime) -> list[Check]:
    """Whether any alarm has gone off since then. One that had before says nothing about this release, and is told."""
    names = list(names)
    if not names:
        return []
    try:
        states = serving.alarm_states(names)
    except (BotoCoreError, ClientError) as error:
        return [check("alarms", False, sentence(error, "reading the alarms"))]
    new = alarming(states, since)
    old = sorted(name for name, (state, _) in states.items() if state == "ALARM" and name not in new)
    found = [check("alarms", None, f"{', '.join(old)} had gone off before this release")] if old else []
    if new:
        return [*found, check("alarms", False, f"{', '.join(new)} went off")]
    return [*found, check(f"{len(states)} alarms", True, "none went off")]
