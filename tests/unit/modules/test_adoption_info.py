"""What is taken over after a killed apply, and what is not; against moto where AWS is asked."""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery import kinds as adoption
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery.finders import FINDERS, Lookup
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery.kinds import Again, Candidate, Create
from ansible_collections.bbws.site_builder.plugins.modules import adoption_info as module
from botocore.exceptions import ClientError
from moto import mock_aws

ROOT = Path(__file__).parents[3]
REGION = "eu-west-1"
OURS = {"Service": "shop", "Environment": "dev", "ManagedBy": "Terraform"}
TAGS = [{"Key": key, "Value": value} for key, value in OURS.items()]
LACKS = "it lacks the tags Service=shop, Environment=dev, ManagedBy=Terraform"


def create(kind: str, index: str | int | None = None, label: str = "this", **after: Any) -> Create:
    shown = "" if index is None else f"[{json.dumps(index)}]"
    address = f"module.m.{kind}.{label}{shown}"
    return Create(address, kind, label, "module.m", index, REGION, after)


def change(
    address: str, actions: list[str], after: dict | None = None, before: dict | None = None, **more: Any
) -> dict:
    bare = re.sub(r'\["(?:[^"\\]|\\.)*"\]|\[\d+\]', "", address).split(".")
    outcome = {"actions": actions, "before": before, "after": after}
    return {"address": address, "mode": "managed", "type": bare[-2], "name": bare[-1], "change": outcome, **more}


def plan(*changes: dict, resources: dict[str, str] | None = None) -> dict[str, Any]:
    """resources: {address below module.m: key of the provider}."""
    configured = [{"address": address, "provider_config_key": key} for address, key in (resources or {}).items()]
    return {
        "format_version": "1.2",
        "resource_changes": list(changes),
        "configuration": {
            "provider_config": {
                "aws": {"expressions": {"region": {"constant_value": "af-south-1"}}},
                "aws.replica": {"expressions": {"region": {"constant_value": "eu-west-1"}}},
                "aws.variable": {"expressions": {"region": {"references": ["var.region"]}}},
                "random": {},
            },
            "root_module": {"module_calls": {"m": {"module": {"resources": configured}}}},
        },
    }


class TestKinds:
    def test_every_resource_of_terraform_is_known_and_no_other(self):
        files = [file for file in (ROOT / "terraform").rglob("*.tf") if "tests" not in file.parts]
        used = {kind for file in files for kind in re.findall(r'^resource "(\w+)"', file.read_text(), re.MULTILINE)}
        assert used
        assert adoption.KINDS.keys() == used

    def test_every_kind_that_is_not_harmless_has_a_finder_and_no_other(self):
        assert FINDERS.keys() == {kind for kind, (again, _) in adoption.KINDS.items() if again is not Again.HARMLESS}

    @pytest.mark.parametrize(
        ("parent", "child"),
        [
            ("aws_api_gateway_rest_api", "aws_cloudwatch_log_group"),
            ("aws_api_gateway_rest_api", "aws_api_gateway_method"),
            ("aws_api_gateway_rest_api", "aws_api_gateway_base_path_mapping"),
            ("aws_api_gateway_usage_plan", "aws_api_gateway_usage_plan_key"),
            ("aws_api_gateway_api_key", "aws_api_gateway_usage_plan_key"),
        ],
    )
    def test_parents_come_first(self, parent: str, child: str):
        order = list(adoption.KINDS)
        assert order.index(parent) < order.index(child)


class TestPlan:
    def test_creates(self):
        hostile = 'module.m["a.b\\"]["].aws_iam_role.this[0]'
        found = adoption.creates(
            plan(
                change("module.m.aws_api_gateway_method.this", ["create"], {}),
                change(hostile, ["create"], {"name": "r"}, module_address='module.m["a.b\\"]["]', index=0),
                change("module.m.aws_s3_bucket.replica[0]", ["create"], {}),
                change("module.m.aws_s3_bucket.this", ["update"], {}, {"id": "bucket"}),
                change("module.m.aws_api_gateway_deployment.this", ["create", "delete"], {}, {"id": "d"}),
                change("module.m.aws_dynamodb_table.this", ["delete", "create"], {}, {"id": "t"}),
                {**change("module.m.aws_iam_role.x", ["create"], {}), "mode": "data"},
                resources={
                    "aws_iam_role.this": "aws",
                    "aws_s3_bucket.replica": "aws.replica",
                    "aws_api_gateway_method.this": "aws.variable",
                },
            )
        )
        assert [(one.address, one.region, one.replaces) for one in found] == [
            ("module.m.aws_s3_bucket.replica[0]", "eu-west-1", False),
            (hostile, "af-south-1", False),
            ("module.m.aws_api_gateway_method.this", None, False),
            ("module.m.aws_api_gateway_deployment.this", None, True),
        ]
        assert (found[1].module, found[1].index, found[1].after) == ('module.m["a.b\\"]["]', 0, {"name": "r"})

    def test_empty_plan(self):
        empty = {"format_version": "1.2", "configuration": {"root_module": {}}}
        assert (adoption.creates(empty), adoption.held(empty)) == ([], set())

    def test_held(self):
        assert adoption.held(
            plan(
                change("module.m.aws_iam_role.a", ["no-op"], {}, {"id": "a"}),
                change("module.m.aws_iam_role.b", ["delete"], None, {"id": "b"}),
                change("module.m.aws_iam_role.c", ["create"], {}),
                change("module.m.terraform_data.d", ["update"], {}, {"input": 1}),
            )
        ) == {("aws_iam_role", "a"), ("aws_iam_role", "b")}

    def test_unknown_kinds(self):
        assert adoption.unknown_kinds([create("aws_iam_role"), create("aws_x"), create("aws_x")]) == ["aws_x"]

    @pytest.mark.parametrize(
        ("index", "key"),
        [
            ("/sites/{}", "/sites/{}"),
            ("GET /sites/{}", "/sites/{}"),
            ("GET /sites/{} 200", "/sites/{}"),
            ("GET /", "/"),
            ("none", ""),
            (None, ""),
        ],
    )
    def test_planned_path(self, index: str | None, key: str):
        assert adoption.planned_path(create("aws_api_gateway_method", index)) == key

    def test_path_key(self):
        assert adoption.path_key("/a/{id}/b/{rest+}") == "/a/{}/b/{}"


class TestLacks:
    @pytest.mark.parametrize(
        "actual",
        [
            {"a": "1", "b": "2", "c": "3"},
            [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
            [{"TagKey": "b", "TagValue": "2"}, {"TagKey": "a", "TagValue": "1"}],
        ],
    )
    def test_nothing(self, actual: Any):
        assert adoption.lacks(actual, {"a": "1", "b": "2"}) == ""

    @pytest.mark.parametrize("actual", [None, [], {}, {"a": "2"}, [{"Key": "A", "Value": "1"}]])
    def test_something(self, actual: Any):
        assert adoption.lacks(actual, {"a": "1"}) == "it lacks the tags a=1"


class TestJudge:
    ROLE = create("aws_iam_role")
    KEY = create("aws_kms_key")

    def test_first_of_ours_is_adopted_and_the_others_are_left_over(self):
        found = adoption.Adoption("iam", True)
        found.judge(self.KEY, [Candidate("x", foreign="no"), Candidate("a"), Candidate("b")])
        assert found.imports == {self.KEY.address: "a"}
        assert found.foreign == []
        assert found.leftovers == [
            {
                "address": self.KEY.address,
                "id": "b",
                "sentence": "module.m.aws_kms_key.this: aws_kms_key b is one more of its kind, which no state holds; "
                "delete it after this run, unless somebody needs it",
            }
        ]

    def test_foreign_one_in_the_way(self):
        found = adoption.Adoption("iam", True)
        found.judge(self.ROLE, [Candidate("r", foreign="it lacks the tags a=1")])
        assert found.imports == {}
        assert [one["sentence"] for one in found.foreign] == [
            "module.m.aws_iam_role.this: aws_iam_role r exists and is not ours, for it lacks the tags a=1, so that AWS refuses to "
            "create it; rename or delete one of the two, or take it over with site_builder_imports: "
            '{"iam": {"module.m.aws_iam_role.this": "r"}}'
        ]

    def test_nothing_is_taken_over_where_nothing_was_interrupted(self):
        """It carries our tags, and may be what another state of the same service holds."""
        found = adoption.Adoption("iam", False)
        found.judge(self.ROLE, [Candidate("r")])
        found.judge(self.KEY, [Candidate("a"), Candidate("b")])
        assert found.imports == {}
        assert [one["sentence"].rpartition("site_builder_imports: ")[2] for one in found.foreign] == [
            '{"iam": {"module.m.aws_iam_role.this": "r"}}',
            '{"iam": {"module.m.aws_kms_key.this": "a"}}',
            '{"iam": {"module.m.aws_kms_key.this": "b"}}',
        ]
        assert found.foreign[0]["sentence"].startswith(
            "module.m.aws_iam_role.this: aws_iam_role r exists with our tags, but no apply of this state was interrupted, so that "
        )
        assert found.leftovers == []

    def test_children_of_what_is_not_taken_over_are_told_too(self, aws: Any):
        """All of it at once, not a round for each generation."""
        api = aws("apigateway").create_rest_api(name="shop", tags=OURS)
        validator = aws("apigateway").create_request_validator(restApiId=api["id"], name="body")
        found = adoption.Adoption("api_gateway", False)
        lookup = Lookup(lambda service, region: boto3.client(service, region_name=region or REGION), OURS, found)
        lookup.run([TestApi.API, create("aws_api_gateway_request_validator", name="body")])
        assert [one["id"] for one in found.foreign] == [api["id"], f"{api['id']}/{validator['id']}"]

    @pytest.mark.parametrize("foreign", ["", "it lacks the tags a=1"])
    def test_sentence_ends_with_what_takes_it_over(self, foreign: str):
        role = create("aws_iam_role", 'a "key" $${y} \u00e9')
        found = adoption.Adoption("iam", False)
        found.judge(role, [Candidate("r", foreign=foreign)])
        imports = found.foreign[0]["sentence"].rpartition("site_builder_imports: ")[2]
        assert json.loads(imports) == yaml.safe_load(imports) == {"iam": {role.address: "r"}}

    def test_foreign_one_that_is_not_in_the_way(self):
        found = adoption.Adoption("iam", True)
        found.judge(self.KEY, [Candidate("k", foreign="it is somebody else's")])
        assert (found.imports, found.foreign, found.leftovers) == ({}, [], [])

    def test_what_the_state_holds_elsewhere_is_left_alone(self):
        found = adoption.Adoption("iam", True, held={("aws_iam_role", "r"), ("aws_api_gateway_deployment", "d")})
        found.judge(self.ROLE, [Candidate("r")])
        found.judge(create("aws_api_gateway_deployment"), [Candidate("api/d", "d")])
        assert (found.imports, found.foreign, found.leftovers) == ({}, [], [])

    def test_one_object_is_adopted_once(self):
        found = adoption.Adoption("iam", True)
        for index in (0, 1):
            found.judge(create("aws_api_gateway_api_key", index), [Candidate("a")])
        assert list(found.imports.values()) == ["a"]

    def test_nothing_is_imported_where_one_is_replaced(self):
        found = adoption.Adoption("iam", True, held={("aws_api_gateway_deployment", "old")})
        replacement = Create("a.b", "aws_api_gateway_deployment", "b", "", None, REGION, {}, replaces=True)
        found.judge(replacement, [Candidate("api/old", "old"), Candidate("api/lost", "lost")])
        assert (found.imports, [one["id"] for one in found.leftovers]) == ({}, ["api/lost"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A moto account; gives a client."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield lambda service, region=REGION: boto3.client(service, region_name=region)


def look(*creates: Create, held: set[tuple[str, str]] | None = None) -> adoption.Adoption:
    found = adoption.Adoption("iam", True, held=held or set())
    lookup = Lookup(lambda service, region: boto3.client(service, region_name=region or REGION), OURS, found)
    lookup.run(list(creates))
    return found


def foreign(found: adoption.Adoption) -> list[str]:
    """Why; nothing is adopted besides."""
    assert found.imports == {}
    return [re.search(r"is not ours, for (.*), so that", one["sentence"])[1] for one in found.foreign]


def table(aws: Any, tags: list[dict]) -> Create:
    aws("dynamodb").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        Tags=tags,
    )
    return create("aws_dynamodb_table")


def role(aws: Any, tags: list[dict]) -> Create:
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}", Tags=tags)
    return create("aws_iam_role")


def topic(aws: Any, tags: list[dict]) -> Create:
    aws("sns").create_topic(Name="not-t")
    aws("sns").create_topic(Name="t", Tags=tags)
    return create("aws_sns_topic")


def log_group(aws: Any, tags: list[dict]) -> Create:
    aws("logs").create_log_group(logGroupName="/g-too")
    aws("logs").create_log_group(logGroupName="/g", tags={tag["Key"]: tag["Value"] for tag in tags})
    return create("aws_cloudwatch_log_group")


def domain_name(aws: Any, tags: list[dict]) -> Create:
    aws("apigateway").create_domain_name(domainName="d.example.com", tags={tag["Key"]: tag["Value"] for tag in tags})
    return create("aws_api_gateway_domain_name")


NAMED = [
    (table, {"name": "t"}, "t"),
    (role, {"name": "r"}, "r"),
    (topic, {"name": "t"}, f"arn:aws:sns:{REGION}:123456789012:t"),
    (log_group, {"name": "/g"}, "/g"),
    (domain_name, {"domain_name": "d.example.com"}, "d.example.com"),
]


class TestNamed:
    @pytest.mark.parametrize(("make", "after", "id_"), NAMED, ids=lambda value: getattr(value, "__name__", ""))
    def test_ours_foreign_and_missing(self, aws: Any, make: Callable, after: dict, id_: str):
        wanted = make(aws, TAGS)
        wanted = Create(wanted.address, wanted.kind, wanted.name, wanted.module, None, REGION, after)
        assert look(wanted).imports == {wanted.address: id_}
        other = dict.fromkeys(after, "other.example.com")
        missing = look(Create(wanted.address, wanted.kind, wanted.name, "", None, REGION, other))
        assert (missing.imports, missing.foreign) == ({}, [])
        unknown = look(Create(wanted.address, wanted.kind, wanted.name, "", None, REGION, {}))
        assert (unknown.imports, unknown.foreign) == ({}, [])

    @pytest.mark.parametrize(("make", "after", "id_"), NAMED, ids=lambda value: getattr(value, "__name__", ""))
    def test_foreign(self, aws: Any, make: Callable, after: dict, id_: str):
        wanted = make(aws, [{"Key": "Service", "Value": "shop"}])
        found = look(Create(wanted.address, wanted.kind, wanted.name, wanted.module, None, REGION, after))
        assert foreign(found) == ["it lacks the tags Environment=dev, ManagedBy=Terraform"]
        assert found.foreign[0]["id"] == id_

    def test_region_of_the_provider(self, aws: Any):
        aws("sns", "us-east-2").create_topic(Name="t", Tags=TAGS)
        assert look(create("aws_sns_topic", name="t")).imports == {}


class TestBucket:
    WANTED = create("aws_s3_bucket", bucket="bucket")

    @pytest.fixture
    def s3(self, aws: Any) -> Any:
        aws("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        return aws("s3")

    def test_missing(self, aws: Any):
        assert (look(self.WANTED).imports, look(self.WANTED).foreign) == ({}, [])

    def test_ours(self, s3: Any):
        s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": TAGS})
        assert look(self.WANTED).imports == {self.WANTED.address: "bucket"}

    def test_not_tagged_yet(self, s3: Any):
        """The provider may have been killed between making and tagging it; but so may somebody else's."""
        assert foreign(look(self.WANTED)) == [LACKS]

    def test_no_tags_but_in_use(self, s3: Any):
        s3.put_object(Bucket="bucket", Key="k", Body=b"")
        assert foreign(look(self.WANTED)) == [LACKS]

    def test_no_tags_but_was_in_use(self, s3: Any):
        s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="bucket", Key="k", Body=b"")
        s3.delete_object(Bucket="bucket", Key="k")
        assert foreign(look(self.WANTED)) == [LACKS]

    def test_other_tags(self, s3: Any):
        s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": [{"Key": "Service", "Value": "other"}]})
        assert foreign(look(self.WANTED)) == [LACKS]

    def test_another_account(self):
        class Client:
            def head_bucket(self, **_: str) -> None:
                raise ClientError({"Error": {"Code": "403"}}, "HeadBucket")

        found = adoption.Adoption("iam", True)
        Lookup(lambda *_: Client(), OURS, found).run([self.WANTED])
        assert foreign(found) == ["it is in another account or region, or these credentials may not read it"]


class TestOriginAccessControl:
    @pytest.mark.parametrize(("description", "expected"), [("for b", ""), ("for c", "its description is another one")])
    def test_description(self, aws: Any, description: str, expected: str):
        config = {
            "Name": "o",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
        client = aws("cloudfront")
        id_ = client.create_origin_access_control(OriginAccessControlConfig={**config, "Description": "for b"})
        wanted = create("aws_cloudfront_origin_access_control", name="o", description=description)
        found = look(wanted)
        if expected:
            assert foreign(found) == [expected]
        else:
            assert found.imports == {wanted.address: id_["OriginAccessControl"]["Id"]}


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(zipfile.ZipInfo("main.py"), "")
    return file.getvalue()


class TestFunction:
    ALIAS = create("aws_lambda_alias", function_name="f", name="live")
    FUNCTION = create("aws_lambda_function", function_name="f")

    @staticmethod
    def permission(**after: str) -> Create:
        known = {
            "function_name": "f",
            "statement_id": "s",
            "principal": "events.amazonaws.com",
            "action": "lambda:InvokeFunction",
        }
        return create("aws_lambda_permission", **{**known, **after})

    @staticmethod
    def make(aws: Any, tags: dict[str, str]) -> Any:
        aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        client = aws("lambda")
        client.create_function(
            FunctionName="f",
            Runtime="python3.12",
            Handler="main.f",
            Role="arn:aws:iam::123456789012:role/r",
            Code={"ZipFile": archive()},
            Publish=True,
            Tags=tags,
        )
        client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        return client

    def test_missing(self, aws: Any):
        found = look(self.FUNCTION, self.ALIAS, self.permission(), self.permission(qualifier="live"))
        assert (found.imports, found.foreign) == ({}, [])

    def test_function_and_alias(self, aws: Any):
        self.make(aws, OURS)
        assert look(self.FUNCTION, self.ALIAS).imports == {self.FUNCTION.address: "f", self.ALIAS.address: "f/live"}

    def test_alias_of_a_foreign_function_is_no_matter_of_its_own(self, aws: Any):
        self.make(aws, {})
        assert foreign(look(self.FUNCTION, self.ALIAS)) == [LACKS]

    @pytest.mark.parametrize(("qualifier", "id_"), [({}, "f/s"), ({"qualifier": "live"}, "f:live/s")])
    @pytest.mark.parametrize(
        ("given", "planned"),
        [
            ("events.amazonaws.com", "events.amazonaws.com"),
            ("arn:aws:iam::111122223333:root", "111122223333"),
            ("arn:aws:iam::111122223333:role/x", "arn:aws:iam::111122223333:role/x"),
        ],
    )
    def test_permission(self, aws: Any, qualifier: dict, id_: str, given: str, planned: str):
        client = self.make(aws, OURS)
        options = {"Qualifier": qualifier["qualifier"]} if qualifier else {}
        for statement in ("other", "s"):
            client.add_permission(
                FunctionName="f", StatementId=statement, Action="lambda:InvokeFunction", Principal=given, **options
            )
        wanted = self.permission(principal=planned, **qualifier)
        assert look(wanted).imports == {wanted.address: id_}

    def test_permission_for_somebody_else(self, aws: Any):
        client = self.make(aws, OURS)
        client.add_permission(
            FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
        )
        assert foreign(look(self.permission())) == ["it lets somebody else in"]

    def test_layer_version_that_holds_the_very_archive(self, aws: Any):
        hash_ = b64encode(sha256(archive()).digest()).decode()
        wanted = create("aws_lambda_layer_version", layer_name="l", source_code_hash=hash_)
        assert look(wanted).imports == {}
        for content in (b"other", archive()):
            aws("lambda").publish_layer_version(LayerName="l", Content={"ZipFile": content})
        assert look(wanted).imports == {wanted.address: f"arn:aws:lambda:{REGION}:123456789012:layer:l:2"}
        aws("lambda").publish_layer_version(LayerName="l", Content={"ZipFile": b"newer"})
        assert look(wanted).imports == {}


class TestKey:
    KEY = create("aws_kms_key", description="for t")
    ALIAS = create("aws_kms_alias", name="alias/t")

    @staticmethod
    def make(kms: Any, tags: dict[str, str], description: str = "for t") -> str:
        tags_ = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
        return kms.create_key(Description=description, Tags=tags_)["KeyMetadata"]["KeyId"]

    def test_oldest_is_adopted(self, aws: Any):
        kms = aws("kms")
        self.make(kms, {})
        self.make(kms, OURS, "for another one")
        gone = self.make(kms, OURS)
        kms.schedule_key_deletion(KeyId=gone)
        first, second = self.make(kms, OURS), self.make(kms, OURS)
        found = look(self.KEY)
        assert found.imports == {self.KEY.address: first}
        assert [one["id"] for one in found.leftovers] == [second]

    def test_the_one_with_an_alias_comes_before_the_oldest(self, aws: Any):
        kms = aws("kms")
        first, second = self.make(kms, OURS), self.make(kms, OURS)
        kms.create_alias(AliasName="alias/t", TargetKeyId=second)
        found = look(self.KEY, self.ALIAS)
        assert found.imports == {self.KEY.address: second, self.ALIAS.address: "alias/t"}
        assert [one["id"] for one in found.leftovers] == [first]

    def test_alias_of_a_foreign_key(self, aws: Any):
        aws("kms").create_alias(AliasName="alias/t", TargetKeyId=self.make(aws("kms"), {}))
        assert foreign(look(self.KEY, self.ALIAS)) == [f"of the key behind it, {LACKS}"]

    def test_key_that_is_closed_to_us(self, aws: Any):
        real, closed = aws("kms"), self.make(aws("kms"), OURS)
        key = self.make(real, OURS)

        class Client:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def describe_key(self, **arguments: str) -> dict:
                if arguments["KeyId"] == closed:
                    raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeKey")
                return real.describe_key(**arguments)

        found = adoption.Adoption("iam", True)
        Lookup(lambda *_: Client(), OURS, found).run([self.KEY])
        assert found.imports == {self.KEY.address: key}


class TestApi:
    API = create("aws_api_gateway_rest_api", name="shop")
    CHILDREN = [
        create("aws_api_gateway_resource", "/sites", "level_1", path_part="sites"),
        create("aws_api_gateway_resource", "/sites/{}", "level_2", path_part="{id}"),
        create("aws_api_gateway_authorizer", 0, name="users"),
        create("aws_api_gateway_request_validator", name="body"),
        create("aws_api_gateway_model", "Site", name="Site"),
        create("aws_api_gateway_method", "GET /sites/{}", http_method="GET"),
        create("aws_api_gateway_method", "GET /sites", http_method="GET"),
        create("aws_api_gateway_method_response", "GET /sites/{} 200", http_method="GET", status_code="200"),
        create("aws_api_gateway_method_response", "GET /sites/{} 404", http_method="GET", status_code="404"),
        create("aws_api_gateway_stage", stage_name="v1"),
        create("aws_api_gateway_deployment"),
        create("aws_cloudwatch_log_group", label="execution"),
        create("aws_api_gateway_usage_plan", 0, name="shop"),
        create("aws_api_gateway_api_key", 'a"b', name='a"b'),
        create("aws_api_gateway_usage_plan_key", 'a"b', key_type="API_KEY"),
    ]

    @pytest.fixture
    def gateway(self, aws: Any) -> Any:
        return aws("apigateway")

    @staticmethod
    def make(gateway: Any, logs: Any) -> dict[str, str]:
        """An API with one of everything; the ids by address."""
        api = gateway.create_rest_api(name="shop", tags=OURS)
        of_api = {"restApiId": api["id"]}
        sites = gateway.create_resource(**of_api, parentId=api["rootResourceId"], pathPart="sites")["id"]
        # Terraform would rename the parameter, not make a second resource.
        site = gateway.create_resource(**of_api, parentId=sites, pathPart="{siteId}")["id"]
        pool = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_x"
        users = gateway.create_authorizer(**of_api, name="users", type="COGNITO_USER_POOLS", providerARNs=[pool])["id"]
        body = gateway.create_request_validator(**of_api, name="body")["id"]
        gateway.create_model(**of_api, name="Site", contentType="application/json", schema="{}")
        method = {**of_api, "resourceId": site, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_method_response(**method, statusCode="200")
        gateway.put_integration(**method, type="MOCK")
        gateway.put_integration_response(**method, statusCode="200")
        shown = gateway.create_deployment(**of_api)["id"]
        gateway.create_stage(**of_api, stageName="v1", deploymentId=shown)
        logs.create_log_group(logGroupName=f"API-Gateway-Execution-Logs_{api['id']}/v1")
        plan_ = gateway.create_usage_plan(name="shop", tags=OURS)["id"]
        key = gateway.create_api_key(name='a"b', tags=OURS)["id"]
        gateway.create_usage_plan_key(usagePlanId=plan_, keyId=key, keyType="API_KEY")
        return {
            "module.m.aws_api_gateway_rest_api.this": api["id"],
            'module.m.aws_api_gateway_resource.level_1["/sites"]': f"{api['id']}/{sites}",
            'module.m.aws_api_gateway_resource.level_2["/sites/{}"]': f"{api['id']}/{site}",
            "module.m.aws_api_gateway_authorizer.this[0]": f"{api['id']}/{users}",
            "module.m.aws_api_gateway_request_validator.this": f"{api['id']}/{body}",
            'module.m.aws_api_gateway_model.this["Site"]': f"{api['id']}/Site",
            'module.m.aws_api_gateway_method.this["GET /sites/{}"]': f"{api['id']}/{site}/GET",
            'module.m.aws_api_gateway_method_response.this["GET /sites/{} 200"]': f"{api['id']}/{site}/GET/200",
            "module.m.aws_api_gateway_stage.this": f"{api['id']}/v1",
            "module.m.aws_api_gateway_deployment.this": f"{api['id']}/{shown}",
            "module.m.aws_cloudwatch_log_group.execution": f"API-Gateway-Execution-Logs_{api['id']}/v1",
            "module.m.aws_api_gateway_usage_plan.this[0]": plan_,
            'module.m.aws_api_gateway_api_key.this["a\\"b"]': key,
            'module.m.aws_api_gateway_usage_plan_key.this["a\\"b"]': f"{plan_}/{key}",
        }

    def test_children_in_the_same_round(self, gateway: Any, aws: Any):
        expected = self.make(gateway, aws("logs"))
        found = look(self.API, *self.CHILDREN)
        assert found.imports == expected
        assert (found.foreign, found.leftovers) == ([], [])

    def test_children_of_an_api_that_the_state_holds(self, gateway: Any, aws: Any):
        ids = self.make(gateway, aws("logs"))
        api = ids[self.API.address]
        children = [Create(**{**vars(one), "after": {**one.after, "rest_api_id": api}}) for one in self.CHILDREN[:11]]
        assert look(*children).imports == {one: ids[one] for one in list(ids)[1:10]}

    def test_what_the_state_holds_under_another_address_is_not_taken_over(self, gateway: Any, aws: Any):
        """A path whose preflight becomes a route of its own: the state knows the method as agm-..., an import as .../GET."""
        ids = self.make(gateway, aws("logs"))
        api, site = ids['module.m.aws_api_gateway_method.this["GET /sites/{}"]'].split("/")[:2]
        held = {
            ("aws_api_gateway_method", f"agm-{api}-{site}-GET"),
            ("aws_api_gateway_method_response", f"agmr-{api}-{site}-GET-200"),
            ("aws_api_gateway_stage", f"ags-{api}-v1"),
        }
        wanted = [one for one in self.CHILDREN if one.kind in {kind for kind, _ in held}]
        children = [Create(**{**vars(one), "after": {**one.after, "rest_api_id": api}}) for one in wanted]
        assert len(children) == 5
        assert look(*children, held=held).imports == {}

    def test_nothing_without_the_api(self, gateway: Any, aws: Any):
        gateway.create_rest_api(name="shop", tags={"Service": "other"})
        found = look(self.API, *self.CHILDREN)
        assert (found.imports, found.foreign, found.leftovers) == ({}, [], [])

    def test_second_api(self, gateway: Any):
        first, second = (gateway.create_rest_api(name="shop", tags=OURS)["id"] for _ in range(2))
        found = look(self.API)
        assert {*found.imports.values(), *(one["id"] for one in found.leftovers)} == {first, second}
        assert look(self.API, held={("aws_api_gateway_rest_api", first)}).imports == {self.API.address: second}

    def test_deployments_that_no_stage_shows(self, gateway: Any):
        api = gateway.create_rest_api(name="shop", tags=OURS)
        of_api = {"restApiId": api["id"]}
        resource = {**of_api, "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        gateway.put_method(**resource, authorizationType="NONE")
        gateway.put_integration(**resource, type="MOCK")
        shown, other, idle = (gateway.create_deployment(**of_api)["id"] for _ in range(3))
        wanted = create("aws_api_gateway_deployment", rest_api_id=api["id"])
        assert len(look(wanted).leftovers) == 2
        gateway.create_stage(**of_api, stageName="v1", deploymentId=shown)
        found = look(wanted)
        assert found.imports == {wanted.address: f"{api['id']}/{shown}"}
        assert {one["id"] for one in found.leftovers} == {f"{api['id']}/{one}" for one in (other, idle)}


class TestDomain:
    @pytest.fixture
    def domain(self, aws: Any) -> dict:
        certificate = aws("acm").request_certificate(DomainName="d.example.com")["CertificateArn"]
        return aws("apigateway").create_domain_name(
            domainName="d.example.com", regionalCertificateArn=certificate, tags=OURS
        )

    @pytest.mark.parametrize(("path", "id_"), [(None, "d.example.com/"), ("v1", "d.example.com/v1")])
    def test_base_path(self, aws: Any, domain: dict, path: str | None, id_: str):
        gateway = aws("apigateway")
        api = gateway.create_rest_api(name="shop", tags=OURS)
        resource = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        gateway.put_method(**resource, authorizationType="NONE")
        gateway.put_integration(**resource, type="MOCK")
        gateway.create_deployment(restApiId=api["id"], stageName="v1")
        gateway.create_base_path_mapping(
            domainName="d.example.com", restApiId=api["id"], stage="v1", basePath=path or ""
        )
        wanted = create("aws_api_gateway_base_path_mapping", domain_name="d.example.com", base_path=path)
        assert look(TestApi.API, wanted).imports[wanted.address] == id_
        assert foreign(look(wanted)) == [f"it leads to the API {api['id']}"]

    def test_base_path_without_a_domain(self, aws: Any):
        assert look(create("aws_api_gateway_base_path_mapping", domain_name="x.example.com")).imports == {}

    @pytest.mark.parametrize("ours", [True, False])
    def test_record(self, aws: Any, domain: dict, ours: bool):
        route53 = aws("route53")
        zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"].rpartition("/")[
            2
        ]
        wanted = create("aws_route53_record", zone_id=zone, name="d.example.com", type="A")
        assert look(wanted).imports == {}
        target = domain["regionalDomainName"] if ours else "elsewhere.example.com"
        alias = {"HostedZoneId": "Z1", "DNSName": f"{target}.", "EvaluateTargetHealth": False}
        record = {"Name": "d.example.com", "Type": "A", "AliasTarget": alias}
        changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        found = look(wanted)
        if ours:
            assert found.imports == {wanted.address: f"{zone}_d.example.com_A"}
        else:
            assert foreign(found) == ["it leads elsewhere"]


class TestModule:
    @pytest.fixture
    def options(self, tmp_path: Path) -> dict[str, Any]:
        """The options for a Terraform that shows a file."""
        binary = tmp_path / "terraform"
        binary.write_text('#!/bin/sh\n[ "$1 $2" = "show -json" ] && cat "$4"\n')
        binary.chmod(stat.S_IRWXU)
        return {
            "binary": str(binary),
            "project_path": str(tmp_path),
            "plan_file": str(tmp_path / "plan"),
            "stack": "iam",
            "interrupted": True,
            "account_id": "123456789012",
            "tags": OURS,
            "region": REGION,
        }

    def test_adoption(self, aws: Any, options: dict, run_module: Callable[..., dict]):
        role(aws, TAGS)
        after = {"name": "r", "description": "a secret"}
        document = plan(
            change("module.m.aws_iam_role.this", ["create"], after, module_address="module.m"),
            change("module.m.aws_x.this", ["create"], {}),
        )
        Path(options["plan_file"]).write_text(json.dumps(document))
        result = run_module(module, **options)
        assert {key: result[key] for key in ("changed", "imports", "foreign", "leftovers")} == {
            "changed": False,
            "imports": {"module.m.aws_iam_role.this": "r"},
            "foreign": [],
            "leftovers": [],
        }
        assert "what a second create of aws_x does" in str(result["warnings"])
        assert "a secret" not in str(result)

    def test_every_call_to_s3_names_the_owner(
        self, aws: Any, options: dict, run_module: Callable[..., dict], monkeypatch: pytest.MonkeyPatch
    ):
        aws("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        seen: set[tuple[str, str | None]] = set()
        client = module.AnsibleAWSModule.client

        def watched(self: Any, service: str, **more: Any) -> Any:
            made = client(self, service, **more)
            made.meta.events.register(
                "before-call.s3",
                lambda model, params, **_: seen.add((model.name, params["headers"].get("x-amz-expected-bucket-owner"))),
            )
            return made

        monkeypatch.setattr(module.AnsibleAWSModule, "client", watched)
        Path(options["plan_file"]).write_text(
            json.dumps(plan(change("aws_s3_bucket.this", ["create"], {"bucket": "bucket"})))
        )
        assert len(run_module(module, **options)["foreign"]) == 1
        assert seen == {(name, "123456789012") for name in ("HeadBucket", "GetBucketTagging")}

    def test_ten_tables_of_another_state_stay_where_they_are(
        self, aws: Any, options: dict, run_module: Callable[..., dict]
    ):
        """An empty state, pointed at by mistake, beside a full one of the same service."""
        changes = []
        for number in range(10):
            aws("iam").create_role(RoleName=f"r{number}", AssumeRolePolicyDocument="{}", Tags=TAGS)
            address = f'module.m["{number}"].aws_iam_role.this'
            changes.append(change(address, ["create"], {"name": f"r{number}"}, module_address=f'module.m["{number}"]'))
        Path(options["plan_file"]).write_text(json.dumps(plan(*changes)))
        result = run_module(module, **options | {"interrupted": False})
        assert (result["imports"], len(result["foreign"])) == ({}, 10)
        imports = [json.loads(one["sentence"].rpartition("site_builder_imports: ")[2]) for one in result["foreign"]]
        assert imports[3] == {"iam": {'module.m["3"].aws_iam_role.this': "r3"}}
        # That is what it does when nobody has said otherwise.
        del options["interrupted"]
        assert run_module(module, **options)["imports"] == {}

    @pytest.mark.parametrize(
        ("script", "sentence"),
        [
            (
                "echo '╷' >&2; echo '│ Error: Failed to load plan' >&2; exit 1",
                "cannot be read: Failed to load plan",
            ),
            (
                'echo \'{"password": "hunter2"}\'; exit 3',
                "cannot be read: Terraform failed without a message (exit code 3)",
            ),
            ('echo \'{"format_version": "2.0"}\'', "has the format version 2.0"),
        ],
    )
    def test_plan_that_cannot_be_read(self, options: dict, run_module: Callable[..., dict], script: str, sentence: str):
        Path(options["binary"]).write_text(f"#!/bin/sh\n{script}\n")
        result = run_module(module, **options)
        assert sentence in result["msg"]
        assert "hunter2" not in str(result)

    def test_aws_that_fails(self, options: dict, run_module: Callable[..., dict], monkeypatch: pytest.MonkeyPatch):
        def run(*_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")

        monkeypatch.setattr(Lookup, "run", run)
        Path(options["plan_file"]).write_text(json.dumps(plan()))
        assert run_module(module, **options)["msg"] == (
            "looking for what AWS holds already failed: "
            "An error occurred (AccessDenied) when calling the GetRole operation: no"
        )
