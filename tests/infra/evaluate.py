"""Works a template's variables out, as far as they need nothing that only Azure knows.

The functions are those of ``infra/main.bicep``. What depends on Azure is a stand-in: ``uniqueString`` makes other
texts than Azure does, equal ones of equal arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from tree_sitter import Node

from tests.support.bicep import Template


class Refused(Exception):
    """The template calls ``fail``; the text is its message."""


def evaluate(template: Template, variable: str, given: Mapping[str, Any]) -> Any:
    """The value of a variable where the parameters have the ``given`` values, else their defaults. Raises
    ``Refused``."""
    defaults = {name: param.default for name, param in template.params.items() if not param.is_required}
    return _Scope(template, {**defaults, **given}).named(variable)


class _Scope:
    def __init__(self, template: Template, names: Mapping[str, Any]) -> None:
        self._template = template
        self._names = names

    def named(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        return self.value(self._template.expressions[name])

    def value(self, node: Node) -> Any:
        return KINDS[node.type](self, node)

    def within(self, name: str, value: Any) -> _Scope:
        return _Scope(self._template, {**self._names, name: value})


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _string(scope: _Scope, node: Node) -> str:
    """By position: the grammar has no node for blanks alone."""
    raw, at, parts = node.text or b"", 1, list[str]()
    for part in node.named_children:
        if part.type == "interpolation":
            start, end = part.start_byte - node.start_byte, part.end_byte - node.start_byte
            parts += [raw[at:start].decode(), str(scope.value(part.named_children[0]))]
            at = end
    return "".join([*parts, raw[at:-1].decode()])


def _ternary(scope: _Scope, node: Node) -> Any:
    condition, yes, no = node.named_children
    return scope.value(yes if scope.value(condition) else no)


def _binary(scope: _Scope, node: Node) -> Any:
    left, right = node.named_children
    sign = _text(next(child for child in node.children if not child.is_named))
    value = scope.value(left)
    if sign == "&&":
        return value and scope.value(right)
    if sign == "??":
        return scope.value(right) if value is None else value
    return {"+": int.__add__, ">": int.__gt__}[sign](value, scope.value(right))


def _member(scope: _Scope, node: Node) -> Any:
    owner, name = node.named_children
    value = scope.value(owner)
    return value.get(_text(name)) if _text(node.children[1]) == ".?" else value[_text(name)]


def _call(scope: _Scope, node: Node) -> Any:
    name, arguments = (node.named_children[0], node.named_children[1].named_children)
    if arguments and arguments[-1].type == "lambda_expression":
        bound, body = arguments[-1].named_children
        rows = scope.value(arguments[0])
        assert _text(name) == "filter"
        return [row for row in rows if scope.within(_text(bound), row).value(body)]
    return FUNCTIONS[_text(name)](*map(scope.value, arguments))


def _object(scope: _Scope, node: Node) -> dict[str, Any]:
    pairs = (pair.named_children for pair in node.named_children if pair.type == "object_property")
    return {_text(pair[0]).strip("'"): scope.value(pair[1]) for pair in pairs}


KINDS: dict[str, Callable[[_Scope, Node], Any]] = {
    "string": _string,
    "number": lambda _, node: int(_text(node)),
    "identifier": lambda scope, node: scope.named(_text(node)),
    "unary_expression": lambda scope, node: not scope.value(node.named_children[0]),
    "ternary_expression": _ternary,
    "binary_expression": _binary,
    "member_expression": _member,
    "call_expression": _call,
    "object": _object,
}


def _refuse(message: str) -> None:
    raise Refused(message)


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:13]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda whole, part: part in whole,
    "empty": lambda value: not value,
    "endsWith": lambda text, end: text.endswith(end),
    "fail": _refuse,
    "int": int,
    "length": len,
    "range": lambda first, count: list(range(first, first + count)),
    "replace": lambda text, old, new: text.replace(old, new),
    "subscription": lambda: {"id": "/subscriptions/1"},
    "substring": lambda text, start, length: text[start : start + length],
    "toLower": lambda text: text.lower(),
    "uniqueString": _digest,
}
