"""The action plugin: what it takes from Ansible, which problems it tells together, and what it returns."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.utils.display import Display
from ansible_collections.bbws.site_builder.plugins.module_utils import preflight
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import STACKS
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import levels
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.hcl import to_hcl
from ansible_collections.bbws.site_builder.plugins.modules import define_stacks as module

from tests.conftest import ROOT

LOCAL = "site_builder_target=local"


@pytest.fixture
def run(act: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return what runs the plugin on dev with more variables: the inventory's, those of single hosts (by stack)."""

    def run_with(
        variables: Any = None, *extra: str, hosts: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        # Ansible remembers which files a folder has.
        folder = tmp_path / str(len(list(tmp_path.iterdir()))) / more.pop("folder", "dev")
        shutil.copytree(ROOT / "inventories/dev", folder)
        if variables:
            # Text as it is may hold what YAML's dumper does not know.
            text = variables if isinstance(variables, str) else yaml.safe_dump(variables, sort_keys=False)
            (folder / "group_vars/stacks.yml").write_text(text)
        for name, text in more.pop("files", {}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        for host, values in (hosts or {}).items():
            (folder / "host_vars").mkdir(exist_ok=True)
            (folder / f"host_vars/{host}.yml").write_text(yaml.safe_dump(values))
        return act(folder, LOCAL, *extra, **more)

    return run_with


@pytest.fixture
def told(run: Callable[..., dict[str, Any]]) -> Callable[..., list[str]]:
    """Return what gives the sentences that the plugin fails with."""

    def told_of(*arguments: Any, **options: Any) -> list[str]:
        result = run(*arguments, **options)
        assert result.get("failed", False) == ("msg" in result)
        return result.get("msg", "").splitlines()

    return told_of


Told = Callable[..., list[str]]


def test_a_switch_of_the_engine_is_refused_wherever_a_person_sets_it(told: Told) -> None:
    sentence = "terraform_stack_mode is 'destroy' in the inventory or on the command line, and only a playbook sets it; remove it"
    assert told({"terraform_stack_mode": "destroy"}) == [sentence]
    assert told({}, '{"terraform_stack_mode": "destroy"}') == [sentence]
    assert told(hosts={"s3": {"terraform_stack_mode": "destroy"}}) == [sentence]


def test_a_community_general_that_was_not_tested_is_refused(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is installed, as it says itself."""
    monkeypatch.setattr(preflight, "COMMUNITY_GENERAL", ("99.0.0", "100.0.0"))
    (sentence,) = told({})
    assert re.match(
        r"community\.general is 12\.\d+\.\d+, and what its terraform module prints and returns, .* from 99\.0\.0 to",
        sentence,
    )


def test_a_second_play_is_refused(told: Told) -> None:
    (sentence,) = told({"site_builder_run": {"dir": "x"}, "dynamodb_stack": {}})
    assert sentence.startswith("site_builder_run is set by a play before this one")


@pytest.mark.parametrize("on_command_line", [False, True])
def test_unknown_variable(told: Told, on_command_line: bool) -> None:
    wrong = '{"site_builder_regoin": "eu-west-1", "lambda_stack": {}}'
    problems = told({}, wrong) if on_command_line else told(wrong)
    assert [problem.split()[0] for problem in problems] == ["lambda_stack", "site_builder_regoin"]
    assert problems[1].endswith("the nearest one is site_builder_region, rename or remove it")


def test_unknown_variable_of_one_host(told: Told) -> None:
    assert told(hosts={"s3": {"s3_bukets": {}}}) == [
        "s3_bukets is no variable of this collection; the nearest one is s3_buckets, rename or remove it"
    ]


def test_shared_variable_of_one_host(told: Told) -> None:
    (problem,) = told(hosts={"s3": {"site_builder_region": "us-east-1"}})
    assert problem.startswith("site_builder_region is 'us-east-1' for the stack s3 and 'eu-west-1' for dynamodb")


@pytest.mark.parametrize("limit", ["all", "iam"])
def test_definition_of_the_stack_s_own_host(told: Told, limit: str) -> None:
    (problem,) = told(hosts={"dynamodb": {"dynamodb_tables": {"a": {}}}}, subset=limit)
    assert problem == "dynamodb_tables.a.hash_key is missing; say what it is"


def test_bootstrap_may_make_the_user_pool(run: Callable[..., dict[str, Any]], told: Told) -> None:
    """It knows the scopes before there is a pool. Nothing else does without one."""
    nobody = {"site_builder_cognito_user_pool_arns": []}
    aws, create = "site_builder_target=aws", "site_builder_cognito=create"
    (sentence,) = told(nobody, aws)
    assert sentence.endswith("or make a pool with playbooks/bootstrap.yml -e site_builder_cognito=create")
    assert told(nobody, aws, create, play_vars={"terraform_stack_mode": "deploy"}) == [sentence]
    placeholder = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_NotMadeYet"
    assert run(nobody, aws, create)["settings"]["cognito_user_pool_arns"] == [placeholder]
    pool = placeholder.replace("NotMadeYet", "A")
    named = run({"site_builder_cognito_user_pool_arns": [pool]}, aws, create)
    assert named["settings"]["cognito_user_pool_arns"] == [pool]
    assert told(nobody, aws, create, "site_builder_region=x", "site_builder_account_id=1")


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


def test_small_variables_reach_the_roles_definitions(run: Callable[..., dict[str, Any]]) -> None:
    stacks = run(SMALL)["stacks"]
    functions = stacks["lambda"]["tfvars"]["functions"]
    assert stacks["api_gateway"]["tfvars"]["apis"]["generation"]["domain"] == DOMAIN
    assert {name: one.get("reserved_concurrency") for name, one in functions.items()} == {
        "generation": 5,
        "worker": None,
        "agents": -1,
        "validation": None,
    }
    assert functions["agents"]["vpc"] == VPC
    assert stacks["iam"]["tfvars"]["roles"]["agents"]["vpc"] is True


def test_small_variables_that_reach_nothing(told: Told) -> None:
    assert told(OWN) == []
    assert told({**OWN, **SMALL}) == [
        "api_gateway_domain is a mapping of name, certificate_arn, which is in no entry of api_gateway_apis; write it there as "
        "domain",
        f"api_gateway_web_acl_arn is '{WEB_ACL}', which is in no entry of api_gateway_apis; write it there as waf_web_acl_arn",
        "site_builder_vpc is a mapping of subnet_ids, security_group_ids, which is in no entry of lambda_functions; write it "
        "there as vpc",
        "lambda_reserved_concurrency: the key is 'generation', which is no function; there are: agents",
        "lambda_reserved_concurrency.agents is -1, which is not in lambda_functions.agents; write it there as "
        "reserved_concurrency",
    ]


def test_small_variables_that_own_definitions_take_up(told: Told) -> None:
    own = {
        **OWN,
        "api_gateway_apis": {"a": {**OWN["api_gateway_apis"]["a"], "domain": DOMAIN, "waf_web_acl_arn": WEB_ACL}},
        "lambda_functions": {"agents": {**OWN_FUNCTION, "vpc": VPC, "reserved_concurrency": -1}},
        "iam_roles": {"agents": {"vpc": True}},
    }
    assert told({**own, **SMALL, "lambda_reserved_concurrency": {"agents": -1}}) == []


def test_template_that_fails(told: Told) -> None:
    (problem,) = told("site_builder_tags: {A: '{{ nothing }}'}")
    assert problem == "site_builder_tags cannot be evaluated: 'nothing' is undefined; correct its template"


def test_template_that_is_data_stays_data(told: Told) -> None:
    assert told("site_builder_tags: {A: !unsafe '{{ 1 + 1 }}'}") == [
        "site_builder_tags: tag 'A' with the value '{{ 1 + 1 }}' contains '{'; use letters, digits, spaces and _ . : / = + - @"
    ]


def test_value_that_was_worked_out_is_no_template(run: Callable[..., dict[str, Any]]) -> None:
    """What a shared variable holds goes into definitions as it is, however it looks."""
    variables = """
site_builder_service: site
lambda_functions:
  agents:
    source: '{{ lambda_source_dir }}/functions/agents'
    handler: app.handler
    environment: {KEY: "{{ site_builder_tags.Owner }}", OTHER: !unsafe '{{ nothing }}'}
site_builder_tags: {Owner: "{{ site_builder_service | upper }}"}
lambda_layers: {}
iam_roles: {agents: {}}
api_gateway_apis: {}
"""
    functions = run(variables)["stacks"]["lambda"]["tfvars"]["functions"]
    assert functions["agents"]["environment"] == {"KEY": "SITE", "OTHER": "{{ nothing }}"}


def test_command_line_and_folder(told: Told) -> None:
    assert "on the command line" in told({}, "site_builder_region=eu-west-1")[0]
    assert "is in the folder prod" in told(folder="prod")[0]


def test_document_that_cannot_be_read(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    wanted = {"api_gateway_apis": {"a": {"documents": [str(path)]}}}
    (problem,) = told(wanted)
    assert problem.startswith(f"api_gateway_apis.a.documents names {str(path)!r}, which cannot be read (")
    path.write_bytes(b"\xff\xfe")
    (problem,) = told(wanted)
    assert problem.startswith(f"api_gateway_apis.a.documents: {path}: is not valid YAML; correct it (")


def test_all_is_told_that_can_be_told_at_once(told: Told) -> None:
    wrong = {
        "site_builder_lock_timeout": -1,
        "site_builder_regoin": "x",
        "local_aws_port": "x",
        "site_builder_alert_emails": ["a@example.com", "nobody"],
        "dynamodb_tables": {"a": {}},
        "monitoring_options": {"datapoints_to_alarm": 2},
    }
    assert [sentence.split()[0] for sentence in told(wrong)] == [
        "site_builder_regoin",
        "local_aws_port",
        "site_builder_alert_emails[1]",
        "site_builder_lock_timeout",
        "dynamodb_tables.a.hash_key",
        "monitoring_options.datapoints_to_alarm",
    ]


def test_all_that_names_and_documents_show_is_told_at_once(told: Told) -> None:
    wrong = {
        "dynamodb_tables": {"generations": {"hash_key": {"name": "a"}}, "agents": {"hash_key": {"name": "a"}}}
        | {"a b": {"hash_key": {"name": "a"}}, "c d": {"hash_key": {"name": "a"}}},
        "api_gateway_apis": {"a": {}, "b": {"routes": {"r": {"path": "/", "method": "GET", "function": "nobody"}}}},
    }
    assert [sentence.partition(" is ")[0] for sentence in told(wrong)] == [
        "dynamodb_tables: dynamodb_table key",
        "dynamodb_tables: dynamodb_table key",
        "api_gateway_apis.a has no route; name an OpenAPI document in documents, or a route in routes",
        "api_gateway_apis.b.routes.r.function",
    ]


def test_a_mistake_is_told_where_it_is_made_only(told: Told) -> None:
    """The roles' own definitions are made of it."""
    assert [sentence.split()[0] for sentence in told({"site_builder_cors_origin": "example.com"})] == [
        "site_builder_cors_origin"
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"tags": ["lambda"]},
            "--tags (or ANSIBLE_RUN_TAGS) is ['lambda'], which leaves out tasks, and a run does everything or nothing; leave it "
            "out",
        ),
        (
            {"skip_tags": ["lambda"]},
            "--skip-tags (or ANSIBLE_SKIP_TAGS) is ['lambda'], which leaves out tasks, and a run does everything or nothing; "
            "leave it out",
        ),
        (
            {"start_at_task": "Report"},
            "--start-at-task is 'Report', which leaves out the checks before it, and a run does everything or nothing; leave it "
            "out",
        ),
    ],
)
def test_option_that_leaves_something_out(told: Told, options: dict[str, Any], sentence: str) -> None:
    assert told(**options) == [sentence]


@pytest.mark.parametrize(
    ("variable", "value", "sentences"),
    [
        (
            "ANSIBLE_STRATEGY",
            "free",
            ["ANSIBLE_STRATEGY is 'free', and stacks wait for one another with linear only; unset it"],
        ),
        ("ANSIBLE_STRATEGY", "ansible.builtin.linear", []),
        (
            "ANSIBLE_ANY_ERRORS_FATAL",
            "true",
            ["ANSIBLE_ANY_ERRORS_FATAL is True, and one failed stack must not end the others midway; unset it"],
        ),
        ("ANSIBLE_ANY_ERRORS_FATAL", "false", []),
    ],
)
def test_environment_that_changes_the_run(
    told: Told, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentences: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert told() == sentences
    monkeypatch.delenv(variable)
    assert constants.config.get_config_value("DEFAULT_STRATEGY") == "linear"


def test_result(run: Callable[..., dict[str, Any]]) -> None:
    result = run()
    assert result["_ansible_no_log"] is True
    assert result["models"] == [{"model": "anthropic.claude-sonnet-5-5", "region": "eu-west-1"}]
    assert result["changed"] is False
    assert result["account_id"] == result["context"]["account_id"] == "123456789012"
    assert result["production"] is False
    assert result["tags"] == {"Service": "site-builder", "Environment": "dev", "ManagedBy": "Terraform"}
    assert (result["state_bucket"], result["state_prefix"]) == (
        "site-builder-tfstate-dev-123456789012-eu-west-1",
        "site-builder/dev",
    )
    assert result["waves"] == [["dynamodb", "s3"], ["iam"], ["lambda"], ["api_gateway"], ["monitoring"]]
    assert result["order"] == ["dynamodb", "s3", "iam", "lambda", "api_gateway", "monitoring"]
    assert set(result["packages"]) == set(result["artifact_buckets"])
    assert set(result["packages"]) == {
        "functions/generation",
        "functions/worker",
        "functions/agents",
        "functions/validation",
        "layers/common",
    }
    assert result["settings"]["dr"] == result["dr"]
    assert "rendered" not in result
    for name, stack in result["stacks"].items():
        assert stack.keys() - {"probes"} == {
            *("tfvars", "predicted_outputs", "hooks", "sensitive", "replica_provider", "asks", "depends_on", "output"),
        }
        assert stack["output"] in stack["predicted_outputs"]
        assert stack["depends_on"] == list(STACKS[name].depends_on)
    assert result["stacks"]["lambda"]["sensitive"] == []
    assert [name for name, stack in result["stacks"].items() if stack["replica_provider"]] == ["s3"]


def test_account_is_the_inventory_s_on_aws(act: Callable[..., dict[str, Any]]) -> None:
    result = act(ROOT / "inventories/prod")
    assert (result["account_id"], result["production"]) == ("333333333333", True)
    assert result["settings"]["cognito_user_pool_arns"][0].startswith("arn:aws:cognito-idp:af-south-1:333333333333:")


def test_documentation_tells_what_there_is(run: Callable[..., dict[str, Any]]) -> None:
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    returned = yaml.safe_load(module.RETURN)
    result = run(arguments={"render": True})
    assert options["stacks"]["choices"] == list(STACKS)
    assert returned.keys() == result.keys() - {"changed", "_ansible_no_log"}
    assert returned["stacks"]["contains"].keys() == {field for stack in result["stacks"].values() for field in stack}


def test_inputs_follow_from_the_result(run: Callable[..., dict[str, Any]]) -> None:
    result = run()
    states = {name: {"deployed": False, "outputs": {}} for name in result["order"]}
    inputs = stack_inputs("monitoring", result["stacks"], states, {}, result["predicted_outputs"], result["order"])
    assert inputs.keys() == {"tables", "buckets", "functions", "apis"}


def test_a_path_begins_where_the_inventory_is(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    own = {
        **OWN,
        "api_gateway_apis": {"a": {"documents": ["api.yaml"]}},
        "lambda_functions": {"agents": {"source": "host_vars", "handler": "app.handler"}},
        "site_builder_provider_mirror": "mirror",
        "site_builder_work_dir": "work",
    }
    document = "openapi: 3.0.3\npaths: {/a: {get: {x-site-builder-function: agents, security: []}}}"
    folder = tmp_path / "0/dev"
    result = run(own, files={"api.yaml": document, "host_vars/s3.yml": "{}"})
    assert result["packages"]["functions/agents"]["source"] == str(folder / "host_vars")
    assert result["stacks"]["api_gateway"]["tfvars"]["apis"]["a"]["routes"].keys() == {"get_a"}
    assert result["paths"]["site_builder_provider_mirror"] == str(folder / "mirror")
    assert result["paths"]["site_builder_work_dir"] == str(folder / "work")


def test_a_definition_of_the_role_is_made_of_absolute_paths(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    result = run({"lambda_source_dir": "../../examples"})
    assert "msg" not in result
    assert result["packages"]["functions/agents"]["source"] == str(tmp_path / "examples/functions/agents")


def test_a_path_of_the_command_line_begins_where_the_user_stands(
    run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = tmp_path.parent
    monkeypatch.chdir(here)
    extra = ["site_builder_outputs_file=dev.env", "site_builder_terraform_binary=terraform"]
    paths = run(None, "site_builder_work_dir=x", *extra)["paths"]
    assert paths["site_builder_work_dir"] == str(here / "x")
    assert paths["site_builder_outputs_file"] == str(here / "dev.env")
    assert (paths["site_builder_terraform_binary"], paths["site_builder_checkov"]) == ("terraform", "")
    monkeypatch.setenv("SITE_BUILDER_WORK_DIR", "y")
    assert run()["paths"]["site_builder_work_dir"] == str(here / "y")


def test_warnings_are_shown_and_returned(run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, message, **_options: shown.append(message))
    pool = "arn:aws:cognito-idp:eu-west-2:222222222222:userpool/eu-west-2_X"
    assert run({"site_builder_cognito_user_pool_arns": [pool]})["warnings"] == []
    result = run({"site_builder_cognito_user_pool_arns": [pool]}, "site_builder_target=aws")
    assert result["warnings"] == [message for message in shown if pool in message]
    assert len(result["warnings"]) == 1


def test_the_token_of_older_awx(run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_SECURITY_TOKEN", "t")
    assert run()["aws_environment"] == {"AWS_SESSION_TOKEN": "t"}


def test_a_minute_and_an_alarm_five_seconds_before(run: Callable[..., dict[str, Any]]) -> None:
    """What the seed design has, which is more than the 29 s of a new account."""
    slow = {**OWN_FUNCTION, "timeout": 60}
    route = {"path": "/", "method": "GET", "function": "agents", "timeout_milliseconds": 60_000}
    own = {
        **OWN,
        "lambda_functions": {"agents": slow},
        "api_gateway_apis": {"a": {"routes": {"r": route}}},
        "monitoring_options": {"threshold_overrides": {"agents": {"lambda_duration_percent": 55 / 60 * 100}}},
    }
    stacks = run(own)["stacks"]
    function = stacks["lambda"]["predicted_outputs"]["functions"]["agents"]
    percent = stacks["monitoring"]["tfvars"]["monitoring"]["threshold_overrides"]["agents"]["lambda_duration_percent"]
    assert round(function["timeout"] * percent / 100, 6) == 55
    assert stacks["api_gateway"]["tfvars"]["apis"]["a"]["routes"]["r"]["timeout_milliseconds"] == 60_000


def test_some_stacks_only(run: Callable[..., dict[str, Any]]) -> None:
    assert list(run(arguments={"stacks": ["s3"]})["stacks"]) == ["s3"]


def test_secrets(run: Callable[..., dict[str, Any]]) -> None:
    functions = {"agents": {**OWN_FUNCTION, "environment": {"KEY": "hidden", "ORIGIN": "*", "EMPTY": ""}}}
    names = {"table_names": {"TABLE": "agents"}, "bucket_names": {"BUCKET": "sites"}}
    result = run({**OWN, "lambda_functions": {"agents": {**functions["agents"], **names}}}, arguments={"render": True})
    assert result["stacks"]["lambda"]["sensitive"] == ["hidden"]
    assert result["stacks"]["lambda"]["tfvars"]["functions"]["agents"]["environment"]["KEY"] == "hidden"
    assert result["rendered"]["stacks"]["lambda"]["functions"]["agents"]["environment"] == {
        "KEY": "set-by-ansible",
        "ORIGIN": "*",
        "EMPTY": "",
        "TABLE": "site-builder-agents-dev",
        "BUCKET": "site-builder-sites-dev-123456789012-eu-west-1",
    }
    assert "hidden" not in to_hcl(result["rendered"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_of_the_checkout(act: Callable[..., dict[str, Any]], environment: str) -> None:
    """What its folder holds but for packages, which differ with the code."""
    rendered = act(ROOT / "inventories" / environment, arguments={"render": True})["rendered"]
    packages = rendered["stacks"]["lambda"].pop("packages")
    assert set(packages) == {
        *(f"functions/{key}" for key in rendered["stacks"]["lambda"]["functions"]),
        *(f"layers/{key}" for key in rendered["stacks"]["lambda"]["layers"]),
    }
    assert rendered["environment"] == environment
    assert rendered.keys() == {"environment", "region", "replica_region", "account_id", "tags", "stacks"}
    assert rendered["stacks"].keys() == STACKS.keys()
    assert not {"environment", "region", "account_id", "tags"} & rendered["stacks"]["iam"].keys()


@pytest.mark.parametrize("depth", [12, 15])
def test_levels_are_rendered_as_deep_as_the_paths(run: Callable[..., dict[str, Any]], depth: int) -> None:
    route = {"path": "/a" * depth, "method": "GET", "function": "agents"}
    own = {**OWN, "api_gateway_apis": {"a": {"routes": {"r": route}}}}
    assert run(own, arguments={"render": True})["rendered_levels"] == levels.text(depth)


def test_an_environment_is_an_inventory_and_a_line(
    act: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "dev-2"
    shutil.copytree(ROOT / "inventories/dev", folder)
    for path in (folder / "hosts.yml", folder / "group_vars/all.yml"):
        path.write_text(
            path.read_text().replace("    dev:", "    dev_2:").replace("environment: dev", "environment: dev-2")
        )
    assert f"'dev-2', which is none of {', '.join(ENVIRONMENTS)}" in act(folder)["msg"]
    monkeypatch.setitem(ENVIRONMENTS, "dev-2", ENVIRONMENTS["dev"])
    result = act(folder)
    assert "msg" not in result
    assert result["stacks"]["dynamodb"]["tfvars"]["tables"]["agents"]["name"] == "site-builder-agents-dev-2"
