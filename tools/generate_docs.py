"""Write the documentation of the fields of a definition from their one declaration, the typed objects of terraform/.

The README of a module gets a table of all fields; the variable of the role that takes the definition, in its argument
specification, a list of those that people write, which are the ones that the collection's own schema knows. Both stand between
two comments, <!-- fields --> and <!-- /fields --> in a README, # fields and # /fields in a specification. With --check nothing is
written: each file that is not up to date is named on a line, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / ".collections")]

from ansible_collections.bbws.site_builder.plugins.module_utils.stacks.registry import DEFINITIONS, STACKS

from tools import schema_fields
from tools.terraform_types import Field, Variable, typed_variables, variable


@dataclass(frozen=True)
class Declaration:
    """A typed object: its folder in terraform/ and its name there, and the role's variable for it."""

    folder: str
    name: str
    role: str
    option: str

    def read(self) -> Variable:
        return variable(ROOT / "terraform" / self.folder, self.name)


def declarations() -> Iterator[Declaration]:
    """Where each definition's fields are declared, by convention.

    The first variable of a module is its instance. What the stack declares itself, under the option's name without the role,
    has no module.
    """
    for role, stack in STACKS.items():
        for option in stack.variables:
            module, own = f"modules/{role}", option.removeprefix(f"{role}_")
            if own in typed_variables(ROOT / "terraform/stacks" / role):
                yield Declaration(f"stacks/{role}", own, role, option)
            else:
                yield Declaration(module, typed_variables(ROOT / "terraform" / module)[0], role, option)


DECLARATIONS = tuple(declarations())


def table(declared: Variable) -> str:
    """Return all fields as a table in Markdown."""
    rows = ["| field | type | default | description |", "|---|---|---|---|"]
    for field in declared.fields.values():
        default = "required" if field.default is None else f"`{field.default}`".replace("|", r"\|")
        text = re.sub(r"([|<*])", r"\\\1", declared.bullets[field.path])
        rows.append(f"| `{field.path}` | {field.type} | {default} | {text} |")
    return "".join(f"{row}\n" for row in rows)


def _entry(field: Field, text: str, required: bool) -> str:
    """Return one field in the markup of ansible-doc. What the module needs may be what the collection fills in."""
    facts = [field.type, *(["required"] if required else [])]
    if field.default is not None:
        facts.append("default V({})".format(re.sub(r"([\\)])", r"\\\1", field.default)))
    return f"C({field.path}) ({', '.join(facts)}). " + re.sub(r"`([\w.]+)`", r"C(\1)", text)


def entries(declared: Variable, option: str, indent: str) -> str:
    """Return the fields that people write as items of a list in YAML."""
    written, required = schema_fields.fields(DEFINITIONS[option]), schema_fields.required(DEFINITIONS[option])
    items = []
    for path, field in declared.fields.items():
        if path in written:
            entry = _entry(field, declared.bullets[path], path in required)
            lines = textwrap.wrap(entry, 120, break_long_words=False, break_on_hyphens=False)
            items += [f"{indent}- >-", *(f"{indent}  {line}" for line in lines)]
    return "".join(f"{item}\n" for item in items)


def with_table(text: str, where: str, declared: Variable) -> str:
    """Return a README with its table renewed."""
    found, count = re.subn(
        r"(<!-- fields -->\n).*?(<!-- /fields -->\n)",
        lambda match: f"{match[1]}\n{table(declared)}\n{match[2]}",
        text,
        flags=re.DOTALL,
    )
    if count != 1:
        raise SystemExit(
            f"{where} has {count} places for the fields; put <!-- fields --> and <!-- /fields --> into it once."
        )
    return found


def with_entries(text: str, where: str, option: str, declared: Variable) -> str:
    """Return an argument specification with the list of one option renewed."""
    found, count = re.subn(
        rf"(^( *){option}:\n(?:\2 .*\n)*?( *)# fields\n)(?:.*\n)*?( *# /fields\n)",
        lambda match: f"{match[1]}{entries(declared, option, match[3])}{match[4]}",
        text,
        flags=re.MULTILINE,
    )
    if count != 1:
        raise SystemExit(
            f"{where} has {count} places for the fields of {option}; put # fields and # /fields there once."
        )
    return found


def rendered() -> dict[Path, str]:
    """Return what each file should be."""
    texts: dict[Path, str] = {}

    def text_of(path: Path) -> str:
        return texts.get(path) or path.read_text()

    for declaration in DECLARATIONS:
        declared = declaration.read()
        readme = ROOT / "terraform" / declaration.folder / "README.md"
        if declaration.folder.startswith("modules/"):
            texts[readme] = with_table(text_of(readme), str(readme.relative_to(ROOT)), declared)
        specification = ROOT / "roles" / declaration.role / "meta/argument_specs.yml"
        where = str(specification.relative_to(ROOT))
        texts[specification] = with_entries(text_of(specification), where, declaration.option, declared)
    return texts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is not up to date")
    check = parser.parse_args(arguments).check
    stale = {path: text for path, text in rendered().items() if path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is not up to date; run python tools/generate_docs.py")
        else:
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
