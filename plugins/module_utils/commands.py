# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands that a person can paste: the next one, and the one that a refusal asks for.

cli: what Ansible was called with, as ansible.context.CLIARGS has it: args (the playbooks), inventory, subset, extra_vars.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Extra variables whose values are no secret, so that they may stand in a log.
_TOLD = frozenset(
    {
        "site_builder_allow_destroy",
        "site_builder_confirm_destroy",
        "site_builder_confirm_rollback",
        "site_builder_destroy_prod",
        "site_builder_drift_fails",
        "site_builder_empty_buckets",
        "site_builder_lift_protection",
        "site_builder_max_changes",
        "site_builder_release",
        "site_builder_release_forward",
        "site_builder_release_id",
        "site_builder_target",
    }
)
# Of those, what gives data away.
_LOSING = ("site_builder_allow_destroy", "site_builder_empty_buckets")
# Of those, what says where a run works rather than what it may do.
_WHERE = frozenset({"site_builder_target"})
_SWITCH = re.compile(r"-e (site_builder_\w+)=([^\s;,]+)")
_LIST = re.compile(r"\b(site_builder_\w+): (?=\[)")
_LIMIT = re.compile(r"--limit (\w[\w,]*\w)")
_MISSING = re.compile(r"(.+) must be deployed before \S+, and this run leaves it out")
_PLAYBOOK = re.compile(r"(?:run|with) playbooks/(\w+)\.yml")


def command(
    cli: Mapping[str, Any],
    playbook: str = "",
    extra: Mapping[str, Any] | None = None,
    limit: str | None = None,
) -> str:
    """The command that runs `playbook` (a name such as `apply`; empty: the same) on the same inventory.

    extra: variables to add. limit: instead of the present --limit.
    """
    words = ["ansible-playbook", *([_beside(cli["args"][0], playbook)] if playbook else cli["args"])]
    for path in cli.get("inventory") or ():
        words += ["-i", _short(path)]
    limit = cli.get("subset") if limit is None else limit
    words += ["--limit", limit] if limit else []
    added = dict(extra or {})
    for given in cli.get("extra_vars") or ():
        _keep_listed(given, added)
        words += _given(given, _WHERE if playbook else _TOLD, added)
    simple = {name: value for name, value in added.items() if isinstance(value, str)}
    for name, value in simple.items():
        words += ["-e", f"{name}={value}"]
    if rest := {name: value for name, value in added.items() if name not in simple}:
        words += ["-e", json.dumps(rest)]
    return shlex.join(words)


def way_out(problems: Iterable[str], cli: Mapping[str, Any]) -> str:
    """The command that these refusals ask for; empty when what they ask for is no command."""
    text = "\n".join(problems)
    extra: dict[str, Any] = dict(_SWITCH.findall(text))
    for found in _LIST.finditer(text):
        values, _ = json.JSONDecoder().raw_decode(text, found.end())
        # Several stacks may ask for the same switch.
        extra[found[1]] = list(dict.fromkeys([*extra.get(found[1], []), *values]))
    limit = ",".join(dict.fromkeys(_LIMIT.findall(text)))
    if "deploy what is there now once more" in text or "deploy once more" in text:
        lift = {name: value for name, value in extra.items() if name == "site_builder_lift_protection"}
        return command(cli, "deploy", lift, limit)
    if missing := _MISSING.search(text):
        more = [*str(cli.get("subset") or "").split(","), *missing[1].split(" and ")]
        return command(cli, extra=extra, limit=",".join(filter(None, more)))
    playbook = _PLAYBOOK.search(text)
    if playbook:
        return command(cli, playbook[1], limit=limit or None)
    return command(cli, extra=extra) if extra else ""


def told(mended: str) -> list[str]:
    """The lines that show what way_out has found."""
    if not mended:
        return []
    loses = any(name in mended for name in _LOSING)
    return [f"the command for that{', which deletes data' if loses else ''}:", f"  {mended}"]


def after(
    mode: str,
    rows: Iterable[Mapping[str, Any]],
    saved: Mapping[str, Any],
    cli: Mapping[str, Any],
    deployed: str = "outputs",
) -> list[str]:
    """What to do after a run, as lines.

    mode: of terraform_stack_mode. rows: the results of the stacks. saved: what plan_store has returned. deployed: the playbook
    that comes after a deployment.
    """
    rows = list(rows)
    results = {row["result"] for row in rows}
    if "failed" in results:
        mended = way_out((row["reason"] for row in rows if row["result"] == "failed"), cli)
        return told(mended)
    if mode == "plan":
        plan = {"site_builder_plan": saved.get("plan_id"), "site_builder_plan_sha256": saved.get("sha256")}
        return [f"next:   {command(cli, 'apply', plan)}"] if all(plan.values()) and results != {"unchanged"} else []
    if "planned" in results:
        return [f"next:   {command(cli)}"]
    if "drifted" in results:
        return [f"next:   {command(cli, 'plan')}"]
    if mode in ("deploy", "apply") and results != {"unchanged"}:
        return [f"next:   {command(cli, deployed)}"]
    return []


def _given(given: Any, told: frozenset[str], added: Mapping[str, Any]) -> list[str]:
    """An extra variable of the present call as words of the next; one whose value may be a secret without it."""
    text = str(given)
    if text.startswith("@"):
        return ["-e", text]
    names = _names(text)
    if names <= added.keys():
        return []
    if names <= told:
        return ["-e", text]
    return [] if names <= _TOLD else ["-e", " ".join(f"{name}=..." for name in sorted(names))]


def _keep_listed(given: Any, added: dict[str, Any]) -> None:
    """What a list has allowed so far stays allowed when the list grows."""
    try:
        lists = json.loads(str(given))
    except ValueError:
        return
    for name in added.keys() & (lists.keys() if isinstance(lists, dict) else set()):
        if isinstance(added[name], list) and isinstance(lists[name], list):
            added[name] = [*lists[name], *(value for value in added[name] if value not in lists[name])]


def _names(text: str) -> set[str]:
    if text.lstrip().startswith("{"):
        try:
            return set(json.loads(text))
        except ValueError:
            return set(re.findall(r"\b(\w+)\s*:", text))
    return {word.partition("=")[0] for word in shlex.split(text) if "=" in word}


def _beside(first: str, playbook: str) -> str:
    """The playbook of this name, as the first one was named: by its collection, or by its path."""
    if not first.endswith((".yml", ".yaml")):
        return f"{first.rpartition('.')[0]}.{playbook}"
    folder = Path(first).parent
    below = folder / "playbooks"
    return str((below if below.is_dir() else folder) / f"{playbook}.yml")


def _short(path: str) -> str:
    """As a person would have typed it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
