"""The service as a whole: references, rivals, what is rendered for git; and that no field gets lost on the way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.order import waves
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import (
    api_gateway,
    dynamodb,
    iam,
    lambda_,
    monitoring,
    registry,
    s3,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Fields

from tests.settings import BOUNDARY, DEV, PROD, STACKS

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
    assert rendered.keys() == {"environment", "region", "replica_region", "account_id", "tags", *registry.STACKS}
    assert rendered["replica_region"] == "eu-west-1"
    assert rendered["lambda"]["functions"]["agents"]["environment"] == {"KEY": lambda_.PLACEHOLDER}
    assert rendered["lambda"]["packages"] == {"functions/agents": lambda_.PLACEHOLDER_PACKAGE}
    assert "hidden" not in repr(rendered)
    assert rendered["monitoring"].keys() == {"monitoring"}


def test_placeholder_of_a_package_passes_the_module() -> None:
    text = (STACKS.parent / "modules/lambda/variables.tf").read_text()
    pattern = re.search(r'regex\("([^"]+)", var.package.source_code_hash', text)
    assert pattern
    assert re.search(pattern[1], lambda_.PLACEHOLDER_PACKAGE["source_code_hash"])


def attributes(stack: str, variable: str) -> set[str]:
    """The attributes of a variable of a stack, by their indentation (terraform fmt sees to that)."""
    text = (STACKS / stack / "variables.tf").read_text()
    block = re.search(rf'^variable "{variable}" {{$(.*?)^}}$', text, re.MULTILINE | re.DOTALL)
    assert block
    return set(re.findall(r"^    (\w+) += ", block[1], re.MULTILINE))


@pytest.mark.parametrize(
    ("stack", "variable", "shape"),
    [
        ("dynamodb", "tables", dynamodb.SCHEMA),
        ("s3", "buckets", s3.SCHEMA),
        ("iam", "roles", iam.SCHEMA),
        ("lambda", "functions", lambda_.SCHEMA),
        ("lambda", "layers", lambda_.LAYER_SCHEMA),
        ("api_gateway", "apis", api_gateway.SCHEMA),
        ("monitoring", "monitoring", monitoring.SCHEMA),
    ],
)
def test_stack_takes_every_field(stack: str, variable: str, shape: Fields) -> None:
    """Terraform drops an attribute that a variable's type does not have, without a word."""
    ours = {"customer_key", "replicate", "source", "requirements", "table_names", "bucket_names", "documents"}
    assert set(shape.known) - ours - attributes(stack, variable) == set()


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


def test_stack_takes_what_follows_from_the_settings() -> None:
    stacks = registry.define(FULL, {}, {**PROD, **BOUNDARY})
    for stack, variable in (
        *(("dynamodb", "tables"), ("s3", "buckets"), ("iam", "roles"), ("lambda", "functions"), ("lambda", "layers")),
        ("api_gateway", "apis"),
    ):
        for entry in stacks[stack]["tfvars"][variable].values():
            assert entry.keys() - attributes(stack, variable) == set(), stack
    assert stacks["monitoring"]["tfvars"]["monitoring"].keys() - attributes("monitoring", "monitoring") == set()
