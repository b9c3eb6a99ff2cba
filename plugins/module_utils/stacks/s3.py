# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Buckets: what a person may write of them, and what Terraform gets."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_arn, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    ANY_TEXT,
    KEY,
    MANY,
    SOME_TEXT,
    Definitions,
    Settings,
    arn,
    boundary,
    defined,
    each,
    given,
    missing,
    names,
    stop,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.policies import (
    BUCKET_POLICY_BYTES,
    BUCKET_STATEMENT,
    bucket_problem,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    choice,
    entries,
    items,
    number,
    switch,
    text,
    wrong,
)

DAYS = number(1, 36_500)
OBJECT_PREFIX = text("prefix of at most 1024 characters", r"(?s:.{0,1024})")
ORIGIN = text(
    "origin",
    r"\*|[a-z][a-z0-9+.-]*://[^/*\s'\"$]*\*?[^/*\s'\"$]+",
    "write scheme and host, such as https://app.example.com",
)
# The waterfall: a transition leads to a class further down only. And the days that an object stays in a class before the next.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
COLD = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
STAY = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90}


def _infrequent(transition: Mapping[str, Any], where: str) -> Iterator[str]:
    if transition["storage_class"].endswith("_IA") and transition["days"] < 30:
        yield wrong(
            f"{where}.days", transition["days"], f"too early for {transition['storage_class']}", "write 30 or more"
        )


def _lifecycle(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    ends = ("transitions", "expiration_days", "expired_object_delete_marker")
    ends += ("noncurrent_version_transitions", "noncurrent_version_expiration_days")
    if not any(rule.get(name) for name in ends):
        yield wrong(where, rule, "a rule that does nothing", f"give it one of {', '.join(ends)}")
    filters = ("expiration_days", "tags", "object_size_greater_than", "object_size_less_than")
    if rule.get("expired_object_delete_marker") and (besides := [name for name in filters if rule.get(name)]):
        yield wrong(
            f"{where}.expired_object_delete_marker", True, f"not for use with {besides[0]}", "leave one of them out"
        )
    if rule.get("newer_noncurrent_versions") and not rule.get("noncurrent_version_expiration_days"):
        kept = rule["newer_noncurrent_versions"]
        yield wrong(f"{where}.newer_noncurrent_versions", kept, "without an expiration", f"add {ends[-1]}")
    for moves, last in (ends[0:2], ends[3:5]):
        late = [move["days"] for move in rule.get(moves) or [] if move["days"] >= (rule.get(last) or MANY)]
        if late:
            yield wrong(f"{where}.{last}", rule[last], f"not after the transition at {late[0]} days", "write more days")
        yield from _waterfall(rule.get(moves) or [], f"{where}.{moves}")


def _waterfall(moves: list[Mapping[str, Any]], where: str) -> Iterator[str]:
    places = sorted(enumerate(moves), key=lambda move: COLD.index(move[1]["storage_class"]))
    for (_, warm), (position, cold) in itertools.combinations(places, 2):
        before, after = warm["storage_class"], cold["storage_class"]
        if before == after:
            yield wrong(f"{where}[{position}].storage_class", after, "there twice", "remove one of them")
            continue
        first = warm["days"] + max(STAY.get(before, 0), 1)
        if cold["days"] < first:
            what = f"too early for {after} after {before} at {warm['days']}"
            yield wrong(f"{where}[{position}].days", cold["days"], what, f"write {first} or more")


def _write_origin(rule: Mapping[str, Any], where: str) -> Iterator[str]:
    writes = sorted(set(rule["allowed_methods"]) - {"GET", "HEAD"})
    if "*" in rule["allowed_origins"] and writes:
        yield wrong(f"{where}.allowed_origins", "*", f"too wide for {writes[0]}", "name the origins that write")


TRANSITION = Fields(
    {"days": number(0, 36_500), "storage_class": choice(*COLD)}, ["days", "storage_class"], [_infrequent]
)
LIFECYCLE_RULE = Fields(
    {
        "enabled": switch,
        "expiration_days": DAYS,
        "expired_object_delete_marker": switch,
        "id": text(
            "rule id of 1 to 255 characters, abort-incomplete-multipart-uploads being taken",
            r"(?!abort-incomplete-multipart-uploads\Z).{1,255}",
        ),
        "newer_noncurrent_versions": number(1, 100),
        "noncurrent_version_expiration_days": DAYS,
        "noncurrent_version_transitions": items(TRANSITION),
        "object_size_greater_than": number(0, 2**53),
        "object_size_less_than": number(1, 2**53),
        "prefix": OBJECT_PREFIX,
        "tags": entries(ANY_TEXT),
        "transitions": items(TRANSITION),
    },
    required=["id"],
    rules=[_lifecycle],
)
CORS_RULE = Fields(
    {
        "allowed_headers": items(SOME_TEXT),
        "allowed_methods": items(choice("GET", "HEAD", "PUT", "POST", "DELETE"), some=True),
        "allowed_origins": items(ORIGIN, some=True),
        "expose_headers": items(SOME_TEXT),
        "max_age_seconds": number(0, 86_400),
    },
    required=["allowed_methods", "allowed_origins"],
    rules=[_write_origin],
)


def _one_target(logging: Mapping[str, Any], where: str) -> Iterator[str]:
    if (logging.get("bucket") is None) == (logging.get("bucket_name") is None):
        yield wrong(where, logging, "not one target", "give either bucket, a key of s3_buckets, or bucket_name")


def _lifecycle_ids(bucket: Mapping[str, Any], where: str) -> Iterator[str]:
    ids = [rule["id"] for rule in bucket.get("lifecycle_rules") or []]
    for position, name in enumerate(ids):
        if name in ids[:position]:
            yield wrong(f"{where}.lifecycle_rules[{position}].id", name, "there twice", "rename one of them")


def _policy_size(bucket: Mapping[str, Any], where: str) -> Iterator[str]:
    """Of the statements that people write; those that are ours come on top."""
    statements = [json.loads(statement) for statement in bucket.get("policy_statements") or []]
    size = len(json.dumps(statements, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
    if size > BUCKET_POLICY_BYTES:
        yield f"{where}.policy_statements have {size} bytes as JSON, and S3 takes {BUCKET_POLICY_BYTES}; shorten them"


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
TAKEN_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_TAKEN = rf"(?!{'|'.join(TAKEN_PREFIXES)})(?!.*(-s3alias|--ol-s3|--x-s3|--table-s3)\Z)"
BUCKET_NAME = text("bucket name of 3 to 63 of a-z, 0-9 and -", rf"(?=.{{3,63}}\Z){_TAKEN}[a-z0-9]([a-z0-9-]*[a-z0-9])?")
SCHEMA = Fields(
    {
        "abort_multipart_days": DAYS,
        "access_logging": Fields(
            {"bucket": KEY, "bucket_name": BUCKET_NAME, "prefix": OBJECT_PREFIX}, rules=[_one_target]
        ),
        "bucket_key": switch,
        "cors_rules": items(CORS_RULE, longest=100),
        "customer_key": switch,
        "eventbridge": switch,
        "force_destroy": switch,
        "lifecycle_rules": items(LIFECYCLE_RULE, longest=999),
        "oac": Fields(
            {
                "distribution_arns": items(arn("cloudfront", "distribution/[A-Z0-9]+", "a CloudFront distribution")),
                "list_bucket": switch,
            }
        ),
        "policy_statements": items(BUCKET_STATEMENT),
        "replicate": switch,
        "versioning": choice("Enabled", "Suspended"),
    },
    rules=[_lifecycle_ids, _policy_size],
)


def define(buckets: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Buckets by key: the fields of terraform/modules/s3, less name, key and replication, which follow from settings.

    Two switches are ours: `replicate` (default true: to the DR region, where DR is on) and `customer_key` (default true:
    with the KMS key, where there is one; S3 delivers access logs only to buckets without).
    """
    context, dr = settings["context"], settings["dr"]
    entries = given(buckets)
    problems = list(_suspended(entries)) if dr["replication"] else []
    name_of = names(entries, "s3_bucket", settings, "s3_buckets", problems)
    for key, name in name_of.items():
        for position, statement in enumerate(entries[key].get("policy_statements") or []):
            where = f"s3_buckets.{key}.policy_statements[{position}]"
            problems += bucket_problem(json.loads(statement), name, where)
    stop(problems)
    tfvars, predicted = {}, {}
    for key, entry in entries.items():
        bucket, name = dict(entry), name_of[key]
        key_arn = (settings["kms_key_arn"] or None) if bucket.pop("customer_key", True) else None
        replicate = bucket.pop("replicate", True) and dr["replication"]
        replica = resource_name(key, "s3_replica_bucket", context) if replicate else None
        if bucket.get("oac") is not None:
            bucket["oac"] = {**bucket["oac"], "name": resource_name(key, "cloudfront_oac", context)}
        if replicate:
            bucket["replication"] = {
                "bucket_name": replica,
                "role_name": resource_name(f"{key}-replication", "iam_role", context),
                "kms_key_arn": settings["replica_kms_key_arn"] or None if key_arn else None,
                "metrics": True,
                **boundary(settings),
            }
        tfvars[key] = {**bucket, "name": name, "kms_key_arn": key_arn}
        predicted[key] = {
            "name": name,
            "arn": resource_arn(name, "s3_bucket", context),
            "replica_name": replica,
            "replica_arn": resource_arn(replica, "s3_bucket", context) if replica else None,
        }
    return defined(
        {"buckets": tfvars, "tags": settings["tags"]},
        {"buckets": predicted},
        hooks=["before_destroy"],
        replica_provider=True,
    )


def _suspended(buckets: Mapping[str, Any]) -> Iterator[str]:
    for key, bucket in buckets.items():
        if bucket.get("replicate", True) and bucket.get("versioning") == "Suspended":
            what, fix = "not what replication needs", "write Enabled or set replicate to false"
            yield wrong(f"s3_buckets.{key}.versioning", "Suspended", what, fix)


def stranded(state: Mapping[str, Any], region: str) -> dict[str, dict[str, Any]]:
    """The replicas that a provider in `region` does not reach: by address, `region` and the `addresses` of all that is its.

    state: what environment_info has read. S3 answers 301 to who looks for a bucket in another region, and a plan ends there.
    """
    made = state["by_replica"]
    found = {}
    for address in made:
        # Empty: it was never read, so it is where this provider has just made it.
        where = state["buckets"].get(address, {}).get("region") or region
        if where != region:
            module = address.rpartition(".aws_s3_bucket")[0]
            found[address] = {
                "region": where,
                "addresses": [other for other in made if other.rpartition(".aws_s3_bucket")[0] == module],
            }
    return found


def references(definitions: Definitions) -> Iterator[str]:
    """Buckets log to buckets."""
    buckets = definitions["s3_buckets"]
    for key, bucket in each(buckets):
        target, where = (bucket.get("access_logging") or {}).get("bucket"), f"s3_buckets.{key}.access_logging.bucket"
        yield from missing(where, [target], buckets, "s3_buckets")
        if target == key:
            yield wrong(where, target, "the bucket itself and would fill up", "name another")
