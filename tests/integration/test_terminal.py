"""How much a run says on our own screen; how it says it is tested in tests/unit/callback, without a deployment."""

from __future__ import annotations

import pytest

from tests.conftest import Run, play
from tests.integration.conftest import Environment

# Progress is printed at intervals where there is no terminal, which says nothing about the rest.
SCREEN = {"ANSIBLE_STDOUT_CALLBACK": "bbws.site_builder.terminal", "SITE_BUILDER_PROGRESS_INTERVAL": "3600"}


# It would deploy dev once more, beside test_deploy_dev.
pytestmark = pytest.mark.long


def lines(run: Run) -> list[str]:
    assert run.code == 0, run.output
    return run.output.rstrip().splitlines()


def test_a_deployment_without_changes(dev: Environment) -> None:
    said = lines(dev.deploy(env=SCREEN))
    assert len(said) <= 15, said
    assert any(line.startswith("no changes: ") for line in said)
    # No URL of AWS, at which the embedded one does not answer.
    assert not any("amazonaws.com" in line for line in said)


def test_outputs(dev: Environment) -> None:
    said = lines(dev.deploy(playbook="playbooks/outputs.yml", env=SCREEN))
    assert len(said) <= 35, said
    assert not any("Statement" in line for line in said)


def test_a_plan_of_many_changes(dev: Environment) -> None:
    planned = play(dev.work_dir, "--limit", "dynamodb,s3", environment="sit", playbook="playbooks/plan.yml", env=SCREEN)
    said = lines(planned)
    changes = [line for line in said if line.lstrip().startswith("+ ")]
    assert len(changes) > 15
    assert len(said) - len(changes) <= 30, said
    assert said[-1].startswith("next:   ansible-playbook playbooks/apply.yml -i inventories/sit ")
