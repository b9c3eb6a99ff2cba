"""An AWX that keeps objects: the part of the API of 24.6.1 that awx.yml uses, with its rules, and no jobs.

What is required, what an object may name, what follows from what, and the sentences are those of awx/api/serializers.py,
awx/api/views and awx/main/models of AWX 24.6.1; where a test relies on one, it is named beside it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.conftest import ROOT

TOKEN = "token-of-the-fake"
_EVENTS = ("started", "success", "error")
_APPROVALS = ("running", "approved", "denied", "timed_out")


@dataclass(frozen=True)
class Kind:
    """One kind of object. fields: what AWX keeps, with its default; of others it says nothing, and forgets them."""

    fields: dict[str, Any]
    required: tuple[str, ...] = ("name",)
    # Fields that name another object, and its kind.
    keys: dict[str, str] = field(default_factory=dict)
    # No two objects share all of these.
    unique: tuple[str, ...] = ("name", "organization")
    # Lists of other objects below it, and their kind.
    lists: dict[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    removable: bool = True


_NOTIFIED = {f"notification_templates_{event}": "notification_templates" for event in _EVENTS}
_APPROVED = {"notification_templates_approvals": "notification_templates"}
_ASKS = {
    f"ask_{what}_on_launch": False
    for what in ("limit", "variables", "inventory", "credential", "tags", "skip_tags", "job_type", "scm_branch")
}
KINDS: dict[str, Kind] = {
    "organizations": Kind(
        {"name": "", "description": "", "max_hosts": 0, "default_environment": None},
        keys={"default_environment": "execution_environments"},
        unique=("name",),
        roles=("admin", "member"),
        lists={"instance_groups": "instance_groups"} | _NOTIFIED | _APPROVED,
    ),
    "teams": Kind(
        {"name": "", "description": "", "organization": None},
        ("name", "organization"),
        {"organization": "organizations"},
        roles=("admin", "member"),
    ),
    # There is no call that removes one.
    "labels": Kind(
        {"name": "", "organization": None},
        ("name", "organization"),
        {"organization": "organizations"},
        removable=False,
    ),
    "instance_groups": Kind({"name": ""}, unique=("name",)),
    "credential_types": Kind(
        {"name": "", "description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False},
        ("name", "kind"),
        unique=("name", "kind"),
    ),
    "credentials": Kind(
        {"name": "", "description": "", "organization": None, "credential_type": None, "inputs": {}},
        ("name", "credential_type"),
        {"organization": "organizations", "credential_type": "credential_types"},
        unique=("name", "organization", "credential_type"),
        roles=("admin", "use", "read"),
    ),
    "execution_environments": Kind(
        {"name": "", "description": "", "organization": None, "image": "", "credential": None, "pull": ""},
        ("name", "image"),
        {"organization": "organizations", "credential": "credentials"},
        unique=("name",),
    ),
    "notification_templates": Kind(
        {
            "name": "",
            "description": "",
            "organization": None,
            "notification_type": "",
            "notification_configuration": {},
            "messages": None,
        },
        ("name", "organization", "notification_type", "notification_configuration"),
        {"organization": "organizations"},
    ),
    "projects": Kind(
        {
            "name": "",
            "description": "",
            "organization": None,
            "scm_type": "",
            "scm_url": "",
            "scm_branch": "",
            "scm_refspec": "",
            "scm_update_on_launch": False,
            "scm_update_cache_timeout": 0,
            "allow_override": False,
            "credential": None,
            "timeout": 0,
        },
        keys={"organization": "organizations", "credential": "credentials"},
        lists=_NOTIFIED,
        roles=("admin", "use", "update", "read"),
    ),
    "inventories": Kind(
        {"name": "", "description": "", "organization": None, "kind": "", "host_filter": None, "variables": ""},
        ("name", "organization"),
        {"organization": "organizations"},
        roles=("admin", "use", "adhoc", "update", "read"),
    ),
    "inventory_sources": Kind(
        {
            "name": "",
            "description": "",
            "inventory": None,
            "source": "",
            "source_path": "",
            "source_project": None,
            "scm_branch": "",
            "overwrite": False,
            "overwrite_vars": False,
            "update_on_launch": False,
            "update_cache_timeout": 0,
        },
        ("name", "inventory", "source"),
        {"inventory": "inventories", "source_project": "projects"},
        unique=("name", "inventory"),
        lists=_NOTIFIED,
    ),
    "job_templates": Kind(
        {
            "name": "",
            "description": "",
            "organization": None,
            "job_type": "run",
            "inventory": None,
            "project": None,
            "playbook": "",
            "scm_branch": "",
            "extra_vars": "",
            "limit": "",
            "verbosity": 0,
            "timeout": 0,
            "diff_mode": False,
            "allow_simultaneous": False,
            "job_slice_count": 1,
            "survey_enabled": False,
            "execution_environment": None,
            **_ASKS,
        },
        ("name", "project", "playbook"),
        {"inventory": "inventories", "project": "projects", "execution_environment": "execution_environments"},
        lists={"credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"} | _NOTIFIED,
        roles=("admin", "execute", "read"),
    ),
    "workflow_job_templates": Kind(
        {
            "name": "",
            "description": "",
            "organization": None,
            "extra_vars": "",
            "inventory": None,
            "limit": None,
            "scm_branch": None,
            "allow_simultaneous": False,
            "survey_enabled": False,
            **_ASKS,
        },
        keys={"organization": "organizations", "inventory": "inventories"},
        lists={"labels": "labels"} | _NOTIFIED | _APPROVED,
        roles=("admin", "execute", "approval", "read"),
    ),
    "workflow_job_template_nodes": Kind(
        {
            "identifier": "",
            "workflow_job_template": None,
            "unified_job_template": None,
            "extra_data": {},
            "all_parents_must_converge": False,
            "inventory": None,
            "limit": None,
        },
        ("workflow_job_template",),
        {"workflow_job_template": "workflow_job_templates", "inventory": "inventories"},
        unique=("identifier", "workflow_job_template"),
        lists={f"{when}_nodes": "workflow_job_template_nodes" for when in ("success", "failure", "always")}
        | {"credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"},
    ),
    "workflow_approval_templates": Kind({"name": "", "description": "", "timeout": 0}, unique=()),
    "schedules": Kind(
        {
            "name": "",
            "description": "",
            "unified_job_template": None,
            "rrule": "",
            "enabled": True,
            "extra_data": {},
            "inventory": None,
            "limit": None,
        },
        ("name", "unified_job_template", "rrule"),
        unique=("unified_job_template", "name"),
        lists={"credentials": "credentials", "labels": "labels", "instance_groups": "instance_groups"},
    ),
}
# Any of these is one.
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")
# What goes with what it belongs to; anything else only loses the name of what is gone.
GOES_WITH = {
    ("teams", "organization"),
    ("labels", "organization"),
    ("inventory_sources", "inventory"),
    ("workflow_job_template_nodes", "workflow_job_template"),
    ("schedules", "unified_job_template"),
}


class RefusedError(Exception):
    """What AWX answers instead of doing it."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


class FakeAwx:
    """The objects, and what may be done with them."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.related: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Any] = {}
        self.role_ids: dict[tuple[str, int, str], int] = {}
        self.updates: dict[int, dict[str, Any]] = {}
        self.tokens: set[int] = set()
        self.synced: set[int] = set()
        self.requests: list[tuple[str, str]] = []
        self.cannot_check_out = False
        self.last = 0
        # As on a new AWX.
        self.objects["instance_groups"][self._id()] = {"name": "default"}

    def _id(self) -> int:
        self.last += 1
        return self.last

    # --- what is asked

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and body for a request."""
        self.requests.append((method, target))
        url = urlsplit(target)
        path = [part for part in re.sub(r"^/api/v2/", "", url.path).split("/") if part]
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        try:
            return self._answer(method, path, query, body)
        except RefusedError as refused:
            return refused.status, refused.body

    def _answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> tuple[int, Any]:
        if path[0] in ("project_updates", "inventory_updates"):
            return 200, self.updates[int(path[1])]
        if path[0] == "tokens":
            return self._token(method, path)
        if path[0] == "roles":
            return self._role(method, int(path[1]), path[2], body)
        kind = path[0]
        if kind == "unified_job_templates" and len(path) == 1:
            return 200, self._page([self._shown(k, i) for k in UNIFIED for i in self.objects[k]], query, kind)
        if kind not in KINDS:
            raise RefusedError(404, {"detail": "Not found."})
        if len(path) == 1:
            if method == "POST":
                return 201, self._create(kind, body)
            return 200, self._page([self._shown(kind, number) for number in self.objects[kind]], query, kind)
        number = int(path[1])
        if number not in self.objects[kind]:
            raise RefusedError(404, {"detail": "Not found."})
        if len(path) == 2:
            return self._one(method, kind, number, body)
        return self._below(method, kind, number, path[2], body)

    def _one(self, method: str, kind: str, number: int, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, self._shown(kind, number)
        if method == "PATCH":
            return 200, self._update(kind, number, body)
        if method == "DELETE" and KINDS[kind].removable:
            self._may_go(kind, number)
            self._remove(kind, number)
            # An inventory goes in the background.
            return (202 if kind == "inventories" else 204), None
        raise RefusedError(405, {"detail": f'Method "{method}" not allowed.'})

    def _below(self, method: str, kind: str, number: int, what: str, body: Any) -> tuple[int, Any]:
        if what == "survey_spec" and kind in ("job_templates", "workflow_job_templates"):
            return self._survey(method, kind, number, body)
        if what == "update" and kind in ("projects", "inventory_sources") and method == "POST":
            return 202, self._sync(kind, number)
        if what == "create_approval_template" and kind == "workflow_job_template_nodes":
            made = self._create("workflow_approval_templates", body)
            self.objects[kind][number]["unified_job_template"] = made["id"]
            return 201, made
        if what not in KINDS[kind].lists:
            raise RefusedError(404, {"detail": "Not found."})
        ids = self.related.setdefault((kind, number, what), [])
        if method == "GET":
            return 200, self._page([self._shown(KINDS[kind].lists[what], one) for one in ids], {}, kind)
        self._associate(kind, number, what, ids, body)
        return 204, None

    def _page(self, items: list[dict[str, Any]], query: dict[str, str], kind: str) -> dict[str, Any]:
        size = int(query.pop("page_size", 25))
        page = int(query.pop("page", 1))
        either = {key.removeprefix("or__"): value for key, value in query.items() if key.startswith("or__")}
        every = {key: value for key, value in query.items() if not key.startswith("or__")}
        known = {"id", "name"} | (set(KINDS[kind].fields) if kind in KINDS else {"organization"})
        for key in [*either, *every]:
            if key.removesuffix("__startswith") not in known:
                raise RefusedError(403, {"detail": f"{key} is not a field of {kind}"})

        def fits(item: dict[str, Any], key: str, value: str) -> bool:
            if key.endswith("__startswith"):
                return str(item.get(key.removesuffix("__startswith"))).startswith(value)
            return str(item.get(key)) == value

        found = [
            item
            for item in items
            if all(fits(item, *pair) for pair in every.items())
            and (not either or any(fits(item, *pair) for pair in either.items()))
        ]
        begin, end = (page - 1) * size, page * size
        more = f"/api/v2/{kind}/?page={page + 1}&page_size={size}" if len(found) > end else None
        if more:
            more += "".join(f"&{key}={value}" for key, value in query.items())
        return {"count": len(found), "next": more, "previous": None, "results": found[begin:end]}

    def _shown(self, kind: str, number: int) -> dict[str, Any]:
        data = json.loads(json.dumps(self.objects[kind][number]))
        url = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/", "update": f"{url}update/"}
        if kind == "workflow_job_template_nodes" and data["unified_job_template"]:
            pointed = next(k for k in UNIFIED if data["unified_job_template"] in self.objects[k])
            related["unified_job_template"] = f"/api/v2/{pointed}/{data['unified_job_template']}/"
        if kind == "credentials":
            secret = {
                one["id"]
                for one in self.objects["credential_types"][data["credential_type"]]["inputs"].get("fields", [])
                if one.get("secret")
            }
            data["inputs"] = {k: "$encrypted$" if k in secret and v else v for k, v in data["inputs"].items()}
        roles = {}
        for role in KINDS[kind].roles:
            roles[f"{role}_role"] = {
                "id": self.role_ids.setdefault((kind, number, role), 0) or self._role_id(kind, number, role)
            }
        summary: dict[str, Any] = {"object_roles": roles}
        if kind == "organizations":
            mine = {k: sum(o.get("organization") == number for o in self.objects[k].values()) for k in KINDS}
            summary["related_field_counts"] = {
                k: mine[k] for k in ("inventories", "teams", "job_templates", "projects")
            } | {"users": 1, "admins": 0, "hosts": 0}
        kind_of = {"inventories": "inventory"}.get(kind, kind.removesuffix("s"))
        return {"id": number, "type": kind_of, "url": url, "related": related, "summary_fields": summary, **data}

    def _role_id(self, kind: str, number: int, role: str) -> int:
        self.role_ids[(kind, number, role)] = self._id()
        return self.role_ids[(kind, number, role)]

    # --- what is changed

    def _create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        missing = {name: ["This field is required."] for name in KINDS[kind].required if name not in body}
        if missing:
            raise RefusedError(400, missing)
        data = {**json.loads(json.dumps(KINDS[kind].fields)), **self._accepted(kind, body, {})}
        self._check(kind, data, None)
        number = self._id()
        self.objects[kind][number] = data
        if kind == "projects" and data["scm_type"]:
            # AWX checks a new project out by itself.
            self._sync(kind, number)
        return self._shown(kind, number)

    def _update(self, kind: str, number: int, body: dict[str, Any]) -> dict[str, Any]:
        data = {**self.objects[kind][number], **self._accepted(kind, body, self.objects[kind][number])}
        self._check(kind, data, number)
        self.objects[kind][number] = data
        return self._shown(kind, number)

    def _accepted(self, kind: str, body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        data = {key: value for key, value in body.items() if key in KINDS[kind].fields}
        if kind == "job_templates":
            # It is the project's.
            data.pop("organization", None)
            if project := self.objects["projects"].get(data.get("project", before.get("project"))):
                data["organization"] = project["organization"]
        for key, value in data.items():
            default = KINDS[kind].fields[key]
            if isinstance(default, bool) and not isinstance(value, bool):
                raise RefusedError(400, {key: ["Must be a valid boolean."]})
            if isinstance(default, int) and not isinstance(default, bool) and not isinstance(value, int):
                raise RefusedError(400, {key: ["A valid integer is required."]})
        if data.get("name") == "":
            raise RefusedError(400, {"name": ["This field may not be blank."]})
        return data

    def _check(self, kind: str, data: dict[str, Any], number: int | None) -> None:
        for key, other in KINDS[kind].keys.items():
            if data[key] is not None and data[key] not in self.objects[other]:
                raise RefusedError(400, {key: [f'Invalid pk "{data[key]}" - object does not exist.']})
        pointed = data.get("unified_job_template")
        if pointed is not None and not any(pointed in self.objects[k] for k in UNIFIED):
            raise RefusedError(400, {"unified_job_template": [f'Invalid pk "{pointed}" - object does not exist.']})
        same = [
            one
            for one, item in self.objects[kind].items()
            if KINDS[kind].unique and one != number and all(item.get(k) == data.get(k) for k in KINDS[kind].unique)
        ]
        if same:
            raise RefusedError(
                400, {"__all__": [f"{kind} with this {' and '.join(KINDS[kind].unique)} already exists."]}
            )
        if check := getattr(self, f"_check_{kind}", None):
            check(data)

    def _check_credentials(self, data: dict[str, Any]) -> None:
        known = {
            one["id"] for one in self.objects["credential_types"][data["credential_type"]]["inputs"].get("fields", [])
        }
        for key in data["inputs"].keys() - known:
            raise RefusedError(
                400, {"inputs": {key: [f"Additional properties are not allowed ('{key}' was unexpected)"]}}
            )

    def _check_credential_types(self, data: dict[str, Any]) -> None:
        if data["kind"] not in ("cloud", "net"):
            raise RefusedError(400, {"kind": ["Must be 'cloud' or 'net'."]})

    def _check_job_templates(self, data: dict[str, Any]) -> None:
        project = self.objects["projects"].get(data["project"])
        if project is None:
            raise RefusedError(400, {"project": ["This field is required."]})
        known = [str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.yml"), *ROOT.glob("playbooks/*.yml"))]
        if data["project"] not in self.synced or data["playbook"] not in known:
            raise RefusedError(400, {"playbook": ["Playbook not found for project."]})
        if data["scm_branch"] and not project["allow_override"]:
            raise RefusedError(400, {"scm_branch": ["Project does not allow override of branch."]})
        if data["inventory"] is None and not data["ask_inventory_on_launch"]:
            raise RefusedError(400, {"inventory": ["Job Template must provide 'inventory' or allow prompting for it."]})
        json.loads(data["extra_vars"] or "{}")

    def _check_inventory_sources(self, data: dict[str, Any]) -> None:
        if data["source"] == "scm" and data["source_project"] is None:
            raise RefusedError(400, {"source_project": ["Project required for scm type sources."]})
        project = self.objects["projects"].get(data["source_project"], {})
        if data["scm_branch"] and not project.get("allow_override"):
            raise RefusedError(400, {"scm_branch": ["Project does not allow overriding branch."]})

    def _check_schedules(self, data: dict[str, Any]) -> None:
        """By SchedulePreviewSerializer.validate_rrule."""
        start = re.match(r"DTSTART(;TZID=[^:]+)?:(\d{8}T\d{6})(Z?)\s", data["rrule"])
        if not start:
            raise RefusedError(
                400, {"rrule": ["Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ"]}
            )
        if not start[1] and not start[3]:
            raise RefusedError(
                400, {"rrule": ["DTSTART cannot be a naive datetime.  Require ;TZINFO= or YYYYMMDDTHHMMSSZZ."]}
            )
        if "INTERVAL" not in data["rrule"]:
            raise RefusedError(400, {"rrule": ["INTERVAL required in rrule."]})

    def _check_notification_templates(self, data: dict[str, Any]) -> None:
        """By NotificationTemplateSerializer.validate_messages and validate."""
        wanted = {"url": str, "headers": dict}
        for key, type_ in wanted.items():
            if not isinstance(data["notification_configuration"].get(key), type_):
                raise RefusedError(
                    400, {"__all__": [f"Missing required fields for Notification Configuration: ['{key}']."]}
                )
        for event, said in (data["messages"] or {}).items():
            if event not in (*_EVENTS, "workflow_approval"):
                raise RefusedError(400, {"messages": [f"Event '{event}' invalid"]})
            subevents = said or {}
            for name, texts in (subevents if event == "workflow_approval" else {"": subevents}).items():
                if event == "workflow_approval" and name not in _APPROVALS:
                    raise RefusedError(400, {"messages": [f"Workflow Approval event '{name}' invalid"]})
                self._check_texts(texts)

    def _check_texts(self, texts: dict[str, str | None]) -> None:
        for type_, text in texts.items():
            if type_ not in ("message", "body") or (type_ == "message" and text and "\n" in text):
                raise RefusedError(400, {"messages": [f"Message type '{type_}' invalid"]})
            if text is None:
                continue
            try:
                rendered = rendered_message(text, STUB, StrictUndefined)
            except TemplateError as error:
                raise RefusedError(400, {"messages": [f"Unable to render message '{text}': {error}"]}) from error
            if type_ == "body":
                # Both before and after it is rendered, whichever release looks.
                for body in (text, rendered):
                    if not isinstance(json.loads(body), dict):
                        raise RefusedError(400, {"messages": ["Webhook body should be a json dictionary."]})

    def _associate(self, kind: str, number: int, what: str, ids: list[int], body: dict[str, Any]) -> None:
        other, one = KINDS[kind].lists[what], body.get("id")
        if one not in self.objects[other]:
            raise RefusedError(400, {"msg": f'"id" {one} is no object of {other}'})
        if body.get("disassociate"):
            ids[:] = [kept for kept in ids if kept != one]
            if other == "labels" and not any(one in v for (*_, w), v in self.related.items() if w == "labels"):
                # By LabelSubListCreateAttachDetachView: a label that nothing has is removed.
                del self.objects["labels"][one]
            return
        if what == "credentials":
            type_ = self.objects["credentials"][one]["credential_type"]
            if any(self.objects["credentials"][c]["credential_type"] == type_ for c in ids):
                raise RefusedError(400, {"error": "Cannot assign multiple credentials of one type."})
        if what.endswith("_nodes"):
            self._check_link(number, one)
        if (
            what == "labels"
            and self.objects["labels"][one]["organization"] != self.objects[kind][number]["organization"]
        ):
            raise RefusedError(400, {"msg": "the label is one of another organization"})
        if one not in ids:
            ids.append(one)

    def _check_link(self, parent: int, child: int) -> None:
        nodes = self.objects["workflow_job_template_nodes"]
        if nodes[parent]["workflow_job_template"] != nodes[child]["workflow_job_template"]:
            raise RefusedError(400, {"Error": "Relationship not allowed."})
        reached, todo = set(), [child]
        while todo:
            node = todo.pop()
            reached.add(node)
            for when in ("success", "failure", "always"):
                todo += self.related.get(("workflow_job_template_nodes", node, f"{when}_nodes"), [])
        if parent in reached:
            raise RefusedError(400, {"Error": "Cycle detected."})

    def _survey(self, method: str, kind: str, number: int, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, self.surveys.get((kind, number), {})
        if method == "DELETE":
            self.surveys.pop((kind, number), None)
            return 200, None
        for name in ("name", "description", "spec"):
            if name not in body:
                raise RefusedError(400, {"error": f"'{name}' missing from survey spec."})
        seen = set()
        for question in body["spec"]:
            for name in ("type", "question_name", "variable", "required"):
                if name not in question:
                    raise RefusedError(400, {"error": f"'{name}' missing from survey question."})
            if question["variable"] in seen:
                raise RefusedError(
                    400, {"error": f"'variable' '{question['variable']}' duplicated in survey question."}
                )
            seen.add(question["variable"])
            if question["type"] == "multiplechoice" and not question.get("choices"):
                raise RefusedError(400, {"error": "choices must be specified."})
        self.surveys[(kind, number)] = body
        return 200, None

    def _sync(self, kind: str, number: int) -> dict[str, Any]:
        update, failed = self._id(), kind == "projects" and self.cannot_check_out
        if kind == "projects" and not failed:
            self.synced.add(number)
        if kind == "projects":
            self.objects[kind][number]["scm_revision"] = "" if failed else "0" * 40
        name = {"projects": "project_updates", "inventory_sources": "inventory_updates"}[kind]
        self.updates[update] = {
            "id": update,
            "url": f"/api/v2/{name}/{update}/",
            "status": "failed" if failed else "successful",
            "failed": failed,
            "finished": "2026-11-29T18:00:00Z",
            "started": "2026-11-29T18:00:00Z",
            "elapsed": 1.0,
            "event_processing_finished": True,
            "scm_revision": "0" * 40,
        }
        return {**self.updates[update], "status": "pending"}

    def _role(self, method: str, role: int, who: str, body: Any) -> tuple[int, Any]:
        if role not in self.role_ids.values() or who != "teams":
            raise RefusedError(404, {"detail": "Not found."})
        ids = self.related.setdefault(("roles", role, "teams"), [])
        if method == "GET":
            return 200, self._page([self._shown("teams", one) for one in ids], {}, "teams")
        if body.get("id") not in self.objects["teams"]:
            raise RefusedError(400, {"msg": "no such team"})
        if body.get("disassociate"):
            ids.remove(body["id"])
        elif body["id"] not in ids:
            ids.append(body["id"])
        return 204, None

    def _token(self, method: str, path: list[str]) -> tuple[int, Any]:
        if method == "POST":
            number = self._id()
            self.tokens.add(number)
            return 201, {"id": number, "token": TOKEN}
        self.tokens.discard(int(path[1]))
        return 204, None

    def _may_go(self, kind: str, number: int) -> None:
        used = [c for c in self.objects["credentials"].values() if c["credential_type"] == number]
        if kind == "credential_types" and used:
            raise RefusedError(403, {"detail": "Credential types that are in use cannot be deleted."})

    def _remove(self, kind: str, number: int) -> None:
        del self.objects[kind][number]
        for (k, i, _), role in list(self.role_ids.items()):
            if (k, i) == (kind, number):
                self.related.pop(("roles", role, "teams"), None)
                self.role_ids = {key: r for key, r in self.role_ids.items() if r != role}
        self.surveys.pop((kind, number), None)
        self.related = {key: ids for key, ids in self.related.items() if key[:2] != (kind, number)}
        for (k, _, what), ids in self.related.items():
            pointed = "teams" if k == "roles" else KINDS[k].lists[what]
            if pointed == kind:
                ids[:] = [one for one in ids if one != number]
        for other in KINDS:
            fields = dict(KINDS[other].keys)
            if kind in UNIFIED and "unified_job_template" in KINDS[other].fields:
                fields["unified_job_template"] = kind
            if other == "job_templates":
                fields["organization"] = "organizations"
            for one, item in list(self.objects[other].items()):
                for key, pointed in fields.items():
                    if pointed == kind and item.get(key) == number:
                        if (other, key) in GOES_WITH and one in self.objects[other]:
                            self._remove(other, one)
                        else:
                            item[key] = None
        if kind == "workflow_job_template_nodes":
            # By the signals of awx/main/signals.py: an approval goes with its node.
            used = {n["unified_job_template"] for n in self.objects[kind].values()}
            for approval in [a for a in self.objects["workflow_approval_templates"] if a not in used]:
                self._remove("workflow_approval_templates", approval)

    # --- what a test looks at

    def named(self, kind: str) -> dict[str, dict[str, Any]]:
        """The objects of a kind by their names."""
        return {item.get("name", item.get("identifier")): item | {"id": n} for n, item in self.objects[kind].items()}

    def state(self) -> dict[str, Any]:
        """All there is, to be compared."""
        kept = {kind: items for kind, items in self.objects.items() if items}
        return json.loads(
            json.dumps(
                {
                    "objects": kept,
                    "related": sorted([[*key, ids] for key, ids in self.related.items() if ids]),
                    "surveys": sorted([[*key, spec] for key, spec in self.surveys.items()], key=str),
                }
            )
        )


# By JobNotificationMixin.context_stub.
STUB: dict[str, Any] = {
    "job": {
        "artifacts": {},
        "id": 42,
        "job_explanation": "Sample job explanation",
        "name": "Stub",
        "status": "running",
    },
    "job_friendly_name": "Job",
    "url": "https://towerhost/#/jobs/playbook/1010",
    "approval_status": "approved",
    "approval_node_name": "Approve Me",
    "workflow_url": "https://towerhost/#/workflows/1010",
    "job_metadata": "{}",
}


def rendered_message(text: str, context: dict[str, Any], undefined: Any) -> str:
    """A message as AWX renders it."""
    return ImmutableSandboxedEnvironment(undefined=undefined).from_string(text).render(context)


@contextmanager
def served(awx: FakeAwx, seconds: float = 0.0) -> Iterator[str]:
    """Serve it, each answer after so many seconds; gives the URL."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"null") if length else None
            allowed = self.headers.get("Authorization", "").split()[-1:] == [TOKEN] or "tokens" in self.path
            time.sleep(seconds)
            with lock:
                status, said = awx.answer(self.command, self.path, body) if allowed else (401, {"detail": "no"})
            text = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(text))),
                ("X-API-Product-Name", "AWX"),
                ("X-API-Product-Version", "24.6.1"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names of http.server

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
