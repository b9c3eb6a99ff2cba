"""What AWS refuses and moto or ministack allow: one function per rule, which returns AWS's sentence, or None.

A rule needs a source, and its code and status are AWS's. Where no public record has the sentence, the words are ours and
the function's docstring says so. What botocore's models know (lengths, ranges, patterns, enumerations) is no rule but
aws_model's. ``python -m aws_rules``, run beside this package, prints the table of README.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from aws_call import Call, Refusal

Condition = Callable[[Call], str | None]
MODULES = ("account", "alarms", "apigateway", "dynamodb", "functions", "iam", "logs", "s3")


class Rule(NamedTuple):
    """One refusal of AWS."""

    service: str
    operations: tuple[str, ...]
    code: str
    status: int
    says: str
    source: str
    condition: Condition


RULES: list[Rule] = []
_BY_CALL: dict[tuple[str, str], list[Rule]] = defaultdict(list)


def rule(service: str, *operations: str, code: str, source: str, status: int = 400) -> Callable[[Condition], Condition]:
    """Register a condition for these operations of a service; "*" is every one."""

    def register(condition: Condition) -> Condition:
        says = (condition.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()
        entry = Rule(service, operations, code, status, says, source, condition)
        RULES.append(entry)
        for operation in operations:
            _BY_CALL[service, operation].append(entry)
        return condition

    return register


def check(call: Call) -> None:
    """Raise what the first broken rule answers."""
    for key in ((call.service, call.operation), (call.service, "*"), ("*", "*")):
        for entry in _BY_CALL.get(key, ()):
            message = entry.condition(call)
            if message:
                raise Refusal(entry.code, message, entry.status)


def load(*modules: str) -> None:
    """Register the rules of these modules, by default of all; a rule may import the part of moto that it asks."""
    for module in modules or MODULES:
        import_module(f"aws_rules.{module}")
