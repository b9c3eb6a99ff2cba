# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks for the objects that a plan creates: one finder for each kind whose second create AWS refuses or doubles.

Import ids are those of hashicorp/aws 5.100. A finder gives every object that could be the planned one, best first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.recovery.kinds import (
    Adoption,
    Candidate,
    Create,
    lacks,
    path_key,
    planned_path,
)

with suppress(ImportError):  # the module says that it is missing
    from botocore.exceptions import ClientError

Item = dict[str, Any]
Finder = Callable[["Lookup", Create], Iterator[Candidate]]

_MISSING = {
    "404",
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchHostedZone",
    "NotFoundException",
    "ResourceNotFoundException",
}
# As many items as API Gateway gives at a time; it counts requests.
_PAGES = {"PageSize": 500}
FINDERS: dict[str, tuple[tuple[str, ...], Finder]] = {}


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


class Lookup:
    """Asks AWS, each question once, and collects what to adopt.

    client: gives the client of a service in a region (None: that of the caller). tags: what every object of ours carries.
    """

    def __init__(self, client: Callable[[str, str | None], Any], tags: Mapping[str, str], adoption: Adoption) -> None:
        self._client, self._tags, self.adoption = client, tags, adoption
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._answers: dict[str, Any] = {}
        self.planned: dict[str, Create] = {}

    def run(self, creates: list[Create]) -> None:
        """Look for all of these, parents first."""
        self.planned = {create.address: create for create in creates}
        for create in creates:
            needs, finder = FINDERS.get(create.kind, ((), None))
            # What is named after something unknown is found when that is known: in the next round.
            if finder and all(create.after.get(name) for name in needs):
                self.adoption.judge(create, finder(self, create))

    def client(self, create: Create, service: str) -> Any:
        key = (service, create.region)
        if key not in self._clients:
            self._clients[key] = self._client(*key)
        return self._clients[key]

    def get(self, create: Create, service: str, operation: str, **arguments: Any) -> Item | None:
        """Return the answer, None where there is no such object."""

        def ask() -> Item | None:
            try:
                return getattr(self.client(create, service), operation)(**arguments)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

        return self._once((service, create.region, operation, arguments), ask)

    def items(self, create: Create, service: str, operation: str, path: str, **arguments: Any) -> list[Item]:
        """Return the items of all pages, none where the parent is missing."""

        def ask() -> list[Item]:
            pages = self.client(create, service).get_paginator(operation).paginate(**arguments)
            try:
                return list(pages.search(f"{path}[]"))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return []
                raise

        return [item for item in self._once((service, create.region, operation, arguments), ask) if item]

    def _once(self, question: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        key = json.dumps(question)
        if key not in self._answers:
            self._answers[key] = ask()
        return self._answers[key]

    def foreign(self, tags: Any) -> str:
        """Why an object with these tags is not ours; empty: it is."""
        return lacks(tags, self._tags)

    def parent(self, create: Create, attribute: str, resource: str) -> str:
        """The id that a planned attribute refers to: as planned, or of the object beside it that was just found."""
        return create.after.get(attribute) or self.adoption.parents.get(create.beside(resource), "")


def finder(kind: str, *needs: str) -> Callable[[Finder], Finder]:
    """Register what finds this kind, when the plan knows these attributes."""

    def register(function: Finder) -> Finder:
        FINDERS[kind] = (needs, function)
        return function

    return register


# Tables, buckets, roles


@finder("aws_dynamodb_table", "name")
def _table(aws: Lookup, create: Create) -> Iterator[Candidate]:
    name = create.after["name"]
    found = aws.get(create, "dynamodb", "describe_table", TableName=name)
    if not found or found["Table"]["TableStatus"] == "DELETING":
        return
    tags = aws.items(create, "dynamodb", "list_tags_of_resource", "Tags", ResourceArn=found["Table"]["TableArn"])
    foreign = aws.foreign(tags)
    if not foreign:
        # A table that is still being made takes no changes.
        aws.client(create, "dynamodb").get_waiter("table_exists").wait(TableName=name)
    yield Candidate(name, foreign=foreign)


@finder("aws_s3_bucket", "bucket")
def _bucket(aws: Lookup, create: Create) -> Iterator[Candidate]:
    name = create.after["bucket"]
    try:
        if not aws.get(create, "s3", "head_bucket", Bucket=name):
            return
    except ClientError as error:
        if _code(error) not in ("301", "400", "403"):
            raise
        yield Candidate(name, foreign="it is in another account or region, or these credentials may not read it")
        return
    yield Candidate(name, foreign=_foreign_bucket(aws, create, name))


def _foreign_bucket(aws: Lookup, create: Create, name: str) -> str:
    try:
        tags = aws.client(create, "s3").get_bucket_tagging(Bucket=name)["TagSet"]
    except ClientError as error:
        if _code(error) != "NoSuchTagSet":
            raise
        # The provider tags a bucket after it has made it, and may be killed in between. It may be anybody's all the same.
        tags = []
    return aws.foreign(tags)


@finder("aws_iam_role", "name")
def _role(aws: Lookup, create: Create) -> Iterator[Candidate]:
    found = aws.get(create, "iam", "get_role", RoleName=create.after["name"])
    if found:
        yield Candidate(create.after["name"], foreign=aws.foreign(found["Role"].get("Tags")))


@finder("aws_cloudfront_origin_access_control", "name")
def _origin_access_control(aws: Lookup, create: Create) -> Iterator[Candidate]:
    """It has no tags; ours say in the description what they are for."""
    for item in aws.items(create, "cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items"):
        if item["Name"] == create.after["name"]:
            same = item.get("Description", "") == create.after.get("description")
            yield Candidate(item["Id"], foreign="" if same else "its description is another one")


# Functions


@finder("aws_lambda_layer_version", "layer_name", "source_code_hash")
def _layer_version(aws: Lookup, create: Create) -> Iterator[Candidate]:
    """It has no tags; the newest one is ours when it holds the very archive. Its import ends in a replacement."""
    name = create.after["layer_name"]
    for version in aws.items(create, "lambda", "list_layer_versions", "LayerVersions", LayerName=name)[:1]:
        found = aws.get(create, "lambda", "get_layer_version", LayerName=name, VersionNumber=version["Version"])
        if found and found["Content"]["CodeSha256"] == create.after["source_code_hash"]:
            yield Candidate(version["LayerVersionArn"])


def _function_tags(aws: Lookup, create: Create, name: str) -> Mapping[str, str] | None:
    found = aws.get(create, "lambda", "get_function", FunctionName=name)
    return None if found is None else found.get("Tags", {})


@finder("aws_lambda_function", "function_name")
def _function(aws: Lookup, create: Create) -> Iterator[Candidate]:
    name = create.after["function_name"]
    tags = _function_tags(aws, create, name)
    if tags is None:
        return
    foreign = aws.foreign(tags)
    if not foreign:
        # A function that is still being made takes no changes.
        aws.client(create, "lambda").get_waiter("function_active_v2").wait(FunctionName=name)
    yield Candidate(name, foreign=foreign)


@finder("aws_lambda_alias", "function_name", "name")
def _alias(aws: Lookup, create: Create) -> Iterator[Candidate]:
    function, name = create.after["function_name"], create.after["name"]
    tags = _function_tags(aws, create, function)
    if tags is None or aws.foreign(tags):
        return
    if aws.get(create, "lambda", "get_alias", FunctionName=function, Name=name):
        yield Candidate(f"{function}/{name}")


@finder("aws_lambda_permission", "function_name", "statement_id", "principal", "action")
def _permission(aws: Lookup, create: Create) -> Iterator[Candidate]:
    after = create.after
    qualifier = {"Qualifier": after["qualifier"]} if after.get("qualifier") else {}
    found = aws.get(create, "lambda", "get_policy", FunctionName=after["function_name"], **qualifier)
    function = ":".join([after["function_name"], *qualifier.values()])
    for statement in json.loads(found["Policy"])["Statement"] if found else []:
        if statement["Sid"] == after["statement_id"]:
            same = _admits(statement, after["principal"]) and statement["Action"] == after["action"]
            foreign = "" if same else "it lets somebody else in"
            yield Candidate(f"{function}/{after['statement_id']}", foreign=foreign)


def _admits(statement: Item, principal: str) -> bool:
    """Whether the statement is for this service, account or ARN. AWS turns an account into the ARN of its root."""
    holder = statement["Principal"]
    name = next(iter(holder.values())) if isinstance(holder, dict) else holder
    return principal in {name, *name.split(":")}


# The topic and its key


def _key_tags(aws: Lookup, create: Create, key: str) -> list[Item]:
    return aws.items(create, "kms", "list_resource_tags", "Tags", KeyId=key)


@finder("aws_kms_key", "description")
def _key(aws: Lookup, create: Create) -> Iterator[Candidate]:
    """The one with an alias first, then the oldest."""
    found = []
    for key in aws.items(create, "kms", "list_keys", "Keys"):
        try:
            about = aws.get(create, "kms", "describe_key", KeyId=key["KeyId"])
        except ClientError as error:
            if _code(error) != "AccessDeniedException":
                raise
            continue  # a key of somebody else, whose policy leaves us out
        metadata = about["KeyMetadata"]
        if metadata["KeyState"] != "Enabled" or metadata.get("Description") != create.after["description"]:
            continue
        if not aws.foreign(_key_tags(aws, create, key["KeyId"])):
            aliases = aws.items(create, "kms", "list_aliases", "Aliases", KeyId=key["KeyId"])
            found.append((not aliases, metadata["CreationDate"], key["KeyId"]))
    yield from (Candidate(key) for *_, key in sorted(found))


@finder("aws_kms_alias", "name")
def _key_alias(aws: Lookup, create: Create) -> Iterator[Candidate]:
    for alias in aws.items(create, "kms", "list_aliases", "Aliases"):
        if alias["AliasName"] == create.after["name"]:
            foreign = aws.foreign(_key_tags(aws, create, alias["TargetKeyId"]))
            yield Candidate(alias["AliasName"], foreign=foreign and f"of the key behind it, {foreign}")


@finder("aws_sns_topic", "name")
def _topic(aws: Lookup, create: Create) -> Iterator[Candidate]:
    for topic in aws.items(create, "sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        if arn.rpartition(":")[2] == create.after["name"]:
            tags = aws.get(create, "sns", "list_tags_for_resource", ResourceArn=arn)
            yield Candidate(arn, foreign=aws.foreign(tags and tags["Tags"]))


@finder("aws_cloudwatch_log_group")
def _log_group(aws: Lookup, create: Create) -> Iterator[Candidate]:
    name = create.after.get("name") or _execution_log_group(aws, create)
    if not name:
        return
    for group in aws.items(create, "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name):
        if group["logGroupName"] == name:
            arn = group["arn"].removesuffix(":*")
            tags = aws.get(create, "logs", "list_tags_for_resource", resourceArn=arn)
            foreign = "" if create.name == "execution" else aws.foreign(tags and tags["tags"])
            yield Candidate(name, foreign=foreign)


def _execution_log_group(aws: Lookup, create: Create) -> str | None:
    """AWS dictates the name, and API Gateway makes the group itself, without tags, when it has something to log first."""
    api = aws.adoption.parents.get(create.beside("aws_api_gateway_rest_api.this"))
    stage = aws.planned.get(create.beside("aws_api_gateway_stage.this"))
    known = create.name == "execution" and api and stage
    return f"API-Gateway-Execution-Logs_{api}/{stage.after['stage_name']}" if known else None


# The API. What belongs to an API of ours is ours.


def _api(aws: Lookup, create: Create) -> str:
    return aws.parent(create, "rest_api_id", "aws_api_gateway_rest_api.this")


def _of_api(aws: Lookup, create: Create, operation: str, **arguments: Any) -> list[Item]:
    api = _api(aws, create)
    if not api:
        return []
    return aws.items(create, "apigateway", operation, "items", restApiId=api, PaginationConfig=_PAGES, **arguments)


def _tagged(aws: Lookup, create: Create, operation: str) -> Iterator[Candidate]:
    """The oldest first, for its id or value is the one that callers know. Others of that name do not stand in the way."""
    items = aws.items(create, "apigateway", operation, "items", PaginationConfig=_PAGES)
    for item in sorted(items, key=lambda one: str(one.get("createdDate", ""))):  # usage plans have no date
        if item["name"] == create.after["name"] and not aws.foreign(item.get("tags", {})):
            yield Candidate(item["id"])


@finder("aws_api_gateway_rest_api", "name")
def _rest_api(aws: Lookup, create: Create) -> Iterator[Candidate]:
    yield from _tagged(aws, create, "get_rest_apis")


def _resource_at(aws: Lookup, create: Create) -> Item | None:
    """The place in the API's tree that the key of a planned resource, method or response names."""
    key = planned_path(create)
    items = _of_api(aws, create, "get_resources", embed=["methods"])
    return next((item for item in items if path_key(item["path"]) == key), None)


@finder("aws_api_gateway_resource")
def _resource(aws: Lookup, create: Create) -> Iterator[Candidate]:
    resource = _resource_at(aws, create)
    if resource:
        yield Candidate(f"{_api(aws, create)}/{resource['id']}", resource["id"])


def _method_at(aws: Lookup, create: Create) -> tuple[list[str], Item] | None:
    """The parts of its id, which an import wants in another form than the provider gives it in a state."""
    resource = _resource_at(aws, create)
    verb = create.after["http_method"]
    method = resource and resource.get("resourceMethods", {}).get(verb)
    return None if method is None else ([_api(aws, create), resource["id"], verb], method)


@finder("aws_api_gateway_method", "http_method")
def _method(aws: Lookup, create: Create) -> Iterator[Candidate]:
    found = _method_at(aws, create)
    if found:
        yield Candidate("/".join(found[0]), "-".join(["agm", *found[0]]))


@finder("aws_api_gateway_method_response", "http_method", "status_code")
def _method_response(aws: Lookup, create: Create) -> Iterator[Candidate]:
    found = _method_at(aws, create)
    status = create.after["status_code"]
    if found and status in found[1].get("methodResponses", {}):
        parts = [*found[0], status]
        yield Candidate("/".join(parts), "-".join(["agmr", *parts]))


@finder("aws_api_gateway_authorizer", "name")
def _authorizer(aws: Lookup, create: Create) -> Iterator[Candidate]:
    yield from _named_of_api(aws, create, "get_authorizers")


@finder("aws_api_gateway_request_validator", "name")
def _request_validator(aws: Lookup, create: Create) -> Iterator[Candidate]:
    yield from _named_of_api(aws, create, "get_request_validators")


def _named_of_api(aws: Lookup, create: Create, operation: str) -> Iterator[Candidate]:
    for item in _of_api(aws, create, operation):
        if item["name"] == create.after["name"]:
            yield Candidate(f"{_api(aws, create)}/{item['id']}", item["id"])


@finder("aws_api_gateway_model", "name")
def _model(aws: Lookup, create: Create) -> Iterator[Candidate]:
    for item in _of_api(aws, create, "get_models"):
        if item["name"] == create.after["name"]:
            yield Candidate(f"{_api(aws, create)}/{item['name']}", item["id"])


def _stages(aws: Lookup, create: Create) -> list[Item]:
    api = _api(aws, create)
    found = aws.get(create, "apigateway", "get_stages", restApiId=api) if api else None
    return found["item"] if found else []


@finder("aws_api_gateway_stage", "stage_name")
def _stage(aws: Lookup, create: Create) -> Iterator[Candidate]:
    for stage in _stages(aws, create):
        if stage["stageName"] == create.after["stage_name"]:
            parts = [_api(aws, create), stage["stageName"]]
            yield Candidate("/".join(parts), "-".join(["ags", *parts]))


@finder("aws_api_gateway_deployment")
def _deployment(aws: Lookup, create: Create) -> Iterator[Candidate]:
    """The one that a stage shows, then those that none shows, newest first. Its import ends in a replacement, too."""
    shown = {stage["deploymentId"] for stage in _stages(aws, create)}
    items = sorted(_of_api(aws, create, "get_deployments"), key=lambda one: one["createdDate"], reverse=True)
    in_use, idle = ([item for item in items if (item["id"] in shown) is used] for used in (True, False))
    for item in [*in_use[:1], *idle]:
        yield Candidate(f"{_api(aws, create)}/{item['id']}", item["id"])


@finder("aws_api_gateway_usage_plan", "name")
def _usage_plan(aws: Lookup, create: Create) -> Iterator[Candidate]:
    yield from _tagged(aws, create, "get_usage_plans")


@finder("aws_api_gateway_api_key", "name")
def _api_key(aws: Lookup, create: Create) -> Iterator[Candidate]:
    yield from _tagged(aws, create, "get_api_keys")


@finder("aws_api_gateway_usage_plan_key")
def _usage_plan_key(aws: Lookup, create: Create) -> Iterator[Candidate]:
    plan = aws.parent(create, "usage_plan_id", "aws_api_gateway_usage_plan.this[0]")
    key = aws.parent(create, "key_id", f"aws_api_gateway_api_key.this[{json.dumps(create.index)}]")
    if not plan or not key:
        return
    for item in aws.items(create, "apigateway", "get_usage_plan_keys", "items", usagePlanId=plan):
        if item["id"] == key:
            yield Candidate(f"{plan}/{key}")


@finder("aws_api_gateway_domain_name", "domain_name")
def _domain_name(aws: Lookup, create: Create) -> Iterator[Candidate]:
    name = create.after["domain_name"]
    found = aws.get(create, "apigateway", "get_domain_name", domainName=name)
    if found:
        yield Candidate(name, foreign=aws.foreign(found.get("tags", {})))


@finder("aws_api_gateway_base_path_mapping", "domain_name")
def _base_path_mapping(aws: Lookup, create: Create) -> Iterator[Candidate]:
    domain, path = create.after["domain_name"], create.after.get("base_path") or ""
    api = aws.parent(create, "api_id", "aws_api_gateway_rest_api.this")
    for item in aws.items(create, "apigateway", "get_base_path_mappings", "items", domainName=domain):
        if item["basePath"] == (path or "(none)"):
            same = item["restApiId"] == api
            yield Candidate(f"{domain}/{path}", foreign="" if same else f"it leads to the API {item['restApiId']}")


@finder("aws_route53_record", "zone_id", "name", "type")
def _record(aws: Lookup, create: Create) -> Iterator[Candidate]:
    """It has no tags; it is ours when it is an alias of our domain name."""
    zone, name, kind = (create.after[key] for key in ("zone_id", "name", "type"))
    domain = aws.get(create, "apigateway", "get_domain_name", domainName=name) or {}
    targets = {domain.get("regionalDomainName"), domain.get("distributionDomainName")} - {None}
    pages = aws.client(create, "route53").get_paginator("list_resource_record_sets")
    start = {"StartRecordName": name, "StartRecordType": kind, "PaginationConfig": {"MaxItems": 1, "PageSize": 1}}
    for record in pages.paginate(HostedZoneId=zone, **start).search("ResourceRecordSets[]"):
        if (record["Name"].rstrip("."), record["Type"]) == (name.rstrip("."), kind):
            target = record.get("AliasTarget", {}).get("DNSName", "").rstrip(".").removeprefix("dualstack.")
            yield Candidate(f"{zone}_{name}_{kind}", foreign="" if target in targets else "it leads elsewhere")
