#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: state_lock
short_description: Show who holds the locks of an environment's Terraform states, and break one
version_added: 0.1.0
description:
  - The lock of the S3 backend is an object beside the state, see C(use_lockfile). A run that was killed leaves it behind.
  - A broken lock leaves a recovery marker beside the state. The next plan of that stack then looks for what the killed run had
    created and could not write down any more, and with O(state=settled) the marker goes again. No two are the same, so that a
    saved plan can tell whether it has looked for what this one stands for.
author:
  - BBWS platform team (@bbws)
options:
  state:
    description:
      - V(shown) only reads.
      - V(absent) removes the lock whose id is O(lock_id), and no other.
      - V(marked) sets the recovery marker of each of O(stacks), for a run that was not killed and has lost track all the same.
      - V(settled) clears the recovery markers of O(stacks).
    type: str
    choices: [shown, absent, marked, settled]
    default: shown
  lock_id:
    description: The id that Terraform has named. Required with O(state=absent).
    type: str
  stacks:
    description: The stacks whose locks to look at.
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
- name: Show the locks of dev
  bbws.site_builder.state_lock:
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    stacks: [dynamodb, s3]
"""

RETURN = """
locks:
  description:
    - The locks that are held (after O(state=absent) the one that was broken), as dicts with RV(ignore:stack), RV(ignore:id),
      RV(ignore:who), RV(ignore:operation), RV(ignore:created) and RV(ignore:version).
  returned: success
  type: list
  elements: dict
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, code_of, expect_owner
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import INTERRUPTED, LOCK


def parse_lock(text: bytes | str, stack: str) -> dict[str, Any]:
    """Return what Terraform wrote into a lock. Raises ValueError for anything else."""
    lock = json.loads(text)
    if not isinstance(lock, dict) or "ID" not in lock:
        raise ValueError("this is no lock of Terraform")
    fields = {"id": "ID", "who": "Who", "operation": "Operation", "created": "Created", "version": "Version"}
    return {"stack": stack, **{ours: lock.get(theirs, "") for ours, theirs in fields.items()}}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "state": {"type": "str", "choices": ["shown", "absent", "marked", "settled"], "default": "shown"},
            "lock_id": {"type": "str"},
            **STATE_BUCKET,
            "stacks": {"type": "list", "elements": "str", "required": True},
        },
        required_if=[("state", "absent", ["lock_id"])],
        supports_check_mode=True,
    )
    params = module.params
    client = expect_owner(module.client("s3"), params["account_id"])
    bucket = params["state_bucket"]

    def key(stack: str, name: str) -> str:
        return f"{params['state_prefix']}/{stack}/{name}"

    def set_recovery_marker(stack: str, what: dict[str, Any]) -> None:
        client.put_object(Bucket=bucket, Key=key(stack, INTERRUPTED), Body=json.dumps(what, indent=2).encode())

    def clear_recovery_marker(stack: str) -> None:
        client.delete_object(Bucket=bucket, Key=key(stack, INTERRUPTED))

    try:
        if params["state"] in ("marked", "settled"):
            for stack in params["stacks"] if not module.check_mode else []:
                if params["state"] == "marked":
                    set_recovery_marker(stack, {"stack": stack, "created": datetime.now(UTC).isoformat()})
                else:
                    clear_recovery_marker(stack)
            module.exit_json(changed=False, locks=[])
        locks: dict[str, dict[str, Any]] = {}
        for stack in params["stacks"]:
            try:
                found = client.get_object(Bucket=bucket, Key=key(stack, LOCK))
            except ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    continue
                raise
            locks[stack] = parse_lock(found["Body"].read(), stack)
        held = list(locks.values())
        if params["state"] == "shown":
            module.exit_json(changed=False, locks=held)
        broken = [lock for lock in held if lock["id"] == params["lock_id"]]
        if not broken:
            known = "; ".join(f"{lock['stack']} is locked by {lock['who']}, id {lock['id']}" for lock in held)
            module.fail_json(
                msg=f"site_builder_lock_id is {params['lock_id']}, and no state has that lock ({known or 'no state is locked'}): "
                "name one that exists"
            )
        stack = broken[0]["stack"]
        if not module.check_mode:
            # The marker first: a lock that is gone without it would hide what the killed run has left.
            set_recovery_marker(stack, broken[0])
            client.delete_object(Bucket=bucket, Key=key(stack, LOCK))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"the locks in s3://{bucket}/{params['state_prefix']} cannot be reached: {error}")
    except ValueError as error:
        module.fail_json(msg=f"a lock in s3://{bucket}/{params['state_prefix']} cannot be read: {error}")
    module.exit_json(changed=True, locks=broken)


if __name__ == "__main__":
    main()
