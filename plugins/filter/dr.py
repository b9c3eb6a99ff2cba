# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter for disaster recovery flags; it is documented in dr_flags.yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import dr_flags
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate


class FilterModule:
    """Disaster recovery flags."""

    def filters(self) -> dict[str, Callable]:
        return translate({"dr_flags": dr_flags}, AnsibleFilterError)
