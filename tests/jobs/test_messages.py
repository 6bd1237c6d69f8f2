"""The messages of the work queue: read as they were written, by this build or the one before, or refused in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.command import new_id
from jobs.messages import (
    Asked,
    Call,
    Forget,
    MessageRefused,
    Order,
    Pull,
    Renew,
    Round,
    merged,
    parse,
    read_call,
    write,
)

AT = datetime(2026, 1, 25, 8, tzinfo=UTC)

FROZEN: dict[str, Order] = {
    '{"kind": "pull"}': Pull(),
    '{"kind": "pull", "asked_at": "2026-01-25T08:00:00+00:00"}': Pull(AT),
    '{"kind": "pull", "asked_at": "2026-01-25T08:00:00+00:00", "waits": 2, "ticket": "a1b2c3d4e5f6"}': Pull(
        AT, 2, "a1b2c3d4e5f6"
    ),
    '{"kind": "round", "user": "u"}': Round("u"),
    '{"kind": "round", "user": "u", "full": true}': Round("u", full=True),
    '{"kind": "round", "user": "u", "look": true, "ticket": "a1b2c3d4e5f6"}': Round(
        "u", look=True, ticket="a1b2c3d4e5f6"
    ),
    '{"kind": "round", "user": "u", "full": true, "tries": 3, "waits": 1}': Round("u", full=True, tries=3, waits=1),
    '{"kind": "asked", "command": "z6aq0tn-e1f9f8e02a02"}': Asked("z6aq0tn-e1f9f8e02a02"),
    '{"kind": "asked", "command": "z6aq0tn-e1f9f8e02a02", "calls": true, "waits": 1, "ticket": "t"}': Asked(
        "z6aq0tn-e1f9f8e02a02", True, 1, "t"
    ),
    '{"kind": "command", "do": "renew", "user": "u"}': Renew("u"),
    '{"kind": "command", "do": "forget", "user": "u"}': Forget("u"),
    '{"kind": "command", "do": "forget", "user": "u", "asked_at": "2026-01-25T08:00:00+00:00"}': Forget("u", AT),
}
"""Messages as they lay in the queue before an order was a value of its own. What is here stays readable."""

_ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=_ZONES)  # noqa: DTZ001 - given zones
_COUNTS = st.integers(min_value=0)
_USERS = st.text(min_size=1)
_PULLS = st.builds(Pull, st.none() | _INSTANTS, _COUNTS, st.text())
_ROUNDS = st.builds(Round, _USERS, st.booleans(), st.booleans(), _COUNTS, _COUNTS, st.text())
_COMMANDS = st.builds(new_id, _INSTANTS)
_ASKED = st.builds(Asked, _COMMANDS, st.booleans(), _COUNTS, st.text())
_ORDERS = _PULLS | _ROUNDS | _ASKED | st.builds(Renew, _USERS) | st.builds(Forget, _USERS, st.none() | _INSTANTS)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_NAMES = st.sampled_from(["kind", "do", "user", "full", "look", "tries", "waits", "ticket", "asked_at", "else"])
_WORDS = st.sampled_from(["pull", "round", "command", "renew", "forget", "u", "2026-01-25", "2026-01-25T08:00:00Z"])
_ALMOST = st.dictionaries(_NAMES, _WORDS | _JSON)
"""Objects that look like messages, with any nonsense in their details."""


@pytest.mark.parametrize("body", FROZEN)
def test_what_lay_in_the_queue_is_read(body: str) -> None:
    """A message of the build before this one asks for what it always asked for, and is written in the same words."""
    assert FROZEN[body] == parse(body)
    assert json.loads(body) == write(FROZEN[body])


@given(_ORDERS)
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    """Through the queue and back an order is the same."""
    assert order == parse(json.dumps(write(order)))


@given(st.binary() | st.text() | _JSON.map(json.dumps) | _ALMOST.map(json.dumps))
def test_garbage_is_refused_in_words(body: bytes | str) -> None:
    """Whatever lies in the queue is refused, or an order that reads the same when written anew."""
    try:
        order = parse(body)
    except MessageRefused as refused:
        assert str(refused).startswith("a message ")  # noqa: PT017 - both ends are right
    else:
        assert order == parse(json.dumps(write(order)))


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, "of a kind"),
        ({"kind": "dance"}, "of a kind"),
        ({"kind": ["pull"]}, "'kind' is not text"),
        ({"kind": "round"}, "'user' is not anybody"),
        ({"kind": "round", "user": "u", "full": 1}, "'full' is not true or false"),
        ({"kind": "round", "user": "u", "tries": True}, "'tries' is not a count"),
        ({"kind": "round", "user": "u", "waits": -1}, "'waits' is not a count"),
        ({"kind": "pull", "asked_at": "soon"}, "'asked_at' is not an instant"),
        ({"kind": "pull", "asked_at": "2026-01-25T08:00"}, "'asked_at' is not an instant with a zone"),
        ({"kind": "asked"}, "'command' is not the id of one"),
        ({"kind": "asked", "command": "../z6aq0tn-e1f9f8e0"}, "'command' is not the id of one"),
        ({"kind": "command", "do": "dance", "user": "u"}, "with a command"),
        ({"kind": "command", "do": "renew"}, "'user' is not anybody"),
    ],
)
def test_a_refusal_names_what_is_wrong(message: dict[str, Any], why: str) -> None:
    """The text says which detail is wrong and nothing of what stands in it: it goes to the log."""
    with pytest.raises(MessageRefused, match=why):
        parse(json.dumps(message))


def test_a_detail_of_a_newer_build_is_passed_over() -> None:
    """During an update the older build does what it understands of a message."""
    assert parse('{"kind": "round", "user": "u", "colour": "red"}') == Round("u")


@pytest.mark.parametrize(
    ("message", "order"),
    [
        (None, None),
        ({"kind": "dance"}, None),
        (write(Forget("u")), None),
        (write(Round("u", full=True)), Round("u", full=True)),
        (write(Pull(AT)), Pull(AT)),
    ],
)
def test_a_row_of_the_line_holds_a_call_or_nothing(
    message: dict[str, str | bool | int] | None, order: Call | None
) -> None:
    """Only what needs ERP.net's session stands in line; a row that says anything else asks for nothing."""
    assert order == read_call(message)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Round("u"), Round("u", full=True), Round("u", full=True)),
        (Round("u", look=True), Round("u", look=True), Round("u", look=True)),
        (Round("u", look=True), Round("u"), Round("u")),
        (Round("u", tries=3, waits=1), Round("u", tries=1, waits=2, ticket="t"), Round("u", tries=3, waits=2)),
        (Pull(), Pull(AT), Pull(AT)),
        (Pull(AT, 2, "t"), Pull(AT - timedelta(hours=1), 1), Pull(AT, 2)),
        (Pull(), Round("u"), None),
        (None, Round("u"), None),
    ],
)
def test_two_orders_about_the_same_thing_become_one(one: Call, other: Call, both: Call | None) -> None:
    """It asks for all that both ask for, whichever came first, and bears no ticket."""
    assert both == merged(one, other) == merged(other, one)
