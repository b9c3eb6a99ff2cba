# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions and layers: what a person may write of them, what Terraform gets, and which packages they need."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_arn, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import secret_names
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    ACCOUNT,
    KEY,
    KMS_KEY,
    MANY,
    QUEUE_OR_TOPIC,
    SOME_TEXT,
    Definitions,
    Settings,
    arn,
    defined,
    each,
    given,
    missing,
    names,
    stop,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    choice,
    entries,
    items,
    number,
    secrets,
    text,
    wrong,
)

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, and what terraform/modules/lambda sets.
RESERVED_VARIABLES = (
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ENVIRONMENT",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
)
RUNTIME = text(
    "runtime that Lambda supports",
    r"python3\.1[1-9]|nodejs2[2-9]\.x|java(17|2[1-9])|dotnet(8|1[0-9])|ruby3\.[3-9]|provided\.al2023",
    "write one such as python3.12",
)
ARCHITECTURES = ("arm64", "x86_64")
ARCHITECTURE = choice(*ARCHITECTURES)
LAYER_ARN = arn("lambda", r"layer:[A-Za-z0-9_-]+:[0-9]+", "a layer version")
_VARIABLE = text(
    "name of a variable", r"[A-Za-z][A-Za-z0-9_]+", "use at least two letters, digits or _, a letter first"
)


def variable_name(value: Any, where: str) -> Iterator[str]:
    """The name of an environment variable that is not Lambda's own."""
    if value in RESERVED_VARIABLES:
        yield wrong(where, value, "reserved: Lambda or this collection sets it", "choose another")
    else:
        yield from _VARIABLE(value, where)


def _set_once(function: Mapping[str, Any], where: str) -> Iterator[str]:
    seen = dict.fromkeys(function.get("environment") or {}, "environment")
    for field in ("table_names", "bucket_names", "function_names", "secrets"):
        for name, key in (function.get(field) or {}).items():
            if seen.setdefault(name, field) != field:
                yield wrong(f"{where}.{field}.{name}", key, f"set in {seen[name]} too", "remove one of them")


def _concurrency(function: Mapping[str, Any], where: str) -> Iterator[str]:
    reserved, provisioned = function.get("reserved_concurrency"), function.get("provisioned_concurrency") or 0
    if reserved is not None and reserved != -1 and provisioned > reserved:
        yield wrong(
            f"{where}.provisioned_concurrency",
            provisioned,
            f"more than the reserved_concurrency {reserved}",
            "lower it or raise the other",
        )


def _layer_count(function: Mapping[str, Any], where: str) -> Iterator[str]:
    count = len(function.get("layers") or []) + len(function.get("extra_layer_arns") or [])
    if count > 5:
        yield f"{where} has {count} layers, and Lambda allows 5; merge some"


def _one_failure_target(settings: Mapping[str, Any], where: str) -> Iterator[str]:
    function, target = settings.get("on_failure_function"), settings.get("on_failure_arn")
    if function is not None and target is not None:
        yield wrong(
            f"{where}.on_failure_function", function, "beside on_failure_arn, and there is one", "remove one of them"
        )


def _on_whose_behalf(trigger: Mapping[str, Any], where: str) -> Iterator[str]:
    if trigger.get("source_arn") is None and trigger.get("source_account") is None:
        yield wrong(where, trigger, "open to any account", "add source_arn or source_account")
    elif trigger["principal"] == "s3.amazonaws.com" and trigger.get("source_account") is None:
        what = "open to whoever owns the bucket next: its ARN names no account"
        yield wrong(where, trigger, what, "add source_account")


SCHEMA = Fields(
    {
        "allowed_triggers": entries(
            Fields(
                {
                    "principal": text("service principal, such as events.amazonaws.com", r"[a-z0-9-]+(\.[a-z0-9-]+)+"),
                    "source_account": ACCOUNT,
                    "source_arn": text("ARN", r"arn:aws[a-z-]*:.+", "give the whole ARN"),
                },
                required=["principal"],
                rules=[_on_whose_behalf],
            ),
            text("statement id of 1 to 100 letters, digits, _ and -", r"[A-Za-z0-9_-]{1,100}"),
        ),
        "architecture": ARCHITECTURE,
        "artifact_bucket": KEY,
        "async": Fields(
            {
                "maximum_event_age": number(60, 21_600),
                "maximum_retry_attempts": number(0, 2),
                "on_failure_arn": QUEUE_OR_TOPIC,
                "on_failure_function": KEY,
            },
            rules=[_one_failure_target],
        ),
        "bucket_names": entries(KEY, variable_name),
        "code_signing_config_arn": arn("lambda", "code-signing-config:.+", "a code signing configuration"),
        "dead_letter_target_arn": QUEUE_OR_TOPIC,
        "description": text("text of at most 256 characters", r"(?s:.{0,256})", "shorten it"),
        "environment": secrets(variable_name),
        "ephemeral_storage_size": number(512, 10_240),
        "extra_layer_arns": items(LAYER_ARN),
        "function_names": entries(KEY, variable_name),
        "handler": text(
            "handler of 1 to 128 characters without white space", r"\S{1,128}", "write one such as app.handler"
        ),
        "layers": items(KEY),
        "log_level": choice("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
        "memory_size": number(128, 10_240),
        "probe": Fields(
            {
                "method": choice("GET", "HEAD", "OPTIONS"),
                "path": text("path that begins with /", r"/\S*"),
                "status": number(200, 599),
            },
            required=["path"],
        ),
        "provisioned_concurrency": number(0, MANY),
        "requirements": SOME_TEXT,
        "reserved_concurrency": number(-1, MANY),
        "runtime": RUNTIME,
        "secrets": secret_names.references(variable_name),
        "secrets_kms_key_arns": items(KMS_KEY),
        "source": SOME_TEXT,
        "system_log_level": choice("DEBUG", "INFO", "WARN"),
        "table_names": entries(KEY, variable_name),
        "timeout": number(1, 900),
        "tracing_mode": choice("Active", "PassThrough"),
        "vpc": Fields(
            {
                "security_group_ids": items(text("security group", r"sg-[0-9a-f]+"), some=True),
                "subnet_ids": items(text("subnet", r"subnet-[0-9a-f]+"), some=True),
            },
            required=["security_group_ids", "subnet_ids"],
        ),
    },
    required=["source", "handler"],
    rules=[_set_once, _concurrency, _layer_count],
)


def _built_once(layer: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("compatible_architectures", "compatible_runtimes"):
        if layer.get("requirements") and len(layer.get(field) or []) > 1:
            what, fix = "more than the one that its requirements are built for", "name one and make a layer for each"
            yield wrong(f"{where}.{field}", layer[field], what, fix)


LAYER_SCHEMA = Fields(
    {
        "artifact_bucket": KEY,
        "compatible_architectures": items(ARCHITECTURE, some=True),
        "compatible_runtimes": items(RUNTIME, longest=15, some=True),
        "description": text("text of at most 256 characters", r"(?s:.{0,256})", "shorten it"),
        "requirements": SOME_TEXT,
        "source": SOME_TEXT,
    },
    required=["source"],
    rules=[_built_once],
)


# Ours, not the modules': where the code is, and environment variables that hold the name of a table, bucket or function, by its
# key, or of a secret.
_FUNCTION_SWITCHES = (
    "bucket_names",
    "function_names",
    "probe",
    "requirements",
    "secrets",
    "secrets_kms_key_arns",
    "source",
    "table_names",
)
_LAYER_SWITCHES = ("requirements", "source")
_NAMED = (("table_names", "dynamodb_tables", "dynamodb_table"), ("bucket_names", "s3_buckets", "s3_bucket"))
# Fixed by terraform/modules/lambda.
ALIAS = "live"
TIMEOUT_SECONDS = 60
ENVIRONMENT_BYTES = 4096
DEFAULT_RUNTIME = "python3.12"
DEFAULT_ARCHITECTURE = "arm64"
ARTIFACT_BUCKET = "artifacts"
# In a definition that is rendered for git. Terraform plans with it, and whoever reads it knows who sets the value.
PLACEHOLDER = "set-by-ansible"
PLACEHOLDER_PACKAGE = {"s3_key": PLACEHOLDER, "source_code_hash": "A" * 43 + "="}


def define(functions: Mapping[str, Any], layers: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Functions and layers by key: the fields of terraform/modules/lambda, less names and keys.

    Beside what all stacks have: `probes`, with what each function is verified; `packages`, what module lambda_package must
    build; and
    bucket for each of them, both by `functions/<key>` and `layers/<key>`. The packages that were built are a variable of
    their own.
    """
    context, dr = settings["context"], settings["dr"]
    function_entries, layer_entries = given(functions), given(layers)
    problems = list(_layer_problems(function_entries, layer_entries))
    name_of = names(function_entries, "lambda_function", settings, "lambda_functions", problems)
    layer_name_of = names(layer_entries, "lambda_layer", settings, "lambda_layers", problems)
    environments = {key: _environment(entry, context) for key, entry in function_entries.items()}
    problems += _size_problems(environments, context)
    problems += _misplaced_layers(function_entries, context["region"])
    problems += _policy_problems(function_entries, name_of, context)
    problems += secret_names.foreign(function_entries, context)
    stop(problems)
    key_arn = settings["kms_key_arn"] or None
    defined_layers = {
        key: {
            "artifact_bucket": ARTIFACT_BUCKET,
            **{field: value for field, value in layer.items() if field not in _LAYER_SWITCHES},
            **_compatible(layer),
            "name": layer_name_of[key],
        }
        for key, layer in layer_entries.items()
    }
    defined_functions, predicted = {}, {}
    for key, function in function_entries.items():
        name = name_of[key]
        defined_functions[key] = {
            "artifact_bucket": ARTIFACT_BUCKET,
            "log_retention_days": dr["log_retention_days"],
            **{field: value for field, value in function.items() if field not in _FUNCTION_SWITCHES},
            **_async(function, context),
            "name": name,
            "environment": environments[key],
            "kms_key_arn": key_arn,
            "log_kms_key_arn": key_arn,
        }
        predicted[key] = {
            "name": name,
            "arn": resource_arn(name, "lambda_function", context),
            "alias": ALIAS,
            "alias_arn": resource_arn(name, "lambda_alias", context, ALIAS),
            "invoke_arn": resource_arn(name, "lambda_invoke", context, ALIAS),
            "timeout": function.get("timeout") or TIMEOUT_SECONDS,
            "log_group_name": resource_name(key, "lambda_log_group", context),
        }
    return defined(
        {
            "functions": defined_functions,
            "layers": defined_layers,
            "environment": context["environment"],
            "tags": settings["tags"],
        },
        {"functions": predicted},
        hooks=["before_plan", "before_apply"],
        sensitive=_sensitive(function_entries, settings),
        packages=_packages(function_entries, layer_entries),
        probes={
            key: {"method": "GET", "status": 200, **function["probe"]}
            for key, function in function_entries.items()
            if "probe" in function
        },
        artifact_buckets={
            f"{kind}/{key}": entry["artifact_bucket"]
            for kind, all_of in (("functions", defined_functions), ("layers", defined_layers))
            for key, entry in all_of.items()
        },
    )


def _misplaced_layers(functions: Mapping[str, Any], region: str) -> Iterator[str]:
    for key, function in functions.items():
        for position, arn_ in enumerate(function.get("extra_layer_arns") or []):
            if arn_.split(":")[3] != region:
                where = f"lambda_functions.{key}.extra_layer_arns[{position}]"
                yield wrong(where, arn_, f"in another region than the function, {region}", "name the one there")


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: of an alias. API Gateway has one more statement
# in it for each API.
POLICY_BYTES = 20_480
_STATEMENT = (
    '{{"Sid":"{sid}","Effect":"Allow","Principal":{{"Service":"{principal}"}},"Action":"lambda:InvokeFunction","Resource":"{arn}",'
    '"Condition":{{"ArnLike":{{"AWS:SourceArn":"{source}"}},"StringEquals":{{"AWS:SourceAccount":"{account}"}}}}}},'
)


def _policy_problems(
    functions: Mapping[str, Any], name_of: Mapping[str, str], context: Mapping[str, Any]
) -> Iterator[str]:
    for key, function in functions.items():
        if key not in name_of:
            continue
        arn_ = resource_arn(name_of[key], "lambda_alias", context, ALIAS)
        size = sum(
            len(
                _STATEMENT.format(
                    sid=sid,
                    principal=trigger["principal"],
                    arn=arn_,
                    source=trigger.get("source_arn") or "",
                    account=trigger.get("source_account") or "",
                )
            )
            for sid, trigger in (function.get("allowed_triggers") or {}).items()
        )
        if size > POLICY_BYTES:
            yield (
                f"lambda_functions.{key}.allowed_triggers make a policy of {size} bytes, and Lambda takes {POLICY_BYTES}; let "
                "one trigger stand for several, with a * in its source_arn"
            )


def without_secrets(tfvars: Mapping[str, Any], sensitive: Collection[str]) -> dict[str, Any]:
    """The variables of the stack as git may have them: no value of a function's environment that may be a secret."""
    return {
        **tfvars,
        "functions": {
            key: {
                **function,
                "environment": {
                    name: PLACEHOLDER if value in sensitive else value
                    for name, value in function["environment"].items()
                },
            }
            for key, function in tfvars["functions"].items()
        },
    }


def invoked(function: Mapping[str, Any], context: Mapping[str, Any]) -> list[str]:
    """The functions that this one calls or that learn of its failures, by the ARNs of their aliases: what its role must allow."""
    keys = [*(function.get("function_names") or {}).values()]
    if told := (function.get("async") or {}).get("on_failure_function"):
        keys.append(told)
    return [_alias_arn(key, context) for key in dict.fromkeys(keys)]


def _alias_arn(key: str, context: Mapping[str, Any]) -> str:
    return resource_arn(resource_name(key, "lambda_function", context), "lambda_alias", context, ALIAS)


def _async(function: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """How asynchronous calls are retried. The other function goes by the ARN that it will have: two may name one another."""
    settings = function.get("async") or {}
    told = settings.get("on_failure_function")
    if told is None:
        return {}
    others = {field: value for field, value in settings.items() if field != "on_failure_function"}
    return {"async": {**others, "on_failure_arn": _alias_arn(told, context)}}


def references(definitions: Definitions) -> Iterator[str]:
    """Functions have roles, know tables and buckets by name, and come with layers from a bucket."""
    buckets, roles = definitions["s3_buckets"], definitions["iam_roles"]
    for variable in ("lambda_functions", "lambda_layers"):
        for key, entry in each(definitions[variable]):
            keys = [entry.get("artifact_bucket") or ARTIFACT_BUCKET]
            yield from missing(f"{variable}.{key}.artifact_bucket", keys, buckets, "s3_buckets")
    for key, function in each(definitions["lambda_functions"]):
        if key not in roles:
            yield f"lambda_functions has {key!r}, for which there is no role; add {key} to iam_roles"
        else:
            yield from _rights(key, function, roles[key] or {})
        for field, variable, _ in _NAMED:
            keys = (function.get(field) or {}).values()
            yield from missing(f"lambda_functions.{key}.{field}", keys, definitions[variable], variable)
        yield from _functions(key, function, definitions["lambda_functions"])


def _functions(key: str, function: Mapping[str, Any], functions: Mapping[str, Any]) -> Iterator[str]:
    where = f"lambda_functions.{key}"
    called = (function.get("function_names") or {}).values()
    told = (function.get("async") or {}).get("on_failure_function")
    yield from missing(f"{where}.function_names", called, functions, "lambda_functions")
    yield from missing(f"{where}.async.on_failure_function", [told], functions, "lambda_functions")
    if told == key:
        what = "the function that has failed"
        yield wrong(f"{where}.async.on_failure_function", told, what, "name another, or use on_failure_arn")


def _rights(key: str, function: Mapping[str, Any], role: Mapping[str, Any]) -> Iterator[str]:
    """AWS refuses a function whose role lacks what the function is set up with, after all that comes before it."""
    where = f"lambda_functions.{key}"
    if function.get("vpc") and not role.get("vpc"):
        yield wrong(
            f"{where}.vpc", function["vpc"], "in a VPC that its role may not join", f"set iam_roles.{key}.vpc to true"
        )
    if (function.get("tracing_mode") or "Active") == "Active" and role.get("xray") is False:
        fix = f"set {where}.tracing_mode to PassThrough"
        yield wrong(f"iam_roles.{key}.xray", False, "too little for a function that is to send traces", fix)
    targets = (
        ("dead_letter_target_arn", function.get("dead_letter_target_arn")),
        ("async.on_failure_arn", (function.get("async") or {}).get("on_failure_arn")),
    )
    for field, target in targets:
        if target and target not in (role.get("failure_target_arns") or []):
            fix = f"add it to iam_roles.{key}.failure_target_arns"
            yield wrong(f"{where}.{field}", target, "a target that its role may not send to", fix)


def _packages(functions: Mapping[str, Any], layers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    packages = {}
    for key, function in functions.items():
        packages[f"functions/{key}"] = {
            "source": function["source"],
            "requirements": function.get("requirements"),
            "runtime": function.get("runtime") or DEFAULT_RUNTIME,
            "architecture": function.get("architecture") or DEFAULT_ARCHITECTURE,
            "prefix": "",
            "layers": [f"layers/{layer}" for layer in function.get("layers") or []],
            # A layer from elsewhere may bring it.
            **({} if function.get("extra_layer_arns") else {"handler": function["handler"]}),
        }
    for key, layer in layers.items():
        compatible = _compatible(layer)
        packages[f"layers/{key}"] = {
            "source": layer["source"],
            "requirements": layer.get("requirements"),
            "runtime": compatible["compatible_runtimes"][0],
            "architecture": compatible["compatible_architectures"][0],
            # Where the Lambda runtime looks for the modules of a layer.
            "prefix": "python/",
        }
    return packages


def _compatible(layer: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a layer runs on. Requirements are built for one architecture, mere sources run on each."""
    architectures = [DEFAULT_ARCHITECTURE] if layer.get("requirements") else [*ARCHITECTURES]
    return {
        "compatible_architectures": layer.get("compatible_architectures") or architectures,
        "compatible_runtimes": layer.get("compatible_runtimes") or [DEFAULT_RUNTIME],
    }


def _layer_problems(functions: Mapping[str, Any], layers: Mapping[str, Any]) -> Iterator[str]:
    """Lambda takes a layer that does not fit, and the function fails when it imports."""
    for function_key, function in functions.items():
        where = f"lambda_functions.{function_key}"
        for key in function.get("layers") or []:
            if key not in layers:
                known = ", ".join(layers) or "none"
                yield wrong(f"{where}.layers", key, "no key of lambda_layers", f"there are: {known}")
                continue
            compatible = _compatible(layers[key])
            for field, default in (("architecture", DEFAULT_ARCHITECTURE), ("runtime", DEFAULT_RUNTIME)):
                value, fitting = function.get(field) or default, compatible[f"compatible_{field}s"]
                if value not in fitting:
                    fix = f"write {value} in lambda_layers.{key}.compatible_{field}s or name another layer"
                    yield wrong(
                        f"{where}.{field}", value, f"not what its layer {key} is for, {', '.join(fitting)}", fix
                    )


def _environment(function: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of a function, references to tables, buckets, functions and secrets resolved to names."""
    environment = dict(function.get("environment") or {})
    for variable, key in (function.get("function_names") or {}).items():
        with contextlib.suppress(SiteBuilderError):
            environment[variable] = f"{resource_name(key, 'lambda_function', context)}:{ALIAS}"
    for variable, place in (function.get("secrets") or {}).items():
        environment[variable] = secret_names.place(place, context).name
    for field, _, kind in _NAMED:
        for variable, key in (function.get(field) or {}).items():
            # A key that makes no name is told of where it is defined.
            with contextlib.suppress(SiteBuilderError):
                environment[variable] = resource_name(key, kind, context)
    return environment


def _size_problems(environments: Mapping[str, Mapping[str, str]], context: Mapping[str, Any]) -> Iterator[str]:
    for key, environment in environments.items():
        # The module adds one, and Lambda measures the whole as JSON.
        whole = {**environment, "ENVIRONMENT": context["environment"]}
        size = len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())
        if size > ENVIRONMENT_BYTES:
            yield (
                f"lambda_functions.{key}.environment has {size} bytes as JSON, which is more than the {ENVIRONMENT_BYTES} that "
                "Lambda allows; move data to a table or a parameter"
            )


def _sensitive(functions: Mapping[str, Any], settings: Settings) -> list[str]:
    """What people have put into the environment of functions, apart from what is known to be none of a secret."""
    return [
        value
        for function in functions.values()
        for value in (function.get("environment") or {}).values()
        if value and value not in settings["public_values"]
    ]
