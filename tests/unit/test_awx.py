"""What roles/awx_config makes of AWX: accepted by the modules, in a possible order, and nothing goes past an approval."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Any

import ansible
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.utils.collection_loader import AnsibleCollectionConfig
from ansible_collections.bbws.site_builder.plugins.module_utils import names, report
from ansible_collections.bbws.site_builder.plugins.module_utils.awx import PUBLISHED, sliced
from ansible_collections.bbws.site_builder.plugins.module_utils.awx_objects import PARTS
from jinja2 import Undefined

from tests.awx import Call, calls, settings, tasks
from tests.conftest import BIN, ROOT
from tests.fake_awx import STUB, rendered_message

COLLECTIONS = Path(ansible.__file__).parents[1] / "ansible_collections"
SPEC = yaml.safe_load((ROOT / "roles/site_builder/meta/argument_specs.yml").read_text())["argument_specs"]["main"]
OPTIONS: dict[str, dict[str, Any]] = SPEC["options"]
READING = {"plan", "drift", "check", "releases", "outputs"}
JOBS = READING | {"apply", "deploy", "destroy", "rollback", "bootstrap", "unlock"}
ENVIRONMENTS = set(names.ENVIRONMENTS)
EVERYTHING: dict[str, Any] = {
    "awx_config_project_credential": "git",
    "awx_config_execution_environment_image": "registry.example.com/site-builder:1",
    "awx_config_execution_environment_credential": "registry",
    "awx_config_notification_url": "https://hooks.example.com/",
    "awx_config_aws_credentials": {"prod": {"apply": {"access_key": "AKIA", "secret_key": "hidden"}}},
    "awx_config_job_variables": {"site_builder_target": "local"},
}


@functools.cache
def made(full: bool = False) -> list[Call]:
    """All calls, with the defaults or with everything that can be set."""
    return calls(**(EVERYTHING if full else {}))


def of(module: str, full: bool = False) -> dict[str, dict[str, Any]]:
    """The arguments of each call of a module, by the name that it gives."""
    return {call.arguments["name"]: call.arguments for call in made(full) if call.module == module}


@pytest.fixture(scope="module", autouse=True)
def _collections() -> Iterator[None]:
    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([str(COLLECTIONS)])
    yield


class TalksToAwxError(Exception):
    """Thrown where a module would begin to talk to AWX."""


def argument_spec(name: str) -> dict[str, Any]:
    """What the installed module itself passes to its base class."""
    module, seen = import_module(f"ansible_collections.awx.awx.plugins.modules.{name}"), {}

    class Capture:
        def __init__(self, **options: Any) -> None:
            seen.update(options)
            raise TalksToAwxError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(TalksToAwxError):
        patch.setattr(module, "ControllerAPIModule", Capture)
        module.main()
    return seen


@pytest.mark.parametrize("full", [False, True], ids=["defaults", "everything"])
def test_the_modules_accept_every_argument(full: bool) -> None:
    specs = {name: argument_spec(name) for name in {call.module for call in made(full)}}
    for call in made(full):
        result = ArgumentSpecValidator(**specs[call.module]).validate(call.arguments)
        assert result.error_messages == [], (call.what, call.arguments)
        assert result.unsupported_parameters == set(), call.what


# What a call names must exist by then: {argument: module that makes it}.
NEEDS = {
    "credential_type": "credential_type",
    "credentials": "credential",
    "execution_environment": "execution_environment",
    "inventories": "inventory",
    "inventory": "inventory",
    "job_templates": "job_template",
    "labels": "label",
    "notification_templates_approvals": "notification_template",
    "notification_templates_error": "notification_template",
    "organization": "organization",
    "project": "project",
    "source_project": "project",
    "teams": "team",
    "unified_job_template": "job_template",
    "workflow_job_template": "workflow_job_template",
    "workflows": "workflow_job_template",
}


@pytest.mark.parametrize("full", [False, True], ids=["defaults", "everything"])
def test_nothing_is_named_before_it_exists(full: bool) -> None:
    there: set[tuple[str, str]] = set()
    for call in made(full):
        for argument, module in NEEDS.items():
            names = call.arguments.get(argument, [])
            for name in [names] if isinstance(names, str) else names:
                assert (module, name) in there, f"{call.what}: {argument} {name}"
        for link in call.arguments.get("success_nodes", []):
            assert ("node", f"{call.arguments['workflow_job_template']} {link}") in there
        if call.module == "workflow_job_template_node":
            there.add(("node", f"{call.arguments['workflow_job_template']} {call.arguments['identifier']}"))
        elif "name" in call.arguments:
            there.add((call.module, call.arguments["name"]))


def test_every_environment_has_every_button() -> None:
    templates = of("job_template")
    assert templates.keys() == {f"site-builder {environment} {job}" for environment in ENVIRONMENTS for job in JOBS}
    assert {path.parent.name for path in ROOT.glob("inventories/*/hosts.yml")} == ENVIRONMENTS
    for name, template in templates.items():
        _, environment, job = name.split()
        assert template["playbook"] == f"playbooks/{job}.yml"
        assert template["inventory"] == f"site-builder {environment}"
        assert (template["allow_simultaneous"], template["job_slice_count"]) == (False, 1)
        assert template["timeout"] >= 900
        assert set(template["labels"]) == {"site-builder", environment}
        purpose = "plan" if job in READING else "apply"
        assert template["credentials"] == [f"site-builder {environment} {purpose}"]


def test_every_playbook_of_a_button_exists() -> None:
    assert [t["playbook"] for t in of("job_template").values() if not (ROOT / t["playbook"]).is_file()] == []
    assert [s["source_path"] for s in of("inventory_source").values() if not (ROOT / s["source_path"]).is_file()] == []


def test_told_variables_are_options_of_the_role() -> None:
    for name, template in of("job_template").items():
        for variable, value in template["extra_vars"].items():
            assert variable in OPTIONS, name
            assert value in OPTIONS[variable].get("choices", [value])


def survey_types(option: dict[str, Any]) -> set[str]:
    if "choices" in option or option["type"] == "bool":
        return {"multiplechoice"}
    return {"int": {"integer"}, "str": {"text"}, "list": {"textarea"}}[option["type"]]


def questions() -> list[dict[str, Any]]:
    return settings()["questions"]


# The second switches of one launch, which no inventory sets.
OF_THE_LAUNCH = {"site_builder_destroy_prod", "site_builder_empty_buckets"}


@pytest.mark.parametrize("question", questions(), ids=lambda question: question["variable"])
def test_questions_are_about_options_of_the_role(question: dict[str, Any]) -> None:
    option = OPTIONS[question["variable"].replace("survey_", "site_builder_")]
    assert question["type"] in survey_types(option)
    if option["type"] == "bool":
        assert question["choices"] == ["true", "false"]
    else:
        assert question.get("choices") == option.get("choices")
    if question["type"] in ("text", "textarea"):
        # An empty answer reaches Ansible as null, so that the template must look at it first.
        assert question["variable"].startswith("survey_") != question["required"]
    # AWX adds a default to the extra variables even of a launch that asks nothing, and they win over the inventory.
    if question["variable"] in OF_THE_LAUNCH:
        assert question["default"] == str(option["default"]).lower()
    else:
        assert question.get("default", "") == ""


@pytest.mark.parametrize("question", questions(), ids=lambda question: question["variable"])
def test_questions_have_the_form_that_the_api_takes(question: dict[str, Any]) -> None:
    assert question.keys() <= {
        "variable",
        "type",
        "question_name",
        "question_description",
        "required",
        "choices",
        "default",
        "min",
        "max",
    }
    # A password would be a secret in a survey, and a default of it would count as a change each time.
    assert question["type"] in ("text", "textarea", "integer", "multiplechoice")
    assert isinstance(question["required"], bool)
    if question["type"] == "multiplechoice":
        # AWX cannot show its form for editing without one; an empty one is no choice, so that AWX leaves it out of a job.
        assert question["default"] in ["", *question["choices"]]
    else:
        assert "default" not in question


def test_surveys_ask_what_the_template_takes() -> None:
    asked = Counter()
    for template in [*of("job_template").values(), *of("workflow_job_template").values()]:
        spec = template.get("survey_spec", {"spec": []})["spec"]
        assert template["survey_enabled"] == bool(spec)
        variables = [question["variable"] for question in spec]
        asked.update(variables)
        for variable in variables:
            if variable.startswith("survey_") and "extra_vars" in template:
                assert variable in template["extra_vars"][variable.replace("survey_", "site_builder_")]
    assert asked.keys() == {question["variable"] for question in questions()}


def workflow(environment: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """What each node of an environment's workflow runs, and which nodes come directly before it."""
    runs: dict[str, str] = {}
    before: dict[str, set[str]] = {}
    for call in made():
        arguments = call.arguments
        if (
            call.module != "workflow_job_template_node"
            or arguments["workflow_job_template"] != f"site-builder {environment} release"
        ):
            continue
        if {"unified_job_template", "approval_node"} & arguments.keys():
            runs[arguments["identifier"]] = arguments.get("unified_job_template", "approval")
        for successor in arguments.get("success_nodes", []):
            before.setdefault(successor, set()).add(arguments["identifier"])
    return runs, before


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_a_workflow_plans_then_applies_what_was_planned(environment: str) -> None:
    runs, before = workflow(environment)
    order = list(TopologicalSorter({node: before.get(node, set()) for node in runs}).static_order())
    assert order[0] == "plan"
    assert order[-1] == "apply"
    assert {len(before[node]) for node in order[1:]} == {1}
    assert {runs[node] for node in ("plan", "apply")} == {
        f"site-builder {environment} {job}" for job in ("plan", "apply")
    }
    for job in ("plan", "apply"):
        variables = of("job_template")[f"site-builder {environment} {job}"]["extra_vars"]
        # Another container, so the plan travels through the state bucket.
        assert variables["site_builder_plan_store"] == "s3"
    # AWX lets the answers of a workflow win over what the plan job has published.
    survey = of("workflow_job_template")[f"site-builder {environment} release"]["survey_spec"]["spec"]
    assert [q["variable"] for q in survey if "plan" in q["variable"]] == []


def test_nobody_but_an_administrator_applies_to_prod_without_an_approval() -> None:
    runs, before = workflow("prod")
    assert [runs[node] for node in before["apply"]] == ["approval"]
    assert of("job_template")["site-builder prod deploy"]["extra_vars"]["site_builder_require_plan"] is True
    pressed = {name for team, role, name in held_after(made()) if role == "execute" and team.endswith("operators")}
    assert {name for name in pressed if " prod " in name} == {
        f"site-builder prod {job}" for job in (*READING, "release")
    }


Grant = tuple[str, str, str]


def grants(call: Call) -> set[Grant]:
    """(team, role, template) of one call."""
    arguments = call.arguments
    templates = [*arguments.get("job_templates", []), *arguments.get("workflows", [])]
    return {(team, arguments["role"], template) for team in arguments["teams"] for template in templates}


def held_after(*runs: list[Call]) -> set[Grant]:
    """What the teams hold in one AWX after these runs."""
    held: set[Grant] = set()
    for call in [call for run in runs for call in run if call.module == "role"]:
        held = held - grants(call) if call.arguments.get("state") == "absent" else held | grants(call)
    return held


def access(approval: bool) -> list[Call]:
    """The calls that give and take roles, where every environment has an approval or none has."""
    environments = settings()["environments"]
    return calls(
        "role", awx_config_environments={name: of | {"approval": approval} for name, of in environments.items()}
    )


def test_an_approval_that_is_switched_on_later_leaves_no_way_past_it() -> None:
    before, after = access(approval=False), access(approval=True)
    past = {
        ("site-builder operators", "execute", f"site-builder {environment} {job}")
        for environment in ENVIRONMENTS
        for job in ("apply", "deploy", "unlock", "bootstrap", "destroy", "rollback")
    }
    assert past <= held_after(before)
    assert not past & held_after(before, after)
    assert held_after(before, after) == held_after(after)
    # Somebody may have clicked together that those who approve also apply.
    by_hand = {
        "role": "execute",
        "teams": ["site-builder approvers"],
        "job_templates": [name for _, _, name in past],
    }
    assert held_after([Call("by hand", "role", by_hand)], after) == held_after(after)


@pytest.mark.parametrize("approval", [False, True])
def test_no_run_takes_what_it_gives(approval: bool) -> None:
    """Else every run would change something twice."""
    given, taken = set[Grant](), set[Grant]()
    for call in access(approval):
        (taken if call.arguments.get("state") == "absent" else given).update(grants(call))
    assert given
    assert bool(taken) is approval
    assert not given & taken


def test_approvers_see_what_they_approve() -> None:
    """AWX shows a workflow to whoever may approve in it, and the output of a job to whoever may read its template."""
    runs, before = workflow("prod")
    read_first = [runs[node] for node in before["approval"]]
    assert read_first == ["site-builder prod plan"]
    assert {grant for grant in held_after(made()) if grant[0] == "site-builder approvers"} == {
        ("site-builder approvers", "approval", "site-builder prod release"),
        # What it goes back to was approved.
        ("site-builder approvers", "execute", "site-builder prod rollback"),
        *(("site-builder approvers", "read", template) for template in read_first),
    }
    # The plan job then prints the attributes that change; the apply job has no need to.
    assert {name.split()[2] for name, template in of("job_template").items() if template["diff_mode"]} == {"plan"}


def test_approvals_are_made_in_two_tasks() -> None:
    for call in made():
        assert not {"approval_node", "success_nodes"} <= call.arguments.keys(), call.what
    assert all("workflow_nodes" not in arguments for arguments in of("workflow_job_template").values())


def test_every_night_each_environment_is_looked_at() -> None:
    schedules = of("schedule").values()
    assert {s["unified_job_template"] for s in schedules} == {f"site-builder {e} drift" for e in ENVIRONMENTS}
    for schedule in schedules:
        assert re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=DAILY;INTERVAL=1", schedule["rrule"])


def test_secrets_are_only_where_awx_encrypts_them() -> None:
    credentials = of("credential", full=True)
    assert credentials["site-builder prod apply"]["inputs"] == {"access_key": "AKIA", "secret_key": "hidden"}
    # AWX never shows them, so that they would count as a change each time.
    assert {c["update_secrets"] for c in credentials.values()} == {False}
    assert all("inputs" not in c for name, c in credentials.items() if name != "site-builder prod apply")
    # AWX, not Ansible, shall evaluate these.
    (injectors,) = {json.dumps(c["injectors"], sort_keys=True) for c in of("credential_type").values()}
    assert json.loads(injectors)["env"]["AWS_SECRET_ACCESS_KEY"] == "{{ secret_key }}"
    fields = {f["id"]: f.get("secret", False) for f in settings()["credential_inputs"]["fields"]}
    assert fields == {"access_key": False, "secret_key": True, "session_token": True}
    for notification in of("notification_template", full=True).values():
        assert notification["notification_configuration"]["password"] == ""


def test_the_checkout_of_the_project_comes_before_the_templates_and_is_looked_at() -> None:
    parts = [call.part for call in made()]
    assert parts == sorted(parts, key=PARTS.index)
    assert {(call.module, call.part) for call in made()} >= {
        ("project", "shared"),
        ("inventory_source", "inventories"),
        ("job_template", "templates"),
    }
    steps = [
        task.get("bbws.site_builder.awx_objects", {}).get("part") or task.get("ansible.builtin.import_tasks")
        for task in tasks("present")
    ]
    assert [step for step in steps if step] == ["shared", "project.yml", "inventories", "templates"]
    assert of("project")["site-builder"]["wait"] is False


def test_the_documentation_says_which_collection() -> None:
    text = (ROOT / "docs/awx.md").read_text()
    manifest = json.loads((COLLECTIONS / "awx/awx/MANIFEST.json").read_text())
    assert f"ansible-galaxy collection install awx.awx:{manifest['collection_info']['version']}`" in text


def test_no_variable_begins_like_those_that_awx_gives_to_its_jobs() -> None:
    """AWX adds awx_job_id and the like; the preflight would take them for misspelt variables of a role called awx."""
    assert not (ROOT / "roles/awx").exists()
    assert not (ROOT / "roles/tower").exists()


def configure(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook where no AWX listens."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "CONTROLLER_", "TOWER_"))}
    return subprocess.run(
        [str(BIN / "ansible-playbook"), "playbooks/awx.yml", "-i", "localhost,", *arguments],
        cwd=ROOT,
        env={**kept, "CONTROLLER_HOST": "http://127.0.0.1:1", "CONTROLLER_OAUTH_TOKEN": "x", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_comes_from_a_registry_that_may_be_private() -> None:
    (image,) = of("execution_environment", full=True).values()
    assert image["image"] == "registry.example.com/site-builder:1"
    assert image["credential"] == "registry"
    only_image = calls("execution_environment", awx_config_execution_environment_image="public:1")
    assert "credential" not in only_image[0].arguments


@pytest.mark.parametrize("image", ["", "registry.example.com/site-builder:1"])
def test_jobs_without_an_image_of_ours_are_announced(image: str) -> None:
    run = configure("-e", f"awx_config_execution_environment_image={image}")
    text = " ".join(run.stdout.split())
    sentence = "awx_config_execution_environment_image is empty: jobs run in the execution environment that AWX uses by default"
    assert (sentence in text) is (image == ""), text
    # It stops nothing.
    assert "http://127.0.0.1:1/api/" in text


def test_it_works_with_ansible_controller(tmp_path: Path) -> None:
    """By the link of docs/awx.md. ansible.controller is awx.awx under another name, so a renamed copy stands for it."""
    controller = tmp_path / "ansible_collections/ansible/controller"
    shutil.copytree(COLLECTIONS / "awx/awx", controller, ignore=shutil.ignore_patterns("test*", "__pycache__"))
    api = controller / "plugins/module_utils/controller_api.py"
    api.write_text(api.read_text().replace('_COLLECTION_TYPE = "awx"', '_COLLECTION_TYPE = "controller"'))
    link = tmp_path / "ansible_collections/awx/awx"
    link.parent.mkdir()
    link.symlink_to(controller)
    run = configure(ANSIBLE_COLLECTIONS_PATH=f"{tmp_path}:{ROOT / '.collections'}")
    assert run.returncode == 2
    assert "http://127.0.0.1:1/api/controller/v2/organizations/" in run.stdout, run.stdout


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"awx_config_environments": {"dev": {"approval": "perhaps", "drift": "daily", "instance_groups": []}}},
            "awx_config_environments.dev is {",
        ),
        ({"awx_config_environments": {"dev": {"approval": True}}}, 'awx_config_environments.dev is {"approval": true}'),
        (
            {"awx_config_aws_credentials": {"prod": {"plann": {"secret_key": "swordfish"}}}},
            "awx_config_aws_credentials.prod has plann, and no job template takes that",
        ),
        (
            {"awx_config_aws_credentials": {"production": {"plan": {"secret_key": "swordfish"}}}},
            "awx_config_aws_credentials.production has plan, and no job template takes that",
        ),
    ],
    ids=["values", "incomplete", "purpose", "environment"],
)
def test_wrong_settings_are_named_before_awx_is_asked(variables: dict[str, Any], sentence: str) -> None:
    run = configure("-e", json.dumps(variables))
    assert run.returncode == 2
    text = " ".join((run.stdout + run.stderr).split())
    assert sentence in text, text
    assert "swordfish" not in text
    assert "127.0.0.1" not in text


def accepted(**changed: Any) -> bool:
    """Whether the role takes an environment with these settings."""
    (check,) = [task for task in tasks("check") if "environments" in task["name"]]
    item = {"key": "dev", "value": settings()["environments"]["dev"] | changed}
    templar = Templar(DataLoader(), {"item": item})
    return all(map(templar.evaluate_conditional, check["ansible.builtin.assert"]["that"]))


@pytest.mark.parametrize(
    ("start", "taken"),
    [
        (":20260101T010000Z", True),
        (";TZID=Africa/Johannesburg:20260101T010000", True),
        (":20260101T010000", False),
        (";TZID=Africa/Johannesburg:20260101T010000Z", False),
        ("", False),
    ],
)
def test_a_schedule_says_in_which_time_zone_as_awx_wants_it(start: str, taken: bool) -> None:
    assert accepted(drift=f"DTSTART{start} RRULE:FREQ=DAILY;INTERVAL=1") is taken


@pytest.mark.parametrize(
    ("more", "taken"), [({}, True), ({"branch": "v1.4.0"}, True), ({"branch": 1.4}, False), ({"brunch": "main"}, False)]
)
def test_a_branch_is_a_text_under_its_own_name(more: dict[str, Any], taken: bool) -> None:
    assert accepted(**more) is taken


def test_an_environment_may_have_a_branch_of_its_own() -> None:
    environments = settings()["environments"]
    environments["prod"] |= {"branch": "v1.4.0"}
    for call in calls("job_template", "inventory_source", awx_config_environments=environments):
        # Empty is what AWX shows of a template without one, and takes back one that was there.
        assert call.arguments["scm_branch"] == ("v1.4.0" if " prod" in call.arguments["name"] else ""), call.what
    assert of("project")["site-builder"]["allow_override"] is True


# --- what AWX sends


ARTIFACTS = {
    "site_builder_summary": 'plan of prod: 1 to delete; DATA IS LOST: module.x["a"]',
    "site_builder_plan": "20261129T180000Z-aaaaaa",
    "site_builder_review": {"expires": "2026-11-30T18:00:00Z", "page": "s3://states/plan.html"},
}


def messages(name: str) -> dict[str, Any]:
    return of("notification_template", full=True)[f"site-builder {name}"]["messages"]


def sent(text: str, **context: Any) -> str:
    """What a chat would show."""
    return json.loads(rendered_message(text, {**STUB, **context}, Undefined))["text"]


def test_an_approver_is_told_what_the_plan_does_and_then_that_it_waits() -> None:
    job = STUB["job"] | {"name": "site-builder prod plan", "artifacts": ARTIFACTS}
    assert sent(messages("approval")["success"]["body"], job=job) == (
        'site-builder prod plan: plan of prod: 1 to delete; DATA IS LOST: module.x["a"]; plan 20261129T180000Z-aaaaaa, valid until '
        "2026-11-30T18:00:00Z, page s3://states/plan.html: https://towerhost/#/jobs/playbook/1010"
    )
    assert sent(
        messages("approval")["workflow_approval"]["running"]["body"], approval_node_name="site-builder prod approval"
    ) == (
        "site-builder prod approval is waiting for you: read the plan job before it, then answer: "
        "https://towerhost/#/workflows/1010"
    )
    # No environment without an approval says that somebody must look.
    told = {n for n, t in of("job_template", full=True).items() if t["notification_templates_success"]}
    assert told == {"site-builder prod plan"}


@pytest.mark.parametrize("name", ["failed", "drift"])
def test_a_failure_says_its_reason_in_one_line(name: str) -> None:
    body = messages(name)["error"]["body"]
    job = STUB["job"] | {"name": "site-builder dev x", "artifacts": {"site_builder_summary": 'iam "denied"\nit'}}
    assert sent(body, job=job).endswith('iam "denied"\nit: https://towerhost/#/jobs/playbook/1010')
    # Of one that AWX itself has ended, or that came to no report, there are no artifacts.
    killed = STUB["job"] | {"artifacts": {}, "job_explanation": "Job terminated due to timeout"}
    assert "Job terminated due to timeout" in sent(body, job=killed)
    assert "see its output" in sent(body, job=killed | {"job_explanation": ""})
    templates = of("job_template", full=True)
    for template_name, template in templates.items():
        expected = "drift" if template_name.endswith(" drift") else "failed"
        assert template["notification_templates_error"] == [f"site-builder {expected}"]


# --- contracts between surveys and roles


def test_every_variable_of_every_template_is_one_of_a_role() -> None:
    """A variable that is renamed without its survey, or a survey without its variable, fails here."""
    known = set(OPTIONS)
    for template in [*of("job_template").values(), *of("workflow_job_template").values()]:
        asked = {q["variable"] for q in template.get("survey_spec", {"spec": []})["spec"]}
        told = template.get("extra_vars", {})
        for variable in asked | told.keys():
            assert variable.replace("survey_", "site_builder_") in known, (template["name"], variable)
        # What is asked under another name is what the template makes the option of, and of nothing else.
        for name, value in told.items():
            for used in re.findall(r"\b(survey_\w+)", str(value)):
                assert used in asked, (template["name"], name)
                assert used.replace("survey_", "site_builder_") == name


def test_what_a_plan_hands_over_is_what_an_apply_takes() -> None:
    rows = [
        {"name": "s3", "result": "planned", "counts": dict.fromkeys(("created", "updated", "replaced", "deleted"), 0)}
    ]
    saved = {"plan_id": "p", "sha256": "5e1f", "folder": "/p", "path": "s3://p"}
    handed = report.stats(rows, "/r", saved, "line").keys() - PUBLISHED
    assert handed == {"site_builder_plan", "site_builder_plan_sha256"}
    apply = of("job_template")["site-builder prod apply"]
    assert handed <= apply["extra_vars"].keys()
    # Launched alone it asks for both, and takes neither from anywhere else.
    asked = {q["variable"] for q in apply["survey_spec"]["spec"]}
    assert {name.replace("site_builder_", "survey_") for name in handed} <= asked


def test_an_approval_ends_before_its_plan_is_too_old() -> None:
    longest = OPTIONS["site_builder_plan_max_age"]["default"]
    # What the plan job takes after it has made its plan, and AWX to get to the approval.
    assert settings()["approval_timeout"] <= longest - 3600


STACKS = ("dynamodb", "s3", "iam")
SLICE = {"awx_job_template_name": "site-builder dev plan", "awx_workflow_job_name": "site-builder dev plan"}


def test_a_slice_is_refused() -> None:
    assert sliced(["s3"], STACKS, SLICE) == [
        "this job is one slice of the AWX job template 'site-builder dev plan', without dynamodb, iam, and stacks depend on one "
        "another; set Job Slicing of that template to 1"
    ]


@pytest.mark.parametrize(
    ("hosts", "variables"),
    [
        (STACKS, SLICE),  # the whole, under a workflow of that name
        (["s3"], {}),  # a command line, an inventory with fewer stacks
        (["s3"], {"awx_job_template_name": "site-builder dev plan"}),  # such an inventory in AWX
        (["s3"], SLICE | {"awx_workflow_job_name": "site-builder dev release"}),  # and in a workflow
    ],
)
def test_what_is_no_slice_is_not(hosts: list[str], variables: dict[str, str]) -> None:
    assert sliced(hosts, STACKS, variables) == []
