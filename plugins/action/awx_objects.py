# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The action plugin of bbws.site_builder.awx_objects; it is documented in plugins/modules/awx_objects.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils import urls
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible_collections.bbws.site_builder.plugins.module_utils import awx_objects

_MODULES = "ansible_collections.awx.awx.plugins.modules"
_PREFIXES = ("_awx_config_", "awx_config_")
# Ten seconds, the default, are short for a server that is busy with our own syncs.
_TIMEOUT = 60.0
# Of a removed organization nothing else may be lost; administrators and members are people, who stay.
_OF_OTHERS = ("inventories", "teams", "job_templates", "projects", "hosts")


class _EndedError(Exception):
    """A module of awx.awx has said its last word."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg", ""))
        self.result = result


class ActionModule(ActionBase):
    """Calls the modules of awx.awx one after the other in this process, so that what one has looked up the next one knows."""

    _VALID_ARGS = frozenset(("part", "state"))
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        settings = self._settings(task_vars or {})
        self._server = _Server(bool(self._task.check_mode), settings["name"], self._display.warning)
        with _certificates_read_once():
            try:
                if self._task.args.get("state", "present") == "absent":
                    done = self._remove(settings)
                else:
                    done = self._make(awx_objects.calls(settings), self._task.args["part"])
            finally:
                self._server.log_out()
        return {
            **result,
            "changed": any(done.values()),
            "objects": len(done),
            "requests": self._server.requests,
            **{how: [what for what, was in done.items() if was == how] for how in ("created", "updated", "removed")},
        }

    def _settings(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of the role. They hold secrets, and so are no arguments, which Ansible may show."""
        found = {}
        for name, value in task_vars.items():
            prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)
            if prefix:
                found[name.removeprefix(prefix)] = self._templar.template(value)
        return found

    def _make(self, calls: list[awx_objects.Call], part: str) -> dict[str, str]:
        done: dict[str, str] = {}
        parts = awx_objects.PARTS[: awx_objects.PARTS.index(part)]
        if self._server.check:
            # What they would have made is missing here.
            for call in calls:
                if call.part in parts:
                    self._server.make(call)
            self._server.requests = 0
        for call in calls:
            if call.part != part:
                continue
            how = self._server.make(call)
            # A node and its links are two calls.
            done[call.what] = done.get(call.what) or how
        return done

    def _remove(self, settings: Mapping[str, Any]) -> dict[str, str]:
        server, organization = self._server, settings["organization"]
        done: dict[str, str] = {}
        ours = server.find("organizations", organization)
        if ours is None:
            return done
        calls = awx_objects.removals(settings)
        # AWX has no call that removes a label: one that is taken off the last thing it is on is gone.
        labelled = {call.arguments["name"]: call for call in calls if call.module == "job_template"}
        last = [call for name, call in labelled.items() if name.endswith(" plan")]
        calls = [call for call in calls if call not in last]
        first = next((n for n, call in enumerate(calls) if call.module == "team"), len(calls))
        for call in [*calls[:first], *last, *calls[first:]]:
            if call.module == "execution_environment":
                # AWX knows these by their name alone.
                found = server.find("execution_environments", call.arguments["name"])
                if not found or found["organization"] != ours["id"]:
                    continue
            if call in last:
                server.take_labels_off(call)
            done[call.what] = server.make(call)
        if server.is_only_ours(organization):
            call = awx_objects.Call("removed", "organization", {"name": organization, "state": "absent"})
            done[call.what] = server.make(call)
        return done


class _Server:
    """An AWX, as the modules of awx.awx talk to it."""

    def __init__(self, check: bool, prefix: str, warn: Any) -> None:
        self.check, self.prefix, self.warn = check, prefix, warn
        self.requests = 0
        self.writes: list[tuple[str, str]] = []
        # What check mode would have made: nothing can be looked up that hangs on it.
        self.missing: set[str] = set()
        self.seen: dict[tuple[str, str], Any] = {}
        self.token: tuple[Any, Any] = (None, None)
        self.last: Any = None

    def make(self, call: awx_objects.Call) -> str:
        """Make the call; gives `created`, `updated`, `removed`, or nothing where all is as it should be."""
        absent = call.arguments.get("state") == "absent" and call.module != "role"
        if self.check and not absent and self._needed(call) & self.missing:
            self.missing.add(call.arguments.get("name", call.what))
            return "created"
        self.writes = []
        try:
            changed, made = self._run(call)
        except _NotThereError:
            return ""
        if not changed:
            return ""
        if absent:
            return "removed"
        created = made is None if self.check else any(_makes(*write) for write in self.writes)
        if created and self.check:
            self.missing.add(call.arguments.get("name", call.what))
        return "created" if created else "updated"

    def _needed(self, call: awx_objects.Call) -> set[str]:
        """The names that a call leads to, its own apart."""
        found: set[str] = set()
        for key, value in call.arguments.items():
            if key not in ("name", "description", "playbook") and isinstance(value, str):
                found.add(value)
            elif isinstance(value, list):
                found.update(item for item in value if isinstance(item, str))
        if call.module == "workflow_job_template_node":
            place = call.arguments["workflow_job_template"]
            found.update(
                f"workflow job template node {node} of {place}" for node in call.arguments.get("success_nodes", [])
            )
        return found

    def _run(self, call: awx_objects.Call) -> tuple[bool, Any]:
        try:
            module = import_module(f"{_MODULES}.{call.module}")
        except ImportError as error:
            raise AnsibleActionFail(
                f"the collection awx.awx is not installed ({error}): install it with ansible-galaxy collection install "
                "awx.awx:24.6.1, or link ansible.controller as docs/awx.md says"
            ) from error
        real = module.ControllerAPIModule
        module.ControllerAPIModule = self._api(real, call)
        try:
            module.main()
        except _EndedError as ended:
            if ended.result.get("failed"):
                if call.arguments.get("state") == "absent" and _is_missing(str(ended)):
                    raise _NotThereError from ended
                raise AnsibleActionFail(f"{call.what}: {ended}") from ended
            return bool(ended.result.get("changed")), ended.result.get("id")
        finally:
            module.ControllerAPIModule = real
        raise AssertionError(f"{call.module} has not ended")

    def _api(self, base: Any, call: awx_objects.Call) -> Any:
        """The class by which a module talks to AWX, with the arguments of this call."""
        server = self

        class Api(base):
            def __init__(self, argument_spec: dict[str, Any] | None = None, **options: Any) -> None:
                spec = {**base.AUTH_ARGSPEC, **(argument_spec or {})}
                rules = {
                    k: v for k, v in options.items() if k in ("mutually_exclusive", "required_if", "required_one_of")
                }
                valid = ArgumentSpecValidator(spec, **rules).validate({"request_timeout": _TIMEOUT, **call.arguments})
                if valid.error_messages:
                    raise AnsibleActionFail(f"{call.what}: {'; '.join(valid.error_messages)}")
                self.check_mode, self.argument_spec = server.check, spec
                super().__init__(
                    argument_spec=spec,
                    direct_params=valid.validated_parameters,
                    error_callback=lambda **said: _end(failed=True, **said),
                    warn_callback=server.warn,
                )
                # One login for all.
                if server.token[0]:
                    self.oauth_token, self.oauth_token_id = server.token
                    self.authenticated = True
                server.last = self

            def exit_json(self, **said: Any) -> None:
                _end(**said)

            def logout(self) -> None:
                """At the end, once."""

            def authenticate(self, **more: Any) -> None:
                super().authenticate(**more)
                server.token = (self.oauth_token, self.oauth_token_id)

            def make_request(self, method: str, endpoint: str, *arguments: Any, **more: Any) -> Any:
                return server.request(super().make_request, method, endpoint, *arguments, **more)

            def get_one(self, endpoint: str, name_or_id: Any = None, **more: Any) -> Any:
                found = server.known(self, endpoint, name_or_id, more.get("data") or {})
                return super().get_one(endpoint, name_or_id=name_or_id, **more) if found is None else found

        return Api

    def log_out(self) -> None:
        """Give back the token of a login with user name and password."""
        if self.token[0] and self.last:
            type(self.last).__mro__[1].logout(self.last)

    def request(self, send: Any, method: str, endpoint: str, *arguments: Any, **more: Any) -> Any:
        """Send what has to be sent: an answer stays true until something of its kind is written."""
        key = (endpoint, repr(sorted((more.get("data") or {}).items())))
        if method == "GET" and key in self.seen:
            return deepcopy(self.seen[key])
        self.requests += 1
        answer = send(method, endpoint, *arguments, **more)
        if method == "GET":
            # What is being waited for changes by itself.
            if "_updates/" not in endpoint:
                self.seen[key] = deepcopy(answer)
            return answer
        self.writes.append((method, endpoint))
        kind = _kind(endpoint)
        stale = (kind, "unified_job_templates", "roles")
        # A removal may take others with it.
        self.seen = {} if method == "DELETE" else {k: v for k, v in self.seen.items() if _kind(k[0]) not in stale}
        return answer

    def known(self, api: Any, endpoint: str, name: Any, wanted: Mapping[str, Any]) -> Any:
        """Look among all of our own names, which were asked for at once; None: ask AWX.

        What is not among them is asked for as well, so that the module itself says what is missing.
        """
        kind = endpoint.strip("/")
        if not isinstance(name, str) or not name.startswith(self.prefix) or "++" in name or kind in ("roles",):
            return None
        answer = api.get_all_endpoint(endpoint, data={"name__startswith": self.prefix, "page_size": 200})
        if answer.get("status_code") != 200:
            return None
        items = [
            item
            for item in answer["json"]["results"]
            if item["name"] == name and all(item.get(key) == value for key, value in wanted.items())
        ]
        return items[0] if len(items) == 1 else None

    def find(self, endpoint: str, name: str) -> Any:
        """Look one thing up, without any of the modules."""
        call = awx_objects.Call("", "organization", {"name": name})
        module = import_module(f"{_MODULES}.organization")
        api = self._api(module.ControllerAPIModule, call)(argument_spec={"name": {"required": True}})
        try:
            return api.get_one(endpoint, name_or_id=name)
        except _EndedError as ended:
            raise AnsibleActionFail(f"{endpoint} {name}: {ended}") from ended

    def take_labels_off(self, call: awx_objects.Call) -> None:
        """Of a template that is there."""
        if self.find("job_templates", call.arguments["name"]) is not None:
            found = {key: value for key, value in call.arguments.items() if key != "state"}
            self.make(awx_objects.Call("removed", "job_template", {**found, "labels": []}))

    def is_only_ours(self, name: str) -> bool:
        """Whether we have made the organization, and nobody has put anything into it."""
        found = self.find("organizations", name)
        if not found or found.get("description") != awx_objects.MADE_HERE:
            return False
        counts = found["summary_fields"].get("related_field_counts", {})
        return self.check or not any(counts.get(kind) for kind in _OF_OTHERS)


class _NotThereError(Exception):
    """What is to be removed hangs on something that is gone."""


@contextmanager
def _certificates_read_once() -> Iterator[None]:
    """Ansible reads all certificates of the machine for each request, which takes longer than most answers of AWX."""
    real, made = urls.make_context, {}

    def make_context(*arguments: Any, **options: Any) -> Any:
        key = repr((arguments, sorted(options.items())))
        if key not in made:
            made[key] = real(*arguments, **options)
        return made[key]

    urls.make_context = make_context
    try:
        yield
    finally:
        urls.make_context = real


def _end(**said: Any) -> None:
    raise _EndedError(said)


def _is_missing(sentence: str) -> bool:
    return "returned 0 items, expected 1" in sentence


def _kind(endpoint: str) -> str:
    return re.sub(r"^/?(api/(controller/)?v2/)?", "", endpoint).split("/")[0].split("?")[0]


def _makes(method: str, endpoint: str) -> bool:
    """Whether this request has made something: one to a list, not one below a thing that is there."""
    return method == "POST" and "/" not in endpoint.strip("/")
