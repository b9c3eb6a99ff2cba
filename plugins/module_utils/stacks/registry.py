# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stacks of a service, and the service as a whole: whether what its stacks say of one another is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import (
    api_gateway,
    dynamodb,
    iam,
    lambda_,
    monitoring,
    s3,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import Definitions, Settings, each
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Check, entries, wrong

Stacks = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Stack:
    """One stack: the stacks that it needs first, the output by which its dependants know it, the role variables that define
    it with what each may hold, and its own references to other stacks' keys."""

    depends_on: tuple[str, ...]
    output: str
    variables: Mapping[str, Check]
    references: Callable[[Definitions], Iterator[str]] = lambda definitions: iter(())


STACKS: dict[str, Stack] = {
    "dynamodb": Stack((), "tables", {"dynamodb_tables": entries(dynamodb.SCHEMA)}),
    "s3": Stack((), "buckets", {"s3_buckets": entries(s3.SCHEMA)}, s3.references),
    "iam": Stack(("dynamodb", "s3"), "roles", {"iam_roles": entries(iam.SCHEMA)}, iam.references),
    "lambda": Stack(
        ("s3", "iam"),
        "functions",
        {"lambda_functions": entries(lambda_.SCHEMA), "lambda_layers": entries(lambda_.LAYER_SCHEMA)},
        lambda_.references,
    ),
    "api_gateway": Stack(("lambda",), "apis", {"api_gateway_apis": entries(api_gateway.SCHEMA)}),
    "monitoring": Stack(
        ("dynamodb", "s3", "lambda", "api_gateway"), "alarms", {"monitoring_options": monitoring.SCHEMA}
    ),
}
# What a role's variable holds, by the variable's name.
DEFINITIONS: dict[str, Check] = {name: check for stack in STACKS.values() for name, check in stack.variables.items()}


def malformed(definitions: Definitions) -> list[str]:
    """Say what is wrong with these definitions, each for itself, by role variable."""
    return [problem for variable, value in definitions.items() for problem in DEFINITIONS[variable](value, variable)]


def astray(values: Mapping[str, Any], definitions: Definitions) -> list[str]:
    """Say what well-formed definitions name that there is not: keys of other stacks, code, and variables that reach nothing.

    values: what is set, by variable.
    """
    found = [problem for stack in STACKS.values() for problem in stack.references(definitions)]
    return [*found, *_unused(values, definitions), *_unpackable(definitions)]


def define(definitions: Definitions, documents: Mapping[str, str], settings: Settings) -> Stacks:
    """Define all stacks from definitions that are well-formed; see stacks.common.defined for what each is.

    documents: the OpenAPI documents, by path; settings: see preflight.settings. Raises SiteBuilderError with all that is
    wrong once names are known and documents read.
    """
    functions = definitions["lambda_functions"]
    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "dynamodb": lambda: dynamodb.define(definitions["dynamodb_tables"], settings),
        "s3": lambda: s3.define(definitions["s3_buckets"], settings),
        "iam": lambda: iam.define(definitions["iam_roles"], settings, functions),
        "lambda": lambda: lambda_.define(functions, definitions["lambda_layers"], settings),
        "api_gateway": lambda: api_gateway.define(
            definitions["api_gateway_apis"], documents, list(functions), settings
        ),
        "monitoring": lambda: monitoring.define(definitions["monitoring_options"], settings),
    }
    stacks: Stacks = {}
    problems: list[str] = []
    for name, call in calls.items():
        try:
            stacks[name] = call()
        except SiteBuilderError as error:
            problems += error.problems
    if not problems:
        problems += monitoring.unowned(definitions["monitoring_options"], _alarm_owners(definitions, stacks))
        problems += _rivals(stacks, settings["context"])
    if problems:
        raise SiteBuilderError(*problems)
    return stacks


def rendered(stacks: Stacks, settings: Settings) -> dict[str, Any]:
    """The variables of the environment's root module, as git may have them: without values of people that may be secret,
    and with packages that stand for those which are built in a run."""
    context = settings["context"]
    shared = {
        "environment": context["environment"],
        "region": context["region"],
        "replica_region": settings["dr"]["replica_region"],
        "account_id": context["account_id"],
        "tags": settings["tags"],
    }
    made = {name: stack["tfvars"] for name, stack in stacks.items()}
    made["lambda"] = {
        **lambda_.without_secrets(made["lambda"], stacks["lambda"]["sensitive"]),
        "packages": dict.fromkeys(stacks["lambda"]["packages"], lambda_.PLACEHOLDER_PACKAGE),
    }
    own = {name: {key: value for key, value in tfvars.items() if key not in shared} for name, tfvars in made.items()}
    return {**shared, "stacks": own}


def _unused(values: Mapping[str, Any], definitions: Definitions) -> Iterator[str]:
    """Small variables that reach nothing, because the inventory has a definition instead of the role's own."""
    functions = definitions["lambda_functions"]
    for name, variable, field in (
        ("api_gateway_domain", "api_gateway_apis", "domain"),
        ("api_gateway_web_acl_arn", "api_gateway_apis", "waf_web_acl_arn"),
        ("site_builder_vpc", "lambda_functions", "vpc"),
    ):
        value = values.get(name)
        if value and all(entry.get(field) != value for _, entry in each(definitions[variable])):
            yield wrong(name, value, f"in no entry of {variable}", f"write it there as {field}")
    for key, value in (values.get("lambda_reserved_concurrency") or {}).items():
        if key not in functions:
            fix = f"there are: {', '.join(functions) or 'none'}"
            yield wrong("lambda_reserved_concurrency: the key", key, "no function", fix)
        elif (functions[key] or {}).get("reserved_concurrency") != value:
            fix = "write it there as reserved_concurrency"
            yield wrong(f"lambda_reserved_concurrency.{key}", value, f"not in lambda_functions.{key}", fix)


def _unpackable(definitions: Definitions) -> Iterator[str]:
    """Code that is not where the definitions say."""
    for variable in ("lambda_functions", "lambda_layers"):
        for key, entry in each(definitions[variable]):
            for field, exists, what in (("source", os.path.isdir, "folder"), ("requirements", os.path.isfile, "file")):
                path = entry.get(field)
                if path and not exists(path):
                    yield wrong(f"{variable}.{key}.{field}", path, f"no {what}", "correct the path")


def _alarm_owners(definitions: Definitions, stacks: Stacks) -> dict[str, list[str]]:
    """The keys of what an alarm can be about, by the prefix of the alarm's threshold."""
    tables = stacks["dynamodb"]["predicted_outputs"]["tables"]
    buckets = stacks["s3"]["predicted_outputs"]["buckets"]
    return {
        "api_": list(definitions["api_gateway_apis"]),
        "bedrock_": list(definitions["lambda_functions"]),
        "dynamodb_": list(tables),
        "lambda_": list(definitions["lambda_functions"]),
        "replication_": [key for key, table in tables.items() if table["replica_regions"]],
        "s3_": [key for key, bucket in buckets.items() if bucket["replica_name"]],
    }


def _rivals(stacks: Stacks, context: Mapping[str, Any]) -> Iterator[str]:
    """Names that two stacks, or two kinds of things, would both take in the account."""
    owners: dict[tuple[str, str], str] = {}
    for kind, name, owner in _taken(stacks, context):
        other = owners.setdefault((kind, name.lower()), owner)
        if other != owner:
            yield f"{owner} is to have the {kind} {name!r}, which {other} has; rename one of the two"


def _taken(stacks: Stacks, context: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """What has a name of its own, by kind and name, and whose it is."""
    yield "bucket", resource_name("tfstate", "state_bucket", context), "the Terraform state"
    for key, bucket in stacks["s3"]["tfvars"]["buckets"].items():
        owner = f"s3_buckets.{key}"
        yield "bucket", bucket["name"], owner
        if "replication" in bucket:
            yield "bucket", bucket["replication"]["bucket_name"], f"the replica of {owner}"
            yield "role", bucket["replication"]["role_name"], f"the replication of {owner}"
    for key, role in stacks["iam"]["tfvars"]["roles"].items():
        yield "role", role["name"], f"iam_roles.{key}"
    for key, function in stacks["lambda"]["predicted_outputs"]["functions"].items():
        yield "log group", function["log_group_name"], f"lambda_functions.{key}"
    for key, api in stacks["api_gateway"]["tfvars"]["apis"].items():
        yield "log group", api["logs"]["group_name"], f"api_gateway_apis.{key}"
        if api.get("account_logging_role_name"):
            yield "role", api["account_logging_role_name"], f"api_gateway_apis.{key}"
