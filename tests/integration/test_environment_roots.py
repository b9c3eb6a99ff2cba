"""terraform/environments: one root for all, up to date with the inventories, valid. Their plans: tests/policy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS

from tests.checkout import Copy
from tests.conftest import ROOT, clean_environment, play

ROOTS = ROOT / "terraform/environments"


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS.keys() - {"dev"}))
def test_the_roots_are_one(environment: str) -> None:
    files = {path.name: path for path in (ROOTS / environment).iterdir() if not path.name.startswith(".terraform")}
    assert {name for name, path in files.items() if not path.is_symlink()} == {"terraform.tfvars"}
    del files["terraform.tfvars"]
    assert {name: path.readlink() for name, path in files.items()} == {
        path.name: Path("../dev") / path.name for path in (ROOTS / "dev").glob("*.tf")
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_variables_are_those_of_the_inventory(environment: str, tmp_path: Path) -> None:
    rendered = play(
        tmp_path, "--check", "--diff", environment=environment, playbook="playbooks/render.yml", target="aws"
    )
    assert rendered.code == 0, rendered.output
    fix = f"ansible-playbook playbooks/render.yml -i inventories/{environment}"
    assert re.findall(r"changed=[^0]", rendered.output) == [], (
        f"terraform.tfvars is stale, run: {fix}\n{rendered.output}"
    )


@pytest.mark.long
def test_a_new_environment(tmp_path: Path) -> None:
    """The three steps of CONTRIBUTING."""
    checkout = Copy(tmp_path)
    dev, inventory = checkout.root / "inventories/dev", checkout.root / "inventories/qa"
    for name in ("hosts.yml", "group_vars/all.yml"):
        (inventory / name).parent.mkdir(parents=True, exist_ok=True)
        (inventory / name).write_text(re.sub(r"\bdev\b", "qa", (dev / name).read_text()))
    names = checkout.root / "plugins/module_utils/names.py"
    line = re.search(r"^ +\"dev\": Environment.*$", names.read_text(), re.MULTILINE)[0]
    names.write_text(names.read_text().replace(line, f"{line}\n{line.replace('dev', 'qa')}"))
    (command,) = re.findall(r"`(ansible-playbook .*inventories/qa)`", (ROOT / "CONTRIBUTING.md").read_text())
    done = checkout.run(command)
    assert done.returncode == 0, done.stdout
    made = {path.name: path for path in (checkout.root / "terraform/environments/qa").iterdir()}
    assert made.keys() == {path.name for path in (ROOTS / "sit").iterdir() if not path.name.startswith(".terraform")}
    assert "site-builder-agents-qa" in made["terraform.tfvars"].read_text()


@pytest.mark.long
def test_small_variables_reach_every_stack(tmp_path: Path) -> None:
    """What an inventory says of its account in a line of its own, without a definition."""
    account = "arn:aws:{}:333333333333:{}"
    boundary, web_acl = account.format("iam:", "policy/b"), account.format("wafv2:af-south-1", "regional/webacl/w/1")
    domain = {"name": "api.example.com", "certificate_arn": account.format("acm:af-south-1", "certificate/1")}
    values = {
        "site_builder_permissions_boundary_arn": boundary,
        "site_builder_cors_origin": "https://app.example.com",
        "site_builder_vpc": {"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"]},
        "api_gateway_domain": domain,
        "api_gateway_web_acl_arn": web_acl,
        "lambda_reserved_concurrency": {"generation": 20},
    }
    rendered = play(
        tmp_path,
        *("--check", "--diff", "-e", json.dumps(values)),
        environment="prod",
        playbook="playbooks/render.yml",
        target="aws",
    )
    assert rendered.code == 0, rendered.output
    lines = [re.sub(r"\s+", " ", line[1:]).strip() for line in rendered.output.splitlines() if re.match(r"\+ ", line)]
    # Three functions' roles and two of replication; three functions.
    assert lines.count(f'permissions_boundary_arn = "{boundary}"') == 5
    assert lines.count('CORS_ORIGIN = "https://app.example.com"') == 3
    assert lines.count('subnet_ids = ["subnet-0a"]') == lines.count('security_group_ids = ["sg-0a"]') == 3
    assert lines.count("vpc = true") == lines.count("vpc = {") == 3
    for line in (
        'origins = ["https://app.example.com"]',
        f'certificate_arn = "{domain["certificate_arn"]}"',
        'name = "api.example.com"',
        f'waf_web_acl_arn = "{web_acl}"',
        "reserved_concurrency = 20",
    ):
        assert lines.count(line) == 1, line


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_variables_name_no_other_account(environment: str) -> None:
    inventory = yaml.safe_load((ROOT / f"inventories/{environment}/group_vars/all.yml").read_text())
    arns = re.findall(r":(\d{12}):", (ROOTS / environment / "terraform.tfvars").read_text())
    assert set(arns) == {inventory["site_builder_account_id"]}


@pytest.mark.parametrize(
    "environment", [pytest.param(name, marks=[] if name == "dev" else pytest.mark.long) for name in ENVIRONMENTS]
)
def test_the_root_is_valid(environment: str, cli_config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "terraform"
    shutil.copytree(ROOT / "terraform", folder, symlinks=True, ignore=shutil.ignore_patterns(".terraform*"))
    root = folder / "environments" / environment

    def terraform(*arguments: str) -> str:
        env = clean_environment(tmp_path, TF_CLI_CONFIG_FILE=str(cli_config))
        done = subprocess.run(
            ["terraform", *arguments], cwd=root, env=env, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    terraform("init", "-backend=false", "-input=false")
    assert json.loads(terraform("validate", "-json"))["diagnostics"] == []
    terraform("fmt", "-check", "-diff")
