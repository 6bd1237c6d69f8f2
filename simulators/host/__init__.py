"""The local host: runs an Azure Functions app (Python v2 model) where no Core Tools are installed.

``python -m simulators.host --app function_app.py --port 7071`` loads the app from its path and serves its HTTP
routes, timers and queue triggers with the platform's semantics (azure.md §2 and §4 to §6), in one process with one
event loop. What it leaves out it refuses by name: output bindings, other triggers, ``context`` parameters. It does
not check keys (neither does ``func start``), nor remember timers over a restart, nor cut long invocations.

``python -m simulators.host.run`` (``make run``) sets the whole stage round it, and has it serve a page of two
calendars to edit in (``calendars``).
"""

from __future__ import annotations

from simulators.host.server import Host

__all__ = ["Host"]
