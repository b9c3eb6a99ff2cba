# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.terraform_workdir; it is documented in plugins/modules/terraform_workdir.py.

Stacks are hosts of this very machine, and a module's start costs more than all that is done here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import provider, runs, stage

LOCK_FILE = Path(__file__).resolve().parents[2] / "terraform/provider.lock.hcl"
ARGUMENTS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "swept"], "default": "present"},
    "run_dir": {"type": "path", "required": True},
    "source": {"type": "path"},
    "tfvars": {"type": "dict"},
    "providers": {"type": "dict"},
    "backend": {"type": "dict"},
    "terraform_version": {"type": "str"},
    "provider_version": {"type": "str"},
    "provider_package": {"type": "path", "default": ""},
    "imports": {"type": "dict", "default": {}},
}
_PRESENT = ["source", "tfvars", "providers", "backend", "terraform_version", "provider_version"]


class ActionModule(ActionBase):
    """Lays out the working directory of a stack, or sweeps a run's."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(ARGUMENTS, required_if=[("state", "present", _PRESENT)])
        # As a module gets them: plain data, vaulted strings opened.
        encoder = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
        options = json.loads(json.dumps({name: given[name] for name in ARGUMENTS}, cls=encoder))
        run_dir = Path(options["run_dir"])
        if options["state"] == "swept":
            if run_dir.is_dir():
                runs.sweep(run_dir)
            return {**result, "changed": False}
        try:
            shipped = provider.read_lock(LOCK_FILE)
            wanted = stage.chosen_provider(options["provider_version"], options["provider_package"], shipped)
            laid_out = stage.lay_out(options, wanted, runs.owner_pid())
        except SiteBuilderError as error:
            raise AnsibleActionFail(str(error)) from error
        for path in laid_out["unreadable_states"]:
            Display().warning(
                f"{path} is the rest of a state that an earlier apply could not save, and cannot be read; what that apply has "
                "created may be missing in the state: compare it with the newest version in the state bucket, then delete it"
            )
        return {**result, "changed": False, **laid_out}
