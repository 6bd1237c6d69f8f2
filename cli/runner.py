"""Runs a command: reads the settings, opens the world, turns what fails into sentences and exit codes.

A package is imported only when a command needs it: help opens no world.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from click import UsageError

from cli.screen import Screen

if TYPE_CHECKING:
    from adapters.settings import Settings
    from cli.stopping import Stop
    from jobs.world import World

Work = Callable[["World"], Awaitable[int]]

YOUNG = 10_000
"""Objects that a command makes before the unused ones among them are looked for."""

DONE, FAILED, WRONG = 0, 1, 2
"""The exit codes: done; at least one user or item failed; settings or arguments are wrong (``STOPPED``: Ctrl-C)."""

HERE = (
    "Done in this process: once it calls ERP.net, it holds a licence until 20 minutes after its last call, beside "
    "the app's."
)
NOT_WRITTEN = "The answer could not be written: there is no room where it goes. What was done stays done."
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
OF_OURS = "calsync made a mistake; nothing is lost, and doing it again is safe. Report it with what --verbose prints."
STOPPED_HERE = "Stopped; what was done stays done, and doing it again goes on from there."


class Runner(Screen):
    """Runs one command and prints its output; click passes it to the command as its context object."""

    def __init__(self) -> None:
        super().__init__()
        self.is_here = os.environ.get("CALSYNC_HERE", "") not in ("", "0")
        self.env_file: Path | None = None
        self.profile = ""

    @cached_property
    def environ(self) -> dict[str, str]:
        """The environment that the settings are read from: this process's, and a file's on top."""
        from cli import profiles

        found = profiles.environment(self.env_file, self.profile, os.environ)
        for warning in profiles.warnings(self.env_file, self.profile):
            self.notice(warning)
        return found

    def read(self, work: Work) -> NoReturn:
        """Do work that reads the tables only, and exit with the code that it returns."""
        if self.is_here:
            self.run(work)
        self.leave(lambda _: self._read(work))

    async def _read(self, work: Work) -> int:
        from adapters.settings import load_asking
        from adapters.wiring import open_desk

        async with open_desk(load_asking(self.environ)) as desk:
            self.detail("the state tables are open")
            return await work(desk)

    def run(self, work: Work, *, is_examined: bool = False, is_agreed: bool = True) -> NoReturn:
        """Open the world with both sides, do the work, exit with the code that the work returns.

        The world follows the company's policy, except when it is only examined or ``is_agreed`` is false.
        """
        from adapters.settings import load

        def begin(stop: Stop) -> Coroutine[Any, Any, int]:
            stop.words = STOPPED_HERE
            return self._run(load(self.environ), work, is_examined, is_agreed)

        self.leave(begin)

    async def _run(self, settings: Settings, work: Work, is_examined: bool, is_agreed: bool) -> int:
        from adapters.wiring import open_world
        from jobs.company import agreed
        from jobs.refusal import judged
        from sync_core.errors import AccessRefused

        async with open_world(settings, is_examined=is_examined) as world:
            self.detail(f"opened for ERP.net {settings.database}")
            gc.freeze()  # what was loaded stays to the end: nobody need look through it again and again
            gc.set_threshold(YOUNG)
            try:
                return await work(await agreed(world, self.notice) if is_agreed and not is_examined else world)
            except AccessRefused as error:
                raise await judged(world, error) from error

    def leave(self, begin: Callable[[Stop], Coroutine[Any, Any, int]]) -> NoReturn:
        """Exit with the code that the work returns, or with that of its error."""
        import logging

        from cli.stopping import Stop, run_until_stopped
        from sync_core.errors import CalsyncError, SettingsInvalid

        logging.getLogger("azure").addHandler(logging.NullHandler())  # its warnings are not for people
        stop = Stop()
        try:
            code = run_until_stopped(lambda: begin(stop), stop, self.notice)
        except UsageError as error:  # of a profile, or of a file of settings
            code = self.fail(WRONG, error.message)
        except SettingsInvalid as error:
            code = self.fail(WRONG, "The settings are not right:", error.mistakes)
        except CalsyncError as error:
            from jobs.commands.mistakes import WRONG_INPUT, in_words

            code = self.fail(WRONG if isinstance(error, WRONG_INPUT) else FAILED, in_words(error))
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # whoever read our output has gone
            is_full = isinstance(error, OSError) and error.errno in FULL
            code = self.cannot_write() if is_full else self._own_mistake(error)
        sys.exit(code)

    def _own_mistake(self, error: Exception) -> int:
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            self.detail(line)
        return self.fail(FAILED, OF_OURS)

    def cannot_write(self) -> int:
        """The output has no room. What is left of it is thrown away: at the end Python would try it once more."""
        with open(os.devnull, "wb") as nowhere, suppress(OSError, ValueError):
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        self.notice(NOT_WRITTEN)
        return FAILED

    def fail(self, code: int, failure: str, mistakes: Iterable[str] = ()) -> int:
        """Say what failed, and return the code."""
        for line in (failure, *(f"  {mistake}" for mistake in mistakes)):
            self.notice(line)
        if self.as_json:
            self.give({"failure": failure, "mistakes": [*mistakes]}, ())
        return code
