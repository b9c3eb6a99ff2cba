#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: unmanaged_info
short_description: Find what AWS holds of an environment and no state does
version_added: 0.1.0
description:
  - A plan compares what a state holds with AWS, and so misses what was added beside it, such as one more statement in the
    policy of a function, a route of an API, or a second subscription to the alerts. This module lists what belongs to the
    environment, by the resources to which it was added or by its name, and gives what no state holds.
  - Policies of roles are not looked at; C(aws_iam_role_policies_exclusive) and C(aws_iam_role_policy_attachments_exclusive) show
    them in the plan.
  - What has the name of ours and a tag C(Service) or C(Environment) of somebody else is left out.
  - Changes nothing.
author:
  - BBWS platform team (@bbws)
options:
  context:
    description: The facts from which names are computed, as P(bbws.site_builder.resource_name#filter) takes them.
    type: dict
    required: true
  state_bucket:
    description: The bucket that holds the states.
    type: str
    required: true
  state_prefix:
    description: The states are the objects C(<state_prefix>/<stack>/terraform.tfstate).
    type: str
    required: true
  stacks:
    description: All stacks of the environment. What one of them holds may belong to a resource of another.
    type: list
    elements: str
    required: true
  look_at:
    description: The stacks of which to give what was added.
    type: list
    elements: str
    required: true
  dynamodb_endpoint_url:
    description: The endpoint of DynamoDB, where it is another one than O(endpoint_url).
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
notes:
  - The policy C(read) of the role bbws.site_builder.site_builder holds what it needs.
  - Some ten questions for each function, bucket and API, ten at a time; AWS answers fifteen a second about functions.
"""

EXAMPLES = """
- name: Find what was added by hand
  bbws.site_builder.unmanaged_info:
    context:
      service: site-builder
      environment: dev
      region: eu-west-1
      account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    stacks: [dynamodb, s3]
    look_at: [s3]
    region: eu-west-1
"""

RETURN = """
found:
  description: What no state holds, as dicts with RV(ignore:stack), RV(ignore:kind) and RV(ignore:name).
  returned: success
  type: list
  elements: dict
  sample:
    - stack: lambda
      kind: function policy statement
      name: by-hand of site-builder-agents-dev:live
problems:
  description: By stack, why it is not known in full what was added, a sentence for each question that AWS has not answered.
  returned: success
  type: dict
"""

from contextlib import suppress
from dataclasses import asdict
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import STATE
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged import looks  # noqa: F401 - registers what it looks for
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.asking import Aws, unmanaged
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.held import Held, Thing, things


def read_states(module: AnsibleAWSModule, s3: Any) -> list[Thing]:
    """What all states hold; a stack that has none holds nothing."""
    held: list[Thing] = []
    for stack in module.params["stacks"]:
        bucket, key = module.params["state_bucket"], f"{module.params['state_prefix']}/{stack}/{STATE}"
        try:
            held += things(stack, s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except (BotoCoreError, ClientError) as error:
            if code_of(error) != "NoSuchKey":
                module.fail_json(msg=sentence(error, f"reading s3://{bucket}/{key}"))
        except ValueError as error:
            module.fail_json(msg=f"s3://{bucket}/{key} cannot be read as a Terraform state: {error}")
    return held


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "context": {"type": "dict", "required": True},
            "state_bucket": {"type": "str", "required": True},
            "state_prefix": {"type": "str", "required": True},
            "stacks": {"type": "list", "elements": "str", "required": True},
            "look_at": {"type": "list", "elements": "str", "required": True},
            "dynamodb_endpoint_url": {"type": "str"},
        },
        supports_check_mode=True,
    )
    params = module.params
    config = {"retries": {"mode": "adaptive", "max_attempts": 10}}
    account = params["context"]["account_id"]

    def one_address(request: Any, **_event: Any) -> None:
        request.url = request.url.replace(f"://{account}.", "://", 1)

    def client(service: str, region: str) -> Any:
        options: dict[str, Any] = {"region": region, "config": config}
        if service == "dynamodb" and params["dynamodb_endpoint_url"]:
            options["endpoint"] = params["dynamodb_endpoint_url"]
        made = module.client(service, **options)
        if service == "s3control" and params["endpoint_url"]:
            # Where all services have one address, it has none below it for the account.
            made.meta.events.register("before-sign.s3-control", one_address)
        return expect_owner(made, account) if service == "s3" else made

    aws = Aws(client, params["context"], params["state_bucket"])
    held = Held(read_states(module, aws.client("s3")))
    found, problems = unmanaged(aws, held, params["look_at"])
    module.exit_json(changed=False, found=[asdict(one) for one in found], problems=problems)


if __name__ == "__main__":
    main()
