"""What is asked of a function, an API and the alarms, and how the answer is told."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import checks, parts, records
from botocore.exceptions import ClientError

PROBE = {"method": "GET", "path": "/health", "status": 200}
API = {"id": "a", "name": "web-dev", "stage": "dev", "url": "https://web/dev"}
THEN, SINCE, LATER = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


class Serving:
    """Answers what a test says, and notes what was invoked."""

    def __init__(self, answer: Any = None, **more: Any) -> None:
        self.answer, self.asked, self.more = answer, [], more

    @property
    def runner(self) -> Serving:
        return self

    def alias(self, _name: str) -> Any:
        return self.more.get("alias", {"version": "2", "weights": {}})

    def version(self, _name: str, _version: str) -> Any:
        return self.more.get("version", {"State": "Active"})

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **self.more.get("reply", {})}

    def authorization(self, _api: Any, path: str) -> dict[str, str]:
        assert path == "/health"
        return self.more.get("verbs", {"GET": "NONE"})

    def alarm_states(self, names: Any) -> dict[str, Any]:
        return {name: self.answer[name] for name in names}


def test_a_probe_is_what_api_gateway_would_send() -> None:
    serving = Serving({"statusCode": 200})
    found = checks.function(serving, "agents", "agents-dev", PROBE, runs=True)
    assert found == {"what": "function agents", "ok": True, "said": "GET /health answered 200"}
    (asked,) = serving.asked
    assert (asked["FunctionName"], asked["Qualifier"], asked["InvocationType"]) == (
        "agents-dev",
        "live",
        "RequestResponse",
    )
    event = json.loads(asked["Payload"])
    assert (event["httpMethod"], event["path"], event["body"]) == ("GET", "/health", None)


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        (Serving({"statusCode": 503}), "GET /health answered 503, and its probe expects 200"),
        (Serving("text"), "GET /health answered no status, and its probe expects 200"),
        (Serving({}, reply={"FunctionError": "Unhandled"}), "GET /health ended with Unhandled; its log tells more"),
        (Serving({}, version={"State": "Failed", "StateReason": "no image"}), "agents-dev cannot run: no image"),
        (Serving({}, alias=None), "agents-dev has no live any more"),
        (
            Serving(ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")),
            "invoking agents-dev:live failed: An error occurred (AccessDeniedException)",
        ),
    ],
    ids=["status", "no answer of a proxy", "an error", "a version that cannot run", "no alias", "refused"],
)
def test_what_a_function_does_not_pass(serving: Serving, said: str) -> None:
    found = checks.function(serving, "agents", "agents-dev", PROBE, runs=True)
    assert found["ok"] is False
    assert found["said"].startswith(said)


def test_a_version_that_comes_up_is_waited_for() -> None:
    serving = Serving({"statusCode": 200})
    states = iter(["Pending", "Pending", "Active"])
    serving.version = lambda *_: {"State": next(states)}  # type: ignore[method-assign]
    waited: list[float] = []
    found = checks.function(serving, "agents", "agents-dev", PROBE, runs=True, pause=waited.append)
    assert (found["ok"], len(waited)) == (True, 2)


@pytest.mark.parametrize(("probe", "runs"), [(None, True), (PROBE, False)])
def test_without_a_probe_nothing_runs(probe: Any, runs: bool) -> None:
    serving = Serving()
    assert checks.function(serving, "agents", "agents-dev", probe, runs, "7")["what"] == "function agents version 7"
    assert [(one["InvocationType"], one["Qualifier"]) for one in serving.asked] == [("DryRun", "7")]


@pytest.mark.parametrize(
    ("verbs", "status", "ok"),
    [
        ({"GET": "NONE"}, 204, True),
        ({"GET": "NONE"}, 502, False),
        ({"ANY": "NONE"}, 200, True),
        ({"GET": "COGNITO_USER_POOLS"}, 401, True),
        ({"GET": "COGNITO_USER_POOLS"}, 200, False),
        ({"GET": "AWS_IAM"}, 403, True),
    ],
)
def test_an_api_is_asked_for_its_health(verbs: dict[str, str], status: int, ok: bool) -> None:
    urls: list[str] = []
    found = checks.health(
        Serving(verbs=verbs), "web", API, "", get=lambda url: urls.append(url) or status, pause=lambda _: None
    )
    assert found is not None
    assert found["ok"] is ok
    assert set(urls) == {"https://web/dev/health"}
    assert len(urls) == (1 if ok else checks.TRIES)


def test_a_stage_that_has_just_moved_is_asked_again() -> None:
    answers = iter([404, OSError("refused"), 200])

    def get(_url: str) -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    found = checks.health(Serving(), "web", API, "", get=get, pause=lambda _: None)
    assert found == {"what": "api web", "ok": True, "said": "GET /health answered 200"}


def test_an_api_without_health_and_one_that_cannot_be_reached() -> None:
    assert checks.health(Serving(verbs={}), "web", API, "") is None
    assert checks.health(Serving(verbs={"POST": "NONE"}), "web", API, "") is None
    found = checks.health(Serving(), "web", API, "it is in memory")
    assert found == {"what": "api web", "ok": None, "said": "GET /health: it is in memory"}


def test_alarms() -> None:
    fine, old, new = ("OK", THEN), ("ALARM", THEN), ("ALARM", LATER)
    found = checks.alarms(Serving({"a": fine, "b": old, "c": new}), ["a", "b", "c"], SINCE)
    assert [(one["ok"], one["said"]) for one in found] == [
        (None, "b had gone off before this release"),
        (False, "c went off"),
    ]
    assert checks.failed(found) == ["alarms: c went off"]
    assert checks.alarms(Serving({"a": fine}), ["a"], SINCE) == [
        {"what": "1 alarms", "ok": True, "said": "none went off"}
    ]
    assert checks.alarms(Serving({}), [], SINCE) == []


def test_lines() -> None:
    found = [
        checks.check("function a", True, "x"),
        checks.check("api", None, "later"),
        checks.check("function b", False, "no"),
        checks.check("function c", True, "y"),
    ]
    assert checks.lines(found) == [
        "verify: api: not checked: later",
        "verify: function b: failed: no",
        "verify: passed: function a, function c",
    ]


# --- what else is data


def test_a_state_from_before_releases() -> None:
    """It says of no API which deployment it has made."""
    outputs = {"api_gateway": {"apis": {"web": {"name": "web-dev", "stage": "dev"}}, "endpoints": {"web": {"id": "a"}}}}
    assert parts.of_outputs(outputs)["apis"]["web"]["latest"] is None
    made = parts.of_outputs(outputs)
    newest = {"state": "live", "kind": "release", "functions": {}, "apis": {"web": {"latest": "d1", "live": "d1"}}}
    assert not records.moved_on(newest, made)
    record = records.begin({"id": "1"}, {**made, "apis": {"web": {**made["apis"]["web"], "before": "d1"}}}, {}, True)
    assert record["apis"]["web"]["live"] == "d1"


def test_a_record_outlives_its_environment() -> None:
    """What was destroyed and made again is another API, and a function that is not there is not held."""
    entry = {"live": "d1", "latest": "d2", "before": "d2", "id": "a"}
    record = {
        "state": "live",
        "kind": "rollback",
        "functions": {"one": {"live": "1", "latest": "2"}},
        "apis": {"web": entry},
    }
    same = {"functions": {"one": {}}, "apis": {"web": {"id": "a"}}}
    assert records.pins(record, same) == {
        "functions": {"one": {"live": "1", "held": "2"}},
        "apis": {"web": {"live": "d1", "held": "d2"}},
    }
    assert records.pins(record, {"functions": {}, "apis": {"web": {"id": "b"}}}) == {"functions": {}, "apis": {}}
