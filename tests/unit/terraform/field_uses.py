"""Which fields of its object a module uses: a walk through its expressions that follows where each part of the object goes.

A value of the walk is what an expression may hold: paths of the object (an item has the path of its list or map), the values of
an object's attributes where they are spelled out, and words, which may name a field of an object in `object[word]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from lark import Tree

from tools.terraform_types import attributes, blocks, elements, parts, source, tree_of


@dataclass(frozen=True)
class Value:
    paths: frozenset[str] = frozenset()
    attributes: Mapping[str, Value] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def __or__(self, other: Value) -> Value:
        both = {
            name: self.attributes.get(name, NOTHING) | other.attributes.get(name, NOTHING)
            for name in {*self.attributes, *other.attributes}
        }
        return Value(self.paths | other.paths, both, self.words | other.words)


NOTHING = Value()
Scope = Mapping[str, Value]


def united(values: Iterator[Value]) -> Value:
    result = NOTHING
    for value in values:
        result |= value
    return result


class Uses:
    """`used` are the paths of `declared` that arguments of a module's resources are made of.

    Not counted: what an output, a check or a precondition says, and the triggers of a deployment, which repeat what a resource
    has; nor whether there is a value, or how many, which says nothing of the value. texts: those of the module's files;
    outputs: outputs that do count, as a resource outside is made of them.
    """

    def __init__(
        self, texts: Collection[str], variable: str, declared: Collection[str], outputs: Collection[str] = ()
    ) -> None:
        self.variable, self.declared = variable, declared
        self.used: set[str] = set()
        self.counts = True
        bodies = [parts(tree_of(text))[0] for text in texts]
        self.locals = {
            name: value for body in bodies for _, inner in blocks(body, "locals") for name, value in attributes(inner)
        }
        # What is known of the locals, and what is from places that do not count.
        self.known: dict[str, Value] = {}
        self.glimpsed: dict[str, Value] = {}
        for body in bodies:
            for _, inner in blocks(body, "resource"):
                self.block(inner, {})
            for (name,), inner in blocks(body, "output"):
                if name in outputs:
                    self.block(inner, {})

    def local(self, name: str) -> Value:
        known = self.known if self.counts else self.glimpsed
        if name not in known and name in self.locals:
            known[name] = NOTHING
            known[name] = self.value(self.locals[name], {})
        return known.get(name, NOTHING)

    def glimpse(self, node: Tree, scope: Scope) -> Value:
        """Go through an expression that does not count."""
        before, self.counts = self.counts, False
        self.value(node, scope)
        self.counts = before
        return NOTHING

    def block(self, body: Tree, scope: Scope) -> None:
        expressions = dict(attributes(body))
        if "for_each" in expressions:
            scope = {**scope, "each": Value(attributes={"value": self.item(expressions["for_each"], scope)})}
        for name, expression in expressions.items():
            if name != "triggers":
                self.value(expression, scope)
        for block in body.children:
            if isinstance(block, Tree) and block.data == "block":
                kind, *labels, inner = parts(block)
                if source(kind) == "dynamic":
                    (label,) = (source(label).strip('"') for label in labels)
                    item = self.item(dict(attributes(inner))["for_each"], scope)
                    (content,) = (content for _, content in blocks(inner, "content"))
                    self.block(content, {**scope, label: Value(attributes={"value": item})})
                elif source(kind) != "lifecycle":
                    self.block(inner, scope)

    def item(self, collection: Tree, scope: Scope) -> Value:
        """What the items of a collection may be, those of an object that is spelled out among them."""
        value = self.value(collection, scope)
        return value | united(iter(value.attributes.values()))

    def of_attribute(self, value: Value, name: str) -> Value:
        found = value.attributes.get(name, NOTHING)
        for path in value.paths:
            inner = f"{path}.{name}" if path else name
            if inner in self.declared:
                if self.counts:
                    self.used.add(inner)
                found |= Value(frozenset({inner}))
        return found

    def of_index(self, value: Value, index: Value) -> Value:
        """An item: of an object the fields whose names the index may be, of a list or map what all items are."""
        named = united(self.of_attribute(value, word) for word in index.words)
        return value if named == NOTHING else named

    def value(self, node: Tree, scope: Scope) -> Value:
        method = getattr(self, f"_{node.data}", None)
        if method:
            return method(node, scope)
        # Whatever is computed from it is no part of the object any more.
        for child in parts(node):
            self.value(child, scope)
        return NOTHING

    def _expr_term(self, node: Tree, scope: Scope) -> Value:
        (inner,) = parts(node)
        return self.value(inner, scope)

    def _identifier(self, node: Tree, scope: Scope) -> Value:
        return scope.get(source(node), NOTHING)

    def _string(self, node: Tree, scope: Scope) -> Value:
        for child in parts(node):
            self.value(child, scope)
        return Value(words=frozenset({source(node).strip('"')}))

    def _tuple(self, node: Tree, scope: Scope) -> Value:
        return united(self.value(item, scope) for item in parts(node))

    def _object(self, node: Tree, scope: Scope) -> Value:
        return Value(attributes={name: self.value(value, scope) for name, value in elements(node)})

    def _conditional(self, node: Tree, scope: Scope) -> Value:
        condition, *results = parts(node)
        self.value(condition, scope)
        return united(self.value(result, scope) for result in results)

    def _binary_op(self, node: Tree, scope: Scope) -> Value:
        left, term = parts(node)
        _operator, right = parts(term)
        look = self.glimpse if "null" in (source(left), source(right)) else self.value
        for operand in (left, right):
            look(operand, scope)
        return NOTHING

    def _arguments(self, node: Tree, scope: Scope) -> Value:
        return united(self.value(argument, scope) for argument in parts(node))

    def _function_call(self, node: Tree, scope: Scope) -> Value:
        """Those that put values together or choose one pass them on; keys, lengths and texts are no part of the object."""
        name, *arguments = parts(node)
        if source(name) == "length":
            return united(self.glimpse(argument, scope) for argument in arguments)
        result = united(self.value(argument, scope) for argument in arguments)
        passing = "coalesce concat distinct flatten merge one slice tolist toset try values"
        return result if source(name) in passing.split() else NOTHING

    def _get_attr_expr_term(self, node: Tree, scope: Scope) -> Value:
        term, attribute = parts(node)
        name = source(attribute).removeprefix(".")
        root = source(term)
        if root == "var":
            return Value(frozenset({""})) if name == self.variable else NOTHING
        if root == "local":
            return self.local(name)
        return self.of_attribute(self.value(term, scope), name)

    def _index_expr_term(self, node: Tree, scope: Scope) -> Value:
        term, index = parts(node)
        inner = parts(index)
        return self.of_index(self.value(term, scope), self.value(inner[0], scope) if inner else NOTHING)

    def _full_splat_expr_term(self, node: Tree, scope: Scope) -> Value:
        term, splat = parts(node)
        value = self.value(term, scope)
        for step in parts(splat):
            value = self.of_attribute(value, source(step).removeprefix(".")) if step.data == "get_attr" else value
        return value

    def _for(self, node: Tree, scope: Scope) -> Value:
        intro, *rest = parts(node)
        *names, collection = parts(intro)
        inner = {**scope, **{source(name): NOTHING for name in names}}
        inner[source(names[-1])] = self.item(collection, scope)
        results = [child for child in rest if child.data != "for_cond"]
        for child in rest:
            if child.data == "for_cond":
                self.value(parts(child)[0], inner)
        return [self.value(result, inner) for result in results][-1]

    _for_tuple_expr = _for
    _for_object_expr = _for
