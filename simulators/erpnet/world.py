"""The instance: its rows, its clock, and the switches for what no source confirms (erpnet.md §14)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from simulators.base import Clock
from simulators.erpnet import schema
from simulators.erpnet.store import Change, Row, Store
from simulators.erpnet.values import print_moment

Json = dict[str, Any]


@dataclass
class Application:
    """The Trusted Application calls come from; they run as the service user (erpnet.md §2)."""

    uri: str = "calsync"
    secret: str = "erp-sim-secret"
    scope: str = "read update"
    enabled: bool = True
    system_user_allowed: bool = True


@dataclass(eq=False)
class Caller:
    """Who is acting: an ERP user, under which rules, with which context parameters."""

    user: Row
    scopes: frozenset[str] = frozenset({"read", "update"})
    front: bool = False
    company: str | None = None
    location: str | None = None
    aliases: dict[str, Row] = field(default_factory=dict)

    @property
    def login(self) -> str:
        """The user's login."""
        return str(self.user["Login"])


class World:
    """One ERP.net instance in memory; every public attribute but ``store`` is a switch for tests."""

    clock: Clock

    def clear(self) -> None:
        """An empty instance with every switch at its default."""
        self.version = "27.1.1.20"
        # What the service user may do.
        self.self_grant_refused = False
        self.security_scope_required = False
        self.may_create_document_types = True
        self.private_visible = True
        # How the server reads and answers.
        self.version_check: Literal["body", "ignored", "refused"] = "body"
        self.utc_filters_cut = False
        self.absolute_next_links = False
        self.missing_status = 404
        self.batch_stops_at_error = False
        self.server_zone: tzinfo = UTC
        # How documents live.
        self.release_sets_read_only = False
        self.voids_completed = False
        self.notification_classes = {"NT_WEBSITE_EXT_MSSYNC"}
        self.commits_late_minutes = 0.0  # from the time that people's writes bear until they can be seen
        self.forgets_deleted = False  # no system object stays of what is hard-deleted
        # What the web site allows one session, and all of them (erpnet.md §3).
        self.application = Application()
        self.licences = 10
        self.requests_per_minute: int | None = 600  # None = no limit; a stopped clock never ends its minute
        self.queue_size = 5
        self.latency = 0.0  # seconds each request holds its session; more than 0 makes 429 by queue certain
        self.switches = frozenset(n for n, v in vars(self).items() if _is_switch(n, v))
        self.store = Store()
        self._versions = 1000
        self._documents = 0
        self._uncommitted: list[tuple[datetime, list[Change]]] = []

    @property
    def notifications(self) -> list[Json]:
        """What people were told, oldest first: user (login), class, subject, priority, at."""
        return [
            {
                "user": self.store.at(schema.USERS, row["User"])["Login"],
                "class": row["NotificationClass"],
                "subject": row["Subject"],
                "priority": row["Priority"],
                "at": row["AggregateLastUpdateTimeUtc"],
            }
            for row in self.store.rows(schema.NOTIFICATIONS)
        ]

    def now_utc(self) -> str:
        """The instant now, as ``…Utc`` attributes hold it (milliseconds)."""
        return print_moment(self.clock.now())

    def now_wall(self) -> str:
        """The server's wall clock now, as ``CreationTime`` and its like hold it (seconds)."""
        return print_moment(self.clock.now().astimezone(self.server_zone), digits=True)

    def next_document_no(self) -> str:
        """The next number of the one sequence every document type shares here."""
        self._documents += 1
        return f"{self._documents:010d}"

    def root(self, row: Row) -> Row:
        """The aggregate root this row belongs to: itself, or its owner."""
        owner = row.entity.owner
        return self.store.at(row.entity.refs[owner].target, row[owner]) if owner else row

    def touch(self, row: Row) -> None:
        """Note that the row's aggregate changed: version, update time, system object."""
        root = self.root(row)
        self._versions += 1
        self.store.assign(root, "ObjectVersion", self._versions)
        self.store.assign(root, "AggregateLastUpdateTimeUtc", self.now_utc())
        if root.entity.name == schema.ACTIVITIES:
            self._note_system_object(root, deleted=False)

    def bury(self, activity: Row) -> None:
        """Hard-delete an activity: its rows vanish, its system object stays (erpnet.md §7)."""
        for child in self.store.children(schema.PARTICIPANTS, activity.id):
            self.store.remove(child)
        self.store.remove(activity)
        self._versions += 1
        self._note_system_object(activity, deleted=True)
        if self.forgets_deleted:
            self.store.remove(self.store.at(schema.SYSTEM_OBJECTS, activity["DocumentId"]))

    @contextmanager
    def person_writing(self) -> Iterator[None]:
        """A person's write: in force at once, or ``commits_late_minutes`` after it was made."""
        self.commit_due()
        if not self.commits_late_minutes:
            with self.store.atomic():
                yield
            return
        changes: list[Change] = []
        with self.store.rehearsal(changes):
            yield
        self._uncommitted.append((self.clock.now() + timedelta(minutes=self.commits_late_minutes), changes))

    def commit_due(self) -> None:
        """Bring into force what was to be committed by now."""
        due = [changes for at, changes in self._uncommitted if at <= self.clock.now()]
        self._uncommitted = [one for one in self._uncommitted if one[0] > self.clock.now()]
        for changes in due:
            self.store.replay(changes)

    def _note_system_object(self, root: Row, *, deleted: bool) -> None:
        # The system object shares nothing but these values with its entity, its key included.
        entry = self.store.get(schema.SYSTEM_OBJECTS, root["DocumentId"])
        if entry is None:
            entry = Row(schema.SETS[schema.SYSTEM_OBJECTS], root["DocumentId"])
            self.store.insert(entry)
        values = {
            "EntityType": root.entity.table,
            "EntityItemId": root.id,
            "ExternalId": root["ExternalId"],
            "ExternalSystem": root["ExternalSystem"],
            "IsDeleted": deleted,
            "LatestVersion": self._versions,
            "LastUpdateTimeUtc": self.now_utc(),
        }
        for name, value in values.items():
            if entry[name] != value:
                self.store.assign(entry, name, value)

    def code_of(self, row: Row) -> str:
        """The row's code (CodeDataMember), empty if the set has none."""
        step: Row | None = row
        *path, last = row.entity.code.split("/")
        for name in path:
            step = self.store.get(step.entity.refs[name].target, step[name]) if step else None
        return str(step[last] or "") if step and last else ""

    def text_of(self, row: Row) -> str:
        """``DisplayText``: code and name, as far as the set has them."""
        title = row[row.entity.title] if row.entity.title else row["Subject"]
        if isinstance(title, dict):
            title = next(iter(title.values()), "")
        return " ".join(t for t in (self.code_of(row), str(title or "")) if t)


def _is_switch(name: str, value: object) -> bool:
    plain = value is None or isinstance(value, bool | int | float | str)
    return plain and not name.startswith("_") and name != "origin"
