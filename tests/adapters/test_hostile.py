"""Hostile input: whatever JSON either side sends becomes a value or a parked item, and can be stored and decided.

From the contracts' shapes with wrong types, huge strings, control characters, lone surrogates and absurd dates. All
of it comes as the bytes of an answer, for that is where half characters are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.parse import read_activity, read_change, read_deletion
from adapters.graph.parse import parse_event
from adapters.graph.wire import ACTIVITY_PROPERTY, usable_id
from adapters.graph.write import request_of
from adapters.http import read_json
from adapters.store.codec import decode, encode
from sync_core.content.base import seal
from sync_core.model.decision import Decision
from sync_core.model.link import Link
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side
from sync_core.model.writes import RemoveEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import new_link
from tests.support.budget import budget
from tests.support.hostile import EVENT, GUID, ROW, VALUES
from tests.support.samples import a_case, a_context


def mangled(valid: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The valid shape with some fields dropped and some replaced, nested ones too."""
    names = st.sampled_from(sorted(valid))
    groups = {name: part for name, part in valid.items() if isinstance(part, dict)}
    nested = {k: st.dictionaries(st.sampled_from(sorted(part)), VALUES, max_size=2) for k, part in groups.items()}

    def build(dropped: list[str], changed: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        item = {k: v for k, v in valid.items() if k not in dropped} | changed
        for name, part in inner.items():
            if isinstance(item.get(name), dict):
                item[name] = {**item[name], **part}
        return item

    return st.builds(
        build,
        st.lists(names, max_size=2),
        st.dictionaries(names, VALUES, max_size=3),
        st.fixed_dictionaries({}, optional=nested),
    )


def arrived(value: Any, *, is_escaped: bool = True) -> Any:
    """What is read of an answer that says this."""
    return read_json(json.dumps(value, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass"))


def digest(item: GraphEvent | ErpActivity) -> Decision:
    """A value that was understood can be decided on, whatever is in it."""
    case = a_case(item, None) if isinstance(item, GraphEvent) else a_case(None, item)
    return decide(case, a_context())


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(EVENT))
def test_any_graph_event_is_understood_or_parked(item: dict[str, Any]) -> None:
    """Parsing never raises; what was understood can be decided."""
    parsed = parse_event(arrived(item))

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.GRAPH
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(ROW))
def test_any_activity_is_understood_or_parked(row: dict[str, Any]) -> None:
    """The same for ERP.net's rows, and for the pull's."""
    row = arrived(row)
    parsed = read_activity(row)
    read_change(row)
    read_deletion({"EntityItemId": row.get("Id"), "LastUpdateTimeUtc": row.get("EndTime")})

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.ERP
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(60, 200), deadline=None)
@given(mangled(EVENT), mangled(ROW))
def test_any_pair_can_be_remembered(item: dict[str, Any], row: dict[str, Any]) -> None:
    """A link of whatever was understood is stored and read back the same."""
    event, activity = parse_event(arrived(item)), read_activity(arrived(row))
    if isinstance(event, Malformed) or isinstance(activity, Malformed):
        return
    link = seal(new_link(event, activity, Side.GRAPH, a_context()))

    assert decode(encode(link), Link) == link
    assert isinstance(json.dumps(msgspec.to_builtins(link)), str)


WHOLE_EVENT: dict[str, Any] = EVENT | {
    "changeKey": "abc==",
    "seriesMasterId": "AAMk/+m=",
    "transactionId": "ABCD",
    "responseStatus": {"response": "accepted", "time": "2026-01-19T08:00:00Z"},
    "singleValueExtendedProperties": [{"id": ACTIVITY_PROPERTY, "value": GUID}],
    "attendees": [
        {
            "emailAddress": {"address": "ben@acme.example", "name": "Ben"},
            "type": "required",
            "status": {"response": "accepted", "time": "2026-01-19T08:00:00Z"},
        }
    ],
}
WHOLE_ROW: dict[str, Any] = ROW | {
    "CreationTime": "2026-01-25T08:00:00Z",
    "ExternalId": "040000008200E000",
    "ExternalSystem": "MSSYNC",
    "Participants": [{"Id": GUID, "Email": "ben@acme.example", "Notes": "Accepted"}],
}
"""Every field that is read."""

BROKEN = (
    "\ud800",
    "\udc00",
    "\ude00\ud83d",
    "\x00",
    "\r\nX: y",
    "\t",
    "\x1b[31m",
    "\x7f\x85",
    "\u2028\u202e",
    "\ufffe\uffff",
    "..",
    "?#%2F",
)

Place = tuple[str | int, ...]


def texts_in(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where texts stand in a JSON value."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts_in(part, (*place, name))


def spoilt(value: Any, place: Place, text: str) -> Any:
    """The value with another text in this place."""
    if not place:
        return text
    copy = value.copy()
    copy[place[0]] = spoilt(value[place[0]], place[1:], text)
    return copy


def spoilt_in_any_way(valid: dict[str, Any], place: Place) -> Iterator[Any]:
    """The item as it arrives with each broken text in this place, alone and behind what belongs there."""
    usual = valid
    for step in place:
        usual = usual[step]  # type: ignore[index] # a place of this very value
    for text in BROKEN:
        for words in (text, f"{usual}{text}", f"{text}{usual}"):
            for is_escaped in (True, False):
                yield arrived(spoilt(valid, place, words), is_escaped=is_escaped)


def check_stored(value: GraphEvent | ErpActivity | Malformed) -> None:
    """It is stored and read back the same."""
    assert decode(encode(value), type(value)) == value


def named(place: Place) -> str:
    """The place as the name of a test."""
    return ".".join(map(str, place))


@pytest.mark.parametrize("place", list(texts_in(WHOLE_EVENT)), ids=named)
def test_any_text_of_an_event_is_stored_and_asked_for_again(place: Place) -> None:
    """Half and control characters anywhere: it is stored, and a request for it is one, or it is set aside."""
    activity = read_activity(ROW)
    assert isinstance(activity, ErpActivity)
    for item in spoilt_in_any_way(WHOLE_EVENT, place):
        event = parse_event(item)
        check_stored(event)
        if isinstance(event, GraphEvent):
            link = seal(new_link(event, activity, Side.GRAPH, a_context()))
            assert decode(encode(link), Link) == link
            request = request_of("anna", RemoveEvent(event.id, event.change_key))
            assert re.fullmatch(r"/users/anna/events/(?!\.{1,2}$)[\w.~%-]+", request.path, re.ASCII)
            assert re.fullmatch(r"[ -~]*", "".join(request.all_headers().values()))


@pytest.mark.parametrize("found", ["", ".", "..", "a b", "a\r\nX: y", "\x00", "a\n", "я", "\ufffd", None, 7, []])
def test_an_id_that_no_path_can_carry_is_none(found: object) -> None:
    """Of an event, a user or a subscription: nothing is asked for under it."""
    assert usable_id(found) == ""


@pytest.mark.parametrize("ident", ["...", ".a", "AAMk/+a=", "AAkALg-_==", "'or'", "?#%"])
def test_other_ids_are_taken_as_they_are(ident: str) -> None:
    """They are opaque; what a path gives a meaning is quoted."""
    assert usable_id(ident) == ident


@pytest.mark.parametrize("place", list(texts_in(WHOLE_ROW)), ids=named)
def test_any_text_of_an_activity_is_stored_and_asked_for_again(place: Place) -> None:
    """The same for ERP.net's rows, whose ids are guids or none."""
    event = parse_event(EVENT)
    assert isinstance(event, GraphEvent)
    for row in spoilt_in_any_way(WHOLE_ROW, place):
        activity = read_activity(row)
        check_stored(activity)
        if isinstance(activity, ErpActivity):
            link = seal(new_link(event, activity, Side.ERP, a_context()))
            assert decode(encode(link), Link) == link
            guids = [activity.id, *(one.id for one in activity.participants)]
            assert set("".join(guids)) <= set("0123456789abcdef-")


ANY_TEXT = st.text(st.characters(), max_size=9)
"""Of any characters, halves of some included."""

JSON = st.recursive(
    st.none() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
)


@given(JSON, st.booleans())
def test_any_answer_is_read_without_halves_of_characters(value: Any, is_escaped: bool) -> None:
    """What is read can be stored and sent; whole texts come as they are."""
    found = arrived(value, is_escaped=is_escaped)

    msgspec.json.encode(found)
    if not re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
        assert found == value


NO_JSON = {
    "nothing": b"",
    "cut off": b"{",
    "no UTF-8": b'"\xff"',
    "nested without end": b"[" * 100_000,
    "a number of no sane length": b"1" * 5_000,
}


@pytest.mark.parametrize("kind", NO_JSON)
def test_what_is_no_json_is_the_error_that_callers_expect(kind: str) -> None:
    """Whatever Python itself would raise."""
    with pytest.raises(ValueError, match=r"\w"):
        read_json(NO_JSON[kind])


def test_every_answer_is_read_in_one_place() -> None:
    """No adapter has a JSON reader of its own, or half characters would come in there."""
    adapters = Path(__file__).resolve().parents[2] / "adapters"
    outside = [path for path in adapters.rglob("*.py") if path.parent.name != "store"]

    reading = [path.name for path in outside if re.search(r"json\.(loads?|decode)\(|\.json\(", path.read_text())]

    assert reading == ["http.py"]
