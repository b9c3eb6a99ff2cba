#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: report_store
short_description: Put the report of a run into the state bucket
version_added: 0.1.0
description:
  - So that it outlives the machine or the container of the run, as C(<state_prefix>/reports/<run>.json). The name of a run begins
    with its time. What is masked in the report of the run is masked there.
  - No run fails for it. What AWS refuses is a warning, and RV(path) is then empty.
author:
  - BBWS platform team (@bbws)
options:
  report:
    description: The report of the run, a file.
    type: path
    required: true
  run_id:
    description: The name of the run.
    type: str
    required: true
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Keep the report
  bbws.site_builder.report_store:
    report: /srv/work/dev/runs/20261125T101500Z-1f3c00/report.json
    run_id: 20261125T101500Z-1f3c00
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
"""

RETURN = """
path:
  description: Where it is, an S3 URL; empty when it could not be put there.
  returned: always
  type: str
"""

from contextlib import suppress
from pathlib import Path

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import STATE_BUCKET, expect_owner


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "report": {"type": "path", "required": True},
            "run_id": {"type": "str", "required": True},
            **STATE_BUCKET,
        },
        supports_check_mode=True,
    )
    params = module.params
    key = f"{params['state_prefix']}/reports/{params['run_id']}.json"
    path = f"s3://{params['state_bucket']}/{key}"
    if module.check_mode:
        module.exit_json(changed=False, path="")
    try:
        expect_owner(module.client("s3"), params["account_id"]).put_object(
            Bucket=params["state_bucket"],
            Key=key,
            Body=Path(params["report"]).read_bytes(),
            ContentType="application/json",
        )
    except (BotoCoreError, ClientError, OSError) as error:
        module.warn(
            f"the report of this run is not in {path} ({error}): allow this account s3:PutObject there, as "
            f"playbooks/bootstrap.yml does; it is in {params['report']}, for as long as that machine lasts"
        )
        path = ""
    module.exit_json(changed=False, path=path)


if __name__ == "__main__":
    main()
