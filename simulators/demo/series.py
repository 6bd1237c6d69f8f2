"""The step about recurring meetings: a weekly meeting from its first sync to "this and following".

The company chooses ``SYNC_SERIES=window`` here, after it has looked what that would bring; it stays for the steps
after this one.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from simulators.demo.play import Play
from simulators.demo.report import Round
from simulators.demo.stage import COLLEAGUE, LOGIN, upn_of
from simulators.demo.views import Row, World, last_day

TITLE = "Team week"
NINE, TWO = time(9), time(14)
HOUR, DAY, A_YEAR = timedelta(hours=1), timedelta(days=1), timedelta(weeks=52)
FRIDAY = 4


def weekly(play: Play) -> None:
    """Each date of a weekly meeting is an activity, and stays the same one whatever becomes of its series."""
    first = play.stage.today + DAY
    while first.weekday() >= FRIDAY:  # a team meets on weekdays, also after the pattern has moved on by a day
        first += DAY
    ident = _enter(play, first - A_YEAR)
    _chosen(play)
    _arrived(play, ident)
    _one_moved(play, ident)
    _another_weekday(play, ident, first + DAY)
    _one_voided_and_the_rest_later(play, ident)


def _enter(play: Play, since: date) -> str:
    play.deed(f"Anna has had “{TITLE}” in Outlook for a year, every week at nine")
    words = {"subject": TITLE, **_hour(since, NINE), "zone": play.stage.zone_name, "recurrence": _every_week(since)}
    return str(play.stage.outlook.act("create", **words))


def _hour(day: date, at: time) -> dict[str, str]:
    start = datetime.combine(day, at)
    return {"start": start.isoformat(), "end": (start + HOUR).isoformat()}


def _every_week(since: date) -> dict[str, object]:
    days = [f"{since:%A}".lower()]
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": days, "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": since.isoformat()},
    }


def _chosen(play: Play) -> None:
    play.deed("An administrator asks what recurring meetings would bring, and chooses SYNC_SERIES=window")
    plan = play.type("preview", "--series", "--user", upn_of(LOGIN))
    play.expect("the preview says that nobody is mailed because of them", "mails nobody" in plan)
    play.stage.calsync.choose("SYNC_SERIES", "window")
    play.type("policy", "--set")


def _arrived(play: Play, ident: str) -> None:
    told, dates = play.sync_series(TITLE, [ident], last_day(play.stage.today))

    play.expect("each date in the coming month is an activity", 0 < len(dates.rows) == len(dates.pairs))
    _expect_in_step(play, told, dates)


def _one_moved(play: Play, ident: str) -> None:
    before = play.series
    moved = before.rows[2]
    start = datetime.combine(moved.at.date() + DAY, TWO)
    play.deed(f"Anna drags one date, {moved.at:%d.%m.}, to the next day at {start:%H:%M}")
    times = _hour(start.date(), start.time())
    play.stage.outlook.act("move_date", ident=ident, day=f"{moved.at:%Y-%m-%d}", **times)

    told, dates = play.sync_series(TITLE, [ident], last_day(play.stage.today))

    row = next((row for row in dates.rows if row.key == moved.key), Row())
    play.expect("its activity is the same, at the new time", row.activity is not None and row.at == start)
    touched = _versions(dates).items() - _versions(before).items()
    play.expect("no other one was touched", {key for key, _ in touched} == {moved.key})
    _expect_in_step(play, told, dates)


def _another_weekday(play: Play, ident: str, first: date) -> None:
    before = play.series
    play.deed(f"Anna changes the whole series to {first:%A}s, and Outlook puts the moved date back in line")
    play.stage.outlook.act("make_series", ident=ident, recurrence=_every_week(first - A_YEAR))

    told, dates = play.sync_series(TITLE, [ident], last_day(play.stage.today) + DAY)

    play.expect(f"all are on a {first:%A} now", {row.at.weekday() for row in dates.rows} == {first.weekday()})
    same = _versions(before).keys() == _versions(dates).keys()
    play.expect(
        "they are the same activities: none was made, none voided", same and len(dates.pairs) == len(dates.rows)
    )
    _expect_in_step(play, told, dates)


def _one_voided_and_the_rest_later(play: Play, ident: str) -> None:
    before = play.series
    voided, split = before.rows[1], before.rows[2]
    play.deed(f"Boris voids one date, {voided.at:%d.%m.}, in ERP.net")
    play.stage.desk(COLLEAGUE).act("void", activity=voided.key)
    play.deed(f"Anna moves the date after it “and all following” to {TWO:%H:%M}; for Outlook that is a second series")
    times = _hour(split.at.date(), TWO)
    other = play.stage.outlook.act("split", ident=ident, day=f"{split.at:%Y-%m-%d}", **times)

    told, dates = play.sync_series(TITLE, [ident, str(other)], last_day(play.stage.today) + DAY)

    alone = [row.key for row in dates.rows if not row.is_pair]
    play.expect("the date that Boris voided is gone from Outlook, and no other one", alone == [voided.key])
    later = [row.at.time() for row in dates.rows if row.key in {one.key for one in before.rows[2:]}]
    play.expect(f"those that follow are at {TWO:%H:%M}", set(later) == {TWO})
    play.expect("all are still the same activities", _versions(before).keys() == _versions(dates).keys())
    play.type("why", upn_of(LOGIN), TITLE, "--on", f"{split.at:%Y-%m-%d}")
    _expect_in_step(play, told, dates)


def _versions(dates: World) -> dict[str, int]:
    return {activity.id: activity.version for activity in dates.activities}


def _expect_in_step(play: Play, told: Round, dates: World) -> None:
    play.expect("no mail was sent", not told.mails)
    play.expect("all dates say the same on both sides", not dates.out_of_step)
