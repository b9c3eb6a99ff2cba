#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: plan_store
short_description: Save the plans of a run for review, and take exactly those out again
version_added: 0.1.0
description:
  - A saved plan is a folder (or a prefix of the state bucket) with one plan file per stack that has changes, the page for
    reviewers, and C(manifest.json), which ties them to a commit, to the variables and to the states.
  - Plan files hold what a state holds, secrets included. So they live where states live, and files have mode 0600.
  - The ten newest plans are kept. Of older ones nothing is left, in a versioned bucket no version either, which takes
    C(s3:DeleteObject), C(s3:DeleteObjectVersion) and C(s3:ListBucketVersions). Without them the plan is saved all the same, and a
    warning says that older plans are still there.
author:
  - BBWS platform team (@bbws)
options:
  state:
    description:
      - V(saved) saves the plans of the run in O(run_dir).
      - V(shown) writes only the page for reviewers, into O(run_dir), for plans that must not be applied.
      - V(fetched) puts the plan files of O(plan_id) into O(run_dir), or fails with the reason why they must not be applied.
    type: str
    choices: [saved, shown, fetched]
    required: true
  run_dir:
    description: The directory of the run; the plan of a stack is C(<stack>/plan.tfplan) below it.
    type: path
    required: true
  plans_dir:
    description: The directory of the saved plans on this machine. With O(store=s3) it serves as a copy.
    type: path
    required: true
  plan_id:
    description: The name of the plan. Empty with O(state=fetched) means the newest.
    type: str
    default: ""
  store:
    description: Where saved plans are kept, V(local) or V(s3).
    type: str
    choices: [local, s3]
    default: local
  state_bucket:
    description: The bucket. Required with O(store=s3).
    type: str
  state_prefix:
    description: The plans are below C(<state_prefix>/plans/).
    type: str
  facts:
    description:
      - What a manifest says of the run, that is C(service), C(environment), C(target), C(account_id), C(region),
        C(replica_region), C(terraform_version), C(created_by) and C(created) (ISO 8601, UTC).
    type: dict
    required: true
  repository:
    description: A path in the git checkout whose commit belongs to the plan. Without git there, the commit is empty.
    type: path
    required: true
  stacks:
    description:
      - By stack C(tfvars_sha256), and C(serial), C(lineage) and C(interrupted) of its state, see
        M(bbws.site_builder.environment_info). With O(state=saved) also C(plan), the summary.
    type: dict
    required: true
  review:
    description:
      - The stacks as P(bbws.site_builder.plan_review#filter) has put them together. They become C(plan.json) and C(plan.html).
    type: list
    elements: dict
    default: []
  sha256:
    description: With O(state=fetched), the SHA-256 of the manifest that was approved; empty to take any.
    type: str
    default: ""
  max_age:
    description: How old a plan may be when it is applied, in seconds.
    type: int
    default: 86400
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Take the newest plan of dev, when it is still true
  bbws.site_builder.plan_store:
    state: fetched
    run_dir: /srv/work/dev/runs/20261125T101500Z-1f3c
    plans_dir: /srv/work/dev/plans
    repository: /srv/site_builder
    facts:
      service: site-builder
      environment: dev
      target: aws
      account_id: "123456789012"
      region: eu-west-1
      terraform_version: 1.11.4
      created: "2026-11-25T10:15:00Z"
    stacks:
      dynamodb: {tfvars_sha256: 5e1f, serial: 3, lineage: 1f6f, interrupted: ""}
"""

RETURN = """
plan_id:
  description: The name of the plan.
  returned: state is saved or fetched
  type: str
sha256:
  description: The SHA-256 of its manifest.
  returned: state is saved or fetched
  type: str
path:
  description: Where it is, a folder or an S3 URL.
  returned: state is saved or fetched
  type: str
folder:
  description: The folder on this machine that holds the documents for reviewers.
  returned: state is saved or shown
  type: str
manifest:
  description: The manifest.
  returned: state is saved or fetched
  type: dict
"""

import json
import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.review.page import plan_page
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import (
    MANIFEST,
    refusal,
    sha256,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json, write_private

KEPT = 10
# What one DeleteObjects call takes.
PER_DELETE = 1000


class MissingPlanError(Exception):
    """No such plan."""


class Folder:
    """Plans on this machine."""

    def __init__(self, plans_dir: Path) -> None:
        self.dir = plans_dir

    def where(self, plan_id: str = "") -> str:
        return str(self.dir / plan_id)

    def ids(self) -> list[str]:
        return sorted(path.parent.name for path in self.dir.glob(f"*/{MANIFEST}"))

    def read(self, plan_id: str, name: str) -> bytes:
        try:
            return (self.dir / plan_id / name).read_bytes()
        except FileNotFoundError as error:
            raise MissingPlanError from error

    def write(self, plan_id: str, name: str, data: bytes) -> None:
        folder = self.dir / plan_id
        for directory in (self.dir, folder):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / name, data)

    def remove_before(self, plan_id: str) -> None:
        for old in self.ids():
            if old < plan_id:
                shutil.rmtree(self.dir / old)


class Bucket:
    """Plans in the state bucket."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket, self.prefix = client, bucket, f"{prefix}/plans"

    def where(self, plan_id: str = "") -> str:
        return f"s3://{self.bucket}/{self.prefix}/{plan_id}"

    def _keys(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def ids(self) -> list[str]:
        keys = self._keys(f"{self.prefix}/")
        return sorted(key.split("/")[-2] for key in keys if key.endswith(f"/{MANIFEST}"))

    def read(self, plan_id: str, name: str) -> bytes:
        try:
            return self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{plan_id}/{name}")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                raise MissingPlanError from error
            raise

    def write(self, plan_id: str, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{plan_id}/{name}", Body=data)

    def remove_before(self, plan_id: str) -> None:
        """Remove all versions, also of what has been deleted before: a delete in a versioned bucket only hides."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        try:
            for page in pages:
                versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                self._delete([{name: version[name] for name in ("Key", "VersionId")} for version in versions], plan_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            # So that at least nobody applies them.
            self._delete([{"Key": key} for key in self._keys(f"{self.prefix}/")], plan_id)
            raise

    def _delete(self, objects: list[dict[str, str]], plan_id: str) -> None:
        """Delete those of the objects that belong to plans older than that one."""
        old = [item for item in objects if item["Key"].removeprefix(f"{self.prefix}/").split("/")[0] < plan_id]
        for first in range(0, len(old), PER_DELETE):
            answer = self.client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": old[first : first + PER_DELETE], "Quiet": True}
            )
            for error in answer.get("Errors", []):
                raise ClientError({"Error": error}, "DeleteObjects")


def commit_of(module: AnsibleAWSModule, path: str) -> tuple[str, bool]:
    """Return (commit, whether there are changes beside it) of the checkout around `path`."""
    git = module.get_bin_path("git")
    if not git:
        return "", False
    # A container often runs as another user than the one who cloned.
    command = [git, "-c", "safe.directory=*", "-C", path]
    rc, head, _ = module.run_command([*command, "rev-parse", "HEAD"])
    if rc != 0:
        return "", False
    _, changes, _ = module.run_command([*command, "status", "--porcelain"])
    return head.strip(), bool(changes.strip())


def documents(facts: dict[str, Any], params: dict[str, Any], digest: str) -> dict[str, bytes]:
    """Return what a reviewer looks at: the same as JSON and as a page."""
    expires = datetime.fromisoformat(facts["created"]) + timedelta(seconds=params["max_age"])
    review = {
        **facts,
        "id": params["plan_id"],
        "sha256": digest,
        "expires": expires.isoformat(),
        "stacks": params["review"],
    }
    return {"plan.json": to_json(review).encode(), "plan.html": plan_page(review).encode()}


def show(params: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    for name, data in documents(facts, params, "").items():
        write_private(Path(params["run_dir"]) / name, data)
    return {"folder": params["run_dir"]}


def forget_old(store: Any, warn: Any) -> None:
    """Keep the newest plans. The new one is saved by now, so a right that is missing is no reason to fail."""
    if len(saved := store.ids()) <= KEPT:
        return
    try:
        store.remove_before(saved[-KEPT])
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        warn(
            f"plans older than the {KEPT} newest are still in {store.where()}, and hold secrets: allow this account "
            f"s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion there ({error})"
        )


def save(stores: list[Any], params: dict[str, Any], facts: dict[str, Any], write: bool, warn: Any) -> dict[str, Any]:
    plan_id, run_dir = params["plan_id"], Path(params["run_dir"])
    files: dict[str, bytes] = {}
    stacks = {}
    for name, stack in params["stacks"].items():
        stacks[name] = dict(stack)
        if stack["plan"]["has_changes"]:
            data = (run_dir / name / "plan.tfplan").read_bytes()
            files[f"{name}.tfplan"] = data
            stacks[name]["plan_sha256"] = sha256(data)
    manifest = {"format": 1, "id": plan_id, **facts, "stacks": stacks}
    text = to_json(manifest).encode()
    files |= documents(facts, params, sha256(text))
    # The manifest last: without it there is no plan.
    files[MANIFEST] = text
    for store in stores if write else []:
        for name, data in files.items():
            store.write(plan_id, name, data)
        forget_old(store, warn)
    return {
        "plan_id": plan_id,
        "sha256": sha256(files[MANIFEST]),
        "path": stores[-1].where(plan_id),
        "folder": stores[0].where(plan_id),
        "manifest": manifest,
    }


def fetch(store: Any, params: dict[str, Any], facts: dict[str, Any], fail: Any) -> dict[str, Any]:
    saved = store.ids()
    plan_id = params["plan_id"] or (saved[-1] if saved else "")
    if plan_id not in saved:
        known = f"the newest ones are {', '.join(saved[-3:])}" if saved else "none is saved"
        asked = f"site_builder_plan is {plan_id!r}, and there is no such plan" if plan_id else "there is no saved plan"
        fail(
            f"{asked} in {store.where()} ({known}): run playbooks/plan.yml, or look elsewhere with site_builder_plan_store"
        )
    text = store.read(plan_id, MANIFEST)
    digest = sha256(text)
    if params["sha256"] and params["sha256"] != digest:
        fail(
            f"site_builder_plan_sha256 is {params['sha256']}, but the plan {plan_id} has {digest}: apply the plan that was "
            "approved, or have this one approved"
        )
    manifest = json.loads(text)
    if reason := refusal(manifest, facts, params["stacks"], params["max_age"]):
        fail(reason)
    files = {}
    for name in params["stacks"]:
        stack = manifest["stacks"][name]
        if not stack["plan"]["has_changes"]:
            continue
        try:
            files[name] = store.read(plan_id, f"{name}.tfplan")
        except MissingPlanError:
            fail(f"the plan {plan_id} has lost its file {name}.tfplan in {store.where()}: run playbooks/plan.yml again")
        if sha256(files[name]) != stack["plan_sha256"]:
            fail(
                f"the file {name}.tfplan of the plan {plan_id} is not the one that was saved (its SHA-256 differs): run "
                "playbooks/plan.yml again"
            )
    for name, data in files.items():
        folder = Path(params["run_dir"]) / name
        for directory in (folder.parent.parent, folder.parent, folder):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / "plan.tfplan", data)
    return {"plan_id": plan_id, "sha256": digest, "path": store.where(plan_id), "manifest": manifest}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "state": {"type": "str", "choices": ["saved", "shown", "fetched"], "required": True},
            "run_dir": {"type": "path", "required": True},
            "plans_dir": {"type": "path", "required": True},
            "plan_id": {"type": "str", "default": ""},
            "store": {"type": "str", "choices": ["local", "s3"], "default": "local"},
            "state_bucket": {"type": "str"},
            "state_prefix": {"type": "str"},
            "facts": {"type": "dict", "required": True},
            "repository": {"type": "path", "required": True},
            "stacks": {"type": "dict", "required": True},
            "review": {"type": "list", "elements": "dict", "default": []},
            "sha256": {"type": "str", "default": ""},
            "max_age": {"type": "int", "default": 86400},
        },
        required_if=[("store", "s3", ["state_bucket", "state_prefix"])],
        supports_check_mode=True,
    )
    params = module.params
    commit, dirty = commit_of(module, params["repository"])
    facts = {**params["facts"], "commit": commit, "dirty": dirty}
    folder = Folder(Path(params["plans_dir"]))
    stores: list[Any] = [folder]
    if params["store"] == "s3":
        stores.append(Bucket(module.client("s3"), params["state_bucket"], params["state_prefix"]))
    try:
        if params["state"] == "shown":
            module.exit_json(changed=False, **show(params, facts))
        if params["state"] == "saved":
            module.exit_json(changed=False, **save(stores, params, facts, not module.check_mode, module.warn))
        result = fetch(stores[-1], params, facts, lambda sentence: module.fail_json(msg=sentence))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"{stores[-1].where()} cannot be used for plans: {error}")
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be used for plans: {error.strerror}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
