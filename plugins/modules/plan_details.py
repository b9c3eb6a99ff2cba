#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: plan_details
short_description: What a saved Terraform plan changes, without secrets
version_added: 0.1.0
description:
  - Reads a saved plan with C(terraform show -json) and returns what happens to each resource, attribute by attribute. The
    environment that Terraform needs is the task's.
  - Masked as C((masked\\)) are what Terraform calls sensitive, also where a provider repeats it under another name; the values
    of a Lambda function's environment, of API keys, stage variables and an origin's headers; and whatever has a name that
    sounds like a secret. That they differ is shown.
  - What only AWS will say is C((known after apply\\)). JSON in a string is compared and shown as JSON, so that a policy shows
    the statement that differs. Strings of more than 200 characters are cut.
  - It changes nothing.
author:
  - BBWS platform team (@bbws)
options:
  binary:
    description: The Terraform binary.
    type: path
    required: true
  project_path:
    description: The initialised folder in which the plan was made.
    type: path
    required: true
  plan_file:
    description: The saved plan.
    type: path
    required: true
"""

EXAMPLES = """
- name: Read what the plan changes
  bbws.site_builder.plan_details:
    binary: /usr/bin/terraform
    project_path: /srv/work/dynamodb
    plan_file: /srv/work/dynamodb/plan.tfplan
  register: plan
"""

RETURN = """
resources:
  description: Each resource to which something happens.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: Its address.
      type: str
    module:
      description: The address of its module; empty for the root module.
      type: str
    type:
      description: Its type.
      type: str
    action:
      description: C(create), C(update), C(replace), C(delete), C(read), C(import), C(move) or C(remove) (from the state only).
      type: str
    reason:
      description: Why, where Terraform says so.
      type: str
    changes:
      description:
        - The attributes that differ, as dicts with RV(ignore:path), RV(ignore:before), RV(ignore:after) and
          RV(ignore:forces_replacement). Strings, numbers, lists and dicts as they are; null where there is nothing.
      type: list
      elements: dict
    widening:
      description:
        - What a policy of it allows that is not allowed now, or no longer denies, as ends of sentences. Of what is created for
          somebody new, only what is allowed without bounds.
      type: list
      elements: str
  sample:
    - address: module.buckets["artifacts"].aws_s3_bucket_policy.this
      module: module.buckets["artifacts"]
      type: aws_s3_bucket_policy
      action: update
      reason: ""
      changes:
        - {path: "policy.Statement[Sid=DenyInsecureTransport].Effect", before: Allow, after: Deny, forces_replacement: false}
      widening: []
drift:
  description:
    - What was changed outside Terraform and the plan takes back, as dicts with RV(ignore:address), RV(ignore:type),
      RV(ignore:action) (C(updated) or C(deleted)) and RV(ignore:changes) as above, from the state to what AWS holds.
  returned: success
  type: list
  elements: dict
outputs:
  description: The outputs that change, as dicts with RV(ignore:name) and RV(ignore:action).
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.changes import plan_details, taken_back
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.show_plan import show_plan


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "binary": {"type": "path", "required": True},
            "project_path": {"type": "path", "required": True},
            "plan_file": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    details = plan_details(show_plan(module))
    details["drift"] = taken_back(details["drift"], details["resources"])
    module.exit_json(changed=False, **details)


if __name__ == "__main__":
    main()
