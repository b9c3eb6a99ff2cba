#!/usr/bin/python
# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = """
module: state_bucket
short_description: Create the bucket of the Terraform states, or look at the one that exists
version_added: 0.1.0
description:
  - A bucket that does not exist is created with versioning, encryption (AES256), no public access, no ACLs, and a policy that
    refuses calls without TLS.
  - A bucket that exists is looked at and never changed; a warning names each thing that a bucket of states should have and this
    one has not. Its policy, its keys and its tags are somebody's decision.
  - While a bucket is being set up it carries a tag that says so. One that still has it, because a run was killed, is completed.
  - Every call names the account to which the bucket must belong. A bucket of that name in another account is refused.
author:
  - BBWS platform team (@bbws)
options:
  bucket:
    description: The name of the bucket.
    type: str
    required: true
  account_id:
    description: The account to which it must belong.
    type: str
    required: true
  tags:
    description: The tags of a bucket that is created here.
    type: dict
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = """
- name: Create the state bucket
  bbws.site_builder.state_bucket:
    bucket: site-builder-tfstate-dev-123456789012-eu-west-1
    account_id: "123456789012"
    tags:
      Service: site-builder
      Environment: dev
      ManagedBy: Terraform
    region: eu-west-1
"""

RETURN = """
created:
  description: Whether the bucket was created, or in check mode would be.
  returned: success
  type: bool
completed:
  description: Whether a bucket was set up to the end whose creation had been interrupted.
  returned: success
  type: bool
checks:
  description:
    - What was looked at, as dicts with RV(ignore:check) (C(owner), C(versioning), C(encryption), C(public_access), C(ownership)
      or C(tls)), RV(ignore:ok) (null where these credentials may not look) and RV(ignore:found). Empty in check mode where there
      is no bucket.
  returned: success
  type: list
  elements: dict
problems:
  description: A sentence for each check that is not passed, with what to do.
  returned: success
  type: list
  elements: str
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, expect_owner, not_ours, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

# On a bucket of ours from its creation until all of it is set.
UNFINISHED = {"SiteBuilderBootstrap": "unfinished"}
BLOCK = {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}
OWNERSHIP = "BucketOwnerEnforced"

# What S3 says where nothing was set.
_NOT_SET = {
    "NoSuchBucketPolicy",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}
_DENIED = {"403", "AccessDenied"}


def tls_policy(arn: str) -> dict[str, Any]:
    """The policy that refuses calls without TLS."""
    statement = {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def demands_tls(policy: Mapping[str, Any], arn: str) -> bool:
    """Whether a policy refuses calls without TLS, to the bucket and to its objects."""
    refused: set[str] = set()
    for statement in _list(policy.get("Statement")):
        condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
        everybody = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        if (
            statement.get("Effect") == "Deny"
            and everybody
            and [str(one).lower() for one in _list(condition)] == ["false"]
            and {"*", "s3:*"} & set(_list(statement.get("Action")))
        ):
            refused.update(_list(statement.get("Resource")))
    return "*" in refused or {arn, f"{arn}/*"} <= refused


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


class Bucket:
    """One bucket, by a client that names its owner in every call."""

    def __init__(self, client: Any, name: str, account_id: str) -> None:
        self._s3, self._name, self._account_id = client, name, account_id
        self._arn = f"arn:{client.meta.partition}:s3:::{name}"

    def exists(self) -> bool:
        """Raises SiteBuilderError where it is not ours, or not where it should be."""
        try:
            self._s3.head_bucket(Bucket=self._name)
        except ClientError as error:
            code = code_of(error)
            if code in ("404", "NoSuchBucket"):
                return False
            if code in _DENIED:
                raise SiteBuilderError(not_ours(self._name, self._account_id, "site_builder_state_bucket")) from error
            if code in ("301", "PermanentRedirect"):
                raise SiteBuilderError(
                    f"the bucket {self._name} is in another region than {self._s3.meta.region_name}; name another bucket in "
                    "site_builder_state_bucket"
                ) from error
            raise
        return True

    def create(self) -> None:
        """Create it as one that is not finished. Raises SiteBuilderError where somebody else has it."""
        region = self._s3.meta.region_name
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            self._s3.create_bucket(Bucket=self._name, ObjectOwnership=OWNERSHIP, **place)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                raise SiteBuilderError(not_ours(self._name, self._account_id, "site_builder_state_bucket")) from error
            raise
        self._s3.get_waiter("bucket_exists").wait(Bucket=self._name)
        self._tag(UNFINISHED)

    def configure(self, tags: Mapping[str, str]) -> None:
        """Set all that a bucket of states has; the tags last, for with them it is finished."""
        s3, name = self._s3, self._name
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=BLOCK)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(tls_policy(self._arn)))
        self._tag(tags)

    def is_unfinished(self) -> bool:
        """Whether it was made here, and not to the end."""
        try:
            found = self._asked("get_bucket_tagging", lambda answer: answer["TagSet"])
        except ClientError as error:
            if code_of(error) in _DENIED:
                return False
            raise
        return {tag["Key"]: tag["Value"] for tag in found or []}.items() >= UNFINISHED.items()

    def checks(self) -> Iterator[dict[str, Any]]:
        """Look at what a bucket of states should have."""
        yield {"check": "owner", "ok": True, "found": self._account_id}
        for check, (operation, take, judge) in {
            "versioning": ("get_bucket_versioning", lambda a: a.get("Status"), lambda f: f == "Enabled"),
            "encryption": ("get_bucket_encryption", _algorithm, bool),
            "public_access": ("get_public_access_block", lambda a: a["PublicAccessBlockConfiguration"], _shut),
            "ownership": ("get_bucket_ownership_controls", _ownership, lambda f: f == OWNERSHIP),
            "tls": ("get_bucket_policy", lambda a: json.loads(a["Policy"]), lambda f: demands_tls(f or {}, self._arn)),
        }.items():
            try:
                found = self._asked(operation, take)
                yield {"check": check, "ok": judge(found), "found": found}
            except ClientError as error:
                if code_of(error) not in _DENIED:
                    raise
                yield {"check": check, "ok": None, "found": None}

    def _asked(self, operation: str, take: Callable[[dict[str, Any]], Any]) -> Any:
        """The answer, None where nothing was set."""
        try:
            return take(getattr(self._s3, operation)(Bucket=self._name))
        except ClientError as error:
            if code_of(error) in _NOT_SET:
                return None
            raise

    def _tag(self, tags: Mapping[str, str]) -> None:
        found = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._s3.put_bucket_tagging(Bucket=self._name, Tagging={"TagSet": found})


def _algorithm(answer: dict[str, Any]) -> str:
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    return " ".join([rule["SSEAlgorithm"], *([rule["KMSMasterKeyID"]] if rule.get("KMSMasterKeyID") else [])])


def _shut(found: dict[str, bool] | None) -> bool:
    return bool(found) and all(found.get(name) for name in BLOCK)


def _ownership(answer: dict[str, Any]) -> str:
    return answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"]


_PROBLEMS = {
    "versioning": "keeps no versions, so that a state that was overwritten is lost; enable its versioning",
    "encryption": "has no default encryption; set one",
    "public_access": "does not block public access in all four ways; set its public access block",
    "ownership": "has ACLs, so that an object in it may belong to somebody else; set its object ownership to BucketOwnerEnforced",
    "tls": "takes calls without TLS; add a statement to its policy that denies s3:* where aws:SecureTransport is false",
}


def problems(bucket: str, checks: list[dict[str, Any]]) -> list[str]:
    """Say what is not as it should be, and what could not be looked at."""
    told = [f"the state bucket {bucket} {_PROBLEMS[one['check']]}" for one in checks if one["ok"] is False]
    unseen = [one["check"] for one in checks if one["ok"] is None]
    if unseen:
        told.append(
            f"these credentials may not look at {', '.join(unseen)} of the state bucket {bucket}; look at it yourself"
        )
    return told


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
            "tags": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    checks: list[dict[str, Any]] = []
    try:
        client = expect_owner(module.client("s3"), params["account_id"])
        bucket = Bucket(client, params["bucket"], params["account_id"])
        exists = bucket.exists()
        unfinished = exists and bucket.is_unfinished()
        if not module.check_mode:
            if not exists:
                bucket.create()
            if not exists or unfinished:
                bucket.configure({key: str(value) for key, value in params["tags"].items()})
        if exists or not module.check_mode:
            checks = list(bucket.checks())
    except SiteBuilderError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=sentence(error, f"setting up the state bucket {params['bucket']}"))
    told = problems(params["bucket"], checks)
    for problem in told:
        module.warn(problem)
    module.exit_json(
        changed=not exists or unfinished, created=not exists, completed=unfinished, checks=checks, problems=told
    )


if __name__ == "__main__":
    main()
