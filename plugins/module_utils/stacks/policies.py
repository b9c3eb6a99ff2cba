# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The grammar of policies, in the variants that people write here: of a role, a bucket, a table and an API.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. What a policy can mean is AWS's to judge;
roles/local_aws/files/aws_rules refuses the same, later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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


def statement(resource: Check, principal: bool) -> Fields:
    """A statement. principal: whether it says whom it is about, as policies of resources do."""
    who, kinds = (_principal, ("Principal",)) if principal else (_no_principal, ())
    sid = _SOME_TEXT if principal else text("statement id of letters and digits", r"[0-9A-Za-z]*")
    several = _one_or_more(resource)
    return Fields(
        {
            "Action": _one_or_more(ACTION),
            "Condition": entries(entries(_one_or_more(_value)), _OPERATOR),
            "Effect": choice("Allow", "Deny"),
            "NotAction": _one_or_more(ACTION),
            "NotPrincipal": who,
            "NotResource": several,
            "Principal": who,
            "Resource": several,
            "Sid": sid,
        },
        required=["Effect"],
        rules=[_one_of_each((*kinds, "Action", "Resource"))],
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
# "Bucket policy" of S3's quotas, the statements that are ours included.
BUCKET_POLICY_BYTES = 20 * 1024
BUCKET_STATEMENT = json_text(
    "policy statement",
    lambda parsed: isinstance(parsed, dict),
    statement(text("ARN of the bucket or of objects in it", _arn("s3", "::(?s:.+)")), principal=True),
)
TABLE_POLICY = document(
    statement(text("ARN of the table or of an index", _arn("dynamodb", "[^:]*:[^:]*:table/.+|[*]")), principal=True),
    20 * 1024,
)
# "Length, in characters, of API Gateway resource policy" of its quotas.
API_POLICY_CHARACTERS = 8192
API_POLICY = document(
    statement(
        text("resource of the API", "[*]|execute-api:/.*|" + _arn("execute-api", ".+"), "write it like execute-api:/*"),
        principal=True,
    ),
)


def bucket_problem(json_statement: Mapping[str, Any], bucket: str, where: str) -> Iterator[str]:
    """A resource of a bucket's policy is in the bucket: its name, or a pattern that may be."""
    for kind in ("Resource", "NotResource"):
        value = json_statement.get(kind, [])
        for resource in [value] if isinstance(value, str) else value:
            named = resource.partition(":::")[2].partition("/")[0]
            if named != bucket and not set(named) & set("*?$"):
                fix = f"name {bucket} or objects in it"
                yield f"{where}.{kind} has {told(resource)}, which is not in the bucket {bucket}; {fix}"
