"""What a whole life of an environment has called, held against the policies: nothing is missing, and nothing is there for nothing.

tests/integration/deployment_calls.json is the record, which tests/integration/test_deployment_roles.py makes and compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils import access

from tests.conftest import ROOT
from tests.iam_actions import FREE, actions

POLICIES = ROOT / "roles/site_builder/files/policies"
CALLS: dict[str, list[str]] = json.loads((ROOT / "tests/integration/deployment_calls.json").read_text())

# What no record shows, by the reason for which it is there all the same. A feature is a field of a definition that the samples leave out.
REASONS = {
    "feature: firewall of an API": (
        "apigateway:SetWebACL wafv2:AssociateWebACL wafv2:DisassociateWebACL wafv2:GetWebACL wafv2:GetWebACLForResource"
    ),
    "feature: domain of an API, whose record Terraform waits for": (
        "route53:ChangeResourceRecordSets route53:GetChange route53:GetHostedZone route53:ListResourceRecordSets"
    ),
    "feature: OAC of a bucket": (
        "cloudfront:CreateOriginAccessControl cloudfront:DeleteOriginAccessControl cloudfront:GetOriginAccessControl "
        "cloudfront:ListOriginAccessControls cloudfront:UpdateOriginAccessControl"
    ),
    "feature: CORS of a bucket": "s3:PutBucketCORS",
    "feature: policy of a table": "dynamodb:DeleteResourcePolicy dynamodb:PutResourcePolicy",
    "feature: VPC of a function": "ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs",
    "feature: managed policies of a role; and what was attached by hand goes": "iam:AttachRolePolicy iam:DetachRolePolicy",
    "feature: concurrency of a function": (
        "lambda:DeleteFunctionConcurrency lambda:DeleteProvisionedConcurrencyConfig lambda:GetProvisionedConcurrencyConfig "
        "lambda:PutFunctionConcurrency lambda:PutProvisionedConcurrencyConfig"
    ),
    "feature: alias of the alerts' key": "kms:CreateAlias kms:DeleteAlias kms:UpdateAlias",
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html and
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    "feature: customer managed key, which the services use in the caller's name": (
        "kms:CreateGrant kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo "
        "logs:AssociateKmsKey logs:DisassociateKmsKey"
    ),
    "change: other code or settings of a function": (
        "lambda:PublishVersion lambda:UpdateAlias lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration"
    ),
    "change: other settings of a role": "iam:PutRolePermissionsBoundary iam:UpdateAssumeRolePolicy iam:UpdateRole",
    "change: other settings of the alerts' key": "kms:PutKeyPolicy kms:UpdateKeyDescription",
    "change: logs are kept for ever": "logs:DeleteRetentionPolicy",
    "change: a tag less": (
        "cloudwatch:UntagResource dynamodb:UntagResource iam:UntagRole kms:UntagResource lambda:UntagResource logs:UntagResource "
        "sns:UntagResource"
    ),
    # adoption_info, before it has found anything
    "the search for what an interrupted apply has left": "kms:ListKeys lambda:ListLayerVersions",
    "the plan after so many that the oldest goes": "s3:DeleteObjectVersion s3:ListBucketVersions",
}
UNUSED = {action: reason for reason, named in REASONS.items() for action in named.split()}


def granted(policy: str) -> set[str]:
    statements = json.loads((POLICIES / f"{policy}.json").read_text())["Statement"]
    return {action for one in statements if one["Effect"] == "Allow" for action in one["Action"]}


def needed(lines: Iterable[str]) -> set[str]:
    return {action for line in lines for action in actions(line)}


@pytest.mark.parametrize("role", access.ROLES)
def test_everything_that_was_called_is_allowed(role: str) -> None:
    allowed = {action for policy in access.ROLES[role] for action in granted(policy)}
    lacking = {line: sorted(actions(line) - allowed) for line in CALLS[role] if actions(line) - allowed}
    assert lacking == {}


def unused(policy: str) -> set[str]:
    """What no run of those for whom the policy is has needed."""
    role = policy if policy in access.ROLES else "apply"
    return granted(policy) - needed(CALLS[role])


@pytest.mark.parametrize("policy", access.ROLES["apply"])
def test_nothing_is_allowed_for_nothing(policy: str) -> None:
    assert unused(policy) - UNUSED.keys() == set()


def test_each_reason_is_for_something() -> None:
    assert UNUSED.keys() - {action for policy in access.ROLES["apply"] for action in unused(policy)} == set()


def test_each_role_may_what_the_one_before_may() -> None:
    read, plan, apply = (set(policies) for policies in access.ROLES.values())
    assert read < plan < apply


def test_what_needs_no_permission_is_called_at_all() -> None:
    assert FREE.keys() <= {line for lines in CALLS.values() for line in lines}
