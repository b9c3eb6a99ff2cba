# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS serves, and moving it: the alias of each function, the stage of each API, and our copies of an API's deployments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import ClientError

# Fixed by terraform/modules/lambda.
ALIAS = "live"
# How many of our copies an API keeps, beside those that a stage serves.
COPIES = 10
_OURS = re.compile(r"release (?P<id>\S+), copy of (?P<of>\S+)")
_FUNCTION = re.compile(r":function:(?P<name>[A-Za-z0-9_-]+)(?::[A-Za-z0-9_$-]+)?/invocations$")
_GONE = ("ResourceNotFoundException", "NotFoundException")
# What one DescribeAlarms call takes.
_ALARMS = 100


def is_copy(deployment: Mapping[str, Any]) -> bool:
    """Whether a deployment of an API is one of ours, which no state holds."""
    return bool(_OURS.fullmatch(deployment.get("description") or ""))


def surplus(ours: Iterable[str], staged: Iterable[str], used: Iterable[str]) -> list[str]:
    """Which of our copies go: all but those that a stage serves and the ten `used` last, which come first."""
    copies = list(ours)
    kept = [id_ for id_ in dict.fromkeys(used) if id_ in copies][:COPIES]
    return [id_ for id_ in copies if id_ not in {*staged, *kept}]


class Serving:
    """Lambda, API Gateway and CloudWatch of one region."""

    def __init__(self, functions: Any, apis: Any, alarms: Any, runner: Any = None) -> None:
        """runner: a client of Lambda that runs functions, where that is another one."""
        self.functions, self.apis, self.alarms, self.runner = functions, apis, alarms, runner or functions

    # --- functions

    def alias(self, name: str) -> dict[str, Any] | None:
        """{version, weights} of the alias of a function; None when there is none."""
        try:
            found = self.functions.get_alias(FunctionName=name, Name=ALIAS)
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return {"version": found["FunctionVersion"], "weights": weights}

    def move_alias(self, name: str, version: str, weights: Mapping[str, float] | None = None) -> None:
        """Let the alias serve a version, and others by their weights."""
        routing = {"AdditionalVersionWeights": dict(weights or {})}
        self.functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version, RoutingConfig=routing)

    def version(self, name: str, version: str) -> dict[str, Any] | None:
        """The configuration of a version; None when it is gone."""
        try:
            return self.functions.get_function(FunctionName=name, Qualifier=version)["Configuration"]
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise

    def may_call(self, name: str, api_name: str) -> bool:
        """Whether the API may still invoke the alias; Terraform takes that away with the last route to the function."""
        try:
            policy = self.functions.get_policy(FunctionName=name, Qualifier=ALIAS)["Policy"]
        except ClientError as error:
            if code_of(error) in _GONE:
                return False
            raise
        return f'"api-gateway-{api_name}"' in policy

    # --- APIs

    def stage(self, api: Mapping[str, Any]) -> str | None:
        """The deployment that the stage of an API serves; None when there is no such stage."""
        try:
            return self.apis.get_stage(restApiId=api["id"], stageName=api["stage"])["deploymentId"]
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise

    def move_stage(self, api: Mapping[str, Any], deployment: str) -> None:
        change = {"op": "replace", "path": "/deploymentId", "value": deployment}
        self.apis.update_stage(restApiId=api["id"], stageName=api["stage"], patchOperations=[change])

    def deployments(self, api: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """All deployments of an API by id."""
        pages = self.apis.get_paginator("get_deployments").paginate(restApiId=api["id"])
        return {item["id"]: item for page in pages for item in page.get("items", [])}

    def copy(self, api: Mapping[str, Any], release: str, deployment: str) -> str:
        """Make a deployment of what the API is now, in no stage: the content of Terraform's `deployment`, which goes one day."""
        text = f"release {release}, copy of {deployment}"
        return self.apis.create_deployment(restApiId=api["id"], description=text)["id"]

    def copy_of(self, api: Mapping[str, Any], deployment: str) -> str | None:
        """Our copy of a deployment, the newest if there are several."""
        found = [
            (match["id"], id_)
            for id_, item in self.deployments(api).items()
            if (match := _OURS.fullmatch(item.get("description") or "")) and match["of"] == deployment
        ]
        return max(found)[1] if found else None

    def drop_copies(self, api: Mapping[str, Any], used: Iterable[str]) -> list[str]:
        """Delete the surplus of our copies; gives what went."""
        staged = [stage["deploymentId"] for stage in self.apis.get_stages(restApiId=api["id"])["item"]]
        ours = [id_ for id_, item in self.deployments(api).items() if is_copy(item)]
        old = surplus(ours, staged, used)
        for id_ in old:
            self.apis.delete_deployment(restApiId=api["id"], deploymentId=id_)
        return old

    def routes(self, api: Mapping[str, Any]) -> dict[str, str]:
        """`METHOD /path` of an API as its resources are now, each with the name of the function behind it, or nothing."""
        pages = self.apis.get_paginator("get_resources").paginate(restApiId=api["id"], embed=["methods"])
        found = {}
        for resource in (item for page in pages for item in page.get("items", [])):
            for verb, method in (resource.get("resourceMethods") or {}).items():
                uri = (method.get("methodIntegration") or {}).get("uri") or ""
                behind = _FUNCTION.search(uri)
                found[f"{verb} {resource['path']}"] = behind["name"] if behind else ""
        return dict(sorted(found.items()))

    def authorization(self, api: Mapping[str, Any], path: str) -> dict[str, str]:
        """By verb how callers of a path of the API are let in; empty when there is no such path."""
        pages = self.apis.get_paginator("get_resources").paginate(restApiId=api["id"], embed=["methods"])
        for resource in (item for page in pages for item in page.get("items", [])):
            if resource["path"] == path:
                methods = resource.get("resourceMethods") or {}
                return {verb: method.get("authorizationType", "NONE") for verb, method in methods.items()}
        return {}

    # --- alarms

    def alarm_states(self, names: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
        """By name (state, since when), of the alarms that there are."""
        names, found = list(names), {}
        for first in range(0, len(names), _ALARMS):
            answer = self.alarms.describe_alarms(
                AlarmNames=names[first : first + _ALARMS], AlarmTypes=["CompositeAlarm", "MetricAlarm"]
            )
            for alarm in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]:
                since = alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")
                found[alarm["AlarmName"]] = (alarm.get("StateValue", ""), since)
        return found
