"""What an account is allowed at all. Read once, from the environment that started the server."""

from __future__ import annotations

import os

from aws_call import Call

from aws_rules import rule

REGIONS_OFF = frozenset(os.environ.get("LOCAL_AWS_REGIONS_OFF", "").replace(",", " ").split())
LAMBDA_CONCURRENCY = int(os.environ.get("LOCAL_AWS_LAMBDA_CONCURRENCY", "1000"))
API_TIMEOUT_MS = int(os.environ.get("LOCAL_AWS_API_TIMEOUT_MS", "300000"))
NO_SERVICE_LINKED_ROLES = os.environ.get("LOCAL_AWS_NO_SERVICE_LINKED_ROLES", "") == "true"

INVALID_TOKEN = "The security token included in the request is invalid."


@rule(
    "sts",
    "AssumeRole",
    "GetCallerIdentity",
    "GetSessionToken",
    code="InvalidClientTokenId",
    status=403,
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html",
)
def region_is_off_for_sts(call: Call) -> str | None:
    """The region is opt-in and not enabled (LOCAL_AWS_REGIONS_OFF)."""
    return INVALID_TOKEN if call.region in REGIONS_OFF else None


@rule(
    "*",
    "*",
    code="UnrecognizedClientException",
    status=400,
    source="https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html",
)
def region_is_off(call: Call) -> str | None:
    """The same, for the services that speak JSON."""
    return INVALID_TOKEN if call.region in REGIONS_OFF and "json" in call.protocol else None
