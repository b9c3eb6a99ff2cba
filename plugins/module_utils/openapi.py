# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turn OpenAPI 3 documents into the routes and models of the api_gateway stack. Needs nothing of Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import shown
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_extensions import (
    ANY_METHOD,
    AUTHORIZER_FIELDS,
    AWS,
    api_settings,
    check_file,
    check_place,
    integration_of,
    mock_route,
    refuse,
    validation,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_files import (
    MISSING,
    Files,
    Node,
    OpenApiError,
    Reader,
    Where,
    items,
    mapping,
    target_name,
    texts,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_models import Model, words

FUNCTION_KEY = "x-site-builder-function"
TIMEOUT_KEY = "x-timeout"

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
PATH_ITEM_FIELDS = ("$ref", "summary", "description", "servers", "parameters")
PARAMETER_PLACES = {"path": "path", "query": "querystring", "header": "header"}
# What API Gateway itself says where it refuses a name.
PARAMETER_NAME = re.compile(r"[a-zA-Z0-9:._$-]+")
# OpenAPI has these three headers described elsewhere and ignores them as parameters.
IGNORED_HEADERS = ("accept", "content-type", "authorization")
TIMEOUT_MS = (50, 300_000)


def openapi_routes(
    documents: Iterable[Mapping[str, Any]],
    functions: Iterable[str],
    files: Mapping[str, str] | Reader | None = None,
    unsupported: str = "error",
) -> dict[str, Any]:
    """Return what the documents of one API say, as the api_gateway stack takes it.

    documents: ``{file, content}`` each, where ``file`` is the path; ``unsupported`` beside them counts for the one document.
    files: the texts of further files that references lead to, by path, or a function from path to text or None.
    unsupported: error or ignore, for schema keywords and parameter names that API Gateway lacks.
    Returns routes by id, models by name ``{"schema": text}``, and settings, further fields of the API. Raises OpenApiError.
    """
    known = sorted(functions)
    result = _Result()
    for entry in documents:
        if not isinstance(entry, Mapping) or not {"file", "content"} <= set(entry):
            raise OpenApiError("Each document must be a mapping with the keys file and content.")
        if MISSING:
            raise OpenApiError(
                f"OpenAPI documents need the Python libraries jsonschema and referencing ({MISSING}); install what "
                "requirements.txt of the collection names."
            )
        choice = entry.get("unsupported", unsupported)
        if choice not in ("error", "ignore"):
            raise OpenApiError(f"openapi_unsupported is {shown(choice)}; set it to error or ignore.")
        _Document(str(entry["file"]), entry["content"], known, files, choice == "ignore").add_to(result)
    return {
        "routes": dict(sorted(result.routes.items())),
        "models": dict(sorted(result.models.items())),
        "settings": dict(sorted(result.settings.items())),
    }


class _Result:
    """Routes, models and settings of all documents together, and the rules that hold across them."""

    def __init__(self) -> None:
        self.routes: dict[str, dict[str, Any]] = {}
        self.models: dict[str, dict[str, str]] = {}
        self.settings: dict[str, Any] = {}
        self._owners: dict[tuple[str, ...], Where] = {}
        self._parameters: dict[str, tuple[str, Where]] = {}

    def add_route(self, where: Where, route_id: str, route: dict[str, Any]) -> None:
        self._claim(where, "route", f"{route['method']} {_erase_names(route['path'])}", "remove one of the two")
        self._claim(where, "operationId", route_id, "choose another")
        self._check_parameter_names(where, route["path"])
        self.routes[route_id] = route

    def add_model(self, where: Where, name: str, schema: str) -> None:
        model = {"schema": schema}
        if self.models.setdefault(name, model) != model:
            where.fail(f"the request model {name} differs from a model of the same name; rename one of the two schemas")

    def add_setting(self, where: Where, extension: str, field: str, value: Any) -> None:
        if field == "binary_media_types":
            value = self.settings[field] = sorted({*self.settings.get(field, []), *value})
        if self.settings.setdefault(field, value) != value:
            where.fail(f"{extension} differs from that of another place, and an API has one; make them the same")

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

    def __init__(
        self, file: str, content: Any, functions: list[str], files: Mapping[str, str] | Reader | None, ignore: bool
    ) -> None:
        self.where = Where(file)
        self.functions = functions
        self.ignore = ignore
        self.files = Files(self.where, content, files, check_file)
        self.root: Mapping[str, Any] = self.files.root.value
        version = str(self.root.get("openapi", ""))
        if not re.fullmatch(r"3\.[01]\.\d+", version):
            found = version or (f"swagger {self.root['swagger']}" if "swagger" in self.root else "none")
            self.where.fail(f"the OpenAPI version is {found}; convert the document to OpenAPI 3.0 or 3.1")
        self.modern = version.startswith("3.1")
        if not isinstance(self.root.get("paths"), Mapping) or not self.root["paths"]:
            self.where.fail("has no paths; add at least one")

    def add_to(self, result: _Result) -> None:
        check_place(self.where, self.root, "document")
        for setting in api_settings(self.where, self.root):
            result.add_setting(self.where, *setting)
        for path, value in self.root["paths"].items():
            if path.startswith("x-"):
                continue
            where = self.where._replace(path=path)
            self._check_path(where)
            item = self._path_item(where, self.files.root.child(value))
            for key in item.value:
                verb = "any" if key == ANY_METHOD else key
                if verb == "any" or verb in VERBS:
                    self._add_operation(result, where._replace(verb=verb), item, item.child(item.value[key]))
                elif key not in PATH_ITEM_FIELDS and not key.startswith("x-"):
                    where.fail(f"{key} is no verb that API Gateway has; use one of {', '.join(VERBS)}")

    def _path_item(self, where: Where, node: Node) -> Node:
        item = self.files.resolve(where, node, "path item")
        beside = ", ".join(key for key in node.value if key in VERBS or key in (ANY_METHOD, "parameters"))
        if item is not node and beside:
            where.fail(f"{beside} beside $ref is read differently by each tool; move it to where the reference leads")
        check_place(where, item.value, "path")
        return item

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

    def _add_operation(self, result: _Result, where: Where, item: Node, node: Node) -> None:
        operation = node.value
        if not isinstance(operation, Mapping):
            where.fail("the operation is not a mapping; describe it or remove it")
        check_place(where, operation, "operation")
        target = self._target(where, item.value, operation)
        check_body, check_parameters = validation(where, self.root, operation)
        route: dict[str, Any] = {
            "path": where.path,
            "method": where.verb.upper(),
            **target,
            **self._authorization(result, where, operation, "function" in target),
            **self._parameters(where, item, node, check_parameters),
        }
        model = self._request_model(where, node) if check_body else None
        if model:
            route["request_model"] = model[0]
            result.add_model(where, *model)
        result.add_route(where, _route_id(where, operation), route)

    def _inherited(self, key: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
        """An extension may stand at the operation, its path or the whole document; the nearest one counts."""
        return next((level[key] for level in (operation, item, self.root) if key in level), None)

    def _target(self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
        """The function that answers, or API Gateway itself (MOCK), as exports have it for OPTIONS."""
        integration = integration_of(where, operation)
        timeout = self._timeout(where, item, operation, integration)
        if integration["type"] == "mock":
            if FUNCTION_KEY in operation:
                where.fail(
                    f"{FUNCTION_KEY} names a function, and the integration of the type mock calls none; remove one"
                )
            return {**mock_route(where, integration), **timeout}
        return {"function": self._function(where, item, operation), **timeout}

    def _function(self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
        function = self._inherited(FUNCTION_KEY, item, operation)
        choice = ", ".join(self.functions) or "none are defined"
        if not function:
            where.fail(f"no function is named; add {FUNCTION_KEY} with one of: {choice}")
        if function not in self.functions:
            where.fail(f'the function "{function}" does not exist; set {FUNCTION_KEY} to one of: {choice}')
        return function

    def _timeout(
        self, where: Where, item: Mapping[str, Any], operation: Mapping[str, Any], integration: Mapping[str, Any]
    ) -> dict[str, int]:
        timeout = self._inherited(TIMEOUT_KEY, item, operation)
        name = TIMEOUT_KEY if timeout is not None else f"{AWS}integration.timeoutInMillis"
        timeout = integration.get("timeoutInMillis") if timeout is None else timeout
        if timeout is None:
            return {}
        low, high = TIMEOUT_MS
        if type(timeout) is not int or not low <= timeout <= high:
            where.fail(f"{name} is {timeout}; set it to {low} to {high} milliseconds")
        return {"timeout_milliseconds": timeout}

    def _authorization(
        self, result: _Result, where: Where, operation: Mapping[str, Any], reaches_function: bool
    ) -> dict[str, Any]:
        name = f"{AWS}auth"
        kind = mapping(where, operation.get(name, {}), name).get("type")
        if name in operation and kind not in ("AWS_IAM", "NONE"):
            where.fail(f"{name} has the type {shown(kind)}; set it to AWS_IAM or NONE, or declare security")
        requirements = operation.get("security", self.root.get("security"))
        if requirements is None and (kind or (where.verb == "options" and not reaches_function)):
            # Browsers send no credentials with OPTIONS.
            requirements = []
        found = self._security(result, where, requirements)
        if kind and found["authorization"] not in ("NONE", kind):
            where.fail(f"{name} says {kind} and security {found['authorization']}; keep one of them")
        return {**found, "authorization": kind or found["authorization"]}

    def _security(self, result: _Result, where: Where, requirements: Any) -> dict[str, Any]:
        if requirements is None:
            where.fail("no security is declared; add security, or security: [] for a public operation")
        if not isinstance(requirements, list) or not all(isinstance(entry, Mapping) for entry in requirements):
            where.fail("security is not a list of mappings; write it as - scheme: [scopes]")
        if not requirements:
            return {"authorization": "NONE"}
        if len(requirements) > 1 or {} in requirements:
            where.fail("security offers alternatives, and an API Gateway method has one authorizer; keep one entry")
        found: dict[str, Any] = {}
        for name, scopes in requirements[0].items():
            kind = self._scheme_kind(result, where, name)
            if kind == "api_key":
                found["api_key_required"] = True
            elif "authorization" in found:
                where.fail(f"security combines two authorizers; keep one of {' and '.join(requirements[0])}")
            else:
                found["authorization"] = kind
                if scopes and kind == "COGNITO_USER_POOLS":
                    found["scopes"] = sorted(texts(where, scopes, f"the scopes of {name}"))
        found.setdefault("authorization", "NONE")
        return found

    def _scheme_kind(self, result: _Result, where: Where, name: str) -> str:
        components = mapping(where, self.root.get("components", {}), "components")
        schemes = mapping(where, components.get("securitySchemes", {}), "components.securitySchemes")
        if name not in schemes:
            where.fail(f'the security scheme "{name}" is not declared; add it to components.securitySchemes')
        scheme = self.files.resolve(where, self.files.root.child(schemes[name]), "security scheme").value
        check_place(where, scheme, "security scheme")
        kind = scheme.get("type")
        auth_type = scheme.get(f"{AWS}authtype")
        if auth_type == "awsSigv4":
            return "AWS_IAM"
        cognito = self._is_cognito(result, where, name, scheme, auth_type)
        if kind == "apiKey" and scheme.get("in") == "header":
            header = str(scheme.get("name", "")).lower()
            if header == "x-api-key" and not cognito:
                return "api_key"
            if header == "authorization":
                return "COGNITO_USER_POOLS"
        elif kind in ("oauth2", "openIdConnect") or (kind == "http" and str(scheme.get("scheme")).lower() == "bearer"):
            return "COGNITO_USER_POOLS"
        where.fail(
            f'the security scheme "{name}" has no counterpart in API Gateway; use oauth2, openIdConnect or http bearer '
            "(Cognito), apiKey in the header X-Api-Key, or x-amazon-apigateway-authtype: awsSigv4"
        )

    def _is_cognito(self, result: _Result, where: Where, name: str, scheme: Mapping[str, Any], auth_type: Any) -> bool:
        """Whether the scheme says by API Gateway's extensions that Cognito judges; any other authorizer is refused."""
        key = f"{AWS}authorizer"
        authorizer = mapping(where, scheme.get(key, {}), key)
        kinds = {value for value in (auth_type, authorizer.get("type")) if value is not None}
        if not kinds:
            return False
        if {str(value).lower() for value in kinds} != {"cognito_user_pools"}:
            where.fail(
                f'the security scheme "{name}" has an authorizer of its own ({", ".join(sorted(map(str, kinds)))}), and this '
                "collection has Cognito's; use Cognito or check the token in the function"
            )
        settings = {}
        for field, value in authorizer.items():
            if field == "providerARNs":
                pools = sorted(set(texts(where, value, f"{key}.{field}")))
                result.add_setting(where, f"{key}.{field}", "cognito_user_pool_arns", pools)
            elif field in AUTHORIZER_FIELDS:
                settings[AUTHORIZER_FIELDS[field]] = value
            elif field != "type":
                refuse(where, f"{key}.{field}", f'the security scheme "{name}"')
        if settings:
            result.add_setting(where, key, "authorizer", settings)
        return True

    def _parameters(self, where: Where, item: Node, operation: Node, required: bool) -> dict[str, Any]:
        """required: whether API Gateway refuses requests that lack a required parameter."""
        parameters: dict[tuple[str, str], Mapping[str, Any]] = {}
        for level in (item, operation):
            for entry in items(where, level.value.get("parameters", []), "parameters"):
                parameter = self.files.resolve(where, level.child(entry), "parameter").value
                name, place = parameter.get("name"), parameter.get("in")
                if not isinstance(name, str) or not isinstance(place, str):
                    where.fail("a parameter lacks name or in; give both")
                parameters[place, name.removesuffix("+") if place == "path" else name] = parameter
        declared = {name for place, name in parameters if place == "path"}
        used = set(re.findall(r"\{([^}+]+)\+?\}", where.path))
        # Exports of API Gateway leave them out of OPTIONS; the module adds those of the path anyhow.
        for name in sorted(used - declared) if where.verb != "options" else ():
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
            if PARAMETER_NAME.fullmatch(name):
                checked = place == "path" or (required and bool(parameter.get("required", False)))
                request_parameters[f"method.request.{PARAMETER_PLACES[place]}.{name}"] = checked
            elif not self.ignore:
                where.fail(
                    f'the parameter "{name}" has a name that API Gateway refuses; use letters, digits and :._$- or set '
                    "openapi_unsupported to ignore, and the function gets it unchecked"
                )
        return {"request_parameters": request_parameters} if request_parameters else {}

    def _request_model(self, where: Where, operation: Node) -> tuple[str, str] | None:
        if "requestBody" not in operation.value:
            return None
        body = self.files.resolve(where, operation.child(operation.value["requestBody"]), "request body")
        content = mapping(where, body.value.get("content", {}), "the request body's content")
        kinds = [kind for kind in content if kind.split(";")[0].strip().lower() == "application/json"]
        schema = mapping(where, content[kinds[0]], f"the content {kinds[0]}").get("schema") if kinds else None
        if schema is None:
            return None
        reference = str(schema.get("$ref", "")) if isinstance(schema, Mapping) else ""
        # A name in another script has no word that a model can be called by.
        name = words(target_name(reference)) or words(f"{_route_id(where, operation.value)} request")
        model = Model(self.files, where, self.modern, self.ignore)
        return name, model.text(body.child(schema), name)


def _erase_names(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _route_id(where: Where, operation: Mapping[str, Any]) -> str:
    segments = re.findall(r"[A-Za-z0-9]+", where.path)
    return str(operation.get("operationId") or "_".join([where.verb, *segments]))
