"""A company's hands on the same meetings: random acts of three colleagues and a stranger, and what must be true then.

Edits of content are ``play``'s business; here it is who is in a meeting, whose it is, who hears of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.enrolment import disable, enable
from jobs.meetings import key_of
from jobs.pull import run_pull
from jobs.round import run_round
from simulators.base import Refused
from simulators.erpnet import ErpPerson
from simulators.graph import OutlookPerson
from sync_core.model import Link, LinkStatus, Memory, Role, User
from tests.jobs.house import House

NAMES = ("anna", "boris", "carl")
UPNS = tuple(f"{name}@acme.example" for name in NAMES)
STRANGER = "kim@partner.example"
GUEST = "guest@client.example"
PEOPLE = (*UPNS, GUEST)


@dataclass(frozen=True, slots=True)
class Act:
    """``who`` (a number) does ``what`` to the ``pick``-th meeting, with details drawn from ``dice``."""

    what: str
    who: int = 0
    pick: int = 0
    dice: int = 0


OUTLOOK = ("create", "retitle", "move", "invite", "uninvite", "delete", "restore", "cancel", "accept", "decline")
ERP = ("create", "retitle", "move", "invite", "uninvite", "void", "delete", "lock", "unlock", "note")
ACTS = (
    *(f"outlook {what}" for what in OUTLOOK),
    *(f"erp {what}" for what in ERP),
    *(f"stranger {what}" for what in ("create", "retitle", "move", "invite", "uninvite", "cancel")),
    *("sync", "sync", "sync", "one", "one", "rush", "rush", "switch", "wait", "next day", "full"),
)


@dataclass
class Company:
    """Carries out acts in a house and counts what may cost a mail."""

    house: House
    typed: int = 0
    deleted: list[tuple[str, str]] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)
    """Activities that a person voided or deleted."""
    asked: Counter[str] = field(default_factory=Counter)
    """Invitations that acts in ERP.net ask for, by address; and edits there, under ''."""
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Mails that Exchange sent while calsync was at work, by kind and address."""

    @classmethod
    async def open(cls, house: House) -> Company:
        """Three colleagues with sync on, and a stranger."""
        for name in NAMES:
            await house.employ(name)
        house.graph.outsider(STRANGER)
        return cls(house)

    def outlook(self, who: int) -> OutlookPerson:
        return self.house.outlook(UPNS[who % 3])

    def at(self, address: str) -> OutlookPerson:
        return self.house.graph.outsider(address) if address == STRANGER else self.house.outlook(address)

    def desk(self, who: int) -> ErpPerson:
        return self.house.desk(NAMES[who % 3])

    def word(self) -> str:
        self.typed += 1
        return f"text {self.typed}"

    def when(self, dice: int) -> tuple[datetime, datetime]:
        start = self.house.now.replace(hour=9, minute=0, second=0) + timedelta(days=1 + dice % 15, hours=dice % 4)
        return start, start + timedelta(hours=1)

    def crowd(self, dice: int) -> list[str]:
        return [one for n, one in enumerate(PEOPLE) if dice >> n & 1]

    async def do(self, act: Act) -> None:
        """One act; what makes no sense just now (``Refused``) is shrugged off, as people do."""
        self.house.advance(minutes=3)
        place, _, what = act.what.partition(" ")
        with suppress(Refused):
            match place:
                case "outlook":
                    self.in_outlook(self.outlook(act.who), what, act)
                case "stranger":
                    self.by_stranger(what, act)
                case "erp":
                    self.in_erp(what, act)
                case "wait":
                    self.house.advance(hours=1 + act.dice % 5)
                case "next":
                    self.house.advance(days=1 + act.dice % 2)
                case "switch":
                    await self.switch(UPNS[act.who % 3])
                case _:
                    await self.at_work(place, act)

    # Acts

    def in_outlook(self, person: OutlookPerson, what: str, act: Act) -> None:
        start, end = self.when(act.dice)
        if what == "create":
            person.create(self.word(), start, end, attendees=self.crowd(act.dice))
            return
        if what == "restore":
            mine = [n for n, (who, _) in enumerate(self.deleted) if who == person.mailbox.mail]
            if mine:
                person.restore(self.deleted.pop(mine[0])[1])
            return
        events = person.events()
        if not events:
            return
        event = events[act.pick % len(events)]
        ident, is_own = event["id"], event["isOrganizer"]
        listed = [a["emailAddress"]["address"] for a in event["attendees"]]
        one = PEOPLE[act.dice % 4]
        match what:
            case "retitle" if is_own:
                person.edit(ident, subject=self.word())
            case "move" if is_own:
                person.move_time(ident, start, end)
            case "invite" if is_own and one not in listed:
                person.edit(ident, attendees=[*listed, one])
            case "uninvite" if is_own:
                person.edit(ident, attendees=[x for x in listed if x != one])
            case "delete":
                person.delete(ident)
                self.deleted.append((person.mailbox.mail, ident))
            case "cancel" if is_own:
                person.cancel(ident)
            case "accept":
                person.accept(ident, send=bool(act.dice % 2))
            case "decline":
                person.decline(ident, send=bool(act.dice % 2))

    def by_stranger(self, what: str, act: Act) -> None:
        kim = self.at(STRANGER)
        if what == "create":
            start, end = self.when(act.dice)
            kim.create(self.word(), start, end, attendees=self.crowd(act.dice))
        else:
            self.in_outlook(kim, what, act)

    def in_erp(self, what: str, act: Act) -> None:
        desk = self.desk(act.who)
        start, end = (at.replace(tzinfo=None) for at in self.when(act.dice))
        if what == "create":
            crowd = self.crowd(act.dice)
            desk.create(self.word(), start, end, participants=crowd)
            self.asked.update(crowd)
            return
        rows = desk.activities()
        if not rows:
            return
        row = rows[act.pick % len(rows)]
        ident, one = row["Id"], PEOPLE[act.dice % 4]
        if what in ("retitle", "move", "invite", "uninvite", "void", "delete", "note"):
            self.asked[""] += 1
        match what:
            case "retitle":
                desk.edit(ident, subject=self.word())
            case "move":
                desk.edit(ident, start=start, end=end)
            case "invite" if one not in [p["Email"] for p in row["Participants"]]:
                desk.add_participant(ident, one)
                self.asked[one] += 1
            case "uninvite":
                desk.remove_participant(ident, one)
            case "void":
                desk.void(ident, "not needed")
                self.by_hand.add(ident)
            case "delete":
                desk.delete(ident)
                self.by_hand.add(ident)
            case "lock":
                desk.set_read_only(ident, True)
            case "unlock":
                desk.set_read_only(ident, False)
            case "note":
                desk.edit(ident, notes=self.word())

    async def switch(self, upn: str) -> None:
        user = await self.house.user(upn)
        if user.enabled:
            await disable(self.house.world, user)
        else:
            await enable(self.house.world, upn)

    # calsync at work

    async def at_work(self, how: str, act: Act) -> None:
        """A sync of all, of one, or everybody's rounds at once; mails are counted."""
        before = len(self.house.graph.mails)
        if how == "one":
            await self.fine(await self.house.sync(UPNS[act.who % 3]))
        elif how == "rush":
            await self.rush()
        else:
            await self.fine(await self.house.sync(full=how == "full"))
        self.sent.update((mail.kind, mail.to) for mail in self.house.graph.mails[before:])

    async def fine(self, outcome: Any) -> None:
        assert outcome.failure == ""
        assert [r.failures for r in outcome.reports if r.failures] == []

    async def rush(self) -> None:
        """Two workers, everybody's rounds at once."""
        worlds = [self.house.world, replace(self.house.world, holder="other")]
        await run_pull(worlds[0])
        users = [u for u in await self.house.world.store.list_users() if u.enabled]
        reports = await asyncio.gather(*(run_round(worlds[n % 2], user) for n, user in enumerate(users)))
        assert [r.failures for r in reports if r.failures] == []

    # What must be true in the end

    async def check(self) -> None:
        """Sync until quiet: one feeder for a meeting, no copy lost, nothing voided that lives, no mail too many."""
        for _ in range(4):
            await self.at_work("sync", Act("sync"))
        await self.check_quiet()
        users = [u for u in await self.house.world.store.list_users() if u.enabled]
        memories = {u.upn: await self.house.recall(u.upn) for u in users}
        self.check_one_feeder(memories)
        rows = {row["Id"]: row for row in self.house.desk().activities()}
        for user in users:
            await self.check_copies(user, memories[user.upn], rows)
        self.check_not_doubled(rows)
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
            ("meeting", [key_of(link.ical_uid) for link, _ in feeding]),
        ):
            twice = [key for key, count in Counter(keys).items() if count > 1]
            assert not twice, f"an {name} is fed twice: {[(x.role, u) for x, u in feeding if x.activity_id in twice]}"

    async def check_copies(self, user: User, memory: Memory, rows: dict[str, dict[str, Any]]) -> None:
        """Every live copy in the window is linked or waits with a reason; a linked one has a living activity."""
        links = {link.event_id: link for link in memory.links}
        waiting = {p.item_id: p for p in memory.pending}
        for event in self.house.outlook(user.upn).events():
            if not self.is_due(event):
                continue
            told = f"{user.upn}: {event['subject']}"
            assert event["id"] in links or event["id"] in waiting, f"{told} never arrived"
            link = links.get(event["id"])
            if link is None or link.status is not LinkStatus.LIVE:
                continue
            activity = link.activity_id
            if link.role is Role.FOLLOWER:
                claim = await self.house.world.store.read_claim(key_of(link.ical_uid))
                assert claim is not None, f"{told}: nobody has claimed what it follows"
                activity = claim.activity_id
            is_over = activity in self.by_hand or not self.lives_at_organizer(event)
            assert is_over or (activity in rows and not rows[activity]["Void"]), f"{told}: {link.role} of a void one"
            await self.check_feeder(link, event, rows.get(activity), told)

    async def check_feeder(self, link: Link, event: dict[str, Any], row: dict[str, Any] | None, told: str) -> None:
        """The titles agree, unless a conflict says why not; everybody invited is a participant."""
        if link.role is Role.FOLLOWER or link.conflict is not None or row is None or row["Void"]:
            return
        assert event["subject"] == row["Subject"], f"{told}: {row['Subject']}"

    def lives_at_organizer(self, event: dict[str, Any]) -> bool:
        organizer = event["organizer"]["emailAddress"]["address"].lower()
        return any(e["iCalUId"] == event["iCalUId"] for e in self.at(organizer).events())

    def is_due(self, event: dict[str, Any]) -> bool:
        start = datetime.fromisoformat(event["start"]["dateTime"][:19]).replace(tzinfo=UTC)
        return timedelta(0) < start - self.house.now < timedelta(days=25) and not event["isCancelled"]

    def check_not_doubled(self, rows: dict[str, dict[str, Any]]) -> None:
        titles = Counter(row["Subject"] for row in rows.values() if not row["Void"])
        assert [title for title, count in titles.items() if count > 1] == []
        for upn in (*UPNS, STRANGER):
            own = [e for e in self.at(upn).events() if e["isOrganizer"]]
            assert len({e["subject"] for e in own}) == len(own), f"a meeting is doubled in the calendar of {upn}"

    def check_mails(self) -> None:
        """Nobody is invited more often than somebody in ERP.net asked for it, nor told of more changes than made."""
        for (kind, to), count in self.sent.items():
            allowed = self.asked[to] if kind == "invitation" else self.asked[""]
            assert count <= allowed, f"{count} × {kind} to {to}, asked for {allowed} times"
