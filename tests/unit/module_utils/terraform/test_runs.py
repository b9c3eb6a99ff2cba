"""The folders of the runs: what is swept, and that nobody's work is."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform import runs


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class TestSwept:
    def run(self, tmp_path: Path, name: str, age_hours: float = 0, plan: bool = True) -> Path:
        run = tmp_path / "runs" / name
        write(run / "s3/terraform.tfvars.json", "secret")
        write(run / "s3/stage-1/main.tf")
        write(run / "report.json", "{}")
        if plan:
            write(run / "s3/plan.tfplan", "secret")
        then = time.time() - age_hours * 3600
        os.utime(run, (then, then))
        return run

    @staticmethod
    def secrets(run: Path) -> set[str]:
        return {path.name for path in run.glob("s3/*") if path.is_file()}

    def test_own_secrets_go_and_the_report_stays(self, tmp_path: Path):
        run = self.run(tmp_path, "run1")
        runs.sweep(run)
        assert self.secrets(run) == set()
        assert (run / "report.json").is_file()
        assert (run / "s3/stage-1/main.tf").is_file()

    @pytest.mark.parametrize(("age_hours", "left"), [(23, {"plan.tfplan", "terraform.tfvars.json"}), (25, set())])
    def test_of_another_run_only_when_it_was_cut_short(self, tmp_path: Path, age_hours: float, left: set[str]):
        other = self.run(tmp_path, "run0", age_hours)
        runs.sweep(self.run(tmp_path, "run1"))
        assert self.secrets(other) == left

    def test_ten_newest_runs_stay(self, tmp_path: Path):
        made = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(13)]
        runs.sweep(made[-1])
        assert [run.name for run in made if run.exists()] == [f"run{number:02}" for number in range(3, 13)]

    def test_old_run_that_still_works_stays(self, tmp_path: Path):
        busy = self.run(tmp_path, "run00", age_hours=1)
        made = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(1, 13)]
        runs.sweep(made[-1])
        assert self.secrets(busy) == {"plan.tfplan", "terraform.tfvars.json"}
        assert not made[0].exists()

    @pytest.mark.parametrize("age_hours", [1, 30])
    def test_live_run_is_left_alone(self, tmp_path: Path, age_hours: float):
        """One that has no plan at this moment, or waits for somebody to confirm it."""
        busy = self.run(tmp_path, "run00", plan=False)
        runs.claim(busy, os.getpid())
        then = time.time() - age_hours * 3600
        os.utime(busy, (then, then))
        others = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(1, 13)]
        runs.sweep(others[-1])
        assert self.secrets(busy) == {"terraform.tfvars.json"}
        assert not others[0].exists()

    def test_run_that_was_killed_is_swept(self, tmp_path: Path):
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        dead = self.run(tmp_path, "run00", plan=False)
        runs.claim(dead, process.pid)
        assert runs.is_live(dead)
        process.communicate()
        assert not runs.is_live(dead)
        others = [self.run(tmp_path, f"run{number:02}", plan=False) for number in range(1, 13)]
        runs.sweep(others[-1])
        assert not dead.exists()

    def test_own_claim_ends_with_the_sweep(self, tmp_path: Path):
        run = self.run(tmp_path, "run1")
        runs.claim(run, os.getpid())
        runs.sweep(run)
        assert not runs.is_live(run)


class TestIsLive:
    OWNER = {"host": platform.node(), "pid": os.getpid(), "started": runs.started_at(os.getpid())}

    @pytest.mark.parametrize(
        ("owner", "live"),
        [
            (OWNER, True),
            # The pid is somebody else's by now.
            (OWNER | {"started": "1"}, False),
            (OWNER | {"started": None, "pid": 2**22 + 1}, False),
            # Of another machine, on a disk that both use, it is as good as live.
            (OWNER | {"host": "other", "pid": 1}, True),
            ({}, False),
            ([], False),
        ],
    )
    def test_owner(self, tmp_path: Path, owner: object, live: bool):
        write(tmp_path / "owner.json", json.dumps(owner))
        assert runs.is_live(tmp_path) is live

    @pytest.mark.parametrize("text", ["", "{", "\0"])
    def test_no_owner(self, tmp_path: Path, text: str):
        write(tmp_path / "owner.json", text)
        assert not runs.is_live(tmp_path)

    def test_of_another_machine_for_a_day(self, tmp_path: Path):
        write(tmp_path / "owner.json", json.dumps(self.OWNER | {"host": "other"}))
        then = time.time() - 25 * 3600
        os.utime(tmp_path, (then, then))
        assert not runs.is_live(tmp_path)
