"""One mailbox: its items by id, its calendars, and the ordered log of changes that delta reads from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime
from typing import Any

from simulators.base import Clock
from simulators.graph import ids
from simulators.graph.errors import item_not_found, malformed_id
from simulators.graph.model import DELETED, Calendar, Content, Item, Occurrence
from simulators.graph.switches import Switches

Json = dict[str, Any]
Listener = Callable[[Item, str], None]


class Mailbox:
    """An account and what is stored for it; ``usable = False`` is a mailbox without a licence.

    ``aliases`` are further addresses that reach it.
    """

    def __init__(
        self,
        clock: Clock,
        switches: Switches,
        listener: Listener,
        upn: str,
        *,
        id: str | None = None,
        mail: str | None = None,
        display_name: str | None = None,
        time_zone: str = "FLE Standard Time",
        enabled: bool = True,
        aliases: tuple[str, ...] = (),
        mailbox: bool = True,
    ) -> None:
        self.upn = upn
        self.id = id or ids.account_id(upn)
        self.mail = mail or upn
        self.display_name = display_name or upn.partition("@")[0].replace(".", " ").title()
        self.time_zone = time_zone
        self.enabled = enabled
        self.aliases = tuple(aliases)
        self.usable = mailbox
        self.forbidden = False
        self.teams = True
        self.stem = ids.stem(self.id)
        self.calendar_id = f"AAMkCAL{self.stem}AAA="
        self.calendars = {self.calendar_id: Calendar(self.calendar_id, "Calendar", is_default=True)}
        self.master_categories: dict[str, Json] = {}
        self.transactions: dict[str, tuple[Item, str]] = {}
        self.version = 0
        self.changed_at: list[datetime] = []
        self.delta_generation = 0
        self.delta_endless: str = ""
        self.in_flight = 0
        self.throttled: list[str | None] = []
        self.recent: deque[datetime] = deque()
        self.switches = switches
        self._clock = clock
        self.late: list[Item] = []
        """What a move has left out so far."""
        self._listener = listener
        self._numbers = 0
        self._by_id: dict[str, Item] = {}
        self._folders: dict[str, dict[int, Item]] = {}
        self._log: dict[int, Item] = {}

    def now(self) -> datetime:
        """The time by the mailbox's clock."""
        return self._clock.now()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that reaches this mailbox, the primary one first."""
        return tuple(dict.fromkeys((self.mail, self.upn, *self.aliases)))

    def calendar_named(self, name: str) -> Calendar:
        """The calendar of this name, made when it does not exist."""
        found = next((c for c in self.calendars.values() if c.name.lower() == name.lower()), None)
        if found is None:
            found = Calendar(f"AAMkCAL{self.stem}{self._number():04d}AAA=", name)
            self.calendars[found.id] = found
        return found

    def items(self, calendar: str | None = None) -> Iterator[Item]:
        """The items of a calendar, the default one when none is named."""
        return iter(self._folders.get(calendar or self.calendar_id, {}).values())

    def find(self, ident: str, *, deleted: bool = False) -> Occurrence:
        """What an id names: a single, a master, or one date of a series.

        ``deleted`` lets items in Deleted Items be found.  Raises 400 or 404 as Graph does.
        """
        if not ids.is_well_formed(ident):
            raise malformed_id()
        item = self._by_id.get(ident)
        if item is not None:
            return Occurrence(self._visible(item, deleted))
        split = ids.split_occurrence(ident)
        master = self._by_id.get(split[0]) if split else None
        if split is None or master is None or split[2] not in (0, master.version):
            raise item_not_found()
        return self._occurrence(self._visible(master, deleted), split[1])

    def _visible(self, item: Item, deleted: bool) -> Item:
        if item.is_deleted and not deleted:
            raise item_not_found()
        return item

    def _occurrence(self, master: Item, slot: date) -> Occurrence:
        recurrence = master.content.recurrence
        if recurrence is None or slot in master.cancelled or not recurrence.has(slot):
            raise item_not_found()
        return Occurrence(master, slot)

    def add(self, content: Content, *, calendar: str | None = None, uid: str | None = None) -> Item:
        """Store a new item; the caller fills in what else it has and then calls ``touch(item, "created")``."""
        number, now = self._number(), self._clock.now()
        item = Item(
            mailbox=self,
            serial=number,
            immutable_id=ids.item_id(self.stem, number, immutable=True),
            regular_id=ids.item_id(self.stem, number, immutable=False),
            calendar=calendar or self.calendar_id,
            content=content,
            ical_uid=uid or ids.ical_uid(self.id, number, now),
            created_at=now,
            modified_at=now,
        )
        self._by_id[item.immutable_id] = self._by_id[item.regular_id] = item
        self._folders.setdefault(item.calendar, {})[number] = item
        return item

    def touch(self, item: Item, kind: str = "updated") -> None:
        """Give the item a new version and put it at the end of the change log."""
        self.version += 1
        now = self._clock.now()
        self.changed_at.append(now)
        item.version = self.version
        item.modified_at = now
        if item.calendar == self.calendar_id:
            item.seen_as = item.regular_id
            if item.entered is None:
                item.entered = self.version
        self._log.pop(item.serial, None)
        self._log[item.serial] = item
        self._listener(item, kind)

    def move(self, item: Item, calendar: str) -> None:
        """Put the item into another folder; its regular id changes, its immutable id stays."""
        del self._folders[item.calendar][item.serial]
        del self._by_id[item.regular_id]
        was_deleted = item.is_deleted
        item.calendar = calendar
        item.regular_id = ids.item_id(self.stem, self._number(), immutable=False)
        self._by_id[item.regular_id] = item
        self._folders.setdefault(calendar, {})[item.serial] = item
        self.touch(item, "deleted" if calendar == DELETED else "created" if was_deleted else "updated")

    def purge(self, item: Item) -> None:
        """Remove the item for good; the log keeps its trace."""
        del self._folders[item.calendar][item.serial]
        del self._by_id[item.regular_id], self._by_id[item.immutable_id]
        item.calendar = ""
        self.touch(item, "deleted")

    def relocate(self, missing: Collection[str]) -> dict[str, str]:
        """Give every item new ids, as a move to another store or a restore does (graph.md §8).

        The old ids answer no more, nor do old delta links; what bears one of the ``missing`` ids is left out until
        it ``arrives``. Old immutable ids → new ones.
        """
        self.delta_generation += 1
        olds = [(item.immutable_id, item) for folder in self._folders.values() for item in folder.values()]
        for _, item in olds:
            self._forget(item)
        self.late += [item for old, item in olds if old in missing]
        came = [(old, item) for old, item in olds if old not in missing]
        for _, item in came:
            self._register(item)
        return {old: item.immutable_id for old, item in came}

    def arrive(self) -> None:
        """What a move has left out comes along, as news."""
        while self.late:
            item = self.late.pop(0)
            self._register(item)
            item.entered = None
            self.touch(item, "created")

    def _forget(self, item: Item) -> None:
        del self._folders[item.calendar][item.serial]
        del self._by_id[item.regular_id], self._by_id[item.immutable_id]
        self._log.pop(item.serial, None)

    def _register(self, item: Item) -> None:
        item.serial = self._number()
        item.immutable_id = ids.item_id(self.stem, item.serial, immutable=True)
        item.regular_id = ids.item_id(self.stem, item.serial, immutable=False)
        self._by_id[item.immutable_id] = self._by_id[item.regular_id] = item
        self._folders.setdefault(item.calendar, {})[item.serial] = item

    def changed_since(self, version: int) -> Iterator[Item]:
        """Items changed after this version, latest first, each once."""
        for item in reversed(self._log.values()):
            if item.version <= version:
                return
            yield item

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
