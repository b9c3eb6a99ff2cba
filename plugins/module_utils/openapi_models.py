# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Schemas of OpenAPI 3 in the terms of JSON schema draft-04, in which API Gateway's request models are written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible_collections.bbws.site_builder.plugins.module_utils.openapi_files import (
    MISSING,
    Draft4Validator,
    Files,
    Node,
    SchemaError,
    Where,
    items,
    mapping,
    target_name,
    texts,
)

# What draft-04 shares with OpenAPI.
VALUES = (
    "default", "description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern",
    "required", "title", "type", "uniqueItems",
)  # fmt: skip
MAPS = {"properties": "properties", "patternProperties": "patternProperties", "dependentSchemas": "dependencies"}
LISTS = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "oneOf", "prefixItems": "items"}
# They describe, or hold what references lead to, and do not validate.
ANNOTATIONS = (
    "$anchor", "$comment", "$defs", "$id", "$schema", "contentEncoding", "contentMediaType", "contentSchema", "definitions",
    "deprecated", "discriminator", "example", "examples", "externalDocs", "nullable", "readOnly", "summary", "writeOnly", "xml",
)  # fmt: skip
# "Maximum model size" of API Gateway's quotas.
MODEL_BYTES = 400 * 1024


def words(name: str) -> str:
    """A model name API Gateway accepts: the words of the name, each with a capital."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def draft_04_problem(schema: Mapping[str, Any]) -> str:
    """Return the place and the fault when it is no schema of draft-04, or nothing."""
    if MISSING:
        return f"which cannot be judged without the Python library jsonschema: {MISSING}"
    try:
        Draft4Validator.check_schema(schema)
    except SchemaError as error:
        place = error.json_path.removeprefix("$").lstrip(".") or "its top"
        message = error.message if len(error.message) <= 160 else f"...{error.message[-157:]}"
        return f"at {place}, {message}"
    return ""


class Model:
    """One request model. References are put in place; what contains itself becomes a definition of the model."""

    def __init__(self, files: Files, where: Where, modern: bool, ignore: bool) -> None:
        """modern: OpenAPI 3.1, where keywords beside a reference count. ignore: leave out what draft-04 cannot say."""
        self._files, self._where, self._modern, self._ignore = files, where, modern, ignore
        self._definitions: dict[str, tuple[str, dict[str, Any]]] = {}
        self._schemas = self._left_out = 0

    def text(self, schema: Node, name: str) -> str:
        """Return the model as JSON text, which is a valid schema of draft-04."""
        try:
            converted = self._convert(schema, ())
        except RecursionError:
            self._too_large()
        model = {"$schema": "http://json-schema.org/draft-04/schema#", "title": name, **converted}
        if self._definitions:
            model["definitions"] = {key: found for key, (_address, found) in self._definitions.items()}
        try:
            result = json.dumps(model, sort_keys=True, allow_nan=False)
        except ValueError as error:
            self._where.fail(f"the request body has a number that JSON lacks ({error}); correct it")
        if problem := draft_04_problem(model):
            self._where.fail(f"the request body is no schema of draft-04: {problem}; correct it")
        if len(result) > MODEL_BYTES:
            self._too_large()
        return result

    def _too_large(self) -> NoReturn:
        self._where.fail(
            f"the request body's schema is larger than {MODEL_BYTES} bytes with its references put in place, the most that "
            "a model of API Gateway has; shorten it"
        )

    def _convert(self, schema: Node, trail: tuple[str, ...]) -> dict[str, Any]:
        """The schema in terms of draft-04. trail: the addresses it is inside."""
        self._schemas += 1
        if self._schemas > MODEL_BYTES // len('"":{},'):
            self._too_large()
        if isinstance(schema.value, bool):
            return {} if schema.value else {"not": {}}
        if not isinstance(schema.value, Mapping):
            self._where.fail("a schema in the request body is not a mapping; describe it as one")
        if "$ref" in schema.value:
            return self._reference(schema, trail)
        result: dict[str, Any] = {}
        for key, value in schema.value.items():
            self._keyword(result, schema, key, value, trail)
        _exclusive_bounds(result)
        _nullable(schema.value, result)
        self._drop_read_only(schema, result)
        if isinstance(result.get("enum"), list):
            result["enum"] = _once(result["enum"])
        return result

    def _keyword(self, result: dict[str, Any], schema: Node, key: str, value: Any, trail: tuple[str, ...]) -> None:
        left_out = self._left_out
        if key in VALUES:
            result[key] = value
        elif key in MAPS:
            found = mapping(self._where, value, key)
            converted = {name: self._convert(schema.child(entry), trail) for name, entry in found.items()}
            result[MAPS[key]] = {**result.get(MAPS[key], {}), **converted}
        elif key == "dependentRequired":
            found = {
                name: _once(texts(self._where, given, key)) for name, given in mapping(self._where, value, key).items()
            }
            if set(found) & set(mapping(self._where, schema.value.get("dependentSchemas", {}), "dependentSchemas")):
                self._unsupported("dependentRequired for a property of dependentSchemas")
            else:
                given = {name: names for name, names in found.items() if names}
                result["dependencies"] = {**result.get("dependencies", {}), **given}
        elif key in LISTS:
            result[LISTS[key]] = [self._convert(schema.child(entry), trail) for entry in items(self._where, value, key)]
        elif key == "additionalProperties" or (key == "items" and "prefixItems" in schema.value):
            name = "additionalItems" if key == "items" else key
            result[name] = value if isinstance(value, bool) else self._convert(schema.child(value), trail)
        elif key in ("items", "not"):
            result[key] = self._convert(schema.child(value), trail)
        elif key == "const":
            result["enum"] = [value]
        elif key not in ANNOTATIONS and not key.startswith("x-"):
            self._unsupported(key)
        if self._left_out != left_out and key in ("not", "oneOf"):
            # They turn round what is inside, so that a weaker schema there would be a stricter one here.
            del result[key]

    def _unsupported(self, key: str) -> None:
        if not self._ignore:
            self._where.fail(
                f"the request body uses the schema keyword {key}, which draft-04 models lack; remove it, or set "
                "openapi_unsupported to ignore and check it in the function"
            )
        self._left_out += 1

    def _reference(self, schema: Node, trail: tuple[str, ...]) -> dict[str, Any]:
        address, target = self._files.follow(self._where, schema)
        if address in trail:
            return {"$ref": f"#/definitions/{self._define(address, target)}"}
        found = self._convert(target, (*trail, address))
        beside = {key: value for key, value in schema.value.items() if key != "$ref"} if self._modern else {}
        added = self._convert(schema.child(beside), trail) if beside else {}
        return {"allOf": [found, added]} if set(added) - {"default", "description", "title"} else found

    def _define(self, address: str, target: Node) -> str:
        name = plain = words(target_name(address)) or "Schema"
        while name in self._definitions and self._definitions[name][0] != address:
            name = f"{plain}{len(self._definitions)}"
        if name not in self._definitions:
            self._definitions[name] = (address, {})
            converted = self._convert(target, (address,))
            if converted == {"$ref": f"#/definitions/{name}"}:
                self._where.fail(f"the request body's {name} is a reference to itself and nothing else; describe it")
            self._definitions[name] = (address, converted)
        return name

    def _drop_read_only(self, schema: Node, result: dict[str, Any]) -> None:
        """A required readOnly property is required in responses only."""
        properties = mapping(self._where, schema.value.get("properties", {}), "properties")
        required = [
            name
            for name in _once(texts(self._where, result.pop("required", []), "required"))
            if not self._read_only(schema.child(properties.get(name, {})))
        ]
        if required:  # draft-04 forbids an empty list
            result["required"] = required

    def _read_only(self, node: Node) -> bool:
        if isinstance(node.value, bool):
            return False
        return bool(self._files.resolve(self._where, node, "property").value.get("readOnly"))


def _once(values: list[Any]) -> list[Any]:
    return list({json.dumps(value, sort_keys=True): value for value in values}.values())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _exclusive_bounds(schema: dict[str, Any]) -> None:
    """OpenAPI 3.1 has the bound itself in exclusiveMinimum; draft-04 and OpenAPI 3.0 a flag beside minimum."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        value = schema.get(exclusive)
        if isinstance(value, bool) and bound not in schema:
            del schema[exclusive]
        elif _is_number(value) and _is_number(schema.get(bound, value)):
            limit = (max if bound == "minimum" else min)(value, schema.get(bound, value))
            schema[bound], schema[exclusive] = limit, limit == value


def _nullable(schema: Mapping[str, Any], result: dict[str, Any]) -> None:
    """Only beside a type, as OpenAPI 3.0 says."""
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        result["type"] = [schema["type"], "null"]
        if isinstance(result.get("enum"), list):
            result["enum"] = [*result["enum"], None]
