"""docs/day-two.md, rehearsed on the embedded AWS: a table's content and a state come back. One small stack, in order."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import Run, play

from .conftest import Environment

REGION = "eu-west-1"
STATE = {
    "Bucket": "site-builder-tfstate-sit-123456789012-eu-west-1",
    "Key": "site-builder/sit/dynamodb/terraform.tfstate",
}
NOTES = 'module.tables["notes"].aws_dynamodb_table.this'
DEFINITION = "dynamodb_tables: {notes: {hash_key: {name: id}}}\n"

pytestmark = pytest.mark.long


class Sit(Environment):
    def run(self, playbook: str, *arguments: str, **variables: object) -> Run:
        extra = json.dumps(variables)
        return self.deploy("--limit", "dynamodb", *arguments, "-e", extra, playbook=f"playbooks/{playbook}.yml")

    def right(self, playbook: str, *arguments: str, **variables: object) -> Run:
        run = self.run(playbook, *arguments, **variables)
        assert run.code == 0, run.output
        return run

    def newest(self) -> dict[str, object]:
        return json.loads(self.client("s3", REGION).get_object(**STATE)["Body"].read())


def said(run: Run) -> str:
    """What was printed, without the breaks of lines and the escapes of the screen."""
    return " ".join(run.output.split()).replace('\\"', '"')


@pytest.fixture(scope="module")
def sit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sit]:
    work_dir = tmp_path_factory.mktemp("day_two")

    class Deployed(Sit):
        def __init__(self) -> None:
            self.name, self.work_dir = "sit", work_dir
            self.right("deploy")
            self.state = json.loads((work_dir / "local_aws/state.json").read_text())

    yield Deployed()
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


def test_a_tables_content_comes_back(sit: Sit) -> None:
    client, name = sit.client("dynamodb", REGION), "site-builder-agents-sit"
    keys = [{"owner_id": {"S": "o"}, "agent_id": {"S": f"a{number}"}} for number in range(30)]
    for key in keys:
        client.put_item(TableName=name, Item={**key, "v": {"S": "good"}})
    table = {"site_builder_restore_table": "agents"}
    assert f"{name} can be restored to any second from" in sit.right("restore_table", **table).output
    made = sit.right("restore_table", **table, site_builder_restore_time="latest")
    copy = re.search(rf"{name}-restored-\d{{8}}T\d{{6}}Z", made.output)[0]
    assert copy in client.list_tables()["TableNames"]
    client.put_item(TableName=name, Item={**keys[0], "v": {"S": "spoilt"}})
    client.delete_item(TableName=name, Key=keys[1])
    back = {**table, "site_builder_restore_from": copy}
    refused = sit.run("restore_table", **back)
    assert refused.code != 0
    assert "to overwrite items of a table of this environment, add" in said(refused)
    checked = sit.right("restore_table", "--check", **back)
    assert "30 items" in checked.output
    assert client.get_item(TableName=name, Key=keys[0])["Item"]["v"] == {"S": "spoilt"}
    sit.right("restore_table", **back, site_builder_confirm_restore="sit")
    found = client.scan(TableName=name)["Items"]
    assert (len(found), {item["v"]["S"] for item in found}) == (30, {"good"})
    client.delete_table(TableName=copy)
    # Nothing of that is Terraform's.
    assert sit.right("plan").results() == {"dynamodb": "unchanged"}


def test_a_key_that_is_none(sit: Sit) -> None:
    run = sit.run("restore_table", site_builder_restore_table="agent")
    assert run.code != 0
    assert "which is no key of dynamodb_tables; name one of generations, agents" in said(run)


def test_a_state_comes_back_and_what_was_made_since_is_taken_over(sit: Sit) -> None:
    (sit.work_dir / "notes.yml").write_text(DEFINITION)
    notes = {"site_builder_definitions": [str(sit.work_dir / "notes.yml")]}
    first = sit.newest()
    client = sit.client("s3", REGION)
    version = client.head_object(**STATE)["VersionId"]
    assert sit.right("deploy", **notes).stacks()["dynamodb"]["counts"]["created"] > 0
    later = sit.newest()
    shown = sit.right("restore_state", **notes)
    assert f"{version} of 20" in said(shown)
    assert f"serial {first['serial']}, " in said(shown)
    refused = sit.run("restore_state", **notes, site_builder_state_version=version)
    assert refused.code != 0
    assert "-e site_builder_confirm_restore=sit, or look first with --check" in said(refused)
    checked = sit.right("restore_state", "--check", **notes, site_builder_state_version=version)
    assert f"{NOTES} is in the state no longer" in said(checked)
    assert sit.newest() == later
    sit.right("restore_state", **notes, site_builder_state_version=version, site_builder_confirm_restore="sit")
    back = sit.newest()
    assert back == {**first, "serial": later["serial"] + 1}
    # The table notes is in AWS and not in the state: it is found and imported, not made again.
    deployed = sit.right("deploy", **notes)
    assert deployed.stacks()["dynamodb"]["counts"]["created"] == 0
    assert len(sit.newest()["resources"]) == len(later["resources"])
    assert sit.right("plan", **notes).results() == {"dynamodb": "unchanged"}


def test_a_state_that_cannot_be_read_comes_back(sit: Sit) -> None:
    """Every other playbook stops at such a state."""
    client = sit.client("s3", REGION)
    version, good = client.head_object(**STATE)["VersionId"], sit.newest()
    client.put_object(**STATE, Body=b"{")
    stopped = sit.run("plan")
    assert stopped.code != 0
    assert "cannot be read as a Terraform state" in said(stopped)
    sit.right("restore_state", site_builder_state_version=version, site_builder_confirm_restore="sit")
    assert sit.newest() == {**good, "serial": good["serial"] + 1}
    sit.right("outputs")
