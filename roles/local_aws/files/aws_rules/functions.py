"""Lambda."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from aws_call import Call
from moto.awslambda.models import lambda_backends
from moto.core.utils import get_service_model
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from aws_rules import account, rule
from aws_rules.policy import statements, texts

UNZIPPED_BYTES = 262_144_000
ENVIRONMENT_BYTES = 4096
LAYERS = 5
TIMEOUT_SECONDS = 900
MEMORY_MB = 10_240
UNRESERVED = 100
SET_UP = ("CreateFunction", "UpdateFunctionConfiguration")
QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
VARIABLES = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
RESERVED_NAMES = {
    *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
    *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
    *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
    *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}


def _variables(call: Call) -> dict[str, str]:
    return (call.params.get("Environment") or {}).get("Variables") or {}


def _backend(call: Call) -> Any:
    return lambda_backends[call.account][call.region]


def _functions(call: Call) -> Iterator[Any]:
    """Each function that moto holds, as it is now."""
    yield from (held["latest"] for held in list(_backend(call)._lambdas._functions.values()) if held["latest"])


def _name(call: Call) -> str:
    """The function's name, which may have come as an ARN."""
    return str(call.params["FunctionName"]).rpartition(":")[2]


@rule(
    "lambda",
    *SET_UP,
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
)
def runtime(call: Call) -> str | None:
    """The runtime is none that Lambda has or had."""
    known = get_service_model("lambda").shape_for("Runtime").enum
    given = call.params.get("Runtime")
    if given is None or given in known:
        return None
    return (
        f"Value {given} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
        f"[{', '.join(known)}] or be a valid ARN"
    )


@rule("lambda", *SET_UP, code="InvalidParameterValueException", source=VARIABLES)
def environment_names(call: Call) -> str | None:
    """An environment variable has a name that Lambda sets itself."""
    taken = [name for name in _variables(call) if name in RESERVED_NAMES]
    if not taken:
        return None
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys used in this request: "
        f"{', '.join(taken)}"
    )


@rule("lambda", *SET_UP, code="InvalidParameterValueException", source=QUOTAS)
def environment_size(call: Call) -> str | None:
    """The environment is more than 4,096 bytes, written as compact JSON."""
    measured = json.dumps(_variables(call), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) <= ENVIRONMENT_BYTES:
        return None
    return (
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        f"exceeded the 4KB limit. String measured: {measured}"
    )


@rule("lambda", *SET_UP, code="ValidationException", source=QUOTAS)
def timeout_and_memory(call: Call) -> str | None:
    """A function may run longer than 900 seconds or has more memory than 10,240 MB, and no instances of its own."""
    for name, most in (("Timeout", TIMEOUT_SECONDS), ("MemorySize", MEMORY_MB)):
        value = call.params.get(name) or 0
        if value > most and not call.params.get("CapacityProviderConfig"):
            return (
                f"1 validation error detected: Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy "
                f"constraint: Member must have value less than or equal to {most}"
            )
    return None


@rule("lambda", *SET_UP, code="InvalidParameterValueException", source=QUOTAS)
def layers(call: Call) -> str | None:
    """A function has more than five layers."""
    return f"Cannot reference more than {LAYERS} layers." if len(call.params.get("Layers") or []) > LAYERS else None


@rule("lambda", "PutFunctionConcurrency", code="InvalidParameterValueException", source=QUOTAS)
def reserved_concurrency(call: Call) -> str | None:
    """What stays for all other functions is less than 100, or less than the account's quota where that is smaller
    (LOCAL_AWS_LAMBDA_CONCURRENCY, by default 1000; a new account has 10).
    """
    others = sum(one.reserved_concurrency or 0 for one in _functions(call) if one.function_name != _name(call))
    least = min(UNRESERVED, account.LAMBDA_CONCURRENCY)
    if account.LAMBDA_CONCURRENCY - others - call.params["ReservedConcurrentExecutions"] >= least:
        return None
    return (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
        f"minimum value of [{least}]."
    )


SENDS = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "s3": "s3:PutObject",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}


@rule(
    "lambda",
    "PutFunctionEventInvokeConfig",
    "UpdateFunctionEventInvokeConfig",
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
)
def destination_rights(call: Call) -> str | None:
    """The role of a function may not send to where its asynchronous calls are told of."""
    held = next((one for one in _functions(call) if one.function_name == _name(call)), None)
    for kind in ("OnFailure", "OnSuccess"):
        target = ((call.params.get("DestinationConfig") or {}).get(kind) or {}).get("Destination")
        action = SENDS.get(target.split(":")[2]) if target else None
        if held and action and not any(_allows(one, action, target) for one in _of_role(call, held.role)):
            return (
                "The function's execution role does not have permissions to call "
                f"{action.partition(':')[2]} on {target}"
            )
    return None


def _of_role(call: Call, arn: str) -> Iterator[dict[str, Any]]:
    """The statements of a role, inline and attached."""
    for role in iam_backends[call.account]["aws"].roles.values():
        if role.arn == arn:
            documents = [
                *map(unquote, role.policies.values()),
                *(one.document for one in role.managed_policies.values()),
            ]
            for document in documents:
                yield from statements(document)


def _allows(statement: dict[str, Any], action: str, resource: str) -> bool:
    def some(patterns: Any, text: str) -> bool:
        return any(fnmatchcase(text.lower(), pattern.lower()) for pattern in texts(patterns))

    whole = some(statement.get("Action"), action) and some(statement.get("Resource"), resource)
    return whole and statement.get("Effect") == "Allow"


def _unzipped(archive: bytes) -> int:
    """What the archive's files take; 0 where it is none, which is moto's to refuse."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return sum(entry.file_size for entry in opened.infolist())
    except zipfile.BadZipFile:
        return 0


def _code(call: Call, code: dict[str, Any]) -> bytes:
    """The archive that comes with the call, or lies in the bucket that it names."""
    if code.get("ZipFile"):
        return code["ZipFile"]
    if not code.get("S3Bucket"):
        return b""
    s3 = s3_backends[call.account]["aws"]
    found = code["S3Bucket"] in s3.buckets and s3.get_object(
        code["S3Bucket"], code.get("S3Key"), version_id=code.get("S3ObjectVersion")
    )
    return found.value if found else b""


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionCode",
    "PublishLayerVersion",
    code="InvalidParameterValueException",
    source=QUOTAS,
)
def unzipped_size(call: Call) -> str | None:
    """A function's or a layer's files are more than 262,144,000 bytes."""
    code = call.params.get("Code") or call.params.get("Content") or call.params
    if _unzipped(_code(call, code)) >= UNZIPPED_BYTES:
        return f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes"
    return None


@rule("lambda", *SET_UP, "UpdateFunctionCode", code="InvalidParameterValueException", source=QUOTAS)
def unzipped_size_with_layers(call: Call) -> str | None:
    """A function's files and those of its layers together are more than 262,144,000 bytes."""
    held = next((one for one in _functions(call) if one.function_name == _name(call)), None)
    if "Layers" in call.params:
        arns = call.params["Layers"] or []
    else:
        arns = [layer["Arn"] for layer in (held.layers or [])] if held else []
    if not arns:
        return None
    code = call.params.get("Code") or (call.params if call.operation == "UpdateFunctionCode" else {})
    archive = _code(call, code) or (held.code_bytes if held else b"")
    versions = [_backend(call).layers_versions_by_arn(arn) for arn in arns]
    size = _unzipped(archive) + sum(_unzipped(version.code_bytes) for version in versions if version)
    if size < UNZIPPED_BYTES:
        return None
    return (
        f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_BYTES} bytes. "
        f"The actual size is {size} bytes."
    )


def _may(call: Call, role_arn: str, action: str, resource: str = "*") -> bool:
    """Whether the role's policies allow the action; a role that is not here may do all."""
    known = any(role.arn == role_arn for role in iam_backends[call.account]["aws"].roles.values())
    return not known or any(_allows(one, action, resource) for one in _of_role(call, role_arn))


def _role(call: Call) -> str:
    """That of the call, or else the function's."""
    held = (one.role for one in _functions(call) if one.function_name == _name(call))
    return call.params.get("Role") or next(held, "")


@rule(
    "lambda",
    *SET_UP,
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
)
def rights_in_a_vpc(call: Call) -> str | None:
    """A function is to run in a VPC, and its role may make no network interface there."""
    if (call.params.get("VpcConfig") or {}).get("SubnetIds") and not _may(
        call, _role(call), "ec2:CreateNetworkInterface"
    ):
        return "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
    return None


@rule(
    "lambda",
    *SET_UP,
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq",
)
def dead_letter_rights(call: Call) -> str | None:
    """The role of a function may not send to its dead-letter queue or topic."""
    target = (call.params.get("DeadLetterConfig") or {}).get("TargetArn") or ""
    action = SENDS.get(target.split(":")[2]) if target else None
    if action and not _may(call, _role(call), action, target):
        service, _, verb = action.partition(":")
        return f"The provided execution role does not have permissions to call {verb} on {service.upper()}"
    return None


@rule(
    "lambda",
    "PutProvisionedConcurrencyConfig",
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",
)
def provisioned_of_reserved(call: Call) -> str | None:
    """More instances of a function are kept ready than it may have."""
    reserved = next((one.reserved_concurrency for one in _functions(call) if one.function_name == _name(call)), None)
    if reserved is not None and call.params["ProvisionedConcurrentExecutions"] > reserved:
        return (
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
        )
    return None


@rule(
    "lambda",
    *SET_UP,
    code="InvalidParameterValueException",
    source="https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html",
)
def layers_elsewhere(call: Call) -> str | None:
    """A function has a layer of another region."""
    if any(layer.split(":")[3:4] != [call.region] for layer in call.params.get("Layers") or []):
        return f"Layers are not in the same region as the function. Layers are expected to be in region {call.region}."
    return None


POLICY_BYTES = 20_480


@rule("lambda", "AddPermission", code="PolicyLengthExceededException", source=QUOTAS)
def function_policy_size(call: Call) -> str | None:
    """Who may call a function, or an alias of it, is a policy of more than 20,480 bytes."""
    parts = str(call.params["FunctionName"]).split(":")
    # <name>, <name>:<alias>, or an ARN with or without one.
    name = parts[6] if len(parts) > 6 else parts[0]
    given = call.params.get("Qualifier") or ""
    resource = f"arn:aws:lambda:{call.region}:{call.account}:function:{name}" + (f":{given}" if given else "")
    held = [one.policy.statements for one in _functions(call) if one.function_name == name]
    statements_ = [one for found in held for one in found if one.get("Resource") == resource]
    condition = {
        operator: {f"AWS:{key}": call.params[key]}
        for operator, key in (("ArnLike", "SourceArn"), ("StringEquals", "SourceAccount"))
        if call.params.get(key)
    }
    new = {
        "Sid": call.params["StatementId"],
        "Effect": "Allow",
        "Principal": {"Service": call.params["Principal"]},
        "Action": call.params["Action"],
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }
    document = {"Version": "2012-10-17", "Id": "default", "Statement": [*statements_, new]}
    size = len(json.dumps(document, separators=(",", ":")).encode())
    return f"The final policy size ({size}) is bigger than the limit ({POLICY_BYTES})." if size > POLICY_BYTES else None
