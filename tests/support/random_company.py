"""A company's hands on the same meetings, and what must be true once all is quiet.

Acts are in ``hands``, calsync at work in ``shift``.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sync_core.content.project import BUSY_SUBJECT
from sync_core.content.ranges import uid_key
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import Memory
from sync_core.model.policy import SeriesRule
from sync_core.model.series import day_in, series_uid_of
from sync_core.model.sides import Field
from sync_core.model.user import User
from tests.support.house import House, upn_of
from tests.support.random_acts import PEOPLE, STRANGER, UPNS, Act
from tests.support.random_dates import SERIES_ACTS
from tests.support.random_pair import CONTENT_FIELDS, check_pair
from tests.support.random_work import ACTS, CONTENT_ACTS, OFFICE_ACTS, Shift, hire

__all__ = [
    "ACTS",
    "CONTENT_ACTS",
    "OFFICE_ACTS",
    "PEOPLE",
    "SERIES_ACTS",
    "SERIES_OPENING",
    "STRANGER",
    "UPNS",
    "Act",
    "Company",
]

Rows = dict[str, dict[str, Any]]


class Company(Shift):
    """What a company does, and the checks in the end."""

    @classmethod
    async def open(cls, house: House, zones: tuple[str, ...] = ()) -> Self:
        """Three colleagues with sync on, and a stranger."""
        await hire(house, zones)
        return cls(house, series=house.world.policy.series)

    async def check(self, *, mails: bool = True, is_rested: bool = True) -> None:
        """Sync until quiet: one feeder for a meeting, no copy lost, nothing voided that lives, no mail too many.

        Unless ``is_rested``, a colleague's trouble or switch may wait for the daily look.
        """
        for _ in range(4):
            await self.at_work("sync", Act("sync"))
        await self.check_quiet()
        users = [user for user in await self.users() if not self.is_ill(user.upn)]
        memories = {u.upn: await self.house.recall(u.upn) for u in users}
        self.check_one_feeder(memories)
        rows = {row["Id"]: row for row in self.house.desk().activities()}
        for user in users:
            await self.check_copies(user, memories[user.upn], rows, is_rested)
        self.check_arrived(users, memories, rows)
        self.check_not_doubled(rows)
        if mails:
            self.check_mails()

    async def check_quiet(self) -> None:
        self.house.graph.forget_requests()
        self.house.erp.forget_requests()
        mails = len(self.house.graph.mails)
        await self.at_work("sync", Act("sync"))
        writes = [s.line for s in self.house.graph.requests if s.method != "GET" and "$batch" not in s.line]
        verbs = (b"POST General", b"PATCH General", b"DELETE General")
        changes = [s.body for s in self.house.erp.requests if any(verb in s.body for verb in verbs)]
        assert (writes, changes, len(self.house.graph.mails)) == ([], [], mails)

    def check_one_feeder(self, memories: dict[str, Memory]) -> None:
        live = [
            (link, upn) for upn, memory in memories.items() for link in memory.links if link.status is LinkStatus.LIVE
        ]
        feeding = [(link, upn) for link, upn in live if link.role is not Role.FOLLOWER]
        for name, keys in (
            ("activity", [link.activity_id for link, _ in feeding]),
            ("meeting", [uid_key(link.ical_uid) for link, _ in feeding]),
        ):
            twice = [key for key, count in Counter(keys).items() if count > 1]
            assert not twice, f"an {name} is fed twice: {[(x.role, u) for x, u in feeding if x.activity_id in twice]}"

    async def check_copies(self, user: User, memory: Memory, rows: Rows, is_rested: bool) -> None:
        """Every live copy in the window is linked or waits with a reason; a linked one has a living activity."""
        links = {link.event_id: link for link in memory.links}
        waiting = {p.item_id: p for p in memory.pending}
        for event in self.copies(user.upn):
            if not self.is_due(event):
                continue
            told = f"{user.upn}: {event['subject']}"
            assert event["id"] in links or event["id"] in waiting or self.is_left_out(event), f"{told} never arrived"
            link = links.get(event["id"])
            if link is None or link.status is not LinkStatus.LIVE:
                continue
            activity = link.activity_id
            if link.role is Role.FOLLOWER:
                claim = await self.house.world.store.read_claim(uid_key(link.ical_uid))
                if claim is None and not (is_rested and self.lives_at_organizer(event)):
                    continue
                assert claim is not None, f"{told}: nobody has claimed what it follows"
                activity = claim.activity_id
                if activity not in self.by_hand:
                    await self.check_fed(claim.user_id, link, told, is_rested)
            if not activity and self.house.world.policy.direction == "to-microsoft365":
                continue
            is_over = activity in self.by_hand or not self.lives_at_organizer(event)
            assert is_over or (activity in rows and not rows[activity]["Void"]), f"{told}: {link.role} of a void one"
            await self.check_feeder(user, link, rows.get(activity))

    async def check_fed(self, feeder: str, followed: Link, told: str, is_rested: bool) -> None:
        """Whoever a claim names feeds the meeting, or has ended it."""
        user = await self.house.world.store.read_user(feeder)
        if user is None or not user.enabled or not is_rested:
            return
        links = (await self.house.world.store.recall(feeder)).links
        bearers = [x for x in links if uid_key(x.ical_uid) == uid_key(followed.ical_uid)]
        fed = [x for x in bearers if x.role is not Role.FOLLOWER]
        assert fed, f"{told}: {user.upn} should feed it and does not: {[(x.role, x.status) for x in bearers]}"

    def is_left_out(self, event: dict[str, Any]) -> bool:
        """Whether the settings of the moment leave an event alone."""
        policy = self.house.world.policy
        return policy.direction == "to-microsoft365" or (
            policy.private == "skip" and event["sensitivity"] in ("private", "confidential")
        )

    async def check_feeder(self, user: User, link: Link, row: dict[str, Any] | None) -> None:
        """Both sides of a feeding link show the same, unless a conflict says why not."""
        policy = self.house.world.policy
        is_plain = policy.direction == "both" and policy.private == "sync"
        if link.role is not Role.FOLLOWER and row is not None and not row["Void"] and is_plain:
            await check_pair(self.house, user, link, CONTENT_FIELDS - self.own_fields(user, link))
            self.check_people(user, link, row)

    def check_people(self, user: User, link: Link, row: dict[str, Any]) -> None:
        """Whoever an event invites takes part in its activity, and colleagues who were added there are invited, but
        for those whose it is or was, whom a person took off, and to whom it was forwarded where it changed hands (a
        guest's copy does not list them); unless an open conflict says why not."""
        if link.conflict is not None:
            return
        event = self.house.outlook(user.upn).get(link.event_id)
        invited = {a["emailAddress"]["address"] for a in event["attendees"]} - {self.organizer_of(event)}
        taking_part = {p["Email"] for p in row["Participants"]}
        owners = self.feeders[link.activity_id] | {
            upn_of(login) for login in (row["OwnerLogin"], self.authors.get(link.activity_id)) if login
        }
        names = self.names_of(link)
        excused = owners | {one for item, one in self.excused if item in names}
        is_handed_on = len(self.feeders[link.activity_id]) > 1  # what only one of the copies shows is then no edit
        forwarded = {one for item, one in self.passed_on if item in names} if is_handed_on else set()
        missing = invited - taking_part - excused - forwarded
        assert not missing, f"{user.upn}: {event['subject']}: {missing} are invited and do not take part"
        added = {one for item, one in self.added if item == link.activity_id and one in UPNS} & taking_part
        added -= {one for item, one in self.unreached if item == link.activity_id}
        uninvited = added - invited - excused if link.role is Role.OWN else set()
        assert not uninvited, f"{user.upn}: {event['subject']}: {uninvited} were added and are not invited"
        if not any(map(day_in, names)):  # a date also follows what is done to its series
            self.check_last_word(link, invited, taking_part, owners)

    def names_of(self, link: Link) -> set[str]:
        """By what people's acts on a pair are remembered: its activity, and the iCalUIds that it or its series ever
        had."""
        keys = {key for key, known in self.meetings.items() if link.activity_id in known}
        uids = {uid for uid in (*self.uids, link.ical_uid) if uid_key(uid) in keys or uid == link.ical_uid}
        return {link.activity_id, *uids, *map(series_uid_of, uids)}

    def check_last_word(self, link: Link, invited: set[str], taking_part: set[str], owners: set[str]) -> None:
        """Whom people took off one side's list, without a word on the other's, is on neither; but for those whom
        ERP.net took off while they were out of its reach (``unreached``)."""
        unreached = {one for item, one in self.unreached if item == link.activity_id}
        for address in set(PEOPLE) - owners - unreached:
            words = {self.said.get((key, address)) for key in (link.activity_id, link.ical_uid)} - {None}
            on_one_side = (link.activity_id, address) not in self.said or (link.ical_uid, address) not in self.said
            if link.role is Role.OWN and words == {False} and on_one_side:
                assert address not in invited | taking_part, f"{address} was taken off and is on a list still"

    def own_fields(self, user: User, link: Link) -> frozenset[Field]:
        """What a pair need not show alike.

        A reminder is each mailbox's own: of somebody else's meeting, and of one that changed hands. A restored copy
        of somebody else's meeting shows what it did when it was deleted; where it feeds the meeting, as the only copy
        left, what it missed is no edit.
        One that ERP.net left behind when it moved a start could not be put right on a one-way street.
        """
        if link.role is Role.INVITED and {(user.upn, name) for name in self.names_of(link)} & self.restored:
            return CONTENT_FIELDS
        is_own = link.role is Role.OWN and len(self.feeders[link.activity_id]) == 1 and not self.was_one_way
        return frozenset() if is_own else frozenset({Field.REMINDER})

    def lives_at_organizer(self, event: dict[str, Any]) -> bool:
        return any(e["iCalUId"] == event["iCalUId"] for e in self.copies(self.organizer_of(event)))

    def organizer_of(self, event: dict[str, Any]) -> str:
        address: str = event["organizer"]["emailAddress"]["address"]
        return address.lower()

    def is_due(self, event: dict[str, Any]) -> bool:
        start = datetime.fromisoformat(event["start"]["dateTime"][:19]).replace(tzinfo=UTC)
        inside = timedelta(0) < start - self.house.now < timedelta(days=25)
        return inside and not event["isCancelled"] and event["type"] != "seriesMaster"

    def check_arrived(self, users: list[User], memories: dict[str, Memory], rows: Rows) -> None:
        """What somebody with sync on made in ERP.net has an event, or waits with a reason."""
        policy = self.house.world.policy
        if policy.direction == "to-erpnet":
            return
        for user in users:
            memory = memories[user.upn]
            known = {x.activity_id for x in memory.links} | {p.item_id for p in memory.pending}
            known |= self.made_of_series(user.upn)
            for ident, row in rows.items():
                is_new = self.authors.get(ident) == user.erp_login and not row["Void"]
                start = datetime.fromisoformat(row["StartTime"][:19]).replace(tzinfo=UTC)
                is_skipped = policy.private == "skip" and row["Private"]
                if is_new and start > self.house.now + timedelta(days=1) and not is_skipped:
                    assert ident in known, f"{row['Subject']} never arrived in Outlook"

    def made_of_series(self, upn: str) -> set[str]:
        """The activities whose event, by our mark, is a series by now: it stands there, and is left alone as long as
        series are."""
        is_off = self.house.world.policy.series is SeriesRule.SKIP
        masters = [item for item in self.at(upn).mailbox.items() if item.is_master and is_off]
        return {value for item in masters for value in item.properties.values()}

    def check_not_doubled(self, rows: Rows) -> None:
        """Nothing is there twice: no title, but for the dates of a series, and no name of a meeting."""
        alive = [row for row in rows.values() if not row["Void"]]
        titles = Counter(
            (row["Subject"], day_in(row["ExternalId"] or "")) for row in alive if row["Subject"] != BUSY_SUBJECT
        )
        assert [title for title, count in titles.items() if count > 1] == []
        names = Counter(row["ExternalId"].casefold() for row in alive if row["ExternalId"])
        assert [name for name, count in names.items() if count > 1] == []
        for upn in (*UPNS, STRANGER):
            own = [e["subject"] for e in self.at(upn).events() if e["isOrganizer"] and e["subject"] != BUSY_SUBJECT]
            assert len(set(own)) == len(own), f"a meeting is doubled in the calendar of {upn}"

    def check_mails(self) -> None:
        """Nobody hears more often of a meeting than somebody in ERP.net changed it."""
        for (meeting, kind, to), count in self.sent.items():
            about = self.meetings.get(meeting) or self.activities_of_series(meeting)
            allowed = sum(self.wishes.allowed(activity, kind, to) for activity in about)
            assert count <= allowed, f"{count} × {kind} to {to} of {sorted(about)}, asked for {allowed} times"

    def activities_of_series(self, meeting: str) -> set[str]:
        """Where Graph calls all dates by their series' uid."""
        series = series_uid_of(meeting)
        return {one for key, known in self.meetings.items() if series_uid_of(key) == series for one in known}


OPENING = [
    Act("outlook create", who=0, dice=6),
    Act("erp create", who=1, dice=5),
    Act("stranger create", dice=7),
    Act("sync"),
]

SERIES_OPENING = [
    *OPENING[:-1],
    Act("series weekly", who=0, dice=3),
    Act("series weekly", who=1, dice=7),
    Act("sync"),
]
"""Anna's series with Boris, the stranger's with all three, and singles."""
