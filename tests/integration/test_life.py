"""The life of an environment around the deployment: review, apply what was reviewed, locks, imports. One small stack, in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run, play
from tests.embedded_aws import EmbeddedAws

from .conftest import Environment

REGION = "eu-west-1"
BUCKET = "site-builder-tfstate-sit-123456789012-eu-west-1"
MARKER = {"Bucket": BUCKET, "Key": "site-builder/sit/dynamodb/interrupted.json"}
SECRET = "hunter2-correct-horse"


pytestmark = pytest.mark.long


class Life(Environment):
    """sit with its dynamodb stack alone; its first run is a plan of the empty environment."""

    def deploy(self, *arguments: str, **options: object) -> Run:
        limit = () if "--limit" in arguments else ("--limit", "dynamodb")
        return super().deploy(*limit, *arguments, **options)

    def plan(self, *arguments: str) -> Run:
        return self.deploy(*arguments, playbook="playbooks/plan.yml")

    def apply(self, *arguments: str) -> Run:
        return self.deploy(*arguments, playbook="playbooks/apply.yml")

    @property
    def plans(self) -> list[Path]:
        return sorted((self.work_dir / "sit/plans").iterdir())

    def versions(self) -> list[tuple[str, str]]:
        """Everything that the state bucket has ever held."""
        found = self.client("s3", REGION).list_object_versions(Bucket=BUCKET)
        return [(v["Key"], v["VersionId"]) for v in found.get("Versions", []) + found.get("DeleteMarkers", [])]


def said(run: Run) -> str:
    return " ".join(run.output.split())


@pytest.fixture(scope="module")
def sit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    work_dir = tmp_path_factory.mktemp("life")

    class Planned(Life):
        def __init__(self) -> None:
            self.name, self.work_dir = "sit", work_dir
            self.first = self.plan()
            self.state = json.loads((work_dir / "local_aws/state.json").read_text())

    yield Planned()
    stopped = play(work_dir, playbook="playbooks/local_aws_down.yml")
    assert stopped.code == 0, stopped.output
    shutil.rmtree(work_dir)


def test_a_plan_of_the_empty_environment(sit: Life) -> None:
    run = sit.first
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "planned"}
    assert '+ module.tables["generations"].aws_dynamodb_table.this' in run.output
    assert sit.client("dynamodb", REGION).list_tables()["TableNames"] == []
    folder = sit.plans[-1]
    assert {path.name for path in folder.iterdir()} == {
        "dynamodb.tfplan",
        "manifest.json",
        "plan.html",
        "plan.json",
        "plan.md",
    }
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert "site-builder-generations-sit" in (folder / "plan.html").read_text()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert f"SHA-256 {manifest_sha(folder)}" in said(run)
    assert len(manifest["commit"]) == 40


def manifest_sha(folder: Path) -> str:
    from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import sha256

    return sha256((folder / "manifest.json").read_bytes())


# Every other reason is tested without a run, in tests/unit/test_saved_plan.py.
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-e", "site_builder_plan=20200101T000000Z-ffffff"], "site_builder_plan is '20200101T000000Z-ffffff', and there is no such plan"),
        (["-e", f"site_builder_plan_sha256={'0' * 64}"], f"site_builder_plan_sha256 is {'0' * 64}, but the plan"),
        (["-e", "site_builder_plan_store=s3"], "there is no saved plan in s3://site-builder-tfstate-sit-123456789012-eu-west-1/"),
        (["-e", '{"site_builder_tags": {"Owner": "else"}}'], "the variables of dynamodb are not those of the plan"),
    ],
)  # fmt: skip
def test_apply_refuses(sit: Life, arguments: list[str], sentence: str) -> None:
    run = sit.apply(*arguments)
    assert run.code != 0
    assert sentence in said(run)
    assert "terraform apply" not in run.output
    # In the table and in report.json like every other refusal, and no plan file is left behind.
    assert run.results() == {"dynamodb": "failed"}
    assert sentence in run.stacks()["dynamodb"]["reason"]
    assert not list((sit.work_dir / "sit/runs").rglob("plan.tfplan"))
    assert sit.client("dynamodb", REGION).list_tables()["TableNames"] == []


def test_apply_refuses_a_plan_of_another_commit(sit: Life) -> None:
    path = sit.plans[-1] / "manifest.json"
    text = path.read_text()
    path.write_text(json.dumps(json.loads(text) | {"commit": "0" * 40}))
    run = sit.apply()
    path.write_text(text)
    assert run.code != 0
    assert f"was made from commit {'0' * 40}, and this checkout is at " in said(run)


def test_apply_refuses_a_plan_from_before_a_broken_lock(sit: Life) -> None:
    """The state is the same: the killed apply had not come to write it."""
    sit.client("s3", REGION).put_object(**MARKER, Body=b"{}")
    run = sit.apply()
    sit.client("s3", REGION).delete_object(**MARKER)
    assert run.code != 0
    assert "an apply of dynamodb was interrupted since the plan" in said(run)
    assert "terraform apply" not in run.output


def test_apply_does_what_was_reviewed(sit: Life) -> None:
    run = sit.apply("-e", f"site_builder_plan_sha256={manifest_sha(sit.plans[-1])}")
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "succeeded"}
    assert "terraform plan" not in run.output
    # When it was applied, not when it was planned.
    planned = json.loads((sit.plans[-1] / "manifest.json").read_text())["created"]
    assert planned < run.stacks()["dynamodb"]["started"] < run.stacks()["dynamodb"]["ended"]
    assert len(sit.client("dynamodb", REGION).list_tables()["TableNames"]) == 2


def test_a_plan_is_applied_once(sit: Life) -> None:
    run = sit.apply()
    assert run.code != 0
    assert "the state of dynamodb has changed since the plan" in said(run)


def forget(sit: Life, module: str) -> None:
    """What a Terraform that could not write its state any more has left: the state does not know of it."""
    client, key = sit.client("s3", REGION), "site-builder/sit/dynamodb/terraform.tfstate"
    state = json.loads(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    kept = [resource for resource in state["resources"] if resource.get("module") != module]
    assert len(kept) < len(state["resources"])
    state |= {"resources": kept, "serial": state["serial"] + 1}
    client.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(state).encode())


def test_what_exists_is_taken_over_only_after_an_interruption(sit: Life) -> None:
    """And the plan of that needs nothing of this machine, when it is kept in the state bucket."""
    address = 'module.tables["agents"].aws_dynamodb_table.this'
    forget(sit, 'module.tables["agents"]')
    tags = '{"site_builder_tags": {"Owner": "ann"}, "site_builder_plan_store": "s3"}'
    planned = sit.plan("-e", tags)
    assert planned.code == 0, planned.output
    assert planned.stacks()["dynamodb"]["counts"]["created"] == 1
    for refused in (sit.apply("-e", tags), sit.deploy("-e", tags)):
        assert refused.code != 0
        takes_it = json.dumps({"dynamodb": {address: "site-builder-agents-sit"}})
        assert f"site_builder_imports: {takes_it}" in refused.stacks()["dynamodb"]["reason"]
        assert refused.results() == {"dynamodb": "failed"}
    sit.client("s3", REGION).put_object(**MARKER, Body=b"{}")
    planned = sit.plan("-e", tags)
    assert planned.code == 0, planned.output
    assert planned.stacks()["dynamodb"]["counts"]["created"] == 0
    approved = re.search(r"SHA-256 ([0-9a-f]{64})", planned.output)[1]
    shutil.rmtree(sit.work_dir / "sit")
    run = sit.apply("-e", tags, "-e", f"site_builder_plan_sha256={approved}")
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "succeeded"}
    objects = sit.client("s3", REGION).list_objects_v2(Bucket=BUCKET, Prefix="site-builder/sit/dynamodb/")["Contents"]
    assert [o["Key"] for o in objects] == ["site-builder/sit/dynamodb/terraform.tfstate"]


def test_check_mode_writes_nothing_anywhere(sit: Life) -> None:
    before, aws = sit.versions(), EmbeddedAws(sit.work_dir)
    aws.forget_calls()
    run = sit.deploy("--check", "--diff")
    assert aws.writes() == []
    assert run.code == 0, run.output
    assert run.results() == {"dynamodb": "planned"}
    assert "tags.Owner" in run.output
    assert sit.versions() == before


def test_gates(sit: Life) -> None:
    run = sit.deploy("-e", "site_builder_max_changes=1")
    assert run.code != 0
    assert "the plan changes 2 resources, and site_builder_max_changes is 1" in said(run)
    run = sit.deploy("-e", '{"site_builder_require_plan": true}')
    assert run.code != 0
    assert "sit takes reviewed plans only: run playbooks/plan.yml" in said(run)


def test_a_dead_lock_is_shown_and_broken_by_its_id(sit: Life) -> None:
    key, lock = "site-builder/sit/dynamodb/terraform.tfstate.tflock", "11111111-2222-3333-4444-555555555555"
    body = {"ID": lock, "Operation": "OperationTypeApply", "Who": "eve@far", "Created": "2026-01-01T00:00:00Z"}
    client = sit.client("s3", REGION)
    client.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(body).encode())
    shown = sit.deploy(playbook="playbooks/unlock.yml")
    assert f"dynamodb: is locked by eve@far since 2026-01-01T00:00:00Z (OperationTypeApply), id {lock}" in said(shown)
    wrong = sit.deploy(
        "-e", "site_builder_lock_id=99999999-2222-3333-4444-555555555555", playbook="playbooks/unlock.yml"
    )
    assert wrong.code != 0
    assert "no state has that lock" in said(wrong)
    broken = sit.deploy("-e", f"site_builder_lock_id={lock}", playbook="playbooks/unlock.yml")
    assert broken.code == 0, broken.output
    keys = {o["Key"] for o in client.list_objects_v2(Bucket=BUCKET, Prefix="site-builder/sit/dynamodb/")["Contents"]}
    assert keys == {"site-builder/sit/dynamodb/terraform.tfstate", "site-builder/sit/dynamodb/interrupted.json"}
    assert "no state is locked" in sit.deploy(playbook="playbooks/unlock.yml").output


def test_a_table_that_exists_is_taken_over(sit: Life) -> None:
    """And the mark of the broken lock of the test before is settled by this run."""
    client = sit.client("dynamodb", REGION)
    client.create_table(
        TableName="site-builder-legacy-sit",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    import yaml

    from tests.conftest import ROOT

    tables = yaml.safe_load((ROOT / "roles/dynamodb/defaults/main.yml").read_text())["dynamodb_tables"]
    tables["legacy"] = {"hash_key": {"name": "id"}}
    address = 'module.tables["legacy"].aws_dynamodb_table.this'
    imports = {"dynamodb": {address: "site-builder-legacy-sit"}}
    run = sit.deploy("-e", json.dumps({"dynamodb_tables": tables, "site_builder_imports": imports}))
    assert run.code == 0, run.output
    assert run.stacks()["dynamodb"]["counts"]["created"] == 0
    objects = sit.client("s3", REGION).list_objects_v2(Bucket=BUCKET, Prefix="site-builder/sit/dynamodb/")["Contents"]
    assert [o["Key"] for o in objects] == ["site-builder/sit/dynamodb/terraform.tfstate"]


def test_outputs_as_a_file(sit: Life, tmp_path: Path) -> None:
    target = tmp_path / "outputs.env"
    options = ["-e", f"site_builder_outputs_file={target}", "-e", "site_builder_outputs_format=dotenv"]
    run = sit.deploy(*options, playbook="playbooks/outputs.yml")
    assert run.code == 0, run.output
    assert "DYNAMODB_TABLES_AGENTS_NAME='site-builder-agents-sit'\n" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_secret_is_nowhere_to_be_read(sit: Life) -> None:
    """In the environment of a function and in a tag: in no output, page, JSON or process list, and in files of mode 0600 only."""
    import yaml

    from tests.conftest import ROOT

    functions = yaml.safe_load((ROOT / "roles/lambda/defaults/main.yml").read_text())["lambda_functions"]
    functions["agents"]["environment"] = {"PLAIN": SECRET}
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if SECRET in line and f"{os.sep}proc" not in line:
                    seen.append(line)
            time.sleep(0.05)

    variables = sit.work_dir / "secret.json"
    variables.touch(mode=0o600)
    variables.write_text(json.dumps({"lambda_functions": functions}))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run = sit.plan("--limit", "lambda", "--diff", "-vvv", "-e", f"@{variables}")
    finally:
        stop.set()
        watcher.join()
    assert run.code == 0, run.output[-3000:]
    variables.unlink()
    assert seen == []
    # Ansible itself prints the arguments of a task that has no no_log; ours that carry definitions have it.
    assert SECRET not in run.output
    holders = [path for path in sit.work_dir.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert [path for path in holders if path.stat().st_mode & 0o077] == []
    assert [path for path in holders if path.suffix in (".json", ".html", ".log")] == []
