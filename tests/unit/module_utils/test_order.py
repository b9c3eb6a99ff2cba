"""The order of stacks."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError
from ansible_collections.bbws.site_builder.plugins.module_utils.order import waves
from hypothesis import given
from hypothesis import strategies as st

STACKS = {
    "monitoring": {"depends_on": ["lambda", "api_gateway", "dynamodb", "s3"]},
    "api_gateway": {"depends_on": ["lambda"]},
    "lambda": {"depends_on": ["iam", "s3"], "other": 1},
    "iam": {"depends_on": ["dynamodb", "s3"]},
    "s3": {"depends_on": []},
    "dynamodb": {"depends_on": []},
}


@pytest.mark.parametrize(
    ("stacks", "expected"),
    [
        ({}, []),
        ({"a": []}, [["a"]]),
        ({"b": [], "a": []}, [["a", "b"]]),
        (STACKS, [["dynamodb", "s3"], ["iam"], ["lambda"], ["api_gateway"], ["monitoring"]]),
        ({"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": []}, [["a"], ["b", "c"], ["d"]]),
    ],
)
def test_waves(stacks: dict, expected: list) -> None:
    assert waves(stacks) == expected


@pytest.mark.parametrize(
    ("stacks", "message"),
    [
        ({"a": ["a"]}, "stack 'a' depends on itself; remove that entry"),
        ({"b": ["a"], "a": ["b"]}, "stacks depend on each other: a -> b -> a; remove one of"),
        ({"c": ["a"], "a": ["b"], "b": ["c"]}, "each other: a -> b -> c -> a; remove one of"),
        ({"x": [], "c": ["x", "a"], "a": ["b"], "b": ["c"]}, "other: a -> b -> c -> a; remove"),
        (
            {"lambda": ["iams"], "iam": []},
            "dependency of stack 'lambda', is 'iams', which is not known; did you mean 'iam'?",
        ),
        ({"a": ["b", "b"], "b": []}, "stack 'a' depends on 'b' twice; remove one of them"),
        ({"a": "b", "b": []}, "depends_on of stack 'a' is 'b', which is no list; put names in brackets"),
        ({"a": None}, "depends_on of stack 'a' is None, which is no list"),
        ({"a": {"depends_on": None}}, "depends_on of stack 'a' is None, which is no list"),
        ({"a": {"dependson": []}}, "stack 'a' {'dependson': []} lacks depends_on; add"),
        ({"a": [1]}, "dependency of stack 'a', is 1, which is not known; use one of a"),
        ({"a": [["a"]]}, "dependency of stack 'a', is ['a'], which is not known"),
        ({True: []}, "stacks has the key True, which is no text; quote it"),
        ({" ": []}, "stack name ' ' is empty; give the stack a name"),
        (["a"], "stacks is ['a'], which is no mapping; write it as name: value"),
        (None, "stacks is None, which is no mapping"),
    ],
)
def test_refused(stacks: object, message: str) -> None:
    with pytest.raises(SiteBuilderError, match=re.escape(message)):
        waves(stacks)


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, list[str]]:
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=12))
    graph = {name: draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else [] for i, name in enumerate(names)}
    return dict(draw(st.permutations(list(graph.items()))))


@given(acyclic())
def test_each_stack_is_in_the_earliest_wave_it_can(graph: dict[str, list[str]]) -> None:
    result = waves(graph)
    number = {name: i for i, wave in enumerate(result) for name in wave}
    assert sorted(number) == sorted(graph)
    assert all(wave == sorted(wave) for wave in result)
    for name, needs in graph.items():
        assert number[name] == max((number[need] + 1 for need in needs), default=0)


@given(st.lists(st.text("abc", min_size=1), unique=True, min_size=2, max_size=8))
def test_a_ring_is_told_in_order(names: list[str]) -> None:
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    with pytest.raises(SiteBuilderError) as caught:
        waves({name: [need] for name, need in following.items()})
    told = str(caught.value).removeprefix("stacks depend on each other: ").split(";")[0]
    ring = told.split(" -> ")
    assert ring[0] == ring[-1] == min(names)
    assert all(following[name] == need for name, need in pairwise(ring))
