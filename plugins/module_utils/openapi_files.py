# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read OpenAPI documents: YAML 1.2 or JSON, and the references in them, also into other files of the folder.

PyYAML reads YAML 1.1. Its scanner and parser do for 1.2 as well; what differs is which words are booleans, numbers and dates,
and that is the short table below. ruamel.yaml would be one more runtime library and, also for 1.2, makes dates.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import yaml
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import SiteBuilderError, shown

# Every filter of the collection loads this file, so who has no documents needs none of these.
MISSING = ""
try:
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
except ImportError as missing:
    MISSING = str(missing)
    Draft4Validator = SchemaError = Registry = Resource = Unresolvable = None

__all__ = [
    "MISSING", "Draft4Validator", "Files", "Node", "OpenApiError", "Reader", "SchemaError", "Where", "items", "mapping", "parse",
    "read_file", "target_name", "text_map", "texts",
]  # fmt: skip

Reader = Callable[[str], str | None]


class OpenApiError(SiteBuilderError):
    """A document that cannot become routes; the message names the place and the fix."""


class Where(NamedTuple):
    """The place a message is about."""

    file: str
    path: str = ""
    verb: str = ""

    def fail(self, problem: str) -> NoReturn:
        operation = " ".join(part for part in (self.verb.upper(), self.path) if part)
        sentence = f"{self.file}: {operation}: {problem}." if operation else f"{self.file}: {problem}."
        raise OpenApiError(" ".join(sentence.split()))


class Node(NamedTuple):
    """A value and the address of the file it stands in, which its references start from."""

    base: str
    value: Any

    def child(self, value: Any) -> Node:
        return self._replace(value=value)


def mapping(where: Where, value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        where.fail(f"{what} is {shown(value)}, which is no mapping of names; write it as name: value")
    return value


def items(where: Where, value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        where.fail(f"{what} is {shown(value)}, which is no list; put it in brackets")
    return value


def texts(where: Where, value: Any, what: str) -> list[str]:
    if not all(isinstance(item, str) for item in items(where, value, what)):
        where.fail(f"{what} is {shown(value)}, which is no list of texts; quote its entries")
    return value


def text_map(where: Where, value: Any, what: str) -> dict[str, str]:
    texts(where, list(mapping(where, value or {}, what).values()), what)
    return dict(value or {})


class _Yaml12(yaml.SafeLoader):
    """The core schema of YAML 1.2, with the keys of mappings as text, which OpenAPI wants, and each key once."""

    yaml_implicit_resolvers: dict = {}

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for index, (key, value) in enumerate(node.value):
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} is there twice", key.start_mark
                )
            if key.tag != "tag:yaml.org,2002:merge":
                seen.add(key.value)
                # A new node, as an alias may have made the key also a value, of its own type.
                name = yaml.ScalarNode("tag:yaml.org,2002:str", key.value, key.start_mark, key.end_mark)
                node.value[index] = (name, value)
        return node

    def construct_yaml_int(self, node: Any) -> int:
        text = self.construct_scalar(node)
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)

    def construct_yaml_float(self, node: Any) -> float:
        return float(re.sub(r"\.(?=[a-z])", "", self.construct_scalar(node).lower()))


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", [*"-+0123456789"]),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        [*"-+.0123456789"],
    ),
    # Of YAML 1.1, and documents use it.
    ("merge", r"<<", ["<"]),
):
    _Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
# At once and not bit by bit, so that a node inside itself is an error.
_Yaml12.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))
_Yaml12.add_constructor("tag:yaml.org,2002:seq", lambda loader, node: loader.construct_sequence(node, deep=True))
_Yaml12.add_constructor("tag:yaml.org,2002:int", _Yaml12.construct_yaml_int)
_Yaml12.add_constructor("tag:yaml.org,2002:float", _Yaml12.construct_yaml_float)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key} is there twice")
        result[key] = value
    return result


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def parse(where: Where, text: str) -> Any:
    """Return what the text holds. JSON has its own parser: YAML knows no tabs and no 1e-08."""
    text = text.removeprefix("\ufeff")
    json_error: Exception | None = None
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            json_error = error
    if where.file.lower().endswith(".json") and json_error:
        where.fail(f"is not valid JSON; correct it ({json_error})")
    try:
        return yaml.load(text, _Yaml12)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where.fail(f"is not valid YAML; correct it ({error})")


def target_name(reference: str) -> str:
    """The last part of a reference, which names what it leads to."""
    return unquote(reference.rsplit("/", 1)[-1]).replace("~1", "/").replace("~0", "~")


def read_file(path: str) -> str | None:
    """The text of a file, or None where there is none: what openapi_routes may take as `files` on a controller."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except FileNotFoundError:
        return None


class Files:
    """A document, and those files of its folder that it refers to."""

    def __init__(self, where: Where, content: Any, files: Mapping[str, str] | Reader | None, checked: Callable) -> None:
        self._read: Reader | None = files.get if isinstance(files, Mapping) else files
        self._folder, self._checked = os.path.dirname(where.file), checked
        base = "file://" + quote(os.path.abspath(where.file))
        self.root = Node(base, self._content(where, content))
        self._registry: Registry = Registry().with_resource(base, Resource.opaque(self.root.value))

    def _content(self, where: Where, content: Any) -> Any:
        if isinstance(content, str):
            content = parse(where, content)
        else:
            try:
                content = json.loads(json.dumps(content, default=_plain, allow_nan=False))
            except (ValueError, TypeError, RecursionError) as error:
                where.fail(f"cannot be written as JSON ({error}); give the document as text")
        if not isinstance(content, Mapping):
            where.fail("is not a mapping; give an OpenAPI document as YAML, JSON or a parsed mapping")
        self._checked(where, content)
        return content

    def follow(self, where: Where, node: Node) -> tuple[str, Node]:
        """Return the address that a reference names, and what is there."""
        reference = node.value["$ref"]
        if not isinstance(reference, str):
            where.fail(f"the reference {shown(reference)} is no text; write one such as '#/components/schemas/Name'")
        try:
            base, fragment = urldefrag(urljoin(node.base, reference))
            if base not in self._registry:
                self._registry = self._registry.with_resource(base, self._load(where, reference, base))
            return f"{base}#{fragment}", Node(base, self._registry.resolver(base).lookup(f"#{fragment}").contents)
        except OpenApiError:
            raise
        except (Unresolvable, LookupError, ValueError, TypeError):
            where.fail(
                f"the reference {reference} leads nowhere; add {target_name(reference)} or correct the reference"
            )

    def _load(self, where: Where, reference: str, base: str) -> Resource:
        name = os.path.relpath(unquote(urlsplit(base).path), os.path.abspath(self._folder or "."))
        if self._read is None or not base.startswith("file:") or name.startswith(".."):
            where.fail(f"the reference {reference} leaves the document's folder; copy its target into components")
        path = os.path.join(self._folder, name)
        try:
            text = self._read(path)
        except (OSError, UnicodeError) as error:
            where.fail(f"the reference {reference} needs {path}, which cannot be read ({error}); save it as UTF-8 text")
        if text is None:
            where.fail(f"the reference {reference} needs {path}, which is no file; add it or correct the reference")
        return Resource.opaque(self._content(Where(path), text))

    def resolve(self, where: Where, node: Node, kind: str) -> Node:
        """Return the mapping that a node is or, by references, leads to."""
        seen: list[str] = []
        while isinstance(node.value, Mapping) and "$ref" in node.value:
            reference = node.value["$ref"]
            address, node = self.follow(where, node)
            if address in seen:
                where.fail(f"the reference {reference} leads back to itself; point it to a {kind}")
            seen.append(address)
        if not isinstance(node.value, Mapping):
            where.fail(f"a {kind} is not a mapping; describe it as one")
        return node


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
