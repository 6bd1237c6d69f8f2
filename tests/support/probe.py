"""Does one thing in a process that has done nothing yet, and tells what that loaded and cost; see ``fresh.py``.

``python -m tests.support.probe`` and

- ``function NAME JSON`` calls a function of the app as the worker does, on the event loop;
- ``command WORD…`` is ``calsync WORD…``;
- ``import MODULE`` imports it, ``-`` nothing.

The last line of standard output is a ``Cost`` as JSON. Only what is measured is imported at the top.
"""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any


class Recorder:
    """A finder that finds nothing: it notes what is looked for in this thread."""

    def __init__(self) -> None:
        import threading

        self.looked_for: list[str] = []
        self._ident = threading.get_ident
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Note the name."""
        if self._ident() == self._thread:
            self.looked_for.append(name)
        return None


def call_function(name: str, given: dict[str, Any]) -> tuple[int | None, list[str]]:
    """Call a function of the app: an HTTP function's status, and what was imported in the event loop's thread."""
    import asyncio

    import function_app

    function = getattr(function_app, name)._function
    argument = argument_of(function.get_trigger().get_dict_repr()["type"], given)
    recorder = Recorder()
    sys.meta_path.insert(0, recorder)
    answer = asyncio.run(function.get_user_function()(argument))
    on_loop = [name for name in recorder.looked_for if name in sys.modules]
    return getattr(answer, "status_code", None), on_loop


def argument_of(kind: str, given: dict[str, Any]) -> Any:
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
            return func.HttpRequest(
                **{"method": "POST", "url": "https://app", **given, "body": given.get("body", "").encode()}
            )


def run_calsync(words: Sequence[str]) -> int:
    """``calsync`` with these words; its exit code. What it answers is not shown."""
    import io

    shown, sys.stdout = sys.stdout, io.StringIO()
    try:
        from cli import main

        main(list(words), prog_name="calsync")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.stdout = shown
    return 0


def most_memory() -> float:
    """MiB that were resident at most; what ``getrusage`` tells begins with the parent's, so /proc where it is."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            [line] = [one for one in status if one.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell_cost(what: str, first: str, *rest: str) -> None:
    """Do it and tell."""
    import time

    answer: int | None = None
    on_loop: list[str] = []
    if what == "function":
        answer, on_loop = call_function(first, json.loads(rest[0]))
    elif what == "command":
        answer = run_calsync([first, *rest])
    elif first != "-":
        __import__(first)
    used, memory = time.process_time(), most_memory()
    cost = {"answer": answer, "loaded": sorted(sys.modules), "on_loop": on_loop}
    print(json.dumps({**cost, "cpu_seconds": used, "rss_mib": memory}))


if __name__ == "__main__":
    tell_cost(*sys.argv[1:])
