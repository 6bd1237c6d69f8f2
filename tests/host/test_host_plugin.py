"""What the local host takes for an app, and what it refuses by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from simulators.host.plugin import HostSettings, Unusable, expand, load_functions, load_host_settings, time_span
from tests.support.made_up_apps import MakeApp

TIMER = '@app.timer_trigger(arg_name="timer", schedule="* * * * * *")\n'


def test_functions_are_found_with_their_triggers(make_app: MakeApp) -> None:
    """Name, parameter and kind, sorted by name; async ones are told apart."""
    app = make_app(
        """
        @app.function_name("work")
        @app.queue_trigger(arg_name="message", queue_name="q", connection="C")
        async def do_work(message: func.QueueMessage) -> None: ...
        @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
        def tick(timer: func.TimerRequest) -> None: ...
        @app.route(route="x")
        def answer(req: func.HttpRequest) -> str: ...
        """
    )

    assert [(one.name, one.parameter, one.kind, one.is_async) for one in load_functions(app)] == [
        ("answer", "req", "httpTrigger", False),
        ("tick", "timer", "timerTrigger", False),
        ("work", "message", "queueTrigger", True),
    ]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("other = func.FunctionApp()", "exactly one FunctionApp, not 2"),
        ("app = None", "exactly one FunctionApp, not 0"),
        (f"{TIMER}def tick(timer, context): ...", "only parameter must be timer"),
        (f'@app.function_name("9lives")\n{TIMER}def tick(timer): ...', "no name for a function"),
        (
            '@app.queue_output(arg_name="out", queue_name="q", connection="C")\n'
            + TIMER
            + "def tick(timer, out): ...",
            "without other bindings",
        ),
        (
            '@app.blob_trigger(arg_name="b", path="p", connection="C")\ndef blob(b): ...',
            "only HTTP, timer, queue and warm-up",
        ),
    ],
)
def test_what_cannot_run_here(make_app: MakeApp, source: str, reason: str) -> None:
    """An app this host would run differently from the platform is refused, with the reason."""
    with pytest.raises(Unusable, match=reason):
        load_functions(make_app(source))


def test_missing_file_is_said(tmp_path: Path) -> None:
    """A path that leads nowhere is named."""
    with pytest.raises(Unusable, match=r"app\.py is no Python file"):
        load_functions(tmp_path / "app.py")


def test_settings_are_put_in() -> None:
    """Every %NAME% is replaced; a missing or empty one is named."""
    assert expand("%PREFIX%-work", {"PREFIX": "calsync"}) == "calsync-work"
    with pytest.raises(Unusable, match="PREFIX"):
        expand("%PREFIX%-work", {"PREFIX": ""})


def test_host_json_is_read(make_app: MakeApp) -> None:
    """Queue settings and route prefix, the rest as the platform has it."""
    queues = {
        "batchSize": 8,
        "newBatchThreshold": 4,
        "visibilityTimeout": "00:00:30",
        "maxPollingInterval": "00:00:02",
    }
    path = make_app("", {"extensions": {"queues": queues, "http": {"routePrefix": "v1"}}}).with_name("host.json")

    assert load_host_settings(path) == HostSettings(
        "v1", 8, 4, 5, timedelta(seconds=30), timedelta(seconds=2), "base64"
    )


def test_host_json_may_be_missing(tmp_path: Path) -> None:
    """Without the file everything is as the platform has it."""
    assert load_host_settings(tmp_path / "host.json") == HostSettings()


@pytest.mark.parametrize(
    "queues",
    [
        {"batchSize": 33},
        {"maxDequeueCount": 0},
        {"visibilityTimeout": "30"},
        {"messageEncoding": "hex"},
        ["batchSize"],
    ],
)
def test_wrong_host_json_is_refused(make_app: MakeApp, queues: object) -> None:
    """A value the platform would not take stops the start."""
    with pytest.raises(Unusable, match=r"host\.json"):
        load_host_settings(make_app("", {"extensions": {"queues": queues}}).with_name("host.json"))


def test_time_spans() -> None:
    """Days come before a dot; 24 hours written as hours mean days in .NET and are refused."""
    assert time_span("1.02:03:04.5") == timedelta(days=1, hours=2, minutes=3, seconds=4.5)
    with pytest.raises(ValueError, match="time span"):
        time_span("24:00:00")
