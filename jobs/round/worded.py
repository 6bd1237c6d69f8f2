"""A decision in words, as the report and the journal tell it; with ids only where our own code fails on it."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.own_mistakes import unless_mistaken
from sync_core.model.decision import Case, Context, Decision, Verdict
from sync_core.model.series import Occurrence
from sync_core.people.privacy import PRIVATE, is_hidden
from sync_core.plan.wording import action_of, is_about_private, values

QUIET = frozenset({Verdict.NOTHING, Verdict.REREAD})


@dataclass(frozen=True, slots=True)
class Line:
    """One decision in words. ``before`` and ``after`` are values by side and field. Of a ``private`` item only its
    owner may see the subject and the values. ``hides``: what ``SYNC_PRIVATE=busy`` hides must not be stored.
    ``mails`` is how many mails Exchange sends; ``cell`` names what decided (``Decision.cell``), ``occurrence`` which
    date of a series the item is."""

    what: str
    subject: str
    reason: str
    event_id: str
    activity_id: str
    before: dict[str, str]
    after: dict[str, str]
    private: bool = False
    hides: bool = False
    mails: int = 0
    cell: str = ""
    occurrence: Occurrence | None = None


def is_shown(decision: Decision) -> bool:
    """Whether a plan shows a decision: all but those about pairs in step."""
    return decision.verdict not in QUIET


def worded(decision: Decision, ctx: Context) -> Line:
    """Put a decision into words, once for the report and the journal; with ids only if our own code fails on it."""
    return unless_mistaken(lambda: line_of(decision, ctx), lambda _: wordless(decision), ctx.mailbox)


def line_of(decision: Decision, ctx: Context) -> Line:
    """Put a decision into words."""
    before, after = values(decision, ctx.digits_zone)
    case = decision.case
    return Line(
        what=action_of(decision),
        subject=case.subject,
        reason=decision.reason,
        event_id=case.event_id,
        activity_id=case.activity_id,
        before=before,
        after=after,
        private=is_about_private(case),
        hides=is_hidden(case, ctx),
        mails=decision.mails if decision.verdict is Verdict.ACT else 0,
        cell=decision.cell,
        occurrence=case.occurrence,
    )


def wordless(decision: Decision) -> Line:
    """Make the line of a decision that our own code cannot put into words: with ids only."""
    case = decision.case
    return Line(
        decision.intent,
        "",
        decision.reason,
        case.event_id,
        case.activity_id,
        {},
        {},
        private=True,
        cell=decision.cell,
        occurrence=case.occurrence,
    )


def title(case: Case) -> str:
    """The name of a case's item in a message for administrators: its subject, unless only the owner may see it."""
    return PRIVATE if is_about_private(case) else case.subject or case.event_id or case.activity_id
