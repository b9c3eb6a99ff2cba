"""The page of a plan, read as a parser reads it. What a browser makes of it: tests/browser."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.graph import graph
from ansible_collections.bbws.site_builder.plugins.module_utils.review.markup import element, markup
from ansible_collections.bbws.site_builder.plugins.module_utils.review.page import plan_page
from hypothesis import given, settings
from hypothesis import strategies as st


class Reader(HTMLParser):
    """The shape of a page (tags and names of attributes, in order) and its text; a tag left open is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shape: list[tuple[str, ...]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *(name for name, _ in attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def stack(name: str = "s3", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "depends_on": [],
        "wave": 0,
        "result": "planned",
        "reason": "",
        "counts": {"created": 0, "updated": 0, "replaced": 0, "deleted": 0},
        "stateful": [],
        "upstream_assumed": [],
        "resources": [],
        "outputs": [],
        **more,
    }


def report(*stacks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"service": "shop", "environment": "dev", "stacks": list(stacks), **more}


def resource(
    action: str, *changes: tuple[str, Any, Any], address: str = "aws_thing.this", reason: str = ""
) -> dict[str, Any]:
    told = [
        {"path": path, "before": before, "after": after, "forces_replacement": path == "forcing"}
        for path, before, after in changes
    ]
    return {"address": address, "module": "", "type": "aws_thing", "action": action, "reason": reason, "changes": told}


def full(text: str) -> dict[str, Any]:
    """A report with `text` in every place that holds a text."""
    changes = [(text, None, text), (text + "2", text, [text]), (text + "3", {text: text}, 1)]
    resources = [
        resource(action, *changes, address=text, reason=text)
        for action in ("create", "update", "replace", "delete", text, "read")
    ]
    facts = (
        "account_id",
        "region",
        "replica_region",
        "target",
        "id",
        "sha256",
        "commit",
        "created",
        "expires",
        "created_by",
        "terraform_version",
    )
    return report(
        stack(
            text,
            resources=resources,
            stateful=[text],
            upstream_assumed=[text],
            outputs=[{"name": text, "action": text}],
            reason=text,
        ),
        stack(text + "2", depends_on=[text], wave=1, result="failed", reason=text),
        **dict.fromkeys(facts, text),
        dirty=True,
        **{"service": text, "environment": text},
    )


# Nothing that the page itself knows a meaning of.
texts = st.text(min_size=1).filter(
    lambda text: text not in ("local", "create", "delete", "replace", "update", "import", "move", "remove", "read")
)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_no_text_becomes_markup(text: str) -> None:
    page = plan_page(full(text))
    page.encode()
    read = Reader(page)
    assert read.shape == Reader(plan_page(full("benign"))).shape
    visible = "".join(c for c in text if c.isprintable())
    if visible == text:
        assert text in read.text


def test_what_cannot_be_seen_is_spelled_out() -> None:
    """A bidi override would let a reviewer read another name than the one that is there."""
    text = Reader(plan_page(report(stack("a\u202eb\u200bc\x00d\ud800e\u00adf")))).text
    assert "a\\u202eb\\u200bc\\u0000d\\ud800e\\u00adf" in text
    assert markup("a\nb\tc é 漢 😀") == "a\nb\tc é 漢 😀"


def test_markup() -> None:
    assert element(
        "a", "<", ["&", element("b", "x")], href='"', aria_label="l", class_="c", open=True, hidden=False
    ) == ('<a href="&quot;" aria-label="l" class="c" open>&lt;&amp;<b>x</b></a>')
    assert element("meta", name="n") == '<meta name="n">'


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = plan_page(full("x"))
    digest = b64encode(sha256(re.search("<style>(.*)</style>", page, re.DOTALL)[1].encode()).digest()).decode()
    assert f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{digest}&#x27;" in page
    assert {shape[0] for shape in Reader(page).shape}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "form", "base"}
    )
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
    page = plan_page(report(stack(resources=[resource(action, ("a", 1, 2)) for action in actions])))
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
    assert re.findall("<details( open)?>", page) == [" open"] * 3 + [""] + [" open"] * 3 + ["", " open"]


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


class TestGraph:
    @staticmethod
    def arrows(*stacks: dict[str, Any]) -> int:
        return graph(stacks).count('class="line"')

    def test_an_arrow_from_each_to_what_needs_it(self) -> None:
        assert self.arrows(stack("a"), stack("b"), stack("c", wave=1, depends_on=["a", "b"])) == 2

    def test_what_a_longer_way_says_is_not_drawn(self) -> None:
        stacks = [
            stack("a"),
            stack("b", wave=1, depends_on=["a"]),
            stack("c", wave=2, depends_on=["a", "b"]),
            stack("d", wave=3, depends_on=["a", "c"]),
        ]
        assert self.arrows(*stacks) == 3
        assert self.arrows(*reversed(stacks)) == 3

    def test_what_is_left_out_is_not_drawn(self) -> None:
        drawn = graph([stack("c", wave=4, depends_on=["a"]), stack("d", wave=6, depends_on=["c", "a"])])
        assert drawn.count("<rect") == 2
        assert drawn.count('class="line"') == 1

    @pytest.mark.parametrize(
        ("more", "weight", "words"),
        [
            ({"counts": {"created": 1, "updated": 2, "replaced": 0, "deleted": 0}}, "updated", "+1 ~2"),
            ({"counts": {"created": 1, "updated": 2, "replaced": 3, "deleted": 4}}, "deleted", "+1 ~2 ±3 \u22124"),
            (
                {"result": "failed", "counts": {"created": 1, "updated": 0, "replaced": 0, "deleted": 0}},
                "failed",
                "! failed",
            ),
            ({"result": "skipped"}, "skipped", "… skipped"),
            ({"result": "unchanged"}, "unchanged", "= no changes"),
            ({}, "other", "state or outputs"),
        ],
    )
    def test_a_box_says_in_words_and_colour_what_happens(self, more: dict[str, Any], weight: str, words: str) -> None:
        drawn = graph([stack("a", **more)])
        assert f'<g class="{weight}">' in drawn
        assert f">{words}</text>" in drawn

    def test_boxes_of_a_wave_stand_side_by_side(self) -> None:
        drawn = graph([stack("a"), stack("b"), stack("c", wave=1)])
        assert re.findall(r'rect x="(\d+)" y="(\d+)"', drawn) == [("0", "0"), ("176", "0"), ("88", "88")]

    def test_a_long_name_is_cut_and_told_in_full(self) -> None:
        drawn = graph([stack("n" * 40)])
        assert f">{'n' * 18}…</text>" in drawn
        assert f"<title>{'n' * 40}: " in drawn
