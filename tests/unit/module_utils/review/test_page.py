"""The page of a plan, read as a parser reads it. What a browser makes of it: tests/browser."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review import page
from ansible_collections.bbws.site_builder.plugins.module_utils.review.page import page_view
from ansible_collections.bbws.site_builder.plugins.module_utils.review.render import plan_page
from ansible_collections.bbws.site_builder.plugins.module_utils.review.text import visible
from hypothesis import given, settings

from .reports import TEXTS, Reader, full, report, resource, stack


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_no_text_becomes_markup(text: str) -> None:
    page = plan_page(full(text))
    page.encode()
    read = Reader(page)
    assert read.shape == Reader(plan_page(full("benign" + "\n" * text.count("\n")))).shape
    visible = "".join(c for c in text if c.isprintable())
    if visible == text:
        assert text in read.text


def test_what_cannot_be_seen_is_spelled_out() -> None:
    """A bidi override would let a reviewer read another name than the one that is there."""
    text = Reader(plan_page(report(stack("a\u202eb\u200bc\x00d\ud800e\u00adf")))).text
    assert "a\\u202eb\\u200bc\\u0000d\\ud800e\\u00adf" in text
    assert visible("a\nb\tc é 漢 😀") == "a\nb\tc é 漢 😀"


def test_nothing_is_loaded_and_only_the_search_runs() -> None:
    page = plan_page(full("x"))
    style, script = (
        b64encode(sha256(re.search(f"<{tag}>(.*)</{tag}>", page, re.DOTALL)[1].encode()).digest()).decode()
        for tag in ("style", "script")
    )
    assert f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'" in page
    shapes = [shape[0] for shape in Reader(page).shape]
    assert set(shapes).isdisjoint({"link", "img", "iframe", "object", "form", "base"})
    assert shapes.count("script") == 1
    assert not re.search(r"""\b(src|style|on\w+)=|url\(|@import|https?:""", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}


def test_header() -> None:
    facts = {
        "account_id": "123456789012",
        "created": "2026-11-25T13:30:42.104233Z",
        "expires": "2026-11-26T13:30:42+00:00",
        "replica_region": None,
        "target": "local",
    }
    text = Reader(plan_page(report(stack(), **facts))).text
    assert text.count("Plan for shop in dev") == 2
    assert (
        "Account123456789012Targetlocal (an AWS embedded in the machine, not a real account)Created2026-11-25 13:30:42 UTCValid until2026-11-26 13:30:42 UTC"
        in text
    )
    assert "Replica" not in text


def test_sum() -> None:
    one = stack(counts={"created": 2, "updated": 0, "replaced": 0, "deleted": 1})
    two = stack("iam", counts={"created": 1, "updated": 3, "replaced": 0, "deleted": 0})
    assert "+ 3 to create, ~ 3 to update, \u2212 1 to delete" in Reader(plan_page(report(one, two))).text
    assert "No resource changes" in Reader(plan_page(report(stack(result="unchanged")))).text


def test_findings() -> None:
    table = resource("delete", address="aws_dynamodb_table.this")
    bad = stack(resources=[table], stateful=["aws_dynamodb_table.this"], upstream_assumed=["dynamodb", "kms"])
    text = Reader(plan_page(report(bad, stack("iam", result="skipped", reason="waits for s3"), dirty=True))).text
    for sentence in (
        "Data is lost: s3 deletes aws_dynamodb_table.this.",
        "iam (skipped): waits for s3",
        "The checkout had changes that were not committed",
        "s3 was planned with the names and ARNs that dynamodb and kms will have (not deployed yet).",
    ):
        assert sentence in text
    assert "Nothing that holds data" not in text
    assert "Nothing that holds data is deleted or replaced." in Reader(plan_page(report(stack()))).text


def test_no_stack() -> None:
    assert "No resource changes" in Reader(plan_page(report())).text


def test_stack_without_changes() -> None:
    text = Reader(plan_page(report(stack(result="unchanged", depends_on=["kms", "iam"])))).text
    assert "s3 = no changesNeeds kms, iam.No changes." in text


def test_outputs_only() -> None:
    text = Reader(plan_page(report(stack(outputs=[{"name": "buckets", "action": "create"}])))).text
    assert "s3 state or outputsOutputs that change: buckets (create)." in text


def test_the_gravest_comes_first_and_lies_open() -> None:
    actions = ["create", "read", "move", "update", "delete", "import", "replace", "remove", "create+forget"]
    table = "aws_dynamodb_table.this"
    told = stack(resources=[resource(action, ("a", 1, 2), address=table) for action in actions], stateful=[table])
    page = plan_page(report(told))
    assert re.findall("<h4>(.*?)</h4>", page) == [
        "Delete (1)",
        "Replace (1)",
        "Update (1)",
        "Create (1)",
        "Import into the state (1)",
        "Move within the state (1)",
        "Remove from the state, and leave in AWS (1)",
        "Read during the apply (1)",
        "create+forget (1)",
    ]
    assert re.findall('<details id="r0-\\d" data-resource( open)?>', page) == [" open"] * 3 + [""] + [" open"] * 3 + [
        "",
        " open",
    ]
    assert page.count('<details class="group ') == len(re.findall('<details class="group [a-z]+" open>', page)) == 9


@pytest.mark.parametrize(
    ("action", "changes", "told"),
    [
        (
            "create",
            [("arn", None, "(known after apply)"), ("id", None, "(known after apply)"), ("n", None, "v")],
            "AttributeValuenvKnown after apply: arn, id",
        ),
        ("create", [("id", None, "(known after apply)")], "aws_thing.thisKnown after apply: id"),
        ("update", [("v", 1, "(known after apply)")], "AttributeBeforeAfterv1(known after apply)"),
        (
            "update",
            [("on", False, True), ("s", "", "(masked)"), ("x", None, {"k": ["ü"]})],
            'onfalsetrues""(masked)xnone{\n  "k": [\n    "ü"\n  ]\n}',
        ),
        ("replace", [("forcing", "a", "b")], "forcing forces replacementab"),
        ("delete", [("name", "n", None)], "AttributeValuenamen"),
        ("update", [], "~ aws_thing.this"),
    ],
)
def test_changes(action: str, changes: list[tuple[str, Any, Any]], told: str) -> None:
    assert told in Reader(plan_page(report(stack(resources=[resource(action, *changes)])))).text


class TestOpen:
    """How much lies open before anybody has opened anything."""

    @staticmethod
    def opened(*resources: dict[str, Any], stateful: tuple[str, ...] = ()) -> list[tuple[bool, list[bool]]]:
        (told,) = page_view(report(stack(resources=list(resources), stateful=list(stateful))))["stacks"]
        return [(group["open"], [item["open"] for item in group["resources"]]) for group in told["groups"]]

    def test_a_small_plan_does(self) -> None:
        assert self.opened(*[resource("update", ("a", 1, 2))] * 40) == [(True, [True] * 40)]

    def test_of_a_large_one_the_gravest(self) -> None:
        table = resource("delete", ("a", 1, None), address="t")
        told = self.opened(*[resource("update", ("a", 1, 2))] * 400, table, stateful=("t",))
        assert told == [(True, [True]), (False, [False] * 400)]

    def test_not_a_delete_without_data_nor_what_is_routine(self) -> None:
        deployment = {**resource("replace", ("triggers", 1, 2)), "type": "aws_api_gateway_deployment"}
        assert self.opened(resource("delete", ("a", 1, None)), deployment) == [(True, [False]), (True, [False])]
        assert (
            "aws_thing.this routine: the API is published anew"
            in Reader(plan_page(report(stack(resources=[deployment])))).text
        )

    def test_not_what_is_longer_than_the_page(self) -> None:
        long = resource("update", *[(f"a{n}", 1, 2) for n in range(300)])
        assert self.opened(long, resource("update", ("a", 1, 2))) == [(True, [False, True])]


def test_of_a_huge_plan_what_is_new_is_told_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ATTRIBUTES", 3)
    table = resource("delete", ("a", 1, None), address="t")
    made = [resource("create", ("a", None, 1), ("b", None, 2), address=f"m{number}") for number in range(3)]
    changed = resource("update", ("c", 1, 2), ("d", 1, 2), address="u")
    told = report(stack(resources=[*made, changed, table], stateful=["t"]))
    (groups,) = [one["groups"] for one in page_view(told)["stacks"]]
    rows = {item["address"]: len(item["rows"]) for group in groups for item in group["resources"]}
    # What is changed, or lost, is told however large the plan.
    assert rows == {"t": 1, "u": 2, "m0": 2, "m1": 0, "m2": 0}
    assert [group["bare"] for group in groups] == [0, 0, 2]
    text = Reader(plan_page(told)).text
    assert "The attributes of 2 of them are in plan.json alone" in text
    assert "+ m2" in text
