"""Check a request's parameters against botocore's model of them, as AWS does before it does anything else.

botocore itself checks only what is required and the lower bounds, and Terraform's SDK hardly more; AWS checks patterns,
upper bounds and enumerations too. The sentences are those of the services that are built on AWS's own framework.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

from aws_call import Call, Refusal
from moto.core.model import Shape

# The services of our own calls, each with its code for a parameter that its model does not allow.
CODES = {
    "apigateway": "BadRequestException",
    "cloudwatch": "ValidationError",
    "dynamodb": "ValidationException",
    "iam": "ValidationError",
    "kms": "ValidationException",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "s3": "MalformedXML",
    "sns": "InvalidParameter",
    "sts": "ValidationError",
}
# AWS has another sentence for these: aws_rules gives it.
ELSEWHERE = {("lambda", "Runtime")}
S3_SENTENCE = "The XML you provided was not well-formed or did not validate against our published schema"


def check(call: Call) -> None:
    """Raise the refusal that the service's model asks for, if any."""
    shape = call.model.input_shape
    if call.service not in CODES or shape is None:
        return
    wrong = list(_structure(call.service, "", call.params, shape))
    if not wrong:
        return
    count = f"{len(wrong)} validation error{'s' * (len(wrong) > 1)} detected: "
    message = S3_SENTENCE if call.service == "s3" else count + "; ".join(wrong)
    raise Refusal(CODES[call.service], message, 400)


def _value(service: str, at: str, value: Any, shape: Shape) -> Iterator[str]:
    if value is None:
        return
    if shape.type_name == "structure":
        yield from _structure(service, at, value, shape)
    elif shape.type_name == "list":
        yield from _bounds(at, value, shape, "length")
        for index, item in enumerate(value, 1):
            yield from _value(service, f"{at}.{index}.member", item, shape.member)
    elif shape.type_name == "map":
        yield from _bounds(at, value, shape, "length")
        for key, item in value.items():
            yield from _value(service, at, key, shape.key)
            yield from _value(service, f"{at}.{key}.member", item, shape.value)
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _string(service, at, value, shape)
    elif shape.type_name in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        yield from _bounds(at, value, shape, "value")


def _structure(service: str, at: str, value: dict[str, Any], shape: Shape) -> Iterator[str]:
    if shape.is_document_type:
        return
    for name, member in shape.members.items():
        path = f"{at}.{_first_low(name)}".lstrip(".")
        given = value.get(name)
        # What travels in headers and paths has been seen to by routing.
        if given is None and name in shape.required_members and "location" not in member.serialization:
            yield f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
        yield from _value(service, path, given, member)


def _string(service: str, at: str, value: str, shape: Shape) -> Iterator[str]:
    yield from _bounds(at, value, shape, "length")
    enum, pattern = shape.enum, shape._shape_model.get("pattern")
    if enum and value not in enum and (service, shape.name) not in ELSEWHERE:
        yield f"Value '{value}' at '{at}' failed to satisfy constraint: Member must satisfy enum value set: [{', '.join(enum)}]"
    if pattern and not _regex(pattern).fullmatch(value):
        yield (
            f"Value '{value}' at '{at}' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            f"{pattern}"
        )


def _bounds(at: str, value: Any, shape: Shape, what: str) -> Iterator[str]:
    size = value if what == "value" else len(value)
    for bound, beyond, words in (("min", -1, "greater than or equal to"), ("max", 1, "less than or equal to")):
        limit = shape.metadata.get(bound)
        if limit is not None and (size - limit) * beyond > 0:
            yield f"Value '{value}' at '{at}' failed to satisfy constraint: Member must have {what} {words} {limit}"


@functools.cache
def _regex(pattern: str) -> re.Pattern[str]:
    r"""Compile one of Java's patterns: \p{L} and its like are spelled out, and \w means ASCII, as there."""
    try:
        return re.compile(re.sub(r"\\p\{(\w+)\}", lambda found: _category(found[1]), pattern), re.ASCII)
    except re.error as error:
        print(f"aws_model: the pattern {pattern} is not checked: {error}", file=sys.stderr)
        return re.compile(r"(?s).*")


@functools.cache
def _category(name: str) -> str:
    r"""Return what stands in [...] for Unicode's category L, N, Z, ...; for Java's Print, what can be seen or is a space."""
    if name == "Print":
        return r"\x20-\x7e"
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


def _first_low(name: str) -> str:
    return name[:1].lower() + name[1:]
