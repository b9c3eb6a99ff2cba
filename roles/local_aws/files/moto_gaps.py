"""Close the gaps of moto 5.2.5 that this collection's Terraform meets.

Call ``apply()`` before the server starts. Each function under ``@gap`` is a method of one of moto's classes; its
docstring says what moto lacks and what meets it, which is mostly that the second plan is not empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import unquote

import moto_code
from moto.apigateway import urls
from moto.apigateway.exceptions import BadRequestException, NoIntegrationResponseDefined
from moto.apigateway.models import Integration, Method, RestAPI
from moto.apigateway.responses import APIGatewayResponse
from moto.awslambda.models import LambdaBackend, LambdaFunction, LayerVersion
from moto.awslambda.responses import LambdaResponse
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

Reply = tuple[int, dict[str, str], str]
Operation = dict[str, Any]
Function = Callable[..., Any]

GAPS: list[tuple[type, str, Function]] = []


def gap(owner: type, name: str = "") -> Callable[[Function], Function]:
    """Register a method of this class of moto; ``<function>.moto`` is the one that it replaces, if any."""

    def register(function: Function) -> Function:
        attribute = name or function.__name__
        function.moto = getattr(owner, attribute, None)
        GAPS.append((owner, attribute, function))
        return function

    return register


def apply() -> None:
    """Patch moto in this process."""
    for owner, name, function in GAPS:
        setattr(owner, name, function)
    # moto's tag routes match stage ARNs and ARNs without a slash.
    urls.url_paths["{0}/tags/(?P<arn>arn:[^/]+::/.+)$"] = APIGatewayResponse.dispatch


# API Gateway: the patch operations of its updates.


class Field(NamedTuple):
    """Where a patch path leads: an attribute of moto's object and what it holds."""

    attribute: str
    holds: type = str  # str, int or bool, or a container of them
    item: type = str


def _cast(value: str | None, kind: type) -> Any:
    if value is None:
        return None
    return value.lower() == "true" if kind is bool else kind(value)


def _patch(target: Any, operations: list[Operation], fields: dict[str, Field]) -> None:
    """Apply add, replace and remove operations, as AWS defines them, to one of moto's objects."""
    for operation in operations:
        name, _, key = operation["path"].lstrip("/").partition("/")
        key = key.replace("~1", "/").replace("~0", "~")
        if name not in fields:
            raise BadRequestException(f"moto_gaps has no patch path /{name}; add it to {__file__}")
        field = fields[name]
        removes = operation["op"] == "remove"
        value = operation.get("value")
        if field.holds is dict:
            entries = dict(getattr(target, field.attribute) or {})
            entries.pop(key, None)
            if not removes:
                entries[key] = _cast(value, field.item)
            setattr(target, field.attribute, entries)
        elif field.holds is list:
            entry = key or value
            entries = [item for item in getattr(target, field.attribute) or [] if item != entry]
            setattr(target, field.attribute, entries if removes else [*entries, entry])
        else:
            setattr(target, field.attribute, None if removes else _cast(value, field.holds))


METHOD = {
    "apiKeyRequired": Field("api_key_required", bool),
    "authorizationScopes": Field("authorization_scopes", list),
    "authorizationType": Field("authorization_type"),
    "authorizerId": Field("authorizer_id"),
    "requestModels": Field("request_models", dict),
    "requestParameters": Field("request_parameters", dict, bool),
    "requestValidatorId": Field("request_validator_id"),
}
METHOD_RESPONSE = {
    "responseModels": Field("response_models", dict),
    "responseParameters": Field("response_parameters", dict, bool),
}
INTEGRATION = {
    "cacheNamespace": Field("cache_namespace"),
    "contentHandling": Field("content_handling"),
    "credentials": Field("credentials"),
    "httpMethod": Field("http_method"),
    "passthroughBehavior": Field("passthrough_behaviour"),
    "requestParameters": Field("request_parameters", dict),
    "requestTemplates": Field("request_templates", dict),
    "timeoutInMillis": Field("timeout_in_millis", int),
    "uri": Field("uri"),
}
MODEL = {"description": Field("description"), "schema": Field("schema")}
RESOURCE = {"parentId": Field("parent_id"), "pathPart": Field("path_part")}
REST_API = {
    "binaryMediaTypes": Field("binaryMediaTypes", list),
    "disableExecuteApiEndpoint": Field("disableExecuteApiEndpoint", bool),
    "minimumCompressionSize": Field("minimum_compression_size", int),
}
DOMAIN_NAME = {
    "certificateArn": Field("certificate_arn"),
    "regionalCertificateArn": Field("regional_certificate_arn"),
    "securityPolicy": Field("security_policy"),
}
AUTHORIZER = {"providerARNs": Field("provider_arns", list)}


def _operations(call: APIGatewayResponse) -> list[Operation]:
    return call._get_param("patchOperations") or []


def _divide(operations: list[Operation], fields: dict[str, Field]) -> tuple[list[Operation], list[Operation]]:
    """Split into the operations on these fields and the ones that moto handles well."""
    ours = [operation for operation in operations if operation["path"].split("/")[1] in fields]
    return ours, [operation for operation in operations if operation not in ours]


def _parts(call: APIGatewayResponse) -> list[str]:
    """The path's values: /restapis/<0>/resources/<1>/methods/<2>/..."""
    return unquote(call.path).strip("/").split("/")[1::2]


def _method(call: APIGatewayResponse) -> Method:
    return call.backend.get_method(*_parts(call)[:3])


def _integration(call: APIGatewayResponse) -> Integration:
    integration = _method(call).method_integration
    if integration is None:
        raise NoIntegrationResponseDefined
    return integration


def _update(name: str, fields: dict[str, Field], find: Callable[[APIGatewayResponse], Any]) -> None:
    """Register an update operation that moto lacks."""

    @gap(APIGatewayResponse, name)
    def update(self: APIGatewayResponse) -> str:
        target = find(self)
        _patch(target, _operations(self), fields)
        return json.dumps(target.to_dict() if fields is RESOURCE else target.to_json())


# A route's authorization, scopes, parameters or model changes.
_update("update_method", METHOD, _method)
# The headers of a CORS or mapped response change.
_update("update_method_response", METHOD_RESPONSE, lambda call: _method(call).get_response(_parts(call)[3]))
# A route's timeout, uri or mapping changes.
_update("update_integration", INTEGRATION, _integration)
# A request model's schema changes.
_update("update_model", MODEL, lambda call: call.backend.get_model(*_parts(call)[:2]))
# A path parameter is renamed.
_update("update_resource", RESOURCE, lambda call: call.backend.get_resource(*_parts(call)[:2]))
# A certificate is renewed under a new ARN.
_update("update_domain_name", DOMAIN_NAME, lambda call: call.backend.get_domain_name(_parts(call)[0]))


@gap(APIGatewayResponse)
def get_integration(self: APIGatewayResponse) -> str:
    """Gives an empty one for one that is gone, which Terraform then replaces instead of creating it."""
    _integration(self)
    return get_integration.moto(self)


@gap(APIGatewayResponse)
def delete_integration(self: APIGatewayResponse) -> Reply:
    """Fails on one that is gone, where AWS says so, as the one below: a route's type changes."""
    _integration(self)
    return delete_integration.moto(self)


@gap(APIGatewayResponse)
def delete_integration_response(self: APIGatewayResponse) -> Reply:
    _integration(self).get_integration_response(self.path.rsplit("/", 1)[1])
    return delete_integration_response.moto(self)


@gap(APIGatewayResponse)
def update_authorizer(self: APIGatewayResponse) -> str:
    """Raises on providerARNs: a user pool is added or removed."""
    authorizer = self.backend.get_authorizer(*_parts(self)[:2])
    ours, theirs = _divide(_operations(self), AUTHORIZER)
    _patch(authorizer, ours, AUTHORIZER)
    authorizer.apply_operations(theirs)
    return json.dumps(authorizer.to_json())


@gap(APIGatewayResponse)
def create_rest_api(self: APIGatewayResponse) -> Reply:
    """Drops binaryMediaTypes."""
    status, headers, body = create_rest_api.moto(self)
    if status != 200:
        return status, headers, body
    api = self.backend.get_rest_api(json.loads(body)["id"])
    api.binaryMediaTypes = self._get_param("binaryMediaTypes") or []
    return status, headers, json.dumps(api.to_dict())


@gap(APIGatewayResponse)
def update_rest_api(self: APIGatewayResponse) -> Reply:
    """Misreads binaryMediaTypes and the text "false", and drops minimumCompressionSize."""
    api = self.backend.get_rest_api(_parts(self)[0])
    ours, theirs = _divide(_operations(self), REST_API)
    _patch(api, ours, REST_API)
    api.apply_patch_operations(theirs)
    return 200, {}, json.dumps(api.to_dict())


@gap(RestAPI)
def to_dict(self: RestAPI) -> dict[str, Any]:
    """Gives the policy as JSON; AWS gives it as the inside of a JSON string, and the provider reads only that."""
    fields = to_dict.moto(self)
    return {**fields, "policy": json.dumps(self.policy)[1:-1]} if self.policy else fields


def _tagged(call: APIGatewayResponse) -> Any:
    """What the ARN in /tags/<arn> names."""
    kind, *names = unquote(call.path).split("::/", 1)[1].split("/")
    if kind == "restapis" and len(names) == 3:
        return call.backend.get_stage(names[0], names[2])
    find = {
        "apikeys": call.backend.get_api_key,
        "domainnames": call.backend.get_domain_name,
        "restapis": call.backend.get_rest_api,
        "usageplans": call.backend.get_usage_plan,
    }
    return find[kind](names[0])


@gap(APIGatewayResponse)
def get_tags(self: APIGatewayResponse) -> str:
    """Knows stages only, as the two below: the tags of an API, key, usage plan or domain change."""
    return json.dumps({"tags": _tagged(self).tags or {}})


@gap(APIGatewayResponse)
def tag_resource(self: APIGatewayResponse) -> Reply:
    target = _tagged(self)
    target.tags = {**(target.tags or {}), **self._get_param("tags")}
    return 204, {}, ""


@gap(APIGatewayResponse)
def untag_resource(self: APIGatewayResponse) -> Reply:
    target = _tagged(self)
    target.tags = {key: value for key, value in (target.tags or {}).items() if key not in self.querystring["tagKeys"]}
    return 204, {}, ""


@gap(IAMPolicyStatement)
def is_action_permitted(self: IAMPolicyStatement, *args: Any, **kwargs: Any) -> PermissionResult:
    """Knows no conditions, so that "deny without TLS" denies all; here a conditional statement says nothing."""
    if "Condition" in self._statement:
        return PermissionResult.NEUTRAL
    return is_action_permitted.moto(self, *args, **kwargs)


# Lambda: what moto does not keep.
FUNCTION_KEPT = ("LoggingConfig", "DeadLetterConfig")


@gap(LambdaFunction, "__init__")
def function_init(self: LambdaFunction, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
    """Drops LoggingConfig and DeadLetterConfig, as the one below."""
    function_init.moto(self, account_id, spec, *args, **kwargs)
    self.kept = {key: spec[key] for key in FUNCTION_KEPT if spec.get(key)}


@gap(LambdaFunction)
def get_configuration(self: LambdaFunction, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {**get_configuration.moto(self, *args, **kwargs), **self.kept}


@gap(LambdaFunction)
def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
    """Ignores these: a function's tracing, disk, key, logging or dead-letter queue changes."""
    self.kept.update({key: updates[key] for key in FUNCTION_KEPT if key in updates})
    if "TracingConfig" in updates:
        self.tracing_config = updates["TracingConfig"]
    if "EphemeralStorage" in updates:
        self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
    if "KMSKeyArn" in updates:
        self.kms_key_arn = updates["KMSKeyArn"]
    return update_configuration.moto(self, updates)


@gap(LambdaBackend)
def put_function_event_invoke_config(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> Any:
    """Adds a second one, and gives back the first: how asynchronous calls are retried stays as it was at the first apply."""
    self.get_function(function_name).event_invoke_config.clear()
    return put_function_event_invoke_config.moto(self, function_name, config)


@gap(LambdaResponse, "put_function_event_invoke_config")
def put_event_invoke_config_of(self: LambdaResponse) -> ActionResult:
    """Knows no qualifier: those of an alias were told as those of $LATEST, which nobody has set."""
    put_event_invoke_config_of.moto(self)
    function = self.backend.get_function(unquote(self.path.rsplit("/", 2)[1]))
    settings = function.event_invoke_config[-1]
    settings.arn = f"{function.function_arn}:{self._get_param('Qualifier') or '$LATEST'}"
    return ActionResult(settings.response())


@gap(LambdaFunction)
def get_code(self: LambdaFunction) -> dict[str, Any]:
    """Links to nothing, as the one below; playbooks/serve.yml runs what is behind these links."""
    found = get_code.moto(self)
    if found.get("Code", {}).get("RepositoryType") == "S3":
        found["Code"]["Location"] = moto_code.location(self.code_sha_256)
    return found


@gap(LambdaFunction)
def _invoke_lambda(self: LambdaFunction, event: Any = None) -> tuple[str, bool, str]:
    """Wants Docker: a function is invoked, or a queue, topic or bucket has an event for it."""
    return moto_code.run(self.function_arn, event)


@gap(LayerVersion)
def get_layer_version(self: LayerVersion) -> dict[str, Any]:
    found = get_layer_version.moto(self)
    found["Content"]["Location"] = moto_code.location(self.code_sha_256)
    return found


# S3: configurations of a bucket that are given back exactly as they were put. moto loses
# - of lifecycle the sizes and NewerNoncurrentVersions, for which the provider then waits without end;
# - of notification the EventBridge switch;
# - of replication the delete markers, the prefix, and that objects under a KMS key are replicated.
BUCKET_KEPT = ("lifecycle", "notification", "replication")


@gap(S3Response)
def _bucket_response_put(self: S3Response, request: Any, bucket: str, query: dict[str, Any]) -> Any:
    """What moto accepts is kept, beside what moto makes of it."""
    reply = _bucket_response_put.moto(self, request, bucket, query)
    for name in BUCKET_KEPT:
        if name in query and reply == "":
            setattr(self.backend.get_bucket(bucket), f"kept_{name}", self.body)
    return reply


def _give_back(name: str) -> None:
    @gap(S3Response, f"get_bucket_{name}")
    def get(self: S3Response) -> Reply:
        status, headers, body = get.moto(self)  # fails if there is none
        return status, headers, getattr(self.backend.get_bucket(self.bucket_name), f"kept_{name}", body)


for _name in BUCKET_KEPT:
    _give_back(_name)


@gap(FakeBucket)
def _log_permissions_enabled_policy(self: FakeBucket, target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    """Crashes on the principal "*", which lets nobody deliver access logs: moto does not get to see it."""
    policy = json.loads(target_bucket.policy or '{"Statement": []}')
    policy["Statement"] = [one for one in policy["Statement"] if isinstance(one.get("Principal"), dict)]
    seen = {**vars(target_bucket), "policy": json.dumps(policy).encode()}
    return _log_permissions_enabled_policy.moto(SimpleNamespace(**seen), target_prefix)
