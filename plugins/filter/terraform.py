# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters around a Terraform run; each is documented in its own .yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils import report
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import workdir


class FilterModule:
    """What a run works with and what it says."""

    def filters(self) -> dict[str, Callable]:
        return translate(
            {
                "lock_lines": report.lock_lines,
                "outputs_lines": report.outputs_lines,
                "outputs_text": report.outputs_text,
                "work_dir": workdir.work_dir,
            },
            AnsibleFilterError,
        )
