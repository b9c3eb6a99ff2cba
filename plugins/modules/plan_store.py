#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: plan_store
short_description: Save the plans of a run for review, and take exactly those out again
version_added: 0.1.0
description:
  - A saved plan is a folder (or a prefix of the state bucket) with one plan file per stack that has changes, the documents for
    reviewers (C(plan.html), C(plan.md), C(plan.json)), and C(manifest.json), which ties them to a commit, to the variables and to
    the states. The manifest lists the SHA-256 of every other file, so that its own stands for the whole.
  - What a manifest says of a plan file is not taken for true here; M(bbws.site_builder.plan_details) holds it against the file.
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
      - V(shown) writes only the documents for reviewers, into O(run_dir), for plans that must not be applied.
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
      - The action plugin adds C(commit) and C(dirty) of the checkout of this collection. Of an installed collection the commit is
        empty, whatever repository may be around it.
    type: dict
    required: true
  stacks:
    description:
      - By stack C(tfvars_sha256), and C(serial), C(lineage) and C(interrupted) of its state, see
        M(bbws.site_builder.environment_info). With O(state=saved) also C(plan), the summary.
    type: dict
    required: true
  review:
    description:
      - The stacks as RV(bbws.site_builder.next_step#module:review) has them. The action plugin makes O(documents) of them.
    type: list
    elements: dict
    default: []
  documents:
    description: The documents for reviewers, by name their text. The action plugin writes them.
    type: dict
    default: {}
  sha256:
    description:
      - With O(state=fetched), the SHA-256 of the manifest that was approved. Required with O(store=s3); where the plan has not
        left this machine, empty takes any.
    type: str
    default: ""
  page_url:
    description:
      - With O(store=s3), the address of C(plan.html) that is returned as RV(page). V(console) is that of the object in AWS's
        console, for whoever may read the bucket there.
      - V(presigned) opens for everybody who has it, for an hour at most, and not longer than the credentials of this run last.
    type: str
    choices: [none, console, presigned]
    default: none
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
stale:
  description: Why the plan before this one, which nobody has applied, cannot be applied any more; empty where there is none.
  returned: state is saved
  type: str
page:
  description: The address that O(page_url) asks for.
  returned: state is saved, and O(page_url) is not none
  type: str
summary:
  description:
    - What an approver must know first; C(line) in one sentence, C(counts), C(data_loss) (addresses), C(first) (sentences),
      C(more) (how many sentences there are besides) and C(expires) (ISO 8601). The action plugin makes it of O(review).
  returned: state is saved or shown
  type: dict
manifest:
  description: The manifest.
  returned: state is saved or fetched
  type: dict
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.review.stores import (
    Bucket,
    Folder,
    MissingPlanError,
    signing,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.manifest import (
    FORMAT,
    MANIFEST,
    read_manifest,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import refusal, sha256
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import to_json, write_private

KEPT = 10


def show(params: dict[str, Any]) -> dict[str, Any]:
    for name, text in params["documents"].items():
        write_private(Path(params["run_dir"]) / name, text.encode())
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


def went_stale(store: Any, params: dict[str, Any]) -> str:
    """Say of the newest plan before this one, if nobody has applied it, why nobody can any more; empty where there is none."""
    earlier = [plan_id for plan_id in store.ids() if plan_id < params["plan_id"]]
    try:
        manifest = read_manifest(store.read(earlier[-1], MANIFEST), earlier[-1]) if earlier else None
    except (MissingPlanError, SiteBuilderError):
        return ""
    stacks = {name: stack for name, stack in params["stacks"].items() if manifest and name in manifest["stacks"]}
    for name, stack in stacks.items():
        planned = manifest["stacks"][name]
        # An apply of it would have written a new state.
        if planned["plan"]["has_changes"] and any(planned[key] != stack[key] for key in ("serial", "lineage")):
            return ""
    if not any(manifest["stacks"][name]["plan"]["has_changes"] for name in stacks):
        return ""
    return refusal(manifest, params["facts"], stacks, params["max_age"]) or ""


def save(stores: list[Any], params: dict[str, Any], write: bool, warn: Any) -> dict[str, Any]:
    plan_id, run_dir = params["plan_id"], Path(params["run_dir"])
    changed = [name for name, stack in params["stacks"].items() if stack["plan"]["has_changes"]]
    files = {f"{name}.tfplan": (run_dir / name / "plan.tfplan").read_bytes() for name in changed}
    files |= {name: text.encode() for name, text in params["documents"].items()}
    manifest = {
        "format": FORMAT,
        "id": plan_id,
        **params["facts"],
        "stacks": params["stacks"],
        "files": {name: sha256(data) for name, data in files.items()},
    }
    text = to_json(manifest).encode()
    stale = went_stale(stores[-1], params)
    for store in stores if write else []:
        # The manifest last: without it there is no plan.
        for name, data in [*files.items(), (MANIFEST, text)]:
            store.write(plan_id, name, data)
        forget_old(store, warn)
    page = stores[-1].page_url(plan_id, params["page_url"])
    return {
        "plan_id": plan_id,
        "sha256": sha256(text),
        "stale": stale,
        **({"page": page} if page else {}),
        "path": stores[-1].where(plan_id),
        "folder": stores[0].where(plan_id),
        "manifest": manifest,
    }


def fetch(store: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Put the plan files where they are applied. Raises SiteBuilderError when they must not be."""
    plan_id = named(store, params["plan_id"])
    if params["store"] == "s3" and not params["sha256"]:
        raise SiteBuilderError(
            f"site_builder_plan_sha256 is empty, and whoever may write to {store.where()} could have put a plan there: give the "
            "SHA-256 that playbooks/plan.yml has printed beside the plan's id and that was approved"
        )
    text = store.read(plan_id, MANIFEST)
    digest = sha256(text)
    if params["sha256"] and params["sha256"] != digest:
        raise SiteBuilderError(
            f"site_builder_plan_sha256 is {params['sha256']}, but the plan {plan_id} has {digest}: apply the plan that was "
            "approved, or have this one approved"
        )
    manifest = read_manifest(text, plan_id)
    if reason := refusal(manifest, params["facts"], params["stacks"], params["max_age"]):
        raise SiteBuilderError(reason)
    files = {name: checked(store, plan_id, name, expected) for name, expected in manifest["files"].items()}
    for name in params["stacks"]:
        if not manifest["stacks"][name]["plan"]["has_changes"]:
            continue
        folder = Path(params["run_dir"]) / name
        for directory in (folder.parent.parent, folder.parent, folder):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / "plan.tfplan", files[f"{name}.tfplan"])
    return {"plan_id": plan_id, "sha256": digest, "path": store.where(plan_id), "manifest": manifest}


def named(store: Any, plan_id: str) -> str:
    """Return the plan that is asked for, the newest one when none is."""
    saved = store.ids()
    if plan_id in saved or (saved and not plan_id):
        return plan_id or saved[-1]
    known = f"the newest ones are {', '.join(saved[-3:])}" if saved else "none is saved"
    asked = f"site_builder_plan is {plan_id!r}, and there is no such plan" if plan_id else "there is no saved plan"
    raise SiteBuilderError(
        f"{asked} in {store.where()} ({known}): run playbooks/plan.yml, or look elsewhere with site_builder_plan_store"
    )


def checked(store: Any, plan_id: str, name: str, expected: str) -> bytes:
    """Return a file of the plan."""
    try:
        data = store.read(plan_id, name)
    except MissingPlanError as error:
        raise SiteBuilderError(
            f"the plan {plan_id} has lost its file {name} in {store.where()}: run playbooks/plan.yml again"
        ) from error
    if sha256(data) != expected:
        raise SiteBuilderError(
            f"the file {name} of the plan {plan_id} is not the one that was saved (its SHA-256 differs): run "
            "playbooks/plan.yml again"
        )
    return data


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
            "stacks": {"type": "dict", "required": True},
            "review": {"type": "list", "elements": "dict", "default": []},
            "documents": {"type": "dict", "default": {}},
            "sha256": {"type": "str", "default": ""},
            "page_url": {"type": "str", "choices": ["none", "console", "presigned"], "default": "none"},
            "max_age": {"type": "int", "default": 86400},
        },
        required_if=[("store", "s3", ["state_bucket", "state_prefix"])],
        supports_check_mode=True,
    )
    params = module.params
    folder = Folder(Path(params["plans_dir"]))
    stores: list[Any] = [folder]
    if params["store"] == "s3":
        place = (params["state_bucket"], params["state_prefix"], params["facts"]["account_id"])
        signer = (
            module.client("s3", config=signing(params["endpoint_url"])) if params["page_url"] == "presigned" else None
        )
        stores.append(Bucket(module.client("s3"), *place, signer=signer))
    try:
        if params["state"] == "shown":
            result = show(params)
        elif params["state"] == "saved":
            result = save(stores, params, not module.check_mode, module.warn)
        else:
            result = fetch(stores[-1], params)
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        way_out = ""
        if code_of(error) in ("403", "AccessDenied"):
            # What a bucket of another account says, too.
            way_out = (
                f"; use the credentials of account {params['facts']['account_id']}, and a role that may plan or apply, as "
                "playbooks/bootstrap.yml makes them"
            )
        module.fail_json(msg=f"{stores[-1].where()} cannot be used for plans: {error}{way_out}")
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be used for plans: {error.strerror}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
