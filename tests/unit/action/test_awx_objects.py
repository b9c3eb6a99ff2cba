"""awx.yml against an AWX that keeps objects: see tests/fake_awx.py."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ansible
import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible_collections.bbws.site_builder.plugins.action import awx_objects as action
from ansible_collections.bbws.site_builder.plugins.module_utils.awx_objects import PARTS

from tests.awx import settings
from tests.fake_awx import TOKEN, FakeAwx, served

COLLECTIONS = Path(ansible.__file__).parents[1] / "ansible_collections"
EVERYTHING: dict[str, Any] = {
    "awx_config_execution_environment_image": "registry.example.com/site-builder:1",
    "awx_config_notification_url": "https://hooks.example.com/",
    "awx_config_aws_credentials": {"prod": {"apply": {"access_key": "AKIA", "secret_key": "hidden"}}},
    "awx_config_job_variables": {"site_builder_target": "local"},
}


@pytest.fixture(scope="module", autouse=True)
def _collections() -> None:
    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([str(COLLECTIONS)])


class Desk:
    """An AWX, and what configures it."""

    def __init__(self, awx: FakeAwx, patch: pytest.MonkeyPatch) -> None:
        self.awx, self.patch = awx, patch

    def run(self, check: bool = False, changed: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        """One task of the role."""
        self.patch.setattr(action.ActionBase, "run", lambda *_: {})
        plugin = action.ActionModule.__new__(action.ActionModule)
        plugin._task = type("Task", (), {"args": arguments, "check_mode": check})()
        plugin._display = type("Display", (), {"warning": lambda *_: None})()
        self.patch.setattr(plugin, "_settings", lambda _: worked_out(repr(sorted((changed or {}).items()))))
        return plugin.run(task_vars={})

    def configure(self, check: bool = False, **changed: Any) -> list[dict[str, Any]]:
        return [self.run(check, changed, part=part) for part in PARTS]

    def remove(self, check: bool = False, **changed: Any) -> dict[str, Any]:
        return self.run(check, changed, state="absent")


@functools.cache
def worked_out(changed: str) -> dict[str, Any]:
    return settings(**dict(eval(changed)))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    awx = FakeAwx()
    with served(awx) as url:
        for name in ("CONTROLLER_USERNAME", "CONTROLLER_PASSWORD", "CONTROLLER_VERIFY_SSL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("CONTROLLER_HOST", url)
        monkeypatch.setenv("CONTROLLER_OAUTH_TOKEN", TOKEN)
        yield Desk(awx, monkeypatch)


def writes(awx: FakeAwx) -> list[tuple[str, str]]:
    return [(method, target) for method, target in awx.requests if method != "GET"]


@pytest.mark.parametrize(
    "changed", [pytest.param({}, id="defaults", marks=pytest.mark.long), pytest.param(EVERYTHING, id="everything")]
)
def test_twice_changes_nothing_and_absent_leaves_nothing(desk: Desk, changed: dict[str, Any]) -> None:
    empty = desk.awx.state()
    first = desk.configure(**changed)
    assert all(result["changed"] for result in first)
    assert all(
        kind in desk.awx.named("job_templates") for kind in ("site-builder dev plan", "site-builder prod rollback")
    )
    made = desk.awx.state()

    desk.awx.requests.clear()
    second = desk.configure(**changed)
    assert [result["changed"] for result in second] == [False] * len(PARTS), second
    assert writes(desk.awx) == []
    assert desk.awx.state() == made
    # A task for each object took 554 requests for eight jobs an environment; there are eleven now.
    assert sum(result["requests"] for result in second) == len(desk.awx.requests) < 320

    # With other settings than those that made it.
    removed = desk.remove()
    assert removed["changed"]
    assert desk.awx.state() == empty
    assert not desk.remove()["changed"]


@pytest.mark.long
def test_a_release_of_prod_waits_and_that_of_dev_does_not(desk: Desk) -> None:
    desk.configure()
    assert flow(desk.awx, "prod") == {"plan": ["approval"], "approval": ["apply"], "apply": []}
    assert flow(desk.awx, "dev") == {"plan": ["apply"], "apply": []}
    (approval,) = desk.awx.objects["workflow_approval_templates"].values()
    assert approval["timeout"] == 82800


def flow(awx: FakeAwx, environment: str) -> dict[str, list[str]]:
    workflow = awx.named("workflow_job_templates")[f"site-builder {environment} release"]["id"]
    nodes = {
        n: o for n, o in awx.objects["workflow_job_template_nodes"].items() if o["workflow_job_template"] == workflow
    }
    after = {n: awx.related.get(("workflow_job_template_nodes", n, "success_nodes"), []) for n in nodes}
    return {o["identifier"]: [nodes[one]["identifier"] for one in after[n]] for n, o in nodes.items()}


@pytest.mark.long
def test_an_approval_is_switched_on_and_off(desk: Desk) -> None:
    environments = settings()["environments"]
    other = {name: own | {"approval": not own["approval"]} for name, own in environments.items()}
    desk.configure()
    for chosen in (other, environments):
        desk.configure(awx_config_environments=chosen)
        for name, own in chosen.items():
            expected = {"plan": ["approval"], "approval": ["apply"]} if own["approval"] else {"plan": ["apply"]}
            assert flow(desk.awx, name) == {**expected, "apply": []}
        assert not any(result["changed"] for result in desk.configure(awx_config_environments=chosen))


def test_check_on_an_empty_awx_counts_what_would_be_made(desk: Desk) -> None:
    empty = desk.awx.state()
    would = [what for result in desk.configure(check=True) for what in result["created"]]
    assert desk.awx.state() == empty
    assert writes(desk.awx) == []
    done = [what for result in desk.configure() for what in result["created"] + result["updated"]]
    # There is nobody yet from whom to take anything.
    assert sorted(what for what in would if " taken from " not in what) == sorted(done)
    assert not any(result["changed"] for result in desk.configure(check=True))


@pytest.mark.long
def test_check_of_one_more_environment(desk: Desk) -> None:
    desk.configure()
    environments = settings()["environments"]
    more = environments | {"qa": environments["prod"]}
    made = desk.awx.state()
    would = [w for r in desk.configure(check=True, awx_config_environments=more) for w in r["created"]]
    assert desk.awx.state() == made
    assert {
        "label qa",
        "job template site-builder qa plan",
        "workflow job template node approval of site-builder qa release",
    } < set(would)
    assert [what for what in would if " qa" not in what and not what.startswith("role ")] == []


def test_what_others_have_made_stays(desk: Desk) -> None:
    """In an organization that was there before, with things of its own, one of them called nearly like ours."""
    awx = desk.awx
    organization = awx._create("organizations", {"name": "Site Builder", "description": "of the platform team"})["id"]
    awx._create("teams", {"name": "site-builder readers", "organization": organization})
    awx._create("labels", {"name": "dev", "organization": organization})
    inventory = awx._create("inventories", {"name": "site-builder other", "organization": organization})["id"]
    project = awx._create("projects", {"name": "other", "organization": organization, "scm_type": "git"})["id"]
    template = awx._create(
        "job_templates",
        {"name": "site-builder dev plans", "project": project, "playbook": "deploy.yml", "inventory": inventory},
    )
    label = next(iter(awx.objects["labels"]))
    awx.related[("job_templates", template["id"], "labels")] = [label]
    elsewhere = awx._create("organizations", {"name": "elsewhere"})["id"]
    # AWX knows an execution environment by its name alone.
    awx._create("execution_environments", {"name": "site-builder", "image": "theirs", "organization": elsewhere})
    before = awx.state()
    desk.configure()
    assert awx.objects["organizations"][organization]["description"] == "of the platform team"
    desk.remove()
    assert awx.state() == before


@pytest.mark.long
def test_an_organization_of_ours_stays_while_it_holds_anything(desk: Desk) -> None:
    desk.configure()
    (organization,) = desk.awx.objects["organizations"]
    desk.awx._create("inventories", {"name": "by hand", "organization": organization})
    desk.remove()
    assert list(desk.awx.named("organizations")) == ["Site Builder"]
    assert list(desk.awx.named("inventories")) == ["by hand"]


@pytest.mark.long
def test_check_of_a_removal_removes_nothing(desk: Desk) -> None:
    desk.configure()
    made = desk.awx.state()
    would = desk.remove(check=True)["removed"]
    assert desk.awx.state() == made
    assert desk.remove()["removed"] == would


@pytest.mark.long
def test_one_login_for_all_and_none_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTROLLER_OAUTH_TOKEN")
    monkeypatch.setenv("CONTROLLER_USERNAME", "admin")
    monkeypatch.setenv("CONTROLLER_PASSWORD", "hidden")
    desk.configure()
    assert desk.awx.tokens == set()
    assert [target for method, target in writes(desk.awx) if method == "POST" and "tokens" in target] == [
        "/api/v2/tokens/"
    ] * len(PARTS)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(AnsibleActionFail) as refused:
        call()
    return str(refused.value)


@pytest.mark.long
def test_what_awx_refuses_is_said_of_the_object(desk: Desk) -> None:
    environments = settings()["environments"]
    wrong = environments | {"dev": environments["dev"] | {"drift": "DTSTART:20260101T010000Z RRULE:FREQ=DAILY"}}
    said = refusal(lambda: desk.configure(awx_config_environments=wrong))
    assert said.startswith("schedule site-builder dev drift: Unable to create schedule")
    assert "INTERVAL required in rrule" in said


def test_a_token_that_awx_does_not_take(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTROLLER_OAUTH_TOKEN", "old")
    assert "organization Site Builder: Invalid authentication credentials" in refusal(desk.configure)


@pytest.mark.long
def test_a_group_that_is_not_there_is_named(desk: Desk) -> None:
    environments = settings()["environments"]
    wrong = environments | {"sit": environments["sit"] | {"instance_groups": ["ours"]}}
    said = refusal(lambda: desk.configure(awx_config_environments=wrong))
    assert said.startswith(
        "job template site-builder sit plan: Request to /api/v2/instance_groups/?name=ours returned 0 items"
    )
