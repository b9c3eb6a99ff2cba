"""Each wrong input gets one sentence that names the variable, its value and the fix; right ones get none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS
from ansible_collections.bbws.site_builder.plugins.module_utils.preflight import (
    COMMUNITY_GENERAL,
    INVENTORY_ONLY,
    aws_environment,
    community_general,
    divided,
    limits,
    overridden,
    place,
    run_options,
    settings,
    settings_problems,
    switched,
    types,
    unknown_variables,
    warnings,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import STACKS

from tests.conftest import ROOT

ROLE = Path(__file__).parents[3] / "roles/site_builder"
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text())

ACCOUNT = "123456789012"
POOL = f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_AbC"
DEV: dict[str, Any] = {
    "account_id": ACCOUNT,
    "alert_emails": ["team@example.com"],
    "cognito_user_pool_arns": [POOL],
    "environment": "dev",
    "region": "eu-west-1",
}
PROD_POOL = f"arn:aws:cognito-idp:af-south-1:{ACCOUNT}:userpool/af-south-1_AbC"
PROD = {
    **DEV,
    "environment": "prod",
    "region": "af-south-1",
    "replica_region": "eu-west-1",
    "cognito_user_pool_arns": [PROD_POOL],
}


def key(region: str) -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/12345678-abcd"


def check(values: dict[str, Any]) -> list[str]:
    """What preflight says of shared variables, in its steps."""
    named = DEFAULTS | {f"site_builder_{name}": value for name, value in values.items()}
    environment = values["environment"]
    groups = ("stacks", environment) if isinstance(environment, str) and environment in ENVIRONMENTS else ("stacks",)
    return types(named, OPTIONS) or place(environment, groups, "inventory") or settings_problems(named)


@pytest.mark.parametrize(
    "values",
    [
        DEV,
        {**DEV, "environment": "sit"},
        PROD,
        {**DEV, "target": "local", "cognito_user_pool_arns": []},
        {**DEV, "alert_emails": [], "tags": {"Team": "web"}, "state_bucket": "my-states", "lock_timeout": 0},
        {**DEV, "allow_destroy": ["dynamodb:aws_dynamodb_table.this"], "kms_key_arn": key("eu-west-1")},
        {**DEV, "dr": {"enabled": True}, "replica_region": "eu-central-1"},
        {**PROD, "kms_key_arn": key("af-south-1"), "replica_kms_key_arn": key("eu-west-1")},
        {**DEV, "alert_emails": ["first.last+tag@mail.example.co.za"]},
        {**DEV, "alert_emails": ("team@example.com",)},
        {**DEV, "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/team/boundary"},
        {**DEV, "permissions_boundary_arn": "arn:aws:iam::aws:policy/PowerUserAccess"},
        {**DEV, "cors_origin": "https://app.example.com"},
        {**DEV, "vpc": {"subnet_ids": ["subnet-0a", "subnet-0b"], "security_group_ids": ["sg-0a"]}},
    ],
)
def test_right(values: dict[str, Any]) -> None:
    assert check(values) == []


# One value that is wrong, and the fix that its sentence must name.
WRONG = [
    ("environment", "", "inventories/<environment>/group_vars"),
    ("environment", "production", "inventories/<environment>/group_vars"),
    ("environment", None, "write one text"),
    ("environment", ["dev"], "write one text"),
    ("target", "aws-local", "write "),
    ("target", "", "write "),
    ("target", None, "write one of them"),
    ("account_id", "", "12 digits"),
    ("account_id", 123456789012, "quote it"),
    ("account_id", "12345678901", "12 digits"),
    ("account_id", "1234-5678-9012", "12 digits"),
    ("account_id", ACCOUNT + "\n", "12 digits"),
    ("region", "", "which is not set; set it in inventories/<environment>/group_vars/all.yml"),
    ("bedrock_region", "", "which is not set; set it in inventories/<environment>/group_vars/all.yml"),
    ("region", "eu-west-11", "did you mean 'eu-west-1'?"),
    ("region", "eu_west_1", "did you mean 'eu-west-1'?"),
    ("region", None, "write one text"),
    ("bedrock_region", "us-east-9", "did you mean 'us-east-"),
    ("service", "", "lower-case letters"),
    ("service", "Site-Builder", "lower-case letters"),
    ("service", "s" * 33, "2 to 32"),
    ("service", 7, "quote it"),
    ("replica_region", "eu-west-1", "name a different region"),
    ("replica_region", "us-gov-west-1", "region"),
    ("replica_region", "eu-west-12", "did you mean 'eu-west-"),
    ("tags", {"Service": "x"}, "already set as 'Service'; remove it"),
    ("tags", {"aws:x": "y"}, "rename it"),
    ("tags", {"Cost": 7}, "quote it"),
    ("tags", ["Team"], "name: value"),
    ("dr", {"enable": True}, "did you mean enabled?"),
    ("dr", {"enabled": "yes"}, "write true or false"),
    ("dr", {"replication": True}, "add 'enabled: true'"),
    ("dr", {"point_in_time_recovery": False}, "remove it"),
    ("dr", {"log_retention_days": 8}, "write one of them"),
    ("dr", {"alarms": {"api_5xx": 0}}, "from 0.001 to"),
    ("dr", "off", "name: value"),
    ("alert_emails", "team@example.com", "brackets"),
    ("alert_emails", None, "brackets"),
    ("alert_emails", ["team@example"], "or remove it"),
    ("alert_emails", ["a@b.com, c@d.com"], "or remove it"),
    ("alert_emails", ["Team <team@example.com>"], "remove it"),
    ("alert_emails", [7], "quote it"),
    ("cognito_user_pool_arns", POOL, "brackets"),
    ("cognito_user_pool_arns", ["eu-west-1_AbC"], "correct or remove it"),
    ("cognito_user_pool_arns", [f"arn:aws:iam::{ACCOUNT}:role/x"], "correct or remove it"),
    ("kms_key_arn", "alias/mine", "leave it empty"),
    ("kms_key_arn", key("eu-central-1"), "in eu-west-1; name a key there"),
    ("kms_key_arn", 7, "quote it"),
    ("replica_kms_key_arn", key("eu-west-1"), "set site_builder_replica_region"),
    ("state_bucket", "My_Bucket", "correct it"),
    ("state_bucket", "ab", "3 to 63"),
    ("state_bucket", "-states", "correct it"),
    ("state_bucket", ["states"], "write one text"),
    ("lock_timeout", "6 0", "without quotes"),
    ("lock_timeout", True, "without quotes"),
    ("lock_timeout", -1, "from 0 to 3600"),
    ("lock_timeout", 3601, "from 0 to 3600"),
    ("allow_destroy", "aws_s3_bucket.this", "brackets"),
    ("allow_destroy", [1], "quote it"),
    ("allow_destroy", {"a": True}, "brackets"),
    ("service", True, "quote it, or YAML takes on, off, yes and no for true and false"),
    ("region", "cn-north-1", "choose another region"),
    ("bedrock_region", "ap-east-1", "choose another region"),
    (
        "bedrock_inference_profile",
        "us.anthropic.claude-v1:0",
        "cannot be called from site_builder_bedrock_region, eu-west-1",
    ),
    ("bedrock_routed_regions", ["eu-west-1"], "remove it"),
    ("bedrock_routed_regions", ["us-gov-east-1"], "remove it"),
    ("bedrock_routed_regions", ["eu-wset-3"], "did you mean"),
    ("cognito_user_pool_arns", [POOL.replace("arn:aws:", "arn:aws-cn:")], "correct or remove it"),
    ("cognito_user_pool_arns", [POOL.replace("userpool/eu-west-1", "userpool/eu-west-2")], "correct or remove it"),
    ("imports", {"s3": {"a": 1}}, "quote it"),
    ("imports", {"dynamo": {"a": "b"}}, "; write dynamodb"),
    ("imports", {"web": {"a": "b"}}, "; write one of them"),
    ("plan", "../x", "copy it"),
    ("lock_id", "*", "copy it"),
    ("max_changes", -1, "from 0 to"),
    ("require_plan", "on", "write true or false"),
    ("permissions_boundary_arn", "boundary", "name one there"),
    ("permissions_boundary_arn", f"arn:aws:iam::{'1' * 12}:policy/boundary", "name one there"),
    ("permissions_boundary_arn", f"arn:aws:iam::{ACCOUNT}:role/boundary", "name one there"),
    ("permissions_boundary_arn", f"arn:aws-cn:iam::{ACCOUNT}:policy/boundary", "name one there"),
    ("permissions_boundary_arn", None, "write one text"),
    ("cors_origin", "app.example.com", "write * or scheme and host"),
    ("cors_origin", "", "write * or scheme and host"),
    ("vpc", ["subnet-0a"], "name: value"),
]
# The same, where prod is stricter.
WRONG_IN_PROD = [
    ("replica_region", "af-south-1", "name a different region"),
    ("dr", {"enabled": False}, "remove it"),
    ("dr", {"global_tables": False}, "remove it"),
    ("dr", {"deletion_protection": False}, "remove it"),
    ("dr", {"log_retention_days": 30}, "use one of 90"),
    ("skip_unchanged", True, "leave it out"),
    ("skip_unchanged", "true", "leave it out"),
]


def innermost(value: Any) -> str:
    """What of a value a sentence shows at least."""
    if isinstance(value, dict) and value:
        return next(innermost(inner) if isinstance(inner, dict) else name for name, inner in value.items())
    return repr(value[0]) if isinstance(value, list) and len(value) == 1 else repr(value)


@pytest.mark.parametrize(
    ("base", "name", "value", "fix"),
    [(DEV, *case) for case in WRONG] + [(PROD, *case) for case in WRONG_IN_PROD],
)
def test_wrong(base: dict[str, Any], name: str, value: Any, fix: str) -> None:
    problems = check({**base, name: value})
    assert len(problems) == 1
    sentence = problems[0]
    assert f"site_builder_{name}" in sentence
    assert innermost(value) in sentence
    assert fix in sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {**DEV, "cognito_user_pool_arns": []},
            "site_builder_cognito_user_pool_arns is empty, and the API must know who may call it; set it in "
            "inventories/<environment>/group_vars/all.yml, for instance "
            "[arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI], or make a pool with playbooks/bootstrap.yml "
            "-e site_builder_cognito=create",
        ),
        (
            {**DEV, "dr": {"enabled": True}},
            "site_builder_replica_region is None, which is too little, as disaster recovery is on in dev; name a region other "
            "than 'eu-west-1'",
        ),
        (
            {**PROD, "replica_region": ""},
            "site_builder_replica_region is None, which is too little, as disaster recovery is on in prod; name a region other "
            "than 'af-south-1'",
        ),
    ],
)
def test_missing(values: dict[str, Any], sentence: str) -> None:
    assert check(values) == [sentence]


@pytest.mark.parametrize(
    ("geography", "region", "right"),
    [
        ("apac", "ap-south-1", True),
        ("apac", "me-central-1", True),
        ("au", "ap-southeast-2", True),
        ("ca", "ca-central-1", True),
        ("global", "sa-east-1", True),
        ("jp", "ap-northeast-1", True),
        ("us", "us-east-1", True),
        ("us", "ca-central-1", True),
        ("us-gov", "us-gov-west-1", True),
        ("eu", "us-east-1", False),
        ("eu", "af-south-1", False),
        ("us", "us-gov-west-1", False),
        ("us-gov", "us-east-1", False),
        ("ca", "us-east-1", False),
    ],
)
def test_profile_is_called_from_its_geography(geography: str, region: str, right: bool) -> None:
    profile = f"{geography}.anthropic.claude-v1:0"
    bedrock = {"bedrock_region": region, "bedrock_inference_profile": profile, "bedrock_routed_regions": []}
    assert check({**DEV, **bedrock}) == (
        []
        if right
        else [
            f"site_builder_bedrock_inference_profile is {profile!r}, which cannot be called from "
            f"site_builder_bedrock_region, {region}; name a profile of that region's geography, or another region"
        ]
    )


def test_all_problems_at_once() -> None:
    problems = check({**DEV, "account_id": "1", "lock_timeout": -1, "alert_emails": ["x", "y"]})
    assert [problem.split()[0] for problem in problems] == [
        "site_builder_account_id",
        "site_builder_alert_emails[0]",
        "site_builder_alert_emails[1]",
        "site_builder_lock_timeout",
    ]


@pytest.mark.parametrize(
    ("environment", "groups", "folder", "fix"),
    [
        ("dev", ("stacks", "prod"), "x", "are in the group prod; use the inventory of dev alone"),
        ("dev", ("stacks",), "x", "are in the group of no environment; use the inventory of dev alone"),
        ("dev", ("stacks", "dev", "prod"), "x", "are in the group prod; use the inventory of dev alone"),
        ("dev", ("stacks", "dev"), "prod", "is in the folder prod; use the inventory of dev"),
    ],
)
def test_environment_of_another_inventory(environment: str, groups: tuple[str, ...], folder: str, fix: str) -> None:
    (problem,) = place(environment, groups, folder)
    assert fix in problem
    assert "\n" not in problem


@pytest.mark.parametrize("folder", ["dev", "inventory", ""])
def test_environment_of_this_inventory(folder: str) -> None:
    assert place("dev", ("stacks", "dev"), folder) == []


def test_all_stacks_share_a_value() -> None:
    assert divided({"s3": {"site_builder_region": "a"}, "iam": {"site_builder_region": "a"}}) == []
    assert divided({"s3": {"site_builder_region": "a"}, "iam": {"site_builder_region": "b"}, "lambda": {}}) == [
        "site_builder_region is 'b' for the stack iam and 'a' for s3, and all stacks share it; set it in "
        "inventories/<environment>/group_vars/all.yml, not in host_vars"
    ]


@pytest.mark.parametrize("name", INVENTORY_ONLY)
def test_command_line_may_not_move_a_run_or_pass_a_review(name: str) -> None:
    fix = "choose the environment with -i inventories/<environment>"
    if name == "site_builder_require_plan":
        fix = "set it in inventories/<environment>/group_vars/all.yml"
    assert overridden({name: "x", "site_builder_target": "local", "other": 1}) == [
        f"{name} is 'x' on the command line (extra variables), and only the inventory may set it; {fix}"
    ]


@pytest.mark.parametrize("value", [True, "true"])
def test_a_run_may_ask_for_more_than_its_inventory(value: object) -> None:
    """The jobs of AWX for environments with approvals do."""
    assert overridden({"site_builder_require_plan": value}) == []
    assert overridden({"site_builder_require_plan": not value}) != []


def test_what_only_the_inventory_may_say() -> None:
    assert {"site_builder_require_plan", "site_builder_account_id", "site_builder_state_bucket"} <= set(INVENTORY_ONLY)


def test_command_line_may_not_replace_what_we_compute() -> None:
    assert overridden({"_s3_x": {"secret": 1}, "_other": 1}, ["s3"]) == [
        "_s3_x is a mapping of secret on the command line (extra variables), and it is internal; remove it"
    ]


def test_unknown_variables() -> None:
    known = {"s3_buckets", "site_builder_region", "site_builder_target"}
    names = {*known, "site_builder_regoin", "s3_bucket", "s3", "s3cmd_path", "ansible_user", "_s3_x", "site_builder"}
    assert unknown_variables(names, known, ["s3", "site_builder"]) == [
        "s3_bucket is no variable of this collection; the nearest one is s3_buckets, rename or remove it",
        "site_builder_regoin is no variable of this collection; the nearest one is site_builder_region, "
        "rename or remove it",
    ]


def test_every_stack_may_import() -> None:
    assert check({**DEV, "imports": {stack: {"aws_x.this": "id"} for stack in STACKS}}) == []


def test_hosts_are_stacks() -> None:
    assert limits(["s3", "iam"], ["s3", "iam", "lambda"]) == []
    assert limits(["s3", "web1"], ["s3", "iam"]) == [
        "the inventory's group stacks has the host 'web1', which is no stack; the stacks are s3, iam"
    ]


PLAIN = {"tags": ["all"], "skip_tags": [], "start_at_task": None, "strategy": "linear", "any_errors_fatal": False}


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("tags", ["all", "x"], "--tags (or ANSIBLE_RUN_TAGS) is ['x'], "),
        ("tags", ["never"], "--tags (or ANSIBLE_RUN_TAGS) is ['never'], "),
        ("skip_tags", ["x", "notest"], "--skip-tags (or ANSIBLE_SKIP_TAGS) is ['x'], "),
        ("start_at_task", "Report", "--start-at-task is 'Report', "),
        ("strategy", "free", "ANSIBLE_STRATEGY is 'free', "),
        ("any_errors_fatal", True, "ANSIBLE_ANY_ERRORS_FATAL is True, "),
    ],
)
def test_run_that_leaves_something_out(option: str, value: Any, named: str) -> None:
    (sentence,) = run_options({**PLAIN, option: value})
    assert sentence.startswith(named)


@pytest.mark.parametrize(
    "change",
    [{}, {"tags": []}, {"skip_tags": ["molecule-notest", "notest"]}, {"strategy": "ansible.builtin.linear"}],
)
def test_plain_run(change: dict[str, Any]) -> None:
    assert run_options({**PLAIN, **change}) == []


def test_all_that_a_run_leaves_out_is_told() -> None:
    wrong = {"tags": ["x"], "skip_tags": ["y"], "start_at_task": "z", "strategy": "free", "any_errors_fatal": True}
    assert len(run_options(wrong)) == len(wrong)


def test_switches_of_the_engine() -> None:
    assert switched({"s3": {"a": 1}, "iam": {"b": 2}}, ["b", "c"]) == [
        "b is 2 in the inventory or on the command line, and only a playbook sets it; remove it"
    ]


@pytest.mark.parametrize("group", ["dev-2", "dev_2"])
def test_group_of_an_environment_with_a_hyphen(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "dev-2", ENVIRONMENTS["dev"])
    assert place("dev-2", ("stacks", group), "dev-2") == []
    assert "are in the group dev-2" in place("dev", ("stacks", "dev", group), "x")[0]


def named(values: dict[str, Any]) -> dict[str, Any]:
    return DEFAULTS | {f"site_builder_{name}": value for name, value in values.items()}


def test_settings() -> None:
    shared = settings(named({**PROD, "tags": {"Team": "web"}}))
    assert shared["context"] == {
        "service": "site-builder",
        "environment": "prod",
        "region": "af-south-1",
        "replica_region": "eu-west-1",
        "account_id": ACCOUNT,
    }
    assert shared["dr"]["replica_region"] == "eu-west-1"
    assert shared["tags"]["Team"] == "web"
    assert shared["cognito_user_pool_arns"] == [PROD_POOL]
    assert shared["lift_protection"] is False
    assert shared["public_values"] == ["eu.anthropic.claude-sonnet-5-5", "eu-west-1", "*"]


def test_settings_of_the_embedded_aws() -> None:
    shared = settings(named({**DEV, "target": "local", "account_id": "1" * 12, "lift_protection": "true"}))
    assert shared["context"]["account_id"] == "123456789012"
    assert shared["context"]["replica_region"] is None
    assert shared["cognito_user_pool_arns"] == ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_local"]
    assert shared["lift_protection"] is True


@pytest.mark.parametrize("pool", [PROD_POOL, POOL.replace(ACCOUNT, "1" * 12)])
def test_pool_from_elsewhere_is_warned_of(pool: str) -> None:
    values = {f"site_builder_{name}": value for name, value in {**DEV, "cognito_user_pool_arns": [POOL, pool]}.items()}
    values["site_builder_target"] = "aws"
    assert check({**DEV, "cognito_user_pool_arns": [POOL, pool]}) == []
    assert warnings(values) == [
        f"site_builder_cognito_user_pool_arns holds {pool!r}, which is not in eu-west-1, account {ACCOUNT}, as the API is; its "
        "users may call this API, if that is meant"
    ]
    assert warnings({**values, "site_builder_target": "local"}) == []


def test_secret_of_another_account_is_warned_of() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:key-Ab12cD"
    values = {f"site_builder_{name}": value for name, value in DEV.items()}
    values |= {
        "site_builder_target": "aws",
        "lambda_functions": {"a": {"secrets": {"KEY": arn, "OURS": "ssm:/x"}}, "b": None},
    }
    assert warnings(values) == [
        f"lambda_functions.a.secrets.KEY is {arn!r}, which is not of the account {ACCOUNT}; the function can read it once its owner "
        "shares it with the function's role, with a customer managed key that the role may use"
    ]


@pytest.mark.parametrize(
    ("environ", "added"),
    [
        ({"AWS_SECURITY_TOKEN": "t"}, {"AWS_SESSION_TOKEN": "t"}),
        ({"AWS_SECURITY_TOKEN": "t", "AWS_SESSION_TOKEN": ""}, {"AWS_SESSION_TOKEN": "t"}),
        ({"AWS_SECURITY_TOKEN": "t", "AWS_SESSION_TOKEN": "s"}, {}),
        ({"AWS_SECURITY_TOKEN": ""}, {}),
        ({}, {}),
    ],
)
def test_token_of_older_awx(environ: dict[str, str], added: dict[str, str]) -> None:
    assert aws_environment(environ) == added


class TestCommunityGeneral:
    """Its terraform module carries weight beyond what it documents; see terraform/test_community_general.py."""

    @pytest.mark.parametrize("version", ["", "12.0.0", "12.6.2", "13.5.0", "13.99.1"])
    def test_tested(self, version: str) -> None:
        assert community_general(version) == []

    @pytest.mark.parametrize("version", ["11.4.9", "9.0.0", "14.0.0", "14.0.0-dev0", "21.1.0"])
    def test_any_other_is_refused_with_the_way_out(self, version: str) -> None:
        (problem,) = community_general(version)
        assert problem.startswith(f"community.general is {version}, and ")
        assert problem.endswith("ansible-galaxy collection install 'community.general:>=12.0.0,<14.0.0'")

    def test_every_place_says_the_same(self) -> None:
        """What galaxy installs, what make installs, and what is refused."""
        wanted = 'community.general: ">={},<{}"'.format(*COMMUNITY_GENERAL)
        assert wanted in (ROOT / "galaxy.yml").read_text()
        for file in ("requirements.yml", "execution-environment/requirements.yml"):
            pinned = {
                one["name"]: one["version"]
                for one in yaml.safe_load((ROOT / file).read_text())["collections"]
                if "version" in one
            }
            assert community_general(pinned["community.general"]) == []
