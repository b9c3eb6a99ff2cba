"""Why Terraform failed, in a sentence, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.diagnostics import (
    apply_verdict,
    checkov_reason,
    error_reason,
)

RECORDED = Path(__file__).parent / "recorded"
LOCK_ID = "79fd6ca7-c29e-a1cf-1257-ab9fe84ed224"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def aws_error(detail: str) -> str:
    line = {
        "@level": "error",
        "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": "no", "detail": detail},
    }
    return json.dumps(line, separators=(",", ":"))


def failed_plan(out: str = "", err: str = "") -> dict[str, str]:
    """A failed plan, as community.general.terraform returns it."""
    return {"msg": f"Terraform plan could not be created\nSTDOUT: {out}\nSTDERR: {err}\nCOMMAND: terraform plan"}


@pytest.mark.parametrize(
    "result",
    [
        failed_plan(recorded("lock.jsonl")),
        {"msg": "", "stdout": recorded("lock.jsonl"), "stderr": ""},
        {"msg": recorded("lock.txt")},
        # As on a terminal.
        {"stderr": "╷\n" + "".join(f"│ {line}\n" for line in recorded("lock.txt").splitlines()) + "╵\n"},
    ],
)
def test_lock_is_told_with_its_holder_and_the_way_out(result: dict) -> None:
    assert error_reason(result) == (
        "the state terraform.tfstate is locked by ci@runner since 2026-11-25 11:12:41.783144738 +0000 UTC "
        f"(OperationTypeApply, lock id {LOCK_ID}): wait for that run to end and run again; "
        f"if it is dead, run playbooks/unlock.yml with -e site_builder_lock_id={LOCK_ID}"
    )


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (
            failed_plan(recorded("plan_invalid.jsonl")),
            'Reference to undeclared input variable. An input variable with the name "missing" has not been declared. '
            'This variable can be declared with a variable "missing" {} block; '
            'Reference to undeclared local value. A local value with the name "absent" has not been declared',
        ),
        (
            {"msg": "", "stdout": recorded("apply_failed.jsonl")},
            "terraform_data.fails: local-exec provisioner error. Error running command 'echo 'not allowed' >&2; "
            "exit 3': exit status 3. Output: not allowed",
        ),
        (
            {"msg": recorded("init_error.txt"), "stdout": None},
            "Failed to query available provider packages. Could not retrieve the list of available versions for "
            "provider example.com/none/aws: provider example.com/none/aws was not found in any of the search locations "
            "- /srv/mirror",
        ),
        (
            {"stdout": recorded("stale.jsonl")},
            "the saved plan is stale, the state has changed since it was made: plan again",
        ),
        (
            {"msg": "Error acquiring the state lock"},
            "the state is locked by another run: wait for it to end and run again",
        ),
        (
            # Recorded from Terraform 1.11.4 with -lock-timeout=20s; it took no second.
            failed_plan(recorded("lock_gone.jsonl")),
            "the state is locked by another run: wait for it to end and run again",
        ),
        (
            {"msg": recorded("lock_denied.txt")},
            "the lock of the state cannot be taken: operation error S3: PutObject, https response error StatusCode: 403, RequestID: "
            "local-aws-refusal, HostID: , api error AccessDenied: User: arn:aws:sts::123456789012:assumed-role/local/local is not "
            "authorized to perform: s3:PutObject because no identity-based policy allows the s3:PutObject action unable to retrieve "
            "file from S3 bucket 'b' with key 'k.tflock': operation error S3: GetObject, https response error StatusCode: 404, "
            "RequestID: , HostID: , NoSuchKey:",
        ),
        ({"stderr": "╷\n│ Error: Bad\n│ \n│ Very bad.\n╵\nmore"}, "Bad. Very bad"),
        ({"msg": "no\nterraform"}, "no terraform"),
        (
            {"rc": -9, "msg": "", "stdout": '{"@level":"info"}'},
            "Terraform was killed (signal 9), which the system does when memory runs out: run again, after a look at why",
        ),
        ({}, "Terraform failed without a message (exit code unknown)"),
    ],
)
def test_reason(result: dict, reason: str) -> None:
    assert error_reason(result) == reason


def test_reason_tells_each_error_once() -> None:
    out = recorded("apply_failed.jsonl")
    assert error_reason({"stdout": out + out}) == error_reason({"stdout": out})


def test_reason_of_plain_text_stays_short() -> None:
    assert len(error_reason({"msg": "Error: x\n" + "y" * 5000})) <= 600
    assert len(error_reason({"msg": "x" * 5000})) <= 600


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ({"outputs": {}}, "done"),
        ({"stdout": recorded("stale.jsonl")}, "again"),
        ({"stdout": recorded("lock_gone.jsonl"), "rc": 1}, "again"),
        ({"stdout": recorded("lock.jsonl"), "rc": 1}, "failed"),
        ({"stdout": aws_error("operation error IAM: CreateRole, api error Throttling: Rate exceeded")}, "again"),
        ({"stdout": aws_error("api error EntityAlreadyExists: Role with name x already exists")}, "exists"),
        ({"stdout": aws_error("Plugin did not respond")}, "adopt"),
        # Asked, and no answer: AWS may have created it.
        (
            {
                "stdout": aws_error(
                    "operation error DynamoDB: CreateTable, StatusCode: 0, request send failed, Post: EOF"
                )
            },
            "adopt",
        ),
        ({"stdout": aws_error("read tcp 10.0.0.1:4711->10.0.0.2:443: read: connection reset by peer")}, "adopt"),
        ({"stdout": recorded("apply_failed.jsonl"), "rc": 1}, "failed"),
        # Killed by the system, out of memory as a rule.
        ({"stdout": "", "rc": -9}, "lost"),
        ({"stdout": aws_error("Failed to persist state to backend"), "rc": 1}, "lost"),
    ],
)
def test_what_to_do_after_an_apply(result: dict, verdict: str) -> None:
    assert apply_verdict(result) == verdict


class TestCheckov:
    def test_findings(self) -> None:
        found = [{"check_id": "CKV_AWS_1", "resource": "a.b"}, {"check_id": "CKV_AWS_1", "resource": "a.b"}]
        reason = checkov_reason({"stdout": json.dumps({"results": {"failed_checks": found}})})
        assert reason.startswith("checkov refuses the plan: CKV_AWS_1 (a.b); mend it")

    @pytest.mark.parametrize("said", [{"results": {"failed_checks": []}}, {"passed": 0, "failed": 0}])
    def test_nothing_found(self, said: dict) -> None:
        assert checkov_reason({"stdout": json.dumps(said)}) == ""

    def test_it_did_not_run(self) -> None:
        assert "checkov could not check the plan: no such file" in checkov_reason({"msg": "no such file"})


def errored(address: str, id_value: str = "") -> str:
    hook = {"resource": {"addr": address}, "action": "delete"}
    start = {"@level": "info", "type": "apply_start", "hook": {**hook, "id_key": "id", "id_value": id_value}}
    return (
        json.dumps(start, separators=(",", ":"))
        + "\n"
        + json.dumps({"@level": "error", "type": "apply_errored", "hook": hook}, separators=(",", ":"))
    )


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [
        (["module.a.aws_kms_key.this"], "module.a.aws_kms_key.this: no. deleting KMS Key (1b): denied"),
        (["a.b", "c.d"], "no. deleting KMS Key (1b): denied; not done: a.b, c.d"),
    ],
)
def test_what_could_not_be_deleted_is_named_by_its_address(addresses: list[str], reason: str) -> None:
    """Terraform's own diagnostic of it has none."""
    lines = [*map(errored, addresses), aws_error("deleting KMS Key (1b): denied")]
    assert error_reason({"stdout": "\n".join(lines)}) == reason


def test_each_of_several_is_known_by_its_id() -> None:
    lines = [errored("a.b", "x-1"), errored("c.d", "x-1-GET"), errored("e.f", "")]
    lines += [aws_error(f"deleting Method ({name}): denied") for name in ("x-1-GET", "x-1", "other")]
    assert error_reason({"stdout": "\n".join(lines)}) == (
        "c.d: no. deleting Method (x-1-GET): denied; a.b: no. deleting Method (x-1): denied; e.f: no. deleting Method (other): denied"
    )
