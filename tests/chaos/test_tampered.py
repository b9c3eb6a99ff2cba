"""Saved plans that somebody has changed: each is refused in one sentence, before Terraform writes anything.

"forged": whoever has changed it has corrected the hashes, and got the new SHA-256 approved. One environment for all.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import sha256

from .proxy import Call
from .world import World, note, said

pytestmark = pytest.mark.long
LIMIT = ("--limit", "dynamodb,s3")
PLAN = "dynamodb.tfplan"
PROGRAM = b'\nresource "terraform_data" "program" {\n  provisioner "local-exec" {\n    command = "true"\n  }\n}\n'


class Saved:
    """A saved plan that can be changed."""

    def __init__(self, folder: Path, other: Path, elsewhere: Path) -> None:
        self.folder, self.other, self.elsewhere = folder, other, elsewhere

    def manifest(self, change: Callable[[dict[str, Any]], Any]) -> None:
        file = self.folder / "manifest.json"
        manifest = json.loads(file.read_text())
        change(manifest)
        file.write_text(json.dumps(manifest))

    def entry(self, change: Callable[[dict[str, Any]], Any]) -> None:
        self.manifest(lambda manifest: change(manifest["stacks"]["dynamodb"]))

    def correct(self) -> None:
        """Let the manifest say what the files are now."""
        self.manifest(
            lambda m: m.update(files={name: sha256((self.folder / name).read_bytes()) for name in m["files"]})
        )

    def zipped(self, change: Callable[[str, bytes], bytes]) -> None:
        """Change what is in the plan file, and correct the manifest."""
        plan = self.folder / PLAN
        with zipfile.ZipFile(plan) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        changed = {name: change(name, data) for name, data in files.items()}
        assert changed != files
        with zipfile.ZipFile(plan, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in changed.items():
                archive.writestr(name, data)
        self.correct()


def flip(saved: Saved) -> None:
    data = bytearray((saved.folder / PLAN).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (saved.folder / PLAN).write_bytes(data)


def append(name: str) -> Callable[[Saved], None]:
    def change(saved: Saved) -> None:
        with open(saved.folder / name, "ab") as file:
            file.write(b" ")

    return change


def swap(saved: Saved) -> None:
    one, two = ((saved.folder / f"{name}.tfplan") for name in ("dynamodb", "s3"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    saved.correct()


def another(where: str) -> Callable[[Saved], None]:
    """All files of another plan, under the name of this one."""

    def change(saved: Saved) -> None:
        name = saved.folder.name
        shutil.rmtree(saved.folder)
        shutil.copytree(getattr(saved, where), saved.folder)
        saved.manifest(lambda m: m.update(id=name))

    return change


def link(saved: Saved) -> None:
    (saved.folder / PLAN).unlink()
    (saved.folder / PLAN).symlink_to(saved.other / PLAN)


def open_to_all(saved: Saved) -> None:
    append("plan.html")(saved)
    saved.folder.chmod(0o777)
    (saved.folder / "plan.html").chmod(0o666)


def extra(saved: Saved) -> None:
    (saved.folder / "s4.tfplan").write_bytes((saved.folder / PLAN).read_bytes())
    saved.manifest(lambda m: m["files"].update({"s4.tfplan": sha256((saved.folder / PLAN).read_bytes())}))


def with_program(saved: Saved) -> None:
    first = iter([True])
    saved.zipped(lambda name, data: data + PROGRAM if name.endswith("/main.tf") and next(first, False) else data)


def serial(name: str, data: bytes) -> bytes:
    return data if name != "tfstate" else json.dumps(json.loads(data) | {"serial": 999}).encode()


# What was done, how, what of it is "forged" (see above), and what the refusal says.
TAMPERED: list[tuple[str, Callable[[Saved], Any], bool, str]] = [
    (
        "manifest: no actions",
        lambda s: s.entry(lambda e: e["plan"].update(actions=[])),
        True,
        "does not do what the manifest says",
    ),
    (
        "manifest: other counts",
        lambda s: s.entry(lambda e: e["plan"]["counts"].update(updated=0)),
        True,
        "does not do what the manifest says",
    ),
    (
        "manifest: environment",
        lambda s: s.manifest(lambda m: m.update(environment="sit")),
        True,
        "is for the environment 'sit'",
    ),
    (
        "manifest: account",
        lambda s: s.manifest(lambda m: m.update(account_id="999999999999")),
        True,
        "is for the account_id",
    ),
    ("manifest: commit", lambda s: s.manifest(lambda m: m.update(commit="0" * 40)), True, "was made from commit 000"),
    (
        "manifest: Terraform",
        lambda s: s.manifest(lambda m: m.update(terraform_version="1.0.0")),
        True,
        "was made by Terraform 1.0.0",
    ),
    (
        "manifest: old",
        lambda s: s.manifest(lambda m: m.update(created="2026-01-01T00:00:00+00:00")),
        True,
        "s old, and site_builder_plan_max_age",
    ),
    (
        "manifest: younger",
        lambda s: s.manifest(lambda m: m.update(created="2027-01-01T00:00:00+00:00")),
        False,
        "but the plan .* has",
    ),
    (
        "manifest: state's serial",
        lambda s: s.entry(lambda e: e.update(serial=99)),
        True,
        "the state of dynamodb has changed",
    ),
    (
        "manifest: state's lineage",
        lambda s: s.entry(lambda e: e.update(lineage="x")),
        True,
        "the state of dynamodb has changed",
    ),
    (
        "manifest: tfvars",
        lambda s: s.entry(lambda e: e.update(tfvars_sha256="0" * 64)),
        True,
        "the variables of dynamodb are not those",
    ),
    ("manifest: format", lambda s: s.manifest(lambda m: m.update(format=3)), True, "has the format 3"),
    ("manifest: a file less", lambda s: s.manifest(lambda m: m["files"].pop(PLAN)), True, "does not list the files"),
    ("an extra file, listed", extra, True, "does not list the files"),
    ("plan file: a byte", flip, False, f"the file {PLAN} .* is not the one that was saved"),
    ("plan file: a byte, hash corrected", lambda s: (flip(s), s.correct()), True, "cannot be read|is no plan"),
    ("plan file: lost", lambda s: (s.folder / PLAN).unlink(), False, f"has lost its file {PLAN}"),
    ("plan file: a link to another", link, False, f"the file {PLAN} .* is not the one that was saved"),
    (
        "plan files of two stacks swapped",
        swap,
        True,
        "does not do what the manifest says|was not made from what is here",
    ),
    ("plan file: a program in the sources", with_program, True, "was not made from what is here|would run programs"),
    (
        "plan file: other sources",
        lambda s: s.zipped(lambda n, d: d + b"\n# x\n" if n.endswith(".tf") else d),
        True,
        "was not made from what is here",
    ),
    (
        "plan file: another backend",
        lambda s: s.zipped(
            lambda n, d: d.replace(b"site-builder/dev/dynamodb/", b"site-builder/dev/dynamodc/") if n == "tfplan" else d
        ),
        True,
        r"differs in the backend",
    ),
    ("plan file: another state", lambda s: s.zipped(serial), True, "was made from another state"),
    (
        "plan file: another lock file",
        lambda s: s.zipped(lambda n, d: d + b"\n# x\n" if n == ".terraform.lock.hcl" else d),
        True,
        "was not made from what is here",
    ),
    ("plan.html", append("plan.html"), False, "the file plan.html .* is not the one that was saved"),
    ("plan.md", append("plan.md"), False, "the file plan.md .* is not the one that was saved"),
    ("plan.json", append("plan.json"), False, "the file plan.json .* is not the one that was saved"),
    ("open to all, and changed", open_to_all, False, "the file plan.html .* is not the one that was saved"),
    ("an older plan under its name", another("other"), True, "the (variables|state) of dynamodb"),
    ("the plan of another environment", another("elsewhere"), True, "is for the environment 'sit'"),
]
WRONG = "0" * 64


def planned(world: World, name: str = "dev") -> tuple[Path, str]:
    """A new saved plan: its folder, and the SHA-256 that a reviewer approves."""
    world.name, ours = name, world.name
    run = world.run("playbooks/plan.yml", *LIMIT)
    world.name = ours
    assert run.code == 0, run.output
    folder = max((world.work_dir / name / "plans").iterdir())
    return folder, re.search(r"SHA-256 ([0-9a-f]{64})", said(run))[1]


def test_tampered_plans(tmp_path: Path) -> None:
    with World("dev", tmp_path / "world", "tampered").alive() as world:
        assert world.run("deploy.yml", *LIMIT).code == 0
        world.round += 1
        older, _ = planned(world)
        world.round += 1
        assert world.run("deploy.yml", *LIMIT).code == 0
        elsewhere, _ = planned(world, "sit")
        world.round += 1
        folder, approved = planned(world)
        kept = tmp_path / "kept"
        shutil.copytree(folder, kept)
        states = world.objects(".tfstate")
        wrote: list[str] = []

        def watch(call: Call) -> None:
            if call.write and not call.name.endswith(".tflock"):
                wrote.append(call.name)

        world.proxy.before = watch
        wrong = []

        def is_refused(what: str, sha: str, sentence: str) -> None:
            run = world.run(
                "playbooks/apply.yml",
                *LIMIT,
                "-e",
                f"site_builder_plan={folder.name}",
                "-e",
                f"site_builder_plan_sha256={sha}",
            )
            match = re.search(rf"[^.:]*({sentence})[^.]*", said(run))
            whole = (
                run.code != 0
                and match
                and not wrote
                and "apply has started" not in run.output
                and world.objects(".tfstate") == states
            )
            note(
                kind="tampered",
                what=what,
                refused=bool(whole),
                said=match and match[0].strip()[:160],
                wrote=wrote[:3],
                code=run.code,
                log=str(world.log),
            )
            if not whole:
                wrong.append((what, run.output))
            wrote.clear()

        for what, change, forged, sentence in TAMPERED:
            change(Saved(folder, older, elsewhere))
            manifest = folder / "manifest.json"
            is_refused(what, sha256(manifest.read_bytes()) if forged else approved, sentence)
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
        is_refused("the wrong SHA-256", WRONG, "but the plan .* has")
        world.round += 1
        is_refused("the inventory has changed", approved, "the variables of .* are not those")
        world.round -= 1
        assert wrong == []
        # Untouched, it is applied.
        run = world.run(
            "playbooks/apply.yml",
            *LIMIT,
            "-e",
            f"site_builder_plan={folder.name}",
            "-e",
            f"site_builder_plan_sha256={approved}",
        )
        assert run.code == 0, run.output
        assert set(run.results().values()) == {"succeeded"}
        assert world.leaks() == {}
