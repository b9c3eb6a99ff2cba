# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a service definition (the defaults of a stack's role) to the variables of its root module.

Each function returns {definition, expected, ...}: the root module's own variables, and the output by which other stacks
will know it, computed from names alone. `settings` is what all stacks share: context, dr, tags, kms_key_arn,
replica_kms_key_arn, permissions_boundary_arn (see roles/site_builder/vars). All raise SiteBuilderError, naming the role's
variable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_arn, resource_name, resource_names
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.schemas import DEFINITIONS

# Ours, not the modules': where the code is, and environment variables that hold the name of a table or bucket, by its key.
_FUNCTION_SWITCHES = ("bucket_names", "requirements", "source", "table_names")
_LAYER_SWITCHES = ("requirements", "source")
# Fixed by terraform/modules/lambda.
LAMBDA_ALIAS = "live"
LAMBDA_TIMEOUT_SECONDS = 60
LAMBDA_ENVIRONMENT_BYTES = 4096
LAMBDA_RUNTIME = "python3.12"
LAMBDA_ARCHITECTURE = "arm64"
LAMBDA_ARCHITECTURES = ("arm64", "x86_64")
ARTIFACT_BUCKET = "artifacts"


def _checked(value: Any, variable: str) -> dict[str, Any]:
    """The value of one of our variables, as a dict, when it is right."""
    for problem in DEFINITIONS[variable](value, variable):
        raise SiteBuilderError(problem)
    return dict(value)


def _entries(value: Any, variable: str) -> dict[str, dict[str, Any]]:
    """The entries, less what is null, which stands for the default."""
    return {
        key: {field: given for field, given in (entry or {}).items() if given is not None}
        for key, entry in _checked(value, variable).items()
    }


def _names(entries: Mapping[str, Any], kind: str, context: Mapping[str, Any], variable: str) -> dict[str, str]:
    try:
        return resource_names(entries, kind, context)
    except SiteBuilderError as error:
        raise SiteBuilderError(f"{variable}: {error}") from error


def _boundary(settings: Mapping[str, Any]) -> dict[str, str]:
    """What bounds every role of ours, where the organisation wants that."""
    arn = settings.get("permissions_boundary_arn")
    return {"permissions_boundary_arn": arn} if arn else {}


def dynamodb_stack(tables: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Tables by key: the fields of terraform/modules/dynamodb, less name, keys and replicas, which follow from settings."""
    context, dr = settings["context"], settings["dr"]
    entries = _entries(tables, "dynamodb_tables")
    names = _names(entries, "dynamodb_table", context, "dynamodb_tables")
    key_arn, replica_key_arn = settings["kms_key_arn"] or None, settings["replica_kms_key_arn"] or None
    regions = [dr["replica_region"]] if dr["global_tables"] else []
    definition, expected = {}, {}
    for key, table in entries.items():
        name = names[key]
        if regions and table.get("stream_view_type") not in (None, "NEW_AND_OLD_IMAGES"):
            raise SiteBuilderError(
                f"dynamodb_tables.{key}.stream_view_type is {table['stream_view_type']!r}, and a table with replicas has "
                "NEW_AND_OLD_IMAGES; write that or leave it out"
            )
        definition[key] = {
            **table,
            # prod cannot be talked out of it, but for a run of its own.
            "deletion_protection": not settings.get("lift_protection", False)
            and (dr["deletion_protection"] or table.get("deletion_protection", False)),
            "name": name,
            "kms_key_arn": key_arn,
            "replicas": [{"region": region, "kms_key_arn": replica_key_arn} for region in regions],
        }
        # Only these have metrics of their own.
        global_indexes = sorted(index["name"] for index in table.get("global_secondary_indexes") or [])
        indexes = sorted([*global_indexes, *(index["name"] for index in table.get("local_secondary_indexes") or [])])
        expected[key] = {
            "name": name,
            "arn": resource_arn(name, "dynamodb_table", context),
            "index_names": indexes,
            "global_index_names": global_indexes,
            "index_arns": [resource_arn(name, "dynamodb_index", context, index) for index in indexes],
            "replica_regions": regions,
            "replica_arns": [resource_arn(name, "dynamodb_table", context, region=region) for region in regions],
        }
    return {
        "definition": {"tables": definition, "region": context["region"], "tags": settings["tags"]},
        "expected": {"tables": expected},
    }


def s3_stack(buckets: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Buckets by key: the fields of terraform/modules/s3, less name, key and replication, which follow from settings.

    Two switches are ours: `replicate` (default true: to the DR region, where DR is on) and `customer_key` (default true:
    with the KMS key, where there is one; S3 delivers access logs only to buckets without).
    """
    context, dr = settings["context"], settings["dr"]
    entries = _entries(buckets, "s3_buckets")
    names = _names(entries, "s3_bucket", context, "s3_buckets")
    definition, expected = {}, {}
    for key, entry in entries.items():
        bucket, name = dict(entry), names[key]
        key_arn = (settings["kms_key_arn"] or None) if bucket.pop("customer_key", True) else None
        replicate = bucket.pop("replicate", True) and dr["replication"]
        replica = resource_name(key, "s3_replica_bucket", context) if replicate else None
        if replicate and bucket.get("versioning") == "Suspended":
            raise SiteBuilderError(
                f"s3_buckets.{key}.versioning is 'Suspended', and replication needs 'Enabled'; enable it or set replicate to "
                "false"
            )
        if bucket.get("oac") is not None:
            bucket["oac"] = {**bucket["oac"], "name": resource_name(key, "cloudfront_oac", context)}
        if replicate:
            bucket["replication"] = {
                "bucket_name": replica,
                "role_name": resource_name(f"{key}-replication", "iam_role", context),
                "kms_key_arn": settings["replica_kms_key_arn"] or None if key_arn else None,
                "metrics": True,
                **_boundary(settings),
            }
        definition[key] = {**bucket, "name": name, "kms_key_arn": key_arn}
        expected[key] = {
            "name": name,
            "arn": resource_arn(name, "s3_bucket", context),
            "replica_name": replica,
            "replica_arn": resource_arn(replica, "s3_bucket", context) if replica else None,
        }
    return {
        "definition": {"buckets": definition, "tags": settings["tags"]},
        "expected": {"buckets": expected},
        "hooks": ["before_destroy"],
        "replica_provider": True,
    }


def iam_stack(roles: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Roles by function key: the fields of terraform/modules/iam, less name and log group, which follow from the key.

    `bedrock.region` is the Bedrock region of the environment unless the role says otherwise; with a customer managed key
    each role may use it through DynamoDB, S3 and Lambda.
    """
    context = settings["context"]
    entries = _entries(roles, "iam_roles")
    names = _names(entries, "iam_role", context, "iam_roles")
    keys = [arn for arn in (settings["kms_key_arn"], settings["replica_kms_key_arn"]) if arn]
    definition, expected = {}, {}
    for key, entry in entries.items():
        role = dict(entry)
        if role.get("bedrock"):
            role["bedrock"] = {"region": settings["bedrock_region"], **role["bedrock"]}
        log_group = resource_name(key, "lambda_log_group", context)
        definition[key] = {
            **_boundary(settings),
            **role,
            "name": names[key],
            "log_group_arn": resource_arn(log_group, "lambda_log_group", context),
            "kms": {"key_arns": keys, "via_services": ["dynamodb", "lambda", "s3"]} if keys else {},
        }
        arn = resource_arn(names[key], "iam_role", context)
        if role.get("path"):
            arn = arn.replace(":role/", f":role{role['path']}")
        expected[key] = {"name": names[key], "arn": arn}
    return {
        "definition": {
            "roles": definition,
            "region": context["region"],
            "account_id": context["account_id"],
            "tags": settings["tags"],
        },
        "expected": {"roles": expected},
    }


def lambda_packages(functions: Any, layers: Any) -> dict[str, dict[str, Any]]:
    """What module lambda_package must build: by `functions/<key>` and `layers/<key>`."""
    packages = {}
    for key, function in _entries(functions, "lambda_functions").items():
        packages[f"functions/{key}"] = {
            "source": function["source"],
            "requirements": function.get("requirements"),
            "runtime": function.get("runtime") or LAMBDA_RUNTIME,
            "architecture": function.get("architecture") or LAMBDA_ARCHITECTURE,
            "prefix": "",
        }
    for key, layer in _entries(layers, "lambda_layers").items():
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
    architectures = [LAMBDA_ARCHITECTURE] if layer.get("requirements") else [*LAMBDA_ARCHITECTURES]
    return {
        "compatible_architectures": layer.get("compatible_architectures") or architectures,
        "compatible_runtimes": layer.get("compatible_runtimes") or [LAMBDA_RUNTIME],
    }


def _check_layers(function: Mapping[str, Any], where: str, layers: Mapping[str, Any]) -> None:
    """Lambda takes a layer that does not fit, and the function fails when it imports."""
    for key in function.get("layers") or []:
        if key not in layers:
            known = ", ".join(layers) or "none"
            raise SiteBuilderError(
                f"{where}.layers names {key!r}, which is no key of lambda_layers; there are: {known}"
            )
        compatible = _compatible(layers[key])
        for field, default in (("architecture", LAMBDA_ARCHITECTURE), ("runtime", LAMBDA_RUNTIME)):
            value, fitting = function.get(field) or default, compatible[f"compatible_{field}s"]
            if value not in fitting:
                raise SiteBuilderError(
                    f"{where}.{field} is {value!r}, and its layer {key} is for {', '.join(fitting)}; write {value} in "
                    f"lambda_layers.{key}.compatible_{field}s or name another layer"
                )


def _environment(function: dict[str, Any], where: str, context: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of a function, references to tables and buckets resolved to names."""
    environment = dict(function.get("environment") or {})
    for field, kind in (("table_names", "dynamodb_table"), ("bucket_names", "s3_bucket")):
        for variable, key in (function.get(field) or {}).items():
            environment[variable] = resource_name(key, kind, context)
    size = sum(len(f"{name}{value}".encode()) for name, value in environment.items())
    size += len(f"ENVIRONMENT{context['environment']}")
    if size > LAMBDA_ENVIRONMENT_BYTES:
        raise SiteBuilderError(
            f"{where}.environment has {size} bytes, names included, and Lambda allows {LAMBDA_ENVIRONMENT_BYTES}; "
            "move data to a table or a parameter"
        )
    return environment


def lambda_stack(
    functions: Any, layers: Any, packages: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Functions and layers by key: the fields of terraform/modules/lambda, less names, packages and keys.

    packages: what module lambda_package returned for lambda_packages(), or empty where only `expected` is wanted.
    """
    context, dr = settings["context"], settings["dr"]
    function_entries = _entries(functions, "lambda_functions")
    layer_entries = _entries(layers, "lambda_layers")
    names = _names(function_entries, "lambda_function", context, "lambda_functions")
    layer_names = _names(layer_entries, "lambda_layer", context, "lambda_layers")
    key_arn = settings["kms_key_arn"] or None
    defined_functions, defined_layers, expected = {}, {}, {}
    for key, entry in layer_entries.items():
        layer = {field: value for field, value in entry.items() if field not in _LAYER_SWITCHES}
        defined_layers[key] = {
            "artifact_bucket": ARTIFACT_BUCKET,
            **layer,
            **_compatible(entry),
            "name": layer_names[key],
            **_package(packages, f"layers/{key}"),
        }
    for key, function in function_entries.items():
        where = f"lambda_functions.{key}"
        _check_layers(function, where, layer_entries)
        environment = _environment(function, where, context)
        defined_functions[key] = {
            "artifact_bucket": ARTIFACT_BUCKET,
            "log_retention_days": dr["log_retention_days"],
            **{field: value for field, value in function.items() if field not in _FUNCTION_SWITCHES},
            "name": names[key],
            "environment": environment,
            "kms_key_arn": key_arn,
            "log_kms_key_arn": key_arn,
            **_package(packages, f"functions/{key}"),
        }
        expected[key] = {
            "name": names[key],
            "arn": resource_arn(names[key], "lambda_function", context),
            "alias": LAMBDA_ALIAS,
            "alias_arn": resource_arn(names[key], "lambda_alias", context, LAMBDA_ALIAS),
            "invoke_arn": resource_arn(names[key], "lambda_invoke", context, LAMBDA_ALIAS),
            "timeout": function.get("timeout") or LAMBDA_TIMEOUT_SECONDS,
            "log_group_name": resource_name(key, "lambda_log_group", context),
        }
    return {
        "definition": {
            "functions": defined_functions,
            "layers": defined_layers,
            "environment": context["environment"],
            "tags": settings["tags"],
        },
        "expected": {"functions": expected},
        "hooks": ["before_apply"],
        "artifact_buckets": {
            f"{kind}/{key}": entry["artifact_bucket"]
            for kind, entries in (("functions", defined_functions), ("layers", defined_layers))
            for key, entry in entries.items()
        },
    }


def _package(packages: Mapping[str, Any], name: str) -> dict[str, str]:
    found = packages.get(name, {"s3_key": "", "source_code_hash": ""})
    return {"s3_key": found["s3_key"], "source_code_hash": found["source_code_hash"]}


def _check_routes(api: Mapping[str, Any], where: str) -> None:
    """What holds for the routes of the documents and the API's own ones together."""
    routes = api["routes"]
    if not routes:
        raise SiteBuilderError(f"{where} has no route; name an OpenAPI document in documents, or a route in routes")
    claims: dict[tuple[str, str], str] = {}
    segments: dict[str, tuple[str, str]] = {}
    for name, route in routes.items():
        place = ""
        for segment in route["path"].strip("/").split("/"):
            erased = "{}" if segment.startswith("{") else segment
            place = f"{place}/{erased}"
            other, owner = segments.setdefault(place, (segment, name))
            if other != segment:
                raise SiteBuilderError(
                    f"{where}.routes.{name}.path is {route['path']!r}, where the route {owner} has {other}, and API Gateway "
                    "allows one path parameter in each place; use the same name"
                )
        owner = claims.setdefault((route["method"], place), name)
        if owner != name:
            raise SiteBuilderError(
                f"{where}.routes.{name} answers {route['method']} {route['path']}, as the route {owner} does; remove one"
            )
        if route.get("api_key_required") and not api.get("usage_plan"):
            raise SiteBuilderError(
                f"{where}.usage_plan is missing, and the route {name} wants an API key; add a usage_plan"
            )
        if route.get("request_model") and route["request_model"] not in api["models"]:
            raise SiteBuilderError(
                f"{where}.routes.{name}.request_model is {route['request_model']!r}, which is none of the models "
                f"{', '.join(api['models']) or '(there are none)'}; add it or correct the name"
            )


def api_gateway_stack(
    apis: Any, documents: Mapping[str, Any], functions: Collection[str] | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """APIs by key: the fields of terraform/modules/api_gateway, less name, and `documents`, paths of OpenAPI documents.

    documents: the text of each of these files, by path. functions: the keys of the functions that routes may name, or None
    where only `expected` is wanted.
    """
    context, dr = settings["context"], settings["dr"]
    entries = _entries(apis, "api_gateway_apis")
    names = _names(entries, "rest_api", context, "api_gateway_apis")
    definition, expected = {}, {}
    for key, entry in entries.items():
        api = dict(entry)
        paths = api.pop("documents", None) or []
        stage = api.get("stage") or context["environment"]
        expected[key] = {"name": names[key], "stage": stage}
        if functions is None:
            continue
        for name, route in (api.get("routes") or {}).items():
            if route.get("function") and route["function"] not in functions:
                raise SiteBuilderError(
                    f"api_gateway_apis.{key}.routes.{name}.function is {route['function']!r}, which is no function; "
                    f"there are: {', '.join(functions) or 'none'}"
                )
        try:
            found = openapi_routes([{"file": path, "content": documents[path]} for path in paths], functions)
        except SiteBuilderError as error:
            raise SiteBuilderError(f"api_gateway_apis.{key}.documents: {error}") from error
        logs = {
            "group_name": resource_name(key, "api_log_group", context),
            "retention_in_days": dr["log_retention_days"],
            "kms_key_arn": settings["kms_key_arn"] or None,
            **(api.get("logs") or {}),
        }
        definition[key] = {
            "cognito_user_pool_arns": settings["cognito_user_pool_arns"],
            **(_boundary(settings) if api.get("manage_account_logging_role") else {}),
            **api,
            "name": names[key],
            "stage": stage,
            "routes": {**found["routes"], **(api.get("routes") or {})},
            "models": {**found["models"], **(api.get("models") or {})},
            "logs": logs,
        }
        _check_routes(definition[key], f"api_gateway_apis.{key}")
    return {
        "definition": {"apis": definition, "tags": settings["tags"]},
        "expected": {"apis": expected},
        "hooks": ["before_plan"],
    }


def monitoring_stack(monitoring: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The alarms, topic and dashboard of the environment; thresholds come from the DR flags."""
    context = settings["context"]
    given = _checked(monitoring, "monitoring_options")
    definition = {
        "emails": settings["alert_emails"],
        **given,
        "dashboard_name": resource_name("overview", "dashboard", context),
        "thresholds": {**settings["dr"]["alarms"], **(given.get("thresholds") or {})},
    }
    if given.get("topic_arn"):
        # Somebody else's topic has its own key and subscribers.
        definition |= {"emails": [], "topic_kms_key_arn": None}
    else:
        definition["topic_name"] = resource_name("alerts", "sns_topic", context)
    return {
        "definition": {
            "monitoring": definition,
            "region": context["region"],
            "replica_region": settings["dr"]["replica_region"],
            "tags": settings["tags"],
        },
        "expected": {"alarms": {}},
    }
