# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service as a whole: whether what its stacks say of one another is true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.define import (
    ARTIFACT_BUCKET,
    api_gateway_stack,
    dynamodb_stack,
    iam_stack,
    lambda_stack,
    monitoring_stack,
    s3_stack,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.schemas import DEFINITIONS
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import told

Stacks = dict[str, dict[str, Any]]
Definitions = Mapping[str, Any]


def malformed(definitions: Definitions) -> list[str]:
    """Say what is wrong with the definitions, by role variable, for themselves and in what they say of one another."""
    found = [problem for variable, value in definitions.items() for problem in DEFINITIONS[variable](value, variable)]
    return found or list(_references(definitions))


def unused(values: Mapping[str, Any], definitions: Definitions) -> list[str]:
    """Say which small variables reach nothing, because the inventory has a definition instead of the role's own.

    values: what is set, by variable.
    """
    found = []
    functions = definitions["lambda_functions"]
    for name, variable, field in (
        ("api_gateway_domain", "api_gateway_apis", "domain"),
        ("api_gateway_web_acl_arn", "api_gateway_apis", "waf_web_acl_arn"),
        ("site_builder_vpc", "lambda_functions", "vpc"),
    ):
        value = values.get(name)
        if value and all(entry.get(field) != value for _, entry in _each(definitions[variable])):
            found.append(f"{name} is {told(value)}, and no entry of {variable} has it; write it there as {field}")
    for key, value in (values.get("lambda_reserved_concurrency") or {}).items():
        if key not in functions:
            found.append(
                f"lambda_reserved_concurrency has {key!r}, which is no function; there are: {', '.join(functions) or 'none'}"
            )
        elif (functions[key] or {}).get("reserved_concurrency") != value:
            found.append(
                f"lambda_reserved_concurrency.{key} is {value}, and lambda_functions.{key} does not have it; write it there "
                "as reserved_concurrency"
            )
    return found


def unpackable(definitions: Definitions) -> list[str]:
    """Say which code is not where the definitions say."""
    return [
        problem
        for variable in ("lambda_functions", "lambda_layers")
        for key, entry in _each(definitions[variable])
        for field, exists, what in (("source", os.path.isdir, "folder"), ("requirements", os.path.isfile, "file"))
        if entry.get(field) and not exists(os.path.expanduser(os.path.expandvars(entry[field])))
        for problem in [f"{variable}.{key}.{field} is {entry[field]!r}, which is no {what}; correct the path"]
    ]


def problems(definitions: Definitions, documents: Mapping[str, str], settings: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with definitions that are well-formed, once their names are known and their documents read.

    documents: the OpenAPI documents, by path; settings: as for the filters of the stacks.
    """
    found: list[str] = []
    stacks = dict(_stacks(definitions, documents, settings, found))
    return found or [*_overrides(definitions, stacks), *_rivals(stacks, settings["context"])]


def _stacks(
    definitions: Definitions, documents: Mapping[str, str], settings: Mapping[str, Any], found: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Define each stack as its role will; what is refused goes to `found`."""
    functions = definitions["lambda_functions"]
    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "dynamodb": lambda: dynamodb_stack(definitions["dynamodb_tables"], settings),
        "s3": lambda: s3_stack(definitions["s3_buckets"], settings),
        "iam": lambda: iam_stack(definitions["iam_roles"], settings),
        "lambda": lambda: lambda_stack(functions, definitions["lambda_layers"], {}, settings),
        "api_gateway": lambda: api_gateway_stack(definitions["api_gateway_apis"], documents, list(functions), settings),
        "monitoring": lambda: monitoring_stack(definitions["monitoring_options"], settings),
    }
    for name, call in calls.items():
        try:
            yield name, call()
        except SiteBuilderError as error:
            found.append(str(error).rstrip("."))


def _each(entries: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((key, entry or {}) for key, entry in entries.items())


def _references(definitions: Definitions) -> Iterator[str]:
    """Tables, buckets and roles go by their keys."""
    tables, buckets = definitions["dynamodb_tables"], definitions["s3_buckets"]
    for key, bucket in _each(buckets):
        target, where = (bucket.get("access_logging") or {}).get("bucket"), f"s3_buckets.{key}.access_logging.bucket"
        yield from _missing(where, [target], buckets, "s3_buckets")
        if target == key:
            yield f"{where} is {target!r}, which is the bucket itself and would fill up; name another"
    for key, role in _each(definitions["iam_roles"]):
        for grant in ("read", "write", "streams"):
            keys = (role.get("dynamodb") or {}).get(grant) or []
            yield from _missing(f"iam_roles.{key}.dynamodb.{grant}", keys, tables, "dynamodb_tables")
        for grant in ("read", "write"):
            keys = [entry["bucket"] for entry in (role.get("s3") or {}).get(grant) or []]
            yield from _missing(f"iam_roles.{key}.s3.{grant}", keys, buckets, "s3_buckets")
    for variable in ("lambda_functions", "lambda_layers"):
        for key, entry in _each(definitions[variable]):
            keys = [entry.get("artifact_bucket") or ARTIFACT_BUCKET]
            yield from _missing(f"{variable}.{key}.artifact_bucket", keys, buckets, "s3_buckets")
    for key, function in _each(definitions["lambda_functions"]):
        if key not in definitions["iam_roles"]:
            yield f"lambda_functions has {key!r}, for which there is no role; add {key} to iam_roles"
        else:
            yield from _rights(key, function, definitions["iam_roles"][key] or {})
        names = (("table_names", tables, "dynamodb_tables"), ("bucket_names", buckets, "s3_buckets"))
        for field, known, variable in names:
            keys = (function.get(field) or {}).values()
            yield from _missing(f"lambda_functions.{key}.{field}", keys, known, variable)


def _rights(key: str, function: Mapping[str, Any], role: Mapping[str, Any]) -> Iterator[str]:
    """AWS refuses a function whose role lacks what the function is set up with, after all that comes before it."""
    where = f"lambda_functions.{key}"
    if function.get("vpc") and not role.get("vpc"):
        yield f"{where}.vpc is {told(function['vpc'])}, which its role may not join; set iam_roles.{key}.vpc to true"
    if (function.get("tracing_mode") or "Active") == "Active" and role.get("xray") is False:
        yield f"iam_roles.{key}.xray is False, and the function is to send traces; set {where}.tracing_mode to PassThrough"
    targets = (
        ("dead_letter_target_arn", function.get("dead_letter_target_arn")),
        ("async.on_failure_arn", (function.get("async") or {}).get("on_failure_arn")),
    )
    for field, arn in targets:
        if arn and arn not in (role.get("failure_target_arns") or []):
            yield f"{where}.{field} is {arn!r}, to which its role may not send; add it to iam_roles.{key}.failure_target_arns"


def _missing(where: str, keys: Iterable[str | None], known: Mapping[str, Any], variable: str) -> Iterator[str]:
    for key in keys:
        if key is not None and key not in known:
            yield f"{where} is {key!r}, which is no key of {variable}; add it there, or name one of: {', '.join(known)}"


def _overrides(definitions: Definitions, stacks: Stacks) -> Iterator[str]:
    """A threshold of one resource must be that of an alarm which there is."""
    tables, buckets = stacks["dynamodb"]["expected"]["tables"], stacks["s3"]["expected"]["buckets"]
    owners: dict[str, Iterable[str]] = {
        "api_": definitions["api_gateway_apis"],
        "bedrock_": definitions["lambda_functions"],
        "dynamodb_": tables,
        "lambda_": definitions["lambda_functions"],
        "replication_": [key for key, table in tables.items() if table["replica_regions"]],
        "s3_": [key for key, bucket in buckets.items() if bucket["replica_name"]],
    }
    for key, limits in (definitions["monitoring_options"].get("threshold_overrides") or {}).items():
        for name, value in (limits or {}).items():
            having = next(list(keys) for prefix, keys in owners.items() if name.startswith(prefix))
            if value is not None and key not in having:
                yield (
                    f"monitoring_options.threshold_overrides.{key}.{name} is {told(value)}, and {key} has no such alarm; "
                    f"those that have one are: {', '.join(having) or 'none'}"
                )


def _rivals(stacks: Stacks, context: Mapping[str, Any]) -> Iterator[str]:
    """Names that two stacks, or two kinds of things, would both take in the account."""
    owners: dict[tuple[str, str], str] = {}
    for kind, name, owner in _names(stacks, context):
        other = owners.setdefault((kind, name.lower()), owner)
        if other != owner:
            yield f"{owner} is to have the {kind} {name!r}, which {other} has; rename one of the two"


def _names(stacks: Stacks, context: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield "bucket", resource_name("tfstate", "state_bucket", context), "the Terraform state"
    for key, bucket in stacks["s3"]["definition"]["buckets"].items():
        owner = f"s3_buckets.{key}"
        yield "bucket", bucket["name"], owner
        if "replication" in bucket:
            yield "bucket", bucket["replication"]["bucket_name"], f"the replica of {owner}"
            yield "role", bucket["replication"]["role_name"], f"the replication of {owner}"
    for key, role in stacks["iam"]["definition"]["roles"].items():
        yield "role", role["name"], f"iam_roles.{key}"
    for key, function in stacks["lambda"]["expected"]["functions"].items():
        yield "log group", function["log_group_name"], f"lambda_functions.{key}"
    for key, api in stacks["api_gateway"]["definition"]["apis"].items():
        yield "log group", api["logs"]["group_name"], f"api_gateway_apis.{key}"
        if api.get("account_logging_role_name"):
            yield "role", api["account_logging_role_name"], f"api_gateway_apis.{key}"
