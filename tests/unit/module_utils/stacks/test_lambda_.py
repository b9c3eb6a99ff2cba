"""The stack lambda: dev and prod shapes, and each refusal."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import lambda_
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.lambda_ import define
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS

from tests.settings import ACCOUNT, BUCKET, DEV, KEY, PROD, TAGS

FUNCTION = {
    "source": "/srv/report",
    "handler": "app.handler",
    "environment": {"LEVEL": "1"},
    "table_names": {"TABLE": "orders"},
    "bucket_names": {"BUCKET": "sites"},
    "layers": ["common"],
}
LAYER = {"source": "/srv/common", "requirements": "/srv/r.txt"}
CODE = {"source": "/srv/a", "handler": "app.handler"}


def packages(functions: dict, layers: dict) -> dict:
    return define(functions, layers, DEV)["packages"]


def test_packages() -> None:
    assert packages({"report": FUNCTION}, {"common": LAYER}) == {
        "functions/report": {
            "source": "/srv/report",
            "requirements": None,
            "runtime": "python3.12",
            "architecture": "arm64",
            "prefix": "",
            "layers": ["layers/common"],
            "handler": "app.handler",
        },
        "layers/common": {
            "source": "/srv/common",
            "requirements": "/srv/r.txt",
            "runtime": "python3.12",
            "architecture": "arm64",
            "prefix": "python/",
        },
    }


def test_probes_are_of_verify_and_not_of_terraform() -> None:
    stack = define({"report": {**CODE, "probe": {"path": "/health"}}, "other": CODE}, {}, DEV)
    assert stack["probes"] == {"report": {"method": "GET", "path": "/health", "status": 200}}
    assert "probe" not in stack["tfvars"]["functions"]["report"]


def test_a_layer_from_elsewhere_may_bring_the_handler() -> None:
    extra = {**CODE, "extra_layer_arns": ["arn:aws:lambda:eu-west-1:123456789012:layer:l:1"]}
    assert "handler" not in packages({"report": extra}, {})["functions/report"]


def test_packages_follow_runtime_and_architecture() -> None:
    function = {**FUNCTION, "runtime": "python3.13", "architecture": "x86_64", "layers": []}
    layer = {**LAYER, "compatible_runtimes": ["python3.13"], "compatible_architectures": ["x86_64"]}
    for package in packages({"report": function}, {"common": layer}).values():
        assert (package["runtime"], package["architecture"]) == ("python3.13", "x86_64")


@pytest.mark.parametrize(
    ("layer", "architectures"),
    [
        ({"requirements": "/srv/r.txt"}, ["arm64"]),
        ({"requirements": "/srv/r.txt", "compatible_architectures": ["x86_64"]}, ["x86_64"]),
        ({}, ["arm64", "x86_64"]),
        ({"compatible_architectures": ["x86_64", "arm64"]}, ["x86_64", "arm64"]),
    ],
)
def test_layer_is_published_for_what_it_is_built_for(layer: dict, architectures: list[str]) -> None:
    layers = {"common": {"source": "/srv/common", **layer}}
    defined = define({}, layers, DEV)["tfvars"]["layers"]["common"]
    assert defined["compatible_architectures"] == architectures
    assert packages({}, layers)["layers/common"]["architecture"] == architectures[0]


def test_dev() -> None:
    stack = define({"report": FUNCTION}, {"common": LAYER}, DEV)
    name = "site-builder-report-dev"
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
    assert stack["tfvars"] == {
        "functions": {
            "report": {
                "name": name,
                "handler": "app.handler",
                "artifact_bucket": "artifacts",
                "layers": ["common"],
                "environment": {"LEVEL": "1", "TABLE": "site-builder-orders-dev", "BUCKET": BUCKET},
                "kms_key_arn": None,
                "log_kms_key_arn": None,
                "log_retention_days": 30,
            }
        },
        "layers": {
            "common": {
                "name": "site-builder-common-dev",
                "artifact_bucket": "artifacts",
                "compatible_architectures": ["arm64"],
                "compatible_runtimes": ["python3.12"],
            }
        },
        "environment": "dev",
        "tags": TAGS,
    }
    assert stack["predicted_outputs"]["functions"]["report"] == {
        "name": name,
        "arn": arn,
        "alias": "live",
        "alias_arn": f"{arn}:live",
        "invoke_arn": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}:live/invocations",
        "timeout": 60,
        "log_group_name": f"/aws/lambda/{name}",
    }
    assert stack["hooks"] == ["before_plan", "before_apply"]
    assert stack["artifact_buckets"] == {"functions/report": "artifacts", "layers/common": "artifacts"}


def test_how_failures_are_told() -> None:
    told = {"maximum_retry_attempts": 1, "on_failure_function": "other"}
    functions = define({"report": {**CODE, "async": told}, "other": {**CODE, "async": {}}}, {}, DEV)["tfvars"][
        "functions"
    ]
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:site-builder-other-dev:live"
    assert functions["report"]["async"] == {"maximum_retry_attempts": 1, "on_failure_arn": arn}
    assert functions["other"]["async"] == {}


def test_prod() -> None:
    function = {**FUNCTION, "timeout": 5, "artifact_bucket": "mine"}
    stack = define({"report": function}, {"common": LAYER}, PROD)
    defined = stack["tfvars"]["functions"]["report"]
    assert (defined["kms_key_arn"], defined["log_kms_key_arn"], defined["log_retention_days"]) == (KEY, KEY, 365)
    assert stack["predicted_outputs"]["functions"]["report"]["timeout"] == 5
    assert stack["artifact_buckets"]["functions/report"] == "mine"


def test_null_stands_for_the_default() -> None:
    nothing = {**CODE, "vpc": None, "timeout": None, "environment": None, "layers": None}
    assert define({"a": nothing}, {}, DEV) == define({"a": CODE}, {}, DEV)


def test_sensitive_is_what_people_say_but_for_what_is_known() -> None:
    functions = {
        "a": {**CODE, "environment": {"ORIGIN": "*", "REGION": "eu-west-1", "KEY": "one", "SAME": "one", "EMPTY": ""}},
        "b": {**CODE, "environment": {"KEY": "two"}, "table_names": {"TABLE": "orders"}},
        "c": {**CODE, "environment": None},
        "d": CODE,
    }
    stack = define(functions, {}, DEV)
    assert stack["sensitive"] == ["one", "two"]
    environments = {
        key: function["environment"]
        for key, function in lambda_.without_secrets(stack["tfvars"], stack["sensitive"])["functions"].items()
    }
    assert environments == {
        "a": {"ORIGIN": "*", "REGION": "eu-west-1", "KEY": "set-by-ansible", "SAME": "set-by-ansible", "EMPTY": ""},
        "b": {"KEY": "set-by-ansible", "TABLE": "site-builder-orders-dev"},
        "c": {},
        "d": {},
    }
    assert stack["tfvars"]["functions"]["b"]["environment"]["KEY"] == "two", "the stack itself keeps them"


CODE_LAYER = {"source": "/srv/a", "requirements": "/srv/r.txt"}


@pytest.mark.parametrize(
    ("functions", "layers", "sentences"),
    [
        (
            {"a": {**CODE, "layers": ["comon", "comn"]}},
            {},
            [
                "lambda_functions.a.layers is 'comon', which is no key of lambda_layers; there are: none",
                "lambda_functions.a.layers is 'comn', which is no key of lambda_layers; there are: none",
            ],
        ),
        (
            {"a": {**CODE, "architecture": "x86_64", "runtime": "python3.13", "layers": ["common"]}},
            {"common": CODE_LAYER},
            [
                "lambda_functions.a.architecture is 'x86_64', which is not what its layer common is for, arm64; write x86_64 in "
                "lambda_layers.common.compatible_architectures or name another layer",
                "lambda_functions.a.runtime is 'python3.13', which is not what its layer common is for, python3.12; write "
                "python3.13 in lambda_layers.common.compatible_runtimes or name another layer",
            ],
        ),
        (
            {"a": {**CODE, "layers": ["common"]}},
            {"common": {**CODE_LAYER, "compatible_architectures": ["x86_64"]}},
            [
                "lambda_functions.a.architecture is 'arm64', which is not what its layer common is for, x86_64; write arm64 in "
                "lambda_layers.common.compatible_architectures or name another layer"
            ],
        ),
        (
            {"a b": CODE, "c": {**CODE, "environment": {"BIG": "x" * 4096}}},
            {"d e": CODE_LAYER},
            [
                "lambda_functions: lambda_function key is 'a b', which is not valid; use ASCII letters and digits, with single "
                "'-' or '_' between words",
                "lambda_layers: lambda_layer key is 'd e', which is not valid; use ASCII letters and digits, with single '-' or "
                "'_' between words",
                "lambda_functions.c.environment has 4126 bytes as JSON, which is more than the 4096 that Lambda allows; move data "
                "to a table or a parameter",
            ],
        ),
    ],
)
def test_refusal(functions: dict, layers: dict, sentences: list[str]) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define(functions, layers, DEV)
    assert list(refused.value.problems) == sentences


@pytest.mark.parametrize("character", ["x", '"', "\n", "é"])
def test_environment_is_measured_as_json(character: str) -> None:
    """AWS counts what a quotation mark or a line break takes there, and knows no more than UTF-8."""
    environment = {"BIG": character, "ENVIRONMENT": "dev"}
    each = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    rest = len(json.dumps(environment, ensure_ascii=False, separators=(",", ":")).encode()) - each
    most = (4096 - rest) // each
    assert define({"a": {**CODE, "environment": {"BIG": character * most}}}, {}, DEV)
    with pytest.raises(SiteBuilderError, match="bytes as JSON"):
        define({"a": {**CODE, "environment": {"BIG": character * (most + 1)}}}, {}, DEV)


@pytest.mark.parametrize(
    ("variable", "entry", "sentence"),
    [
        ("lambda_functions", {"handler": "h"}, "lambda_functions.a.source is missing; say what it is"),
        (
            "lambda_layers",
            {"source": ""},
            "lambda_layers.a.source is '', which is no text of at least one character; correct it",
        ),
        (
            "lambda_layers",
            {**CODE_LAYER, "compatible_architectures": ["arm64", "x86_64"]},
            "lambda_layers.a.compatible_architectures is ['arm64', 'x86_64'], which is more than the one that its requirements "
            "are built for; name one and make a layer for each",
        ),
        (
            "lambda_layers",
            {**CODE_LAYER, "compatible_runtimes": ["python3.13", "python3.12"]},
            "lambda_layers.a.compatible_runtimes is ['python3.13', 'python3.12'], which is more than the one that its "
            "requirements are built for; name one and make a layer for each",
        ),
        (
            "lambda_functions",
            {**CODE, "probe": {"path": "/x", "method": "POST"}},
            "lambda_functions.a.probe.method is 'POST', which is none of GET, HEAD, OPTIONS; write one of them",
        ),
        (
            "lambda_functions",
            {**CODE, "async": {"on_failure_arn": "arn:aws:sqs:eu-west-1:123456789012:q", "on_failure_function": "b"}},
            "lambda_functions.a.async.on_failure_function is 'b', which is beside on_failure_arn, and there is one; remove one of "
            "them",
        ),
        (
            "lambda_functions",
            {**CODE, "function_names": {"X1": "b"}, "table_names": {"X1": "c"}},
            "lambda_functions.a.function_names.X1 is 'b', which is set in table_names too; remove one of them",
        ),
        (
            "lambda_functions",
            {**CODE, "allowed_triggers": {"b": {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::sites"}}},
            "lambda_functions.a.allowed_triggers.b is a mapping of principal, source_arn, which is open to whoever owns the "
            "bucket next: its ARN names no account; add source_account",
        ),
    ],
)
def test_schema(variable: str, entry: dict, sentence: str) -> None:
    assert list(DEFINITIONS[variable]({"a": entry}, variable)) == [sentence]
