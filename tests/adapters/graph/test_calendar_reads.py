"""Reads, request by request: delta rounds, views, marks, ids, evidence, probes, people."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.graph import ACTIVITY_PROPERTY, GraphCalendar
from jobs.ports import Mailbox
from sync_core.errors import (
    AppRefused,
    CursorExpired,
    EndlessRead,
    ForeignHost,
    MailboxUnavailable,
    SideUnavailable,
)
from sync_core.model.decision import Sight
from sync_core.model.sides import Evidence, GraphEvent, Malformed, Side, Whereabouts
from sync_core.plan.delete import judge_gone
from tests.adapters.conftest import Pauses
from tests.adapters.graph.conftest import SPAN
from tests.support.scripted import Say
from tests.support.scripted_graph import (
    PREFER,
    PREFER_HTML,
    ScriptedGraph,
    graph_batch_answer,
    graph_event,
    graph_fault,
    marked,
    page_answer,
)

DELTA = "/users/U/calendarView/delta"
FIRST = f"GET {DELTA}?startDateTime=2026-01-24T00:00:00Z&endDateTime=2026-03-29T00:00:00Z"
EXPAND = f"$expand=singleValueExtendedProperties($filter=id eq '{ACTIVITY_PROPERTY}')"
GONE = graph_fault(404, "ErrorItemNotFound")


def ids(events: Any) -> list[str]:
    """The ids of events, in order."""
    return [one.id for one in events]


async def test_a_round_is_read_to_its_last_page(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Empty pages are passed, links are followed as they come, the delta link is the last page's."""
    link = f"{server.url}{DELTA}?%24skiptoken=a%2Fb"
    server.say(
        page_answer(next=link),
        page_answer(graph_event("E1"), next=link + "2"),
        page_answer(graph_event("E2"), next=link + "3"),
    )
    server.say(page_answer(delta=f"{server.url}{DELTA}?$deltatoken=d"))

    reading = await calendar.read_changes("U", None, SPAN)

    assert ids(reading.events) == ["E1", "E2"]
    assert reading.delta_link == f"{server.url}{DELTA}?$deltatoken=d"
    assert server.lines[0] == FIRST
    assert server.heard[1].target == f"/v1.0{DELTA}?%24skiptoken=a%2Fb"
    assert {one.headers["prefer"] for one in server.heard} == {f"{PREFER}, odata.maxpagesize=50"}


async def test_a_later_round_starts_at_its_link(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The window and everything else live in the link."""
    server.say(page_answer(delta=f"{server.url}{DELTA}?$deltatoken=e"))

    reading = await calendar.read_changes("U", f"{server.url}{DELTA}?$deltatoken=d", SPAN)

    assert (reading.events, reading.delta_link) == ((), f"{server.url}{DELTA}?$deltatoken=e")
    assert server.lines == [f"GET {DELTA}?$deltatoken=d"]


async def test_the_later_delivery_of_an_id_wins(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Items repeat within a round; removed-then-there is there, there-then-removed is removed."""
    gone = {"id": "E1", "@removed": {"reason": "deleted"}}
    back = {"id": "E2", "@removed": {"reason": "deleted"}}
    server.say(page_answer(graph_event("E1"), back, graph_event("E3"), next=f"{server.url}{DELTA}?$skiptoken=1"))
    server.say(
        page_answer(gone, graph_event("E2"), graph_event("E3", subject="Later"), delta=f"{server.url}{DELTA}?d")
    )

    reading = await calendar.read_changes("U", None, SPAN)

    assert reading.removed == {"E1"}
    assert {one.id: one.content.subject for one in reading.events} == {"E2": "Meeting E2", "E3": "Later"}


async def test_bare_occurrences_are_left_out(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A row without content is neither an event nor a mistake."""
    bare = {
        "id": "O1",
        "type": "occurrence",
        "seriesMasterId": "M",
        "start": {"dateTime": "2026-02-02T08:00:00.0000000", "timeZone": "UTC"},
    }
    rows = (
        graph_event("M", type="seriesMaster"),
        bare,
        {**bare, "id": "O2"},
        bare,
        graph_event("X", type="exception"),
    )
    server.say(page_answer(*rows, delta=f"{server.url}{DELTA}?d"))

    reading = await calendar.read_changes("U", None, SPAN)

    assert (ids(reading.events), reading.removed, reading.malformed) == (["M", "X"], frozenset(), ())


async def test_one_malformed_item_does_not_stop_the_read(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """It is listed with its id, as far as it has one."""
    server.say(page_answer(graph_event("E1", start=None), 7, graph_event("E2"), delta=f"{server.url}{DELTA}?d"))

    reading = await calendar.read_changes("U", None, SPAN)

    assert ids(reading.events) == ["E2"]
    assert {(one.id, one.reason) for one in reading.malformed} == {
        ("", "the item is no object (7)"),
        ("E1", "'start' is missing"),
    }


@pytest.mark.parametrize(
    "answer",
    [
        graph_fault(410, "SyncStateNotFound"),
        Say(status=410, headers={"Location": "/v1.0/elsewhere"}),
        graph_fault(400, "SyncStateInvalid"),
        graph_fault(404, "syncStateNotFound"),
        graph_fault(400, "BadRequest", innererror={"code": "resyncRequired"}),
    ],
)
@pytest.mark.parametrize("pages", [0, 1])
async def test_an_expired_link_is_told_apart(
    server: ScriptedGraph, calendar: GraphCalendar, answer: Say, pages: int
) -> None:
    """Every way of saying it, on the delta link and in the middle of a round."""
    server.say(*[page_answer(graph_event(), next=f"{server.url}{DELTA}?$skiptoken=1")] * pages, answer)

    with pytest.raises(CursorExpired):
        await calendar.read_changes("U", f"{server.url}{DELTA}?$deltatoken=d", SPAN)

    assert len(server.heard) == pages + 1


async def test_an_endless_round_is_read_again_without_a_page_size(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """The same rows behind changing links end the attempt; the page size is what sets it off."""
    loop = [page_answer(graph_event(), next=f"{server.url}{DELTA}?$skiptoken={number}") for number in range(2)]
    server.say(*loop, page_answer(graph_event(), delta=f"{server.url}{DELTA}?d"))

    assert ids((await calendar.read_changes("U", None, SPAN)).events) == ["E1"]
    assert [one.headers["prefer"] for one in server.heard] == [f"{PREFER}, odata.maxpagesize=50"] * 2 + [PREFER]


async def test_a_round_that_never_ends_is_given_up(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Ever new empty pages run into the cap, twice."""
    server.say(*[page_answer(next=f"{server.url}{DELTA}?$skiptoken={number}") for number in range(10)])

    with pytest.raises(EndlessRead):
        await calendar.read_changes("U", None, SPAN)

    assert len(server.heard) == 10


async def test_a_next_link_to_another_host_is_not_followed(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Not even in the middle of a round."""
    server.say(page_answer(graph_event(), next="https://graph.microsoft.evil/v1.0/x"))

    with pytest.raises(ForeignHost):
        await calendar.read_changes("U", None, SPAN)

    assert len(server.heard) == 1


async def test_a_round_without_a_delta_link_is_not_believed(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A cut-off read must not look complete."""
    server.say(page_answer(graph_event()))

    with pytest.raises(SideUnavailable, match="without a delta link"):
        await calendar.read_changes("U", None, SPAN)


async def test_a_page_that_is_no_page_is_trouble(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """200 with something else in it is not an empty calendar."""
    server.say(Say("<html>"))

    with pytest.raises(SideUnavailable):
        await calendar.read_changes("U", None, SPAN)


async def test_a_view_is_read_in_full_with_marks(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Pages follow their links; the mark is asked for."""
    server.say(page_answer(marked("E1", "A1", ACTIVITY_PROPERTY), next=f"{server.url}/users/U/calendarView?$skip=50"))
    server.say(page_answer(graph_event("E2"), graph_event("E1", subject="Again")))

    reading = await calendar.read_view("U", SPAN)

    assert {one.id: one.mark for one in reading.events} == {"E1": None, "E2": None}
    assert reading.delta_link is None
    window = "startDateTime=2026-01-24T00:00:00Z&endDateTime=2026-03-29T00:00:00Z"
    assert server.lines == [
        f"GET /users/U/calendarView?{window}&{EXPAND}&$top=50",
        "GET /users/U/calendarView?$skip=50",
    ]


async def test_marked_events_are_found_by_their_property(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Any value but the empty one counts, at any time."""
    server.say(page_answer(marked("E1", "A1", ACTIVITY_PROPERTY)))

    reading = await calendar.read_marked("U")

    assert [(one.id, one.mark) for one in reading.events] == [("E1", "A1")]
    clause = f"singleValueExtendedProperties/Any(ep: ep/id eq '{ACTIVITY_PROPERTY}' and ep/value ne '')"
    assert server.lines == [f"GET /users/U/events?$filter={clause}&{EXPAND}&$top=50"]


async def test_events_of_activities_are_looked_up_in_one_batch(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """One filter for each activity, quotes doubled; no hit is an empty list."""
    server.say(
        graph_batch_answer(page_answer(marked("E1", "a1", ACTIVITY_PROPERTY, transactionId="tx")), page_answer())
    )

    found = await calendar.find_marked("U", ["A1", "o'x"])

    assert {key: [(one.id, one.transaction_id) for one in events] for key, events in found.items()} == {
        "A1": [("E1", "tx")],
        "o'x": [],
    }
    clauses = [
        f"singleValueExtendedProperties/Any(ep: ep/id eq '{ACTIVITY_PROPERTY}' and ep/value eq '{value}')"
        for value in ("A1", "o''x")
    ]
    assert server.heard[0].parts == [f"GET /users/U/events?$filter={clause}&{EXPAND}" for clause in clauses]


async def test_events_are_found_by_their_calendar_wide_id(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The iCalUId leads to this mailbox's copy."""
    server.say(page_answer(graph_event("E1")))

    found = await calendar.find_by_uid("U", ["UID-E1"])

    assert ids(found["UID-E1"]) == ["E1"]
    assert server.lines == [f"GET /users/U/events?$filter=iCalUId eq 'UID-E1'&{EXPAND}"]


async def test_one_event_is_read_without_a_batch(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A batch of one would only cost."""
    server.say(Say(graph_event()))

    assert ids((await calendar.read_events("U", ["E1", "E1"])).values()) == ["E1"]
    assert server.lines == ["GET /users/U/events/E1"]


async def test_events_are_read_twenty_at_a_time(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Answers come in any order; 404 is None; what Graph finds malformed is malformed; each part has preferences."""
    wanted = [f"E{number}" for number in range(21)]
    told = [Say(graph_event(key)) for key in wanted[:20]]
    told[3], told[4] = GONE, graph_fault(400, "ErrorInvalidIdMalformed")
    server.say(graph_batch_answer(*told), Say(graph_event("E20")))

    found = await calendar.read_events("U", wanted)

    assert list(found) == wanted
    assert found["E3"] is None
    assert isinstance(found["E4"], Malformed)
    assert all(isinstance(found[key], GraphEvent) for key in wanted[5:])
    assert [one.line for one in server.heard] == ["POST /$batch", "GET /users/U/events/E20"]
    assert server.heard[0].parts == [f"GET /users/U/events/{key}" for key in wanted[:20]]
    assert {one["headers"]["Prefer"] for one in server.heard[0].body["requests"]} == {PREFER}


async def test_only_refused_parts_of_a_batch_are_read_again(
    server: ScriptedGraph, calendar: GraphCalendar, pauses: Pauses
) -> None:
    """Each part is throttled on its own and waits as long as the longest asks; unanswered parts are asked again."""
    slow = Say({"error": {"code": "ApplicationThrottled"}}, 429, {"Retry-After": "2"})
    slower = Say({"error": {"code": "ApplicationThrottled"}}, 429, {"Retry-After": "5"})
    server.say(
        graph_batch_answer(slow, Say(graph_event("E2")), slower, None),
        graph_batch_answer(Say(graph_event("E1")), Say(graph_event("E3")), Say(graph_event("E4"))),
    )

    found = await calendar.read_events("U", ["E1", "E2", "E3", "E4"])

    assert ids(found.values()) == ["E1", "E2", "E3", "E4"]
    assert server.heard[1].parts == [f"GET /users/U/events/{key}" for key in ("E1", "E3", "E4")]
    [pause] = pauses
    assert 5.0 <= pause <= 5.5


@pytest.mark.parametrize(
    ("expected", "part"),
    [
        (MailboxUnavailable, graph_fault(404, "MailboxNotEnabledForRESTAPI")),
    ],
)
async def test_trouble_with_the_mailbox_is_no_news_about_events(
    server: ScriptedGraph, calendar: GraphCalendar, expected: type[Exception], part: Say
) -> None:
    """One part that failed for all the mailbox fails the read: a missing event would be believed."""
    server.say(*[graph_batch_answer(Say(graph_event("E1")), part), *[part] * 3])

    with pytest.raises(expected):
        await calendar.read_events("U", ["E1", "E2"])


NO_ANSWERS = {
    "500": graph_fault(500, "UnknownError"),
    "403 for this one": graph_fault(403, "ErrorAccessDenied"),
    "404 that names nothing": Say({"hello": 1}, 404),
    "a proxy's page": Say("<html>welcome</html>"),
    "an empty body": Say(),
    "a list": Say([1, 2]),
    "a text": Say("hello"),
    "a redirect": Say(status=302, headers={"Location": "/login"}),
    "no status": None,
}


@pytest.mark.parametrize("html", [False, True], ids=["plain", "with-html"])
@pytest.mark.parametrize("kind", NO_ANSWERS)
async def test_an_answer_that_is_none_concerns_its_event_alone(
    server: ScriptedGraph, calendar: GraphCalendar, kind: str, html: bool
) -> None:
    """The event is not gone and not beyond understanding: it is read again; the other one is there."""
    bad = NO_ANSWERS[kind]
    good = [Say(graph_event("E1"))] * (2 if html else 1)
    alone = graph_batch_answer(bad, bad) if html else bad or Say(status=504)
    server.say(graph_batch_answer(*good, *[bad] * len(good)), *[alone] * 5)
    found = await calendar.read_events("U", ["E1", "E2"], html=html)

    assert isinstance(found["E1"], GraphEvent)
    assert isinstance(found["E2"], Malformed)
    assert found["E2"].is_passing


async def test_a_batch_that_failed_as_a_whole_is_no_events_trouble(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """Nothing came of any: the read has failed, and nobody's event waits for that."""
    server.say(*[Say("<html>welcome</html>")] * 4)

    with pytest.raises(SideUnavailable):
        await calendar.read_events("U", ["E1", "E2"])


async def test_html_comes_beside_the_text(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Two representations are two requests, in one batch; the mark comes along."""
    html = {"id": "E1", "@odata.etag": 'W/"E1-1"', "body": {"contentType": "html", "content": "<p>Agenda</p>"}}
    server.say(graph_batch_answer(Say(marked("E1", "A1", ACTIVITY_PROPERTY)), Say(html)))

    found = (await calendar.read_events("U", ["E1"], html=True))["E1"]

    assert isinstance(found, GraphEvent)
    assert (found.content.body, found.html, found.mark) == ("Agenda", "<p>Agenda</p>", "A1")
    assert server.heard[0].parts == [
        f"GET /users/U/events/E1?{EXPAND}",
        "GET /users/U/events/E1?$select=id,body",
    ]
    assert [one["headers"]["Prefer"] for one in server.heard[0].body["requests"]] == [PREFER, PREFER_HTML]


async def test_text_and_html_of_two_versions_are_read_again(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """An edit between the two parts must not mix old HTML with new text."""
    html = {"id": "E1", "@odata.etag": 'W/"E1-1"', "body": {"contentType": "html", "content": "<p>1</p>"}}
    old = graph_event("E1", **{"@odata.etag": 'W/"E1-0"'})
    server.say(graph_batch_answer(Say(old), Say(html)), graph_batch_answer(Say(graph_event("E1")), Say(html)))

    found = (await calendar.read_events("U", ["E1"], html=True))["E1"]

    assert isinstance(found, GraphEvent)
    assert (found.change_key, found.html) == ('W/"E1-1"', "<p>1</p>")


async def test_an_event_that_never_stands_still_is_not_guessed(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """After three readings of two versions the item is set aside."""
    html = {"id": "E1", "@odata.etag": 'W/"x"', "body": {"contentType": "html", "content": "<p>1</p>"}}
    server.say(*[graph_batch_answer(Say(graph_event("E1")), Say(html))] * 3)

    found = await calendar.read_events("U", ["E1"], html=True)

    assert found == {"E1": Malformed(Side.GRAPH, "E1", "the event changes while it is read")}


async def test_a_missing_event_has_no_html(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Both parts say 404."""
    server.say(graph_batch_answer(GONE, GONE))

    assert await calendar.read_events("U", ["E1"], html=True) == {"E1": None}


async def test_evidence_takes_three_batches(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The event, the view over its own span, the calendar it sits in; nothing is asked twice or in vain."""
    server.say(
        graph_batch_answer(GONE, *[Say(graph_event(key)) for key in ("seen", "moved", "binned", "unsure", "broken")]),
        graph_batch_answer(
            page_answer({"id": "seen"}),
            page_answer(),
            page_answer({"id": "other"}),
            page_answer(),
            graph_fault(500, "UnknownError"),
        ),
        *[graph_fault(500, "UnknownError")] * 3,
        graph_batch_answer(Say({"isDefaultCalendar": False}), GONE, Say({"name": "?"})),
    )

    found = await calendar.gather_evidence("U", ["gone", "seen", "moved", "binned", "unsure", "broken"])

    assert found["gone"] == Evidence(None)
    assert {key: (one.in_view, one.where) for key, one in found.items() if key != "gone"} == {
        "seen": (True, Whereabouts.DEFAULT),
        "moved": (False, Whereabouts.OTHER),
        "binned": (False, Whereabouts.NONE),
        "unsure": (False, Whereabouts.UNKNOWN),
        "broken": (None, Whereabouts.UNKNOWN),
    }
    span = "startDateTime=2026-02-01T08:00:00Z&endDateTime=2026-02-03T09:00:00Z"
    assert server.heard[1].parts[0] == f"GET /users/U/calendarView?{span}&$select=id,seriesMasterId&$top=500"
    assert server.heard[-1].parts == [
        f"GET /users/U/events/{key}/calendar?$select=id,isDefaultCalendar" for key in ("moved", "binned", "unsure")
    ]


async def test_the_view_over_an_endless_event_stays_within_limits(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """Graph refuses views beyond 1825 days; the days about the start show the event as well."""
    end = {"dateTime": "2036-02-02T08:00:00.0000000", "timeZone": "UTC"}
    server.say(Say(graph_event("E1", end=end)), page_answer({"id": "E1"}))

    assert (await calendar.gather_evidence("U", ["E1"]))["E1"].in_view is True
    assert "startDateTime=2026-02-01T08:00:00Z&endDateTime=2026-03-05T08:00:00Z" in server.lines[1]


async def test_a_long_view_is_read_on(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """An event on the second page of its view is in view."""
    link = f"{server.url}/users/U/calendarView?$skip=1"
    server.say(
        Say(graph_event("E1")),
        page_answer({"id": "x"}, next=link),
        page_answer({"id": "x"}, next=link),
        page_answer({"id": "E1"}),
    )

    assert (await calendar.gather_evidence("U", ["E1"]))["E1"].in_view is True


async def test_a_series_that_its_span_does_not_show_is_asked_for_its_calendar(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """Views show no masters: an occurrence proves that a series is there; else its calendar tells."""
    masters = [Say(graph_event(key, type="seriesMaster")) for key in ("M1", "M2", "M3")]
    views = page_answer({"id": "O", "seriesMasterId": "M1"}), page_answer(), page_answer()
    server.say(
        graph_batch_answer(*masters),
        graph_batch_answer(*views),
        graph_batch_answer(Say({"isDefaultCalendar": True}), GONE),
    )

    found = await calendar.gather_evidence("U", ["M1", "M2", "M3"])

    assert [found[key].in_view for key in ("M1", "M2", "M3")] == [True, False, False]
    assert [found[key].where for key in ("M2", "M3")] == [Whereabouts.DEFAULT, Whereabouts.NONE]


async def test_a_failed_reading_is_no_evidence(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Where the event itself cannot be read nothing is said about it."""
    server.say(*[graph_fault(500, "UnknownError")] * 4)
    found = (await calendar.gather_evidence("U", ["E1"]))["E1"]

    assert judge_gone(found) is Sight.UNDECIDED


async def test_probes_tell_who_has_news(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """An item or a further page is news, and so is every kind of failure."""
    users = ["quiet", "item", "more", "expired", "odd"]
    links = {user: f"{server.url}/users/{user}/calendarView/delta?$deltatoken={user}" for user in users}
    links["foreign"] = "https://graph.microsoft.evil/v1.0/users/x"
    server.say(
        graph_batch_answer(
            page_answer(delta="d"),
            page_answer(graph_event(), delta="d"),
            page_answer(next="n"),
            graph_fault(410, "SyncStateNotFound"),
            Say({}),
        )
    )

    news = await calendar.has_news(links)

    assert news == {user: user != "quiet" for user in links}
    assert server.lines == ["POST /$batch"]
    assert server.heard[0].parts[0] == "GET /users/quiet/calendarView/delta?$deltatoken=quiet"


async def test_a_user_is_found_with_every_address(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Addresses are lower case, the main one first, other kinds of proxy left out."""
    server.say(
        Say(
            {
                "id": "U",
                "userPrincipalName": "Ann@acme.bg",
                "mail": "Ann@acme.bg",
                "displayName": "Ann",
                "accountEnabled": True,
                "proxyAddresses": ["smtp:a.petrova@acme.bg", "SMTP:Ann@acme.bg", "SIP:ann@acme.bg", None],
            }
        )
    )

    found = await calendar.find_user("Ann@acme.bg")

    addresses = ("ann@acme.bg", "a.petrova@acme.bg")
    assert found == Mailbox("U", "Ann@acme.bg", "Ann@acme.bg", "Ann", True, addresses)
    fields = "id,userPrincipalName,mail,displayName,accountEnabled,proxyAddresses"
    assert server.lines == [f"GET /users/Ann@acme.bg?$select={fields}"]


async def test_an_unknown_user_is_none(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The directory says so in its own words."""
    server.say(graph_fault(404, "Request_ResourceNotFound"))

    assert await calendar.find_user("nobody@acme.bg") is None


async def test_a_directory_that_refuses_names_the_permission(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A missing consent is the administrator's, not the user's."""
    server.say(graph_fault(403, "Authorization_RequestDenied"))

    with pytest.raises(AppRefused, match=r"User\.Read\.All"):
        await calendar.find_user("ann@acme.bg")


@pytest.mark.parametrize(
    ("expected", "zone"),
    [
        ("Europe/Kiev", "FLE Standard Time"),
        ("Europe/Sofia", "Europe/Sofia"),
        ("", "tzone://Microsoft/Custom"),
        ("", ""),
        ("", None),
        ("", 7),
    ],
)
async def test_a_mailbox_zone_is_an_iana_name_or_nothing(
    server: ScriptedGraph, calendar: GraphCalendar, expected: str, zone: Any
) -> None:
    """Windows names are translated; what is neither is unknown, never UTC."""
    server.say(Say({"timeZone": zone}))

    assert await calendar.read_time_zone("U") == expected
