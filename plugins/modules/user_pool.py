#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: user_pool
short_description: Make the Cognito user pool of an environment
version_added: 0.1.0
description:
  - Makes a user pool, the resource servers and scopes that routes ask for, a domain where tokens are given out, and a client of
    machines (C(client_credentials)) that may have all of these scopes, so that the API can be called.
  - For an account that has no pool yet. What exists is not changed, but that scopes and the client's right to them are added.
  - A pool of that name that was not made here, which its tags tell, is named and left alone.
  - Nobody signs up by themselves, and AWS protects the pool against deletion.
author:
  - BBWS platform team (@bbws)
options:
  name:
    description: The name of the pool and of the client.
    type: str
    required: true
  domain:
    description: The first part of the domain's name, which all accounts of the region share.
    type: str
    required: true
  scopes:
    description: The scopes that routes ask for, C(<resource server>/<scope>).
    type: list
    elements: str
    required: true
  tags:
    description: The tags of the pool.
    type: dict
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Make the pool of dev
  bbws.site_builder.user_pool:
    name: site-builder-dev
    domain: site-builder-dev-123456789012
    scopes: [site-builder/generate, site-builder/validate]
    tags:
      Service: site-builder
      Environment: dev
      ManagedBy: Terraform
    region: eu-west-1
"""

RETURN = """
arn:
  description: The pool; empty in check mode where there is none.
  returned: success
  type: str
client_id:
  description: The client; empty in check mode where there is none. Its secret is Cognito's to tell.
  returned: success
  type: str
lines:
  description: What to put into the inventory, and how to get a token.
  returned: success
  type: list
  elements: str
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

MARK = "SiteBuilderUserPool"


class Pool:
    """A pool that is there, or is made; `changed` says whether anything was done."""

    def __init__(self, cognito: Any, params: dict[str, Any], check: bool) -> None:
        self.cognito, self.params, self.check = cognito, params, check
        self.changed = False
        self.id = self.arn = self.client_id = ""

    def _do(self, operation: str, **arguments: Any) -> dict[str, Any]:
        self.changed = True
        return {} if self.check else getattr(self.cognito, operation)(**arguments)

    def make(self) -> None:
        """Everything, in the order in which one thing needs the other."""
        self._pool()
        for server, scopes in _by_server(self.params["scopes"]).items():
            self._server(server, scopes)
        self._domain()
        self._client()

    def _pool(self) -> None:
        name = self.params["name"]
        ids = [one["Id"] for one in self._pages("list_user_pools", "UserPools", 60) if one["Name"] == name]
        found = [self.cognito.describe_user_pool(UserPoolId=pool)["UserPool"] for pool in ids]
        ours = [pool for pool in found if MARK in pool.get("UserPoolTags", {})]
        if len(ours) > 1 or (found and not ours):
            what = "was not made here" if not ours else f"exists {len(ours)} times"
            raise SiteBuilderError(
                f"a user pool {name!r} {what} ({', '.join(ids)}); leave out site_builder_cognito, and name the one that is "
                "meant in site_builder_cognito_user_pool_arns"
            )
        pool = ours[0] if ours else self._new_pool(name)
        self.id, self.arn = pool.get("Id", ""), pool.get("Arn", "")

    def _new_pool(self, name: str) -> dict[str, Any]:
        made = self._do(
            "create_user_pool",
            PoolName=name,
            DeletionProtection="ACTIVE",
            UsernameAttributes=["email"],
            AutoVerifiedAttributes=["email"],
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
            Policies={"PasswordPolicy": {"MinimumLength": 12}},
            UserPoolTags={**self.params["tags"], MARK: name},
        )
        return made.get("UserPool", {})

    def _pages(self, operation: str, field: str, size: int, **arguments: Any) -> Iterator[dict[str, Any]]:
        for page in self.cognito.get_paginator(operation).paginate(MaxResults=size, **arguments):
            yield from page[field]

    def _server(self, server: str, scopes: list[str]) -> None:
        servers = self._pages("list_resource_servers", "ResourceServers", 50, UserPoolId=self.id) if self.id else []
        found = next((one for one in servers if one["Identifier"] == server), None)
        kept = found.get("Scopes", []) if found else []
        missing = [scope for scope in scopes if scope not in {one["ScopeName"] for one in kept}]
        if found and not missing:
            return
        # An update says them all.
        wanted = [*kept, *({"ScopeName": scope, "ScopeDescription": scope} for scope in missing)]
        self._do(
            "update_resource_server" if found else "create_resource_server",
            UserPoolId=self.id,
            Identifier=server,
            Name=found["Name"] if found else server,
            Scopes=wanted,
        )

    def _domain(self) -> None:
        pool = self.cognito.describe_user_pool(UserPoolId=self.id)["UserPool"] if self.id else {}
        if not pool.get("Domain") and not pool.get("CustomDomain"):
            self._do("create_user_pool_domain", UserPoolId=self.id, Domain=self.params["domain"])

    def _client(self) -> None:
        name = self.params["name"]
        clients = self._pages("list_user_pool_clients", "UserPoolClients", 60, UserPoolId=self.id) if self.id else []
        self.client_id = next((one["ClientId"] for one in clients if one["ClientName"] == name), "")
        rights = {
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthScopes": sorted(self.params["scopes"]),
        }
        if not self.client_id:
            made = self._do(
                "create_user_pool_client", UserPoolId=self.id, ClientName=name, GenerateSecret=True, **rights
            )
            self.client_id = made.get("UserPoolClient", {}).get("ClientId", "")
            return
        found = self.cognito.describe_user_pool_client(UserPoolId=self.id, ClientId=self.client_id)["UserPoolClient"]
        scopes = found.get("AllowedOAuthScopes", [])
        if set(rights["AllowedOAuthScopes"]) - set(scopes):
            # An update sets what it does not name to its default.
            settings = {key: value for key, value in found.items() if key not in _READ_ONLY}
            rights["AllowedOAuthScopes"] = sorted({*scopes, *rights["AllowedOAuthScopes"]})
            self._do("update_user_pool_client", **{**settings, **rights})


_READ_ONLY = {"ClientSecret", "CreationDate", "LastModifiedDate"}


def _by_server(scopes: Iterable[str]) -> dict[str, list[str]]:
    """The scopes by resource server, whose identifier may itself have slashes."""
    found: dict[str, list[str]] = {}
    for scope in sorted(set(scopes)):
        server, _, name = scope.rpartition("/")
        found.setdefault(server, []).append(name)
    return found


def lines(pool: Pool, domain: str, region: str) -> list[str]:
    """What a person does next."""
    if not pool.arn:
        return ["nothing is there yet, and check mode makes nothing"]
    secret = (
        f"aws cognito-idp describe-user-pool-client --region {region} --user-pool-id {pool.id} --client-id {pool.client_id} "
        "--query UserPoolClient.ClientSecret --output text"
    )
    return [
        "Put this into inventories/<environment>/group_vars/all.yml:",
        f'site_builder_cognito_user_pool_arns: ["{pool.arn}"]',
        "A token for the API:",
        f"curl -s https://{domain}.auth.{region}.amazoncognito.com/oauth2/token -d grant_type=client_credentials "
        f'-u "{pool.client_id}:$({secret})"',
    ]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "domain": {"type": "str", "required": True},
            "scopes": {"type": "list", "elements": "str", "required": True},
            "tags": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    pool = Pool(module.client("cognito-idp"), module.params, module.check_mode)
    try:
        pool.make()
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, "making the user pool", module.region))
    told = lines(pool, module.params["domain"], module.region)
    module.exit_json(changed=pool.changed, arn=pool.arn, client_id=pool.client_id, lines=told)


if __name__ == "__main__":
    main()
