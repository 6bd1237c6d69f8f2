"""Switches for what the contract calls UNCONFIRMED or rare, each at its likeliest or harshest setting."""

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
    - ``delta_series``: what tells of a changed series, the ``whole`` of it, its master and its ``exceptions``, or
      the ``master`` alone (graph.md §3)
    - ``delta_original_start``: an exception in delta says which date it replaces; elsewhere ``originalStart`` only
      comes when it is selected (graph.md §3, §4)
    - ``occurrence_uids``: the iCalUId of an occurrence is ``dated`` or the ``series``' own (graph.md §6)
    - ``foreign_uids``: occurrences of a series whose uid is not Exchange's share it (``series``), have a dated one
      of Exchange's making (``dated``) or ``none`` (graph.md §6)
    - ``occurrence_ids_stay``: an occurrence keeps its immutable id when its series changes (graph.md §8)
    - ``occurrence_details``: categories, sensitivity and extended properties sent to one date are ``kept``, which
      makes an exception, or ``ignored`` (graph.md §5)
    - ``series_edit_drops_exceptions``: a new time or pattern forgets changed and deleted dates; else those stay
      whose date the new pattern has too (graph.md §5)
    - ``series_keep_wall_clock``: the dates of a series have its clock's time, not its distance in time (graph.md §6)
    - ``teams_series_break``: PATCH of an online series with an exception is 500 (graph.md §5)
    - ``lost_occurrence_writes``: that many next PATCHes of one date are 200 without effect (graph.md §5)
    - ``instances_hide_exceptions``: ``/instances`` leaves them out (graph.md §4)
    - ``view_hides_exceptions``: so does calendarView (graph.md §4)
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
    delta_series: str = "whole"
    delta_original_start: bool = True
    occurrence_uids: str = "dated"
    foreign_uids: str = "series"
    occurrence_ids_stay: bool = True
    occurrence_details: str = "kept"
    series_edit_drops_exceptions: bool = True
    series_keep_wall_clock: bool = True
    teams_series_break: bool = False
    lost_occurrence_writes: int = 0
    instances_hide_exceptions: bool = False
    view_hides_exceptions: bool = False
    requests_per_10_minutes: int | None = None
    overlap_seconds: float = 0.002

    def restore(self) -> None:
        """Put every switch back to its default."""
        fresh = Switches()
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))
