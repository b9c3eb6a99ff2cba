# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turn OpenAPI 3 documents into the routes and models of the api_gateway stack. Needs nothing of Ansible."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown

FUNCTION_KEY = "x-site-builder-function"
TIMEOUT_KEY = "x-timeout"

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
PATH_ITEM_FIELDS = ("summary", "description", "servers", "parameters")
PARAMETER_PLACES = {"path": "path", "query": "querystring", "header": "header"}
# OpenAPI has these three headers described elsewhere and ignores them as parameters.
IGNORED_HEADERS = ("accept", "content-type", "authorization")
MAX_DEPTH = 6
TIMEOUT_MS = (50, 29000)

# What JSON schema draft-04, which API Gateway's models are written in, shares with OpenAPI.
DRAFT_04_VALUES = (
    "default", "description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern",
    "required", "title", "type", "uniqueItems",
)  # fmt: skip
SCHEMA_MAPS = ("properties", "patternProperties")
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf")
SCHEMA_SINGLES = ("additionalProperties", "items", "not")
# They describe, and do not validate.
ANNOTATIONS = (
    "$comment", "deprecated", "discriminator", "example", "examples", "externalDocs", "nullable", "readOnly",
    "writeOnly", "xml",
)  # fmt: skip


class OpenApiError(SiteBuilderError):
    """A document that cannot become routes; the message names the place and the fix."""


class Where(NamedTuple):
    """The place a message is about."""

    file: str
    path: str = ""
    verb: str = ""

    def fail(self, problem: str) -> NoReturn:
        operation = " ".join(part for part in (self.verb.upper(), self.path) if part)
        raise OpenApiError(f"{self.file}: {operation}: {problem}." if operation else f"{self.file}: {problem}.")


def openapi_routes(documents: Iterable[Mapping[str, Any]], functions: Iterable[str]) -> dict[str, Any]:
    """Return ``{"routes": {id: route}, "models": {name: {"schema": text}}}`` for a list of ``{file, content}``."""
    known = sorted(functions)
    result = _Result()
    for entry in documents:
        if not isinstance(entry, Mapping) or not {"file", "content"} <= set(entry):
            raise OpenApiError("Each document must be a mapping with the keys file and content.")
        _Document(str(entry["file"]), entry["content"], known).add_to(result)
    return {"routes": dict(sorted(result.routes.items())), "models": dict(sorted(result.models.items()))}


def _mapping(where: Where, value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        where.fail(f"{what} is {shown(value)}, which is no mapping of names; write it as name: value")
    return value


def _list(where: Where, value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        where.fail(f"{what} is {shown(value)}, which is no list; put it in brackets")
    return value


def _texts(where: Where, value: Any, what: str) -> list[str]:
    if not all(isinstance(item, str) for item in _list(where, value, what)):
        where.fail(f"{what} is {shown(value)}, which is no list of texts; quote its entries")
    return value


class _Result:
    """Routes and models of all documents together, and the rules that hold across them."""

    def __init__(self) -> None:
        self.routes: dict[str, dict[str, Any]] = {}
        self.models: dict[str, dict[str, str]] = {}
        self._owners: dict[tuple[str, ...], Where] = {}
        self._parameters: dict[str, tuple[str, Where]] = {}

    def add_route(self, where: Where, route_id: str, route: dict[str, Any]) -> None:
        self._claim(where, "route", f"{route['method']} {_erase_names(route['path'])}", "remove one of the two")
        self._claim(where, "operationId", route_id, "choose another")
        self._check_parameter_names(where, route["path"])
        self.routes[route_id] = route

    def add_model(self, where: Where, name: str, schema: dict[str, Any]) -> None:
        model = {"schema": json.dumps(schema, sort_keys=True, default=str)}
        if self.models.setdefault(name, model) != model:
            where.fail(f"the request model {name} differs from a model of the same name; rename one of the two schemas")

    def _claim(self, where: Where, kind: str, key: str, fix: str) -> None:
        owner = self._owners.setdefault((kind, key), where)
        if owner is not where:
            where.fail(f"the {kind} {key} is already that of {owner.verb.upper()} {owner.path} in {owner.file}; {fix}")

    def _check_parameter_names(self, where: Where, path: str) -> None:
        segments = path.strip("/").split("/")
        for index, segment in enumerate(segments):
            if segment.startswith("{"):
                place = _erase_names("/".join(segments[: index + 1]))
                name, owner = self._parameters.setdefault(place, (segment, where))
                if name != segment:
                    where.fail(
                        f"{segment} stands where {owner.path} in {owner.file} has {name}, and API Gateway allows one "
                        "path parameter in each place; use the same name"
                    )


class _Document:
    """One OpenAPI document."""

    def __init__(self, file: str, content: Any, functions: list[str]) -> None:
        self.where = Where(file)
        self.functions = functions
        if isinstance(content, str):
            content = self._parse(content)
        if not isinstance(content, Mapping):
            self.where.fail("is not a mapping; give an OpenAPI document as YAML, JSON or a parsed mapping")
        self.root = content
        version = str(content.get("openapi", ""))
        if not re.fullmatch(r"3\.[01]\.\d+", version):
            found = version or (f"swagger {content['swagger']}" if "swagger" in content else "none")
            self.where.fail(f"the OpenAPI version is {found}; convert the document to OpenAPI 3.0 or 3.1")
        if not isinstance(content.get("paths"), Mapping) or not content["paths"]:
            self.where.fail("has no paths; add at least one")

    def _parse(self, text: str) -> Any:
        try:
            return yaml.safe_load(text)
        # ValueError: such as the date 2026-13-01.
        except (yaml.YAMLError, ValueError) as error:
            self.where.fail(f"is not valid YAML; correct it ({' '.join(str(error).split())})")

    def add_to(self, result: _Result) -> None:
        for path, item in self.root["paths"].items():
            if str(path).startswith("x-"):
                continue
            where = self.where._replace(path=str(path))
            self._check_path(where)
            item = self._resolve(where, item, "path item")
            for verb in _mapping(where, item, "the path item"):
                if verb in VERBS:
                    self._add_operation(result, where._replace(verb=verb), item)
                elif verb not in PATH_ITEM_FIELDS and not str(verb).startswith("x-"):
                    where.fail(f"{verb} is no verb that API Gateway has; use one of {', '.join(VERBS)}")

    def _check_path(self, where: Where) -> None:
        path = where.path
        if not path.startswith("/"):
            where.fail(f"the path has no leading slash; write /{path}")
        if path == "/":
            return
        segments = path[1:].split("/")
        for index, segment in enumerate(segments):
            greedy = r"\+?" if index == len(segments) - 1 else ""
            if not re.fullmatch(rf"[A-Za-z0-9._:-]+|\{{[A-Za-z0-9._-]+{greedy}\}}", segment):
                where.fail(
                    f'the path segment "{segment}" is not one API Gateway accepts; use letters, digits and ._:- or '
                    "one whole {parameter}, with {parameter+} last"
                )
        if len(segments) > MAX_DEPTH:
            where.fail(f"the path has {len(segments)} segments; shorten it to {MAX_DEPTH}")

    def _add_operation(self, result: _Result, where: Where, item: Mapping[str, Any]) -> None:
        operation = item[where.verb]
        if not isinstance(operation, Mapping):
            where.fail("the operation is not a mapping; describe it or remove it")
        route: dict[str, Any] = {
            "path": where.path,
            "method": where.verb.upper(),
            "function": self._function(where, item, operation),
            **self._security(where, operation),
            **self._timeout(where, item, operation),
            **self._parameters(where, item, operation),
        }
        model = self._request_model(where, operation)
        if model:
            route["request_model"] = model[0]
            result.add_model(where, *model)
        result.add_route(where, _route_id(where, operation), route)

    def _inherited(self, key: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
        """An extension may stand at the operation, its path or the whole document; the nearest one counts."""
        return next((level[key] for level in (operation, item, self.root) if key in level), None)

    def _function(self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
        function = self._inherited(FUNCTION_KEY, item, operation)
        choice = ", ".join(self.functions) or "none are defined"
        if not function:
            where.fail(f"no function is named; add {FUNCTION_KEY} with one of: {choice}")
        if function not in self.functions:
            where.fail(f'the function "{function}" does not exist; set {FUNCTION_KEY} to one of: {choice}')
        return function

    def _timeout(self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, int]:
        timeout = self._inherited(TIMEOUT_KEY, item, operation)
        if timeout is None:
            return {}
        low, high = TIMEOUT_MS
        if type(timeout) is not int or not low <= timeout <= high:
            where.fail(f"{TIMEOUT_KEY} is {timeout}; set it to {low} to {high} milliseconds")
        return {"timeout_milliseconds": timeout}

    def _security(self, where: Where, operation: Mapping[str, Any]) -> dict[str, Any]:
        requirements = operation.get("security", self.root.get("security"))
        if requirements is None:
            where.fail("no security is declared; add security, or security: [] for a public operation")
        if not isinstance(requirements, list) or not all(isinstance(entry, Mapping) for entry in requirements):
            where.fail("security is not a list of mappings; write it as - scheme: [scopes]")
        if not requirements:
            return {"authorization": "NONE"}
        if len(requirements) > 1 or {} in requirements:
            where.fail("security offers alternatives, and an API Gateway method has one authorizer; keep one entry")
        result: dict[str, Any] = {}
        for name, scopes in _mapping(where, requirements[0], "security").items():
            kind = self._scheme_kind(where, name)
            if kind == "api_key":
                result["api_key_required"] = True
            elif "authorization" in result:
                where.fail(f"security combines two authorizers; keep one of {' and '.join(requirements[0])}")
            else:
                result["authorization"] = kind
                if scopes and kind == "COGNITO_USER_POOLS":
                    result["scopes"] = sorted(_texts(where, scopes, f"the scopes of {name}"))
        result.setdefault("authorization", "NONE")
        return result

    def _scheme_kind(self, where: Where, name: str) -> str:
        components = _mapping(where, self.root.get("components", {}), "components")
        schemes = _mapping(where, components.get("securitySchemes", {}), "components.securitySchemes")
        if name not in schemes:
            where.fail(f'the security scheme "{name}" is not declared; add it to components.securitySchemes')
        scheme = self._resolve(where, schemes[name], "security scheme")
        kind = scheme.get("type")
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            return "AWS_IAM"
        if kind == "apiKey" and scheme.get("in") == "header":
            header = str(scheme.get("name", "")).lower()
            if header == "x-api-key":
                return "api_key"
            if header == "authorization":
                return "COGNITO_USER_POOLS"
        if kind in ("oauth2", "openIdConnect") or (kind == "http" and str(scheme.get("scheme")).lower() == "bearer"):
            return "COGNITO_USER_POOLS"
        where.fail(
            f'the security scheme "{name}" has no counterpart in API Gateway; use oauth2, openIdConnect or http bearer '
            "(Cognito), apiKey in the header X-Api-Key, or x-amazon-apigateway-authtype: awsSigv4"
        )

    def _parameters(self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
        parameters: dict[tuple[str, str], Mapping[str, Any]] = {}
        levels = [_list(where, level.get("parameters", []), "parameters") for level in (item, operation)]
        for entry in itertools.chain(*levels):
            parameter = self._resolve(where, entry, "parameter")
            if not isinstance(parameter.get("name"), str) or not isinstance(parameter.get("in"), str):
                where.fail("a parameter lacks name or in; give both")
            parameters[parameter["in"], parameter["name"]] = parameter
        declared = {name for place, name in parameters if place == "path"}
        used = set(re.findall(r"\{([^}+]+)\+?\}", where.path))
        for name in sorted(used - declared):
            where.fail(f"the path parameter {{{name}}} is not declared; add it to parameters with in: path")
        for name in sorted(declared - used):
            where.fail(
                f'the parameter "{name}" is declared in: path but the path has no {{{name}}}; correct one of them'
            )
        request_parameters = {}
        for (place, name), parameter in sorted(parameters.items()):
            if place == "cookie" or (place == "header" and name.lower() in IGNORED_HEADERS):
                continue
            if place not in PARAMETER_PLACES:
                where.fail(f'the parameter "{name}" is in: {place}; use path, query, header or cookie')
            required = place == "path" or parameter.get("required", False)
            request_parameters[f"method.request.{PARAMETER_PLACES[place]}.{name}"] = bool(required)
        return {"request_parameters": request_parameters} if request_parameters else {}

    def _request_model(self, where: Where, operation: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        if "requestBody" not in operation:
            return None
        body = self._resolve(where, operation["requestBody"], "request body")
        content = _mapping(where, body.get("content", {}), "the request body's content")
        schema = _mapping(where, content.get("application/json", {}), "the content application/json").get("schema")
        if schema is None:
            return None
        reference = str(schema.get("$ref", "")) if isinstance(schema, Mapping) else ""
        name = reference.rsplit("/", 1)[-1] or f"{_route_id(where, operation)} request"
        model = _alphanumeric(name)
        return model, {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "title": model,
            **self._draft_04(where, schema, ()),
        }

    def _draft_04(self, where: Where, schema: Any, trail: tuple[str, ...]) -> dict[str, Any]:
        """The schema with references put in place and in the terms of draft-04. ``trail``: the references it is inside."""
        if schema is True:
            return {}
        if schema is False:
            return {"not": {}}
        if not isinstance(schema, Mapping):
            where.fail("a schema in the request body is not a mapping; describe it as one")
        if "$ref" in schema:
            reference = schema["$ref"]
            if reference in trail:
                where.fail(
                    f"the request body's {reference} contains itself; limit its depth, as the model must be finite"
                )
            return self._draft_04(where, self._lookup(where, reference), (*trail, reference))
        result: dict[str, Any] = {}
        for key, value in _mapping(where, schema, "a schema in the request body").items():
            if key in DRAFT_04_VALUES:
                result[key] = value
            elif key in SCHEMA_MAPS:
                result[key] = {
                    name: self._draft_04(where, entry, trail) for name, entry in _mapping(where, value, key).items()
                }
            elif key in SCHEMA_LISTS:
                result[key] = [self._draft_04(where, entry, trail) for entry in _list(where, value, key)]
            elif key in SCHEMA_SINGLES:
                result[key] = value if isinstance(value, bool) else self._draft_04(where, value, trail)
            elif key == "const":
                result["enum"] = [value]
            elif key not in ANNOTATIONS and not key.startswith("x-"):
                where.fail(f"the request body uses the schema keyword {key}, which draft-04 models lack; remove it")
        _exclusive_bounds(result)
        _nullable(schema, result)
        self._drop_read_only(where, schema, result)
        return result

    def _drop_read_only(self, where: Where, schema: Mapping[str, Any], result: dict[str, Any]) -> None:
        """A required readOnly property is required in responses only."""
        properties = _mapping(where, schema.get("properties", {}), "properties")
        required = [
            name
            for name in _texts(where, result.pop("required", []), "required")
            if not self._resolve(where, properties.get(name, {}), "property").get("readOnly")
        ]
        if required:  # draft-04 forbids an empty list
            result["required"] = required

    def _resolve(self, where: Where, value: Any, kind: str) -> Mapping[str, Any]:
        seen: list[str] = []
        while isinstance(value, Mapping) and "$ref" in value:
            if value["$ref"] in seen:
                where.fail(f"the reference {value['$ref']} leads back to itself; point it to a {kind}")
            seen.append(value["$ref"])
            value = self._lookup(where, value["$ref"])
        if not isinstance(value, Mapping):
            where.fail(f"a {kind} is not a mapping; describe it as one")
        return value

    def _lookup(self, where: Where, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            where.fail(f"the reference {reference} leaves the document; copy its target into components")
        target: Any = self.root
        for part in reference[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or part not in target:
                where.fail(f"the reference {reference} leads nowhere; add {part} or correct the reference")
            target = target[part]
        return target


def _erase_names(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _alphanumeric(name: str) -> str:
    """A model name API Gateway accepts: the words of the name, each with a capital."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def _route_id(where: Where, operation: Mapping[str, Any]) -> str:
    words = re.findall(r"[A-Za-z0-9]+", where.path)
    return str(operation.get("operationId") or "_".join([where.verb, *words]))


def _exclusive_bounds(schema: dict[str, Any]) -> None:
    """OpenAPI 3.1 has the bound itself in exclusiveMinimum; draft-04 and OpenAPI 3.0 a flag beside minimum."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value = schema.get(exclusive)
        if not isinstance(value, bool) and value is not None:
            pick = max if bound == "minimum" else min
            limit = pick(value, schema.get(bound, value))
            schema[bound], schema[exclusive] = limit, limit == value


def _nullable(schema: Mapping[str, Any], result: dict[str, Any]) -> None:
    """Only beside a type, as OpenAPI 3.0 says."""
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        result["type"] = [schema["type"], "null"]
        if "enum" in result and None not in result["enum"]:
            result["enum"] = [*result["enum"], None]
