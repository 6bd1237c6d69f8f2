"""What a person does about each reason for which something is not synced or not written: the "Do:" lines.

One table for the command line, the page and the answers. A reason is a sentence for people. Some reasons end in
details, and some follow another reason. So each part of a reason is looked up, and the longest beginning that fits
counts. A test checks that every reason of the tables and the exits has a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync_core.content.ranges import BEYOND
from sync_core.errors import OWN_MISTAKE
from sync_core.model import link as life
from sync_core.model.pending import PendingState
from sync_core.model.unsynced import UNSHOWN
from sync_core.plan import dates, delete, exits, flow, holds, match, relocate, repattern, shared, update_rules
from sync_core.plan.tables import HINDRANCES, REASONS, Obstacle, Trait

NOTHING_TO_DO = "nothing: calsync goes on by itself"

_SERIES = "let an administrator set SYNC_SERIES to window, or enter a date of it as a meeting of its own"

DO: Mapping[str, str] = {
    REASONS[Trait.SERIES]: _SERIES,
    REASONS[Trait.CANCELLED]: "nothing: a cancelled meeting is not made in ERP.net",
    REASONS[Trait.OTHER_TYPE]: "let an administrator add its type to SYNC_ACTIVITY_TYPES",
    REASONS[Trait.VOID]: "nothing: make a new one, if it is to take place after all",
    REASONS[Trait.CREATOR_OFF]: "switch on the sync of whoever created the activity",
    REASONS[Trait.TAKEN]: "nothing: it is synced with the colleague's calendar",
    REASONS[Trait.PRIVATE]: "take the private mark off, or let an administrator set SYNC_PRIVATE to busy or sync",
    REASONS[Trait.OLD]: "nothing: what is over is not synced; move it into the future to sync it",
    REASONS[Trait.OUTSIDE]: "nothing: it is synced by itself once its day comes within the window",
    REASONS[Trait.ONE_WAY]: "let an administrator set SYNC_DIRECTION to both, if both ways are wanted",
    REASONS[Obstacle.PAST]: "nothing: it has taken place",
    REASONS[Obstacle.INVITED]: "keep Outlook's value, or ask the organizer to change the meeting",
    REASONS[Obstacle.NO_COMPANY]: "choose a default company and location",
    BEYOND: "give it a time that both sides can hold, or keep the value of the side that has one",
    REASONS[Obstacle.LOCKED]: "keep ERP.net's value, or make the activity editable in ERP.net",
    REASONS[Obstacle.MASS_DELETION]: "approve or drop the list that it is on",
    HINDRANCES[PendingState.PARTNER_GONE]: "approve to make the counterpart anew, or drop to leave the item alone",
    HINDRANCES[PendingState.TWIN]: "delete the event that is one too many",
    HINDRANCES[PendingState.CLASH]: "delete the imported event; whoever has the meeting of their own keeps it",
    HINDRANCES[PendingState.NAMED_TWICE]: "void the activity that is one too many",
    exits.UNLINKED: "retry this item, if both sides are to be in step again",
    exits.MALFORMED: "open the item, correct what it says and save it",
    exits.UNDECIDED: NOTHING_TO_DO,
    exits.ELSEWHERE: "move the event back into the default calendar",
    exits.HALF_SEEN: NOTHING_TO_DO,
    exits.HIDDEN: "let ERP.net's administrator make the activity visible to the service user",
    exits.RESTORED: "save the activity in ERP.net once, to accept what it says",
    delete.DELETED_IN_OUTLOOK: "nothing: enter it again in Outlook, if it is to take place after all",
    delete.CANCELLED: "nothing: it does not take place",
    delete.DELETED_IN_ERP: "nothing: enter it again in ERP.net, if it is to take place after all",
    holds.DROPPED: "nothing: delete it by hand on the side that still has it, if it is not wanted",
    relocate.STILL_COMING: NOTHING_TO_DO,
    match.UNSEARCHED: NOTHING_TO_DO,
    UNSHOWN: "find the activity of this day in ERP.net and save it, or ask ERP.net's support",
    shared.FOLLOWED: "nothing: the meeting is in ERP.net already",
    shared.BACK_AGAIN: NOTHING_TO_DO,
    shared.UNMADE: NOTHING_TO_DO,
    shared.OTHERS_UNREAD: NOTHING_TO_DO,
    shared.HANDED_ON: "nothing: the meeting is in ERP.net already",
    shared.VOIDED_ELSEWHERE: NOTHING_TO_DO,
    shared.CANCELLED_COPY: "nothing: it does not take place",
    flow.ASK: "keep Outlook's value or ERP.net's, for all fields or each by itself",
    update_rules.RICH_BODY: "keep Outlook's text, or write ERP.net's into the event in Outlook",
    update_rules.WOULD_MAIL: "change one side by hand, if both are to say the same",
    update_rules.ONE_PRIVACY: "keep Outlook's value, or change the privacy of the whole series in Outlook",
    dates.NEIGHBOUR: "keep Outlook's time, or give it one between the dates beside it",
    dates.WITH_SERIES: "nothing: change single dates after the series, where they are to differ",
    repattern.HELD_BACK: NOTHING_TO_DO,
    repattern.MAY_GO_ON: NOTHING_TO_DO,
    repattern.ANOTHER_DATE: NOTHING_TO_DO,
    update_rules.NEEDS_BODY: NOTHING_TO_DO,
    update_rules.NEEDS_LISTS: NOTHING_TO_DO,
    update_rules.NEEDS_CATEGORY: NOTHING_TO_DO,
    update_rules.MAILS_FOLLOW: NOTHING_TO_DO,
    update_rules.SHOWN_AGAIN: NOTHING_TO_DO,
    OWN_MISTAKE: "tell whoever runs calsync, whose log names the mistake; a retry helps once it is corrected",
    life.OVER: "nothing: what is over is not synced; move it into the future to sync it",
}
"""By the beginning of the reason."""

BY_RULE = frozenset(REASONS[trait] for trait in Trait)
"""Reasons by which the rules and the settings leave an item alone: every round that sees it decides so anew, a retry
leads to the same, and only what the remedy names changes that."""

ENDS = ("; ", ": ")
"""What separates a reason from the one before it, or from the field that it is about."""

OTHERWISE = "look at both sides, then ask for a retry"
"""For what has no reason of ours: an error of a side, in its own words."""


def gist(reason: str) -> str:
    """The reason without details of a single item, such as ids, so that equal reasons are counted together."""
    fitting = [known for known in DO if reason.startswith(known)]
    return max(fitting, key=len) if fitting else reason


def remedy(reason: str, otherwise: str = "") -> str:
    """What a person does about a reason; ``otherwise`` for one that is not ours."""
    fitting = [known for known in DO if reason.startswith(known) or any(f"{end}{known}" in reason for end in ENDS)]
    return DO[max(fitting, key=len)] if fitting else otherwise
