"""What the documents say can be done: commands, variables, links and tests that they name exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.awx import PUBLISHED
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.monitoring import LIMITS

from tests.conftest import ROOT
from tests.documents import DOCUMENTS, code, playbook_calls

NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
SPECS = [yaml.safe_load(path.read_text())["argument_specs"] for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
OPTIONS = {name for spec in SPECS for entry in spec.values() for name in entry["options"]}
# What a role sets for the tasks after it, and what a survey of AWX asks.
FACTS = {"local_aws_endpoints", "local_aws_cognito_user_pool_arns"}
ROLES = sorted(path.name for path in ROOT.glob("roles/*"))
FLAGS = {"--check", "--diff"}
WITH_VALUE = {"-i", "-e", "--limit"}
# CONTRIBUTING adds an environment of this name.
NEW_ENVIRONMENT = "inventories/qa"


def unknown(words: list[str]) -> Iterator[str]:
    """What a command names that there is not."""
    playbook, *rest = words
    named = re.fullmatch(r"bbws\.site_builder\.(\w+)", playbook)
    path = f"playbooks/{named[1]}.yml" if named else playbook
    if "<" not in path and not (ROOT / path).is_file():
        yield path
        own: set[str] = set()
    else:
        # What a playbook asks of the command line, and nobody else.
        own = set(re.findall(r"\b(\w+) is defined", (ROOT / path).read_text())) if "<" not in path else set()
    arguments = iter(rest)
    for flag in arguments:
        if flag in FLAGS:
            continue
        if flag not in WITH_VALUE:
            yield flag
            continue
        value = next(arguments)
        if flag == "-i" and "<" not in value and value not in ("...", NEW_ENVIRONMENT):
            yield from [value] if not (ROOT / value).is_dir() else []
        elif flag == "--limit":
            yield from set(value.split(",")) - set(ROLES) if "<" not in value else ()
        elif flag == "-e" and not value.startswith("@"):
            given = yaml.safe_load(value) if value.startswith("{") else [value.partition("=")[0]]
            yield from set(given) - OPTIONS - own


def anchors(path: Path) -> set[str]:
    """How GitHub names the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(params=NAMES)
def document(request: pytest.FixtureRequest) -> Path:
    return ROOT / request.param


@pytest.fixture(scope="module")
def files() -> set[str]:
    """The files and folders that git knows, or will know."""
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True).splitlines()
    return {str(part) for name in listed for part in (Path(name), *Path(name).parents)}


def test_commands_call_what_there_is(document: Path) -> None:
    assert [
        (words, list(unknown(words))) for words in playbook_calls(document.read_text()) if list(unknown(words))
    ] == []


def test_there_are_commands() -> None:
    assert len([words for path in DOCUMENTS for words in playbook_calls(path.read_text())]) > 20


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("ansible-playbook playbooks/deploi.yml -i inventories/dev", ["playbooks/deploi.yml"]),
        ("ansible-playbook bbws.site_builder.deploi -i inventories/dev", ["playbooks/deploi.yml"]),
        ("ansible-playbook deploy.yml -i inventories/prd --limit lamda", ["inventories/prd", "lamda"]),
        ("ansible-playbook deploy.yml --limits iam", ["--limits", "iam"]),
        ("ansible-playbook deploy.yml -e site_builder_no=1", ["site_builder_no"]),
        ("""ansible-playbook deploy.yml -e '{"site_builder_no": 1}'""", ["site_builder_no"]),
    ],
)
def test_what_is_not_there_is_found(command: str, missing: list[str]) -> None:
    (words,) = playbook_calls(f"Run `{command}`.")
    assert list(unknown(words)) == missing


def test_variables_are_options_of_a_role(document: Path) -> None:
    # Thresholds of alarms have names like variables.
    thresholds = {name for name in LIMITS.known if name.startswith("lambda_")}
    prefixes = "|".join(ROLES)
    named = re.findall(
        rf"(?<![\w./-])((?:{prefixes})_[a-z0-9_]+)(?![\w(/*]|\.\w)", "\n".join(code(document.read_text()))
    )
    module = document.parent.parent.name in ("modules", "stacks")
    assert module or set(named) - OPTIONS - FACTS - PUBLISHED - thresholds == set()


def test_links_lead_somewhere(document: Path, files: set[str]) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if str(target.relative_to(ROOT)) not in files or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_claim_about_security_has_its_test() -> None:
    claims = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    claims = [line for line in claims if line != "| can, or cannot | test |"]
    assert len(claims) > 20
    for line in claims:
        tests = re.findall(r"\[(test_\w+)\]\((tests/[\w/]+\.py)\)", line)
        assert tests, line
        for name, path in tests:
            assert re.search(rf"^\s*def {name}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path}::{name}"


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        match
        for path in DOCUMENTS
        for piece in code(path.read_text())
        for match in re.findall(r"^make ([a-z-]+)", piece)
    }
    assert {"demo", "test"} <= named <= targets


def test_the_picture_shows_all_that_is_deployed() -> None:
    picture = (ROOT / "examples/README.md").read_text().partition("```mermaid")[2].partition("```")[0]
    shown = set(re.findall(r"\w+", picture))
    for stack, variable in (("dynamodb", "tables"), ("s3", "buckets"), ("lambda", "functions")):
        defaults = yaml.safe_load((ROOT / f"roles/{stack}/defaults/main.yml").read_text())
        keys = defaults[f"{stack}_{variable}"].keys()
        assert keys, stack
        assert keys - shown == set()
