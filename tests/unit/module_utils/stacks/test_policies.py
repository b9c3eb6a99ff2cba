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


OTHERS = "an action of another service, which the policy of a resource of"


@pytest.mark.parametrize(
    ("check", "value", "sentence"),
    [
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Action": "dynamodb:GetItem"},
            f"policy.Action is 'dynamodb:GetItem', which is {OTHERS} s3 cannot have; write actions of s3, or * for all",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**{name: value for name, value in BUCKET.items() if name != "Action"}, "NotAction": "sqs:*"},
            f"policy.NotAction is 'sqs:*', which is {OTHERS} s3 cannot have; write actions of s3, or * for all",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Action": ["s3:GetObject", "s3:HeadObject"]},
            "policy.Action[1] is 's3:HeadObject', which is no action that s3 takes in such a policy; that call needs GetObject",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site"},
            "policy.Action has 's3:GetObject', which is about objects, and no Resource is; add one such as arn:aws:s3:::site/*",
        ),
        (
            policies.BUCKET_STATEMENT,
            {**BUCKET, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::site/*"},
            "policy.Action has 's3:ListBucket', which is about the bucket, and no Resource is; add arn:aws:s3:::site",
        ),
        (
            policies.TABLE_POLICY,
            document([{**TABLE, "Action": "dynamodb:ListStreams"}]),
            "policy.Statement[0].Action is 'dynamodb:ListStreams', which is no action that dynamodb takes in such a policy; "
            "correct its name, or leave out what is about streams",
        ),
        (
            policies.TABLE_POLICY,
            document([{**TABLE, "Action": "s3:GetObject"}]),
            f"policy.Statement[0].Action is 's3:GetObject', which is {OTHERS} dynamodb cannot have; write actions of dynamodb, or * for all",
        ),
        (
            policies.API_POLICY,
            document({**API, "Action": "execute-api:Call"}),
            "policy.Statement.Action is 'execute-api:Call', which is no action that execute-api takes in such a policy; "
            "write one of Invoke, InvalidateCache, ManageConnections",
        ),
        (
            policies.API_POLICY,
            document({**API, "Action": "lambda:InvokeFunction"}),
            f"policy.Statement.Action is 'lambda:InvokeFunction', which is {OTHERS} execute-api cannot have; "
            "write actions of execute-api, or * for all",
        ),
    ],
)
def test_actions_that_the_service_of_a_resource_refuses(check: Any, value: Any, sentence: str) -> None:
    assert told(check, value) == [sentence]


@pytest.mark.parametrize(
    ("check", "base", "actions"),
    [
        (
            policies.BUCKET_STATEMENT,
            BUCKET,
            ["*", "*:*", "S3:getobject", "s3:Get*", "s3:HeadO*", "s3:PutBucketCORS", "s3:SomethingNew"],
        ),
        (
            policies.BUCKET_STATEMENT,
            BUCKET,
            ["s3:GetBucketObjectLockConfiguration", "s3:AbortMultipartUpload", "s3:ReplicateTags"],
        ),
        (policies.BUCKET_STATEMENT, {**BUCKET, "Resource": "arn:aws:s3:::site*"}, ["s3:GetObject", "s3:ListBucket"]),
        (policies.BUCKET_STATEMENT, {**BUCKET, "Resource": "arn:aws:s3:::site/*"}, ["s3:*", "s3:GetObjectVersion"]),
        (
            policies.TABLE_POLICY,
            TABLE,
            ["*", "dynamodb:*", "dynamodb:PartiQLSelect", "dynamodb:getitem", "dynamodb:GetRec*"],
        ),
        (policies.API_POLICY, API, ["*", "execute-api:*", "execute-api:invoke", "execute-api:ManageConnections"]),
    ],
)
def test_actions_that_it_takes(check: Any, base: dict[str, Any], actions: list[str]) -> None:
    value = {**base, "Action": actions}
    assert told(check, value if check is policies.BUCKET_STATEMENT else document([value])) == []


def test_calls_of_s3_are_calls_and_their_actions_are_none_of_them() -> None:
    import botocore.session

    model = botocore.session.get_session().get_service_model("s3")
    calls = {name.lower() for name in model.operation_names}
    assert policies._S3_CALLS.keys() <= calls
    assert {policies._s3_fault(action) for text in policies._S3_CALLS.values() for action in text.split(" and ")} == {
        None
    }


def test_resources_of_a_table() -> None:
    own = TABLE["Resource"]
    right = [own, f"{own}/index/by_day", f"{own}/*", "*", "arn:aws:dynamodb:*:123456789012:table/site"]
    policy = document([{**TABLE, "Resource": right}, {**TABLE, "Resource": f"{own}2"}])
    assert list(policies.table_problem(policy, own, "policy")) == [
        f"policy.Statement[1].Resource has '{own}2', which is not of this table; name {own} or {own}/index/*"
    ]


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
