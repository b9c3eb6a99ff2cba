"""S3."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from aws_call import Call
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from aws_rules import rule
from aws_rules.policy import STATEMENT_KEYS, load, statements, texts

TRANSITIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
NAMES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
POLICIES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/policy-language-overview.html"
LIFECYCLE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html"

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
TAKEN_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
TAKEN_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

# The waterfall: a transition leads to a class further down only.
WATERFALL = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
# Days that an object stays in a class before a further transition of the same rule.
STAY = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90}
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")


@rule("s3", "CreateBucket", code="InvalidBucketName", source=NAMES)
def bucket_name(call: Call) -> str | None:
    """The name of a new bucket is not one."""
    name = call.params["Bucket"]
    wrong = (
        not NAME.fullmatch(name)
        or ".." in name
        or _is_address(name)
        or name.startswith(TAKEN_PREFIXES)
        or name.endswith(TAKEN_SUFFIXES)
    )
    return "The specified bucket is not valid." if wrong else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


# Of a bucket that exists, these can be asked anywhere.
ANYWHERE = ("CreateBucket", "GetBucketLocation")


@rule(
    "s3",
    "*",
    code="PermanentRedirect",
    status=301,
    source="https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList",
)
def bucket_elsewhere(call: Call) -> str | None:
    """A bucket is in another region than the one that is asked."""
    bucket = _bucket(call, call.params.get("Bucket", ""))
    if not bucket or call.operation in ANYWHERE or bucket.region_name == call.region:
        return None
    call.headers["x-amz-bucket-region"] = bucket.region_name
    return (
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future "
        "requests to this endpoint."
    )


class Action(NamedTuple):
    """The words that S3 has for a rule's action, and those of its counterparts on noncurrent versions."""

    transitions: str
    transition: str
    expiration: str
    days: str


ACTIONS = (
    Action("Transitions", "Transition", "Expiration", "Days"),
    Action(
        "NoncurrentVersionTransitions", "NoncurrentVersionTransition", "NoncurrentVersionExpiration", "NoncurrentDays"
    ),
)


def _rules(call: Call) -> list[dict[str, Any]]:
    return (call.params.get("LifecycleConfiguration") or {}).get("Rules") or []


def _each(call: Call) -> Iterator[tuple[dict[str, Any], Action, list[dict[str, Any]]]]:
    """Each rule's transitions, current and noncurrent."""
    for one in _rules(call):
        for action in ACTIONS:
            yield one, action, one.get(action.transitions) or []


def _filter(one: dict[str, Any]) -> str:
    """The rule's filter as S3's sentences have it."""
    chosen = one.get("Filter") or {}
    prefix = one.get("Prefix") or chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix") or ""
    return f"(prefix={prefix})"


def _when(transition: dict[str, Any], action: Action) -> int | None:
    """The days; None is a date."""
    return transition.get(action.days)


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidRequest", source=TRANSITIONS)
def each_class_once(call: Call) -> str | None:
    """A lifecycle rule has two transitions to the same class."""
    for one, action, transitions in _each(call):
        classes = [transition.get("StorageClass") for transition in transitions]
        if len(set(classes)) < len(classes):
            return (
                f"'StorageClass' must be different for '{action.transition}' actions in same 'Rule' with filter "
                f"'{_filter(one)}'"
            )
    return None


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidArgument", source=TRANSITIONS)
def days_before_infrequent_access(call: Call) -> str | None:
    """A transition to STANDARD_IA or ONEZONE_IA comes before 30 days.

    Both the user guide and the errors that people report say so; the API reference of late 2026 does no longer.
    """
    for _, action, transitions in _each(call):
        for transition in transitions:
            days, storage = _when(transition, action), transition.get("StorageClass")
            if storage in INFREQUENT and days is not None and days < STAY[storage]:
                return (
                    f"'{action.days}' in {action.transition} action must be greater than or equal to {STAY[storage]} "
                    f"for storageClass '{storage}'"
                )
    return None


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidArgument", source=TRANSITIONS)
def waterfall(call: Call) -> str | None:
    """Transitions are not in the order of the classes, or a class is left before 30 days (STANDARD_IA, ONEZONE_IA) or 90
    (GLACIER_IR, GLACIER).
    """
    for one, action, transitions in _each(call):
        ordered = sorted(
            (transition for transition in transitions if transition.get("StorageClass") in WATERFALL),
            key=lambda transition: WATERFALL.index(transition["StorageClass"]),
        )
        for warm, cold in itertools.combinations(ordered, 2):
            first, second = _when(warm, action), _when(cold, action)
            if first is None or second is None:
                continue
            stay, filter_ = STAY.get(warm["StorageClass"], 0), _filter(one)
            begin = f"'{action.days}' in the '{action.transition}' action for StorageClass '{cold['StorageClass']}'"
            if second <= first:
                return (
                    f"{begin} for filter '{filter_}' must be greater than '{action.days}' in the '{action.transition}' "
                    f"action for StorageClass '{warm['StorageClass']}' for filter '{filter_}'"
                )
            if second - first < stay:
                return (
                    f"{begin} for filter '{filter_}' must be {stay} days more than 'filter '{filter_}'' in the "
                    f"'{action.transition}' action for StorageClass '{warm['StorageClass']}'"
                )
    return None


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidArgument", source=LIFECYCLE)
def expiration_after_transitions(call: Call) -> str | None:
    """Objects expire before, or on the day of, a transition of the same rule."""
    for one, action, transitions in _each(call):
        expires = (one.get(action.expiration) or {}).get(action.days)
        if expires is None:
            continue
        if any(days is not None and days >= expires for days in (_when(each, action) for each in transitions)):
            return (
                f"'{action.days}' in the {action.expiration} action for filter '{_filter(one)}' must be greater than "
                f"'{action.days}' in the {action.transition} action"
            )
    return None


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidRequest", source=LIFECYCLE)
def actions_that_take_no_filter(call: Call) -> str | None:
    """Delete markers are expired, or incomplete uploads ended, by a rule that chooses by tags or sizes."""
    for one in _rules(call):
        chosen = one.get("Filter") or {}
        all_of = {**chosen, **(chosen.get("And") or {})}
        by = "Tags" if all_of.get("Tag") or all_of.get("Tags") else ""
        if "ObjectSizeGreaterThan" in all_of or "ObjectSizeLessThan" in all_of:
            by = by or "Object Size"
        if by and (one.get("Expiration") or {}).get("ExpiredObjectDeleteMarker") is not None:
            return f"ExpiredObjectDeleteMarker cannot be specified with {by}."
        if by and one.get("AbortIncompleteMultipartUpload"):
            return f"AbortIncompleteMultipartUpload cannot be specified with {by}."
    return None


@rule("s3", "PutBucketLifecycleConfiguration", code="InvalidRequest", source=LIFECYCLE)
def mixed_times(call: Call) -> str | None:
    """One rule has days here and a date there."""
    for one in _rules(call):
        times = [*(one.get("Transitions") or []), one.get("Expiration") or {}]
        dates = any(isinstance(time.get("Date"), datetime) for time in times)
        if dates and any(time.get("Days") is not None for time in times):
            return (
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter "
                f"'{_filter(one)}'"
            )
    return None


@rule("s3", "PutBucketPolicy", code="MalformedPolicy", source=POLICIES)
def bucket_policy(call: Call) -> str | None:
    """A bucket's policy is no JSON, has unknown or missing elements, or a resource outside of the bucket."""
    text = call.params["Policy"]
    document = load(text.decode() if isinstance(text, bytes) else text)
    if document is None:
        return "Policies must be valid JSON and the first byte must be '{'"
    found = statements(text)
    if not found:
        return "Could not parse the policy: Statement is empty!"
    for one in found:
        fault = _statement_fault(one, call.params["Bucket"])
        if fault:
            return fault
    return None


def _statement_fault(one: dict[str, Any], bucket: str) -> str | None:
    unknown = next((key for key in one if key not in STATEMENT_KEYS), None)
    if unknown:
        return f"Unknown field {unknown}"
    for key in ("Effect", "Principal", "Action", "Resource"):
        if not one.get(key) and not one.get(f"Not{key}"):
            return f"Missing required field {key}"
    if one["Effect"] not in ("Allow", "Deny"):
        return f"Invalid effect: {one['Effect']}"
    if any(":" not in action and action != "*" for action in texts(one.get("Action"))):
        return "Policy has invalid action"
    for resource in texts(one.get("Resource")):
        # A pattern may name this bucket in many ways; a plain name must be its own.
        named = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        if not resource.startswith("arn:aws:s3:::") or ("*" not in named and "?" not in named and named != bucket):
            return "Policy has invalid resource"
    return None


REPLICATION = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html"


def _bucket(call: Call, name: str) -> Any:
    return s3_backends[call.account][get_partition(call.region)].buckets.get(name)


@rule("s3", "PutBucketReplication", code="InvalidRequest", source=REPLICATION)
def replication_needs_versions(call: Call) -> str | None:
    """A bucket is to be replicated that keeps no versions, or to one that keeps none."""
    source = _bucket(call, call.params["Bucket"])
    if source and source.versioning_status != "Enabled":
        return "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    for one in (call.params.get("ReplicationConfiguration") or {}).get("Rules") or []:
        target = _bucket(call, one["Destination"]["Bucket"].rpartition(":")[2])
        if target and target.versioning_status != "Enabled":
            return "Destination bucket must have versioning enabled."
    return None


@rule("s3", "PutBucketVersioning", code="InvalidBucketState", status=409, source=REPLICATION)
def versions_of_a_source(call: Call) -> str | None:
    """A bucket that is replicated is to keep no more versions."""
    bucket = _bucket(call, call.params["Bucket"])
    suspends = (call.params.get("VersioningConfiguration") or {}).get("Status") == "Suspended"
    if bucket and getattr(bucket, "replication", None) and suspends:
        return (
            "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the "
            "versioning state, first delete the replication configuration."
        )
    return None
