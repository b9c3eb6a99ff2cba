#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: terraform_workdir
short_description: Lay out the private working directory of one stack for one run
version_added: 0.1.0
description:
  - Copies a root module, with the local modules that it calls, below O(run_dir), and writes beside it what a run adds,
    the C(backend.tf.json), the C(providers.tf.json), the pin of the provider and its lock file and, outside the copy, the
    C(terraform.tfvars.json).
  - The source tree is only read. The initialised C(.terraform) folder of an earlier run with the same content is copied, so
    that C(terraform init) runs only when something that it depends on changed. Two runs share nothing but the bytes of the
    providers, which are hundreds of megabytes and are never written again, so they are hard links where that is possible.
  - What an earlier run has left is looked at before it is used. Of a folder that is half written, because a disk was full or a
    process was killed, nothing is used, and C(terraform init) makes it anew.
  - Directories get mode 0700 and files mode 0600, for tfvars may hold secrets. Providers keep the mode of their package.
  - It writes below O(run_dir) only, which is no part of the target's state, and so reports no change.
  - Runs on the controller, as the user who runs Ansible, in check mode too. It is an action plugin.
author:
  - BBWS platform team (@bbws)
options:
  state:
    description:
      - V(present) lays out the directory of one stack.
      - V(swept) ends a run, that is, removes the plans and variables below O(run_dir), those of runs that were cut short a
        day ago or longer, and all but the ten newest runs beside it. A folder in which another run is at work is left alone.
    type: str
    choices: [present, swept]
    default: present
  run_dir:
    description:
      - With O(state=present) the directory of this stack in this run, C(<runs>/<run>/<stack>). It is made when missing. The
        other runs are looked through for a usable initialised copy.
      - With O(state=swept) the directory of the run, C(<runs>/<run>).
    type: path
    required: true
  source:
    description: The root module (absolute path). Required with O(state=present), like all that follow.
    type: path
  tfvars:
    description: The root module's input variables.
    type: dict
  providers:
    description: The content of C(providers.tf.json).
    type: dict
  backend:
    description: The configuration of the S3 backend.
    type: dict
  terraform_version:
    description: The version that will run, for an initialised directory belongs to one version.
    type: str
  provider_version:
    description:
      - The version of hashicorp/aws, the only one that the root may use. For that of C(terraform/provider.lock.hcl) in this
        collection the lock file with HashiCorp's hashes is written; for any other one C(terraform init) writes its own.
    type: str
  provider_package:
    description:
      - The folder in which a mirror holds that provider unpacked and verified, see
        RV(bbws.site_builder.toolchain_info#module:provider_package). Terraform links to it, and gets a lock file without hashes,
        for else each of its commands would read the 700 MB again.
    type: path
    default: ""
  imports:
    description: What the next plan takes over into the state, by address the import id.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: Lay out the dynamodb stack
  bbws.site_builder.terraform_workdir:
    source: /srv/site_builder/terraform/stacks/dynamodb
    run_dir: /srv/work/dev/runs/20261125T101500Z-1f3c/dynamodb
    tfvars:
      tables: {}
      tags: {}
    providers:
      provider:
        aws:
          - region: eu-west-1
    backend:
      bucket: site-builder-tfstate-dev-123456789012-eu-west-1
      key: site-builder/dev/dynamodb/terraform.tfstate
      region: eu-west-1
      use_lockfile: true
    terraform_version: 1.11.4
    provider_version: 5.100.0
"""

RETURN = """
project_path:
  description: The directory in which Terraform is to run.
  returned: state is present
  type: str
data_dir:
  description: The value for E(TF_DATA_DIR).
  returned: state is present
  type: str
plan_file:
  description: Where the plan of this run belongs.
  returned: state is present
  type: str
tfvars_file:
  description: The rendered variables file.
  returned: state is present
  type: str
tfvars_sha256:
  description: The SHA-256 of the rendered variables; two equal ones make the same plan.
  returned: state is present
  type: str
source_sha256:
  description: The SHA-256 of everything else that a plan depends on, the Terraform sources, the backend and the providers.
  returned: state is present
  type: str
initialised:
  description: Whether C(terraform init) has nothing left to do.
  returned: state is present
  type: bool
init_arguments:
  description: The arguments for C(terraform init), C(-lockfile=readonly) where the lock file was written here.
  returned: state is present
  type: str
unreadable_states:
  description:
    - What looked like one of RV(errored_states) and cannot be read. Each was renamed to the path that is given here, and is told
      once.
  returned: state is present
  type: list
  elements: str
errored_states:
  description:
    - What earlier runs of the stack could not write into this very backend and Terraform has left on this machine, newest
      first, as dicts with RV(ignore:path), RV(ignore:lineage) and RV(ignore:serial). The folder of the path is an
      initialised root module, also where sources, providers or the version of Terraform have changed since.
  returned: state is present
  type: list
  elements: dict
"""
