"""Where the stacks of a plan stand in its drawing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review.graph import graph
from ansible_collections.bbws.site_builder.plugins.module_utils.review.render import plan_page


def stack(name: str, **more: Any) -> dict[str, Any]:
    counts = {"created": 0, "updated": 0, "replaced": 0, "deleted": 0}
    return {"name": name, "depends_on": [], "wave": 0, "result": "planned", "counts": counts, **more}


def arrows(*stacks: dict[str, Any]) -> int:
    return len(graph(stacks)["arrows"])


def box(drawn: dict[str, Any]) -> dict[str, Any]:
    (found,) = drawn["boxes"]
    return found


def test_an_arrow_from_each_to_what_needs_it() -> None:
    assert arrows(stack("a"), stack("b"), stack("c", wave=1, depends_on=["a", "b"])) == 2


def test_what_a_longer_way_says_is_not_drawn() -> None:
    stacks = [
        stack("a"),
        stack("b", wave=1, depends_on=["a"]),
        stack("c", wave=2, depends_on=["a", "b"]),
        stack("d", wave=3, depends_on=["a", "c"]),
    ]
    assert arrows(*stacks) == 3
    assert arrows(*reversed(stacks)) == 3


def test_what_is_left_out_is_not_drawn() -> None:
    drawn = graph([stack("c", wave=4, depends_on=["a"]), stack("d", wave=6, depends_on=["c", "a"])])
    assert (len(drawn["boxes"]), len(drawn["arrows"])) == (2, 1)


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
def test_a_box_says_in_words_and_colour_what_happens(more: dict[str, Any], weight: str, words: str) -> None:
    drawn = box(graph([stack("a", **more)]))
    assert (drawn["weight"], drawn["what"]) == (weight, words)


def test_boxes_of_a_wave_stand_side_by_side() -> None:
    drawn = graph([stack("a"), stack("b"), stack("c", wave=1)])
    assert [(at["x"], at["y"]) for at in drawn["boxes"]] == [(0, 0), (176, 0), (88, 88)]


def test_a_long_name_is_cut_and_told_in_full() -> None:
    drawn = box(graph([stack("n" * 40)]))
    assert (drawn["short"], drawn["name"]) == (f"{'n' * 18}…", "n" * 40)


def test_it_is_drawn_as_laid_out() -> None:
    told = {"reason": "", "stateful": [], "imported": [], "upstream_assumed": [], "resources": [], "outputs": []}
    stacks = [stack("a", **told), stack("b" * 40, wave=1, depends_on=["a"], **told)]
    page = plan_page({"service": "shop", "environment": "dev", "stacks": stacks})
    assert '<rect x="0" y="88" width="156" height="54" rx="6"></rect>' in page
    assert f'<text x="78" y="110" class="name">{"b" * 18}…</text>' in page
    assert f"<title>{'b' * 40}: state or outputs</title>" in page
    assert page.count('class="line"') == page.count('class="head"') == 1
