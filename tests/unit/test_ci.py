"""The CI examples: valid, about playbooks and variables that exist, and their scripts do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import BIN, ROOT

CI = ROOT / "ci"
SCRIPTS = ("plan", "apply", "comment-github", "comment-gitlab")
FILES = [CI / name for name in (*SCRIPTS, "github/site-builder.yml", "gitlab/gitlab-ci.yml")]


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("github/site-builder.yml", ["vendor.github-workflows"]),
        ("gitlab/gitlab-ci.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_it_is_valid(file: str, options: list[str]) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", *options, str(CI / file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def steps() -> list[str]:
    github = yaml.safe_load((CI / "github/site-builder.yml").read_text())
    found = [step["run"] for job in github["jobs"].values() for step in job["steps"] if "run" in step]
    gitlab = yaml.safe_load((CI / "gitlab/gitlab-ci.yml").read_text())
    jobs = [job for job in gitlab.values() if isinstance(job, dict)]
    return found + [line for job in jobs for key in job if key.endswith("script") for line in job[key]]


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    inline = tmp_path / "inline.sh"
    inline.write_text("#!/usr/bin/env bash\n" + "\n".join(re.sub(r"\$\{\{.*?\}\}", "x", step) for step in steps()))
    command = [str(BIN / "shellcheck"), *(str(CI / name) for name in SCRIPTS), str(inline)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_playbooks_scripts_and_variables_exist() -> None:
    text = "\n".join(file.read_text() for file in FILES)
    defaults = yaml.safe_load((ROOT / "roles/site_builder/defaults/main.yml").read_text())
    playbooks = set(re.findall(r"playbooks/\w+\.yml", text))
    assert playbooks == {"playbooks/plan.yml", "playbooks/apply.yml", "playbooks/drift.yml"}
    assert all((ROOT / playbook).is_file() for playbook in playbooks)
    assert set(re.findall(r"-e \"?(\w+)=", text)) <= defaults.keys()
    assert {Path(name).name for name in re.findall(r"\bci/[\w-]+", "\n".join(steps()))} == set(SCRIPTS)
    assert all(os.access(CI / name, os.X_OK) for name in SCRIPTS)


FAKE_ANSIBLE = """#!/usr/bin/env python3
import json, os, pathlib, sys
pathlib.Path("called.json").write_text(json.dumps(sys.argv[1:]))
report = os.environ.get("REPORT")
if report:
    folder = pathlib.Path(os.environ["SITE_BUILDER_WORK_DIR"], "dev/runs/1")
    folder.mkdir(parents=True)
    for name in ("plan.md", "plan.html"):
        (folder / name).write_text(f"the {name}")
    text = report.replace("FOLDER", str(folder))
    (folder / "report.json").write_text(text)
sys.exit(int(os.environ.get("CODE", "0")))
"""
# Keeps what was posted, and gives it back as the service would.
FAKE_GH = """#!/usr/bin/env python3
import json, pathlib, sys
store = pathlib.Path("comments.json")
comments = json.loads(store.read_text()) if store.exists() else []
with open("calls.txt", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
arguments = sys.argv[1:]
if "--method" not in arguments:
    marker = arguments[arguments.index("--jq") + 1].split('"')[1]
    print("\\n".join(str(c["id"]) for c in comments if c["body"].startswith(marker)))
    sys.exit()
file = arguments[arguments.index("--field") + 1].removeprefix("body=@")
body = pathlib.Path(file).read_text()
if "POST" in arguments:
    comments.append({"id": 7, "body": body})
else:
    next(c for c in comments if arguments[3].endswith(str(c["id"])))["body"] = body
store.write_text(json.dumps(comments))
"""
FAKE_CURL = """#!/usr/bin/env python3
import json, pathlib, sys
assert sys.stdin.read() == "PRIVATE-TOKEN: hunter22\\n"
assert not any("hunter22" in word for word in sys.argv)
store = pathlib.Path("comments.json")
comments = json.loads(store.read_text()) if store.exists() else [{"id": n, "body": "by a person"} for n in range(100)]
arguments = sys.argv[1:]
if "--request" not in arguments:
    page = int(arguments[-1].rpartition("=")[2])
    print(json.dumps(comments[(page - 1) * 100 : page * 100]))
    sys.exit()
body = pathlib.Path(arguments[arguments.index("--data-urlencode") + 1].removeprefix("body@")).read_text()
if "POST" in arguments:
    comments.append({"id": 700, "body": body})
else:
    next(c for c in comments if arguments[-1].endswith(f"/{c['id']}"))["body"] = body
store.write_text(json.dumps(comments))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts, with programs beside them that only look like Ansible, gh and curl."""
    shutil.copytree(CI, tmp_path / "ci")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("ansible-playbook", FAKE_ANSIBLE), ("gh", FAKE_GH), ("curl", FAKE_CURL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return tmp_path


def run(checkout: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", "HOME": str(checkout), **env}
    script, *arguments = command
    return subprocess.run(
        [str(checkout / "ci" / script), *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def report(result: str = "planned", **plan: str) -> str:
    return json.dumps({"stacks": [{"result": result}], "plan": {"folder": "FOLDER", **plan}})


@pytest.mark.parametrize(
    ("text", "env"),
    [
        (report(plan_id="p", sha256="5e1f"), "PLAN_ID=p\nPLAN_SHA256=5e1f\n"),
        (report("unchanged", plan_id="p", sha256="5e1f"), "PLAN_ID=\nPLAN_SHA256=\n"),
        # With --check nothing is saved.
        (report(), "PLAN_ID=\nPLAN_SHA256=\n"),
    ],
)
def test_a_plan_is_left_for_reviewers_and_for_the_next_job(checkout: Path, text: str, env: str) -> None:
    done = run(checkout, "plan", "dev", "--check", REPORT=text)
    assert done.returncode == 0, done.stderr
    called = json.loads((checkout / "called.json").read_text())
    assert called == ["playbooks/plan.yml", "-i", "inventories/dev", "-e", "site_builder_plan_store=s3", "--check"]
    assert (checkout / "plan/plan.md").read_text() == "the plan.md"
    assert (checkout / "plan/plan.html").read_text() == "the plan.html"
    assert (checkout / "plan/plan.env").read_text() == env


def test_a_refused_plan_fails_and_is_shown(checkout: Path) -> None:
    assert run(checkout, "plan", "dev", REPORT=report("failed"), CODE="2").returncode == 2
    assert (checkout / "plan/plan.md").exists()
    shutil.rmtree(checkout / ".work")
    none = run(checkout, "plan", "dev", CODE="2")
    assert none.returncode != 0
    assert "no plan was made" in none.stderr
    assert not (checkout / "plan/plan.md").exists()


def test_the_very_plan_is_applied(checkout: Path) -> None:
    assert run(checkout, "apply", "dev").returncode != 0
    assert not (checkout / "called.json").exists()
    assert run(checkout, "apply", "dev", PLAN_ID="p", PLAN_SHA256="5e1f").returncode == 0
    called = json.loads((checkout / "called.json").read_text())
    assert called[0] == "playbooks/apply.yml"
    assert called[4::2] == ["site_builder_plan_store=s3", "site_builder_plan=p", "site_builder_plan_sha256=5e1f"]


@pytest.mark.parametrize(
    ("script", "env"),
    [
        ("comment-github", {"GITHUB_REPOSITORY": "o/r", "GH_TOKEN": "hunter22"}),
        ("comment-gitlab", {"CI_API_V4_URL": "https://g/api/v4", "CI_PROJECT_ID": "1", "COMMENT_TOKEN": "hunter22"}),
    ],
)
def test_a_comment_is_renewed_not_repeated(checkout: Path, script: str, env: dict[str, str]) -> None:
    (checkout / "plan").mkdir()
    for text in ("the first", "the second"):
        (checkout / "plan/plan.md").write_text(text)
        done = run(checkout, script, "dev", "5", **env)
        assert done.returncode == 0, done.stderr
    comments = json.loads((checkout / "comments.json").read_text())
    ours = [comment["body"] for comment in comments if comment["body"] != "by a person"]
    assert ours == ["<!-- site-builder plan of dev -->\nthe second\n"]
    # That of another environment is another one.
    assert run(checkout, script, "prod", "5", **env).returncode == 0
    assert len(json.loads((checkout / "comments.json").read_text())) == len(comments) + 1
