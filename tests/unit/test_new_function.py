"""docs/add-a-function.md, followed as it is written, in a copy of the checkout."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi import openapi_routes

from tests.checkout import Copy
from tests.conftest import BIN, ROOT

TEXT = (ROOT / "docs/add-a-function.md").read_text()
# (file, what it then is)
WRITTEN = re.findall(r"Write `([^`]+)` anew:\n\n```yaml\n(.*?)```", TEXT, re.DOTALL)
NEW, RENDER = re.findall(r"^    (ansible-playbook playbooks/(?:new_function|render)\.yml .*)$", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    checkout = Copy(tmp_path_factory.mktemp("checkout"))
    done = checkout.run(NEW)
    assert done.returncode == 0, done.stdout
    return checkout


def test_function_and_document_belong_together(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(copy.root / "examples/layers/common/python"))
    spec = importlib.util.spec_from_file_location("new_report", copy.root / "service/functions/report/app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    document = {"file": "report-api.yaml", "content": (copy.root / "service/openapi/report-api.yaml").read_text()}
    (route,) = openapi_routes([document], ["report"])["routes"].values()
    assert (route["method"], route["path"], route["function"]) == ("GET", "/reports/{report_id}", "report")
    assert list(module.OPERATIONS) == [("GET", "/reports/{report_id}")]
    event = {
        "httpMethod": "GET",
        "resource": "/reports/{report_id}",
        "pathParameters": {"report_id": "r1"},
        "requestContext": {"authorizer": {"claims": {"sub": "owner-1"}}},
    }
    reply = module.handler(event, None)
    assert (reply["statusCode"], json.loads(reply["body"])) == (200, {"report_id": "r1"})


def test_the_code_is_as_ours_is(copy: Copy) -> None:
    """Also for two ids and for none."""
    for function, route in (("pairs", "PUT /pairs/{first_id}/{second_id}"), ("none", "POST /nothing")):
        done = copy.run(f"ansible-playbook playbooks/new_function.yml -e function={function} -e route='\"{route}\"'")
        assert done.returncode == 0, done.stdout
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["yamllint", "--strict"]):
        checked = [str(BIN / command[0]), *command[1:], "service"]
        done = subprocess.run(checked, cwd=copy.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", 'function is "" and route is ""'),
        ("-e function=Report -e route='\"GET /x\"'", 'function is "Report"'),
        ("-e function=other -e route='\"LOOK /x\"'", 'route is "LOOK /x"'),
        ("-e function=report -e route='\"GET /x\"'", "service/openapi/report-api.yaml exists; choose another name"),
    ],
)
def test_it_refuses_what_is_none_and_writes_nothing(copy: Copy, arguments: str, sentence: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.root.glob("service/**/*")}
    done = copy.run(f"ansible-playbook playbooks/new_function.yml {arguments}")
    assert done.returncode != 0
    assert sentence in json.dumps(done.stdout).replace("\\", "") or sentence in done.stdout, done.stdout
    assert {path: path.stat().st_mtime_ns for path in copy.root.glob("service/**/*")} == before


def test_the_page_as_it_is_written(copy: Copy) -> None:
    ((file, text),) = WRITTEN
    path = copy.root / file
    # The page adds to what is there, but for one line.
    lost = [line for line in path.read_text().splitlines() if line not in text.splitlines()]
    assert lost == ["    description: Needs nothing but its log"]
    path.write_text(text)
    done = copy.run(RENDER)
    assert done.returncode == 0, done.stdout
    rendered = (copy.root / "terraform/environments/dev/terraform.tfvars").read_text()
    was = (ROOT / "terraform/environments/dev/terraform.tfvars").read_text()
    secret = "arn:aws:ssm:eu-west-1:111111111111:parameter/site-builder/dev/api-key"
    assert re.search(rf'API_KEY\s+= "{secret}"', rendered)
    assert f'parameter_arns = ["{secret}"]' in rendered
    for part in ('"/reports/{report_id}"', "site-builder-reports-dev", "site-builder-report-dev", "lambda_errors = 3"):
        assert part in rendered
        assert part not in was
    assert rendered.count("by_status") == was.count("by_status") + 1
    assert re.search(r'TABLE_NAME\s+= "site-builder-reports-dev"', rendered)


@pytest.mark.long
def test_it_writes_elsewhere_too(copy: Copy, tmp_path: Path) -> None:
    """As beside an installed collection, whose own folder is not to be written."""
    new = (
        f"ansible-playbook playbooks/new_function.yml -e function=other -e route='\"GET /x\"' -e folder={tmp_path}/mine"
    )
    assert copy.run(new).returncode == 0
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"mine/other.yml", "mine/functions/other/app.py", "mine/openapi/other-api.yaml"}
    assert not (copy.root / "service/other.yml").exists()
    (copy.root / "pyproject.toml").rename(copy.root / "moved.toml")
    done = copy.run("ansible-playbook playbooks/new_function.yml -e function=other -e route='\"GET /x\"'")
    (copy.root / "moved.toml").rename(copy.root / "pyproject.toml")
    assert done.returncode != 0
    assert "is an installed collection, which nobody edits; name a folder of site_builder_definitions" in " ".join(
        done.stdout.split()
    )


def test_the_commands_are_of_playbooks_that_exist() -> None:
    for playbook in re.findall(r"playbooks/\w+\.yml", TEXT):
        assert (ROOT / playbook).is_file()
