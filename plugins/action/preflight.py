# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.preflight; it is documented in plugins/modules/preflight.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.vars import load_extra_vars
from ansible_collections.bbws.site_builder.plugins.module_utils import awx, preflight
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import registry as service
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.schemas import DEFINITIONS

_ROLES = Path(__file__).resolve().parents[2] / "roles"


class ActionModule(ActionBase):
    """Collects what the checks want to see; the checks are pure functions in module_utils."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._roles = sorted(path.name for path in _ROLES.iterdir() if path.is_dir())
        defaults = {role: self._defaults(role) for role in self._roles}
        known = {name for role in self._roles for name in defaults[role]}
        problems = self._names(known, defaults["terraform_stack"])
        problems += self._values(defaults) if not problems else []
        if problems:
            return {**result, "failed": True, "msg": "\n".join(problems)}
        return {**result, "changed": False, "checked": len(known)}

    def _defaults(self, role: str) -> dict[str, Any]:
        path = _ROLES / role / "defaults/main.yml"
        return (self._loader.load_from_file(str(path), trusted_as_template=True) or {}) if path.is_file() else {}

    def _options(self) -> dict[str, dict[str, Any]]:
        """The options of every role's every entry point, by name."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
            for entry_point in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
                found |= entry_point.get("options", {})
        return found

    def _raw(self) -> dict[str, Mapping[str, Any]]:
        """The variables of each stack of the play, less what Ansible adds for running roles."""
        hostvars = self._vars["hostvars"]
        return {host: hostvars.raw_get(host) for host in self._vars["ansible_play_hosts_all"]}

    def _names(self, known: set[str], switches: Mapping[str, Any]) -> list[str]:
        """Who takes part, and what variables there are."""
        hosts, raw = self._vars["ansible_play_hosts_all"], self._raw()
        stacks = self._task.args.get("stacks") or []
        names = set(self._vars).union(*raw.values())
        if "site_builder_run" in names:
            return [
                "site_builder_run is set by a play before this one, and what is known of that run is not true of the next; run "
                "one playbook of this collection after the other, each with an ansible-playbook of its own"
            ]
        common = sorted(name for name in names if name in known and name not in DEFINITIONS)
        return [
            *preflight.limits(hosts, stacks),
            *awx.sliced(self._vars["groups"].get("stacks", []), stacks, self._vars),
            *preflight.switched(raw, switches),
            *preflight.overridden(load_extra_vars(self._loader), self._roles),
            *preflight.unknown_variables(names - awx.PUBLISHED, known, self._roles),
            *preflight.divided(
                {host: {name: raw[host][name] for name in common if name in raw[host]} for host in hosts}
            ),
        ]

    def _values(self, defaults: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """What the variables hold; each step needs the one before to be right."""
        values, problems = self._evaluated(defaults)
        problems += preflight.types(values, self._options())
        if not problems:
            hosts = set(self._vars["ansible_play_hosts_all"])
            groups = [name for name, members in self._vars["groups"].items() if hosts & set(members)]
            folder = Path(self._vars.get("inventory_dir") or ".").name
            problems += preflight.place(values["site_builder_environment"], groups, folder)
        definitions = {name: values.get(name) for name in DEFINITIONS}
        for step in (
            lambda: preflight.settings(values),
            lambda: service.malformed(definitions),
            lambda: service.unused(values, definitions),
            lambda: service.unpackable(definitions),
            lambda: self._documented(definitions, preflight.shared(values)),
        ):
            problems += step() if not problems else []
        return problems

    def _evaluated(self, defaults: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
        """The values of all variables that are set, and of the definitions in any case."""
        values: dict[str, Any] = {}
        problems: list[str] = []
        for role, variables in defaults.items():
            # A stack's own variables may be set for its host alone.
            host = self._vars["hostvars"].raw_get(role) if role in self._vars["groups"]["all"] else {}
            given = {**self._vars, **{name: host[name] for name in variables if name in host}}
            templar = self._templar.copy_with_new_env(
                available_variables={**variables, **given, "role_path": str(_ROLES / role)}
            )
            for name, default in variables.items():
                if name in given or name in DEFINITIONS:
                    try:
                        values[name] = templar.template(given.get(name, default))
                    except AnsibleError as error:
                        reason = str(error).splitlines()[0].rstrip(".")
                        problems.append(f"{name} cannot be evaluated: {reason}; correct its template")
        return values, problems

    def _documented(self, definitions: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
        """Read the OpenAPI documents from where the role will read them, and look at the service as a whole."""
        role = str(_ROLES / "api_gateway")
        variables = {**self._vars, "role_path": role, "ansible_search_path": [role, self._loader.get_basedir()]}
        lookup = lookup_loader.get("ansible.builtin.file", loader=self._loader, templar=self._templar)
        documents: dict[str, str] = {}
        problems: list[str] = []
        for key, api in definitions["api_gateway_apis"].items():
            for path in (api or {}).get("documents") or []:
                try:
                    documents[path] = lookup.run([path], variables)[0]
                except (AnsibleError, UnicodeError, OSError) as error:
                    reason = str(error).splitlines()[0].rstrip(".")
                    problems.append(
                        f"api_gateway_apis.{key}.documents names {path!r}, which cannot be read ({reason}); correct the path"
                    )
        return problems or service.problems(definitions, documents, settings)
