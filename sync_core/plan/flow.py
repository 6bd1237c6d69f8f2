"""What is written to each side of a live pair, before any rule: the three-way merge, as a frozen value.

``update_rules`` takes fields out of it or adds one, rule by rule; ``update`` makes the writes of what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_core.content.compare import Pair
from sync_core.content.merge import later_side, merge, winning_side
from sync_core.model.conflict import Clash, Conflict, PutBack
from sync_core.model.decision import Case, Context
from sync_core.model.event import Event
from sync_core.model.link import Link, Role
from sync_core.model.sides import EVERYTHING, PEOPLE, EventKind, Field, Fields, GraphEvent, Side
from sync_core.people.lists import Moves
from sync_core.people.mail import mails_anybody
from sync_core.people.moves import moves_of
from sync_core.plan.tables import edited_in_erp, edited_in_graph

ASK = "both sides changed it; the settings leave the choice to a person"


@dataclass(frozen=True, slots=True)
class Flow:
    """What is written to each side, as far as the rules so far leave it.

    These do not change: ``moves`` are the people who join and leave the lists, ``twice`` the fields edited on both
    sides, ``solved`` the conflicts that the policy solved, each with its losing side.

    ``to_erp`` and ``to_graph`` are the fields to write. ``clashes`` are the fields in conflict; ``left`` are those
    that stay as they are on both sides, and ``why`` tells people the reason. ``needs`` says why both sides must be
    read again. ``html`` is the new body where plain text will not do. ``conflict`` is what stays open, ``categories``
    are the event's new ones (None = unchanged). ``later`` are the fields that are written in a round right after this
    one, ``by_person`` those that a person chose for. ``asked`` is what an undo still asks for afterwards.
    """

    pair: Pair
    ctx: Context
    moves: Moves = field(default_factory=Moves)
    twice: Fields = frozenset()
    solved: tuple[tuple[Field, Side], ...] = ()
    to_erp: Fields = frozenset()
    to_graph: Fields = frozenset()
    clashes: Mapping[Field, Clash] = field(default_factory=dict)
    left: Fields = frozenset()
    why: str = ""
    needs: str = ""
    html: str | None = None
    conflict: Conflict | None = None
    categories: tuple[str, ...] | None = None
    later: Fields = frozenset()
    by_person: Fields = frozenset()
    asked: tuple[PutBack, ...] = ()

    @property
    def case(self) -> Case:
        """The case that is decided."""
        return self.pair.case

    @property
    def link(self) -> Link:
        """The pair's link, with its bases."""
        return self.pair.link

    @property
    def is_first(self) -> bool:
        """Whether two items have just been found to be a pair, so that there is no base."""
        return not self.pair.has_base

    @property
    def mails_people(self) -> bool:
        """Whether Exchange mails anybody when the event changes."""
        event = self.case.event
        return mails_anybody(event) if event else bool(self.pair.graph_now.people)

    @property
    def open(self) -> Fields:
        """The fields on which the sides still differ afterwards."""
        return self.left | frozenset(self.clashes)

    @property
    def agreed(self) -> Event:
        """The activity's content after the write, in common ground."""
        agreed = self.pair.agreed(self.to_graph | self.open)
        return agreed if Field.TIME in self.to_erp else replace(agreed, when=self.pair.activity.when)

    def without(self, side: Side, fields: Fields) -> Flow:
        """The flow that does not write these fields to the side."""
        if side is Side.ERP:
            return replace(self, to_erp=self.to_erp - fields)
        return replace(self, to_graph=self.to_graph - fields)

    def leaving(self, fields: Fields, why: str = "") -> Flow:
        """The flow that leaves these fields as they are on both sides. People are told the first reason."""
        return replace(self, left=self.left | fields, why=self.why or why) if fields else self

    def clashing(self, fields: Fields, why: str) -> Flow:
        """The flow with these fields in conflict for this reason."""
        return replace(self, clashes={**self.clashes, **{f: self.pair.clash(f, why) for f in fields}})


def merged_flow(pair: Pair, ctx: Context) -> Flow:
    """What the merge of both sides' edits asks for, before any rule. Without a base every difference is an edit."""
    event_edits = edited_in_graph(pair.case, pair.link) if pair.has_base else EVERYTHING
    activity_edits = edited_in_erp(pair.case, pair.link) if pair.has_base else EVERYTHING
    moves = moves_of(pair, event_edits | activity_edits, ctx)
    merged = merge(event_edits - PEOPLE, activity_edits - PEOPLE, is_same=pair.is_same, winner=_winner(pair, ctx))
    flow = Flow(
        pair,
        ctx,
        moves,
        twice=event_edits & activity_edits,
        solved=merged.solved,
        to_erp=merged.to_erp | (PEOPLE if moves.join_erp or moves.leave_erp else frozenset()),
        to_graph=merged.to_graph | (PEOPLE if moves.join_graph or moves.leave_graph else frozenset()),
    )
    return flow.clashing(merged.unsolved, ASK)


def _winner(pair: Pair, ctx: Context) -> Side | None:
    """The side that wins a conflict. In somebody else's meeting the organizer wins. In a newly found pair Outlook
    wins where a change of the event would mail people. Else the policy decides."""
    case, link = pair.case, pair.link
    event = case.event
    is_guest = link.role is Role.INVITED or (event is not None and not event.is_organizer)
    is_first = not pair.has_base and event is not None and mails_anybody(event)
    if (is_guest or is_first) and ctx.policy.direction.lets(Side.ERP):
        return Side.GRAPH
    event_at = _edited_at(event, link if pair.has_base else None) if event else link.modified_at
    activity_at = case.activity.updated_at if case.activity else link.updated_at
    return winning_side(ctx.policy, later_side(event_at, activity_at))


def _edited_at(event: GraphEvent, known: Link | None) -> datetime | None:
    """When an event got what it shows anew, None where nobody knows. ``known`` is what was last seen of it.

    The time of a plain date is its series', which moves with a change of any date and an answer of any guest
    (graph.md §5): it tells nothing of an edit. A changed date has a time of its own. It counts where it moved since
    the date was last seen, whatever happened to the series after that. Where it did not, what the date shows anew
    came with its series, and the time of that is at most the series'.
    """
    if event.kind is EventKind.OCCURRENCE:
        return None
    own, seen = event.modified_at, known.modified_at if known else None
    is_as_seen = own is not None and seen is not None and own <= seen
    return event.newest_at if event.kind is EventKind.EXCEPTION and is_as_seen else own
