"""Parses OData options of event reads: ``$filter``, ``$orderby``, ``$select``, ``$expand``, ``$top`` and ``$skip``.

graph.md §4 and §7.  What the stand-in does not understand is refused, never ignored.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from simulators.graph import ids, inbound, outbound, zones
from simulators.graph.calls import Answer, Call
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.model import Occurrence, slots
from simulators.graph.outbound import View

Json = dict[str, Any]
Test = Callable[[Occurrence], bool]

PAGE, LARGEST_PAGE = 10, 1000
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}  # fmt: skip

_FIELDS: dict[str, Callable[[Occurrence], Any]] = {
    "iCalUId": outbound.uid_of,
    "uid": lambda here: ids.series_uid(here.item.ical_uid),
    "subject": lambda here: here.content.subject,
    "start/dateTime": lambda here: here.content.start,
    "end/dateTime": lambda here: here.content.end,
    "createdDateTime": outbound.created_at,
    "lastModifiedDateTime": outbound.modified_at,
    "isAllDay": lambda here: here.content.is_all_day,
    "isCancelled": lambda here: here.content.is_cancelled,
    "isOrganizer": lambda here: here.item.is_organizer,
    "sensitivity": lambda here: here.content.sensitivity,
    "importance": lambda here: here.content.importance,
    "showAs": lambda here: here.content.show_as,
    "type": outbound.kind_of,
}
_INSTANTS = frozenset(name for name in _FIELDS if name.endswith("ateTime"))

_COMPARE = re.compile(r"([\w/]+) (eq|ne|ge|gt|le|lt) (?:'((?:[^']|'')*)'|([\w:.+\-]+))")
_STARTS = re.compile(r"startswith\(subject,\s*'((?:[^']|'')*)'\)")
_CATEGORY = re.compile(r"categories/any\((\w+):\s*\1 eq '((?:[^']|'')*)'\)")
_ANY = re.compile(r"singleValueExtendedProperties/[Aa]ny\((\w+):\s*(.+)\)")
_ANY_ID = re.compile(r"\w+/id eq '((?:[^']|'')*)'")
_ANY_VALUE = re.compile(r"\w+/value (eq|ne) '((?:[^']|'')*)'|(contains|startswith)\(\w+/value,\s*'((?:[^']|'')*)'\)")
_EXPAND_PROPERTIES = re.compile(r"singleValueExtendedProperties\(\$filter=(.+)\)")

_VALUE_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "contains": operator.contains,
    "startswith": str.startswith,
}


def filter_test(text: str) -> Test:
    """The predicate of a ``$filter``; 400 ``ErrorInvalidUrlQueryFilter`` for what is not filterable."""
    tests = [_clause(part) for part in _split(text, " and ")]
    return lambda here: all(test(here) for test in tests)


def _clause(text: str) -> Test:
    if found := _COMPARE.fullmatch(text):
        return _comparison(*found.groups())
    if found := _STARTS.fullmatch(text):
        prefix = _literal(found[1]).lower()
        return lambda here: here.content.subject.lower().startswith(prefix)
    if found := _CATEGORY.fullmatch(text):
        name = _literal(found[2])
        return lambda here: name in here.content.categories
    if found := _ANY.fullmatch(text):
        return _property_test(found[2])
    raise _not_filterable(text)


def _comparison(name: str, operation: str, quoted: str | None, plain: str | None) -> Test:
    value_of = _FIELDS.get(name)
    if value_of is None:
        raise _not_filterable(name)
    wanted: Any = _literal(quoted) if quoted is not None else plain
    if name in _INSTANTS:
        wanted = zones.parse_instant(str(wanted))
    elif plain is not None:
        wanted = {"true": True, "false": False}.get(plain, plain)
    compare = _OPERATORS[operation]
    return lambda here: compare(value_of(here), wanted)


def _property_test(text: str) -> Test:
    key, value_test = "", None
    for part in _split(text, " and "):
        if found := _ANY_ID.fullmatch(part):
            key = inbound.property_key(_literal(found[1]))
        elif found := _ANY_VALUE.fullmatch(part):
            value_test = (_VALUE_TESTS[found[1] or found[3]], _literal(found[2] or found[4] or "").lower())
        else:
            raise _not_filterable(part)
    if not key or value_test is None:
        raise _not_filterable(text)
    test, wanted = value_test
    return lambda here: key in here.item.properties and test(here.item.properties[key].lower(), wanted)


def _not_filterable(text: str) -> GraphError:
    return bad_request("ErrorInvalidUrlQueryFilter", f"The query filter contains one or more invalid nodes: {text}")


def _literal(text: str) -> str:
    return text.replace("''", "'")


def _split(text: str, separator: str) -> list[str]:
    """Split outside quotes and parentheses."""
    parts, depth, quoted, begin, at = [], 0, False, 0, 0
    while at < len(text):
        character = text[at]
        quoted ^= character == "'"
        depth += 0 if quoted else (character == "(") - (character == ")")
        if not quoted and depth == 0 and text.startswith(separator, at):
            parts.append(text[begin:at].strip())
            at = begin = at + len(separator)
            continue
        at += 1
    return [*parts, text[begin:].strip()]


def ordered(places: list[Occurrence], text: str) -> list[Occurrence]:
    """The places in ``$orderby`` order; by start when none is given."""
    for clause in reversed((text or "start/dateTime").split(",")):
        name, _, direction = clause.strip().partition(" ")
        value_of = _FIELDS.get(name)
        if value_of is None or direction not in ("", "asc", "desc"):
            raise bad_request("ErrorInvalidUrlQuery", f"The query option '$orderby={text}' is not supported.")
        places = sorted(places, key=value_of, reverse=direction == "desc")
    return places


@dataclass(frozen=True)
class Shape:
    """What of an event is shown: ``$select`` and ``$expand`` taken apart; ``base`` is where lists go on."""

    select: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    exceptions: bool = False
    base: str = ""

    def show(self, here: Occurrence, view: View) -> Json:
        """The event in this shape."""
        event = self._selected(here, view)
        if self.properties and (found := outbound.properties(here.item, self.properties)):
            event["singleValueExtendedProperties"] = found
        if self.exceptions:
            event |= self._exceptions(here, view)
        return event

    def _selected(self, here: Occurrence, view: View) -> Json:
        event = outbound.full(here, view)
        if not self.select:
            return event
        wanted = {"@odata.etag", "id", *self.select}
        if "isOnlineMeeting" not in wanted:
            wanted.discard("onlineMeeting")
        return {name: value for name, value in (event | outbound.optional(here, view)).items() if name in wanted}

    def _exceptions(self, here: Occurrence, view: View) -> Json:
        """The first exceptions of a series with the selected fields, and where the others are."""
        places = exceptions(here)
        shown: Json = {"exceptionOccurrences": [self._selected(one, view) for one in places[:PAGE]]}
        if len(places) > PAGE:
            select = f"$select={','.join(self.select)}&" if self.select else ""
            path = f"users/{here.item.mailbox.id}/events/{view.id_of(here)}/exceptionOccurrences"
            shown["exceptionOccurrences@odata.nextLink"] = f"{self.base}/v1.0/{path}?{select}$skip={PAGE}"
        return shown


def exceptions(here: Occurrence) -> list[Occurrence]:
    """The changed dates of a series in their order; of anything else none."""
    return [Occurrence(here.item, slot) for slot in sorted(here.item.exceptions)] if here.slot is None else []


_OPTIONAL = frozenset(("transactionId", "seriesMasterId", "exceptionOccurrences"))


def shape(call: Call, *, view_only: bool = False) -> Shape:
    """Read ``$select`` and ``$expand``; ``view_only`` is calendarView, which cannot select the two times."""
    select = tuple(name.strip() for name in call.query.get("$select", "").split(",") if name.strip())
    for name in select:
        if view_only and name in ("createdDateTime", "lastModifiedDateTime"):
            raise bad_request("ErrorInvalidUrlQuery", f"The property '{name}' cannot be selected in a calendar view.")
        if name not in _OPTIONAL and name not in inbound.KNOWN:
            raise bad_request(
                "RequestBroker--ParseUri",
                f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.Event'.",
            )
    expand = call.query.get("$expand", "")
    found = Shape(select=select, base=call.origin)
    for part in _split(expand, ",") if expand else ():
        if part == "exceptionOccurrences":
            found = replace(found, exceptions=True)
        elif match := _EXPAND_PROPERTIES.fullmatch(part):
            found = replace(found, properties=tuple(_property_keys(match[1])))
        else:
            raise bad_request("ErrorInvalidUrlQuery", f"The query option '$expand={part}' is not supported.")
    return found


def _property_keys(text: str) -> Iterable[str]:
    for part in _split(text, " or "):
        match = re.fullmatch(r"id eq '((?:[^']|'')*)'", part)
        if match is None:
            raise _not_filterable(part)
        yield inbound.property_key(_literal(match[1]))


def paged(call: Call, places: list[Occurrence], look: Shape) -> Answer:
    """One page of a list: filtered, ordered, cut by ``$top`` and ``$skip``; not a snapshot."""
    query = call.query
    if "$filter" in query:
        places = list(filter(filter_test(query["$filter"]), places))
    places = ordered(places, query.get("$orderby", ""))
    size, skip = _size(call), _count(query.get("$skip", "0"), "$skip", 0)
    view = call.view
    answer: Json = {
        "@odata.context": f"{call.origin}/v1.0/$metadata#Collection(event)",
        "value": [look.show(here, view) for here in places[skip : skip + size]],
    }
    if query.get("$count") == "true":
        answer["@odata.count"] = len(places)
    if skip + size < len(places):
        answer["@odata.nextLink"] = call.link({**query, "$skip": str(skip + size)})
    return Answer(200, answer)


def _size(call: Call) -> int:
    if "$top" in call.query:
        return _count(call.query["$top"], "$top", 1)
    return min(call.page_size or PAGE, LARGEST_PAGE)


def _count(text: str, name: str, least: int) -> int:
    if not text.isdigit() or int(text) < least or (name == "$top" and int(text) > LARGEST_PAGE):
        raise bad_request("ErrorInvalidUrlQuery", f"The value '{text}' of the query option '{name}' is invalid.")
    return int(text)


def expanded(places: Iterable[Occurrence], start: Any, end: Any) -> list[Occurrence]:
    """What a calendar view shows of stored events: singles and the dates of series, no masters."""
    shown: list[Occurrence] = []
    for here in places:
        if here.item.is_master:
            shown += slots(here.item, start, end)
        elif here.item.content.overlaps(start, end):
            shown.append(here)
    return shown
