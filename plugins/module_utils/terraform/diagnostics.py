# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What went wrong in a Terraform process, in one sentence, and whether another try may help."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.events import events
from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.secrets import mask

_LOCK_FIELD = re.compile(r"^[│ ]*(ID|Path|Operation|Who|Created): *(.*)$", re.MULTILINE)

# The lock was taken when Terraform wrote it, and gone when it read by whom: it gives up at once, whatever -lock-timeout says.
LOCK_GONE = "the state is locked by another run: wait for it to end and run again"

# Why a lock cannot be taken, up to Terraform's explanation of what locks are for.
_LOCK_ERROR = re.compile(r"Error message:(.*?)(?:Terraform acquires|$)", re.DOTALL)

_CRASH = re.compile(r"^panic: .*$", re.MULTILINE)

# What AWS and its SDK say of an error that another try may not meet.
_TRANSIENT = re.compile(
    r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalServer(Error|Exception)|InternalFailure"
    r"|RequestTimeout|StatusCode: 50[0234]|TLS handshake timeout"
)

# What the SDK says when a request was sent and no answer came: AWS may have done what it was asked for.
_UNANSWERED = re.compile(r"request send failed|connection reset by peer|unexpected EOF|Client\.Timeout exceeded")

# What AWS says to a create of something that is there already.
_EXISTS = re.compile(r"AlreadyExist|AlreadyOwnedByYou|ResourceInUseException|ConflictException|StatusCode: 409")

# What Terraform says when the provider has died under it.
_PLUGIN_DIED = re.compile(r"Plugin did not respond|plugin process exited|error reading from server|plugin crashed")


_PLAIN_ERROR = re.compile(r"^[│\s]*Error: (.*)$", re.MULTILINE)


# What Terraform says when the state did not reach the backend.
_UNSAVED = re.compile(r"Failed to (save|persist) state")


def apply_verdict(result: dict[str, Any]) -> str:
    """Say what to do after an apply: `done`; `again` (plan anew and apply that); `adopt` (the same, after a look for what
    is in AWS and not in the state); `exists` (look, and name what is in the way); `lost` (it was killed, or could not save
    its state: stop, and leave a recovery marker); `failed`.

    `result` is what community.general.terraform returned for `apply -json`. The provider has retried transient errors for
    itself before one gets here.
    """
    if "outputs" in result:
        return "done"
    reason = error_reason(result)
    if (result.get("rc") or 0) < 0 or _UNSAVED.search(reason):
        return "lost"
    if _PLUGIN_DIED.search(reason) or _UNANSWERED.search(reason):
        return "adopt"
    if _EXISTS.search(reason):
        return "exists"
    if reason == LOCK_GONE or "the saved plan is stale" in reason or _TRANSIENT.search(reason):
        return "again"
    return "failed"


def _one_line(text: str) -> str:
    return re.sub(r"[\s│╷╵]+", " ", text).strip()


def _lock_sentence(text: str) -> str:
    fields = dict(_LOCK_FIELD.findall(text))
    if not fields.get("ID"):
        # Nobody holds it: the right to write it is missing, or the bucket cannot be reached.
        if (why := _LOCK_ERROR.search(text)) and "StatusCode: 412" not in why[1]:
            return f"the lock of the state cannot be taken: {_one_line(why[1])}"
        return LOCK_GONE
    return (
        f"the state {fields.get('Path', '')} is locked by {fields.get('Who', 'somebody')} since "
        f"{fields.get('Created', 'an unknown time')} ({fields.get('Operation', 'unknown operation')}, lock id "
        f"{fields['ID']}): wait for that run to end and run again; if it is dead, run playbooks/unlock.yml with "
        f"-e site_builder_lock_id={fields['ID']}"
    )


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text in one line, with each of `secrets` that is in it masked, whatever notation it is quoted in."""
    return _one_line(mask(text, secrets))


def error_reason(result: dict[str, Any], secrets: Iterable[str] = ()) -> str:
    """Turn a failed result of community.general.terraform into one short, whole sentence per error.

    `result` holds msg, stdout and stderr (any may be missing). Terraform's diagnostics name addresses, and quote AWS' own
    message, which may quote a value: each of `secrets` that is in it is masked.
    """
    secrets = list(secrets)
    # Before anything is taken apart or put in one line, and once more, for what only then is whole.
    texts = {key: mask(str(result.get(key) or ""), secrets) for key in ("stdout", "msg", "stderr")}
    return masked(_reason({**result, **texts}), secrets)


def _of_events(text: str) -> list[str]:
    """A sentence for each error among Terraform's JSON lines."""
    found: list[tuple[str, str]] = []
    errored: list[str] = []
    ids: dict[str, str] = {}
    for event in events(text):
        if event.get("type") in ("apply_start", "apply_errored"):
            hook = event["hook"]
            address = hook["resource"]["addr"]
            ids[address] = hook.get("id_value") or ids.get(address, "")
            if event["type"] == "apply_errored":
                errored.append(address)
        diagnostic = event.get("diagnostic") or {}
        if diagnostic.get("severity") == "error":
            reason = _one_line(f"{diagnostic.get('summary', '')}. {diagnostic.get('detail', '')}").rstrip(". ")
            found.append((diagnostic.get("address") or "", reason))
    # What was to be deleted has no place in the configuration any more, and its error no address, but its id, most often.
    named = {address for address, _ in found}
    left = list(dict.fromkeys(address for address in errored if address not in named))
    for number, (address, reason) in enumerate(found):
        quoted = [one for one in left if ids[one] and ids[one] in reason]
        if not address and quoted:
            found[number] = (max(quoted, key=lambda one: len(ids[one])), reason)
            left.remove(found[number][0])
    if len(left) == 1 and [address for address, _ in found].count("") == 1:
        found = [(address or left.pop(), reason) for address, reason in found]
    reasons = [f"{address}: {reason}" if address else reason for address, reason in found]
    if reasons and left:
        reasons.append(f"not done: {', '.join(left)}")
    return list(dict.fromkeys(reasons))


def _reason(result: dict[str, Any]) -> str:
    texts = [str(result.get(key) or "") for key in ("stdout", "msg", "stderr")]
    joined = "\n".join(texts)
    if "Error acquiring the state lock" in joined:
        # The JSON of a diagnostic carries the lock info with escaped newlines.
        return _lock_sentence(joined.replace("\\n", "\n"))
    if "Saved plan is stale" in joined:
        return "the saved plan is stale, the state has changed since it was made: plan again"
    for text in texts:
        if reasons := _of_events(text):
            return "; ".join(reasons)
    for text in texts:
        if match := _PLAIN_ERROR.search(text):
            # Terraform's plain errors: the summary, then the detail up to the end of the box.
            detail = text[match.end() :].split("╵")[0]
            return _one_line(f"{match.group(1)}. {detail}")[:600].rstrip(". ")
    if match := _CRASH.search(joined):
        return f"Terraform crashed ({_one_line(match.group(0))}), which is a fault of Terraform or of its environment"
    if (result.get("rc") or 0) < 0:
        # It said nothing any more.
        by = f"signal {-result['rc']}"
        return (
            f"Terraform was killed ({by}), which the system does when memory runs out: run again, after a look at why"
        )
    plain = "\n".join(line for line in joined.splitlines() if not line.lstrip().startswith("{"))
    return _one_line(plain)[:600] or f"Terraform failed without a message (exit code {result.get('rc', 'unknown')})"


def checkov_reason(result: dict[str, Any]) -> str:
    """Say in one sentence what checkov has found (the result of its command, run with JSON output), or why it did not run.

    Empty when every check has passed.
    """
    try:
        said = json.loads(result.get("stdout") or "")
        failed = [] if said.get("passed") == 0 and "results" not in said else said["results"]["failed_checks"]
    except (ValueError, KeyError, AttributeError):
        why = _one_line(result.get("stderr") or result.get("msg") or "it printed no JSON")[:300]
        return f"checkov could not check the plan: {why}; see site_builder_checkov"
    found = sorted({f"{row['check_id']} ({row['resource']})" for row in failed})
    if not found:
        return ""
    return (
        f"checkov refuses the plan: {', '.join(found)}; mend it, or leave the check out with site_builder_checkov_skip and a "
        "reason beside it"
    )
