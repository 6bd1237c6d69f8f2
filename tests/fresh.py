"""A process that has done nothing yet does one thing, and tells what that loaded and cost.

``python -m tests.fresh function NAME [JSON]`` calls a function of the app as the worker does, on the event loop;
``python -m tests.fresh command WORD…`` is ``calsync WORD…``; ``python -m tests.fresh import MODULE`` imports it.
The last line of standard output is a ``Cost`` as JSON.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Json = dict[str, Any]

OWN = ("adapters", "cli", "jobs", "simulators", "sync_core")
"""The rooms of the house."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one thing took: its ``answer`` (an exit code, a status, or None), the modules it ``loaded``, those that
    were imported ``on_loop`` (in the thread of the event loop, after indexing), seconds of CPU and MiB."""

    answer: int | None
    loaded: frozenset[str]
    on_loop: tuple[str, ...]
    cpu_seconds: float
    rss_mib: float

    def roots(self, names: Sequence[str]) -> set[str]:
        """Which of these packages were loaded."""
        return set(names) & self.loaded


def cost_of(*order: str, environ: Mapping[str, str]) -> Cost:
    """Do it in a new process with this environment. Raises ``CalledProcessError`` where it came to no end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fresh", *order],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return Cost(**{**told, "loaded": frozenset(told["loaded"]), "on_loop": tuple(told["on_loop"])})


class Recorder:
    """A finder that finds nothing: it notes what is looked for in this thread."""

    def __init__(self) -> None:
        self.looked_for: list[str] = []
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Note the name."""
        if threading.get_ident() == self._thread:
            self.looked_for.append(name)
        return None


def call(name: str, given: Json) -> tuple[int | None, Recorder]:
    """Call a function of the app; an HTTP function's answer is its status."""
    import function_app

    function = getattr(function_app, name)._function
    trigger = function.get_trigger()
    argument = argument_of(trigger.get_dict_repr()["type"], given)
    recorder = Recorder()
    sys.meta_path.insert(0, recorder)
    answer = asyncio.run(function.get_user_function()(argument))
    return getattr(answer, "status_code", None), recorder


def argument_of(kind: str, given: Json) -> Any:
    """What the worker hands to a function of this trigger."""
    import azure.functions as func
    from azure.functions.queue import QueueMessage
    from azure.functions.timer import TimerRequest
    from azure.functions.warmup import WarmUpContext

    match kind:
        case "timerTrigger":
            return TimerRequest(past_due=False)
        case "queueTrigger":
            return QueueMessage(id="1", body=json.dumps(given).encode(), dequeue_count=1)  # type: ignore[no-untyped-call]
        case "warmupTrigger":
            return WarmUpContext()
        case _:
            return func.HttpRequest("POST", "https://app", **{**given, "body": given.get("body", "").encode()})


def command(words: Sequence[str]) -> int:
    """``calsync`` with these words; its exit code."""
    with redirect_stdout(io.StringIO()):
        try:
            from cli import main

            main(list(words), prog_name="calsync")
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def main(what: str, first: str, *rest: str) -> None:
    """Do it and tell."""
    answer, recorder = None, Recorder()
    if what == "function":
        answer, recorder = call(first, json.loads(rest[0]) if rest else {})
    elif what == "command":
        answer = command([first, *rest])
    else:
        __import__(first)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = Cost(
        answer,
        frozenset(sys.modules),
        tuple(name for name in recorder.looked_for if name in sys.modules),
        used.ru_utime + used.ru_stime,
        most_memory(),
    )
    print(json.dumps({**asdict(cost), "loaded": sorted(cost.loaded)}))


def most_memory() -> float:
    """MiB that were resident at most; what ``getrusage`` knows begins with the parent's where there is /proc."""
    try:
        [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
