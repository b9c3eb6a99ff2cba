# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a first deployment finds in an AWS account, or does not: each need looked at, as a row of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError

from ansible_collections.bbws.site_builder.plugins.module_utils import access
from ansible_collections.bbws.site_builder.plugins.module_utils.aws import code_of, sentence
from ansible_collections.bbws.site_builder.plugins.module_utils.bedrock import life_of, model_of
from ansible_collections.bbws.site_builder.plugins.module_utils.names import partition_of

OK, MISSING, UNKNOWN = "ok", "missing", "unknown"
# A region of each partition that no account can switch off: an answer about the others comes from there.
HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
REPLICATION_ROLE = "AWSServiceRoleForDynamoDBReplication"
# What AWS wants to stay for functions without a reservation.
UNRESERVED = 100

Client = Callable[[str, str], Any]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One need. found: what is there; fix: how to get it, empty where it is there."""

    what: str
    state: str
    found: str
    fix: str = ""

    @property
    def line(self) -> str:
        """The row as a person reads it."""
        return f"{self.state:8}{self.what}: {self.found}{f'; {self.fix}' if self.fix else ''}"

    def as_dict(self) -> dict[str, str]:
        """The row as data."""
        return {**asdict(self), "line": self.line}


def rows(client: Client, facts: Facts) -> list[Row]:
    """Look at everything.

    client gives the client of a service in a region. facts: context, bedrock_region, inference_profile, user_pools (ARNs),
    scopes, global_tables, reserved_concurrency, topic_arn, emails, kms_keys (ARNs), trust, as the module account_check
    documents them. Where the credentials are not accepted, nothing else is asked.
    """
    first = list(_looked("credentials", _credentials, client, facts))
    if first[0].state != OK:
        return first
    return [*first, *(row for what, look in CHECKS.items() for row in _looked(what, look, client, facts))]


def _looked(what: str, look: Callable[[Client, Facts], Iterator[Row]], client: Client, facts: Facts) -> Iterator[Row]:
    try:
        yield from look(client, facts)
    except (BotoCoreError, ClientError) as error:
        yield Row(what, UNKNOWN, _reason(error))


def _reason(error: Exception) -> str:
    if code_of(error).startswith("AccessDenied") or code_of(error) == "UnauthorizedOperation":
        return f"these credentials may not look ({error.operation_name})"
    return sentence(error, "looking")


def _credentials(client: Client, facts: Facts) -> Iterator[Row]:
    what, wanted = "credentials", facts["context"]["account_id"]
    caller = client("sts", _home(facts)).get_caller_identity()
    if caller["Account"] == wanted:
        yield Row(what, OK, caller["Arn"])
    else:
        fix = "use the credentials of this environment, or correct site_builder_account_id"
        yield Row(what, MISSING, f"{caller['Arn']} belongs to the account {caller['Account']}, not {wanted}", fix)


def _home(facts: Facts) -> str:
    return HOME[partition_of(facts["context"]["region"])]


def _regions(client: Client, facts: Facts) -> Iterator[Row]:
    context = facts["context"]
    wanted = dict.fromkeys(filter(None, (context["region"], context.get("replica_region"), facts["bedrock_region"])))
    found = client("ec2", _home(facts)).describe_regions(RegionNames=list(wanted), AllRegions=True)["Regions"]
    status = {one["RegionName"]: one.get("OptInStatus", "opt-in-not-required") for one in found}
    for region in wanted:
        if status.get(region) in ("opted-in", "opt-in-not-required"):
            yield Row(f"region {region}", OK, status[region])
        else:
            fix = f"enable it once, which takes up to hours, with: aws account enable-region --region-name {region}"
            yield Row(f"region {region}", MISSING, status.get(region, "not known to AWS"), fix)


def _api_logging(client: Client, facts: Facts) -> Iterator[Row]:
    what = f"API Gateway's logging role in {facts['context']['region']}"
    role = client("apigateway", facts["context"]["region"]).get_account().get("cloudwatchRoleArn")
    yield Row(what, OK, role) if role else Row(what, MISSING, "not set", "run playbooks/bootstrap.yml, which sets it")


def _profile(client: Client, facts: Facts) -> Iterator[Row]:
    bedrock, profile = client("bedrock", facts["bedrock_region"]), facts["inference_profile"]
    what = f"inference profile {profile}"
    try:
        found = bedrock.get_inference_profile(inferenceProfileIdentifier=profile)
    except ClientError as error:
        if code_of(error) not in ("ResourceNotFoundException", "ValidationException"):
            raise
        fix = f"choose one of: aws bedrock list-inference-profiles --region {facts['bedrock_region']}"
        yield Row(
            what, MISSING, f"{facts['bedrock_region']} has none", f"{fix}, as site_builder_bedrock_inference_profile"
        )
        return
    if found.get("status") == "ACTIVE":
        yield Row(what, OK, "ACTIVE")
    else:
        yield Row(what, MISSING, str(found.get("status")), "choose another as site_builder_bedrock_inference_profile")
    # arn:aws:bedrock:<region>::foundation-model/<model>; a global profile has none.
    regions = {one["modelArn"].split(":")[3] for one in found["models"]} - {facts["bedrock_region"], ""}
    yield Row("regions to which the profile routes", OK, ", ".join(sorted(regions)) or "none but its own")


def _model(client: Client, facts: Facts) -> Iterator[Row]:
    model = model_of(facts["inference_profile"])
    life = life_of(client("bedrock", facts["bedrock_region"]), model)
    found = f"{life.status}{life.until}"
    if life.status == "ACTIVE":
        yield Row(f"model {model}", OK, found)
    else:
        fix = "choose a newer one as site_builder_bedrock_inference_profile"
        yield Row(f"model {model}", MISSING, found, fix)


def _model_access(client: Client, facts: Facts) -> Iterator[Row]:
    model = model_of(facts["inference_profile"])
    found = client("bedrock", facts["bedrock_region"]).get_foundation_model_availability(modelId=model)
    states = {
        "agreement": found["agreementAvailability"]["status"],
        "authorization": found["authorizationStatus"],
        "entitlement": found["entitlementAvailability"],
        "region": found["regionAvailability"],
    }
    wrong = [f"{name} {state}" for name, state in states.items() if state not in ("AVAILABLE", "AUTHORIZED")]
    if wrong:
        fix = "open the model in that region's Bedrock console, give the use case that its provider asks for, accept its terms"
        yield Row(f"access to the model {model}", MISSING, ", ".join(wrong), fix)
    else:
        yield Row(f"access to the model {model}", OK, "AVAILABLE")


def _pools(client: Client, facts: Facts) -> Iterator[Row]:
    offered: set[str] = set()
    seen = True
    for arn in facts["user_pools"]:
        region, account, pool = arn.split(":")[3], arn.split(":")[4], arn.rpartition("/")[2]
        what = f"user pool {pool}"
        if account != facts["context"]["account_id"]:
            seen = False
            yield Row(what, UNKNOWN, f"it belongs to the account {account}")
            continue
        cognito = client("cognito-idp", region)
        try:
            cognito.describe_user_pool(UserPoolId=pool)
            pages = cognito.get_paginator("list_resource_servers").paginate(UserPoolId=pool, MaxResults=50)
            servers = [one for page in pages for one in page["ResourceServers"]]
        except ClientError as error:
            seen = False
            if code_of(error) == "ResourceNotFoundException":
                fix = "create it, or correct site_builder_cognito_user_pool_arns"
                yield Row(what, MISSING, f"{region} has none of that id", fix)
            else:
                yield Row(what, UNKNOWN, _reason(error))
            continue
        yield Row(what, OK, f"with {len(servers)} resource server{'s' * (len(servers) != 1)}")
        offered |= {f"{one['Identifier']}/{scope['ScopeName']}" for one in servers for scope in one.get("Scopes", [])}
    lacking = sorted(set(facts["scopes"]) - offered)
    what = "scopes that the OpenAPI documents ask for"
    if not lacking:
        yield Row(what, OK, ", ".join(sorted(facts["scopes"])) or "none")
    elif not seen:
        yield Row(what, UNKNOWN, f"not every pool could be looked at for {', '.join(lacking)}")
    else:
        server = lacking[0].rpartition("/")[0]
        fix = (
            f"add them with: aws cognito-idp create-resource-server --identifier {server} --name {server} --scopes ..."
        )
        yield Row(what, MISSING, f"no pool has {', '.join(lacking)}", fix)


def _service_linked_role(client: Client, facts: Facts) -> Iterator[Row]:
    if not facts["global_tables"]:
        return
    what = f"service-linked role {REPLICATION_ROLE}"
    try:
        yield Row(what, OK, client("iam", _home(facts)).get_role(RoleName=REPLICATION_ROLE)["Role"]["Arn"])
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        fix = (
            "the first deployment makes it where iam:CreateServiceLinkedRole is allowed, else once: aws iam "
            "create-service-linked-role --aws-service-name replication.dynamodb.amazonaws.com"
        )
        yield Row(what, MISSING, "the account has none", fix)


def _concurrency(client: Client, facts: Facts) -> Iterator[Row]:
    region, wanted = facts["context"]["region"], facts["reserved_concurrency"]
    limit = client("lambda", region).get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    found = f"{limit} of the account, {wanted} reserved by the functions here"
    # A quota without reservations is enough at any height.
    if not wanted or limit - wanted >= UNRESERVED:
        yield Row("concurrency of functions", OK, found)
    else:
        fix = (
            f"AWS wants {UNRESERVED} left over: ask for {wanted + UNRESERVED} with: aws service-quotas "
            f"request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value {wanted + UNRESERVED} "
            f"--region {region}"
        )
        yield Row("concurrency of functions", MISSING, found, fix)


def _subscriptions(client: Client, facts: Facts) -> Iterator[Row]:
    if not facts["topic_arn"] or not facts["emails"]:
        return
    sns = client("sns", facts["topic_arn"].split(":")[3])
    try:
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=facts["topic_arn"])
        arns = {one["Endpoint"]: one["SubscriptionArn"] for page in pages for one in page["Subscriptions"]}
    except ClientError as error:
        if code_of(error) not in ("NotFound", "NotFoundException"):
            raise
        yield Row("alerts", UNKNOWN, "the topic does not exist before the first deployment")
        return
    for email in facts["emails"]:
        state = arns.get(email)
        if state and state.startswith("arn:"):
            yield Row(f"alerts to {email}", OK, "confirmed")
        elif state:
            yield Row(f"alerts to {email}", MISSING, state, "follow the link in the mail that AWS has sent there")
        else:
            yield Row(
                f"alerts to {email}", MISSING, "not subscribed", "deploy the stack monitoring, then confirm the mail"
            )


def _keys(client: Client, facts: Facts) -> Iterator[Row]:
    for arn in facts["kms_keys"]:
        try:
            state = client("kms", arn.split(":")[3]).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        except ClientError as error:
            if code_of(error) != "NotFoundException":
                yield Row(f"key {arn}", UNKNOWN, _reason(error))
                continue
            state = "there is none"
        if state == "Enabled":
            yield Row(f"key {arn}", OK, state)
        else:
            yield Row(f"key {arn}", MISSING, state, "enable it, or name another one")


def _roles(client: Client, facts: Facts) -> Iterator[Row]:
    for role, entry in facts["trust"].items():
        name = access.access_name(role, facts["context"])
        try:
            found = client("iam", _home(facts)).get_role(RoleName=name)["Role"]
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            yield Row(f"role {name}", MISSING, "there is none", "run playbooks/bootstrap.yml, which makes it")
            continue
        if not any(tag["Key"] == access.MARK for tag in found.get("Tags", [])):
            yield Row(
                f"role {name}",
                MISSING,
                "one of that name was not made here",
                "delete it, and run playbooks/bootstrap.yml",
            )
        elif found["AssumeRolePolicyDocument"] != access.trust_policy(entry, facts["context"]):
            told = "it lets others in than site_builder_access_trust names"
            yield Row(f"role {name}", MISSING, told, "run playbooks/bootstrap.yml, which sets it right")
        else:
            yield Row(f"role {name}", OK, found["Arn"])


# By what a row is called that could not be made.
CHECKS: dict[str, Callable[[Client, Facts], Iterator[Row]]] = {
    "regions": _regions,
    "API Gateway's logging role": _api_logging,
    "inference profile": _profile,
    "model": _model,
    "access to the model": _model_access,
    "user pools": _pools,
    "service-linked role": _service_linked_role,
    "concurrency of functions": _concurrency,
    "alerts": _subscriptions,
    "keys": _keys,
    "roles of the deployment": _roles,
}


def state_bucket_row(result: Mapping[str, Any], bucket: str) -> Row:
    """The row of the state bucket, from what the module state_bucket says in check mode."""
    what = f"state bucket {bucket}"
    if result.get("failed"):
        return Row(what, UNKNOWN, str(result.get("msg", "")))
    if result["created"]:
        return Row(what, MISSING, "it does not exist", "run playbooks/bootstrap.yml, which creates it")
    if result["problems"]:
        return Row(what, MISSING, "; ".join(result["problems"]))
    return Row(what, OK, "versioned, encrypted and closed")
