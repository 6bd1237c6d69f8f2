"""Reads activities by id and by mark (erpnet.md §5, §7).

Filters are asked wide, because dates are cut and letter case is the database's business; what was meant is then
filtered exactly here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from adapters.erp.apart import RefusesAll, read_apart
from adapters.erp.odata import Row, any_of, chunks, id_of, is_guid, query, text
from adapters.erp.parse import read_activity, read_state
from adapters.erp.session import Session
from jobs.ports import ActivityState
from sync_core.content.ranges import external_id_of, uid_key
from sync_core.model.sides import PAIRED_SYSTEMS, ErpActivity, Malformed, Side, stamp_of

ACTIVITIES = "General_Activities_Activities"
PARTIES = "General_Contacts_Parties"
SYSTEM_OBJECTS = "Systems_Core_ExtensibleDataObjects"

ENTITY = "Cm_Activities"
"""The table name that stands for activities in EntityName; as EntityType it is INFERRED (erpnet.md §7)."""

SELECT = "default,Id,ObjectVersion,ExternalId,ExternalSystem,AggregateLastUpdateTimeUtc"
EXPAND = "Participants($select=Id,Email,Notes)"

MARKS_AT_ONCE = 40
"""The most reads by mark in a request: an iCalUId is long, so that a read holds some forty and few are found."""

WITNESSES = 3
"""Activities that are there, whose system objects are asked for beside those of missing ones."""


def whole(where: str) -> str:
    """Build the read of full activities."""
    return query(ACTIVITIES, where, select=SELECT, expand=EXPAND)


def by_ids(ids: Iterable[str]) -> list[str]:
    """Build the reads that cover these ids."""
    return [whole(any_of("Id", piece)) for piece in chunks(sorted(filter(is_guid, ids)))]


def by_marks(external_ids: Iterable[str]) -> list[str]:
    """Build the reads that cover activities with these marks; the system is filtered in code."""
    return [whole(any_of("ExternalId", piece)) for piece in chunks(map(text, sorted(external_ids)))]


def parsed(pages: Iterable[Iterable[Row]]) -> dict[str, ErpActivity | Malformed]:
    """All rows by id; a row met twice counts once."""
    return {item.id: item for rows in pages for item in map(read_activity, rows)}


async def read_activities(session: Session, ids: Collection[str]) -> dict[str, ErpActivity | Malformed | None]:
    """``Erp.read_activities``: keyed by the ids as asked."""
    wanted = sorted(filter(is_guid, {key.lower() for key in ids}))
    rows, refused = await read_apart(session, wanted, by_ids)
    found = parsed([rows]) | {key: Malformed(Side.ERP, key, why, is_passing=True) for key, why in refused.items()}
    return {key: found.get(key.lower()) for key in ids}


async def read_states(session: Session, ids: Collection[str]) -> dict[str, ActivityState]:
    """``Erp.read_states``: keyed by the ids as asked; what ERP.net refuses to show counts as hidden."""
    asked = sorted({key.lower() for key in ids})
    rows, refused = await read_apart(session, list(filter(is_guid, asked)), _briefs)
    found = {id_of(row): ActivityState(stamp_of(*read_state(row))) for row in rows}
    missing = [key for key in asked if key not in found and key not in refused]
    gone = await _deleted_among(session, missing, list(found)[:WITNESSES]) if missing else frozenset()
    return {key: found.get(key.lower()) or ActivityState(is_deleted=key.lower() in gone) for key in ids}


async def _deleted_among(session: Session, missing: list[str], present: list[str]) -> frozenset[str]:
    """Those of the ``missing`` that are gone for good: their system object says so, or it is gone as well while
    those of ``present`` activities are shown. What ERP.net does not show so may just be hidden (INFERRED)."""
    try:
        rows, refused = await read_apart(session, list(filter(is_guid, (*present, *missing))), _system_objects)
    except RefusesAll:
        return frozenset()
    known = {str(row.get("EntityItemId")).lower(): row.get("IsDeleted") is True for row in rows}
    is_complete = bool(present) and all(key in known for key in present)
    return frozenset(key for key in missing if key not in refused and known.get(key, is_complete))


def _briefs(ids: Sequence[str]) -> list[str]:
    select = "Id,ObjectVersion,AggregateLastUpdateTimeUtc"
    return [query(ACTIVITIES, any_of("Id", piece), select=select) for piece in chunks(ids)]


def _system_objects(ids: Sequence[str]) -> list[str]:
    entity = f"EntityType eq {text(ENTITY)}"
    wheres = [f"{entity} and {any_of('EntityItemId', piece)}" for piece in chunks(ids)]
    return [query(SYSTEM_OBJECTS, where, select="Id,EntityItemId,IsDeleted") for where in wheres]


async def find_paired(session: Session, ical_uids: Collection[str]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
    """``Erp.find_paired``: every asked uid has an entry, () where nothing is paired."""
    rows, refused = await read_apart(session, sorted(set(map(external_id_of, ical_uids))), by_marks, MARKS_AT_ONCE)
    marked = {item.id: (_mark_of(row), item) for row in rows for item in [read_activity(row)]}
    found: dict[str, list[ErpActivity | Malformed]] = {
        uid_key(mark): [Malformed(Side.ERP, "", why, is_passing=True)] for mark, why in refused.items()
    }
    for mark, item in marked.values():
        found.setdefault(mark, []).append(item)
    return {uid: tuple(found.get(uid_key(uid), ())) for uid in ical_uids}


def _mark_of(row: Row) -> str:
    """The key of the meeting that a row is paired with, '' for another system's mark."""
    is_ours = str(row.get("ExternalSystem") or "").casefold() in map(str.casefold, PAIRED_SYSTEMS)
    return uid_key(str(row.get("ExternalId") or "")) if is_ours else ""
