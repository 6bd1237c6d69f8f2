"""What rounds of other mailboxes do at the same moment: of two that want the same, at least one sees it and waits.

Each stores first what it is about to do and reads afterwards what the others are about to do (``jobs.claims`` has the
reasons). A decision that must wait gets a row with the reason, and the next round sees what the other one has done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from jobs.claims import Claims
from jobs.ports import Put, RowChange
from jobs.round.context import event_owners_of
from jobs.round.frame import RoundFrame
from jobs.round.outcomes import pending_of
from sync_core.model import link as life
from sync_core.model.decision import Decision, Intent
from sync_core.model.link import Link, LinkStatus
from sync_core.model.pending import Pending
from sync_core.plan.shared import OTHERS_UNREAD

RIVALLED = "a colleague's calendar was getting the same activity at the same moment"

OUTRUN = "another mailbox claimed the meeting at the same moment"

Split = tuple[list[Decision], list[RowChange]]
"""The decisions that may go on, and the rows of those that must wait."""

Splitting = Callable[[Sequence[Decision]], Awaitable[Split]]


class Rivals:
    """Finds which of one round's decisions must wait for another mailbox's round."""

    def __init__(self, frame: RoundFrame, claims: Claims) -> None:
        self._store = frame.world.store
        self._ctx = frame.ctx
        self._claims = claims
        self._links = {link.event_id: link for link in frame.memory.links}

    async def claimed(self, decisions: Sequence[Decision]) -> Split:
        """Claim the meetings that the decisions need. What another mailbox has claimed first waits."""
        going_on, late = await self._claims.take(decisions)
        return going_on, [Put(self._outrun(decision)) for decision in late]

    def _outrun(self, decision: Decision) -> Link | Pending:
        """The row for which the item is read again: its stored link, or a pending row where it has none, or begins
        anew after one that has ended, whose claim nobody asks for. The link that was decided with may be the former
        feeder's, and the cursors move past what this copy has just shown."""
        stored = self._links.get(decision.case.event_id)
        begins_anew = decision.case.link is None and not decision.case.followed
        if stored is None or begins_anew:
            return replace(pending_of(decision), reason=OUTRUN)
        return life.reread_for(stored, OUTRUN)

    async def confirmed(self, decisions: Sequence[Decision]) -> Split:
        """Confirm that nobody else has the meetings that are about to be voided; others are read again."""
        going_on, late = await self._claims.confirm_lost(decisions)
        links = [decision.case.link for decision in late]
        return going_on, [Put(life.reread_for(link, OTHERS_UNREAD)) for link in links if link is not None]

    async def creating_alone(self, decisions: Sequence[Decision]) -> Split:
        """Announce the events that are about to be created. One of an activity whose event a colleague's round is
        creating waits: the next round sees which of them was created."""
        begun = {d.case.activity_id for d in decisions if d.intent is Intent.CREATE_EVENT}
        if not begun:
            return list(decisions), []
        await self._store.begin_events(self._ctx.mailbox, begun)
        found = await event_owners_of(self._store, self._ctx, begun)
        rivalled = {activity_id for activity_id in begun if found[activity_id]}
        late = [d for d in decisions if d.case.activity_id in rivalled]
        if late:
            await self._store.end_events(self._ctx.mailbox, rivalled)
        going_on = [d for d in decisions if d.case.activity_id not in rivalled]
        return going_on, [Put(replace(pending_of(d), reason=RIVALLED)) for d in late]

    async def changed_feeder(self, begun: Collection[Decision], saved: Mapping[str, Link]) -> list[RowChange]:
        """Read the claims of newly followed meetings again, now that the index shows our copy to others.

        ``saved`` are the round's links, by event id. A link whose claim has another activity by now is to be read
        again: its row.
        """
        changed = await self._claims.find_changed(begun)
        links = [saved[d.case.event_id] for d in begun if d.case.event_id in saved]
        late = [link for link in links if link.ical_uid in changed and link.status is LinkStatus.LIVE]
        return [Put(life.reread_for(link, OUTRUN)) for link in late]
