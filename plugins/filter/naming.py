# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters for names, ARNs and tags; each is documented in the file that bears its name."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.names import (
    resource_arn,
    resource_name,
    resource_names,
    standard_tags,
)


class FilterModule:
    """Names, ARNs and tags."""

    def filters(self) -> dict[str, Callable]:
        return translate(
            {
                "resource_arn": resource_arn,
                "resource_name": resource_name,
                "resource_names": resource_names,
                "standard_tags": standard_tags,
            },
            AnsibleFilterError,
        )
