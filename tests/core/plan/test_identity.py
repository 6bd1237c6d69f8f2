"""Whose an item is, what identifies a create, and the link of two items that now belong together."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sync_core.model.link import Role
from sync_core.model.series import EXCHANGE, NO_DATE, Occurrence
from sync_core.model.sides import MSSYNC_SYSTEM, ErpActivity, GraphEvent, Side
from sync_core.plan.decide import decide
from sync_core.plan.identity import began_with, creator_of, is_made_from, link_after, new_link, transaction_id
from tests.support.samples import (
    ANNA_ID,
    BORIS_ID,
    SERVICE,
    a_case,
    a_context,
    a_link,
    a_staff,
    an_activity,
    an_event,
)


def test_each_create_has_its_own_transaction_id_for_ever() -> None:
    """Mailbox, activity and incarnation make the id, and nothing else does (graph.md T8)."""
    mine = transaction_id("anna-id", "A1", 0)

    assert mine == "8a87e6e0-a2dd-5866-910b-591271706516"
    others = {
        transaction_id("boris-id", "A1", 0),
        transaction_id("anna-id", "A2", 0),
        transaction_id("anna-id", "A1", 1),
    }
    assert len(others | {mine}) == 4


def test_a_create_is_settled_on_what_both_sides_show() -> None:
    """The new link's base is the read-back, and who created it is remembered."""
    made = an_activity(creation_user=SERVICE, version=7, external_id="uid-1")
    link = link_after(decide(a_case(an_event()), a_context()), an_event(), made, a_context())

    assert link == a_link(
        change_key="ck-2", version=7, updated_at=made.updated_at, modified_at=an_event().modified_at
    )


def test_an_event_of_ours_is_of_erp_origin() -> None:
    """An event made for an activity belongs to the activity's creator."""
    link = link_after(decide(a_case(None, an_activity()), a_context()), an_event(), an_activity(), a_context())

    assert link is not None
    assert (Side.ERP, ANNA_ID, an_event().content) == (link.origin, link.creator, link.base_event)


@pytest.mark.parametrize(("event", "activity"), [(None, an_activity()), (an_event(), None)])
def test_a_create_without_a_read_back_is_no_link(event: GraphEvent | None, activity: ErpActivity | None) -> None:
    """What was not seen afterwards is looked up again."""
    assert link_after(decide(a_case(an_event()), a_context()), event, activity, a_context()) is None


def test_a_link_of_another_persons_activity_keeps_its_creator() -> None:
    """R12 asks about the creator for as long as the link lives."""
    activity = an_activity(creation_user="Boris", owner_party="party-boris")

    assert new_link(an_event(), activity, Side.ERP, a_context()).creator == BORIS_ID
    assert new_link(an_event(), activity, Side.GRAPH, a_context()).creator == ANNA_ID


MADE: dict[str, Any] = {"creation_user": SERVICE, "external_id": "UID-1", "external_system": MSSYNC_SYSTEM}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param({}, True, id="made-from-it"),
        pytest.param({"external_id": "uid-1"}, True, id="any-letter-case"),
        pytest.param({"external_id": "uid-2"}, False, id="another-meeting"),
        pytest.param({"external_id": ""}, False, id="no-meeting"),
        pytest.param({"external_system": "CRM"}, False, id="another-system"),
        pytest.param({"creation_user": "boris"}, False, id="made-by-hand"),
    ],
)
def test_an_activity_that_was_made_from_a_meeting_is_known(told: dict[str, str], expected: bool) -> None:
    """By its ExternalId and a service user as creator, in whosever mailbox the meeting is met."""
    activity = an_activity(**MADE | {"owner_party": "party-boris"} | told)

    assert expected is is_made_from(activity, an_event(), a_context())


@pytest.mark.parametrize(
    ("series", "day", "expected"),
    [
        pytest.param(f"{EXCHANGE}{NO_DATE}01DC", 3, True, id="another-date"),
        pytest.param(f"{EXCHANGE}{NO_DATE}02DC", 3, False, id="a-date-of-another-series"),
        pytest.param(f"{EXCHANGE}{NO_DATE}01DC", 0, False, id="the-whole-series"),
    ],
)
def test_an_activity_of_a_former_date_was_made_from_its_series(series: str, day: int, *, expected: bool) -> None:
    """A colleague's activity may go on with another date of the same series, and with nothing else."""
    uid = Occurrence(series, date(2026, 2, day)).uid if day else series
    own = Occurrence(f"{EXCHANGE}{NO_DATE}01DC", date(2026, 2, 4))
    activity = an_activity(**MADE | {"owner_party": "party-boris", "external_id": uid})

    assert expected is is_made_from(activity, an_event(ical_uid=own.uid, occurrence=own), a_context())


def test_an_event_without_an_icaluid_is_nothings_origin() -> None:
    """Two empty ids are not the same id."""
    activity = an_activity(**MADE | {"external_id": ""})

    assert not is_made_from(activity, an_event(ical_uid=""), a_context())


@pytest.mark.parametrize(("creator", "expected"), [(SERVICE, ""), ("Sync-Service", ""), ("Boris", BORIS_ID)])
def test_a_meeting_began_with_whoever_made_its_activity_by_hand(creator: str, expected: str) -> None:
    """A service user's activity began in Outlook."""
    assert expected == began_with(an_activity(creation_user=creator), a_context())


def test_a_link_remembers_its_role_and_the_owners_zone() -> None:
    """An organizer's own event or an invited copy; digits made for a colleague are in the colleague's zone."""
    theirs = an_activity(owner_party="party-boris")
    staff = a_staff(boris={"zone": "Asia/Tokyo"})

    own = new_link(an_event(), an_activity(), Side.GRAPH, a_context(colleagues=staff))
    copied = new_link(an_event(is_organizer=False), theirs, Side.GRAPH, a_context(colleagues=staff))
    assert (own.role, own.zone) == (Role.OWN, "Europe/Sofia")
    assert (copied.role, copied.zone) == (Role.INVITED, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        pytest.param(an_activity(), ANNA_ID, id="created-by-the-user"),
        pytest.param(an_activity(creation_user="ANNA"), ANNA_ID, id="letter-case"),
        pytest.param(an_activity(creation_user="boris"), BORIS_ID, id="created-by-another"),
        pytest.param(an_activity(creation_user=SERVICE), ANNA_ID, id="service-for-the-user"),
        pytest.param(an_activity(creation_user=SERVICE, owner_party="party-boris"), "", id="service-for-another"),
        pytest.param(an_activity(owner_party="party-boris"), ANNA_ID, id="created-for-another-by-the-user"),
    ],
)
def test_the_creator_is_who_created_or_the_owner_of_what_a_service_created(
    activity: ErpActivity, expected: str
) -> None:
    """CreationUser, and OwnerParty where that is a service login (R12)."""
    assert expected == creator_of(activity, a_context())
