"""DynamoDB: what ministack allows. Where a rule must know the table, call.table is what the server has asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aws_call import Call

from aws_rules import account, rule

# The operations before which the server looks the table up: with which operation, and what of its answer.
ASK = {
    **dict.fromkeys(("DeleteTable", "UpdateTable"), ("DescribeTable", "Table")),
    "UpdateTimeToLive": ("DescribeTimeToLive", "TimeToLiveDescription"),
}
PROJECTED_ATTRIBUTES = 100
LIMITS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"


def _index_changes(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Pairs such as ("Create", {...}), in the order given."""
    updates = call.params.get("GlobalSecondaryIndexUpdates") or []
    return [(kind, change) for update in updates for kind, change in update.items()]


def _replica_changes(call: Call) -> list[tuple[str, dict[str, Any]]]:
    updates = call.params.get("ReplicaUpdates") or []
    return [(kind, change) for update in updates for kind, change in update.items()]


@rule(
    "dynamodb",
    "UpdateTable",
    code="ValidationException",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/34450",
)
def stream_of_a_replica(call: Call) -> str | None:
    """The stream of a table that has replicas is switched off."""
    stream = call.params.get("StreamSpecification")
    if stream and not stream.get("StreamEnabled") and call.table.get("Replicas"):
        return "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica."
    return None


@rule(
    "dynamodb",
    "DeleteTable",
    code="ValidationException",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_HowItWorks.html",
)
def source_of_a_replica(call: Call) -> str | None:
    """A table is deleted from which a replica that is still there was filled in the last 24 hours.

    Every replica counts as that young: nothing here says when it was made.
    """
    if call.table.get("Replicas"):
        return (
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in "
            "the last 24 hours."
        )
    return None


@rule(
    "dynamodb",
    "UpdateTimeToLive",
    code="ValidationException",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html",
)
def other_ttl_attribute(call: Call) -> str | None:
    """Items are to expire by another attribute than they do.

    That AWS takes a second change only after an hour is not copied: nobody could wait for it.
    """
    now = call.table.get("AttributeName")
    active = call.table.get("TimeToLiveStatus") in ("ENABLING", "ENABLED")
    if active and call.params["TimeToLiveSpecification"]["AttributeName"] != now:
        return f"TimeToLive is active on a different AttributeName: current AttributeName is {now}"
    return None


@rule(
    "dynamodb",
    "UpdateTable",
    code="AccessDeniedException",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html",
)
def replica_needs_a_role(call: Call) -> str | None:
    """A first replica, and the caller may not create its service-linked role
    (LOCAL_AWS_NO_SERVICE_LINKED_ROLES=true).

    The words around the action are those of every denial of IAM.
    """
    adds = any(kind == "Create" for kind, _ in _replica_changes(call))
    if not (account.NO_SERVICE_LINKED_ROLES and adds):
        return None
    role = "aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
    return (
        f"User: arn:aws:sts::{call.account}:assumed-role/local/local is not authorized to perform: "
        f"iam:CreateServiceLinkedRole on resource: arn:aws:iam::{call.account}:role/{role} because no identity-based "
        "policy allows the iam:CreateServiceLinkedRole action"
    )


@rule(
    "dynamodb",
    "UpdateTable",
    code="LimitExceededException",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html",
)
def one_index_change(call: Call) -> str | None:
    """More than one global index is created or deleted by one update."""
    changes = [kind for kind, _ in _index_changes(call) if kind in ("Create", "Delete")]
    if len(changes) > 1:
        return "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    return None


@rule("dynamodb", "CreateTable", "UpdateTable", code="ValidationException", source=LIMITS)
def projected_attributes(call: Call) -> str | None:
    """More than 100 attributes are projected, over all of a table's indexes.

    The words are ours.
    """
    count = sum(len(index["Projection"].get("NonKeyAttributes") or []) for index in _indexes_after(call))
    if count <= PROJECTED_ATTRIBUTES:
        return None
    return (
        f"One or more parameter values were invalid: {count} NonKeyAttributes over all secondary indexes, "
        f"the limit is {PROJECTED_ATTRIBUTES}"
    )


def _indexes_after(call: Call) -> Iterator[dict[str, Any]]:
    gone = {change["IndexName"] for kind, change in _index_changes(call) if kind == "Delete"}
    for source in (call.params, call.table):
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            yield from (index for index in source.get(kind) or [] if index["IndexName"] not in gone)
    yield from (change for kind, change in _index_changes(call) if kind == "Create")


@rule(
    "dynamodb",
    "CreateTable",
    code="ValidationException",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html",
)
def local_index_keys(call: Call) -> str | None:
    """A local index has the table's hash key as its range key too, or another hash key than the table."""
    table = {key["KeyType"]: key["AttributeName"] for key in call.params.get("KeySchema") or []}
    for index in call.params.get("LocalSecondaryIndexes") or []:
        keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
        if keys.get("HASH") == keys.get("RANGE"):
            return "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        if keys.get("HASH") != table.get("HASH"):
            return (
                "One or more parameter values were invalid: Index KeySchema does not have the same leading hash key as "
                f"table KeySchema for index: {index['IndexName']}. index hash key: {keys.get('HASH')}, "
                f"table hash key: {table.get('HASH')}"
            )
    return None
