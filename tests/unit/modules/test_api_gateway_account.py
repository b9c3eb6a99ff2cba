"""A role is set where there is none, waited for while IAM spreads it, and never replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.modules import api_gateway_account as module
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/api-gateway-logs"


class Account:
    """API Gateway's settings of an account, which takes a role after `refusals` attempts."""

    def __init__(self, role: str | None = None, refusals: int = 0, code: str = "BadRequestException") -> None:
        self.role, self.refusals, self.code = role, refusals, code

    def get_account(self) -> dict[str, Any]:
        return {"cloudwatchRoleArn": self.role} if self.role else {}

    def update_account(self, patchOperations: list[dict[str, str]]) -> None:  # noqa: N803 - boto3's name
        self.refusals -= 1
        if self.refusals >= 0:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "UpdateAccount")
        self.role = patchOperations[0]["value"]


@pytest.fixture
def call(run_module: Callable[..., dict], monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict]:
    def called(account: Account, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr(module.AnsibleAWSModule, "client", lambda _self, _service: account)
        monkeypatch.setattr(module.time, "sleep", lambda _seconds: None)
        return run_module(module, region="eu-west-1", **options)

    return called


@pytest.mark.parametrize("role", ["", "arn:aws:iam::123456789012:role/other"])
def test_only_read(call: Callable[..., dict], role: str) -> None:
    result = call(Account(role))
    assert (result["changed"], result["cloudwatch_role_arn"]) == (False, role)


def test_set_where_there_is_none_once_iam_knows_it(call: Callable[..., dict]) -> None:
    account = Account(refusals=2)
    result = call(account, cloudwatch_role_arn=ROLE)
    assert (result["changed"], result["cloudwatch_role_arn"], account.role) == (True, ROLE, ROLE)
    assert call(account, cloudwatch_role_arn=ROLE)["changed"] is False


def test_another_one_stays(call: Callable[..., dict]) -> None:
    account = Account("arn:aws:iam::123456789012:role/other")
    assert call(account, cloudwatch_role_arn=ROLE)["changed"] is False
    assert account.role == "arn:aws:iam::123456789012:role/other"


def test_check_mode_sets_nothing(call: Callable[..., dict]) -> None:
    account = Account()
    assert call(account, cloudwatch_role_arn=ROLE, _ansible_check_mode=True)["changed"] is True
    assert account.role is None


@pytest.mark.parametrize("account", [Account(refusals=9), Account(refusals=1, code="AccessDeniedException")])
def test_what_does_not_pass_is_said(call: Callable[..., dict], account: Account) -> None:
    result = call(account, cloudwatch_role_arn=ROLE, timeout=0)
    assert result["failed"]
    assert "the API Gateway settings of this account and region cannot be read or set" in result["msg"]
