# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible module: the deployed APIs on this machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: local_api
short_description: Serve the APIs that are deployed to the embedded AWS
version_added: 0.2.0
author:
  - BBWS platform team (@bbws)
description:
  - Starts a server on 127.0.0.1 beside the embedded AWS, or reuses the one that runs. It answers as API Gateway would, from what
    the embedded AWS holds, and runs the functions in processes of their own; C(docs/serve.md) says what is as on AWS.
  - M(bbws.site_builder.local_aws) with O(bbws.site_builder.local_aws#module:state=stopped) stops it, too.
options:
  work_dir:
    description: That of the embedded AWS.
    type: path
    required: true
  server:
    description: The script of the server.
    type: path
    required: true
  service:
    description: Whose APIs are meant, by their tag C(Service).
    type: str
    required: true
  environment:
    description: Of which environment, by their tag C(Environment).
    type: str
    required: true
  region:
    description: In which region.
    type: str
    required: true
  port:
    description: The port of the server; V(0) is the one it has, else any free one.
    type: int
    default: 0
  bedrock:
    description:
      - Who answers the functions' calls to Bedrock.
      - V(stub) asks no model, and says so. V(aws) is the real one, with the credentials in the environment of this module.
    type: str
    choices: [stub, aws]
    default: stub
  user:
    description: Who calls; the token is theirs. When empty, V(developer), whose token is not shown.
    type: str
    default: ""
  scopes:
    description: The scopes of the token. By default all that the API's methods name.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for an answer of the server.
    type: int
    default: 60
requirements:
  - moto[server] >= 5.2.5
  - ministack >= 1.5.33
  - airspeed-ext >= 0.6.9
attributes:
  check_mode:
    support: full
    description: Starts no server.
  diff_mode:
    support: none
    description: There is nothing to compare.
"""

EXAMPLES = r"""
- name: Serve what is deployed to dev
  bbws.site_builder.local_api:
    work_dir: /tmp/site-builder
    server: "{{ role_path }}/../local_aws/files/serve_server.py"
    service: site-builder
    environment: dev
    region: eu-west-1
    user: reader
  register: served

- name: Call it
  ansible.builtin.uri:
    url: "{{ served.apis[0].url }}/agents"
    headers: {Authorization: "Bearer {{ served.apis[0].token }}"}
"""

RETURN = r"""
url:
  description: The server, which is also an endpoint of Lambda that runs functions.
  returned: success
  type: str
  sample: http://127.0.0.1:40003
apis:
  description: The APIs of this environment, each with its C(name), C(id), C(stage), C(url), a C(curl) command, and where it takes
    tokens, C(token) and C(header_file), in which the token stands for curl.
  returned: success
  type: list
  elements: dict
lines:
  description: The same for a person.
  returned: success
  type: list
  elements: str
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bbws.site_builder.plugins.module_utils.local_api import LocalApi, curl, url_of
from ansible_collections.bbws.site_builder.plugins.module_utils.local_aws import LocalAwsError

MODELS = {
    "stub": "model:  a stub, which says so; -e site_builder_bedrock=aws asks the real one",
    "aws": "model:  Bedrock, with your credentials of AWS",
}


def run(wanted: dict, check: bool = False) -> dict:
    """Serve; returns the module's result."""
    user = wanted["user"] or "developer"
    if not re.fullmatch(r"[\w.@+-]{1,64}", user):
        raise LocalAwsError(
            f"site_builder_user is {user!r}, which is no name of a user; give 1 to 64 letters, digits and _ . @ + -"
        )
    instance = LocalApi(wanted["work_dir"], wanted["timeout"])
    if check and not instance.served():
        return {"changed": True, "url": "", "apis": [], "lines": ["the server would be started"]}
    changed, base = instance.serve(wanted["server"], wanted["port"], wanted["bedrock"])
    tags = {"Service": wanted["service"], "Environment": wanted["environment"]}
    apis, lines = [], []
    for api in instance.apis(base):
        if api["region"] != wanted["region"] or not tags.items() <= api["tags"].items():
            continue
        header = instance.header_file(user, api, wanted["scopes"])
        url = url_of(base, api)
        told = {"name": api["name"], "id": api["id"], "stage": api["stage"], "url": url}
        told["curl"] = curl(url, api, header and header[0])
        apis.append(told | ({"header_file": str(header[0]), "token": header[1]} if header else {}))
        lines += [f"api:    {url}", f"call:   {told['curl']}"]
        lines += [f"token:  {header[1]}"] if header and wanted["user"] else []
    if not apis:
        raise LocalAwsError(
            f"no API of {wanted['service']} in {wanted['environment']} is deployed to the embedded AWS in {instance.directory} "
            f"({wanted['region']}); deploy it first: ansible-playbook deploy.yml and -e site_builder_target=local"
        )
    return {"changed": changed, "url": base, "apis": apis, "lines": [*lines, MODELS[wanted["bedrock"]]]}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "work_dir": {"type": "path", "required": True},
            "server": {"type": "path", "required": True},
            "service": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "region": {"type": "str", "required": True},
            "port": {"type": "int", "default": 0},
            "bedrock": {"type": "str", "choices": ["stub", "aws"], "default": "stub"},
            "user": {"type": "str", "default": ""},
            "scopes": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module.params, module.check_mode))
    except LocalAwsError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
