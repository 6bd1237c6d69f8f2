"""Names what decided a case, and says it in words: the exit that was open, the cells of the tables that were asked.

The name is text that the journal keeps, its parts with a blank between: ``exit/hidden``, or
``fate/event-changed/activity-unchanged permit/update-activity/locked``. The row of a fate's cell says what was seen
of the event, its column what was seen of the activity. No name is ever used for something else.
"""

from __future__ import annotations

from collections.abc import Iterator

WORDS = {
    "exit/unlinked": "a person took the pair apart",
    "exit/series-off": "it is a date of a series, and series are not synced any more",
    "exit/malformed": "one side shows something that cannot be understood",
    "exit/undecided": "the event may be gone, and what was read does not settle it",
    "exit/elsewhere": "the event is in another calendar",
    "exit/hidden": "the activity is not visible to the service user",
    "exit/hindered": "a person must choose first",
    "exit/given-up": "writing it failed too often, and neither side has changed since",
    "exit/follower": "another mailbox's copy of the meeting feeds the activity",
    "exit/ended": "the pair has ended, and nothing is made of it again",
    "exit/half-seen": "a side must be read first",
    "exit/over": "the meeting is over",
    "exit/restored": "ERP.net shows an older state than before",
    "exit/taken": "the event is gone, and its activity belongs in a colleague's calendar",
    "exit/out-of-scope": "it is not among what is synced",
    "exit/not-feeding": "this mailbox's copy of the meeting is not the one that feeds the activity",
    "exit/claim-lost": "another mailbox has the meeting, so this copy is read first",
    "exit/copy-lost": "the event is gone, and another mailbox may still have the meeting",
    "exit/voided": "its activity was voided when a colleague lost the meeting, and the event is still here",
    "fate/event-absent/activity-absent": "neither in Outlook nor in ERP.net: nothing to do",
    "fate/event-absent/activity-present": "in ERP.net only: an event is made in Outlook",
    "fate/event-present/activity-absent": "in Outlook only: an activity is made in ERP.net",
    "fate/event-present/activity-present": "on both sides, and the same: they are linked",
    "fate/event-unchanged/activity-unchanged": "changed on neither side: nothing to do",
    "fate/event-unchanged/activity-changed": "changed in ERP.net only: the change goes to Outlook",
    "fate/event-unchanged/activity-gone": "gone from ERP.net: it goes from Outlook, too",
    "fate/event-changed/activity-unchanged": "changed in Outlook only: the change goes to ERP.net",
    "fate/event-changed/activity-changed": "changed on both sides: merged field by field",
    "fate/event-changed/activity-gone": "changed in Outlook and gone from ERP.net: the deletion wins",
    "fate/event-gone/activity-unchanged": "gone from Outlook: it is voided in ERP.net, too",
    "fate/event-gone/activity-changed": "gone from Outlook and changed in ERP.net: the deletion wins",
    "fate/event-gone/activity-gone": "gone on both sides: the pair ends",
    "scope": "what it is, is not synced",
    "election": "of the mailboxes that have this meeting, this one does not feed the activity",
    "permit": "this write is not permitted",
}
"""What each part means: an exit and a cell of the fate by themselves, of the other tables that they decided. What
exactly stood in the way there is the decision's reason."""


def of_exit(function: str) -> str:
    """The name of an exit, by that of the function which is asked."""
    return f"exit/{function.strip('_').replace('_', '-')}"


def of_table(table: str, cell: tuple[str, str]) -> str:
    """The name of a cell, by its row and its column."""
    return f"{table}/{cell[0]}/{cell[1]}"


def joined(*parts: str) -> str:
    """The name of several that decided together, in the order in which they were asked."""
    return " ".join(filter(None, parts))


def parts_of(cell: str) -> Iterator[tuple[str, str]]:
    """Each part of a name as a key of ``WORDS`` ('' = not known to this build), and as people find it in the printed
    tables."""
    for part in cell.split():
        table, _, place = part.partition("/")
        known = next((key for key in (part, table) if key in WORDS), "")
        yield known, f"exit {place}" if table == "exit" else f"{table.upper()} {' × '.join(place.rsplit('/', 1))}"


def in_words(cell: str) -> str:
    """What decided, for people, with the names of the cells; '' for no name."""
    told = (f"{WORDS[key]} ({name})" if key else name for key, name in parts_of(cell))
    return "; ".join(told)
