"""The one declaration of a field is what its module uses, what its bullets document and what Python's schema takes."""

from __future__ import annotations

import re

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS
from field_uses import Uses

from tests.conftest import ROOT
from tools.generate_docs import DECLARATIONS, Declaration
from tools.schema_fields import fields, kind, required
from tools.terraform_types import attributes, blocks, parts, source, tree_of

DECLARED = {declaration.option: declaration.read() for declaration in DECLARATIONS}
FOLDERS = {declaration.option: declaration.folder for declaration in DECLARATIONS}
NAMES = sorted({(option, path.split(".")[-1]) for option, variable in DECLARED.items() for path in variable.fields})
# The resource that is made of it joins two buckets, and so is the stack's.
FOR_THE_STACK = {"s3_buckets": ["access_logging"]}

# What Python's schema has and the type has not.
SWITCHES = {
    ("api_gateway_apis", "documents"): "the routes and models in it are what Terraform gets",
    ("api_gateway_apis", "openapi_unsupported"): "is about the documents",
    ("lambda_functions", "bucket_names"): "becomes environment variables",
    ("lambda_functions", "probe"): "is for verifying a release; no resource has it",
    ("lambda_functions", "async.on_failure_function"): "becomes async.on_failure_arn",
    ("lambda_functions", "function_names"): "become environment variables, and rights of the role",
    ("lambda_functions", "requirements"): "of the package, which is built before Terraform",
    ("lambda_functions", "secrets"): "become environment variables that name them, and rights of the role",
    ("lambda_functions", "secrets_kms_key_arns"): "become rights of the role",
    ("lambda_functions", "source"): "of the package, which is built before Terraform",
    ("lambda_functions", "table_names"): "becomes environment variables",
    ("lambda_layers", "requirements"): "of the package, which is built before Terraform",
    ("lambda_layers", "source"): "of the package, which is built before Terraform",
    ("s3_buckets", "customer_key"): "decides whether kms_key_arn is that of the environment",
    ("s3_buckets", "replicate"): "decides whether there is a replication",
}
# What the type has and Python's schema has not, with all below it.
COMPUTED = {
    ("api_gateway_apis", "name"): "follows from the key",
    ("api_gateway_apis", "permissions_boundary_arn"): "one for the environment",
    ("dynamodb_tables", "kms_key_arn"): "one for the environment",
    ("dynamodb_tables", "name"): "follows from the key",
    ("dynamodb_tables", "replicas"): "follow from the DR flags",
    ("iam_roles", "invoked_function_arns"): "those that the function calls or tells of its failures",
    ("iam_roles", "kms"): "the keys of the environment",
    ("iam_roles", "log_group_arn"): "follows from the key",
    ("iam_roles", "name"): "follows from the key",
    ("iam_roles", "secrets"): "those of the function",
    ("lambda_functions", "kms_key_arn"): "one for the environment",
    ("lambda_functions", "log_kms_key_arn"): "one for the environment",
    ("lambda_functions", "log_retention_days"): "one for the environment",
    ("lambda_functions", "name"): "follows from the key",
    (
        "lambda_functions",
        "publish",
    ): "always on: API Gateway and provisioned concurrency need versions; off is for users of the module",
    ("lambda_layers", "name"): "follows from the key",
    ("monitoring_options", "dashboard_name"): "follows from the environment",
    ("monitoring_options", "emails"): "site_builder_alert_emails",
    ("monitoring_options", "topic_name"): "follows from the environment",
    (
        "s3_buckets",
        "access_log_sources",
    ): "follow from access_logging of the others; the field is for buckets of other services",
    ("s3_buckets", "kms_key_arn"): "one for the environment",
    ("s3_buckets", "name"): "follows from the key",
    ("s3_buckets", "oac.name"): "follows from the key",
    ("s3_buckets", "replication"): "follows from the DR flags",
}
# The module needs them, and what people leave out Python fills in.
FILLED_IN = {
    ("api_gateway_apis", "routes"): "those of the documents",
    ("api_gateway_apis", "stage"): "the environment",
    ("lambda_functions", "artifact_bucket"): "the bucket artifacts",
    ("lambda_layers", "artifact_bucket"): "the bucket artifacts",
}
# Which types a check of plugins/module_utils/validators.py goes with.
KINDS = {
    "bool": {"switch"},
    "list": {"items"},
    "map": {"entries", "secrets"},
    "number": {"number", "number_choice"},
    "object": {"fields"},
    "set": {"items"},
    "string": {"choice", "json_text", "text"},
}


def texts_of(option: str) -> list[str]:
    """The resources, locals and outputs, each block a text, so that those which stay as they are need not be parsed again."""
    files = sorted((ROOT / "terraform" / FOLDERS[option]).glob("*.tf"))
    texts = [path.read_text() for path in files if path.name not in ("variables.tf", "versions.tf")]
    return [block for text in texts for block in re.split(r"(?<=\n}\n)", text) if block.strip()]


def unused(option: str, texts: list[str]) -> set[str]:
    variable = DECLARED[option]
    uses = Uses(texts, variable.name, variable.fields.keys(), FOR_THE_STACK.get(option, ()))
    return variable.fields.keys() - uses.used


@pytest.mark.parametrize("option", DECLARED)
def test_every_field_is_used(option: str) -> None:
    assert unused(option, texts_of(option)) == set()


@pytest.mark.parametrize(("option", "name"), NAMES)
def test_a_field_that_is_no_longer_used_is_found(option: str, name: str) -> None:
    """With its name gone from every expression: after a dot, and as the word that names a threshold."""
    texts = [re.sub(rf'((?<!local)\.|")\b{name}\b', r"\1gone", text) for text in texts_of(option)]
    assert {path for path in DECLARED[option].fields if path.split(".")[-1] == name} <= unused(option, texts)


@pytest.mark.parametrize(
    ("option", "text", "instead", "paths"),
    [
        ("lambda_functions", "timeout       = var.function.timeout", "timeout = 60", {"timeout"}),
        (
            "lambda_functions",
            "security_group_ids = vpc_config.value.security_group_ids",
            "",
            {"vpc.security_group_ids"},
        ),
        ("lambda_functions", "each.value.source_account", "null", {"allowed_triggers.source_account"}),
        (
            "s3_buckets",
            "noncurrent_version_transition.value.days",
            "30",
            {"lifecycle_rules.noncurrent_version_transitions.days"},
        ),
        (
            "s3_buckets",
            'logging.prefix == null ? "${var.bucket.name}/" : logging.prefix',
            "null",
            {"access_logging.prefix"},
        ),
        ("s3_buckets", "status = var.bucket.versioning", 'status = "Enabled"', {"versioning"}),
        (
            "dynamodb_tables",
            "global_secondary_index.value.projection_type",
            '"ALL"',
            {"global_secondary_indexes.projection_type"},
        ),
        # The name of the attribute is used again, its type is not.
        (
            "dynamodb_tables",
            "var.table.local_secondary_indexes[*].range_key",
            "[]",
            {"local_secondary_indexes.range_key.type"},
        ),
        ("iam_roles", "var.role.bedrock.streaming ?", "true ?", {"bedrock.streaming"}),
        ("iam_roles", "for key in var.role.dynamodb.write", "for key in []", {"dynamodb.write"}),
        ("api_gateway_apis", "each.value.settings.logging_level", "null", {"routes.settings.logging_level"}),
        (
            "api_gateway_apis",
            "minimum_compression_size     = var.api.minimum_compression_size\n  disable",
            "disable",
            {"minimum_compression_size"},
        ),
        (
            "monitoring_options",
            'threshold   = "lambda_throttles"',
            "threshold = null",
            {"thresholds.lambda_throttles", "threshold_overrides.lambda_throttles"},
        ),
        ("lambda_layers", "= each.value.description", "= null", {"description"}),
    ],
)
def test_a_lost_use_is_found(option: str, text: str, instead: str, paths: set[str]) -> None:
    """One use in one place. What checks, outputs and the triggers of a deployment say of the field does not count."""
    before = texts_of(option)
    assert sum(file.count(text) for file in before) == 1
    assert unused(option, [file.replace(text, instead) for file in before]) == paths


@pytest.mark.parametrize("option", DECLARED)
def test_every_field_has_a_bullet_and_every_bullet_a_field(option: str) -> None:
    assert DECLARED[option].bullets.keys() == DECLARED[option].fields.keys()


def within(option: str, path: str, places: dict[tuple[str, str], str]) -> bool:
    return any(option == where and f"{path}.".startswith(f"{place}.") for where, place in places)


@pytest.mark.parametrize("option", DECLARED)
def test_python_takes_the_fields_of_the_type(option: str) -> None:
    ours, theirs = fields(DEFINITIONS[option]), DECLARED[option].fields
    assert {path for path in ours.keys() - theirs.keys() if not within(option, path, SWITCHES)} == set()
    assert {path for path in theirs.keys() - ours.keys() if not within(option, path, COMPUTED)} == set()


@pytest.mark.parametrize("option", DECLARED)
def test_python_takes_what_the_type_takes(option: str) -> None:
    ours, theirs = fields(DEFINITIONS[option]), DECLARED[option].fields
    both = ours.keys() & theirs.keys()
    assert {
        path: kind(ours[path]) for path in both if kind(ours[path]) not in KINDS[theirs[path].type.split("(")[0]]
    } == {}
    needed = {path for path in both if theirs[path].default is None and (option, path) not in FILLED_IN}
    assert required(DEFINITIONS[option]) & both == needed


def test_no_exception_is_left_over() -> None:
    for (option, path), _reason in SWITCHES.items():
        assert path in fields(DEFINITIONS[option])
        assert path not in DECLARED[option].fields
    for (option, path), _reason in COMPUTED.items():
        assert path in DECLARED[option].fields
        assert path not in fields(DEFINITIONS[option])
    for (option, path), _reason in FILLED_IN.items():
        assert DECLARED[option].fields[path].default is None
        assert path in fields(DEFINITIONS[option])
        assert path not in required(DEFINITIONS[option])


def test_every_definition_is_declared() -> None:
    assert {declaration.option for declaration in DECLARATIONS} == DEFINITIONS.keys()
    assert all(isinstance(declaration, Declaration) for declaration in DECLARATIONS)


@pytest.mark.parametrize(
    "declaration", [d for d in DECLARATIONS if d.folder.startswith("modules/")], ids=lambda d: d.option
)
def test_its_stack_passes_it_whole(declaration: Declaration) -> None:
    stack = ROOT / "terraform" / declaration.folder.replace("modules/", "stacks/")
    (whole,) = parts(tree_of((stack / "main.tf").read_text()))
    ((_labels, call),) = blocks(whole, "module")
    arguments = {name: source(value) for name, value in attributes(call)}
    assert arguments["source"] == f'"../../{declaration.folder}"'
    assert arguments[declaration.name] == ("each.value" if "for_each" in arguments else f"var.{declaration.name}")
    variable = arguments.get("for_each", arguments[declaration.name]).removeprefix("var.")
    assert re.search(rf'variable "{variable}" {{\n[^}}]*?  type += any\n', (stack / "variables.tf").read_text())
