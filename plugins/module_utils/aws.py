# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all modules that ask AWS share: whose buckets they touch, and how they say what AWS has refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import ClientError, NoCredentialsError

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"}
# What a region says of right credentials where the account has not enabled it.
_NOT_ENABLED = {"InvalidClientTokenId", "UnrecognizedClientException"}

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html: what an account must enable first
_OPT_IN = """
    af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
    ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1
"""
OPT_IN = frozenset(_OPT_IN.split())


# The arguments of the documentation fragment state_bucket.
STATE_BUCKET: dict[str, dict[str, Any]] = {
    name: {"type": "str", "required": True} for name in ("account_id", "state_bucket", "state_prefix")
}


def expect_owner(client: Any, account_id: str) -> Any:
    """Let each call of this S3 client name the account to which the bucket must belong; gives the client.

    Bucket names are global and ours can be guessed: AWS answers 403 where somebody else has made the bucket first. Only
    CreateBucket and ListBuckets know no such parameter.
    """

    def add(params: dict[str, Any], model: Any, **_event: Any) -> dict[str, Any]:
        known = model.input_shape and "ExpectedBucketOwner" in model.input_shape.members
        return {"ExpectedBucketOwner": account_id, **params} if known else params

    client.meta.events.register("provide-client-params.s3", add, unique_id=f"site-builder-owner-{account_id}")
    return client


def code_of(error: Exception) -> str:
    """The code of what AWS has answered; empty where it has not."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""


def sentence(error: Exception, doing: str, region: str = "") -> str:
    """One sentence for an AWS error, with the way out where there is one. region: where it came from, if that is known."""
    code = code_of(error)
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials were found; export AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if code in _EXPIRED:
        return "the AWS session token has expired; log in again and run again"
    if code in _NOT_ENABLED and region in OPT_IN:
        return (
            f"{region} does not accept these credentials ({code}), most often because the account has not enabled that region: "
            f"enable it once with: aws account enable-region --region-name {region}; if it is enabled, check AWS_PROFILE, or the "
            "access key and its secret"
        )
    if code in _INVALID:
        return f"AWS does not accept these credentials ({code}); check AWS_PROFILE, or the access key and its secret"
    # A server that does not know an operation may answer with a page.
    said = " ".join(str(error).partition("<!doctype")[0].split()).rstrip(": ")
    return f"{doing} failed: {said}"


def not_ours(bucket: str, account_id: str, variable: str) -> str:
    """What a 403 to a call with an expected owner means."""
    return (
        f"the bucket {bucket} belongs to another account than {account_id}, or these credentials may not read it (403); name "
        f"another bucket in {variable}, or use the credentials of this environment"
    )
