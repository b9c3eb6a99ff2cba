#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: release
short_description: Make what was deployed live, verify it and write it down, or go back to what ran before
version_added: 0.2.0
description:
  - With O(state=released) the alias of each function and the stage of each API serve what Terraform has made last, all at once or
    after a canary; with O(state=rolled_back) what an earlier release served. Nothing is built, and Terraform does not run.
  - Each release is a record in the state bucket, C(<state_prefix>/releases/<id>.json), which is written before anything moves.
    The next run goes on from the newest one.
  - An action plugin of the same name asks the run what is due, and skips the task when nothing is. It fills in everything but
    O(state), O(to) and O(confirmed).
author:
  - BBWS platform team (@bbws)
options:
  state:
    description: What to do.
    type: str
    choices: [released, rolled_back]
    required: true
  facts:
    description: Of the record C(id), C(created), C(run), C(by), C(commit), C(dirty), C(plan), C(strategy), C(tables), C(buckets).
    type: dict
    required: true
  parts:
    description: What Terraform has made last, as M(bbws.site_builder.environment_info) returns it.
    type: dict
    required: true
  force:
    description: Whether the latest of everything is to be live, also what the newest record holds and nothing has changed since.
    type: bool
    default: false
  to:
    description: The release to go back to; empty, what ran before.
    type: str
    default: ""
  confirmed:
    description: The name of the environment, as the user has typed it; for the action, which asks for it in production.
    type: str
    default: ""
  canary:
    description: C(percent), C(seconds) and C(alarms) of a canary; empty, all at once.
    type: dict
    default: {}
  verify:
    description: Whether to check what is live.
    type: bool
    default: true
  bake_seconds:
    description: How long to wait before the alarms are looked at.
    type: int
    default: 0
  alarms:
    description: The names of the environment's alarms.
    type: list
    elements: str
    default: []
  probes:
    description: By function the C(method), C(path) and C(status) of its probe.
    type: dict
    default: {}
  unreachable:
    description: Why APIs and functions cannot be called from here; empty, they can.
    type: str
    default: ""
  functions_url:
    description: Where functions are invoked, when that is not where the rest of Lambda is, such as the server of C(serve.yml).
    type: str
    default: ""
  since:
    description: When the run began, in ISO 8601. An alarm that had gone off by then is told and fails nothing.
    type: str
    required: true
  stacks:
    description: The stacks, none of whose states may be locked by an apply with O(state=rolled_back).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
# After the stacks, in a play that has deployed them.
- name: Release, and verify
  bbws.site_builder.release:
    state: released
  run_once: true

- name: Go back to what ran before
  bbws.site_builder.release:
    state: rolled_back
    confirmed: prod
  run_once: true
"""

RETURN = """
record:
  description: The record of the release.
  returned: when there was something to do
  type: dict
problems:
  description: Why the release did not get through, a sentence each. The task does not fail, so that a report can follow.
  returned: success
  type: list
  elements: str
lines:
  description: The same and more for a person.
  returned: success
  type: list
  elements: str
"""

from contextlib import suppress
from datetime import UTC, datetime

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, expect_owner, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.releasing import Releasing, Wanted
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import Serving
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.store import Store, applies

# CreateDeployment and DeleteDeployment may be called once in five seconds:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_ATTEMPTS = 8


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "state": {"type": "str", "choices": ["released", "rolled_back"], "required": True},
            "facts": {"type": "dict", "required": True},
            "parts": {"type": "dict", "required": True},
            "force": {"type": "bool", "default": False},
            "to": {"type": "str", "default": ""},
            "confirmed": {"type": "str", "default": ""},
            "canary": {"type": "dict", "default": {}},
            "verify": {"type": "bool", "default": True},
            "bake_seconds": {"type": "int", "default": 0},
            "alarms": {"type": "list", "elements": "str", "default": []},
            "probes": {"type": "dict", "default": {}},
            "unreachable": {"type": "str", "default": ""},
            "functions_url": {"type": "str", "default": ""},
            "since": {"type": "str", "required": True},
            "stacks": {"type": "list", "elements": "str", "default": []},
            **STATE_BUCKET,
        },
        supports_check_mode=False,
    )
    params = module.params
    store = Store(
        expect_owner(module.client("s3"), params["account_id"]), params["state_bucket"], params["state_prefix"]
    )
    patient = Config(retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"})
    apis = module.client("apigateway", config=patient)
    runner = module.client("lambda", endpoint=params["functions_url"]) if params["functions_url"] else None
    serving = Serving(module.client("lambda"), apis, module.client("cloudwatch"), runner)
    wanted = Wanted(
        canary=params["canary"] or None,
        verify=params["verify"],
        bake_seconds=params["bake_seconds"],
        alarms=params["alarms"],
        probes=params["probes"],
        unreachable=params["unreachable"],
        since=datetime.fromisoformat(params["since"]).replace(tzinfo=UTC),
    )
    releasing = Releasing(store, serving, wanted)
    facts, parts = params["facts"], params["parts"]
    doing = "releasing" if params["state"] == "released" else "going back"
    try:
        if params["state"] == "released":
            # As of now: somebody may have gone back while this run was at work.
            newest = next(iter(store.newest(1)), {})
            record = releasing.release(facts, parts, newest, records.forward(newest, parts, params["force"]))
        else:
            busy = applies(store.locks(params["stacks"]))
            if busy:
                module.fail_json(msg=busy)
            stores = {kind: facts[kind] for kind in ("tables", "buckets")}
            record = releasing.go_back(facts, parts, store.newest(), params["to"], stores)
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"{sentence(error, doing)}; run again, which goes on from here")
    except ValueError as error:
        module.fail_json(msg=f"{doing} failed: {error}")
    module.exit_json(changed=True, record=record)


if __name__ == "__main__":
    main()
