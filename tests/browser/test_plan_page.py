"""The page of a plan in a real browser, as a reviewer opens it: from a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.review import render
from playwright.sync_api import Browser, Page, sync_playwright

from .example import example, huge, large

BROWSERS = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "microsoft-edge-stable",
]
SCRIPT = Path(render.__file__).with_name("plan.js")
HOSTILE = [
    "<script>window.pwned = 1</script>",
    '"><img src=x onerror="window.pwned = 2">',
    "</style></title></svg><script>window.pwned = 3</script>",
    "' autofocus onfocus='window.pwned = 4' x='",
    "<iframe src=javascript:window.parent.pwned=5></iframe>",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser on PATH ({', '.join(BROWSERS)}); on Debian: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return what opens the page of a report; at the end nothing but its file may have been asked for, and nothing gone wrong."""
    file = tmp_path / "plan.html"
    asked: list[str] = []
    wrong: list[str] = []
    contexts = []

    def open_page(report: dict[str, Any], **options: Any) -> Page:
        file.write_text(render.plan_page(report))
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert set(asked) == {file.as_uri()}
    assert wrong == []


# For each text the contrast with what is behind it, by the formula of WCAG 2.
CONTRASTS = """() => {
  document.querySelectorAll("details").forEach(d => d.open = true);
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => numbers(color).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    const box = element.closest("g")?.querySelector("rect");
    if (box) return getComputedStyle(box).fill;
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    throw new Error("no background");
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || ["title", "desc"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const pair = [light(element.tagName === "text" ? style.fill : style.color), light(behind(element))];
    found.push([(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), texts.currentNode.data]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(show: Callable[..., Page], scheme: str) -> None:
    page = show(example(), color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 150
    assert [pair for pair in contrasts if pair[0] < 4.5] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    assert dark == (scheme == "dark")


def test_a_phone_needs_no_sideways_scrolling(show: Callable[..., Page]) -> None:
    report = example()
    report["stacks"][0]["resources"][0]["address"] = "module." + "x" * 300
    report["stacks"][0]["resources"][0]["changes"][0] |= {"path": "p" * 300, "before": {"k": "v" * 300}}
    page = show(report, viewport={"width": 400, "height": 800})
    page.evaluate('document.querySelectorAll("details").forEach(d => d.open = true)')
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert (
        page.evaluate(
            """[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > 400).length"""
        )
        == 0
    )


def test_a_large_plan_is_short_before_anything_is_opened(show: Callable[..., Page]) -> None:
    report = large()
    assert sum(len(stack["resources"]) for stack in report["stacks"]) == 378
    page = show(report, viewport={"width": 1280, "height": 900})
    assert page.evaluate("document.documentElement.scrollHeight") <= 6000
    assert page.locator(".findings > li").count() <= 20
    # The gravest lies open.
    assert page.locator("details.group.delete[open]").count() > 0
    folded = page.get_by_role("group").get_by_text("more of these")
    assert folded.first.is_visible()


def test_a_huge_plan_opens_at_once(show: Callable[..., Page]) -> None:
    report = huge()
    assert sum(len(stack["resources"]) for stack in report["stacks"]) == 24_000
    page = show(report)
    # CPU, as other tests run beside this one: seconds of the browser's own clock would be theirs.
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()
    metrics = session.send("Performance.getMetrics")["metrics"]
    seconds = {metric["name"]: metric["value"] for metric in metrics}
    assert 0 < seconds["TaskDuration"] < 4, seconds


def test_a_finding_leads_to_its_resource_wherever_it_is_folded(show: Callable[..., Page]) -> None:
    page = show(large())
    page.locator(".findings a").first.click()
    target = page.locator(":target")
    assert target.locator("summary code").first.is_visible()
    assert target.locator("summary code").first.inner_text() == page.locator(".findings a").first.inner_text()


def test_what_is_unchanged_in_a_list_is_folded(show: Callable[..., Page]) -> None:
    report = example()
    names = [f"name-{n}" for n in range(40)]
    report["stacks"][0]["resources"][1]["changes"].append(
        {"path": "names", "before": names, "after": [*names[:20], "new", *names[21:]], "forces_replacement": False}
    )
    page = show(report)
    elements = page.locator("tr", has=page.get_by_text("names", exact=True)).locator(".elements > li")
    assert elements.all_inner_texts() == ["20 unchanged", "-\nname-20", "+\nnew", "19 unchanged"]
    assert not page.get_by_text("name-19").is_visible()
    elements.first.locator("summary").click()
    assert page.get_by_text("name-19").is_visible()


def test_a_long_value_is_folded_with_its_size(show: Callable[..., Page]) -> None:
    report = example()
    report["stacks"][0]["resources"][1]["changes"] = [
        {"path": "body", "before": "x", "after": {"lines": list(range(40))}, "forces_replacement": False}
    ]
    page = show(report)
    folded = page.get_by_text("44 lines, ")
    text = page.locator("details.long", has=folded).locator("pre")
    assert not text.is_visible()
    folded.click()
    assert text.is_visible()


def test_it_is_filtered_by_action_and_by_stack(show: Callable[..., Page]) -> None:
    page = show(example())
    deleted, updated = page.locator(".group.delete"), page.locator(".group.update")
    page.get_by_role("checkbox", name="delete").uncheck()
    assert [deleted.first.is_visible(), updated.first.is_visible()] == [False, True]
    page.get_by_role("checkbox", name="delete").check()
    page.get_by_role("radio", name="lambda").check()
    assert [article.is_visible() for article in page.locator("article").all()] == [
        False,
        False,
        False,
        True,
        False,
        False,
    ]
    page.get_by_role("radio", name="all stacks").check()
    # By keyboard too.
    page.get_by_role("checkbox", name="delete").focus()
    page.keyboard.press("Space")
    assert not deleted.first.is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".filter").is_visible()


def test_it_is_searched(show: Callable[..., Page]) -> None:
    page = show(large())
    resources, said = page.locator("[data-resource]"), page.get_by_role("status")
    heights = [page.evaluate("document.body.scrollHeight")]
    page.get_by_role("searchbox").fill("s3-of-the-service  KEY-1")
    shown = resources.filter(visible=True)
    assert 0 < shown.count() < 378
    assert all("s3-of-the-service" in text and "key-1" in text for text in shown.all_text_contents())
    assert said.inner_text() == f"{shown.count()} of 378 resources"
    # With the filters: of what is found, those of one stack.
    page.get_by_role("radio", name="iam").check()
    assert resources.filter(visible=True).count() == 0
    page.get_by_role("radio", name="all stacks").check()
    page.get_by_role("searchbox").fill("no such thing")
    assert said.inner_text() == "0 of 378 resources"
    page.get_by_role("searchbox").fill("")
    assert said.inner_text() == ""
    heights.append(page.evaluate("document.body.scrollHeight"))
    assert heights[0] == heights[1]


def test_without_scripts_it_says_the_same(show: Callable[..., Page]) -> None:
    page = show(example(), java_script_enabled=False)
    assert page.locator("[data-resource]").first.is_visible()
    assert not page.locator(".search").is_visible()


def hostile(value: Any, text: str) -> Any:
    """Return `value` with every string in it, keys that the page shows included, followed by `text`."""
    if isinstance(value, dict):
        return {key: item if key in ("result", "action") else hostile(item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, text) for item in value]
    return value + text if isinstance(value, str) else value


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(show: Callable[..., Page], text: str) -> None:
    report = hostile(example(), text)
    report["stacks"][2] |= {"result": "failed", "reason": text, "upstream_assumed": [text]}
    report["stacks"][0]["resources"][0] |= {
        "reason": text,
        "changes": [{"path": text, "before": {text: [text]}, "after": text, "forces_replacement": True}],
    }
    page = show(report)
    page.wait_for_timeout(100)
    assert page.evaluate("window.pwned") is None
    # The one script is ours, and what of the page's own text would be one is text.
    assert page.locator("script").all_inner_texts() == [SCRIPT.read_text()]
    assert page.locator("img, iframe, [onerror], [onfocus], body style").count() == 0
    assert page.locator("h1").inner_text() == f"Plan for site-builder{text} in prod{text}"
    assert page.locator("td code", has_text=text).count() > 0


def test_paper_shows_what_is_folded(show: Callable[..., Page]) -> None:
    page = show(example())
    folded = page.locator("details:not([open]) td").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.evaluate(
        "e => e.checkVisibility({contentVisibilityAuto: true}) && e.getBoundingClientRect().height > 0"
    )


def test_it_can_be_read_without_seeing_it(show: Callable[..., Page]) -> None:
    page = show(example())
    assert page.locator("html").get_attribute("lang") == "en"
    assert [page.locator(f"body > {name}").count() for name in ("header", "main", "footer")] == [1, 1, 1]
    assert page.locator("th:not([scope])").count() == 0
    levels = [int(tag[1]) for tag in page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(e => e.tagName)")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.evaluate("""[...document.querySelectorAll("[aria-labelledby]")].every(
      e => document.getElementById(e.getAttribute("aria-labelledby")))""")
    assert "monitoring: +1 \u22121" in page.get_by_role("img").locator("desc").text_content()
    page.get_by_role("link", name="monitoring").click()
    assert page.locator(":target").inner_text().startswith("monitoring")


def test_picture(show: Callable[..., Page], tmp_path: Path) -> None:
    """PLAN_PICTURE=docs/plan.png makes the one in docs/ anew."""
    picture = Path(os.environ.get("PLAN_PICTURE") or tmp_path / "plan.png")
    page = show(example(), viewport={"width": 1000, "height": 1300})
    page.screenshot(path=picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 20_000 < picture.stat().st_size < 200_000
