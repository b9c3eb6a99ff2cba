# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tables: what a person may write of them, and what Terraform gets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import resource_arn
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import (
    Settings,
    defined,
    given,
    names,
    stop,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.policies import TABLE_POLICY, table_problem
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Fields,
    choice,
    items,
    switch,
    text,
    wrong,
)

# Any characters; a half of one, which JSON can hold, is none.
ATTRIBUTE = text("attribute name of 1 to 255 bytes", r"(?s:[^\ud800-\udfff]+)", longest=255)
KEY_ATTRIBUTE = Fields({"name": ATTRIBUTE, "type": choice("S", "N", "B")}, required=["name"])
INDEX_NAME = text("index name of 3 to 255 letters, digits and . _ -", r"[A-Za-z0-9_.-]{3,255}")
PROJECTION = choice("ALL", "KEYS_ONLY", "INCLUDE")


def _projection(index: Mapping[str, Any], where: str) -> Iterator[str]:
    include, attributes = index.get("projection_type") == "INCLUDE", index.get("non_key_attributes")
    if include != bool(attributes):
        fix = "name the attributes" if include else "set projection_type to INCLUDE or leave them out"
        yield wrong(f"{where}.non_key_attributes", attributes, "for projection_type INCLUDE, and needed there", fix)


def _two_attributes(keys: Mapping[str, Any], where: str) -> Iterator[str]:
    if keys.get("range_key") and keys["hash_key"]["name"] == keys["range_key"]["name"]:
        name = keys["range_key"]["name"]
        yield wrong(
            f"{where}.range_key.name", name, "the hash_key too", "name another attribute or leave range_key out"
        )


_INDEX = {"name": INDEX_NAME, "range_key": KEY_ATTRIBUTE, "projection_type": PROJECTION}
_INDEX |= {"non_key_attributes": items(ATTRIBUTE, longest=20)}
GLOBAL_INDEX = Fields({**_INDEX, "hash_key": KEY_ATTRIBUTE}, ["name", "hash_key"], [_projection, _two_attributes])
LOCAL_INDEX = Fields(_INDEX, ["name", "range_key"], [_projection])


# Of one table, over all its indexes.
PROJECTED_ATTRIBUTES = 100


def _projected(table: Mapping[str, Any], where: str) -> Iterator[str]:
    kinds = ("global_secondary_indexes", "local_secondary_indexes")
    count = sum(len(index.get("non_key_attributes") or []) for kind in kinds for index in table.get(kind) or [])
    if count > PROJECTED_ATTRIBUTES:
        yield (
            f"{where} has {count} non_key_attributes in all its indexes, and AWS takes {PROJECTED_ATTRIBUTES}; name fewer or set "
            "projection_type to ALL"
        )


def _local_keys(table: Mapping[str, Any], where: str) -> Iterator[str]:
    """A local index has the table's hash_key, which cannot be its range_key too."""
    for position, index in enumerate(table.get("local_secondary_indexes") or []):
        yield from _two_attributes(
            {**index, "hash_key": table["hash_key"]}, f"{where}.local_secondary_indexes[{position}]"
        )


def _indexes(table: Mapping[str, Any], where: str) -> Iterator[str]:
    local = table.get("local_secondary_indexes") or []
    if local and not table.get("range_key"):
        yield wrong(f"{where}.local_secondary_indexes", local, "for tables with a range_key", "give the table one")
    found: dict[str, str] = {}
    types: dict[str, str] = {}
    places = [(where, table)]
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        for position, index in enumerate(table.get(kind) or []):
            place = f"{where}.{kind}[{position}]"
            places.append((place, index))
            other = found.setdefault(index["name"], place)
            if other != place:
                yield wrong(f"{place}.name", index["name"], f"the name of {other} too", "rename one of them")
    for place, keys in places:
        for role in ("hash_key", "range_key"):
            key = keys.get(role) or {}
            kind = key.get("type") or "S"
            if key and types.setdefault(key["name"], kind) != kind:
                other = types[key["name"]]
                fix = f"give {key['name']} one type wherever it is a key"
                yield wrong(f"{place}.{role}.type", kind, f"not the {other} that {key['name']} is elsewhere", fix)


SCHEMA = Fields(
    {
        "deletion_protection": switch,
        "global_secondary_indexes": items(GLOBAL_INDEX, longest=20),
        "hash_key": KEY_ATTRIBUTE,
        "local_secondary_indexes": items(LOCAL_INDEX, longest=5),
        "range_key": KEY_ATTRIBUTE,
        "resource_policy_json": TABLE_POLICY,
        "stream_view_type": choice("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
        "table_class": choice("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
        "ttl_attribute": ATTRIBUTE,
        "ttl_enabled": switch,
    },
    required=["hash_key"],
    rules=[_two_attributes, _indexes, _local_keys, _projected],
)


def define(tables: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Tables by key: the fields of terraform/modules/dynamodb, less name, keys and replicas, which follow from settings."""
    context, dr = settings["context"], settings["dr"]
    entries = given(tables)
    regions = [dr["replica_region"]] if dr["global_tables"] else []
    problems = list(_streams(entries)) if regions else []
    name_of = names(entries, "dynamodb_table", settings, "dynamodb_tables", problems)
    for key, name in name_of.items():
        if policy := entries[key].get("resource_policy_json"):
            arn = resource_arn(name, "dynamodb_table", context)
            problems += table_problem(json.loads(policy), arn, f"dynamodb_tables.{key}.resource_policy_json")
    stop(problems)
    key_arn, replica_key_arn = settings["kms_key_arn"] or None, settings["replica_kms_key_arn"] or None
    tfvars, predicted = {}, {}
    for key, table in entries.items():
        name = name_of[key]
        tfvars[key] = {
            **table,
            # A production environment cannot be talked out of it, but for a run of its own.
            "deletion_protection": not settings["lift_protection"]
            and (dr["deletion_protection"] or table.get("deletion_protection", False)),
            "name": name,
            "kms_key_arn": key_arn,
            "replicas": [{"region": region, "kms_key_arn": replica_key_arn} for region in regions],
        }
        # Only these have metrics of their own.
        global_indexes = sorted(index["name"] for index in table.get("global_secondary_indexes") or [])
        indexes = sorted([*global_indexes, *(index["name"] for index in table.get("local_secondary_indexes") or [])])
        predicted[key] = {
            "name": name,
            "arn": resource_arn(name, "dynamodb_table", context),
            "index_names": indexes,
            "global_index_names": global_indexes,
            "index_arns": [resource_arn(name, "dynamodb_index", context, index) for index in indexes],
            "replica_regions": regions,
            "replica_arns": [resource_arn(name, "dynamodb_table", context, region=region) for region in regions],
        }
    return defined({"tables": tfvars, "region": context["region"], "tags": settings["tags"]}, {"tables": predicted})


def _streams(tables: Mapping[str, Any]) -> Iterator[str]:
    for key, table in tables.items():
        view = table.get("stream_view_type")
        if view not in (None, "NEW_AND_OLD_IMAGES"):
            what, fix = "not what a table with replicas has", "write NEW_AND_OLD_IMAGES or leave it out"
            yield wrong(f"dynamodb_tables.{key}.stream_view_type", view, what, fix)


# By the address of a table, the keys of its replicas by region; "" is a key that AWS manages.
Held = Mapping[str, Mapping[str, str]]


def _address(key: str) -> str:
    return f'module.tables["{key}"].aws_dynamodb_table.this'


def held_replicas(state: Mapping[str, Any]) -> Held:
    """By table the regions of its replicas, each with the customer's key or nothing. state: as environment_info has read it.

    Where the customer gave none, AWS tells Terraform the ARN of its own; the table's output says what was given.
    """
    ours = {_address(key) for key, table in (state["outputs"].get("details") or {}).items() if table.get("kms_key_arn")}
    return {
        address: {region: key_arn if address in ours else "" for region, key_arn in regions.items()}
        for address, regions in state["replicas"].items()
    }


def lost_replicas(tfvars: Mapping[str, Any], held: Held) -> dict[str, list[str]]:
    """The replicas that these variables take from tables, as regions by the address of the table.

    With another key a replica is another one for the provider: it deletes the old one, then makes the new one.
    """
    found = {}
    for key, table in tfvars["tables"].items():
        kept = {replica["region"]: replica["kms_key_arn"] or "" for replica in table["replicas"]}
        lost = [
            f"{region} (made anew for its other KMS key)" if region in kept else region
            for region, key_arn in held.get(_address(key), {}).items()
            if kept.get(region) != key_arn
        ]
        if lost:
            found[_address(key)] = lost
    return found


def other_ttl(tfvars: Mapping[str, Any], held: Mapping[str, str]) -> Iterator[str]:
    """What AWS does not take in one deployment: items that expire by another attribute than before.

    held: the attribute by the address of the table, of those whose items expire. AWS takes one change within an hour.
    """
    for key, table in tfvars["tables"].items():
        before, now = held.get(_address(key)), table.get("ttl_attribute")
        if before and now and now != before:
            where = f"dynamodb_tables.{key}"
            yield (
                f"{where}.ttl_attribute is {now!r}, and items expire by {before!r} now, which has to end first: deploy with "
                f"ttl_attribute: {before} and ttl_enabled: false, wait an hour, then deploy this"
            )


def first_step(tfvars: dict[str, Any], held: Held) -> dict[str, Any]:
    """The variables to apply first, where AWS does not take the way to `tfvars` in one step; else `tfvars`.

    A table's last replica and its stream do not go in one update, which AWS refuses for ever (provider issue 34450). And where a
    replica moves to another region, the provider deletes the old one first, so that for a while there is no copy at all.
    """
    tables = {}
    for key, table in tfvars["tables"].items():
        before = held.get(_address(key), {})
        now = [replica["region"] for replica in table["replicas"]]
        lost = [region for region in before if region not in now]
        if lost and not now and not table.get("stream_view_type"):
            tables[key] = {**table, "stream_view_type": "NEW_AND_OLD_IMAGES"}
        elif lost and set(now) - set(before):
            kept = [{"region": region, "kms_key_arn": before[region] or None} for region in lost]
            tables[key] = {**table, "replicas": [*table["replicas"], *kept]}
    return {**tfvars, "tables": {**tfvars["tables"], **tables}} if tables else tfvars
