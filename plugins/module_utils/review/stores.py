# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where saved plans are kept: a folder on this machine, or a prefix of the state bucket."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.manifest import MANIFEST
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.workdir import write_private

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import ClientError

PAGE, HTML = "plan.html", "text/html; charset=utf-8"
# An approver opens it at once, or asks for the plan again.
PRESIGNED_SECONDS = 3600
# https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/console-domain-allowlist.html, and of the other partitions
_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
# What one DeleteObjects call takes.
PER_DELETE = 1000


def console_of(region: str) -> str:
    """The domain of the console in which a region is to be found."""
    return next((host for begin, host in _CONSOLES.items() if region.startswith(begin)), "console.aws.amazon.com")


def signing(endpoint_url: str | None) -> dict[str, Any]:
    """Settings of a client whose signed addresses work in every region.

    boto3 signs by version 2, which buckets made since June 2020 refuse, and for the global endpoint, which knows a bucket of
    another region only later (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
    """
    return {"signature_version": "s3v4", "s3": {"addressing_style": "path" if endpoint_url else "virtual"}}


class MissingPlanError(Exception):
    """No such plan."""


class Folder:
    """Plans on this machine."""

    def __init__(self, plans_dir: Path) -> None:
        self.dir = plans_dir

    def where(self, plan_id: str = "") -> str:
        return str(self.dir / plan_id)

    def page_url(self, plan_id: str, kind: str) -> str:
        """A folder has no other address than its path."""
        return ""

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
    """Plans in the state bucket, which must belong to the account `owner`. signer: a client with the settings of signing()."""

    def __init__(self, client: Any, bucket: str, prefix: str, owner: str, signer: Any = None) -> None:
        self.signer = signer
        self.client, self.bucket, self.prefix = client, bucket, f"{prefix}/plans"
        # A bucket of that name in another account is not ours, whoever has let us in.
        self.place = {"Bucket": bucket, "ExpectedBucketOwner": owner}

    def where(self, plan_id: str = "") -> str:
        return f"s3://{self.bucket}/{self.prefix}/{plan_id}"

    def page_url(self, plan_id: str, kind: str) -> str:
        """Return where a browser finds the page of a plan; kind: none, console, or presigned."""
        key, region = f"{self.prefix}/{plan_id}/{PAGE}", self.client.meta.region_name
        if kind == "console":
            query = urlencode({"region": region, "prefix": key}, quote_via=quote, safe="")
            return f"https://{region}.{console_of(region)}/s3/object/{self.bucket}?{query}"
        if kind == "presigned":
            # No owner here: it would be a header, and a browser sends none. Whose bucket it is has been seen to by writing.
            asked = {"Bucket": self.bucket, "Key": key, "ResponseContentType": HTML}
            return self.signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=PRESIGNED_SECONDS)
        return ""

    def _keys(self, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(**self.place, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def ids(self) -> list[str]:
        keys = self._keys(f"{self.prefix}/")
        return sorted(key.split("/")[-2] for key in keys if key.endswith(f"/{MANIFEST}"))

    def read(self, plan_id: str, name: str) -> bytes:
        try:
            return self.client.get_object(**self.place, Key=f"{self.prefix}/{plan_id}/{name}")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                raise MissingPlanError from error
            raise

    def write(self, plan_id: str, name: str, data: bytes) -> None:
        # A browser shows what is called HTML, and stores the rest.
        kind = {"ContentType": HTML} if name == PAGE else {}
        self.client.put_object(**self.place, **kind, Key=f"{self.prefix}/{plan_id}/{name}", Body=data)

    def remove_before(self, plan_id: str) -> None:
        """Remove all versions, also of what has been deleted before: a delete in a versioned bucket only hides."""
        pages = self.client.get_paginator("list_object_versions").paginate(**self.place, Prefix=f"{self.prefix}/")
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
                **self.place, Delete={"Objects": old[first : first + PER_DELETE], "Quiet": True}
            )
            for error in answer.get("Errors", []):
                raise ClientError({"Error": error}, "DeleteObjects")
