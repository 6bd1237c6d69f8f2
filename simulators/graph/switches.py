"""What the contract calls UNCONFIRMED or rare: one switch each, at its likeliest or harshest setting."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import timedelta


@dataclass
class Switches:
    """Set any of these at any time; ``GraphSimulator.reset`` puts them back.

    - ``deleted_items_readable``: GET by id answers 200 for an event in Deleted Items (graph.md §8)
    - ``transactions_after_delete``: a POST that repeats the transactionId of a deleted event is ``refuse``d as
      a duplicate, ``answer``ed with the deleted event, or the id is ``forget``ten (graph.md §5)
    - ``answers_of_attendees``: a written list of attendees leaves the answers ``kept``, by person, or they are
      ``as sent``: gone where no status is sent (graph.md §6, "replaced as a whole")
    - ``touch_after_create``: the service changes the change key once more right after a POST (graph.md §5)
    - ``spurious_conflicts``: that many next ``If-Match`` requests are 412 although they match (graph.md §5)
    - ``delta_expiry``: ``gone`` (410 SyncStateNotFound), ``location`` (410 with Location), ``syncStateNotFound``,
      ``resyncRequired`` or ``syncStateInvalid`` (400 each) (graph.md §3)
    - ``delta_page``: the size without ``odata.maxpagesize`` (graph.md §3)
    - ``delta_lag``: a change shows in delta only after this time (graph.md §3)
    - ``delta_replays``: so many versions before the token come again (graph.md §3)
    - ``delta_repeats``: the first item of a round comes twice (graph.md §3)
    - ``delta_empty_pages``: so many empty pages open each round (graph.md §3)
    - ``delta_omits_masters``: a master whose own date lies outside the window is left out (graph.md §3)
    - ``delta_removes_occurrences``: a deleted series also removes its occurrences' ids (graph.md §3)
    - ``requests_per_10_minutes``: per mailbox; ``None`` counts nothing (graph.md §10)
    - ``overlap_seconds``: how long a request lasts while others of its mailbox are in flight (graph.md §10)
    """

    deleted_items_readable: bool = False
    transactions_after_delete: str = "refuse"
    answers_of_attendees: str = "kept"
    touch_after_create: bool = False
    spurious_conflicts: int = 0
    delta_expiry: str = "gone"
    delta_page: int = 10
    delta_lag: timedelta = field(default_factory=timedelta)
    delta_replays: int = 0
    delta_repeats: bool = False
    delta_empty_pages: int = 0
    delta_omits_masters: bool = False
    delta_removes_occurrences: bool = False
    requests_per_10_minutes: int | None = None
    overlap_seconds: float = 0.002

    def restore(self) -> None:
        """Put every switch back to its default."""
        fresh = Switches()
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))
