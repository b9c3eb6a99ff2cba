"""The screen of a run, as a person sees it: on a pseudo-terminal and without one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pexpect
import pytest

from tests.conftest import BIN, ROOT, clean_environment

FAKE = Path(__file__).with_name("fake")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[mK]")


class Screen:
    """What a run has written, escapes included; lines is what is left of it on a screen."""

    def __init__(self, code: int, raw: str) -> None:
        self.code, self.raw = code, raw
        written = (line.rsplit("\r", 1)[-1] if "\r" in line else line for line in raw.replace("\r\n", "\n").split("\n"))
        self.lines = [ESCAPES.sub("", line).rstrip() for line in written]
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        self.text = "\n".join(self.lines)


def play(tmp_path: Path, playbook: str, *arguments: str, tty: bool = True, **env: str) -> Screen:
    environment = {
        **clean_environment(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": f"{FAKE / 'found'}:{ROOT / '.collections'}",
        "ANSIBLE_STDOUT_CALLBACK": "bbws.site_builder.terminal",
        "TERM": "xterm-256color",
        **env,
    }
    for name in ("ANSIBLE_FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
        if name not in env:
            environment.pop(name, None)
    command = [str(BIN / "ansible-playbook"), str(FAKE / playbook), "-i", "s3,iam,", *arguments]
    if not tty:
        command = ["/bin/sh", "-c", '"$@" 2>&1 | cat', "sh", *command]
    child = pexpect.spawn(
        command[0], command[1:], cwd=str(ROOT), env=environment, encoding="utf-8", dimensions=(40, 80), timeout=90
    )
    raw = child.read()
    child.close()
    return Screen(child.exitstatus, raw)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Screen:
    return play(tmp_path_factory.mktemp("tty"), "deploy.yml", "-e", "seconds=3")


def test_a_deployment_in_a_few_lines(deployed: Screen) -> None:
    assert deployed.code == 0
    *said, report, api, following = deployed.lines
    assert said == [
        "Deploy the environment",
        "Prepare",
        "Plan",
        "s3: 1 to create, 1 to delete",
        "  + module.a.aws_x.this",
        "  - module.b.aws_x.this",
        "",
        "Apply",
        "",
        "stack  result     created  updated  replaced  deleted  seconds",
        "s3     succeeded        1        0         0        1      1.5",
        "iam    succeeded        1        0         0        1      1.5",
        "",
    ]
    assert report.startswith("report: /")
    assert api == "api:    https://a (agents)"
    assert following.startswith("next:   ansible-playbook ")


def test_a_stack_that_failed_is_red_in_the_table_and_not_told_of_again(tmp_path: Path) -> None:
    screen = play(tmp_path, "deploy.yml", "-e", "seconds=0", "-e", "second=failed")
    assert screen.code == 2
    assert re.search(r"\x1b\[0;31miam    failed ", screen.raw)
    assert "for the reason above" not in screen.text


def test_the_progress_rewrites_itself(deployed: Screen) -> None:
    shown = re.findall(r"applying s3, iam: (\d+) s", deployed.raw)
    assert set(shown) >= {"1", "2"}
    assert "applying" not in deployed.text


def test_plan_lines_have_the_colours_of_terraform(deployed: Screen) -> None:
    assert re.search(r"\x1b\[0;32m  \+ module\.a", deployed.raw)
    assert re.search(r"\x1b\[0;31m  - module\.b", deployed.raw)


def test_without_a_terminal_there_is_a_line_at_intervals(tmp_path: Path) -> None:
    screen = play(tmp_path, "deploy.yml", "-e", "seconds=3", tty=False, SITE_BUILDER_PROGRESS_INTERVAL="1")
    assert "\x1b" not in screen.raw
    assert "\r" not in screen.raw.replace("\r\n", "")
    assert screen.text.count("  applying s3, iam: ") >= 2


@pytest.mark.parametrize("callback", ["bbws.site_builder.terminal", "default"])
def test_an_interval_of_nothing_is_no_line(tmp_path: Path, callback: str) -> None:
    """And not one after the other without a pause."""
    callbacks = {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_CALLBACKS_ENABLED": "bbws.site_builder.progress"}
    screen = play(tmp_path, "deploy.yml", "-e", "seconds=1", tty=False, SITE_BUILDER_PROGRESS_INTERVAL="0", **callbacks)
    assert screen.code == 0
    assert "  applying " not in screen.text
    assert "is running for" not in screen.text
    assert ("s3: terraform apply has started" in screen.text) is (callback == "default")


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_none_is_wanted(tmp_path: Path, variable: str, value: str) -> None:
    screen = play(tmp_path, "deploy.yml", "-e", "seconds=0", **{variable: value})
    assert not re.search(r"\x1b\[[0-9;]*m", screen.raw)


def test_a_narrow_screen_is_not_wrapped(tmp_path: Path) -> None:
    hosts = ",".join(f"a-rather-long-name-{number}" for number in range(6))
    screen = play(tmp_path, "wide.yml", "-i", f"{hosts},")
    shown = [ESCAPES.sub("", part) for part in re.findall(r"  applying [^\r]*", screen.raw)]
    assert shown
    assert max(len(part) for part in shown) < 80


def test_verbose_is_ansibles_own_output(tmp_path: Path) -> None:
    screen = play(tmp_path, "deploy.yml", "-e", "seconds=0", "-v")
    assert "PLAY [Deploy the environment]" in screen.text
    assert "PLAY RECAP" in screen.text
    assert "s3: terraform apply has started" in screen.text


def test_a_refusal_is_said_once_with_its_command(tmp_path: Path) -> None:
    screen = play(tmp_path, "refused.yml")
    assert screen.code == 2
    assert screen.text.count("destroying dev needs its name") == 1
    relative = os.path.relpath(FAKE / "refused.yml", ROOT)
    assert "the command for that:" in screen.text
    assert screen.text.replace("\n", "").count("-e site_builder_confirm_destroy=dev") == 2
    assert "ansible-playbook" in screen.text
    assert relative in screen.text
    assert "changed" not in screen.text


def test_what_is_not_ours_is_shown_whole(tmp_path: Path) -> None:
    screen = play(tmp_path, "broken.yml")
    assert screen.code == 2
    for part in ("to stdout", "to stderr", "one is wrong", "two is wrong", "nobody has foreseen this", "broken.yml:"):
        assert part in screen.text, screen.text
    traced = play(tmp_path, "broken.yml", ANSIBLE_DISPLAY_TRACEBACK="error")
    assert "Traceback (most recent call last)" in traced.text
    assert "\nValueError: nobody has foreseen this" in traced.text
