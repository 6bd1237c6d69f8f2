"""Reads an app from its path: its functions with their triggers, and its host.json (azure.md §2 and §4).

The simulators know nothing of the product; the app comes in as a plugin, by path.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.functions as func

TRIGGERS = ("httpTrigger", "timerTrigger", "queueTrigger", "warmupTrigger")
NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}", re.IGNORECASE)
TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")


class Unusable(Exception):
    """The app, or one of its functions, cannot be run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what to call, the parameter it takes, and its trigger as function.json would hold it."""

    name: str
    call: Callable[..., Any]
    parameter: str
    kind: str
    trigger: Mapping[str, Any]

    @property
    def is_async(self) -> bool:
        """Whether it runs on the event loop; decided as the worker does, on the outermost function."""
        return inspect.iscoroutinefunction(self.call)


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What host.json says, with the platform's defaults."""

    route_prefix: str = "api"
    batch_size: int = 16
    new_batch_threshold: int = 8 * (os.cpu_count() or 1)
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(minutes=1)
    encoding: str = "base64"


def load_functions(path: Path) -> list[Function]:
    """Import the app and list its functions by name. Raises ``Unusable``, and whatever the import raises."""
    apps = [one for one in vars(_import(path)).values() if isinstance(one, func.FunctionRegister)]
    if len(apps) != 1:
        raise Unusable(f"{path.name} must show exactly one FunctionApp, not {len(apps)}")
    return sorted((_function(found) for found in apps[0].get_functions()), key=lambda one: one.name)


def _import(path: Path) -> Any:
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise Unusable(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _function(found: Any) -> Function:
    name, trigger = found.get_function_name(), found.get_trigger()
    binding = trigger.get_dict_repr()
    call, parameter = found.get_user_function(), trigger.name
    outputs = [one for one in found.get_bindings() if one is not trigger and one.type != "http"]
    if not NAME.fullmatch(name):
        raise Unusable(f"'{name}' is no name for a function")
    if binding["type"] not in TRIGGERS or outputs:
        raise Unusable(f"{name}: only HTTP, timer, queue and warm-up triggers without other bindings run here")
    if list(inspect.signature(call).parameters) != [parameter]:
        raise Unusable(f"{name}: its only parameter must be {parameter}")
    return Function(name, call, parameter, binding["type"], binding)


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace ``%NAME%`` by the setting. Raises ``Unusable`` where there is none."""

    def setting(found: re.Match[str]) -> str:
        value = environ.get(found[1], "")
        if not value:
            raise Unusable(f"the setting {found[1]} is missing")
        return value

    return re.sub(r"%([^%]+)%", setting, text)


def load_host_settings(path: Path) -> HostSettings:
    """Read the host.json beside the app; without one everything is as the platform has it. Raises ``Unusable``."""
    if not path.exists():
        return HostSettings()
    try:
        extensions = json.loads(path.read_text(encoding="utf-8")).get("extensions", {})
        return _settings(extensions.get("http", {}), extensions.get("queues", {}))
    except (ValueError, TypeError, AttributeError) as wrong:
        raise Unusable(f"{path.name}: {wrong}") from wrong


def _settings(http: Mapping[str, Any], queues: Mapping[str, Any]) -> HostSettings:
    usual = HostSettings()
    batch = _within(int(queues.get("batchSize", usual.batch_size)), 1, 32, "batchSize")
    return HostSettings(
        route_prefix=str(http.get("routePrefix", usual.route_prefix)).strip("/"),
        batch_size=batch,
        new_batch_threshold=int(queues.get("newBatchThreshold", batch // 2 * (os.cpu_count() or 1))),
        max_dequeue_count=_within(
            int(queues.get("maxDequeueCount", usual.max_dequeue_count)), 1, 1000, "maxDequeueCount"
        ),
        visibility_timeout=time_span(queues.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=time_span(queues.get("maxPollingInterval", "00:01:00")),
        encoding=_encoding(str(queues.get("messageEncoding", usual.encoding))),
    )


def _within(value: int, lowest: int, highest: int, name: str) -> int:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must be from {lowest} to {highest}")
    return value


def _encoding(text: str) -> str:
    if text.lower() not in ("base64", "none"):
        raise ValueError("messageEncoding must be base64 or none")
    return text.lower()


def time_span(text: str) -> timedelta:
    """A .NET TimeSpan, ``[d.]hh:mm:ss``. Raises ``ValueError``: "24:00:00" would mean 24 days there."""
    found = TIME_SPAN.fullmatch(text)
    if found is None or int(found[2]) > 23:
        raise ValueError(f"'{text}' is no time span like 00:00:30")
    days, hours, minutes, seconds = found.groups()
    return timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
