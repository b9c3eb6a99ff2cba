# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a release consists of, from the outputs of the stacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def of_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """By part and key what Terraform has made last. outputs: of the stacks, by name; of one that is not deployed none."""
    details = outputs.get("lambda", {}).get("details") or {}
    endpoints = outputs.get("api_gateway", {}).get("endpoints") or {}
    return {
        "functions": {
            key: {"name": function["name"], "latest": str(details[key]["version"])}
            for key, function in (outputs.get("lambda", {}).get("functions") or {}).items()
            if key in details
        },
        "apis": {
            key: {
                "id": endpoints[key]["id"],
                "name": api["name"],
                "stage": api["stage"],
                # A state from before releases does not say it.
                "latest": endpoints[key].get("deployment_id"),
                "url": endpoints[key].get("url"),
            }
            for key, api in (outputs.get("api_gateway", {}).get("apis") or {}).items()
            if key in endpoints
        },
    }


def stores(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The names of the tables and buckets on which a release relies."""
    return {
        kind: sorted(entry["name"] for entry in (outputs.get(stack, {}).get(kind) or {}).values())
        for stack, kind in (("dynamodb", "tables"), ("s3", "buckets"))
    }


def alarms(outputs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of the environment's alarms."""
    return sorted(arn.rpartition(":alarm:")[2] for arn in (outputs.get("monitoring", {}).get("alarms") or {}).values())
