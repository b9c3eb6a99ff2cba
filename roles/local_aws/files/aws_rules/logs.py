"""CloudWatch Logs."""

from __future__ import annotations

from aws_call import Call

from aws_rules import rule

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@rule(
    "logs",
    "PutRetentionPolicy",
    code="InvalidParameterException",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
def retention(call: Call) -> str | None:
    """The days are not one of the retentions that there are."""
    days = call.params["retentionInDays"]
    if days in RETENTION_DAYS:
        return None
    return (
        f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {list(RETENTION_DAYS)}"
    )


@rule(
    "logs",
    "CreateLogGroup",
    code="InvalidParameterException",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
)
def reserved_group(call: Call) -> str | None:
    """The name begins with aws/ (which /aws/ does not)."""
    if call.params["logGroupName"].lower().startswith("aws/"):
        return "Log groups starting with AWS/ are reserved for AWS."
    return None


@rule(
    "logs",
    "CreateLogGroup",
    "AssociateKmsKey",
    code="InvalidParameterException",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def log_key_elsewhere(call: Call) -> str | None:
    """Logs are to be encrypted with a key of another region."""
    key = call.params.get("kmsKeyId") or ""
    if key and key.split(":")[3:4] != [call.region]:
        return f"The specified KMS Key Id could not be found. '{call.params.get('logGroupName', '')}'"
    return None
