# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter for OpenAPI documents; it is documented in openapi_routes.yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes


class FilterModule:
    """OpenAPI documents."""

    def filters(self) -> dict[str, Callable]:
        return translate({"openapi_routes": openapi_routes}, AnsibleFilterError)
