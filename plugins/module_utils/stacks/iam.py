# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Execution roles: what a person may write of them, and what Terraform gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_arn, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import lambda_, secret_names
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    ACCOUNT,
    KEY,
    QUEUE_OR_TOPIC,
    REGION,
    Definitions,
    Settings,
    arn,
    boundary,
    defined,
    each,
    given,
    missing,
    names,
    stop,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.policies import ROLE_STATEMENTS
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    entries,
    items,
    number,
    switch,
    text,
    wrong,
)

# How the regions begin from which a profile of this geography can be called; some have neighbours that have no profiles of
# their own. terraform/modules/iam knows the same geographies.
GEOGRAPHIES = {
    "apac": ("ap-", "me-"),
    "au": ("ap-",),
    "ca": ("ca-",),
    "eu": ("eu-", "il-"),
    "global": ("",),
    "jp": ("ap-",),
    "us": ("us-east-", "us-west-", "ca-"),
    "us-gov": ("us-gov-",),
}
_GEOGRAPHY = "|".join(GEOGRAPHIES)
_MODEL = r"[a-z0-9-]+\.[a-z0-9][A-Za-z0-9._:-]*"
INFERENCE_PROFILE = text(
    f"inference profile, <geography>.<provider>.<model> with a geography of {', '.join(GEOGRAPHIES)}",
    rf"({_GEOGRAPHY})\.{_MODEL}",
)
MODEL = text("foundation model, <provider>.<model> without a geography", rf"(?!({_GEOGRAPHY})\.){_MODEL}")
GRANT_PREFIX = text("prefix", r"([^/*?$][^*?$]*)?", "leave out a leading slash and *, ? and $")


def _scan(dynamodb: Mapping[str, Any], where: str) -> Iterator[str]:
    if dynamodb.get("scan") and not dynamodb.get("read"):
        yield wrong(f"{where}.scan", True, "for the tables of read, which is empty", "name tables in read")


# A wildcard in the service, nothing but wildcards after it, or any wildcard in iam. terraform/modules/iam knows the same.
TOO_WIDE = re.compile(r"(?s:[^:]*[*?].*|[^:]*:[*?]+|iam:.*[*?].*)")
ADMINISTRATOR = re.compile(r"arn:[^:]+:iam::aws:policy/(AdministratorAccess|IAMFullAccess|PowerUserAccess)")


def _no_administrator(role: Mapping[str, Any], where: str) -> Iterator[str]:
    for statement in json.loads(role.get("extra_statements") or "[]"):
        # All but some is wide, too.
        actions = statement.get("Action", "*")
        for action in [actions] if isinstance(actions, str) else actions:
            if statement["Effect"] != "Deny" and TOO_WIDE.fullmatch(action.lower()):
                yield wrong(f"{where}.extra_statements: the action", action, "too wide", "name the actions")
    for name, policy in (role.get("managed_policy_arns") or {}).items():
        if ADMINISTRATOR.fullmatch(policy):
            yield wrong(f"{where}.managed_policy_arns.{name}", policy, "far more than a function needs", "name another")


GRANTS = items(Fields({"bucket": KEY, "prefixes": items(GRANT_PREFIX, some=True)}, required=["bucket"]))
SCHEMA = Fields(
    {
        "bedrock": Fields(
            {
                "account_id": ACCOUNT,
                "inference_profiles": items(INFERENCE_PROFILE),
                "model_ids": items(MODEL),
                "region": REGION,
                "routed_regions": items(REGION),
                "streaming": switch,
            }
        ),
        # IAM API, CreateRole Description.
        "description": text(
            "text that IAM takes", r"[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}", "use Latin-1 characters, 1000 at most"
        ),
        "dynamodb": Fields(
            {"read": items(KEY), "scan": switch, "streams": items(KEY), "write": items(KEY)}, rules=[_scan]
        ),
        "extra_statements": ROLE_STATEMENTS,
        "failure_target_arns": items(QUEUE_OR_TOPIC),
        "managed_policy_arns": entries(arn("iam", "policy/.+", "a managed policy")),
        "max_session_duration": number(3600, 43_200),
        "path": text("IAM path", r"/([!-.0-~][!-~]*/)?", "begin and end it with a slash"),
        "permissions_boundary_arn": arn("iam", "policy/.+", "a managed policy"),
        "s3": Fields({"read": GRANTS, "write": GRANTS}),
        "vpc": switch,
        "xray": switch,
    },
    rules=[_no_administrator],
)


def define(roles: Mapping[str, Any], settings: Settings, functions: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Roles by function key: the fields of terraform/modules/iam, less name and log group, which follow from the key.

    `bedrock.region` is the Bedrock region of the environment unless the role says otherwise; with a customer managed key
    each role may use it through DynamoDB, S3 and Lambda. functions: their definitions. What a role must allow because of what
    its function is set up with, secrets and other functions, follows from them. `asks`: by role, the profiles whose routes
    Bedrock is asked for, see `routed`.
    """
    context = settings["context"]
    entries = given(roles)
    problems: list[str] = []
    name_of = names(entries, "iam_role", settings, "iam_roles", problems)
    stop(problems)
    keys = [key_arn for key_arn in (settings["kms_key_arn"], settings["replica_kms_key_arn"]) if key_arn]
    tfvars, predicted = {}, {}
    asks: dict[str, list[dict[str, str]]] = {}
    of_function = given(functions or {})
    for key, entry in entries.items():
        role = dict(entry)
        if secrets := secret_names.rights(of_function.get(key, {}), context):
            role["secrets"] = secrets
        if functions_arns := lambda_.invoked(of_function.get(key, {}), context):
            role["invoked_function_arns"] = functions_arns
        if role.get("bedrock"):
            role["bedrock"] = bedrock = {"region": settings["bedrock_region"], **role["bedrock"]}
            profiles = bedrock.get("inference_profiles") or []
            if profiles and bedrock.get("routed_regions") is None:
                bedrock["routed_regions"] = settings["bedrock_routed_regions"]
                # Of another account's profiles only that account may ask.
                if bedrock.get("account_id") in (None, context["account_id"]):
                    asks[key] = [{"region": bedrock["region"], "profile": profile} for profile in profiles]
        log_group = resource_name(key, "lambda_log_group", context)
        tfvars[key] = {
            **boundary(settings),
            **role,
            "name": name_of[key],
            "log_group_arn": resource_arn(log_group, "lambda_log_group", context),
            "kms": {"key_arns": keys, "via_services": ["dynamodb", "lambda", "s3"]} if keys else {},
        }
        role_arn = resource_arn(name_of[key], "iam_role", context)
        if role.get("path"):
            role_arn = role_arn.replace(":role/", f":role{role['path']}")
        predicted[key] = {"name": name_of[key], "arn": role_arn}
    return defined(
        {
            "roles": tfvars,
            "region": context["region"],
            "account_id": context["account_id"],
            "tags": settings["tags"],
        },
        {"roles": predicted},
        asks=asks,
    )


def routed(
    tfvars: Mapping[str, Any], asks: Mapping[str, list[Mapping[str, str]]], answers: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The variables with the regions to which Bedrock routes, where it has said so of all profiles of a role.

    answers: by "<region>/<profile>", as environment_info has them. What it has not answered stays as the definition has it.
    """
    roles = dict(tfvars["roles"])
    for key, profiles in asks.items():
        names = [f"{one['region']}/{one['profile']}" for one in profiles]
        if all(name in answers for name in names):
            bedrock = roles[key]["bedrock"]
            regions = {region for name in names for region in answers[name]} - {bedrock["region"]}
            roles[key] = {**roles[key], "bedrock": {**bedrock, "routed_regions": sorted(regions)}}
    return {**tfvars, "roles": roles}


def references(definitions: Definitions) -> Iterator[str]:
    """Roles read and write tables and buckets."""
    tables, buckets = definitions["dynamodb_tables"], definitions["s3_buckets"]
    for key, role in each(definitions["iam_roles"]):
        for grant in ("read", "write", "streams"):
            keys = (role.get("dynamodb") or {}).get(grant) or []
            yield from missing(f"iam_roles.{key}.dynamodb.{grant}", keys, tables, "dynamodb_tables")
        for grant in ("read", "write"):
            keys = [entry["bucket"] for entry in (role.get("s3") or {}).get(grant) or []]
            yield from missing(f"iam_roles.{key}.s3.{grant}", keys, buckets, "s3_buckets")
