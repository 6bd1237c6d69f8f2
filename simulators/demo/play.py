"""One performance: people act, calsync syncs, what came out is checked; nothing is taken for granted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from simulators.base import Refused
from simulators.demo.report import Round
from simulators.demo.screen import Screen
from simulators.demo.stage import CalsyncFailed, Stage
from simulators.demo.views import Meeting, Row, World


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story, and what somebody who saw it knows then."""

    title: str
    act: Callable[[Play], None]
    lesson: str


@dataclass(slots=True)
class Play:
    """What the steps of the story work with. ``cast`` maps a role to the id of the event that plays it."""

    stage: Stage
    screen: Screen
    cast: dict[str, str] = field(default_factory=dict)
    world: World = field(default_factory=World)
    series: World = field(default_factory=World)
    """The dates of the series that were synced last."""

    failed: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Of everything so far: what people did, what calsync was told to do, what was checked, mails."""

    def role(self, name: str) -> Row:
        """The row of the event that plays this role."""
        return self.world.of(self.cast[name])

    def deed(self, text: str) -> None:
        """Say what a person does."""
        self.counts["deeds"] += 1
        self.screen.deed(text)

    def type(self, *words: str) -> str:
        """Type a calsync command as a person does, show what it answers, and give that back."""
        self.counts["commands"] += 1
        code, text = self.stage.calsync.typed(*words)
        self.screen.command(words, text)
        if code != 0:
            self.expect(f"`calsync {words[0]}` ends well", False)
        return text

    def sync(self, *options: str) -> Round:
        """Let calsync sync; shows what it did and both calendars with what changed."""
        before = self.world
        told = self._sync(*options)
        self.screen.calendars(self.world, self.world.changed_since(before))
        self.expect("calsync ended well", told.is_fine)
        return told

    def sync_meeting(self, ical_uid: str) -> tuple[Round, Meeting]:
        """Let calsync sync; shows what it did, and one meeting in everybody's calendar."""
        told = self._sync()
        meeting = self.stage.meeting(ical_uid)
        self.screen.meeting(meeting)
        self.expect("calsync ended well", told.is_fine)
        return told, meeting

    def sync_series(self, title: str, masters: Sequence[str], until: date) -> tuple[Round, World]:
        """Let calsync sync; shows what it did, and all dates of series beside the activities of this title."""
        told = self._sync()
        self.series = self.stage.dates(title, masters, until)
        self.screen.calendars(self.series, {row.key for row in self.series.rows})
        self.expect("calsync ended well", told.is_fine)
        return told, self.series

    def _sync(self, *options: str) -> Round:
        told = self.stage.sync(*options)
        self.world = self.stage.look()
        self.counts.update({"commands": 1, "mails": len(told.mails)})
        self.screen.round(told, options)
        return told

    def expect(self, text: str, ok: bool) -> None:
        """One thing that must have come out; a failed one is shown and remembered."""
        self.counts["checks"] += 1
        self.screen.check(text, ok)
        if not ok:
            self.failed.append(text)

    def expect_in_step(self) -> None:
        """Every pair must say the same on both sides, but for an open conflict."""
        marked = [row for row in self.world.pairs if row.event and row.event.is_marked]
        apart = [row for row in self.world.out_of_step if row not in marked]
        names = ", ".join(f"“{row.event.subject}” ({' and '.join(row.differences())})" for row in apart if row.event)
        which = "other pairs" if marked else "pairs"
        text = f"all {len(self.world.pairs) - len(marked)} {which} say the same on both sides"
        self.expect(f"{text}; apart: {names}" if apart else text, not apart)


def perform(
    play: Play, steps: Sequence[Step], *, only: int = 0, wait: Callable[[int], None] = lambda number: None
) -> list[int]:
    """Play every step, whatever became of the ones before; returns the numbers of those that failed.

    ``only``: the number of the step to be shown; those before it are played unseen, those after it are not. ``wait``
    is called before each further step that is shown, with its number.
    """
    broken = []
    for number, step in enumerate(steps[: only or len(steps)], 1):
        play.screen.is_dark = number < only
        if 1 < number != only:
            wait(number)
        play.failed.clear()
        play.screen.heading(f"Step {number} of {len(steps)}: {step.title}")
        try:
            play.world = play.stage.look()
            step.act(play)
        except (Refused, CalsyncFailed, OSError, LookupError, ValueError, TypeError) as error:
            play.expect(f"the step can be carried out ({error})", False)
        if play.failed:
            broken.append(number)
    return broken


def summary(play: Play, steps: Sequence[Step], broken: Sequence[int]) -> None:
    """What was shown, step by step, and how much of everything there was."""
    play.screen.heading("What you have seen")
    for number, step in enumerate(steps, 1):
        play.screen.lesson(number, step.title, step.lesson, number not in broken)
    counts = play.counts
    mails = f"{counts['mails']} mail{'' if counts['mails'] == 1 else 's'}"
    play.screen.say(
        f"\nPeople did {counts['deeds']} things; {counts['commands']} commands were given and caused {mails}; "
        f"{counts['checks']} things were checked."
    )


def verdict(screen: Screen, broken: Sequence[int], steps: Sequence[int], began: float) -> int:
    """The last line and the exit code: 0 only if every step came out as told. ``began``: monotonic seconds.

    ``steps``: the numbers of those that were shown.
    """
    spent = f"({time.monotonic() - began:.0f} s)"
    whole = f"All {len(steps)} steps" if len(steps) > 1 else f"Step {steps[0]}"
    if not broken:
        screen.say(f"\n{whole} came out as told {spent}", "bold green")
        return 0
    listed = ", ".join(map(str, broken))
    screen.say(f"\n{len(broken)} of {steps[-1]} steps did not come out as told: {listed} {spent}", "bold red")
    return 1
