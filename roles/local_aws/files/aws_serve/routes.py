"""Which resource and method a path leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Resource = dict[str, Any]
# What ANY stands for.
ANY = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
STATIC, PARAMETER, GREEDY = range(3)


@dataclass(frozen=True)
class Route:
    """A method of a resource, and the values of the path's parameters as they were sent."""

    resource: Resource
    method: dict[str, Any]
    parameters: dict[str, str]


class Routes:
    """Those of one deployment. resources: as get_resources(embed=["methods"]) gives them."""

    def __init__(self, resources: list[Resource]) -> None:
        with_methods = [resource for resource in resources if resource.get("resourceMethods")]
        # The most specific first: a name before a parameter before {proxy+}, from left to right.
        self._resources = sorted(with_methods, key=lambda resource: [_kind(part) for part in parts(resource["path"])])

    def find(self, method: str, path: str) -> Route | None:
        """None is what API Gateway calls a missing authentication token."""
        for resource in self._resources:
            methods = resource["resourceMethods"]
            found = methods.get(method) or (methods.get("ANY") if method in ANY else None)
            if found:
                parameters = _match(parts(resource["path"]), parts(path))
                if parameters is not None:
                    return Route(resource, found, parameters)
        return None


def parts(path: str) -> list[str]:
    """The segments; a slash at the end says nothing, as on AWS."""
    text = path.strip("/")
    return text.split("/") if text else []


def _kind(part: str) -> int:
    if not part.startswith("{"):
        return STATIC
    return GREEDY if part.endswith("+}") else PARAMETER


def _match(wanted: list[str], given: list[str]) -> dict[str, str] | None:
    parameters = {}
    for place, part in enumerate(wanted):
        if _kind(part) == GREEDY:
            rest = given[place:]
            return {**parameters, part[1:-2]: "/".join(rest)} if rest else None
        if place >= len(given):
            return None
        if _kind(part) == PARAMETER:
            parameters[part[1:-1]] = given[place]
        elif part != given[place]:
            return None
    return parameters if len(wanted) == len(given) else None
