#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: release_info
short_description: Show the releases of an environment, or what its aliases and stages serve
version_added: 0.2.0
description:
  - Reads the release records that M(bbws.site_builder.release) has written, and what is live now. Changes nothing.
  - With O(park) it is the one exception, see there.
author:
  - BBWS platform team (@bbws)
options:
  functions:
    description: By key the C(name) of each function whose alias to look at.
    type: dict
    default: {}
  apis:
    description: By key the C(id) and C(stage) of each API whose stage to look at.
    type: dict
    default: {}
  park:
    description:
      - Addresses of what an apply is about to replace or delete. A stage that serves such a deployment of Terraform's is moved to
        our copy of it, with the same content, since AWS refuses to delete a deployment that a stage serves.
      - In check mode nothing is moved.
    type: list
    elements: str
    default: []
  records:
    description: Whether to read the records.
    type: bool
    default: false
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Read the releases of dev
  bbws.site_builder.release_info:
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    records: true
"""

RETURN = """
records:
  description: The newest 30 records, the newest first.
  returned: success
  type: list
  elements: dict
lines:
  description: The same as a table.
  returned: success
  type: list
  elements: str
live:
  description:
    - RV(ignore:functions) and RV(ignore:apis), each by key with C(live), the version or deployment that is served; the variables
      C(releases) of the stacks.
  returned: success
  type: dict
parked:
  description: The APIs whose stage was moved.
  returned: success
  type: list
  elements: str
"""

import re
from contextlib import suppress

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import Serving
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.store import Store

_DEPLOYMENT = re.compile(r'module\.api\["(?P<key>[^"]+)"\]\.aws_api_gateway_deployment\.this')


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "functions": {"type": "dict", "default": {}},
            "apis": {"type": "dict", "default": {}},
            "park": {"type": "list", "elements": "str", "default": []},
            "records": {"type": "bool", "default": False},
            **STATE_BUCKET,
        },
        supports_check_mode=True,
    )
    params = module.params
    store = Store(
        expect_owner(module.client("s3"), params["account_id"]), params["state_bucket"], params["state_prefix"]
    )
    serving = Serving(module.client("lambda"), module.client("apigateway"), module.client("cloudwatch"))
    found: list[records.Record] = []
    live: dict[str, dict[str, dict[str, str]]] = {part: {} for part in records.PARTS}
    parked: list[str] = []
    try:
        if params["records"]:
            found = store.newest()
        for key, function in params["functions"].items():
            if alias := serving.alias(function["name"]):
                live["functions"][key] = {"live": alias["version"]}
        for key, api in params["apis"].items():
            if deployment := serving.stage(api):
                live["apis"][key] = {"live": deployment}
        doomed = {match["key"] for address in params["park"] if (match := _DEPLOYMENT.fullmatch(address))}
        for key in sorted(doomed & live["apis"].keys()):
            api = params["apis"][key]
            if live["apis"][key]["live"] != api.get("latest"):
                continue
            if not module.check_mode:
                # Without a copy the API is what its deployment is: whatever has changed it has released it.
                copy = serving.copy_of(api, api["latest"]) or serving.copy(api, "before-releases", api["latest"])
                serving.move_stage(api, copy)
                live["apis"][key] = {"live": copy}
            parked.append(key)
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, "reading the releases"))
    except ValueError as error:
        module.fail_json(msg=f"the releases cannot be read: {error}")
    module.exit_json(
        changed=bool(parked),
        records=found,
        lines=records.table(found) if params["records"] else [],
        live=live,
        parked=parked,
    )


if __name__ == "__main__":
    main()
