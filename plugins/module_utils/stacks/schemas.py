# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The definitions of the six stacks: which fields there are, what each may hold, which go together.

They say before anything starts what terraform/modules would say in the middle of a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.dr import OTHER_ALARMS, RETENTION_DAYS
from ansible_collections.bbws.site_builder.plugins.module_utils.names import REGIONS
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Check,
    Fields,
    choice,
    entries,
    items,
    json_text,
    number,
    number_choice,
    secrets,
    switch,
    text,
    wrong,
)

MANY = 1_000_000
ANY_TEXT = text()
SOME_TEXT = text("text of at least one character", r"(?s:.+)")
REGION = choice(*sorted(set().union(*REGIONS.values())))
ACCOUNT = text("quoted string of 12 digits", r"[0-9]{12}")
# The key of an entry of ours: what names are made of.
KEY = text("key", r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*", "use letters and digits, with single - _ . between words")


def _arn(service: str, resource: str, what: str) -> Check:
    pattern = rf"arn:aws[a-z-]*:{service}:[a-z0-9-]*:([0-9]{{12}}|aws)?:{resource}"
    return text(f"ARN of {what}", pattern, "give the whole ARN")


KMS_KEY = _arn("kms", "key/[0-9A-Za-z-]+", "a KMS key")
QUEUE_OR_TOPIC = _arn("(sqs|sns)", "[A-Za-z0-9_.-]+", "an SQS queue or an SNS topic")


# --- dynamodb

# AWS would take any character.
ATTRIBUTE = text("attribute name of 1 to 255 letters, digits and . _ : # / @ -", r"[A-Za-z0-9_.:#/@-]{1,255}")
KEY_ATTRIBUTE = Fields({"name": ATTRIBUTE, "type": choice("S", "N", "B")}, required=["name"])
INDEX_NAME = text("index name of 3 to 255 letters, digits and . _ -", r"[A-Za-z0-9_.-]{3,255}")
PROJECTION = choice("ALL", "KEYS_ONLY", "INCLUDE")


def _projection(index: Mapping[str, Any], where: str) -> Iterator[str]:
    include, attributes = index.get("projection_type") == "INCLUDE", index.get("non_key_attributes")
    if include != bool(attributes):
        fix = "name the attributes" if include else "set projection_type to INCLUDE or leave them out"
        yield wrong(f"{where}.non_key_attributes", attributes, "for projection_type INCLUDE, and needed there", fix)


def _two_attributes(keys: Mapping[str, Any], where: str) -> Iterator[str]:
    if keys.get("range_key") and keys["hash_key"]["name"] == keys["range_key"]["name"]:
        name = keys["range_key"]["name"]
        yield wrong(
            f"{where}.range_key.name", name, "the hash_key too", "name another attribute or leave range_key out"
        )


_INDEX = {"name": INDEX_NAME, "range_key": KEY_ATTRIBUTE, "projection_type": PROJECTION}
_INDEX |= {"non_key_attributes": items(ATTRIBUTE, longest=100)}
GLOBAL_INDEX = Fields({**_INDEX, "hash_key": KEY_ATTRIBUTE}, ["name", "hash_key"], [_projection, _two_attributes])
LOCAL_INDEX = Fields(_INDEX, ["name", "range_key"], [_projection])


def _indexes(table: Mapping[str, Any], where: str) -> Iterator[str]:
    local = table.get("local_secondary_indexes") or []
    if local and not table.get("range_key"):
        yield wrong(f"{where}.local_secondary_indexes", local, "for tables with a range_key", "give the table one")
    found: dict[str, str] = {}
    types: dict[str, str] = {}
    places = [(where, table)]
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        for position, index in enumerate(table.get(kind) or []):
            place = f"{where}.{kind}[{position}]"
            places.append((place, index))
            other = found.setdefault(index["name"], place)
            if other != place:
                yield wrong(f"{place}.name", index["name"], f"the name of {other} too", "rename one of them")
    for place, keys in places:
        for role in ("hash_key", "range_key"):
            key = keys.get(role) or {}
            kind = key.get("type") or "S"
            if key and types.setdefault(key["name"], kind) != kind:
                other = types[key["name"]]
                fix = f"give {key['name']} one type wherever it is a key"
                yield wrong(f"{place}.{role}.type", kind, f"not the {other} that {key['name']} is elsewhere", fix)


def _statement(parsed: Any) -> bool:
    return isinstance(parsed, dict) and "Statement" in parsed


TABLE = Fields(
    {
        "deletion_protection": switch,
        "global_secondary_indexes": items(GLOBAL_INDEX, longest=20),
        "hash_key": KEY_ATTRIBUTE,
        "local_secondary_indexes": items(LOCAL_INDEX, longest=5),
        "range_key": KEY_ATTRIBUTE,
        "resource_policy_json": json_text("policy with a Statement", _statement),
        "stream_view_type": choice("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
        "table_class": choice("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
        "ttl_attribute": ATTRIBUTE,
        "ttl_enabled": switch,
    },
    required=["hash_key"],
    rules=[_two_attributes, _indexes],
)


# --- s3

DAYS = number(1, 36_500)
OBJECT_PREFIX = text("prefix of at most 1024 characters", r"(?s:.{0,1024})")
ORIGIN = text(
    "origin", r"\*|https?://[^/*\s'\"$]*\*?[^/*\s'\"$]+", "write scheme and host, such as https://app.example.com"
)
COLD = ("STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")


def _infrequent(transition: Mapping[str, Any], where: str) -> Iterator[str]:
    if transition["storage_class"].endswith("_IA") and transition["days"] < 30:
        yield wrong(
            f"{where}.days", transition["days"], f"too early for {transition['storage_class']}", "write 30 or more"
        )


def _lifecycle(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    ends = ("transitions", "expiration_days", "expired_object_delete_marker")
    ends += ("noncurrent_version_transitions", "noncurrent_version_expiration_days")
    if not any(rule.get(name) for name in ends):
        yield wrong(where, rule, "a rule that does nothing", f"give it one of {', '.join(ends)}")
    filters = ("expiration_days", "tags", "object_size_greater_than", "object_size_less_than")
    if rule.get("expired_object_delete_marker") and (besides := [name for name in filters if rule.get(name)]):
        yield wrong(
            f"{where}.expired_object_delete_marker", True, f"not for use with {besides[0]}", "leave one of them out"
        )
    if rule.get("newer_noncurrent_versions") and not rule.get("noncurrent_version_expiration_days"):
        kept = rule["newer_noncurrent_versions"]
        yield wrong(f"{where}.newer_noncurrent_versions", kept, "without an expiration", f"add {ends[-1]}")
    for moves, last in (ends[0:2], ends[3:5]):
        late = [move["days"] for move in rule.get(moves) or [] if move["days"] >= (rule.get(last) or MANY)]
        if late:
            yield wrong(f"{where}.{last}", rule[last], f"not after the transition at {late[0]} days", "write more days")


def _write_origin(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    writes = sorted(set(rule["allowed_methods"]) - {"GET", "HEAD"})
    if "*" in rule["allowed_origins"] and writes:
        yield wrong(f"{where}.allowed_origins", "*", f"too wide for {writes[0]}", "name the origins that write")


TRANSITION = Fields(
    {"days": number(0, 36_500), "storage_class": choice(*COLD)}, ["days", "storage_class"], [_infrequent]
)
LIFECYCLE_RULE = Fields(
    {
        "enabled": switch,
        "expiration_days": DAYS,
        "expired_object_delete_marker": switch,
        "id": text(
            "rule id of 1 to 255 characters, abort-incomplete-multipart-uploads being taken",
            r"(?!abort-incomplete-multipart-uploads\Z).{1,255}",
        ),
        "newer_noncurrent_versions": number(1, 100),
        "noncurrent_version_expiration_days": DAYS,
        "noncurrent_version_transitions": items(TRANSITION),
        "object_size_greater_than": number(0, 2**53),
        "object_size_less_than": number(1, 2**53),
        "prefix": OBJECT_PREFIX,
        "tags": entries(ANY_TEXT),
        "transitions": items(TRANSITION),
    },
    required=["id"],
    rules=[_lifecycle],
)
CORS_RULE = Fields(
    {
        "allowed_headers": items(SOME_TEXT),
        "allowed_methods": items(choice("GET", "HEAD", "PUT", "POST", "DELETE"), some=True),
        "allowed_origins": items(ORIGIN, some=True),
        "expose_headers": items(SOME_TEXT),
        "max_age_seconds": number(0, 86_400),
    },
    required=["allowed_methods", "allowed_origins"],
    rules=[_write_origin],
)


def _one_target(logging: Mapping[str, Any], where: str) -> Iterator[str]:
    if (logging.get("bucket") is None) == (logging.get("bucket_name") is None):
        yield wrong(where, logging, "not one target", "give either bucket, a key of s3_buckets, or bucket_name")


def _lifecycle_ids(bucket: Mapping[str, Any], where: str) -> Iterator[str]:
    ids = [rule["id"] for rule in bucket.get("lifecycle_rules") or []]
    for position, name in enumerate(ids):
        if name in ids[:position]:
            yield wrong(f"{where}.lifecycle_rules[{position}].id", name, "there twice", "rename one of them")


def _is_statement(parsed: Any) -> bool:
    return isinstance(parsed, dict) and "Effect" in parsed


BUCKET_NAME = text("bucket name of 3 to 63 of a-z, 0-9 and -", r"(?=.{3,63}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
BUCKET = Fields(
    {
        "abort_multipart_days": DAYS,
        "access_logging": Fields(
            {"bucket": KEY, "bucket_name": BUCKET_NAME, "prefix": OBJECT_PREFIX}, rules=[_one_target]
        ),
        "bucket_key": switch,
        "cors_rules": items(CORS_RULE, longest=100),
        "customer_key": switch,
        "eventbridge": switch,
        "force_destroy": switch,
        "lifecycle_rules": items(LIFECYCLE_RULE, longest=999),
        "oac": Fields(
            {
                "distribution_arns": items(_arn("cloudfront", "distribution/[A-Z0-9]+", "a CloudFront distribution")),
                "list_bucket": switch,
            }
        ),
        "policy_statements": items(json_text("policy statement with an Effect", _is_statement)),
        "replicate": switch,
        "versioning": choice("Enabled", "Suspended"),
    },
    rules=[_lifecycle_ids],
)


# --- iam

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
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in actions:
            if statement["Effect"] != "Deny" and TOO_WIDE.fullmatch(str(action).lower()):
                yield wrong(f"{where}.extra_statements: the action", action, "too wide", "name the actions")
    for name, arn in (role.get("managed_policy_arns") or {}).items():
        if ADMINISTRATOR.fullmatch(arn):
            yield wrong(f"{where}.managed_policy_arns.{name}", arn, "far more than a function needs", "name another")


def _are_statements(parsed: Any) -> bool:
    wanted = {"Effect", "Action", "Resource"}
    return isinstance(parsed, list) and all(isinstance(s, dict) and wanted <= s.keys() for s in parsed)


GRANTS = items(Fields({"bucket": KEY, "prefixes": items(GRANT_PREFIX, some=True)}, required=["bucket"]))
ROLE = Fields(
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
        "extra_statements": json_text("list of statements with Effect, Action and Resource", _are_statements),
        "failure_target_arns": items(QUEUE_OR_TOPIC),
        "managed_policy_arns": entries(_arn("iam", "policy/.+", "a managed policy")),
        "max_session_duration": number(3600, 43_200),
        "path": text("IAM path", r"/([!-.0-~][!-~]*/)?", "begin and end it with a slash"),
        "permissions_boundary_arn": _arn("iam", "policy/.+", "a managed policy"),
        "s3": Fields({"read": GRANTS, "write": GRANTS}),
        "vpc": switch,
        "xray": switch,
    },
    rules=[_no_administrator],
)


# --- lambda

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
ARCHITECTURE = choice("arm64", "x86_64")
LAYER_ARN = _arn("lambda", r"layer:[A-Za-z0-9_-]+:[0-9]+", "a layer version")
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
    for field in ("table_names", "bucket_names"):
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


def _on_whose_behalf(trigger: Mapping[str, Any], where: str) -> Iterator[str]:
    if trigger.get("source_arn") is None and trigger.get("source_account") is None:
        yield wrong(where, trigger, "open to any account", "add source_arn or source_account")
    elif trigger["principal"] == "s3.amazonaws.com" and trigger.get("source_account") is None:
        what = "open to whoever owns the bucket next: its ARN names no account"
        yield wrong(where, trigger, what, "add source_account")


FUNCTION = Fields(
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
            }
        ),
        "bucket_names": entries(KEY, variable_name),
        "code_signing_config_arn": _arn("lambda", "code-signing-config:.+", "a code signing configuration"),
        "dead_letter_target_arn": QUEUE_OR_TOPIC,
        "description": text("text of at most 256 characters", r"(?s:.{0,256})", "shorten it"),
        "environment": secrets(variable_name),
        "ephemeral_storage_size": number(512, 10_240),
        "extra_layer_arns": items(LAYER_ARN),
        "handler": text(
            "handler of 1 to 128 characters without white space", r"\S{1,128}", "write one such as app.handler"
        ),
        "layers": items(KEY),
        "log_level": choice("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
        "memory_size": number(128, 10_240),
        "provisioned_concurrency": number(0, MANY),
        "requirements": SOME_TEXT,
        "reserved_concurrency": number(-1, MANY),
        "runtime": RUNTIME,
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


LAYER = Fields(
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


# --- api_gateway

NAME = text("name of letters, digits, - and _", r"[A-Za-z0-9_-]{1,128}")
LIMIT, RATE = number(0, MANY), number(0, MANY, whole=False)
HEADER = text("name of a header", r"\*|[A-Za-z0-9-]+")
API_ORIGIN = text(
    "origin", r"\*|https?://[^/*\s'\"$\\#]+", "write * or scheme and host, such as https://app.example.com"
)
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_SEGMENT = r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._-]+\}"
PATH = text(
    "path of at most six segments",
    rf"/|(?=(/[^/]+){{1,6}}\Z)(/({_SEGMENT}))*/({_SEGMENT}|\{{[A-Za-z0-9._-]+\+\}})",
    "write it like /sites/{id}/{proxy+}",
)
PARAMETER = text(
    "request parameter",
    r"method\.request\.(path|querystring|header)\.[A-Za-z0-9._$-]+",
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
        "credentials": _arn("iam", "role/.+", "an IAM role"),
        "function": KEY,
        "integration_method": choice(*VERBS, "ANY"),
        "method": choice(*VERBS, "ANY"),
        "passthrough_behavior": choice("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"),
        "path": PATH,
        "request_mappings": entries(SOME_TEXT),
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
        "timeout_milliseconds": number(50, 29_000),
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
    if kind == "PRIVATE" and not api.get("resource_policy"):
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


def _schema(parsed: Any) -> bool:
    return isinstance(parsed, dict)


USER_POOL = _arn("cognito-idp", r"userpool/[\w-]+_[0-9a-zA-Z]+", "a Cognito user pool")
API = Fields(
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
                "origins": items(API_ORIGIN, some=True),
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
                "certificate_arn": _arn("acm", "certificate/.+", "an ACM certificate"),
                "name": text("host name", r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"),
                "truststore_uri": text("s3:// URI", r"s3://[^/]+/.+"),
                "zone_id": text("Route 53 zone id", r"[A-Z0-9]+"),
            },
            required=["name", "certificate_arn"],
        ),
        "endpoint_type": choice("REGIONAL", "EDGE", "PRIVATE"),
        "logs": Fields(
            {
                "group_name": text("name of a log group", r"[A-Za-z0-9_./#-]{1,512}"),
                "kms_key_arn": KMS_KEY,
                "level": choice("INFO", "ERROR", "OFF"),
                "retention_in_days": number_choice(*RETENTION_DAYS),
            }
        ),
        "manage_account_logging_role": switch,
        "metrics_enabled": switch,
        "minimum_compression_size": number(0, 10_485_760),
        "models": entries(
            Fields({"description": ANY_TEXT, "schema": json_text("object", _schema)}, required=["schema"]),
            text("name of a model", r"[A-Za-z0-9]+", "use letters and digits"),
        ),
        "resource_policy": json_text("policy with a Statement", _statement),
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
        "waf_web_acl_arn": _arn("wafv2", "regional/webacl/.+", "a regional web ACL"),
        "xray_tracing_enabled": switch,
    },
    rules=[_endpoint, _logging_role, _one_authorizer],
)


# --- monitoring

THRESHOLDS = (*OTHER_ALARMS, "bedrock_throttles", "lambda_error_percent", "s3_replication_failures")


def _threshold(name: str) -> Check:
    return number(0.001, 100, whole=False) if name.endswith("_percent") else number(0.001, MANY, whole=False)


LIMITS = Fields({name: _threshold(name) for name in THRESHOLDS})


def _datapoints(options: Mapping[str, Any], where: str) -> Iterator[str]:
    points, periods = options.get("datapoints_to_alarm"), options.get("evaluation_periods") or 1
    if points is not None and points > periods:
        yield wrong(f"{where}.datapoints_to_alarm", points, f"more than evaluation_periods, {periods}", "lower it")


def _own_topic(options: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("topic_kms_key_arn", "topic_kms_alias"):
        if options.get("topic_arn") and options.get(field):
            yield wrong(
                f"{where}.{field}", options[field], "for a topic made here, not for topic_arn", "remove one of them"
            )
    if options.get("topic_kms_key_arn") and options.get("topic_kms_alias"):
        yield wrong(
            f"{where}.topic_kms_alias", options["topic_kms_alias"], "for a key made here", "remove topic_kms_key_arn"
        )


MONITORING = Fields(
    {
        "actions_enabled": switch,
        "bedrock_throttle_pattern": text("filter pattern of 1 to 1024 characters", r"(?s:.{1,1024})"),
        "datapoints_to_alarm": number(1, 288),
        "disabled_alarms": items(choice(*THRESHOLDS)),
        "evaluation_periods": number(1, 288),
        "log_metric_namespace": text(
            "namespace of 1 to 255 letters, digits and . _ / # - that does not begin with AWS/",
            r"(?!AWS/)[A-Za-z0-9_./#-]{1,255}",
        ),
        "notify": items(choice("ALARM", "OK", "INSUFFICIENT_DATA")),
        "threshold_overrides": entries(LIMITS),
        "thresholds": LIMITS,
        "topic_arn": _arn("sns", "[A-Za-z0-9_-]+", "an SNS topic"),
        "topic_kms_alias": text("alias", r"alias/(?!aws/)[A-Za-z0-9_/-]{1,250}", "write alias/<name>, not alias/aws/"),
        "topic_kms_deletion_window_days": number(7, 30),
        "topic_kms_key_arn": KMS_KEY,
    },
    rules=[_datapoints, _own_topic],
)

# What a role's variable holds, by the variable's name.
DEFINITIONS = {
    "api_gateway_apis": entries(API),
    "dynamodb_tables": entries(TABLE),
    "iam_roles": entries(ROLE),
    "lambda_functions": entries(FUNCTION),
    "lambda_layers": entries(LAYER),
    "monitoring_options": MONITORING,
    "s3_buckets": entries(BUCKET),
}
