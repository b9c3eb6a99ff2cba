# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every AWS name, ARN and tag of a service, computed from one small context.

The context is a mapping: ``service``, ``environment``, ``region`` and ``account_id`` are required,
``partition`` is derived from the region, ``replica_region`` is needed for replica buckets only.
Other entries are ignored. All lengths are in characters.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown
from ansible_collections.bbws.site_builder.plugins.module_utils.validators import wrong


@dataclass(frozen=True)
class Environment:
    """What is special about an environment.

    production: it replicates, protects its tables, keeps logs for a year, wants stricter alarms, and takes two words to destroy.
    """

    production: bool = False


# All there are. A new one is a line here and an inventory of that name.
ENVIRONMENTS: dict[str, Environment] = {
    "dev": Environment(),
    "sit": Environment(),
    "prod": Environment(production=True),
}

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_COMMERCIAL = """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1
    ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5
    ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1
    eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1
    mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2
"""
REGIONS: dict[str, frozenset[str]] = {
    "aws": frozenset(_COMMERCIAL.split()),
    "aws-cn": frozenset({"cn-north-1", "cn-northwest-1"}),
    "aws-us-gov": frozenset({"us-gov-east-1", "us-gov-west-1"}),
}

STATE_KEY = "tfstate"
HASH_LENGTH = 8

_SERVICE = re.compile(r"(?=.{2,32}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*")
_ALIAS = re.compile(r"(?![0-9]+\Z)[A-Za-z0-9_-]{1,128}")
_INDEX = re.compile(r"[A-Za-z0-9_.-]{3,255}|\*")


@dataclass(frozen=True)
class Context:
    """The facts that all names share, already validated."""

    service: str
    environment: str
    region: str
    account_id: str
    partition: str
    replica_region: str | None = None


@dataclass(frozen=True)
class Kind:
    """What AWS allows for the name of one kind of resource.

    ``chars`` is the body of a regular expression class. ``suffix`` says what makes the name unique:
    the environment, and the region and account where AWS shares the namespace more widely.
    """

    source: str
    longest: int
    chars: str = "A-Za-z0-9_-"
    shortest: int = 1
    prefix: str = ""
    suffix: str = "-{environment}"
    reserved: tuple[str, ...] = ()


_PER_ACCOUNT = "-{environment}-{region}"
_BUCKET = Kind(
    source="S3 user guide, general purpose bucket naming rules; no dots, they break TLS host names",
    shortest=3,
    longest=63,
    chars="a-z0-9-",
    suffix="-{environment}-{account_id}-{region}",
    reserved=("xn--", "sthree-", "amzn-s3-demo-"),
)
_BUCKETS = ("s3_bucket", "s3_replica_bucket", "state_bucket")
_LOG_GROUP_CHARS = "A-Za-z0-9_./#-"
_LOG_GROUP_SOURCE = "CloudWatch Logs API, CreateLogGroup logGroupName"

KINDS: dict[str, Kind] = {
    "alarm": Kind("CloudWatch API, PutMetricAlarm AlarmName", 255, chars="A-Za-z0-9_.-"),
    "api_key": Kind("no published limit, 128 is ours", 128, chars="A-Za-z0-9_.-"),
    "api_log_group": Kind(_LOG_GROUP_SOURCE, 512, chars=_LOG_GROUP_CHARS, prefix="/aws/apigateway/"),
    "cloudfront_oac": Kind("CloudFront API, OriginAccessControlConfig Name", 64, suffix=_PER_ACCOUNT),
    "dashboard": Kind("CloudWatch API, PutDashboard DashboardName", 255, suffix=_PER_ACCOUNT),
    "dynamodb_table": Kind("DynamoDB API, CreateTable TableName", 255, chars="A-Za-z0-9_.-", shortest=3),
    "iam_policy": Kind("IAM API, CreatePolicy PolicyName", 128, chars="A-Za-z0-9_+=,.@-", suffix=_PER_ACCOUNT),
    "iam_role": Kind("IAM API, CreateRole RoleName", 64, chars="A-Za-z0-9_+=,.@-", suffix=_PER_ACCOUNT),
    "kms_alias": Kind(
        "KMS API, CreateAlias AliasName, prefix included",
        256,
        chars="A-Za-z0-9_/-",
        prefix="alias/",
        reserved=("alias/aws/",),
    ),
    "lambda_function": Kind("Lambda API, CreateFunction FunctionName", 64),
    "lambda_layer": Kind(
        "Lambda API, PublishLayerVersion LayerName: 140 for the name or its ARN, so 64 for a name",
        64,
    ),
    # The function's own limit plus the prefix: the group of a shortened function still matches it.
    "lambda_log_group": Kind(_LOG_GROUP_SOURCE, 64 + 12, chars=_LOG_GROUP_CHARS, prefix="/aws/lambda/"),
    "log_group": Kind(_LOG_GROUP_SOURCE, 512, chars=_LOG_GROUP_CHARS, reserved=("aws/",)),
    # Also part of a Lambda permission's statement id, hence alphabet and length.
    "rest_api": Kind("Lambda API, AddPermission StatementId, less the prefix api-gateway-", 80),
    "s3_bucket": _BUCKET,
    "s3_replica_bucket": Kind(**{**vars(_BUCKET), "suffix": "-{environment}-{account_id}-{replica_region}"}),
    "sns_topic": Kind("SNS API, CreateTopic Name", 256),
    "sqs_queue": Kind("SQS API, CreateQueue QueueName", 80),
    "state_bucket": _BUCKET,
    "usage_plan": Kind("no published limit, 128 is ours", 128, chars="A-Za-z0-9_.-"),
}

_REGIONAL = "arn:{partition}:%s:{region}:{account_id}:"
_LAMBDA = (_REGIONAL % "lambda") + "function:{name}"
_LOGS = (_REGIONAL % "logs") + "log-group:{name}"
ARNS: dict[str, str] = {
    "alarm": (_REGIONAL % "cloudwatch") + "alarm:{name}",
    "api_log_group": _LOGS,
    "dashboard": "arn:{partition}:cloudwatch::{account_id}:dashboard/{name}",
    "dynamodb_index": (_REGIONAL % "dynamodb") + "table/{name}/index/{qualifier}",
    "dynamodb_table": (_REGIONAL % "dynamodb") + "table/{name}",
    "iam_policy": "arn:{partition}:iam::{account_id}:policy/{name}",
    "iam_role": "arn:{partition}:iam::{account_id}:role/{name}",
    "kms_alias": (_REGIONAL % "kms") + "{name}",
    "lambda_alias": _LAMBDA + ":{qualifier}",
    "lambda_function": _LAMBDA,
    "lambda_invoke": (
        "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/"
        + _LAMBDA
        + "{colon}{qualifier}/invocations"
    ),
    "lambda_log_group": _LOGS,
    "log_group": _LOGS,
    "s3_bucket": "arn:{partition}:s3:::{name}",
    "s3_replica_bucket": "arn:{partition}:s3:::{name}",
    "sns_topic": (_REGIONAL % "sns") + "{name}",
    "sqs_queue": (_REGIONAL % "sqs") + "{name}",
    "state_bucket": "arn:{partition}:s3:::{name}",
}
# Kinds of ARN that are built on the name of another kind.
_NAMED_AS = {
    "dynamodb_index": "dynamodb_table",
    "lambda_alias": "lambda_function",
    "lambda_invoke": "lambda_function",
}
_QUALIFIERS = {"dynamodb_index": _INDEX, "lambda_alias": _ALIAS, "lambda_invoke": _ALIAS}

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
MAX_TAGS = 50
MAX_TAG_KEY = 128
MAX_TAG_VALUE = 256
_TAG_PUNCTUATION = frozenset("_.:/=+-@")


def one_of(value: Any, allowed: Collection[str], what: str) -> str:
    """Return value when it is one of the allowed words, else raise with the nearest one."""
    if isinstance(value, str) and value in allowed:
        return value
    near = difflib.get_close_matches(str(value), allowed, n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(sorted(allowed))}"
    raise SiteBuilderError(wrong(what, value, "not known", fix))


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    """Return value when it is a mapping with text keys, else raise."""
    if not isinstance(value, Mapping):
        raise SiteBuilderError(wrong(what, value, "no mapping", "write it as name: value"))
    for key in value:
        if not isinstance(key, str):
            raise SiteBuilderError(f"{what} has the key {shown(key)}, which is no text; quote it")
    return value


def partition_of(region: Any, what: str = "region") -> str:
    """The partition (aws, aws-cn, aws-us-gov) of an AWS region; an unknown region is refused."""
    known = {name: partition for partition, names in REGIONS.items() for name in names}
    return known[one_of(region, known, what)]


def parse_context(context: Any) -> Context:
    """Validate a context mapping (see the module's docstring) and derive what it leaves out."""
    values = mapping(context, "context")
    required = ("service", "environment", "region", "account_id")
    for name in required:
        if values.get(name) is None:
            raise SiteBuilderError(
                f"context lacks {name!r}, it has {shown(sorted(values))}; give {', '.join(required)}"
            )
    service, account = values["service"], values["account_id"]
    check_service(service)
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise SiteBuilderError(wrong("account_id", account, "not valid", "write the 12 digits in quotes"))
    environment = one_of(values["environment"], ENVIRONMENTS, "environment")
    region = values["region"]
    partition = partition_of(region)
    if values.get("partition") not in (None, partition):
        raise SiteBuilderError(
            wrong(
                "partition",
                values["partition"],
                f"not that of the region {region!r}",
                f"use {partition!r} or leave it out",
            )
        )
    replica = values.get("replica_region")
    if replica is not None:
        check_replica_region(replica, region)
    return Context(service, environment, region, account, partition, replica)


def check_service(service: Any, what: str = "service") -> None:
    """Raise unless it can be the first part of every name."""
    if not isinstance(service, str) or not _SERVICE.fullmatch(service):
        fix = "use 2 to 32 lower-case letters, digits and single hyphens, a letter first, such as 'site-builder'"
        raise SiteBuilderError(wrong(what, service, "not valid", fix))


def check_replica_region(replica: Any, region: str, what: str = "replica_region") -> None:
    """Raise unless replica is another region of the same partition (AWS replicates no further)."""
    partition = partition_of(region)
    if partition_of(replica, what) != partition:
        fix = f"use one of {', '.join(sorted(REGIONS[partition] - {region}))}"
        raise SiteBuilderError(wrong(what, replica, f"outside the partition {partition!r} of {region!r}", fix))
    if replica == region:
        raise SiteBuilderError(wrong(what, replica, "the primary region itself", "name a different region"))


def resource_name(key: str, kind: str, context: Mapping[str, Any]) -> str:
    """The AWS name of one resource: ``<service>-<key>-<environment>``, unique where AWS needs it.

    key: words of ASCII letters and digits joined by single ``-``, ``_`` or ``.``, as far as the kind
    allows them (underscores turn into hyphens in bucket names). kind: an entry of KINDS, which also
    holds the limits and their source. A name beyond the limit loses the end of its key to a hyphen
    and 8 hexadecimal digits of the SHA-256 of the full name; environment and suffix stay.
    Raises SiteBuilderError for an invalid key, kind or context.
    """
    return _name(key, one_of(kind, KINDS, "kind"), parse_context(context))


def resource_names(keys: Iterable[str], kind: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Map each key (of a list, or of a mapping) to its AWS name; see resource_name.

    Raises SiteBuilderError with a sentence for each key that is not valid, is there twice, or gets the name of another but for
    upper and lower case, which IAM and S3 do not tell apart.
    """
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise SiteBuilderError(wrong("keys", keys, "no list of names", "put it in brackets"))
    one_of(kind, KINDS, "kind")
    parsed = parse_context(context)
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    problems: list[str] = []
    for key in keys:
        try:
            name = _name(key, kind, parsed)
        except SiteBuilderError as error:
            problems += error.problems
            continue
        owner = owners.setdefault(name.lower(), key)
        if key in names:
            problems.append(wrong(f"{kind} key", key, "listed twice", "remove one of them"))
        elif owner != key:
            problems.append(f"{kind} keys {owner!r} and {key!r} both get the name {name!r}; rename one of them")
        names[key] = name
    if problems:
        raise SiteBuilderError(*problems)
    return names


def resource_arn(
    name: str,
    kind: str,
    context: Mapping[str, Any],
    qualifier: str | None = None,
    region: str | None = None,
) -> str:
    """The ARN of a resource that has the given full name.

    kind: an entry of ARNS. qualifier: the alias of a Lambda function (kinds lambda_alias and, if
    wanted, lambda_invoke) or the index of a table (dynamodb_index; ``*`` for all). region: another
    region of the same partition than the context's, such as that of a replica table.
    Raises SiteBuilderError for invalid input, and for kinds whose ARN holds an id that AWS invents.
    """
    if isinstance(kind, str) and kind in KINDS and kind not in ARNS:
        raise SiteBuilderError(
            f"kind {kind!r} has no ARN that can be computed, AWS puts a new id in it; read it from the stack's outputs"
        )
    one_of(kind, ARNS, "kind")
    parsed = parse_context(context)
    if region is not None and region != parsed.region:
        check_replica_region(region, parsed.region)
    _check_name(name, _NAMED_AS.get(kind, kind))
    _check_qualifier(qualifier, kind)
    facts = {**vars(parsed), "region": region or parsed.region}
    colon = ":" if qualifier else ""
    return ARNS[kind].format(**facts, name=name, qualifier=qualifier or "", colon=colon)


def standard_tags(
    context: Mapping[str, Any], extra: Mapping[str, str] | None = None, *, what: str = "extra tags"
) -> dict[str, str]:
    """The tags of every resource: Service, Environment and ManagedBy, then the caller's extra ones.

    what: what sentences call the extra tags.
    Raises SiteBuilderError for each extra tag that repeats a key (IAM ignores their case) or that AWS would refuse: more
    than 50 in all, keys of 1 to 128 and values of 0 to 256 characters, letters, digits, spaces and ``_ . : / = + - @``, no
    key that starts with ``aws:``.
    """
    parsed = parse_context(context)
    tags = {
        "Service": parsed.service,
        "Environment": parsed.environment,
        "ManagedBy": "Terraform",
    }
    taken = {key.lower(): key for key in tags}
    problems = []
    for key, value in mapping({} if extra is None else extra, what).items():
        problem = _tag_problem(key, value)
        if problem:
            problems.append(f"{what}: {problem}")
        elif key.lower() in taken:
            problems.append(f"{what}: tag {key!r} is already set as {taken[key.lower()]!r}; remove it")
        taken[key.lower()] = key
        tags[key] = value
    if len(tags) > MAX_TAGS:
        problems.append(
            f"{what}: {len(tags)} tags are more than the {MAX_TAGS} that AWS allows; remove {len(tags) - MAX_TAGS}"
        )
    if problems:
        raise SiteBuilderError(*problems)
    return tags


def _name(key: Any, kind: str, context: Context) -> str:
    rules = KINDS[kind]
    stem = f"{context.service}-{_word(key, kind)}"
    if "{replica_region}" in rules.suffix and context.replica_region is None:
        raise SiteBuilderError(f"context lacks 'replica_region', and {kind} {key!r} needs it; add it")
    suffix = rules.suffix.format(**vars(context))
    longest = rules.longest - len(rules.prefix)
    if len(stem + suffix) > longest:
        digest = hashlib.sha256((stem + suffix).encode()).hexdigest()[:HASH_LENGTH]
        stem = stem[: longest - len(suffix) - HASH_LENGTH - 1].rstrip("-_.")
        suffix = f"-{digest}{suffix}"
    name = rules.prefix + stem + suffix
    _check_name(name, kind)
    return name


def _word(key: Any, kind: str) -> str:
    """The key as it stands in the name, in the alphabet of the kind."""
    chars = KINDS[kind].chars
    word = key.replace("_", "-") if isinstance(key, str) and "_" not in chars else key
    separators = [mark for mark in "-_." if mark in chars or mark == "_"]
    if not (isinstance(word, str) and _KEY.fullmatch(word) and re.fullmatch(f"[{chars}]+", word)):
        letters = "letters" if "A-Z" in chars else "lower-case letters"
        between = " or ".join(repr(mark) for mark in separators)
        fix = f"use ASCII {letters} and digits, with single {between} between words"
        raise SiteBuilderError(wrong(f"{kind} key", key, "not valid", fix))
    if kind in _BUCKETS and (word == STATE_KEY) != (kind == "state_bucket"):
        what = f"not allowed, as {STATE_KEY!r} names the state bucket and only that one"
        raise SiteBuilderError(wrong(f"{kind} key", key, what, "choose another"))
    return word


def _check_name(name: Any, kind: str) -> None:
    rules = KINDS[kind]
    if not isinstance(name, str) or not re.fullmatch(f"[{rules.chars}]+", name):
        fix = f"use only the characters {rules.chars}, or let resource_name compute it"
        raise SiteBuilderError(wrong(f"{kind} name", name, "not valid", fix))
    if not rules.shortest <= len(name) <= rules.longest:
        raise SiteBuilderError(
            f"{kind} name {shown(name)} has {len(name)} characters; use {rules.shortest} to "
            f"{rules.longest}, or let resource_name compute it"
        )
    if not name.startswith(rules.prefix) or name.startswith(rules.reserved):
        start = f"start it with {rules.prefix!r}" if rules.prefix else "choose another start"
        avoid = f", AWS reserves {', '.join(rules.reserved)}" if rules.reserved else ""
        raise SiteBuilderError(f"{kind} name {shown(name)} starts wrongly; {start}{avoid}")


def _check_qualifier(qualifier: Any, kind: str) -> None:
    pattern = _QUALIFIERS.get(kind)
    if pattern is None:
        if qualifier is not None:
            raise SiteBuilderError(f"kind {kind!r} takes no qualifier, got {shown(qualifier)}; leave it out")
        return
    if qualifier is None and kind == "lambda_invoke":
        return
    if not isinstance(qualifier, str) or not pattern.fullmatch(qualifier):
        wanted = "the name of an index, or '*'" if pattern is _INDEX else "the name of an alias"
        raise SiteBuilderError(f"qualifier {shown(qualifier)} of kind {kind!r} is not valid; give {wanted}")


def _tag_problem(key: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"tag {shown(key)} has the value {shown(value)}, which is no text; quote it"
    if not 1 <= len(key) <= MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
        return (
            f"tag {shown(key)} with the value {shown(value)} has the wrong length; use 1 to "
            f"{MAX_TAG_KEY} characters for a key and at most {MAX_TAG_VALUE} for a value"
        )
    if key.lower().startswith("aws:"):
        return f"tag {shown(key)} starts with 'aws:', which AWS reserves; rename it"
    bad = next((char for char in key + value if not _tag_character(char)), None)
    if bad is not None:
        return (
            f"tag {shown(key)} with the value {shown(value)} contains {bad!r}; use letters, digits, spaces and "
            "_ . : / = + - @"
        )
    return None


def _tag_character(char: str) -> bool:
    return char in _TAG_PUNCTUATION or unicodedata.category(char)[0] in "LNZ"
