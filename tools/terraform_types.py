"""What a Terraform variable declares: the fields of its type, and the bullets of its description that document them.

The type is read from the syntax tree of python-hcl2: as data it is one string.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hcl2
from lark import Token, Tree

# Blanks, line ends and comments, which no rule of the grammar is about.
_TRIVIA = "new_line_or_comment"
_BULLET = re.compile(r"- ((?:`[\w.]+`(?:, )?)+) - (.+)")


@dataclass(frozen=True)
class Field:
    """One field. path: dotted, an item of a list or map having the path of the list or map.

    type: as in Terraform, with `object` for the object whose fields have paths of their own; default: the expression, null
    where none is given, and None where the field is required.
    """

    path: str
    type: str
    default: str | None


@functools.cache
def tree_of(text: str) -> Tree:
    """Return the syntax tree of a file's text."""
    return hcl2.parses_to_tree(text)


def parts(tree: Tree) -> list[Tree]:
    """Return the parts of a node that mean something."""
    return [child for child in tree.children if isinstance(child, Tree) and child.data != _TRIVIA]


def tokens(tree: Tree) -> Iterator[str]:
    """Yield the text of a node, less what means nothing."""
    for child in tree.children:
        if isinstance(child, Token):
            yield str(child)
        elif child.data != _TRIVIA:
            yield from tokens(child)


def source(tree: Tree) -> str:
    """Return the text of an expression on one line."""
    return "".join(", " if token == "," else token for token in tokens(tree)).strip()


def blocks(body: Tree, kind: str) -> Iterator[tuple[list[str], Tree]]:
    """Yield the labels and the body of each block of one kind."""
    for block in body.children:
        if isinstance(block, Tree) and block.data == "block":
            name, *labels, inner = parts(block)
            if source(name) == kind:
                yield [source(label).strip('"') for label in labels], inner


def attributes(body: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield the name and the expression of each attribute."""
    for attribute in body.children:
        if isinstance(attribute, Tree) and attribute.data == "attribute":
            name, expression = parts(attribute)
            yield source(name), expression


def unwrapped(expression: Tree) -> Tree:
    """Return what an expression is, without the terms and parentheses around it."""
    while expression.data == "expr_term":
        (expression,) = parts(expression)
    return expression


def elements(expression: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield the key and the value of each element of an object."""
    for element in parts(expression):
        key, value = parts(element)
        yield source(key).strip('"'), value


@dataclass(frozen=True)
class Variable:
    """A variable: its fields in the order of the type, and the text of the description by path."""

    name: str
    fields: dict[str, Field]
    bullets: dict[str, str]


def variable(folder: Path, name: str) -> Variable:
    """Return the variable of that name in variables.tf of a folder."""
    (whole,) = parts(tree_of((folder / "variables.tf").read_text()))
    (body,) = [body for (label,), body in blocks(whole, "variable") if label == name]
    expressions = dict(attributes(body))
    fields = {field.path: field for field in _fields(expressions["type"], "")}
    return Variable(name, fields, bullets(heredoc(expressions["description"])))


def typed_variables(folder: Path) -> list[str]:
    """Return the names of the variables in variables.tf of a folder whose fields are documented there, in their order."""
    (whole,) = parts(tree_of((folder / "variables.tf").read_text()))
    found = [(label, dict(attributes(body))) for (label,), body in blocks(whole, "variable")]
    return [name for name, expressions in found if bullets(heredoc(expressions["description"]))]


def heredoc(description: Tree) -> str:
    """Return the text of a heredoc, the indentation that all lines share taken off."""
    lines = "".join(tokens(description)).rstrip().splitlines()[1:-1]
    return textwrap.dedent("\n".join(lines)).replace("$${", "${").replace("%%{", "%{")


def bullets(description: str) -> dict[str, str]:
    """Return the text of each bullet, by the paths that it begins with: - `a.b`, `c.d` - text."""
    found: dict[str, str] = {}
    for item in re.split(r"\n(?=- )", description):
        if match := _BULLET.fullmatch(re.sub(r"\s+", " ", item).strip()):
            found |= dict.fromkeys(re.findall(r"[\w.]+", match[1]), match[2])
    return found


def _call(expression: Tree) -> tuple[str, list[Tree]]:
    """Return the name and the arguments of a type constructor; a plain type has none."""
    expression = unwrapped(expression)
    if expression.data != "function_call":
        return source(expression), []
    name, *arguments = parts(expression)
    return source(name), parts(arguments[0]) if arguments else []


def _type(expression: Tree) -> tuple[str, Tree | None]:
    """Return the type as text, and the object in it."""
    name, arguments = _call(expression)
    if not arguments:
        return name, None
    if name == "object":
        return name, unwrapped(arguments[0])
    inner, fields = _type(arguments[0])
    return f"{name}({inner})", fields


def _fields(expression: Tree, prefix: str) -> Iterator[Field]:
    _, fields = _type(expression)
    for name, declared in elements(fields) if fields else ():
        constructor, arguments = _call(declared)
        optional = constructor == "optional"
        default = (source(arguments[1]) if len(arguments) > 1 else "null") if optional else None
        inner = arguments[0] if optional else declared
        yield Field(f"{prefix}{name}", _type(inner)[0], default)
        yield from _fields(inner, f"{prefix}{name}.")
