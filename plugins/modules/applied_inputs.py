#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: applied_inputs
short_description: Remember beside each state from which inputs it was made
version_added: 0.1.0
description:
  - Writes the object C(<state_prefix>/<stack>/applied.json). A later run reads it with
    O(bbws.site_builder.environment_info#module:applied), and need not plan a stack whose inputs are the same.
  - The object names the version of the state, so that it counts for no other one, whoever has written that. In a bucket without
    versions nothing is remembered.
author:
  - BBWS platform team (@bbws)
options:
  inputs:
    description: By stack the SHA-256 of the sources and variables that were applied.
    type: dict
    required: true
  versions:
    description: By stack the version of the state that its inputs are known to fit; for others it is the one that is there now.
    type: dict
    default: {}
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Remember the inputs of what was applied
  bbws.site_builder.applied_inputs:
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    inputs:
      dynamodb: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
"""

RETURN = """
remembered:
  description: The stacks whose inputs were written down.
  returned: success
  type: list
  elements: str
"""

import json
from contextlib import suppress
from datetime import UTC, datetime

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import APPLIED, STATE


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "inputs": {"type": "dict", "required": True},
            "versions": {"type": "dict", "default": {}},
            **STATE_BUCKET,
        },
        supports_check_mode=True,
    )
    params = module.params
    bucket, prefix = params["state_bucket"], params["state_prefix"]
    client = expect_owner(module.client("s3"), params["account_id"])
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    remembered = []
    for stack, sha256 in params["inputs"].items():
        key = f"{prefix}/{stack}/{APPLIED}"
        try:
            version = params["versions"].get(stack) or client.head_object(
                Bucket=bucket, Key=f"{prefix}/{stack}/{STATE}"
            ).get("VersionId")
            if version and not module.check_mode:
                body = json.dumps({"sha256": sha256, "since": since, "version": version}, indent=2)
                client.put_object(Bucket=bucket, Key=key, Body=body.encode())
                remembered.append(stack)
        except (BotoCoreError, ClientError) as error:
            module.fail_json(msg=sentence(error, f"writing s3://{bucket}/{key}"))
    # It says what AWS holds, and is no part of it.
    module.exit_json(changed=False, remembered=remembered)


if __name__ == "__main__":
    main()
