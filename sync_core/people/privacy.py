"""Which fields ``SYNC_PRIVATE=busy`` hides from a side, and which fields a write shows again."""

from __future__ import annotations

from sync_core.content.project import is_private
from sync_core.model.decision import Case, Context
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import PEOPLE, Field, Fields

PRIVATE = "(private)"
"""Shown in place of a text that only its owner may read."""


def is_hidden(case: Case, ctx: Context) -> bool:
    """Whether ``SYNC_PRIVATE=busy`` hides this meeting: at least one of its sides is private."""
    items = (item.content for item in (case.event, case.activity) if item is not None)
    return ctx.policy.private is PrivateRule.BUSY and any(map(is_private, items))


HIDEABLE = PEOPLE | {Field.SUBJECT, Field.BODY}
"""The fields of a private meeting that ``SYNC_PRIVATE=busy`` keeps from the other side."""


def is_private_in_erp_only(case: Case, ctx: Context) -> bool:
    """Whether only the activity is private, as far as is known. Then the lists of people are not compared."""
    return is_hidden(case, ctx) and (case.event is None or not is_private(case.event.content))


def kept_from_graph(case: Case, ctx: Context, *, mails_people: bool) -> Fields:
    """The fields of a private activity that are not written to the event, because Exchange would mail them."""
    hides = case.activity is not None and is_private(case.activity.content) and is_hidden(case, ctx)
    return HIDEABLE if hides and mails_people else frozenset()


def hidden_in_graph(case: Case, ctx: Context) -> Fields:
    """The fields that a private event hides. Nothing is known of them, so ERP.net's values do not overwrite them: if
    the event becomes public with this write, they are compared afterwards."""
    hides = case.event is not None and is_private(case.event.content) and is_hidden(case, ctx)
    return HIDEABLE if hides else frozenset()


def kept_from_erp(case: Case, ctx: Context, *, is_first: bool) -> Fields:
    """The fields that are not written to a private activity whose event is not private.

    ERP.net's values of them have not been compared with the event's, so they are not overwritten. In a newly found
    pair the activity stays private as well.
    """
    if case.activity is None or not is_private_in_erp_only(case, ctx):
        return frozenset()
    return HIDEABLE | {Field.PRIVATE} if is_first else HIDEABLE


def shown_again(case: Case, to_erp_fields: Fields, to_graph_fields: Fields, ctx: Context) -> Fields:
    """The fields that become visible with this write. Their base must not move: they have not been compared."""
    is_lifted = Field.PRIVATE in to_erp_fields | to_graph_fields and is_hidden(case, ctx)
    return HIDEABLE - to_erp_fields - to_graph_fields if is_lifted else frozenset()
