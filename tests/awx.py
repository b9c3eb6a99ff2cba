"""The calls that the role awx_config makes of AWX, with all templates worked out; no AWX is needed for that."""

from __future__ import annotations

import json
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.bbws.site_builder.plugins.module_utils import awx_objects
from ansible_collections.bbws.site_builder.plugins.module_utils.awx_objects import Call

from tests.conftest import ROOT

ROLE = ROOT / "roles/awx_config"


def _load(path: str) -> Any:
    return DataLoader().load_from_file(str(ROLE / path), trusted_as_template=True)


def variables() -> dict[str, Any]:
    """The defaults and the internal variables of the role, templates as they are written."""
    return {**_load("defaults/main.yml"), **_load("vars/main.yml")}


def settings(**changed: Any) -> dict[str, Any]:
    """The same worked out, and called as module_utils/awx_objects.py calls them."""
    every = {**variables(), **changed}
    done = Templar(DataLoader(), every).template({name: every[name] for name in every})
    # Without the tags that Ansible puts on its texts.
    return {
        name.removeprefix("_").removeprefix("awx_config_"): value
        for name, value in json.loads(json.dumps(done)).items()
    }


def tasks(file: str) -> list[dict[str, Any]]:
    """The tasks of one file, templates as they are written."""
    return _load(f"tasks/{file}.yml")


def calls(*modules: str, **changed: Any) -> list[Call]:
    """All calls (of these modules), in order, where the inventory or the command line has changed these variables."""
    return [call for call in awx_objects.calls(settings(**changed)) if not modules or call.module in modules]
