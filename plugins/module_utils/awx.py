# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run can know about the AWX job that it is."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

# What a job publishes and takes as no option. AWX gives it to the jobs after it in a workflow, as extra variables.
PUBLISHED = frozenset(
    {
        "site_builder_counts",
        "site_builder_report_file",
        "site_builder_results",
        "site_builder_review",
        "site_builder_summary",
    }
)


def sliced(hosts: Collection[str], stacks: Collection[str], variables: Mapping[str, Any]) -> list[str]:
    """Refuse to run in a slice of an AWX job. `hosts` is the inventory's whole group of stacks, whatever the limit is.

    AWX gives a slice no variable that says so. But the inventory lacks the hosts of the other slices, and the job belongs
    to a workflow job that is called like its own template.
    """
    missing = [stack for stack in stacks if stack not in hosts]
    template = variables.get("awx_job_template_name")
    if not missing or template is None or variables.get("awx_workflow_job_name") != template:
        return []
    return [
        f"this job is one slice of the AWX job template {template!r}, without {', '.join(missing)}, and stacks depend on "
        "one another; set Job Slicing of that template to 1"
    ]


def inventory_folder(folder: str, environment: Any, variables: Mapping[str, Any], project: str) -> str:
    """Where the relative paths of an inventory begin. The inventory of a job lies in a folder of its own, so that of the
    project counts from which AWX has it.

    folder: of the inventory, as Ansible says; project: where Ansible was started, for a job its project.
    """
    imported = os.path.join(project, "inventories", str(environment))
    return imported if "awx_job_id" in variables and os.path.isdir(imported) else folder
