"""The templates are where the renderer looks for them, in an installed collection too."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.review import render

from tests.conftest import ROOT

from .reports import report, stack

TEMPLATES = ("plan.html.j2", "plan.md.j2", "plan.css")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_packed(name: str) -> None:
    path = Path("plugins/module_utils/review") / name
    assert (ROOT / path).is_file()
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
    # As ansible-galaxy compares: the path from the root, and that of each folder on the way.
    parts = [path, *path.parents][:-1]
    assert not [pattern for pattern in ignored for part in parts if fnmatch(str(part), pattern)]


def test_what_a_template_needs_and_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        render.plan_page({"environment": "dev", "stacks": []})
    with pytest.raises(KeyError):
        render.plan_markdown(report({**stack(), "result": None, "counts": {}}))


def test_the_same_plan_makes_the_same_documents() -> None:
    assert render.plan_page(report(stack())) == render.plan_page(report(stack()))
    assert render.plan_markdown(report(stack())) == render.plan_markdown(report(stack()))
