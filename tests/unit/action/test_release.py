"""Whether anything is due, and what the module is asked for; from what a run knows, without a call to AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.bbws.site_builder.plugins.action import release as action

STACKS = ("dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring")
ID = "20260601T000001Z-abcdef"
OUTPUTS: dict[str, dict[str, Any]] = {
    "dynamodb": {"tables": {"agents": {"name": "site-builder-agents-dev"}}},
    "s3": {"buckets": {"sites": {"name": "site-builder-sites-dev"}}},
    "iam": {},
    "lambda": {"functions": {"agents": {"name": "site-builder-agents-dev"}}, "details": {"agents": {"version": "2"}}},
    "api_gateway": {
        "apis": {"web": {"name": "web-dev", "stage": "dev"}},
        "endpoints": {"web": {"id": "a", "url": "https://web", "deployment_id": "d2"}},
    },
    "monitoring": {"alarms": {"errors": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:agents-errors"}},
}
NEWEST = {
    "id": "20260501T000000Z-abcdef",
    "kind": "release",
    "state": "live",
    "functions": {"agents": {"live": "2", "latest": "2", "before": "1"}},
    "apis": {"web": {"live": "d2", "latest": "d2", "before": "d1", "copy": None}},
}
HELD = {
    **NEWEST,
    "kind": "rollback",
    "to": "20260401T000000Z-abcdef",
    "functions": {"agents": {"live": "1", "latest": "2", "before": "2"}},
}
NONE = dict.fromkeys(("created", "updated", "replaced", "deleted"), 0)
Act = Callable[..., tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Act:
    """Return what runs the action, and gives what the module is asked for (nothing where it is not) and the result."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"args": ("deploy.yml",), "inventory": ("inventories/dev",)}))

    def call(
        arguments: dict[str, Any],
        *,
        answer: dict[str, Any] | None = None,
        newest: dict[str, Any] = NEWEST,
        results: dict[str, str] | None = None,
        changed: int = 0,
        production: bool = False,
        outputs: dict[str, Any] = OUTPUTS,
        check: bool = False,
        api: Any = None,
        **variables: Any,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        asked: dict[str, Any] = {}

        def execute(self: Any, module_name: str, module_args: dict[str, Any], task_vars: Any) -> dict[str, Any]:
            asked.update(module_args)
            record = {
                **NEWEST,
                "id": ID,
                "checks": [],
                **({"to": NEWEST["id"], "kind": "rollback"} if module_args["state"] == "rolled_back" else {}),
            }
            return answer or {"changed": True, "record": record}

        monkeypatch.setattr(action.ActionModule, "_execute_module", execute)
        monkeypatch.setattr(action.InProcess, "run", lambda *_: {})
        monkeypatch.setattr(action, "commit_of", lambda root: (root.name and "c0ffee", True))
        plugin = action.ActionModule.__new__(action.ActionModule)
        plugin._task = type("Task", (), {"args": arguments, "check_mode": check})()
        plugin._templar = type("Templar", (), {"template": staticmethod(lambda value: value)})()
        rows = {
            name: {"result": (results or {}).get(name, "unchanged"), "counts": NONE | {"updated": changed}}
            for name in STACKS
        }
        run_vars = {
            "site_builder_environment": "prod" if production else "dev",
            "site_builder_defined": {
                "production": production,
                "order": list(STACKS),
                "context": {"account_id": "123456789012"},
                "state_bucket": "states",
                "state_prefix": "site-builder/dev",
                "paths": {"site_builder_work_dir": "/work"},
                "stacks": {
                    "lambda": {"probes": {"agents": {"path": "/health"}}},
                    "api_gateway": {"tfvars": {"apis": {"web": api or {}}}},
                },
            },
            "site_builder_environment_info": {
                "release": newest,
                "caller_arn": "arn:aws:iam::123456789012:user/ann",
                "states": {name: {"outputs": outputs.get(name, {})} for name in STACKS},
            },
            "site_builder_run": {"dir": f"/work/{ID}", "started": "2026-06-01T00:00:01Z"},
            "terraform_stack_next": {"results": rows, "stacks": rows, "outputs": {}},
            "site_builder_release": "all_at_once",
            "site_builder_canary": {"percent": 50},
            "site_builder_release_forward": False,
            "site_builder_verify": True,
            "site_builder_bake_seconds": "7",
            "site_builder_target": "aws",
            "_site_builder_aws_options": {"region": "eu-west-1"},
        }
        return asked, plugin.run(task_vars=run_vars | variables)

    return call


RELEASED = {"state": "released"}
BACK = {"state": "rolled_back", "to": "", "confirmed": ""}


@pytest.mark.parametrize(
    "run",
    [
        {},
        {"results": {"lambda": "succeeded"}},
        {"results": {"lambda": "failed"}, "changed": 1},
        {"results": {"dynamodb": "succeeded", "monitoring": "skipped"}, "changed": 1},
        {"results": {"lambda": "planned"}, "changed": 1, "check": True},
        {"results": {"dynamodb": "succeeded"}, "changed": 1, "outputs": {}},
        {"newest": HELD},
    ],
    ids=["no change", "outputs only", "a failure", "a stack that was skipped", "check mode", "no function yet", "held"],
)
def test_nothing_is_due_and_nothing_is_called(act: Act, run: dict[str, Any]) -> None:
    asked, result = act(RELEASED, **run)
    assert asked == {}
    assert (result["skipped"], result["changed"], result["problems"], result["lines"]) == (True, False, [], [])


@pytest.mark.parametrize(
    ("run", "force"),
    [
        ({"results": {"lambda": "succeeded"}, "changed": 1}, False),
        ({"newest": {}}, False),
        ({"newest": {**NEWEST, "state": "baking"}}, False),
        ({"newest": {**NEWEST, "functions": {"agents": {"live": "1", "latest": "1", "before": "1"}}}}, False),
        ({"newest": HELD, "site_builder_release_forward": "true"}, True),
        ({"newest": HELD, "results": {"dynamodb": "succeeded"}, "changed": 1}, False),
        ({"newest": {**HELD, "state": "baking"}}, False),
    ],
    ids=[
        "a change",
        "the first",
        "interrupted",
        "a later version",
        "forced",
        "a table while held",
        "an interrupted rollback",
    ],
)
def test_what_is_due(act: Act, run: dict[str, Any], force: bool) -> None:
    asked, result = act(RELEASED, **run)
    assert (asked["state"], asked["force"]) == ("released", force)
    assert result["lines"] == [f"release: {ID} is live"]


def test_what_the_module_is_asked(act: Act) -> None:
    asked, _ = act(RELEASED, newest={}, site_builder_saved_plan={"plan_id": "p1"})
    # The time of the release, which another one may have come before since the run began.
    assert asked["facts"].pop("id") > ID
    assert asked["facts"].pop("created") > "2026-06-02"
    assert asked["facts"] == {
        "run": ID,
        "by": "arn:aws:iam::123456789012:user/ann",
        "commit": "c0ffee",
        "dirty": True,
        "plan": "p1",
        "strategy": "all_at_once",
        "tables": ["site-builder-agents-dev"],
        "buckets": ["site-builder-sites-dev"],
    }
    assert asked["parts"] == {
        "functions": {"agents": {"name": "site-builder-agents-dev", "latest": "2"}},
        "apis": {
            "web": {
                "id": "a",
                "name": "web-dev",
                "stage": "dev",
                "latest": "d2",
                "url": "https://web",
                "unreachable": "",
            }
        },
    }
    assert (asked["alarms"], asked["probes"]) == (["agents-errors"], {"agents": {"path": "/health"}})
    assert (asked["verify"], asked["bake_seconds"], asked["unreachable"], "canary" in asked) == (True, 7, "", False)
    assert (asked["account_id"], asked["state_bucket"], asked["state_prefix"], asked["region"]) == (
        "123456789012",
        "states",
        "site-builder/dev",
        "eu-west-1",
    )
    for api in ({"endpoint_type": "PRIVATE"}, {"domain": {"truststore_uri": "s3://b/ca.pem"}}):
        assert act(RELEASED, newest={}, api=api)[0]["parts"]["apis"]["web"]["unreachable"]
    canary, _ = act(RELEASED, newest={}, site_builder_release="canary", site_builder_target="local")
    assert canary["canary"] == {"percent": 50, "seconds": 600, "alarms": []}
    assert canary["unreachable"]


def test_what_runs_on_this_machine_is_asked_when_it_is_served(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        action.LocalApi,
        "served",
        lambda self: "http://127.0.0.1:8000" if str(self.directory) == "/work/local_aws" else "",
    )
    asked, _ = act(RELEASED, newest={}, site_builder_target="local")
    assert asked["parts"]["apis"]["web"]["url"] == "http://127.0.0.1:8000/a/dev"
    assert (asked["functions_url"], asked["unreachable"]) == ("http://127.0.0.1:8000", "")
    assert act(RELEASED, newest={})[0]["functions_url"] == ""


def test_a_failed_check_names_the_way_back_and_the_task_does_not_fail(act: Act) -> None:
    checks = [{"what": "api web", "ok": False, "said": "GET https://web/health answered 502"}]
    _, result = act(RELEASED, newest={}, answer={"changed": True, "record": {**NEWEST, "id": ID, "checks": checks}})
    assert result.get("failed") is None
    assert result["problems"] == ["api web: GET https://web/health answered 502"]
    assert result["lines"] == [
        f"release: {ID} is live",
        "verify: api web: failed: GET https://web/health answered 502",
        "go back with: ansible-playbook playbooks/rollback.yml -i inventories/dev",
        "failed: api web: GET https://web/health answered 502",
    ]


def test_what_aws_refuses_is_a_problem_of_the_release(act: Act) -> None:
    _, result = act(RELEASED, newest={}, answer={"failed": True, "msg": "releasing failed: no; run again"})
    assert (result["problems"], result.get("failed")) == (["releasing failed: no; run again"], None)


def test_going_back(act: Act) -> None:
    asked, result = act({**BACK, "to": NEWEST["id"]})
    assert (asked["state"], asked["to"], asked["stacks"]) == ("rolled_back", NEWEST["id"], list(STACKS))
    assert result["lines"] == [f"rollback to {NEWEST['id']}: {ID} is live"]
    _, refused = act(BACK, answer={"failed": True, "msg": "nothing else ran before"})
    assert (refused["failed"], refused["msg"]) == (True, "nothing else ran before")


def test_production_wants_its_name(act: Act) -> None:
    asked, refused = act(BACK, production=True)
    assert asked == {}
    assert refused["msg"] == (
        "site_builder_confirm_rollback is '', and going back in prod needs its name: -e site_builder_confirm_rollback=prod"
    )
    assert act({**BACK, "confirmed": "prod"}, production=True)[0]["state"] == "rolled_back"


def test_a_release_is_gone_back_from_as_a_whole(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"subset": "lambda"}))
    asked, refused = act(BACK)
    assert asked == {}
    assert refused["msg"] == "--limit is 'lambda', and a release is gone back from as a whole; leave it out"


def test_check_mode_goes_nowhere(act: Act) -> None:
    asked, result = act(BACK, check=True)
    assert (asked, result["skipped"]) == ({}, True)
