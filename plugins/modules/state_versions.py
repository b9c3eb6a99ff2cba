#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: state_versions
short_description: Show the versions of Terraform states, and put an older one back
version_added: 0.1.0
description:
  - The state bucket keeps every version of a state. With O(version) one of them becomes the newest again, as a new version with a
    higher serial; what was the newest stays in the bucket, and its id is returned.
  - This happens under the state's own lock, as an apply of Terraform would. A version of another lineage is refused, since it
    is the state of something else.
  - What was created since that version is in AWS and no longer in the state. A recovery marker beside the state lets the next
    plan look for it, see M(bbws.site_builder.state_lock).
  - In check mode nothing is written.
author:
  - BBWS platform team (@bbws)
options:
  version:
    description: The id of the version to put back; empty only shows the versions. Needs a single stack in O(stacks).
    type: str
    default: ""
  shown:
    description: How many of the newest versions of each state to read.
    type: int
    default: 10
  stacks:
    description: The stacks whose states to look at.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Show the versions of the state of dynamodb
  bbws.site_builder.state_versions:
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    stacks: [dynamodb]
"""

RETURN = """
versions:
  description:
    - By stack its versions, newest first, as dicts with RV(ignore:id), RV(ignore:written), RV(ignore:newest), RV(ignore:serial),
      RV(ignore:lineage), RV(ignore:terraform), RV(ignore:resources) (a number) and RV(ignore:problem), which says why it
      cannot be read, and is empty otherwise.
  returned: success
  type: dict
lines:
  description: The same for people.
  returned: success
  type: list
  elements: str
restored:
  description:
    - What was put back, or would be in check mode, with RV(ignore:stack), RV(ignore:id), RV(ignore:serial) (the new one),
      RV(ignore:was) (the id of the version that was the newest, empty when the state had been deleted),
      RV(ignore:back) (addresses that are in the state again) and RV(ignore:gone) (addresses that are in it no longer).
  returned: when O(version) is not empty
  type: dict
"""

import getpass
import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, code_of, expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.state import addresses, read_state
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import INTERRUPTED, LOCK, STATE


class Versions:
    """The versions of one state."""

    def __init__(self, client: Any, bucket: str, prefix: str, stack: str) -> None:
        self.client, self.bucket, self.stack = client, bucket, stack
        self.key, self.lock_key, self.marker_key = (f"{prefix}/{stack}/{name}" for name in (STATE, LOCK, INTERRUPTED))

    def listed(self, most: int | None = None) -> list[dict[str, Any]]:
        """The newest first, deletions left out."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self.key)
        found = (entry for page in pages for entry in page.get("Versions", []) if entry["Key"] == self.key)
        return list(islice(found, most))

    def text(self, version: str) -> str:
        found = self.client.get_object(Bucket=self.bucket, Key=self.key, VersionId=version)
        return found["Body"].read().decode()

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        told = {"id": entry["VersionId"], "written": entry["LastModified"].isoformat(), "newest": entry["IsLatest"]}
        try:
            state = read_state(self.text(entry["VersionId"]))
        except ValueError as error:
            return {**told, "serial": None, "lineage": "", "terraform": "", "resources": 0, "problem": str(error)}
        return {
            **told,
            "serial": state["serial"],
            "lineage": state["lineage"],
            "terraform": state.get("terraform_version", ""),
            "resources": len(addresses(state)),
            "problem": "",
        }

    def restored(self, version: str, write: bool) -> dict[str, Any]:
        """Put a version back, under the lock."""
        lock = self._lock() if write else ""
        try:
            state, newest, told = self._judged(version)
            if write:
                # The marker first: a state that is older without it would hide what was made since.
                marker = {"stack": self.stack, "created": datetime.now(UTC).isoformat(), "restored": version}
                self.client.put_object(
                    Bucket=self.bucket, Key=self.marker_key, Body=json.dumps(marker, indent=2).encode()
                )
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=self.key,
                    Body=json.dumps({**state, "serial": told["serial"]}, indent=2).encode(),
                    ContentType="application/json",
                    ServerSideEncryption="AES256",
                )
        finally:
            if lock:
                self._unlock(lock)
        return {**told, "was": newest}

    def _judged(self, version: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
        """The state, the id of the newest version, and what is told of it; or why not."""
        there = self.listed()
        chosen = next((entry for entry in there if entry["VersionId"] == version), None)
        name = f"site_builder_state_version is {version!r}"
        if chosen is None:
            raise SiteBuilderError(
                f"{name}, and the state of {self.stack} has no such version; copy the id of one that is listed "
                "without it"
            )
        if chosen["IsLatest"]:
            raise SiteBuilderError(
                f"{name}, which is the newest version of the state of {self.stack} already; choose an older one"
            )
        newest = next((entry for entry in there if entry["IsLatest"]), None)
        try:
            state = read_state(self.text(version))
        except ValueError as error:
            raise SiteBuilderError(f"{name}, which is no state of Terraform ({error}); choose another one") from error
        if newest and newest["VersionId"] == "null":
            raise SiteBuilderError(
                f"the newest state of {self.stack} was written while the bucket {self.bucket} kept no versions, so "
                "that it would be "
                "lost; enable its versioning, and deploy once before"
            )
        present: dict[str, Any] = {}
        if newest:
            # One that cannot be read is what this is for.
            with suppress(ValueError):
                present = read_state(self.text(newest["VersionId"]))
        if present and present["lineage"] != state["lineage"]:
            raise SiteBuilderError(
                f"{name}, whose lineage is {state['lineage']}, and the state of {self.stack} has "
                f"{present['lineage']}: that is the state of "
                "what was there before it was made anew; choose a version of the same lineage"
            )
        # Above all that there were: Terraform takes a lower serial for stale.
        serial = max(present.get("serial", 0), state["serial"]) + 1
        old, new = addresses(present), addresses(state)
        told = {
            "stack": self.stack,
            "id": version,
            "serial": serial,
            "back": sorted(new - old),
            "gone": sorted(old - new),
        }
        return state, newest["VersionId"] if newest else "", told

    def _lock(self) -> str:
        """Take the lock as Terraform does; gives its id."""
        lock = {
            "ID": str(uuid.uuid4()),
            "Operation": "restore_state.yml",
            "Info": "",
            "Who": f"{getpass.getuser()}@{socket.gethostname()}",
            "Version": "",
            "Created": datetime.now(UTC).isoformat(),
            "Path": f"{self.bucket}/{self.key}",
        }
        try:
            self.client.put_object(
                Bucket=self.bucket, Key=self.lock_key, Body=json.dumps(lock).encode(), IfNoneMatch="*"
            )
        except ClientError as error:
            if code_of(error) not in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                raise
            raise SiteBuilderError(
                f"the state of {self.stack} is locked; unlock.yml says by whom: wait for that run, or break the lock "
                "of a dead one"
            ) from error
        return lock["ID"]

    def _unlock(self, lock: str) -> None:
        """Give the lock back, unless somebody has broken it and taken it since."""
        held = json.loads(self.client.get_object(Bucket=self.bucket, Key=self.lock_key)["Body"].read())
        if held.get("ID") == lock:
            self.client.delete_object(Bucket=self.bucket, Key=self.lock_key)


def lines(result: dict[str, Any], check: bool) -> Iterator[str]:
    """What a person reads."""
    for stack, versions in result["versions"].items():
        if not versions:
            yield f"{stack}: no state"
        for one in versions:
            newest = ", the newest" if one["newest"] else ""
            holds = (
                one["problem"] or f"serial {one['serial']}, {one['resources']} resources, Terraform {one['terraform']}"
            )
            yield f"{stack}: {one['id']} of {one['written']}, {holds}{newest}"
    if "restored" not in result:
        yield "next:   put one back with --limit <stack> -e site_builder_state_version=<id>"
        return
    told = result["restored"]
    for verb, places in (("is in the state again", told["back"]), ("is in the state no longer", told["gone"])):
        yield from (f"{told['stack']}: {place} {verb}" for place in places)
    verb = "would be put back" if check else "was put back"
    was = told["was"] or "none, the state had been deleted"
    yield f"{told['stack']}: {told['id']} {verb} as serial {told['serial']}; the newest before was {was}"
    yield "next:   plan.yml, which looks for what was made since, and shows what differs from AWS"


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "version": {"type": "str", "default": ""},
            "shown": {"type": "int", "default": 10},
            **STATE_BUCKET,
            "stacks": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    client = expect_owner(module.client("s3"), params["account_id"])
    place = f"s3://{params['state_bucket']}/{params['state_prefix']}"
    if params["version"] and len(params["stacks"]) != 1:
        module.fail_json(
            msg=f"site_builder_state_version is {params['version']!r}, the version of one state, and this run is about "
            f"{', '.join(params['stacks'])}; name its stack with --limit"
        )
    states = {
        stack: Versions(client, params["state_bucket"], params["state_prefix"], stack) for stack in params["stacks"]
    }
    result: dict[str, Any] = {}
    try:
        if params["version"]:
            (state,) = states.values()
            result["restored"] = state.restored(params["version"], write=not module.check_mode)
        result["versions"] = {
            stack: [state.shown(entry) for entry in state.listed(params["shown"])] for stack, state in states.items()
        }
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, f"reading the versions of the states in {place}"))
    told = list(lines(result, module.check_mode))
    module.exit_json(changed=bool(params["version"]), lines=told, **result)


if __name__ == "__main__":
    main()
