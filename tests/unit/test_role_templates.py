"""Expressions in the roles that decide something: evaluated as Ansible does it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("collection_finder")


def evaluated(file: str, name: str, **variables: Any) -> Any:
    """The value of a variable of a role, among what is set beside it."""
    loader = DataLoader()
    own = loader.load_from_file(str(ROOT / "roles" / file), trusted_as_template=True)
    return Templar(loader, {**own, **variables}).template(own[name])


def deploys_in(**variables: Any) -> str:
    """Where a deployment keeps what it makes; a variable that is set wins over the role's default."""
    return variables.get("site_builder_work_dir") or evaluated(
        "site_builder/defaults/main.yml", "site_builder_work_dir", **variables
    )


class TestWorkDirOfTheEmbeddedAws:
    """playbooks/local_aws_down.yml sees the inventory and the command line, not the defaults of site_builder."""

    @pytest.fixture(autouse=True)
    def _places(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("project", "home"):
            (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / "project")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.delenv("SITE_BUILDER_WORK_DIR", raising=False)

    @staticmethod
    def stops_in(**variables: Any) -> str:
        return evaluated("local_aws/defaults/main.yml", "local_aws_work_dir", **variables)

    def test_below_the_project(self, tmp_path: Path):
        assert self.stops_in() == deploys_in() == f"{tmp_path}/project/.work"

    def test_where_the_project_is_read_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "project" and access(path, mode))
        assert self.stops_in() == deploys_in() == f"{tmp_path}/home/.cache/site_builder"

    def test_by_the_environment(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("SITE_BUILDER_WORK_DIR", "/somewhere")
        assert self.stops_in() == deploys_in() == "/somewhere"

    def test_by_inventory_or_command_line(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("SITE_BUILDER_WORK_DIR", "/somewhere")
        wanted = {"site_builder_work_dir": "/elsewhere"}
        assert self.stops_in(**wanted) == deploys_in(**wanted) == "/elsewhere"

    def test_its_specification_tells_the_same(self):
        loader = DataLoader()
        spec = loader.load_from_file(str(ROOT / "roles/local_aws/meta/argument_specs.yml"))["argument_specs"]["main"]
        default = loader.load_from_file(str(ROOT / "roles/local_aws/defaults/main.yml"))["local_aws_work_dir"]
        assert spec["options"]["local_aws_work_dir"]["default"].split() == default.split()


@pytest.mark.parametrize(
    ("managed", "looks"),
    [
        ({}, True),
        ({"manage_account_logging_role": None}, True),
        ({"manage_account_logging_role": False}, True),
        ({"manage_account_logging_role": True}, False),
    ],
)
def test_logging_role_is_looked_for_unless_an_api_makes_it(managed: dict, looks: bool):
    loader = DataLoader()
    task, *_ = loader.load_from_file(str(ROOT / "roles/api_gateway/tasks/before_plan.yml"), trusted_as_template=True)
    defined = {"stacks": {"api_gateway": {"tfvars": {"apis": {"a": {}, "b": managed}}}}}
    states = {"api_gateway": {"deployed": False}}
    templar = Templar(
        loader, {"site_builder_defined": defined, "_site_builder_local": False, "_terraform_stack_states": states}
    )
    assert all(templar.evaluate_conditional(condition) for condition in task["when"]) is looks


def test_buckets_that_are_emptied_are_those_that_the_plan_deletes():
    """Not those of the definition: what is not in the state is not ours, and what is may have left the definition."""

    def own(key: str, name: str = "this") -> str:
        return f'module.buckets["{key}"].aws_s3_bucket.{name}' + ("[0]" if name == "replica" else "")

    held = {own("logs"): "logs", own("sites"): "sites", own("sites", "replica"): "copy", own("kept"): "kept"}
    actions = [{"address": own(key), "type": "aws_s3_bucket", "action": "delete"} for key in ("logs", "sites")]
    actions += [
        {"address": own("sites", "replica"), "type": "aws_s3_bucket", "action": "delete"},
        {"address": 'aws_s3_bucket_logging.this["sites"]', "type": "aws_s3_bucket_logging", "action": "delete"},
        {"address": own("kept"), "type": "aws_s3_bucket", "action": "update"},
        {"address": 'module.buckets["sites"].aws_iam_role.replication[0]', "type": "aws_iam_role", "action": "delete"},
    ]
    deletions = evaluated(
        "s3/vars/main.yml",
        "_s3_deletions",
        _terraform_stack_step={"actions": actions},
        _terraform_stack_states={"s3": {"buckets": held}},
    )
    assert deletions == ["copy", "sites", "logs"]
