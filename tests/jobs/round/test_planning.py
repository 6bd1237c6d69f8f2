"""What a plan says of meetings whose claim cannot be read."""

from __future__ import annotations

from jobs.round.planning import unclaimable
from sync_core.model.claim import Claim
from sync_core.model.decision import Decision, Intent, Verdict
from tests.support.samples import a_case, an_event


def decided(claim: Claim | None) -> Decision:
    """A decision about a meeting with this claim."""
    return Decision(a_case(an_event(), claim=claim), Intent.NOTHING, Verdict.REREAD)


def test_an_unreadable_claim_is_told_once() -> None:
    """Several meetings may depend on one row; each row is named once, in the order of the plan."""
    second, first = (Claim(unreadable=f"Meetings row {n}: unknown schema version") for n in (2, 1))
    plan = [decided(None), decided(second), decided(Claim(user_id="boris-id")), decided(first), decided(second)]

    assert [one.text for one in unclaimable(plan)] == [second.unreadable, first.unreadable]
