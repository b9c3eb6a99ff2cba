"""What a request to AWS calls, and how AWS words a refusal in that call's protocol.

Nothing here is ours: moto finds the operation and its parameters in botocore's service models, and writes the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from werkzeug.exceptions import NotFound

Answer = tuple[int, dict[str, str], bytes]

# Credential=<access key>/<day>/<region>/<service>/aws4_request
_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]*)/([^/,]+)/aws4_request")
# Services whose name in a signature is not the one of their model.
_SIGNED_AS = {
    "elasticloadbalancing": "elbv2",
    "email": "ses",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}
# Models that share their signature's name with others: (service, beginning of the path, model).
_SHARED = (("apigateway", "/v2/", "apigatewayv2"), ("s3", "/v20180820/", "s3control"))


class Refusal(Exception):  # noqa: N818 - not an error of ours
    """What AWS answers instead of doing it; a status of 0 is the one that the service's model gives to the code."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Call:
    """One request, understood."""

    service: str
    region: str
    account: str
    protocol: str
    model: OperationModel
    params: dict[str, Any] = field(default_factory=dict)
    # What DescribeTable says of the table in question, where a rule must know.
    table: dict[str, Any] = field(default_factory=dict)
    # What a refusal says in its headers.
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        """The name that botocore's model has for it."""
        return self.model.name


def scope(request: Request) -> tuple[str, str] | None:
    """Return region and service of a signed request; None is one that is not, or is presigned."""
    signed = _SCOPE.search(request.headers.get("Authorization", ""))
    if not signed:
        return None
    region, service = signed.groups()
    for name, path, model in _SHARED:
        if service == name and request.path.startswith(path):
            return region, model
    return region, _SIGNED_AS.get(service, service)


def find(request: Request, service: str) -> tuple[OperationModel, dict[str, Any]] | None:
    """Return the operation and the parameters in its path; None where no model knows the request."""
    try:
        return get_service_router(service).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return None


def protocol_of(request: Request, model: OperationModel) -> str:
    """Return which of its service's protocols the request speaks."""
    return determine_request_protocol(model.service_model, request.content_type)


def parse(request: Request, protocol: str, model: OperationModel, path: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as the SDK's user gave them."""
    return PROTOCOL_PARSERS[protocol](model).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": path,
        }
    )


def answer(refusal: Refusal, call: Call) -> Answer:
    """Return status, headers and body of the refusal, as the SDKs read it."""
    serializer = get_serializer_class(call.model.service_model.service_name, call.protocol)(call.model)
    reply = serializer.serialize(refusal)
    body = reply["body"]
    headers = {**reply["headers"], **call.headers, "x-amzn-RequestId": "local-aws-refusal"}
    return refusal.status or reply["status_code"], headers, body if isinstance(body, bytes) else body.encode()
