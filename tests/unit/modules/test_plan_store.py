"""What is saved for review comes out as it went in, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from ansible_collections.bbws.site_builder.plugins.module_utils.review import stores
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.manifest import MANIFEST
from ansible_collections.bbws.site_builder.plugins.modules import plan_store as module
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3 import s3_backends

ACCOUNT = "123456789012"
PLAN = {
    "has_changes": True,
    "counts": {"created": 1, "updated": 0, "replaced": 0, "deleted": 0},
    "actions": [],
    "stateful": [],
}
FACTS = {
    "service": "site-builder",
    "environment": "dev",
    "target": "aws",
    "account_id": ACCOUNT,
    "region": "eu-west-1",
    "replica_region": None,
    "terraform_version": "1.11.4",
    "created_by": "arn:aws:iam::123456789012:user/ann",
    "created": "2026-11-25T10:00:00Z",
    "commit": "c0ffee",
    "dirty": False,
}
DOCUMENTS = {"plan.html": "<!DOCTYPE html>", "plan.json": "{}", "plan.md": "## Plan"}
STACK = {"tfvars_sha256": "5e1f", "serial": 3, "lineage": "l", "interrupted": ""}


@pytest.fixture(scope="module", autouse=True)
def _aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        bucket = s3_backends[ACCOUNT]["aws"].create_bucket("states", "eu-west-1")
        # As playbooks/bootstrap.yml makes it.
        bucket.versioning_status = "Enabled"
        yield


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, run_module: Callable[..., dict], tmp_path: Path) -> Any:
    """Return what calls the module with a store of this kind; a fetch happens on another machine where the store allows it."""
    shared = {
        "store": request.param,
        "region": "eu-west-1",
        "state_bucket": "states",
        "state_prefix": f"{tmp_path.name}/dev",
        "facts": FACTS,
    }

    approved: dict[str, str] = {}

    def call(state: str, **options: Any) -> dict[str, Any]:
        machine = tmp_path / (state if request.param == "s3" else "one")
        run_dir = machine / "runs" / state
        stack = dict(STACK)
        if state == "shown":
            run_dir.mkdir(parents=True)
        if state == "saved":
            (run_dir / "s3").mkdir(parents=True, exist_ok=True)
            (run_dir / "s3/plan.tfplan").write_bytes(b"the plan")
            options = {"plan_id": "20261125T100000Z-aaaaaa", **options}
            stack["plan"] = PLAN
        result = run_module(
            module,
            **{
                **shared,
                "state": state,
                "run_dir": str(run_dir),
                "plans_dir": str(machine / "plans"),
                "stacks": {"s3": stack},
                "documents": DOCUMENTS,
                "sha256": approved.get(options.get("plan_id") or max(approved, default=""), "")
                if state == "fetched"
                else "",
                **options,
            },
        )
        if state == "saved" and "sha256" in result:
            approved[result["plan_id"]] = result["sha256"]
        result["run_dir"] = run_dir
        return result

    call.kind = request.param
    call.tmp_path = tmp_path
    return call


def test_what_is_fetched_is_what_was_saved(store: Any) -> None:
    saved = store("saved")
    fetched = store("fetched", sha256=saved["sha256"])
    assert fetched["plan_id"] == "20261125T100000Z-aaaaaa"
    assert fetched["manifest"]["stacks"]["s3"]["plan"] == PLAN
    plan = fetched["run_dir"] / "s3/plan.tfplan"
    assert plan.read_bytes() == b"the plan"
    assert plan.stat().st_mode & 0o777 == 0o600
    assert plan.parent.stat().st_mode & 0o777 == 0o700


def test_what_a_reviewer_gets(store: Any) -> None:
    folder = Path(store("saved")["folder"])
    assert {name: (folder / name).read_text() for name in DOCUMENTS} == DOCUMENTS
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_refused_plan_is_shown_and_not_saved(store: Any) -> None:
    store("saved")
    shown = store("shown", plan_id="20261125T110000Z-bbbbbb", stacks={})
    assert {path.name for path in Path(shown["folder"]).iterdir()} == DOCUMENTS.keys()
    assert "plan_id" not in shown
    assert store("fetched")["plan_id"] == "20261125T100000Z-aaaaaa"


def test_the_newest_is_taken_and_the_oldest_go(store: Any) -> None:
    for number in range(12):
        store("saved", plan_id=f"20261125T1000{number:02}Z-aaaaaa")
    assert store("fetched")["plan_id"] == "20261125T100011Z-aaaaaa"
    assert (
        "20261125T100000Z-aaaaaa', and there is no such plan in"
        in store("fetched", plan_id="20261125T100000Z-aaaaaa")["msg"]
    )
    assert "msg" not in store("fetched", plan_id="20261125T100002Z-aaaaaa")


def client() -> Any:
    return boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")


def versions(tmp_path: Path) -> list[tuple[str, bool]]:
    """(plan id, whether it is a delete marker) of every version that the bucket holds."""
    prefix = f"{tmp_path.name}/dev/plans/"
    page = client().list_object_versions(Bucket="states", Prefix=prefix)
    assert not page["IsTruncated"]
    return sorted(
        (entry["Key"].removeprefix(prefix).split("/")[0], kind == "DeleteMarkers")
        for kind in ("Versions", "DeleteMarkers")
        for entry in page.get(kind, [])
    )


class Names(set):
    """Of API calls, and the error that they get."""

    code = "AccessDenied"


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The S3 calls that AWS does not allow; add to it."""
    names = Names()
    call = BaseClient._make_api_call

    def refuse(self: Any, name: str, arguments: dict[str, Any]) -> Any:
        if name == "DeleteObjects" and "DeleteObjectVersion" in names:
            objects = [item for item in arguments["Delete"]["Objects"] if "VersionId" in item]
            if objects:
                errors = [{"Key": item["Key"], "Code": "AccessDenied", "Message": "Access Denied"} for item in objects]
                return {"Errors": errors}
        if name in names:
            raise ClientError({"Error": {"Code": names.code, "Message": "Access Denied"}}, name)
        return call(self, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    return names


@pytest.fixture
def two_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_of_an_old_plan_no_version_is_left(store: Any, tmp_path: Path, two_kept: None) -> None:
    ids = [f"20261125T1000{number:02}Z-aaaaaa" for number in range(4)]
    store("saved", plan_id=ids[0])
    # An earlier release has only hidden it.
    for name in (MANIFEST, "s3.tfplan"):
        client().delete_object(Bucket="states", Key=f"{tmp_path.name}/dev/plans/{ids[0]}/{name}")
    for plan_id in ids[1:3]:
        store("saved", plan_id=plan_id)
    assert {plan_id for plan_id, _ in versions(tmp_path)} == set(ids[:3])
    assert "warnings" not in store("saved", plan_id=ids[3])
    assert {plan_id for plan_id, _ in versions(tmp_path)} == set(ids[2:])
    assert not any(marker for _, marker in versions(tmp_path))
    assert "msg" not in store("fetched", plan_id=ids[2])


@pytest.mark.parametrize("store", ["s3"], indirect=True)
@pytest.mark.parametrize("call", ["ListObjectVersions", "DeleteObjects", "DeleteObjectVersion"])
def test_without_the_right_to_remove_versions_the_plan_is_saved(
    store: Any, tmp_path: Path, denied: Names, two_kept: None, call: str
) -> None:
    ids = [f"20261125T1000{number:02}Z-aaaaaa" for number in range(3)]
    for plan_id in ids[:2]:
        store("saved", plan_id=plan_id)
    denied.add(call)
    saved = store("saved", plan_id=ids[2])
    (warning,) = saved["warnings"]
    assert warning.startswith(
        f"plans older than the 2 newest are still in s3://states/{tmp_path.name}/dev/plans/, and hold secrets: allow this "
        "account s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion there (An error occurred (AccessDenied)"
    )
    assert store("fetched")["plan_id"] == ids[2]
    if call != "DeleteObjects":
        assert "there is no such plan" in store("fetched", plan_id=ids[0])["msg"]
    # With the right they go.
    denied.clear()
    assert "warnings" not in store("saved", plan_id="20261125T100003Z-aaaaaa")
    assert {plan_id for plan_id, _ in versions(tmp_path)} == {ids[2], "20261125T100003Z-aaaaaa"}


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_another_failure_is_told_as_before(store: Any, denied: Names, two_kept: None) -> None:
    for number in range(2):
        store("saved", plan_id=f"20261125T1000{number:02}Z-aaaaaa")
    denied.add("ListObjectVersions")
    denied.code = "InternalError"
    assert "cannot be used for plans" in store("saved", plan_id="20261125T100002Z-aaaaaa")["msg"]


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_plan_that_may_not_be_read(store: Any, denied: Names, operation: str) -> None:
    store("saved")
    denied.add(operation)
    sentence = store("fetched")["msg"]
    assert sentence.startswith("s3://states/")
    assert (
        f"cannot be used for plans: An error occurred (AccessDenied) when calling the {operation} operation" in sentence
    )
    assert sentence.endswith(
        f"use the credentials of account {ACCOUNT}, and a role that may plan or apply, as playbooks/bootstrap.yml makes them"
    )


def test_no_plan(store: Any) -> None:
    sentence = store("fetched")["msg"]
    assert sentence.startswith("there is no saved plan in ")
    assert "(none is saved): run playbooks/plan.yml" in sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sha256": "0" * 64}, f"site_builder_plan_sha256 is {'0' * 64}, but the plan 20261125T100000Z-aaaaaa has "),
        ({"facts": FACTS | {"environment": "prod"}}, "is for the environment 'dev', and this run is for 'prod'"),
        ({"facts": FACTS | {"commit": "beef"}}, "was made from commit c0ffee, and this checkout is at beef"),
        ({"facts": FACTS | {"target": "local"}}, "is for the target 'aws', and this run is for 'local'"),
        ({"facts": FACTS | {"created": "2026-11-26T10:00:01Z"}}, "is 86401 s old, and site_builder_plan_max_age is 86400 s"),
        ({"facts": FACTS | {"terraform_version": "1.12.0"}}, "was made by Terraform 1.11.4, and this is 1.12.0"),
        ({"stacks": {"s3": STACK, "iam": STACK}}, "does not hold iam: leave it out with --limit"),
        ({"stacks": {"s3": STACK | {"tfvars_sha256": "other"}}}, "the variables of s3 are not those of the plan"),
        ({"stacks": {"s3": STACK | {"serial": 4}}}, "the state of s3 has changed since the plan 20261125T100000Z-aaaaaa was made (serial 3 then, 4 now)"),
        ({"stacks": {"s3": STACK | {"lineage": "other"}}}, "the state of s3 has changed"),
        ({"stacks": {"s3": STACK | {"interrupted": "a mark"}}}, "an apply of s3 was interrupted since the plan 20261125T100000Z-aaaaaa was made"),
    ],
)  # fmt: skip
def test_refusals(store: Any, options: dict[str, Any], sentence: str) -> None:
    store("saved")
    refused = store("fetched", **options)
    assert sentence in refused["msg"]
    assert not refused["run_dir"].exists()


def test_a_plan_that_has_looked_for_what_was_lost(store: Any) -> None:
    stack = STACK | {"interrupted": "a mark"}
    run = {"stacks": {"s3": stack | {"plan": PLAN}}}
    store("saved", **run)
    assert "msg" not in store("fetched", stacks={"s3": stack})
    # Another run has settled it, without a change of the state.
    assert "msg" not in store("fetched", stacks={"s3": STACK})
    assert "was interrupted since" in store("fetched", stacks={"s3": stack | {"interrupted": "another one"}})["msg"]


@pytest.mark.parametrize("name", ["s3.tfplan", "plan.html", "plan.md", "plan.json"])
def test_a_file_that_was_changed_or_lost(store: Any, name: str) -> None:
    """One hash, the manifest's, stands for all of them."""
    saved = store("saved")
    keep = place(store, saved)
    keep.write(saved["plan_id"], name, b"another")
    assert f"the file {name} of the plan {saved['plan_id']} is not the one that was saved" in store("fetched")["msg"]
    if store.kind == "local":
        (Path(saved["folder"]) / name).unlink()
    else:
        client().delete_object(Bucket="states", Key=f"{store.tmp_path.name}/dev/plans/{saved['plan_id']}/{name}")
    assert f"has lost its file {name} in" in store("fetched")["msg"]


def place(store: Any, saved: dict[str, Any]) -> Any:
    if store.kind == "local":
        return stores.Folder(Path(saved["folder"]).parent)
    return stores.Bucket(client(), "states", f"{store.tmp_path.name}/dev", ACCOUNT)


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_plan_in_s3_is_applied_with_its_hash_only(store: Any) -> None:
    saved = store("saved")
    refused = store("fetched", sha256="")["msg"]
    assert refused.startswith("site_builder_plan_sha256 is empty, and whoever may write to s3://states/")
    assert "the SHA-256 that playbooks/plan.yml has printed" in refused
    assert "msg" not in store("fetched", sha256=saved["sha256"])


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_plan_that_has_not_left_this_machine_needs_no_hash(store: Any) -> None:
    store("saved")
    assert "msg" not in store("fetched", sha256="")


def change(manifest: Any, path: str, value: Any) -> Any:
    *way, last = path.split("|")
    inside = manifest
    for step in way:
        inside = inside[step]
    inside[last] = value
    return manifest


@pytest.mark.parametrize("store", ["local"], indirect=True)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (lambda m: "{", "cannot be read"),
        (lambda m: "[]", "cannot be read"),
        (lambda m: "[" * 100_000, "cannot be read"),
        (lambda m: json.dumps(change(m, "format", 1)), "has the format 1, and this release writes 2"),
        (lambda m: json.dumps(change(m, "id", "20261125T090000Z-other")), "is that of another plan"),
        (lambda m: json.dumps(change(m, "created", "never")), "cannot be read"),
        (lambda m: json.dumps(change(m, "created", None)), "cannot be read"),
        (lambda m: json.dumps(change(m, "stacks", [])), "cannot be read"),
        (lambda m: json.dumps(change(m, "stacks|s3|plan", {})), "cannot be read"),
        (lambda m: json.dumps(change(m, "stacks|s3|plan|counts", {"created": "1"})), "cannot be read"),
        (lambda m: json.dumps(change(m, "stacks|s3|plan|actions", ["x"])), "cannot be read"),
        (lambda m: json.dumps(change(m, "stacks|s3|plan|has_changes", False)), "does not list the files of the plan"),
        (lambda m: json.dumps(change(m, "files|../../x", "0" * 64)), "does not list the files of the plan"),
        (lambda m: json.dumps(change(m, "files|plan.md", "x")), "cannot be read"),
    ],
)
def test_a_manifest_that_is_not_ours(store: Any, text: Callable[[Any], str], problem: str) -> None:
    saved = store("saved")
    file = Path(saved["folder"]) / "manifest.json"
    file.write_text(text(json.loads(file.read_text())))
    refused = store("fetched", sha256="")
    assert refused["msg"] == f"the manifest of the plan {saved['plan_id']} {problem}: run playbooks/plan.yml again"
    assert not refused["run_dir"].exists()


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_a_bucket_of_another_account(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    call = BaseClient._make_api_call

    def listen(self: Any, name: str, arguments: dict[str, Any]) -> Any:
        asked.append((name, arguments.get("ExpectedBucketOwner")))
        return call(self, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", listen)
    monkeypatch.setattr(module, "KEPT", 1)
    for number in range(2):
        store("saved", plan_id=f"20261125T10000{number}Z-aaaaaa")
    store("fetched")
    assert {name for name, _ in asked} >= {
        "PutObject",
        "GetObject",
        "ListObjectsV2",
        "ListObjectVersions",
        "DeleteObjects",
    }
    assert {owner for _, owner in asked} == {ACCOUNT}


def test_check_mode_writes_nothing(store: Any) -> None:
    saved = store("saved", _ansible_check_mode=True)
    assert "msg" not in saved
    assert not Path(saved["folder"]).exists()
    assert "there is no saved plan" in store("fetched")["msg"]


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_where_a_browser_finds_the_page(store: Any) -> None:
    assert "page" not in store("saved")
    key = f"{store.tmp_path.name}/dev/plans/20261125T100000Z-aaaaaa/plan.html"
    console = urlsplit(store("saved", page_url="console")["page"])
    assert (console.netloc, console.path) == ("eu-west-1.console.aws.amazon.com", "/s3/object/states")
    assert parse_qs(console.query) == {"region": ["eu-west-1"], "prefix": [key]}
    page = store("saved", page_url="presigned")["page"]
    # By version 4, and where the bucket is: what boto3 does by itself, a bucket of today refuses.
    assert parse_qs(urlsplit(page).query)["X-Amz-Expires"] == ["3600"]
    assert urlsplit(page).netloc == "states.s3.eu-west-1.amazonaws.com"
    # A browser sends no headers of ours, so that none may be signed.
    answer = requests.get(page, timeout=10)
    assert (answer.status_code, answer.text) == (200, DOCUMENTS["plan.html"])
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "x-amz-expected-bucket-owner" not in page.lower()


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_folder_has_no_address(store: Any) -> None:
    assert "page" not in store("saved", page_url="console")


@pytest.mark.parametrize(
    ("region", "console"),
    [("cn-north-1", "console.amazonaws.cn"), ("us-gov-west-1", "console.amazonaws-us-gov.com")],
)
def test_other_partitions_have_consoles_of_their_own(region: str, console: str) -> None:
    assert stores.console_of(region) == console


EARLIER, LATER = "20261125T090000Z-aaaaaa", "20261125T100000Z-bbbbbb"


def test_an_approval_that_went_stale_is_named_by_the_next_plan(store: Any) -> None:
    assert store("saved", plan_id=EARLIER)["stale"] == ""
    # It could still be applied, and so there is nothing to say.
    assert store("saved", plan_id=LATER)["stale"] == ""
    moved = store("saved", plan_id=f"{LATER}b", facts={**FACTS, "commit": "decade"})["stale"]
    assert moved.startswith(f"the plan {LATER} was made from commit c0ffee, and this checkout is at decade")
    old = store("saved", plan_id=f"{LATER}c", facts={**FACTS, "commit": "decade", "created": "2026-11-27T10:00:00Z"})
    assert old["stale"].startswith(f"the plan {LATER}b is 172800 s old")


def test_a_plan_that_was_applied_is_not_stale(store: Any) -> None:
    store("saved", plan_id=EARLIER)
    later = {**FACTS, "commit": "decade"}
    applied = {"s3": {**STACK, "serial": 4, "plan": PLAN}}
    assert store("saved", plan_id=LATER, facts=later, stacks=applied)["stale"] == ""
    # Nor is one in which there was nothing to apply.
    nothing = {"s3": {**STACK, "serial": 4, "plan": {**PLAN, "has_changes": False}}}
    store("saved", plan_id=f"{LATER}b", facts=later, stacks=nothing)
    assert store("saved", plan_id=f"{LATER}c", facts=FACTS, stacks=nothing)["stale"] == ""
