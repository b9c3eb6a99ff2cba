"""Definition files: how they go together, and what they are refused for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils import definitions
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError

BASE = {"agents": {"hash_key": {"name": "owner"}, "ttl_attribute": "old", "names": ["a", "b"]}, "generations": None}


def over(base: Any, *parts: Any, variable: str = "dynamodb_tables") -> tuple[Any, list[str]]:
    """What the parts, which are files a.yml, b.yml ..., make of the base, and what is wrong."""
    named = [(f"{chr(ord('a') + at)}.yml", part) for at, part in enumerate(parts)]
    patch, origins, problems = definitions.together(variable, named)
    result, missing = definitions.merged(variable, base, patch)
    return result, definitions.named([*problems, *missing], origins)


# The table of examples in appendix A of RFC 7396, less those whose document is no mapping, which a variable always is.
@pytest.mark.parametrize(
    ("base", "patch", "made"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_it_is_a_merge_patch(base: Any, patch: Any, made: Any) -> None:
    assert over(base, patch) == (made, [])


def test_files_add_up_in_any_order() -> None:
    parts = [{"agents": {"ttl_attribute": "new"}}, {"agents": {"hash_key": {"type": "N"}}}, {"orders": {"x": 1}}]
    made = {
        "agents": {"hash_key": {"name": "owner", "type": "N"}, "ttl_attribute": "new", "names": ["a", "b"]},
        "generations": None,
        "orders": {"x": 1},
    }
    assert over(BASE, *parts) == over(BASE, *reversed(parts)) == (made, [])


def test_documents_are_added_and_other_lists_replaced() -> None:
    base = {"main": {"documents": ["one"], "keys": ["k"]}}
    parts = [{"main": {"documents": ["two"]}}, {"main": {"documents": ["three", "one"], "keys": ["l"]}}]
    made = {"main": {"documents": ["one", "two", "three"], "keys": ["l"]}}
    assert over(base, *parts, variable="api_gateway_apis") == (made, [])


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        (
            [{"agents": {"ttl_attribute": "x"}}, {"agents": {"ttl_attribute": "y"}}],
            "dynamodb_tables.agents.ttl_attribute",
        ),
        (
            [{"agents": {"ttl_attribute": "x"}}, {"agents": {"ttl_attribute": "x"}}],
            "dynamodb_tables.agents.ttl_attribute",
        ),
        ([{"agents": None}, {"agents": {"ttl_attribute": "y"}}], "dynamodb_tables.agents"),
        ([{"agents": {"ttl_attribute": "y"}}, {"agents": None}], "dynamodb_tables.agents"),
        ([{"agents": {"names": ["c"]}}, {"agents": {"names": ["d"]}}], "dynamodb_tables.agents.names"),
        (
            [{"new": {"hash_key": {"name": "x"}}}, {"new": {"hash_key": {"name": "y"}}}],
            "dynamodb_tables.new.hash_key.name",
        ),
    ],
)
def test_what_two_files_say_is_refused_with_both(parts: list[Any], place: str) -> None:
    assert over(BASE, *parts)[1] == [f"{place} is in a.yml and in b.yml; say it in one of them"]


def test_a_third_file_is_named_too() -> None:
    parts = [
        {"agents": {"hash_key": {"type": "N"}}},
        {"agents": {"hash_key": {"name": "x"}}},
        {"agents": {"hash_key": "x"}},
    ]
    assert over(BASE, *parts)[1] == [
        "dynamodb_tables.agents.hash_key is in a.yml and b.yml and in c.yml; say it in one of them"
    ]


def test_what_is_not_there_cannot_be_removed() -> None:
    (problem,) = over(BASE, {"agent": None})[1]
    assert problem.startswith(
        "a.yml: dynamodb_tables.agent is null, which removes it, and dynamodb_tables has no 'agent', only: agents"
    )


def test_a_part_is_a_mapping() -> None:
    assert over(BASE, ["agents"])[1] == ["a.yml has dynamodb_tables as no mapping; write it as key: definition"]


def test_a_base_that_is_none_is_left_to_others() -> None:
    assert over(["agents"], {"agents": {}}) == (["agents"], [])


def test_sentences_name_the_file_of_the_place_that_they_are_about() -> None:
    _, origins, _ = definitions.together(
        "lambda_functions", [("a.yml", {"one": {"timeout": 1}}), ("b.yml", {"one": {"memory": 2}})]
    )
    told = [
        "lambda_functions.one.timeout is 1, which is wrong; correct it",
        "lambda_functions.one.source is missing; say what it is",
        "lambda_functions.one-more.timeout is 1, which is wrong; correct it",
        "lambda_functions.two.timeout is 1; see lambda_functions.one.memory",
        "site_builder_region is ''",
    ]
    assert [
        sentence.removesuffix(problem) for sentence, problem in zip(definitions.named(told, origins), told, strict=True)
    ] == [
        "a.yml: ",
        "a.yml, b.yml: ",
        "",
        "b.yml: ",
        "",
    ]


def test_files_of_folders(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "c.json", ".hidden.yml", "inner/d.yml", "e.yml~"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = definitions.files([str(tmp_path), str(tmp_path / "inner/../b.yml"), str(tmp_path / "inner")])
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.yaml", "b.yml", "inner/d.yml"]


def test_what_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SiteBuilderError, match=r"names '.*/no', which is no folder and no file; correct the path"):
        definitions.files([str(tmp_path), str(tmp_path / "no")])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lambda_functions: {}", []),
        ("", []),
        (
            "lambda_function: {}",
            ["f has the field 'lambda_function', which there is not; did you mean lambda_functions?"],
        ),
        ("[a]", ["f is ['a'], which is no mapping; write it as name: value"]),
        ("a: 1\na: 2", ["f has the key 'a' in line 1 and again in line 2; write them as one"]),
        ("a:\n- b: {c: 1, c: 2}", ["f has the key 'c' in line 2 and again in line 2; write them as one"]),
    ],
)
def test_malformed_files(text: str, told: list[str]) -> None:
    known = ["lambda_functions", "a"]
    assert list(definitions.malformed("f", text, yaml.safe_load(text) or {}, known)) == told
