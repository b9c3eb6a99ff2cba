#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: run_report
short_description: Write the report of a run
version_added: 0.1.0
description:
  - Writes C(report.json) into the folder of the run, mode 0600, in check mode too, and returns what a person and the next job
    of a workflow want to know. Where plans were saved or shown, C(plan) says where they are, and their id and SHA-256.
  - Belongs to the role bbws.site_builder.site_builder and runs on the controller once for all stacks. It is an action plugin.
author:
  - BBWS platform team (@bbws)
options:
  facts:
    description: What the report says of the run as a whole.
    type: dict
    required: true
  saved_plan:
    description: What M(bbws.site_builder.plan_store) has returned, where a plan was saved.
    type: dict
    default: {}
  added:
    description: What M(bbws.site_builder.unmanaged_info) has returned, where drift is looked for.
    type: dict
    default: {}
  store:
    description:
      - The arguments of M(bbws.site_builder.report_store) that say where the report is kept. When empty, it stays on this
        machine.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: Write the run report
  bbws.site_builder.run_report:
    facts:
      id: 20261125T101500Z-1f3c00
      environment: dev
  run_once: true
  register: site_builder_report
"""

RETURN = """
results:
  description: By stack its result, counts, actions, warnings, times and reason.
  returned: success
  type: dict
path:
  description: Where the report is kept, an S3 URL; empty where it is on this machine only.
  returned: success
  type: str
lines:
  description:
    - What an approver must know of a plan, the table of the stacks, where to read on, the URLs of the APIs, and the next command.
    - A job of AWX has shown them already, without the frame of a task, and the list is empty.
  returned: success
  type: list
  elements: str
stats:
  description: What a job of AWX hands to the next one of its workflow.
  returned: success
  type: dict
"""
