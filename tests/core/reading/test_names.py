"""By which names a round asks for links, step by step."""

from __future__ import annotations

from sync_core.content.names import ALL_FOLLOWERS, Names, named
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.pending import Pending
from sync_core.model.sides import MSSYNC_SYSTEM, Evidence, Malformed, Side
from sync_core.reading.frame import Frame
from sync_core.reading.names import (
    names_in_erp,
    names_in_memory,
    names_in_news,
    names_of_events,
    names_of_meetings,
    names_of_strangers,
)
from sync_core.reading.news import GraphNews
from tests.support.samples import NOW, a_context, a_follower, a_link, an_activity, an_event

CTX = a_context()


def test_what_waits_is_asked_about_at_once() -> None:
    """The inbox, and pending items with the meetings that they are about."""
    waiting = (Pending(Side.GRAPH, "E", "U"), Pending(Side.ERP, "A"))
    memory = Memory(pending=waiting, inbox=(InboxRow("A2", NOW),))

    assert names_in_memory(memory) == named(events=["E"], activities=["A", "A2"], ical_uids=["U"])


def test_whatever_graph_says_of_an_event_asks_for_its_link() -> None:
    """Shown, removed, looked for."""
    news = GraphNews(
        events={"E1": an_event(id="E1")}, removed=frozenset({"E2"}), evidence={"E3": Evidence(None, False)}
    )

    assert names_in_news(news) == named(events=["E1", "E2", "E3"])
    assert names_in_news(news, with_series=True).series == {"E1", "E2", "E3"}


def test_events_without_a_link_and_lost_links_ask_for_their_meetings() -> None:
    """Another link of the meeting may go on with the event; a link that is in step is asked for by nothing more."""
    lost, linked = a_link(event_id="lost", ical_uid="U-lost"), a_link(event_id="linked", ical_uid="U-linked")
    news = GraphNews(
        events={"new": an_event(id="new", ical_uid="U-new"), "linked": an_event(id="linked", ical_uid="U-linked")},
        evidence={"lost": Evidence(None, False)},
    )
    frame = Frame(Memory(links=(lost, linked)), CTX)

    assert names_of_meetings(news, frame) == named(ical_uids=["U-new", "U-lost"])


def test_an_activity_that_no_link_feeds_may_be_a_followers() -> None:
    """So all followers are looked at; of an activity that one feeds none."""
    inbox = (InboxRow("A", NOW),)

    assert names_of_strangers(Frame(Memory(inbox=inbox, links=(a_link(activity_id="A"),)), CTX)) == Names()
    assert names_of_strangers(Frame(Memory(inbox=inbox), CTX)) == ALL_FOLLOWERS
    following = a_follower(activity_id="A")
    assert names_of_strangers(Frame(Memory(inbox=inbox, links=(following,)), CTX)) == ALL_FOLLOWERS


def test_an_activity_asks_for_its_link_and_for_its_meeting() -> None:
    """Also one that is not there or not understood."""
    found = {
        "A1": an_activity(id="A1", external_system=MSSYNC_SYSTEM, external_id="U1"),
        "A2": an_activity(id="A2", external_system="other", external_id="U2"),
        "A3": None,
        "A4": Malformed(Side.ERP, "A4", "why"),
    }

    assert names_in_erp(found) == named(activities=["A1", "A2", "A3", "A4"], ical_uids=["U1"])


def test_an_event_that_was_found_asks_for_whatever_it_names() -> None:
    """Itself, its meeting, and the activity that our mark names."""
    found = [an_event(id="E1", ical_uid="U1", mark="A1"), an_event(id="E2", ical_uid="")]

    assert names_of_events(found) == named(events=["E1", "E2"], activities=["A1"], ical_uids=["U1"])
