"""API Gateway (REST APIs)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aws_call import Call
from moto.apigateway.models import apigateway_backends

from aws_rules import account, rule
from aws_rules.policy import load, statements

QUOTAS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
POLICY_CHARACTERS = 8192
LEAST_TIMEOUT_MS = 50
EDGE_TIMEOUT_MS = 29_000
PARAMETER_NAME = re.compile(r"[a-zA-Z0-9:._$-]+")


def _backend(call: Call) -> Any:
    return apigateway_backends[call.account][call.region]


def _patches(call: Call, *path: str) -> Iterator[tuple[str, str]]:
    """Each (rest of the path, value) of an update below this path that sets something."""
    for patch in call.params.get("patchOperations") or []:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in patch.get("path", "").strip("/").split("/")]
        if parts[: len(path)] == list(path) and patch.get("op") in ("add", "replace"):
            yield "/".join(parts[len(path) :]), patch.get("value") or ""


@rule(
    "apigateway",
    "PutMethod",
    "UpdateMethod",
    "PutIntegration",
    "UpdateIntegration",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html",
)
def parameter_names(call: Call) -> str | None:
    """A request's parameter has other characters in its name than letters, digits and : . _ $ -"""
    keys = [*(call.params.get("requestParameters") or {}), *(key for key, _ in _patches(call, "requestParameters"))]
    # method.request.querystring.<name>
    names = [key.split(".", 3)[3] for key in keys if key.count(".") >= 3]
    if all(PARAMETER_NAME.fullmatch(name) for name in names):
        return None
    return (
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Parameter name should match the "
        f"following regular expression: ^{PARAMETER_NAME.pattern}$]"
    )


@rule("apigateway", "PutIntegration", "UpdateIntegration", code="BadRequestException", source=QUOTAS)
def integration_timeout(call: Call) -> str | None:
    """An integration waits less than 50 ms, or more than 29,000 ms (edge) or LOCAL_AWS_API_TIMEOUT_MS (regional and
    private: 300,000, as if the quota were raised; a new account has 29,000).
    """
    given = [call.params.get("timeoutInMillis"), *(int(value) for _, value in _patches(call, "timeoutInMillis"))]
    api = _backend(call).apis.get(call.params["restApiId"])
    edge = api is not None and "EDGE" in (api.endpoint_configuration or {"types": ["EDGE"]}).get("types", [])
    most = EDGE_TIMEOUT_MS if edge else account.API_TIMEOUT_MS
    if all(value is None or LEAST_TIMEOUT_MS <= value <= most for value in given):
        return None
    return f"Timeout should be between {LEAST_TIMEOUT_MS} ms and {most} ms"


def _policies(call: Call) -> Iterator[str]:
    if call.params.get("policy"):
        yield call.params["policy"]
    yield from (value for _, value in _patches(call, "policy") if value)


@rule("apigateway", "CreateRestApi", "UpdateRestApi", code="BadRequestException", source=QUOTAS)
def policy_size(call: Call) -> str | None:
    """An API's policy has more than 8,192 characters.

    The words are ours.
    """
    size = max((len(policy) for policy in _policies(call)), default=0)
    return (
        f"The resource policy has {size} characters, the limit is {POLICY_CHARACTERS}"
        if size > POLICY_CHARACTERS
        else None
    )


@rule(
    "apigateway",
    "CreateRestApi",
    "UpdateRestApi",
    code="BadRequestException",
    source="https://repost.aws/knowledge-center/api-gateway-resource-policy-access",
)
def policy_document(call: Call) -> str | None:
    """An API's policy is no JSON, or a statement has no principal."""
    for policy in _policies(call):
        found = statements(policy)
        if load(policy) is None or any(not (one.get("Principal") or one.get("NotPrincipal")) for one in found):
            return "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
    return None


@rule(
    "apigateway",
    "CreateStage",
    "UpdateStage",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
)
def logging_role(call: Call) -> str | None:
    """A stage logs, and the account's settings have no role for CloudWatch Logs."""
    logs = [value for path, value in _patches(call) if path == "accessLogSettings/destinationArn" and value]
    logs += [value for path, value in _patches(call) if path.endswith("/logging/loglevel") and value != "OFF"]
    if logs and not _backend(call).account.cloudwatch_role_arn:
        return "CloudWatch Logs role ARN must be set in account settings to enable logging"
    return None


@rule(
    "apigateway",
    "DeleteDeployment",
    code="BadRequestException",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/19805",
)
def served_deployment(call: Call) -> str | None:
    """A deployment is deleted that a stage serves."""
    api = _backend(call).apis.get(call.params["restApiId"])
    served = {stage.deployment_id for stage in api.stages.values()} if api else set()
    if call.params["deploymentId"] in served:
        return "Active stages pointing to this deployment must be moved or deleted"
    return None


def _mapped(call: Call, stage: str | None) -> list[str]:
    """The domains that lead to the API, or to this stage of it."""
    return [
        domain
        for domain, mappings in _backend(call).base_path_mappings.items()
        for mapping in mappings.values()
        if mapping.rest_api_id == call.params["restApiId"] and stage in (None, mapping.stage)
    ]


@rule(
    "apigateway",
    "DeleteStage",
    code="BadRequestException",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/28774",
)
def mapped_stage(call: Call) -> str | None:
    """A stage is deleted that a custom domain leads to."""
    stage = call.params["stageName"]
    domains = _mapped(call, stage)
    if not domains:
        return None
    return (
        f"Deleting stage {stage} failed. Please remove all base path mappings related to the stage in your domains: "
        f"{', '.join(domains)}"
    )


@rule(
    "apigateway",
    "DeleteRestApi",
    code="BadRequestException",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/41651",
)
def mapped_api(call: Call) -> str | None:
    """An API is deleted that a custom domain leads to."""
    if _mapped(call, None):
        return "Deleting RestApi failed. Please remove all base path mappings related to the RestApi in your domains."
    return None


STAGE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


@rule(
    "apigateway",
    "CreateStage",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html",
)
def stage_name(call: Call) -> str | None:
    """A new stage's name has other characters than letters, digits, - and _, or more than 128."""
    return None if STAGE_NAME.fullmatch(call.params["stageName"]) else "Stage name only allows a-zA-Z0-9_-"


@rule(
    "apigateway",
    "CreateModel",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html",
)
def model_name(call: Call) -> str | None:
    """A model's name has other characters than letters and digits."""
    return None if re.fullmatch(r"[a-zA-Z0-9]+", call.params["name"]) else "Model name must be alphanumeric"


@rule(
    "apigateway",
    "CreateDeployment",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-create.html",
)
def private_without_policy(call: Call) -> str | None:
    """A private API is deployed that has no resource policy, without which nobody may call it."""
    api = _backend(call).apis.get(call.params["restApiId"])
    private = api is not None and "PRIVATE" in (api.endpoint_configuration or {}).get("types", [])
    return "Private REST API doesn't have a resource policy attached to it" if private and not api.policy else None


DOMAINS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains-prerequisites.html"
EDGE_REGION = "us-east-1"


def _is_edge_domain(call: Call) -> bool:
    return "EDGE" in (call.params.get("endpointConfiguration") or {"types": ["EDGE"]}).get("types", [])


@rule("apigateway", "CreateDomainName", code="BadRequestException", source=DOMAINS)
def certificate_region(call: Call) -> str | None:
    """A domain's certificate is in another region: us-east-1 for EDGE, the API's own else."""
    field, region = (
        ("certificateArn", EDGE_REGION) if _is_edge_domain(call) else ("regionalCertificateArn", call.region)
    )
    arn = call.params.get(field) or ""
    if arn and arn.split(":")[3:4] != [region]:
        return f"Invalid certificate ARN: {arn}. Certificate must be in '{region}'."
    return None


@rule(
    "apigateway",
    "CreateDomainName",
    code="BadRequestException",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html",
)
def mutual_tls(call: Call) -> str | None:
    """A domain of an EDGE API asks clients for certificates.

    The words are ours.
    """
    asked = (call.params.get("mutualTlsAuthentication") or {}).get("truststoreUri")
    return "Mutual TLS is supported for regional domain names only" if asked and _is_edge_domain(call) else None
