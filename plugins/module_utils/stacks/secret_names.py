# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a function's secrets are: a parameter of Systems Manager or a secret of Secrets Manager, by its name or ARN.

A person writes ``ssm:<name>``, ``secretsmanager:<name>`` or a whole ARN. Neither service has a colon in its names, so that the
three cannot be mistaken for one another, and none of them for a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import partition_of
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Check, wrong

# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html: a hierarchy begins with a
# slash and has 15 levels at most; 1011 characters include the ARN in front of the name.
_PARAMETER = r"[A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+){1,15}"
_OF_AWS = re.compile(r"/?(aws|ssm).*", re.IGNORECASE)
_LONGEST_PARAMETER_ARN = 1011
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html#API_CreateSecret_RequestParameters
_SECRET = r"[A-Za-z0-9/_+=.@-]{1,512}"
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html: AWS adds a hyphen and six random characters
# to the name, of which an IAM policy by name cannot know more than how many there are.
_RANDOM = "-[A-Za-z0-9]{6}"
_ANY_RANDOM = "-??????"
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>ssm|secretsmanager):(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?P<kind>parameter(?=/)|secret:)(?P<name>.+)"
)
_KINDS = {"ssm": "parameter", "secretsmanager": "secret:"}
_RULES = {"ssm": re.compile(_PARAMETER), "secretsmanager": re.compile(_SECRET)}
_HOW = {
    "ssm": "use letters, digits and _ . -, in a hierarchy of 15 levels at most with / in front of each",
    "secretsmanager": "use 1 to 512 letters, digits and / _ + = . @ -",
}
_WHAT = {"ssm": "parameter", "secretsmanager": "secret"}


@dataclass(frozen=True)
class Place:
    """Where one secret is. arn: as policies say it. name: as the function's environment has it, and AWS's own calls take it."""

    service: str
    arn: str
    name: str


def reference(value: Any, where: str) -> Iterator[str]:
    """A name or an ARN. What is neither is not shown: it may be the secret itself."""
    service, _, name = value.partition(":") if isinstance(value, str) and ":" in value else ("", "", "")
    match = _ARN.fullmatch(value) if service == "arn" else None
    if match and match["kind"] == _KINDS[match["service"]]:
        service, name = match["service"], match["name"]
    if service not in _RULES:
        yield (
            f"{where} says no place of a secret; write ssm:<name of a parameter>, secretsmanager:<name of a secret> or the "
            "ARN of one, and never its value"
        )
        return
    found = [*_named(service, name, value, where)]
    if not found and match and service == "secretsmanager" and not re.fullmatch(f".+{_RANDOM}", name):
        what, fix = "no whole ARN: that ends in a hyphen and six characters", "copy it, or write secretsmanager:<name>"
        found = [wrong(where, value, what, fix)]
    yield from found


def _named(service: str, name: str, value: str, where: str) -> Iterator[str]:
    what = _WHAT[service]
    too_long = service == "ssm" and len(value) > _LONGEST_PARAMETER_ARN
    if too_long or not _RULES[service].fullmatch(name):
        yield wrong(where, value, f"no name of a {what}", _HOW[service])
    elif service == "ssm" and _OF_AWS.fullmatch(name):
        fix = "name one of yours, or the secret as secretsmanager:<name>"
        yield wrong(where, value, "a parameter of AWS, which keeps the names that begin with aws or ssm", fix)


def references(check_name: Check) -> Check:
    """References, by the environment variable that tells the function."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{where} is no mapping; write it as NAME: place of the secret"
            return
        for name, entry in value.items():
            yield from check_name(name, f"{where}: the name")
            yield from reference(entry, f"{where}.{name}")

    return check


def place(value: str, context: Mapping[str, Any]) -> Place:
    """Where a reference that is right leads, for a function of this context."""
    service, _, name = value.partition(":")
    if service == "arn":
        return Place(_ARN.fullmatch(value)["service"], value, value)  # type: ignore[index]
    region = context["region"]
    head = f"arn:{partition_of(region)}:{service}:{region}:{context['account_id']}:{_KINDS[service]}"
    if service == "ssm":
        arn = f"{head}/{name.removeprefix('/')}"
        return Place(service, arn, arn)
    return Place(service, f"{head}{name}{_ANY_RANDOM}", name)


def rights(function: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the role of a function may read because of its secrets: the field of terraform/modules/iam, empty without any."""
    places = [place(value, context) for value in (function.get("secrets") or {}).values()]
    found = {
        "parameter_arns": _unique(one.arn for one in places if one.service == "ssm"),
        "secret_arns": _unique(one.arn for one in places if one.service == "secretsmanager"),
        "kms_key_arns": list(function.get("secrets_kms_key_arns") or []) if places else [],
    }
    return {field: arns for field, arns in found.items() if arns}


def _unique(arns: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(arns))


def elsewhere(functions: Mapping[str, Any], account: str) -> Iterator[tuple[str, str]]:
    """The variables whose secret is of another account, each with the ARN."""
    for key, function in functions.items():
        for name, value in ((function or {}).get("secrets") or {}).items():
            if value.startswith("arn:") and value.split(":")[4] != account:
                yield f"lambda_functions.{key}.secrets.{name}", value


def foreign(functions: Mapping[str, Any], context: Mapping[str, Any]) -> Iterator[str]:
    """Refuse ARNs of another partition, into which no credentials reach."""
    partition = partition_of(context["region"])
    for key, function in functions.items():
        for name, value in (function.get("secrets") or {}).items():
            if value.startswith("arn:") and value.split(":")[1] != partition:
                fix = f"name one in {partition}"
                yield wrong(
                    f"lambda_functions.{key}.secrets.{name}", value, f"out of reach from {context['region']}", fix
                )
