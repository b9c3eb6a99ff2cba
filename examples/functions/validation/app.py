"""Checks a site, such as a generated one that somebody has edited. Pure: no AWS calls, no environment."""

from __future__ import annotations

from http import HTTPStatus

from site_builder_common.http_api import Operations, Reply, Request, api, reply
from site_builder_common.site import problems


def validate(request: Request) -> Reply:
    found = problems(request.json_body())
    return reply(HTTPStatus.OK, {"valid": not found, "problems": found})


OPERATIONS: Operations = {("POST", "/validations"): validate}
handler = api(OPERATIONS)
