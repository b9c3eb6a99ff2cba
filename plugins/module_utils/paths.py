# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which variables hold paths, and where a relative one begins: they are made absolute once, before anything looks at them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

# Commands of PATH, where they have no slash.
_COMMANDS = ("site_builder_checkov", "site_builder_terraform_binary")
# Those that a run takes from define_stacks.
SETTINGS = (
    *_COMMANDS,
    "site_builder_definitions",
    "site_builder_outputs_file",
    "site_builder_provider_mirror",
    "site_builder_work_dir",
)
_PLAIN = (*SETTINGS, "api_gateway_openapi_dir", "lambda_source_dir")
_FIELDS = {
    # Its documents are a list of paths.
    "api_gateway_apis": (),
    "lambda_functions": ("requirements", "source"),
    "lambda_layers": ("requirements", "source"),
}


def holds_paths(name: str) -> bool:
    """Whether the variable is a path, of which definitions may be made."""
    return name in _PLAIN


def absolute(name: str, value: Any, base: str) -> Any:
    """The value of a variable with its paths absolute; what is no path, or of the wrong type, stays as it is.

    base: the folder where a relative path begins.
    """
    if name in _PLAIN:
        if isinstance(value, (list, tuple)):
            return [_path(item, base) for item in value]
        return value if name in _COMMANDS and "/" not in str(value) else _path(value, base)
    if name not in _FIELDS or not isinstance(value, Mapping):
        return value
    return {key: _entry(entry, _FIELDS[name], base) for key, entry in value.items()}


def _entry(entry: Any, fields: tuple[str, ...], base: str) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    found = {field: _path(entry[field], base) for field in fields if field in entry}
    if isinstance(entry.get("documents"), (list, tuple)):
        found["documents"] = [_path(path, base) for path in entry["documents"]]
    return {**entry, **found}


def _path(value: Any, base: str) -> Any:
    if not isinstance(value, str) or not value.strip():
        return value
    path = os.path.expanduser(os.path.expandvars(value))
    return path if os.path.isabs(path) else os.path.normpath(os.path.join(base, path))
