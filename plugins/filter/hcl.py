# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter to_hcl; it is documented in to_hcl.yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.hcl import to_hcl


class FilterModule:
    """Data as HCL."""

    def filters(self) -> dict[str, Callable]:
        return translate({"to_hcl": to_hcl}, AnsibleFilterError)
