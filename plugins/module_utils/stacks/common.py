# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the stacks have in common: what AWS calls things, the form of a definition, references by key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import REGIONS, resource_names
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import Check, choice, text

Definitions = Mapping[str, Any]
Settings = Mapping[str, Any]

MANY = 1_000_000
ANY_TEXT = text()
SOME_TEXT = text("text of at least one character", r"(?s:.+)")
REGION = choice(*sorted(set().union(*REGIONS.values())))
ACCOUNT = text("quoted string of 12 digits", r"[0-9]{12}")
# The key of an entry of ours: what names are made of.
KEY = text("key", r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*", "use letters and digits, with single - _ . between words")


def arn(service: str, resource: str, what: str) -> Check:
    """The ARN of a resource in any partition, region and account."""
    pattern = rf"arn:aws[a-z-]*:{service}:[a-z0-9-]*:([0-9]{{12}}|aws)?:{resource}"
    return text(f"ARN of {what}", pattern, "give the whole ARN")


KMS_KEY = arn("kms", "key/[0-9A-Za-z-]+", "a KMS key")
QUEUE_OR_TOPIC = arn("(sqs|sns)", "[A-Za-z0-9_.-]+", "an SQS queue or an SNS topic")


def defined(
    tfvars: dict[str, Any],
    predicted_outputs: dict[str, Any],
    *,
    hooks: Collection[str] = (),
    sensitive: Iterable[str] = (),
    replica_provider: bool = False,
    asks: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A stack, defined.

    tfvars: the variables of its root module that are its own. predicted_outputs: the outputs by which other stacks will
    know it, from names alone. hooks: the task files of its role that a run calls. sensitive: values that nobody may see.
    replica_provider: whether it works in the replica region too. asks: what a run asks AWS for, before it plans the stack.
    """
    return {
        "tfvars": tfvars,
        "predicted_outputs": predicted_outputs,
        "hooks": list(hooks),
        "sensitive": list(dict.fromkeys(sensitive)),
        "replica_provider": replica_provider,
        "asks": asks or {},
        **more,
    }


def each(entries: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries by key; one that is null takes every default."""
    return ((key, entry or {}) for key, entry in entries.items())


def given(entries: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries, less the fields that are null, which stands for the default."""
    return {key: {field: value for field, value in entry.items() if value is not None} for key, entry in each(entries)}


def names(
    entries: Mapping[str, Any], kind: str, settings: Settings, variable: str, problems: list[str]
) -> dict[str, str]:
    """The AWS names of the entries, by key; empty where some cannot be computed, of which `problems` tells then."""
    try:
        return resource_names(entries, kind, settings["context"])
    except SiteBuilderError as error:
        problems += [f"{variable}: {problem}" for problem in error.problems]
        return {}


def stop(problems: Collection[str]) -> None:
    """Raise them all, if there are any."""
    if problems:
        raise SiteBuilderError(*problems)


def boundary(settings: Settings) -> dict[str, str]:
    """What bounds every role of ours, where the organisation wants that."""
    policy = settings.get("permissions_boundary_arn")
    return {"permissions_boundary_arn": policy} if policy else {}


def missing(where: str, keys: Iterable[str | None], known: Mapping[str, Any], variable: str) -> Iterator[str]:
    """A sentence for each key that `variable` does not have."""
    for key in keys:
        if key is not None and key not in known:
            yield f"{where} is {key!r}, which is no key of {variable}; add it there, or name one of: {', '.join(known)}"
