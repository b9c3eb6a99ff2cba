# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Has Terraform tell what a saved plan holds."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.diagnostics import error_reason


def show_plan(module: AnsibleModule) -> dict[str, Any]:
    """Return the plan that the options of `module` name (binary, project_path, plan_file), or end the module.

    What Terraform prints holds every secret of the plan, so no sentence here quotes it.
    """
    params = module.params
    command = [params["binary"], "show", "-json", "-no-color", params["plan_file"]]
    code, out, err = module.run_command(command, cwd=params["project_path"])
    if code:
        reason = error_reason({"rc": code, "stderr": err})
        module.fail_json(msg=f"the plan {params['plan_file']} cannot be read: {reason}; run playbooks/plan.yml again")
    try:
        plan = json.loads(out)
        version = str(plan["format_version"])
    except (ValueError, KeyError, TypeError):
        module.fail_json(
            msg=f"{params['plan_file']} is no plan, for `{params['binary']} show -json` told nothing of one: name a file that "
            "`terraform plan -out` has written"
        )
    if not version.startswith("1."):
        module.fail_json(
            msg=f"the plan {params['plan_file']} has the format version {version}, and only 1.x is known here: use Terraform "
            "1.11 or newer, below 2"
        )
    return plan
