"""Every job template, run by ansible-runner the way AWX does it, against the embedded AWS.

A job has a private data dir of its own, a project that it cannot write, its inventory as a script, the answers to the
survey as untrusted text, credentials in the environment, no terminal, and where this machine can do it a user that owns
nothing else. Only the embedded AWS, in a directory that the jobs share, outlives a job.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import jinja2
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.awx import PUBLISHED

from tests.awx import calls
from tests.conftest import BIN, ROOT, play

from .expired_session import expired_session
from .other_user import as_another_user, common_folder, give, set_writable

CREDENTIAL = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "swordfish-of-the-credential"}


pytestmark = pytest.mark.long


@functools.cache
def made(module: str) -> dict[str, dict[str, Any]]:
    """What the role makes of one kind in AWX, by name."""
    return {call.arguments["name"]: call.arguments for call in calls() if call.module == module}


class Untrusted(str):
    """A text that AWX does not let Ansible evaluate."""


class ExtraVars(yaml.SafeDumper):
    """Writes untrusted texts as AWX does."""


ExtraVars.add_representer(Untrusted, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def untrusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: untrusted(item) for key, item in value.items()}
    return Untrusted(value) if isinstance(value, str) else value


@dataclass
class Job:
    """What AWX would know of a job that has ended."""

    status: str
    output: str
    artifacts: dict[str, Any]
    private_data_dir: Path


class Awx:
    """The part of AWX that starts jobs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.jobs = 0
        self.project = self._check_out()
        self.work_dir = directory / "work"
        self.work_dir.mkdir()
        give(self.work_dir)

    def _check_out(self) -> Path:
        """The project as a clone of a commit that has everything which git would take here."""
        project = self.directory / "project"
        names = (
            subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT)
            .decode()
            .split("\0")
        )
        for name in filter(None, names):
            if (ROOT / name).exists() or (ROOT / name).is_symlink():
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, project / name, follow_symlinks=False)
        git = ["git", "-C", str(project), "-c", "user.name=test", "-c", "user.email=test@example.com"]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all", "--no-gpg-sign"]):
            subprocess.run([*git, *command], check=True)
        give(project)
        set_writable(project, False)
        return project

    def inventory(self, environment: str) -> dict[str, Any]:
        """What AWX imports from the inventory source."""
        command = [str(BIN / "ansible-inventory"), "-i", f"inventories/{environment}/hosts.yml", "--list", "--export"]
        return json.loads(subprocess.check_output(command, cwd=self.project, env=self._environment(self.directory)))

    def _environment(self, private_data_dir: Path) -> dict[str, str]:
        config = ConfigParser()
        config.read(self.project / "ansible.cfg")
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        # How to reach PyPI is among the extra environment variables of AWX; here it is as on this machine.
        kept |= {name: text for name, text in os.environ.items() if name.startswith("PIP_")}
        # ansible-playbook is found on PATH, and Terraform, where PyPI brought it, beside it.
        return kept | {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(private_data_dir),
            "ANSIBLE_COLLECTIONS_PATH": f"/runner/requirements_collections:{config['defaults']['collections_path']}",
            "ANSIBLE_FORCE_COLOR": "false",
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "AWX_HOST": "https://awx.example.com",
            "JOB_ID": str(self.jobs),
            "RUNNER_OMIT_EVENTS": "false",
        }

    def launch(
        self,
        name: str,
        answers: dict[str, Any] | None = None,
        *,
        limit: str = "",
        credential: dict[str, str] | None = None,
        target: str = "local",
        hosts: list[str] | None = None,
        inventory: dict[str, Any] | None = None,
        workflow: str = "",
        environment: dict[str, str] | None = None,
        endpoint: str = "",
    ) -> Job:
        """Press the button of a template. `hosts` makes it a slice of these hosts; `inventory` sets variables there.

        endpoint: of an embedded AWS that outlives the jobs; such a job shares no folder with any other.
        """
        self.jobs += 1
        template = made("job_template")[name]
        private = self.directory / f"job{self.jobs}"
        for folder in ("env", "inventory"):
            (private / folder).mkdir(parents=True)
        (private / "project").symlink_to(self.project)

        data = self.inventory(name.split()[1])
        if hosts is not None:
            data = data | {"stacks": {"hosts": hosts}}
        data["all"]["vars"] |= inventory or {}
        script = private / "inventory/hosts"
        script.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(data)!r})\n")
        script.chmod(0o700)

        (private / "env/extravars").write_text(
            yaml.dump(self._extra_vars(template, answers or {}, target, workflow, endpoint), Dumper=ExtraVars)
        )
        injectors = made("credential_type")[template["credentials"][0]]["injectors"]["env"]
        render = {
            key: jinja2.Template(text).render(CREDENTIAL if credential is None else credential)
            for key, text in injectors.items()
        }
        shared = {"SITE_BUILDER_WORK_DIR": str(self.work_dir)} if target == "local" and not endpoint else {}
        variables = self._environment(private) | render | shared | (environment or {})
        (private / "env/envvars").write_text(json.dumps(variables))
        if limit:
            assert template["ask_limit_on_launch"], f"{name} does not ask for a limit"
            (private / "env/cmdline").write_text(f"-l {limit}")
        give(private)

        arguments = ["run", str(private), "-p", template["playbook"], "-i", "job"]
        process = subprocess.run(
            [*as_another_user(), str(BIN / "ansible-runner"), *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        result = private / "artifacts/job"
        assert (result / "status").is_file(), process.stderr
        return Job((result / "status").read_text(), (result / "stdout").read_text(), _artifacts(result), private)

    def _extra_vars(
        self, template: dict[str, Any], answers: dict[str, Any], target: str, workflow: str, endpoint: str
    ) -> dict[str, Any]:
        meta = {
            "job_id": self.jobs,
            "job_launch_type": "manual",
            "job_template_id": 7,
            "job_template_name": template["name"],
        }
        meta |= {"user_name": "operator", "inventory_id": 3, "project_revision": "0" * 40}
        if workflow:
            meta |= {"workflow_job_id": 9, "workflow_job_name": workflow}
        known = {f"{prefix}_{key}": value for prefix in ("awx", "tower") for key, value in meta.items()}
        # Only what the template itself says may hold expressions.
        trusted = template["extra_vars"] | {"site_builder_target": target}
        trusted |= {"site_builder_local_endpoint": endpoint} if endpoint else {}
        questions = template.get("survey_spec", {"spec": []})["spec"]
        # A default that is none of the choices is left out.
        defaults = {
            question["variable"]: question["default"]
            for question in questions
            if "default" in question and question["default"] in question.get("choices", [question["default"]])
        }
        return untrusted(known) | trusted | untrusted(defaults | answers)


def _artifacts(result: Path) -> dict[str, Any]:
    for path in (result / "job_events").glob("*.json"):
        event = json.loads(path.read_text())
        if event["event"] == "playbook_on_stats":
            return event["event_data"].get("artifact_data", {})
    return {}


@pytest.fixture(scope="module")
def awx() -> Iterator[Awx]:
    with common_folder() as directory:
        server = Awx(directory)
        yield server
        stopped = play(server.work_dir, playbook="playbooks/local_aws_down.yml")
        assert stopped.code == 0, stopped.output


def succeeded(job: Job) -> Job:
    assert job.status == "successful", job.output
    assert "no hosts matched" not in job.output
    assert CREDENTIAL["secret_key"] not in job.output
    return job


def refused(job: Job, *words: str) -> None:
    assert job.status == "failed", job.output
    assert "Traceback" not in job.output
    text = " ".join(job.output.split())
    for word in words:
        assert word in text, job.output


pressed: set[str] = set()


def press(awx: Awx, environment: str, job: str, *arguments: Any, **options: Any) -> Job:
    name = f"site-builder {environment} {job}"
    pressed.add(name)
    return awx.launch(name, *arguments, **options)


ONE = {"limit": "dynamodb"}
# What a plan job leaves for the job that applies: inputs of other stacks, and packages to build and upload once more.
RELEASED = ("dynamodb", "s3", "iam", "lambda")


def test_life_of_dev(awx: Awx) -> None:
    """Each button, from an empty account to an empty account; those that look, with one stack."""
    released = {"limit": ",".join(RELEASED)}
    release = "site-builder dev release"
    succeeded(press(awx, "dev", "bootstrap"))

    # An answer that was left empty.
    planned = succeeded(press(awx, "dev", "plan", {"survey_allow_destroy": ""}, workflow=release, **released))
    assert planned.artifacts["site_builder_results"] == dict.fromkeys(RELEASED, "planned")
    assert planned.artifacts["site_builder_counts"]["created"] > 0
    assert planned.artifacts.keys() == PUBLISHED | {"site_builder_plan", "site_builder_plan_sha256"}
    assert planned.artifacts["site_builder_summary"].startswith("plan of dev: ")
    # A reader of the job sees what happens while it does.
    assert "dynamodb: terraform plan has started" in planned.output

    # The next job has another container: all that it has of the plan is what was published.
    shutil.rmtree(planned.private_data_dir)
    shutil.rmtree(awx.work_dir / "dev")
    shutil.rmtree(awx.work_dir / "packages")
    applied = succeeded(press(awx, "dev", "apply", planned.artifacts, workflow=release, **released))
    assert applied.artifacts["site_builder_results"] == dict.fromkeys(RELEASED, "succeeded")
    assert applied.artifacts["site_builder_counts"] == planned.artifacts["site_builder_counts"]

    deployed = succeeded(press(awx, "dev", "deploy", **ONE))
    assert deployed.artifacts["site_builder_results"] == {"dynamodb": "unchanged"}
    succeeded(press(awx, "dev", "drift", **ONE))
    assert "site-builder-generations-dev" in succeeded(press(awx, "dev", "outputs", **ONE)).output
    succeeded(press(awx, "dev", "unlock", {"survey_lock_id": ""}))
    press(awx, "dev", "check")
    succeeded(press(awx, "dev", "releases"))
    # Nothing ran before what runs.
    refused(press(awx, "dev", "rollback", {"survey_release_id": "", "survey_confirm_rollback": ""}))
    # AWX knows no booleans in surveys.
    answers = {"site_builder_confirm_destroy": "dev", "site_builder_empty_buckets": "true"}
    shutil.rmtree(awx.work_dir / "packages")
    destroyed = succeeded(press(awx, "dev", "destroy", answers, **released))
    # Whoever takes an environment down needs no PyPI.
    assert not (awx.work_dir / "packages").exists()
    assert destroyed.artifacts["site_builder_results"] == dict.fromkeys(RELEASED, "succeeded")


@pytest.mark.parametrize("environment", ["sit", "prod"])
def test_buttons_of_the_others(awx: Awx, environment: str) -> None:
    """The same playbooks with other inventories; what would change something is refused, each time for another reason."""
    succeeded(press(awx, environment, "bootstrap"))
    succeeded(press(awx, environment, "plan", **ONE))
    refused(
        press(awx, environment, "apply", {"survey_plan": "20260101T000000Z-000000"}, **ONE), "there is no such plan"
    )
    # The question was left open, so that the gate of the inventory counts.
    deployed = press(awx, environment, "deploy", inventory={"site_builder_max_changes": 1}, **ONE)
    refused(deployed, "prod takes reviewed plans only" if environment == "prod" else "site_builder_max_changes is 1")
    assert "state bucket" in press(awx, environment, "check").output
    succeeded(press(awx, environment, "releases"))
    refused(press(awx, environment, "rollback", {"survey_release_id": "", "survey_confirm_rollback": ""}))
    for job in ("drift", "outputs"):
        assert "not deployed" in succeeded(press(awx, environment, job, **ONE)).output
    succeeded(press(awx, environment, "unlock"))
    destroyed = press(awx, environment, "destroy", {"site_builder_confirm_destroy": "prod"}, **ONE)
    refused(
        destroyed, f"destroying {environment} needs " + ("a second switch" if environment == "prod" else "its name")
    )


@pytest.fixture
def service(awx: Awx) -> Iterator[str]:
    """An embedded AWS that outlives the jobs, on an address of its own; gives its URL."""
    work_dir = awx.directory / "service"
    arguments = ["-e", f"local_aws_work_dir={work_dir}", "-e", "local_aws_host=127.0.0.2"]
    try:
        started = play(work_dir, *arguments, playbook="playbooks/local_aws_up.yml")
        assert started.code == 0, started.output
        yield re.search(r"site_builder_local_endpoint=(http://127\.0\.0\.2:\d+)", started.output)[1]
    finally:
        stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output


def test_a_release_in_containers_that_share_nothing(awx: Awx, service: str) -> None:
    """Plan and apply of prod, of which no file and no process survives between them; then what must be refused."""
    at: dict[str, Any] = {"endpoint": service, "limit": "dynamodb", "workflow": "site-builder prod release"}
    succeeded(awx.launch("site-builder prod bootstrap", endpoint=service))
    planned = succeeded(
        awx.launch("site-builder prod plan", inventory={"site_builder_plan_page_url": "presigned"}, **at)
    )
    summary = planned.artifacts["site_builder_summary"]
    assert re.fullmatch(r"plan of prod: \d+ to create; no data is lost", summary)
    # What an approver reads at the end of the output begins with it, on a line of its own.
    assert f"\n{summary}\n" in planned.output
    review = planned.artifacts["site_builder_review"]
    assert review["data_loss"] == []
    # The page and the report are there when the container is gone.
    shutil.rmtree(planned.private_data_dir)
    with urllib.request.urlopen(review["page"], timeout=30) as page:
        assert page.headers["Content-Type"].startswith("text/html")
        assert "Plan for site-builder in prod" in page.read().decode()
    reports = report_of(service, planned.artifacts["site_builder_report_file"])
    assert reports["plan"]["plan_id"] == planned.artifacts["site_builder_plan"]
    assert (reports["mode"], reports["summary"]) == ("plan", summary)

    # Launched alone, it asks for both, and takes neither from anywhere else.
    alone = awx.launch("site-builder prod apply", endpoint=service, limit="dynamodb")
    refused(alone, "site_builder_plan_sha256 is empty")
    assert alone.artifacts["site_builder_summary"].startswith(
        "apply to prod REFUSED: site_builder_plan_sha256 is empty"
    )

    applied = succeeded(awx.launch("site-builder prod apply", planned.artifacts, **at))
    assert applied.artifacts["site_builder_results"] == {"dynamodb": "succeeded"}

    # An approval that comes after something else was deployed.
    late = awx.launch("site-builder prod apply", planned.artifacts, **at)
    refused(late, "the state of dynamodb has changed since the plan")
    assert "REFUSED: the state of dynamodb has changed since the plan" in late.artifacts["site_builder_summary"]
    for name, job in {"plan": planned, "alone": alone, "apply": applied, "late": late}.items():
        print(f"=== {name}\n{job.output}\n{json.dumps(job.artifacts, indent=2)}")


def report_of(service: str, path: str) -> dict[str, Any]:
    """The report that a run has left in the state bucket."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    client = boto3.client(
        "s3", "af-south-1", endpoint_url=service, aws_access_key_id="test", aws_secret_access_key="test"
    )
    return json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())


def test_every_button_was_pressed() -> None:
    assert pressed == made("job_template").keys()


def test_a_limit_that_matches_nothing(awx: Awx) -> None:
    refused(awx.launch("site-builder dev plan", limit="dynamo"), "Could not match supplied host pattern", "dynamo")


@pytest.mark.parametrize("job", ["outputs", "bootstrap"])
def test_a_credential_that_was_not_filled_in(awx: Awx, job: str) -> None:
    """And no SITE_BUILDER_WORK_DIR: the project, in which a job starts, cannot be written."""
    no_metadata = {"AWS_EC2_METADATA_DISABLED": "true"}
    name = f"site-builder dev {job}"
    refused(awx.launch(name, credential={}, target="aws", environment=no_metadata), "no AWS credentials")


def test_a_session_that_has_expired(awx: Awx) -> None:
    session = CREDENTIAL | {"session_token": "of-yesterday"}
    with expired_session(awx.directory) as (environment, asked):
        job = awx.launch("site-builder dev outputs", credential=session, target="aws", environment=environment)
    refused(job, "the AWS session token has expired; log in again and run again")
    # Once, or twice where the first answer came before the whole question had.
    assert set(asked) == {"sts.eu-west-1.amazonaws.com:443"}


def test_an_answer_outside_its_choices(awx: Awx) -> None:
    job = awx.launch("site-builder dev drift", {"site_builder_drift_fails": "maybe"})
    refused(job, "site_builder_drift_fails is 'maybe', which is no boolean; write true or false")


def test_an_answer_is_no_expression(awx: Awx) -> None:
    job = awx.launch(
        "site-builder dev destroy", {"site_builder_confirm_destroy": "{{ site_builder_environment }}"}, limit="dynamodb"
    )
    refused(job, "{{ site_builder_environment }}", "destroying dev needs its name")


def test_a_slice_of_a_job(awx: Awx) -> None:
    name = "site-builder dev plan"
    refused(
        awx.launch(name, hosts=["s3", "iam"], workflow=name),
        "one slice of the AWX job template",
        "set Job Slicing of that template to 1",
    )
