#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: lambda_upload
short_description: Upload the Lambda packages of a run, unless they are there
version_added: 0.1.0
description:
  - Uploads each package with its SHA-256 checksum, which S3 compares with what it received, and encrypted.
  - An object that is there already is trusted only when its bytes are those of the package. S3's own SHA-256 says so; else the
    bytes are read and hashed here, for an object may have none, or came in parts.
  - Any other object under the key is overwritten, and a warning names it. The key holds the hash of the package, so that such an
    object is damaged or somebody else's, and refusing would end every run until a person deletes it. The versions of the bucket
    keep what was there.
author:
  - BBWS platform team (@bbws)
options:
  packages:
    description:
      - The packages by name, as RV(bbws.site_builder.lambda_package#module:packages) has them, each with C(path), the archive on
        this machine, and C(s3_key), which holds the hash of the archive.
    type: dict
    required: true
  buckets:
    description: The bucket in which each package belongs, by the name of the package.
    type: dict
    required: true
  account_id:
    description: The account to which the buckets must belong.
    type: str
    required: true
  kms_key_arn:
    description: The key that encrypts the objects; empty, AES256.
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Upload the packages
  bbws.site_builder.lambda_upload:
    packages:
      functions/generate:
        path: /srv/work/packages/generate.zip
        s3_key: functions/generate/0f343b0931126a20f133d67c2b018a3b.zip
    buckets:
      functions/generate: site-builder-artifacts-dev-123456789012-eu-west-1
    account_id: "123456789012"
    region: eu-west-1
"""

RETURN = """
uploaded:
  description: The keys of the packages that were uploaded, or in check mode would be.
  returned: success
  type: list
  elements: str
replaced:
  description: Those among them under whose key something else had been.
  returned: success
  type: list
  elements: str
"""

import base64
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, expect_owner, not_ours, sentence

_CHUNK_BYTES = 1 << 20


def is_there(s3: Any, bucket: str, key: str, checksum: str) -> bool | None:
    """Whether the object's bytes have this SHA-256 (base64, as S3 writes it); None where there is no object."""
    try:
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey"):
            return None
        raise
    if head.get("ChecksumSHA256") == checksum:
        return True
    # It has none, or came in parts, of which S3 keeps a hash of hashes.
    digest = hashlib.sha256()
    for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(_CHUNK_BYTES):
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode() == checksum


def upload(s3: Any, package: dict[str, str], kms_key_arn: str, write: bool) -> str:
    """Return what came of a package: `there`, `uploaded` or `replaced`. Without `write` what would come of it."""
    body = Path(package["path"]).read_bytes()
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    there = is_there(s3, package["bucket"], package["s3_key"], checksum)
    if there:
        return "there"
    if write:
        encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn}
            if kms_key_arn
            else {"ServerSideEncryption": "AES256"}
        )
        s3.put_object(
            Bucket=package["bucket"],
            Key=package["s3_key"],
            Body=body,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum,
            **encryption,
        )
    return "uploaded" if there is None else "replaced"


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "packages": {"type": "dict", "required": True},
            "buckets": {"type": "dict", "required": True},
            "account_id": {"type": "str", "required": True},
            "kms_key_arn": {"type": "str", "default": "", "no_log": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    results: dict[str, list[str]] = {"there": [], "uploaded": [], "replaced": []}
    s3 = expect_owner(module.client("s3"), params["account_id"])
    for name, built in params["packages"].items():
        package = {**built, "bucket": params["buckets"][name]}
        where = f"s3://{package['bucket']}/{package['s3_key']}"
        try:
            result = upload(s3, package, params["kms_key_arn"], not module.check_mode)
        except OSError as error:
            module.fail_json(
                msg=f"the package {package['path']} cannot be read ({error.strerror}); run again, which builds it anew"
            )
        except (BotoCoreError, ClientError) as error:
            if code_of(error) == "403":
                module.fail_json(msg=not_ours(package["bucket"], params["account_id"], "artifact_bucket"))
            module.fail_json(msg=sentence(error, f"uploading {where}"))
        results[result].append(package["s3_key"])
        if result == "replaced":
            module.warn(
                f"{where} held other bytes than the package of that hash, and was overwritten; look at its older versions"
            )
    uploaded = results["uploaded"] + results["replaced"]
    module.exit_json(changed=bool(uploaded), uploaded=uploaded, replaced=results["replaced"])


if __name__ == "__main__":
    main()
