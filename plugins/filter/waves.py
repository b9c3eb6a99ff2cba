# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters for the order of stacks; each is documented in the file that bears its name."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.order import waves


class FilterModule:
    """The order of stacks."""

    def filters(self) -> dict[str, Callable]:
        return translate({"waves": waves}, AnsibleFilterError)
