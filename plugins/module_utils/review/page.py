# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page on which a person reviews a plan: one file, without scripts, that asks nothing of any network."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.review.graph import SIGNS, graph, weight, what
from ansible_collections.bbws.site_builder.plugins.module_utils.review.markup import Content, Html, element, style
from ansible_collections.bbws.site_builder.plugins.module_utils.review.style import CSS
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import COLUMNS, sum_counts
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.masking import MASKED, UNKNOWN

_STYLE = b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE}'; base-uri 'none'; form-action 'none'"

# What may be told in the header, in order.
_FACTS = {
    "account_id": "Account",
    "region": "Region",
    "replica_region": "Replica region",
    "target": "Target",
    "id": "Plan",
    "sha256": "SHA-256",
    "commit": "Commit",
    "created": "Created",
    "expires": "Valid until",
    "created_by": "Created by",
    "terraform_version": "Terraform",
}
# Action: its heading. The gravest first; only a create or a read is folded up.
_ACTIONS = {
    "delete": "Delete",
    "replace": "Replace",
    "update": "Update",
    "create": "Create",
    "import": "Import into the state",
    "move": "Move within the state",
    "remove": "Remove from the state, and leave in AWS",
    "read": "Read during the apply",
}
_FOLDED = ("create", "read")
_FOOTER = (
    f"{MASKED}: a secret, or what may be one; where a line shows it, it differs. {UNKNOWN}: AWS decides it. Resources in which "
    "nothing changes are left out."
)


def plan_page(report: Mapping[str, Any]) -> str:
    """Return the page for what is saved beside a plan as plan.json. Everything in it is escaped."""
    title = f"Plan for {report['service']} in {report['environment']}"
    stacks = report["stacks"]
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            style(CSS),
        ),
        element(
            "body",
            element("header", element("h1", title), element("p", _sum(stacks), class_="sum")),
            element(
                "main",
                _section("Overview", "overview", element("div", _facts(report), class_="overview")),
                _section("To look at first", "findings", _findings(report)),
                _section("Stacks", "stacks", _table(stacks), [_stack(stack) for stack in stacks]),
            ),
            element("footer", element("p", _FOOTER, class_="quiet")),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"


def _section(heading: str, name: str, *content: Content) -> Html:
    return element("section", element("h2", heading, id=name), content, aria_labelledby=name)


def _sum(stacks: Sequence[Mapping[str, Any]]) -> Content:
    counts = sum_counts(stack["counts"] for stack in stacks)
    parts = [
        element("span", f"{SIGNS[column]} {counts[column]} to {action}", class_=f"sign {column}")
        for action, column in COLUMNS.items()
        if counts[column]
    ]
    return [[", " if i else "", part] for i, part in enumerate(parts)] or "No resource changes"


def _facts(report: Mapping[str, Any]) -> Content:
    facts = [
        (element("dt", label), element("dd", _fact(name, report[name])))
        for name, label in _FACTS.items()
        if report.get(name)
    ]
    figure = element("figure", graph(report["stacks"])) if report["stacks"] else ""
    return element("div", element("dl", facts)), figure


def _fact(name: str, value: Any) -> Content:
    text = str(value)
    if name in ("created", "expires"):
        return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)$", r"\1 \2 UTC", text)
    if name == "target" and value == "local":
        return "local (an AWS embedded in the machine, not a real account)"
    return element("code", text) if name in ("id", "sha256", "commit", "created_by") else text


def _findings(report: Mapping[str, Any]) -> Html:
    found = [element("li", content, class_=tone) for tone, content in _found(report)]
    return element("ul", found or element("li", "Nothing that holds data is deleted or replaced."), class_="findings")


def _found(report: Mapping[str, Any]) -> Iterator[tuple[str, Content]]:
    """Yield (class, content) of what a reviewer must not overlook."""
    for stack in report["stacks"]:
        name = element("strong", stack["name"])
        actions = {resource["address"]: resource["action"] for resource in stack["resources"]}
        for address in stack["stateful"]:
            verb = {"delete": "deletes", "replace": "replaces"}.get(actions.get(address, ""), "deletes or replaces")
            yield "deleted", ["Data is lost: ", name, f" {verb} ", element("code", address), "."]
        if stack["result"] in ("failed", "skipped"):
            yield "failed", [name, f" ({stack['result']}): ", stack["reason"]]
    if report.get("dirty"):
        yield (
            "updated",
            "The checkout had changes that were not committed, so the commit alone does not say what was planned.",
        )
    for stack in report["stacks"]:
        if stack["upstream_assumed"]:
            upstream = " and ".join(stack["upstream_assumed"])
            name = element("strong", stack["name"])
            yield (
                "",
                [name, f" was planned with the names and ARNs that {upstream} will have (not deployed yet)."],
            )


def _table(stacks: Sequence[Mapping[str, Any]]) -> Html:
    head = [element("th", text, scope="col") for text in ("Stack", "Result")]
    head += [element("th", action.capitalize(), scope="col", class_="number") for action in COLUMNS]
    rows = [
        element(
            "tr",
            element("th", element("a", stack["name"], href=f"#{_anchor(stack)}"), scope="row"),
            element("td", stack["result"]),
            [element("td", str(stack["counts"][column]), class_="number") for column in COLUMNS.values()],
        )
        for stack in stacks
    ]
    return element("table", element("thead", element("tr", head)), element("tbody", rows), class_="stacks")


def _anchor(stack: Mapping[str, Any]) -> str:
    return f"stack-{stack['name']}"


def _stack(stack: Mapping[str, Any]) -> Html:
    heading = element(
        "h3", stack["name"], " ", element("span", what(stack), class_=f"sign {weight(stack)}"), id=_anchor(stack)
    )
    content: list[Content] = []
    if stack["depends_on"]:
        content.append(element("p", f"Needs {', '.join(stack['depends_on'])}.", class_="quiet"))
    if stack["reason"]:
        content.append(element("p", stack["reason"]))
    for action in [*_ACTIONS, *sorted({r["action"] for r in stack["resources"]} - _ACTIONS.keys())]:
        resources = [resource for resource in stack["resources"] if resource["action"] == action]
        if resources:
            content.append(element("h4", f"{_ACTIONS.get(action, action)} ({len(resources)})"))
            content.extend(_resource(resource) for resource in resources)
    if stack["outputs"]:
        outputs = ", ".join(f"{output['name']} ({output['action']})" for output in stack["outputs"])
        content.append(element("p", f"Outputs that change: {outputs}."))
    if stack["result"] == "unchanged":
        content.append(element("p", "No changes."))
    return element("article", heading, content, aria_labelledby=_anchor(stack))


def _resource(resource: Mapping[str, Any]) -> Html:
    action, changes = resource["action"], resource["changes"]
    column = COLUMNS.get(action, "")
    line: list[Content] = [
        element("span", SIGNS.get(column, "·"), class_=f"sign {column}"),
        " ",
        element("code", resource["address"]),
    ]
    if resource["reason"]:
        line.append(element("span", f" {resource['reason']}", class_="quiet"))
    if not changes:
        return element("p", line)
    late = [c["path"] for c in changes if c["after"] == UNKNOWN and c["before"] is None]
    told = [change for change in changes if change["path"] not in late]
    return element(
        "details",
        element("summary", line),
        _changes(action, told) if told else "",
        element("p", "Known after apply: ", element("code", ", ".join(late)), class_="quiet") if late else "",
        open=action not in _FOLDED,
    )


def _changes(action: str, changes: Sequence[Mapping[str, Any]]) -> Html:
    columns = {"create": {"Value": "after"}, "delete": {"Value": "before"}}.get(
        action, {"Before": "before", "After": "after"}
    )
    head = [element("th", text, scope="col") for text in ("Attribute", *columns)]
    rows = [
        element(
            "tr",
            element(
                "th",
                element("code", change["path"]),
                element("span", " forces replacement", class_="badge") if change["forces_replacement"] else "",
                scope="row",
            ),
            [element("td", _value(change[side]), data_label=label) for label, side in columns.items()],
        )
        for change in changes
    ]
    return element("table", element("thead", element("tr", head)), element("tbody", rows), class_="changes")


def _value(value: Any) -> Html:
    if value is None:
        return element("em", "none")
    if value in (MASKED, UNKNOWN):
        return element("em", value)
    if isinstance(value, str):
        return element("code", value or '""')
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return element("pre", text) if "\n" in text else element("code", text)
