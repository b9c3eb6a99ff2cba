# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters around a Terraform run; each is documented in its own .yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils import report
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.inputs import stack_inputs
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import events as terraform_log
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import saved_plan, workdir


class FilterModule:
    """What a stack takes from upstream, and what Terraform printed."""

    def filters(self) -> dict[str, Callable]:
        return translate(
            {
                "apply_summary": terraform_log.apply_summary,
                "apply_verdict": terraform_log.apply_verdict,
                "checkov_reason": terraform_log.checkov_reason,
                "drift_text": terraform_log.drift_text,
                "error_reason": terraform_log.error_reason,
                "forbidden_actions": terraform_log.forbidden,
                "lock_lines": terraform_log.lock_lines,
                "outdated_deployments": terraform_log.outdated_deployments,
                "outputs_text": report.outputs_text,
                "plan_lines": terraform_log.plan_lines,
                "plan_review": report.plan_review,
                "plan_summary": terraform_log.plan_summary,
                "plan_text": terraform_log.plan_text,
                "run_table": terraform_log.run_table,
                "stack_inputs": stack_inputs,
                "stack_result": report.stack_result,
                "sum_counts": terraform_log.sum_counts,
                "tfvars_sha256": workdir.tfvars_sha256,
                "unreviewed_actions": saved_plan.unreviewed,
                "work_dir": workdir.work_dir,
            },
            AnsibleFilterError,
        )
