"""Parses ``$filter`` as ERP.net does: ``eq ge le in and`` and six functions, nothing else (erpnet.md §5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from simulators.erpnet import schema
from simulators.erpnet.errors import ErpError, invalid, unsupported
from simulators.erpnet.model import PARTIES, Attr, EntitySet, Ref
from simulators.erpnet.references import key_of
from simulators.erpnet.store import Row
from simulators.erpnet.values import GUID, guid, moment, parse
from simulators.erpnet.world import World

Test = Callable[[Row], bool]
Reader = Callable[[Row], Any]

_TOKEN = re.compile(
    rf"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<guid>{GUID.pattern})(?![\w-])"
    r"|(?P<moment>\d{4}-\d\d-\d\d[\w:.+-]*)|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<word>[A-Za-z_@$][\w/.@$]*)|(?P<mark>[(),]))"
)
_REFUSED_WORDS = {"or", "ne", "gt", "lt", "not", "has", "add", "sub", "mul", "div", "mod"}
_LIKE = {"contains", "startswith", "endswith"}
_OR_NULL = {"equalnull": "eq", "lessequalnull": "le", "greaterequalnull": "ge"}


class Token(NamedTuple):
    """A lexical element and its kind (a group name of the token pattern)."""

    kind: str
    text: str


@dataclass
class Operand:
    """What stands left of an operator: how to read it, and the attribute or reference it ends in."""

    name: str
    read: Reader
    member: Attr | Ref


def compile_filter(world: World, entity: EntitySet, text: str) -> Test:
    """The predicate for a ``$filter``; raises the 500 of an unsupported or malformed one."""
    return _Parser(world, entity, text).whole()


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise invalid(f"Syntax error at position {at} in '{text}'.")
        tokens.append(Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return (*tokens, Token("end", ""))


class _Parser:
    def __init__(self, world: World, entity: EntitySet, text: str) -> None:
        self._world = world
        self._entity = entity
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Test:
        """The test of the whole filter; nothing may follow it."""
        test = self._conjunction()
        self._expect("end", "")
        return test

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "word" and token.text in _REFUSED_WORDS:
            raise unsupported(f"The operator '{token.text}' is not supported.")
        return token

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _expect(self, kind: str, text: str) -> None:
        token = self._next()
        if token != (kind, text):
            raise invalid(f"Syntax error near '{token.text}' in '{self._text}'.")

    def _conjunction(self) -> Test:
        tests = [self._term()]
        while self._peek() == ("word", "and"):
            self._next()
            tests.append(self._term())
        return tests[0] if len(tests) == 1 else lambda row: all(t(row) for t in tests)

    def _term(self) -> Test:
        token = self._next()
        if token == ("mark", "("):
            inner = self._conjunction()
            self._expect("mark", ")")
            return inner
        if token.kind != "word":
            raise invalid(f"Syntax error near '{token.text}' in '{self._text}'.")
        return self._function(token.text) if self._peek() == ("mark", "(") else self._comparison(token.text)

    def _function(self, name: str) -> Test:
        if name not in _LIKE and name not in _OR_NULL:
            raise unsupported(f"The function '{name}' is not supported.")
        self._expect("mark", "(")
        operand = self._operand(self._next().text)
        self._expect("mark", ",")
        literal = self._next()
        self._expect("mark", ")")
        if name in _LIKE:
            return self._like(name, operand, literal)
        return self._or_null(operand, self._compare(operand, _OR_NULL[name], literal))

    def _or_null(self, operand: Operand, test: Test) -> Test:
        return lambda row: operand.read(row) is None or test(row)

    def _comparison(self, path: str) -> Test:
        operand = self._operand(path)
        operator = self._next().text
        if operator == "in":
            return self._membership(operand)
        if operator not in ("eq", "ge", "le"):
            raise invalid(f"Syntax error near '{operator}' in '{self._text}'.")
        return self._compare(operand, operator, self._next())

    def _membership(self, operand: Operand) -> Test:
        self._permit(operand, "in")
        self._expect("mark", "(")
        wanted = [self._value(operand, self._next())]
        while self._peek() == ("mark", ","):
            self._next()
            wanted.append(self._value(operand, self._next()))
        self._expect("mark", ")")
        chosen = {_fold(v) for v in wanted}
        return lambda row: _fold(operand.read(row)) in chosen

    def _operand(self, path: str) -> Operand:
        *steps, last = path.split("/")
        entity, hops = self._entity, []
        for step in steps:
            ref = entity.refs.get(step)
            if ref is None or not ref.through:
                raise unsupported(f"Filtering by '{path}' is not supported: '{step}' is not filterable.")
            hops.append(ref)
            entity = schema.SETS[ref.target]
        member = entity.attrs.get(last) or entity.refs.get(last)
        if member is None:
            raise invalid(f"Could not find a property named '{last}' on type '{entity.kind}'.")
        return Operand(last, self._reader(hops, last), member)

    def _reader(self, hops: list[Ref], name: str) -> Reader:
        key = "Id" if name == "Id" else ""

        def own(row: Row | None) -> Any:
            return None if row is None else row.id if key else row[name]

        def read(row: Row) -> Any:
            here: Row | None = row
            for ref in hops:
                here = self._world.store.get(ref.target, here[ref.name]) if here else None
            return own(here)

        return read

    def _permit(self, operand: Operand, operator: str) -> None:
        member = operand.member
        allowed = operator in ("eq", "in") if isinstance(member, Ref) else member.allows(operator)
        if not allowed:
            raise unsupported(f"The attribute '{operand.name}' does not support filtering with '{operator}'.")

    def _compare(self, operand: Operand, operator: str, literal: Token) -> Test:
        self._permit(operand, operator)
        wanted = self._value(operand, literal)
        if operator == "eq":
            folded = _fold(wanted)
            return lambda row: _fold(operand.read(row)) == folded
        if wanted is None:
            raise invalid("Null cannot be compared by order.")
        rank = self._rank(operand.member)
        limit = rank(wanted)
        if operator == "ge":
            return lambda row: (v := operand.read(row)) is not None and rank(v) >= limit
        return lambda row: (v := operand.read(row)) is not None and rank(v) <= limit

    def _rank(self, member: Attr | Ref) -> Callable[[Any], Any]:
        if isinstance(member, Attr) and member.kind == "enum":
            return member.values.index
        if isinstance(member, Attr) and member.kind in ("datetime", "utc", "date"):
            return parse
        return lambda value: value

    def _like(self, name: str, operand: Operand, literal: Token) -> Test:
        needle = _unquote(operand.name, literal).casefold()
        member = operand.member
        if isinstance(member, Attr):
            self._permit(operand, "like")
            if member.kind == "ml" and name != "contains":
                raise unsupported("Multi-language attributes support only the function 'contains'.")
        elif name != "contains":
            raise unsupported("References support only the function 'contains'.")

        def matches(text: str) -> bool:
            return needle in text if name == "contains" else bool(getattr(text, name)(needle))

        return lambda row: any(matches(t.casefold()) for t in self._texts(operand, row))

    def _texts(self, operand: Operand, row: Row) -> list[str]:
        value = operand.read(row)
        if value is None:
            return []
        if isinstance(operand.member, Ref):
            target = self._world.store.get(operand.member.target, value)
            return [self._world.text_of(target)] if target else []
        return list(value.values()) if isinstance(value, dict) else [value]

    def _value(self, operand: Operand, literal: Token) -> Any:
        member = operand.member
        if literal == ("word", "null"):
            return None
        if isinstance(member, Ref):
            return self._reference(member, _unquote(member.name, literal))
        return _attribute_value(self._world, member, literal)

    def _reference(self, ref: Ref, address: str) -> str:
        name, _, rest = address.partition("(")
        key = rest.rstrip(")").lower()
        if name == ref.target and GUID.fullmatch(key):
            return key
        if ref.target == PARTIES and name in schema.PARTY_SETS:
            return key_of(self._world, ref.target, address)
        raise invalid(f"'{address}' is not a reference to {ref.target}.")


def _attribute_value(world: World, attr: Attr, literal: Token) -> Any:
    match attr.kind:
        case "str":
            return _unquote(attr.name, literal)
        case "enum":
            return _enum(attr, _unquote(attr.name, literal))
        case "guid" if literal.kind == "guid":
            return guid(literal.text)
        case "datetime" | "date" if literal.kind == "moment":
            return moment(moment(literal.text)[:10])
        case "utc" if literal.kind == "moment":
            exact = moment(literal.text)
            return moment(exact[:10]) if world.utc_filters_cut else exact
        case "bool" if literal.text in ("true", "false"):
            return literal.text == "true"
        case "int" | "dec" if literal.kind == "number":
            return float(literal.text)
        case _:
            raise _mismatch(attr.name, literal)


def _enum(attr: Attr, text: str) -> str:
    if text not in attr.values:
        raise invalid(f"The string '{text}' is not a valid enumeration value of '{attr.name}'.")
    return text


def _unquote(name: str, literal: Token) -> str:
    if literal.kind != "string":
        raise _mismatch(name, literal)
    return literal.text[1:-1].replace("''", "'")


def _mismatch(name: str, literal: Token) -> ErpError:
    return invalid(f"The literal '{literal.text}' does not fit the type of '{name}'.")


def _fold(value: Any) -> Any:
    # The usual SQL Server collations compare text without regard to case (erpnet.md §14).
    return value.casefold() if isinstance(value, str) else value
