#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: define_stacks
short_description: Check the inventory and the variables, and define all stacks
version_added: 0.1.0
description:
  - Checks how Ansible was called, every shared variable of the collection, alone and in combination, the names of all
    variables that carry a prefix of ours, and what the command line may override.
  - Checks the definitions of all stacks, field by field, what they say of one another, the OpenAPI documents, and that no
    two things would get one name.
  - Reports all problems that can be told at once, each in one sentence that names the variable, its value and the fix.
  - Merges the files of C(site_builder_definitions) over the definitions of roles and inventory. A sentence about what one of them
    says begins with its name.
  - Makes relative paths absolute, those of definitions too. What an inventory says begins in its folder (in AWX in that of
    the project), what a definition file says in the folder of that file, everything else where the user stands.
  - Returns what Terraform gets for each stack, so that a run checks and defines everything once. Only a failure is shown,
    since the environment variables of functions may hold secrets.
  - Runs on the controller, talks to nobody and changes nothing. It is an action plugin, for a task with C(run_once), before
    any other task sets a variable with a prefix of ours.
author:
  - BBWS platform team (@bbws)
options:
  stacks:
    description: Return these stacks only; all of them are checked and defined in any case.
    type: list
    elements: str
    choices: [dynamodb, s3, iam, lambda, api_gateway, monitoring]
  render:
    description: Whether to return RV(rendered) and RV(rendered_levels) too.
    type: bool
    default: false
"""

EXAMPLES = """
- name: Check the inventory and define the stacks
  bbws.site_builder.define_stacks:
  run_once: true
  register: site_builder_defined
"""

RETURN = """
context:
  description: The facts from which every name is made, see P(bbws.site_builder.resource_name#filter).
  returned: success
  type: dict
account_id:
  description: The account that is worked in, for O(ignore:site_builder_target=local) that of the embedded AWS.
  returned: success
  type: str
production:
  description: Whether the environment is one of production.
  returned: success
  type: bool
dr:
  description: The disaster recovery flags, see P(bbws.site_builder.dr_flags#filter).
  returned: success
  type: dict
tags:
  description: The tags of every resource.
  returned: success
  type: dict
settings:
  description:
    - What all stacks share, RV(context), RV(dr) and RV(tags) included, and beside them C(kms_key_arn),
      C(replica_kms_key_arn), C(permissions_boundary_arn), C(bedrock_region), C(cognito_user_pool_arns), C(alert_emails),
      C(lift_protection) and C(public_values).
  returned: success
  type: dict
state_bucket:
  description: The bucket of the Terraform states.
  returned: success
  type: str
state_prefix:
  description: How the keys of all states in it begin.
  returned: success
  type: str
waves:
  description: The names of all stacks, grouped so that each depends on stacks of earlier groups only.
  returned: success
  type: list
  elements: list
order:
  description: The names of all stacks in that order.
  returned: success
  type: list
  elements: str
packages:
  description: What M(bbws.site_builder.lambda_package) must build, by C(functions/<key>) and C(layers/<key>).
  returned: success
  type: dict
artifact_buckets:
  description: The key of the bucket for each of these packages.
  returned: success
  type: dict
models:
  description: The models that functions may call, as M(bbws.site_builder.environment_info) takes them.
  returned: success
  type: list
  elements: dict
predicted_outputs:
  description: What each stack will output, as P(bbws.site_builder.stack_inputs#filter) takes it.
  returned: success
  type: dict
stacks:
  description: The stacks, by name.
  returned: success
  type: dict
  contains:
    tfvars:
      description: The variables of the root module that are the stack's own. Those of packages and upstream come in the run.
      type: dict
    predicted_outputs:
      description: The outputs by which other stacks know it, from names alone.
      type: dict
    hooks:
      description: The task files of the stack's role that a run calls.
      type: list
      elements: str
    sensitive:
      description: The values that must be masked wherever they turn up.
      type: list
      elements: str
    replica_provider:
      description: Whether it works in the replica region too.
      type: bool
    asks:
      description: Of the stack iam, by role, the inference profiles for whose routes a run asks Bedrock; empty for the others.
      type: dict
    probes:
      description: Of the stack lambda, by function, with what it is verified after a release.
      type: dict
    depends_on:
      description: The stacks that it needs first.
      type: list
      elements: str
    output:
      description: The output by which its dependants know it.
      type: str
paths:
  description:
    - The absolute paths that a run works with, by variable, C(site_builder_work_dir), C(site_builder_terraform_binary),
      C(site_builder_provider_mirror), C(site_builder_outputs_file), C(site_builder_definitions) and C(site_builder_checkov). A
      relative one begins in the folder of the inventory that says it, and else where the user stands. A command stays one.
  returned: success
  type: dict
aws_environment:
  description: C(AWS_SESSION_TOKEN), where the environment has it as C(AWS_SECURITY_TOKEN) only; else nothing.
  returned: success
  type: dict
warnings:
  description: What AWS takes and may not be meant; each is shown, too.
  returned: success
  type: list
  elements: str
rendered:
  description:
    - The variables of C(terraform/environments/<environment>). In place of every value that may be a secret, and of every
      package, is one that plans.
  returned: when O(render=true)
  type: dict
rendered_levels:
  description: The file C(terraform/modules/api_gateway/main.levels.tf), deeper than it is where a path of these APIs needs that.
  returned: when O(render=true)
  type: str
"""
