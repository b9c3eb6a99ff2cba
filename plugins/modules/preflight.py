#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: preflight
short_description: Check the inventory and the variables before anything starts
version_added: 0.1.0
description:
  - Checks every shared variable of the collection, alone and in combination, the names of all variables that carry a
    prefix of ours, and what the command line may override.
  - Checks the definitions of all stacks, field by field, what they say of one another, the OpenAPI documents, and that no
    two things would get one name.
  - Reports all problems at once, each in one sentence that names the variable, its value and the fix.
  - Runs on the controller, talks to nobody and changes nothing. It is an action plugin.
author:
  - BBWS platform team (@bbws)
options:
  stacks:
    description: The names of the stacks.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Check the inventory and the variables
  bbws.site_builder.preflight:
    stacks: [dynamodb, s3, iam, lambda, api_gateway, monitoring]
  run_once: true
"""

RETURN = """
checked:
  description: How many variables of ours were looked at.
  returned: success
  type: int
"""
