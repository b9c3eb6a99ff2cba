# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The grammar of policies, in the variants that people write here: of a role, a bucket, a table and an API.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. IAM takes any action for a role, one that no
service knows as well. The policy of a resource is judged by the resource's service, which refuses what it does not know.
roles/local_aws/files/aws_rules refuses the same, later.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # check.yml and every module that asks AWS say that it is missing
    import botocore.session


from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Check,
    Fields,
    choice,
    entries,
    items,
    json_text,
    text,
    told,
    wrong,
)

ACTION = text("action", r"\*|\*:\*|[A-Za-z0-9.-]+:[A-Za-z0-9*?]+", "write * or service:name, such as s3:GetObject")
_COMPARED = "(Equals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals|NotEquals)"
_OPERATOR = text(
    "condition operator",
    r"(ForAnyValue:|ForAllValues:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)|(Numeric|Date)" + _COMPARED + "|Bool|BinaryEquals|"
    r"(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?",
    "write one such as StringEquals",
)  # fmt: skip
_SOME_TEXT = text("text of at least one character", r"(?s:.+)")


def _value(value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, (str, bool, int, float)):
        yield wrong(where, value, "no text, number or boolean", "write one")


def _one_or_more(check: Check) -> Check:
    several = items(check, some=True, unique=False)
    return lambda value, where: (several if isinstance(value, (list, tuple)) else check)(value, where)


_PRINCIPALS = Fields(dict.fromkeys(("AWS", "CanonicalUser", "Federated", "Service"), _one_or_more(_SOME_TEXT)))


def _principal(value: Any, where: str) -> Iterator[str]:
    if value != "*":
        yield from _PRINCIPALS(value, where)
        if not value:
            yield wrong(where, value, "nobody", "write * or name one, such as AWS: <ARN>")


def _no_principal(value: Any, where: str) -> Iterator[str]:
    yield wrong(where, value, "not for the policy of a role, which says what the role may do", "remove it")


def _one_of_each(kinds: Sequence[str]) -> Check:
    def check(statement: Mapping[str, Any], where: str) -> Iterator[str]:
        for name, value in statement.items():
            if value is None:
                yield wrong(f"{where}.{name}", None, "nothing", "remove it or say what it is")
        for kind in kinds:
            found = [name for name in (kind, f"Not{kind}") if name in statement]
            if len(found) != 1:
                yield f"{where} has {' and '.join(found) or f'no {kind}'}; give it one of {kind} and Not{kind}"

    return check


def statement(resource: Check, principal: bool, action: Check = ACTION, rules: Collection[Check] = ()) -> Fields:
    """A statement. principal: whether it says whom it is about, as policies of resources do. rules: further ones."""
    who, kinds = (_principal, ("Principal",)) if principal else (_no_principal, ())
    sid = _SOME_TEXT if principal else text("statement id of letters and digits", r"[0-9A-Za-z]*")
    several = _one_or_more(resource)
    return Fields(
        {
            "Action": _one_or_more(action),
            "Condition": entries(entries(_one_or_more(_value)), _OPERATOR),
            "Effect": choice("Allow", "Deny"),
            "NotAction": _one_or_more(action),
            "NotPrincipal": who,
            "NotResource": several,
            "Principal": who,
            "Resource": several,
            "Sid": sid,
        },
        required=["Effect"],
        rules=[_one_of_each((*kinds, "Action", "Resource")), *rules],
    )


def document(check: Fields, longest: int | None = None) -> Check:
    """A policy as JSON with such statements, of so many bytes at most."""
    listed = items(check, some=True, unique=False)

    def statements(value: Any, where: str) -> Iterator[str]:
        yield from check(value, where) if isinstance(value, Mapping) else listed(value, where)

    fields = Fields(
        {"Id": _SOME_TEXT, "Statement": statements, "Version": choice("2012-10-17", "2008-10-17")}, ["Statement"]
    )
    return json_text("policy", lambda parsed: isinstance(parsed, dict), fields, longest)


def _arn(service: str, rest: str) -> str:
    return rf"arn:aws[a-z-]*:{service}:{rest}"


def _twice(statements: Sequence[Mapping[str, Any]], where: str) -> Iterator[str]:
    problems = [*_OF_ROLES(statements, where)]
    seen: dict[str, int] = {}
    for position, one in enumerate([] if problems else statements):
        sid = one.get("Sid")
        if sid and seen.setdefault(sid, position) != position:
            yield wrong(f"{where}[{position}].Sid", sid, f"that of {where}[{seen[sid]}] too", "choose another")
    yield from problems


# IAM and S3 have no regions in their ARNs, and no ARN a wildcard for the service.
_ANY_RESOURCE = text(
    "ARN or *",
    r"\*|arn:(\*|aws[a-z-]*):((iam|s3)::[^:]*:(?s:.+)|(?!(iam|s3):)[a-z0-9-]+:[^:]*:[^:]*:(?s:.+))",
    "write * or a whole ARN",
)
_OF_ROLES = items(statement(_ANY_RESOURCE, principal=False), unique=False)
# "Role inline policy size" of IAM's quotas, for all of a role together.
ROLE_STATEMENTS = json_text("list of statements", lambda parsed: isinstance(parsed, list), _twice, 10_240)


def _action_of(service: str, fault: Callable[[str], str | None]) -> Check:
    """An action of one service. fault: what to write instead of a name, without wildcards, that the service does not know."""

    def check(value: Any, where: str) -> Iterator[str]:
        problems = [*ACTION(value, where)]
        yield from problems
        if problems or value in ("*", "*:*"):
            return
        prefix, _, name = value.partition(":")
        if prefix.lower() != service:
            what = f"an action of another service, which the policy of a resource of {service} cannot have"
            yield wrong(where, value, what, f"write actions of {service}, or * for all")
        elif not set(name) & set("*?") and (fix := fault(name)):
            yield wrong(where, value, f"no action that {service} takes in such a policy", fix)

    return check


# Calls of S3 that are no actions: PutBucketPolicy says "Policy has invalid action" (https://github.com/DataBiosphere/azul/pull/6149).
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3_CALLS = {
    "copyobject": "GetObject and PutObject",
    "completemultipartupload": "PutObject",
    "createmultipartupload": "PutObject",
    "deletebucketencryption": "PutEncryptionConfiguration",
    "deletebucketlifecycle": "PutLifecycleConfiguration",
    "deletebucketreplication": "PutReplicationConfiguration",
    "deleteobjects": "DeleteObject",
    "getbucketencryption": "GetEncryptionConfiguration",
    "getbucketlifecycleconfiguration": "GetLifecycleConfiguration",
    "getbucketreplication": "GetReplicationConfiguration",
    "headbucket": "ListBucket",
    "headobject": "GetObject",
    "listbuckets": "ListAllMyBuckets",
    "listobjects": "ListBucket",
    "listobjectsv2": "ListBucket",
    "listobjectversions": "ListBucketVersions",
    "listparts": "ListMultipartUploadParts",
    "putbucketencryption": "PutEncryptionConfiguration",
    "putbucketlifecycleconfiguration": "PutLifecycleConfiguration",
    "putbucketreplication": "PutReplicationConfiguration",
    "uploadpart": "PutObject",
}


def _s3_fault(name: str) -> str | None:
    action = _S3_CALLS.get(name.lower())
    return f"that call needs {action}" if action else None


# Of DynamoDB's actions, those that are no calls: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
_DYNAMODB_MORE = """
    ConditionCheckItem CreateTableReplica DeleteTableReplica PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate
    ReadDataForReplication ReplicateSettings WriteDataForReplication
"""


@functools.cache
def _dynamodb_actions() -> frozenset[str]:
    names = botocore.session.get_session().get_service_model("dynamodb").operation_names
    return frozenset(name.lower() for name in (*names, *_DYNAMODB_MORE.split()))


def _dynamodb_fault(name: str) -> str | None:
    """DynamoDB says "The following action names are invalid", of those on streams as well, which have policies of their own:
    https://github.com/aws/aws-cdk/issues/32230."""
    return None if name.lower() in _dynamodb_actions() else "correct its name, or leave out what is about streams"


def _execute_fault(name: str) -> str | None:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigateway.html
    known = ("Invoke", "InvalidateCache", "ManageConnections")
    return None if name.lower() in map(str.lower, known) else f"write one of {', '.join(known)}"


_OF_OBJECTS = re.compile(
    r"(?!.*bucket)(.*object.*|abortmultipartupload|listmultipartuploadparts|bypassgovernanceretention)"
)


def _s3_levels(value: Mapping[str, Any], where: str) -> Iterator[str]:
    """S3 says "Action does not apply to any resource(s) in statement" (https://github.com/wandb/terraform-aws-wandb/issues/156)."""
    actions, resources = (
        [value[kind]] if isinstance(value.get(kind), str) else value.get(kind) or [] for kind in ("Action", "Resource")
    )
    objects = [one for one in resources if "/" in one or one.endswith("*")]
    buckets = [one for one in resources if "/" not in one]
    for action in actions if resources else ():
        name = action.partition(":")[2].lower()
        if set(name) & set("*?") or action == "*":
            continue
        if _OF_OBJECTS.fullmatch(name) and not objects:
            yield f"{where}.Action has {action!r}, which is about objects, and no Resource is; add one such as {buckets[0]}/*"
        elif "bucket" in name and not buckets:
            bucket = objects[0].partition("/")[0]
            yield f"{where}.Action has {action!r}, which is about the bucket, and no Resource is; add {bucket}"


# "Bucket policy" of S3's quotas, the statements that are ours included.
BUCKET_POLICY_BYTES = 20 * 1024
BUCKET_STATEMENT = json_text(
    "policy statement",
    lambda parsed: isinstance(parsed, dict),
    statement(
        text("ARN of the bucket or of objects in it", _arn("s3", "::(?s:.+)")),
        principal=True,
        action=_action_of("s3", _s3_fault),
        rules=[_s3_levels],
    ),
)
TABLE_POLICY = document(
    statement(
        text("ARN of the table or of an index", _arn("dynamodb", "[^:]*:[^:]*:table/.+|[*]")),
        principal=True,
        action=_action_of("dynamodb", _dynamodb_fault),
    ),
    20 * 1024,
)
# "Length, in characters, of API Gateway resource policy" of its quotas.
API_POLICY_CHARACTERS = 8192
API_POLICY = document(
    statement(
        text("resource of the API", "[*]|execute-api:/.*|" + _arn("execute-api", ".+"), "write it like execute-api:/*"),
        principal=True,
        action=_action_of("execute-api", _execute_fault),
    ),
)


def _of(json_statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The resources of a statement, with where they stand."""
    for kind in ("Resource", "NotResource"):
        value = json_statement.get(kind, [])
        yield from ((kind, resource) for resource in ([value] if isinstance(value, str) else value))


def table_problem(policy: Mapping[str, Any], arn: str, where: str) -> Iterator[str]:
    """A resource of a table's policy is the table or an index of it: its ARN, or a pattern that may be."""
    listed = policy["Statement"]
    for position, one in enumerate([listed] if isinstance(listed, Mapping) else listed):
        for kind, resource in _of(one):
            if resource.partition("/index/")[0] != arn and not set(resource) & set("*?$"):
                place = f"{where}.Statement[{position}].{kind}"
                yield f"{place} has {told(resource)}, which is not of this table; name {arn} or {arn}/index/*"


def bucket_problem(json_statement: Mapping[str, Any], bucket: str, where: str) -> Iterator[str]:
    """A resource of a bucket's policy is in the bucket: its name, or a pattern that may be."""
    for kind, resource in _of(json_statement):
        named = resource.partition(":::")[2].partition("/")[0]
        if named != bucket and not set(named) & set("*?$"):
            fix = f"name {bucket} or objects in it"
            yield f"{where}.{kind} has {told(resource)}, which is not in the bucket {bucket}; {fix}"
