"""Every command of README and docs/ that calls a playbook is run as it stands there, or a test is named that does more than that.

In the order in which a person would come to them, first in dev, then in prod, on one embedded AWS.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run, play
from tests.documents import DOCUMENTS, playbook_calls

AGENTS = 'module.tables["agents"].aws_dynamodb_table.this'
PROD = "inventories/prod"


def command(*words: str) -> str:
    return shlex.join(words)


def variables(**values: object) -> str:
    return json.dumps(values)


@dataclass
class Step:
    """A command as it is written, and what it must print. Some are there to refuse, as the documents say."""

    command: str
    says: str
    code: int = 0
    changed: bool = False
    fill: dict[str, str] = field(default_factory=dict)


# `fill` puts what an earlier step has printed, or a path of this test, in the place of what is written.
STORY = (
    Step("playbooks/bootstrap.yml -i inventories/dev", r"changed=[1-9]"),
    Step("playbooks/check.yml -i inventories/dev", r"ok +state bucket site-builder-tfstate-dev"),
    Step("playbooks/plan.yml -i inventories/dev", r"to create"),
    Step("playbooks/apply.yml -i inventories/dev", r"monitoring +succeeded"),
    Step(
        "playbooks/outputs.yml -i inventories/dev -e site_builder_outputs_file=dev.env -e site_builder_outputs_format=dotenv",
        "site-builder-agents-dev",
        fill={"dev.env": "{folder}/dev.env"},
    ),
    Step(
        command("deploy.yml", "-i", "inventories/dev", "-e", variables(site_builder_allow_destroy=[AGENTS])),
        "no changes",
    ),
    Step(
        command(
            *("deploy.yml", "-i", "inventories/dev", "--limit", "dynamodb", "-e"),
            variables(site_builder_imports={"dynamodb": {AGENTS: "site-builder-agents-dev"}}),
        ),
        "no changes",
    ),
    Step("playbooks/untaint.yml -i inventories/dev --limit dynamodb", r"dynamodb +unchanged"),
    Step("playbooks/render.yml -i inventories/dev", r"failed=0"),
    Step(
        "playbooks/destroy.yml -i inventories/dev -e site_builder_confirm_destroy=dev",
        "site_builder_empty_buckets",
        code=2,
    ),
    Step(f"playbooks/plan.yml -i {PROD}", "to create"),
    Step(f"playbooks/apply.yml -i {PROD}", r"monitoring +succeeded"),
    Step(f"deploy.yml -i {PROD} --check --diff", "no changes"),
    Step(f"playbooks/outputs.yml -i {PROD}", "api_gateway:"),
    Step(f"playbooks/drift.yml -i {PROD}", r"dynamodb +none"),
    Step(f"playbooks/unlock.yml -i {PROD}", "no state is locked"),
    Step(f"playbooks/unlock.yml -i {PROD} -e 'site_builder_lock_id=<id>'", "no lock", code=2, fill={"<id>": "1b1b"}),
    Step(f"playbooks/plan_root.yml -i {PROD}", r"prod: Plan: \d+ to add"),
    Step(f"playbooks/render.yml -i {PROD} --check --diff", r"failed=0"),
    Step(f"playbooks/render.yml -i {PROD}", r"failed=0"),
    Step(f"deploy.yml -i {PROD} --limit lambda", r"lambda +succeeded", changed=True),
    Step(f"playbooks/releases.yml -i {PROD}", "live"),
    Step(f"playbooks/rollback.yml -i {PROD} -e site_builder_confirm_rollback=prod", r"rollback to \S+: \S+ is live"),
    Step(f"deploy.yml -i {PROD} -e site_builder_release_forward=true", r"lambda +succeeded"),
    Step(
        f"playbooks/restore_table.yml -i {PROD} -e site_builder_restore_table=agents",
        "can be restored to any second from",
    ),
    Step(
        f"playbooks/restore_table.yml -i {PROD} -e site_builder_restore_table=agents -e site_builder_restore_time=2026-11-29T10:15:00Z",
        r"(?P<copy>site-builder-agents-prod-restored-\w+)",
        fill={"2026-11-29T10:15:00Z": "latest"},
    ),
    Step(
        f"playbooks/restore_table.yml -i {PROD} -e site_builder_restore_table=agents"
        " -e site_builder_restore_from=site-builder-agents-prod-restored-20261129T101500Z -e site_builder_confirm_restore=prod",
        "0 items",
        fill={"site-builder-agents-prod-restored-20261129T101500Z": "{copy}"},
    ),
    Step(
        f"playbooks/deploy.yml -i {PROD} --limit dynamodb -e site_builder_lift_protection=true", r"dynamodb +succeeded"
    ),
    Step(f"playbooks/restore_state.yml -i {PROD} --limit dynamodb", r"newest.*?(?P<version>\S+) of 20"),
    Step(
        f"playbooks/restore_state.yml -i {PROD} --limit dynamodb -e 'site_builder_state_version=<id>' -e site_builder_confirm_restore=prod",
        "serial",
        fill={"<id>": "{version}"},
    ),
)
# What is said by a test of its own, which does it and looks at what came of it.
ELSEWHERE = {
    "bbws.site_builder.deploy -i ...": "test_installed_collection.py::test_it_deploys_from_anywhere_and_writes_nothing_into_itself",
    "deploy.yml": "test_deploy_dev.py::test_first_deploy_creates_all_stacks_and_says_so",
    "deploy.yml -i inventories/sit -e site_builder_release=canary": "test_releases.py::test_a_canary_goes_through_while_its_stage_serves_a_copy",
    "playbooks/awx.yml -e @awx.yml": "../unit/test_awx.py::test_the_modules_accept_every_argument",
    "playbooks/local_aws_up.yml -e local_aws_work_dir=/srv/aws -e local_aws_host=10.0.0.5 -e local_aws_port=4566"
    " -e local_aws_dynamodb_port=4567": "test_runner.py::test_a_release_in_containers_that_share_nothing",
    """playbooks/new_function.yml -e function=report -e 'route="GET /reports/{report_id}"'""": "../unit/test_new_function.py::test_the_page_as_it_is_written",
    "playbooks/plan.yml -i inventories/dev -e site_builder_provider_version=5.99.0": "test_provider_pin.py::test_with_the_shipped_hashes",
    "playbooks/render.yml -i inventories/qa": "test_environment_roots.py::test_a_new_environment",
    "playbooks/serve.yml -i inventories/dev -e site_builder_target=local": "test_serve.py::test_the_command_works_as_pasted",
    command(
        *("deploy.yml", "-i", "inventories/dev", "--limit", "dynamodb", "-e"),
        variables(site_builder_imports={"dynamodb": {AGENTS.replace("agents", "orders"): "site-builder-orders-dev"}}),
    ): "test_adoption.py::test_killed_apply",
}


class Reader:
    """Who types what the documents say."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.work_dir, self.seen = folder, folder / "work", {"folder": str(folder)}
        self.functions = folder / "examples"
        shutil.copytree(ROOT / "examples", self.functions)

    def change(self) -> None:
        with (self.functions / "functions/agents/app.py").open("a") as source:
            source.write("\n# another release\n")

    def types(self, step: Step) -> Run:
        words = shlex.split(step.command)
        for written, instead in step.fill.items():
            words = [word.replace(written, instead.format(**self.seen)) for word in words]
        playbook, flag, inventory, *rest = words
        assert flag == "-i"
        environment = Path(inventory).name
        if "render" in playbook:
            # It is for AWS, and its functions are those of the checkout.
            return play(self.work_dir, *rest, playbook=playbook, environment=environment, target="aws")
        more = ["-e", f"lambda_source_dir={self.functions}"]
        return play(self.work_dir, *rest, *more, playbook=playbook, environment=environment)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reader = Reader(tmp_path_factory.mktemp("reader"))
    yield reader
    stopped = play(reader.work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(reader.folder)


def test_each_documented_command_has_its_place() -> None:
    documented = {shlex.join(words) for path in DOCUMENTS for words in playbook_calls(path.read_text())}
    assert documented == {step.command for step in STORY} | set(ELSEWHERE)
    here = Path(__file__).parent
    for named in ELSEWHERE.values():
        file, _, test = named.partition("::")
        assert re.search(rf"^def {test}\(", (here / file).read_text(), re.MULTILINE), named


@pytest.mark.long
@pytest.mark.parametrize("step", STORY, ids=[step.command[:60] for step in STORY])
def test_it_does_what_it_says(reader: Reader, step: Step) -> None:
    if step.changed:
        reader.change()
    run = reader.types(step)
    assert run.code == step.code, run.output
    said = re.search(step.says, " ".join(run.output.split()))
    assert said, run.output
    reader.seen |= {name: value for name, value in said.groupdict().items() if value}
