"""The cases of unit/action/bad_inputs.yml: what a person gets wrong, and the sentence that it is answered with."""

from __future__ import annotations

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS

from tests.conftest import ROOT

_TEXT = (ROOT / "tests/unit/action/bad_inputs.yml").read_text()
CASES: list[dict[str, Any]] = yaml.safe_load(_TEXT.replace("@ENVIRONMENTS@", ", ".join(ENVIRONMENTS)))
DEFAULTS = {
    name: value
    for path in sorted(ROOT.glob("roles/*/defaults/main.yml"))
    for name, value in (yaml.safe_load(path.read_text()) or {}).items()
}


def name_of(case: dict[str, Any]) -> str:
    change = "; ".join(f"{path}={value}" for path, value in case.get("change", {}).items())
    parts = [
        case.get("environment", ""),
        change,
        case.get("text", ""),
        *case.get("extra", []),
        *case.get("files", {}).values(),
    ]
    return re.sub(r"\s+", " ", " ".join(parts)).strip()[:160]


def _change(values: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a/path/0/of/keys; the value `absent` takes away what is there."""
    first, *rest = path.split("/")
    if not rest:
        place, last = values, first
    else:
        values.setdefault(first, copy.deepcopy(DEFAULTS[first]))
        place = values[first]
        for part in rest[:-1]:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        last = rest[-1]
    if value == "absent":
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def inventory(case: dict[str, Any], folder: Path) -> Path:
    """A copy of the inventory of dev (or of `environment`) with the mistake."""
    target = folder / case.get("folder", case.get("environment", "dev"))
    shutil.copytree(ROOT / "inventories" / case.get("environment", "dev"), target)
    for name, text in case.get("files", {}).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    variables = target / "group_vars/all.yml"
    values = yaml.safe_load(variables.read_text())
    for path, value in case.get("change", {}).items():
        _change(values, path, json.loads(json.dumps(value).replace("@INVENTORY@", str(target))))
    variables.write_text(yaml.safe_dump(values) + case.get("text", ""))
    return target
