"""The gate before the embedded AWS, without a server: tests/integration/test_embedded_rules.py has the rules."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from moto.core.model import Shape
from moto.core.utils import get_service_model

FILES = Path(__file__).parents[4] / "roles/local_aws/files"
MODULES = ("aws_call", "aws_gate", "aws_model", "aws_rules")
# What AWS's own examples have wrong: placeholders, ids that are too short, another bucket's policy.
WRONG_EXAMPLES = {
    ("iam", "CreateRole"),
    ("kms", "CreateCustomKeyStore"),
    ("kms", "UpdateCustomKeyStore"),
    ("lambda", "UpdateEventSourceMapping"),
    ("s3", "PutBucketPolicy"),
}
# Java's alone, of calls that nobody here makes.
UNREAD_PATTERNS = {"AutoScalingRoleArn", "ResourceType"}


@pytest.fixture(scope="module")
def files() -> Iterator[dict[str, ModuleType]]:
    """Give the modules of the role's files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FILES))
        import aws_call
        import aws_gate
        import aws_model
        import aws_rules

        aws_rules.load()
        yield {"call": aws_call, "gate": aws_gate, "model": aws_model, "rules": aws_rules}
    for name in [name for name in sys.modules if name.split(".")[0] in MODULES]:
        del sys.modules[name]


def call(files: dict[str, ModuleType], service: str, operation: str, **params: Any) -> Any:
    model = get_service_model(service)
    return files["call"].Call(
        service, "eu-west-1", "123456789012", model.protocol, model.operation_model(operation), params
    )


def test_the_examples_of_aws_pass(files: dict[str, ModuleType]) -> None:
    """Nothing that AWS's documents show is refused, but for what they have wrong."""
    count, refused = 0, set()
    for service in files["model"].CODES:
        try:
            examples = Loader().load_service_model(service, "examples-1")["examples"]
        except DataNotFoundError:
            continue
        for operation, given in examples.items():
            for example in given:
                count += 1
                made = call(files, service, operation, **example.get("input", {}))
                try:
                    files["model"].check(made)
                    files["rules"].check(made)
                except files["call"].Refusal:
                    refused.add((service, operation))
    assert count > 200
    assert refused == WRONG_EXAMPLES


def test_patterns_of_the_models_are_read(files: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    unread = set()
    for service in files["model"].CODES:
        model = get_service_model(service)
        for name in model.shape_names:
            pattern = shape(model, name)._shape_model.get("pattern")
            if pattern:
                files["model"]._regex(pattern)
            if "is not checked" in capsys.readouterr().err:
                unread.add(name)
    assert unread == UNREAD_PATTERNS


def shape(model: Any, name: str) -> Shape:
    return model.shape_for(name)


@pytest.mark.parametrize(("text", "fits"), [("Größe 1", True), ("ж", True), ("a(b)", False), ("a,b", False)])
def test_categories_of_unicode(files: dict[str, ModuleType], text: str, fits: bool) -> None:
    assert bool(files["model"]._regex(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+").fullmatch(text)) is fits


@pytest.mark.parametrize(
    ("header", "path", "found"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=K/20250101/eu-west-1/monitoring/aws4_request, X",
            "/",
            ("eu-west-1", "cloudwatch"),
        ),
        ("AWS4-HMAC-SHA256 Credential=K/20250101/a/apigateway/aws4_request, X", "/v2/apis", ("a", "apigatewayv2")),
        ("AWS4-HMAC-SHA256 Credential=K/20250101/a/apigateway/aws4_request, X", "/restapis", ("a", "apigateway")),
        ("Bearer abc", "/", None),
        ("", "/", None),
    ],
)
def test_scope(files: dict[str, ModuleType], header: str, path: str, found: tuple[str, str] | None) -> None:
    request = files["gate"].Request.from_primitives("GET", f"http://localhost{path}", {"Authorization": header})
    assert files["call"].scope(request) == found


def denied(files: dict[str, ModuleType], denials: Any, made: Any) -> str | None:
    try:
        denials.check(made)
    except files["call"].Refusal as refusal:
        return refusal.code
    return None


def test_denials(files: dict[str, ModuleType], tmp_path: Path) -> None:
    """Counted, by service, operation and content; a changed file counts anew, and a missing one denies nothing."""
    file = tmp_path / "deny.json"
    denials = files["gate"].Denials(file)
    table, role = call(files, "dynamodb", "DeleteTable", TableName="one"), call(files, "iam", "ListRoles")
    assert denied(files, denials, table) is None

    def write(*entries: dict[str, Any]) -> None:
        draft = tmp_path / "new"
        draft.write_text(json.dumps(entries))
        os.replace(draft, file)

    write({"service": "dynamodb", "operation": "DeleteTable", "times": 1})
    assert [denied(files, denials, table) for _ in range(2)] == ["AccessDeniedException", None]
    assert denied(files, denials, role) is None
    write({"service": "dynamodb", "operation": "*", "times": 1, "code": "ThrottlingException"})
    assert [denied(files, denials, table) for _ in range(2)] == ["ThrottlingException", None]
    write({"service": "*", "operation": "*", "containing": "two"})
    assert denied(files, denials, table) is None
    assert denied(files, denials, call(files, "dynamodb", "DeleteTable", TableName="two")) == "AccessDeniedException"
    write({"service": "iam", "operation": "ListRoles"})
    assert [denied(files, denials, role) for _ in range(3)] == ["AccessDenied"] * 3
    file.unlink()
    assert denied(files, denials, role) is None


def test_calls(files: dict[str, ModuleType], tmp_path: Path) -> None:
    """Each line once, until the record is taken away."""
    calls = files["gate"].Calls(tmp_path / "moto.calls")
    for line in ("s3 PutObject", "iam GetRole", "s3 PutObject"):
        calls.note(line)
    assert calls.file.read_text() == "s3 PutObject\niam GetRole\n"
    calls.file.unlink()
    calls.note("s3 PutObject")
    assert calls.file.read_text() == "s3 PutObject\n"


def test_environment_is_measured_as_lambda_does(files: dict[str, ModuleType]) -> None:
    """The compact JSON counts, with quotes, escapes and the bytes of UTF-8."""

    def too_much(value: str) -> bool:
        condition = sys.modules["aws_rules.functions"].environment_size
        made = call(files, "lambda", "CreateFunction", FunctionName="f", Environment={"Variables": {"VV": value}})
        return condition(made) is not None

    frame = len('{"VV":""}')
    assert not too_much("x" * (4096 - frame))
    assert too_much("x" * (4097 - frame))
    assert too_much('"' * ((4097 - frame) // 2 + 1))
    assert too_much("ä" * ((4097 - frame) // 2 + 1))
