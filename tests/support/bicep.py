"""Reads Bicep files as data, on top of tree-sitter's grammar for it (PyPI ``tree-sitter-bicep``, works offline).

A syntax tree is all the grammar gives; types are the compiler's business, and no compiler can be installed from PyPI.
The grammar of 1.1.0 does not know two forms that we use; ``_known_to_the_grammar`` writes them in others of the same
length, so positions stay true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that is no plain value, as written; ``objects`` are the object literals inside it."""

    text: str
    objects: tuple[dict[str, Any], ...] = ()


Value = Any
"""``str``, ``int``, ``bool``, ``None``, ``list`` and ``dict`` where the source has just that, else ``Code``."""


@dataclass(frozen=True, slots=True)
class Param:
    """``default`` is a ``Value``; ``is_required`` where there is none."""

    name: str
    type: str
    is_required: bool
    default: Value
    description: str
    is_secure: bool
    allowed: tuple[Value, ...] = ()
    least: int | None = None
    """The smallest number or length."""


@dataclass(frozen=True, slots=True)
class Part:
    """A resource or a module: what it is and its properties; of a loop or a condition, the properties inside."""

    symbol: str
    kind: str
    body: dict[str, Value]
    is_existing: bool
    condition: Value = True
    """Of a condition what it asks, else true."""

    @property
    def type(self) -> str:
        """A resource's type without the version."""
        return self.kind.partition("@")[0]

    @property
    def version(self) -> str:
        """A resource's api version."""
        return self.kind.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Output:
    """``value`` as read; plain text of the source in ``text``."""

    name: str
    value: Value
    description: str
    text: str


@dataclass(slots=True)
class Template:
    """One file. ``used`` are the names it uses, ``unknown`` those of them that nobody declares, ``functions`` what it
    calls, ``broken`` the places that do not parse, ``expressions`` the variables as they stand in the tree."""

    path: Path
    params: dict[str, Param] = field(default_factory=dict)
    variables: dict[str, Value] = field(default_factory=dict)
    resources: dict[str, Part] = field(default_factory=dict)
    modules: dict[str, Part] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    expressions: dict[str, Node] = field(default_factory=dict)
    text: str = ""

    @property
    def declared(self) -> set[str]:
        """Every name that an expression may use."""
        return {*self.params, *self.variables, *self.resources, *self.modules}

    def of_type(self, kind: str) -> list[Part]:
        """The resources of this type that the file creates."""
        return [part for part in self.resources.values() if part.type == kind and not part.is_existing]

    def one(self, kind: str) -> dict[str, Value]:
        """Properties of the only resource of this type that the file creates."""
        (part,) = self.of_type(kind)
        return part.body


@cache
def read_bicep(path: Path) -> Template:
    """The file as data. Of a ``.bicepparam``, what it gives to parameters is found among the variables."""
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path = Path("made-up.bicep")) -> Template:
    """The text as data."""
    template = Template(path, text=text)
    root = PARSER.parse(_known_to_the_grammar(text, path).encode()).root_node
    template.broken = [f"line {node.start_point[0] + 1}: {_text(node)[:60]!r}" for node in _broken(root)]
    decorators: list[Node] = []
    for node in root.named_children:
        if node.type == "decorators":
            decorators = node.named_children
        elif node.type != "comment":
            DECLARATIONS.get(node.type, _ignore)(template, node, _decorations(decorators))
            decorators = []
    _trace(root, template, frozenset())
    return template


def _known_to_the_grammar(text: str, path: Path) -> str:
    text = re.sub(r"^extension (\w+)$", r"//tension \1", text, flags=re.MULTILINE)
    if path.suffix == ".bicepparam":
        text = re.sub(r"^param (\w+) =", r"var   \1 =", text, flags=re.MULTILINE)
    return text


def _broken(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from _broken(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _decorations(nodes: list[Node]) -> dict[str, list[Value]]:
    calls = (node.named_children[0] for node in nodes)
    return {_text(call.named_children[0]): _arguments(call) for call in calls}


def _arguments(call: Node) -> list[Value]:
    return [_value(argument) for argument in call.named_children[1].named_children]


def _name(node: Node) -> str:
    return _text(next(child for child in node.named_children if child.type == "identifier"))


def _description(decorations: Mapping[str, list[Value]]) -> str:
    return str(decorations.get("description", [""])[0])


def _param(template: Template, node: Node, decorations: Mapping[str, list[Value]]) -> None:
    kind = next(child for child in node.named_children if child.type == "type")
    defaults = [child for child in node.named_children if child.start_byte >= kind.end_byte]
    name = _name(node)
    template.params[name] = Param(
        name=name,
        type=_text(kind),
        is_required=not defaults,
        default=_value(defaults[0]) if defaults else None,
        description=_description(decorations),
        is_secure="secure" in decorations,
        allowed=tuple(decorations.get("allowed", [()])[0]),
        least=next((decorations[name][0] for name in ("minValue", "minLength") if name in decorations), None),
    )


def _variable(template: Template, node: Node, _: Mapping[str, list[Value]]) -> None:
    template.variables[_name(node)] = _value(node.named_children[-1])
    template.expressions[_name(node)] = node.named_children[-1]


def _part(node: Node) -> Part:
    body = node.named_children[-1]
    condition: Value = True
    while body.type in ("for_statement", "if_statement"):
        if body.type == "if_statement":
            condition = _value(body.named_children[0])
        body = body.named_children[-1]
    return Part(
        symbol=_name(node),
        kind=str(_value(node.named_children[1])),
        body=_value(body),
        is_existing=any(child.type == "existing" for child in node.children),
        condition=condition,
    )


def _resource(template: Template, node: Node, _: Mapping[str, list[Value]]) -> None:
    template.resources[_name(node)] = _part(node)


def _module(template: Template, node: Node, _: Mapping[str, list[Value]]) -> None:
    template.modules[_name(node)] = _part(node)


def _output(template: Template, node: Node, decorations: Mapping[str, list[Value]]) -> None:
    value = node.named_children[-1]
    name = _name(node)
    template.outputs[name] = Output(name, _value(value), _description(decorations), _text(value))


def _ignore(template: Template, node: Node, _: Mapping[str, list[Value]]) -> None:
    """``targetScope``, ``using`` and what does not parse (told in ``broken``)."""


DECLARATIONS: dict[str, Callable[[Template, Node, Mapping[str, list[Value]]], None]] = {
    "parameter_declaration": _param,
    "variable_declaration": _variable,
    "resource_declaration": _resource,
    "module_declaration": _module,
    "output_declaration": _output,
}


def _value(node: Node) -> Value:
    if node.type == "string" and not any(child.type == "interpolation" for child in node.named_children):
        return _text(node)[1:-1].replace("\\'", "'")
    if node.type == "array":
        return [_value(item) for item in node.named_children if item.type != "comment"]
    if node.type == "object":
        pairs = (pair.named_children for pair in node.named_children if pair.type == "object_property")
        return {_key(pair[0]): _value(pair[1]) for pair in pairs}
    if node.type == "number":
        return int(_text(node))
    if node.type in ("boolean", "null"):
        return {"true": True, "false": False, "null": None}[_text(node)]
    return Code(_text(node), tuple(_value(found) for found in _objects(node)))


def _objects(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        if child.type == "object":
            yield child
        else:
            yield from _objects(child)


def _key(node: Node) -> str:
    return _text(node)[1:-1] if node.type == "string" else _text(node)


def _trace(node: Node, template: Template, bound: frozenset[str]) -> None:
    """Follow every name to where it comes from; ``bound`` are the variables of the loops and lambdas around."""
    if node.type == "identifier":
        template.used.add(_text(node))
        if _text(node) not in template.declared | bound:
            template.unknown.add(_text(node))
        return
    if node.type in ("type", "decorators"):
        return
    hidden, names = _own_names(node)
    if node.type == "call_expression":
        template.functions.add(_text(node.named_children[0]))
    for child in node.named_children:
        if child not in hidden:
            _trace(child, template, bound | names)


def _own_names(node: Node) -> tuple[list[Node], frozenset[str]]:
    """Children that are no uses of names, and the names that this node binds inside itself."""
    first = node.named_children[:1]
    if node.type in ("for_statement", "lambda_expression"):
        return first, frozenset(re.findall(r"\w+", _text(first[0])))
    if node.type.endswith("_declaration") or node.type == "call_expression":
        return first, frozenset()
    if node.type == "object_property" and first[0].type == "identifier":
        return first, frozenset()
    return [], frozenset()
