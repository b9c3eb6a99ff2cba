"""Relative paths become absolute, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import paths


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("site_builder_work_dir", "work", "/base/work"),
        ("site_builder_work_dir", "../work", "/work"),
        ("site_builder_work_dir", "/a/../b", "/a/../b"),
        ("site_builder_work_dir", "~/work", "/home/me/work"),
        ("site_builder_work_dir", "$HOME/work", "/home/me/work"),
        ("site_builder_work_dir", "", ""),
        ("site_builder_work_dir", 7, 7),
        ("site_builder_terraform_binary", "terraform", "terraform"),
        ("site_builder_terraform_binary", "bin/terraform", "/base/bin/terraform"),
        ("site_builder_checkov", "checkov", "checkov"),
        ("site_builder_service", "work", "work"),
        (
            "lambda_functions",
            {"a": {"source": "src", "handler": "app.handler"}},
            {"a": {"source": "/base/src", "handler": "app.handler"}},
        ),
        (
            "lambda_layers",
            {"a": {"requirements": "r.txt"}, "b": None},
            {"a": {"requirements": "/base/r.txt"}, "b": None},
        ),
        (
            "api_gateway_apis",
            {"a": {"documents": ["a.yaml", "/b.yaml"]}},
            {"a": {"documents": ["/base/a.yaml", "/b.yaml"]}},
        ),
        ("lambda_functions", ["src"], ["src"]),
    ],
)
def test_absolute(name: str, value: Any, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert paths.absolute(name, value, "/base") == made
