#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: deployment_roles
short_description: Make the roles with which an environment is planned and applied
version_added: 0.1.0
description:
  - Makes the role C(<service>-<environment>-read), which reads, C(<service>-<environment>-plan), which locks and saves plans too,
    and C(<service>-<environment>-apply), which deploys and destroys; each only where O(trust) says who may assume it.
  - Their policies are the files in O(policies), which are managed policies of the account afterwards.
  - Roles and policies of these names that were not made here, which their tags tell, are named and never changed.
  - What else is attached to a role of ours stays, and is named.
author:
  - BBWS platform team (@bbws)
options:
  context:
    description: The facts of which all names are made, as bbws.site_builder.resource_name takes them.
    type: dict
    required: true
  policies:
    description: The folder that holds C(read.json), C(plan.json), C(apply_data.json) and C(apply_services.json).
    type: path
    required: true
  trust:
    description:
      - By role, C(read), C(plan) or C(apply), who may assume it. A role that is not named here is not made, and one that is there
        stays.
      - Either C(principal), one ARN or a list of them, or C(issuer), the URL of an OIDC issuer, and C(subject), one or a list of
        them, with C(audience), which is C(sts.amazonaws.com) by default. The issuer must be an identity provider of the account.
    type: dict
    required: true
  state_bucket:
    description: The bucket that holds the states.
    type: str
    required: true
  state_prefix:
    description: The states are the objects C(<state_prefix>/<stack>/terraform.tfstate).
    type: str
    required: true
  kms_key_arn:
    description: The key of the environment; empty for none.
    type: str
    default: ""
  replica_kms_key_arn:
    description: The same in the replica region.
    type: str
    default: ""
  permissions_boundary_arn:
    description: The policy that bounds these roles, and all roles that they make; empty for none.
    type: str
    default: ""
  tags:
    description: The tags of the roles and policies.
    type: dict
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Make the roles of dev for GitHub
  bbws.site_builder.deployment_roles:
    context:
      service: site-builder
      environment: dev
      region: eu-west-1
      account_id: "123456789012"
    policies: roles/site_builder/files/policies
    trust:
      plan:
        issuer: https://token.actions.githubusercontent.com
        subject: repo:bbws/site-builder:*
      apply:
        issuer: https://token.actions.githubusercontent.com
        subject: repo:bbws/site-builder:environment:dev
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    tags:
      Service: site-builder
      Environment: dev
      ManagedBy: Terraform
    region: eu-west-1
"""

RETURN = """
roles:
  description: By role its RV(ignore:arn), and RV(ignore:state), which is V(created), V(updated), V(unchanged) or V(foreign).
  returned: success
  type: dict
problems:
  description: A sentence for each thing that was found and left as it is.
  returned: success
  type: list
  elements: str
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils import access
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

CREATED = "created"
UPDATED = "updated"
UNCHANGED = "unchanged"
FOREIGN = "foreign"
# AWS keeps as many versions of a managed policy.
MAX_VERSIONS = 5
_GONE = "NoSuchEntity"


class Access:
    """The roles and policies of one environment. With `check`, nothing is written."""

    def __init__(
        self, client: Any, account: str, partition: str, tags: Mapping[str, str], boundary: str, check: bool
    ) -> None:
        self._iam, self._tags, self._boundary, self._check = client, dict(tags), boundary, check
        self._prefix = f"arn:{partition}:iam::{account}"
        self.problems: list[str] = []

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a role or policy at the root path."""
        return f"{self._prefix}:{kind}/{name}"

    def require_provider(self, arn: str, issuer: str, audience: str) -> None:
        """Raise unless the account knows the issuer, and the audience as a client of it."""
        try:
            found = self._iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
            raise SiteBuilderError(
                f"the account has no identity provider {arn}, without which nobody of {issuer} can come in; create it once with: "
                f"aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audience}"
            ) from error
        if audience not in found.get("ClientIDList", []):
            raise SiteBuilderError(
                f"the identity provider {arn} does not know the audience {audience}; add it with: aws iam "
                f"add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id {audience}"
            )

    def policy(self, key: str, name: str, document: Mapping[str, Any]) -> str:
        """Make the managed policy what it should be, and say what was done."""
        arn = self.arn("policy", name)
        try:
            found = self._iam.get_policy(PolicyArn=arn)["Policy"]
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
            if not self._check:
                self._iam.create_policy(
                    PolicyName=name,
                    PolicyDocument=json.dumps(document),
                    Description="What the collection bbws.site_builder needs, see roles/site_builder/files/policies",
                    Tags=self._tagged(key),
                )
            return CREATED
        if not self._is_ours(found.get("Tags"), key):
            return self._foreign("policy", name)
        version = self._iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])["PolicyVersion"]
        if version["Document"] == document:
            return UNCHANGED
        if not self._check:
            self._make_room(arn)
            self._iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
        return UPDATED

    def _make_room(self, arn: str) -> None:
        versions = self._iam.list_policy_versions(PolicyArn=arn)["Versions"]
        old = sorted((one for one in versions if not one["IsDefaultVersion"]), key=lambda one: one["CreateDate"])
        if len(versions) >= MAX_VERSIONS:
            self._iam.delete_policy_version(PolicyArn=arn, VersionId=old[0]["VersionId"])

    def role(self, key: str, name: str, trust: Mapping[str, Any], policies: list[str]) -> str:
        """Make the role what it should be, with these policies, by ARN, attached; and say what was done."""
        try:
            found = self._iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            if code_of(error) != _GONE:
                raise
            if not self._check:
                self._iam.create_role(
                    RoleName=name,
                    AssumeRolePolicyDocument=json.dumps(trust),
                    Description=f"Runs the collection bbws.site_builder: {key}",
                    Tags=self._tagged(key),
                    **({"PermissionsBoundary": self._boundary} if self._boundary else {}),
                )
                self._attach(name, policies)
            return CREATED
        if not self._is_ours(found.get("Tags"), key):
            return self._foreign("role", name)
        return self._updated(name, found, trust, policies)

    def _updated(self, name: str, found: Mapping[str, Any], trust: Mapping[str, Any], policies: list[str]) -> str:
        pages = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        attached = [one["PolicyArn"] for page in pages for one in page["AttachedPolicies"]]
        inline = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
        for more in [*(arn for arn in attached if arn not in policies), *inline]:
            self.problems.append(
                f"the role {name} has the policy {more}, which was added by hand and stays; detach it if it is too much"
            )
        missing = [arn for arn in policies if arn not in attached]
        other_trust = found["AssumeRolePolicyDocument"] != trust
        bound = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
        other_boundary = bool(self._boundary) and bound != self._boundary
        if not self._check:
            if other_trust:
                self._iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
            if other_boundary:
                self._iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=self._boundary)
            self._attach(name, missing)
        return UPDATED if missing or other_trust or other_boundary else UNCHANGED

    def _attach(self, name: str, policies: list[str]) -> None:
        for arn in policies:
            self._iam.attach_role_policy(RoleName=name, PolicyArn=arn)

    def _tagged(self, key: str) -> list[dict[str, str]]:
        return [{"Key": name, "Value": value} for name, value in {**self._tags, access.MARK: key}.items()]

    def _is_ours(self, tags: list[dict[str, str]] | None, key: str) -> bool:
        found = {tag["Key"]: tag["Value"] for tag in tags or []}
        wanted = {name: self._tags[name] for name in ("Service", "Environment")}
        return found.items() >= {**wanted, access.MARK: key}.items()

    def _foreign(self, kind: str, name: str) -> str:
        self.problems.append(
            f"the {kind} {name} exists and was not made here, for it has no tag {access.MARK} of this environment; it stays as "
            "it is: delete it, or rename it, and run this once more"
        )
        return FOREIGN


def read(folder: str, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """All policies, as this environment has them."""
    names = {name for policies in access.ROLES.values() for name in policies}
    found = {name: json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8")) for name in names}
    return {name: access.render(document, values) for name, document in found.items()}


def make(params: Mapping[str, Any], client: Any, check: bool) -> tuple[dict[str, dict[str, str]], bool, list[str]]:
    """Make what is missing: the roles by key, whether anything changed, and what was found and left."""
    context, trust = params["context"], params["trust"]
    if problems := access.trust_problems(trust):
        raise SiteBuilderError(*problems)
    options = ("state_bucket", "state_prefix", "kms_key_arn", "replica_kms_key_arn", "permissions_boundary_arn")
    values = access.placeholders(context, **{name: params[name] for name in options})
    documents = read(params["policies"], values)
    tags = {key: str(value) for key, value in params["tags"].items()}
    ours = Access(client, values["account_id"], values["partition"], tags, params["permissions_boundary_arn"], check)
    for entry in trust.values():
        if "issuer" in entry:
            audience = entry.get("audience", access.AUDIENCE)
            ours.require_provider(access.provider_arn(entry["issuer"], context), entry["issuer"], audience)
    states: dict[str, str] = {}
    for key in [key for key in documents if any(key in access.ROLES[role] for role in trust)]:
        name = access.access_name(key, context)
        access.check_size(name, documents[key])
        states[key] = ours.policy(key, name, documents[key])
    roles: dict[str, dict[str, str]] = {}
    for role, entry in trust.items():
        # A policy of somebody else under our name says what it likes.
        own = [key for key in access.ROLES[role] if states[key] != FOREIGN]
        arns = [ours.arn("policy", access.access_name(key, context)) for key in own]
        name = access.access_name(role, context)
        state = ours.role(role, name, access.trust_policy(entry, context), arns)
        roles[role] = {"arn": ours.arn("role", name), "state": state}
    changed = bool({CREATED, UPDATED} & {*states.values(), *(role["state"] for role in roles.values())})
    return roles, changed, ours.problems


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "context": {"type": "dict", "required": True},
            "policies": {"type": "path", "required": True},
            "trust": {"type": "dict", "required": True},
            "state_bucket": {"type": "str", "required": True},
            "state_prefix": {"type": "str", "required": True},
            "kms_key_arn": {"type": "str", "default": "", "no_log": False},
            "replica_kms_key_arn": {"type": "str", "default": "", "no_log": False},
            "permissions_boundary_arn": {"type": "str", "default": ""},
            "tags": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        roles, changed, problems = make(module.params, module.client("iam"), module.check_mode)
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, "making the roles of the deployment"))
    for problem in problems:
        module.warn(problem)
    module.exit_json(changed=changed, roles=roles, problems=problems)


if __name__ == "__main__":
    main()
