# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
name: stack_hosts
short_description: The hosts of a play that works on stacks, which are never none
version_added: 0.1.0
author: BBWS platform team (@bbws)
description:
  - Ansible ends with 0 when a play matches no host. A typo in C(-i) would so be a green deployment that has deployed nothing.
  - For a play's C(hosts). Gives the name of the inventory's group C(stacks), and fails when the inventory has no such group, when
    the group is empty, or when C(--limit) leaves none of it.
  - A run that only looks at the playbook, as with C(--syntax-check) or C(--list-tasks), is not refused.
options:
  _terms:
    description: None are taken.
"""

EXAMPLES = """
- name: Deploy the environment
  hosts: "{{ lookup('bbws.site_builder.stack_hosts') }}"
  tasks:
    - name: Check everything, define the stacks, read the account
      ansible.builtin.import_role:
        name: bbws.site_builder.site_builder
"""

RETURN = """
_raw:
  description: The pattern C(stacks).
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase

GROUP = "stacks"
_ONLY_LOOKS = ("syntax", "listhosts", "listtasks", "listtags")


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        if not any(context.CLIARGS.get(option) for option in _ONLY_LOOKS):
            self._check((variables or {}).get("groups", {}), context.CLIARGS.get("subset"))
        return [GROUP]

    def _check(self, groups: dict[str, list[str]], limit: str | None) -> None:
        said = ", ".join(_short(path) for path in context.CLIARGS.get("inventory") or ())
        if not groups.get(GROUP):
            raise AnsibleError(
                f"the inventory ({said}) has no host in the group {GROUP}, so there is nothing to do; name the folder of an "
                "environment with -i, such as -i inventories/dev"
            )
        if limit and not self._left(groups, limit):
            raise AnsibleError(
                f"--limit is {limit!r}, which leaves no host of the group {GROUP}, so there is nothing to do; name one or more "
                f"of {', '.join(groups[GROUP])}"
            )

    def _left(self, groups: dict[str, list[str]], limit: str) -> list[Any]:
        """The stacks that the limit leaves. Ansible's own inventory is not within a lookup's reach, its names are."""
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        manager.subset(limit)
        return manager.list_hosts(GROUP)


def _short(path: str) -> str:
    """As a person would have typed it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
