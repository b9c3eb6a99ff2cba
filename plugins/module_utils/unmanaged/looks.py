# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What somebody may add to an environment beside what its states hold: one function for each place to look.

What is changed about a resource of a state is Terraform's to tell. This tells what Terraform does not look for: it reads what
it has made, and computed attributes hide the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import KINDS, resource_name
from ansible_collections.bbws.site_builder.plugins.module_utils.releases.serving import is_copy
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.asking import Aws, Said, look
from ansible_collections.bbws.site_builder.plugins.module_utils.unmanaged.held import Held, Thing

# As many as API Gateway gives at a time; it counts requests.
_PAGES = {"PageSize": 500}


# Tables


@look("dynamodb")
def _tables(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.all("aws_dynamodb_table", "name")
    for region in aws.regions:
        for name in aws.items("dynamodb", "list_tables", "TableNames", region):
            if not aws.named(name, "dynamodb_table") or (name,) in known:
                continue
            arn = aws.get("dynamodb", "describe_table", region, TableName=name).get("Table", {}).get("TableArn")
            if arn and not aws.elsewhere(
                aws.items("dynamodb", "list_tags_of_resource", "Tags", region, ResourceArn=arn)
            ):
                yield "table", f"{name} in {region}"


@look(each="aws_dynamodb_table")
def _table(aws: Aws, held: Held, table: Thing) -> Iterator[Said]:
    with_policy = held.one("aws_dynamodb_resource_policy", "resource_arn")
    for region in [table.region, *(replica["region_name"] for replica in table["replica"] or [])]:
        arn = table["arn"].replace(f":{table.region}:", f":{region}:")
        if arn not in with_policy and aws.get("dynamodb", "get_resource_policy", region, ResourceArn=arn):
            yield "policy of a table", f"{table['name']} in {region}"
        streams = aws.get("dynamodb", "describe_kinesis_streaming_destination", region, TableName=table["name"])
        for one in streams.get("KinesisDataStreamDestinations", []):
            if one["DestinationStatus"] not in ("DISABLED", "ENABLE_FAILED"):
                yield "Kinesis stream of a table", f"{one['StreamArn']} of {table['name']}"


# Buckets

# What is called how, by which operation and key of its answer it is read, and which resource holds it.
_SETTINGS = (
    ("bucket policy", "get_bucket_policy", "Policy", "aws_s3_bucket_policy"),
    ("lifecycle rules", "get_bucket_lifecycle_configuration", "Rules", "aws_s3_bucket_lifecycle_configuration"),
    (
        "replication",
        "get_bucket_replication",
        "ReplicationConfiguration",
        "aws_s3_bucket_replication_configuration",
    ),
    ("CORS rules", "get_bucket_cors", "CORSRules", "aws_s3_bucket_cors_configuration"),
    ("access logging", "get_bucket_logging", "LoggingEnabled", "aws_s3_bucket_logging"),
    ("website", "get_bucket_website", "", "aws_s3_bucket_website_configuration"),
    ("notification", "get_bucket_notification_configuration", "", "aws_s3_bucket_notification"),
    ("inventory", "list_bucket_inventory_configurations", "InventoryConfigurationList", "aws_s3_bucket_inventory"),
)


@look("s3")
def _buckets(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.one("aws_s3_bucket", "bucket")
    for bucket in aws.items("s3", "list_buckets", "Buckets"):
        name = bucket["Name"]
        kinds = ("s3_bucket", "s3_replica_bucket")
        if name in known or name == aws.state_bucket or not any(aws.named(name, kind) for kind in kinds):
            continue
        if not aws.elsewhere(aws.get("s3", "get_bucket_tagging", Bucket=name).get("TagSet")):
            yield "bucket", name


@look(each="aws_s3_bucket")
def _bucket(aws: Aws, held: Held, bucket: Thing) -> Iterator[Said]:
    name, region = bucket["bucket"], bucket.region
    for kind, operation, key, holder in _SETTINGS:
        if name not in held.one(holder, "bucket"):
            answer = aws.get("s3", operation, region, Bucket=name)
            if answer.get(key) if key else answer:
                yield kind, name
    points = aws.get("s3control", "list_access_points", region, AccountId=aws.facts.account_id, Bucket=name)
    for point in points.get("AccessPointList", []):
        yield "access point", f"{point['Name']} of {name}"


# Roles. What is attached to those of a state, inline or managed, is for aws_iam_role_*_exclusive to tell, and to take away.


@look("iam")
def _roles(aws: Aws, held: Held) -> Iterator[Said]:
    # That of API Gateway belongs to the account: bootstrap.yml makes it.
    known = {*held.one("aws_iam_role", "name"), resource_name("api-logs", "iam_role", aws.context)}
    for role in aws.items("iam", "list_roles", "Roles"):
        name = role["RoleName"]
        if aws.named(name, "iam_role") and name not in known:
            found = aws.get("iam", "get_role", RoleName=name)
            if found and not aws.elsewhere(found["Role"].get("Tags")):
                yield "role", name


@look(each="aws_iam_role")
def _role(aws: Aws, held: Held, role: Thing) -> Iterator[Said]:
    for one in aws.items("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=role["name"]):
        yield "instance profile", f"{one['InstanceProfileName']} with the role {role['name']}"


# Functions


@look("lambda")
def _functions(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.one("aws_lambda_function", "function_name")
    for function in aws.items("lambda", "list_functions", "Functions"):
        name = function["FunctionName"]
        if not aws.named(name, "lambda_function") or name in known:
            continue
        if not aws.elsewhere(aws.get("lambda", "list_tags", Resource=function["FunctionArn"]).get("Tags")):
            yield "function", name


@look("lambda")
def _event_sources(aws: Aws, held: Held) -> Iterator[Said]:
    """All at once: those of a function by its name alone would not tell whom a stream of a table of ours feeds."""
    known = held.one("aws_lambda_event_source_mapping", "uuid")
    functions = held.one("aws_lambda_function", "function_name")
    tables = tuple(f"{arn}/stream/" for arn in held.one("aws_dynamodb_table", "arn"))
    for one in aws.items("lambda", "list_event_source_mappings", "EventSourceMappings"):
        function, source = one["FunctionArn"].split(":")[6], one.get("EventSourceArn", "")
        if one["UUID"] not in known and (function in functions or source.startswith(tables or ("-",))):
            yield "event source mapping", f"{source or one['UUID']} to {function}"


def _called(function: str) -> tuple[str, str]:
    """The name and the qualifier in what a resource calls its function, which may be its ARN."""
    name, _, qualifier = (function.split(":", 6)[6] if function.startswith("arn:") else function).partition(":")
    return name, qualifier


@look(each="aws_lambda_function")
def _function(aws: Aws, held: Held, function: Thing) -> Iterator[Said]:
    name = function["function_name"]
    aliases = [one["Name"] for one in aws.items("lambda", "list_aliases", "Aliases", FunctionName=name)]
    known = {
        alias for called, alias in held.all("aws_lambda_alias", "function_name", "name") if _called(called)[0] == name
    }
    yield from (("alias", f"{name}:{alias}") for alias in aliases if alias not in known)
    listed = aws.items("lambda", "list_versions_by_function", "Versions", FunctionName=name)
    versions = [one["Version"] for one in listed if one["Version"] != "$LATEST"]
    yield from _statements(aws, held, name, ["", *aliases, *versions])
    urls = {}
    for qualifier in ("", *aliases):
        qualified = {"Qualifier": qualifier} if qualifier else {}
        url = aws.get("lambda", "get_function_url_config", FunctionName=name, **qualified)
        urls |= {url["FunctionUrl"]: url["AuthType"]} if url else {}
    yield from (("function URL", f"{url} of {name} ({kind})") for url, kind in urls.items())
    asynchronous = {
        (_called(called)[0], qualifier or _called(called)[1] or "$LATEST")
        for called, qualifier in held.all("aws_lambda_function_event_invoke_config", "function_name", "qualifier")
    }
    configs = "FunctionEventInvokeConfigs"
    for one in aws.items("lambda", "list_function_event_invoke_configs", configs, FunctionName=name):
        called = _called(one["FunctionArn"])
        if (called[0], called[1] or "$LATEST") not in asynchronous:
            yield "asynchronous invocation settings", f"{name}:{called[1] or '$LATEST'}"


def _statements(aws: Aws, held: Held, name: str, qualifiers: list[str]) -> Iterator[Said]:
    known = {
        (qualifier or _called(called)[1] or "", sid)
        for called, qualifier, sid in held.all("aws_lambda_permission", "function_name", "qualifier", "statement_id")
        if _called(called)[0] == name
    }
    for qualifier in qualifiers:
        qualified = {"Qualifier": qualifier} if qualifier else {}
        policy = aws.get("lambda", "get_policy", FunctionName=name, **qualified)
        for statement in json.loads(policy["Policy"])["Statement"] if policy else []:
            # Its resource names the version or alias, too.
            of, sid = _called(statement["Resource"])[1], statement.get("Sid", "")
            if (of, sid) not in known:
                yield "function policy statement", f"{sid} of {':'.join(filter(None, (name, of)))}"


@look(each="aws_lambda_layer_version")
def _layer(aws: Aws, held: Held, layer: Thing) -> Iterator[Said]:
    version = {"LayerName": layer["layer_name"], "VersionNumber": int(layer["version"])}
    if aws.get("lambda", "get_layer_version_policy", **version):
        yield "policy of a layer version", f"{layer['layer_name']}:{layer['version']}"


# APIs


@look("api_gateway")
def _apis(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.one("aws_api_gateway_rest_api", "id")
    for api in aws.items("apigateway", "get_rest_apis", "items", PaginationConfig=_PAGES):
        if api["id"] not in known and aws.named(api["name"], "rest_api") and not aws.elsewhere(api.get("tags")):
            yield "REST API", f"{api['name']} ({api['id']})"


@look("api_gateway")
def _logging_role(aws: Aws, held: Held) -> Iterator[Said]:
    """That of the account, which bootstrap.yml has made and no state holds, has one policy."""
    name = resource_name("api-logs", "iam_role", aws.context)
    for policy in aws.items("iam", "list_role_policies", "PolicyNames", RoleName=name):
        yield "inline policy", f"{policy} of the role {name}"
    for policy in aws.items("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        if policy["PolicyName"] != "AmazonAPIGatewayPushToCloudWatchLogs":
            yield "attached policy", f"{policy['PolicyName']} of the role {name}"


@look("api_gateway")
def _usage(aws: Aws, held: Held) -> Iterator[Said]:
    """Usage plans and keys, by their name or by the API that they let in to."""
    apis = held.one("aws_api_gateway_rest_api", "id")
    plans, keys = held.one("aws_api_gateway_usage_plan", "id"), held.one("aws_api_gateway_api_key", "id")
    joined = held.all("aws_api_gateway_usage_plan_key", "usage_plan_id", "key_id")
    for plan in aws.items("apigateway", "get_usage_plans", "items", PaginationConfig=_PAGES):
        of_ours = any(stage.get("apiId") in apis for stage in plan.get("apiStages", []))
        ours = aws.named(plan["name"], "usage_plan") and not aws.elsewhere(plan.get("tags"))
        if plan["id"] not in plans and (of_ours or ours):
            yield "usage plan", f"{plan['name']} ({plan['id']})"
        if plan["id"] in plans or of_ours:
            for key in aws.items("apigateway", "get_usage_plan_keys", "items", usagePlanId=plan["id"]):
                if (plan["id"], key["id"]) not in joined:
                    yield "key of a usage plan", f"{key.get('name', key['id'])} of {plan['name']}"
    for key in aws.items("apigateway", "get_api_keys", "items", PaginationConfig=_PAGES):
        if key["id"] not in keys and aws.named(key["name"], "api_key") and not aws.elsewhere(key.get("tags")):
            yield "API key", f"{key['name']} ({key['id']})"


@look("api_gateway")
def _mappings(aws: Aws, held: Held) -> Iterator[Said]:
    apis = held.one("aws_api_gateway_rest_api", "id")
    known = {
        (domain, path or "(none)")
        for domain, path in held.all("aws_api_gateway_base_path_mapping", "domain_name", "base_path")
    }
    ours = held.one("aws_api_gateway_domain_name", "domain_name")
    for domain in aws.items("apigateway", "get_domain_names", "items", PaginationConfig=_PAGES):
        name = domain["domainName"]
        for one in aws.items("apigateway", "get_base_path_mappings", "items", domainName=name):
            if (name, one["basePath"]) not in known and (name in ours or one["restApiId"] in apis):
                yield "base path mapping", f"{one['basePath']} of {name} to {one['restApiId']}"


# By kind: what lists them, what a person calls one, what identifies it, and which attribute of its resource that is.
_PARTS = (
    ("authorizer", "get_authorizers", "name", "id", "id"),
    ("model", "get_models", "name", "name", "name"),
    ("request validator", "get_request_validators", "name", "id", "id"),
    ("gateway response", "get_gateway_responses", "responseType", "responseType", "response_type"),
    ("deployment", "get_deployments", "id", "id", "id"),
)
# AWS makes them with every API.
_MODELS = {"Empty", "Error"}


@look(each="aws_api_gateway_rest_api")
def _api(aws: Aws, held: Held, api: Thing) -> Iterator[Said]:
    id_, name = api["id"], api["name"]
    for kind, operation, called, key, attribute in _PARTS:
        holder = f"aws_api_gateway_{kind.replace(' ', '_')}"
        known = {value for owner, value in held.all(holder, "rest_api_id", attribute) if owner == id_}
        for one in aws.items("apigateway", operation, "items", restApiId=id_, PaginationConfig=_PAGES):
            given = one.get("defaultResponse") or (kind == "model" and one[key] in _MODELS)
            if one[key] not in known and not given and not (kind == "deployment" and is_copy(one)):
                yield kind, f"{one[called]} of {name}"
    held_policies = held.one("aws_api_gateway_rest_api_policy", "rest_api_id")
    if id_ not in held_policies and aws.get("apigateway", "get_rest_api", restApiId=id_).get("policy"):
        yield "policy of an API", name
    stages = {stage for owner, stage in held.all("aws_api_gateway_stage", "rest_api_id", "stage_name") if owner == id_}
    walls = held.one("aws_wafv2_web_acl_association", "resource_arn")
    for stage in aws.get("apigateway", "get_stages", restApiId=id_).get("item", []):
        if stage["stageName"] not in stages:
            yield "stage", f"{stage['stageName']} of {name}"
        elif stage.get("webAclArn") and not any(
            str(arn).endswith(f"/{id_}/stages/{stage['stageName']}") for arn in walls
        ):
            yield "web ACL", f"{stage['webAclArn']} of {name}"


@look(each="aws_api_gateway_rest_api")
def _routes(aws: Aws, held: Held, api: Thing) -> Iterator[Said]:
    resources = {*held.one("aws_api_gateway_resource", "id"), api["root_resource_id"]}
    methods = held.all("aws_api_gateway_method", "resource_id", "http_method")
    integrations = held.all("aws_api_gateway_integration", "resource_id", "http_method")
    answers = {
        kind: held.all(f"aws_api_gateway_{kind}_response", "resource_id", "http_method", "status_code")
        for kind in ("method", "integration")
    }
    arguments: dict[str, Any] = {"restApiId": api["id"], "embed": ["methods"], "PaginationConfig": _PAGES}
    for resource in aws.items("apigateway", "get_resources", "items", **arguments):
        if resource["id"] not in resources:
            yield "resource", f"{resource['path']} of {api['name']}"
        for verb, method in resource.get("resourceMethods", {}).items():
            where = f"{verb} {resource['path']} of {api['name']}"
            key, integration = (resource["id"], verb), method.get("methodIntegration") or {}
            if key not in methods:
                yield "method", where
                continue
            if integration and key not in integrations:
                yield "integration", where
            for kind, given in (
                ("method", method.get("methodResponses")),
                ("integration", integration.get("integrationResponses")),
            ):
                for status in given or {}:
                    if (*key, status) not in answers[kind]:
                        yield f"{kind} response", f"{status} of {where}"


# Alarms, topics, logs, keys


@look("lambda")
def _function_logs(aws: Aws, held: Held) -> Iterator[Said]:
    yield from _log_groups(aws, held, "lambda_log_group")


@look("api_gateway")
def _api_logs(aws: Aws, held: Held) -> Iterator[Said]:
    yield from _log_groups(aws, held, "api_log_group")


def _log_groups(aws: Aws, held: Held, kind: str) -> Iterator[Said]:
    known = held.one("aws_cloudwatch_log_group", "name")
    prefix = f"{KINDS[kind].prefix}{aws.facts.service}-"
    for group in aws.items("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
        name, arn = group["logGroupName"], group["arn"].removesuffix(":*")
        if name in known or not aws.named(name, kind):
            continue
        if not aws.elsewhere(aws.get("logs", "list_tags_for_resource", resourceArn=arn).get("tags")):
            yield "log group", name


@look("monitoring")
def _alarms(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.one("aws_cloudwatch_metric_alarm", "arn")
    for region in aws.regions:
        arguments = {"AlarmNamePrefix": f"{aws.facts.service}-", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        for alarm in aws.items(
            "cloudwatch", "describe_alarms", "[MetricAlarms, CompositeAlarms][]", region, **arguments
        ):
            name, arn = alarm["AlarmName"], alarm["AlarmArn"]
            # What it watches has our name; what it says of that comes behind.
            if arn in known or f"-{aws.facts.environment}-" not in f"{name}-":
                continue
            if not aws.elsewhere(aws.get("cloudwatch", "list_tags_for_resource", region, ResourceARN=arn).get("Tags")):
                yield "alarm", f"{name} in {region}"


@look("monitoring")
def _topics(aws: Aws, held: Held) -> Iterator[Said]:
    known = held.one("aws_sns_topic", "arn")
    for topic in aws.items("sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        name = arn.rpartition(":")[2]
        if arn in known or not aws.named(name, "sns_topic"):
            continue
        if not aws.elsewhere(aws.get("sns", "list_tags_for_resource", ResourceArn=arn).get("Tags")):
            yield "topic", name


@look(each="aws_sns_topic")
def _topic(aws: Aws, held: Held, topic: Thing) -> Iterator[Said]:
    """One that nobody has confirmed yet has no ARN, so it is told by who is to be told."""
    known = held.all("aws_sns_topic_subscription", "topic_arn", "protocol", "endpoint")
    for one in aws.items("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic["arn"]):
        if (topic["arn"], one["Protocol"], one["Endpoint"]) not in known:
            yield "subscription", f"{one['Protocol']} {one['Endpoint']} of {topic['name']}"


@look(each="aws_cloudwatch_log_group")
def _log_group(aws: Aws, held: Held, group: Thing) -> Iterator[Said]:
    name, region = group["name"], group.region
    known = held.all("aws_cloudwatch_log_metric_filter", "log_group_name", "name")
    for one in aws.items("logs", "describe_metric_filters", "metricFilters", region, logGroupName=name):
        if (name, one["filterName"]) not in known:
            yield "metric filter", f"{one['filterName']} of {name}"
    for one in aws.items("logs", "describe_subscription_filters", "subscriptionFilters", region, logGroupName=name):
        yield "subscription filter", f"{one['filterName']} of {name} to {one['destinationArn']}"


@look(each="aws_kms_key")
def _key(aws: Aws, held: Held, key: Thing) -> Iterator[Said]:
    for grant in aws.items("kms", "list_grants", "Grants", key.region, KeyId=key["key_id"]):
        yield "grant", f"{grant['GrantId']} on the key {key['key_id']} for {grant['GranteePrincipal']}"
    known = held.one("aws_kms_alias", "name")
    for alias in aws.items("kms", "list_aliases", "Aliases", key.region, KeyId=key["key_id"]):
        if alias["AliasName"] not in known:
            yield "key alias", f"{alias['AliasName']} of the key {key['key_id']}"
