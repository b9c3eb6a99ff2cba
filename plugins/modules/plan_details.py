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
  saved:
    description:
      - What the plan file must be, where somebody else may have written it. It is held against its manifest, and against the
        sources, the backend, the variables and the state here; any difference ends the task with the reason.
    type: dict
    suboptions:
      stack:
        description: The name of the stack.
        type: str
        required: true
      manifest_entry:
        description: What the manifest says of the stack, see M(bbws.site_builder.plan_store).
        type: dict
        required: true
      tfvars_file:
        description: The variables that are defined here, as JSON.
        type: path
        required: true
      serial:
        description: The serial of the state. Nothing where the stack is not deployed.
        type: int
      lineage:
        description: The lineage of the state. Nothing where the stack is not deployed.
        type: str
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
facts:
  description: What the plan file itself says it does.
  returned: success
  type: dict
  contains:
    actions:
      description: To what something happens, as dicts with RV(ignore:address), RV(ignore:type) and RV(ignore:action).
      type: list
      elements: dict
    counts:
      description: How many of them are C(created), C(updated), C(replaced) and C(deleted).
      type: dict
    has_changes:
      description: Whether there is anything to apply, outputs included.
      type: bool
    stateful:
      description: The addresses of what holds data and would be deleted or replaced.
      type: list
      elements: str
    provisioners:
      description: What would run programs, as dicts with RV(ignore:address) and RV(ignore:type).
      type: list
      elements: dict
    variables_sha256:
      description: The SHA-256 over the values of the variables that are not their defaults.
      type: str
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

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.changes import plan_details, taken_back
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.plan_file import plan_file_facts
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import plan_facts, untrusted
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.show_plan import show_plan


def check(facts: dict[str, Any], params: dict[str, Any]) -> None:
    """Raise SiteBuilderError when the plan file is not what it must be."""
    saved = params["saved"]
    try:
        tfvars = json.loads(Path(saved["tfvars_file"]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SiteBuilderError(
            f"tfvars_file is {saved['tfvars_file']}, which cannot be read ({type(error).__name__}): lay out the working "
            "directory first"
        ) from error
    told = {**facts, **plan_file_facts(Path(params["plan_file"]), Path(params["project_path"]))}
    if problems := untrusted(saved["manifest_entry"], told, {**saved, "tfvars": tfvars}):
        raise SiteBuilderError("; ".join(problems))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "binary": {"type": "path", "required": True},
            "project_path": {"type": "path", "required": True},
            "plan_file": {"type": "path", "required": True},
            "saved": {
                "type": "dict",
                "options": {
                    "stack": {"type": "str", "required": True},
                    "manifest_entry": {"type": "dict", "required": True},
                    "tfvars_file": {"type": "path", "required": True},
                    "serial": {"type": "int"},
                    "lineage": {"type": "str"},
                },
            },
        },
        supports_check_mode=True,
    )
    plan = show_plan(module)
    facts = plan_facts(plan)
    if module.params["saved"]:
        try:
            check(facts, module.params)
        except SiteBuilderError as error:
            module.fail_json(msg=str(error))
    details = plan_details(plan)
    details["drift"] = taken_back(details["drift"], details["resources"])
    facts.pop("defaults")
    module.exit_json(changed=False, facts=facts, **details)


if __name__ == "__main__":
    main()
