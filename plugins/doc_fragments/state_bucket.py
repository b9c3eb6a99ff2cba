# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """Where an environment's states are, for modules that read or write beside them; module_utils/aws.py has the arguments."""

    DOCUMENTATION = """
options:
  account_id:
    description: The account to which the bucket must belong.
    type: str
    required: true
  state_bucket:
    description: The bucket that holds the states.
    type: str
    required: true
  state_prefix:
    description: What the keys of the environment begin with; a state is C(<state_prefix>/<stack>/terraform.tfstate).
    type: str
    required: true
"""
