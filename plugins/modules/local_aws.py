# Copyright (c) 2026 BBWS
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the embedded AWS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: local_aws
short_description: Start and stop the embedded AWS
version_added: 0.1.0
author:
  - BBWS (@bbws)
description:
  - Runs an AWS for development and tests on this machine, in two processes that stay when Ansible ends.
  - moto serves every service but DynamoDB, ministack serves DynamoDB, because moto never finishes a
    global-table replica.
  - Both listen on 127.0.0.1, or where O(host) says, keep everything in memory, and see nothing of the caller's
    C(AWS_*), proxy or C(PYTHON*) variables. A request for another name than those of the machine and O(names) is refused.
  - Each work directory has at most one instance. Starts at the same moment share it.
  - Both refuse what AWS refuses; see the README of the role P(bbws.site_builder.local_aws#role), also for the variables
    C(LOCAL_AWS_*), which give the account other quotas.
options:
  state:
    description:
      - V(started) reuses the running instance when both servers are alive and answer, else starts one.
      - V(joined) uses the one at O(endpoint), which somebody else has started, and leaves its processes alone.
      - V(stopped) ends both servers and their children. What they held is lost.
    type: str
    choices: [started, joined, stopped]
    default: started
  work_dir:
    description:
      - The instance keeps its state file, its lock and its logs in C(local_aws) below this directory.
    type: path
    required: true
  launcher:
    description:
      - The script that serves moto on an inherited socket, with C(ministack_server.py) beside it. Required when
        O(state=started).
    type: path
  host:
    description:
      - The address of this machine on which both servers listen. Nobody is asked for a password there, so that everybody who
        reaches it is an administrator of that AWS. With V(0.0.0.0), every address, O(names) must say how it is called.
    type: str
    default: 127.0.0.1
  names:
    description:
      - Names and addresses by which both servers may be called beside O(host).
    type: list
    elements: str
    default: []
  endpoint:
    description:
      - The URL of the instance that V(joined) uses, as this machine reaches it. Required when O(state=joined).
    type: str
  port:
    description:
      - Port of every service but DynamoDB. V(0) takes any free one.
    type: int
    default: 0
  dynamodb_port:
    description:
      - Port of DynamoDB. V(0) takes any free one.
    type: int
    default: 0
  account_id:
    description:
      - The account that both servers say they are.
    type: str
    default: "123456789012"
  regions:
    description:
      - The regions in which a Cognito user pool exists afterwards.
    type: list
    elements: str
    default: []
  user_pool_name:
    description:
      - Name of that user pool.
    type: str
    default: site-builder
  timeout:
    description:
      - Seconds to wait for an answer of a server.
    type: int
    default: 60
requirements:
  - moto[server] >= 5.2.5
  - ministack >= 1.5.33
attributes:
  check_mode:
    support: full
    description: Says what it would do; returns the endpoints only of an instance that runs.
  diff_mode:
    support: none
    description: There is nothing to compare.
"""

EXAMPLES = r"""
- name: Start the embedded AWS
  bbws.site_builder.local_aws:
    work_dir: /tmp/site-builder
    launcher: "{{ role_path }}/files/moto_server.py"
    regions: [af-south-1, eu-west-1]
  register: local_aws_result

- name: List the tables
  ansible.builtin.command:
    cmd: aws dynamodb list-tables --endpoint-url {{ local_aws_result.endpoints.dynamodb }}
  changed_when: false

- name: Stop it
  bbws.site_builder.local_aws:
    state: stopped
    work_dir: /tmp/site-builder
"""

RETURN = r"""
endpoints:
  description: URL of DynamoDB and of every other service.
  returned: when O(state=started) or O(state=joined), and the instance runs
  type: dict
  sample: {default: "http://127.0.0.1:40001", dynamodb: "http://127.0.0.1:40002"}
account_id:
  description: The account of both servers.
  returned: when O(state=started) or O(state=joined), and the instance runs
  type: str
  sample: "123456789012"
cognito_user_pool_arns:
  description: ARN of the Cognito user pool, by region.
  returned: when O(state=started) or O(state=joined), and the instance runs
  type: dict
  sample: {eu-west-1: "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"}
processes:
  description: Pid and start time of each server; of one that was joined, none.
  returned: when O(state=started) or O(state=joined), and the instance runs
  type: dict
  sample: {moto: {pid: 4711, started: "81234"}, ministack: {pid: 4712, started: "81235"}}
state_file:
  description: The file that describes the running instance.
  returned: always
  type: str
  sample: /tmp/site-builder/local_aws/state.json
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import (
    LocalAws,
    LocalAwsError,
)


def run(module: AnsibleModule) -> dict:
    """Bring the instance into the wanted state; returns the module's result."""
    wanted = module.params
    instance = LocalAws(wanted["work_dir"], wanted["timeout"])
    result = {"state_file": str(instance.state_file)}
    if wanted["state"] == "joined":
        arguments = {name: wanted[name] for name in ("endpoint", "account_id", "regions", "user_pool_name")}
        return {**result, **instance.join(**arguments), "changed": False}
    if module.check_mode:
        state = instance.running()
        if wanted["state"] == "stopped":
            return {**result, "changed": state is not None}
        return {**result, **(state or {}), "changed": state is None}
    if wanted["state"] == "stopped":
        return {**result, "changed": instance.stop()}
    changed, state = instance.start(
        launcher=wanted["launcher"],
        account_id=wanted["account_id"],
        ports={"default": wanted["port"], "dynamodb": wanted["dynamodb_port"]},
        regions=wanted["regions"],
        user_pool_name=wanted["user_pool_name"],
        host=wanted["host"],
        names=wanted["names"],
    )
    return {**result, **state, "changed": changed}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "joined", "stopped"], "default": "started"},
            "work_dir": {"type": "path", "required": True},
            "launcher": {"type": "path"},
            "host": {"type": "str", "default": "127.0.0.1"},
            "names": {"type": "list", "elements": "str", "default": []},
            "endpoint": {"type": "str"},
            "port": {"type": "int", "default": 0},
            "dynamodb_port": {"type": "int", "default": 0},
            "account_id": {"type": "str", "default": "123456789012"},
            "regions": {"type": "list", "elements": "str", "default": []},
            "user_pool_name": {"type": "str", "default": "site-builder"},
            "timeout": {"type": "int", "default": 60},
        },
        required_if=[("state", "started", ["launcher"]), ("state", "joined", ["endpoint"])],
        supports_check_mode=True,
    )
    if not re.fullmatch(r"\d{12}", module.params["account_id"]):
        module.fail_json(
            msg=f"local_aws_account_id is {module.params['account_id']!r}, "
            "but an AWS account has 12 digits: quote them in YAML."
        )
    try:
        module.exit_json(**run(module))
    except LocalAwsError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
