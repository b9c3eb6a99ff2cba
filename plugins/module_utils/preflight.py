# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The checks that need no AWS: what an inventory and the command line may say, and in which combinations.

Each check returns sentences for a person: the variable, its value, the fix.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils import access
from ansible_collections.bbws.site_builder.plugins.module_utils.dr import (
    BEDROCK_SERVICES,
    PRIMARY_SERVICES,
    REPLICA_SERVICES,
    dr_flags,
    not_offered,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.names import (
    ENVIRONMENTS,
    check_replica_region,
    check_service,
    partition_of,
    standard_tags,
)
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import api_gateway, lambda_, s3, secret_names
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.common import ACCOUNT
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.iam import GEOGRAPHIES, INFERENCE_PROFILE
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import STACKS
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import (
    Check,
    Fields,
    choice,
    entries,
    from_command_line,
    is_whole,
    items,
    number,
    text,
    told,
    wrong,
)

FIX_IN_INVENTORY = "set it in inventories/<environment>/group_vars/all.yml"
_OTHER_INVENTORY = "choose the environment with -i inventories/<environment>"
# They decide where a run works, and what it takes to change something there; only the inventory may say them, so that -e
# can neither mix two environments nor pass a review. With each, what to do instead.
INVENTORY_ONLY = {
    **dict.fromkeys(
        (
            "site_builder_account_id",
            "site_builder_environment",
            "site_builder_region",
            "site_builder_replica_region",
            "site_builder_service",
            "site_builder_state_bucket",
        ),
        _OTHER_INVENTORY,
    ),
    "site_builder_require_plan": FIX_IN_INVENTORY,
}
# The embedded AWS has one account, and in each region a user pool that is called so.
LOCAL_ACCOUNT_ID = "123456789012"
LOCAL_POOL = "local"

_EMAIL = text(
    "e-mail address",
    r"[^@\s\"'<>(),:;\\{}$%]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "write one such as team@example.com, or remove it",
)
_POOL_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):cognito-idp:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"userpool/(?P<home>[a-z0-9-]+)_[0-9a-zA-Z]+"
)
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:key/[0-9a-zA-Z-]+")
_ADDRESS = text(
    "resource address", r"\S.*", 'write it as Terraform does, such as module.tables["agents"].aws_dynamodb_table.this'
)


def _unless_empty(check: Check) -> Check:
    return lambda value, where: check(value, where) if value else iter(())


# What needs no other variable to be judged.
_ALONE: dict[str, Check] = {
    "api_gateway_domain": _unless_empty(api_gateway.SCHEMA.known["domain"]),
    "lambda_reserved_concurrency": entries(lambda_.SCHEMA.known["reserved_concurrency"]),
    "site_builder_access_trust": lambda value, _name: access.trust_problems(value),
    "site_builder_account_id": ACCOUNT,
    "site_builder_alert_emails": items(_EMAIL),
    "site_builder_allow_destroy": items(_ADDRESS),
    "site_builder_attempts": number(1, 10),
    "site_builder_bedrock_inference_profile": INFERENCE_PROFILE,
    "site_builder_bake_seconds": number(0, 3600),
    "site_builder_canary": Fields(
        {"alarms": items(text("name of an alarm", r"\S.*")), "percent": number(1, 99), "seconds": number(0, 43_200)}
    ),
    "site_builder_cors_origin": api_gateway.ORIGIN,
    "site_builder_imports": entries(entries(text("import id", r"\S.*")), choice(*STACKS)),
    "site_builder_local_endpoint": text(
        "URL",
        r"|http://[A-Za-z0-9.-]+(:[0-9]+)?/?",
        "write the one that local_aws_up.yml has printed, such as http://10.0.0.5:4566",
    ),
    "site_builder_lock_id": text(
        "lock id", r"|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "copy it from unlock.yml"
    ),
    "site_builder_lock_timeout": number(0, 3600),
    "site_builder_max_changes": number(0, 100_000),
    "site_builder_plan": text("plan id", r"|[A-Za-z0-9][A-Za-z0-9_-]*", "copy it from what plan.yml has printed"),
    "site_builder_plan_max_age": number(60, 30 * 86_400),
    "site_builder_plan_sha256": text("SHA-256", r"|[0-9a-f]{64}", "copy it from what plan.yml has printed"),
    "site_builder_provider_version": text("version", r"[0-9]+[.][0-9]+[.][0-9]+", "write one such as 5.100.0"),
    "site_builder_release_id": text(
        "release id", r"|[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}", "copy it from what releases.yml has printed"
    ),
    "site_builder_state_bucket": _unless_empty(s3.BUCKET_NAME),
    "site_builder_vpc": _unless_empty(lambda_.SCHEMA.known["vpc"]),
    "site_builder_work_dir": text("path", r"\S.*", "name a folder"),
}


def _boolean(value: Any, where: str) -> Iterator[str]:
    # On the command line, -e name=true is text.
    if not isinstance(value, bool) and value not in ("true", "false"):
        yield wrong(where, value, "no boolean", "write true or false")


def _whole(value: Any, where: str) -> Iterator[str]:
    if not is_whole(from_command_line(value, where)):
        yield wrong(where, value, "no whole number", "write one, without quotes")


def _anything(value: Any, where: str) -> Iterator[str]:
    return iter(())


def _check_of(option: Mapping[str, Any]) -> Check:
    """The check that an option of an argument specification stands for."""
    if "choices" in option:
        return choice(*option["choices"])
    if option.get("type") == "list":
        return items(_check_of({"type": option.get("elements", "raw")}), unique=False)
    return _TYPES[option.get("type", "str")]


_TYPES: dict[str, Check] = {
    "bool": _boolean,
    "dict": entries(_anything),
    "int": _whole,
    "path": text(),
    "raw": _anything,
    "str": text(),
}


def types(values: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Hold values against the options of argument specifications, to the letter: what Ansible would turn into the type
    that is wanted, such as `on` into text, is a mistake."""
    return [
        problem
        for name, value in values.items()
        if name in options
        for problem in _check_of(options[name])(value, name)
    ]


def unknown_variables(names: Iterable[str], known: Collection[str], prefixes: Iterable[str]) -> list[str]:
    """Name each variable that carries one of our prefixes, or nearly one of our names, and is none of ours."""
    starts = tuple(f"{prefix}_" for prefix in prefixes)
    problems = []
    for name in sorted(names):
        ours = name.startswith(starts)
        near = (
            []
            if name in known or name.startswith("_")
            else difflib.get_close_matches(name, known, n=1, cutoff=0.0 if ours else 0.93)
        )
        if near:
            problems.append(
                f"{name} is no variable of this collection; the nearest one is {near[0]}, rename or remove it"
            )
    return problems


# A run may ask for more than its inventory does; the jobs of AWX for environments with approvals do.
_MAY_TIGHTEN = ("site_builder_require_plan",)


def overridden(extra: Mapping[str, Any], prefixes: Iterable[str] = ()) -> list[str]:
    """Refuse command-line variables that would point a run of one environment at another, or replace what we compute."""
    internal = tuple(f"_{prefix}_" for prefix in prefixes)
    problems = [
        f"{name} is {told(extra[name])} on the command line (extra variables), and only the inventory may set it; {fix}"
        for name, fix in INVENTORY_ONLY.items()
        if name in extra and not (name in _MAY_TIGHTEN and extra[name] in (True, "true"))
    ]
    return problems + [
        f"{name} is {told(value)} on the command line (extra variables), and it is internal; remove it"
        for name, value in extra.items()
        if name.startswith(internal)
    ]


# Molecule skips these in every run; they are for the tasks of its own playbooks.
_OF_MOLECULE = {"molecule-idempotence-notest", "molecule-notest", "notest"}


def run_options(options: Mapping[str, Any]) -> list[str]:
    """Refuse what makes Ansible leave out tasks, or go through them otherwise than the playbooks rely on.

    options: tags, skip_tags (lists), start_at_task (text or None), strategy, any_errors_fatal, as Ansible has understood
    command line, environment and configuration.
    """
    problems = []
    whole = "a run does everything or nothing"
    if other := sorted(set(options["tags"]) - {"all"}):
        problems.append(
            f"--tags (or ANSIBLE_RUN_TAGS) is {told(other)}, which leaves out tasks, and {whole}; leave it out"
        )
    if other := sorted(set(options["skip_tags"]) - _OF_MOLECULE):
        given = told(other)
        problems.append(
            f"--skip-tags (or ANSIBLE_SKIP_TAGS) is {given}, which leaves out tasks, and {whole}; leave it out"
        )
    if options["start_at_task"]:
        given = told(options["start_at_task"])
        problems.append(f"--start-at-task is {given}, which leaves out the checks before it, and {whole}; leave it out")
    if options["strategy"].rpartition(".")[2] != "linear":
        given = told(options["strategy"])
        problems.append(f"ANSIBLE_STRATEGY is {given}, and stacks wait for one another with linear only; unset it")
    if options["any_errors_fatal"]:
        problems.append(
            "ANSIBLE_ANY_ERRORS_FATAL is True, and one failed stack must not end the others midway; unset it"
        )
    return problems


# The versions of community.general whose terraform module was held against what we rely on beyond its documentation, by
# tests/unit/module_utils/terraform/test_community_general.py: from the first on, and below the second.
COMMUNITY_GENERAL = ("12.0.0", "14.0.0")


def community_general(version: str) -> list[str]:
    """Refuse a community.general that was not tested: plans are read from what its terraform module prints and returns.

    version: of the one that is installed; empty, as that of a checkout in development may be, passes.
    """
    first, below = COMMUNITY_GENERAL
    if not version or _release(first) <= _release(version) < _release(below):
        return []
    return [
        f"community.general is {version}, and what its terraform module prints and returns, from which plans and failures are "
        f"read, is tested from {first} to below {below}; install one of those: ansible-galaxy collection install "
        f"'community.general:>={first},<{below}'"
    ]


def _release(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("-")[0])]


def switched(values: Mapping[str, Mapping[str, Any]], switches: Collection[str]) -> list[str]:
    """Refuse the engine's switches wherever a person can set them: each of them leaves out a guard that a playbook needs.

    values: what the inventory and the command line say, by stack and variable.
    """
    found = {name: variables[name] for variables in values.values() for name in switches if name in variables}
    return [
        f"{name} is {told(value)} in the inventory or on the command line, and only a playbook sets it; remove it"
        for name, value in sorted(found.items())
    ]


def limits(hosts: Iterable[str], stacks: Collection[str]) -> list[str]:
    """The hosts of a run are stacks, by name."""
    return [
        f"the inventory's group stacks has the host {host!r}, which is no stack; the stacks are {', '.join(stacks)}"
        for host in hosts
        if host not in stacks
    ]


def divided(values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A shared variable is the same for all stacks. values: by stack and variable, as they are written."""
    problems = []
    first, *others = values
    for name in values[first]:
        for host in others:
            if values[host].get(name) != values[first][name]:
                problems.append(
                    f"{name} is {told(values[host].get(name))} for the stack {host} and {told(values[first][name])} for "
                    f"{first}, and all stacks share it; {FIX_IN_INVENTORY}, not in host_vars"
                )
                break
    return problems


def place(environment: Any, groups: Collection[str], folder: str) -> list[str]:
    """The inventory says three times which environment it is: by its variable, its groups and its folder."""
    if environment not in ENVIRONMENTS:
        return [wrong("site_builder_environment", environment, f"none of {', '.join(ENVIRONMENTS)}", FIX_IN_INVENTORY)]
    # Ansible wants no hyphens in the name of a group.
    found = [name for name in ENVIRONMENTS if {name, name.replace("-", "_")} & set(groups)]
    if found != [environment]:
        others = [name for name in found if name != environment]
        return [
            f"site_builder_environment is {environment!r}, but the inventory's stacks are in the group "
            f"{', '.join(others) or 'of no environment'}; use the inventory of {environment} alone or correct its group_vars"
        ]
    if folder in ENVIRONMENTS and folder != environment:
        return [
            f"site_builder_environment is {environment!r}, but the inventory is in the folder {folder}; use the inventory of "
            f"{environment} or correct group_vars/all.yml"
        ]
    return []


def settings_problems(values: Mapping[str, Any]) -> list[str]:
    """Check the shared variables and the small ones of the roles, whose types are right, one by one and against one another."""
    problems = [problem for name, check in _ALONE.items() if name in values for problem in check(values[name], name)]
    problems += _regions(values)
    problems += service_problems(values["site_builder_service"])
    if problems:
        return problems
    problems += _told(standard_tags, _context(values), values["site_builder_tags"], what="site_builder_tags")
    problems += _told(_flags, values)
    checks = (_bedrock, _emails, _pools, _keys, _held, _skips)
    return [*problems, *(problem for check in checks for problem in check(values))]


def service_problems(service: Any) -> Iterator[str]:
    """What is wrong with the first part of every name."""
    problems = _told(check_service, service, "site_builder_service")
    yield from problems
    if not problems and f"{service}-".startswith(s3.TAKEN_PREFIXES):
        yield wrong(
            "site_builder_service", service, "how names begin that AWS keeps for its own buckets", "choose another"
        )


def settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """What all stacks share, from shared variables that are right.

    context: the facts from which names are made (see names). dr: the flags (see dr.dr_flags). public_values: what a
    function's environment may hold and is none of a secret.
    """
    local = values["site_builder_target"] == "local"
    context = _context(values) | ({"account_id": LOCAL_ACCOUNT_ID} if local else {})
    region = context["region"]
    local_pool = pool_arn(region, LOCAL_ACCOUNT_ID, LOCAL_POOL)
    return {
        "context": context,
        "dr": _flags(values),
        "tags": standard_tags(context, values["site_builder_tags"]),
        "kms_key_arn": values["site_builder_kms_key_arn"],
        "replica_kms_key_arn": values["site_builder_replica_kms_key_arn"],
        "permissions_boundary_arn": values["site_builder_permissions_boundary_arn"],
        "bedrock_region": values["site_builder_bedrock_region"],
        "bedrock_routed_regions": values["site_builder_bedrock_routed_regions"],
        "cognito_user_pool_arns": [local_pool] if local else values["site_builder_cognito_user_pool_arns"],
        "alert_emails": values["site_builder_alert_emails"],
        "lift_protection": values["site_builder_lift_protection"] in (True, "true"),
        "public_values": [
            values["site_builder_bedrock_inference_profile"],
            values["site_builder_bedrock_region"],
            values["site_builder_cors_origin"],
        ],
    }


def _told(function: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[str, ...]:
    """What a function refuses."""
    try:
        function(*arguments, **options)
    except SiteBuilderError as error:
        return error.problems
    return ()


def _context(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service": values["site_builder_service"],
        "environment": values["site_builder_environment"],
        "region": values["site_builder_region"],
        "replica_region": values["site_builder_replica_region"] or None,
        "account_id": values["site_builder_account_id"],
    }


def _flags(values: Mapping[str, Any]) -> dict[str, Any]:
    return dr_flags(
        values["site_builder_environment"],
        values["site_builder_region"],
        values["site_builder_replica_region"] or None,
        values["site_builder_dr"],
        overrides_from="site_builder_dr",
        replica_from="site_builder_replica_region",
    )


def _regions(values: Mapping[str, Any]) -> Iterator[str]:
    primary, replica = values["site_builder_region"], values["site_builder_replica_region"]
    for name, services in (
        ("site_builder_region", PRIMARY_SERVICES),
        ("site_builder_replica_region", REPLICA_SERVICES),
        ("site_builder_bedrock_region", BEDROCK_SERVICES),
    ):
        region = values[name]
        if not region:
            if name != "site_builder_replica_region":
                yield wrong(name, region, "not set", FIX_IN_INVENTORY)
            continue
        unknown = _told(partition_of, region, name)
        yield from unknown
        if not unknown and (lacking := not_offered(region, services)):
            yield wrong(
                name, region, f"a region where AWS does not offer {', '.join(lacking)}", "choose another region"
            )
    if replica and not _told(partition_of, primary) and not _told(partition_of, replica):
        yield from _told(check_replica_region, replica, primary, "site_builder_replica_region")


def _bedrock(values: Mapping[str, Any]) -> Iterator[str]:
    home, profile = values["site_builder_bedrock_region"], values["site_builder_bedrock_inference_profile"]
    if not home.startswith(GEOGRAPHIES[profile.split(".")[0]]):
        yield (
            f"site_builder_bedrock_inference_profile is {profile!r}, which cannot be called from "
            f"site_builder_bedrock_region, {home}; name a profile of that region's geography, or another region"
        )
    name = "site_builder_bedrock_routed_regions"
    regions = values[name]
    for position, region in enumerate(regions):
        if unknown := _told(partition_of, region, f"{name}[{position}]"):
            yield from unknown
        elif partition_of(region) != partition_of(home) or not_offered(region, BEDROCK_SERVICES):
            yield f"{name} holds {region!r}, to which nothing is routed from {home}; remove it"
        elif region == home or region in regions[:position]:
            what = "the Bedrock region itself" if region == home else "there twice"
            yield f"{name} holds {region!r}, which is {what}; remove it"


def _emails(values: Mapping[str, Any]) -> Iterator[str]:
    """AWS tells addresses apart by upper and lower case, mailboxes do not."""
    seen: set[str] = set()
    for address in values["site_builder_alert_emails"]:
        if address.lower() in seen:
            yield f"site_builder_alert_emails holds {address!r} twice, upper and lower case apart; remove one of them"
        seen.add(address.lower())


def pool_arn(region: str, account: str, pool: str) -> str:
    """The ARN of a user pool, by what follows the region in its id."""
    return f"arn:{partition_of(region)}:cognito-idp:{region}:{account}:userpool/{region}_{pool}"


def _pools(values: Mapping[str, Any]) -> Iterator[str]:
    name, account, region = (
        "site_builder_cognito_user_pool_arns",
        values["site_builder_account_id"],
        values["site_builder_region"],
    )
    example = pool_arn(region, account, "AbCdEfGhI")
    arns = values[name]
    if not arns and values["site_builder_target"] == "aws":
        yield (
            f"{name} is empty, and the API must know who may call it; {FIX_IN_INVENTORY}, for instance [{example}], or make a "
            "pool with playbooks/bootstrap.yml -e site_builder_cognito=create"
        )
    for position, arn in enumerate(arns):
        match = _POOL_ARN.fullmatch(arn)
        if not match or (match["partition"], match["region"]) != (partition_of(region), match["home"]):
            yield f"{name} holds {arn!r}, which does not look like {example}; correct or remove it"
        elif arn in arns[:position]:
            yield f"{name} holds {arn!r} twice; remove one of them"


def warnings(values: Mapping[str, Any]) -> list[str]:
    """What AWS takes and may not be meant, of shared variables that are right."""
    region, account = values["site_builder_region"], values["site_builder_account_id"]
    if values["site_builder_target"] != "aws":
        return []
    return [
        f"site_builder_cognito_user_pool_arns holds {arn!r}, which is not in {region}, account {account}, as the API is; its "
        "users may call this API, if that is meant"
        for arn in values["site_builder_cognito_user_pool_arns"]
        if f":{region}:{account}:" not in arn
    ] + [
        f"{where} is {arn!r}, which is not of the account {account}; the function can read it once its owner shares it with the "
        "function's role, with a customer managed key that the role may use"
        for where, arn in secret_names.elsewhere(values.get("lambda_functions") or {}, account)
    ]


def aws_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What AWS clients must have in their environment beside what there is: older AWX calls the session token otherwise."""
    token = environ.get("AWS_SECURITY_TOKEN")
    return {"AWS_SESSION_TOKEN": token} if token and not environ.get("AWS_SESSION_TOKEN") else {}


def _keys(values: Mapping[str, Any]) -> Iterator[str]:
    region, replica = values["site_builder_region"], values["site_builder_replica_region"]
    replicated = not _told(_flags, values) and _flags(values)["enabled"]
    for name, where in (("site_builder_kms_key_arn", region), ("site_builder_replica_kms_key_arn", replica)):
        arn = values[name]
        if arn and not where:
            yield f"{name} is {arn!r}, but there is no replica region; set site_builder_replica_region or leave it empty"
        elif arn and not ((match := _KEY_ARN.fullmatch(arn)) and match["region"] == where):
            yield wrong(name, arn, f"no ARN of a KMS key in {where}", "name a key there or leave it empty")
    primary, other = values["site_builder_kms_key_arn"], values["site_builder_replica_kms_key_arn"]
    if replicated and bool(primary) != bool(other):
        yield (
            f"site_builder_replica_kms_key_arn is {other!r} while site_builder_kms_key_arn is {primary!r}, and a replica is "
            "encrypted as its original is; set both or neither"
        )


def _skips(values: Mapping[str, Any]) -> Iterator[str]:
    name, environment = "site_builder_skip_unchanged", values["site_builder_environment"]
    if ENVIRONMENTS[environment].production and values[name] in (True, "true"):
        yield wrong(name, values[name], f"not for {environment}, where a run looks at everything", "leave it out")


def _held(values: Mapping[str, Any]) -> Iterator[str]:
    """What AWS takes only from the account itself, and but for IAM from the region of the API."""
    region, account = values["site_builder_region"], values["site_builder_account_id"]
    domain = values.get("api_gateway_domain") or {}
    boundary, certificate = "site_builder_permissions_boundary_arn", "api_gateway_domain.certificate_arn"
    web_acl, here = "api_gateway_web_acl_arn", f"in {region}, account {account}"
    for name, arn, pattern, what in (
        (boundary, values[boundary], f"iam::({account}|aws):policy", f"managed policy in the account {account}"),
        (certificate, domain.get("certificate_arn"), f"acm:{region}:{account}:certificate", f"certificate {here}"),
        (web_acl, values.get(web_acl), f"wafv2:{region}:{account}:regional/webacl", f"regional web ACL {here}"),
    ):
        if arn and not re.fullmatch(f"arn:{partition_of(region)}:{pattern}/.+", arn):
            yield wrong(name, arn, f"no ARN of a {what}", "name one there or leave it out")
