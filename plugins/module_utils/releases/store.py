# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where release records are kept: <prefix>/releases/<id>.json in the state bucket. Every call names the bucket's owner."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import LOCK, to_json

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import ClientError

# How far back a person can look, and go.
SHOWN = 30


def newest_key(keys: Iterable[str], prefix: str) -> str:
    """The key of the newest record among the keys of a bucket; empty when there is none."""
    return max((key for key in keys if _id_of(key, prefix)), default="")


def _id_of(key: str, prefix: str) -> str:
    name = key.removeprefix(f"{prefix}/releases/")
    id_ = name.removesuffix(".json")
    return id_ if f"{prefix}/releases/{id_}.json" == key and records.RELEASE_ID.fullmatch(id_) else ""


class Store:
    """The records of an environment. client: one that went through aws.expect_owner."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket, self.prefix = client, bucket, prefix

    def ids(self) -> list[str]:
        """The newest first."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.prefix}/releases/"
        )
        found = (_id_of(item["Key"], self.prefix) for page in pages for item in page.get("Contents", []))
        return sorted(filter(None, found), reverse=True)

    def read(self, id_: str) -> records.Record:
        key = f"{self.prefix}/releases/{id_}.json"
        text = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return records.check(json.loads(text), f"s3://{self.bucket}/{key}")

    def newest(self, count: int = SHOWN) -> list[records.Record]:
        return [self.read(id_) for id_ in self.ids()[:count]]

    def write(self, record: records.Record) -> None:
        key = f"{self.prefix}/releases/{record['id']}.json"
        body = to_json(record).encode()
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")

    def locks(self, stacks: Iterable[str]) -> dict[str, dict[str, Any]]:
        """By stack the lock of its state, as Terraform has written it, of those that are locked."""
        found = {}
        for stack in stacks:
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{stack}/{LOCK}")
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    continue
                raise
            found[stack] = json.loads(answer["Body"].read())
        return found


def applies(locks: Mapping[str, Mapping[str, Any]]) -> str:
    """Why nothing may be moved now, when an apply is at work; a plan only looks."""
    held = {stack: lock for stack, lock in locks.items() if lock.get("Operation") != "OperationTypePlan"}
    if not held:
        return ""
    lock = next(iter(held.values()))
    return (
        f"{' and '.join(held)} is being deployed by {lock.get('Who', '?')} since {lock.get('Created', '?')}; wait for that run, "
        f"or if it is dead, break its lock with playbooks/unlock.yml -e site_builder_lock_id={lock.get('ID', '?')}"
    )
