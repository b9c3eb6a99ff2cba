#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: api_gateway_account
short_description: The role with which API Gateway writes logs, one for an account and region
version_added: 0.1.0
description:
  - AWS refuses a stage with access logs where the account has no such role in that region.
  - All APIs of the account and region share it, of other services too. So a role that is set is never replaced.
author:
  - BBWS platform team (@bbws)
options:
  cloudwatch_role_arn:
    description: The ARN of the role to set where none is set. Without it, the module only reads.
    type: str
  timeout:
    description: How long to wait for IAM to make a new role known to API Gateway, in seconds.
    type: int
    default: 60
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Read which role API Gateway writes logs with
  bbws.site_builder.api_gateway_account:
    region: eu-west-1

- name: Let API Gateway write logs
  bbws.site_builder.api_gateway_account:
    region: eu-west-1
    cloudwatch_role_arn: arn:aws:iam::123456789012:role/api-gateway-logs
"""

RETURN = """
cloudwatch_role_arn:
  description: The ARN of the role that is set now, empty where none is.
  returned: success
  type: str
"""

import time
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def set_role(client: Any, arn: str, timeout: float) -> None:
    """Set the role. A new one is unknown to API Gateway for some seconds, which AWS calls a bad request."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}])
            return
        except ClientError as error:
            if error.response["Error"]["Code"] != "BadRequestException" or time.monotonic() >= deadline:
                raise
        time.sleep(min(5, timeout))


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={"cloudwatch_role_arn": {"type": "str"}, "timeout": {"type": "int", "default": 60}},
        supports_check_mode=True,
    )
    client, wanted = module.client("apigateway"), module.params["cloudwatch_role_arn"]
    try:
        found = client.get_account().get("cloudwatchRoleArn") or ""
        if found or not wanted:
            module.exit_json(changed=False, cloudwatch_role_arn=found)
        if not module.check_mode:
            set_role(client, wanted, module.params["timeout"])
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"the API Gateway settings of this account and region cannot be read or set: {error}")
    module.exit_json(changed=True, cloudwatch_role_arn=wanted)


if __name__ == "__main__":
    main()
