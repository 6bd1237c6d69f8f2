"""One performance: people act, calsync syncs, what came out is checked; nothing is taken for granted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulators.base import Refused
from simulators.demo.report import Round
from simulators.demo.screen import Screen
from simulators.demo.stage import CalsyncFailed, Stage
from simulators.demo.views import Meeting, Row, World

Step = tuple[str, Callable[["Play"], None]]


@dataclass(slots=True)
class Play:
    """What the steps of the story work with. ``cast`` maps a role to the id of the event that plays it."""

    stage: Stage
    screen: Screen
    cast: dict[str, str] = field(default_factory=dict)
    world: World = field(default_factory=World)
    failed: list[str] = field(default_factory=list)

    def role(self, name: str) -> Row:
        """The row of the event that plays this role."""
        return self.world.of(self.cast[name])

    def deed(self, text: str) -> None:
        """Say what a person does."""
        self.screen.deed(text)

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

    def _sync(self, *options: str) -> Round:
        told = self.stage.sync(*options)
        self.world = self.stage.look()
        self.screen.round(told)
        return told

    def expect(self, text: str, ok: bool) -> None:
        """One thing that must have come out; a failed one is shown and remembered."""
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


def perform(play: Play, steps: Sequence[Step]) -> list[int]:
    """Play every step, whatever became of the ones before; returns the numbers of those that failed."""
    broken = []
    for number, (title, step) in enumerate(steps, 1):
        play.failed.clear()
        play.screen.heading(f"Step {number} of {len(steps)}: {title}")
        try:
            play.world = play.stage.look()
            step(play)
        except (Refused, CalsyncFailed, OSError, LookupError, ValueError, TypeError) as error:
            play.expect(f"the step can be carried out ({error})", False)
        if play.failed:
            broken.append(number)
    return broken


def verdict(screen: Screen, broken: Sequence[int], steps: int, began: float) -> int:
    """The last line and the exit code: 0 only if every step came out as told. ``began``: monotonic seconds."""
    spent = f"({time.monotonic() - began:.0f} s)"
    if not broken:
        screen.say(f"\nAll {steps} steps came out as told {spent}", "bold green")
        return 0
    listed = ", ".join(map(str, broken))
    screen.say(f"\n{len(broken)} of {steps} steps did not come out as told: {listed} {spent}", "bold red")
    return 1
