#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: awx_objects
short_description: Make what this collection has in an AWX, or take it away
version_added: 0.1.0
description:
  - Makes one list of objects of the variables of the role P(bbws.site_builder.awx_config#role), and calls the modules of the
    collection awx.awx for each of them, in one process. What one of them has looked up the next one knows, so that a run takes
    few requests.
  - Belongs to that role and runs on the controller. It is an action plugin. The AWX and the login come from E(CONTROLLER_HOST),
    E(CONTROLLER_OAUTH_TOKEN) and the other variables of awx.awx.
  - In check mode, what hangs on an object that is yet to be made counts as to be made.
author:
  - BBWS platform team (@bbws)
options:
  state:
    description:
      - V(present) makes the objects of O(part).
      - V(absent) removes all objects that V(present) makes. The organization goes only when it was made here, and holds nothing
        else.
    type: str
    choices: [present, absent]
    default: present
  part:
    description:
      - V(shared) is everything up to the project, V(inventories) what needs its checkout, and V(templates) what needs them.
        Required with O(state=present).
    type: str
    choices: [shared, inventories, templates]
requirements:
  - awx.awx >= 24.6.1
"""

EXAMPLES = """
- name: Make the buttons
  bbws.site_builder.awx_objects:
    part: templates
"""

RETURN = """
objects:
  description: How many objects were looked at.
  returned: success
  type: int
requests:
  description: How many requests that took.
  returned: success
  type: int
created:
  description: What was made, or in check mode would be.
  returned: success
  type: list
  elements: str
updated:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: str
removed:
  description: What was taken away, or in check mode would be.
  returned: success
  type: list
  elements: str
"""
