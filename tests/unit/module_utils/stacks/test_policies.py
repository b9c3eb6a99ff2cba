"""Policies as people write them: each variant takes what AWS takes, and tells in one sentence what AWS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import policies

ROLE = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:123456789012:queue"}
OPEN = {"Effect": "Deny", "Principal": "*"}
BUCKET = {**OPEN, "Action": "s3:*", "Resource": ["arn:aws:s3:::site", "arn:aws:s3:::site/*"]}
TABLE = {**OPEN, "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/site"}
API = {**OPEN, "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}


def told(check: Any, value: Any) -> list[str]:
    return list(check(value if isinstance(value, str) else json.dumps(value), "policy"))


def document(statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statement}


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Sid": "Send1", "Action": ["s3:Get*", "*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "*:*", "Resource": ["arn:aws:iam::123456789012:role/a"]},
        {"Resource": "arn:aws:s3:::bucket/${aws:username}/*"},
        {
            "Condition": {
                "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*"]},
                "Null": {"aws:TokenIssueTime": True},
            }
        },
        {
            "Condition": {
                "NumericLessThan": {"aws:MultiFactorAuthAge": 300},
                "DateGreaterThanEquals": {"aws:EpochTime": "1"},
            }
        },
        {"Condition": {"ArnNotLike": {"aws:SourceArn": "arn:*"}, "NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}},
    ],
)
def test_statement_of_a_role_is_taken(statement: dict[str, Any]) -> None:
    assert told(policies.ROLE_STATEMENTS, [{**ROLE, **statement}]) == []


def test_all_but_is_taken() -> None:
    statement = {"Effect": "Deny", "NotAction": ["s3:GetObject"], "NotResource": "*"}
    assert told(policies.ROLE_STATEMENTS, [statement]) == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ({"Effect": "allow"}, "policy[0].Effect is 'allow', which is none of Allow, Deny; write Allow"),
        ({"Effect": None}, "policy[0].Effect is missing; say what it is"),
        ({"Sid": "a-b"}, "policy[0].Sid is 'a-b', which is no statement id of letters and digits; correct it"),
        ({"Sid": None}, "policy[0].Sid is None, which is nothing; remove it or say what it is"),
        (
            {"Principal": "*"},
            "policy[0].Principal is '*', which is not for the policy of a role, which says what the role may do; remove it",
        ),
        ({"Action": []}, "policy[0].Action is [], which is empty; name at least one"),
        (
            {"Action": "SendMessage"},
            "policy[0].Action is 'SendMessage', which is no action; write * or service:name, such as s3:GetObject",
        ),
        (
            {"Action": ["sqs:a:b"]},
            "policy[0].Action[0] is 'sqs:a:b', which is no action; write * or service:name, such as s3:GetObject",
        ),
        ({"NotAction": "s3:*"}, "policy[0] has Action and NotAction; give it one of Action and NotAction"),
        ({"Resource": "bucket"}, "policy[0].Resource is 'bucket', which is no ARN or *; write * or a whole ARN"),
        (
            {"Resource": "arn:aws:s3:eu-west-1::bucket"},
            "policy[0].Resource is 'arn:aws:s3:eu-west-1::bucket', which is no ARN or *; write * or a whole ARN",
        ),
        ({"Resource": "arn:aws:*:::a"}, "policy[0].Resource is 'arn:aws:*:::a', which is no ARN or *; write * or a whole ARN"),
        (
            {"Condition": {"StringEqual": {"aws:a": "b"}}},
            "policy[0].Condition: the key is 'StringEqual', which is no condition operator; write one such as StringEquals",
        ),
        (
            {"Condition": {"Bool": "true"}},
            "policy[0].Condition.Bool is 'true', which is no mapping; write it as name: value",
        ),
        (
            {"Condition": {"Bool": {"aws:a": {}}}},
            "policy[0].Condition.Bool.aws:a is {}, which is no text, number or boolean; write one",
        ),
        ({"Actions": "a:b"}, "policy[0] has the field 'Actions', which there is not; did you mean Action?"),
    ],
)  # fmt: skip
def test_statement_of_a_role_is_refused(statement: dict[str, Any], sentence: str) -> None:
    assert told(policies.ROLE_STATEMENTS, [{**ROLE, **statement}]) == [sentence]


def test_statements_of_a_role_together() -> None:
    twice = [{**ROLE, "Sid": "A"}, ROLE, {**ROLE, "Sid": "A"}]
    assert told(policies.ROLE_STATEMENTS, twice) == [
        "policy[2].Sid is 'A', which is that of policy[0] too; choose another"
    ]
    assert (
        told(policies.ROLE_STATEMENTS, ROLE)
        == [f"policy is {json.dumps(ROLE)[:77]!r}"[:89] + "..., which is no list of statements as JSON; correct it"]
        or "no list of statements as JSON" in told(policies.ROLE_STATEMENTS, ROLE)[0]
    )
    (sentence,) = told(
        policies.ROLE_STATEMENTS, [{**ROLE, "Resource": [f"arn:aws:s3:::b/{n:0100}" for n in range(100)]}]
    )
    assert "bytes of JSON, and AWS takes 10240; shorten it" in sentence


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (policies.BUCKET_STATEMENT, BUCKET),
        (policies.BUCKET_STATEMENT, {**BUCKET, "Sid": "With a space", "Principal": {"AWS": ["123456789012"]}}),
        (policies.TABLE_POLICY, document(TABLE)),
        (policies.TABLE_POLICY, document([{**TABLE, "Resource": "*"}])),
        (policies.API_POLICY, {"Statement": [API]}),
        (policies.API_POLICY, {"Id": "x", **document([{**API, "Resource": "*", "Principal": {"Service": "a.b"}}])}),
    ],
)
def test_policy_of_a_resource_is_taken(check: Any, value: Any) -> None:
    assert told(check, value) == []


@pytest.mark.parametrize(
    ("check", "value", "sentence"),
    [
        (
            policies.BUCKET_STATEMENT,
            {key: value for key, value in BUCKET.items() if key != "Principal"},
            "policy has no Principal; give it one of Principal and NotPrincipal",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Principal": {}},
            "policy.Principal is {}, which is nobody; write * or name one, such as AWS: <ARN>",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Resource": "*"},
            "policy.Resource is '*', which is no ARN of the bucket or of objects in it; correct it",
        ),
        (
            policies.TABLE_POLICY,
            document([]),
            "policy.Statement is [], which is empty; name at least one",
        ),
        (
            policies.TABLE_POLICY,
            {"Version": "2012-10-18", "Statement": TABLE},
            "policy.Version is '2012-10-18', which is none of 2012-10-17, 2008-10-17; write 2012-10-17",
        ),
        (
            policies.TABLE_POLICY,
            document([TABLE, {**TABLE, "Resource": "arn:aws:s3:::a"}]),
            "policy.Statement[1].Resource is 'arn:aws:s3:::a', which is no ARN of the table or of an index; correct it",
        ),
        (
            policies.API_POLICY,
            document([{**API, "Principal": "arn:aws:iam::123456789012:root"}]),
            "policy.Statement[0].Principal is 'arn:aws:iam::123456789012:root', which is no mapping; write it as name: value",
        ),
        (
            policies.API_POLICY,
            document({**API, "Resource": "/stage"}),
            "policy.Statement.Resource is '/stage', which is no resource of the API; write it like execute-api:/*",
        ),
    ],
)
def test_policy_of_a_resource_is_refused(check: Any, value: Any, sentence: str) -> None:
    assert told(check, value) == [sentence]


@pytest.mark.parametrize(
    ("resource", "sentences"),
    [
        ("arn:aws:s3:::site", []),
        ("arn:aws:s3:::site/a/*", []),
        ("arn:aws:s3:::*/a", []),
        ("arn:aws:s3:::si?e/a", []),
        (
            ["arn:aws:s3:::site", "arn:aws:s3:::other/*"],
            ["policy.Resource has 'arn:aws:s3:::other/*', which is not in the bucket site; name site or objects in it"],
        ),
    ],
)
def test_resource_of_a_bucket(resource: Any, sentences: list[str]) -> None:
    assert list(policies.bucket_problem({**BUCKET, "Resource": resource}, "site", "policy")) == sentences
