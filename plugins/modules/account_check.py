#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: account_check
short_description: Look at what a first deployment to an AWS account needs
version_added: 0.1.0
description:
  - Looks at the credentials, the regions, API Gateway's logging role, the model and the access to it, the user pools and their
    scopes, the service-linked role of global tables, the quota of concurrent functions, the subscriptions to alerts, the keys,
    and the roles of the deployment.
  - What these credentials may not look at, or the endpoint does not know, is V(unknown) with the reason; nothing fails for it.
  - Changes nothing.
author:
  - BBWS platform team (@bbws)
options:
  context:
    description: The facts of which all names are made, as bbws.site_builder.resource_name takes them.
    type: dict
    required: true
  bedrock_region:
    description: Where the models are called.
    type: str
    required: true
  inference_profile:
    description: The inference profile of the model.
    type: str
    required: true
  user_pools:
    description: The ARNs of the user pools whose users may call the APIs.
    type: list
    elements: str
    default: []
  scopes:
    description: The scopes that routes ask for, C(<resource server>/<scope>).
    type: list
    elements: str
    default: []
  global_tables:
    description: Whether tables have replicas.
    type: bool
    default: false
  reserved_concurrency:
    description: What all functions together reserve.
    type: int
    default: 0
  topic_arn:
    description: The topic of the alerts; empty for none.
    type: str
    default: ""
  emails:
    description: Who is told of alerts.
    type: list
    elements: str
    default: []
  kms_keys:
    description: The ARNs of the keys of the environment.
    type: list
    elements: str
    default: []
  trust:
    description: By the role of the deployment, C(read), C(plan) or C(apply), who may assume it; those that are named must exist.
    type: dict
    default: {}
  state_bucket:
    description: The bucket of the states.
    type: str
    required: true
  state_bucket_result:
    description: What M(bbws.site_builder.state_bucket) has returned for it in check mode.
    type: dict
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Look at the state bucket
  bbws.site_builder.state_bucket:
    bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    account_id: "123456789012"
    tags: {}
    region: eu-west-1
  check_mode: true
  failed_when: false
  register: bucket

- name: Look at the account
  bbws.site_builder.account_check:
    context:
      service: site-builder
      environment: dev
      region: eu-west-1
      account_id: "123456789012"
    bedrock_region: eu-west-1
    inference_profile: eu.anthropic.claude-sonnet-5-5
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_bucket_result: "{{ bucket }}"
    region: eu-west-1
"""

RETURN = """
rows:
  description:
    - One for each need, C(what), C(state) (V(ok), V(missing) or V(unknown)), C(found), C(fix) (how to get it) and C(line), all of
      it for a person.
  returned: success
  type: list
  elements: dict
missing:
  description: What is missing.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils import account

_LISTS = ("user_pools", "scopes", "emails", "kms_keys")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "context": {"type": "dict", "required": True},
            "bedrock_region": {"type": "str", "required": True},
            "inference_profile": {"type": "str", "required": True},
            **{name: {"type": "list", "elements": "str", "default": [], "no_log": False} for name in _LISTS},
            "global_tables": {"type": "bool", "default": False},
            "reserved_concurrency": {"type": "int", "default": 0},
            "topic_arn": {"type": "str", "default": ""},
            "trust": {"type": "dict", "default": {}},
            "state_bucket": {"type": "str", "required": True},
            "state_bucket_result": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params

    def client(service: str, region: str) -> Any:
        return module.client(service, region=region)

    rows = account.rows(client, params)
    rows.insert(1, account.state_bucket_row(params["state_bucket_result"], params["state_bucket"]))
    missing = [row.what for row in rows if row.state == account.MISSING]
    module.exit_json(changed=False, rows=[row.as_dict() for row in rows], missing=missing)


if __name__ == "__main__":
    main()
