"""IAM. moto knows the grammar of a statement (known keys, Effect, actions, ARNs, unique Sids), but not in every call."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from aws_call import Call
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import iam_backends
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from aws_rules import rule
from aws_rules.policy import load, statements

QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
MANAGED_SIZE = 6144
TRUST_SIZE = 2048
INLINE_SIZE = {"role": 10_240, "group": 5120, "user": 2048}
POLICIES_PER_ROLE = 10
IDENTITY = ("CreatePolicy", "CreatePolicyVersion", "PutRolePolicy", "PutGroupPolicy", "PutUserPolicy")
TRUST = ("CreateRole", "UpdateAssumeRolePolicy")
SID = re.compile(r"[0-9A-Za-z]*")


def _size(document: str) -> int:
    """IAM counts no white space."""
    return len(re.sub(r"\s", "", document))


def _document(call: Call) -> str:
    return call.params.get("AssumeRolePolicyDocument") or call.params.get("PolicyDocument") or ""


@rule(
    "iam",
    *IDENTITY,
    *TRUST,
    code="MalformedPolicyDocument",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html",
)
def sid(call: Call) -> str | None:
    """A Sid has other characters than letters and digits."""
    if all(SID.fullmatch(str(one.get("Sid", ""))) for one in statements(_document(call))):
        return None
    return (
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    )


@rule("iam", *IDENTITY, code="MalformedPolicyDocument", source=GRAMMAR)
def principal_of_identity(call: Call) -> str | None:
    """The policy of a role, user or group names a principal."""
    if any("Principal" in one or "NotPrincipal" in one for one in statements(_document(call))):
        return "Policy document should not specify a principal."
    return None


@rule("iam", *TRUST, code="MalformedPolicyDocument", source=GRAMMAR)
def principal_of_trust(call: Call) -> str | None:
    """A role's trust policy names no principal."""
    if all(one.get("Principal") or one.get("NotPrincipal") for one in statements(_document(call))):
        return None
    return "Missing required field Principal"


@rule("iam", "CreateRole", code="MalformedPolicyDocument", source=GRAMMAR)
def grammar_of_trust(call: Call) -> str | None:
    """A new role's trust policy is not in the grammar of policies, names a resource or another action than sts's."""
    document = load(_document(call))
    if document is None:
        return "This policy contains invalid Json"
    try:
        # moto asks for this version, AWS does not.
        IAMTrustPolicyDocumentValidator(json.dumps({**document, "Version": "2012-10-17"})).validate()
    except MalformedPolicyDocument as error:
        return error.message
    return None


@rule("iam", "CreatePolicy", "CreatePolicyVersion", code="LimitExceeded", status=409, source=QUOTAS)
def managed_size(call: Call) -> str | None:
    """A managed policy has more than 6,144 characters, white space not counted."""
    if _size(_document(call)) > MANAGED_SIZE:
        return f"Cannot exceed quota for PolicySize: {MANAGED_SIZE}"
    return None


@rule("iam", *TRUST, code="LimitExceeded", status=409, source=QUOTAS)
def trust_size(call: Call) -> str | None:
    """A trust policy has more than 2,048 characters, white space not counted."""
    return f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}" if _size(_document(call)) > TRUST_SIZE else None


@rule("iam", "PutRolePolicy", "PutGroupPolicy", "PutUserPolicy", code="LimitExceeded", status=409, source=QUOTAS)
def inline_size(call: Call) -> str | None:
    """All inline policies of one role (user, group) together have more than 10,240 (2,048, 5,120) characters."""
    kind = call.operation.removeprefix("Put").removesuffix("Policy").lower()
    name, policy = call.params[f"{kind.capitalize()}Name"], call.params["PolicyName"]
    others = {key: text for key, text in _inline(call, kind, name).items() if key != policy}
    if sum(_size(text) for text in [*others.values(), _document(call)]) > INLINE_SIZE[kind]:
        return f"Maximum policy size of {INLINE_SIZE[kind]} bytes exceeded for {kind} {name}"
    return None


def _inline(call: Call, kind: str, name: str) -> dict[str, str]:
    """What moto holds: a dict of texts for roles and users, for groups by name too."""
    for holder in getattr(_backend(call), f"{kind}s").values():
        if holder.name == name:
            return {key: unquote(text) for key, text in holder.policies.items()}
    return {}


def _backend(call: Call) -> Any:
    return iam_backends[call.account]["aws"]


@rule("iam", "AttachRolePolicy", code="LimitExceeded", status=409, source=QUOTAS)
def policies_per_role(call: Call) -> str | None:
    """A role gets an eleventh managed policy."""
    for role in _backend(call).roles.values():
        if role.name == call.params["RoleName"] and len({*role.managed_policies, call.params["PolicyArn"]}) > (
            POLICIES_PER_ROLE
        ):
            return f"Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}"
    return None
