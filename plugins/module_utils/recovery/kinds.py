# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a killed Terraform has left in AWS without a trace in the state: what a plan says of it, and what to do with it.

No AWS here: finders asks it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Again(Enum):
    """What AWS does with a second create of the same object."""

    REFUSED = "refused"  # the name is taken: the apply fails
    DOUBLED = "doubled"  # there are two of it afterwards
    HARMLESS = "harmless"  # as after the first


# Every kind of resource of terraform/, parents before what is found through them, and why. A test holds it complete.
KINDS: dict[str, tuple[Again, str]] = {
    "aws_dynamodb_table": (Again.REFUSED, "ResourceInUseException"),
    "aws_s3_bucket": (Again.REFUSED, "BucketAlreadyOwnedByYou"),
    "aws_iam_role": (Again.REFUSED, "EntityAlreadyExists"),
    "aws_cloudfront_origin_access_control": (Again.REFUSED, "OriginAccessControlAlreadyExists"),
    "aws_lambda_layer_version": (Again.DOUBLED, "PublishLayerVersion makes the next version"),
    "aws_lambda_function": (Again.REFUSED, "ResourceConflictException"),
    "aws_lambda_alias": (Again.REFUSED, "ResourceConflictException"),
    "aws_lambda_permission": (Again.REFUSED, "ResourceConflictException"),
    "aws_kms_key": (Again.DOUBLED, "a key has no name"),
    "aws_kms_alias": (Again.REFUSED, "AlreadyExistsException"),
    "aws_sns_topic": (Again.REFUSED, "InvalidParameter, where an attribute is another one, such as the key"),
    "aws_api_gateway_rest_api": (Again.DOUBLED, "its name may be taken"),
    "aws_api_gateway_resource": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_authorizer": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_request_validator": (Again.DOUBLED, "its name may be taken"),
    "aws_api_gateway_model": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_method": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_method_response": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_stage": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_deployment": (Again.DOUBLED, "a deployment has no name"),
    "aws_cloudwatch_log_group": (Again.REFUSED, "ResourceAlreadyExistsException"),
    "aws_api_gateway_usage_plan": (Again.DOUBLED, "its name may be taken"),
    "aws_api_gateway_api_key": (Again.DOUBLED, "its name may be taken"),
    "aws_api_gateway_usage_plan_key": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_domain_name": (Again.REFUSED, "ConflictException"),
    "aws_api_gateway_base_path_mapping": (Again.REFUSED, "ConflictException"),
    "aws_route53_record": (Again.REFUSED, "InvalidChangeBatch"),
    "aws_api_gateway_account": (Again.HARMLESS, "UpdateAccount sets what every account has"),
    "aws_api_gateway_gateway_response": (Again.HARMLESS, "PutGatewayResponse replaces"),
    "aws_api_gateway_integration": (Again.HARMLESS, "PutIntegration replaces"),
    "aws_api_gateway_integration_response": (Again.HARMLESS, "PutIntegrationResponse replaces"),
    "aws_api_gateway_method_settings": (Again.HARMLESS, "UpdateStage replaces"),
    "aws_api_gateway_rest_api_policy": (Again.HARMLESS, "UpdateRestApi replaces"),
    "aws_cloudwatch_dashboard": (Again.HARMLESS, "PutDashboard replaces"),
    "aws_cloudwatch_log_metric_filter": (Again.HARMLESS, "PutMetricFilter replaces"),
    "aws_cloudwatch_metric_alarm": (Again.HARMLESS, "PutMetricAlarm replaces"),
    "aws_dynamodb_resource_policy": (Again.HARMLESS, "PutResourcePolicy replaces"),
    "aws_iam_role_policy": (Again.HARMLESS, "PutRolePolicy replaces"),
    "aws_iam_role_policies_exclusive": (Again.HARMLESS, "it takes away what is too much"),
    "aws_iam_role_policy_attachment": (Again.HARMLESS, "AttachRolePolicy attaches once"),
    "aws_iam_role_policy_attachments_exclusive": (Again.HARMLESS, "it attaches and detaches what differs"),
    "aws_lambda_function_event_invoke_config": (Again.HARMLESS, "PutFunctionEventInvokeConfig replaces"),
    "aws_lambda_provisioned_concurrency_config": (Again.HARMLESS, "PutProvisionedConcurrencyConfig replaces"),
    "aws_s3_bucket_cors_configuration": (Again.HARMLESS, "PutBucketCors replaces"),
    "aws_s3_bucket_lifecycle_configuration": (Again.HARMLESS, "PutBucketLifecycleConfiguration replaces"),
    "aws_s3_bucket_logging": (Again.HARMLESS, "PutBucketLogging replaces"),
    "aws_s3_bucket_notification": (Again.HARMLESS, "PutBucketNotificationConfiguration replaces"),
    "aws_s3_bucket_ownership_controls": (Again.HARMLESS, "PutBucketOwnershipControls replaces"),
    "aws_s3_bucket_policy": (Again.HARMLESS, "PutBucketPolicy replaces"),
    "aws_s3_bucket_public_access_block": (Again.HARMLESS, "PutPublicAccessBlock replaces"),
    "aws_s3_bucket_replication_configuration": (Again.HARMLESS, "PutBucketReplication replaces"),
    "aws_s3_bucket_server_side_encryption_configuration": (Again.HARMLESS, "PutBucketEncryption replaces"),
    "aws_s3_bucket_versioning": (Again.HARMLESS, "PutBucketVersioning replaces"),
    "aws_sns_topic_policy": (Again.HARMLESS, "SetTopicAttributes replaces"),
    "aws_sns_topic_subscription": (Again.HARMLESS, "Subscribe gives the subscription that exists"),
    "aws_wafv2_web_acl_association": (Again.HARMLESS, "AssociateWebACL associates once"),
}
_ORDER = {kind: position for position, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Create:
    """A resource that a plan creates. `after` holds what the plan knows of it; what only AWS will say is absent."""

    address: str
    kind: str
    name: str
    module: str
    index: str | int | None
    region: str | None
    after: Mapping[str, Any]
    # In place of one that the state holds, so that nothing can be imported there.
    replaces: bool = False

    def beside(self, resource: str) -> str:
        """The address of another resource of the same module."""
        return f"{self.module}.{resource}" if self.module else resource


@dataclass(frozen=True)
class Candidate:
    """An object in AWS that may be the one which a plan creates."""

    import_id: str
    # How a state knows it, where that is not the import id.
    state_id: str = ""
    # Why it is not ours, as a clause; empty: it is.
    foreign: str = ""


@dataclass
class Adoption:
    """What was found, and what becomes of it.

    Our tags alone prove nothing: another state of the same service has the same ones, and what it holds must not be taken from
    it. So what carries them is taken over only where this state has the mark of an interrupted apply.
    """

    stack: str
    # Whether this state has that mark.
    interrupted: bool
    imports: dict[str, str] = field(default_factory=dict)
    foreign: list[dict[str, str]] = field(default_factory=list)
    leftovers: list[dict[str, str]] = field(default_factory=list)
    # (kind, id) of what this state, or this adoption, holds already.
    held: set[tuple[str, str]] = field(default_factory=set)
    # By address what an object's children are looked for with: what is imported, or could be.
    parents: dict[str, str] = field(default_factory=dict)

    def judge(self, create: Create, candidates: Iterable[Candidate]) -> None:
        """Adopt the first of our objects; say what is to be done about the others. Best candidate first."""
        free = [one for one in candidates if (create.kind, one.state_id or one.import_id) not in self.held]
        ours = [one for one in free if not one.foreign]
        if ours and not create.replaces:
            self.parents[create.address] = ours[0].import_id
            if not self.interrupted:
                for one in ours:
                    self._leave(create, one, _UNMARKED)
                return
            adopted = ours.pop(0)
            self.imports[create.address] = adopted.import_id
            self.held.add((create.kind, adopted.state_id or adopted.import_id))
        elif not ours and KINDS[create.kind][0] is Again.REFUSED:
            for one in free:
                self._leave(create, one, f"exists and is not ours, for {one.foreign}, so that AWS refuses to create it")
        self.leftovers += [_entry(create, one, _LEFT_OVER) for one in ours]

    def _leave(self, create: Create, candidate: Candidate, why: str) -> None:
        imports = json.dumps({self.stack: {create.address: candidate.import_id}}, ensure_ascii=False)
        clause = f"{why}; rename or delete one of the two, or take it over with site_builder_imports: {imports}"
        self.foreign.append(_entry(create, candidate, clause))


_LEFT_OVER = "is one more of its kind, which no state holds; delete it after this run, unless somebody needs it"
_UNMARKED = (
    "exists with our tags, but no apply of this state was interrupted, so that it may belong to another state, or to one that "
    "was deleted"
)


def _entry(create: Create, candidate: Candidate, clause: str) -> dict[str, str]:
    sentence = f"{create.address}: {create.kind} {candidate.import_id} {clause}"
    return {"address": create.address, "id": candidate.import_id, "sentence": sentence}


_INDEX = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def _provider_keys(module: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{address without indices: key of its provider} of a plan's configuration."""
    keys = {f"{prefix}{one['address']}": one["provider_config_key"] for one in module.get("resources", [])}
    for name, call in module.get("module_calls", {}).items():
        keys |= _provider_keys(call["module"], f"{prefix}module.{name}.")
    return keys


def creates(plan: Mapping[str, Any]) -> list[Create]:
    """Return what the plan, as `terraform show -json` gives it, creates: parents first.

    Of replacements only those of a kind that AWS makes twice, for an earlier replacement may have been lost.
    """
    configuration = plan["configuration"]
    keys = _provider_keys(configuration["root_module"])
    regions = {
        key: provider.get("expressions", {}).get("region", {}).get("constant_value")
        for key, provider in configuration.get("provider_config", {}).items()
    }
    found = [
        Create(
            address=change["address"],
            kind=change["type"],
            name=change["name"],
            module=change.get("module_address", ""),
            index=change.get("index"),
            region=regions.get(keys.get(_INDEX.sub("", change["address"]), "")),
            after=change["change"]["after"],
            replaces="delete" in change["change"]["actions"],
        )
        for change in plan.get("resource_changes", [])
        if change["mode"] == "managed" and "create" in change["change"]["actions"]
    ]
    wanted = [one for one in found if not one.replaces or KINDS.get(one.kind, (None,))[0] is Again.DOUBLED]
    return sorted(wanted, key=lambda one: (_ORDER.get(one.kind, -1), one.address))


def held(plan: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return (kind, id) of all that the state holds, under whatever address: that is never taken over a second time."""
    return {
        (change["type"], change["change"]["before"]["id"])
        for change in plan.get("resource_changes", [])
        if change["mode"] == "managed" and (change["change"]["before"] or {}).get("id")
    }


def unknown_kinds(planned: Iterable[Create]) -> list[str]:
    """Return the kinds that KINDS knows nothing of."""
    return sorted({one.kind for one in planned} - KINDS.keys())


def lacks(actual: Any, wanted: Mapping[str, str]) -> str:
    """Return, as a clause, which of the wanted tags are missing; empty when none is. AWS has three ways to write tags."""
    if not isinstance(actual, Mapping):
        actual = {tag.get("Key", tag.get("TagKey")): tag.get("Value", tag.get("TagValue")) for tag in actual or []}
    missing = [f"{key}={value}" for key, value in wanted.items() if actual.get(key) != value]
    return f"it lacks the tags {', '.join(missing)}" if missing else ""


_PARAMETER = re.compile(r"\{[^}]*\}")


def path_key(path: str) -> str:
    """Return a path with the names of its parameters erased, which is how terraform/modules/api_gateway keys it."""
    return _PARAMETER.sub("{}", path)


def planned_path(create: Create) -> str:
    """Return the path key in a route's key: "/a/{}", "GET /a/{}", "GET /a/{} 200"."""
    return next((word for word in str(create.index).split(" ") if word.startswith("/")), "")
