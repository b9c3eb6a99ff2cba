"""The plan as a comment: read as a Markdown renderer reads it, and cut where it would be too long."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.render import LONGEST_MARKDOWN, plan_markdown
from hypothesis import given, settings
from markdown_it import MarkdownIt

from .reports import TEXTS, Reader, full, report, resource, stack

HOSTILE = [
    "</details>",
    "</code></summary><h1>x</h1>",
    "`code`",
    "``` \n~~~",
    "a | b |",
    "@everyone, ask @bbws/team #12 !34",
    "\n\n# heading\n\n- list\n1. one\n> quote",
    "[link](https://example.com) ![i](https://example.com/i.png)",
    "https://example.com www.example.com a@example.com <https://example.com>",
    "<!-- comment",
    "*b* _i_ ~~s~~ **B** \\* &lt; &#42;",
    "    indented",
    "<script>alert(1)</script>",
    "$x$ :tada: [x] [^1] ---",
]


def read(text: str) -> Reader:
    """The comment as it is shown, GitHub's additions to Markdown included."""
    return Reader(MarkdownIt("gfm-like", {"linkify": False}).render(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    shown = read(plan_markdown(full(text)))
    assert shown.shape == read(plan_markdown(full("benign"))).shape
    assert {tag for tag, *_ in shown.shape}.isdisjoint({"a", "img", "script", "pre", "h1", "del", "blockquote"})
    assert re.sub(r"\s+", " ", text) in shown.text.replace("\u200b", "")


@settings(max_examples=100, deadline=None)
@given(TEXTS.filter(str.strip))
def test_no_text_becomes_markup(text: str) -> None:
    written = plan_markdown(full(text))
    written.encode()
    assert read(written).shape == read(plan_markdown(full("benign"))).shape


@pytest.mark.parametrize("sign", ["@", "#", "!"])
def test_a_forge_finds_nobody_to_notify(sign: str) -> None:
    """It looks for them in the text that is shown, outside of code."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render(plan_markdown(full(f"{sign}12team")))
    outside = re.sub(r"<code>.*?</code>", "", html)
    assert f"{sign}\u200b12team" in outside
    assert f"{sign}12team" not in outside
    assert f"{sign}12team" in html


def test_totals_and_what_is_lost_come_first() -> None:
    table = resource("replace", ("hash_key", "a", "b"), address="aws_dynamodb_table.this")
    counts = {"created": 2, "updated": 0, "replaced": 1, "deleted": 0}
    text = read(
        plan_markdown(report(stack(counts=counts, resources=[table], stateful=["aws_dynamodb_table.this"])))
    ).text
    assert text.startswith(
        "Plan for shop in dev+ 2 to create, ± 1 to replaceTo look at firstData is lost: s3 replaces aws_dynamodb_table.this.Stacks"
    )
    assert "hash_key: a → b" in text


def test_every_stack_with_changes_can_be_opened() -> None:
    stacks = [stack(name, resources=[resource("create", ("a", None, "v"))]) for name in ("iam", "s3")]
    shown = read(plan_markdown(report(*stacks, stack("lambda", result="unchanged"))))
    assert [tag for tag, *_ in shown.shape if tag == "details"] == ["details"] * 2
    # Of what is created the address says enough here.
    assert "a: v" not in shown.text


def large(stacks: int, resources: int, changes: int, text: str = "x") -> dict[str, Any]:
    """A plan in which everything is long."""
    told = [
        resource("update", *[(f"p{n}{text}", text, text + "2") for n in range(changes)], address=f"a{number}.{text}")
        for number in range(resources)
    ]
    lost = [item["address"] for item in told]
    return report(
        *[
            stack(
                f"s{n}{text}",
                resources=told,
                stateful=lost,
                reason=text,
                outputs=[{"name": text, "action": text}] * 300,
            )
            for n in range(stacks)
        ]
    )


@pytest.mark.parametrize(
    ("told", "left_out"),
    [
        (large(6, 30, 2), None),
        (large(6, 63, 30, "v" * 50), "and 30 more attributes, which plan.html shows"),
        (large(6, 400, 3, "n" * 100), "and 380 more resources, which plan.html shows"),
        (large(60, 20, 1, "<|@`" * 100), "and 50 more stacks, which plan.html shows"),
        (large(3, 600, 1, "\u202e" * 300), "more of these, which plan.html shows"),
    ],
)
def test_it_fits_and_says_what_is_left_out(told: dict[str, Any], left_out: str | None) -> None:
    text = plan_markdown(told)
    assert len(text) < LONGEST_MARKDOWN == 65_000
    shown = read(text).text
    if left_out is None:
        assert "more attributes" not in shown
        assert "more resources" not in shown
    else:
        assert left_out in shown
