# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.plan_store; it is documented in plugins/modules/plan_store.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.bbws.site_builder.plugins.module_utils.review.checkout import commit_of
from ansible_collections.bbws.site_builder.plugins.module_utils.review.render import plan_markdown, plan_page
from ansible_collections.bbws.site_builder.plugins.module_utils.review.summary import plan_summary
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json
from ansible_collections.bbws.site_builder.plugins.plugin_utils.in_process import InProcess

_ROOT = Path(__file__).resolve().parents[2]


class ActionModule(InProcess):
    """Writes the documents for reviewers, for which it takes Jinja2, and leaves the rest to the module."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if isinstance(arguments.get("facts"), Mapping):
            commit, dirty = commit_of(_ROOT)
            arguments["facts"] = {**arguments["facts"], "commit": commit, "dirty": dirty}
            if arguments.get("state") in ("saved", "shown"):
                reviewed = report(arguments)
                arguments["documents"] = documents(reviewed)
                result["summary"] = plan_summary(reviewed)
        done = self._execute_module(
            module_name="bbws.site_builder.plan_store", module_args=arguments, task_vars=task_vars
        )
        # They are long, and lie in files by now.
        done.get("invocation", {}).get("module_args", {}).pop("documents", None)
        return result | done


def report(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the documents tell of the plans. Raises AnsibleActionFail when the arguments do not say what it takes."""
    facts = arguments["facts"]
    try:
        expires = datetime.fromisoformat(facts["created"]) + timedelta(seconds=int(arguments.get("max_age", 86400)))
        return {
            **facts,
            "service": facts["service"],
            "environment": facts["environment"],
            "id": arguments.get("plan_id", ""),
            "expires": expires.isoformat(),
            "stacks": arguments.get("review") or [],
        }
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleActionFail(
            f"facts or review do not say what the documents of a plan tell ({error!r}): see "
            "ansible-doc bbws.site_builder.plan_store"
        ) from error


def documents(reviewed: Mapping[str, Any]) -> dict[str, str]:
    """Return by name what a reviewer looks at: a page, the same for a pull request, and as data."""
    return {
        "plan.json": to_json(reviewed),
        "plan.html": plan_page(reviewed),
        "plan.md": plan_markdown(reviewed),
    }
