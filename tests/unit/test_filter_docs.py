"""Each filter is documented, and what its examples assert is true."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

COLLECTION = Path(__file__).parents[2]
FILTERS = COLLECTION / "plugins" / "filter"
SIDECARS = sorted(FILTERS.glob("*.yml"))


pytestmark = pytest.mark.usefixtures("collection_finder")


def run(tasks: list[dict]) -> int:
    """Run the assert and set_fact tasks of an example; return how many conditions held."""
    facts: dict = {}
    held = 0
    for task in tasks:
        templar = Templar(DataLoader(), {**facts, **task.get("vars", {})})
        facts |= templar.template(task.get("ansible.builtin.set_fact", {}))
        conditions = task.get("ansible.builtin.assert", {}).get("that", [])
        for condition in [conditions] if isinstance(conditions, str) else conditions:
            assert templar.evaluate_conditional(condition), f"{task['name']}: {condition}"
            held += 1
    return held


@pytest.mark.parametrize("sidecar", SIDECARS, ids=lambda path: path.stem)
def test_examples_hold(sidecar: Path) -> None:
    text = yaml.safe_load(sidecar.read_text())["EXAMPLES"]
    assert run(DataLoader().load(trust_as_template(text))) > 0, "the examples assert nothing"


def test_every_filter_has_a_sidecar() -> None:
    package = "ansible_collections.bbws.site_builder.plugins.filter"
    modules = [import_module(f"{package}.{path.stem}") for path in FILTERS.glob("[!_]*.py")]
    exposed = [name for module in modules for name in module.FilterModule().filters()]
    assert set(exposed) ^ {sidecar.stem for sidecar in SIDECARS} == set()


@pytest.mark.parametrize("sidecar", SIDECARS, ids=lambda path: path.stem)
def test_sidecar_tells_its_own_name(sidecar: Path) -> None:
    documentation = yaml.safe_load(sidecar.read_text())["DOCUMENTATION"]
    assert documentation["name"] == sidecar.stem
    assert next(iter(documentation["options"])) == "_input"


def test_an_error_reaches_the_playbook_in_one_sentence() -> None:
    condition = trust_as_template("'A' | bbws.site_builder.resource_name('s3_bucket', facts) == ''")
    facts = {
        "service": "site-builder",
        "environment": "dev",
        "region": "eu-west-1",
        "account_id": "123456789012",
    }
    with pytest.raises(Exception, match="s3_bucket key is 'A', which is not valid; use ASCII lower-case"):
        Templar(DataLoader(), {"facts": facts}).evaluate_conditional(condition)
