# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action of the modules that meta/runtime.yml names: Ansible's own, but for plugin_utils/in_process.py."""

from __future__ import annotations

from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.bbws.site_builder.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess, Normal):
    """Runs a module."""
