"""Makes a pair: what a new activity and a new event hold, whom they invite, and how two items found are linked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from sync_core.model.decision import Case, Context, Intent, Verdict
from sync_core.model.link import LinkStatus
from sync_core.model.pending import Pending
from sync_core.model.policy import Invite, Policy, SeriesRule, Winner
from sync_core.model.series import Occurrence
from sync_core.model.sides import (
    EVERYTHING,
    MSSYNC_SYSTEM,
    ErpActivity,
    ErpContent,
    EventKind,
    Field,
    GraphEvent,
    Side,
)
from sync_core.model.writes import CreateActivity, CreateEvent, PatchActivity, PatchEvent
from sync_core.plan.create import linked_unmoved
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after, transaction_id
from sync_core.plan.update_rules import ONE_PRIVACY, RICH_BODY
from tests.support.samples import (
    ANNA_ID,
    BORIS,
    ME,
    NOW,
    PARTY,
    SERVICE,
    ZOE,
    a_case,
    a_context,
    a_link,
    an_activity,
    an_event,
    an_office,
    attended,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

EDITED_EVENT, EDITED_ACTIVITY = an_event(shown(subject="Plan")), an_activity(noted(subject="Forecast"))


def test_an_event_becomes_an_activity() -> None:
    """The activity shows what the event shows, and names its iCalUId."""
    decision = decide(a_case(an_event()), a_context())

    assert decision.erp == CreateActivity("uid-1", noted())
    assert (decision.verdict, decision.graph, decision.written) == (Verdict.ACT, None, ((Side.ERP, EVERYTHING),))


def test_an_activity_becomes_an_event() -> None:
    """The event tells what the activity tells, and its create can be repeated."""
    decision = decide(a_case(None, an_activity()), a_context())

    assert decision.graph == CreateEvent("A1", transaction_id("anna-id", "A1", 0), shown())
    assert (decision.verdict, decision.erp, decision.written) == (Verdict.ACT, None, ((Side.GRAPH, EVERYTHING),))


def test_a_new_incarnation_has_a_new_transaction_id() -> None:
    """The pending row remembers how often the event was lost."""
    pending = Pending(Side.ERP, "A1", incarnation=2)
    decision = decide(a_case(None, an_activity(), pending=pending), a_context())

    assert isinstance(decision.graph, CreateEvent)
    assert transaction_id("anna-id", "A1", 2) == decision.graph.transaction_id


def test_without_company_and_location_no_activity_is_made() -> None:
    """The event is skipped with the reason; activities still go to Outlook (R5)."""
    ctx = a_context(has_company=False)

    assert (
        decide(a_case(an_event()), ctx).verdict,
        decide(a_case(an_event()), ctx).reason,
    ) == (Verdict.SKIP, "no default company and location")
    assert decide(a_case(None, an_activity()), ctx).verdict is Verdict.ACT


def test_digits_are_written_in_the_zone_of_the_setting() -> None:
    """``ERPNET_TIME`` says whose wall clock the activity's digits are."""
    decision = decide(a_case(an_event()), a_context(policy=Policy(erp_time="Asia/Tokyo")))

    assert isinstance(decision.erp, CreateActivity)
    assert wall_clock(2026, 2, 2, 17) == decision.erp.content.start


def test_a_create_tried_again_is_the_same_write() -> None:
    """In one mailbox; in another one it makes another event."""
    first, again, other = (
        decide(a_case(None, an_activity()), a_context(mailbox=mailbox)).graph
        for mailbox in ("anna-id", "anna-id", "boris-id")
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("activity", "origin", "creator"),
    [
        pytest.param(an_activity(), Side.ERP, ANNA_ID, id="made-in-erp"),
        pytest.param(an_activity(external_id="uid-1"), Side.GRAPH, ANNA_ID, id="made-from-the-event"),
        pytest.param(an_activity(creation_user=SERVICE), Side.ERP, ANNA_ID, id="made-by-a-service"),
        pytest.param(
            an_activity(creation_user="mssync", owner_party=PARTY), Side.ERP, ANNA_ID, id="made-for-the-user"
        ),
    ],
)
def test_two_items_that_agree_are_linked_without_a_write(activity: ErpActivity, origin: Side, creator: str) -> None:
    """A pair found again costs no write; who created it is decided once."""
    decision = decide(a_case(an_event(), activity), a_context())

    assert (
        decision.intent,
        decision.verdict,
        decision.graph,
        decision.erp,
    ) == (Intent.LINK, Verdict.ACT, None, None)
    assert decision.link is not None
    assert (origin, creator, LinkStatus.LIVE) == (decision.link.origin, decision.link.creator, decision.link.status)


def test_two_items_that_differ_are_settled_by_policy() -> None:
    """Without a base every difference is a conflict; the loser's value is kept for the journal."""
    ctx = a_context(policy=Policy(winner=Winner.ERP))
    decision = decide(a_case(EDITED_EVENT, EDITED_ACTIVITY), ctx)

    assert isinstance(decision.graph, PatchEvent)
    assert (frozenset({Field.SUBJECT}), "Forecast") == (decision.graph.fields, decision.graph.content.subject)
    assert [(s, c.field, c.event_value) for s, c in decision.lost] == [(Side.GRAPH, "subject", "Plan")]


@pytest.mark.parametrize(
    ("activity", "ctx"),
    [
        pytest.param(EDITED_ACTIVITY, a_context(policy=Policy(winner=Winner.ASK)), id="left-to-a-person"),
        pytest.param(replace(EDITED_ACTIVITY, state="Closed"), a_context(), id="locked"),
    ],
)
def test_a_conflict_found_while_linking_stays_open(activity: ErpActivity, ctx: Context) -> None:
    """What could not be settled when the pair was found is still a conflict when it is looked at again."""
    first = decide(a_case(EDITED_EVENT, activity), ctx)
    link = link_after(first, EDITED_EVENT, activity, ctx)
    again = decide(linked(EDITED_EVENT, activity, link=link), ctx)

    for decision in (first, again):
        assert decision.link is not None
        assert decision.link.conflict is not None
        assert [clash.field for clash in decision.link.conflict.clashes] == ["subject"]
    assert (again.verdict, again.erp) == (Verdict.CONFLICT, None)


FEBRUARY_2 = Occurrence("U", date(2026, 2, 2), "M")
DATE = an_event(EDITED_EVENT.content, occurrence=FEBRUARY_2, kind=EventKind.EXCEPTION, modified_at=NOW)
FORMATTED = replace(EDITED_EVENT, html="<div>Agenda</div><table><tr><td>1</td></tr></table>")
TUESDAY = {"start": wall_clock(2026, 2, 3, 10), "end": wall_clock(2026, 2, 3, 11)}


@pytest.mark.parametrize(
    ("event", "content", "why"),
    [
        pytest.param(DATE, noted(**TUESDAY, reminder=wall_clock(2026, 2, 3, 9, 45)), NEIGHBOUR, id="across its day"),
        pytest.param(DATE, noted(**TUESDAY), NEIGHBOUR, id="without its ReminderTime"),
        pytest.param(DATE, noted(private=True), ONE_PRIVACY, id="one privacy for a series"),
        pytest.param(FORMATTED, noted(notes="Minutes"), RICH_BODY, id="a formatted text"),
    ],
)
def test_what_outlook_refuses_of_a_found_pair_stays_a_wish(event: GraphEvent, content: ErpContent, why: str) -> None:
    """ERP.net's later word is refused in one field and written in another, by which Outlook is the later side then:
    the conflict stays as it is, with ERP.net's value, and nothing else is written."""
    ctx = a_context(policy=Policy(series=SeriesRule.WINDOW))
    naming = {"external_id": "uid-1", "external_system": MSSYNC_SYSTEM}
    activity = an_activity(content, updated_at=NOW + timedelta(minutes=5), **naming)
    case = a_case(event, activity, neighbours=(None, date(2026, 2, 3)))
    first = decide(case, ctx)
    renamed = replace(event.content, subject="Budget")
    written = replace(event, content=renamed, change_key="ck-3", modified_at=NOW + timedelta(hours=1))
    link = link_after(first, written, activity, ctx)
    again = decide(linked(written, activity, link=link), ctx)

    assert isinstance(first.graph, PatchEvent)
    assert first.graph.fields == {Field.SUBJECT}
    assert (again.verdict, again.reason) == (Verdict.CONFLICT, why)
    assert (again.graph, again.erp) == (None, None)


def test_a_move_that_exchange_refuses_leaves_a_link() -> None:
    """With the conflict, and with all else that the write held still to be written; Outlook counts as unedited."""
    ctx = a_context(policy=Policy(series=SeriesRule.WINDOW))
    naming = {"external_id": "uid-1", "external_system": MSSYNC_SYSTEM}
    activity = an_activity(noted(**TUESDAY), updated_at=NOW + timedelta(minutes=5), **naming)
    first = decide(a_case(DATE, activity), ctx)
    unmoved = linked_unmoved(first, ctx)
    assert isinstance(first.graph, PatchEvent)
    assert first.graph.fields == {Field.SUBJECT, Field.TIME, Field.REMINDER}
    assert unmoved is not None
    assert (unmoved.graph, unmoved.written, unmoved.again) == (None, ((Side.ERP, frozenset()),), True)

    link = link_after(unmoved, DATE, activity, ctx)
    again = decide(linked(DATE, activity, link=link), ctx)
    assert isinstance(again.graph, PatchEvent)
    assert (again.graph.fields, again.erp) == (frozenset({Field.SUBJECT}), None)
    assert again.link is not None
    assert again.link.conflict is not None
    assert [(one.field, one.why) for one in again.link.conflict.clashes] == [(Field.TIME, NEIGHBOUR)]


@pytest.mark.parametrize(
    "case",
    [
        a_case(an_event()),
        a_case(EDITED_EVENT, EDITED_ACTIVITY),
        linked(DATE, an_activity(), link=a_link(occurrence=FEBRUARY_2, base_activity=noted(subject="Plan"))),
    ],
    ids=["a new activity", "a single event", "a linked date"],
)
def test_only_a_date_of_a_new_pair_is_linked_unmoved(case: Case) -> None:
    """Anything else has failed, or is a link already."""
    ctx = a_context(policy=Policy(series=SeriesRule.WINDOW, winner=Winner.ERP))
    assert linked_unmoved(decide(case, ctx), ctx) is None


@pytest.mark.parametrize(
    "apart",
    [
        pytest.param({"subject": "Plan"}, id="subject"),
        pytest.param({"start": utc(2026, 2, 2, 7)}, id="time"),
        pytest.param({"reminder": 40}, id="reminder"),
        pytest.param({"start": utc(2026, 2, 2, 7), "reminder": 40}, id="time-and-reminder"),
        pytest.param({"sensitivity": "private"}, id="private"),
        pytest.param({"importance": "high"}, id="priority"),
    ],
)
def test_a_conflict_found_while_linking_is_settled_later(apart: dict[str, object]) -> None:
    """Once the settings name a winner, every field that stayed apart is written, whatever its kind."""
    event, ask = an_event(shown(**apart)), a_context(policy=Policy(winner=Winner.ASK))
    link = link_after(decide(a_case(event, an_activity()), ask), event, an_activity(), ask)

    decision = decide(linked(event, an_activity(), link=link), a_context(policy=Policy(winner=Winner.GRAPH)))

    assert isinstance(decision.erp, PatchActivity)
    wanted = decide(a_case(event), a_context()).erp
    assert isinstance(wanted, CreateActivity)
    assert wanted.content == decision.erp.content
    assert decision.link is not None
    assert decision.link.conflict is None


def test_text_that_waits_for_the_html_while_linking_goes_across_later() -> None:
    """A pair whose event was found without its HTML gets the winning text in the next round."""
    ctx = a_context(policy=Policy(winner=Winner.ERP))
    bare, activity = an_event(html=None), an_activity(noted(notes="Minutes"))
    link = link_after(decide(a_case(bare, activity), ctx), bare, activity, ctx)
    assert link is not None
    assert link.reread != ""

    decision = decide(linked(an_event(), activity, link=link), ctx)

    assert isinstance(decision.graph, PatchEvent)
    assert (frozenset({Field.BODY}), "Minutes") == (decision.graph.fields, decision.graph.content.body)


BEFORE, SINCE = datetime(2026, 1, 20, 12), datetime(2026, 1, 25, 7)  # noqa: DTZ001 - ERP.net's own clock


@pytest.mark.parametrize(
    ("told", "created", "expected"),
    [
        pytest.param({}, SINCE, (BORIS,), id="new"),
        pytest.param({}, None, (BORIS,), id="time-of-creation-not-told"),
        pytest.param({"enabled_at": None}, BEFORE, (BORIS,), id="switched-on-nobody-knows-when"),
        pytest.param({}, BEFORE, (), id="older-than-the-switch"),
        pytest.param({}, datetime(2026, 1, 23, 17, 59), (), id="older-in-every-zone"),  # noqa: DTZ001
        pytest.param({}, datetime(2026, 1, 23, 18), (BORIS,), id="newer-in-some-zone"),  # noqa: DTZ001
        pytest.param({"whole": True}, SINCE, (), id="whole-round"),
        pytest.param({"policy": Policy(invite=Invite.NONE)}, SINCE, (), id="none"),
    ],
)
def test_a_new_event_invites_only_to_what_is_new(
    told: dict[str, object], created: datetime | None, expected: tuple[str, ...]
) -> None:
    """Nobody is invited to what was there before the user switched on, or is only found again."""
    ctx = an_office(**{"enabled_at": utc(2026, 1, 24, 8)} | told)
    decision = decide(a_case(None, attended(BORIS, created=created)), ctx)

    assert isinstance(decision.graph, CreateEvent)
    assert (tuple(one.email for one in decision.graph.attendees), decision.mails) == (expected, len(expected))
    assert decision.graph.content.people == expected
    assert decision.reason == ("" if expected else "1 known to ERP.net only, not invited")


def test_a_colleagues_activity_invites_neither_them_nor_oneself() -> None:
    """The owner and the organizer-to-be do not count."""
    activity = attended(ME, BORIS, ZOE, owner_party="party-boris")
    decision = decide(a_case(None, activity), an_office())

    assert isinstance(decision.graph, CreateEvent)
    assert [one.email for one in decision.graph.attendees] == [ZOE]
