# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What playbooks/awx.yml makes of an AWX, as data: modules of awx.awx and their arguments, in the order that AWX wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Set only on an organization of our own making, so that no other one is ever removed.
MADE_HERE = "Made by bbws.site_builder"
# The one job that changes something and needs no approval of its own.
_BACK = "rollback"
# What is done before the project is checked out, before its inventories are read, and afterwards.
PARTS = ("shared", "inventories", "templates")
# By what a removal finds an object. All others go with these.
_FOUND_BY = {
    "workflow_job_template": ("name", "organization"),
    "job_template": ("name", "organization"),
    "team": ("name", "organization"),
    "inventory": ("name", "organization"),
    "project": ("name", "organization"),
    "credential": ("name", "organization", "credential_type"),
    "credential_type": ("name",),
    "notification_template": ("name", "organization"),
    "execution_environment": ("name",),
}


@dataclass(frozen=True)
class Call:
    """One module, and what it is called with."""

    part: str
    module: str
    arguments: dict[str, Any]

    @property
    def what(self) -> str:
        """How a person calls it."""
        name = self.arguments.get("name")
        if self.module == "role":
            verb = "taken from" if self.arguments.get("state") == "absent" else "given to"
            return f"role {self.arguments['role']} {verb} {', '.join(self.arguments['teams'])}"
        if self.module == "workflow_job_template_node":
            name = f"{self.arguments['identifier']} of {self.arguments['workflow_job_template']}"
        return f"{self.module.replace('_', ' ')} {name}"


def calls(settings: Mapping[str, Any]) -> list[Call]:
    """Return all calls. settings: the variables of the role awx_config, by their names without awx_config_ or _awx_config_."""
    desk = _Desk(settings)
    return [*desk.shared(), *desk.inventories(), *desk.templates()]


def removals(settings: dict[str, Any]) -> list[Call]:
    """Return what takes all of it away again, the dependent first; the organization apart, which may hold other things."""
    # Also what an earlier run has made with other settings.
    made = calls(settings | {"notification_url": "-", "execution_environment_image": "-"})
    return [
        Call("removed", module, {name: call.arguments[name] for name in keys} | {"state": "absent"})
        for module, keys in _FOUND_BY.items()
        for call in made
        if call.module == module
    ]


class _Desk:
    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.set = settings
        self.name, self.organization = settings["name"], settings["organization"]
        self.environments: Mapping[str, Mapping[str, Any]] = settings["environments"]
        self.jobs: Mapping[str, Mapping[str, Any]] = settings["jobs"]

    def _named(self, *parts: str) -> dict[str, Any]:
        return {"name": " ".join([self.name, *parts]), "organization": self.organization}

    def _pairs(self, names: Iterable[str]) -> list[tuple[str, str]]:
        return [(environment, name) for name in names for environment in self.environments]

    # --- before the checkout

    def shared(self) -> Iterator[Call]:
        yield self._call("organization", name=self.organization, description=MADE_HERE, state="exists")
        if self.set["execution_environment_image"]:
            credential = self.set["execution_environment_credential"]
            more = {"credential": credential} if credential else {}
            yield self._call(
                "execution_environment", **self._named(), image=self.set["execution_environment_image"], **more
            )
        for label in (self.name, *self.environments):
            yield self._call("label", name=label, organization=self.organization)
        for name, messages in _messages().items() if self.set["notification_url"] else ():
            yield self._call(
                "notification_template",
                **self._named(name),
                notification_type="webhook",
                notification_configuration={
                    "url": self.set["notification_url"],
                    "http_method": "POST",
                    "headers": {},
                    "disable_ssl_verification": False,
                    # With a password, AWX could not tell whether this has changed.
                    "username": "",
                    "password": "",
                },
                messages=messages,
            )
        for environment, purpose in self._pairs(self.set["purposes"]):
            yield self._call(
                "credential_type",
                name=f"{self.name} {environment} {purpose}",
                description=f"AWS, {environment}: {self.set['purposes'][purpose]}",
                kind="cloud",
                inputs=self.set["credential_inputs"],
                injectors=self.set["credential_injectors"],
            )
        for environment, purpose in self._pairs(self.set["purposes"]):
            inputs = self.set["aws_credentials"].get(environment, {}).get(purpose)
            yield self._call(
                "credential",
                **self._named(environment, purpose),
                credential_type=f"{self.name} {environment} {purpose}",
                update_secrets=self.set["update_secrets"],
                **({"inputs": inputs} if inputs else {}),
            )
        credential = self.set["project_credential"]
        yield self._call(
            "project",
            **self._named(),
            scm_type="git",
            scm_url=self.set["project_url"],
            scm_branch=self.set["project_branch"],
            # An environment may have a branch of its own. Always: AWX refuses to take it back while a template names a branch.
            allow_override=True,
            scm_update_on_launch=True,
            scm_update_cache_timeout=60,
            # The module's own waiting knows no end; the next task waits.
            wait=False,
            **({"credential": credential} if credential else {}),
        )

    def _call(self, module: str, **arguments: Any) -> Call:
        return Call("shared", module, arguments)

    # --- before the inventories are read

    def inventories(self) -> Iterator[Call]:
        for environment in self.environments:
            yield Call("inventories", "inventory", self._named(environment))
        for environment in self.environments:
            source = {
                **self._named(environment),
                "inventory": f"{self.name} {environment}",
                "source": "scm",
                "source_project": self.name,
                "source_path": f"inventories/{environment}/hosts.yml",
                "scm_branch": self._branch(environment),
                # The repository is the truth: what it drops goes.
                "overwrite": True,
                "overwrite_vars": True,
                "update_on_launch": True,
                "update_cache_timeout": 60,
            }
            yield Call("inventories", "inventory_source", source)

    def _branch(self, environment: str) -> str:
        return self.environments[environment].get("branch", "")

    # --- the buttons

    def templates(self) -> Iterator[Call]:
        for module, arguments in (*self._jobs(), *self._schedules(), *self._workflows(), *self._access()):
            yield Call("templates", module, arguments)

    def _jobs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for environment, name in self._pairs(self.jobs):
            job, own = self.jobs[name], self.environments[environment]
            answered = [self.set["answers"][asked] for asked in job["survey"] if asked in self.set["answers"]]
            variables = {key: value for some in [job["variables"], *answered] for key, value in some.items()}
            if name == "deploy" and own["approval"]:
                # Where a person must approve, nothing may go past that person.
                variables["site_builder_require_plan"] = True
            image = self.set["execution_environment_image"]
            arguments = {
                **self._named(environment, name),
                "description": job["description"],
                "job_type": "run",
                "project": self.name,
                "playbook": f"playbooks/{name}.yml",
                "scm_branch": self._branch(environment),
                "inventory": f"{self.name} {environment}",
                "credentials": [f"{self.name} {environment} {job['purpose']}"],
                **({"execution_environment": self.name} if image else {}),
                "instance_groups": own["instance_groups"],
                "labels": [self.name, environment],
                **self._announced(name, own["approval"]),
                "extra_vars": variables | self.set["job_variables"],
                "survey_enabled": bool(job["survey"]),
                **({"survey_spec": self._survey(name, job["description"], job["survey"])} if job["survey"] else {}),
                "ask_limit_on_launch": job["limit"],
                "timeout": job["timeout"],
                # Whoever approves a plan wants to see the attributes that change, not only the resources. Secrets are masked.
                "diff_mode": name == "plan",
                # Hosts are stacks in an order, and hold locks: one job at a time, and never a slice of one.
                "allow_simultaneous": False,
                "job_slice_count": 1,
            }
            yield "job_template", arguments

    def _announced(self, job: str, approval: bool) -> dict[str, list[str]]:
        if not self.set["notification_url"]:
            return {"notification_templates_error": [], "notification_templates_success": []}
        failed = f"{self.name} {'drift' if job == 'drift' else 'failed'}"
        # What AWX says of an approval that waits knows nothing of the plan; the plan's own job does.
        planned = [f"{self.name} approval"] if job == "plan" and approval else []
        return {"notification_templates_error": [failed], "notification_templates_success": planned}

    def _survey(self, name: str, description: str, variables: Iterable[str]) -> dict[str, Any]:
        spec = [question for question in self.set["questions"] if question["variable"] in variables]
        return {"name": name, "description": description, "spec": spec}

    def _schedules(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for environment, own in self.environments.items():
            yield (
                "schedule",
                {
                    **self._named(environment, "drift"),
                    "unified_job_template": f"{self.name} {environment} drift",
                    "rrule": own["drift"],
                },
            )

    def _workflows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        workflow = self.set["workflow"]
        for environment in self.environments:
            announced = [f"{self.name} approval"] if self.set["notification_url"] else []
            yield (
                "workflow_job_template",
                {
                    **self._named(environment, "release"),
                    "description": workflow["description"],
                    "labels": [self.name, environment],
                    "survey_enabled": True,
                    "survey_spec": self._survey("release", workflow["description"], workflow["survey"]),
                    "ask_limit_on_launch": True,
                    "allow_simultaneous": False,
                    # Its jobs say themselves why they have failed.
                    "notification_templates_error": [],
                    "notification_templates_approvals": announced,
                },
            )
        for environment, own in self.environments.items():
            yield from self._nodes(environment, own["approval"])

    def _nodes(self, environment: str, approval: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        """From the last to the first, so that each can name the one after it when it is made."""

        def node(identifier: str, **more: Any) -> tuple[str, dict[str, Any]]:
            place = {
                "workflow_job_template": f"{self.name} {environment} release",
                "organization": self.organization,
            }
            return "workflow_job_template_node", {"identifier": identifier, **place, **more}

        def job(name: str, **more: Any) -> tuple[str, dict[str, Any]]:
            template = {
                "unified_job_template": f"{self.name} {environment} {name}",
                "lookup_organization": self.organization,
            }
            return node(name, **template, **more)

        yield job("apply")
        if not approval:
            yield node("approval", state="absent")
            yield job("plan", success_nodes=["apply"])
            return
        yield node(
            "approval",
            approval_node={
                "name": f"{self.name} {environment} approval",
                "description": self.set["workflow"]["approval"],
                "timeout": self.set["approval_timeout"],
            },
        )
        # The module cannot make an approval and its links at once.
        yield node("approval", success_nodes=["apply"])
        yield job("plan", success_nodes=["approval"])

    # --- who may press what

    def _access(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Approvals mean something when only administrators can go past them: operators press everything else."""
        operators, approvers = f"{self.name} operators", f"{self.name} approvers"
        for team in (operators, approvers):
            yield "team", {"name": team, "organization": self.organization}
        approved = [environment for environment, own in self.environments.items() if own["approval"]]
        reading = [job for job, of in self.jobs.items() if of["purpose"] == "plan"]

        def role(role: str, teams: list[str], state: str = "present", **on: list[str]) -> tuple[str, dict[str, Any]]:
            found = {"lookup_organization": self.organization, "state": state}
            return "role", {"role": role, "teams": teams, **on, **found}

        operated = [e + " " + job for e in self.environments for job in (reading if e in approved else self.jobs)]
        yield role(
            "execute",
            [operators],
            job_templates=[f"{self.name} {template}" for template in operated],
            workflows=[f"{self.name} {environment} release" for environment in self.environments],
        )
        if not approved:
            return
        # An approval may have been switched on since they got it.
        guarded = [f"{self.name} {e} {job}" for e in approved for job in self.jobs if job not in (*reading, _BACK)]
        back = [f"{self.name} {environment} {_BACK}" for environment in approved]
        yield role("execute", [operators, approvers], "absent", job_templates=guarded)
        # What it goes back to was approved, and whoever approves decides that it must be.
        yield role("execute", [operators], "absent", job_templates=back)
        yield role("execute", [approvers], job_templates=back)
        # The role approval shows them the workflow, but not the output of its jobs.
        yield role("read", [approvers], job_templates=[f"{self.name} {e} plan" for e in approved])
        yield role("approval", [approvers], workflows=[f"{self.name} {e} release" for e in approved])


def _messages() -> dict[str, dict[str, Any]]:
    """What AWX sends, by the name of the notification: one line, under the key that Slack, Mattermost and others read.

    AWX gives to a message of a job its artifacts, and to one of an approval only its name and where it is:
    JobNotificationMixin.JOB_FIELDS_ALLOWED_LIST and WorkflowApproval.context in awx/main/models of AWX.
    """
    summary = (
        "job.artifacts.site_builder_summary | default(job.job_explanation, true) | default('see its output', true)"
    )
    plan = "(job.artifacts.site_builder_plan | default('none saved', true))"
    valid = "((job.artifacts.site_builder_review | default({}, true)).expires | default('now', true))"
    page = "((job.artifacts.site_builder_review | default({}, true)).page | default('none', true))"

    def job(text: str) -> dict[str, Any]:
        return {"message": None, "body": _body(text)}

    def event(**events: Any) -> dict[str, Any]:
        return {"started": None, "success": None, "error": None, "workflow_approval": None} | events

    approval = {
        "running": "approval_node_name ~ ' is waiting for you: read the plan job before it, then answer: ' ~ workflow_url",
        "approved": "approval_node_name ~ ' was approved: ' ~ workflow_url",
        "denied": "approval_node_name ~ ' was denied, and nothing is deployed: ' ~ workflow_url",
        "timed_out": "approval_node_name ~ ' was not answered in time, and nothing is deployed: ' ~ workflow_url",
    }
    planned = f"job.name ~ ': ' ~ ({summary}) ~ '; plan ' ~ {plan} ~ ', valid until ' ~ {valid} ~ ', page ' ~ {page} ~ ': ' ~ url"
    failed = f"job.name ~ ' has failed: ' ~ ({summary}) ~ ': ' ~ url"
    drifted = f"job.name ~ ': ' ~ ({summary}) ~ ': ' ~ url"
    return {
        "approval": event(
            success=job(planned),
            workflow_approval={name: job(text) for name, text in approval.items()},
        ),
        "failed": event(error=job(failed)),
        "drift": event(error=job(drifted)),
    }


def _body(text: str) -> str:
    """A body must be JSON before AWX renders it, and afterwards."""
    return '{"text": "{{ ((%s) | string | tojson)[1:-1] }}"}' % text  # noqa: UP031 - braces and percent signs of two languages
