"""The stack dynamodb: dev and prod shapes, and each refusal."""

from __future__ import annotations

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import dynamodb
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.dynamodb import define
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS

from tests.settings import ACCOUNT, DEV, KEY, PROD, REPLICA_KEY, TAGS

TABLE = {
    "hash_key": {"name": "id"},
    "range_key": {"name": "at"},
    "global_secondary_indexes": [{"name": "b_index", "hash_key": {"name": "b"}}],
    "local_secondary_indexes": [{"name": "a_index", "range_key": {"name": "a"}}],
}


def test_dev() -> None:
    stack = define({"orders": TABLE}, DEV)
    arn = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/site-builder-orders-dev"
    added = {"name": "site-builder-orders-dev", "kms_key_arn": None, "replicas": [], "deletion_protection": False}
    assert stack["tfvars"] == {
        "tables": {"orders": {**TABLE, **added}},
        "region": "eu-west-1",
        "tags": TAGS,
    }
    assert stack["predicted_outputs"]["tables"]["orders"] == {
        "name": "site-builder-orders-dev",
        "arn": arn,
        "index_names": ["a_index", "b_index"],
        "global_index_names": ["b_index"],
        "index_arns": [f"{arn}/index/a_index", f"{arn}/index/b_index"],
        "replica_regions": [],
        "replica_arns": [],
    }


def test_prod() -> None:
    stack = define({"orders": {**TABLE, "local_secondary_indexes": None}}, PROD)
    table, expected = stack["tfvars"]["tables"]["orders"], stack["predicted_outputs"]["tables"]["orders"]
    assert table["kms_key_arn"] == KEY
    assert table["replicas"] == [{"region": "eu-west-1", "kms_key_arn": REPLICA_KEY}]
    assert table["deletion_protection"] is True
    assert expected["index_names"] == expected["global_index_names"] == ["b_index"]
    lifted = define({"orders": TABLE}, {**PROD, "lift_protection": True})
    assert lifted["tfvars"]["tables"]["orders"]["deletion_protection"] is False
    assert expected["replica_arns"] == [f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/site-builder-orders-prod"]


def test_what_the_table_says_counts() -> None:
    stack = define({"orders": {**TABLE, "deletion_protection": True}}, DEV)
    assert stack["tfvars"]["tables"]["orders"]["deletion_protection"] is True


HASH = {"hash_key": {"name": "id"}}


@pytest.mark.parametrize(
    ("tables", "settings", "sentences"),
    [
        (
            {"A b": HASH, "c d": HASH},
            DEV,
            [
                "dynamodb_tables: dynamodb_table key is 'A b', which is not valid; use ASCII letters and digits, with single '-' "
                "or '_' or '.' between words",
                "dynamodb_tables: dynamodb_table key is 'c d', which is not valid; use ASCII letters and digits, with single '-' "
                "or '_' or '.' between words",
            ],
        ),
        (
            {"a": {**HASH, "stream_view_type": "KEYS_ONLY"}, "b": {**HASH, "stream_view_type": "NEW_IMAGE"}},
            PROD,
            [
                "dynamodb_tables.a.stream_view_type is 'KEYS_ONLY', which is not what a table with replicas has; write "
                "NEW_AND_OLD_IMAGES or leave it out",
                "dynamodb_tables.b.stream_view_type is 'NEW_IMAGE', which is not what a table with replicas has; write "
                "NEW_AND_OLD_IMAGES or leave it out",
            ],
        ),
    ],
)
def test_refusal(tables: dict, settings: dict, sentences: list[str]) -> None:
    with pytest.raises(SiteBuilderError) as refused:
        define(tables, settings)
    assert list(refused.value.problems) == sentences


def test_schema() -> None:
    check = DEFINITIONS["dynamodb_tables"]
    assert list(check([], "dynamodb_tables")) == ["dynamodb_tables is [], which is no mapping; write it as name: value"]
    assert list(check({"a": {}, "b": {}}, "t")) == [
        "t.a.hash_key is missing; say what it is",
        "t.b.hash_key is missing; say what it is",
    ]


def included(name: str, count: int, **more: object) -> dict:
    return {
        "name": f"index-{name}",
        "projection_type": "INCLUDE",
        "non_key_attributes": [f"{name}{n}" for n in range(count)],
        **more,
    }


@pytest.mark.parametrize("name", ["a b", "ключ", "ü" * 127, "$x", "line\nbreak", "a" * 255])
def test_attribute_names_are_any(name: str) -> None:
    table = {"hash_key": {"name": name}, "ttl_attribute": name}
    assert list(DEFINITIONS["dynamodb_tables"]({"a": table}, "t")) == []


@pytest.mark.parametrize("name", ["", "ü" * 128, "a" * 256, "\ud800"])
def test_attribute_names_have_255_bytes(name: str) -> None:
    (sentence,) = DEFINITIONS["dynamodb_tables"]({"a": {"hash_key": {"name": name}}}, "t")
    assert sentence.endswith(", which is no attribute name of 1 to 255 bytes; correct it")


def test_all_indexes_project_a_hundred_attributes() -> None:
    key = {"name": "id"}
    indexes = [included(letter, 20, hash_key=key) for letter in "abcd"]
    table = {"hash_key": key, "range_key": {"name": "at"}, "global_secondary_indexes": indexes}
    local = [included("l", 20, range_key={"name": "by"})]
    assert list(DEFINITIONS["dynamodb_tables"]({"a": {**table, "local_secondary_indexes": local}}, "t")) == []
    local.append(included("m", 1, range_key={"name": "by"}))
    assert list(DEFINITIONS["dynamodb_tables"]({"a": {**table, "local_secondary_indexes": local}}, "t")) == [
        "t.a has 101 non_key_attributes in all its indexes, and AWS takes 100; name fewer or set projection_type to ALL"
    ]
    (sentence,) = DEFINITIONS["dynamodb_tables"](
        {"a": {**table, "local_secondary_indexes": [included("l", 21, range_key=key)]}}, "t"
    )
    assert sentence.endswith("which is a list of 21; name 20 at most")


def test_a_local_index_has_another_range_key_than_the_table_s_hash_key() -> None:
    index = {"name": "index", "range_key": {"name": "id"}}
    table = {"hash_key": {"name": "id"}, "range_key": {"name": "at"}, "local_secondary_indexes": [index]}
    assert list(DEFINITIONS["dynamodb_tables"]({"a": table}, "t")) == [
        "t.a.local_secondary_indexes[0].range_key.name is 'id', which is the hash_key too; name another attribute or leave "
        "range_key out"
    ]


class TestStepsBetween:
    """AWS takes some changes of replicas only in two steps."""

    ADDRESS = 'module.tables["a"].aws_dynamodb_table.this'
    HELD = {ADDRESS: {"eu-west-1": ""}}

    def tfvars(self, *regions: str, key: str | None = None, **more: object) -> dict:
        replicas = [{"region": region, "kms_key_arn": key} for region in regions]
        return {"tables": {"a": {"replicas": replicas, "kms_key_arn": key, **more}}}

    def test_the_stream_outlives_the_last_replica(self) -> None:
        first = dynamodb.first_step(self.tfvars(), self.HELD)
        assert first["tables"]["a"] == {"replicas": [], "kms_key_arn": None, "stream_view_type": "NEW_AND_OLD_IMAGES"}

    def test_the_new_replica_comes_before_the_old_one_goes(self) -> None:
        first = dynamodb.first_step(self.tfvars("eu-central-1"), self.HELD)
        assert [replica["region"] for replica in first["tables"]["a"]["replicas"]] == ["eu-central-1", "eu-west-1"]

    def test_both_with_their_keys(self) -> None:
        first = dynamodb.first_step(self.tfvars("eu-central-1", key=KEY), {self.ADDRESS: {"eu-west-1": REPLICA_KEY}})
        assert first["tables"]["a"]["replicas"] == [
            {"region": "eu-central-1", "kms_key_arn": KEY},
            {"region": "eu-west-1", "kms_key_arn": REPLICA_KEY},
        ]

    def test_else_there_is_one_step(self) -> None:
        for tfvars in (
            self.tfvars("eu-west-1"),
            self.tfvars(stream_view_type="NEW_AND_OLD_IMAGES"),
            # One region has one replica, with the one key or the other.
            self.tfvars("eu-west-1", key=REPLICA_KEY),
        ):
            assert dynamodb.first_step(tfvars, self.HELD) is tfvars
        assert dynamodb.first_step(self.tfvars("eu-west-1"), {}) == self.tfvars("eu-west-1")

    def test_what_is_lost(self) -> None:
        assert dynamodb.lost_replicas(self.tfvars(), self.HELD) == {self.ADDRESS: ["eu-west-1"]}
        assert dynamodb.lost_replicas(self.tfvars("eu-central-1"), self.HELD) == {self.ADDRESS: ["eu-west-1"]}
        assert dynamodb.lost_replicas(self.tfvars("eu-west-1"), self.HELD) == {}
        assert dynamodb.lost_replicas(self.tfvars("eu-west-1"), {}) == {}

    @pytest.mark.parametrize(("given", "held"), [(None, ""), (KEY, KEY)])
    def test_the_key_of_aws_is_none_of_the_customers(self, given: str | None, held: str) -> None:
        """Without a key of the customer's, the state names the one of AWS."""
        state = {
            "replicas": {self.ADDRESS: {"eu-west-1": KEY}},
            "outputs": {"details": {"a": {"kms_key_arn": given}}},
        }
        assert dynamodb.held_replicas(state) == {self.ADDRESS: {"eu-west-1": held}}
        assert dynamodb.held_replicas({**state, "outputs": {}}) == {self.ADDRESS: {"eu-west-1": ""}}

    @pytest.mark.parametrize(("before", "now"), [("", KEY), (KEY, REPLICA_KEY), (KEY, None)])
    def test_a_replica_with_another_key_is_another_one(self, before: str, now: str | None) -> None:
        lost = dynamodb.lost_replicas(self.tfvars("eu-west-1", key=now), {self.ADDRESS: {"eu-west-1": before}})
        assert lost == {self.ADDRESS: ["eu-west-1 (made anew for its other KMS key)"]}


@pytest.mark.parametrize("now", [{"ttl_attribute": "b"}, {"ttl_attribute": "b", "ttl_enabled": False}])
def test_items_do_not_expire_by_another_attribute_at_once(now: dict) -> None:
    """AWS takes one change of it within an hour."""
    held = {'module.tables["orders"].aws_dynamodb_table.this': "a"}
    (sentence,) = dynamodb.other_ttl({"tables": {"orders": now}}, held)
    assert sentence == (
        "dynamodb_tables.orders.ttl_attribute is 'b', and items expire by 'a' now, which has to end first: deploy with "
        "ttl_attribute: a and ttl_enabled: false, wait an hour, then deploy this"
    )


@pytest.mark.parametrize(
    ("now", "held"),
    [
        ({"ttl_attribute": "a"}, "a"),
        ({"ttl_attribute": "a", "ttl_enabled": False}, "a"),
        ({"ttl_attribute": "b"}, None),
        # Terraform leaves it as it is.
        ({}, "a"),
    ],
)
def test_what_can_be_said_of_expiry(now: dict, held: str | None) -> None:
    state = {'module.tables["orders"].aws_dynamodb_table.this': held} if held else {}
    assert list(dynamodb.other_ttl({"tables": {"orders": now}}, state)) == []
