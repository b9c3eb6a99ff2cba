"""Where secrets are: what a person may write, and what function and role make of it."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import iam, lambda_
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.secret_names import elsewhere, reference

from tests.settings import ACCOUNT, DEV, PROD

CODE = {"source": "/srv/a", "handler": "app.handler"}
SSM = f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
THEIRS = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:partner/key-a1B2c3"
VALUE = "sk-live-51H8xT"


def told(secrets: object, **more: object) -> list[str]:
    return list(DEFINITIONS["lambda_functions"]({"a": {**CODE, "secrets": secrets, **more}}, "lambda_functions"))


@pytest.mark.parametrize(
    ("written", "name", "field", "arn"),
    [
        ("ssm:/shop/dev/key", f"{SSM}/shop/dev/key", "parameter_arns", f"{SSM}/shop/dev/key"),
        ("ssm:key", f"{SSM}/key", "parameter_arns", f"{SSM}/key"),
        ("ssm:/key", f"{SSM}/key", "parameter_arns", f"{SSM}/key"),
        (f"{SSM}/shop/key", f"{SSM}/shop/key", "parameter_arns", f"{SSM}/shop/key"),
        ("secretsmanager:shop/key", "shop/key", "secret_arns", f"{SECRET}:shop/key-??????"),
        ("secretsmanager:/shop@1", "/shop@1", "secret_arns", f"{SECRET}:/shop@1-??????"),
        (f"{SECRET}:shop/key-Ab12cD", f"{SECRET}:shop/key-Ab12cD", "secret_arns", f"{SECRET}:shop/key-Ab12cD"),
        (THEIRS, THEIRS, "secret_arns", THEIRS),
    ],
)
def test_the_function_gets_the_name_and_its_role_the_right(written: str, name: str, field: str, arn: str) -> None:
    assert told({"API_KEY": written}) == []
    functions = {"report": {**CODE, "secrets": {"API_KEY": written}}}
    stack = lambda_.define(functions, {}, DEV)
    function = stack["tfvars"]["functions"]["report"]
    assert function["environment"] == {"API_KEY": name}
    assert "secrets" not in function
    # A name is no secret: it stays in the rendered variables, and the masks need not know it.
    assert stack["sensitive"] == []
    roles = iam.define({"report": {}, "other": {}}, DEV, functions)["tfvars"]["roles"]
    assert roles["report"]["secrets"] == {field: [arn]}
    assert "secrets" not in roles["other"]


def test_the_region_and_account_are_those_of_the_environment() -> None:
    functions = {"a": {**CODE, "secrets": {"KEY": "ssm:/x"}}}
    environment = lambda_.define(functions, {}, PROD)["tfvars"]["functions"]["a"]["environment"]
    assert environment == {"KEY": f"arn:aws:ssm:af-south-1:{ACCOUNT}:parameter/x"}


def test_keys_and_repetitions() -> None:
    secrets = {"ONE": "ssm:/x", "TWO": f"{SSM}/x", "THREE": "secretsmanager:y"}
    functions = {"a": {**CODE, "secrets": secrets, "secrets_kms_key_arns": [KEY]}}
    assert iam.define({"a": {}}, DEV, functions)["tfvars"]["roles"]["a"]["secrets"] == {
        "parameter_arns": [f"{SSM}/x"],
        "secret_arns": [f"{SECRET}:y-??????"],
        "kms_key_arns": [KEY],
    }


def test_null_stands_for_none() -> None:
    functions = {"a": {**CODE, "secrets": None}, "b": {**CODE, "secrets": {}}}
    assert lambda_.define(functions, {}, DEV)["tfvars"]["functions"]["b"]["environment"] == {}
    assert "secrets" not in iam.define({"a": {}, "b": None}, DEV, functions)["tfvars"]["roles"]["b"]


@pytest.mark.parametrize(
    "value",
    [VALUE, f"{VALUE}:x", "", "SSM:/a", "ssm", "{{resolve:ssm:/a}}", "arn:aws:s3:::bucket", 5, None, ["ssm:/a"]],
)
def test_what_may_be_the_secret_itself_is_not_shown(value: object) -> None:
    assert told({"API_KEY": value}) == [
        "lambda_functions.a.secrets.API_KEY says no place of a secret; write ssm:<name of a parameter>, secretsmanager:<name of a "
        "secret> or the ARN of one, and never its value"
    ]


@pytest.mark.parametrize("value", [VALUE, [VALUE], 5])
def test_no_mapping(value: object) -> None:
    assert told(value) == ["lambda_functions.a.secrets is no mapping; write it as NAME: place of the secret"]


LEVELS = "/a" * 15


@pytest.mark.parametrize("written", [f"ssm:{LEVELS}", "secretsmanager:" + "x" * 512, "ssm:" + "x" * 900])
def test_longest(written: str) -> None:
    assert told({"API_KEY": written}) == []


@pytest.mark.parametrize(
    ("written", "what"),
    [
        *(
            (f"ssm:{name}", "no name of a parameter")
            for name in ("a/b", "/a/", "//a", "/a b", "/a:3", "é", "", f"{LEVELS}/a", "x" * 1009)
        ),
        *((f"secretsmanager:{name}", "no name of a secret") for name in ("a b", "a:b", "", "x" * 513, "a*")),
        *((f"ssm:{name}", "a parameter of AWS") for name in ("/aws/service/x", "awsome", "SSM-x", "/Ssm/x")),
        (f"{SSM}/aws/reference/secretsmanager/x", "a parameter of AWS"),
        (f"{SECRET}:shop/key", "no whole ARN"),
        (f"{SECRET}:shop/key-??????", "no name of a secret"),
    ],
)
def test_a_name_that_cannot_be(written: str, what: str) -> None:
    (sentence,) = told({"API_KEY": written})
    assert sentence.startswith(
        "lambda_functions.a.secrets.API_KEY is 'ssm:" if written[:3] == "ssm" else "lambda_functions"
    )
    assert f", which is {what}" in sentence


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"environment": {"API_KEY": "x"}},
            "lambda_functions.a.secrets.API_KEY is 'ssm:/x', which is set in environment too; remove one of them",
        ),
        (
            {"table_names": {"API_KEY": "orders"}},
            "lambda_functions.a.secrets.API_KEY is 'ssm:/x', which is set in table_names too; remove one of them",
        ),
        (
            {"secrets_kms_key_arns": ["alias/x"]},
            "lambda_functions.a.secrets_kms_key_arns[0] is 'alias/x', which is no ARN of a KMS key; give the whole ARN",
        ),
    ],
)
def test_clash(entry: dict, sentence: str) -> None:
    assert told({"API_KEY": "ssm:/x"}, **entry) == [sentence]


def test_reserved_variable() -> None:
    (sentence,) = told({"AWS_SESSION_TOKEN": "ssm:/x"})
    assert "which is reserved" in sentence


def test_another_partition() -> None:
    arn = f"arn:aws-cn:ssm:cn-north-1:{ACCOUNT}:parameter/x"
    assert list(reference(arn, "here")) == []
    with pytest.raises(SiteBuilderError) as refused:
        lambda_.define({"a": {**CODE, "secrets": {"KEY": arn}}}, {}, DEV)
    assert str(refused.value) == (
        f"lambda_functions.a.secrets.KEY is '{arn}', which is out of reach from eu-west-1; name one in aws"
    )


def test_of_another_account() -> None:
    functions = {"a": {"secrets": {"OURS": f"{SSM}/x", "NAME": "ssm:/x", "THEIRS": THEIRS}}, "b": None, "c": {}}
    assert list(elsewhere(functions, ACCOUNT)) == [("lambda_functions.a.secrets.THEIRS", THEIRS)]
