# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The roles with which an environment is planned and applied: their names, who may assume them, and what they may do.

What they may do is written in roles/site_builder/files/policies, as IAM knows it, with placeholders such as ``${service}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import parse_context
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import wrong

# The policies of each role. Who plans reads too, and who applies plans.
ROLES = {
    "read": ("read",),
    "plan": ("read", "plan"),
    "apply": ("read", "plan", "apply_data", "apply_services"),
}
# Marks a role as one that was made here.
MARK = "SiteBuilderRole"
# Characters of a managed policy, without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MAX_POLICY = 6144
AUDIENCE = "sts.amazonaws.com"
VARIABLE = "site_builder_access_trust"

_PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")
_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(iam::[0-9]{12}:(root|(role|user)/[\w+=,.@/-]+)|sts::[0-9]{12}:assumed-role/[\w+=,.@/-]+)"
)
_ISSUER = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]+)?")
# A wildcard may stand for a branch or a project, never for whose project it is.
_OWNED = re.compile(r"[^*?]+:[^*?/]+/.*")
# Nothing behind whose project it is, or only wildcards.
_EVERY_RUN = re.compile(r"[^:]+:[^:]*[*?][^:]*(:.*)?|[^:]+:[^:]+:[*?]+")
_FIELDS = ("principal", "issuer", "subject", "audience")


def access_name(key: str, context: Mapping[str, Any]) -> str:
    """The name of a role or policy, ``<service>-<environment>-<key>``.

    The names of all other roles end in environment and region, and so do the patterns in the policies: no role of these can
    change itself, or another one of them.
    """
    facts = parse_context(context)
    return f"{facts.service}-{facts.environment}-{key.replace('_', '-')}"


def placeholders(context: Mapping[str, Any], **more: str) -> dict[str, str]:
    """The values of the placeholders; what this environment has not is empty.

    more: state_bucket, state_prefix, kms_key_arn, replica_kms_key_arn, permissions_boundary_arn.
    """
    facts = {name: value or "" for name, value in vars(parse_context(context)).items()}
    return {**facts, **{name: value or "" for name, value in more.items()}}


def render(document: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The policy of one environment.

    A resource whose placeholder is empty is left out, and so is a statement that has none left, or an empty placeholder anywhere
    else: a condition that cannot be written is never a grant without it. Raises SiteBuilderError for an unknown placeholder.
    """
    statements = []
    for statement in document["Statement"]:
        resources = [one for one in _list(statement["Resource"]) if _is_filled(one, values)]
        rest = {key: value for key, value in statement.items() if key != "Resource"}
        if resources and _is_filled(json.dumps(rest), values):
            statements.append(_replaced({**rest, "Resource": resources}, values))
    return {**document, "Statement": statements}


def _is_filled(text: str, values: Mapping[str, str]) -> bool:
    return all(_value(name, values) for name in _PLACEHOLDER.findall(text))


def _replaced(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: _value(found[1], values), value)
    if isinstance(value, list):
        return [_replaced(one, values) for one in value]
    if isinstance(value, dict):
        return {_replaced(key, values): _replaced(one, values) for key, one in value.items()}
    return value


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise SiteBuilderError(
            f"a policy has the placeholder ${{{name}}}, which is not known; use one of {', '.join(sorted(values))}"
        )
    return values[name]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check_size(name: str, policy: Mapping[str, Any]) -> None:
    """Raise where IAM would refuse a policy for its length."""
    size = len(json.dumps(policy, separators=(",", ":")))
    if size > MAX_POLICY:
        raise SiteBuilderError(
            f"the policy {name} has {size} characters, which is more than the {MAX_POLICY} that IAM allows; shorten "
            "site_builder_service or site_builder_state_bucket"
        )


def trust_problems(trust: Any) -> list[str]:
    """What is wrong with the value of site_builder_access_trust, a sentence each."""
    if not isinstance(trust, Mapping):
        return [wrong(VARIABLE, trust, "no mapping", "write {read: {...}, plan: {...}, apply: {...}}")]
    problems = []
    for role, entry in trust.items():
        if role not in ROLES:
            problems.append(wrong(f"{VARIABLE} key", role, "not known", f"use {', '.join(ROLES)}"))
        else:
            problems += _entry_problems(f"{VARIABLE}.{role}", entry, role)
    return problems


def _entry_problems(where: str, entry: Any, role: str) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield wrong(where, entry, "no mapping", "write {principal: <ARN>} or {issuer: <URL>, subject: <text>}")
        return
    for name in entry.keys() - set(_FIELDS):
        yield wrong(f"{where} key", name, "not known", f"use {', '.join(_FIELDS)}")
    if ("principal" in entry) == ("issuer" in entry):
        yield wrong(where, dict(entry), "not complete", "give either principal, or issuer and subject")
        return
    if "principal" in entry:
        for name in entry.keys() & {"subject", "audience"}:
            yield wrong(
                f"{where}.{name}", entry[name], "without an issuer", "leave it out, or give issuer instead of principal"
            )
        for principal in _list(entry["principal"]):
            if not isinstance(principal, str) or not _PRINCIPAL.fullmatch(principal):
                yield wrong(
                    f"{where}.principal", principal, "not valid", "give the ARN of a role, a user or an account's root"
                )
        return
    if not isinstance(entry["issuer"], str) or not _ISSUER.fullmatch(entry["issuer"]):
        fix = (
            "give the URL of the OIDC issuer, such as https://token.actions.githubusercontent.com or https://gitlab.com"
        )
        yield wrong(f"{where}.issuer", entry["issuer"], "not valid", fix)
    audience = entry.get("audience", AUDIENCE)
    if not isinstance(audience, str) or not audience or "*" in audience:
        yield wrong(f"{where}.audience", audience, "not valid", f"give the audience of the tokens, such as {AUDIENCE}")
    subjects = _list(entry.get("subject")) if entry.get("subject") else []
    if not subjects:
        fix = "give who may come, such as repo:<owner>/<repository>:environment:prod"
        yield wrong(f"{where}.subject", entry.get("subject"), "not set", fix)
    for subject in subjects:
        if not isinstance(subject, str) or (re.search(r"[*?]", subject) and not _OWNED.fullmatch(subject)):
            fix = "name the owner before any wildcard, such as repo:<owner>/*"
            yield wrong(f"{where}.subject", subject, "open to everybody with an account there", fix)
        elif role == "apply" and _EVERY_RUN.fullmatch(subject):
            fix = "name a branch or an environment of the pipeline, such as repo:<owner>/<repository>:environment:prod"
            yield wrong(f"{where}.subject", subject, "open to every branch and pull request, reviewed or not", fix)


def provider_arn(issuer: str, context: Mapping[str, Any]) -> str:
    """The ARN of the OIDC provider of an issuer in this account."""
    facts = parse_context(context)
    return f"arn:{facts.partition}:iam::{facts.account_id}:oidc-provider/{_host(issuer)}"


def trust_policy(entry: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """Who may assume a role, as IAM has it; the entry is one that trust_problems lets pass."""
    if "principal" in entry:
        statement: dict[str, Any] = {"Principal": {"AWS": _list(entry["principal"])}, "Action": "sts:AssumeRole"}
    else:
        host, subjects = _host(entry["issuer"]), _list(entry["subject"])
        compare = "StringLike" if any(re.search(r"[*?]", one) for one in subjects) else "StringEquals"
        conditions: dict[str, Any] = {"StringEquals": {f"{host}:aud": entry.get("audience", AUDIENCE)}}
        conditions.setdefault(compare, {})[f"{host}:sub"] = subjects
        statement = {
            "Principal": {"Federated": provider_arn(entry["issuer"], context)},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": conditions,
        }
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def _host(issuer: str) -> str:
    return issuer.removeprefix("https://").rstrip("/")
