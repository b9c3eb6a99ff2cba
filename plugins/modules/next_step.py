#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: next_step
short_description: Decide what each stack of a run does next
version_added: 0.1.0
description:
  - Turns what the last step of each stack has left in its host's variables into an event, and decides from all events of the run
    what each stack does next, see RV(stacks). The decisions are pure functions in C(plugins/module_utils/engine.py).
  - Refuses, before every decision, a run that is not confirmed, not reviewed, or lacks a stack that must be deployed first.
  - Prints what a plan is going to do, and why a stack plans again.
  - Belongs to the role bbws.site_builder.terraform_stack, runs on the controller once for all stacks, and changes nothing. It is
    an action plugin.
author:
  - BBWS platform team (@bbws)
options:
  mode:
    description: What the run is for.
    type: str
    choices: [plan, deploy, apply, drift, destroy, untaint, forget]
    required: true
  rules:
    description:
      - What the decisions depend on, beside what has happened, as roles/terraform_stack/vars/main.yml puts it together.
    type: dict
    required: true
  begin:
    description: Whether this is the first decision of a run.
    type: bool
    default: false
"""

EXAMPLES = """
- name: Decide what each stack does next
  bbws.site_builder.next_step:
    mode: deploy
    rules: "{{ _terraform_stack_rules }}"
  run_once: true
  register: terraform_stack_next
"""

RETURN = """
stacks:
  description:
    - By stack its next step, with RV(ignore:do) (plan, details, adopt, checkov, saved, apply, marker, wait or done),
      RV(ignore:why) and what the step needs to know.
  returned: success
  type: dict
events:
  description: By stack everything that has happened to it in this run.
  returned: success
  type: dict
outputs:
  description: By stack what it outputs now, where that is known.
  returned: success
  type: dict
results:
  description: By stack its entry of the run report, where it is done.
  returned: success
  type: dict
entries:
  description: By stack what ties a saved plan to it as it is now.
  returned: success
  type: dict
review:
  description: What a reviewer wants to know of each stack, when all are planned.
  returned: success
  type: list
  elements: dict
all_planned:
  description: Whether all stacks that are done could be planned.
  returned: success
  type: bool
open:
  description: The stacks that are not done.
  returned: success
  type: list
  elements: str
rounds:
  description: How many rounds there are until all stacks are done, when nothing unexpected happens.
  returned: success
  type: int
spare:
  description: How many more rounds a run may take at most; 0 when all stacks are done.
  returned: success
  type: int
turn:
  description: The number of this decision.
  returned: success
  type: int
"""
