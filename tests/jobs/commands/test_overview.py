"""How the company and its people stand, from their rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.text.status import need_line
from jobs.commands.overview import needs_attention, needs_of, news_of, person_of, row_of, stands, summary_of
from jobs.ports import Subscription
from jobs.says import Found, Topic
from sync_core.model.instance import FailedCheck, Instance
from sync_core.model.pause import Pause
from sync_core.model.phrase import Phrase
from sync_core.model.schedule import minutes_between
from sync_core.model.user import FormerAccount, Tally, User

POLLED = "looked for every 15 minutes"
NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
ANNA = User("1", "anna@acme.example", enabled=True, enabled_at=NOW - timedelta(days=9), synced_at=NOW)


def subscription(user: User, hours: float) -> Subscription:
    """Graph pushes for so many hours more."""
    return Subscription(user.id, "s" * 64, "sub", "https://x", NOW + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("user", "word"),
    [
        (ANNA, "fine"),
        (replace(ANNA, enabled=False, state="Error: no mailbox"), "off"),
        (replace(ANNA, state="Error: no mailbox"), "error"),
        (replace(ANNA, unreadable="a newer row"), "error"),
        (replace(ANNA, pause=Pause(NOW, None)), "paused"),
        (replace(ANNA, synced_at=None), "new"),
        (replace(ANNA, tally=Tally(conflicts=1)), "attention"),
        (replace(ANNA, tally=Tally(parked=1)), "attention"),
        (replace(ANNA, tally=Tally(holds=1)), "attention"),
    ],
)
def test_each_stands_in_one_word(user: User, word: str) -> None:
    """The gravest counts."""
    assert stands(user, Instance(), NOW) == word


def test_the_whole_is_counted_over_those_who_are_on() -> None:
    """Whoever is off waits for nothing."""
    people = [
        replace(ANNA, tally=Tally(conflicts=2, holds=1)),
        replace(ANNA, state="Error: no mailbox"),
        replace(ANNA, enabled=False, tally=Tally(conflicts=5, parked=3)),
    ]
    summary = summary_of([row_of(one, Instance(), NOW, {"series": 2, "all day": 1}) for one in people])

    expected = {
        "on": 2,
        "off": 1,
        "error": 1,
        "attention": 1,
        "fine": 0,
        "conflicts": 2,
        "holds": 1,
        "parked": 0,
        "skipped": 6,
    }
    assert expected.items() <= summary.items()
    assert needs_attention(summary)
    assert not needs_attention(summary_of([row_of(people[2], Instance(), NOW, {})]))


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        ([], POLLED),
        ([-1.0], POLLED),
        ([5.0], f"pushed until 2026-01-12 14:00 UTC for 1, {POLLED} for 1"),
        ([5.0, 3.0], "pushed until 2026-01-12 12:00 UTC"),
    ],
    ids=["none", "over", "one", "both"],
)
def test_how_changes_are_learned_of(hours: list[float], text: str) -> None:
    """Pushed until the first end of all; what is over, or of somebody who is off, pushes nothing."""
    people = [ANNA, replace(ANNA, id="2"), replace(ANNA, id="3", enabled=False)]
    live = [subscription(user, left) for user, left in zip(people, hours, strict=False)]

    assert news_of(Instance(), people, [*live, subscription(people[2], 9)], NOW)["text"] == text


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ("0 */15 * * * *", POLLED),
        ("0 */5 * * * *", "looked for every 5 minutes"),
        ("0 0 7-19 * * *", "looked for by the timer of SYNC_SCHEDULE"),
    ],
)
def test_changes_are_looked_for_as_the_app_s_timer_is_set(schedule: str, text: str) -> None:
    """Not as it is set unless somebody sets it."""
    instance = Instance(looks_every=minutes_between(schedule))

    assert news_of(instance, [ANNA], [], NOW)["text"] == text


def test_one_person_is_shown_with_who_they_were() -> None:
    """Nothing of how Graph proves itself is among it."""
    anna = replace(ANNA, erp_login="anna", former_accounts=(FormerAccount("e", "anna.old", None, NOW),))
    shown = person_of(Instance(), anna, subscription(anna, 1), NOW)

    assert (shown["erp_login"], shown["former_logins"]) == ("anna", ["anna.old"])
    assert shown["news"] == "pushed until 2026-01-12 10:00 UTC"
    assert "sss" not in str(shown)


def test_what_needs_somebody_is_one_list() -> None:
    """Of people, the secret, the queue and failed checks, each since when; `calsync status` says it in this order."""
    day = timedelta(days=1)
    grants = Found.GRANTS_MISSING.say(roles="User.Read.All", command="`grant ID`")
    failing = {
        "on-grants": FailedCheck(NOW - 2 * day, Topic.ON_GRANTS.say(), grants),
        "on-queue": FailedCheck(NOW - 9 * day, Topic.ON_QUEUE.say(), Found.QUEUE_FLOWS.say(waiting=0)),
        "on-erp": FailedCheck(NOW - 9 * day, Topic.ON_ERP.say(), Phrase("")),
    }
    instance = Instance(poisoned=1, poisoned_since=NOW - day, failing=failing)
    waits = replace(ANNA, tally=Tally(conflicts=2, conflicts_since=NOW - 3 * day))
    needs = needs_of([waits], instance, NOW.date(), NOW)

    assert [one["need"] for one in needs] == ["secret", "conflicts", "check", "poison"]
    lines = [need_line(one).partition("UTC  ")[2] for one in needs]
    assert lines[1:] == [
        f"{ANNA.upn}: 2 conflicts are open",
        "Graph permissions: User.Read.All not granted: `grant ID` after `az login` as Privileged Role Administrator",
        "a message was given up (`calsync doctor`)",
    ]
