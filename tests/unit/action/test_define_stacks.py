"""The action plugin: what it collects from Ansible, and hands to the checks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.bbws.site_builder.plugins.action import preflight

ROOT = Path(__file__).parents[2]
STACKS = ["dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring"]
INVENTORY = yaml.safe_load((ROOT / "inventories/dev/group_vars/all.yml").read_text())


class HostVars(dict):
    """The variables of each host; what Ansible's own gives by raw_get."""

    raw_get = dict.__getitem__


def run(
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, Any] | None = None,
    hosts: dict[str, dict[str, Any]] | None = None,
    extra: dict[str, Any] | None = None,
    folder: str = "dev",
) -> list[str]:
    """The sentences that the plugin fails with; variables are the inventory's, hosts those of single hosts."""
    monkeypatch.setattr(preflight, "load_extra_vars", lambda loader: extra or {})
    loader = DataLoader()
    loader.set_basedir(str(ROOT))
    common = {**INVENTORY, "site_builder_target": "local", **(variables or {}), **(extra or {})}
    defaults = loader.load_from_file(str(ROOT / "roles/site_builder/defaults/main.yml"), trusted_as_template=True)
    task_vars = {
        **defaults,
        **common,
        "hostvars": HostVars({stack: {**common, **(hosts or {}).get(stack, {})} for stack in STACKS}),
        "ansible_play_hosts_all": STACKS,
        "groups": {"all": STACKS, "stacks": STACKS, "dev": STACKS},
        "inventory_dir": f"/somewhere/{folder}",
    }
    task = SimpleNamespace(args={"stacks": STACKS}, async_val=0, check_mode=False, action="preflight")
    plugin = preflight.ActionModule(
        task, MagicMock(), MagicMock(), loader, Templar(loader, task_vars), SimpleNamespace()
    )
    result = plugin.run(task_vars=task_vars)
    assert result.get("failed", False) == ("msg" in result)
    return result.get("msg", "").splitlines()


@pytest.mark.parametrize("where", ["variables", "extra", "hosts"])
def test_a_switch_of_the_engine_is_refused_wherever_a_person_sets_it(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    switch: dict[str, Any] = {"terraform_stack_destroy": True}
    told = run(monkeypatch, **{where: {"s3": switch} if where == "hosts" else switch})
    assert told == [
        "terraform_stack_destroy is True in the inventory or on the command line, and only a playbook sets it; remove it"
    ]


def test_a_second_play_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = run(monkeypatch, {"site_builder_run": {"dir": "x"}, "dynamodb_stack": {}})
    assert told.startswith("site_builder_run is set by a play before this one")


def test_inventory_of_dev_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch) == []


@pytest.mark.parametrize("where", ["variables", "extra"])
def test_unknown_variable(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    problems = run(monkeypatch, **{where: {"site_builder_regoin": "eu-west-1", "lambda_stack": {}}})
    assert [problem.split()[0] for problem in problems] == ["lambda_stack", "site_builder_regoin"]
    assert problems[1].endswith("the nearest one is site_builder_region, rename or remove it")


def test_unknown_variable_of_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, hosts={"s3": {"s3_bukets": {}}}) == [
        "s3_bukets is no variable of this collection; the nearest one is s3_buckets, rename or remove it"
    ]


def test_shared_variable_of_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = run(monkeypatch, hosts={"s3": {"site_builder_region": "us-east-1"}})
    assert problem.startswith("site_builder_region is 'us-east-1' for the stack s3 and 'eu-west-1' for dynamodb")


def test_definition_of_the_stack_s_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = run(monkeypatch, hosts={"dynamodb": {"dynamodb_tables": {"a": {}}}})
    assert problem == "dynamodb_tables.a.hash_key is missing; say what it is"


CERTIFICATE = "arn:aws:acm:eu-west-1:111111111111:certificate/1"
DOMAIN = {"name": "api.example.com", "certificate_arn": CERTIFICATE}
WEB_ACL = "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/site/1"
VPC = {"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"]}
SMALL = {
    "api_gateway_domain": DOMAIN,
    "api_gateway_web_acl_arn": WEB_ACL,
    "lambda_reserved_concurrency": {"generation": 5, "agents": -1},
    "site_builder_vpc": VPC,
}
OWN_FUNCTION = {"source": str(ROOT / "examples/functions/agents"), "handler": "app.handler"}
OWN = {
    "api_gateway_apis": {"a": {"routes": {"r": {"path": "/", "method": "GET", "function": "agents"}}}},
    "iam_roles": {"agents": {}},
    "lambda_functions": {"agents": OWN_FUNCTION},
    "lambda_layers": {},
}


def test_small_variables_reach_the_roles_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, SMALL) == []


def test_small_variables_that_reach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, OWN) == []
    assert run(monkeypatch, {**OWN, **SMALL}) == [
        "api_gateway_domain is a mapping of name, certificate_arn, and no entry of api_gateway_apis has it; write it there as "
        "domain",
        f"api_gateway_web_acl_arn is '{WEB_ACL}', and no entry of api_gateway_apis has it; write it there as waf_web_acl_arn",
        "site_builder_vpc is a mapping of subnet_ids, security_group_ids, and no entry of lambda_functions has it; write it "
        "there as vpc",
        "lambda_reserved_concurrency has 'generation', which is no function; there are: agents",
        "lambda_reserved_concurrency.agents is -1, and lambda_functions.agents does not have it; write it there as "
        "reserved_concurrency",
    ]


def test_small_variables_that_own_definitions_take_up(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {
        **OWN,
        "api_gateway_apis": {"a": {**OWN["api_gateway_apis"]["a"], "domain": DOMAIN, "waf_web_acl_arn": WEB_ACL}},
        "lambda_functions": {"agents": {**OWN_FUNCTION, "vpc": VPC, "reserved_concurrency": -1}},
        "iam_roles": {"agents": {"vpc": True}},
    }
    assert run(monkeypatch, {**own, **SMALL, "lambda_reserved_concurrency": {"agents": -1}}) == []


def test_template_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = run(monkeypatch, variables={"site_builder_tags": {"A": trust_as_template("{{ nothing }}")}})
    assert problem == "site_builder_tags cannot be evaluated: 'nothing' is undefined; correct its template"


def test_template_that_is_data_stays_data(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = run(monkeypatch, variables={"site_builder_service": "{{ 1 + 1 }}"})
    assert "service '{{ 1 + 1 }}' is not valid" in problem


def test_command_line_and_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "on the command line" in run(monkeypatch, extra={"site_builder_region": "eu-west-1"})[0]
    assert "is in the folder prod" in run(monkeypatch, folder="prod")[0]


def test_document_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    wanted = {"api_gateway_apis": {"a": {"documents": [str(path)]}}}
    (problem,) = run(monkeypatch, variables=wanted)
    assert problem.startswith(f"api_gateway_apis.a.documents names {str(path)!r}, which cannot be read (")
    path.write_bytes(b"\xff\xfe")
    (problem,) = run(monkeypatch, variables=wanted)
    assert problem.startswith(f"api_gateway_apis.a.documents: {path}: is not valid YAML; correct it (")
