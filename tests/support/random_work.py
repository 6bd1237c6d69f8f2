"""calsync at work in a company: time, switches, settings and licences, and two things watched at every step.

*Nothing is lost*: whatever text stood somewhere before calsync worked and stands nowhere after, somebody's journal
tells. *No mail too many*: for each activity, people hear at most once of what was changed in ERP.net since calsync
looked last.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from jobs.commands.switch import disable, enable
from jobs.pull import run_pull
from jobs.round.report import Report
from jobs.round.run import run_round
from simulators.base import Refused
from simulators.graph.model import DELETED
from simulators.graph.person import describe
from sync_core.content.ranges import uid_key
from sync_core.model.entries import by_date
from sync_core.model.link import Role
from sync_core.model.policy import Direction, Invite, Policy, PrivateRule, SeriesRule, Winner
from sync_core.model.user import User
from tests.support.house import House, upn_of
from tests.support.random_acts import (
    ERP,
    ERP_CONTENT,
    GUEST,
    NAMES,
    OUTLOOK,
    OUTLOOK_CONTENT,
    STRANGER,
    UPNS,
    Act,
    Hands,
)
from tests.support.random_dates import dates_in, on_date, on_series

STRANGERS = ("create", "retitle", "move", "invite", "uninvite", "cancel", "far", "all day", "series", "single")
CALSYNC = ("sync", "sync", "sync", "one", "one", "rush", "rush", "full")
ACTS = (
    *(f"outlook {what}" for what in OUTLOOK),
    *(f"erp {what}" for what in ERP),
    *(f"stranger {what}" for what in STRANGERS[:6]),
    *CALSYNC,
    *("switch", "wait", "next day"),
)
CONTENT_ACTS = (
    *(f"outlook {what}" for what in OUTLOOK_CONTENT),
    *(f"erp {what}" for what in ERP_CONTENT),
    *(f"stranger {what}" for what in STRANGERS[6:]),
)
OFFICE_ACTS = ("licence", "licence", "settings", "settings", "days")

SETTINGS: dict[str, tuple[Any, ...]] = {
    "direction": tuple(Direction),
    "winner": tuple(Winner),
    "private": tuple(PrivateRule),
    "invite": tuple(Invite),
}
SEEN = timedelta(days=40)
"""How far ahead dates of series are looked for."""

WORD = re.compile(r"text \d+")
CONTENT = (
    "Subject", "Notes", "StartTime", "EndTime", "PlannedDurationMinutes", "ReminderTime", "Private", "Priority",
)  # fmt: skip


@dataclass
class Wishes:
    """What people asked of ERP.net, activity by activity: the most that others may hear of it by mail."""

    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(activity, kind, address) → times; the address is '' where it concerns everybody."""

    def look(self, rows: list[dict[str, Any]], *, count: bool) -> None:
        """Take the activities as they are; with ``count``, what is new was somebody's wish, else calsync's doing."""
        now = {row["Id"]: row for row in rows}
        if count:
            for ident in self.known.keys() | now.keys():
                self._compare(ident, self.known.get(ident), now.get(ident))
        self.known = now

    def _compare(self, ident: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        was, people = before or {}, _people(before)
        for one in _people(after) - people:
            self.asked[ident, "invitation", one] += 1
        for one in people - _people(after):
            self.asked[ident, "cancellation", one] += 1
        if before is not None and (after is None or (after["Void"] and not was["Void"])):
            self.asked[ident, "cancellation", ""] += 1
        if before is not None and after is not None and any(was[name] != after[name] for name in CONTENT):
            self.asked[ident, "update", ""] += 1

    def allowed(self, ident: str, kind: str, to: str) -> int:
        """How many mails of a kind somebody may get about an activity."""
        return self.asked[ident, kind, ""] + self.asked[ident, kind, to]


def _people(row: dict[str, Any] | None) -> set[str]:
    return {p["Email"] for p in row["Participants"]} if row and not row["Void"] else set()


@dataclass
class Shift(Hands):
    """Carries out acts of people and of calsync."""

    wishes: Wishes = field(default_factory=Wishes)
    sent: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Mails that Exchange sent while calsync was at work: (meeting, kind, address) → times."""
    meetings: dict[str, set[str]] = field(default_factory=dict)
    """The activities that a meeting was ever seen to have, by its claim's key."""
    uids: set[str] = field(default_factory=set)
    """The iCalUIds of all meetings that were ever linked."""
    was_one_way: bool = False
    series: SeriesRule = SeriesRule.SKIP
    """Whether dates of series are synced, as long as nobody changes it for a while."""

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
                case "series" if what == "rule":
                    self.flip_series()
                case "series":
                    on_series(self, self.at(self.address_of(act)), what, act)
                case "date":
                    on_date(self, self.at(self.address_of(act)), what, act)
                case "wait":
                    self.house.advance(hours=1 + act.dice % 5)
                case "next":
                    self.house.advance(days=1 + act.dice % 2)
                case "days":
                    self.house.advance(days=2 + act.dice % 8)
                case "switch":
                    await self.switch(UPNS[act.who % 3])
                case "licence":
                    self.licence(UPNS[act.who % 3])
                case "settings":
                    self.settle_on(act)
                case _:
                    await self.at_work(place, act)

    async def switch(self, upn: str) -> None:
        user = await self.house.user(upn)
        if user.enabled:
            await disable(self.house.world, user)
        else:
            await enable(self.house.world, upn)

    def licence(self, upn: str) -> None:
        """The mailbox loses its licence, or gets it back."""
        mailbox = self.house.graph.mailbox(upn)
        mailbox.usable = not mailbox.usable

    def settle_on(self, act: Act) -> None:
        """The administrator changes a setting."""
        name = tuple(SETTINGS)[act.pick % len(SETTINGS)]
        self.house.set_policy(**{name: SETTINGS[name][act.dice % len(SETTINGS[name])]})
        self.was_one_way |= self.house.world.policy.direction is not Direction.BOTH

    def address_of(self, act: Act) -> str:
        """Whose hands these are: now and then the stranger's."""
        return STRANGER if act.dice % 8 == 7 else UPNS[act.who % 3]

    def flip_series(self) -> None:
        """The administrator switches recurring meetings off, or on again."""
        is_on = self.house.world.policy.series is SeriesRule.WINDOW
        self.house.set_policy(series=SeriesRule.SKIP if is_on else SeriesRule.WINDOW)

    def put_right(self) -> None:
        """Default settings, licences for all, and a new day."""
        self.house.advance(days=1)
        self.house.world = replace(self.house.world, policy=Policy(series=self.series))
        for upn in UPNS:
            self.house.graph.mailbox(upn).usable = True

    def is_ill(self, upn: str) -> bool:
        return upn in UPNS and not self.house.graph.mailbox(upn).usable

    # calsync at work

    async def at_work(self, how: str, act: Act) -> None:
        """A sync of all, of one, or everybody's rounds at once; mails are counted, texts kept an eye on."""
        mails, texts = len(self.house.graph.mails), self.texts()
        self.wishes.look(self.house.desk().activities(), count=True)
        self.see_whom_it_may_not_reach()
        await self.work(how, act)
        self.wishes.look(self.house.desk().activities(), count=False)
        self.sent.update((uid_key(m.ical_uid), m.kind, m.to) for m in self.house.graph.mails[mails:])
        await self.learn_meetings()
        await self.check_not_lost(texts - self.texts())

    async def work(self, how: str, act: Act) -> None:
        if how == "one":
            upn = UPNS[act.who % 3]
            await self.fine(await self.house.sync(upn))
        elif how == "rush":
            await self.rush()
        else:
            await self.fine(await self.house.sync(full=how == "full"))

    async def fine(self, outcome: Any) -> None:
        assert outcome.failure == ""
        self.all_fine(outcome.reports)

    def all_fine(self, reports: list[Report]) -> None:
        failed = {r.upn: r.failures for r in reports if r.failures and not self.is_ill(r.upn)}
        assert not failed, failed

    async def rush(self) -> None:
        """Two workers, everybody's rounds at once."""
        worlds = [self.house.world, replace(self.house.world, holder="other")]
        await run_pull(worlds[0])
        users = await self.users()
        self.all_fine(await asyncio.gather(*(run_round(worlds[n % 2], user) for n, user in enumerate(users))))

    async def users(self) -> list[User]:
        return [u for u in await self.house.world.store.list_users() if u.enabled]

    # Watched at every step

    def texts(self) -> set[str]:
        """Every text that stands in a calendar, among what was deleted there, or in ERP.net."""
        shown = [str((row["Subject"], row["Notes"])) for row in self.house.desk().activities()]
        for address in (*UPNS, STRANGER):
            mailbox = self.at(address).mailbox
            items = [describe(i) for folder in (None, DELETED) for i in mailbox.items(folder)]
            items += [describe(i, day) for i in mailbox.items() for day in i.exceptions]
            shown += [str((e["subject"], e["body"]["content"])) for e in items]
        return {word for text in shown for word in WORD.findall(text)}

    async def check_not_lost(self, gone: set[str]) -> None:
        if not gone:
            return
        kept: set[str] = set()
        for user in await self.house.world.store.list_users():
            for entry in by_date(await self.house.world.store.read_journal(user.id, limit=10_000)):
                kept |= set(WORD.findall(str((entry.subject, entry.before, entry.after))))
        assert gone <= kept, f"{gone - kept}: nowhere any more, and in no journal"

    def see_whom_it_may_not_reach(self) -> None:
        """What ERP.net says of somebody, and Outlook's list does not, stays so where the setting of the moment keeps
        calsync from the list: what it looked at then is no news later on."""
        invite = self.house.world.policy.invite
        beyond = {
            key for key in self.said if invite is Invite.NONE or (invite is Invite.INTERNAL and key[1] == GUEST)
        }
        if beyond:
            told = self.told_in_outlook()
            self.unreached |= {
                key for key in beyond if key[0] in self.feeders and (key in told) is not self.said[key]
            }

    def told_in_outlook(self) -> set[tuple[str, str]]:
        """Whom the events of an activity invite, by its id."""
        shown = [event for upn in UPNS for event in self.copies(upn)]
        return {
            (activity, one["emailAddress"]["address"])
            for event in shown
            for activity in self.meetings.get(uid_key(event["iCalUId"]), ())
            for one in event["attendees"]
        }

    def copies(self, address: str) -> list[dict[str, Any]]:
        """What a calendar shows: singles and series, and the dates of these where they are synced."""
        person, is_on = self.at(address), self.house.world.policy.series is SeriesRule.WINDOW
        return [*person.events(), *(dates_in(person, self.house.now, self.house.now + SEEN) if is_on else [])]

    async def learn_meetings(self) -> None:
        """From links, and from our marks where nobody lived to save one."""
        makers = self.makers()
        for upn in UPNS:
            for item in self.at(upn).mailbox.items():
                for activity in item.properties.values():
                    self.meetings.setdefault(uid_key(item.ical_uid), set()).add(activity)
        for user in await self.house.world.store.list_users():
            for link in (await self.house.recall(user.upn)).links:
                self.uids.add(link.ical_uid)
                if link.activity_id:
                    self.meetings.setdefault(uid_key(link.ical_uid), set()).add(link.activity_id)
                if link.role is not Role.FOLLOWER:
                    self.feeders.setdefault(link.activity_id, makers.get(link.activity_id, set())).add(user.upn)

    def makers(self) -> dict[str, set[str]]:
        """From whose calendar activities were made, by their ids: their owner's, until a person gives them away.
        Whoever handed one on in the very same sync has no link that tells."""
        made = {
            row["Id"]: upn_of(row["OwnerLogin"])
            for row in self.house.desk().activities()
            if row["Id"] not in self.authors and row["OwnerLogin"]
        }
        return {ident: {upn} for ident, upn in made.items() if (ident, upn) not in self.excused}


async def hire(house: House, zones: tuple[str, ...] = ()) -> None:
    """Three colleagues with sync on, in these time zones, and a stranger."""
    for n, name in enumerate(NAMES):
        await house.employ(name, zone=zones[n] if zones else "FLE Standard Time")
    house.graph.outsider(STRANGER)
