"""The service as a whole: references, rivals, what is rendered for git; and that no field gets lost on the way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.order import waves
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import (
    lambda_,
    registry,
)

from tests.settings import BOUNDARY, DEV, PROD, STACKS
from tools.generate_docs import DECLARATIONS

SERVICE: dict[str, Any] = {
    "dynamodb_tables": {"orders": {"hash_key": {"name": "id"}}},
    "s3_buckets": {"artifacts": {}, "sites": {}},
    "iam_roles": {"agents": {}},
    "lambda_functions": {"agents": {"source": "/tmp", "handler": "app.handler", "environment": {"KEY": "hidden"}}},
    "lambda_layers": {},
    "api_gateway_apis": {"a": {"routes": {"r": {"path": "/", "method": "GET", "function": "agents"}}}},
    "monitoring_options": {},
}


def test_stacks_come_after_what_they_need() -> None:
    order = waves({name: list(stack.depends_on) for name, stack in registry.STACKS.items()})
    assert order == [["dynamodb", "s3"], ["iam"], ["lambda"], ["api_gateway"], ["monitoring"]]


def test_every_stack_is_a_root_module_with_its_output() -> None:
    assert set(registry.STACKS) == {path.name for path in STACKS.iterdir()}
    for name, stack in registry.STACKS.items():
        assert f'output "{stack.output}"' in (STACKS / name / "outputs.tf").read_text()


def test_service_that_is_right() -> None:
    assert registry.malformed(SERVICE) == registry.astray({}, SERVICE) == []
    stacks = registry.define(SERVICE, {}, PROD)
    assert list(stacks) == list(registry.STACKS)
    for name, stack in stacks.items():
        assert registry.STACKS[name].output in stack["predicted_outputs"]


@pytest.mark.parametrize(
    ("change", "starts"),
    [
        ({"iam_roles": {"agents": {"dynamodb": {"read": ["x"]}}}}, "iam_roles.agents.dynamodb.read is 'x'"),
        ({"iam_roles": {"agents": {"s3": {"write": [{"bucket": "x"}]}}}}, "iam_roles.agents.s3.write is 'x'"),
        ({"iam_roles": {}}, "lambda_functions has 'agents', for which there is no role"),
        ({"s3_buckets": {}}, "lambda_functions.agents.artifact_bucket is 'artifacts'"),
        (
            {"s3_buckets": {"artifacts": {"access_logging": {"bucket": "artifacts"}}}},
            "s3_buckets.artifacts.access_logging.bucket is",
        ),
        ({"lambda_layers": {"l": {"source": "/nowhere"}}}, "lambda_layers.l.source is '/nowhere', which is no folder"),
    ],
)
def test_reference_to_nothing(change: dict[str, Any], starts: str) -> None:
    (sentence,) = registry.astray({}, {**SERVICE, **change})
    assert sentence.startswith(starts)


CODE = {"source": "/tmp", "handler": "app.handler"}
TELLS = {"async": {"on_failure_function": "agents"}}


@pytest.mark.parametrize(
    ("function", "sentences"),
    [
        (CODE | TELLS | {"function_names": {"SELF": "worker", "OTHER": "agents"}}, []),
        (
            CODE | {"function_names": {"OTHER": "agent"}},
            ["lambda_functions.worker.function_names is 'agent', which is no key of lambda_functions; add it there, or name one of: "
             "agents, worker"],
        ),
        (
            CODE | {"async": {"on_failure_function": "agent"}},
            ["lambda_functions.worker.async.on_failure_function is 'agent', which is no key of lambda_functions; add it there, or "
             "name one of: agents, worker"],
        ),
        (
            CODE | {"async": {"on_failure_function": "worker"}},
            ["lambda_functions.worker.async.on_failure_function is 'worker', which is the function that has failed; name another, or "
             "use on_failure_arn"],
        ),
    ],
)  # fmt: skip
def test_functions_that_know_one_another(function: dict[str, Any], sentences: list[str]) -> None:
    functions = {"agents": {**CODE, "function_names": {"WORKER": "worker"}}, "worker": function}
    service = {**SERVICE, "iam_roles": {"agents": {}, "worker": {}}, "lambda_functions": functions}
    assert registry.malformed(service) == []
    assert registry.astray({}, service) == sentences


def test_a_role_allows_what_its_function_is_set_up_with() -> None:
    functions = {
        "agents": {**CODE, "function_names": {"WORKER": "worker"}, "secrets": {"KEY": "ssm:/x"}},
        "worker": {**CODE, **TELLS},
    }
    service = {**SERVICE, "iam_roles": {"agents": None, "worker": {}}, "lambda_functions": functions}
    stacks = registry.define(service, {}, DEV)
    made = stacks["lambda"]["predicted_outputs"]["functions"]
    roles = stacks["iam"]["tfvars"]["roles"]
    assert roles["agents"]["invoked_function_arns"] == [made["worker"]["alias_arn"]]
    assert roles["worker"]["invoked_function_arns"] == [made["agents"]["alias_arn"]]
    assert list(roles["agents"]["secrets"]) == ["parameter_arns"]
    defined = stacks["lambda"]["tfvars"]["functions"]
    assert defined["agents"]["environment"]["WORKER"] == f"{made['worker']['name']}:live"
    assert defined["worker"]["async"] == {"on_failure_arn": made["agents"]["alias_arn"]}


def test_what_all_stacks_refuse_is_told_at_once() -> None:
    wrong = {"iam_roles": {"a b": {}}, "s3_buckets": {"A": {}}, "api_gateway_apis": {"a": {}}}
    with pytest.raises(SiteBuilderError) as refused:
        registry.define({**SERVICE, **wrong}, {}, DEV)
    assert [problem.split(":")[0].split()[0] for problem in refused.value.problems] == [
        "s3_buckets",
        "iam_roles",
        "api_gateway_apis.a",
    ]


def test_rivals() -> None:
    roles = {**SERVICE["iam_roles"], "sites-replication": {}, "artifacts-replication": {}}
    with pytest.raises(SiteBuilderError) as refused:
        registry.define({**SERVICE, "iam_roles": roles}, {}, PROD)
    assert [problem.split(";")[0] for problem in refused.value.problems] == [
        f"iam_roles.{key}-replication is to have the role 'site-builder-{key}-replication-prod-af-south-1', which the replication "
        f"of s3_buckets.{key} has"
        for key in ("sites", "artifacts")
    ]


def test_rendered() -> None:
    rendered = registry.rendered(registry.define(SERVICE, {}, PROD), PROD)
    assert rendered.keys() == {"environment", "region", "replica_region", "account_id", "tags", "stacks"}
    assert rendered["stacks"].keys() == registry.STACKS.keys()
    assert rendered["replica_region"] == "eu-west-1"
    assert rendered["stacks"]["lambda"]["functions"]["agents"]["environment"] == {"KEY": lambda_.PLACEHOLDER}
    assert rendered["stacks"]["lambda"]["packages"] == {"functions/agents": lambda_.PLACEHOLDER_PACKAGE}
    assert "hidden" not in repr(rendered)
    assert rendered["stacks"]["monitoring"].keys() == {"monitoring"}


def test_placeholder_of_a_package_passes_the_module() -> None:
    text = (STACKS.parent / "modules/lambda/variables.tf").read_text()
    pattern = re.search(r'regex\("([^"]+)", [a-z_.]+source_code_hash', text)
    assert pattern
    assert re.search(pattern[1], lambda_.PLACEHOLDER_PACKAGE["source_code_hash"])


FULL = {
    **SERVICE,
    "s3_buckets": {"artifacts": {"oac": {}}},
    "lambda_layers": {"a": {"source": "/tmp"}},
    "api_gateway_apis": {
        "a": {
            **SERVICE["api_gateway_apis"]["a"],
            "manage_account_logging_role": True,
            "account_logging_role_name": "logs",
        }
    },
}


def test_modules_take_what_follows_from_the_settings() -> None:
    """Terraform drops an attribute that a type does not have, without a word."""
    stacks = registry.define(FULL, {}, {**PROD, **BOUNDARY})
    tfvars = {
        "dynamodb_tables": stacks["dynamodb"]["tfvars"]["tables"],
        "s3_buckets": stacks["s3"]["tfvars"]["buckets"],
        "iam_roles": stacks["iam"]["tfvars"]["roles"],
        "lambda_functions": stacks["lambda"]["tfvars"]["functions"],
        "lambda_layers": stacks["lambda"]["tfvars"]["layers"],
        "api_gateway_apis": stacks["api_gateway"]["tfvars"]["apis"],
        "monitoring_options": {"": stacks["monitoring"]["tfvars"]["monitoring"]},
    }
    declared = {declaration.option: declaration.read().fields for declaration in DECLARATIONS}
    # For the resources of the stack, not for the module.
    of_the_stack = {"artifact_bucket", "layers"}
    for option, entries in tfvars.items():
        for entry in entries.values():
            assert set(entry) - set(declared[option]) - of_the_stack == set(), option
            for field in ("kms", "logs", "oac", "replication"):
                assert {f"{field}.{name}" for name in entry.get(field) or {}} - set(declared[option]) == set(), option
