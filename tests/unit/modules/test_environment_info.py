"""What AWS and the states say before a run; against moto where AWS is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.bedrock import Life
from ansible_collections.bbws.site_builder.plugins.modules import environment_info as module
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws
from moto.s3 import s3_backends

ACCOUNT = "123456789012"
STATE = {
    "version": 4,
    "serial": 7,
    "lineage": "l",
    "outputs": {
        "tables": {"value": {"orders": {"name": "orders-dev"}}, "type": ["object", {}]},
        "password": {"value": "secret", "type": "string", "sensitive": True},
    },
    "resources": [
        {
            "mode": "managed",
            "module": 'module.tables["orders"]',
            "type": "aws_dynamodb_table",
            "name": "this",
            "instances": [
                {
                    "index_key": 0,
                    "attributes": {
                        "deletion_protection_enabled": True,
                        "ttl": [{"attribute_name": "expires_at", "enabled": True}],
                        "replica": [
                            {"region_name": "eu-west-1", "kms_key_arn": "arn:key"},
                            {"region_name": "eu-west-2", "kms_key_arn": None},
                        ],
                    },
                },
                {
                    "index_key": "a",
                    "status": "tainted",
                    "attributes": {
                        "deletion_protection_enabled": False,
                        "ttl": [{"attribute_name": "", "enabled": False}],
                    },
                },
            ],
        },
        {"mode": "managed", "type": "aws_s3_bucket", "name": "this", "instances": []},
        {
            "mode": "managed",
            "module": 'module.buckets["sites"]',
            "type": "aws_s3_bucket",
            "name": "replica",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"].replica',
            "instances": [{"index_key": 0, "attributes": {"bucket": "sites-dev", "region": "eu-west-1"}}],
        },
        {"mode": "data", "type": "aws_partition", "instances": [{}]},
    ],
}
READ = {
    "deployed": True,
    "serial": 7,
    "lineage": "l",
    "resources": 3,
    "tainted": ['module.tables["orders"].aws_dynamodb_table.this["a"]'],
    "protected": ['module.tables["orders"].aws_dynamodb_table.this[0]'],
    "buckets": {'module.buckets["sites"].aws_s3_bucket.replica[0]': {"name": "sites-dev", "region": "eu-west-1"}},
    "replicas": {
        'module.tables["orders"].aws_dynamodb_table.this[0]': {"eu-west-1": "arn:key", "eu-west-2": ""},
        'module.tables["orders"].aws_dynamodb_table.this["a"]': {},
    },
    "ttl": {'module.tables["orders"].aws_dynamodb_table.this[0]': "expires_at"},
    "by_replica": ['module.buckets["sites"].aws_s3_bucket.replica[0]'],
    "filled": [],
    "outputs": {"tables": {"orders": {"name": "orders-dev"}}, "password": "secret"},
    "sensitive": ["password"],
}

NOT_REMEMBERED = {"version": "", "applied": None}


class TestParseState:
    @pytest.mark.parametrize("text", [json.dumps(STATE), json.dumps(STATE).encode()])
    def test_state(self, text: str | bytes):
        assert module.parse_state(text, "s3://b/k") == READ

    def test_what_was_cut_short_has_its_name_and_nothing_else(self):
        """Denied the call after its creation, the provider writes down what the configuration says, and null for the rest."""
        named = ("id", "bucket", "name")
        half = [
            {
                **resource,
                "instances": [
                    {
                        **instance,
                        "status": "tainted",
                        "attributes": {
                            name: value if name in named else None
                            for name, value in instance.get("attributes", {}).items()
                        },
                    }
                    for instance in resource["instances"]
                ],
            }
            for resource in STATE["resources"]
        ]
        state = module.parse_state(json.dumps({**STATE, "resources": half}), "s3://b/k")
        assert {bucket["region"] for bucket in state["buckets"].values()} == {""}
        assert (state["protected"], state["ttl"]) == ([], {})
        assert not any(state["replicas"].values())

    @pytest.mark.parametrize("resources", [[], [STATE["resources"][1], STATE["resources"][-1]]])
    def test_nothing_deployed(self, resources: list):
        state = module.parse_state(json.dumps({**STATE, "resources": resources}), "s3://b/k")
        assert (state["deployed"], state["resources"]) == (False, 0)

    def test_empty_state(self):
        assert module.parse_state('{"version": 4}', "s3://b/k") | NOT_REMEMBERED == module.NOTHING

    @pytest.mark.parametrize(
        ("document", "version"), [({}, None), ({"version": 3}, 3), ({"version": "4"}, "4"), ([], None)]
    )
    def test_other_format(self, document: object, version: object):
        with pytest.raises(ValueError, match=f"s3://b/k is no Terraform state .*4 \\(version: {version}\\)"):
            module.parse_state(json.dumps(document), "s3://b/k")

    @pytest.mark.parametrize("text", ["", "{", "\x00"])
    def test_no_json(self, text: str):
        with pytest.raises(ValueError, match=r"Expecting|control"):
            module.parse_state(text, "s3://b/k")


class TestRoutes:
    PROFILE = {"region": "eu-west-1", "profile": "eu.a.model"}

    @pytest.fixture
    def bedrock(self) -> Iterator[Stubber]:
        client = boto3.client("bedrock", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        with Stubber(client) as stubber:
            yield stubber

    def ask(self, bedrock: Stubber) -> tuple[list[str], str]:
        with ThreadPoolExecutor() as pool:
            (future,) = module.asked(lambda region: bedrock.client, [self.PROFILE], pool).values()
        return future.result()

    @pytest.mark.parametrize(
        ("of_models", "regions"),
        [(["eu-west-1", "eu-north-1"], ["eu-north-1", "eu-west-1"]), (["", "eu-west-1"], ["eu-west-1"])],
    )
    def test_where_a_profile_routes(self, bedrock: Stubber, of_models: list[str], regions: list[str]):
        models = [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/a.model"} for region in of_models]
        about = {
            "inferenceProfileName": "m",
            "inferenceProfileId": "eu.a.model",
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        }
        arn = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/eu.a.model"
        answer = {**about, "inferenceProfileArn": arn, "models": models}
        bedrock.add_response("get_inference_profile", answer, {"inferenceProfileIdentifier": "eu.a.model"})
        assert self.ask(bedrock) == (regions, "")

    def test_why_it_is_not_known(self, bedrock: Stubber):
        bedrock.add_client_error("get_inference_profile", "AccessDeniedException", "not authorized", 403)
        regions, reason = self.ask(bedrock)
        assert regions == []
        assert "asking Bedrock where eu.a.model routes (bedrock:GetInferenceProfile)" in reason


NOT_INTERRUPTED = {"interrupted": "", "version": "", "applied": None}
NOTHING = module.NOTHING | NOT_INTERRUPTED


class TestMain:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def clients(cls) -> Iterator[dict[str, Any]]:
        """The clients by service: as the module makes them, but once for all tests, for that takes long."""
        made: dict[str, Any] = {}
        client = module.AnsibleAWSModule.client

        def kept(self: object, service: str, **options: Any) -> Any:
            if service not in made:
                made[service] = client(self, service, **options)
            return made[service]

        with pytest.MonkeyPatch.context() as patch, mock_aws():
            for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
                patch.delenv(name, raising=False)
            patch.setattr(module.AnsibleAWSModule, "client", kept)
            yield made

    @pytest.fixture
    def put(self) -> Iterator[Callable[[str, str], object]]:
        """A state bucket; the function puts a state into it."""
        backend = s3_backends[ACCOUNT]["aws"]
        backend.create_bucket("states", "eu-west-1")
        yield lambda key, text: backend.put_object("states", key, text.encode())
        backend.reset()

    @pytest.fixture
    def read(self, run_module: Callable[..., dict]) -> Callable[..., dict]:
        options = {
            "region": "eu-west-1",
            "account_id": ACCOUNT,
            "state_bucket": "states",
            "state_prefix": "site-builder/dev",
            "stacks": ["dynamodb", "s3"],
        }
        return lambda **further: run_module(module, **{**options, **further})

    def test_states(self, read: Callable[..., dict], put: Callable):
        put("site-builder/dev/dynamodb/terraform.tfstate", json.dumps(STATE))
        put("site-builder/prod/s3/terraform.tfstate", json.dumps(STATE))
        result = read()
        assert result["states"] == {"dynamodb": READ | NOT_INTERRUPTED, "s3": NOTHING}
        assert result["state_bucket_exists"] is True
        assert ACCOUNT in result["caller_arn"]
        assert result["changed"] is False

    def test_the_inputs_of_the_last_apply(self, read: Callable[..., dict], put: Callable, clients: dict[str, Any]):
        """They count for the version of the state that was made from them, and for no other."""
        read()
        s3 = clients["s3"]
        s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
        put_state = {"Bucket": "states", "Key": "site-builder/dev/s3/terraform.tfstate", "Body": json.dumps(STATE)}
        version = s3.put_object(**put_state)["VersionId"]
        record = {"sha256": "f00", "since": "2026-11-29T12:00:00Z"}

        def remember(text: str) -> None:
            put("site-builder/dev/s3/applied.json", text)

        remember(json.dumps({**record, "version": version}))
        assert read(applied=True)["states"]["s3"]["applied"] == record
        assert read()["states"]["s3"]["applied"] is None
        for text in ("{", "[]", "{}", json.dumps({**record, "version": ""})):
            remember(text)
            assert read(applied=True)["states"]["s3"]["applied"] is None, text
        remember(json.dumps({**record, "version": version}))
        s3.put_object(**put_state)
        assert read(applied=True)["states"]["s3"]["applied"] is None

    def test_a_run_goes_on_without_bedrock(self, read: Callable[..., dict], put: Callable, clients: dict[str, Any]):
        clients["bedrock"] = boto3.client("bedrock", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
        with Stubber(clients["bedrock"]) as stubber:
            stubber.add_client_error("get_inference_profile", "AccessDeniedException", "not authorized", 403)
            result = read(inference_profiles=[{"region": "eu-west-1", "profile": "eu.a.model"}])
        assert result["routed_regions"] == {}
        assert "bedrock:GetInferenceProfile" in result["not_told"]["eu-west-1/eu.a.model"]

    def test_a_broken_lock_has_left_its_mark(self, read: Callable[..., dict], put: Callable):
        put("site-builder/dev/s3/interrupted.json", "{}")
        first = read()["states"]
        put("site-builder/dev/s3/interrupted.json", '{"id": "4f1c"}')
        marks = [states["s3"]["interrupted"] for states in (first, read()["states"])]
        assert len({*marks, first["dynamodb"]["interrupted"]}) == 3

    @pytest.mark.parametrize("holds", ["nothing", "an object", "a delete marker", "no bucket"])
    def test_filled_buckets(self, read: Callable[..., dict], put: Callable, clients: dict[str, Any], holds: str):
        put("site-builder/dev/s3/terraform.tfstate", json.dumps(STATE))
        read()
        s3 = clients["s3"]
        if holds != "no bucket":
            s3.create_bucket(Bucket="sites-dev", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            s3.put_bucket_versioning(Bucket="sites-dev", VersioningConfiguration={"Status": "Enabled"})
        if holds == "an object":
            s3.put_object(Bucket="sites-dev", Key="a", Body=b"b")
        if holds == "a delete marker":
            version = s3.put_object(Bucket="sites-dev", Key="a", Body=b"b")["VersionId"]
            s3.delete_object(Bucket="sites-dev", Key="a")
            s3.delete_object(Bucket="sites-dev", Key="a", VersionId=version)
        asked: list[object] = []
        s3.meta.events.register("before-call.s3.ListObjectVersions", lambda **event: asked.append(event))
        assert read()["states"]["s3"]["filled"] == []
        assert asked == []
        filled = [] if holds in ("nothing", "no bucket") else ["sites-dev"]
        assert read(look_into=["dynamodb", "s3"])["states"]["s3"]["filled"] == filled
        assert len(asked) == 1

    MODELS = ({"model": "a.b", "region": "eu-north-1"}, {"model": "a.c", "region": "eu-north-1"})

    def test_models(self, read: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        """One that is about to end is warned of, one that cannot be asked is passed over."""
        asked = []

        def life_of(client: Any, model: str) -> Life:
            asked.append(model)
            if model == "a.c":
                raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFoundationModel")
            return Life("LEGACY")

        monkeypatch.setattr(module.bedrock, "life_of", life_of)
        result = read(models=self.MODELS)
        assert "states" in result
        assert [str(warning) for warning in result["warnings"]] == [module.bedrock.ageing("a.b", Life("LEGACY"))]
        assert sorted(asked) == ["a.b", "a.c"]

    def test_model_past_its_end(self, read: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        end = datetime(2026, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(module.bedrock, "life_of", lambda client, model: Life("LEGACY", end))
        result = read(models=self.MODELS)
        assert result["failed"] is True
        assert result["msg"].startswith("the model a.b has reached its end (2026-01-01), and each call of it fails; ")

    def test_without_outputs(self, read: Callable[..., dict], put: Callable):
        put("site-builder/dev/dynamodb/terraform.tfstate", json.dumps(STATE))
        result = read(outputs=False)
        assert result["states"]["dynamodb"] == READ | NOT_INTERRUPTED | {"outputs": {}}
        assert "secret" not in json.dumps(result["states"])

    def test_no_bucket_yet(self, read: Callable[..., dict]):
        result = read()
        assert result["state_bucket_exists"] is False
        assert result["states"] == {"dynamodb": NOTHING, "s3": NOTHING}

    def test_other_account(self, read: Callable[..., dict], put: Callable):
        message = read(account_id="999999999999")["msg"]
        assert message.startswith(
            f"site_builder_account_id is 999999999999, but these credentials belong to account {ACCOUNT} (arn:aws:"
        )
        assert message.endswith("; use the credentials of this environment")

    def test_the_newest_release_and_what_it_holds(self, read: Callable[..., dict], put: Callable):
        assert (read()["release"], read()["pins"]) == ({}, {"functions": {}, "apis": {}})
        outputs = {"functions": {"a": {"name": "a-dev"}}, "details": {"a": {"version": "2"}}}
        state = {**STATE, "outputs": {name: {"value": value} for name, value in outputs.items()}}
        put("site-builder/dev/lambda/terraform.tfstate", json.dumps(state))
        entry = {"name": "a-dev", "live": "1", "latest": "2", "before": "2"}
        for number, kind in enumerate(("release", "rollback")):
            record = {
                "id": f"2026060{number}T000000Z-abcdef",
                "kind": kind,
                "state": "live",
                "functions": {"a": entry, "gone": entry},
                "apis": {},
            }
            put(f"site-builder/dev/releases/{record['id']}.json", json.dumps(record))
        put("site-builder/dev/releases/note.json", "{}")
        found = read(stacks=["dynamodb", "lambda"])
        assert found["release"] == record
        assert found["parts"] == {"functions": {"a": {"name": "a-dev", "latest": "2"}}, "apis": {}}
        assert found["pins"] == {"functions": {"a": {"live": "1", "held": "2"}}, "apis": {}}

    def test_a_broken_release_record_is_named(self, read: Callable[..., dict], put: Callable):
        put("site-builder/dev/releases/20260601T000000Z-abcdef.json", '{"id": "x"}')
        message = read()["msg"]
        assert (
            "releases/20260601T000000Z-abcdef.json is no release record; delete it, and the one before it counts"
            in message
        )

    @pytest.mark.parametrize("body", ["{", '{"version": 3}', "[]"])
    def test_broken_state(self, read: Callable[..., dict], put: Callable, body: str):
        put("site-builder/dev/s3/terraform.tfstate", body)
        assert read()["msg"].startswith(
            "s3://states/site-builder/dev/s3/terraform.tfstate cannot be read as a Terraform state: "
        )

    @pytest.mark.parametrize(
        ("operation", "doing"),
        [
            ("GetCallerIdentity", "asking AWS who is calling (sts:GetCallerIdentity)"),
            ("HeadBucket", "reading the state bucket states"),
            ("ListObjectsV2", "listing s3://states/site-builder/dev/"),
            ("GetObject", "reading s3://states/site-builder/dev/dynamodb/terraform.tfstate"),
            ("ListObjectVersions", "looking into the bucket sites-dev (s3:ListBucketVersions)"),
        ],
    )
    @pytest.mark.parametrize("kind", ["denied", "offline"])
    def test_aws_refuses(
        self, read: Callable[..., dict], put: Callable, clients: dict[str, Any], operation: str, doing: str, kind: str
    ):
        def refuse(**_event: object) -> None:
            if kind == "offline":
                raise EndpointConnectionError(endpoint_url="https://x")
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, operation)

        put("site-builder/dev/dynamodb/terraform.tfstate", json.dumps(STATE))
        read()
        events = clients["sts" if operation == "GetCallerIdentity" else "s3"].meta.events
        events.register(f"before-call.*.{operation}", refuse)
        try:
            message = read(look_into=["dynamodb"])["msg"]
        finally:
            events.unregister(f"before-call.*.{operation}", refuse)
        if (operation, kind) == ("HeadBucket", "denied"):
            assert message.startswith(
                f"the bucket states belongs to another account than {ACCOUNT}, or these credentials"
            )
        else:
            assert message.startswith(f"{doing} failed: ")

    def test_every_call_to_s3_names_the_owner(self, read: Callable[..., dict], put: Callable, clients: dict[str, Any]):
        put("site-builder/dev/s3/terraform.tfstate", json.dumps(STATE))
        read()
        seen: set[tuple[str, str | None]] = set()

        def see(model: Any, params: dict[str, Any], **_event: object) -> None:
            seen.add((model.name, params["headers"].get("x-amz-expected-bucket-owner")))

        clients["s3"].meta.events.register("before-call.s3", see, unique_id="seen")
        read(look_into=["s3"])
        clients["s3"].meta.events.unregister("before-call.s3", unique_id="seen")
        names = ("HeadBucket", "ListObjectsV2", "GetObject", "ListObjectVersions")
        assert seen == {(name, ACCOUNT) for name in names}
