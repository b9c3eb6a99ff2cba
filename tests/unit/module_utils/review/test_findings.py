"""What stands at the top of the documents for reviewers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.findings import findings
from ansible_collections.bbws.site_builder.plugins.module_utils.review.page import SHOWN, page_view
from ansible_collections.bbws.site_builder.plugins.module_utils.review.render import plan_page

from .reports import Reader, report, resource, stack


def said(told: dict[str, Any]) -> list[str]:
    return ["".join(part["text"] for part in item) for kind in findings(told) for item in kind["items"]]


def method(action: str, address: str = 'aws_api_gateway_method.this["GET /x"]', **after: Any) -> dict[str, Any]:
    changes = [(path, None, value) for path, value in after.items()]
    return {**resource(action, *changes, address=address), "type": "aws_api_gateway_method"}


def test_in_order_of_gravity() -> None:
    wide = {**resource("update", address="aws_iam_policy.this"), "widening": ["allows s3:* on *", "no longer denies x"]}
    drift = [
        {"address": "x.a", "action": "updated", "changes": [{"path": "tags.Owner"}, {"path": "policy"}]},
        {"address": "x.b", "action": "deleted", "changes": []},
    ]
    warnings = [
        {"address": "check.c", "summary": "Check block assertion failed", "detail": "the topic has no subscriber."},
        {"address": "", "summary": "Deprecated", "detail": ""},
    ]
    first = stack(
        resources=[resource("replace", address="x.t"), wide, method("create", authorization="NONE")],
        stateful=["x.t"],
        drift=drift,
        warnings=warnings,
        upstream_assumed=["dynamodb"],
    )
    told = report(first, stack("iam", result="failed", reason="no"), dirty=True)
    assert said(told) == [
        "Data is lost: s3 replaces x.t.",
        "iam (failed): no",
        "Changed outside Terraform: in s3, x.a was updated (tags.Owner, policy), and the plan takes that back.",
        "Changed outside Terraform: in s3, x.b was deleted, and the plan takes that back.",
        "More is allowed: in s3, aws_iam_policy.this allows s3:* on *.",
        "More is allowed: in s3, aws_iam_policy.this no longer denies x.",
        'Anybody may call it: in s3, aws_api_gateway_method.this["GET /x"] has no authorization.',
        "Terraform warns in s3 for check.c: Check block assertion failed. the topic has no subscriber.",
        "Terraform warns in s3: Deprecated.",
        "The checkout had changes that were not committed, so the commit alone does not say what was planned.",
        "s3 was planned with the names and ARNs that dynamodb will have (not deployed yet).",
    ]
    assert [kind["tone"] for kind in findings(told)] == [
        "deleted",
        "failed",
        "replaced",
        "replaced",
        "updated",
        "updated",
        "updated",
        "",
    ]


@pytest.mark.parametrize(
    ("told", "sentences"),
    [
        (method("create", authorization="NONE", http_method="OPTIONS"), 0),
        (method("create", authorization="AWS_IAM"), 0),
        (method("update", http_method="GET"), 0),
        (method("delete", authorization=None), 0),
        (method("update", authorization="NONE"), 1),
        (method("update", 'aws_api_gateway_method.options["/x"]', authorization="NONE", http_method="OPTIONS"), 0),
    ],
)
def test_routes_without_authorization(told: dict[str, Any], sentences: int) -> None:
    assert len(said(report(stack(resources=[told])))) == sentences


def test_a_route_with_a_key() -> None:
    told = method("create", authorization="NONE", api_key_required=True)
    assert said(report(stack(resources=[told])))[0].endswith(" has no authorization (an API key is required).")


def test_many_of_a_kind_are_folded_and_each_leads_to_its_resource() -> None:
    lost = [resource("delete", address=f"x.{n}") for n in range(SHOWN + 3)]
    told = report(stack("a"), stack(resources=lost, stateful=[*(item["address"] for item in lost), "x.unknown"]))
    (kind,) = page_view(told)["findings"]
    assert (len(kind["shown"]), len(kind["folded"])) == (SHOWN, 4)
    anchors = [part["anchor"] for item in [*kind["shown"], *kind["folded"]] for part in item if part["as"] == "code"]
    assert anchors == [*(f"r1-{n}" for n in range(SHOWN + 3)), ""]
    page = plan_page(told)
    assert page.count('href="#r1-') == page.count('<p id="r1-') == SHOWN + 3
    assert "and 4 more of these" in Reader(page).text
