"""What a site is: site.schema.json, and what a schema cannot say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import fastjsonschema

SCHEMA = json.loads(Path(__file__).with_name("site.schema.json").read_text())

_check = fastjsonschema.compile(SCHEMA)


def problems(site: Any) -> list[str]:
    """What is wrong with the site, in words; empty when it is valid."""
    try:
        _check(site, name_prefix="site")
    except fastjsonschema.JsonSchemaValueException as error:
        return [error.message]

    counts = Counter(page["slug"] for page in site["pages"])
    found = [f"pages: slug {slug!r} is used {count} times" for slug, count in counts.items() if count > 1]
    found += [
        f"navigation: {slug!r} is no page of the site" for slug in site.get("navigation", []) if slug not in counts
    ]
    return found
