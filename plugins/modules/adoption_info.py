#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: adoption_info
short_description: Find what a plan creates although AWS holds it already
version_added: 0.1.0
description:
  - Terraform writes its state every 20 seconds and at its end. What a killed one has created since then is in AWS and in no
    state, so that the next plan creates it again, which AWS refuses, or which makes two of it.
  - This module looks for each object that a plan creates, and gives the import ids of those that are ours. With them as
    C(import) blocks the next plan takes the objects over. Ours is what carries our tags, where O(interrupted) says that this
    state has lost track of something. Without that it may belong to another state, and is told only, with what takes it over.
  - Objects are found by name and parent; children together with the parent that is only now taken over, so that one call is
    enough for most stacks. Call it again after the next plan.
  - Nothing is taken over that the state holds under another address. Where the plan replaces a deployment or the like, what
    an earlier replacement has lost cannot be imported; it is told as a leftover.
  - A deployment of a REST API and a layer version lose their cause by an import, so that the plan replaces them, which
    leaves none behind.
  - Changes nothing. The plan's values, which may be secret, stay in memory.
author:
  - BBWS platform team (@bbws)
options:
  binary:
    description: The Terraform executable.
    type: path
    required: true
  project_path:
    description: The initialised root module that was planned. The task's environment has to be that of the plan.
    type: path
    required: true
  plan_file:
    description: The saved plan.
    type: path
    required: true
  stack:
    description: The stack, as the variable C(site_builder_imports) names it.
    type: str
    required: true
  interrupted:
    description:
      - Whether this state has the recovery marker of an interrupted apply, see M(bbws.site_builder.state_lock). Without it
        nothing is taken over.
    type: bool
    default: false
  account_id:
    description: The account to which buckets must belong.
    type: str
    required: true
  tags:
    description:
      - What every object of ours carries. An object without one of them is not taken over, an empty bucket neither.
      - Of kinds that have no tags something else has to agree, such as the description or the parent.
    type: dict
    required: true
  dynamodb_endpoint_url:
    description: The endpoint of DynamoDB, where it is another one than O(endpoint_url).
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
notes:
  - An object is looked for in the region of its provider in the plan, in O(region) when the plan does not tell.
  - Needs only what C(terraform plan) needs, and C(apigateway:GET), C(cloudfront:ListOriginAccessControls), C(kms:ListKeys),
    C(kms:ListAliases), C(lambda:ListLayerVersions) and C(sns:ListTopics).
"""

EXAMPLES = """
- name: Find what AWS holds and the state does not
  bbws.site_builder.adoption_info:
    binary: /usr/bin/terraform
    project_path: /srv/work/dev/runs/20261125T101500Z-1f3c/iam/stage-0123456789abcdef/stacks/iam
    plan_file: /srv/work/dev/runs/20261125T101500Z-1f3c/iam/plan.tfplan
    stack: iam
    interrupted: true
    account_id: "123456789012"
    tags:
      Service: site-builder
      Environment: dev
      ManagedBy: Terraform
    region: eu-west-1
  register: adoption

- name: Say what is in the way
  ansible.builtin.fail:
    msg: "{{ adoption.foreign | map(attribute='sentence') | join('; ') }}"
  when: adoption.foreign | length > 0
"""

RETURN = """
imports:
  description: What to take over, by address the import id.
  returned: success
  type: dict
  sample:
    module.tables["agents"].aws_dynamodb_table.this: site-builder-agents-dev
foreign:
  description:
    - Objects that are in the way and not ours, and without O(interrupted) those of ours, too, as dicts with RV(ignore:address),
      RV(ignore:id) and RV(ignore:sentence), which ends with the value of C(site_builder_imports) that takes the object over.
  returned: success
  type: list
  elements: dict
leftovers:
  description:
    - Objects of ours that exist more than once, without the one that is taken over, as dicts with RV(ignore:address),
      RV(ignore:id) and RV(ignore:sentence). No run will ever use or delete them.
  returned: success
  type: list
  elements: dict
"""

from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery import kinds as adoption
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery.finders import Lookup
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.show_plan import show_plan


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "binary": {"type": "path", "required": True},
            "project_path": {"type": "path", "required": True},
            "plan_file": {"type": "path", "required": True},
            "stack": {"type": "str", "required": True},
            "interrupted": {"type": "bool", "default": False},
            "account_id": {"type": "str", "required": True},
            "tags": {"type": "dict", "required": True},
            "dynamodb_endpoint_url": {"type": "str"},
        },
        supports_check_mode=True,
    )
    plan = show_plan(module)
    creates = adoption.creates(plan)
    for kind in adoption.unknown_kinds(creates):
        module.warn(f"it is not known what a second create of {kind} does; add it to module_utils/recovery/kinds.py")

    def client(service: str, region: str | None) -> Any:
        options = {"region": region} if region else {}
        if service == "dynamodb" and module.params["dynamodb_endpoint_url"]:
            options["endpoint"] = module.params["dynamodb_endpoint_url"]
        made = module.client(service, **options)
        return expect_owner(made, module.params["account_id"]) if service == "s3" else made

    found = adoption.Adoption(module.params["stack"], module.params["interrupted"], held=adoption.held(plan))
    try:
        Lookup(client, module.params["tags"], found).run(creates)
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, "looking for what AWS holds already"))
    module.exit_json(changed=False, imports=found.imports, foreign=found.foreign, leftovers=found.leftovers)


if __name__ == "__main__":
    main()
