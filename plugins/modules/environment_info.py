#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: environment_info
short_description: Read what an environment's AWS account and Terraform states say before a run
version_added: 0.1.0
description:
  - Asks AWS who is calling and refuses any other account than O(account_id), asks whether the state bucket exists, and reads the
    outputs in each stack's state object.
  - One call serves a whole run, where C(terraform output) would cost a process, an initialised directory and a lock for
    each stack. What it reads, version 4 of the state format, is what C(terraform_remote_state) reads.
  - Each call to S3 names the account to which the bucket must belong; a state bucket of another account is refused.
  - Changes nothing.
author:
  - BBWS platform team (@bbws)
options:
  stacks:
    description: The stacks whose states to read.
    type: list
    elements: str
    required: true
  outputs:
    description: Whether to read the outputs; they may hold secrets, so the task then wants C(no_log).
    type: bool
    default: true
  applied:
    description: Whether to read what M(bbws.site_builder.applied_inputs) has remembered, see RV(ignore:applied).
    type: bool
    default: false
  inference_profiles:
    description: The inference profiles whose routes to ask Bedrock for, each with C(region) and C(profile).
    type: list
    elements: dict
    default: []
  look_into:
    description: The stacks of whose buckets RV(ignore:filled) is to say which hold anything; that is a request for each bucket.
    type: list
    elements: str
    default: []
  models:
    description:
      - The models that functions will call. One past its end is refused, one that is no longer active is warned of. What cannot
        be asked, for want of a right or of a way to Bedrock, is passed over.
    type: list
    elements: dict
    default: []
    suboptions:
      model:
        description: The id of the foundation model.
        type: str
        required: true
      region:
        description: Where it is called.
        type: str
        required: true
extends_documentation_fragment:
  - bbws.site_builder.state_bucket
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Read the states of dev
  bbws.site_builder.environment_info:
    region: eu-west-1
    account_id: "123456789012"
    state_bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    state_prefix: site-builder/dev
    stacks: [dynamodb, s3]
  no_log: true
"""

RETURN = """
caller_arn:
  description: Who is calling.
  returned: success
  type: str
state_bucket_exists:
  description: Whether the state bucket exists and can be listed.
  returned: success
  type: bool
routed_regions:
  description: The regions to which Bedrock routes, by C(<region>/<profile>), of O(inference_profiles).
  returned: success
  type: dict
not_told:
  description: Why Bedrock has not said where it routes, by C(<region>/<profile>).
  returned: success
  type: dict
states:
  description:
    - By stack, RV(ignore:deployed) (whether the state holds any resource), RV(ignore:serial), RV(ignore:lineage),
      RV(ignore:resources) (their number), RV(ignore:tainted) (addresses of the tables, buckets, keys, log groups, topics,
      APIs and stages that are marked for replacement, and are completed instead),
      RV(ignore:protected) (addresses that AWS protects against deletion),
      RV(ignore:buckets) (by address C(name) and C(region), which is empty for one whose creation was cut short),
      RV(ignore:replicas) (of tables by address, the KMS key by region, empty for none of the customer's),
      RV(ignore:ttl) (the attribute by which items of a table expire, by address),
      RV(ignore:by_replica) (addresses of what the provider C(aws.replica) has made),
      RV(ignore:filled) (the names of those that hold any version of any object, see O(look_into)),
      RV(ignore:outputs) (name to value), RV(ignore:sensitive) (the names of the sensitive ones) and
      RV(ignore:interrupted) (what tells the recovery marker from every other one, empty where there is none, see
      M(bbws.site_builder.state_lock)), RV(ignore:version) (of the state object, empty where the bucket keeps none) and
      RV(ignore:applied) (C(sha256) and C(since) of the inputs that this very version of the state was made from; null where that
      is not known).
  returned: success
  type: dict
release:
  description: The newest release record, see M(bbws.site_builder.release); empty where there is none.
  returned: success
  type: dict
parts:
  description: By C(functions) and C(apis) and by key what Terraform has made last, from the outputs.
  returned: success
  type: dict
pins:
  description: By C(functions) and C(apis) the variables C(releases) of the stacks, where a release is held.
  returned: success
  type: dict
"""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils import bedrock
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import (
    STATE_BUCKET,
    code_of,
    expect_owner,
    not_ours,
    sentence,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.releases import parts, records
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.store import newest_key
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COMPLETED_TYPES
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.state import address
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import (
    APPLIED,
    INTERRUPTED,
    STATE,
)


def parse_state(text: bytes | str, where: str) -> dict[str, Any]:
    """Return what a run wants to know of a state document (format version 4). Raises ValueError for any other."""
    state = json.loads(text)
    version = state.get("version") if isinstance(state, dict) else None
    if version != 4:
        raise ValueError(f"{where} is no Terraform state of format version 4 (version: {version})")
    outputs = state.get("outputs", {})
    resources = [r for r in state.get("resources", []) if r.get("mode") == "managed" and r.get("instances")]
    return {
        "deployed": bool(resources),
        "serial": state.get("serial"),
        "lineage": state.get("lineage"),
        "resources": sum(len(r["instances"]) for r in resources),
        "tainted": [
            address(resource, instance)
            for resource in resources
            for instance in resource["instances"]
            if instance.get("status") == "tainted" and resource["type"] in COMPLETED_TYPES
        ],
        "protected": [
            address(resource, instance)
            for resource in resources
            for instance in resource["instances"]
            if instance.get("attributes", {}).get("deletion_protection_enabled") is True
        ],
        "buckets": {
            address(resource, instance): {
                # One whose creation was cut short has its name, and nothing that AWS would have said of it.
                "name": instance["attributes"]["bucket"],
                "region": instance["attributes"]["region"] or "",
            }
            for resource in resources
            if resource["type"] == "aws_s3_bucket"
            for instance in resource["instances"]
        },
        "replicas": {
            address(resource, instance): {
                replica["region_name"]: replica.get("kms_key_arn") or ""
                for replica in instance["attributes"].get("replica") or []
            }
            for resource in resources
            if resource["type"] == "aws_dynamodb_table"
            for instance in resource["instances"]
        },
        "ttl": {
            address(resource, instance): ttl["attribute_name"]
            for resource in resources
            if resource["type"] == "aws_dynamodb_table"
            for instance in resource["instances"]
            for ttl in instance["attributes"].get("ttl") or []
            if ttl["enabled"]
        },
        "by_replica": [
            address(resource, instance)
            for resource in resources
            if resource.get("provider", "").endswith(".replica")
            for instance in resource["instances"]
        ],
        "filled": [],
        "outputs": {name: output["value"] for name, output in outputs.items()},
        "sensitive": sorted(name for name, output in outputs.items() if output.get("sensitive")),
    }


NOTHING: dict[str, Any] = {
    "deployed": False,
    "serial": None,
    "lineage": None,
    "resources": 0,
    "tainted": [],
    "protected": [],
    "buckets": {},
    "replicas": {},
    "ttl": {},
    "by_replica": [],
    "filled": [],
    "outputs": {},
    "sensitive": [],
    "version": "",
    "applied": None,
}


def parse_applied(text: bytes | str, version: str) -> dict[str, str] | None:
    """Return the inputs of the last apply, if they made this version of the state; what cannot be read is not known."""
    with suppress(ValueError, KeyError, TypeError):
        applied = json.loads(text)
        if version and applied["version"] == version:
            return {name: str(applied[name]) for name in ("sha256", "since")}
    return None


def holds_anything(s3: Any, bucket: str) -> bool:
    """Whether AWS would refuse to delete the bucket. One that is gone holds nothing."""
    try:
        found = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            return False
        raise
    return bool(found.get("Versions") or found.get("DeleteMarkers"))


def routes(bedrock: Any, region: str, profile: str) -> tuple[list[str], str]:
    """The regions to which this profile routes, and why that is not known."""
    try:
        models = bedrock.get_inference_profile(inferenceProfileIdentifier=profile)["models"]
    except (BotoCoreError, ClientError) as error:
        return [], sentence(error, f"asking Bedrock where {profile} routes (bedrock:GetInferenceProfile)", region)
    # arn:aws:bedrock:<region>::foundation-model/<model>; a global profile has a model without a region.
    return sorted({model["modelArn"].split(":")[3] for model in models} - {""}), ""


def asked(client: Callable[[str], Any], profiles: list[dict[str, str]], pool: ThreadPoolExecutor) -> dict[str, Any]:
    """The futures of `routes`, by <region>/<profile>; they take no time of the rest."""
    clients: dict[str, Any] = {}
    futures = {}
    for one in profiles:
        region, profile = one["region"], one["profile"]
        if region not in clients:
            clients[region] = client(region)
        futures[f"{region}/{profile}"] = pool.submit(routes, clients[region], region, profile)
    return futures


def judge_models(module: AnsibleAWSModule, lives: list[tuple[str, Future[bedrock.Life]]]) -> None:
    """Refuse what has ended, warn of what will end."""
    for model, answer in lives:
        try:
            life = answer.result()
        except (BotoCoreError, ClientError):
            # playbooks/check.yml says why.
            continue
        if problem := bedrock.past(model, life, datetime.now(UTC)):
            module.fail_json(msg=problem)
        if warning := bedrock.ageing(model, life):
            module.warn(warning)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **STATE_BUCKET,
            "stacks": {"type": "list", "elements": "str", "required": True},
            "outputs": {"type": "bool", "default": True},
            "applied": {"type": "bool", "default": False},
            "inference_profiles": {"type": "list", "elements": "dict", "default": []},
            "look_into": {"type": "list", "elements": "str", "default": []},
            "models": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {name: {"type": "str", "required": True} for name in ("model", "region")},
            },
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        caller = module.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, "asking AWS who is calling (sts:GetCallerIdentity)", module.region))
    if caller["Account"] != params["account_id"]:
        module.fail_json(
            msg=f"site_builder_account_id is {params['account_id']}, but these credentials belong to account "
            f"{caller['Account']} ({caller['Arn']}); use the credentials of this environment"
        )

    pool = ThreadPoolExecutor(max_workers=4)
    # Nobody shall wait for an answer that is not needed.
    quick = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})

    @cache
    def bedrock_in(region: str) -> Any:
        return module.client("bedrock", region=region, config=quick)

    futures = asked(bedrock_in, params["inference_profiles"], pool)
    lives = [
        (one["model"], pool.submit(bedrock.life_of, bedrock_in(one["region"]), one["model"]))
        for one in params["models"]
    ]
    s3 = expect_owner(module.client("s3"), params["account_id"])
    exists = True
    bucket = params["state_bucket"]
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) in ("403", "AccessDenied"):
            module.fail_json(msg=not_ours(bucket, params["account_id"], "site_builder_state_bucket"))
        if code_of(error) not in ("404", "NoSuchBucket"):
            module.fail_json(msg=sentence(error, f"reading the state bucket {bucket}"))
        exists = False
    except BotoCoreError as error:
        module.fail_json(msg=sentence(error, f"reading the state bucket {bucket}"))
    prefix = params["state_prefix"]
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/") if exists else []
        keys = {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, f"listing s3://{bucket}/{prefix}/"))

    def read(stack: str) -> dict[str, Any]:
        """What is known of one stack, or `problem`, a sentence."""
        place, known = f"{prefix}/{stack}", {"interrupted": keys.get(f"{prefix}/{stack}/{INTERRUPTED}", "")}
        if f"{place}/{STATE}" not in keys:
            return {**NOTHING, **known}
        key = f"{place}/{STATE}"
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
            known |= parse_state(found["Body"].read(), f"s3://{bucket}/{key}")
            known["version"] = found.get("VersionId", "")
            if not params["outputs"]:
                known["outputs"] = {}
            if params["applied"] and f"{place}/{APPLIED}" in keys:
                key = f"{place}/{APPLIED}"
                known["applied"] = parse_applied(s3.get_object(Bucket=bucket, Key=key)["Body"].read(), known["version"])
        except (BotoCoreError, ClientError) as error:
            return {"problem": sentence(error, f"reading s3://{bucket}/{key}")}
        except ValueError as error:
            return {"problem": f"s3://{bucket}/{key} cannot be read as a Terraform state: {error}"}
        return {**NOTHING, **known}

    with ThreadPoolExecutor() as readers:
        states = dict(zip(params["stacks"], readers.map(read, params["stacks"]), strict=True))
    for state in states.values():
        if "problem" in state:
            module.fail_json(msg=state["problem"])
    release: dict[str, Any] = {}
    if key := newest_key(keys, prefix):
        try:
            release = records.check(
                json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()), f"s3://{bucket}/{key}"
            )
        except (BotoCoreError, ClientError) as error:
            module.fail_json(msg=sentence(error, f"reading s3://{bucket}/{key}"))
        except ValueError as error:
            module.fail_json(msg=f"a release record cannot be read: {error}; delete it, and the one before it counts")
    for stack in params["look_into"]:
        for name in [bucket["name"] for bucket in states[stack]["buckets"].values()]:
            try:
                if holds_anything(s3, name):
                    states[stack]["filled"].append(name)
            except (BotoCoreError, ClientError) as error:
                module.fail_json(msg=sentence(error, f"looking into the bucket {name} (s3:ListBucketVersions)"))

    judge_models(module, lives)
    told = {name: future.result() for name, future in futures.items()}
    made = parts.of_outputs({stack: state["outputs"] for stack, state in states.items()})
    module.exit_json(
        changed=False,
        caller_arn=caller["Arn"],
        state_bucket_exists=exists,
        states=states,
        release=release,
        parts=made,
        pins=records.pins(release, made),
        routed_regions={name: regions for name, (regions, reason) in told.items() if not reason},
        not_told={name: reason for name, (_, reason) in told.items() if reason},
    )


if __name__ == "__main__":
    main()
