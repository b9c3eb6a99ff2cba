"""The secrets of a function. Its environment says where they are (`secrets` of its definition), never what they are."""

from __future__ import annotations

import math
import os
import time
from functools import cache
from typing import Any

import boto3

KEEP_SECONDS = 300

_kept: dict[str, tuple[float, str]] = {}


@cache
def _client(service: str, region: str | None) -> Any:
    return boto3.client(service, region_name=region)


def _read(place: str) -> str:
    """The value of a parameter, which goes by its ARN, or of a secret, by its ARN or its name."""
    is_arn, _, service, region = f"{place}:::".split(":")[:4]
    if is_arn == "arn" and service == "ssm":
        answer = _client("ssm", region).get_parameter(Name=place, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
    answer = _client("secretsmanager", region if is_arn == "arn" else None).get_secret_value(SecretId=place)
    return str(answer["SecretString"])


def secret(variable: str, keep_seconds: float = KEEP_SECONDS) -> str:
    """The value of the secret that this environment variable names. It is read again after a while, as secrets rotate; with 0
    at once, for a caller who was refused with the old one.
    """
    place = os.environ[variable]
    # The time of day: the other clocks may stand still while Lambda keeps the function frozen.
    read_at, value = _kept.get(place, (-math.inf, ""))
    if not 0 <= time.time() - read_at < keep_seconds:
        value = _read(place)
        _kept[place] = (time.time(), value)
    return value
