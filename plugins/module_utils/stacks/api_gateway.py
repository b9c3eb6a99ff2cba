# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""APIs: what a person may write of them, and what Terraform gets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.dr import RETENTION_DAYS
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import partition_of, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_files import read_file
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_models import draft_04_problem
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    ANY_TEXT,
    KEY,
    KMS_KEY,
    MANY,
    SOME_TEXT,
    Settings,
    arn,
    boundary,
    defined,
    given,
    names,
    stop,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.policies import API_POLICY, API_POLICY_CHARACTERS
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    choice,
    entries,
    items,
    json_text,
    number,
    number_choice,
    switch,
    text,
    wrong,
)

NAME = text("name of letters, digits, - and _", r"[A-Za-z0-9_-]{1,128}")
# Beyond it, the account needs a higher quota.
EDGE_TIMEOUT_MS = 29_000
# Of CloudFront, which is what an EDGE domain is.
EDGE_CERTIFICATES = "us-east-1"
LIMIT, RATE = number(0, MANY), number(0, MANY, whole=False)
HEADER = text("name of a header", r"\*|[A-Za-z0-9-]+")
ORIGIN = text(
    "origin", r"\*|[a-z][a-z0-9+.-]*://[^/*\s'\"$\\#]+", "write * or scheme and host, such as https://app.example.com"
)
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_SEGMENT = r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._-]+\}"
PATH = text(
    "path",
    rf"/|(/({_SEGMENT}))*/({_SEGMENT}|\{{[A-Za-z0-9._-]+\+\}})",
    "write it like /sites/{id}/{proxy+}",
)
_NAME = r"[A-Za-z0-9:._$-]+"
MAPPING = text(
    "parameter of the integration",
    rf"integration\.request\.(path|(multivalue)?(querystring|header))\.{_NAME}",
    "write integration.request.<path|querystring|header>.<name>",
)
PARAMETER = text(
    "request parameter",
    rf"method\.request\.(path|querystring|header)\.{_NAME}",
    "write method.request.<path|querystring|header>.<name>",
)


def _mixed_origins(cors: Mapping[str, Any], where: str) -> Iterator[str]:
    origins = cors["origins"]
    if "*" in origins and len(origins) > 1:
        yield wrong(f"{where}.origins", origins, "* and named origins", "keep one or the other")
    elif cors.get("credentials") and (len(origins) != 1 or "*" in origins):
        yield wrong(f"{where}.credentials", True, "for one named origin", "name exactly one in origins")


def _target(route: Mapping[str, Any], where: str) -> Iterator[str]:
    kind = route.get("type") or "AWS_PROXY"
    given = [name for name in ("function", "uri") if route.get(name)]
    may = {"MOCK": [], "HTTP": ["uri"], "HTTP_PROXY": ["uri"]}.get(kind, ["function", "uri"])
    if len(given) != (0 if kind == "MOCK" else 1) or not set(given) <= set(may):
        yield wrong(f"{where}.type", kind, f"for {'no target' if not may else ' or '.join(may)}", "correct the target")
    if kind.endswith("_PROXY"):
        for field in ("request_templates", "responses"):
            if route.get(field):
                yield wrong(f"{where}.{field}", route[field], f"ignored by {kind}", "leave it out or change the type")
    elif not route.get("responses"):
        yield wrong(f"{where}.responses", route.get("responses"), f"needed with {kind}", "give at least one")
    if route.get("scopes") and (route.get("authorization") or "COGNITO_USER_POOLS") != "COGNITO_USER_POOLS":
        yield wrong(f"{where}.scopes", route["scopes"], "for COGNITO_USER_POOLS only", "leave them out")
    if (route.get("settings") or {}).get("caching_enabled"):
        here = f"{where}.settings.caching_enabled"
        if route["method"] != "GET":
            yield wrong(here, True, "for GET only", "leave it out")
        if route.get("authorization") == "AWS_IAM":
            yield wrong(here, True, "not for AWS_IAM, whose signatures the cache does not tell apart", "leave it out")
    for name in route.get("request_parameters") or {}:
        place = name.removeprefix("method.request.path.")
        if place != name and not re.search(rf"\{{{re.escape(place)}\+?\}}", route["path"]):
            yield wrong(f"{where}.request_parameters: the key", name, f"not in {route['path']}", "correct one of them")


ROUTE = Fields(
    {
        "api_key_required": switch,
        "authorization": choice("COGNITO_USER_POOLS", "AWS_IAM", "NONE"),
        "credentials": arn("iam", "role/.+", "an IAM role"),
        "function": KEY,
        "integration_method": choice(*VERBS, "ANY"),
        "method": choice(*VERBS, "ANY"),
        "passthrough_behavior": choice("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"),
        "path": PATH,
        "request_mappings": entries(SOME_TEXT, MAPPING),
        "request_model": SOME_TEXT,
        "request_parameters": entries(switch, PARAMETER),
        "request_templates": entries(ANY_TEXT),
        "responses": entries(
            Fields(
                {
                    "content_handling": choice("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
                    "headers": entries(ANY_TEXT),
                    "selection_pattern": ANY_TEXT,
                    "templates": entries(ANY_TEXT),
                }
            ),
            text("HTTP status", r"[1-5][0-9]{2}", "write three digits in quotes"),
        ),
        "scopes": items(SOME_TEXT),
        "settings": Fields(
            {
                "caching_enabled": switch,
                "logging_level": choice("INFO", "ERROR", "OFF"),
                "metrics_enabled": switch,
                "throttling_burst_limit": LIMIT,
                "throttling_rate_limit": RATE,
            }
        ),
        "timeout_milliseconds": number(50, 300_000),
        "type": choice("AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK"),
        "uri": SOME_TEXT,
    },
    required=["path", "method"],
    rules=[_target],
)


def _burst_and_rate(plan: Mapping[str, Any], where: str) -> Iterator[str]:
    given = [name for name in ("burst_limit", "rate_limit") if plan.get(name) is not None]
    if len(given) == 1:
        yield wrong(
            f"{where}.{given[0]}", plan[given[0]], "one of two that go together", "give burst_limit and rate_limit"
        )


def _endpoint(api: Mapping[str, Any], where: str) -> Iterator[str]:
    kind, domain = api.get("endpoint_type") or "REGIONAL", api.get("domain")
    for name, route in (api.get("routes") or {}).items():
        waits = route.get("timeout_milliseconds") or 0
        if kind == "EDGE" and waits > EDGE_TIMEOUT_MS:
            what, fix = "longer than an EDGE API waits", f"write {EDGE_TIMEOUT_MS} at most or change endpoint_type"
            yield wrong(f"{where}.routes.{name}.timeout_milliseconds", waits, what, fix)
    # A document may bring it.
    if kind == "PRIVATE" and not api.get("resource_policy") and not api.get("documents"):
        yield wrong(f"{where}.endpoint_type", kind, "without a way in", "add a resource_policy")
    if kind == "PRIVATE" and domain:
        yield wrong(f"{where}.endpoint_type", kind, "not for a public domain", "remove domain")
    if kind != "PRIVATE" and api.get("vpc_endpoint_ids"):
        ids = api["vpc_endpoint_ids"]
        yield wrong(f"{where}.vpc_endpoint_ids", ids, "for endpoint_type PRIVATE", "remove it or change the type")
    if api.get("disable_execute_api_endpoint") and not domain:
        yield wrong(
            f"{where}.disable_execute_api_endpoint", True, "no way in without a domain", "set domain or remove it"
        )
    if domain and domain.get("truststore_uri") and kind != "REGIONAL":
        yield wrong(f"{where}.domain.truststore_uri", domain["truststore_uri"], "for REGIONAL APIs", "remove it")


def _logging_role(api: Mapping[str, Any], where: str) -> Iterator[str]:
    name = api.get("account_logging_role_name")
    if bool(api.get("manage_account_logging_role")) != (name is not None):
        fix = "set it together with manage_account_logging_role: true, or neither"
        yield wrong(f"{where}.account_logging_role_name", name, "one of two that go together", fix)


def _one_authorizer(api: Mapping[str, Any], where: str) -> Iterator[str]:
    existing = (api.get("authorizer") or {}).get("id")
    if existing and api.get("cognito_user_pool_arns") != []:
        yield wrong(f"{where}.authorizer.id", existing, "instead of user pools", "add cognito_user_pool_arns: []")


def _draft_04(schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if problem := draft_04_problem(schema):
        yield wrong(where, json.dumps(schema), f"no schema of draft-04 ({problem})", "correct it")


USER_POOL = arn("cognito-idp", r"userpool/[\w-]+_[0-9a-zA-Z]+", "a Cognito user pool")
SCHEMA = Fields(
    {
        "account_logging_role_name": text("name of a role", r"[A-Za-z0-9_+=,.@-]{1,64}"),
        "authorizer": Fields(
            {"id": NAME, "identity_source": SOME_TEXT, "ttl_seconds": number(0, 3600)},
        ),
        "binary_media_types": items(text("media type", r"[A-Za-z0-9*.+-]+/[A-Za-z0-9*.+-]+")),
        "cache": Fields(
            {
                "size": choice("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"),
                "ttl_seconds": number(0, 3600),
            }
        ),
        "cognito_user_pool_arns": items(USER_POOL),
        "cors": Fields(
            {
                "credentials": switch,
                "headers": items(HEADER),
                "max_age": number(0, 86_400),
                "methods": items(choice(*VERBS), some=True),
                "origins": items(ORIGIN, some=True),
            },
            required=["origins"],
            rules=[_mixed_origins],
        ),
        "description": text("text of at most 1024 characters", r"(?s:.{0,1024})", "shorten it"),
        "disable_execute_api_endpoint": switch,
        "documents": items(SOME_TEXT),
        "domain": Fields(
            {
                "base_path": text("base path", r"[A-Za-z0-9._-]+"),
                "certificate_arn": arn("acm", "certificate/.+", "an ACM certificate"),
                "name": text("host name", r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"),
                "truststore_uri": text("s3:// URI", r"s3://[^/]+/.+"),
                "zone_id": text("Route 53 zone id", r"[A-Z0-9]+"),
            },
            required=["name", "certificate_arn"],
        ),
        "endpoint_type": choice("REGIONAL", "EDGE", "PRIVATE"),
        "logs": Fields(
            {
                "group_name": text(
                    "name of a log group that does not begin with aws/", r"(?![Aa][Ww][Ss]/)[A-Za-z0-9_./#-]{1,512}"
                ),
                "kms_key_arn": KMS_KEY,
                "level": choice("INFO", "ERROR", "OFF"),
                "retention_in_days": number_choice(*RETENTION_DAYS),
            }
        ),
        "manage_account_logging_role": switch,
        "metrics_enabled": switch,
        # Ours: what happens to what documents have and request models cannot say.
        "openapi_unsupported": choice("error", "ignore"),
        "minimum_compression_size": number(0, 10_485_760),
        "models": entries(
            Fields(
                {
                    "description": ANY_TEXT,
                    "schema": json_text("object", lambda parsed: isinstance(parsed, dict), _draft_04),
                },
                required=["schema"],
            ),
            text("name of a model", r"[A-Za-z0-9]+", "use letters and digits"),
        ),
        "resource_policy": API_POLICY,
        "routes": entries(ROUTE),
        "stage": NAME,
        "stage_variables": entries(
            text("value of a stage variable", r"[A-Za-z0-9._~:/?#&=,-]*"), text("name", r"[A-Za-z0-9_]+")
        ),
        "throttling": Fields({"burst_limit": LIMIT, "rate_limit": RATE}),
        "usage_plan": Fields(
            {
                "api_key_names": items(SOME_TEXT),
                "burst_limit": LIMIT,
                "description": ANY_TEXT,
                "name": SOME_TEXT,
                "quota_limit": number(1, 2**31 - 1),
                "quota_period": choice("DAY", "WEEK", "MONTH"),
                "rate_limit": RATE,
            },
            required=["name"],
            rules=[_burst_and_rate],
        ),
        "vpc_endpoint_ids": items(text("VPC endpoint", r"vpce-[0-9a-f]+")),
        "waf_web_acl_arn": arn("wafv2", "regional/webacl/.+", "a regional web ACL"),
        "xray_tracing_enabled": switch,
    },
    rules=[_endpoint, _logging_role, _one_authorizer],
)


def _certificate(api: Mapping[str, Any], region: str, where: str) -> Iterator[str]:
    edge, arn_ = api.get("endpoint_type") == "EDGE", (api.get("domain") or {}).get("certificate_arn") or ""
    wanted = EDGE_CERTIFICATES if edge else region
    if arn_ and arn_.split(":")[3] != wanted:
        what = f"in another region than AWS wants it for {'an EDGE' if edge else 'a REGIONAL'} domain, {wanted}"
        yield wrong(f"{where}.domain.certificate_arn", arn_, what, "name one there")


def _log_key(api: Mapping[str, Any], region: str, where: str) -> Iterator[str]:
    key = (api.get("logs") or {}).get("kms_key_arn") or ""
    if key and key.split(":")[3] != region:
        yield wrong(f"{where}.logs.kms_key_arn", key, f"no key of {region}, where the logs are", "name one there")


# Ours, not the module's.
_SWITCHES = ("documents", "openapi_unsupported")


def define(
    apis: Mapping[str, Any], documents: Mapping[str, str], functions: Collection[str], settings: Settings
) -> dict[str, Any]:
    """APIs by key: the fields of terraform/modules/api_gateway, less name, and `documents`, paths of OpenAPI documents.

    documents: the text of each of these files, by absolute path. functions: the keys of the functions that routes may name.
    """
    context, dr = settings["context"], settings["dr"]
    entries = given(apis)
    problems: list[str] = []
    name_of = names(entries, "rest_api", settings, "api_gateway_apis", problems)
    tfvars, predicted = {}, {}
    for key, api in entries.items():
        where = f"api_gateway_apis.{key}"
        try:
            whole = _with_documents(api, documents, functions, where)
        except SiteBuilderError as error:
            problems += error.problems
            continue
        whole = {"cognito_user_pool_arns": settings["cognito_user_pool_arns"], **whole}
        problems += [*SCHEMA(whole, where)] or _route_problems(whole, functions, where)
        problems += _policy_size(whole.get("resource_policy") or "", context, where)
        problems += _certificate(whole, context["region"], where)
        problems += _log_key(whole, context["region"], where)
        if key not in name_of:
            continue
        stage = api.get("stage") or context["environment"]
        predicted[key] = {"name": name_of[key], "stage": stage}
        tfvars[key] = {
            **(boundary(settings) if api.get("manage_account_logging_role") else {}),
            **whole,
            "name": name_of[key],
            "stage": stage,
            "logs": {
                "group_name": resource_name(key, "api_log_group", context),
                "retention_in_days": dr["log_retention_days"],
                "kms_key_arn": settings["kms_key_arn"] or None,
                **(api.get("logs") or {}),
            },
        }
    stop(problems)
    return defined(
        {"apis": tfvars, "tags": settings["tags"]}, {"apis": predicted}, hooks=["before_plan", "before_apply"]
    )


def _with_documents(
    api: Mapping[str, Any], documents: Mapping[str, str], functions: Collection[str], where: str
) -> dict[str, Any]:
    """The API as its documents and its own fields say it together. A route or model of its own replaces a document's of the
    same name; of everything else there is one, and whoever says it twice must say the same."""
    paths = api.get("documents") or []
    try:
        found = openapi_routes(
            [{"file": path, "content": documents[path]} for path in paths],
            functions,
            read_file,
            api.get("openapi_unsupported", "error"),
        )
    except SiteBuilderError as error:
        raise SiteBuilderError(*(f"{where}.documents: {problem.rstrip('.')}" for problem in error.problems)) from error
    own = {field: value for field, value in api.items() if field not in _SWITCHES}
    whole = {**own, **{name: {**found[name], **own.get(name, {})} for name in ("routes", "models")}}
    clashes = []
    for field, value in found["settings"].items():
        mine = own.get(field, {} if isinstance(value, Mapping) else value)
        whole[field] = {**mine, **value} if isinstance(value, Mapping) else value
        if whole[field] != ({**value, **mine} if isinstance(value, Mapping) else mine):
            clashes.append(f"{where}.{field} is not what {' and '.join(paths)} says; say it in one of them only")
    stop(clashes)
    return whole


def _policy_size(policy: str, context: Mapping[str, Any], where: str) -> Iterator[str]:
    """The module writes each resource as the API's whole ARN, whose id has ten characters."""
    region = context["region"]
    longer = len(f"arn:{partition_of(region)}:{region}:{context['account_id']}:{'-' * 10}")
    size = len(policy) + policy.count('"execute-api:/') * longer
    if size > API_POLICY_CHARACTERS:
        what = f"{size} characters with whole ARNs, and API Gateway takes {API_POLICY_CHARACTERS}"
        yield wrong(f"{where}.resource_policy", policy, what, "shorten it")


def _route_problems(api: Mapping[str, Any], functions: Collection[str], where: str) -> Iterator[str]:
    """What holds for the routes of the documents and the API's own ones together."""
    if not api["routes"]:
        yield f"{where} has no route; name an OpenAPI document in documents, or a route in routes"
    claims: dict[tuple[str, str], str] = {}
    segments: dict[str, tuple[str, str]] = {}
    for name, route in api["routes"].items():
        here = f"{where}.routes.{name}"
        if route.get("function") and route["function"] not in functions:
            fix = f"there are: {', '.join(functions) or 'none'}"
            yield wrong(f"{here}.function", route["function"], "no function", fix)
        place = ""
        for segment in route["path"].strip("/").split("/"):
            place = f"{place}/{'{}' if segment.startswith('{') else segment}"
            other, owner = segments.setdefault(place, (segment, name))
            if other != segment:
                what = f"not the {other} of the route {owner}, and API Gateway allows one path parameter in each place"
                yield wrong(f"{here}.path", route["path"], what, "use the same name")
        owner = claims.setdefault((route["method"], place), name)
        if owner != name:
            yield f"{here} answers {route['method']} {route['path']}, as the route {owner} does; remove one"
        if route.get("api_key_required") and not api.get("usage_plan"):
            yield f"{where}.usage_plan is missing, and the route {name} wants an API key; add a usage_plan"
        model = route.get("request_model")
        if model and model not in api["models"]:
            what = f"none of the models {', '.join(api['models']) or '(there are none)'}"
            yield wrong(f"{here}.request_model", model, what, "add it or correct the name")
