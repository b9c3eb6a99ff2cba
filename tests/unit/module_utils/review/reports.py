"""Plans as plan.json tells them, small ones, and how what is made of them is read."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED, UNKNOWN
from hypothesis import strategies as st

_KNOWN = ("local", "create", "delete", "replace", "update", "import", "move", "remove", "read", MASKED, UNKNOWN)
# Nothing that the documents themselves know a meaning of.
TEXTS = st.text(min_size=1).filter(lambda text: text not in _KNOWN)


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
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        # The newlines between the tags are the template's.
        if not {"style", "script"} & set(self.open) and not (data.isspace() and "\n" in data):
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
        "imported": [],
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
