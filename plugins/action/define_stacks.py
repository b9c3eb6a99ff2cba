# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.define_stacks; it is documented in plugins/modules/define_stacks.py."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.vars import load_extra_vars
from ansible_collections.bbws.site_builder.plugins.module_utils import awx, bedrock, definitions, paths, preflight
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.order import waves
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import lambda_, registry
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import stop
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import levels

_ROLES = Path(__file__).resolve().parents[2] / "roles"
_ARGUMENTS = {
    "render": {"type": "bool", "default": False},
    "stacks": {"type": "list", "elements": "str", "choices": list(registry.STACKS)},
}
Values = Mapping[str, Any]


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _rendered(stacks: registry.Stacks, settings: Values) -> dict[str, Any]:
    shipped = (_ROLES.parent / "terraform" / levels.FILE).read_text()
    return {
        "rendered": registry.rendered(stacks, settings),
        "rendered_levels": levels.deepened(shipped, stacks["api_gateway"]["tfvars"]),
    }


class ActionModule(ActionBase):
    """Collects what the checks and the definitions want to see; both are pure functions in module_utils."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(_ARGUMENTS)
        self._vars = task_vars or {}
        self._origins: definitions.Origins = {}
        try:
            found = self._found(arguments)
        except SiteBuilderError as error:
            return {**result, "failed": True, "msg": "\n".join(definitions.named(error.problems, self._origins))}
        # The environment variables of functions may hold secrets; what is wrong must stay readable.
        return {**result, "changed": False, "_ansible_no_log": True, **found}

    def _found(self, arguments: Values) -> dict[str, Any]:
        roles = sorted(path.name for path in _ROLES.iterdir() if path.is_dir())
        defaults = {role: self._yaml(f"{role}/defaults/main.yml") for role in roles}
        known = {name for variables in defaults.values() for name in variables}
        hostvars = self._vars["hostvars"]
        # Less what Ansible adds for running roles.
        raw = {host: hostvars.raw_get(host) for host in self._vars["ansible_play_hosts_all"]}
        # Of the play's own variables only the names count: some are defaults of roles.
        given = {name for variables in raw.values() for name in variables}
        names = {*self._vars, *given}
        # A stack's own variables may be set for its host alone, which the limit may leave out.
        hosts = {role: hostvars.raw_get(role) for role in roles if role in self._vars["groups"]["all"]}
        problems = self._run_problems(raw, names, known, defaults)
        stop(problems)
        values, wrong = self._evaluated(defaults, hosts)
        self._expect_pool(values)
        options = self._options(roles)
        for name in values.keys() - registry.DEFINITIONS.keys():
            if found := preflight.types({name: values[name]}, options):
                wrong[name] = found
        right = {name: value for name, value in values.items() if name not in wrong}
        misplaced = self._misplaced(right)
        problems = preflight.unknown_variables(names - awx.PUBLISHED, known, roles)
        problems += [*(problem for name in sorted(wrong) for problem in wrong[name]), *misplaced]
        if not misplaced and not wrong.keys() & defaults["site_builder"].keys():
            problems += preflight.settings_problems(right)
        of_people = given.union(*hosts.values(), (place.partition(".")[0] for place in self._origins))
        problems += self._definition_problems(right, of_people, all_of_them=not problems)
        stop(problems)
        defined = {name: values[name] for name in registry.DEFINITIONS}
        settings = preflight.settings(values)
        warnings = preflight.warnings(values)
        for warning in warnings:
            self._display.warning(warning)
        stacks = registry.define(defined, self._documents(defined["api_gateway_apis"]), settings)
        return {
            **self._result(values, settings, stacks, arguments),
            "paths": {name: values[name] for name in paths.SETTINGS},
            "aws_environment": preflight.aws_environment(os.environ),
            "warnings": warnings,
        }

    def _expect_pool(self, values: dict[str, Any]) -> None:
        """Who runs bootstrap.yml to make a user pool cannot name it yet; any pool will do for what bootstrap.yml needs."""
        pools = "site_builder_cognito_user_pool_arns"
        if values.get("site_builder_cognito") == "create" and "terraform_stack_mode" not in self._vars:
            region, account = values.get("site_builder_region"), values.get("site_builder_account_id")
            # What is wrong with the region is told of as such.
            with contextlib.suppress(SiteBuilderError):
                values[pools] = values.get(pools) or [preflight.pool_arn(region, account, "NotMadeYet")]

    def _run_problems(
        self, raw: Mapping[str, Values], names: set[str], known: set[str], defaults: Mapping[str, Values]
    ) -> list[str]:
        """What is wrong with the run itself. With that, no value would be what a person means."""
        hosts, roles = list(raw), list(defaults)
        if "site_builder_run" in names:
            return [
                "site_builder_run is set by a play before this one, and what is known of that run is not true of the next; run "
                "one playbook of this collection after the other, each with an ansible-playbook of its own"
            ]
        common = sorted(name for name in names if name in known and name not in registry.DEFINITIONS)
        return [
            *preflight.community_general(_community_general()),
            *preflight.limits(hosts, registry.STACKS),
            *awx.sliced(self._vars["groups"].get("stacks", []), list(registry.STACKS), self._vars),
            *preflight.run_options(
                {
                    "tags": context.CLIARGS.get("tags") or [],
                    "skip_tags": context.CLIARGS.get("skip_tags") or [],
                    "start_at_task": context.CLIARGS.get("start_at_task"),
                    "strategy": constants.config.get_config_value("DEFAULT_STRATEGY"),
                    "any_errors_fatal": constants.config.get_config_value("ANY_ERRORS_FATAL"),
                }
            ),
            *preflight.switched(raw, defaults["terraform_stack"]),
            *preflight.overridden(load_extra_vars(self._loader), roles),
            *preflight.divided(
                {host: {name: raw[host][name] for name in common if name in raw[host]} for host in hosts}
            ),
        ]

    def _definition_problems(self, values: Values, of_people: set[str], all_of_them: bool) -> list[str]:
        """A role's own definition is as wrong as the variables that it is made of, and they have been told of."""
        defined = {name: values[name] for name in registry.DEFINITIONS if name in values}
        if not all_of_them:
            return registry.malformed({name: value for name, value in defined.items() if name in of_people})
        return registry.malformed(defined) or registry.astray(values, defined)

    def _evaluated(
        self, defaults: Mapping[str, Values], hosts: Mapping[str, Values]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The values of all variables that are set, of the definitions in any case, and of the plain shared defaults; and
        what is wrong with the others, by name."""
        values: dict[str, Any] = {}
        wrong: dict[str, list[str]] = {}
        every = {name: value for variables in defaults.values() for name, value in variables.items()}
        # Where the inventory is, for what it says; else where the user stands.
        inventory = awx.inventory_folder(
            self._vars.get("inventory_dir") or os.getcwd(),
            self._vars.get("site_builder_environment"),
            self._vars,
            os.getcwd(),
        )
        on_command_line = load_extra_vars(self._loader)
        # The shared ones come first: the others are made of them, and need not have them worked out again.
        for role in sorted(defaults, key=lambda role: role != "site_builder"):
            own = defaults[role]
            given = {**self._vars, **{name: value for name, value in hosts.get(role, {}).items() if name in own}}
            templar = self._templar.copy_with_new_env(
                available_variables={**every, **given, **values, "role_path": str(_ROLES / role)}
            )
            # Definitions are made of the paths.
            for name, default in sorted(own.items(), key=lambda item: not paths.holds_paths(item[0])):
                plain = role == "site_builder" and not templar.is_template(default)
                if name in given or name in registry.DEFINITIONS or name in paths.SETTINGS or plain:
                    base = inventory if name in given and name not in on_command_line else os.getcwd()
                    try:
                        values[name] = paths.absolute(name, templar.template(given.get(name, default)), base)
                        if paths.holds_paths(name):
                            templar.available_variables = {**templar.available_variables, name: values[name]}
                    except AnsibleError as error:
                        wrong[name] = [f"{name} cannot be evaluated: {_reason(error)}; correct its template"]
            if role == "site_builder":
                files = self._files(values.get("site_builder_definitions"))
            for name in own.keys() & registry.DEFINITIONS.keys() & values.keys():
                values[name], problems = self._merged(name, values[name], files, templar)
                if problems:
                    wrong[name] = problems
        return values, wrong

    def _files(self, places: Any) -> dict[Path, Values]:
        """What the definition files hold."""
        if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
            # That is told with all other types.
            return {}
        read: dict[Path, Values] = {}
        problems: list[str] = []
        for path in definitions.files(places):
            name = definitions.called(path)
            try:
                text = self._loader.get_text_file_contents(str(path))
                read[path] = self._loader.load_from_file(str(path), cache="none", trusted_as_template=True) or {}
                problems += definitions.malformed(name, text, read[path], registry.DEFINITIONS)
            except (AnsibleError, OSError) as error:
                problems.append(f"{name} cannot be read ({_reason(error)}); correct it, or move it out of that folder")
        stop(problems)
        return read

    def _merged(self, variable: str, value: Any, files: Mapping[Path, Values], templar: Any) -> tuple[Any, list[str]]:
        """A definition with what the files say of it, and what is wrong with that."""
        parts: list[tuple[str, Any]] = []
        problems: list[str] = []
        for path, content in files.items():
            if variable in content:
                name = definitions.called(path)
                try:
                    part = paths.absolute(variable, templar.template(content[variable]), str(path.parent))
                    parts.append((name, part))
                except AnsibleError as error:
                    problems.append(f"{name}: {variable} cannot be evaluated: {_reason(error)}; correct its template")
        patch, origins, doubled = definitions.together(variable, parts)
        self._origins |= origins
        result, missing = definitions.merged(variable, value, patch)
        return result, [*problems, *doubled, *missing]

    def _misplaced(self, values: Values) -> list[str]:
        if "site_builder_environment" not in values:
            return []
        hosts = set(self._vars["ansible_play_hosts_all"])
        groups = [name for name, members in self._vars["groups"].items() if hosts & set(members)]
        folder = Path(self._vars.get("inventory_dir") or ".").name
        return preflight.place(values["site_builder_environment"], groups, folder)

    def _documents(self, apis: Values) -> dict[str, str]:
        """The OpenAPI documents, by path."""
        lookup = lookup_loader.get("ansible.builtin.file", loader=self._loader, templar=self._templar)
        documents: dict[str, str] = {}
        problems: list[str] = []
        for key, api in apis.items():
            for path in (api or {}).get("documents") or []:
                try:
                    documents[path] = lookup.run([path], {})[0]
                except (AnsibleError, UnicodeError, OSError) as error:
                    where = f"api_gateway_apis.{key}.documents"
                    problems.append(
                        f"{where} names {path!r}, which cannot be read ({_reason(error)}); correct the path"
                    )
        stop(problems)
        return documents

    def _options(self, roles: list[str]) -> dict[str, dict[str, Any]]:
        """The options of every role's every entry point, by name."""
        specs = [self._yaml(f"{role}/meta/argument_specs.yml").get("argument_specs", {}) for role in roles]
        entry_points = [entry_point for spec in specs for entry_point in spec.values()]
        return {name: option for one in entry_points for name, option in one.get("options", {}).items()}

    def _yaml(self, path: str) -> dict[str, Any]:
        file = _ROLES / path
        return (
            (self._loader.load_from_file(str(file), cache="none", trusted_as_template=True) or {})
            if file.is_file()
            else {}
        )

    @staticmethod
    def _result(values: Values, settings: Values, stacks: registry.Stacks, arguments: Values) -> dict[str, Any]:
        facts = settings["context"]
        placeholders = dict.fromkeys(stacks["lambda"]["packages"], lambda_.PLACEHOLDER_PACKAGE)
        in_waves = waves({name: list(stack.depends_on) for name, stack in registry.STACKS.items()})
        wanted = arguments["stacks"] or stacks
        entries = {
            name: {
                **{key: value for key, value in stack.items() if key not in ("packages", "artifact_buckets")},
                "depends_on": list(registry.STACKS[name].depends_on),
                "output": registry.STACKS[name].output,
            }
            for name, stack in stacks.items()
            if name in wanted
        }
        # Until the packages are built, and where nobody will look for them, as in a destruction.
        if "lambda" in entries:
            entries["lambda"]["tfvars"] = {**entries["lambda"]["tfvars"], "packages": placeholders}
        return {
            "context": facts,
            "account_id": facts["account_id"],
            "production": ENVIRONMENTS[facts["environment"]].production,
            "dr": settings["dr"],
            "tags": settings["tags"],
            "settings": settings,
            "state_bucket": values["site_builder_state_bucket"] or resource_name("tfstate", "state_bucket", facts),
            "state_prefix": f"{facts['service']}/{facts['environment']}",
            "waves": in_waves,
            "order": [name for wave in in_waves for name in wave],
            "packages": stacks["lambda"]["packages"],
            "artifact_buckets": stacks["lambda"]["artifact_buckets"],
            "models": bedrock.called(stacks["iam"]["tfvars"]["roles"]),
            "predicted_outputs": {name: stack["predicted_outputs"] for name, stack in stacks.items()},
            "stacks": entries,
            **(_rendered(stacks, settings) if arguments["render"] else {}),
        }


def _community_general() -> str:
    """The version that this run uses, as its collection says; a checkout in development has none."""
    found = importlib.import_module("ansible_collections.community.general").__path__[0]
    try:
        manifest = json.loads((Path(found) / "MANIFEST.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    return manifest["collection_info"]["version"]
